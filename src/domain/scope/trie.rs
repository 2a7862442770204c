//! A tree over the components of all patterns: walking a path down meets only the patterns that
//! begin like it. It selects; whether a pattern matches is asked of the pattern.

use std::collections::HashMap;

use super::names::Shapes;
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Segment, Tail};

/// Normal forms, each with a value.
#[derive(Debug)]
pub(super) struct Trie<'a, T> {
    nodes: Vec<Node<'a, T>>,
}

#[derive(Debug)]
struct Node<'a, T> {
    /// Children by name.
    names: HashMap<&'a [u8], usize>,
    /// Children by any other shape of a component.
    shapes: Shapes<'a>,
    /// The child behind `**`.
    gap: Option<usize>,
    /// Whether this is such a child: any component leads back to it.
    stays: bool,
    ends: Vec<End<'a, T>>,
}

#[derive(Debug)]
struct End<'a, T> {
    form: &'a NormalForm,
    value: T,
}

/// Room to walk in, so that a path costs no memory.
#[derive(Debug, Default)]
pub(super) struct Walk {
    now: Vec<usize>,
    next: Vec<usize>,
    /// The step in which a node was last reached.
    reached: Vec<u64>,
    /// The path for which what ends at a node, with more of the path below it, was asked.
    asked: Vec<u64>,
    step: u64,
    path: u64,
    stack: Vec<(usize, usize)>,
}

impl<'a, T: Copy> Trie<'a, T> {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new(false)] }
    }

    pub(super) fn insert(&mut self, form: &'a NormalForm, value: T) {
        let mut at = 0;
        for segment in form.segments() {
            let new = self.nodes.len();
            let node = &mut self.nodes[at];
            let (next, stays) = match segment {
                Segment::AnyDepth => (*node.gap.get_or_insert(new), true),
                Segment::One(component) => match component.literal() {
                    Some(name) => (*node.names.entry(name).or_insert(new), false),
                    None => (node.shapes.insert(component, new), false),
                },
            };
            if next == new {
                self.nodes.push(Node::new(stays));
            }
            at = next;
        }
        self.nodes[at].ends.push(End { form, value });
    }

    /// Calls `found` with the value of every form that matches `path`: in no order, and some of
    /// them twice.
    pub(super) fn each(&self, path: &RepoPath, walk: &mut Walk, mut found: impl FnMut(T)) {
        walk.reached.resize(self.nodes.len(), 0);
        walk.asked.resize(self.nodes.len(), 0);
        walk.now.clear();
        (walk.step, walk.path) = (walk.step + 1, walk.path + 1);
        self.reach(0, walk.step, &mut walk.reached, &mut walk.now);
        let mut rest = Some(path.as_bytes());
        loop {
            for at in &walk.now {
                // Gaps reach a node at many depths of a long path: it is asked at the first, and
                // at the end.
                if rest.is_some() && std::mem::replace(&mut walk.asked[*at], walk.path) == walk.path
                {
                    continue;
                }
                for end in &self.nodes[*at].ends {
                    let possible = match end.form.tail() {
                        Tail::Exact => rest.is_none(),
                        Tail::Below => rest.is_some(),
                        Tail::AtOrBelow => true,
                    };
                    if possible && end.form.matches(path) {
                        found(end.value);
                    }
                }
            }
            let Some(bytes) = rest else { return };
            let cut = bytes.iter().position(|b| *b == b'/');
            let name = &bytes[..cut.unwrap_or(bytes.len())];
            rest = cut.map(|cut| &bytes[cut + 1..]);
            self.advance(name, walk);
            if walk.now.is_empty() {
                return;
            }
        }
    }

    fn advance(&self, name: &[u8], walk: &mut Walk) {
        walk.step += 1;
        let Walk { now, next, reached, step, stack, .. } = walk;
        next.clear();
        for at in now.iter() {
            let node = &self.nodes[*at];
            if node.stays {
                self.reach(*at, *step, reached, next);
            }
            if let Some(child) = node.names.get(name) {
                self.reach(*child, *step, reached, next);
            }
            node.shapes.each(name, stack, |child| self.reach(child, *step, reached, next));
        }
        std::mem::swap(now, next);
    }

    /// Adds a node, and the one behind its gap, which may be no component at all.
    fn reach(&self, at: usize, step: u64, reached: &mut [u64], list: &mut Vec<usize>) {
        let mut next = Some(at);
        while let Some(at) = next.filter(|at| reached[*at] != step) {
            reached[at] = step;
            list.push(at);
            next = self.nodes[at].gap;
        }
    }
}

impl<T> Node<'_, T> {
    fn new(stays: bool) -> Self {
        Self {
            names: HashMap::new(),
            shapes: Shapes::default(),
            gap: None,
            stays,
            ends: Vec::new(),
        }
    }
}
