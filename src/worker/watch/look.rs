//! What a worktree differs in from where its objective started, as git sees it: its filters and
//! modes count, and what it ignores does not. An index of our own is used for that: the
//! worktree's may say of any file that it is unchanged.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Held;
use crate::domain::path::RepoPath;
use crate::domain::tree::{Change, Mode, Side};
use crate::git::Git;
use crate::git::worktrees::os_path;

/// How many paths are asked for at once.
const ASKED: usize = 200;
/// How many changes are handed on at once.
const HANDED: usize = 1_000;

/// A worktree and what it is compared with.
#[derive(Debug)]
pub(super) struct Look {
    git: Git,
    git_dir: PathBuf,
    worktree: PathBuf,
    /// Where its indexes are.
    folder: PathBuf,
    /// `HEAD` and the integration branch when the start was looked for.
    heads: Option<[String; 2]>,
    start: Option<Base>,
    tip: Option<Base>,
}

/// A commit, and an index that has what it has.
#[derive(Debug)]
struct Base {
    commit: String,
    index: PathBuf,
}

/// Which commit is looked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Where the objective started, or what it took over last.
    Start,
    /// The integration branch as it is now.
    Integration,
}

impl Look {
    /// A look at a worktree. `git` names its git directory, and `folder` is for its indexes.
    pub(super) fn new(git: Git, git_dir: PathBuf, worktree: &Path, folder: &Path) -> Self {
        let (worktree, folder) = (worktree.to_owned(), folder.to_owned());
        // Only our own index is ever written.
        let git = git.env("GIT_OPTIONAL_LOCKS", "1");
        Self { git, git_dir, worktree, folder, heads: None, start: None, tip: None }
    }

    /// Whether the worktree is still there.
    pub(super) fn is_there(&self) -> bool {
        self.worktree.is_dir()
    }

    /// Whether git is just writing there: a merge or a checkout is seen when it is complete.
    pub(super) fn is_busy(&self) -> bool {
        self.git_dir.join("index.lock").exists()
    }

    /// Finds out what to compare with, if that has changed.
    pub(super) fn find_start(&mut self, held: &Held) -> Result<()> {
        let named = format!("{}^{{commit}}", held.integration);
        let output = self.git.output(["rev-parse", "HEAD^{commit}", &named])?;
        let text = String::from_utf8_lossy(&output);
        let [own, tip] = text.split_whitespace().collect::<Vec<_>>()[..] else {
            anyhow::bail!("git named no commits");
        };
        if self.heads.as_ref().is_some_and(|known| known[0] == own && known[1] == tip) {
            return Ok(());
        }
        let start = self.git.line(["merge-base", tip, own])?;
        if self.start.as_ref().is_none_or(|base| base.commit != start) {
            self.start = Some(self.base(&start, "start")?);
        }
        self.tip = if start == tip { None } else { Some(self.base(tip, "tip")?) };
        self.heads = Some([own.to_owned(), tip.to_owned()]);
        Ok(())
    }

    fn base(&self, commit: &str, name: &str) -> Result<Base> {
        let index = self.folder.join(name);
        let git = self.git.clone().env("GIT_INDEX_FILE", index.as_os_str());
        git.output(["-c", "core.splitIndex=false", "read-tree", commit])?;
        // What a sparse checkout left out is not deleted.
        if self.git.line(["config", "--bool", "core.sparseCheckout"]).is_ok_and(|s| s == "true") {
            let rows = self.git.output(["ls-files", "-v", "-z", "--full-name"])?;
            let left_out = rows.split_inclusive(|b| *b == 0).filter_map(|r| r.strip_prefix(b"S "));
            let left_out: Vec<u8> = left_out.flatten().copied().collect();
            // One that this commit does not have is refused, and nothing is lost by that.
            git.answer(["update-index", "--skip-worktree", "-z", "--stdin"], Some(&left_out))?;
        }
        Ok(Base { commit: commit.to_owned(), index })
    }

    /// Whether the integration branch is now elsewhere than where the objective started.
    pub(super) fn has_moved(&self) -> bool {
        self.tip.is_some()
    }

