//! Starting an objective: its scope is reserved, it gets a branch and a worktree, the worktree
//! is set up, and its hooks are proved to fire.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::listener::Listener;
use super::place::place;
use super::resume::resume;
use super::session::{Handle, all};
use super::sync::{self, Synced};
use super::{gates, reservations, setup};
use crate::domain::environment::{port_base, variables};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, Operation, Phase, Standing};
use crate::git::{hooks, worktrees};
use crate::report::Templates;
use crate::store::Lock;

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
    let worktree = handle.worktree(objective)?;
    if handle.standing(objective)?.phase == Phase::Started {
        set_up(handle, objective, &worktree, listener)?;
    }
    Ok(worktree)
}

/// Starts objectives one after the other. Before the first of a later wave, what the target has
/// meanwhile is merged.
pub fn start_all(
    handle: &mut Handle<'_>,
    objectives: &[ObjectiveId],
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    let begun = |handle: &Handle<'_>| {
        let wave = handle.session.current_wave();
        let phases = handle.session.objectives.iter().filter(|o| Some(o.wave) == wave);
        phases.into_iter().any(|o| o.phase.is_at_work() && o.phase != Phase::Waiting)
    };
    let first = !objectives.is_empty() && !handle.session.waves.is_empty() && !begun(handle);
    if first && let Synced::Merged(commit) = sync::sync(handle, templates)? {
        let short = commit.get(..10).unwrap_or(&commit);
        listener.note(&format!("{} was merged in {short}", sync::target_name(handle)));
    }
    // One that waits may have to wait longer: the others do not wait for it.
    let waits =
        |o: &ObjectiveId| handle.session.objective(o).map(|o| o.phase) == Some(Phase::Waiting);
    let (waiting, others): (Vec<&ObjectiveId>, Vec<_>) = objectives.iter().partition(|o| waits(o));
    for objective in others {
        listener.note(&format!("starting {objective}"));
        start(handle, objective, Manner::default(), listener)?;
    }
    for objective in waiting {
        listener.note(&format!("{objective} goes on"));
        resume(handle, objective, templates, listener)?;
        start(handle, objective, Manner::default(), listener)?;
    }
    Ok(())
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

fn set_up(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    worktree: &Path,
    listener: &mut dyn Listener,
) -> Result<()> {
    let tools = handle.tools;
    let policy = handle.agreed.config.worktrees.clone();
    let main = tools.repository.main_root()?;
    let brought = setup::bring(&main, worktree, &policy, tools.steps)?;
    for note in &brought.notes {
        listener.note(note);
    }
    if !policy.setup.is_empty() {
        tools.steps.pass("set-up", objective.as_str())?;
        let log = gates::logs(handle.journal.folder(), objective.as_str()).join("setup.log");
        let environment = environment(handle, objective)?;
        setup::run(&policy.setup, worktree, &environment, &log, &mut |line| {
            listener.output("setup", line);
        })?;
    }
    // After the set-up: what a project's own hook manager does there must not undo it.
    {
        let _lock = Lock::acquire(&tools.repository.common_dir())?;
        hooks::install(tools.repository, tools.program, tools.steps)?;
        hooks::install_in(worktree, tools.program, tools.steps)?;
    }
    hooks::prove(worktree)?;
    let brought = brought.paths.iter().map(ToString::to_string).collect();
    handle.append(Entry::Ready { objective: objective.clone(), brought })?;
    listener.event(EventKind::ObjectiveStart {
        objective: objective.to_string(),
        worktree: worktree.display().to_string(),
    });
    Ok(())
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
