//! Which scopes could meet at all, for many scopes at once: their patterns share one trie over
//! path components, and the trie is multiplied with itself. Names that differ never meet there,
//! so unrelated scopes cost nothing; what is left is decided exactly.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Case;
use crate::domain::pattern::{ByteSet, Component, NormalForm, Pattern, Segment, Tail, Token};

/// The pairs of scopes, lower position first, of which some two patterns match a common path
/// when nothing is left out. A pair that is not among them is disjoint.
pub fn candidates(scopes: &[&[Pattern]], case: Case) -> BTreeSet<(usize, usize)> {
    let mut trie = Trie::default();
    trie.add();
    for (owner, patterns) in scopes.iter().enumerate() {
        for form in patterns.iter().flat_map(Pattern::forms) {
            trie.insert(owner, form, case);
        }
    }
    Product { trie: &trie, seen: HashSet::new(), found: BTreeSet::new() }.run()
}

#[derive(Debug, Default)]
struct Trie {
    nodes: Vec<Node>,
    /// Each distinct component that is not a literal name, once.
    shapes: Vec<Component>,
    shape_ids: HashMap<Component, usize>,
}

#[derive(Debug, Default)]
struct Node {
    names: HashMap<Vec<u8>, usize>,
    /// By the position of the shape.
    shapes: Vec<(usize, usize)>,
    /// The node behind a gap, which stands on the same place of the path and may skip names.
    gap: Option<usize>,
    is_gap: bool,
    /// Who has a pattern that ends here.
    ends: BTreeSet<usize>,
    /// Who has everything below.
    below: BTreeSet<usize>,
    /// Who has a pattern here or further down.
    owners: BTreeSet<usize>,
}

impl Trie {
    fn add(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn insert(&mut self, owner: usize, form: &NormalForm, case: Case) {
        let mut at = 0;
        self.nodes[at].owners.insert(owner);
        for segment in form.segments() {
            at = match segment {
                Segment::AnyDepth => self.gap(at),
                Segment::One(component) => self.component(at, &folded(component, case)),
            };
            self.nodes[at].owners.insert(owner);
        }
        if form.tail() != Tail::Below {
            self.nodes[at].ends.insert(owner);
        }
        if form.tail() != Tail::Exact {
            self.nodes[at].below.insert(owner);
        }
    }

    fn gap(&mut self, at: usize) -> usize {
        if let Some(gap) = self.nodes[at].gap {
            return gap;
        }
        let gap = self.add();
        self.nodes[gap].is_gap = true;
        self.nodes[at].gap = Some(gap);
        gap
    }

    fn component(&mut self, at: usize, component: &Component) -> usize {
        if let Some(name) = component.literal() {
            if let Some(next) = self.nodes[at].names.get(&name) {
                return *next;
            }
            let next = self.add();
            self.nodes[at].names.insert(name, next);
            return next;
        }
        let fresh = self.shapes.len();
        let shape = *self.shape_ids.entry(component.clone()).or_insert(fresh);
        if shape == fresh {
            self.shapes.push(component.clone());
        }
        if let Some((_, next)) = self.nodes[at].shapes.iter().find(|(s, _)| *s == shape) {
            return *next;
        }
        let next = self.add();
        self.nodes[at].shapes.push((shape, next));
        next
    }
}

/// A component as a disk that ignores case sees it.
fn folded(component: &Component, case: Case) -> Component {
    if case == Case::Exact {
        return component.clone();
    }
    Component::new(component.tokens().iter().map(|token| match token {
        Token::Byte(byte) => Token::Byte(byte.to_ascii_lowercase()),
        // Both cases stay in: the literal bytes of the other side are in lower case.
        Token::One(set) => Token::One(set.folded()),
        Token::Many => Token::Many,
    }))
}

/// A place in the trie, or everything below a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Node(usize),
    /// Below this node, for those that have everything there.
    Below(usize),
}

struct Product<'a> {
    trie: &'a Trie,
    seen: HashSet<(Place, Place)>,
    found: BTreeSet<(usize, usize)>,
}

