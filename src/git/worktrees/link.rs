//! The file `.git` of a linked worktree. Where it is gone or leads elsewhere, git would take
//! the repository around the worktree, or another one, for it; nothing is done there then.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{git_dir, os_str, same};
use crate::domain::error::{Failure, Kind};
use crate::git::{Git, Repository};

/// A linked worktree whose link was followed there and back.
#[derive(Debug)]
pub(super) struct Linked {
    /// Its private git directory.
    pub(super) git_dir: PathBuf,
    /// Git in it.
    pub(super) git: Git,
}

/// Follows the link of a linked worktree, and the way back from its git directory
/// (gitrepository-layout(5), `worktrees/ID/gitdir`).
pub(super) fn linked(worktree: &Path) -> Result<Linked> {
    match git_dir(worktree) {
        Ok(Some(git_dir)) if leads_back(&git_dir, worktree) => {
            Ok(Linked { git_dir, git: Git::elsewhere(worktree) })
        }
        _ => Err(broken(worktree).into()),
    }
}

/// The same for a worktree of this repository, and no other's.
pub(super) fn linked_of(repository: &Repository, worktree: &Path) -> Result<Linked> {
    let linked = linked(worktree)?;
    let parent = linked.git_dir.parent().unwrap_or(&linked.git_dir);
    if same(parent, &repository.common_dir().join("worktrees")) {
        return Ok(linked);
    }
    Err(broken(worktree).into())
}

/// Git in a worktree, for looking only: a main worktree too, which has no link to check.
pub(super) fn followed(worktree: &Path) -> Result<Git> {
    // Also a submodule's git directory is named by a file, and is a whole repository.
    let whole = |dir: &PathBuf| dir.join("objects").is_dir() && !dir.join("commondir").exists();
    match git_dir(worktree) {
        Ok(Some(dir)) if whole(&dir) => Ok(Git::elsewhere(worktree)),
        _ => Ok(linked(worktree)?.git),
    }
}

/// Whether a git directory says that it is this worktree's.
pub(super) fn leads_back(git_dir: &Path, worktree: &Path) -> bool {
    let Ok(text) = fs::read(git_dir.join("gitdir")) else { return false };
    let back = git_dir.join(PathBuf::from(os_str(text.trim_ascii_end())));
    back.file_name() == Some(OsStr::new(".git"))
        && back.parent().is_some_and(|place| same(place, worktree))
}

fn broken(worktree: &Path) -> Failure {
    let shown = worktree.display().to_string();
    let message = format!(
        "`{shown}` has lost its link to the repository: its file .git is gone or leads elsewhere"
    );
    // With its path as an argument git looks for the link in it first, and says that it failed.
    Failure::new(Kind::Repository, message).hint("git worktree repair")
}
