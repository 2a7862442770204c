//! Patterns that match nothing, and what was probably meant: what exists and is spelled nearly so,
//! or lies elsewhere, or differs only in the case of letters.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::Prover;
use super::meeting::level;
use super::reach::first_match;
use crate::domain::document::closest;
use crate::domain::finding::{Code, Finding};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern, Segment, Tail, literal};
use crate::domain::scope::Scope;

/// So many names are compared letter by letter for one plan, a fraction of a second; beyond it,
/// only exact names are found.
const COMPARISONS: usize = 100_000;
/// So many components of one path may be misspelled.
const SLIPS: usize = 2;

/// The tracked paths by their names. Directories are listed when they are first asked for: most
/// plans ask for few.
pub(super) struct Names<'a> {
    tracked: &'a [RepoPath],
    directories: RefCell<HashMap<String, Rc<Directory<'a>>>>,
    /// The files and directories of each name.
    places: OnceCell<HashMap<&'a str, Vec<&'a str>>>,
    comparisons: Cell<usize>,
}

/// The names that stand directly in a directory; those that are not UTF-8 are left out.
struct Directory<'a> {
    /// Sorted.
    names: Vec<&'a str>,
    /// The first name of each spelling in small letters.
    folded: HashMap<String, &'a str>,
}

impl Prover<'_> {
    /// Patterns of a scope that match no tracked file, unless new files are meant; and those that
    /// are spelled in another case than what is there, also then.
    pub(super) fn matches_nothing(&mut self, index: usize, scope: &Scope, names: &Names<'_>) {
        let creates = self.plan.objectives[index].creates;
        for pattern in &scope.touch {
            // Where new files are meant, only what begins with a name can be misspelled; anything
            // else would be held against every tracked path for nothing.
            if (creates && !has_lead(pattern)) || matches_any(pattern, self.facts.tracked) {
                continue;
            }
            let finding = if let Some((twin, better)) = names.case_twin(pattern) {
                let message = format!(
                    "`{pattern}` is spelled {twin} in the repository: a disk that ignores case has one of them"
                );
                let severity = level(self.facts.config.case_is_error);
                let finding = Finding::new(Code::ScopeCase, severity, message);
                let finding = finding.help(format!("write `{better}`"));
                Finding { witness: Some(twin), witness_exists: Some(true), ..finding }
            } else if creates {
                continue;
            } else {
                let help = match names.meant(pattern) {
                    Some(better) => format!("did you mean `{better}`?"),
                    None => {
                        "correct it, or write `creates = true` if the files are to be made".into()
                    }
                };
                let message = format!("`{pattern}` matches no tracked file");
                Finding::warning(Code::ScopeMatchesNothing, message).help(help)
            };
            let finding = finding
                .objectives([scope.id.clone()])
                .patterns([pattern.as_str().to_owned()])
                .at(self.pattern_place(index, "touch", pattern));
            self.findings.push(finding);
        }
    }
}

/// Whether [`Names::case_twin`] could know a pattern.
fn has_lead(pattern: &Pattern) -> bool {
    let first = match pattern.forms() {
        [form] => form.segments().first(),
        _ => None,
    };
    matches!(first, Some(Segment::One(component)) if component.literal().is_some())
}

fn matches_any(pattern: &Pattern, tracked: &[RepoPath]) -> bool {
    pattern.forms().iter().any(|form| first_match(form, tracked).is_some())
}

impl<'a> Names<'a> {
    /// The names of sorted paths.
    pub(super) fn new(tracked: &'a [RepoPath]) -> Self {
        let (directories, places) = (RefCell::default(), OnceCell::new());
        Self { tracked, directories, places, comparisons: Cell::new(COMPARISONS) }
    }