impl Product<'_> {
    fn run(mut self) -> BTreeSet<(usize, usize)> {
        let mut left = vec![(Place::Node(0), Place::Node(0))];
        while let Some((a, b)) = left.pop() {
            // The product is symmetric: one order of each pair is enough.
            let pair = (a.min(b), a.max(b));
            if self.one_owner(pair) || !self.seen.insert(pair) {
                continue;
            }
            self.meet(pair);
            self.step(pair, &mut left);
        }
        self.found
    }

    fn owners(&self, place: Place) -> &BTreeSet<usize> {
        match place {
            Place::Node(n) => &self.trie.nodes[n].owners,
            Place::Below(n) => &self.trie.nodes[n].below,
        }
    }

    /// Whether only one and the same scope can come out of a pair.
    fn one_owner(&self, (a, b): (Place, Place)) -> bool {
        let (a, b) = (self.owners(a), self.owners(b));
        a.is_empty() || b.is_empty() || (a.len() == 1 && a == b)
    }

    /// Notes whose patterns both end at a pair of places.
    fn meet(&mut self, (a, b): (Place, Place)) {
        let ends = |place| match place {
            Place::Node(n) => &self.trie.nodes[n].ends,
            Place::Below(n) => &self.trie.nodes[n].below,
        };
        let (a, b) = (ends(a), ends(b));
        for x in a {
            for y in b.iter().filter(|y| *y != x) {
                self.found.insert((*x.min(y), *x.max(y)));
            }
        }
    }

    /// The pairs that one more component, or no component at a gap, leads to.
    fn step(&self, (a, b): (Place, Place), next: &mut Vec<(Place, Place)>) {
        for (one, two) in [(a, b), (b, a)] {
            if let Place::Node(n) = one
                && let Some(gap) = self.trie.nodes[n].gap
            {
                next.push((Place::Node(gap), two));
            }
        }
        let (from_a, from_b) = (self.moves(a), self.moves(b));
        self.pair_up(&from_a, &from_b, next);
        self.names(a, b, next);
    }

    /// Names against names by look-up, against shapes by matching.
    fn names(&self, a: Place, b: Place, next: &mut Vec<(Place, Place)>) {
        let names = |place| match place {
            Place::Node(n) => Some(&self.trie.nodes[n].names),
            Place::Below(_) => None,
        };
        if let (Some(x), Some(y)) = (names(a), names(b)) {
            let (few, many) = if x.len() <= y.len() { (x, y) } else { (y, x) };
            let both = few.iter().filter_map(|(name, one)| Some((*one, *many.get(name)?)));
            next.extend(both.map(|(one, two)| (Place::Node(one), Place::Node(two))));
        }
        for (one, two) in [(a, b), (b, a)] {
            let Some(names) = names(one).filter(|names| !names.is_empty()) else { continue };
            for (shape, to) in self.moves(two) {
                let fits = |name: &Vec<u8>| match shape {
                    Some(shape) => self.trie.shapes[shape].matches(name),
                    None => true,
                };
                let fitting = names.iter().filter(|(name, _)| fits(name));
                next.extend(fitting.map(|(_, node)| (Place::Node(*node), to)));
            }
        }
    }

    /// The moves of a place that are not by a literal name: by a shape, or (`None`) by any name.
    fn moves(&self, place: Place) -> Vec<(Option<usize>, Place)> {
        match place {
            Place::Below(_) => vec![(None, place)],
            Place::Node(n) => {
                let node = &self.trie.nodes[n];
                let shapes = node.shapes.iter().map(|(s, to)| (Some(*s), Place::Node(*to)));
                let mut moves: Vec<_> = shapes.collect();
                if node.is_gap {
                    moves.push((None, place));
                }
                if !node.below.is_empty() {
                    moves.push((None, Place::Below(n)));
                }
                moves
            }
        }
    }

    fn pair_up(
        &self,
        from_a: &[(Option<usize>, Place)],
        from_b: &[(Option<usize>, Place)],
        next: &mut Vec<(Place, Place)>,
    ) {
        for (x, a) in from_a {
            for (y, b) in from_b {
                let fits = match (x, y) {
                    (Some(x), Some(y)) => self.shapes_meet(*x, *y),
                    _ => true,
                };
                if fits {
                    next.push((*a, *b));
                }
            }
        }
    }

    /// Each pair of places is looked at once, so an answer is hardly ever asked for twice:
    /// remembering them costs more than the comparison of the ends.
    fn shapes_meet(&self, x: usize, y: usize) -> bool {
        let shapes = &self.trie.shapes;
        x == y || components_meet(shapes[x].tokens(), shapes[y].tokens())
    }
}

/// Whether some name matches both components. The literal ends are compared first: that settles
/// nearly every pair of a real plan.
fn components_meet(a: &[Token], b: &[Token]) -> bool {
    if differ_at_end(a.iter(), b.iter()) || differ_at_end(a.iter().rev(), b.iter().rev()) {
        return false;
    }
    let width = b.len() + 1;
    let mut reached = vec![false; (a.len() + 1) * width];
    let mut left = vec![(0, 0)];
    while let Some((i, j)) = left.pop() {
        if std::mem::replace(&mut reached[i * width + j], true) {
            continue;
        }
        match (a.get(i), b.get(j)) {
            (None, None) => return true,
            (Some(Token::Many), other) => {
                left.push((i + 1, j));
                if other.is_some() {
                    left.push((i, j + 1));
                }
            }
            (other, Some(Token::Many)) => {
                left.push((i, j + 1));
                if other.is_some() {
                    left.push((i + 1, j));
                }
            }
            (Some(x), Some(y)) if set(*x).meets(set(*y)) => left.push((i + 1, j + 1)),
            _ => {}
        }
    }
    false
}

/// Whether two components exclude each other before the first star from an end.
fn differ_at_end<'t>(
    a: impl Iterator<Item = &'t Token>,
    b: impl Iterator<Item = &'t Token>,
) -> bool {
    let single = |pair: &(&Token, &Token)| *pair.0 != Token::Many && *pair.1 != Token::Many;
    a.zip(b).take_while(single).any(|(x, y)| !set(*x).meets(set(*y)))
}

fn set(token: Token) -> ByteSet {
    match token {
        Token::Byte(byte) => ByteSet::of(byte),
        Token::One(set) => set,
        Token::Many => ByteSet::component(),
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
        candidates(&scopes, case).into_iter().collect()
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
