//! Shapes of one component, found by the places that they begin with: of a thousand `mod1_*`,
//! `mod2_*`, … a name is held against the one that it can be.

use crate::domain::pattern::{ByteSet, Component, Token};

/// How many leading places are told apart. More would only cost memory with a hostile pattern.
const LEAD: usize = 24;

/// Components that are no plain names, each with a number.
#[derive(Debug, Default)]
pub(super) struct Shapes<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug, Default)]
struct Node<'a> {
    bytes: Vec<(u8, usize)>,
    sets: Vec<(ByteSet, usize)>,
    /// Those whose lead ends here.
    here: Vec<(&'a Component, usize)>,
}

impl<'a> Shapes<'a> {
    /// The number of a component; a new one is given `number`.
    pub(super) fn insert(&mut self, component: &'a Component, number: usize) -> usize {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for token in component.tokens().take(LEAD) {
            at = match token {
                Token::Byte(byte) => self.step(at, byte, |node| &mut node.bytes),
                Token::One(set) => self.step(at, set, |node| &mut node.sets),
                Token::Many => break,
            };
        }
        let here = &mut self.nodes[at].here;
        if let Some((_, known)) = here.iter().find(|(known, _)| *known == component) {
            return *known;
        }
        here.push((component, number));
        number
    }

    fn step<K: PartialEq>(
        &mut self,
        at: usize,
        key: K,
        edges: impl for<'n> Fn(&'n mut Node<'a>) -> &'n mut Vec<(K, usize)>,
    ) -> usize {
        let new = self.nodes.len();
        let known = edges(&mut self.nodes[at]);
        if let Some((_, next)) = known.iter().find(|(k, _)| *k == key) {
            return *next;
        }
        known.push((key, new));
        self.nodes.push(Node::default());
        new
    }

    /// Calls `found` with the number of every component that matches a name. `stack` is room to
    /// work in. Each node is met once at most, because only one way leads to it.
    pub(super) fn each(
        &self,
        name: &[u8],
        stack: &mut Vec<(usize, usize)>,
        mut found: impl FnMut(usize),
    ) {
        if self.nodes.is_empty() {
            return;
        }
        stack.clear();
        stack.push((0, 0));
        while let Some((at, read)) = stack.pop() {
            let node = &self.nodes[at];
            for (component, number) in &node.here {
                if component.matches(name) {
                    found(*number);
                }
            }
            let Some(byte) = name.get(read) else { continue };
            let plain = node.bytes.iter().filter(|(own, _)| own == byte);
            stack.extend(plain.map(|(_, next)| (*next, read + 1)));
            let sets = node.sets.iter().filter(|(set, _)| set.contains(*byte));
            stack.extend(sets.map(|(_, next)| (*next, read + 1)));
        }
    }
}
