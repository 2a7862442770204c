//! Work is given out: worktrees are made ready beside each other, and each that is gets its
//! worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::watch;

use super::ask::{self, Ready};
use super::floor::{AtWork, Floor, length};
use super::held::watch;
use super::letters::Letters;
use super::task::Task;
use super::turns::Step;
use super::{PACE, came_back};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, Phase};
use crate::execute::listener::Listener;
use crate::execute::prepare::Preparing;
use crate::execute::process::open_log;
use crate::execute::session::Handle;
use crate::execute::start::{go_on, has_lost_its_worktree, take_up};
use crate::store;
use crate::worker::Urgency;

/// An objective whose worktree is made ready.
pub(super) struct Given {
    pub(super) objective: ObjectiveId,
    /// Who gets it then, and why; none: people.
    pub(super) to: Option<(usize, String)>,
}

impl Floor<'_, '_> {
    /// Gives work to everybody who can take it, and judges what was left unjudged.
    pub(super) fn fill(&mut self, listener: &mut dyn Listener) -> Result<()> {
        if self.nothing_new() {
            return Ok(());
        }
        let mut handle = (self.open)()?;
        let file = handle.journal.file();
        let length = length(&file);
        self.read = Some((file, length, Instant::now()));
        listener.done(handle.session.progress());
        self.follow(&handle);
        if handle.require_unclaimed().is_err() {
            // Somebody merges, or runs gates: it is looked again in a moment.
            return Ok(());
        }
        let mut preparing = Preparing::default();
        let outcome = self.turns(&mut handle, &mut preparing, listener);
        if outcome.is_err() {
            preparing.give_up();
        }
        // What was begun is waited for, and written down, also where something else failed.
        let ready = preparing.finish(&mut handle, listener);
        self.given.clear();
        outcome.and(ready.map(drop))
    }

    /// Takes every step that there is. While worktrees are made ready, others are begun and those
    /// that are ready get their workers.
    fn turns(
        &mut self,
        handle: &mut Handle<'_>,
        preparing: &mut Preparing,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        loop {
            let step = self.step(handle)?;
            let wait = if step.is_some() { Duration::ZERO } else { PACE };
            match step {
                Some(step) => self.take(step, handle, preparing, listener)?,
                None if preparing.is_empty() => return Ok(()),
                None => {}
            }
            while let Some(objective) = preparing.next(wait, handle, listener)? {
                let at = self.given.iter().position(|given| given.objective == objective);
                let given = self.given.swap_remove(at.context("what is made ready was given")?);
                if let Some((to, reason)) = given.to {
                    self.give(handle, &objective, to, &reason, listener)?;
                }
            }
            // What the others say meanwhile should not wait for all to be started.
            self.hear_now(handle, listener)?;
            self.look(listener)?;
            self.read_letters(Some(&mut *handle), listener)?;
            listener.done(handle.session.progress());
        }
    }

    fn take(
        &mut self,
        step: Step,
        handle: &mut Handle<'_>,
        preparing: &mut Preparing,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let (objective, to) = match step {
            Step::Orphan(objective) => return came_back::orphaned(handle, &objective, listener),
            Step::Judge(objective) => return self.judge(handle, &objective, listener),
            Step::Again(objective) => {
                listener.note(&format!("{objective} is tried again"));
                return handle.append(Entry::Retried { objective, by_run: true }).map(drop);
            }
            Step::Give(objective, to, reason) => (objective, Some((to, reason))),
            Step::People(objective, why) => {
                listener.note(&format!("{objective} is for people: {why}"));
                self.people.insert(objective.clone());
                (objective, None)
            }
        };
        let standing = handle.standing(&objective)?;
        match standing.phase {
            Phase::Working if !has_lost_its_worktree(standing) => {}
            Phase::Waiting => go_on(handle, &objective, self.templates, listener)?,
            _ => {
                if take_up(handle, &objective, preparing, self.templates, listener)? {
                    self.given.push(Given { objective, to });
                    return Ok(());
                }
            }
        }
        match to {
            Some((to, reason)) => self.give(handle, &objective, to, &reason, listener),
            None => Ok(()),
        }
    }

    /// Starts a worker in the worktree of an objective.
    fn give(
        &mut self,
        handle: &mut Handle<'_>,
        objective: &ObjectiveId,
        to: usize,
        reason: &str,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let worker = &self.crew.workers[to];
        let ready = match ask::ready(handle, self.crew, objective, worker) {
            Ok(ready) => ready,
            // The team's entry is to be mended; what else fails is no fault of the objective's.
            Err(error) if is_of_the_team(&error) => {
                return came_back::cannot_start(handle, objective, &error, listener);
            }
            Err(error) => return Err(error),
        };
        handle.append(Entry::Dispatched {
            objective: objective.clone(),
            worker: worker.id.clone(),
            reason: reason.to_owned(),
            co_author: worker.co_author.clone(),
            mark: ready.job.mark.clone(),
            holder: store::this_process(),
        })?;
        handle.tools.steps.pass("worker", objective.as_str())?;
        listener.event(EventKind::WorkerActivity {
            source: objective.to_string(),
            activity_type: ActivityType::Log,
            text: format!("{} begins ({reason}): {}", worker.id, ready.shown),
        });
        listener.note(&format!("{objective} is with {} ({reason}); {}", worker.id, ready.force));
        let watch = watch(handle, objective, listener);
        self.next += 1;
        let letters = Letters::new(ready.inbox.clone());
        let stop = self.spawn(self.next, ready)?;
        self.at_work.push(AtWork {
            number: self.next,
            objective: objective.clone(),
            worker: worker.id.clone(),
            stop,
            began: Instant::now(),
            why: None,
            beyond: None,
            watch,
            letters,
        });
        Ok(())
    }

    fn spawn(&self, number: usize, ready: Ready) -> Result<watch::Sender<Urgency>> {
        let Ready { job, way, log, limits, .. } = ready;
        let file = open_log(&log)?;
        let (stop, urgency) = watch::channel(Urgency::GoOn);
        let (sender, backlog) = (self.sender.clone(), Arc::clone(&self.backlog));
        let stopping = stop.clone();
        let task = Task { number, job, way, file, sender, backlog, limits, stop: stopping };
        self.runtime.spawn(task.run(urgency));
        Ok(stop)
    }
}

/// Whether what failed is how a worker is described.
fn is_of_the_team(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.kind == Kind::Worker)
}
