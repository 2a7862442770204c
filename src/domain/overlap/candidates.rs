//! Which scopes could meet at all, for many scopes at once: their patterns share one trie over
//! path components, and the trie is multiplied with itself. Names that differ never meet there,
//! so unrelated scopes cost nothing; what is left is decided exactly.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::leads::fitting;
use super::shapes::{components_meet, differ_at_end};
use super::trie::{Named, Shaped, Trie};
use super::{Case, TooComplex};
use crate::domain::pattern::{Component, Pattern, Tail};

/// So many pairs of scopes are told apart; beyond, nearly everything meets nearly everything.
const MAX_PAIRS: usize = 1_000_000;
/// So much is compared: pairs of components, the long ones by the product of their lengths.
const MAX_WORK: usize = 150_000_000;

/// The pairs of scopes, lower position first, of which some two patterns match a common path
/// when nothing is left out. A pair that is not among them is disjoint.
///
/// Fails where far too many meet, with the pattern that reaches furthest.
pub fn candidates(
    scopes: &[&[Pattern]],
    case: Case,
) -> Result<BTreeSet<(usize, usize)>, TooComplex> {
    Product::new(scopes.iter().copied(), None, case).run().ok_or_else(|| broadest(scopes))
}

/// The pairs of one of `ones` and one of `others`, by position, of which some two patterns match
/// a common path. Fails like [`candidates`].
pub fn crossing(
    ones: &[&[Pattern]],
    others: &[&[Pattern]],
    case: Case,
) -> Result<BTreeSet<(usize, usize)>, TooComplex> {
    let every: Vec<&[Pattern]> = ones.iter().chain(others).copied().collect();
    let product = Product::new(every.iter().copied(), Some(ones.len()), case);
    let pairs = product.run().ok_or_else(|| broadest(&every))?;
    Ok(pairs.into_iter().map(|(one, other)| (one, other - ones.len())).collect())
}

/// What to name where nearly everything meets: the pattern that most scopes have, and of those
/// the one that says least about where it is.
pub fn broadest(scopes: &[&[Pattern]]) -> TooComplex {
    let mut counts: BTreeMap<&str, (usize, Reverse<usize>)> = BTreeMap::new();
    for pattern in scopes.iter().copied().flatten() {
        let leads = pattern.forms().iter().map(|form| form.literal_lead().len());
        let lead = Reverse(leads.min().unwrap_or(0));
        counts.entry(pattern.as_str()).or_insert((0, lead)).0 += 1;
    }
    let broadest = counts.into_iter().max_by_key(|(text, key)| (*key, Reverse(*text)));
    TooComplex { pattern: broadest.map_or_else(String::new, |(text, _)| text.to_owned()) }
}

/// A place in the trie, or everything below a pattern that ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Node(usize),
    /// Below this node, for those that have everything there.
    Below(usize),
}

type Pair = (Place, Place);

struct Product<'a> {
    trie: Trie<'a>,
    /// Where the owners of another kind begin: then only pairs of two kinds count.
    split: Option<u32>,
    seen: HashSet<Pair>,
    left: Vec<Pair>,
    found: HashSet<(u32, u32)>,
    /// How many pairs there can be.
    most: usize,
    work: usize,
    reached: Vec<bool>,
}

impl<'a> Product<'a> {
    fn new(scopes: impl Iterator<Item = &'a [Pattern]>, split: Option<usize>, case: Case) -> Self {
        let trie = Trie::new(scopes, case);
        let owners = trie.owners(Trie::ROOT).1 as usize + 1;
        let most = match split {
            None => owners.saturating_mul(owners - 1) / 2,
            Some(split) => split.saturating_mul(owners.saturating_sub(split)),
        };
        Self {
            trie,
            most,
            split: split.map(|n| u32::try_from(n).expect("fewer than 2^32 scopes fit in memory")),
            seen: HashSet::new(),
            left: Vec::new(),
            found: HashSet::new(),
            work: 0,
            reached: Vec::new(),
        }
    }

    /// The pairs; `None` beyond the limits.
    fn run(mut self) -> Option<BTreeSet<(usize, usize)>> {
        self.visit((Place::Node(Trie::ROOT), Place::Node(Trie::ROOT)));
        while let Some((a, b)) = self.left.pop() {
            self.step(a, b);
            if self.given_up() {
                return None;
            }
        }
        let mut found: Vec<(u32, u32)> = self.found.into_iter().collect();
        found.sort_unstable();
        Some(found.into_iter().map(|(a, b)| (a as usize, b as usize)).collect())
    }

    /// Whether the product has grown beyond the limits.
    fn given_up(&self) -> bool {
        self.found.len() > MAX_PAIRS || self.work > MAX_WORK
    }

