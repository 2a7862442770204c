//! How much two files belong to one piece of work: what tests what, what changes together, what
//! imports what, what lies together.

use std::collections::BTreeMap;

use super::Ground;
use super::tests_of::{is_test_of, names_of, subject};
use crate::analysis::language::Role;

/// A test and what it tests.
const TEST: f64 = 1.0;
/// Files of which one never changes without the other.
const CHANGES: f64 = 0.9;
/// Commits that are added to those of a file, so that one commit is no rule.
const DOUBT: f64 = 2.0;
/// One imports the other.
const IMPORT: f64 = 0.2;
/// They lie in one directory; the share of their directories that they have in common; they lie in
/// one module.
const PLACE: (f64, f64, f64) = (0.15, 0.15, 0.05);
/// Both are texts, or both are configuration.
const ALIKE: f64 = 0.25;

/// The affinity of each two of some files, by their positions in the list.
pub(super) struct Affinities {
    values: Vec<Vec<f64>>,
}

impl Affinities {
    /// Looks at each two of `files`.
    pub(super) fn new(ground: &Ground<'_>, files: &[usize]) -> Self {
        let commits = commits(ground, files);
        let mut values = vec![vec![0.0; files.len()]; files.len()];
        for a in 0..files.len() {
            for b in a + 1..files.len() {
                let together = together(commits[a], commits[b]);
                let value = together * CHANGES + between(ground, files[a], files[b]);
                (values[a][b], values[b][a]) = (value, value);
            }
        }
        Self { values }
    }

    /// The mean affinity of two sets.
    pub(super) fn of(&self, left: &[usize], right: &[usize]) -> f64 {
        let pairs = left.iter().flat_map(|a| right.iter().map(|b| self.values[*a][*b]));
        let count = u32::try_from(left.len() * right.len()).unwrap_or(u32::MAX).max(1);
        pairs.sum::<f64>() / f64::from(count)
    }
}

/// The commits that changed each file, ascending.
fn commits<'a>(ground: &Ground<'a>, files: &[usize]) -> Vec<&'a [usize]> {
    let history = &ground.analysis.history;
    let of = |file: &usize| {
        let path = history.paths().binary_search(ground.path(*file));
        path.map_or(&[][..], |path| history.commits_of(path))
    };
    files.iter().map(of).collect()
}

/// The share of the commits of the file that changes less in which the other changed too.
fn together(a: &[usize], b: &[usize]) -> f64 {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let both = few.iter().filter(|commit| many.binary_search(commit).is_ok()).count();
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(both) / (number(few.len()) + DOUBT)
}

fn between(ground: &Ground<'_>, a: usize, b: usize) -> f64 {
    let role = |file: usize| ground.analysis.facts[file].role;
    let mut value = 0.0;
    for (test, file) in [(a, b), (b, a)] {
        let tested = role(test) == Role::Test
            && role(file) == Role::Source
            && subject(ground, test).is_some_and(|s| names_of(ground, file).contains(&s))
            && is_test_of(ground, test, file);
        value += if tested { TEST } else { 0.0 };
    }
    let graph = &ground.analysis.graph;
    let imports = |from: usize, to: usize| graph.of(from).any(|edge| edge.to == to);
    if imports(a, b) || imports(b, a) {
        value += IMPORT;
    }
    if ground.path(a).parent() == ground.path(b).parent() {
        value += PLACE.0;
    }
    value += PLACE.1 * in_common(ground, a, b);
    if ground.module(a) == ground.module(b) && role(a) == Role::Source && role(b) == Role::Source {
        value += PLACE.2;
    }
    if role(a) == role(b) && matches!(role(a), Role::Docs | Role::Config) {
        value += ALIKE;
    }
    value
}

/// How much of the way from the root to two files is the same, from 0 to 1.
fn in_common(ground: &Ground<'_>, a: usize, b: usize) -> f64 {
    let directories = |file: usize| {
        let mut parts: Vec<&[u8]> = ground.path(file).components().collect();
        parts.pop();
        parts
    };
    let (a, b) = (directories(a), directories(b));
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(same) / number(a.len().max(b.len()).max(1))
}

/// Joins the two sets that belong together most, as long as that is at least `enough` or there
/// are more than `most`. Sets are lists of positions; what comes out is sorted by its best file.
pub(super) fn cluster(
    affinities: &Affinities,
    files: usize,
    enough: f64,
    most: usize,
) -> Vec<Vec<usize>> {
    let mut sets: BTreeMap<usize, Vec<usize>> = (0..files).map(|file| (file, vec![file])).collect();
    while sets.len() > 1 {
        let mut best: Option<(f64, usize, usize)> = None;
        for (a, left) in &sets {
            for (b, right) in sets.range(a + 1..) {
                let value = affinities.of(left, right);
                if best.is_none_or(|(known, ..)| value > known) {
                    best = Some((value, *a, *b));
                }
            }
        }
        let Some((value, a, b)) = best.filter(|(value, ..)| *value >= enough || sets.len() > most)
        else {
            break;
        };
        debug_assert!(value >= 0.0, "no clue keeps files apart");
        let joined = sets.remove(&b).unwrap_or_default();
        let set = sets.entry(a).or_default();
        set.extend(joined);
        set.sort_unstable();
    }
    sets.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_together_most_is_joined_first() {
        let table = |pairs: &[(usize, usize, f64)]| {
            let mut values = vec![vec![0.0; 5]; 5];
            for (a, b, value) in pairs {
                (values[*a][*b], values[*b][*a]) = (*value, *value);
            }
            Affinities { values }
        };
        let two = table(&[(0, 3, 1.0), (1, 2, 0.6), (1, 4, 0.5), (2, 4, 0.5)]);
        assert_eq!(cluster(&two, 5, 0.4, 10), [vec![0, 3], vec![1, 2, 4]]);
        assert_eq!(cluster(&two, 5, 0.7, 10), [vec![0, 3], vec![1], vec![2], vec![4]]);
        assert_eq!(cluster(&two, 5, 0.7, 3), [vec![0, 3], vec![1, 2], vec![4]]);
        assert_eq!(cluster(&two, 5, 0.7, 1), [vec![0, 1, 2, 3, 4]]);
        assert!(cluster(&two, 0, 0.7, 1).is_empty());
    }
}
