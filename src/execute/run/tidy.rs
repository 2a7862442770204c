//! Worktrees that nobody works in any more go; nothing that is only there goes with them.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use crate::domain::session::{Phase, Standing, Workplace};
use crate::execute::session::Handle;
use crate::git::{Repository, worktrees};
use crate::store::Steps;

/// Takes away the worktrees of merged objectives that workers were given: nobody works in them
/// any more. What is not on their branches stays with them.
pub fn tidy(handle: &Handle<'_>) -> Result<()> {
    let tools = handle.tools;
    let known = worktrees::list(tools.repository)?;
    let is_known = |place: &Workplace| known.iter().any(|k| k.path == Path::new(&place.worktree));
    let merged = handle.session.objectives.iter().filter(|o| o.phase == Phase::Merged);
    let left: Vec<(&Standing, &Workplace)> = (merged.filter(|o| !o.attempts.is_empty()))
        .filter_map(|o| Some((o, o.place.as_ref().filter(|place| is_known(place))?)))
        .collect();
    // Most of it is waiting for git and for the disk: several at once.
    let threads = thread::available_parallelism().map_or(2, usize::from).min(left.len());
    let queue = Mutex::new(left.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        let begin = |_| {
            let shared = tools.repository.shared();
            scope.spawn(move || {
                let repository = shared.open();
                while let Some((standing, place)) = next() {
                    take_away(&repository, standing, place, tools.steps)?;
                }
                Ok(())
            })
        };
        let threads: Vec<_> = (0..threads).map(begin).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|p| resume_unwind(p)))
    })
}

/// Takes one away that is as its objective left it, and one that is half gone already.
fn take_away(
    repository: &Repository,
    standing: &Standing,
    place: &Workplace,
    steps: &Steps,
) -> Result<()> {
    let worktree = Path::new(&place.worktree);
    // One that was killed here has left a part of it.
    if !worktrees::is_going(worktree)? {
        let mut dirt = worktrees::dirty(worktree)?;
        dirt.untracked.retain(|path| !place.brought.contains(&path.to_string()));
        let head = worktrees::head_of(repository, worktree)?;
        if !dirt.is_clean() || head != standing.tip {
            return Ok(());
        }
        steps.pass("tidy", standing.id.as_str())?;
    }
    worktrees::remove(repository, worktree, steps)
}
