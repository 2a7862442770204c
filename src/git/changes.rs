//! What changed between two commits, computed by two implementations of git that must agree:
//! a path that one of them does not see would be a path that nobody guards.

use anyhow::{Context as _, Result};

use super::Repository;
use super::objects::{mode, repo_path};
use crate::domain::error::{Failure, Kind};
use crate::domain::tree::{Change, Mode, Side};

/// A commit of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full object id.
    pub id: String,
    /// The full ids of its parents.
    pub parents: Vec<String>,
    /// The first line of its message.
    pub subject: String,
}

impl Repository {
    /// The commits of `from..to`, parents before children, as `git rev-list --reverse
    /// --topo-order` gives them.
    pub fn commits_between(&self, from: &str, to: &str) -> Result<Vec<Commit>> {
        let range = format!("{}..{}", self.commit(from)?, self.commit(to)?);
        // `log.showSignature` would put lines of its own between the fields.
        let args = ["log", "--reverse", "--topo-order", "--no-show-signature", "--no-color", "-z"];
        let format = "--format=%H%x00%P%x00%s";
        let output = self.git().output(args.iter().chain(&[format, &range, "--"]))?;
        let text = String::from_utf8_lossy(&output);
        let Some(text) = text.strip_suffix('\0') else {
            anyhow::ensure!(text.is_empty(), "git printed no whole list of commits");
            return Ok(Vec::new());
        };
        let fields: Vec<&str> = text.split('\0').collect();
        anyhow::ensure!(fields.len().is_multiple_of(3), "git printed no whole list of commits");
        let commits = fields.chunks_exact(3).map(|fields| {
            self.id(fields[0])?;
            let parents = fields[1].split_whitespace().map(str::to_owned).collect();
            Ok(Commit { id: fields[0].to_owned(), parents, subject: fields[2].to_owned() })
        });
        commits.collect()
    }

    /// Every path that differs between two commits, sorted; without `old`, every path of `new`.
    /// A rename is a deletion and an addition.
    ///
    /// Fails with [`Kind::Bug`] if gix and libgit2 disagree.
    pub fn changes(&self, old: Option<&str>, new: &str) -> Result<Vec<Change>> {
        let ours = self.changes_by_gix(old, new)?;
        let theirs = self.changes_by_libgit2(old, new)?;
        if ours == theirs {
            return Ok(ours);
        }
        let differing = ours.iter().zip(&theirs).find(|(a, b)| a != b).map(|(a, _)| a);
        let longer = if ours.len() > theirs.len() { &ours } else { &theirs };
        let shown = differing.or_else(|| longer.last()).map(|c| c.path.to_string());
        let message = format!(
            "gix and libgit2 disagree about what {new} changes, first at {}",
            shown.unwrap_or_default()
        );
        Err(Failure::new(Kind::Bug, message).hint("git diff-tree -r --raw to compare").into())
    }

    /// Every path that differs between two trees, sorted.
    pub fn tree_changes(&self, old: &str, new: &str) -> Result<Vec<Change>> {
        let raw = ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev"];
        let args = ["--ignore-submodules=none", old, new];
        raw_changes(&self.git().output(raw.iter().chain(&args))?)
    }

