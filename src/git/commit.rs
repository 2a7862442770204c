//! Writing to the repository: commits of named files, and backups of what would be lost.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Repository;
use super::objects::repo_path;
use crate::domain::path::RepoPath;
use crate::domain::tree::Mode;
use crate::store::Steps;

/// A file of a backup.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Where it is.
    pub path: RepoPath,
    /// What it is: a file, an executable or a symbolic link.
    pub mode: Mode,
    /// All of it; of a link where it points to.
    pub bytes: Vec<u8>,
}

impl Repository {
    /// Paths with uncommitted changes, untracked ones included, sorted. An untracked repository
    /// inside this one is one path.
    pub fn uncommitted(&self) -> Result<Vec<RepoPath>> {
        let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
        let output = self.git().output(args.iter().chain(&["--ignore-submodules=none"]))?;
        let rows = output.split(|b| *b == 0).filter(|row| !row.is_empty());
        let paths = rows.map(|row| {
            // Two letters and a space, then the path as it is (git-status(1), "Short Format").
            let path = row.get(3..).context("git printed half a line of its status")?;
            repo_path(path.strip_suffix(b"/").unwrap_or(path))
        });
        let mut paths: Vec<RepoPath> = paths.collect::<Result<_>>()?;
        paths.sort();
        Ok(paths)
    }

    /// Commits exactly these files on the current branch, whatever else is staged; hooks and
    /// signing as the user has configured them. Returns the commit, or `None` if the files are
    /// in `HEAD` as they are. If it fails, what was staged before is staged again.
    pub fn commit_files(
        &self,
        paths: &[RepoPath],
        message: &str,
        steps: &Steps,
    ) -> Result<Option<String>> {
        let mut list = tempfile::NamedTempFile::new().context("cannot make a list of files")?;
        for path in paths {
            list.write_all(path.as_bytes()).context("cannot write a list of files")?;
            list.write_all(&[0]).context("cannot write a list of files")?;
        }
        let staged_before = self.index_rows(paths)?;
        steps.pass("stage-files", message)?;
        match self.stage_and_commit(paths, list.path(), message, steps) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                let restored =
                    self.git().fed(["update-index", "-z", "--index-info"], Some(&staged_before));
                return match restored {
                    Ok(_) => Err(error),
                    Err(also) => Err(error.context(format!("the index was left changed: {also}"))),
                };
            }
        }
        steps.pass("committed-files", message)?;
        Ok(Some(self.git().line(["rev-parse", "HEAD"])?))
    }

    /// Whether something was committed.
    fn stage_and_commit(
        &self,
        paths: &[RepoPath],
        list: &Path,
        message: &str,
        steps: &Steps,
    ) -> Result<bool> {
        let git = self.git().as_user().env("GIT_LITERAL_PATHSPECS", "1");
        let mut from_list = OsString::from("--pathspec-from-file=");
        from_list.push(list);
        let from_list = [from_list, "--pathspec-file-nul".into()];
        let args = |verb: &[&str]| -> Vec<OsString> {
            verb.iter().map(OsString::from).chain(from_list.iter().cloned()).collect()
        };
        git.output(args(&["add", "--force"]))?;
        if !self.staged()?.iter().any(|change| paths.contains(&change.path)) {
            return Ok(false);
        }
        steps.pass("commit-files", message)?;
        // By standard input it has no limit of length, and is never taken for an option. With
        // `commit.cleanup = strip` git would drop its lines that begin with `#`.
        let commit = ["commit", "--quiet", "--only", "--cleanup=whitespace", "--file=-"];
        git.fed(args(&commit), Some(message.as_bytes()))?;
        Ok(true)
    }

    /// The lines for `git update-index --index-info` that give these paths the entries that
    /// they have now.
    fn index_rows(&self, paths: &[RepoPath]) -> Result<Vec<u8>> {
        let none = self.gix.object_hash().null();
        let mut rows = Vec::new();
        for path in paths {
            rows.extend_from_slice(format!("0 {none}\t").as_bytes());
            rows.extend_from_slice(path.as_bytes());
            rows.push(0);
        }
        let all = self.git().output(["ls-files", "--stage", "-z", "--full-name"])?;
        for row in all.split(|b| *b == 0) {
            let tab = row.iter().position(|b| *b == b'\t');
            let path = tab.map(|tab| &row[tab + 1..]);
            if paths.iter().any(|wanted| Some(wanted.as_bytes()) == path) {
                rows.extend_from_slice(row);
                rows.push(0);
            }
        }
        Ok(rows)
    }

    /// Saves files in a commit under `refs/ap/backup/<name>`, or `<name>-2` and so on while that
    /// is taken by other files; the same files again renew their backup. Returns the name of
    /// the ref.
    pub fn backup(&self, name: &str, files: &[Saved], steps: &Steps) -> Result<String> {
        let saving = || format!("cannot save files under refs/ap/backup/{name}");
        steps.pass("backup", name)?;
        let mut tree = self.gix.empty_tree().edit().with_context(saving)?;
        for file in files {
            let blob = self.gix.write_blob(&file.bytes).with_context(saving)?;
            let path = gix::bstr::BStr::new(file.path.as_bytes());
            tree.upsert(path, kind(file.mode), blob).with_context(saving)?;
        }
        let tree = tree.write().with_context(saving)?.to_string();
        let message = format!("backup of {} files before `git ap` replaced them\n", files.len());
        let commit = self.commit_as_git_ap(&tree, &[], &message)?;
        steps.pass("backup-ref", name)?;
        for n in 1..1000 {
            let suffix = if n == 1 { String::new() } else { format!("-{n}") };
            let reference = format!("refs/ap/backup/{name}{suffix}");
            // An all-zero old value means that the ref must not exist (git-update-ref(1)).
            let mut old = self.gix.object_hash().null().to_string();
            if self.has_reference(&reference)? {
                old = self.commit(&format!("{reference}^{{commit}}"))?;
                if self.tree_of(&old)? != tree {
                    continue;
                }
            }
            let input = format!("update {reference}\0{commit}\0{old}\0");
            self.git().fed(["update-ref", "-z", "--stdin"], Some(input.as_bytes()))?;
            steps.pass("backed-up", &reference)?;
            return Ok(reference);
        }
        anyhow::bail!("a thousand backups are called {name}: delete some of refs/ap/backup")
    }
}

pub(super) fn kind(mode: Mode) -> gix::objs::tree::EntryKind {
    use gix::objs::tree::EntryKind;
    match mode {
        Mode::File => EntryKind::Blob,
        Mode::Executable => EntryKind::BlobExecutable,
        Mode::Symlink => EntryKind::Link,
        Mode::Submodule => EntryKind::Commit,
    }
}
