//! The gates of objectives run beside each other and beside those who are still at work: a test
//! suite takes minutes, and nobody waits for another's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use anyhow::{Result, anyhow};

use super::floor::Floor;
use super::judging;
use super::task::{BACKLOG, Message};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::execute::gates::{self, Progress, Red};
use crate::execute::listener::Listener;
use crate::execute::narrate::Interrupted;
use crate::execute::process::{Ended, Stops};
use crate::execute::session::Handle;
use crate::execute::submit::{Pending, is_pending, not_judged};
use crate::worker::Urgency;

/// What happens to a gate, as its thread tells it.
pub(super) enum Told {
    Begins(String),
    Says(String, String),
    Ends(String, Ended),
    PutBack(String, Vec<RepoPath>),
}

impl From<Progress<'_>> for Told {
    fn from(progress: Progress<'_>) -> Self {
        match progress {
            Progress::Begins(command) => Self::Begins(command.to_owned()),
            Progress::Says(command, line) => Self::Says(command.to_owned(), line.to_owned()),
            Progress::Ends(command, ended) => Self::Ends(command.to_owned(), ended.clone()),
            Progress::PutBack(command, paths) => Self::PutBack(command.to_owned(), paths.to_vec()),
        }
    }
}

/// An objective whose gates run, or wait until others have ended.
pub(super) struct Gating {
    pending: Box<Pending>,
    /// How often its gates were asked to end.
    stop: Arc<AtomicU8>,
    began: bool,
    /// Why they were stopped, if it was not Ctrl-C.
    why: Option<String>,
}

impl Gating {
    /// Which objective.
    pub(super) fn objective(&self) -> &ObjectiveId {
        &self.pending.objective
    }

    /// Whether somebody has stopped them already.
    pub(super) fn is_stopped(&self) -> bool {
        self.why.is_some()
    }

    /// Has them end; those that wait do so at once.
    pub(super) fn stop(&mut self, why: &str, sender: &Sender<Message>) {
        self.why = Some(why.to_owned());
        self.stop.fetch_max(1, Ordering::Relaxed);
        if !std::mem::replace(&mut self.began, true) {
            let ended = Box::new(Err(Interrupted::by_ctrl_c().into()));
            drop(sender.send(Message::Gated(self.objective().clone(), ended)));
        }
    }
}

/// Runs the gates of an objective on a thread of their own. That they have ended is said also
/// where the thread panics.
fn run(pending: &Pending, stop: Arc<AtomicU8>, sender: Sender<Message>, backlog: Arc<AtomicUsize>) {
    struct Ends(Sender<Message>, ObjectiveId, Option<Result<Option<Red>>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let result = self.2.take().unwrap_or_else(|| Err(anyhow!("a gate's thread panicked")));
            // Nobody listens any more where the run was given up.
            drop(self.0.send(Message::Gated(self.1.clone(), Box::new(result))));
        }
    }
    let (objective, commands) = (pending.objective.clone(), pending.commands.clone());
    let mut setting = pending.setting.clone();
    setting.stops = Stops::ByUs(stop);
    std::thread::spawn(move || {
        let mut ends = Ends(sender.clone(), objective.clone(), None);
        ends.2 = Some(gates::check(&commands, &setting, &mut |progress| {
            let says = matches!(progress, Progress::Says(..));
            // What is not told is in the log.
            if says && backlog.load(Ordering::Relaxed) >= BACKLOG {
                return;
            }
            backlog.fetch_add(1, Ordering::Relaxed);
            drop(sender.send(Message::Gate(objective.clone(), progress.into())));
        }));
    });
}

impl Floor<'_, '_> {
    /// Has the gates of an objective run as soon as there is room.
    pub(super) fn gate(&mut self, pending: Box<Pending>) {
        self.gating.push(Gating { pending, stop: Arc::default(), began: false, why: None });
        self.begin_gates();
    }

    /// Begins with as many gates as may run at once: as many as there are processors, and no more
    /// than workers may.
    fn begin_gates(&mut self) {
        let at_once = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        let at_once = if self.crew.jobs > 0 { at_once.min(self.crew.jobs) } else { at_once };
        let running = self.gating.iter().filter(|gating| gating.began).count();
        let waiting = self.gating.iter_mut().filter(|gating| !gating.began);
        for gating in waiting.take(at_once.saturating_sub(running)) {
            gating.began = true;
            let (stop, backlog) = (Arc::clone(&gating.stop), Arc::clone(&self.backlog));
            run(&gating.pending, stop, self.sender.clone(), backlog);
        }
    }

    /// Asks all gates to end: as a signal would, once more for more hurry.
    pub(super) fn stop_gates(&mut self, urgency: Urgency) {
        let often = if urgency == Urgency::AtOnce { 2 } else { 1 };
        for gating in &self.gating {
            gating.stop.fetch_max(often, Ordering::Relaxed);
        }
        // Those that have not begun are judged by the next run.
        self.gating.retain(|gating| gating.began);
    }

    /// Tells what a gate said.
    pub(super) fn tell_gate(
        &self,
        objective: &ObjectiveId,
        told: &Told,
        listener: &mut dyn Listener,
    ) {
        self.backlog.fetch_sub(1, Ordering::Relaxed);
        let progress = match told {
            Told::Begins(command) => Progress::Begins(command),
            Told::Says(command, line) => Progress::Says(command, line),
            Told::Ends(command, ended) => Progress::Ends(command, ended),
            Told::PutBack(command, paths) => Progress::PutBack(command, paths),
        };
        gates::tell_beside(objective.as_str(), progress, listener);
    }

    /// The gates of an objective have ended.
    pub(super) fn is_gated(
        &mut self,
        handle: &mut Handle<'_>,
        objective: &ObjectiveId,
        result: Result<Option<Red>>,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let Some(at) = self.gating.iter().position(|gating| gating.objective() == objective) else {
            return Ok(());
        };
        let Gating { pending, why, .. } = self.gating.swap_remove(at);
        self.begin_gates();
        if !is_pending(handle, &pending) {
            // Somebody dropped it meanwhile: what came of them says nothing any more.
            return Ok(());
        }
        match result {
            Ok(red) => judging::settled(handle, *pending, red, listener),
            Err(error) if error.is::<Interrupted>() => {
                if let Some(why) = why {
                    listener.note(&format!("{objective}: its gates were stopped ({why})"));
                }
                not_judged(handle, &pending)
            }
            Err(error) => {
                not_judged(handle, &pending)?;
                Err(error)
            }
        }
    }
}
