//! Whether two scopes can meet, decided exactly. The search walks both automata and what each
//! scope leaves out at once, shortest paths first, so an answer "yes" is a shortest path.

mod candidates;
mod leads;
mod trie;

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

pub use candidates::{candidates, crossing};

use crate::domain::automaton::{Lazy, Nfa, Validity};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern};

/// How paths are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Byte by byte, as git does.
    Exact,
    /// With ASCII letters folded, as a disk that ignores case would: what a scope leaves out in
    /// one spelling, it leaves out in all.
    Folded,
}

/// Products are given up beyond this many steps; see [`TooComplex`].
const MAX_STEPS: usize = 400_000;
/// A deterministic automaton is given up beyond this many states of the underlying one.
const MAX_COST: usize = 1_000_000;

/// A set of paths: what some patterns match without what others match.
#[derive(Debug)]
pub struct Language {
    branches: Vec<Branch>,
    except: Lazy,
    /// `except` in any mixture of cases.
    folded_except: Lazy,
    /// The written pattern of `except` with the most to remember, to name if it is too much.
    heaviest_exception: Option<String>,
}

#[derive(Debug)]
struct Branch {
    source: String,
    lead: Vec<u8>,
    folded_lead: Vec<u8>,
    nfa: Nfa,
}

/// A path in both languages. With [`Case::Folded`] the two may differ in the case of letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The path as the left language has it.
    pub left: RepoPath,
    /// The path as the right language has it.
    pub right: RepoPath,
}

/// The question is beyond the limits; it is never guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooComplex {
    /// The pattern that asks for too much.
    pub pattern: String,
}

impl Language {
    /// What `include` matches and `except` does not.
    pub fn new(include: &[Pattern], except: &[Pattern]) -> Self {
        let branches = include.iter().flat_map(|pattern| {
            pattern.forms().iter().map(|form| Branch::new(pattern.as_str(), form))
        });
        let exceptions = Nfa::of(except.iter().flat_map(Pattern::forms));
        Self {
            branches: branches.collect(),
            folded_except: Lazy::new(exceptions.folded()),
            except: Lazy::new(exceptions),
            heaviest_exception: except
                .iter()
                .max_by_key(|p| {
                    p.as_str().bytes().filter(|b| matches!(b, b'?' | b'*' | b'[')).count()
                })
                .map(|p| p.as_str().to_owned()),
        }
    }

    /// Every path that git could hold.
    pub fn everything() -> Self {
        let all = Pattern::parse("**").expect("the pattern for everything is valid");
        Self::new(&[all], &[])
    }

    fn except(&self, case: Case) -> &Lazy {
        match case {
            Case::Exact => &self.except,
            Case::Folded => &self.folded_except,
        }
    }

    /// A shortest path of the language, or `None` if it is empty.
    pub fn example(&self) -> Result<Option<RepoPath>, TooComplex> {
        let meeting = meet(self, &Self::everything(), Case::Exact)?;
        Ok(meeting.map(|m| m.left))
    }
}

impl Branch {
    fn new(source: &str, form: &NormalForm) -> Self {
        let lead = form.literal_lead();
        Self {
            source: source.to_owned(),
            folded_lead: lead.to_ascii_lowercase(),
            lead,
            nfa: Nfa::of([form]),
        }
    }

    fn may_meet(&self, other: &Self, case: Case) -> bool {
        let (a, b) = match case {
            Case::Exact => (&self.lead, &other.lead),
            Case::Folded => (&self.folded_lead, &other.folded_lead),
        };
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        short.is_empty()
            || (long.starts_with(short) && (long.len() == short.len() || long[short.len()] == b'/'))
    }
}

/// A path that is in both languages, or `None` as a proof that there is none.
///
/// Among the paths it is a shortest one; among those, one with readable bytes. The answer does
/// not depend on the order in which patterns were written.
pub fn meet(left: &Language, right: &Language, case: Case) -> Result<Option<Meeting>, TooComplex> {
    let mut best: Option<(Vec<u8>, Vec<u8>)> = None;
    let mut stuck: Option<TooComplex> = None;
    for a in &left.branches {
        for b in right.branches.iter().filter(|b| a.may_meet(b, case)) {
            let (without_left, without_right) = (left.except(case), right.except(case));
            let search = Search { a, b, left: without_left, right: without_right, case };
            match search.run() {
                Found::Nothing => {}
                Found::Path(found) => {
                    let key = |w: &(Vec<u8>, Vec<u8>)| (w.0.len(), unreadable(&w.0), w.clone());
                    if best.as_ref().is_none_or(|old| key(&found) < key(old)) {
                        best = Some(found);
                    }
                }
                Found::GaveUp => {
                    let heavy = [&left.heaviest_exception, &right.heaviest_exception];
                    let costs = [without_left.cost(), without_right.cost()];
                    let exception = heavy[usize::from(costs[1] > costs[0])];
                    let pattern = match exception {
                        Some(pattern) if costs.iter().any(|c| *c > MAX_COST / 100) => pattern,
                        _ => std::cmp::max_by_key(&a.source, &b.source, |s| s.len()),
                    };
                    stuck.get_or_insert(TooComplex { pattern: pattern.clone() });
                }
            }
        }
    }
    match (best, stuck) {
        (Some((left, right)), _) => {
            let path = |bytes| RepoPath::new(bytes).expect("the validity automaton ran beside it");
            Ok(Some(Meeting { left: path(left), right: path(right) }))
        }
        (None, Some(stuck)) => Err(stuck),
        (None, None) => Ok(None),
    }
}

