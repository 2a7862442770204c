//! Which scopes could meet at all, for many scopes at once: their patterns share one trie over
//! path components, and the trie is multiplied with itself. Names that differ never meet there,
//! so unrelated scopes cost nothing; what is left is decided exactly.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::Case;
use super::leads::Leads;
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
    let leads = HashMap::new();
    Product { trie: &trie, leads, seen: HashSet::new(), found: BTreeSet::new() }.run()
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
    leads: HashMap<usize, Rc<NodeLeads<'a>>>,
    seen: HashSet<(Place, Place)>,
    found: BTreeSet<(usize, usize)>,
}

impl<'a> Product<'a> {
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
    fn step(&mut self, (a, b): (Place, Place), next: &mut Vec<(Place, Place)>) {
        for (one, two) in [(a, b), (b, a)] {
            if let Place::Node(n) = one
                && let Some(gap) = self.trie.nodes[n].gap
            {
                next.push((Place::Node(gap), two));
            }
        }
        let (any_a, any_b) = (self.by_any_name(a), self.by_any_name(b));
        for x in &any_a {
            next.extend(any_b.iter().map(|y| (*x, *y)));
        }
        for (any, other) in [(&any_a, b), (&any_b, a)] {
            for to in self.by_some_name(other) {
                next.extend(any.iter().map(|from| (*from, to)));
            }
        }
        if let (Place::Node(x), Place::Node(y)) = (a, b) {
            self.by_name(x, y, next);
        }
    }

    /// Where every name leads: on in a gap, or further below a pattern.
    fn by_any_name(&self, place: Place) -> Vec<Place> {
        match place {
            Place::Below(_) => vec![place],
            Place::Node(n) => {
                let node = &self.trie.nodes[n];
                let gap = node.is_gap.then_some(place);
                let below = (!node.below.is_empty()).then_some(Place::Below(n));
                gap.into_iter().chain(below).collect()
            }
        }
    }

    /// Where one name or another leads.
    fn by_some_name(&self, place: Place) -> Vec<Place> {
        let Place::Node(n) = place else { return Vec::new() };
        let node = &self.trie.nodes[n];
        let shaped = node.shapes.iter().map(|(_, to)| *to);
        node.names.values().copied().chain(shaped).map(Place::Node).collect()
    }

    /// Names against names by look-up, against shapes and shapes against shapes by matching; of
    /// many only those whose leads fit.
    fn by_name(&mut self, one: usize, two: usize, next: &mut Vec<(Place, Place)>) {
        let (a, b) = (&self.trie.nodes[one], &self.trie.nodes[two]);
        let (few, many) = if a.names.len() <= b.names.len() {
            (&a.names, &b.names)
        } else {
            (&b.names, &a.names)
        };
        let both = few.iter().filter_map(|(name, to)| Some((*to, *many.get(name)?)));
        next.extend(both.map(|(to, other)| (Place::Node(to), Place::Node(other))));
        self.shapes_by_shapes(one, two, next);
        self.names_by_shapes(one, two, next);
        self.names_by_shapes(two, one, next);
    }

    fn shapes_by_shapes(&mut self, one: usize, two: usize, next: &mut Vec<(Place, Place)>) {
        let trie = self.trie;
        let (a, b) = (&trie.nodes[one].shapes, &trie.nodes[two].shapes);
        let mut pair = |(shape, to): (usize, usize), (other, other_to): (usize, usize)| {
            if trie.shapes_meet(shape, other) {
                next.push((Place::Node(to), Place::Node(other_to)));
            }
        };
        if a.len() * b.len() > FEW {
            let (left, right) = (self.leads(one), self.leads(two));
            left.shapes.fitting(&right.shapes, |i, j| pair(a[i], b[j]));
        } else {
            for x in a {
                for y in b {
                    pair(*x, *y);
                }
            }
        }
    }

    fn names_by_shapes(&mut self, of: usize, by: usize, next: &mut Vec<(Place, Place)>) {
        let trie = self.trie;
        let (names, shapes) = (&trie.nodes[of].names, &trie.nodes[by].shapes);
        let mut pair = |(name, to): (&[u8], usize), (shape, shape_to): (usize, usize)| {
            if trie.shapes[shape].matches(name) {
                next.push((Place::Node(to), Place::Node(shape_to)));
            }
        };
        if names.len() * shapes.len() > FEW {
            let (left, right) = (self.leads(of), self.leads(by));
            left.names.fitting(&right.shapes, |i, j| pair(left.named[i], shapes[j]));
        } else {
            for (name, to) in names {
                for shape in shapes {
                    pair((name, *to), *shape);
                }
            }
        }
    }

    /// The leads of what comes after a node, made when they are first asked for.
    fn leads(&mut self, n: usize) -> Rc<NodeLeads<'a>> {
        let trie = self.trie;
        let made = self.leads.entry(n).or_insert_with(|| Rc::new(NodeLeads::new(trie, n)));
        Rc::clone(made)
    }
}

/// Up to so many pairs of names and shapes are compared one by one.
const FEW: usize = 64;

/// The leads of the names and shapes after one node.
struct NodeLeads<'a> {
    /// By the position in the node's shapes.
    shapes: Leads,
    /// By the position in `named`.
    names: Leads,
    named: Vec<(&'a [u8], usize)>,
}

impl<'a> NodeLeads<'a> {
    fn new(trie: &'a Trie, n: usize) -> Self {
        let node = &trie.nodes[n];
        let mut named: Vec<(&[u8], usize)> =
            node.names.iter().map(|(name, to)| (name.as_slice(), *to)).collect();
        named.sort_unstable();
        let shapes = node.shapes.iter().map(|(s, _)| trie.shapes[*s].tokens().iter().copied());
        let literal = named.iter().map(|(name, _)| name.iter().map(|byte| Token::Byte(*byte)));
        Self { shapes: Leads::new(shapes), names: Leads::new(literal), named }
    }
}

impl Trie {
    /// Each pair of places is looked at once, so an answer is hardly ever asked for twice:
    /// remembering them costs more than the comparison of the ends.
    fn shapes_meet(&self, x: usize, y: usize) -> bool {
        x == y || components_meet(self.shapes[x].tokens(), self.shapes[y].tokens())
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
