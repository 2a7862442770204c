//! What the worktree of a worker is held against while it is watched, and what is seen there.

use anyhow::Result;

use super::floor::{Floor, in_words};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::guard::guard;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::tree::{Change, Mode, Side};
use crate::execute::listener::Listener;
use crate::execute::session::Handle;
use crate::worker::Urgency;
use crate::worker::watch::{Held, Seen, Watch};

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

/// Whether a path may be changed under what a worktree is held against.
fn may_change(held: &Held, path: &RepoPath) -> bool {
    let new = Side { mode: Mode::File, id: "0".repeat(40) };
    let change = Change { path: path.clone(), old: None, new: Some(new) };
    guard(&[change], &held.scope, &held.others, &held.rules).violations.is_empty()
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

impl Floor<'_, '_> {
    /// Takes notice of what is seen in the worktrees. Who is out of scope is stopped at once.
    pub(super) fn look(&mut self, listener: &mut dyn Listener) -> Result<()> {
        let open = self.open;
        for at_work in &mut self.at_work {
            let Some(watch) = &mut at_work.watch else { continue };
            let objective = &at_work.objective;
            while let Some(seen) = watch.ready() {
                match seen {
                    Seen::Changed(path) => listener.event(EventKind::WorkerActivity {
                        source: objective.to_string(),
                        activity_type: ActivityType::Coding,
                        text: path.to_string(),
                    }),
                    Seen::Violation(violation) => {
                        // It may have been granted just now, in another terminal.
                        let now = held(&open()?, objective);
                        if let Some(now) = now.filter(|now| may_change(now, &violation.path)) {
                            watch.hold(now);
                            continue;
                        }
                        // The first is why it is stopped; the rest is found when it is back.
                        if at_work.beyond.is_none() {
                            let text = violation.message(objective);
                            listener.note(&format!("{objective} is stopped: {text}"));
                            at_work.beyond = Some(text);
                        }
                        at_work.stop.send_replace(Urgency::Stop);
                    }
                    Seen::Worse(text) => listener.note(&format!("{objective}: {text}")),
                }
            }
        }
        Ok(())
    }
}
