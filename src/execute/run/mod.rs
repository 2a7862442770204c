//! The workers of a wave: each gets an objective, works beside the others, and what it leaves is
//! committed and judged. The journal is followed, so that what is said in another terminal counts
//! here; between two steps nobody is kept from it.

mod ask;
mod came_back;
mod dispatch;
mod floor;
mod gating;
mod held;
mod judging;
mod letters;
mod task;
mod temporary;
mod tidy;
mod turns;

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::interrupt;
use super::listener::Listener;
use super::narrate::Interrupted;
use super::session::{Agreed, Handle};
use crate::domain::id::ObjectiveId;
use crate::domain::record::Performance;
use crate::domain::session::{Phase, Session, Standing};
use crate::domain::team::Worker;
use crate::domain::team::assign::Assignment;
use crate::git::Repository;
use crate::report::Templates;
use crate::worker::{Urgency, sandbox};

pub use ask::prompt;
use floor::Floor;
pub use temporary::without_temporary;
pub use tidy::tidy;

/// How long it is waited for something to happen before the journal is looked at again.
const PACE: Duration = Duration::from_millis(100);

/// Who may be given work, and how much at once.
pub struct Crew<'a> {
    /// The workers, in the order of the team.
    pub workers: &'a [Worker],
    /// What workers did in the sessions that are recorded here.
    pub past: &'a [Performance],
    /// The most that work at once; 0: as many as the team allows.
    pub jobs: usize,
    /// Only these objectives; empty: all.
    pub only: &'a [ObjectiveId],
    /// The variables that there are.
    pub known: &'a dyn Fn(&str) -> Option<OsString>,
}

impl std::fmt::Debug for Crew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

impl Crew<'_> {
    /// Whether anybody of it can be given work.
    pub fn can_work(&self) -> bool {
        self.workers.iter().any(Worker::can_work)
    }
}

/// Whose workers somebody in another terminal has stopped: they wait for the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Everybody's.
    All,
    /// These objectives'; usually none.
    Some(Vec<ObjectiveId>),
}

/// How a session is taken in hand, again and again.
pub type Open<'a, 'h> = &'a dyn Fn() -> Result<Handle<'h>>;

/// Has the objectives of the current wave worked on until no worker can do more: all of them are
/// settled, or wait for the owner or for people.
///
/// On Ctrl-C the workers are ended, what they did stays in their worktrees, and the error is
/// [`Interrupted`].
pub fn work(
    crew: &Crew<'_>,
    open: Open<'_, '_>,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Held> {
    // Where the policy asks for more than the system can do, nobody is started.
    sandbox::in_force(open()?.agreed.config.sandbox)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("workers")
        .enable_all()
        .build()
        .context("starting the event loop")?;
    let mut signals = interrupt::subscribe();
    signals.mark_unchanged();
    let mut floor = Floor::new(crew, open, templates, runtime.handle().clone());
    let mut stopped: Option<Urgency> = None;
    let mut outcome = Ok(());
    loop {
        if stopped.is_none() && outcome.is_ok() {
            outcome = floor.fill(listener);
            if outcome.is_err() {
                floor.stop(Urgency::Stop);
            }
        }
        if floor.is_empty() {
            break;
        }
        if let Err(error) = floor.listen(PACE, listener) {
            floor.stop(Urgency::Stop);
            outcome = outcome.and(Err(error));
        }
        if signals.has_changed().unwrap_or(false) {
            signals.mark_unchanged();
            let more = if stopped.is_none() { Urgency::Stop } else { Urgency::AtOnce };
            floor.stop(more);
            stopped = Some(more);
        }
    }
    runtime.shutdown_background();
    if let Ok(handle) = open() {
        without_temporary(&handle, crew.known);
    }
    outcome?;
    match stopped {
        Some(_) => Err(Interrupted::by_ctrl_c().into()),
        None if floor.all_held => Ok(Held::All),
        None => Ok(Held::Some(floor.held.into_iter().collect())),
    }
}

/// What a worker would be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The objective.
    pub objective: ObjectiveId,
    /// Who would get it; none: people.
    pub worker: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The prompt.
    pub prompt: String,
}

/// Who would get which objective of the current wave now, and with which prompt. Nothing is
/// started or written.
pub fn foreseen(
    repository: &Repository,
    session: &Session,
    agreed: &Agreed,
    crew: &Crew<'_>,
) -> Result<Vec<Foreseen>> {
    let mut given: Vec<Foreseen> = Vec::new();
    let Some(wave) = session.current_wave() else { return Ok(given) };
    let open = |o: &&Standing| {
        let due = matches!(o.phase, Phase::Planned | Phase::Started | Phase::Working);
        due && (crew.only.is_empty() || crew.only.contains(&o.id))
    };
    for standing in session.of_wave(wave).filter(open) {
        let busy = |worker: &Worker| {
            let at = given.iter().filter(|g| g.worker.as_ref() == Some(&worker.id)).count();
            u32::try_from(at).unwrap_or(u32::MAX)
        };
        let about = turns::about(repository, &session.integration, agreed, &standing.id)?;
        let (worker, reason) = match crew.assigned(agreed, standing, about, &busy)? {
            Assignment::To(at, reason) => (Some(crew.workers[at].id.clone()), reason),
            Assignment::Wait => (None, "it waits until a worker is free".to_owned()),
            Assignment::Nobody(why) => (None, format!("for people: {why}")),
        };
        given.push(Foreseen {
            objective: standing.id.clone(),
            worker,
            reason,
            prompt: ask::prompt(session, agreed, standing)?,
        });
    }
    Ok(given)
}