    /// A directory; the root is the empty name.
    fn directory(&self, name: &str) -> Rc<Directory<'a>> {
        let known = self.directories.borrow().get(name).cloned();
        known.unwrap_or_else(|| {
            let listed = Rc::new(self.list(name));
            self.directories.borrow_mut().insert(name.to_owned(), listed.clone());
            listed
        })
    }

    fn list(&self, directory: &str) -> Directory<'a> {
        let tracked = self.tracked;
        let prefix = joined(directory, "");
        let mut at = tracked.partition_point(|p| p.as_bytes() < prefix.as_bytes());
        let mut names = Vec::new();
        while let Some(path) =
            tracked.get(at).filter(|p| p.as_bytes().starts_with(prefix.as_bytes()))
        {
            let rest = &path.as_bytes()[prefix.len()..];
            let end = rest.iter().position(|b| *b == b'/');
            names.extend(std::str::from_utf8(&rest[..end.unwrap_or(rest.len())]).ok());
            // What lies in a directory stands together.
            at += end.map_or(1, |end| {
                let inside = &path.as_bytes()[..=prefix.len() + end];
                tracked[at..].partition_point(|p| p.as_bytes().starts_with(inside))
            });
        }
        names.sort_unstable();
        let folded = names.iter().rev().map(|name| (name.to_ascii_lowercase(), *name)).collect();
        Directory { names, folded }
    }

    /// Every file and directory by its last name.
    fn places(&self) -> &HashMap<&'a str, Vec<&'a str>> {
        self.places.get_or_init(|| {
            let mut places: HashMap<&str, Vec<&str>> = HashMap::new();
            let mut before = "";
            for path in self.tracked.iter().filter_map(RepoPath::to_str) {
                let cuts = path.match_indices('/').map(|(cut, _)| cut);
                let mut start = 0;
                for end in cuts.chain([path.len()]) {
                    // A directory is new unless the path before lies in it too.
                    let known = before.as_bytes().starts_with(&path.as_bytes()[..end])
                        && before.as_bytes().get(end) == Some(&b'/');
                    if !known {
                        places.entry(&path[start..end]).or_default().push(&path[..end]);
                    }
                    start = end + 1;
                }
                before = path;
            }
            places
        })
    }

    /// What was probably meant by a pattern that matches nothing: everything below what it
    /// names, a path with nearly its name, or what lies deeper.
    fn meant(&self, pattern: &Pattern) -> Option<String> {
        let source = pattern.as_str();
        let good = |text: &String| {
            Pattern::parse(text).is_ok_and(|pattern| matches_any(&pattern, self.tracked))
        };
        let below = Some(format!("{source}/")).filter(good);
        below.or_else(|| self.respelled(pattern).filter(good)).or_else(|| {
            let (lead, last) = source.trim_end_matches('/').rsplit_once('/')?;
            let glob = last.contains(['*', '?', '[']);
            Some(format!("{lead}/**/{last}")).filter(|text| glob && good(text))
        })
    }

    /// The pattern with its literal lead replaced by a tracked path that was probably meant.
    fn respelled(&self, pattern: &Pattern) -> Option<String> {
        let (lead, rest) = literal_lead(pattern)?;
        let near = self.slips(&lead).or_else(|| self.elsewhere(&lead))?;
        let near = literal(&RepoPath::new(near)?);
        Some(format!("{near}{rest}"))
    }

    /// The tracked path that slips of the hand would turn into this one.
    fn slips(&self, wanted: &str) -> Option<String> {
        let mut at = String::new();
        let mut slips = 0;
        for name in wanted.split('/') {
            let siblings = &self.directory(&at).names;
            let name = if siblings.binary_search(&name).is_ok() {
                name
            } else {
                slips += 1;
                self.close(name, siblings).filter(|_| slips <= SLIPS)?
            };
            at = joined(&at, name);
        }
        Some(at)
    }

    /// The one of some names that is spelled nearly so. Those of quite another length are not
    /// compared, unless one begins the other.
    fn close(&self, name: &str, siblings: &[&'a str]) -> Option<&'a str> {
        let begins = |a: &str, b: &str| {
            a.len() >= b.len() && a.as_bytes()[..b.len()].eq_ignore_ascii_case(b.as_bytes())
        };
        let near = siblings.iter().copied().filter(|sibling| {
            let limit = (sibling.len().max(name.len()) / 3).max(1);
            sibling.len().abs_diff(name.len()) <= limit
                || begins(sibling, name)
                || begins(name, sibling)
        });
        let near: Vec<&str> = near.collect();
        let left = self.comparisons.get().checked_sub(near.len())?;
        self.comparisons.set(left);
        closest(name, near)
    }

    /// The path of the same last name that has most in common with this one, from the end first,
    /// if there is one.
    fn elsewhere(&self, wanted: &str) -> Option<String> {
        let last = wanted.rsplit('/').next()?;
        let places = self.places().get(last)?;
        let common = |path: &&&str| {
            let equal = |(a, b): &(&str, &str)| a == b;
            let behind = path.rsplit('/').zip(wanted.rsplit('/')).take_while(equal).count();
            (behind, path.split('/').zip(wanted.split('/')).take_while(equal).count())
        };
        let best = places.iter().map(|path| common(&path)).max()?;
        let mut equal = places.iter().filter(|path| common(path) == best);
        let only = equal.next()?;
        if equal.next().is_none() { Some((*only).to_owned()) } else { None }
    }

    /// The tracked path that the literal lead of a pattern, or its beginning, differs from only
    /// in the case of letters, and the pattern as it would be spelled.
    fn case_twin(&self, pattern: &Pattern) -> Option<(RepoPath, String)> {
        let (lead, rest) = literal_lead(pattern)?;
        let (mut at, mut twin) = (String::new(), None);
        let mut names = lead.split('/');
        for name in names.by_ref() {
            let directory = self.directory(&at);
            if directory.names.binary_search(&name).is_ok() {
                at = joined(&at, name);
                continue;
            }
            let Some(other) = directory.folded.get(&name.to_ascii_lowercase()) else {
                let unknown = std::iter::once(name).chain(names);
                let better = unknown.fold(at, |at, name| joined(&at, name));
                let better = literal(&RepoPath::new(better)?);
                return twin.map(|twin| (twin, format!("{better}{rest}")));
            };
            at = joined(&at, other);
            twin = RepoPath::new(at.as_str());
        }
        let better = literal(&RepoPath::new(at)?);
        twin.map(|twin| (twin, format!("{better}{rest}")))
    }
}

fn joined(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The literal lead of a pattern of one form, and how the pattern goes on behind it.
fn literal_lead(pattern: &Pattern) -> Option<(String, String)> {
    let [form] = pattern.forms() else { return None };
    let lead = String::from_utf8(NormalForm::literal_lead(form)).ok().filter(|l| !l.is_empty())?;
    let rest = match (form.is_literal(), form.tail()) {
        (true, Tail::Below) => "/".to_owned(),
        (true, Tail::Exact | Tail::AtOrBelow) => String::new(),
        (false, _) => pattern.as_str().strip_prefix(&lead)?.to_owned(),
    };
    Some((lead, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 13] = [
        "README.md",
        "lib/only.rs",
        "src-x/z",
        "src/App/[id].tsx",
        "src/auth/deep/er/token.py",
        "src/auth/login.rs",
        "src/authz/x.rs",
        "src/core/mod.rs",
        "src/core/types.rs",
        "src/ui/mod.rs",
        "tests/it/main.rs",
        "web/one.ts",
        "web/pages/one.ts",
    ];

    fn names_of(paths: &[&str], ask: impl Fn(&Names<'_>) -> Option<String>) -> Option<String> {
        let mut tracked: Vec<RepoPath> =
            paths.iter().map(|p| RepoPath::new(*p).expect("git can hold it")).collect();
        tracked.sort();
        ask(&Names::new(&tracked))
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("a pattern")
    }

    #[test]
    fn what_was_meant_is_found() {
        for (wrong, expected) in [
            // Everything below.
            ("src/auth*", Some("src/auth*/")),
            // Slips, in any component, at most two.
            ("src/auht/", Some("src/auth/")),
            ("scr/auht/login.rs", Some("src/auth/login.rs")),
            ("scr/auht/lgin.rs", None),
            ("test/it/", Some("tests/it/")),
            ("src/core/type.rs", Some("src/core/types.rs")),
            ("src/core/types", Some("src/core/types.rs")),
            ("src/Auth/login.rs", Some("src/auth/login.rs")),
            ("src/App/[[]id].ts", Some("src/App/[[]id].tsx")),
            // The rest of a pattern stays.
            ("src/auht/*.rs", Some("src/auth/*.rs")),
            ("src/auht/*.go", None),
            ("tets/**/*.rs", Some("tests/**/*.rs")),
            // The same name elsewhere.
            ("only.rs", Some("lib/only.rs")),
            ("core/types.rs", Some("src/core/types.rs")),
            ("app/core/mod.rs", Some("src/core/mod.rs")),
            ("auth/", Some("src/auth/")),
            ("app/mod.rs", None),
            ("somewhere/one.ts", None),
            ("web/page/one.ts", Some("web/pages/one.ts")),
            // Deeper.
            ("src/auth/*.py", Some("src/auth/**/*.py")),
            ("src/**/*.zig", None),
            ("unheard/of/", None),
            ("README.md/x", None),
            ("{x,y}/z", None),
        ] {
            let found = names_of(&PATHS, |names| names.meant(&pattern(wrong)));
            assert_eq!(found.as_deref(), expected, "{wrong}");
        }
        assert_eq!(names_of(&[], |names| names.meant(&pattern("a/b"))), None);
    }

    #[test]
    fn another_case_is_told_with_the_spelling_that_is_there() {
        for (written, expected) in [
            ("SRC/auth/", Some("src as src/auth/")),
            ("src/AUTH/Login.rs", Some("src/auth/login.rs as src/auth/login.rs")),
            ("Src/new/x.rs", Some("src as src/new/x.rs")),
            ("src/Core/*.rs", Some("src/core as src/core/*.rs")),
            ("src/app/", Some("src/App as src/App/")),
            ("src/new/", None),
            ("srcx/", None),
            ("**/AUTH/", None),
        ] {
            let found = names_of(&PATHS, |names| {
                let (twin, better) = names.case_twin(&pattern(written))?;
                Some(format!("{twin} as {better}"))
            });
            assert_eq!(found.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_plan_of_mistakes_is_answered_soon() {
        let tracked: Vec<RepoPath> = (0..10_000)
            .map(|i| RepoPath::new(format!("flat/name{i:05}.rs")).expect("git can hold it"))
            .collect();
        let names = Names::new(&tracked);
        let told: Vec<bool> = (0..1_000)
            .map(|i| names.meant(&pattern(&format!("flat/nmae{i:05}.rs"))).is_some())
            .collect();
        assert!(told[0] && !told[999], "some are answered, and none takes long");
    }
}
