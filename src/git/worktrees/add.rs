//! Making a worktree, filling it and moving it to another commit. Registering and filling are
//! two steps, so that a crash in the longer one is seen and made good.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::link::{linked, linked_of};
use super::remove::{remove_empty, remove_file, unregister};
use super::{Checkout, Worktree, git_dir, registered};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, shell_word};
use crate::git::Repository;
use crate::git::objects::repo_path;
use crate::store::Steps;

/// Makes a worktree and fills it, or the rest of that after a crash. A worktree that is there
/// and was filled stays as it is. Refuses what [`place`] refuses.
pub fn add(repository: &Repository, path: &Path, checkout: &Checkout, steps: &Steps) -> Result<()> {
    place(repository, path, checkout, steps)?;
    fill(path, steps)
}

/// Makes a worktree without any file, or the rest of that after a crash; [`fill`] brings the
/// files. A worktree that is there stays as it is.
///
/// Refuses by name a place that holds something else, a worktree with another branch, and a
/// branch that exists with other commits.
pub fn place(
    repository: &Repository,
    path: &Path,
    checkout: &Checkout,
    steps: &Steps,
) -> Result<()> {
    match registered(repository, path)? {
        Some(worktree) if is_unfinished(&worktree) => {
            require_nothing_but_link(path)?;
            steps.pass("forget-worktree", &path.display().to_string())?;
            remove_file(&path.join(".git"))?;
            remove_empty(path)?;
            unregister(repository, &worktree.path)?;
            register(repository, path, checkout, steps)
        }
        Some(worktree) => require_branch(&worktree, checkout),
        None => {
            require_empty(path)?;
            register(repository, path, checkout, steps)
        }
    }
}

/// Whether the directory was removed behind git's back, or git was killed while it registered
/// the worktree: it is locked with this word until that is done (git-worktree(1), and
/// `add_worktree` in git's builtin/worktree.c).
fn is_unfinished(worktree: &Worktree) -> bool {
    let locked_by_git = worktree.locked.as_deref().is_some_and(|why| why == "initializing");
    let gone = fs::symlink_metadata(worktree.path.join(".git")).is_err();
    let locked_by_user = worktree.locked.is_some() && !locked_by_git;
    locked_by_git || worktree.head.is_none() || (gone && !locked_by_user)
}

fn require_branch(worktree: &Worktree, checkout: &Checkout) -> Result<()> {
    let wanted = match checkout {
        Checkout::Branch { name, .. } => Some(format!("refs/heads/{name}")),
        Checkout::Detached(_) => None,
    };
    if worktree.branch == wanted {
        return Ok(());
    }
    let shown = worktree.path.display().to_string();
    let message = format!("the worktree `{shown}` is there with another branch");
    let hint = format!("git worktree remove {}", shell_word(&shown));
    Err(Failure::new(Kind::Repository, message).hint(hint).into())
}

fn register(
    repository: &Repository,
    path: &Path,
    checkout: &Checkout,
    steps: &Steps,
) -> Result<()> {
    steps.pass("add-worktree", &path.display().to_string())?;
    if let Some(parent) = path.parent() {
        make_directories(parent)?;
    }
    // Relative links are refused by git before 2.48.
    let relative = ["-c", "worktree.useRelativePaths=false"];
    let verb = ["worktree", "add", "--quiet", "--no-checkout"];
    let mut args: Vec<&OsStr> = relative.into_iter().chain(verb).map(OsStr::new).collect();
    match checkout {
        Checkout::Branch { name, start } => {
            match repository.reference(&format!("refs/heads/{name}"))? {
                None => {
                    args.extend(["--no-track", "-b", name].map(OsStr::new));
                    args.extend([path.as_os_str(), start.as_ref()]);
                }
                // Left by the same step before a crash.
                Some(tip) if tip == *start => {
                    args.extend([path.as_os_str(), name.as_ref()]);
                }
                Some(_) => {
                    let message = format!("the branch `{name}` exists already with other commits");
                    let hint = format!("git branch -m {name} {name}-old");
                    return Err(Failure::new(Kind::Repository, message).hint(hint).into());
                }
            }
        }
        Checkout::Detached(commit) => {
            args.extend([OsStr::new("--detach"), path.as_os_str(), commit.as_ref()]);
        }
    }
    repository.git().output(args)?;
    steps.pass("added-worktree", &path.display().to_string())
}

