//! What past commits changed, read in one run of git however many there are.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use super::Repository;
use crate::domain::history::{BIG, CommitFacts};
use crate::domain::path::RepoPath;

/// How much of a commit's first line is kept, in characters.
const SUBJECT: usize = 120;
/// How much of an author's name is kept, in characters.
const AUTHOR: usize = 60;
/// How many renames of one commit are kept.
const RENAMES: usize = 5_000;
/// Names that many directories have a file of: one that is deleted and one that is added are only
/// taken for the same file where their directories are called the same as well.
const EVERYWHERE: &[&[u8]] = &[
    b"Cargo.toml",
    b"Makefile",
    b"README.md",
    b"README.rst",
    b"__init__.py",
    b"conftest.py",
    b"go.mod",
    b"index.html",
    b"index.js",
    b"index.ts",
    b"index.tsx",
    b"lib.rs",
    b"main.go",
    b"main.rs",
    b"mod.rs",
    b"package.json",
];

impl Repository {
    /// The newest commits with exactly one parent that `tip` reaches, newest first. Merges change
    /// nothing of their own, and a first commit, or the last one of a shallow clone, everything.
    pub fn plain_commits(&self, tip: &str, limit: usize) -> Result<Vec<String>> {
        let (tip, limit) = (self.commit(tip)?, format!("--max-count={limit}"));
        let args = ["rev-list", &limit, "--min-parents=1", "--max-parents=1", &tip, "--"];
        let output = self.git().output(args)?;
        Ok(String::from_utf8_lossy(&output).lines().map(str::to_owned).collect())
    }

    /// What names the history that a commit has here: the commit, and where a shallow clone ends.
    pub fn history_key(&self, tip: &str) -> Result<String> {
        let tip = self.commit(tip)?;
        if !self.is_shallow()? {
            return Ok(tip);
        }
        let ends = std::fs::read(self.common_dir().join("shallow"));
        let ends = ends.context("cannot read where the shallow clone ends")?;
        Ok(format!("{tip} {}", self.blob_id(&ends)?))
    }

    /// What these commits changed, in their order; `words` makes of a message what is kept of it.
    /// Only renames that cost nothing are found, those for which no file is read: exact ones
    /// (git-diff-tree(1), `-M100%`), and a file that is deleted here and added there under the
    /// same name.
    pub fn commit_facts(
        &self,
        commits: &[String],
        words: &dyn Fn(&str) -> String,
    ) -> Result<Vec<CommitFacts>> {
        let args = ["diff-tree", "--stdin", "--always", "-r", "-z", "--name-status", "-M100%"];
        let rest = ["--no-rename-empty", "--no-relative", "--no-ext-diff", "--encoding=UTF-8"];
        let format = ["--format=%x01%H%x00%ct%x00%aN%x00%B"];
        let mut input = commits.join("\n");
        input.push('\n');
        let mut reader = Reader::new(words);
        if !commits.is_empty() {
            // A history that would have to be fetched is as good as none.
            let git = self.git().env("GIT_NO_LAZY_FETCH", "1");
            let all = args.into_iter().chain(rest).chain(format);
            git.fields(all, input.as_bytes(), |field| reader.take(field))?;
        }
        Ok(reader.finished())
    }
}

/// Reads `git diff-tree --stdin -z --name-status`: for each commit the fields of the format, then
/// a letter and a path for each file, or `R100` and two paths.
struct Reader<'a> {
    words: &'a dyn Fn(&str) -> String,
    commits: Vec<CommitFacts>,
    expected: Expected,
    /// What the last commit deleted, and what it added.
    deleted: Vec<RepoPath>,
    added: Vec<RepoPath>,
}

#[derive(Default)]
enum Expected {
    #[default]
    Any,
    Time,
    Author,
    Message,
    /// A path behind this letter.
    Path(u8),
    Old,
    New(Option<RepoPath>),
}

impl<'a> Reader<'a> {
    fn new(words: &'a dyn Fn(&str) -> String) -> Self {
        let (deleted, added) = (Vec::new(), Vec::new());
        Self { words, commits: Vec::new(), expected: Expected::Any, deleted, added }
    }

