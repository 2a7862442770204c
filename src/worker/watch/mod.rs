//! Watching a worktree while a worker is in it: a change out of scope is seen when it is made,
//! not at the end. What is seen is held against the scope by the same guard as a commit; a look
//! at the tree decides, so that what vanishes again or is put back is nobody's fault.

mod editors;
mod look;
#[cfg(target_os = "linux")]
mod notices;
#[cfg(not(target_os = "linux"))]
#[path = "no_notices.rs"]
mod notices;
mod watcher;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use crate::domain::guard::Violation;
use crate::domain::path::RepoPath;
use crate::domain::scope::{Rules, Scope};
use crate::git::{Repository, worktrees};

/// How many sightings may wait to be taken.
const WAITING: usize = 256;

/// What a worktree is held against.
#[derive(Clone, Debug)]
pub struct Held {
    /// The scope of the objective that is worked on.
    pub scope: Scope,
    /// The scopes of all objectives of the plan.
    pub others: Vec<Scope>,
    /// What counts for all of them.
    pub rules: Rules,
    /// The integration branch by its full name, or a commit of it: what the worktree takes over
    /// from there is not its own change.
    pub integration: String,
    /// What was copied or linked into the worktree, by its quoted paths: it is no change.
    pub brought: Vec<String>,
}

/// What is seen in a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A path that the objective may change was changed. Only for looking at: where too many
    /// wait to be taken, more of these are dropped.
    Changed(RepoPath),
    /// A path was changed that the objective may not change. Each path is told once.
    Violation(Violation),
    /// How the worktree is watched has changed for the worse, in words. Each is told once.
    Worse(String),
}

/// How far watching goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In how many directories changes are waited for; with more, the whole tree is looked at
    /// every now and then.
    pub directories: usize,
    /// How often that is.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { directories: 100_000, pause: Duration::from_secs(3) }
    }
}

/// A worktree that is watched, until this goes out of scope.
#[derive(Debug)]
pub struct Watch {
    seen: mpsc::Receiver<Seen>,
    held: Arc<Mutex<Arc<Held>>>,
    stop: Arc<AtomicBool>,
    /// Where the thread has its indexes: it goes with this, and not with the thread, which the
    /// end of the process may catch at its work.
    _folder: tempfile::TempDir,
}

impl Watch {
    /// Begins to watch a linked worktree of a repository. When it returns, no change is missed
    /// any more: the worker is started after that. Walks through the worktree once, so it may
    /// take a moment.
    ///
    /// Fails where the worktree has lost its link to the repository, or git cannot read it. Where
    /// the system tells no changes, or not of so many directories, it looks every few seconds.
    pub fn start(repository: &Repository, worktree: &Path, held: Held) -> Result<Self> {
        Self::start_with(repository, worktree, held, Limits::default())
    }

    /// The same with other limits.
    pub fn start_with(
        repository: &Repository,
        worktree: &Path,
        held: Held,
        limits: Limits,
    ) -> Result<Self> {
        let (git, git_dir) = worktrees::addressed(repository, worktree)?;
        let held = Arc::new(Mutex::new(Arc::new(held)));
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, seen) = mpsc::channel(WAITING);
        let folder = tempfile::tempdir().context("cannot make a folder for an index")?;
        let look = look::Look::new(git, git_dir, worktree, folder.path());
        let ends = (Arc::clone(&held), Arc::clone(&stop));
        let watcher = watcher::Watcher::begin(look, worktree, limits, ends, sender)?;
        let thread = std::thread::Builder::new().name("watch".to_owned());
        thread.spawn(move || watcher.run()).context("cannot start a thread")?;
        Ok(Self { seen, held, stop, _folder: folder })
    }

    /// The next thing that is seen; none: the worktree is gone.
    pub async fn next(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }

    /// What has been seen and not been taken yet, if anything.
    pub fn ready(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }

    /// From now on it is held against this: the objective was granted more.
    pub fn hold(&self, held: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
