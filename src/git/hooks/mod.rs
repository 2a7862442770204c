//! Git hooks, installed so that git really runs them, in front of whatever was there, and taken
//! away again so that nothing of it is left.
//!
//! Where git looks into a directory of the git directory, ours are files there, and what was
//! there before stands beside them as `<name>.before-git-ap`. Where `core.hooksPath` leads into
//! a worktree (husky, a tracked folder), nothing there is touched: the worktree's own
//! configuration names a directory of git ap, from which every hook that was there is still run.
//! Outside the repository nothing is installed. `<common dir>/ap/hooks.toml` remembers what was
//! done. Whoever calls what writes holds [`crate::store::Lock`].

mod chain;
mod directory;
mod effect;
mod install;
mod place;
mod prove;
mod record;
mod setting;
mod shim;
mod status;
mod uninstall;

pub use chain::chained;
pub use install::{Installed, InstalledHook, install, install_in};
pub use prove::{PROOF, proof, prove};
pub use status::{HookStatus, InFront, Status, status};
pub use uninstall::{Removed, RemovedHook, Uninstalled, uninstall};

use super::Repository;

/// A hook that git ap answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Before a commit.
    PreCommit,
    /// Before the commit of a merge: `git merge` runs no pre-commit.
    PreMergeCommit,
    /// With the message of a commit.
    CommitMsg,
    /// Before a push.
    PrePush,
}

impl Hook {
    /// All of them.
    pub const ALL: [Hook; 4] =
        [Hook::PreCommit, Hook::PreMergeCommit, Hook::CommitMsg, Hook::PrePush];

    /// The name that git knows it by (githooks(5)).
    pub fn name(self) -> &'static str {
        match self {
            Hook::PreCommit => "pre-commit",
            Hook::PreMergeCommit => "pre-merge-commit",
            Hook::CommitMsg => "commit-msg",
            Hook::PrePush => "pre-push",
        }
    }

    /// The hook of this name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }
}

/// Hooks that are forwarded from our directory whether there is one or not: one may come.
const FORWARDED: [&str; 15] = [
    "applypatch-msg",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-rebase",
    "prepare-commit-msg",
    "sendemail-validate",
];

/// Hooks that are forwarded where there is one: git runs them often, or does something else
/// where they are missing.
const FORWARDED_IF_THERE: [&str; 8] = [
    "post-index-change",
    "post-receive",
    "post-update",
    "pre-receive",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "update",
];

impl Repository {
    /// Whether this worktree belongs to an objective.
    pub fn is_objective_worktree(&self) -> bool {
        place::is_objective(self.gix.git_dir())
    }
}
