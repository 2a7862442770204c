//! Who is in a wave when it is merged: everybody who is accepted, and nobody who was left for a
//! later one.

use anyhow::Result;

use super::listener::Listener;
use super::session::Handle;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, Next, Phase, Place, Standing, left, next, postponed};

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

/// Has those that nobody can go on with wait for a later wave, and everything that needs their
/// results behind them. False: nothing else is left to be done, and nobody is moved.
pub fn pass_over(handle: &mut Handle<'_>, listener: &mut dyn Listener) -> Result<bool> {
    if !matches!(next(&handle.session), Next::Work { .. } | Next::Decide { .. }) {
        return Ok(false);
    }
    let (plan, scopes) = handle.against(&[]).foreseen()?;
    let left = left(&handle.session, &plan);
    let moving = left.in_the_way(&handle.session);
    if moving.is_empty() || left.is_all(&handle.session) {
        return Ok(false);
    }
    let rules = &handle.agreed.rules;
    let moves = postponed(&handle.session, &plan, &scopes, rules, &moving)?;
    for id in &moving {
        let standing = handle.standing(id)?;
        let said = standing.said.join("; ");
        let why = if said.is_empty() { String::new() } else { format!(": {said}") };
        listener.note(&format!("going on without {id} ({}{why})", standing.phase.as_str()));
    }
    for moved in &moves {
        listener.note(&format!("{} waits for wave {}", moved.objective, moved.wave));
    }
    handle.tools.steps.pass("pass-over", &moving[0].to_string())?;
    handle.append(Entry::Postponed { moves })?;
    Ok(true)
}

/// Those because of whom the last wave is red have failed: the owner decides about them. False:
/// it is nobody's fault.
pub fn fail_blamed(handle: &mut Handle<'_>, listener: &mut dyn Listener) -> Result<bool> {
    let Some(red) = handle.session.red.clone() else { return Ok(false) };
    if red.before || red.blamed.is_empty() {
        return Ok(false);
    }
    for objective in red.blamed {
        let reason = format!("wave {} is red because of it: {}", red.wave, red.gate.describe());
        listener.event(EventKind::ObjectiveFailed {
            objective: objective.to_string(),
            reason: reason.clone(),
        });
        let gate = Some(red.gate.clone());
        handle.append(Entry::Failed { objective, reason, by_run: false, gate })?;
    }
    Ok(true)
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
