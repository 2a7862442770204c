//! A plan in what a chat or an agent answered: in prose, quoted, in JSON with comments. Whatever
//! stands around it is not looked at.

use std::borrow::Cow;
use std::ops::Range;

use super::Node;
use super::fences::fenced;
use super::parse::{
    Manner, Syntax, SyntaxError, begins_as_json, looks_like_a_plan, no_plan, parse_as,
};

/// How deep an answer may be quoted.
const QUOTED: usize = 4;

/// What was found in an answer. Places are those of the given text, or of `text`: a quoted answer
/// without the signs of quoting, line for line.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The text that places are in.
    pub text: Cow<'a, str>,
    /// The root table and how it is written, or why there is none.
    pub found: Result<(Node, Syntax), SyntaxError>,
}

/// Finds the plan in an answer: the whole text, a fenced block, or JSON between lines of prose;
/// the same behind `>`. JSON may have comments and commas behind the last value.
pub fn parse_answer(text: &str) -> Answer<'_> {
    let (mut found, mut near) = look(text);
    let mut best = Cow::Borrowed(text);
    let mut inner = Cow::Borrowed(text);
    for _ in 0..QUOTED {
        let Some(unquoted) = unquoted(&inner).filter(|_| found.is_err()) else { break };
        let (inside, how_near) = look(&unquoted);
        if how_near > near || (how_near == near && is_quoted(&inner)) {
            (found, near) = (inside, how_near);
            best = Cow::Owned(unquoted.clone());
        }
        inner = Cow::Owned(unquoted);
    }
    Answer { text: best, found }
}

/// How near to a plan a text comes: of several errors, that of the nearest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    /// It speaks of none.
    Not,
    /// It is prose that speaks of one, or a plan with an error.
    Text,
    /// Something in it is meant to be one.
    Block,
    /// It holds one.
    Plan,
}

/// A root table and how it is written, or why there is none.
type Found = Result<(Node, Syntax), SyntaxError>;

fn look(text: &str) -> (Found, Near) {
    let whole = 0..text.len();
    let syntax = if begins_as_json(text) { Syntax::Json } else { Syntax::Toml };
    let error = match parse_as(text, whole, syntax, Manner::Loose) {
        Ok(node) => return (Ok((node, syntax)), Near::Plan),
        Err(error) => error,
    };
    if let Some(found) = fenced(text, Manner::Loose) {
        let near = if found.is_ok() { Near::Plan } else { Near::Block };
        return (found, near);
    }
    if !looks_like_a_plan(text) {
        return (Err(no_plan(text)), Near::Not);
    }
    let json = between_braces(text).map(|range| parse_as(text, range, Syntax::Json, Manner::Loose));
    match json {
        Some(Ok(node)) if node.get("objective").is_some() => (Ok((node, Syntax::Json)), Near::Plan),
        Some(Err(inner)) => (Err(inner), Near::Block),
        _ => (Err(error), Near::Text),
    }
}

/// Whether a text begins with a sign of quoting.
fn is_quoted(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('>')
}

/// From the first line that begins with `{` to the last that begins with `}`, or to the end of
/// the first where it holds all of it.
fn between_braces(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    let (mut start, mut end) = (None, None);
    for line in text.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let trimmed = line.trim_start_matches('\u{feff}').trim();
        if start.is_none() && trimmed.starts_with('{') {
            start = Some(from + line.find('{').unwrap_or(0));
            if trimmed.ends_with('}') {
                end = Some(at);
            }
        } else if start.is_some() && trimmed.starts_with('}') {
            end = Some(from + line.find('}').unwrap_or(0) + 1);
        }
    }
    Some(start?..end?)
}

