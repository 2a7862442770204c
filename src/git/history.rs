//! What a stretch of history amounts to: lines, authors, and the commits that brought a file.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::Repository;
use crate::domain::path::RepoPath;

impl Repository {
    /// The lines added and removed between two commits; binary files have none. A rename is a
    /// deletion and an addition.
    pub fn lines_changed(&self, old: &str, new: &str) -> Result<(u64, u64)> {
        let args = ["diff-tree", "-r", "--numstat", "-z", "--no-renames", "--no-ext-diff"];
        let (old, new) = (self.commit(old)?, self.commit(new)?);
        let output = self.git().output(args.iter().chain(&[old.as_str(), &new, "--"]))?;
        numstat(&output)
    }

    /// Names and mail addresses of who wrote the commits of `from..to`, as `.mailmap` has them;
    /// sorted, each once.
    pub fn authors_between(&self, from: &str, to: &str) -> Result<Vec<(String, String)>> {
        let range = format!("{}..{}", self.commit(from)?, self.commit(to)?);
        let args = ["log", "--no-show-signature", "--no-color", "-z", "--format=%aN%x00%aE"];
        let output = self.git().output(args.iter().chain(&[range.as_str(), "--"]))?;
        let text = String::from_utf8_lossy(&output);
        let fields: Vec<&str> = text.strip_suffix('\0').unwrap_or(&text).split('\0').collect();
        let pairs = fields.chunks_exact(2);
        let mut authors: Vec<_> =
            pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
        authors.sort();
        authors.dedup();
        Ok(authors)
    }

    /// The names of the directories in a directory of a commit's tree, in git's order; those that
    /// are not UTF-8 are left out. None where there is no such directory.
    pub fn directories_at(&self, commit: &str, directory: &RepoPath) -> Result<Vec<String>> {
        let reading = || format!("cannot read {directory} of {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        let mut at = commit.tree().with_context(reading)?;
        for name in directory.components() {
            let found = at.iter().find_map(|e| e.ok().filter(|e| e.filename() == name));
            let Some(found) = found.filter(|e| e.mode().is_tree()) else { return Ok(Vec::new()) };
            let id = found.object_id();
            at = self.gix.find_tree(id).with_context(reading)?;
        }
        let mut names = Vec::new();
        for entry in at.iter() {
            let entry = entry.with_context(reading)?;
            if entry.mode().is_tree() {
                names.extend(std::str::from_utf8(entry.filename()).ok().map(str::to_owned));
            }
        }
        Ok(names)
    }

    /// The commits of the first-parent line of `commit` that brought the files below a directory,
    /// by path: where one came more than once, the last time. Nothing that `except` reaches is
    /// looked at, if this repository has that commit.
    pub fn brought_below(
        &self,
        directory: &RepoPath,
        commit: &str,
        except: Option<&str>,
    ) -> Result<BTreeMap<String, String>> {
        let head = self.commit(commit)?;
        let except = except.and_then(|c| self.commit(c).ok()).map(|c| format!("^{c}"));
        let args = ["log", "--first-parent", "--diff-merges=first-parent", "--diff-filter=A"];
        let rest = ["--no-renames", "--name-only", "--no-show-signature", "--no-color"];
        let below = format!("{}/", directory.to_lossy());
        let range = ["--format=%H", &head].into_iter().chain(except.as_deref());
        let all = args.into_iter().chain(rest).chain(range).chain(["--", &below]);
        let output = self.git().env("GIT_LITERAL_PATHSPECS", "1").output(all)?;
        let mut brought = BTreeMap::new();
        let mut at = "";
        let text = String::from_utf8_lossy(&output);
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with(&below) {
                brought.entry(line.to_owned()).or_insert_with(|| at.to_owned());
            } else {
                at = line;
            }
        }
        Ok(brought)
    }
}

/// Reads `git diff-tree --numstat -z`: `added TAB removed TAB path NUL`, dashes for a binary file
/// (git-diff-tree(1), "OTHER DIFF FORMATS").
fn numstat(output: &[u8]) -> Result<(u64, u64)> {
    let mut sum = (0, 0);
    for row in output.split(|b| *b == 0).filter(|row| !row.is_empty()) {
        let mut fields = row.splitn(3, |b| *b == b'\t');
        let mut number = || -> Result<u64> {
            let field = fields.next().context("git printed half a line of its statistics")?;
            match std::str::from_utf8(field).context("git printed no number")? {
                "-" => Ok(0),
                text => text.parse().with_context(|| format!("git printed no number: {text}")),
            }
        };
        sum = (sum.0 + number()?, sum.1 + number()?);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_summed_and_binary_files_have_no_lines() {
        let output = b"3\t1\tsrc/a\tb\0-\t-\tlogo.png\x0010\t0\t\xff\n\0";
        assert_eq!(numstat(output).expect("readable"), (13, 1));
        assert_eq!(numstat(b"").expect("readable"), (0, 0));
        for wrong in [&b"3\0"[..], b"x\t1\ta\0", b"\xff\t1\ta\0"] {
            assert!(numstat(wrong).is_err());
        }
    }
}