    /// Whether nothing more needs to be looked at.
    fn is_over(&self) -> bool {
        self.found.len() >= self.most || self.given_up()
    }

    /// Looks at a pair of places for the first time: who ends at both is found, and what comes
    /// after them is looked at later.
    fn visit(&mut self, (a, b): Pair) {
        // The product is symmetric: one order of each pair is enough.
        let pair = (a.min(b), a.max(b));
        if self.is_over() || !self.is_new(pair.0, pair.1) || !self.seen.insert(pair) {
            return;
        }
        self.meet(pair.0, pair.1);
        self.left.push(pair);
    }

    /// Whether a pair of owners comes out of a pair of places that is not known yet.
    fn is_new(&mut self, a: Place, b: Place) -> bool {
        let (Some((a, z)), Some((b, y))) = (self.owners(a), self.owners(b)) else { return false };
        if let Some(split) = self.split {
            let crosses = (a < split && y >= split) || (b < split && z >= split);
            if !crosses {
                return false;
            }
        }
        // With one owner on each side there is one pair, and it may be known.
        (a, b) != (z, y) || (a != b && !self.found.contains(&(a.min(b), a.max(b))))
    }

    /// The lowest and the highest owner of a place.
    fn owners(&mut self, place: Place) -> Option<(u32, u32)> {
        match place {
            Place::Node(n) => Some(self.trie.owners(n)),
            Place::Below(n) => {
                self.trie.expand(n);
                let owners = || self.trie.ends(n).filter(|(_, t)| *t != Tail::Exact);
                let lowest = owners().map(|(owner, _)| owner).min()?;
                Some((lowest, owners().map(|(owner, _)| owner).max()?))
            }
        }
    }

    /// Notes whose patterns both end at a pair of places.
    fn meet(&mut self, a: Place, b: Place) {
        for place in [a, b] {
            if let Place::Node(n) = place {
                self.trie.expand(n);
            }
        }
        let trie = &self.trie;
        let ends = |place| {
            let (Place::Node(n) | Place::Below(n)) = place;
            let without = if matches!(place, Place::Node(_)) { Tail::Below } else { Tail::Exact };
            trie.ends(n).filter(move |(_, tail)| *tail != without).map(|(owner, _)| owner)
        };
        for x in ends(a) {
            for y in ends(b).filter(|y| *y != x) {
                if self.split.is_none_or(|split| (x < split) != (y < split)) {
                    self.found.insert((x.min(y), x.max(y)));
                }
            }
            if self.found.len() > MAX_PAIRS {
                return;
            }
        }
    }

    /// Visits the pairs that one more component, or no component at a gap, leads to.
    fn step(&mut self, a: Place, b: Place) {
        for (one, two) in [(a, b), (b, a)] {
            if let Place::Node(n) = one
                && let Some(gap) = self.trie.after(n).gap
            {
                self.visit((Place::Node(gap), two));
            }
        }
        let (any_a, any_b) = (self.by_any_name(a), self.by_any_name(b));
        for x in any_a.into_iter().flatten() {
            for y in any_b.into_iter().flatten() {
                self.visit((x, y));
            }
        }
        for (any, other) in [(any_a, b), (any_b, a)] {
            if let Place::Node(n) = other
                && any.iter().any(Option::is_some)
            {
                for to in self.trie.after(n).by_name() {
                    for from in any.into_iter().flatten() {
                        self.visit((from, Place::Node(to)));
                    }
                }
            }
        }
        if let (Place::Node(x), Place::Node(y)) = (a, b) {
            self.by_name(x, y);
        }
    }

    /// Where every name leads: on in a gap, or further below a pattern.
    fn by_any_name(&self, place: Place) -> [Option<Place>; 2] {
        match place {
            Place::Below(_) => [Some(place), None],
            Place::Node(n) => {
                let below = self.trie.ends(n).any(|(_, tail)| tail != Tail::Exact);
                [self.trie.is_gap(n).then_some(place), below.then_some(Place::Below(n))]
            }
        }
    }

    /// Names against names in their order, against shapes and shapes against shapes by matching.
    fn by_name(&mut self, one: usize, two: usize) {
        let (a, b) = (self.trie.after(one), self.trie.after(two));
        let (mut i, mut j) = (0, 0);
        while let (Some((x, to)), Some((y, other))) = (a.names.get(i), b.names.get(j)) {
            let order = x.cmp(y);
            if order.is_eq() {
                self.visit((Place::Node(*to), Place::Node(*other)));
            }
            i += usize::from(order.is_le());
            j += usize::from(order.is_ge());
        }
        // With itself, a node has each pair in both orders.
        let same = one == two;
        fitting(&a.shapes, &b.shapes, &mut |x, y| {
            if (!same || x.1 <= y.1) && self.could_add(x.1, y.1) && self.shapes_meet(&x.0, &y.0) {
                self.visit((Place::Node(x.1), Place::Node(y.1)));
            }
        });
        self.names_by_shapes(&a.names, &b.shapes);
        if !same {
            self.names_by_shapes(&b.names, &a.shapes);
        }
    }

