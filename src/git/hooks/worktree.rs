//! Hooks where the project configures a directory inside its worktrees: each worktree's own
//! configuration names our directory, and ours run the project's hook afterwards. The
//! project's files are not touched.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::place::{own_directory, remove, write};
use super::{Memory, NAMES, memory, remember, shim};
use crate::domain::error::{Failure, Kind};
use crate::git::{Git, Repository, worktrees};
use crate::store::Steps;

/// Our scripts, and the extension that lets a worktree have a configuration of its own.
pub(super) fn install(
    repository: &Repository,
    ours: &Path,
    program: &Path,
    steps: &Steps,
) -> Result<()> {
    for name in NAMES {
        write(&ours.join(name), &shim::text(name, program), 0o755, steps)?;
    }
    if is_on(repository)? {
        return Ok(());
    }
    // git-worktree(1), "CONFIGURATION FILE": these would have to move to the main worktree's
    // own configuration first.
    let common = Git::elsewhere(&repository.common_dir());
    let core = |key: &str| common.answered(["config", "--local", "--get", key]);
    if core("core.worktree")?.is_some() || core("core.bare")?.is_some_and(|v| v.trim() == "true") {
        let message = "the repository sets `core.worktree` or `core.bare`, which must be moved before a worktree can have hooks of its own";
        let hint = "git config --local --unset core.hooksPath, or see git-worktree(1) on `extensions.worktreeConfig`";
        return Err(Failure::new(Kind::Repository, message).hint(hint).into());
    }
    let config = repository.common_dir().join("config");
    let reading = || format!("cannot read {}", config.display());
    let before = fs::read_to_string(&config).with_context(reading)?;
    let known =
        Memory { configuration: Some((before.clone(), String::new())), ..memory(repository)? };
    remember(repository, &known, steps)?;
    steps.pass("enable-worktree-config", "extensions.worktreeConfig")?;
    common.output(["config", "--local", "extensions.worktreeConfig", "true"])?;
    let after = fs::read_to_string(&config).with_context(reading)?;
    remember(repository, &Memory { configuration: Some((before, after)), ..known }, steps)
}

fn is_on(repository: &Repository) -> Result<bool> {
    let args = ["config", "--local", "--type=bool", "--get", "extensions.worktreeConfig"];
    let value = Git::elsewhere(&repository.common_dir()).answered(args)?;
    Ok(value.is_some_and(|v| v.trim() == "true"))
}

/// Has a worktree use our scripts.
pub(super) fn point(
    _repository: &Repository,
    worktree: &Path,
    ours: &Path,
    steps: &Steps,
) -> Result<()> {
    let git = Git::elsewhere(worktree);
    let ours = ours.to_str().context("the git directory's name is not UTF-8")?;
    let args = ["config", "--worktree", "--get", "core.hooksPath"];
    if git.answered(args)?.is_some_and(|found| found.trim_end_matches('\n') == ours) {
        return Ok(());
    }
    steps.pass("point-hooks", &worktree.display().to_string())?;
    git.output(["config", "--worktree", "core.hooksPath", ours]).map(drop)
}

/// Takes our setting out of every worktree, and the extension if it was ours.
pub(super) fn uninstall(repository: &Repository, memory: &Memory, steps: &Steps) -> Result<()> {
    let ours = own_directory(repository);
    if !ours.exists() && memory.configuration.is_none() {
        return Ok(());
    }
    let mut left = false;
    for worktree in worktrees::list(repository)?.iter().filter(|w| !w.prunable) {
        let git = Git::elsewhere(&worktree.path);
        let Some(git_dir) = worktrees::git_dir(&worktree.path)? else { continue };
        let file = git_dir.join("config.worktree");
        if !file.exists() {
            continue;
        }
        let args = ["config", "--worktree", "--get", "core.hooksPath"];
        let found = git.answered(args)?;
        if found.is_some_and(|found| Path::new(found.trim_end_matches('\n')) == ours) {
            steps.pass("unpoint-hooks", &worktree.path.display().to_string())?;
            git.output(["config", "--worktree", "--unset-all", "core.hooksPath"])?;
        }
        if fs::read_to_string(&file).is_ok_and(|text| text.trim().is_empty()) {
            remove(&file, steps)?;
        } else {
            left = true;
        }
    }
    for name in NAMES {
        remove(&ours.join(name), steps)?;
    }
    drop(fs::remove_dir(&ours));
    match &memory.configuration {
        Some((before, after)) if !left => turn_off(repository, before, after, steps),
        _ => Ok(()),
    }
}

/// Gives the repository the configuration that it had; where somebody else has changed it
/// meanwhile, only our own line goes.
fn turn_off(repository: &Repository, before: &str, after: &str, steps: &Steps) -> Result<()> {
    let config = repository.common_dir().join("config");
    let reading = || format!("cannot read {}", config.display());
    let now = fs::read_to_string(&config).with_context(reading)?;
    if now == before {
        return Ok(());
    }
    if now == after {
        let mode = fs::metadata(&config).with_context(reading)?.permissions().mode() & 0o777;
        return write(&config, before.as_bytes(), mode, steps);
    }
    steps.pass("disable-worktree-config", "extensions.worktreeConfig")?;
    let args = ["config", "--local", "--unset", "extensions.worktreeConfig"];
    Git::elsewhere(&repository.common_dir()).answered(args).map(drop)
}
