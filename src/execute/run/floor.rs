//! Who is at work at the moment, and who comes next.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::runtime;
use tokio::sync::watch;

use super::ask::{self, Ready};
use super::came_back::{self, Back};
use super::{Crew, Open};
use crate::analysis::language::Language;
use crate::domain::error::Failure;
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::pattern::Pattern;
use crate::domain::record::Performance;
use crate::domain::session::{Again, Entry, How, Phase, Standing, Turn, again, next, turn};
use crate::domain::team::Worker;
use crate::domain::team::assign::{Assignment, Candidate, Wanted, assign};
use crate::domain::team::stream::{self, Activity, Said};
use crate::execute::listener::Listener;
use crate::execute::process::open_log;
use crate::execute::session::Handle;
use crate::execute::start::start_all;
use crate::report::Templates;
use crate::store;
use crate::worker::watch::{Held, Seen, Watch};
use crate::worker::{self, Ended, Job, Line, Source, Urgency, leftover};

/// How many activities may wait to be told; a worker that says more is told less of.
const BACKLOG: usize = 1_000;

/// Who has no record here.
const UNKNOWN: u32 = 500;

/// What a worker's task says.
enum Message {
    Does(usize, Activity),
    IsBack(usize, Box<Result<Ended>>, Said),
}

/// A worker at an objective.
struct AtWork {
    number: usize,
    objective: ObjectiveId,
    worker: String,
    stop: watch::Sender<Urgency>,
    began: Instant,
    /// Why it was stopped, if it was not Ctrl-C.
    why: Option<String>,
    /// What it changed outside of its scope, while it was watched.
    beyond: Option<String>,
    watch: Option<Watch>,
}

/// The workers that are at work.
pub(super) struct Floor<'a, 'h> {
    crew: &'a Crew<'a>,
    open: Open<'a, 'h>,
    templates: &'a Templates,
    runtime: runtime::Handle,
    at_work: Vec<AtWork>,
    next: usize,
    inbox: Receiver<Message>,
    sender: Sender<Message>,
    backlog: Arc<AtomicUsize>,
    /// Objectives that no worker of this crew takes, and why; each is told once.
    people: BTreeSet<ObjectiveId>,
    /// What was asked for before this is of an earlier run.
    heard: Option<u64>,
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
            next: 0,
            inbox,
            sender,
            backlog: Arc::default(),
            people: BTreeSet::new(),
            heard: None,
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
        let mut handle = (self.open)()?;
        listener.done(handle.session.progress());
        self.follow(&handle);
        if handle.require_unclaimed().is_err() {
            // Somebody merges, or runs gates: it is looked again in a moment.
            return Ok(());
        }
        while let Some(step) = self.step(&handle)? {
            match step {
                Step::Orphan(objective) => came_back::orphaned(&mut handle, &objective)?,
                Step::Judge(objective) => self.judge(&mut handle, &objective, listener)?,
                Step::Again(objective) => {
                    handle.append(Entry::Retried { objective: objective.clone(), by_run: true })?;
                    listener.note(&format!("{objective} is tried again"));
                }
                Step::Give(objective, to, reason) => {
                    self.give(&mut handle, &objective, to, &reason, listener)?;
                    // What the others say meanwhile should not wait for all to be started.
                    self.hear_now(&mut handle, listener)?;
                }
                Step::People(objective, why) => {
                    listener.note(&format!("{objective} is for people: {why}"));
                    if handle.standing(&objective)?.phase != Phase::Working {
                        let one = std::slice::from_ref(&objective);
                        start_all(&mut handle, one, self.templates, listener)?;
                    }
                    self.people.insert(objective);
                }
            }
        }
        Ok(())
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