    fn changes_by_gix(&self, old: Option<&str>, new: &str) -> Result<Vec<Change>> {
        use gix::diff::tree::recorder::Change as Recorded;
        let reading = || format!("cannot compare the trees before and in {new}");
        let tree = |commit: &str| -> Result<gix::Tree<'_>> {
            self.gix
                .find_commit(self.id(commit)?)
                .with_context(reading)?
                .tree()
                .with_context(reading)
        };
        let old = old.map_or_else(|| Ok(self.gix.empty_tree()), tree)?;
        let new = tree(new)?;
        let mut recorder = gix::diff::tree::Recorder::default();
        let kind = self.gix.object_hash();
        gix::diff::tree(
            gix::objs::TreeRefIter::from_bytes(&old.data, kind),
            gix::objs::TreeRefIter::from_bytes(&new.data, kind),
            gix::diff::tree::State::default(),
            &self.gix.objects,
            &mut recorder,
        )
        .with_context(reading)?;
        let side = |entry: gix::objs::tree::EntryMode, id: gix::ObjectId| {
            mode(entry).map(|mode| Side { mode, id: id.to_string() })
        };
        let mut changes = std::collections::BTreeMap::new();
        let mut note = |path: &[u8], old: Option<Side>, new: Option<Side>| -> Result<()> {
            if old.is_none() && new.is_none() {
                return Ok(());
            }
            let path = repo_path(path)?;
            // A file that becomes a directory comes as a deletion and additions elsewhere; a
            // path that comes twice has one side in each.
            let change =
                changes.entry(path.clone()).or_insert(Change { path, old: None, new: None });
            change.old = change.old.take().or(old);
            change.new = change.new.take().or(new);
            Ok(())
        };
        for record in recorder.records {
            match record {
                Recorded::Addition { entry_mode, oid, path, .. } => {
                    note(&path, None, side(entry_mode, oid))?;
                }
                Recorded::Deletion { entry_mode, oid, path, .. } => {
                    note(&path, side(entry_mode, oid), None)?;
                }
                Recorded::Modification {
                    previous_entry_mode,
                    previous_oid,
                    entry_mode,
                    oid,
                    path,
                } => {
                    note(&path, side(previous_entry_mode, previous_oid), side(entry_mode, oid))?;
                }
            }
        }
        Ok(changes.into_values().filter(|c| c.old != c.new).collect())
    }

    fn changes_by_libgit2(&self, old: Option<&str>, new: &str) -> Result<Vec<Change>> {
        let reading = || format!("libgit2 cannot compare the trees before and in {new}");
        let repository = git2::Repository::open(self.gix.git_dir()).with_context(reading)?;
        let tree = |commit: &str| -> Result<git2::Tree<'_>> {
            let id = repository.revparse_single(commit).with_context(reading)?;
            id.peel_to_tree().with_context(reading)
        };
        let old = old.map(tree).transpose()?;
        let new = tree(new)?;
        let mut options = git2::DiffOptions::new();
        options.include_typechange(true).ignore_submodules(false).skip_binary_check(true);
        let diff = repository
            .diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options))
            .with_context(reading)?;
        let side = |file: &git2::DiffFile<'_>| -> Option<Side> {
            if file.id().is_zero() {
                return None;
            }
            let mode = match file.mode() {
                git2::FileMode::BlobExecutable => Mode::Executable,
                git2::FileMode::Link => Mode::Symlink,
                git2::FileMode::Commit => Mode::Submodule,
                git2::FileMode::Unreadable | git2::FileMode::Tree => return None,
                git2::FileMode::Blob | git2::FileMode::BlobGroupWritable => Mode::File,
            };
            Some(Side { mode, id: file.id().to_string() })
        };
        let mut changes = std::collections::BTreeMap::new();
        for delta in diff.deltas() {
            let (old, new) = (side(&delta.old_file()), side(&delta.new_file()));
            let bytes = delta.new_file().path_bytes().or(delta.old_file().path_bytes());
            let path = repo_path(bytes.context("libgit2 names no path")?)?;
            let change =
                changes.entry(path.clone()).or_insert(Change { path, old: None, new: None });
            change.old = change.old.take().or(old);
            change.new = change.new.take().or(new);
        }
        Ok(changes.into_values().filter(|c| c.old != c.new).collect())
    }

    /// What is staged against `HEAD`, sorted, as the commit that is being made would have it:
    /// `GIT_INDEX_FILE` counts. A conflict that is not resolved yet is refused by name.
    pub fn staged(&self) -> Result<Vec<Change>> {
        self.staged_against("HEAD")
    }

    /// The same against any commit.
    pub fn staged_against(&self, commit: &str) -> Result<Vec<Change>> {
        let raw = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"];
        // `ignore = all` in .gitmodules, which anyone may edit, would hide a staged pointer.
        // What is only intended to be added (`git add -N`) is in no commit yet.
        let rest =
            ["--no-relative", "--ignore-submodules=none", "--ita-invisible-in-index", commit, "--"];
        raw_changes(&self.git().output(raw.iter().chain(&rest))?)
    }
}

/// Reads `git diff-index --raw -z` (git-diff-index(1), "RAW OUTPUT FORMAT").
fn raw_changes(output: &[u8]) -> Result<Vec<Change>> {
    let mut fields = output.split(|b| *b == 0).filter(|f| !f.is_empty());
    let mut changes = Vec::new();
    while let Some(head) = fields.next() {
        let head = std::str::from_utf8(head).context("git printed no raw diff")?;
        let path = repo_path(fields.next().context("git printed half a raw diff")?)?;
        let parts: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [old_mode, new_mode, old_id, new_id, status] = parts.as_slice() else {
            anyhow::bail!("git printed no raw diff: {head}");
        };
        if *status == "U" {
            // Unmerged: the columns look like those of a deletion.
            let failure =
                Failure::new(Kind::Conflict, format!("`{path}` has an unresolved conflict"));
            return Err(failure.hint(format!("resolve it, then `git add {path}`")).into());
        }
        let side = |mode: &str, id: &str| -> Result<Option<Side>> {
            let mode = match mode {
                "000000" => return Ok(None),
                "100644" => Mode::File,
                "100755" => Mode::Executable,
                "120000" => Mode::Symlink,
                "160000" => Mode::Submodule,
                other => anyhow::bail!("git printed an unknown mode {other}"),
            };
            Ok(Some(Side { mode, id: id.to_owned() }))
        };
        changes.push(Change { path, old: side(old_mode, old_id)?, new: side(new_mode, new_id)? });
    }
    changes.sort();
    Ok(changes)
}
