//! What git would run in a worktree, by looking and not by running.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::directory::{Directory, is_executable};
use super::shim::{Whose, whose};
use super::{Hook, Repository, chained};
use crate::store::Steps;

/// The hooks as they are in one worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The directory that git looks into here.
    pub directory: PathBuf,
    /// Each hook.
    pub hooks: Vec<HookStatus>,
}

/// One hook as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookStatus {
    /// Which one.
    pub hook: Hook,
    /// Where git looks for it.
    pub file: PathBuf,
    /// What is there.
    pub front: InFront,
    /// Ours under a name that somebody else gave it; whoever did may run it from there.
    pub behind: Option<PathBuf>,
    /// The hook that ours runs before it answers.
    pub chained: Option<PathBuf>,
}

/// Whose the file is that git runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFront {
    /// Ours.
    Ours,
    /// Ours, but not as we wrote it, or not executable: git may run something else.
    Changed,
    /// Nobody's.
    Missing,
    /// Somebody else's.
    Theirs,
}

impl Status {
    /// Whether git runs ours for every hook in this worktree.
    pub fn fires(&self) -> bool {
        self.hooks.iter().all(|hook| hook.front == InFront::Ours)
    }
}

/// Looks at the hooks of this worktree; changes nothing and runs none.
pub fn status(repository: &Repository) -> Result<Status> {
    let args = ["rev-parse", "--path-format=absolute", "--git-path", "hooks"];
    let output = repository.git().output(args)?;
    let directory = output.strip_suffix(b"\n").unwrap_or(&output);
    let directory = PathBuf::from(OsStr::from_bytes(directory));
    let mut hooks = Vec::new();
    for hook in Hook::ALL {
        let file = directory.join(hook.name());
        let front = front(&file)?;
        let behind = if front == InFront::Theirs { behind(&directory, hook)? } else { None };
        let ours = front == InFront::Ours || behind.is_some();
        let chained = if ours { chained(repository, hook)? } else { None };
        hooks.push(HookStatus { hook, file, front, behind, chained });
    }
    Ok(Status { directory, hooks })
}

fn front(file: &Path) -> Result<InFront> {
    Ok(match whose(file)? {
        Whose::Ours if is_executable(file) => InFront::Ours,
        Whose::Ours | Whose::Edited => InFront::Changed,
        Whose::Nobody => InFront::Missing,
        Whose::Theirs => InFront::Theirs,
    })
}

fn behind(directory: &Path, hook: Hook) -> Result<Option<PathBuf>> {
    let copies = Directory::new(directory, &Steps::default()).copies(hook.name())?;
    Ok(copies.into_iter().next())
}