/// Whether the files of a worktree were checked out. Git writes the index last.
pub fn is_filled(repository: &Repository, path: &Path) -> Result<bool> {
    Ok(path.exists() && linked_of(repository, path)?.git_dir.join("index").exists())
}

/// Checks out the files of a worktree that [`place`] made; one that was filled stays as it is.
pub fn fill(path: &Path, steps: &Steps) -> Result<()> {
    let shown = path.display().to_string();
    let linked = linked(path)?;
    if linked.git_dir.join("index").exists() {
        return Ok(());
    }
    steps.pass("fill-worktree", &shown)?;
    unlock(&linked.git_dir)?;
    linked.git.as_user().output(["reset", "--hard", "--quiet"])?;
    steps.pass("filled-worktree", &shown)
}

/// Takes away the locks of a git that was killed: nobody but a process of ours, which is gone,
/// can have made them in a worktree that nobody has got yet.
fn unlock(git_dir: &Path) -> Result<()> {
    remove_file(&git_dir.join("index.lock"))?;
    remove_file(&git_dir.join("HEAD.lock"))
}

/// Checks out the submodules of a worktree.
pub fn fill_submodules(worktree: &Path, steps: &Steps) -> Result<()> {
    steps.pass("fill-submodules", &worktree.display().to_string())?;
    let args = ["submodule", "--quiet", "update", "--init", "--recursive"];
    linked(worktree)?.git.as_user().output(args).map(drop)
}

/// Checks another commit out in a linked worktree, without a branch. Changes of tracked files
/// and files that git neither knows nor ignores are gone afterwards; ignored ones stay.
pub fn move_to(worktree: &Path, commit: &str, steps: &Steps) -> Result<()> {
    steps.pass("move-worktree", &worktree.display().to_string())?;
    let linked = linked(worktree)?;
    // The gates' worktree is nobody's but ours, and the session is locked or claimed.
    unlock(&linked.git_dir)?;
    let git = linked.git.as_user();
    git.output(["reset", "--hard", "--quiet"])?;
    git.output(["clean", "-ffdq"])?;
    git.output(["checkout", "--quiet", "--detach", "--force", commit])?;
    git.output(["clean", "-ffdq"]).map(drop)
}

/// Brings the tracked files of a worktree, and its `HEAD`, back to a commit, without a branch.
/// What git does not track stays. Returns the paths that differed, sorted.
pub fn put_back(worktree: &Path, commit: &str) -> Result<Vec<RepoPath>> {
    let git = linked(worktree)?.git.as_user();
    let args = ["diff", "--name-only", "--no-renames", "--ignore-submodules=dirty", "-z", commit];
    let output = git.output(args)?;
    let rows = output.split(|b| *b == 0).filter(|row| !row.is_empty());
    let changed = rows.map(repo_path).collect::<Result<Vec<RepoPath>>>()?;
    if !changed.is_empty() || git.line(["rev-parse", "HEAD"])? != commit {
        git.output(["reset", "--hard", "--quiet"])?;
        git.output(["checkout", "--quiet", "--detach", "--force", commit])?;
    }
    Ok(changed)
}

/// Refuses a place where something else is.
fn require_empty(path: &Path) -> Result<()> {
    require(path, |_| false)
}

/// The same, but for the link of a worktree that nothing was put into yet.
fn require_nothing_but_link(path: &Path) -> Result<()> {
    // An index says that it was filled once: then the link is no leftover.
    let filled = git_dir(path).ok().flatten().is_some_and(|dir| dir.join("index").exists());
    require(path, |name| !filled && name == ".git")
}

fn require(path: &Path, passes: impl Fn(&OsStr) -> bool) -> Result<()> {
    let free = match fs::read_dir(path) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|e| passes(&e.file_name()))),
        Err(e) => e.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err(),
    };
    if free {
        return Ok(());
    }
    let shown = path.display().to_string();
    let message = format!("`{shown}` is in the way of a worktree: something else is there");
    let hint = format!("mv {0} {1}", shell_word(&shown), shell_word(&format!("{shown}.old")));
    Err(Failure::new(Kind::Repository, message).hint(hint).into())
}

#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn make_directories(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}
