//! Where two patterns meet once what each scope leaves out is taken away: a walk through both
//! automata and both sets of exceptions at once, shortest paths first.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Case;
use super::effort::{Effort, Exhausted};
use super::word::{Word, readability, swap_case};
use crate::domain::automaton::{Lazy, Nfa, Validity};

/// A deterministic automaton is given up beyond this cost.
const MAX_COST: usize = 1_000_000;

/// One state of the product: two positions, what each scope's exceptions have seen, and whether
/// what was read so far can still become a path.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Product {
    a: u32,
    b: u32,
    without_a: u32,
    without_b: u32,
    validity: Validity,
}

/// The question: what both automata accept and neither side leaves out.
pub(super) struct Search<'a> {
    pub(super) a: &'a Nfa,
    pub(super) b: &'a Nfa,
    pub(super) left: &'a Lazy,
    pub(super) right: &'a Lazy,
    pub(super) case: Case,
    pub(super) effort: &'a Effort,
}

/// A visited product state: the best of the shortest ways to it.
#[derive(Clone, Copy)]
struct Visit {
    state: Product,
    from: usize,
    bytes: (u8, u8),
    unreadable: usize,
    /// The place of the word among all words of this length, in the order of bytes.
    rank: usize,
}

impl Search<'_> {
    /// The least path, or `None` as a proof that there is none.
    pub(super) fn run(&self) -> Result<Option<Word>, Exhausted> {
        let letters = self.letters();
        let until = self.effort.left();
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: HashSet<Product> = HashSet::new();
        for &a in self.a.starts() {
            for &b in self.b.starts() {
                let (without_a, without_b) = (Lazy::START, Lazy::START);
                let state = Product { a, b, without_a, without_b, validity: Validity::Start };
                seen.insert(state);
                let bytes = (0, 0);
                visits.push(Visit { state, from: usize::MAX, bytes, unreadable: 0, rank: 0 });
            }
        }
        let mut layer = 0..visits.len();
        let mut steps = 0;
        while !layer.is_empty() {
            let from = visits.len();
            let mut fresh: HashMap<Product, usize> = HashMap::new();
            for at in layer {
                let before = self.cost();
                self.extend(at, &letters, &mut visits, &mut seen, &mut fresh);
                let spent = letters.len() + self.cost() - before;
                steps += spent;
                self.effort.spend(spent)?;
                if steps > until || self.left.cost() > MAX_COST || self.right.cost() > MAX_COST {
                    return Err(Exhausted);
                }
            }
            layer = from..visits.len();
            rank(&mut visits, layer.clone());
            let ends = layer.clone().filter(|at| self.accepts(visits[*at].state));
            if let Some(best) = ends.min_by_key(|at| (visits[*at].unreadable, visits[*at].rank)) {
                return Ok(Some(spell(&visits, best)));
            }
        }
        Ok(None)
    }

    fn cost(&self) -> usize {
        // Both sides may be one language.
        if std::ptr::eq(self.left, self.right) {
            self.left.cost()
        } else {
            self.left.cost() + self.right.cost()
        }
    }

    /// Visits what one more byte leads to; of several ways to a state the best is kept.
    fn extend(
        &self,
        at: usize,
        letters: &[(u8, u8)],
        visits: &mut Vec<Visit>,
        seen: &mut HashSet<Product>,
        fresh: &mut HashMap<Product, usize>,
    ) {
        let own = visits[at];
        for &bytes in letters {
            let unreadable = own.unreadable + readability(bytes.0) + readability(bytes.1);
            for state in self.step(own.state, bytes) {
                let visit = Visit { state, from: at, bytes, unreadable, rank: 0 };
                if let Some(&known) = fresh.get(&state) {
                    let key = |v: &Visit| (v.unreadable, visits[v.from].rank, v.bytes);
                    if key(&visit) < key(&visits[known]) {
                        visits[known] = visit;
                    }
                } else if seen.insert(state) {
                    fresh.insert(state, visits.len());
                    visits.push(visit);
                }
            }
        }
    }

    fn accepts(&self, state: Product) -> bool {
        state.validity.accepts()
            && self.a.accepts(state.a)
            && self.b.accepts(state.b)
            && !self.left.accepts(state.without_a)
            && !self.right.accepts(state.without_b)
    }

    fn step(&self, state: Product, (x, y): (u8, u8)) -> Vec<Product> {
        let Some(validity) = state.validity.next(x) else { return Vec::new() };
        let mut a_next = self.a.next(state.a, x).peekable();
        if a_next.peek().is_none() {
            return Vec::new();
        }
        let b_next: Vec<u32> = self.b.next(state.b, y).collect();
        if b_next.is_empty() {
            return Vec::new();
        }
        let without_a = self.left.next(state.without_a, x);
        let without_b = self.right.next(state.without_b, y);
        // Whatever follows an exception that swallows everything below is left out too.
        if self.left.is_sink(without_a) || self.right.is_sink(without_b) {
            return Vec::new();
        }
        a_next
            .flat_map(|a| {
                b_next.iter().map(move |&b| Product { a, b, without_a, without_b, validity })
            })
            .collect()
    }

    /// One pair of bytes for each way in which bytes can differ for this search, the most
    /// readable of each. With folded case the two bytes of a pair may be one letter in two
    /// cases.
    fn letters(&self) -> Vec<(u8, u8)> {
        let (a, b) = (self.a.classes(), self.b.classes());
        let (left, right) = (self.left.classes(), self.right.classes());
        let class = |byte: u8| {
            let own = [&a, &b, left, right].map(|classes| classes[usize::from(byte)]);
            (own, Validity::class(byte))
        };
        let mut bytes: Vec<u8> = (1..=255).collect();
        bytes.sort_by_key(|b| (readability(*b), *b));
        let mut known = HashSet::new();
        let mut letters = Vec::new();
        for byte in bytes {
            let other = match self.case {
                Case::Exact => byte,
                Case::Folded => swap_case(byte),
            };
            if known.insert((class(byte), class(other), other == byte)) {
                letters.push((byte, byte));
                if other != byte {
                    letters.push((byte, other));
                }
            }
        }
        letters
    }
}

/// Gives the words of a layer their places in the order of bytes; equal words share one.
fn rank(visits: &mut [Visit], layer: Range<usize>) {
    let key = |visits: &[Visit], at: usize| (visits[visits[at].from].rank, visits[at].bytes);
    let mut order: Vec<usize> = layer.collect();
    order.sort_by_key(|at| key(visits, *at));
    let mut last = None;
    let mut rank = 0;
    for at in order {
        let own = key(visits, at);
        rank += usize::from(last.replace(own).is_some_and(|last| last != own));
        visits[at].rank = rank;
    }
}

/// The word that leads to a visit.
fn spell(visits: &[Visit], mut at: usize) -> Word {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    while visits[at].from != usize::MAX {
        left.push(visits[at].bytes.0);
        right.push(visits[at].bytes.1);
        at = visits[at].from;
    }
    left.reverse();
    right.reverse();
    Word::new(left, right)
}
