//! Whether two scopes can meet, decided exactly. Patterns meet on their components; only where
//! the path that shows it is left out by a scope, automata over bytes have to look further.

mod candidates;
mod effort;
mod leads;
mod name;
mod plain;
mod search;
mod shapes;
mod trie;
mod word;

use std::cell::OnceCell;

pub use candidates::{broadest, candidates, crossing};
pub use effort::Effort;

use search::Search;
use word::Word;

use crate::domain::automaton::{Lazy, Nfa};
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

/// A set of paths: what some patterns match without what others match. Automata are made when
/// they are first needed, and once.
#[derive(Debug)]
pub struct Language {
    branches: Vec<Branch>,
    except: Exceptions,
    /// `except` in any mixture of cases.
    folded_except: OnceCell<Exceptions>,
    /// The written pattern of `except` with the most to remember, to name if it is too much.
    heaviest_exception: Option<String>,
}

/// One form of a pattern.
#[derive(Debug)]
struct Branch {
    source: String,
    form: NormalForm,
    nfa: OnceCell<Nfa>,
}

#[derive(Debug)]
struct Exceptions {
    forms: Vec<NormalForm>,
    automaton: OnceCell<Lazy>,
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
            pattern.forms().iter().map(|form| Branch {
                source: pattern.as_str().to_owned(),
                form: form.clone(),
                nfa: OnceCell::new(),
            })
        });
        let weight = |p: &Pattern| p.as_str().bytes().filter(|b| b"?*[".contains(b)).count();
        let heaviest = except.iter().max_by_key(|p| (weight(p), p.as_str()));
        Self {
            branches: branches.collect(),
            except: Exceptions::new(except.iter().flat_map(Pattern::forms).cloned()),
            folded_except: OnceCell::new(),
            heaviest_exception: heaviest.map(|p| p.as_str().to_owned()),
        }
    }

    /// Every path that git could hold.
    pub fn everything() -> Self {
        let all = Pattern::parse("**").expect("the pattern for everything is valid");
        Self::new(&[all], &[])
    }

    fn except(&self, case: Case) -> &Exceptions {
        match case {
            Case::Exact => &self.except,
            Case::Folded => self
                .folded_except
                .get_or_init(|| Exceptions::new(self.except.forms.iter().map(NormalForm::folded))),
        }
    }

    /// Whether a path is among the exceptions.
    fn leaves_out(&self, path: &[u8], case: Case) -> bool {
        let folded = match case {
            Case::Exact => None,
            Case::Folded => Some(path.to_ascii_lowercase()),
        };
        let path = folded.as_deref().unwrap_or(path);
        let names: Vec<&[u8]> = path.split(|b| *b == b'/').collect();
        self.except(case).forms.iter().any(|form| form.matches_components(&names))
    }

    /// A shortest path of the language, or `None` if it is empty.
    pub fn example(&self) -> Result<Option<RepoPath>, TooComplex> {
        self.example_within(&Effort::for_one())
    }

    /// As [`Self::example`], with the steps that are left for this question and others.
    pub fn example_within(&self, effort: &Effort) -> Result<Option<RepoPath>, TooComplex> {
        let meeting = meet_within(self, &Self::everything(), Case::Exact, effort)?;
        Ok(meeting.map(|m| m.left))
    }
}

impl Branch {
    fn nfa(&self) -> &Nfa {
        self.nfa.get_or_init(|| Nfa::of([&self.form]))
    }
}

impl Exceptions {
    fn new(forms: impl Iterator<Item = NormalForm>) -> Self {
        let mut forms: Vec<NormalForm> = forms.collect();
        forms.sort_unstable();
        forms.dedup();
        Self { forms, automaton: OnceCell::new() }
    }

    /// For folded forms the automaton of words in any mixture of cases.
    fn automaton(&self, case: Case) -> &Lazy {
        self.automaton.get_or_init(|| {
            let nfa = Nfa::of(&self.forms);
            Lazy::new(if case == Case::Folded { nfa.folded() } else { nfa })
        })
    }
}

/// A path that is in both languages, or `None` as a proof that there is none.
///
/// Among the paths it is a shortest one; among those, the most readable, and then the first in
/// the order of bytes. The answer does not depend on the order in which patterns were written.
pub fn meet(left: &Language, right: &Language, case: Case) -> Result<Option<Meeting>, TooComplex> {
    meet_within(left, right, case, &Effort::for_one())
}

/// As [`meet`], with the steps that are left for this question and others.
pub fn meet_within(
    left: &Language,
    right: &Language,
    case: Case,
    effort: &Effort,
) -> Result<Option<Meeting>, TooComplex> {
    let mut stuck: Option<&str> = None;
    let mut close: Vec<(Word, &Branch, &Branch)> = Vec::new();
    for a in &left.branches {
        for b in &right.branches {
            match plain::meeting(&a.form, &b.form, case, effort) {
                Ok(Some(word)) => close.push((word, a, b)),
                Ok(None) => {}
                Err(effort::Exhausted) => {
                    stuck = stuck.max(Some(longer(&a.source, &b.source)));
                }
            }
        }
    }
    close.sort_by(|x, y| (&x.0, &x.1.form, &x.2.form).cmp(&(&y.0, &y.1.form, &y.2.form)));
    let mut best: Option<Word> = None;
    for (word, a, b) in close {
        // No path of these two is less than the one that they have without exceptions.
        if best.as_ref().is_some_and(|best| *best <= word) {
            break;
        }
        if !left.leaves_out(&word.left, case) && !right.leaves_out(&word.right, case) {
            best = Some(word);
            break;
        }
        let (without_left, without_right) =
            (left.except(case).automaton(case), right.except(case).automaton(case));
        let (one, two) = (a.nfa(), b.nfa());
        let search =
            Search { a: one, b: two, left: without_left, right: without_right, case, effort };
        if let Ok(found) = search.run() {
            best = best.into_iter().chain(found).min();
            continue;
        }
        let costs = [without_left.cost(), without_right.cost()];
        let heavy = [&left.heaviest_exception, &right.heaviest_exception];
        let exception = heavy[usize::from(costs[1] > costs[0])].as_deref();
        let exception = exception.filter(|_| costs.iter().any(|c| *c > HEAVY));
        stuck = stuck.max(Some(exception.unwrap_or_else(|| longer(&a.source, &b.source))));
    }
    match (best, stuck) {
        (Some(word), _) => {
            let path = |bytes| RepoPath::new(bytes).expect("the rules of paths were kept beside");
            Ok(Some(Meeting { left: path(word.left), right: path(word.right) }))
        }
        (None, Some(stuck)) => Err(TooComplex { pattern: stuck.to_owned() }),
        (None, None) => Ok(None),
    }
}

/// From this cost on it is the exceptions that ask for too much, not the patterns.
const HEAVY: usize = 10_000;

fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
    std::cmp::max_by_key(a, b, |s| (s.len(), *s))
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