    /// Hands on what differs from a commit at these paths and below them, or everywhere, a
    /// bounded number of changes at once.
    pub(super) fn differing(
        &self,
        from: From,
        paths: Option<&[RepoPath]>,
        take: &mut impl FnMut(Vec<Change>),
    ) -> Result<()> {
        let base = match from {
            From::Start => self.start.as_ref(),
            From::Integration => self.tip.as_ref(),
        };
        let base = base.context("it was found out what to compare with")?;
        match paths {
            None => self.status(base, &[], take),
            Some(paths) => paths.chunks(ASKED).try_for_each(|asked| self.status(base, asked, take)),
        }
    }

    fn status(
        &self,
        base: &Base,
        paths: &[RepoPath],
        take: &mut impl FnMut(Vec<Change>),
    ) -> Result<()> {
        let git = self.git.clone().env("GIT_INDEX_FILE", base.index.as_os_str());
        let git = git.env("GIT_LITERAL_PATHSPECS", "1");
        // A hook of the user (`post-index-change`) or a watcher of git's own is not meant here.
        let settings =
            ["core.hooksPath=/dev/null", "core.fsmonitor=false", "core.splitIndex=false"];
        let mut args: Vec<std::ffi::OsString> =
            settings.iter().flat_map(|s| ["-c".into(), (*s).into()]).collect();
        let options =
            ["--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty"];
        args.push("status".into());
        args.extend(options.iter().chain(&["--no-renames", "--ignored=no", "--"]).map(Into::into));
        args.extend(paths.iter().map(os_path));
        let mut changes = Vec::new();
        git.fields(args, b"", |row| {
            if let Some(change) = self.change(row) {
                changes.push(change);
            }
            if changes.len() == HANDED {
                take(std::mem::take(&mut changes));
            }
            Ok(())
        })?;
        if !changes.is_empty() {
            take(changes);
        }
        Ok(())
    }

    /// A row of `git status --porcelain=v2 -z` (git-status(1)) that says how the worktree differs
    /// from the index.
    fn change(&self, row: &[u8]) -> Option<Change> {
        // As git does where it has not made an object of a file (git-diff-index(1)).
        let unmade = |mode| Side { mode, id: "0".repeat(40) };
        if let Some(path) = row.strip_prefix(b"? ") {
            // With a slash: another repository.
            let whole = path.strip_suffix(b"/");
            let path = RepoPath::new(whole.unwrap_or(path))?;
            let link = self.worktree.join(os_path(&path)).symlink_metadata();
            let mode = match whole {
                Some(_) => Mode::Submodule,
                None if link.is_ok_and(|m| m.is_symlink()) => Mode::Symlink,
                None => Mode::File,
            };
            return Some(Change { path, old: None, new: Some(unmade(mode)) });
        }
        // `1 XY sub mH mI mW hH hI path`
        let fields: Vec<&[u8]> = row.splitn(9, |b| *b == b' ').collect();
        let [b"1", [_, in_worktree], _, _, old_mode, new_mode, _, old_id, path] = fields[..] else {
            return None;
        };
        if *in_worktree == b'.' {
            return None;
        }
        let path = RepoPath::new(path)?;
        let old_id = String::from_utf8_lossy(old_id).into_owned();
        let old = mode(old_mode).map(|mode| Side { mode, id: old_id });
        Some(Change { path, old, new: mode(new_mode).map(unmade) })
    }

    /// Which of these directories git ignores as a whole.
    pub(super) fn ignored(&self, directories: &[RepoPath]) -> HashSet<RepoPath> {
        if directories.is_empty() {
            return HashSet::new();
        }
        let git = match &self.start {
            Some(base) => self.git.clone().env("GIT_INDEX_FILE", base.index.as_os_str()),
            None => self.git.clone(),
        };
        let mut rows = Vec::new();
        for directory in directories {
            // It takes paths for patterns that may begin with magic, and no word against that.
            rows.extend_from_slice(&[b"./", directory.as_bytes(), b"\0"].concat());
        }
        // Where git refuses one of them, none is ignored: then more is watched than has to be.
        let answer = git.answer(["check-ignore", "-z", "--stdin"], Some(&rows));
        let output = answer.map(|answer| answer.stdout).unwrap_or_default();
        let named = output.split(|b| *b == 0).filter_map(|row| row.strip_prefix(b"./"));
        named.filter_map(RepoPath::new).collect()
    }
}

fn mode(text: &[u8]) -> Option<Mode> {
    match text {
        b"000000" => None,
        b"100755" => Some(Mode::Executable),
        b"120000" => Some(Mode::Symlink),
        b"160000" => Some(Mode::Submodule),
        _ => Some(Mode::File),
    }
}
