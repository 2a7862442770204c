//! Past commits as facts: what each changed, under the names that the files have today. What
//! changed together before will be needed together again.

mod together;

pub use together::{Evidence, Together, everybody_adds_to};

use std::collections::{HashMap, HashSet};

use super::path::RepoPath;

/// A commit that changes more files than this says nothing about which of them belong together:
/// it is a reformatting, an import or a move.
pub const BIG: usize = 50;

/// What one commit did to its only parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    /// Its full object id.
    pub id: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Who wrote it, shortened; hostile, as any text of a commit.
    pub author: String,
    /// The first line of its message, shortened.
    pub subject: String,
    /// What its message speaks of: see [`Commit::words`].
    pub words: String,
    /// How many files it changed.
    pub files: usize,
    /// Which, under the names that they had behind it; empty where they are more than [`BIG`].
    pub paths: Vec<RepoPath>,
    /// Files that it renamed, old name first: without a change, or deleted in one place and added
    /// under the same name in another.
    pub renames: Vec<(RepoPath, RepoPath)>,
}

/// A stretch of history, newest commit first, without merges, first commits and big commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    commits: Vec<Commit>,
    /// Every path that a commit changed, sorted.
    paths: Vec<RepoPath>,
    /// The commits that changed each path, by its position; each list ascends.
    commits_of: Vec<Vec<usize>>,
    shallow: bool,
}

/// A commit of a [`History`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full object id.
    pub id: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Who wrote it, shortened.
    pub author: String,
    /// The first line of its message, shortened.
    pub subject: String,
    /// The words of its message in the form in which a search compares them, separated by spaces;
    /// a line feed stands behind those of the first line.
    pub words: String,
    /// What it changed, as ascending positions in [`History::paths`].
    pub paths: Vec<usize>,
}

impl History {
    /// The history of these commits, newest first. `shallow`: the clone holds no more of them.
    ///
    /// A file that was renamed is followed: older commits changed it under its
    /// old name and count for the new one.
    pub fn new(facts: Vec<CommitFacts>, shallow: bool) -> Self {
        let named = under_todays_names(facts);
        let all: HashSet<&RepoPath> = named.iter().flat_map(|(_, paths)| paths).collect();
        let mut paths: Vec<RepoPath> = all.into_iter().cloned().collect();
        paths.sort_unstable();
        let places: HashMap<&RepoPath, usize> =
            paths.iter().enumerate().map(|(at, path)| (path, at)).collect();
        let mut commits_of = vec![Vec::new(); paths.len()];
        let mut commits = Vec::with_capacity(named.len());
        for (facts, changed) in named {
            let mut changed: Vec<usize> = changed.iter().map(|path| places[path]).collect();
            changed.sort_unstable();
            changed.dedup();
            for path in &changed {
                commits_of[*path].push(commits.len());
            }
            let CommitFacts { id, time, author, subject, words, .. } = facts;
            commits.push(Commit { id, time, author, subject, words, paths: changed });
        }
        drop(places);
        Self { commits, paths, commits_of, shallow }
    }

    /// Its commits, newest first.
    pub fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// Every path that one of them changed, sorted.
    pub fn paths(&self) -> &[RepoPath] {
        &self.paths
    }

    /// Whether the clone ends before the history does.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// The commits that changed the path at a position of [`History::paths`], newest first, as
    /// positions in [`History::commits`].
    pub fn commits_of(&self, path: usize) -> &[usize] {
        &self.commits_of[path]
    }

    /// The positions of the commits that changed a path, ascending.
    fn changed(&self, path: &RepoPath) -> &[usize] {
        self.paths.binary_search(path).map_or(&[], |at| self.commits_of[at].as_slice())
    }
}

/// The commits that count, each with the names that its files have today.
fn under_todays_names(facts: Vec<CommitFacts>) -> Vec<(CommitFacts, Vec<RepoPath>)> {
    let mut today: HashMap<RepoPath, RepoPath> = HashMap::new();
    let mut named = Vec::new();
    for facts in facts {
        let name = |path: &RepoPath| today.get(path).unwrap_or(path).clone();
        let paths: Vec<RepoPath> = facts.paths.iter().map(name).collect();
        let moved: Vec<(RepoPath, RepoPath)> =
            facts.renames.iter().map(|(old, new)| (old.clone(), name(new))).collect();
        // Before this commit, a file of the new name was another file.
        for (_, new) in &facts.renames {
            today.remove(new);
        }
        today.extend(moved);
        if !paths.is_empty() && facts.files <= BIG {
            named.push((facts, paths));
        }
    }
    named
}

#[cfg(test)]
pub(in crate::domain) mod tests {
    use super::*;

    pub(in crate::domain) fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("git can hold it")
    }

    /// Commits from lines such as `a b old>new`, newest first.
    pub(in crate::domain) fn history(lines: &[&str]) -> History {
        let facts = lines.iter().enumerate().map(|(i, line)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let renames = words.iter().filter_map(|w| w.split_once('>'));
            let renames: Vec<_> = renames.map(|(old, new)| (path(old), path(new))).collect();
            let last = |word: &&str| path(word.rsplit('>').next().unwrap_or(word));
            let paths: Vec<_> = words.iter().map(last).collect();
            CommitFacts {
                id: format!("{i:040x}"),
                time: 0,
                author: String::new(),
                subject: String::new(),
                words: String::new(),
                files: paths.len(),
                paths,
                renames,
            }
        });
        History::new(facts.collect(), false)
    }

    fn shown(history: &History) -> Vec<String> {
        let name = |at: &usize| history.paths()[*at].to_string();
        let line = |c: &Commit| c.paths.iter().map(name).collect::<Vec<_>>().join(" ");
        history.commits().iter().map(line).collect()
    }

    #[test]
    fn a_renamed_file_keeps_its_past() {
        for (lines, expected) in [
            (&["c x", "b>c", "a>b y", "a x"][..], &["c x", "c", "c y", "c x"][..]),
            // What had the new name before was another file.
            (&["b", "a>b", "b z", "a"], &["b", "b", "b z", "b"]),
            // Two files change places.
            (&["a", "a>b b>a", "a", "b"], &["a", "a b", "b", "a"]),
            (&["a a", "b"], &["a", "b"]),
            (&[""], &[]),
        ] {
            assert_eq!(shown(&history(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn big_commits_only_rename() {
        let many: Vec<String> = (0..=BIG).map(|i| format!("old/{i}>new/{i}")).collect();
        let all = many.join(" ");
        let history = history(&["new/1", &all, "old/1 old/2"]);
        assert_eq!(shown(&history), ["new/1", "new/1 new/2"]);
        assert_eq!(history.changed(&path("new/1")), [0, 1]);
    }
}
