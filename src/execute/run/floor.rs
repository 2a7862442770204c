//! Who is at work at the moment: they are started, heard, watched and stopped.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::runtime;
use tokio::sync::watch;

use super::ask::{self, Ready};
use super::came_back::{self, Back};
use super::held::{held, watch};
use super::letters::Letters;
use super::task::{BACKLOG, Message, Task};
use super::turns::Step;
use super::{Crew, Open, PACE};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, How, Phase};
use crate::domain::team::stream::{Activity, Said};
use crate::execute::listener::Listener;
use crate::execute::prepare::Preparing;
use crate::execute::process::open_log;
use crate::execute::session::Handle;
use crate::execute::start::{go_on, has_lost_its_worktree, take_up};
use crate::report::Templates;
use crate::store;
use crate::worker::watch::Watch;
use crate::worker::{Ended, Urgency};

/// After how long a journal is read again that nobody has written to.
const AGAIN: Duration = Duration::from_secs(2);

/// How long a journal is.
fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// A worker at an objective.
pub(super) struct AtWork {
    number: usize,
    pub(super) objective: ObjectiveId,
    pub(super) worker: String,
    pub(super) stop: watch::Sender<Urgency>,
    began: Instant,
    /// Why it was stopped, if it was not Ctrl-C.
    why: Option<String>,
    /// What it changed outside of its scope, while it was watched.
    pub(super) beyond: Option<String>,
    pub(super) watch: Option<Watch>,
    pub(super) letters: Letters,
}

/// An objective whose worktree is made ready.
pub(super) struct Given {
    pub(super) objective: ObjectiveId,
    /// Who gets it then, and why; none: people.
    pub(super) to: Option<(usize, String)>,
}

/// The workers that are at work.
pub(super) struct Floor<'a, 'h> {
    pub(super) crew: &'a Crew<'a>,
    pub(super) open: Open<'a, 'h>,
    pub(super) templates: &'a Templates,
    runtime: runtime::Handle,
    pub(super) at_work: Vec<AtWork>,
    /// Those whose worktrees are made ready, while a look at the session lasts.
    pub(super) given: Vec<Given>,
    next: usize,
    inbox: Receiver<Message>,
    sender: Sender<Message>,
    backlog: Arc<AtomicUsize>,
    /// Objectives that no worker of this crew takes, and why; each is told once.
    pub(super) people: BTreeSet<ObjectiveId>,
    /// What was asked for before this is of an earlier run.
    heard: Option<u64>,
    /// What each objective is about on an integration tip: it takes a look at the whole tree.
    pub(super) about: RefCell<HashMap<(String, ObjectiveId), Vec<String>>>,
    /// The journal as it was when it was read last: where, how long, and when that was.
    read: Option<(PathBuf, u64, Instant)>,
    /// The commit whose plan counted when it was looked last.
    agreed: String,
    /// Objectives whose workers somebody wanted to be stopped: they wait for the next run.
    pub(super) held: BTreeSet<ObjectiveId>,
    /// Whether all were to be stopped.
    pub(super) all_held: bool,
}