    fn take(&mut self, field: &[u8]) -> Result<()> {
        let expected = std::mem::take(&mut self.expected);
        if let Expected::Any = expected {
            self.expected = self.begin(field)?;
            return Ok(());
        }
        let commit = self.commits.last_mut().context("git named a change before a commit")?;
        self.expected = match expected {
            Expected::Any | Expected::Time => {
                let text = std::str::from_utf8(field).unwrap_or_default();
                commit.time = text.parse().context("git printed no time")?;
                Expected::Author
            }
            Expected::Author => {
                commit.author = String::from_utf8_lossy(field).chars().take(AUTHOR).collect();
                Expected::Message
            }
            Expected::Message => {
                let message = String::from_utf8_lossy(field);
                let subject = message.trim_start().lines().next().unwrap_or_default();
                commit.subject = subject.chars().take(SUBJECT).collect();
                commit.words = (self.words)(&message);
                Expected::Any
            }
            Expected::Path(letter) => {
                let path = RepoPath::new(field);
                let list = match letter {
                    b'D' => Some(&mut self.deleted),
                    b'A' => Some(&mut self.added),
                    _ => None,
                };
                if let Some(list) = list.filter(|list| list.len() < RENAMES) {
                    list.extend(path.clone());
                }
                changed(commit, path);
                Expected::Any
            }
            Expected::Old => Expected::New(RepoPath::new(field)),
            Expected::New(old) => {
                let new = RepoPath::new(field);
                if let (Some(old), Some(new)) = (old, &new)
                    && commit.renames.len() < RENAMES
                {
                    commit.renames.push((old, new.clone()));
                }
                changed(commit, new);
                Expected::Any
            }
        };
        Ok(())
    }

    /// A commit begins, or a change of the last one does.
    fn begin(&mut self, field: &[u8]) -> Result<Expected> {
        if let Some(id) = field.strip_prefix(b"\x01") {
            self.end();
            let id = std::str::from_utf8(id).context("git printed no commit")?.to_owned();
            self.commits.push(CommitFacts {
                id,
                time: 0,
                author: String::new(),
                subject: String::new(),
                words: String::new(),
                files: 0,
                paths: Vec::new(),
                renames: Vec::new(),
            });
            return Ok(Expected::Time);
        }
        // A line feed stands between the message and the first change.
        match field.strip_prefix(b"\n").unwrap_or(field) {
            [] => Ok(Expected::Any),
            [b'R', ..] => Ok(Expected::Old),
            [letter] => Ok(Expected::Path(*letter)),
            _ => anyhow::bail!("git printed no kind of change"),
        }
    }

    /// The last commit is over: what it moved is known.
    fn end(&mut self) {
        let (deleted, added) = (std::mem::take(&mut self.deleted), std::mem::take(&mut self.added));
        if let Some(commit) = self.commits.last_mut() {
            let room = RENAMES.saturating_sub(commit.renames.len());
            commit.renames.extend(moved(&deleted, &added).into_iter().take(room));
        }
    }

    fn finished(mut self) -> Vec<CommitFacts> {
        self.end();
        self.commits
    }
}

/// Files that were deleted and added under the same name: the only two that are called so, or
/// those whose directories are called the same furthest up.
fn moved(deleted: &[RepoPath], added: &[RepoPath]) -> Vec<(RepoPath, RepoPath)> {
    let mut named: HashMap<&[u8], Vec<&RepoPath>> = HashMap::new();
    for path in added {
        named.entry(path.file_name()).or_default().push(path);
    }
    let mut leaving: HashMap<&[u8], usize> = HashMap::new();
    for path in deleted {
        *leaving.entry(path.file_name()).or_default() += 1;
    }
    let common = |a: &RepoPath, b: &RepoPath| {
        let (a, b): (Vec<&[u8]>, Vec<&[u8]>) = (a.components().collect(), b.components().collect());
        a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
    };
    let mut pairs = Vec::new();
    for old in deleted {
        let name = old.file_name();
        let Some(candidates) = named.get(name) else { continue };
        let alone = candidates.len() == 1 && leaving[name] == 1;
        let needed = if alone && !EVERYWHERE.contains(&name) { 1 } else { 2 };
        let best = candidates.iter().map(|new| common(old, new)).max().unwrap_or(0);
        let mut nearest = candidates.iter().filter(|new| common(old, new) == best);
        if let (Some(new), None) = (nearest.next(), nearest.next())
            && best >= needed
        {
            pairs.push((old.clone(), (*new).clone()));
        }
    }
    pairs
}

