//! Which tests belong to which files, by the conventions of their names and places.

use std::collections::BTreeSet;

use super::Ground;
use super::groups::{Group, coupling};
use crate::analysis::language::{Language, test_subject};
use crate::analysis::words::normal;

/// Gives each part that has no test yet the one that is called after its best file, if there is one
/// and nobody has it.
pub(super) fn attach(ground: &Ground<'_>, groups: &mut [Group]) {
    let mut taken: BTreeSet<usize> = groups.iter().flat_map(Group::all).collect();
    let lead = |test: usize, file: usize| common_lead(ground, test, file);
    for group in groups.iter_mut().filter(|group| group.tests.is_empty()) {
        let Some(file) = group.files.first().copied() else { continue };
        let names = names_of(ground, file);
        let test = ground
            .analysis
            .inventory
            .tests
            .iter()
            .copied()
            .filter(|test| subject(ground, *test).is_some_and(|subject| names.contains(&subject)))
            .filter(|test| is_test_of(ground, *test, file) && !taken.contains(test))
            .max_by_key(|test| (lead(*test, file), std::cmp::Reverse(*test)));
        group.tests.extend(test.filter(|test| taken.insert(*test)));
    }
}

/// What a test is called after: the subject in its name, or its own name directly in a
/// directory of tests. Deeper ones belong to applications that tests run.
pub(super) fn subject(ground: &Ground<'_>, test: usize) -> Option<String> {
    let path = ground.path(test);
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let stem = name.split_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let among_tests = || {
        let directory = path.parent()?;
        matches!(directory.file_name(), b"tests" | b"test" | b"spec" | b"__tests__").then_some(stem)
    };
    let subject = normal(test_subject(&name).or_else(among_tests)?);
    (!subject.is_empty()).then_some(subject)
}

/// What tests of a file are called after: its name, or its directory's if it is the
/// directory's face.
pub(super) fn names_of(ground: &Ground<'_>, file: usize) -> Vec<String> {
    let text = ground.text(file);
    let mut parts = text.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let face = matches!(stem, "mod" | "lib" | "main" | "index" | "__init__");
    let name = if face { parts.find(|part| *part != "src").unwrap_or(stem) } else { stem };
    // `sessions.py` is tested by `test_session.py`, and the other way round.
    let name = normal(name);
    let other = name.strip_suffix('s').map_or_else(|| format!("{name}s"), str::to_owned);
    vec![name, other]
}

pub(super) fn is_test_of(ground: &Ground<'_>, test: usize, file: usize) -> bool {
    let facts = &ground.analysis.facts;
    let language = |i: usize| facts[i].language;
    let mixes = |a: Option<Language>, b: Option<Language>| match (a, b) {
        (Some(a), Some(b)) => a.mixes_with(b),
        _ => false,
    };
    let near = ground.module(test) == ground.module(file) || coupling(ground, &[test], &[file]) > 0;
    mixes(language(test), language(file))
        && near
        && is_placed_for(ground, test, file)
        && ground.is_free(ground.path(test))
}

/// Whether a test stands where tests of a file stand: beside it, or in a directory of tests.
/// One beside other files tests those.
fn is_placed_for(ground: &Ground<'_>, test: usize, file: usize) -> bool {
    let mut components: Vec<&[u8]> = ground.path(test).components().collect();
    components.pop();
    let apart = components.iter().any(|part| {
        matches!(*part, b"tests" | b"test" | b"spec" | b"specs" | b"__tests__" | b"e2e")
    });
    apart || ground.path(test).parent() == ground.path(file).parent()
}

fn common_lead(ground: &Ground<'_>, a: usize, b: usize) -> usize {
    ground.path(a).components().zip(ground.path(b).components()).take_while(|(x, y)| x == y).count()
}
