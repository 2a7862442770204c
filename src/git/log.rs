//! What past commits changed, read in one run of git however many there are.

use anyhow::{Context as _, Result};

use super::Repository;
use crate::domain::history::{BIG, CommitFacts};
use crate::domain::path::RepoPath;

/// How much of a commit's first line is kept, in characters.
const SUBJECT: usize = 120;
/// How many renames of one commit are kept.
const RENAMES: usize = 5_000;

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

    /// What these commits changed, in their order. Only exact renames are looked for, because
    /// those cost nothing: no file is read (git-diff-tree(1), `-M100%`).
    pub fn commit_facts(&self, commits: &[String]) -> Result<Vec<CommitFacts>> {
        let args = ["diff-tree", "--stdin", "--always", "-r", "-z", "--name-status", "-M100%"];
        let rest = ["--no-rename-empty", "--no-relative", "--no-ext-diff", "--encoding=UTF-8"];
        let format = ["--format=%x01%H%x00%ct%x00%s"];
        let mut input = commits.join("\n");
        input.push('\n');
        let mut reader = Reader::default();
        if !commits.is_empty() {
            // A history that would have to be fetched is as good as none.
            let git = self.git().env("GIT_NO_LAZY_FETCH", "1");
            let all = args.into_iter().chain(rest).chain(format);
            git.fields(all, input.as_bytes(), |field| reader.take(field))?;
        }
        Ok(reader.commits)
    }
}

/// Reads `git diff-tree --stdin -z --name-status`: for each commit the fields of the format, then
/// a letter and a path for each file, or `R100` and two paths.
#[derive(Default)]
struct Reader {
    commits: Vec<CommitFacts>,
    expected: Expected,
}

#[derive(Default)]
enum Expected {
    #[default]
    Any,
    Time,
    Subject,
    Path,
    Old,
    New(Option<RepoPath>),
}

impl Reader {
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
                Expected::Subject
            }
            Expected::Subject => {
                commit.subject = String::from_utf8_lossy(field).chars().take(SUBJECT).collect();
                Expected::Any
            }
            Expected::Path => {
                changed(commit, RepoPath::new(field));
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
            let id = std::str::from_utf8(id).context("git printed no commit")?.to_owned();
            let (subject, paths, renames) = (String::new(), Vec::new(), Vec::new());
            self.commits.push(CommitFacts { id, time: 0, subject, files: 0, paths, renames });
            return Ok(Expected::Time);
        }
        // A line feed stands between the message and the first change.
        match field.strip_prefix(b"\n").unwrap_or(field) {
            [] => Ok(Expected::Any),
            [b'R', ..] => Ok(Expected::Old),
            [_] => Ok(Expected::Path),
            _ => anyhow::bail!("git printed no kind of change"),
        }
    }
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

    #[test]
    fn fields_become_commits() {
        let output: &[u8] =
            b"\x01aa\x0012\0s\x1b\n\xff\0\nM\0src/a\0A\0\nodd\0R100\0old\0\x01new\0\
                              \x01bb\0-1\0\0\x01cc\x003\0t\0\nD\0gone";
        let mut reader = Reader::default();
        for field in output.split(|b| *b == 0) {
            reader.take(field).expect("readable");
        }
        let told: Vec<String> = reader
            .commits
            .iter()
            .map(|c| format!("{} {} {} {:?} {:?}", c.id, c.time, c.files, c.paths, c.renames))
            .collect();
        assert_eq!(
            told,
            [
                "aa 12 3 [RepoPath(src/a), RepoPath(\"\\nodd\"), RepoPath(\"\\001new\")] \
                 [(RepoPath(old), RepoPath(\"\\001new\"))]",
                "bb -1 0 [] []",
                "cc 3 1 [RepoPath(gone)] []",
            ]
        );
        for wrong in [&["M"][..], &["\x01a", "x"], &["\x01a", "1", "s", "what"]] {
            let mut reader = Reader::default();
            let outcome: Result<Vec<()>> =
                wrong.iter().chain(&["more"]).map(|field| reader.take(field.as_bytes())).collect();
            assert!(outcome.is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn big_commits_are_counted_and_not_named() {
        let mut reader = Reader::default();
        for field in ["\x01a", "1", "s"] {
            reader.take(field.as_bytes()).expect("readable");
        }
        for i in 0..=BIG {
            reader.take(b"M").expect("readable");
            reader.take(format!("f{i}").as_bytes()).expect("readable");
        }
        let commit = &reader.commits[0];
        assert_eq!((commit.files, commit.paths.len()), (BIG + 1, 0));
    }
}
