//! A single file that nothing imports and that imports nothing belongs to the work of another
//! part more often than it is work of its own: a completion script, a table, a schema. Means over
//! all files of a part hide where it belongs; the commits that changed it with any of them do not.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use crate::analysis::search::Ranked;

/// Fewer commits say nothing.
const COMMITS: usize = 3;

/// Joins each such file, alone in one of `sets` of positions in `files`, to the set that had a part
/// in most of the commits that changed it together with any other of the files, and in at least
/// half of them. One that the request names stays what it is.
pub(super) fn join(
    ground: &Ground<'_>,
    files: &[usize],
    ranked: &BTreeMap<usize, &Ranked>,
    sets: &mut Vec<Vec<usize>>,
) {
    let graph = &ground.analysis.graph;
    let is_apart = |file: usize| {
        let named = ranked.get(&file).is_some_and(|ranked| ranked.mentioned);
        !named && graph.of(file).next().is_none() && graph.fan_in(file) == 0
    };
    for at in (0..sets.len()).rev() {
        let [only] = sets[at].as_slice() else { continue };
        let only = *only;
        if !is_apart(files[only]) {
            continue;
        }
        if let Some(host) = host(ground, files, sets, at) {
            sets[host].push(only);
            sets[host].sort_unstable();
            sets.remove(at);
        }
    }
}

/// The set to which the only file of another belongs by its commits.
fn host(ground: &Ground<'_>, files: &[usize], sets: &[Vec<usize>], only: usize) -> Option<usize> {
    let history = &ground.analysis.history;
    let places = |set: &Vec<usize>| -> BTreeSet<usize> {
        let place = |at: &usize| history.paths().binary_search(ground.path(files[*at])).ok();
        set.iter().filter_map(place).collect()
    };
    let own = *places(&sets[only]).first()?;
    let others: Vec<(usize, BTreeSet<usize>)> = sets
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != only)
        .map(|(at, set)| (at, places(set)))
        .collect();
    let mut together = 0;
    let mut counts = vec![0; others.len()];
    for commit in history.commits_of(own) {
        let paths = &history.commits()[*commit].paths;
        let part =
            |(_, set): &(usize, BTreeSet<usize>)| paths.iter().any(|path| set.contains(path));
        let parts: Vec<bool> = others.iter().map(part).collect();
        together += usize::from(parts.contains(&true));
        for (count, part) in counts.iter_mut().zip(parts) {
            *count += usize::from(part);
        }
    }
    let best = counts.iter().zip(&others).max_by(|a, b| a.0.cmp(b.0).then(b.1.0.cmp(&a.1.0)));
    let (count, (host, _)) =
        best.filter(|(count, _)| together >= COMMITS && **count * 2 >= together)?;
    debug_assert!(*count <= together, "a set has a part in a commit once");
    Some(*host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyze;
    use crate::analysis::source::memory::Memory;
    use crate::domain::history::{CommitFacts, History};
    use crate::domain::path::RepoPath;

    /// The parts of four files, of which the last nothing imports, after commits that changed
    /// these of them together.
    fn parts(commits: &[&[usize]]) -> Vec<Vec<usize>> {
        parts_of(vec![vec![0, 1], vec![2], vec![3]], commits)
    }

    fn parts_of(mut sets: Vec<Vec<usize>>, commits: &[&[usize]]) -> Vec<Vec<usize>> {
        let names = ["a/lib.rs", "a/more.rs", "b.rs", "c.zsh"];
        let texts = ["mod more;", "", "fn walk() {}", "walk() { }"];
        let files: Vec<(&str, &str)> = names.into_iter().zip(texts).collect();
        let mut analysis =
            analyze(&Memory::new(&files), "Add a flag", &|_| {}).expect("memory can be read");
        let path = |at: &usize| RepoPath::new(names[*at]).expect("a path");
        let facts = |(number, paths): (usize, &&[usize])| CommitFacts {
            id: format!("{number:040}"),
            time: 0,
            author: String::new(),
            subject: String::new(),
            words: String::new(),
            files: paths.len(),
            paths: paths.iter().map(path).collect(),
            renames: Vec::new(),
        };
        analysis.history = History::new(commits.iter().enumerate().map(facts).collect(), false);
        let ground = Ground::new(&analysis, &[]);
        join(&ground, &[0, 1, 2, 3], &BTreeMap::new(), &mut sets);
        sets
    }

    #[test]
    fn a_file_that_nothing_imports_goes_where_its_commits_went() {
        let alone: Vec<&[usize]> = vec![&[3], &[3], &[3], &[3], &[3], &[2], &[0, 1], &[0, 1]];
        let with = |more: &[&'static [usize]]| parts(&[&alone[..], more].concat());
        assert_eq!(with(&[]), [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(with(&[&[0, 3], &[1, 3]]), [vec![0, 1], vec![2], vec![3]], "too few");
        assert_eq!(with(&[&[0, 3], &[1, 3], &[1, 3]]), [vec![0, 1, 3], vec![2]]);
        assert_eq!(with(&[&[2, 3], &[2, 3], &[2, 3], &[1, 3]]), [vec![0, 1], vec![2, 3]]);
        // What has imports is told apart by them.
        let more = parts(&[&[0, 3], &[0, 3], &[0, 3], &[0, 2], &[0, 2], &[0, 2]]);
        assert_eq!(more, [vec![0, 1, 2, 3]]);
        let sets = |file: usize| vec![vec![1 - file], vec![file], vec![2], vec![3]];
        assert_eq!(parts_of(sets(0), &[&[0, 1], &[0, 1], &[0, 1]]), sets(0));
    }
}
