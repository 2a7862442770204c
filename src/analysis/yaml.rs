//! YAML as data, for files that strangers may have written: bounded in size, nothing is
//! expanded, and what is not plain (aliases, tags) has no value.

use saphyr_parser::{Event, Parser};

/// Longer texts are not read, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// More values are not read.
const MAX_NODES: usize = 50_000;
/// Deeper nesting is not read.
const MAX_DEPTH: usize = 64;

/// A value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A scalar as it is written, without its quotes.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys that are no scalars are left out.
    Map(Vec<(String, Node)>),
    /// What stands for something else.
    Unknown,
}

impl Node {
    /// The first document of a text; `None` where it cannot be read or is too large.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parser = Parser::new_from_str(text);
        let mut open: Vec<Open> = Vec::new();
        let mut nodes = 0;
        loop {
            let (event, _) = parser.next_event()?.ok()?;
            nodes += 1;
            if nodes > MAX_NODES || open.len() > MAX_DEPTH {
                return None;
            }
            let done = match event {
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => continue,
                Event::StreamEnd => return None,
                Event::Scalar(text, _, _, None) => Self::Text(text.into_owned()),
                Event::Alias(_) | Event::Scalar(..) => Self::Unknown,
                Event::SequenceStart(..) => {
                    open.push(Open::List(Vec::new()));
                    continue;
                }
                Event::MappingStart(..) => {
                    open.push(Open::Map(Vec::new(), None));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => open.pop()?.closed(),
            };
            match open.last_mut() {
                Some(parent) => parent.take(done),
                None => return Some(done),
            }
        }
    }

    /// The value of a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// The items of a sequence; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// A collection that has not ended, with the key whose value comes next.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<Node>),
}

impl Open {
    fn take(&mut self, node: Node) {
        match self {
            Self::List(items) => items.push(node),
            Self::Map(entries, key) => match key.take() {
                None => *key = Some(node),
                Some(Node::Text(key)) => entries.push((key, node)),
                Some(_) => {}
            },
        }
    }

    fn closed(self) -> Node {
        match self {
            Self::List(items) => Node::List(items),
            Self::Map(entries, _) => Node::Map(entries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_data() {
        let node =
            Node::read("a: 1\nb: [x, 'y']\non:\n  - &k z\nc: *k\n? [p]\n: q\nd: |\n  l\n  m\n");
        let node = node.expect("a document");
        assert_eq!(node.get("a").and_then(Node::text), Some("1"));
        assert_eq!(node.get("b").expect("a list").items().len(), 2);
        assert_eq!(node.get("c"), Some(&Node::Unknown));
        assert_eq!(node.get("d").and_then(Node::text), Some("l\nm\n"));
        assert_eq!(node.entries().len(), 5);
    }

    #[test]
    fn what_is_too_much_is_not_read() {
        let bomb = format!("a: &a [x,x]\nb: &b [{}]\n", "*a,".repeat(1000));
        assert!(Node::read(&bomb).is_some(), "nothing is expanded");
        let table = [
            "[".repeat(100_000),
            "- ".repeat(100_000),
            "? ".repeat(50_000),
            "{a: ".repeat(3_000),
            "a: b: c".to_owned(),
            "x".repeat(MAX_BYTES + 1),
            "- a\n".repeat(MAX_NODES),
            String::new(),
            "\u{0}\u{1}: [".to_owned(),
            "%YAML 9.9\n%TAG ! !\n---\n!x".to_owned(),
        ];
        for text in table {
            let read = Node::read(&text);
            assert!(
                read.is_none() || read == Some(Node::Unknown),
                "{}",
                &text[..text.len().min(20)]
            );
        }
    }

    /// Mutations of a workflow: each is read or not, and none ends the program.
    #[test]
    fn no_text_is_too_strange() {
        const SEED: &str = "on: {push: [a, 'b']}\njobs:\n  x: &a\n    run: |\n      go\n      test\n  \
            y: *a\n  ? - z\n  : !!str \"\\u00e9\"\n# c\n---\n%TAG ! x\n- >-\n  folded\n...\n";
        const PIECES: &[&str] = &[
            "\n", " ", "  ", "\t", "- ", ": ", "? ", "[", "]", "{", "}", ",", "&", "*", "!", "|",
            ">", "'", "\"", "%", "#", "---", "...", "\\", "\u{0}", "\u{feff}", "\u{85}", "é", "<<",
            "9",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % (below as u64)).expect("below a usize")
        };
        for _ in 0..ROUNDS {
            let mut text: Vec<char> = SEED.chars().collect();
            for _ in 0..=random(8) {
                let at = random(text.len());
                let end = (at + random(6)).min(text.len());
                let piece = PIECES[random(PIECES.len())].chars();
                text.splice(at..end, piece.take(random(4) + 1));
            }
            Node::read(&text.into_iter().collect::<String>());
        }
    }

    const ROUNDS: usize = 3_000;
}
