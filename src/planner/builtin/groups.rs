//! Divides the chosen files into parts that people can work on apart: along directories and
//! modules, joined where they import each other, each with its tests.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use crate::analysis::language::{Language, Role, test_subject};
use crate::analysis::words::normal;

/// Parts that import each other are one up to this many files.
const TOGETHER: usize = 6;
/// Tests attached to one part.
const TESTS: usize = 6;
/// A single file that scores less than this share of the best joins a part it imports.
const ALONE: f64 = 0.75;
/// A test that scores this much belongs to the part that it imports.
const TEST_SCORE: f64 = 0.3;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Files that exist.
    Code,
    /// Texts, which follow the code.
    Docs,
    /// A directory that does not exist yet.
    New,
    /// A module from its root.
    Module,
}

/// Files that one objective is about.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) part: Part,
    /// Best first.
    pub(super) files: Vec<usize>,
    pub(super) tests: Vec<usize>,
    /// Patterns of paths that do not exist yet.
    pub(super) new: Vec<String>,
    /// Where it is, for people.
    pub(super) place: String,
    /// Rank of its best file; lower is better.
    pub(super) rank: usize,
}

impl Group {
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.files.iter().chain(&self.tests).copied()
    }
}

/// Divides `code` and adds a part for `docs`; at most `most` parts.
pub(super) fn divide(
    ground: &Ground<'_>,
    code: &[usize],
    docs: &[usize],
    most: usize,
) -> Vec<Group> {
    let mut parts = by_directory(ground, code);
    nest(&mut parts);
    join_mutual(ground, &mut parts);
    join_small(ground, &mut parts, code);
    let with_docs = !docs.is_empty() && most > 1;
    let room = if with_docs { most - 1 } else { most };
    while parts.len() > room {
        join_nearest(ground, &mut parts);
    }
    let mut groups: Vec<Group> = parts
        .into_iter()
        .map(|part| {
            let mut files = part.files;
            files.sort_by_key(|file| position(code, *file));
            let rank = files.first().map_or(0, |file| position(code, *file));
            let place = place(ground, &files);
            Group { part: Part::Code, files, tests: Vec::new(), new: Vec::new(), place, rank }
        })
        .collect();
    groups.sort_by_key(|group| group.rank);
    attach_tests(ground, &mut groups, code);
    if with_docs {
        groups.push(Group {
            part: Part::Docs,
            files: docs.to_vec(),
            tests: Vec::new(),
            new: Vec::new(),
            place: place(ground, docs),
            rank: code.len(),
        });
    }
    groups
}

fn position(list: &[usize], file: usize) -> usize {
    list.iter().position(|known| *known == file).unwrap_or(list.len())
}

struct Set {
    module: String,
    directory: String,
    files: Vec<usize>,
}

fn by_directory(ground: &Ground<'_>, code: &[usize]) -> Vec<Set> {
    let mut sets: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for file in code {
        let text = ground.text(*file);
        let directory = text.rsplit_once('/').map_or("", |(head, _)| head).to_owned();
        sets.entry((ground.module(*file).to_owned(), directory)).or_default().push(*file);
    }
    sets.into_iter().map(|((module, directory), files)| Set { module, directory, files }).collect()
}

