//! What an analysis does not know, or knows only nearly, in words for a reviewer.

use std::collections::BTreeSet;

use super::Analysis;
use super::language::{Kind, Language, Role};
use super::request::Mention;

/// A best file that holds less than this share of the request's words is a weak finding.
const WEAK: f64 = 0.5;
/// Words and names that a sentence lists.
const NAMED: usize = 8;
/// Paths of a request that are looked for.
const LOOKED_UP: usize = 32;

/// What to be careful about when these files, by index, are what the work is about.
pub(super) fn uncertain(analysis: &Analysis, chosen: &[usize]) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(unknown_words(analysis));
    found.extend(unknown_names(analysis));
    found.extend(weak(analysis));
    found.extend(untested(analysis, chosen));
    found.extend(unread_imports(analysis, chosen));
    if analysis.owners.unread > 0 {
        let lines = analysis.owners.unread;
        found.push(format!("{} of CODEOWNERS could not be read", count(lines, "line")));
    }
    found
}

/// Words of the request that no file has, in its path or its text.
fn unknown_words(analysis: &Analysis) -> Option<String> {
    let mut known: BTreeSet<usize> = BTreeSet::new();
    for fact in analysis.facts.iter().filter(|fact| fact.role != Role::Generated) {
        known.extend(fact.counts.terms.iter().map(|(term, _)| *term));
    }
    // The parts of a path are no words of their own: whether it is there is said elsewhere.
    let paths: Vec<String> = paths(analysis).map(str::to_lowercase).collect();
    let subject: Vec<(usize, &str)> = analysis
        .request
        .subject()
        .map(|(index, term)| (index, term.word.as_str()))
        .filter(|(_, word)| !paths.iter().any(|path| path.contains(*word)))
        .collect();
    let all = subject.len();
    let words: Vec<&str> =
        subject.into_iter().filter(|(index, _)| !known.contains(index)).map(|(_, w)| w).collect();
    if words.is_empty() {
        return None;
    }
    let quoted = listed(words.iter().copied());
    Some(if words.len() == all {
        format!("no word of the request occurs in the code: {quoted}")
    } else {
        format!("{} of {all} words of the request occur nowhere in the code: {quoted}", words.len())
    })
}

/// Files that the request names and that are not there.
fn unknown_names(analysis: &Analysis) -> Option<String> {
    let there = |path: &str| {
        let (end, inner) = (format!("/{path}"), format!("/{path}/"));
        analysis.files.iter().any(|file| {
            let text = file.path.to_lossy();
            text == path
                || text.ends_with(&end)
                || text.starts_with(&inner[1..])
                || text.contains(&inner)
        })
    };
    let missing: Vec<&str> = paths(analysis).filter(|path| !there(path)).take(NAMED).collect();
    let what = if missing.len() == 1 { "a path" } else { "paths" };
    (!missing.is_empty()).then(|| {
        format!("the request names {what} that the commit does not have: {}", listed(missing))
    })
}

/// The first paths that the request names.
fn paths(analysis: &Analysis) -> impl Iterator<Item = &str> {
    let paths = analysis.request.mentions.iter().filter_map(|mention| match mention {
        Mention::Path(path) => Some(path.as_str()),
        Mention::Name { .. } => None,
    });
    paths.take(LOOKED_UP)
}

fn weak(analysis: &Analysis) -> Option<String> {
    let best = analysis.ranked.iter().map(|r| r.coverage).fold(0.0, f64::max);
    let mentioned = analysis.ranked.iter().any(|r| r.mentioned);
    // Of one or two words there is no half.
    let several = analysis.request.subject().count() > 2;
    (!analysis.ranked.is_empty() && several && best < WEAK && !mentioned).then(|| {
        "no file holds even half of what the request speaks of: look at the scores with care"
            .to_owned()
    })
}

/// Chosen sources that no test of the codebase imports or is named after.
fn untested(analysis: &Analysis, chosen: &[usize]) -> Option<String> {
    let inventory = &analysis.inventory;
    if inventory.tests.is_empty() && inventory.inline_tests.is_empty() {
        return Some("the codebase has no test that was recognised".to_owned());
    }
    let graph = &analysis.graph;
    let test = |file: usize| analysis.facts[file].role == Role::Test;
    let subjects: BTreeSet<String> = inventory
        .tests
        .iter()
        .filter_map(|file| {
            let name = String::from_utf8_lossy(analysis.files[*file].path.file_name()).into_owned();
            super::language::test_subject(&name).map(str::to_lowercase)
        })
        .collect();
    let bare: Vec<usize> = chosen
        .iter()
        .copied()
        .filter(|file| is_tested_by_others(analysis, *file))
        .filter(|file| !analysis.facts[*file].inline_tests)
        // Tests often import the face of a package, which imports the file.
        .filter(|file| {
            let importers = graph.into(*file).map(|edge| edge.from);
            !importers
                .into_iter()
                .any(|from| test(from) || graph.into(from).any(|edge| test(edge.from)))
        })
        .filter(|file| {
            let name = String::from_utf8_lossy(analysis.files[*file].path.file_name()).into_owned();
            let stem = name.split('.').next().unwrap_or_default().to_lowercase();
            !subjects.contains(&stem)
        })
        .collect();
    let paths: Vec<String> =
        bare.iter().map(|file| analysis.files[*file].path.to_string()).collect();
    (!bare.is_empty()).then(|| {
        format!(
            "no test was found that imports or is named after {}: {}",
            count(bare.len(), "chosen file"),
            listed(paths.iter().map(String::as_str))
        )
    })
}