    fn names_by_shapes(&mut self, names: &[Named<'a>], shapes: &[Shaped<'a>]) {
        fitting(names, shapes, &mut |(name, to), (shape, other)| {
            self.work += 1;
            if self.could_add(*to, *other) && shape.matches(name) {
                self.visit((Place::Node(*to), Place::Node(*other)));
            }
        });
    }

    fn could_add(&mut self, one: usize, two: usize) -> bool {
        !self.is_over() && self.is_new(Place::Node(one), Place::Node(two))
    }

    /// Each pair of places is looked at once, so an answer is hardly ever asked for twice:
    /// remembering them costs more than the comparison of the ends.
    fn shapes_meet(&mut self, x: &Component, y: &Component) -> bool {
        self.work += 1;
        if x == y {
            return true;
        }
        if differ_at_end(x.tokens(), y.tokens())
            || differ_at_end(x.tokens().rev(), y.tokens().rev())
        {
            return false;
        }
        self.work += x.len() * y.len();
        components_meet(x, y, &mut self.reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(scopes: &[&[&str]], case: Case) -> Vec<(usize, usize)> {
        let parsed: Vec<Vec<Pattern>> = scopes
            .iter()
            .map(|texts| texts.iter().map(|t| Pattern::parse(t).expect("valid")).collect())
            .collect();
        let scopes: Vec<&[Pattern]> = parsed.iter().map(Vec::as_slice).collect();
        candidates(&scopes, case).expect("few").into_iter().collect()
    }

    /// Enough names and shapes side by side that their leads are walked.
    #[test]
    fn many_side_by_side_meet_as_each_two_of_them_do() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..6 {
            let pieces = ["a", "b", "?", "*", "[ab]", "[bc]", "A"];
            let mut texts: Vec<String> = Vec::new();
            while texts.len() < 40 {
                let length = 1 + random(4);
                let component = |random: &mut dyn FnMut(u64) -> u64| -> String {
                    let pick = |_| pieces[usize::try_from(random(7)).expect("small")];
                    (0..length).map(pick).collect()
                };
                let name = component(&mut random);
                let text = match random(4) {
                    0 => format!("d/**/{name}"),
                    1 => format!("d/{name}/"),
                    _ => format!("d/{name}"),
                };
                if !text.contains("**a") && Pattern::parse(&text).is_ok() {
                    texts.push(text);
                }
            }
            for case in [Case::Exact, Case::Folded] {
                let lists: Vec<[&str; 1]> = texts.iter().map(|t| [t.as_str()]).collect();
                let scopes: Vec<&[&str]> = lists.iter().map(|l| &l[..]).collect();
                let together = pairs(&scopes, case);
                let mut alone = Vec::new();
                for i in 0..scopes.len() {
                    for j in i + 1..scopes.len() {
                        if !pairs(&[scopes[i], scopes[j]], case).is_empty() {
                            alone.push((i, j));
                        }
                    }
                }
                assert_eq!(together, alone, "round {round}: {texts:?}");
                assert!(together.len() > 50, "they do meet");
            }
        }
    }

    #[test]
    fn only_scopes_that_share_a_path_are_candidates() {
        let scopes: [&[&str]; 7] = [
            &["src/a/", "docs/**/a.md"],
            &["src/b/", "docs/x/b.md"],
            &["src/*/mod.rs"],
            &["docs/**/[bc].md"],
            &["src"],
            &["**/mod_a_*.py"],
            &["**/mod_b_*.py", "tests/?x"],
        ];
        assert_eq!(
            pairs(&scopes, Case::Exact),
            // `docs/x/b.md` written plainly may be a folder with an `a.md` in it.
            [
                (0, 1),
                (0, 2),
                (0, 4),
                (0, 5),
                (0, 6),
                (1, 2),
                (1, 3),
                (1, 4),
                (1, 5),
                (1, 6),
                (2, 4),
                (4, 5),
                (4, 6)
            ]
        );
        assert_eq!(pairs(&[&["Src/A"], &["src/[a]"], &["SRC/b*"]], Case::Folded), [(0, 1)]);
        assert_eq!(pairs(&[&["Src/A"], &["src/[a]"]], Case::Exact), []);
    }
}