fn unreadable(bytes: &[u8]) -> usize {
    bytes.iter().map(|b| readability(*b)).sum()
}

/// How gladly a byte is shown in an example: 0 for a letter, more for anything stranger.
fn readability(byte: u8) -> usize {
    match byte {
        b'/' | b'a'..=b'z' => 0,
        b'0'..=b'9' | b'.' | b'_' | b'-' => 1,
        b'A'..=b'Z' => 2,
        0x21..=0x7e => 3,
        b' ' => 4,
        0x80.. => 6,
        _ => 5,
    }
}

enum Found {
    Nothing,
    Path((Vec<u8>, Vec<u8>)),
    GaveUp,
}

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

struct Search<'a> {
    a: &'a Branch,
    b: &'a Branch,
    left: &'a Lazy,
    right: &'a Lazy,
    case: Case,
}

/// A visited product state: where it came from and which bytes led there.
struct Visit {
    state: Product,
    from: usize,
    bytes: (u8, u8),
}

impl Search<'_> {
    fn run(&self) -> Found {
        let letters = self.letters();
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: HashSet<Product> = HashSet::new();
        let mut queue = VecDeque::new();
        for &a in self.a.nfa.starts() {
            for &b in self.b.nfa.starts() {
                let start = Lazy::START;
                let state =
                    Product { a, b, without_a: start, without_b: start, validity: Validity::Start };
                seen.insert(state);
                queue.push_back(visits.len());
                visits.push(Visit { state, from: usize::MAX, bytes: (0, 0) });
            }
        }
        let mut steps = 0;
        while let Some(at) = queue.pop_front() {
            let state = visits[at].state;
            for &(x, y) in &letters {
                steps += 1;
                let costly = self.left.cost() > MAX_COST || self.right.cost() > MAX_COST;
                if steps > MAX_STEPS * 10 || seen.len() > MAX_STEPS || costly {
                    return Found::GaveUp;
                }
                for next in self.step(state, x, y) {
                    if !seen.insert(next) {
                        continue;
                    }
                    visits.push(Visit { state: next, from: at, bytes: (x, y) });
                    if self.accepts(next) {
                        return Found::Path(spell(&visits));
                    }
                    queue.push_back(visits.len() - 1);
                }
            }
        }
        Found::Nothing
    }

    fn accepts(&self, state: Product) -> bool {
        state.validity.accepts()
            && self.a.nfa.accepts(state.a)
            && self.b.nfa.accepts(state.b)
            && !self.left.accepts(state.without_a)
            && !self.right.accepts(state.without_b)
    }

    fn step(&self, state: Product, x: u8, y: u8) -> Vec<Product> {
        let Some(validity) = state.validity.next(x) else { return Vec::new() };
        let mut a_next = self.a.nfa.next(state.a, x).peekable();
        if a_next.peek().is_none() {
            return Vec::new();
        }
        let b_next: Vec<u32> = self.b.nfa.next(state.b, y).collect();
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

    /// One pair of bytes for each way in which bytes can differ for this search, the readable
    /// ones first. With folded case the two bytes of a pair may be one letter in two cases.
    fn letters(&self) -> Vec<(u8, u8)> {
        let mut sets: Vec<_> = self.a.nfa.sets().chain(self.b.nfa.sets()).collect();
        sets.extend(self.left.sets().chain(self.right.sets()));
        sets.sort_unstable();
        sets.dedup();
        let signature = |byte: u8| -> Vec<bool> {
            let own = sets.iter().map(|set| set.contains(byte));
            own.chain(Validity::TELLS_APART.iter().map(|b| *b == byte)).collect()
        };
        let mut bytes: Vec<u8> = (1..=255).collect();
        bytes.sort_by_key(|b| (readability(*b), *b));
        let mut classes: HashSet<Vec<bool>> = HashSet::new();
        let mut letters = Vec::new();
        for byte in bytes {
            let other = swap_case(byte);
            let mut key = signature(byte);
            if self.case == Case::Folded {
                key.extend(signature(other));
                key.push(other != byte);
            }
            if classes.insert(key) {
                letters.push((byte, byte));
                if self.case == Case::Folded && other != byte {
                    letters.push((byte, other));
                }
            }
        }
        letters
    }
}

fn swap_case(byte: u8) -> u8 {
    if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { byte }
}