/// Joins a directory with the only other one below it; a directory that holds several others
/// would swallow them all.
fn nest(sets: &mut Vec<Set>) {
    let inside = |outer: &Set, inner: &Set| {
        outer.module == inner.module
            && inner
                .directory
                .strip_prefix(outer.directory.as_str())
                .is_some_and(|rest| !outer.directory.is_empty() && rest.starts_with('/'))
    };
    let mut at = 0;
    while at < sets.len() {
        let below: Vec<usize> = (0..sets.len()).filter(|i| inside(&sets[at], &sets[*i])).collect();
        if let [only] = below.as_slice()
            && sets[at].files.len() + sets[*only].files.len() <= TOGETHER + 2
        {
            let inner = sets.remove(*only);
            let at_now = if *only < at { at - 1 } else { at };
            sets[at_now].files.extend(inner.files);
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// How strongly `from` imports `to`: names used, at least one for each import.
pub(super) fn coupling(ground: &Ground<'_>, from: &[usize], to: &[usize]) -> usize {
    let to: BTreeSet<usize> = to.iter().copied().collect();
    from.iter()
        .flat_map(|file| ground.analysis.graph.of(*file))
        .filter(|edge| to.contains(&edge.to))
        .map(|edge| edge.symbols.len().max(1))
        .sum()
}

fn join_mutual(ground: &Ground<'_>, sets: &mut Vec<Set>) {
    let mut pair = || {
        for a in 0..sets.len() {
            for b in a + 1..sets.len() {
                let (left, right) = (&sets[a], &sets[b]);
                if left.module == right.module
                    && left.files.len() + right.files.len() <= TOGETHER
                    && coupling(ground, &left.files, &right.files) > 0
                    && coupling(ground, &right.files, &left.files) > 0
                {
                    let joined = sets.remove(b);
                    sets[a].files.extend(joined.files);
                    return true;
                }
            }
        }
        false
    };
    while pair() {}
}

/// One file that is not among the best is no work of its own if it hangs on another part.
fn join_small(ground: &Ground<'_>, sets: &mut Vec<Set>, code: &[usize]) {
    let scores: BTreeMap<usize, f64> =
        ground.analysis.ranked.iter().map(|r| (r.file, r.score)).collect();
    let best = code.iter().filter_map(|f| scores.get(f)).fold(0.0, |a: f64, b| a.max(*b));
    let mut at = 0;
    while at < sets.len() {
        let set = &sets[at];
        let weak = set.files.len() == 1
            && set.files.iter().all(|f| scores.get(f).is_none_or(|s| *s < ALONE * best));
        let hosts: Vec<usize> = (0..sets.len())
            .filter(|i| *i != at && affinity(ground, set, &sets[*i]).0 > 0)
            .collect();
        // What several parts rely on belongs to none of them: it comes first.
        let host = match hosts.as_slice() {
            [host] => Some(*host)
                .filter(|i| sets[*i].module == set.module && sets[*i].files.len() < TOGETHER),
            _ => None,
        };
        if let (true, Some(host)) = (weak, host) {
            let small = sets.remove(at);
            let host = if at < host { host - 1 } else { host };
            sets[host].files.extend(small.files);
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Imports in either direction, then leading directories in common.
fn affinity(ground: &Ground<'_>, a: &Set, b: &Set) -> (usize, usize) {
    let imports = coupling(ground, &a.files, &b.files) + coupling(ground, &b.files, &a.files);
    let common = a.directory.split('/').zip(b.directory.split('/')).take_while(|(x, y)| x == y);
    (imports, common.count())
}

/// Joins the smallest part with the one nearest to it.
fn join_nearest(ground: &Ground<'_>, sets: &mut Vec<Set>) {
    let Some(small) = (0..sets.len()).min_by_key(|i| (sets[*i].files.len(), std::cmp::Reverse(*i)))
    else {
        return;
    };
    let set = sets.remove(small);
    let host = (0..sets.len()).max_by(|a, b| {
        let key = |i: usize| (sets[i].module == set.module, affinity(ground, &set, &sets[i]));
        key(*a).cmp(&key(*b)).then(b.cmp(a))
    });
    match host {
        Some(host) => sets[host].files.extend(set.files),
        None => sets.push(set),
    }
}

/// The files' directory in common, or the file itself if it is the only one.
pub(super) fn place(ground: &Ground<'_>, files: &[usize]) -> String {
    if let [only] = files {
        return ground.path(*only).to_string();
    }
    match home(ground, files) {
        Some(directory) => format!("{directory}/"),
        None => "the root".to_owned(),
    }
}

/// The deepest directory that holds all files; `None` for the root.
pub(super) fn home(ground: &Ground<'_>, files: &[usize]) -> Option<crate::domain::path::RepoPath> {
    let mut directory = ground.path(*files.first()?).parent()?;
    while !files.iter().all(|file| ground.path(*file).is_below(&directory)) {
        directory = directory.parent()?;
    }
    Some(directory)
}

/// Gives each part the tests that are called after its files, and those among the ranked that
/// import them.
fn attach_tests(ground: &Ground<'_>, groups: &mut [Group], code: &[usize]) {
    let analysis = ground.analysis;
    let mut taken: BTreeSet<usize> = code.iter().copied().collect();
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for test in &analysis.inventory.tests {
        if let Some(subject) = subject(ground, *test) {
            named.entry(subject).or_default().push(*test);
        }
    }
    for group in groups.iter_mut() {
        for file in group.files.clone() {
            let mut tests: Vec<usize> = names_of(ground, file)
                .iter()
                .filter_map(|name| named.get(name))
                .flatten()
                .copied()
                .filter(|test| is_test_of(ground, *test, file))
                .collect();
            tests.sort_by_key(|test| (std::cmp::Reverse(common_lead(ground, *test, file)), *test));
            for test in tests.into_iter().take(2) {
                if group.tests.len() < TESTS && taken.insert(test) {
                    group.tests.push(test);
                }
            }
        }
    }
    let ranked = analysis.ranked.iter().filter(|r| r.score >= TEST_SCORE);
    for test in ranked.filter(|r| analysis.facts[r.file].role == Role::Test).map(|r| r.file).take(6)
    {
        if taken.contains(&test) || !ground.is_free(ground.path(test)) {
            continue;
        }
        let host = (0..groups.len())
            .filter(|i| groups[*i].files.iter().any(|file| is_placed_for(ground, test, *file)))
            .map(|i| (coupling(ground, &[test], &groups[i].files), i))
            .filter(|(coupling, _)| *coupling > 0)
            .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((_, host)) = host
            && groups[host].tests.len() < TESTS
            && taken.insert(test)
        {
            groups[host].tests.push(test);
        }
    }
    for group in groups {
        group.tests.sort_unstable();
    }
}

/// What a test is called after: the subject in its name, or its own name directly in a
/// directory of tests. Deeper ones belong to applications that tests run.
fn subject(ground: &Ground<'_>, test: usize) -> Option<String> {
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
fn names_of(ground: &Ground<'_>, file: usize) -> Vec<String> {
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

fn is_test_of(ground: &Ground<'_>, test: usize, file: usize) -> bool {
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
