//! Repositories inside a worktree: submodules, and others that somebody made there. A commit of
//! the worktree holds only a pointer to them, so what they alone have cannot be saved with it.

use std::path::Path;

use anyhow::Result;

use super::os_path;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, shell_word};
use crate::git::Git;
use crate::git::objects::repo_path;

/// Repositories that git neither tracks nor ignores, sorted.
pub(super) fn untracked(git: &Git) -> Result<Vec<RepoPath>> {
    // Git does not look into one: it is listed as a directory.
    let rows = git.output(["ls-files", "--others", "--exclude-standard", "-z", "--full-name"])?;
    let directories = rows.split(|b| *b == 0).filter_map(|row| row.strip_suffix(b"/"));
    directories.map(repo_path).collect()
}

/// Submodules, checked out or not, sorted.
fn submodules(git: &Git) -> Result<Vec<RepoPath>> {
    let rows = git.output(["ls-files", "--stage", "-z", "--full-name"])?;
    let rows = rows.split(|b| *b == 0).filter(|row| row.starts_with(b"160000 "));
    let paths = rows.filter_map(|row| row.splitn(2, |b| *b == b'\t').nth(1));
    paths.map(repo_path).collect()
}

/// Refuses a worktree with a repository inside that holds files in no commit, or commits that
/// no remote of it has.
pub(super) fn require_nothing_of_its_own(worktree: &Path) -> Result<()> {
    let git = Git::elsewhere(worktree);
    let mut inside = untracked(&git)?;
    inside.extend(submodules(&git)?);
    for path in inside {
        let place = worktree.join(os_path(&path));
        // A submodule that is not checked out has no link, and git would be in the worktree.
        if place.join(".git").symlink_metadata().is_err() {
            continue;
        }
        let Some(what) = own(&Git::elsewhere(&place))? else { continue };
        let message =
            format!("`{path}` in {} is a repository of its own and has {what}", worktree.display());
        let shown = place.display().to_string();
        let word = shell_word(&shown);
        // The git directory of a submodule lies in that of the worktree, and goes with it.
        let hint = if place.join(".git").is_dir() {
            format!("push it, or keep it: mv {word} ..")
        } else {
            format!("cd {word}, and push there what shall stay")
        };
        return Err(Failure::new(Kind::Repository, message).hint(hint).into());
    }
    Ok(())
}

/// What a repository has that nobody else has.
fn own(git: &Git) -> Result<Option<&'static str>> {
    let status = ["status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none"];
    if !git.output(status)?.is_empty() {
        return Ok(Some("changes in no commit"));
    }
    // `--all` is also HEAD and the stash; tags come from where the remote's branches do.
    let alone = ["rev-list", "--max-count=1", "--all", "--not", "--remotes", "--tags"];
    Ok((!git.output(alone)?.is_empty()).then_some("commits that none of its remotes has"))
}
