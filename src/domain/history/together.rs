//! What a history says about files that belong together, and about files that everybody adds to.

use std::collections::{BTreeMap, BTreeSet};

use super::History;
use crate::domain::path::RepoPath;

/// Fewer commits than this say nothing about a file that everybody adds to.
const SHARED_COMMITS: usize = 5;
/// Changes in fewer directories than this are the work of one place.
const SHARED_DIRECTORIES: usize = 3;

/// What changed in the same commits as some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// How many commits changed the files.
    pub of: usize,
    /// The position of every other path and how many of those commits changed it too: most
    /// first, then by path.
    pub others: Vec<(usize, usize)>,
}

/// Why a file is taken for one that everybody adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How many commits changed it together with something else.
    pub commits: usize,
    /// In how many other directories they changed something.
    pub directories: usize,
}

impl History {
    /// What changed in the commits that changed `own`, positions in [`History::paths`].
    pub fn changed_together(&self, own: &[usize]) -> Together {
        let own: BTreeSet<usize> = own.iter().copied().collect();
        let commits: BTreeSet<usize> =
            own.iter().flat_map(|path| &self.commits_of[*path]).copied().collect();
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for commit in &commits {
            for path in self.commits[*commit].paths.iter().filter(|path| !own.contains(path)) {
                *counts.entry(*path).or_default() += 1;
            }
        }
        let mut others: Vec<(usize, usize)> = counts.into_iter().collect();
        others.sort_by_key(|(path, count)| (std::cmp::Reverse(*count), *path));
        Together { of: commits.len(), others }
    }
}

/// Whether a file is one that work in many places adds to, such as a list of modules, a table
/// of routes or a changelog: at least five commits changed it together with files of at least
/// three other directories, and no directory has a part in more than half of them.
pub fn everybody_adds_to(history: &History, path: &RepoPath) -> Option<Evidence> {
    let own = path.parent();
    let mut commits = 0;
    let mut directories: BTreeMap<Option<RepoPath>, usize> = BTreeMap::new();
    for commit in history.changed(path) {
        let others = history.commits[*commit].paths.iter().map(|at| &history.paths[*at]);
        let others: Vec<&RepoPath> = others.filter(|other| *other != path).collect();
        commits += usize::from(!others.is_empty());
        let places: BTreeSet<Option<RepoPath>> = others.iter().map(|p| p.parent()).collect();
        for place in places.into_iter().filter(|place| *place != own) {
            *directories.entry(place).or_default() += 1;
        }
    }
    let everybody = commits >= SHARED_COMMITS
        && directories.len() >= SHARED_DIRECTORIES
        && directories.values().all(|count| count * 2 <= commits);
    everybody.then_some(Evidence { commits, directories: directories.len() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{history, path};
    use super::*;

    #[test]
    fn what_changed_together_is_counted() {
        let history = history(&["a b", "a c", "a b d", "c d", "x"]);
        let at = |text: &str| history.paths().binary_search(&path(text)).expect("it changed");
        let told = |own: &[&str]| {
            let own: Vec<usize> = own.iter().map(|p| at(p)).collect();
            let together = history.changed_together(&own);
            let name = |(p, n): &(usize, usize)| format!("{} {n}", history.paths()[*p]);
            (together.of, together.others.iter().map(name).collect::<Vec<_>>())
        };
        assert_eq!(told(&["a"]), (3, vec!["b 2".into(), "c 1".into(), "d 1".into()]));
        assert_eq!(told(&["a", "c"]), (4, vec!["b 2".into(), "d 2".into()]));
        assert_eq!(told(&["x"]), (1, vec![]));
        assert_eq!(told(&[]), (0, vec![]));
    }

    #[test]
    fn a_file_that_everybody_adds_to_is_told_from_one_of_a_place() {
        for (lines, expected) in [
            (&["l a/1", "l b/1", "l c/1", "l a/2", "l b/2"][..], Some((5, 3))),
            // Four commits are few, two directories are one place.
            (&["l a/1", "l b/1", "l c/1", "l a/2"], None),
            (&["l a/1", "l b/1", "l a/1", "l a/2", "l b/2"], None),
            // One directory has a part in most.
            (&["l a/1 b/1", "l a/2 c/2", "l a/1", "l a/2", "l b/2"], None),
            // Commits that change nothing else are no evidence.
            (&["l", "l", "l a/1", "l b/2", "l c/1"], None),
        ] {
            let found = everybody_adds_to(&history(lines), &path("l"));
            assert_eq!(found.map(|e| (e.commits, e.directories)), expected, "{lines:?}");
        }
        assert_eq!(everybody_adds_to(&history(&["a"]), &path("unknown")), None);
    }
}
