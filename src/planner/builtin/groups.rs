//! Divides the chosen files into parts that people can work on apart: files that change together,
//! that import each other or that lie together are one part.

use std::collections::{BTreeMap, BTreeSet};

use super::affinity::{Affinities, cluster};
use super::{Ground, companions, tests_of};
use crate::analysis::language::Role;
use crate::analysis::search::Ranked;

/// Parts that belong together this much are one. Found on a development set of merged branches
/// whose commits show which files were worked on apart.
const ENOUGH: f64 = 0.4;

/// The same where there is no history that could say what changes together: what lies together is
/// one part.
const ENOUGH_BY_PLACE: f64 = 0.3;
/// A part of which no file is at least this likely, as a share of the best file's likelihood, is
/// room for the work of another part and no work of its own.
const WORK: f64 = 0.05;

/// Parts that import each other are one up to this many files.
const TOGETHER: usize = 8;

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

/// Divides `files`, best first, into at most `most` parts.
pub(super) fn divide(ground: &Ground<'_>, files: &[usize], most: usize) -> Vec<Group> {
    let affinities = Affinities::new(ground, files);
    let known = !ground.analysis.history.commits().is_empty();
    let enough = if known { ENOUGH } else { ENOUGH_BY_PLACE };
    let mut sets = cluster(&affinities, files.len(), enough, most);
    let ranked: BTreeMap<usize, &Ranked> =
        ground.analysis.ranked.iter().map(|ranked| (ranked.file, ranked)).collect();
    let best = files.first().and_then(|file| ranked.get(file)).map_or(0.0, |first| first.score);
    let likely =
        |at: &usize| ranked.get(&files[*at]).is_some_and(|r| r.mentioned || r.score >= WORK * best);
    let is_work = |set: &[usize]| carries(ground, files, set) && set.iter().any(likely);
    companions::join(ground, files, &ranked, &mut sets);
    join_leftovers(&affinities, &mut sets, &is_work);
    join_mutual(ground, files, &mut sets);
    let mut groups: Vec<Group> = sets.iter().map(|set| group(ground, files, set)).collect();
    groups.sort_by_key(|group| group.rank);
    tests_of::attach(ground, &mut groups);
    groups
}

/// Whether a part, positions in `files`, holds something that is written for its own sake, and
/// not only a configuration file or a test of something else.
fn carries(ground: &Ground<'_>, files: &[usize], set: &[usize]) -> bool {
    let role = |at: &usize| ground.analysis.facts[files[*at]].role;
    let texts = set.iter().filter(|at| role(at) == Role::Docs).count();
    set.iter().any(|at| role(at) == Role::Source) || texts > 1
}

/// A part that is no work of its own goes where it belongs most. Where nothing is, the first
/// part takes it all.
fn join_leftovers(
    affinities: &Affinities,
    sets: &mut Vec<Vec<usize>>,
    is_work: &dyn Fn(&[usize]) -> bool,
) {
    while sets.len() > 1 {
        let Some(at) = sets.iter().rposition(|set| !is_work(set)) else { break };
        let host = (0..sets.len())
            .filter(|other| *other != at && is_work(&sets[*other]))
            .map(|other| (affinities.of(&sets[at], &sets[other]), other))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let host = host.map_or(usize::from(at == 0), |(_, host)| host);
        let leftover = std::mem::take(&mut sets[at]);
        sets[host].extend(leftover);
        sets[host].sort_unstable();
        sets.remove(at);
    }
}

/// Parts that import each other cannot be finished one after the other: they are one, unless it
/// would be too large.
fn join_mutual(ground: &Ground<'_>, files: &[usize], sets: &mut Vec<Vec<usize>>) {
    let all = |set: &[usize]| -> Vec<usize> { set.iter().map(|at| files[*at]).collect() };
    let mutual = |sets: &[Vec<usize>]| {
        let pairs = (0..sets.len()).flat_map(|a| (a + 1..sets.len()).map(move |b| (a, b)));
        pairs.into_iter().find(|(a, b)| {
            let (left, right) = (all(&sets[*a]), all(&sets[*b]));
            left.len() + right.len() <= TOGETHER
                && coupling(ground, &left, &right) > 0
                && coupling(ground, &right, &left) > 0
        })
    };
    while let Some((a, b)) = mutual(sets) {
        let joined = sets.remove(b);
        sets[a].extend(joined);
        sets[a].sort_unstable();
    }
}

/// A part from positions in `files`.
fn group(ground: &Ground<'_>, files: &[usize], set: &[usize]) -> Group {
    let all: Vec<usize> = set.iter().map(|at| files[*at]).collect();
    let role = |file: &usize| ground.analysis.facts[*file].role;
    let only_texts = all.iter().all(|file| role(file) == Role::Docs);
    let (tests, own): (Vec<usize>, Vec<usize>) =
        all.into_iter().partition(|file| role(file) == Role::Test);
    // A part of nothing but tests is about them.
    let (own, tests) = if own.is_empty() { (tests, Vec::new()) } else { (own, tests) };
    Group {
        part: if only_texts { Part::Docs } else { Part::Code },
        place: place(ground, &own),
        files: own,
        tests,
        new: Vec::new(),
        rank: set.first().copied().unwrap_or(0),
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
