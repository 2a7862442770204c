//! Removing a worktree, and nothing that is not one. The files go first and the link last, so
//! that a removal that was killed is still known for one.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::link::linked_of;
use super::{GATE_SIGN, inside, list, put_sign, same};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::shell_word;
use crate::git::Repository;
use crate::store::Steps;

/// The sign in a worktree's git directory that everything was saved and its files are going.
pub(super) const REMOVING: &str = "ap-removing";

/// Removes a linked worktree with all its files. It is no error if there is none.
///
/// Refuses by name a directory that is something else, and a worktree with a repository inside
/// that holds what no remote has: no backup of ours could hold that. In the gates' worktree
/// such a repository is a by-product of the gates.
pub fn remove(repository: &Repository, path: &Path, steps: &Steps) -> Result<()> {
    let shown = path.display().to_string();
    let worktrees = list(repository)?;
    let found = worktrees.iter().skip(1).find(|w| same(&w.path, path));
    if fs::symlink_metadata(path).is_ok() {
        steps.pass("remove-worktree", &shown)?;
        if !is_empty(path) {
            if found.is_none() {
                return Err(foreign(&shown).into());
            }
            require_removable(repository, path)?;
            if !linked_of(repository, path)?.git_dir.join(REMOVING).exists() {
                put_sign(path, REMOVING, "", steps)?;
            }
            remove_files(path)?;
            steps.pass("remove-link", &shown)?;
            remove_file(&path.join(".git"))?;
        }
        remove_empty(path)?;
    }
    if let Some(worktree) = found {
        steps.pass("unregister-worktree", &shown)?;
        unregister(repository, &worktree.path)?;
        steps.pass("removed-worktree", &shown)?;
    }
    Ok(())
}

/// Whether a linked worktree is half removed: everything of it was saved, and its files are going.
pub fn is_going(path: &Path) -> Result<bool> {
    Ok(!path.join(".git").exists() || super::sign(path, REMOVING)?.is_some())
}

/// Removes a linked worktree that was made to be thrown away, with whatever was put into it or
/// made of it. It is no error if there is none.
pub fn discard(repository: &Repository, path: &Path, steps: &Steps) -> Result<()> {
    let found = list(repository)?.into_iter().skip(1).find(|w| same(&w.path, path));
    steps.pass("discard-worktree", &path.display().to_string())?;
    if is_directory(path) {
        remove_files(path)?;
        let link = path.join(".git");
        if !is_directory(&link) {
            remove_file(&link)?;
        } else if !remove_directory(&link)? {
            let shown = link.display();
            return Err(anyhow::anyhow!("{shown} is nested too deep to be removed"));
        }
        remove_empty(path)?;
    } else {
        // A link in its place is no way out of it.
        remove_file(path)?;
    }
    match found {
        Some(worktree) => unregister(repository, &worktree.path),
        None => Ok(()),
    }
}

/// Refuses what [`remove`] would refuse for what somebody keeps in there: asked before anything
/// is decided, so that nothing is left half done. A removal that has begun is not refused.
pub fn require_removable(repository: &Repository, path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_err() || is_empty(path) {
        return Ok(());
    }
    let git_dir = linked_of(repository, path)?.git_dir;
    if git_dir.join(REMOVING).exists() || git_dir.join(GATE_SIGN).exists() {
        return Ok(());
    }
    inside::require_nothing_of_its_own(path)
}

fn foreign(shown: &str) -> Failure {
    let message = format!("`{shown}` is no worktree of this repository: it was not removed");
    let hint = format!("mv {0} {1}", shell_word(shown), shell_word(&format!("{shown}.old")));
    Failure::new(Kind::Repository, message).hint(hint)
}

/// Makes git forget a worktree whose directory is gone, locked or not.
pub(super) fn unregister(repository: &Repository, path: &Path) -> Result<()> {
    let args = ["worktree", "remove", "--force", "--force"].map(OsStr::new);
    repository.git().output(args.into_iter().chain([path.as_os_str()])).map(drop)
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

/// Removes everything in a worktree but its link. Git cannot: on a very long path it
/// unregisters the worktree and leaves the files.
fn remove_files(worktree: &Path) -> Result<()> {
    let mut lifted = 0;
    loop {
        let mut all_gone = true;
        for path in entries(worktree)? {
            if path.file_name() == Some(OsStr::new(".git")) {
                continue;
            }
            if !is_directory(&path) {
                remove_file(&path)?;
            } else if !remove_directory(&path)? {
                lift(&path, LEVELS, worktree, &mut lifted)?;
                all_gone = false;
            }
        }
        if all_gone {
            return Ok(());
        }
    }
}

/// Returns whether it is gone: the removal keeps one file open for each level, and a tree may
/// be deeper than a process may have files.
#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn remove_directory(path: &Path) -> Result<bool> {
    match fs::remove_dir_all(path) {
        Err(e) if e.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => Ok(false),
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(true),
    }
}

/// How deep a lifted tree is; the path of one as deep still has a length that can be opened.
const LEVELS: usize = 12;

/// Moves what is deeper than so many levels up into the worktree's root.
#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn lift(directory: &Path, levels: usize, worktree: &Path, lifted: &mut usize) -> Result<()> {
    for path in entries(directory)? {
        if !is_directory(&path) {
            continue;
        }
        if levels > 0 {
            lift(&path, levels - 1, worktree, lifted)?;
            continue;
        }
        let mut to = worktree.join(format!(".git-ap-{lifted}"));
        while fs::symlink_metadata(&to).is_ok() {
            *lifted += 1;
            to = worktree.join(format!(".git-ap-{lifted}"));
        }
        fs::rename(&path, &to).with_context(|| format!("cannot move {}", path.display()))?;
    }
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("cannot read {}", directory.display());
    let entries = fs::read_dir(directory).with_context(reading)?;
    entries.map(|entry| Ok(entry.with_context(reading)?.path())).collect()
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Removes an empty directory, if it is there.
pub(super) fn remove_empty(path: &Path) -> Result<()> {
    match fs::remove_dir(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a file, if it is there.
#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
