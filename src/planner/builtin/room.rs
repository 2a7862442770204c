//! Room for files that do not exist yet. In past commits of a development set nearly half of the
//! new files lay directly beside files that were changed, and most of these were called after a
//! word of the message. So an objective may create what is called after the request beside what
//! it changes; no file that exists is given to it by this.

use std::collections::BTreeSet;

use super::Ground;
use super::groups::{Group, Part};
use super::territory::Territory;
use crate::analysis::language::Kind;
use crate::analysis::request::{Mention, Term};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::TaskType;
use crate::planner::scopes::directory;

/// Words in one pattern: the likeliest.
const WORDS: usize = 4;
/// Directories of one objective in which there is room: those of its best files.
const DIRECTORIES: usize = 3;
/// A shorter word is a part of too many names.
const LETTERS: usize = 3;
/// How often a file is called after a word of the message, with how many commits this expectation
/// weighs, and how often it must be.
const NAMED: (f64, f64, f64) = (0.2, 5.0, 0.08);
/// Words of the first sentence weigh at least this much, unless they say what goes wrong.
const SUBJECT: f64 = 1.0;

/// Adds to each territory patterns of names that hold a word of the request, in the directories
/// of its files. Nobody's patterns meet those of another, nor a path of another.
pub(super) fn add(ground: &Ground<'_>, groups: &[Group], territories: &mut [Territory]) {
    // Where something new has a place of its own, that is where new files go.
    let placed = groups.iter().any(|group| matches!(group.part, Part::New | Part::Module));
    if placed || ground.analysis.task_type == TaskType::Bug {
        return;
    }
    let words = words(ground);
    let mut taken: BTreeSet<Option<RepoPath>> = BTreeSet::new();
    for (index, group) in groups.iter().enumerate() {
        let own: BTreeSet<usize> = group.all().collect();
        let mut parents: Vec<Option<RepoPath>> = Vec::new();
        for parent in group.all().map(|file| ground.path(file).parent()) {
            if !parents.contains(&parent) {
                parents.push(parent);
            }
        }
        for parent in parents.into_iter().take(DIRECTORIES) {
            let given = territories.iter().filter_map(|t| t.directory.as_ref());
            let mut whole = given.filter(|whole| {
                parent.as_ref().is_some_and(|parent| parent == *whole || parent.is_below(whole))
            });
            if whole.next().is_some() || taken.contains(&parent) {
                continue;
            }
            let names = names(ground, parent.as_ref(), &own, index, territories);
            let free: Vec<&String> = words
                .iter()
                .filter(|word| !names.iter().any(|name| name.contains(word.as_str())))
                .filter(|word| is_free(ground, parent.as_ref(), word))
                .take(WORDS)
                .collect();
            if free.is_empty() {
                continue;
            }
            let capital = is_capital(ground, parent.as_ref());
            let pattern = pattern(parent.as_ref(), &free, capital);
            let territory = &mut territories[index];
            if let Ok(wide) = Pattern::parse(&pattern) {
                // What is promised by its name need not be named twice.
                let kept = |path: &RepoPath| ground.exists(path) || !wide.matches(path);
                territory
                    .touch
                    .retain(|text| RepoPath::new(text.as_str()).is_none_or(|path| kept(&path)));
            }
            territory.touch.push(pattern);
            territory.touch.sort();
            territory.creates = true;
            taken.insert(parent);
        }
    }
}