impl<'a, 'h> Floor<'a, 'h> {
    pub(super) fn new(
        crew: &'a Crew<'a>,
        open: Open<'a, 'h>,
        templates: &'a Templates,
        runtime: runtime::Handle,
    ) -> Self {
        let (sender, inbox) = channel();
        Self {
            crew,
            open,
            templates,
            runtime,
            at_work: Vec::new(),
            given: Vec::new(),
            next: 0,
            inbox,
            sender,
            backlog: Arc::default(),
            people: BTreeSet::new(),
            heard: None,
            about: RefCell::default(),
            read: None,
            agreed: String::new(),
            held: BTreeSet::new(),
            all_held: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at_work.is_empty()
    }

    /// Asks everybody to end.
    pub(super) fn stop(&mut self, urgency: Urgency) {
        for at_work in &self.at_work {
            at_work.stop.send_replace(urgency);
        }
    }

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

    /// Whether the journal is as it was when it was read last, not long ago: who is alive and who
    /// is not stands in no journal.
    fn nothing_new(&self) -> bool {
        let same = |(file, known, when): &(PathBuf, u64, Instant)| {
            when.elapsed() < AGAIN && length(file) == *known
        };
        self.read.as_ref().is_some_and(same)
    }

    /// Takes notice of what was said in another terminal.
    fn follow(&mut self, handle: &Handle<'_>) {
        let session = &handle.session;
        if self.agreed != session.agreed() {
            session.agreed().clone_into(&mut self.agreed);
            for at_work in &self.at_work {
                // A grant while it works: what it was given is no longer out of scope.
                if let (Some(watch), Some(held)) =
                    (&at_work.watch, held(handle, &at_work.objective))
                {
                    watch.hold(held);
                }
            }
        }
        let heard = *self.heard.get_or_insert(session.seq);
        let asked = session.stops.iter().filter(|(seq, _)| *seq > heard);
        let asked: Vec<&Option<ObjectiveId>> = asked.map(|(_, objective)| objective).collect();
        self.all_held = asked.iter().any(|objective| objective.is_none());
        self.held = asked.iter().filter_map(|objective| (*objective).clone()).collect();
        for at_work in &mut self.at_work {
            let standing = session.objective(&at_work.objective);
            let still = standing.is_some_and(|s| s.phase == Phase::Working);
            let of = |who: &&&Option<ObjectiveId>| {
                who.as_ref().is_none_or(|objective| *objective == at_work.objective)
            };
            let why = match (still, standing) {
                _ if at_work.why.is_some() => continue,
                _ if asked.iter().any(|who| of(&who)) => "`git ap stop`".to_owned(),
                (false, Some(standing)) => {
                    format!("{} is {}", standing.id, standing.phase.as_str())
                }
                _ => continue,
            };
            at_work.why = Some(why);
            at_work.stop.send_replace(Urgency::Stop);
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

    /// Hears what workers say, for at most so long if nobody says anything.
    pub(super) fn listen(&mut self, pace: Duration, listener: &mut dyn Listener) -> Result<()> {
        self.look(listener)?;
        self.read_letters(None, listener)?;
        let until = Instant::now() + pace;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(left) {
                Ok(Message::Does(number, activity)) => {
                    self.tell(number, activity, listener);
                    // Somebody who never stops talking keeps nothing else from being seen.
                    if left.is_zero() {
                        return Ok(());
                    }
                }
                Ok(Message::IsBack(number, ended, said, over)) => {
                    let mut handle = (self.open)()?;
                    self.is_back(&mut handle, number, (&ended, &said, over), listener)?;
                    return Ok(());
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Hears what was said up to now, or some of it where it does not end.
    fn hear_now(&mut self, handle: &mut Handle<'_>, listener: &mut dyn Listener) -> Result<()> {
        for _ in 0..BACKLOG {
            let Ok(message) = self.inbox.try_recv() else { break };
            match message {
                Message::Does(number, activity) => self.tell(number, activity, listener),
                Message::IsBack(number, ended, said, over) => {
                    self.is_back(handle, number, (&ended, &said, over), listener)?;
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, number: usize, activity: Activity, listener: &mut dyn Listener) {
        self.backlog.fetch_sub(1, Ordering::Relaxed);
        let Some(at_work) = self.at_work.iter().find(|at_work| at_work.number == number) else {
            return;
        };
        listener.event(EventKind::WorkerActivity {
            source: at_work.objective.to_string(),
            activity_type: activity.kind.into(),
            text: activity.text,
        });
    }

    fn is_back(
        &mut self,
        handle: &mut Handle<'_>,
        number: usize,
        (ended, said, over): (&Result<Ended>, &Said, Option<String>),
        listener: &mut dyn Listener,
    ) -> Result<()> {
        self.read_letters(Some(&mut *handle), listener)?;
        let at = self.at_work.iter().position(|at_work| at_work.number == number);
        let at_work = self.at_work.swap_remove(at.context("a worker that is back was at work")?);
        let said = Said { message: at_work.letters.with_end(&said.message), ..said.clone() };
        let back = Back {
            objective: at_work.objective.clone(),
            worker: at_work.worker,
            took: at_work.began.elapsed(),
            why: at_work.why,
            beyond: at_work.beyond,
            over,
            goes_on: at_work.letters.is_to_go_on(&said.message),
        };
        let how = came_back::record(handle, &back, ended, &said, listener)?;
        if how == How::Interrupted || handle.require_unclaimed().is_err() {
            return Ok(());
        }
        self.judge(handle, &at_work.objective, listener)
    }

    fn judge(
        &self,
        handle: &mut Handle<'_>,
        objective: &ObjectiveId,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        came_back::judge(handle, objective, self.templates, listener)
    }
}

/// Whether what failed is how a worker is described.
fn is_of_the_team(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.kind == Kind::Worker)
}

/// A failure as one would write it into a journal.
pub(super) fn in_words(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.message.clone(),
        None => format!("{error:#}"),
    }
}
