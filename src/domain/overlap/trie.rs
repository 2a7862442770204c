//! The patterns of many scopes as one trie over path components, made only as far as it is
//! walked: a node is a run of patterns, and it is sorted by its next component when somebody
//! asks what comes after it. Most patterns of a large plan are told apart by their first names
//! and are never looked at again.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use super::Case;
use crate::domain::pattern::{Component, NormalForm, Pattern, Segment, Tail};

/// A name after a node, and the node that it leads to.
pub(super) type Named<'a> = (Cow<'a, [u8]>, usize);
/// A component with a choice after a node, and the node that it leads to.
pub(super) type Shaped<'a> = (Cow<'a, Component>, usize);

#[derive(Debug)]
pub(super) struct Trie<'a> {
    /// Every form of every scope; the patterns of a node stand together.
    items: Vec<Item<'a>>,
    nodes: Vec<Node<'a>>,
    case: Case,
}

#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    owner: u32,
    form: &'a NormalForm,
}

#[derive(Debug)]
struct Node<'a> {
    items: Range<usize>,
    /// How many segments lead here.
    depth: usize,
    /// It stands behind a gap, on the same place of the path, and may skip names.
    is_gap: bool,
    /// The lowest and the highest owner.
    owners: (u32, u32),
    expanded: bool,
    /// The items whose last segment leads here.
    ends: Range<usize>,
    after: Rc<After<'a>>,
}

/// What comes after a node.
#[derive(Debug, Default)]
pub(super) struct After<'a> {
    /// Sorted.
    pub(super) names: Vec<Named<'a>>,
    /// Sorted by their tokens.
    pub(super) shapes: Vec<Shaped<'a>>,
    pub(super) gap: Option<usize>,
}

impl After<'_> {
    /// Every node that one name or another leads to.
    pub(super) fn by_name(&self) -> impl Iterator<Item = usize> {
        let names = self.names.iter().map(|(_, to)| *to);
        names.chain(self.shapes.iter().map(|(_, to)| *to))
    }
}

/// The next segment of an item, in the order in which a node's items are sorted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Next<'a> {
    End,
    Gap,
    Name(Cow<'a, [u8]>),
    Shape(Cow<'a, Component>),
}

impl<'a> Trie<'a> {
    /// The node before the first component.
    pub(super) const ROOT: usize = 0;

    /// The trie of all patterns of the scopes; who has a pattern is known by the position.
    pub(super) fn new(scopes: impl Iterator<Item = &'a [Pattern]>, case: Case) -> Self {
        let mut items = Vec::new();
        for (owner, patterns) in scopes.enumerate() {
            let owner = u32::try_from(owner).expect("fewer than 2^32 scopes fit in memory");
            let forms = patterns.iter().flat_map(Pattern::forms);
            items.extend(forms.map(|form| Item { owner, form }));
        }
        let mut trie = Self { nodes: Vec::new(), case, items };
        trie.add(0..trie.items.len(), 0, false);
        trie
    }

    fn add(&mut self, items: Range<usize>, depth: usize, is_gap: bool) -> usize {
        let owners = self.items[items.clone()].iter().map(|item| item.owner);
        let owners = (owners.clone().min().unwrap_or(0), owners.max().unwrap_or(0));
        let after = Rc::default();
        let ends = items.start..items.start;
        self.nodes.push(Node { items, depth, is_gap, owners, expanded: false, ends, after });
        self.nodes.len() - 1
    }

    /// The lowest and the highest owner of a pattern here or further down.
    pub(super) fn owners(&self, node: usize) -> (u32, u32) {
        self.nodes[node].owners
    }

    pub(super) fn is_gap(&self, node: usize) -> bool {
        self.nodes[node].is_gap
    }

    /// What comes after a node that has been expanded.
    pub(super) fn after(&self, node: usize) -> Rc<After<'a>> {
        Rc::clone(&self.nodes[node].after)
    }

    /// Whose patterns end at a node that has been expanded, and how.
    pub(super) fn ends(&self, node: usize) -> impl Iterator<Item = (u32, Tail)> {
        let ends = &self.items[self.nodes[node].ends.clone()];
        ends.iter().map(|item| (item.owner, item.form.tail()))
    }

    /// Finds out what comes after a node.
    pub(super) fn expand(&mut self, node: usize) {
        if std::mem::replace(&mut self.nodes[node].expanded, true) {
            return;
        }
        let (range, depth) = (self.nodes[node].items.clone(), self.nodes[node].depth);
        let case = self.case;
        let next = |item: &Item<'a>| next(item.form, depth, case);
        let keyed = self.items[range.clone()].iter().map(|item| (next(item), *item));
        let mut keyed: Vec<(Next<'a>, Item<'a>)> = keyed.collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.owner.cmp(&b.1.owner)));
        let mut from = range.start;
        let mut groups: Vec<(Next<'a>, Range<usize>)> = Vec::new();
        for (at, (next, item)) in range.zip(keyed) {
            self.items[at] = item;
            match groups.last_mut() {
                Some((last, range)) if *last == next => range.end = at + 1,
                _ => groups.push((next, at..at + 1)),
            }
        }
        let mut after = After::default();
        for (next, range) in groups {
            match next {
                Next::End => {
                    from = range.end;
                }
                Next::Gap => after.gap = Some(self.add(range, depth + 1, true)),
                Next::Name(name) => {
                    let to = self.add(range, depth + 1, false);
                    after.names.push((name, to));
                }
                Next::Shape(shape) => {
                    let to = self.add(range, depth + 1, false);
                    after.shapes.push((shape, to));
                }
            }
        }
        let own = &mut self.nodes[node];
        own.ends.end = from;
        own.after = Rc::new(after);
    }
}

fn next(form: &NormalForm, depth: usize, case: Case) -> Next<'_> {
    let component = match form.segments().get(depth) {
        None => return Next::End,
        Some(Segment::AnyDepth) => return Next::Gap,
        Some(Segment::One(component)) => component,
    };
    match (component.literal(), case) {
        (Some(name), Case::Folded) if name.iter().any(u8::is_ascii_uppercase) => {
            Next::Name(name.to_ascii_lowercase().into())
        }
        (Some(name), _) => Next::Name(name.into()),
        (None, Case::Folded) => Next::Shape(Cow::Owned(component.folded())),
        (None, Case::Exact) => Next::Shape(Cow::Borrowed(component)),
    }
}
