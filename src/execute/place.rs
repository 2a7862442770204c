//! Where the worktrees of a session are.

use std::path::{Component, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::domain::workplace::{Names, fill};
use crate::git::Repository;

/// Where the worktree of an objective is, absolute.
pub fn place(
    repository: &Repository,
    template: &str,
    slug: &str,
    objective: &str,
) -> Result<PathBuf> {
    let root = repository.main_root()?;
    let repo = root.file_name().context("the main worktree has a name")?.to_string_lossy();
    let filled = fill(template, Names { repo: &repo, slug, objective })?;
    let mut out = PathBuf::new();
    for component in root.join(filled).components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    if out.to_str().is_none() {
        let message = format!("the worktrees would be in {}, which is not UTF-8", out.display());
        let hint = "set `worktree.path` in .ap/config.toml";
        return Err(Failure::new(Kind::Repository, message).hint(hint).into());
    }
    Ok(out)
}
