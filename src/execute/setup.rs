//! What a new worktree gets besides what is committed: copies of and links to untracked files,
//! and the owner's set-up commands.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::process::{self, Line};
use crate::domain::config::Worktrees;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::git::{Git, worktrees};
use crate::store::{self, Steps, Writer};

/// The file whose lines add to `worktree.copy`.
const INCLUDE: &str = ".worktreeinclude";

/// What was brought into a worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Files that were copied or linked, sorted. They are never committed.
    pub paths: Vec<RepoPath>,
    /// What was asked for and is not there, or cannot be brought: a sentence each.
    pub notes: Vec<String>,
}

/// Copies and links what the policy and `.worktreeinclude` ask for from the main worktree into
/// another. Only files that git does not track are brought, and nothing that is there already
/// is touched.
pub fn bring(main: &Path, worktree: &Path, policy: &Worktrees, steps: &Steps) -> Result<Brought> {
    let mut brought = Brought::default();
    let mut copy = policy.copy.clone();
    if let Some(text) = store::read_text(&main.join(INCLUDE), INCLUDE)? {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        copy.extend(lines.map(as_pattern));
    }
    if copy.is_empty() && policy.link.is_empty() {
        return Ok(brought);
    }
    let untracked = listed(main, &["--others"])?;
    for (patterns, links) in [(&copy, false), (&policy.link, true)] {
        for text in patterns {
            let pattern = Pattern::parse(text).map_err(|e| {
                Failure::new(Kind::Plan, format!("`{text}` cannot be brought: {}", e.message))
                    .hint(e.help)
            })?;
            let mut found = false;
            // A link stands for a whole directory where the pattern names one.
            let whole = RepoPath::new(text.trim_end_matches('/')).filter(|p| {
                links && main.join(worktrees::os_path(p)).is_dir() && is_untracked(&untracked, p)
            });
            if let Some(directory) = whole {
                link(main, worktree, &directory, steps, &mut brought)?;
                continue;
            }
            for path in untracked.iter().filter(|p| pattern.matches(p)) {
                found = true;
                if links {
                    link(main, worktree, path, steps, &mut brought)?;
                } else {
                    copy_file(main, worktree, path, steps, &mut brought)?;
                }
            }
            if !found {
                brought.notes.push(format!("no untracked file matches `{text}`: none was brought"));
            }
        }
    }
    // What the worktree's own commit holds is the objective's to change.
    let tracked = listed(worktree, &["--cached"])?;
    brought.paths.retain(|path| !tracked.contains(path));
    brought.paths.sort();
    brought.paths.dedup();
    Ok(brought)
}

/// A line of `.worktreeinclude` as a pattern: as in a `.gitignore`, a name without a slash is
/// meant at any depth, and a leading slash means the root.
fn as_pattern(line: &str) -> String {
    match line.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if line.trim_end_matches('/').contains('/') => line.to_owned(),
        None => format!("**/{line}"),
    }
}

/// Files of a worktree as `git ls-files` lists them.
fn listed(worktree: &Path, which: &[&str]) -> Result<BTreeSet<RepoPath>> {
    let args = ["ls-files", "-z", "--full-name"];
    let output = Git::elsewhere(worktree).output(args.iter().chain(which))?;
    let paths = output.split(|b| *b == 0).filter(|p| !p.is_empty());
    // A nested repository ends with a slash and is no path: what belongs to it stays there.
    Ok(paths.filter_map(RepoPath::new).collect())
}

/// Whether everything below a directory is untracked, as far as the list says.
fn is_untracked(untracked: &BTreeSet<RepoPath>, directory: &RepoPath) -> bool {
    untracked.iter().any(|p| p.is_below(directory))
}

fn copy_file(
    main: &Path,
    worktree: &Path,
    path: &RepoPath,
    steps: &Steps,
    brought: &mut Brought,
) -> Result<()> {
    let (from, to) = (Writer::new(main, steps), Writer::new(worktree, steps));
    if fs::symlink_metadata(to.locate(path)).is_ok() {
        brought.paths.push(path.clone());
        return Ok(());
    }
    let source = from.locate(path);
    let metadata = fs::symlink_metadata(&source).with_context(|| format!("cannot read {path}"))?;
    if metadata.is_symlink() {
        let target = fs::read_link(&source).with_context(|| format!("cannot read {path}"))?;
        to.link(path, &target)?;
    } else if metadata.is_file() {
        let bytes = fs::read(&source).with_context(|| format!("cannot read {path}"))?;
        to.write(path, &bytes)?;
        fs::set_permissions(to.locate(path), metadata.permissions())
            .with_context(|| format!("cannot set the mode of {path}"))?;
    } else {
        brought.notes.push(format!("`{path}` is no file: it was not copied"));
        return Ok(());
    }
    brought.paths.push(path.clone());
    Ok(())
}

fn link(
    main: &Path,
    worktree: &Path,
    path: &RepoPath,
    steps: &Steps,
    brought: &mut Brought,
) -> Result<()> {
    let to = Writer::new(worktree, steps);
    if fs::symlink_metadata(to.locate(path)).is_err() {
        to.link(path, &main.join(worktrees::os_path(path)))?;
    }
    brought.paths.push(path.clone());
    Ok(())
}

/// Runs the owner's set-up commands in a worktree. One that fails ends them, with its last
/// lines in the failure.
pub fn run(
    commands: &[String],
    worktree: &Path,
    environment: &[(String, OsString)],
    log: &Path,
    on_line: &mut dyn FnMut(&str),
) -> Result<()> {
    for command in commands {
        let line = Line {
            command: command.clone(),
            directory: worktree.to_owned(),
            environment: environment.to_vec(),
            timeout: Duration::from_hours(1),
            log: Some(log.to_owned()),
        };
        let ended = process::run(&line, &mut *on_line)?;
        if !ended.is_green() {
            let last = ended.tail.iter().rev().take(5).rev().cloned().collect::<Vec<_>>();
            let said =
                if last.is_empty() { String::new() } else { format!(": {}", last.join("; ")) };
            let message = format!("the set-up command `{command}` {}{said}", ended.describe());
            let hint = format!("see {}, mend it, and run the command again", log.display());
            return Err(Failure::new(Kind::Gate, message).hint(hint).into());
        }
    }
    Ok(())
}