/// The two words that lead to the last visit.
fn spell(visits: &[Visit]) -> (Vec<u8>, Vec<u8>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut at = visits.len() - 1;
    while visits[at].from != usize::MAX {
        left.push(visits[at].bytes.0);
        right.push(visits[at].bytes.1);
        at = visits[at].from;
    }
    left.reverse();
    right.reverse();
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|t| Pattern::parse(t).unwrap_or_else(|e| panic!("{t}: {e}"))).collect()
    }

    fn language(include: &[&str], except: &[&str]) -> Language {
        Language::new(&patterns(include), &patterns(except))
    }

    fn met(a: &str, b: &str) -> Option<String> {
        let meeting = meet(&language(&[a], &[]), &language(&[b], &[]), Case::Exact);
        meeting.expect("decidable").map(|m| m.left.to_lossy().into_owned())
    }

    #[test]
    fn overlaps_that_files_or_prefixes_miss() {
        for (a, b, witness) in [
            ("src/[ab].rs", "src/[cb].rs", "src/b.rs"),
            ("src/*_test.rs", "src/foo_*.rs", "src/foo_test.rs"),
            ("**/*.sql", "db/**", "db/.sql"),
            ("src/{a/x,b}.rs", "src/a/*.rs", "src/a/x.rs"),
            ("src/", "src/a.py", "src/a.py"),
            ("a[!b]c", "a?c", "aac"),
            ("a/**/b", "a/*/*/b", "a/a/a/b"),
            ("*/b", "a/*", "a/b"),
        ] {
            assert_eq!(met(a, b).as_deref(), Some(witness), "{a} x {b}");
            assert_eq!(met(b, a).as_deref(), Some(witness), "{b} x {a}");
        }
    }

    #[test]
    fn no_false_alarm() {
        for (a, b) in [
            ("[a-c]x", "[x-z]x"),
            ("src/foo/**", "src/foobar/**"),
            ("src[!a]x", "src/x"),
            ("a/*", "a/"),
            (".git/", "**"),
            ("[.]", "**"),
            ("src/*.rs", "src/*/*.rs"),
        ] {
            if a == "a/*" {
                assert_eq!(met(a, b).as_deref(), Some("a/a"));
                continue;
            }
            assert_eq!(met(a, b), None, "{a} x {b}");
        }
        let left = language(&["src/"], &["src/auth/"]);
        let right = language(&["src/auth/"], &[]);
        assert_eq!(meet(&left, &right, Case::Exact), Ok(None));
    }

    #[test]
    fn exceptions_of_each_side_count() {
        let left = language(&["src/**"], &["**/*.md", "src/gen/"]);
        let right = language(&["**/[ab].md", "src/gen/x"], &["a"]);
        assert_eq!(meet(&left, &right, Case::Exact), Ok(None));
        let right = language(&["**/[ab].m?"], &[]);
        let meeting = meet(&left, &right, Case::Exact).expect("decidable").expect("they meet");
        assert_eq!(meeting.left.to_lossy(), "src/a.ma");
    }

    #[test]
    fn folded_case_gives_both_spellings() {
        let (a, b) = (language(&["Src/A"], &[]), language(&["src/[a]"], &[]));
        assert_eq!(meet(&a, &b, Case::Exact), Ok(None));
        let meeting = meet(&a, &b, Case::Folded).expect("decidable").expect("they meet");
        assert_eq!(
            (meeting.left.to_lossy(), meeting.right.to_lossy()),
            ("Src/A".into(), "src/a".into())
        );
        // What is left out in one spelling is left out in all: it is one place on such a disk.
        let (a, b) = (language(&["src/"], &["src/auth/"]), language(&["src/auth/"], &[]));
        assert_eq!(meet(&a, &b, Case::Folded), Ok(None));
        let b = language(&["SRC/Auth/", "Src/B"], &[]);
        let meeting = meet(&a, &b, Case::Folded).expect("decidable").expect("they meet");
        assert_eq!(
            (meeting.left.to_lossy(), meeting.right.to_lossy()),
            ("src/b".into(), "Src/B".into())
        );
    }

    #[test]
    fn a_hostile_exception_is_too_complex_by_name() {
        let hostile = "**/*a??????????????????????";
        let left = language(&["**/*b*"], &[hostile]);
        let right = language(&["**/*a???????????????????????"], &[hostile, "x"]);
        match meet(&left, &right, Case::Exact) {
            Ok(Some(m)) => assert!(m.left.to_lossy().contains('b')),
            Ok(None) => panic!("they meet"),
            Err(e) => assert_eq!(e.pattern, hostile),
        }
    }

    #[test]
    fn an_empty_language_has_no_example() {
        assert_eq!(language(&["dist/"], &["dist/"]).example(), Ok(None));
        assert_eq!(
            language(&["dist/"], &["dist/*"]).example().map(|p| p.map(|p| p.to_string())),
            Ok(Some("dist/a/a".into()))
        );
    }
}