/// Counts a changed file; one among too many to say anything is not named.
fn changed(commit: &mut CommitFacts, path: Option<RepoPath>) {
    commit.files += 1;
    if commit.files > BIG {
        commit.paths.clear();
    } else {
        commit.paths.extend(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &[u8]) -> Result<Vec<CommitFacts>> {
        let words = |message: &str| message.to_lowercase();
        let mut reader = Reader::new(&words);
        output.split(|b| *b == 0).try_for_each(|field| reader.take(field))?;
        Ok(reader.finished())
    }

    #[test]
    fn fields_become_commits() {
        let output: &[u8] = b"\x01aa\x0012\0Ann\0S\x1b\xff\nmore\n\0\nM\0src/a\0A\0\nodd\0\
                              R100\0old\0\x01new\0\x01bb\0-1\0\0\0\x01cc\x003\0B\0t\0\nD\0gone";
        let commits = read(output).expect("readable");
        let told: Vec<String> = commits
            .iter()
            .map(|c| {
                format!(
                    "{} {} {} {} {:?} {:?}",
                    c.id, c.time, c.author, c.files, c.paths, c.renames
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "aa 12 Ann 3 [RepoPath(src/a), RepoPath(\"\\nodd\"), RepoPath(\"\\001new\")] \
                 [(RepoPath(old), RepoPath(\"\\001new\"))]",
                "bb -1  0 [] []",
                "cc 3 B 1 [RepoPath(gone)] []",
            ]
        );
        assert_eq!(commits[0].subject, "S\u{1b}\u{fffd}");
        assert_eq!(commits[0].words, "s\u{1b}\u{fffd}\nmore\n");
        for wrong in [&b"M\0more"[..], b"\x01a\0x", b"\x01a\x001\0b\0s\0what\0more"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_file_that_moved_is_found_by_its_name() {
        let paths = |list: &[&str]| -> Vec<RepoPath> {
            list.iter().map(|p| RepoPath::new(*p).expect("a path")).collect()
        };
        for (deleted, added, expected) in [
            (
                &["src/app.rs"][..],
                &["crates/core/app.rs"][..],
                &["src/app.rs>crates/core/app.rs"][..],
            ),
            // Every directory may have one of these.
            (&["a/mod.rs"], &["b/mod.rs"], &[]),
            (&["a/mod.rs"], &["src/a/mod.rs"], &["a/mod.rs>src/a/mod.rs"]),
            // Two of a name are told apart by their directories, or not at all.
            (
                &["a/x.py", "b/x.py"],
                &["src/a/x.py", "src/b/x.py"],
                &["a/x.py>src/a/x.py", "b/x.py>src/b/x.py"],
            ),
            (&["a/x.py", "b/x.py"], &["c/x.py"], &[]),
            (&["a/x.py"], &["b/y.py"], &[]),
        ] {
            let pairs = moved(&paths(deleted), &paths(added));
            let told: Vec<String> = pairs.iter().map(|(old, new)| format!("{old}>{new}")).collect();
            assert_eq!(told, expected, "{deleted:?}");
        }
    }

    #[test]
    fn big_commits_are_counted_and_not_named() {
        let mut output = b"\x01a\x001\0b\0s".to_vec();
        for i in 0..=BIG {
            output.extend(format!("\0M\0f{i}").as_bytes());
        }
        let commits = read(&output).expect("readable");
        assert_eq!((commits[0].files, commits[0].paths.len()), (BIG + 1, 0));
    }
}
