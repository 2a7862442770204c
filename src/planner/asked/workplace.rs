//! Where a worker looks around while it plans: a worktree of the commit, in a temporary folder,
//! without a branch. It is taken away afterwards with whatever was changed in it; one that a
//! killed command left behind is taken away by the next.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::domain::session::Holder;
use crate::git::Repository;
use crate::git::worktrees::{self, Checkout};
use crate::store::{Steps, is_alive, this_process};

/// What the temporary folders' names begin with.
const PREFIX: &str = "git-ap-plan-";
/// The name of the worktree in its folder.
const TREE: &str = "tree";
/// The sign in the worktree's git directory that says whose it is.
const SIGN: &str = "ap-planner";
/// How many changed paths are named.
const NAMED: usize = 3;

/// A copy of a commit that is thrown away.
pub(super) struct Workplace<'a> {
    repository: &'a Repository,
    steps: &'a Steps,
    commit: &'a str,
    folder: Option<TempDir>,
    tree: PathBuf,
}

impl<'a> Workplace<'a> {
    /// A copy of a commit; copies of commands that are gone are taken away first.
    pub(super) fn at(
        repository: &'a Repository,
        commit: &'a str,
        steps: &'a Steps,
    ) -> Result<Self> {
        sweep(repository, steps)?;
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir()
            .context("cannot make a temporary folder for the planner")?;
        let root = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
        let place = Self { repository, steps, commit, tree: root.join(TREE), folder: Some(folder) };
        let checkout = Checkout::Detached(commit.to_owned());
        worktrees::add(repository, &place.tree, &checkout, steps)?;
        let holder = serde_json::to_string(&this_process())?;
        worktrees::put_sign(&place.tree, SIGN, &holder, steps)?;
        Ok(place)
    }

    /// The folder around the copy, which is ours.
    pub(super) fn folder(&self) -> &Path {
        self.tree.parent().unwrap_or(&self.tree)
    }

    /// The copy.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// Takes the copy away, and says what was changed in it and what of it had to stay.
    pub(super) fn close(mut self) -> Vec<String> {
        let mut notes: Vec<String> = self.changed().into_iter().collect();
        if let Err(error) = self.discard() {
            let shown = self.tree.display();
            notes.push(format!("the planner's copy in {shown} could not be removed: {error:#}"));
        }
        notes
    }

    /// What the worker did to the copy, in a note; none: nothing.
    fn changed(&self) -> Option<String> {
        let state = worktrees::dirty(&self.tree)
            .and_then(|dirt| Ok((dirt, worktrees::head_of(self.repository, &self.tree)?)));
        let Ok((dirt, head)) = state else {
            return Some("the planner broke its copy of the repository, which is gone".to_owned());
        };
        let paths: Vec<_> = dirt.tracked.iter().chain(&dirt.untracked).collect();
        let committed = head.is_some_and(|head| head != self.commit);
        if paths.is_empty() {
            let note = "the planner made commits in its copy of the repository: they were dropped";
            return committed.then(|| note.to_owned());
        }
        let named: Vec<String> = paths.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match paths.len().saturating_sub(NAMED) {
            0 => String::new(),
            left => format!(" and {left} more"),
        };
        let commits = if committed { " and made commits" } else { "" };
        Some(format!(
            "the planner changed files in its copy of the repository{commits}: that was dropped \
             ({}{more})",
            named.join(", ")
        ))
    }

    fn discard(&mut self) -> Result<()> {
        let Some(folder) = self.folder.take() else { return Ok(()) };
        worktrees::discard(self.repository, &self.tree, self.steps)?;
        folder.close().context("cannot remove the planner's folder")
    }
}

impl Drop for Workplace<'_> {
    fn drop(&mut self) {
        // Where it was not closed there is an error on its way already.
        drop(self.discard());
    }
}

/// Takes away the copies that commands left behind which were killed.
fn sweep(repository: &Repository, steps: &Steps) -> Result<()> {
    for worktree in worktrees::list(repository)?.into_iter().skip(1) {
        let folder = worktree.path.parent().and_then(Path::file_name);
        let ours = folder.is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
            && worktree.path.ends_with(TREE);
        if !ours {
            continue;
        }
        // A sign that is not there yet may be one that is being made.
        let Ok(Some(sign)) = worktrees::sign(&worktree.path, SIGN) else { continue };
        let abandoned = serde_json::from_str::<Holder>(&sign).is_ok_and(|h| !is_alive(&h));
        if abandoned {
            // What cannot be removed now is in nobody's way.
            drop(worktrees::discard(repository, &worktree.path, steps));
            drop(worktree.path.parent().map(remove_folder));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the folder is temporary and ours")]
fn remove_folder(folder: &Path) -> std::io::Result<()> {
    drop(std::fs::remove_file(folder.join(crate::worker::PROMPT)));
    std::fs::remove_dir(folder)
}