/// The words that a new file may be called after, the likeliest first: those after which past
/// commits that spoke of them changed files of that name. `add` and `support` are in many
/// messages and in few names; of a word that nobody spoke of yet nothing speaks against it.
fn words(ground: &Ground<'_>) -> Vec<String> {
    let request = &ground.analysis.request;
    // A path says where to work, not how something is called.
    let is_directory = |word: &str| {
        request.mentions.iter().any(|mention| match mention {
            Mention::Path(path) => {
                let (above, _) = path.rsplit_once('/').unwrap_or_default();
                above.split('/').any(|part| part.eq_ignore_ascii_case(word))
            }
            Mention::Name { .. } => false,
        })
    };
    let usable = |term: &Term| {
        term.weight >= SUBJECT
            && !is_directory(&term.word)
            && term.stem.len() >= LETTERS
            && term.stem.bytes().all(|b| b.is_ascii_alphanumeric())
            && term.stem.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let stems: Vec<&str> =
        request.subject().filter(|(_, t)| usable(t)).map(|(_, t)| t.stem.as_str()).collect();
    let mut spoken = vec![(0.0, 0.0); stems.len()];
    let history = &ground.analysis.history;
    for commit in history.commits() {
        let subject = commit.words.lines().next().unwrap_or_default();
        let said: BTreeSet<&str> = subject.split_ascii_whitespace().collect();
        for (stem, (times, named)) in stems.iter().zip(&mut spoken) {
            if said.contains(stem) {
                let holds = |path: &&usize| {
                    let name = history.paths()[**path].file_name().to_ascii_lowercase();
                    String::from_utf8_lossy(&name).contains(stem)
                };
                *times += 1.0;
                *named += f64::from(u8::from(commit.paths.iter().any(|path| holds(&path))));
            }
        }
    }
    let (expected, doubt, least) = NAMED;
    let share = |(times, named): (f64, f64)| (named + expected * doubt) / (times + doubt);
    let mut words: Vec<(f64, &str)> =
        stems.iter().zip(spoken).map(|(stem, counts)| (share(counts), *stem)).collect();
    words.retain(|(share, _)| *share >= least);
    words.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words: Vec<&str> = words.into_iter().map(|(_, word)| word).collect();
    // What holds another is said by it.
    let longer = |word: &&&str| !words.iter().any(|other| other != *word && word.contains(other));
    words.iter().filter(longer).map(|word| (*word).to_owned()).collect()
}

/// The names, in lower case, of what lies directly in a directory or is promised to somebody
/// there, and is not `own`.
fn names(
    ground: &Ground<'_>,
    parent: Option<&RepoPath>,
    own: &BTreeSet<usize>,
    owner: usize,
    territories: &[Territory],
) -> BTreeSet<String> {
    let depth = parent.map_or(0, |parent| parent.components().count());
    let name = |path: &RepoPath| {
        let component = path.components().nth(depth).unwrap_or_default();
        String::from_utf8_lossy(component).to_lowercase()
    };
    let tracked = ground.below(parent).filter(|file| !own.contains(file));
    let mut names: BTreeSet<String> = tracked.map(|file| name(ground.path(file))).collect();
    let others = territories.iter().enumerate().filter(|(index, _)| *index != owner);
    for pattern in others.flat_map(|(_, territory)| &territory.touch) {
        let path = RepoPath::new(pattern.trim_end_matches('/'));
        let within = |path: &RepoPath| parent.is_none_or(|parent| path.is_below(parent));
        names.extend(path.filter(within).as_ref().map(name));
    }
    names
}

/// Whether a file of such a name may be created by an objective.
fn is_free(ground: &Ground<'_>, parent: Option<&RepoPath>, word: &str) -> bool {
    let lead = parent.map_or_else(Vec::new, |parent| [parent.as_bytes(), b"/"].concat());
    let names = [word.as_bytes().to_vec(), [word.as_bytes(), b"/x"].concat()];
    let mut paths =
        names.iter().filter_map(|name| RepoPath::new([&lead, name.as_slice()].concat()));
    paths.all(|path| ground.is_free(&path))
}

/// Whether most programs of a directory are called as classes are.
fn is_capital(ground: &Ground<'_>, parent: Option<&RepoPath>) -> bool {
    let facts = &ground.analysis.facts;
    let (mut capital, mut all) = (0_usize, 0_usize);
    for file in ground.below(parent) {
        let path = ground.path(file);
        let program = facts[file].language.is_some_and(|language| language.kind() == Kind::Code);
        if program && path.parent().as_ref() == parent {
            all += 1;
            capital += usize::from(path.file_name().first().is_some_and(u8::is_ascii_uppercase));
        }
    }
    capital * 2 > all
}

/// `src/*{header,token}*`, or with one word `src/*header*`.
fn pattern(parent: Option<&RepoPath>, words: &[&String], capital: bool) -> String {
    let spelled = |word: &&String| match word.split_at_checked(1) {
        Some((first, rest)) if capital => format!("{}{rest}", first.to_ascii_uppercase()),
        _ => (*word).clone(),
    };
    let lead = parent.map(directory).unwrap_or_default();
    match words {
        [only] => format!("{lead}*{}*", spelled(only)),
        words => {
            format!("{lead}*{{{}}}*", words.iter().map(spelled).collect::<Vec<_>>().join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_holds, draft_of};

    /// The patterns of names in a plan for `request`, and whether all with one create something.
    fn rooms(files: &[(&str, &str)], request: &str) -> (Vec<String>, bool) {
        let (draft, tracked) = draft_of(files, request, 10);
        assert_holds(&draft, &tracked);
        let with = |o: &&crate::domain::plan::Objective| o.touch.iter().any(|t| t.contains('*'));
        let creates = draft.plan.objectives.iter().filter(with).all(|o| o.creates);
        let touch = draft.plan.objectives.iter().flat_map(|o| o.touch.clone());
        (touch.filter(|text| text.contains('*')).collect(), creates)
    }

    #[test]
    fn what_is_called_after_the_request_may_be_created_beside_what_changes() {
        let rust =
            [("src/a.rs", "pub fn bind() {}"), ("src/query.rs", "// @generated\npub fn q() {}")];
        let java = [
            ("src/Binding.java", "class Binding {}"),
            ("src/Query.java", "// @generated\nclass Q {}"),
        ];
        let table = [
            (&rust, "Improve headers in src/a.rs", vec!["src/*header*"]),
            (&rust, "Improve header and query parsing of src/a.rs", vec!["src/*{header,pars}*"]),
            (&java, "Improve headers in src/Binding.java", vec!["src/*{Header,Bind}*"]),
            // Nothing that exists is given away, and what is broken is mended where it is.
            (&rust, "Improve query in src/a.rs", vec![]),
            (&rust, "Fix wrong headers in src/a.rs", vec![]),
            (&rust, "Improve * { } ! in src/a.rs", vec![]),
        ];
        for (files, request, expected) in table {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(rooms(files, request), (expected, true), "{request}");
        }
    }
}
