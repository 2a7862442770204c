//! Starting an objective: its scope is reserved, it gets a branch and a worktree, the worktree
//! is set up, and its hooks are proved to fire.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::listener::Listener;
use super::place::place;
use super::prepare::Preparing;
use super::reservations;
use super::resume::resume;
use super::session::{Handle, all};
use super::sync::{self, Synced};
use crate::domain::environment::{port_base, variables};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Operation, Phase, Standing};
use crate::git::worktrees;
use crate::report::Templates;

/// How an objective is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// What it had goes, after a backup, and it begins at the integration tip.
    pub afresh: bool,
}

/// Starts an objective, or the rest of that after a crash. One that is at work stays as it is,
/// but gets its worktree back where somebody removed it. Returns its worktree.
pub fn start(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    manner: Manner,
    listener: &mut dyn Listener,
) -> Result<PathBuf> {
    let mut preparing = Preparing::default();
    if begin(handle, objective, manner)? {
        preparing.begin(handle, objective)?;
        preparing.finish(handle, listener)?;
    }
    Ok(handle.worktree(objective)?)
}

/// Reserves the scope of an objective and gives it its branch and a worktree, still without any
/// file. Returns whether the worktree is then to be made ready.
fn begin(handle: &mut Handle<'_>, objective: &ObjectiveId, manner: Manner) -> Result<bool> {
    handle.require_unclaimed()?;
    handle.require_integration()?;
    let standing = handle.standing(objective)?.clone();
    require_turn(handle, objective)?;
    if matches!(standing.phase, Phase::Planned | Phase::Dropped)
        || manner.afresh
        || has_lost_its_worktree(&standing)
    {
        if standing.phase == Phase::Dropped {
            handle.require_still_free(objective)?;
        }
        reservations::reserve(handle, objective)?;
        let operation = decide(handle, objective, manner)?;
        handle.operate(&operation)?;
    }
    Ok(handle.standing(objective)?.phase == Phase::Started)
}

/// Starts objectives: their worktrees are made ready beside each other. Before the first of a
/// later wave, what the target has meanwhile is merged.
pub fn start_all(
    handle: &mut Handle<'_>,
    objectives: &[ObjectiveId],
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    let mut preparing = Preparing::default();
    // One that waits may have to wait longer: the others do not wait for it.
    let waits =
        |o: &ObjectiveId| handle.session.objective(o).map(|o| o.phase) == Some(Phase::Waiting);
    let (waiting, others): (Vec<&ObjectiveId>, Vec<_>) = objectives.iter().partition(|o| waits(o));
    let begun = others.into_iter().try_for_each(|objective| {
        take_up(handle, objective, &mut preparing, templates, listener).map(drop)
    });
    if begun.is_err() {
        preparing.give_up();
    }
    let ready = preparing.finish(handle, listener);
    begun?;
    ready?;
    for objective in waiting {
        go_on(handle, objective, templates, listener)?;
    }
    Ok(())
}

/// Takes up one objective that has not begun. Returns whether its worktree is now being made
/// ready; it is ready already otherwise.
pub fn take_up(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    preparing: &mut Preparing,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<bool> {
    sync_first(handle, templates, listener)?;
    if let Some(wave) = handle.session.current_wave()
        && !is_begun(handle)
    {
        listener.event(EventKind::WaveStart { wave });
    }
    listener.note(&format!("starting {objective}"));
    let begun = begin(handle, objective, Manner::default())?;
    if begun {
        preparing.begin(handle, objective)?;
    }
    Ok(begun)
}

/// Lets one that waited go on.
pub fn go_on(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    sync_first(handle, templates, listener)?;
    listener.note(&format!("{objective} goes on"));
    resume(handle, objective, templates, listener)?;
    start(handle, objective, Manner::default(), listener).map(drop)
}

/// Before the first objective of a later wave, merges what the target has meanwhile.
pub(super) fn sync_first(
    handle: &mut Handle<'_>,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    if !handle.session.waves.is_empty()
        && !is_begun(handle)
        && let Synced::Merged(commit) = sync::sync(handle, templates)?
    {
        let short = commit.get(..10).unwrap_or(&commit);
        listener.note(&format!("{} was merged in {short}", sync::target_name(handle)));
    }
    Ok(())
}

/// Whether somebody is at work on the current wave, or has been.
pub(super) fn is_begun(handle: &Handle<'_>) -> bool {
    let wave = handle.session.current_wave();
    let mut of_wave = handle.session.objectives.iter().filter(|o| Some(o.wave) == wave);
    of_wave.any(|o| o.phase.is_at_work() && o.phase != Phase::Waiting)
}

/// Whether an objective is at work and its worktree is gone.
pub fn has_lost_its_worktree(standing: &Standing) -> bool {
    let place = standing.place.as_ref();
    standing.phase.is_at_work() && place.is_some_and(|p| !Path::new(&p.worktree).exists())
}

/// An objective waits for the waves before its own.
fn require_turn(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<(), Failure> {
    let wave = handle.standing(objective)?.wave;
    let current = handle.session.current_wave();
    if current.is_none_or(|current| wave <= current) {
        return Ok(());
    }
    let current = current.unwrap_or(wave);
    let waiting: Vec<&str> = handle
        .session
        .of_wave(current)
        .filter(|o| !matches!(o.phase, Phase::Merged | Phase::Dropped))
        .map(|o| o.id.as_str())
        .collect();
    let message = format!(
        "objective {objective} is of wave {wave}, and wave {current} is not merged yet: {}",
        waiting.join(", ")
    );
    Err(Failure::new(Kind::User, message).hint("git ap status"))
}

fn decide(handle: &Handle<'_>, objective: &ObjectiveId, manner: Manner) -> Result<Operation> {
    let repository = handle.tools.repository;
    let session = &handle.session;
    let path = place(
        repository,
        &handle.agreed.config.worktrees.path,
        &session.approval.slug,
        objective.as_str(),
    )?;
    let standing = handle.standing(objective)?;
    let port_base = if let Some(place) = &standing.place {
        place.port_base
    } else {
        let sessions = all(repository)?;
        let open = sessions.iter().filter(|s| !s.cleaned);
        let places = open.flat_map(|s| &s.objectives).filter_map(|o| o.place.as_ref());
        port_base(&places.map(|p| p.port_base).collect::<BTreeSet<_>>())?
    };
    let branch = session.objective_branch(objective);
    worktrees::require_not_elsewhere(repository, &branch, &path)?;
    // The branch of one that has lost its worktree goes on where it is, and one that is gone
    // too where it was last judged.
    let own = if manner.afresh || !has_lost_its_worktree(standing) {
        None
    } else {
        let judged = standing.tip.clone().filter(|tip| repository.commit(tip).is_ok());
        repository.reference(&branch)?.or(judged)
    };
    Ok(Operation::Start {
        objective: objective.clone(),
        branch,
        worktree: path.to_str().context("a place is UTF-8")?.to_owned(),
        start: own.unwrap_or_else(|| session.integration.clone()),
        port_base,
        afresh: manner.afresh,
    })
}

/// The variables of an objective's set-up and gates.
pub fn environment(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
) -> Result<Vec<(String, OsString)>> {
    let place = handle.workplace(objective)?;
    let env = &handle.agreed.config.worktrees.env;
    let own = variables(handle.session.plan(), objective, place.port_base, env);
    Ok(own.into_iter().map(|(name, value)| (name, OsString::from(value))).collect())
}
