//! Which components could match a common name, for many at once: those whose leads, the places
//! before the first star, fit one upon the other. The leads share a trie, and two tries are
//! walked together, so that components with different leads never meet.

use std::collections::HashMap;

use crate::domain::pattern::{ByteSet, Token};

/// The leads of some components, each known by its position.
#[derive(Debug)]
pub(super) struct Leads {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    bytes: HashMap<u8, usize>,
    sets: Vec<(ByteSet, usize)>,
    /// Components with a star here.
    stars: Vec<usize>,
    /// Components that end here.
    ends: Vec<usize>,
    /// Components whose leads go through here, or end here.
    all: Vec<usize>,
}

impl Leads {
    /// The leads of components, which are given by their tokens; each is known by its position.
    pub(super) fn new(components: impl IntoIterator<Item = impl Iterator<Item = Token>>) -> Self {
        let mut leads = Self { nodes: vec![Node::default()] };
        for (number, tokens) in components.into_iter().enumerate() {
            leads.insert(number, tokens);
        }
        leads
    }

    fn insert(&mut self, number: usize, tokens: impl Iterator<Item = Token>) {
        let mut at = 0;
        self.nodes[at].all.push(number);
        for token in tokens {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match token {
                Token::Many => {
                    node.stars.push(number);
                    return;
                }
                Token::Byte(byte) => *node.bytes.entry(byte).or_insert(next),
                Token::One(set) => {
                    let known = node.sets.iter().find(|(other, _)| *other == set);
                    let known = known.map(|(_, to)| *to);
                    if known.is_none() {
                        node.sets.push((set, next));
                    }
                    known.unwrap_or(next)
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
            self.nodes[at].all.push(number);
        }
        self.nodes[at].ends.push(number);
    }

    /// Calls `found` for every pair of components, one of these and one of `others`, whose leads
    /// fit; no other pair matches a common name. A pair may come more than once.
    pub(super) fn fitting(&self, others: &Self, mut found: impl FnMut(usize, usize)) {
        let mut left = vec![(0, 0)];
        while let Some((p, q)) = left.pop() {
            let (a, b) = (&self.nodes[p], &others.nodes[q]);
            for x in &a.stars {
                b.all.iter().for_each(|y| found(*x, *y));
            }
            for y in &b.stars {
                a.all.iter().for_each(|x| found(*x, *y));
            }
            for x in &a.ends {
                b.ends.iter().for_each(|y| found(*x, *y));
            }
            let (few, many) = if a.bytes.len() <= b.bytes.len() { (a, b) } else { (b, a) };
            for (byte, one) in &few.bytes {
                if let Some(two) = many.bytes.get(byte) {
                    let in_order = std::ptr::eq(few, a);
                    left.push(if in_order { (*one, *two) } else { (*two, *one) });
                }
            }
            for (set, x) in &a.sets {
                let bytes = b.bytes.iter().filter(|(byte, _)| set.contains(**byte));
                left.extend(bytes.map(|(_, y)| (*x, *y)));
                let sets = b.sets.iter().filter(|(other, _)| set.meets(*other));
                left.extend(sets.map(|(_, y)| (*x, *y)));
            }
            for (set, y) in &b.sets {
                let bytes = a.bytes.iter().filter(|(byte, _)| set.contains(**byte));
                left.extend(bytes.map(|(_, x)| (*x, *y)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// `?` is a set of `a` and `b`, `*` a star.
    fn leads(texts: &[&str]) -> Leads {
        let mut set = ByteSet::of(b'a');
        set.insert(b'b');
        let token = move |byte: u8| match byte {
            b'*' => Token::Many,
            b'?' => Token::One(set),
            byte => Token::Byte(byte),
        };
        Leads::new(texts.iter().map(|text| text.bytes().map(token)))
    }

    #[test]
    fn only_leads_that_fit_come_together() {
        let one = ["mod1_*", "mod2_*", "x", "?c*", "*z"];
        let two = ["mod1_*.py", "mod2_a", "x", "ac", "mod*", "y"];
        let mut found = BTreeSet::new();
        leads(&one).fitting(&leads(&two), |x, y| {
            found.insert((one[x], two[y]));
        });
        let fitting = [
            ("mod1_*", "mod1_*.py"),
            ("mod1_*", "mod*"),
            ("mod2_*", "mod2_a"),
            ("mod2_*", "mod*"),
            ("x", "x"),
            ("?c*", "ac"),
        ];
        let mut expected: BTreeSet<_> = fitting.into_iter().collect();
        expected.extend(two.iter().map(|y| ("*z", *y)));
        assert_eq!(found, expected);
    }
}
