//! Who is in a wave when it is merged: everybody who is accepted, and nobody who was left for a
//! later one.

use anyhow::Result;

use super::listener::Listener;
use super::session::Handle;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, Phase, Place, Standing, postponed};

/// Has objectives, and those that need their results, wait for a later wave.
pub(super) fn postpone(
    handle: &mut Handle<'_>,
    without: &[ObjectiveId],
    listener: &mut dyn Listener,
) -> Result<()> {
    if without.is_empty() {
        return Ok(());
    }
    let current = handle.session.current_wave();
    for id in without {
        let standing = handle.standing(id)?;
        if Some(standing.wave) != current || standing.phase == Phase::Dropped {
            // Done again, it has moved already.
            if current.is_some_and(|current| standing.wave > current) {
                continue;
            }
            let message = format!("objective {id} is not of the wave that is merged now");
            return Err(Failure::new(Kind::User, message).hint("git ap status").into());
        }
    }
    let moving: Vec<ObjectiveId> = without
        .iter()
        .filter(|id| handle.session.objective(id).is_some_and(|o| Some(o.wave) == current))
        .cloned()
        .collect();
    let agreed = &handle.agreed;
    let (plan, scopes) = handle.against(&[]).foreseen()?;
    let moves = postponed(&handle.session, &plan, &scopes, &agreed.rules, &moving)?;
    if moves.is_empty() {
        return Ok(());
    }
    require_rest(handle, &moves)?;
    for moved in &moves {
        listener.note(&format!("{} waits for wave {}", moved.objective, moved.wave));
    }
    handle.append(Entry::Postponed { moves }).map(drop)
}

/// Refuses, before anybody is moved, where what is left of the wave cannot be merged. Given
/// again after its wave was merged, the command does not move the same objectives once more.
fn require_rest(handle: &Handle<'_>, moves: &[Place]) -> Result<(), Failure> {
    let Some(wave) = handle.session.current_wave() else { return Ok(()) };
    let moves = |o: &Standing| moves.iter().any(|moved| moved.objective == o.id);
    let rest: Vec<Standing> = open_of(handle, wave).into_iter().filter(|o| !moves(o)).collect();
    if rest.is_empty() {
        let message = format!("nothing of wave {wave} would be left to merge");
        return Err(Failure::new(Kind::User, message).hint("git ap status"));
    }
    require_accepted(handle, wave, &rest)
}

/// The objectives of a wave that are neither merged nor dropped.
pub(super) fn open_of(handle: &Handle<'_>, wave: u32) -> Vec<Standing> {
    let open = |o: &&Standing| !matches!(o.phase, Phase::Merged | Phase::Dropped);
    handle.session.of_wave(wave).filter(open).cloned().collect()
}

/// Refuses a wave that is not done, naming who is missing and the ways on.
pub(super) fn require_accepted(
    handle: &Handle<'_>,
    wave: u32,
    open: &[Standing],
) -> Result<(), Failure> {
    let slug = handle.session.plan().slug();
    let missing: Vec<&Standing> = open.iter().filter(|o| o.phase != Phase::Accepted).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let id = &first.id;
    let list: Vec<String> =
        missing.iter().map(|o| format!("{} ({})", o.id, o.phase.as_str())).collect();
    let violated = missing.iter().find(|o| o.phase == Phase::Violated);
    let (kind, said) = match violated {
        Some(violated) => (Kind::Violation, format!(": {}", violated.said.join("; "))),
        None => (Kind::Worker, String::new()),
    };
    let message = format!("wave {wave} cannot be merged yet, because of {}{said}", list.join(", "));
    let hint = format!(
        "`git ap done {slug}/{id}` when it is right, or go on with `git ap retry {slug}/{id}`, `git ap drop {slug}/{id}` or `git ap merge {slug} --without {id}`"
    );
    Err(Failure::new(kind, message).hint(hint))
}
