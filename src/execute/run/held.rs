//! What the worktree of a worker is held against while it is watched.

use super::floor::in_words;
use crate::domain::id::ObjectiveId;
use crate::execute::listener::Listener;
use crate::execute::session::Handle;
use crate::worker::watch::{Held, Watch};

/// What a worktree is held against.
pub(super) fn held(handle: &Handle<'_>, objective: &ObjectiveId) -> Option<Held> {
    let place = handle.workplace(objective).ok()?;
    Some(Held {
        scope: handle.agreed.scope(objective)?.clone(),
        others: handle.agreed.scopes.clone(),
        rules: handle.agreed.rules.clone(),
        integration: handle.session.integration_branch(),
        brought: place.brought.clone(),
    })
}

/// Watches an objective's worktree. Where that cannot be, what is out of scope is found when the
/// worker is back.
pub(super) fn watch(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    listener: &mut dyn Listener,
) -> Option<Watch> {
    let held = held(handle, objective)?;
    let worktree = handle.worktree(objective).ok()?;
    match Watch::start(handle.tools.repository, &worktree, held) {
        Ok(watch) => Some(watch),
        Err(error) => {
            listener.note(&format!("{objective} is not watched: {}", in_words(&error)));
            None
        }
    }
}
