//! The file `.git` of a worktree put back: whoever may write at the root of a worktree may have
//! replaced it. Its git directory is elsewhere, and knows its worktree.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::link::{leads_back, linked_of};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::shell_word;
use crate::git::Repository;
use crate::store::Steps;

/// Makes a linked worktree of this repository lead to its git directory again. Returns whether it
/// did not. Refused where `.git` is a directory now: it may hold work; and where the repository
/// knows no such worktree.
pub fn restore(repository: &Repository, worktree: &Path, steps: &Steps) -> Result<bool> {
    if linked_of(repository, worktree).is_ok() {
        return Ok(false);
    }
    let shown = worktree.display().to_string();
    let git_dir = own_git_dir(repository, worktree)?.ok_or_else(|| {
        let message = format!("`{shown}` is no worktree of this repository");
        Failure::new(Kind::Repository, message).hint("git worktree list")
    })?;
    let file = worktree.join(".git");
    if file.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let message =
            format!("`.git` in {shown} is a directory now, in place of the link to the repository");
        let (from, to) = (worktree.join(".git"), worktree.join("git.found"));
        let word = |path: &Path| shell_word(&path.to_string_lossy()).into_owned();
        let hint = format!("mv {} {}", word(&from), word(&to));
        return Err(Failure::new(Kind::Repository, message).hint(hint).into());
    }
    steps.pass("restore-link", &shown)?;
    let writing = || format!("cannot write {}", file.display());
    // As git would make it: the user's umask takes what it wants of it.
    let mode = fs::Permissions::from_mode(0o666);
    let new = tempfile::Builder::new().permissions(mode).tempfile_in(worktree);
    let mut new = new.with_context(writing)?;
    let text = [b"gitdir: ", git_dir.as_os_str().as_encoded_bytes(), b"\n"].concat();
    new.write_all(&text).with_context(writing)?;
    // A link there is replaced, not followed.
    new.persist(&file).with_context(writing)?;
    Ok(true)
}

/// The git directory that says that it is this worktree's.
fn own_git_dir(repository: &Repository, worktree: &Path) -> Result<Option<PathBuf>> {
    let folder = repository.common_dir().join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    for entry in entries {
        let git_dir = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if leads_back(&git_dir, worktree) {
            return Ok(Some(git_dir));
        }
    }
    Ok(None)
}
