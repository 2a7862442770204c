//! The proof that git runs our hooks in a worktree: git is asked to, and they answer.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::effect::shown;
use super::{Hook, place};
use crate::domain::error::{Failure, Kind};
use crate::git::Git;

/// The variable that asks a hook to prove itself, with what it is to answer.
pub const PROOF: &str = "GIT_AP_HOOK_PROOF";

/// What git says of a program that is open for writing: a process that another thread started
/// just when we wrote the hook has the file for as long as it takes to become another program
/// (execve(2), `ETXTBSY`).
const BUSY: &str = "Text file busy";
/// How often that is waited for, and how long each time.
const BUSY_TRIES: usize = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The line that a hook answers on standard error, and then ends, when [`PROOF`] is set.
pub fn proof(nonce: &str, hook: Hook) -> String {
    format!("git-ap hook proof {nonce} {}", hook.name())
}

/// Proves that git runs each of our hooks in the worktree with this root, by having git run it
/// (git-hook(1)); fails with what to do where one does not answer. Hooks of others that stand in
/// front of ours are run with it.
pub fn prove(worktree: &Path) -> Result<()> {
    // Different in each run: an answer can be no leftover of another one.
    let random = std::hash::RandomState::new().build_hasher().finish();
    let nonce = format!("{random:016x}");
    for hook in Hook::ALL {
        let expected = proof(&nonce, hook);
        let mut tries = 0;
        loop {
            let git = Git::elsewhere(worktree).as_user().env(PROOF, &nonce).env("LC_ALL", "C");
            let answer = git.answer(["hook", "run", hook.name()], None)?;
            let said = String::from_utf8_lossy(&answer.stderr);
            if said.lines().any(|line| line == expected) {
                break;
            }
            if tries == BUSY_TRIES || !said.contains(BUSY) {
                return Err(not_run(worktree, hook, &said)?.into());
            }
            tries += 1;
            std::thread::sleep(BUSY_PAUSE);
        }
    }
    Ok(())
}

fn not_run(worktree: &Path, hook: Hook, said: &str) -> Result<Failure> {
    let layout = place::Layout::at(worktree)?;
    // Where ours cannot stand, that is what to mend.
    layout.room(&layout.here)?;
    let mut message =
        format!("git does not run the hook `{}` of git ap in `{}`", hook.name(), shown(worktree));
    if let Some(line) = said.lines().map(str::trim).find(|line| !line.is_empty()) {
        message.push_str(": ");
        message.push_str(line);
    }
    Ok(Failure::new(Kind::Repository, message).hint("git ap hook install"))
}