/// Languages of chosen files in none of whose files an import was found: such files seem to
/// stand alone.
fn unread_imports(analysis: &Analysis, chosen: &[usize]) -> Option<String> {
    let programs = chosen.iter().filter(|file| is_program(analysis, **file));
    let mut languages: BTreeSet<Language> =
        programs.filter_map(|file| analysis.facts[*file].language).collect();
    for fact in analysis.facts.iter().filter(|fact| !fact.imports.is_empty()) {
        fact.language.map(|language| languages.remove(&language));
    }
    let names: Vec<&str> = languages
        .into_iter()
        .filter(|l| !matches!(l, Language::Css | Language::Html | Language::Shell | Language::Sql))
        .map(Language::name)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "no import was found in any file of {}: who uses whom is not known",
            names.join(", ")
        )
    })
}

/// Whether a file is one that tests of the same language could use.
fn is_tested_by_others(analysis: &Analysis, file: usize) -> bool {
    use Language::{Css, Html, Protobuf, Shell, Sql};
    let language = analysis.facts[file].language;
    is_program(analysis, file)
        && !matches!(language, Some(Css | Html | Protobuf | Shell | Sql) | None)
}

fn is_program(analysis: &Analysis, file: usize) -> bool {
    let fact = &analysis.facts[file];
    fact.role == Role::Source && fact.language.is_some_and(|l| l.kind() == Kind::Code)
}

/// The first names as code, and how many more there are.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> =
        names.into_iter().map(|name| format!("`{}`", name.replace('`', "'"))).collect();
    let shown = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED { format!("{shown} and {} more", names.len() - NAMED) } else { shown }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("one {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyze;
    use crate::analysis::source::memory::Memory;

    type File = (&'static str, &'static str);

    /// What is uncertain when the files with these paths are chosen.
    fn told(files: &[File], request: &str, chosen: &[&str]) -> String {
        let analysis = analyze(&Memory::new(files), request, &|_| {}).expect("it can be read");
        let chosen: Vec<usize> = (0..analysis.files.len())
            .filter(|file| chosen.contains(&analysis.files[*file].path.to_lossy().as_ref()))
            .collect();
        uncertain(&analysis, &chosen).join("\n")
    }

    #[test]
    fn words_and_paths_that_nothing_has_are_named() {
        let files = [("src/a.rs", "fn token() {}"), ("tests/a.rs", "")];
        let table = [
            ("Fix the token", ""),
            ("Fix the quokka", "no word of the request occurs in the code: `quokka`"),
            ("Fix the `wom`bat token", "2 of 3 words of the request occur nowhere"),
            ("Fix src/a.rs", ""),
            ("Fix src/b.rs", "a path that the commit does not have: `src/b.rs`"),
        ];
        for (request, expected) in table {
            let found = told(&files, request, &[]);
            assert!(found.contains(expected) && expected.is_empty() == found.is_empty(), "{found}");
        }
        let many: String = (0..20).fold("Fix token".to_owned(), |all, n| format!("{all} quo{n}x"));
        assert!(told(&files, &many, &[]).contains(" more"), "a long list is cut");
    }

    #[test]
    fn files_without_a_test_are_named() {
        let files: [File; 8] = [
            ("pkg/__init__.py", "from .a import f"),
            ("pkg/a.py", "def f(): pass"),
            ("pkg/b.py", "def g(): pass"),
            ("pkg/c.py", "def h(): pass"),
            ("pkg/run.sh", "echo"),
            ("src/d.rs", "#[cfg(test)]\nmod tests {}"),
            ("tests/test_b.py", ""),
            ("tests/test_all.py", "import pkg"),
        ];
        let all: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        let found = told(&files, "Fix f", &all[1..]);
        assert!(found.contains("after one chosen file: `pkg/c.py`"), "{found}");
        let found = told(&files[..4], "Fix f", &all);
        assert!(found.contains("no test that was recognised"), "{found}");
    }

    #[test]
    fn languages_without_imports_are_named() {
        let files = [("a.zig", "fn f() {}"), ("b.py", "import os"), ("test_b.py", "")];
        let found = told(&files, "Fix f", &["a.zig", "b.py"]);
        assert!(found.contains("in any file of zig: who uses whom is not known"), "{found}");
    }
}
