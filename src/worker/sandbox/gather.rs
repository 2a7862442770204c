//! The rules of an objective, from its scope and what is on the disk.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::ignored::{Ignored, ignored};
use super::places::{Needs, Seen, needs};
use super::rules::{Place, Rules, SHARED_MEMORY, Why};
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
    /// Its home.
    pub home: Option<&'a Path>,
    /// What in its home it may write; a directory ends in `/`.
    pub state: &'a [String],
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
    let kept = kept(site.repository)?;
    let mut rules = Rules {
        worktree: root,
        directories: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
        temporary: site.temporary.map(real).transpose()?,
        shared_memory: !kept.iter().any(|kept| kept.starts_with(SHARED_MEMORY)),
    };
    of_scope(&mut rules, needs);
    of_ignored(&mut rules, ignored);
    let own = [(rules.temporary.clone(), Why::Temporary)];
    let own = own.into_iter().chain([(site.inbox.map(real).transpose()?, Why::Inbox)]);
    rules.directories.extend(own.filter_map(|(path, why)| Some(plain(path?, why))));
    if let Some(home) = site.home {
        of_home(&mut rules, &real(home)?, site.state);
    }
    rules.missing.sort();
    rules.require_away_from(&kept)?;
    Ok(rules)
}

/// Decides what a worker may write that has no objective: all of a directory of its own, its
/// temporary files, and its state. Nothing is changed. Refused as [`rules`] is.
pub fn rules_apart(
    repository: &Repository,
    worktree: &Path,
    temporary: &Path,
    home: Option<&Path>,
    state: &[String],
) -> Result<Rules> {
    let kept = kept(repository)?;
    let (worktree, temporary) = (real(worktree)?, real(temporary)?);
    let own = [worktree.clone(), temporary.clone()].map(|path| plain(path, Why::Temporary));
    let mut rules = Rules {
        worktree,
        directories: own.to_vec(),
        files: Vec::new(),
        missing: Vec::new(),
        temporary: Some(temporary),
        shared_memory: !kept.iter().any(|kept| kept.starts_with(SHARED_MEMORY)),
    };
    if let Some(home) = home {
        of_home(&mut rules, &real(home)?, state);
    }
    rules.missing.sort();
    rules.require_away_from(&kept)?;
    Ok(rules)
}

fn of_scope(rules: &mut Rules, needs: Needs) {
    let root = rules.worktree.clone();
    let at = |path: &RepoPath| root.join(worktrees::os_path(path));
    rules.missing.extend(needs.missing.iter().chain(&needs.blank).map(at));
    for (path, why, pattern) in needs.directories {
        let path = path.as_ref().map_or_else(|| root.clone(), at);
        rules.directories.push(Place { path, why, pattern });
    }
    for (path, why, pattern) in needs.files {
        rules.files.push(Place { path: at(&path), why, pattern });
    }
}

fn of_ignored(rules: &mut Rules, ignored: Ignored) {
    let root = rules.worktree.clone();
    let at = |path: RepoPath| root.join(worktrees::os_path(&path));
    let missing: Vec<PathBuf> = ignored.missing.into_iter().map(at).collect();
    for path in ignored.directories.into_iter().map(at).chain(missing.iter().cloned()) {
        if !rules.may_write(&path) {
            rules.directories.push(plain(path, Why::Ignored));
        }
    }
    rules.missing.extend(missing);
    for path in ignored.blank.into_iter().map(at) {
        if !rules.may_write(&path) {
            rules.missing.push(path.clone());
            rules.files.push(plain(path, Why::Ignored));
        }
    }
    for path in ignored.files.into_iter().map(at) {
        if !rules.may_write(&path) {
            rules.files.push(plain(path, Why::Ignored));
        }
    }
}

/// What a worker's program keeps in its home. A directory that it has not made yet is made: the
/// home itself stays closed. A file that is not there cannot be opened.
fn of_home(rules: &mut Rules, home: &Path, state: &[String]) {
    for name in state {
        let path = home.join(name);
        if let Ok(path) = path.canonicalize() {
            let list = if path.is_dir() { &mut rules.directories } else { &mut rules.files };
            list.push(plain(path, Why::State));
        } else if name.ends_with('/')
            && let Some(path) = resolved(&path)
        {
            rules.missing.push(path.clone());
            rules.directories.push(plain(path, Why::State));
        }
    }
}

/// A path that is not there without links in what of it is.
fn resolved(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.components().chain(rest.components()).collect())
    })
}

fn plain(path: PathBuf, why: Why) -> Place {
    Place { path, why, pattern: String::new() }
}

/// What must stay closed: the git directories and every worktree.
fn kept(repository: &Repository) -> Result<Vec<PathBuf>> {
    Ok([vec![repository.common_dir()], worktrees::roots(repository)?].concat())
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