    /// The next thing that can be done; none: it is waited.
    fn step(&self, handle: &Handle<'_>) -> Result<Option<Step>> {
        let session = &handle.session;
        let Some(wave) = session.current_wave() else { return Ok(None) };
        if matches!(next(session), crate::domain::session::Next::Resolve) {
            return Ok(None);
        }
        let mut standings: Vec<&Standing> = session.of_wave(wave).collect();
        standings.retain(|o| self.crew.only.is_empty() || self.crew.only.contains(&o.id));
        let order = |o: &&Standing| {
            let objective = handle.agreed.objective(&o.id).ok();
            let rank = objective.map(|o| (o.priority, o.estimate_minutes));
            (Reverse(rank), o.id.clone())
        };
        standings.sort_by_key(order);
        for standing in standings {
            if let Some(step) = self.step_of(handle, standing)? {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    fn step_of(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Option<Step>> {
        let id = standing.id.clone();
        let here = self.at_work.iter().any(|at_work| at_work.objective == id);
        let held = self.all_held || self.held.contains(&id);
        if here || held || self.people.contains(&id) {
            return Ok(None);
        }
        let alive = |holder: &_| *holder != store::this_process() && store::is_alive(holder);
        let mut start = false;
        match turn(standing, alive) {
            Turn::AtWork | Turn::Rest => {
                let goes_on = standing.phase == Phase::Waiting && is_due(handle, &id);
                if !goes_on {
                    return Ok(None);
                }
                start = true;
            }
            Turn::Orphaned => return Ok(Some(Step::Orphan(id))),
            Turn::Judge => return Ok(Some(Step::Judge(id))),
            Turn::Reconsider => return self.reconsider(handle, standing),
            Turn::Start => start = true,
            Turn::Dispatch => {}
        }
        if !start && standing.attempts.is_empty() && !came_back::is_untouched(handle, &id)? {
            let why = "somebody has begun to work in its worktree".to_owned();
            return Ok(Some(Step::People(id, why)));
        }
        if self.crew.jobs > 0 && self.at_work.len() >= self.crew.jobs {
            return Ok(None);
        }
        Ok(match self.assigned(handle, standing)? {
            Assignment::To(at, reason) => Some(Step::Give(id, at, reason)),
            Assignment::Wait => None,
            Assignment::Nobody(why) => Some(Step::People(id, why)),
        })
    }

    /// One that failed is tried again, where somebody may.
    fn reconsider(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Option<Step>> {
        if handle.session.pending(&standing.id).next().is_some() {
            return Ok(None);
        }
        let retries = handle.agreed.objective(&standing.id)?.retries;
        let can = match again(standing, retries) {
            Again::Nobody => false,
            Again::Same(_) => true,
            Again::Another(_) => !matches!(self.assigned(handle, standing)?, Assignment::Nobody(_)),
        };
        Ok(can.then(|| Step::Again(standing.id.clone())))
    }

    /// Who gets an objective.
    fn assigned(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Assignment> {
        let objective = handle.agreed.objective(&standing.id)?;
        let busy = |worker: &Worker| {
            let at = self.at_work.iter().filter(|at_work| at_work.worker == worker.id);
            u32::try_from(at.count()).unwrap_or(u32::MAX)
        };
        let record = |worker: &Worker| {
            let past = self.crew.past.iter().find(|past| past.worker == worker.id);
            past.map_or(UNKNOWN, Performance::per_mille)
        };
        let candidates: Vec<Candidate<'_>> = self
            .crew
            .workers
            .iter()
            .map(|worker| Candidate { worker, busy: busy(worker), record: record(worker) })
            .collect();
        let patterns: Vec<Pattern> =
            objective.touch.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let files = handle.tools.repository.entries(&handle.session.integration)?;
        let touched = files.iter().map(|entry| &entry.path);
        let touched = touched.filter(|path| patterns.iter().any(|pattern| pattern.matches(path)));
        let mut about: BTreeSet<String> =
            touched.filter_map(Language::of).map(|language| language.name().to_owned()).collect();
        about.insert(handle.agreed.plan.task_type.as_str().to_owned());
        about.insert(format!("{}_complexity", objective.complexity.as_str()));
        let wanted =
            Wanted { agent_type: objective.agent_type.clone(), about: about.into_iter().collect() };
        let (not, prefer) = match again(standing, objective.retries) {
            Again::Same(worker) => (Vec::new(), Some(worker)),
            Again::Another(not) => {
                let last = standing.attempts.last().map(|attempt| attempt.worker.clone());
                let last = last.filter(|last| !not.contains(last));
                (not, last)
            }
            Again::Nobody => (Vec::new(), None),
        };
        Ok(assign(&wanted, &candidates, &not, prefer.as_deref()))
    }

    /// Starts an objective, and a worker in its worktree.
    fn give(
        &mut self,
        handle: &mut Handle<'_>,
        objective: &ObjectiveId,
        to: usize,
        reason: &str,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        if handle.standing(objective)?.phase != Phase::Working {
            start_all(handle, std::slice::from_ref(objective), self.templates, listener)?;
        }
        let worker = &self.crew.workers[to];
        let ready = match ask::ready(handle, self.crew, objective, worker) {
            Ok(ready) => ready,
            Err(error) => return came_back::cannot_start(handle, objective, &error, listener),
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
            activity_type: "log",
            text: format!("{} begins ({reason}): {}", worker.id, ready.shown),
        });
        listener.note(&format!("{objective} is with {} ({reason}); {}", worker.id, ready.force));
        let watch = watch(handle, objective, listener);
        self.next += 1;
        let stop = self.spawn(self.next, worker, ready)?;
        self.at_work.push(AtWork {
            number: self.next,
            objective: objective.clone(),
            worker: worker.id.clone(),
            stop,
            began: Instant::now(),
            why: None,
            beyond: None,
            watch,
        });
        Ok(())
    }

    fn spawn(
        &self,
        number: usize,
        worker: &Worker,
        ready: Ready,
    ) -> Result<watch::Sender<Urgency>> {
        let Ready { job, log, .. } = ready;
        let file = open_log(&log)?;
        let (stop, urgency) = watch::channel(Urgency::GoOn);
        let (sender, backlog) = (self.sender.clone(), Arc::clone(&self.backlog));
        let reader = stream::Reader::new(worker.stream);
        let task = Task { number, job, file, reader, sender, backlog };
        self.runtime.spawn(task.run(urgency));
        Ok(stop)
    }

    /// Hears what workers say, for at most so long if nobody says anything.
    pub(super) fn listen(&mut self, pace: Duration, listener: &mut dyn Listener) -> Result<()> {
        self.look(listener);
        let until = Instant::now() + pace;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(left) {
                Ok(Message::Does(number, activity)) => self.tell(number, activity, listener),
                Ok(Message::IsBack(number, ended, said)) => {
                    let mut handle = (self.open)()?;
                    self.is_back(&mut handle, number, &ended, &said, listener)?;
                    return Ok(());
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Takes notice of what is seen in the worktrees. Who is out of scope is stopped at once.
    fn look(&mut self, listener: &mut dyn Listener) {
        for at_work in &mut self.at_work {
            let Some(watch) = &mut at_work.watch else { continue };
            let objective = &at_work.objective;
            while let Some(seen) = watch.ready() {
                match seen {
                    Seen::Changed(path) => listener.event(EventKind::WorkerActivity {
                        source: objective.to_string(),
                        activity_type: "coding",
                        text: path.to_string(),
                    }),
                    Seen::Violation(violation) => {
                        let text = violation.message(objective);
                        listener.note(&format!("{objective} is stopped: {text}"));
                        at_work.beyond.get_or_insert(text);
                        at_work.stop.send_replace(Urgency::Stop);
                    }
                    Seen::Worse(text) => listener.note(&format!("{objective}: {text}")),
                }
            }
        }
    }

    /// Hears what was said up to now.
    fn hear_now(&mut self, handle: &mut Handle<'_>, listener: &mut dyn Listener) -> Result<()> {
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                Message::Does(number, activity) => self.tell(number, activity, listener),
                Message::IsBack(number, ended, said) => {
                    self.is_back(handle, number, &ended, &said, listener)?;
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
            activity_type: activity.kind.as_str(),
            text: activity.text,
        });
    }

    fn is_back(
        &mut self,
        handle: &mut Handle<'_>,
        number: usize,
        ended: &Result<Ended>,
        said: &Said,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let at = self.at_work.iter().position(|at_work| at_work.number == number);
        let at_work = self.at_work.swap_remove(at.context("a worker that is back was at work")?);
        let back = Back {
            objective: at_work.objective.clone(),
            worker: at_work.worker,
            took: at_work.began.elapsed(),
            why: at_work.why,
            beyond: at_work.beyond,
        };
        let how = came_back::record(handle, &back, ended, said, listener)?;
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

/// What a worktree is held against.
fn held(handle: &Handle<'_>, objective: &ObjectiveId) -> Option<Held> {
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
fn watch(
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

/// Whether one that waits may go on now.
fn is_due(handle: &Handle<'_>, id: &ObjectiveId) -> bool {
    use crate::domain::session::Next;
    matches!(next(&handle.session), Next::Start { objectives, .. } if objectives.contains(id))
}

/// Something that can be done.
enum Step {
    /// Whoever watched its worker is dead.
    Orphan(ObjectiveId),
    /// What a worker left is to be judged.
    Judge(ObjectiveId),
    /// It is tried again.
    Again(ObjectiveId),
    /// This worker gets it, and why.
    Give(ObjectiveId, usize, String),
    /// No worker takes it, and why.
    People(ObjectiveId, String),
}

/// A worker's command while it runs.
struct Task {
    number: usize,
    job: Job,
    file: File,
    reader: stream::Reader,
    sender: Sender<Message>,
    backlog: Arc<AtomicUsize>,
}

impl Task {
    async fn run(self, urgency: watch::Receiver<Urgency>) {
        let Self { number, job, file, mut reader, sender, backlog } = self;
        let mut log = BufWriter::new(file);
        let mut unwritten: Option<std::io::Error> = None;
        let mut ended = worker::run(&job, urgency, |line: Line<'_>| {
            // A full disk must not end the worker; that its log is cut is told.
            let written = log.write_all(line.text.as_bytes()).and_then(|()| log.write_all(b"\n"));
            if let Err(error) = written.and_then(|()| log.flush()) {
                unwritten.get_or_insert(error);
            }
            let activity = match line.source {
                Source::Output => reader.line(line.text),
                Source::Error => Activity::new(stream::Kind::Log, line.text),
            };
            if let Some(activity) = activity
                && backlog.load(Ordering::Relaxed) < BACKLOG
            {
                backlog.fetch_add(1, Ordering::Relaxed);
                // Nobody listens any more where the run was given up.
                drop(sender.send(Message::Does(number, activity)));
            }
        })
        .await;
        leftover::kill(&job.mark);
        if let (Ok(ended), Some(error)) = (&mut ended, unwritten) {
            ended.errors.push(format!("its log could not be written: {error}"));
        }
        drop(sender.send(Message::IsBack(number, Box::new(ended), reader.finish())));
    }
}

/// A failure as one would write it into a journal.
pub(super) fn in_words(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.message.clone(),
        None => format!("{error:#}"),
    }
}
