//! The rules of an objective, from its scope and what is on the disk.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::ignored::ignored;
use super::places::{Seen, holds, needs};
use super::rules::{Place, Rules, Why};
use crate::domain::path::RepoPath;
use crate::domain::scope::{Rules as Law, Scope};
use crate::git::{Repository, worktrees};

/// Where a worker works, and what it may write besides its scope.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The repository, seen from any of its worktrees.
    pub repository: &'a Repository,
    /// The root of the objective's worktree.
    pub worktree: &'a Path,
    /// The commit that it began with: what it tracks is never taken for an output.
    pub start: &'a str,
    /// The objective's scope.
    pub scope: &'a Scope,
    /// What counts for all objectives.
    pub law: &'a Law,
    /// A directory of its own for temporary files, which is there.
    pub temporary: Option<&'a Path>,
    /// Where it may leave requests, which is there.
    pub inbox: Option<&'a Path>,
    /// What its program keeps in its home: files that are there, and directories.
    pub state: &'a [PathBuf],
}

/// Decides what a worker may write. Nothing is changed; what the rules say is missing, is made by
/// [`super::wrap`]. Refused where a place would open a git directory or another worktree.
pub fn rules(site: Site<'_>) -> Result<Rules> {
    let root = real(site.worktree)?;
    let entries = site.repository.entries(site.start)?;
    let mut tracked: Vec<RepoPath> = entries.into_iter().map(|entry| entry.path).collect();
    tracked.sort();
    let look = |path: &RepoPath| seen(&root.join(worktrees::os_path(path)));
    let needs = needs(site.scope, site.law, &tracked, look);
    let main = site.repository.main_root().ok();
    let ignored = ignored(&root, main.as_deref(), &tracked, look)?;
    let mut rules = Rules {
        worktree: root.clone(),
        directories: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
        temporary: None,
    };
    let at = |path: &RepoPath| root.join(worktrees::os_path(path));
    let held =
        |path: &RepoPath| needs.directories.iter().any(|(d, ..)| holds(d.as_ref(), Some(path)));
    for (path, why, pattern) in &needs.directories {
        let path = path.as_ref().map_or_else(|| root.clone(), at);
        rules.directories.push(Place { path, why: *why, pattern: pattern.clone() });
    }
    for (path, why, pattern) in &needs.files {
        rules.files.push(Place { path: at(path), why: *why, pattern: pattern.clone() });
    }
    let plain = |path: PathBuf, why| Place { path, why, pattern: String::new() };
    let outputs = ignored.directories.iter().chain(&ignored.missing).filter(|path| !held(path));
    rules.directories.extend(outputs.map(|path| plain(at(path), Why::Ignored)));
    let files = ignored.files.iter().filter(|path| !held(path));
    rules.files.extend(files.map(|path| plain(at(path), Why::Ignored)));
    rules.missing = needs.missing.iter().chain(&ignored.missing).map(at).collect();
    rules.missing.sort();
    for (path, why) in [(site.temporary, Why::Temporary), (site.inbox, Why::Inbox)] {
        let Some(path) = path else { continue };
        rules.directories.push(plain(real(path)?, why));
    }
    rules.temporary = site.temporary.map(real).transpose()?;
    for path in site.state {
        // What is not there, the program has not made yet; it cannot be opened.
        let Ok(path) = path.canonicalize() else { continue };
        let list = if path.is_dir() { &mut rules.directories } else { &mut rules.files };
        list.push(plain(path, Why::State));
    }
    rules.require_away_from(&kept(site.repository)?)?;
    Ok(rules)
}

/// What must stay closed: the git directories and every worktree.
fn kept(repository: &Repository) -> Result<Vec<PathBuf>> {
    let worktrees = worktrees::list(repository)?.into_iter().filter_map(|w| real(&w.path).ok());
    Ok([repository.common_dir()].into_iter().chain(worktrees).collect())
}

fn real(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("cannot find {}", path.display()))
}

fn seen(path: &Path) -> Seen {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Seen::Directory,
        Ok(metadata) if metadata.is_file() => Seen::File,
        Ok(_) => Seen::Other,
        Err(_) => Seen::Nothing,
    }
}