/// The text without one sign of quoting before each line that has one; none where no line has.
fn unquoted(text: &str) -> Option<String> {
    let sign = |line: &str| line.trim_start_matches([' ', '\u{feff}']).starts_with('>');
    if !text.lines().any(sign) {
        return None;
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let inner = line.trim_start_matches([' ', '\u{feff}']).strip_prefix('>');
        inner.map_or(line, |inner| inner.strip_prefix(' ').unwrap_or(inner))
    });
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = "schema = 1\n[[objective]]\nid = \"T1\"\n";

    /// The id of the first objective in an answer.
    fn id(text: &str) -> String {
        let answer = parse_answer(text);
        let (node, _) = answer.found.unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        let objectives = node.get("objective").expect("it has objectives");
        let id = objectives.items()[0].get("id").expect("it has an id");
        assert!(answer.text[id.span.clone()].contains("T1"), "{text:?}");
        id.as_str().expect("a text").to_owned()
    }

    #[test]
    fn a_plan_is_found_wherever_it_stands() {
        let quote = |text: &str| {
            text.split_inclusive('\n').flat_map(|line| ["> ", line]).collect::<String>()
        };
        let fenced = format!("Here it is:\n\n```toml\n{TOML}```\n\nShall I go on?\n");
        let json = "{\n  // why\n  \"schema\": 1,\n  \"objective\": [{\"id\": \"T1\", \"notes\": [\"a\nb\"],}],\n}\n";
        let nested = format!("````markdown\nThe plan:\n```toml\n{TOML}```\n````\n");
        let badly = format!("```markdown\nThe plan:\n```toml\n{TOML}```\n```\n");
        let several = format!("```sh\nls\n```\n```toml\nschema = 1\n```\n```toml\n{TOML}```\n");
        for text in [
            TOML.to_owned(),
            format!("\u{feff}{TOML}"),
            TOML.replace('\n', "\r\n"),
            fenced.clone(),
            fenced.replace('\n', "\r\n"),
            fenced.replace("```", "~~~~~"),
            fenced.replace("```\n\nShall I go on?\n", ""),
            format!("\u{feff}{fenced}"),
            quote(&fenced),
            quote(&quote(&fenced)),
            format!("They say:\n\n{}\nwhich is good.\n", quote(&fenced)),
            quote(TOML),
            json.to_owned(),
            format!("\u{feff}{json}"),
            format!("Here:\n```jsonc\n{json}```\n"),
            format!("The plan is\n\n{json}\nand that is all.\n"),
            format!("{json}\nThat is {{all}}.\n"),
            "I see.\n{\"objective\": [{\"id\": \"T1\"}]}\nDone.\n".to_owned(),
            nested,
            badly,
            several,
            fenced.split_inclusive('\n').flat_map(|line| ["   ", line]).collect(),
        ] {
            assert_eq!(id(&text), "T1", "{text}");
        }
    }

    #[test]
    fn what_is_no_plan_says_so_where_it_is() {
        let broken = "> ```toml\n> schema = 1\n> [[objective]\n> ```\n";
        for (text, message, line) in [
            ("I cannot do that.", "no plan", 1),
            ("> I cannot do that.", "no plan", 1),
            ("", "", 1),
            (broken, "", 3),
            ("{\"schema\": 1", "Unterminated object", 1),
        ] {
            let answer = parse_answer(text);
            match answer.found {
                Ok((node, _)) => assert!(text.is_empty() && node.entries().is_empty(), "{text}"),
                Err(error) => {
                    assert!(error.message.contains(message), "{text}: {error:?}");
                    let before = &answer.text[..error.span.start];
                    assert_eq!(before.matches('\n').count() + 1, line, "{text}: {error:?}");
                }
            }
        }
        let two = format!("```toml\n{TOML}```\nor\n```toml\n{TOML}```\n");
        let error = parse_answer(&two).found.expect_err("which one is meant?");
        assert!(error.message.starts_with("a second plan"), "{error:?}");
    }

    #[test]
    fn deep_and_long_answers_end() {
        for text in [
            "[".repeat(200_000),
            format!("{{\"objective\":{}", "[".repeat(200_000)),
            "```\n".repeat(50_000),
            "> ".repeat(100_000),
            "{\n".repeat(50_000),
            format!("schema\n{}", "```toml\nobjective = [\n".repeat(5_000)),
        ] {
            assert!(parse_answer(&text).found.is_err());
        }
    }
}
