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

use super::came_back::{self, Back};
use super::dispatch::Given;
use super::gating::Gating;
use super::held::held;
use super::judging;
use super::letters::Letters;
use super::task::{BACKLOG, Message};
use super::{Crew, Open};
use crate::domain::error::Failure;
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{How, Phase};
use crate::domain::team::stream::{Activity, Said};
use crate::execute::listener::Listener;
use crate::execute::session::Handle;
use crate::report::Templates;
use crate::worker::watch::Watch;
use crate::worker::{Ended, Urgency};

/// After how long a journal is read again that nobody has written to.
const AGAIN: Duration = Duration::from_secs(2);

/// How long a journal is.
pub(super) fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// A worker at an objective.
pub(super) struct AtWork {
    pub(super) number: usize,
    pub(super) objective: ObjectiveId,
    pub(super) worker: String,
    pub(super) stop: watch::Sender<Urgency>,
    pub(super) began: Instant,
    /// Why it was stopped, if it was not Ctrl-C.
    pub(super) why: Option<String>,
    /// What it changed outside of its scope, while it was watched.
    pub(super) beyond: Option<String>,
    pub(super) watch: Option<Watch>,
    pub(super) letters: Letters,
}

/// The workers that are at work.
pub(super) struct Floor<'a, 'h> {
    pub(super) crew: &'a Crew<'a>,
    pub(super) open: Open<'a, 'h>,
    pub(super) templates: &'a Templates,
    pub(super) runtime: runtime::Handle,
    pub(super) at_work: Vec<AtWork>,
    /// Those whose worktrees are made ready, while a look at the session lasts.
    pub(super) given: Vec<Given>,
    /// Those whose gates run.
    pub(super) gating: Vec<Gating>,
    pub(super) next: usize,
    inbox: Receiver<Message>,
    pub(super) sender: Sender<Message>,
    pub(super) backlog: Arc<AtomicUsize>,
    /// Objectives that no worker of this crew takes, and why; each is told once.
    pub(super) people: BTreeSet<ObjectiveId>,
    /// What was asked for before this is of an earlier run.
    heard: Option<u64>,
    /// What each objective is about on an integration tip: it takes a look at the whole tree.
    pub(super) about: RefCell<HashMap<(String, ObjectiveId), Vec<String>>>,
    /// The journal as it was when it was read last: where, how long, and when that was.
    pub(super) read: Option<(PathBuf, u64, Instant)>,
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
            gating: Vec::new(),
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
        self.at_work.is_empty() && self.gating.is_empty()
    }

    /// Asks everybody to end.
    pub(super) fn stop(&mut self, urgency: Urgency) {
        for at_work in &self.at_work {
            at_work.stop.send_replace(urgency);
        }
        self.stop_gates(urgency);
    }

    /// Whether the journal is as it was when it was read last, not long ago: who is alive and who
    /// is not stands in no journal.
    pub(super) fn nothing_new(&self) -> bool {
        let same = |(file, known, when): &(PathBuf, u64, Instant)| {
            when.elapsed() < AGAIN && length(file) == *known
        };
        self.read.as_ref().is_some_and(same)
    }

    /// Takes notice of what was said in another terminal.
    pub(super) fn follow(&mut self, handle: &Handle<'_>) {
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
        for gating in self.gating.iter_mut().filter(|gating| !gating.is_stopped()) {
            let standing = session.objective(gating.objective());
            let of = |who: &&Option<ObjectiveId>| {
                who.as_ref().is_none_or(|objective| objective == gating.objective())
            };
            if asked.iter().any(of) {
                gating.stop("`git ap stop`", &self.sender);
            } else if let Some(phase) = standing.map(|s| s.phase).filter(|p| *p != Phase::Submitted)
            {
                let why = format!("{} is {}", gating.objective(), phase.as_str());
                gating.stop(&why, &self.sender);
            }
        }
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
                Ok(Message::Gate(objective, told)) => {
                    self.tell_gate(&objective, &told, listener);
                    if left.is_zero() {
                        return Ok(());
                    }
                }
                Ok(Message::Gated(objective, result)) => {
                    let mut handle = (self.open)()?;
                    return self.is_gated(&mut handle, &objective, *result, listener);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Hears what was said up to now, or some of it where it does not end.
    pub(super) fn hear_now(
        &mut self,
        handle: &mut Handle<'_>,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        for _ in 0..BACKLOG {
            let Ok(message) = self.inbox.try_recv() else { break };
            match message {
                Message::Does(number, activity) => self.tell(number, activity, listener),
                Message::IsBack(number, ended, said, over) => {
                    self.is_back(handle, number, (&ended, &said, over), listener)?;
                }
                Message::Gate(objective, told) => self.tell_gate(&objective, &told, listener),
                Message::Gated(objective, result) => {
                    self.is_gated(handle, &objective, *result, listener)?;
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

    /// Judges what a worker left, or has its gates decide.
    pub(super) fn judge(
        &mut self,
        handle: &mut Handle<'_>,
        objective: &ObjectiveId,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        if let Some(pending) = judging::judge(handle, objective, self.templates, listener)? {
            self.gate(pending);
        }
        Ok(())
    }
}

/// A failure as one would write it into a journal.
pub(super) fn in_words(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.message.clone(),
        None => format!("{error:#}"),
    }
}
