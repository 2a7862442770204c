//! A worker's command while it runs: what it prints goes into its log, and what that shows it doing
//! to whoever watches.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use anyhow::Result;
use tokio::sync::watch;

use super::gating::Told;
use crate::domain::id::ObjectiveId;
use crate::domain::team::stream::{Activity, Limits, Said};
use crate::execute::gates::Red;
use crate::worker::{self, Ended, Heard, Job, Urgency, Way, leftover};

/// How many activities may wait to be told; a worker that says more is told less of.
pub(super) const BACKLOG: usize = 1_000;

/// What a worker's task says.
pub(super) enum Message {
    Does(usize, Activity),
    /// The last is what it used more of than it may.
    IsBack(usize, Box<Result<Ended>>, Said, Option<String>),
    /// What happens to a gate of an objective.
    Gate(ObjectiveId, Told),
    /// The gates of an objective have ended.
    Gated(ObjectiveId, Box<Result<Option<Red>>>),
}

/// A worker's command while it runs.
pub(super) struct Task {
    pub(super) number: usize,
    pub(super) job: Job,
    pub(super) way: Way,
    pub(super) file: File,
    pub(super) sender: Sender<Message>,
    pub(super) backlog: Arc<AtomicUsize>,
    /// What it may use.
    pub(super) limits: Limits,
    /// What it is stopped with.
    pub(super) stop: watch::Sender<Urgency>,
}

impl Task {
    /// Runs it to its end.
    pub(super) async fn run(self, urgency: watch::Receiver<Urgency>) {
        let Self { number, job, way, file, sender, backlog, limits, stop } = self;
        let mut over: Option<String> = None;
        let mut log = BufWriter::new(file);
        let mut unwritten: Option<std::io::Error> = None;
        let carried = worker::carry(&job, &way, urgency, |heard| match heard {
            Heard::Line(line) => {
                // A full disk must not end the worker; that its log is cut is told.
                let written = log.write_all(line.text.as_bytes());
                let written = written.and_then(|()| log.write_all(b"\n"));
                if let Err(error) = written.and_then(|()| log.flush()) {
                    unwritten.get_or_insert(error);
                }
            }
            Heard::Does(activity) => {
                if backlog.load(Ordering::Relaxed) < BACKLOG {
                    backlog.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more where the run was given up.
                    drop(sender.send(Message::Does(number, activity)));
                }
            }
            Heard::Used(usage) => {
                if over.is_none()
                    && let Some(why) = limits.exceeded(&usage)
                {
                    over = Some(why);
                    stop.send_modify(|urgency| *urgency = (*urgency).max(Urgency::Stop));
                }
            }
        })
        .await;
        leftover::kill(&job.mark);
        let (mut ended, said) = match carried {
            Ok((ended, said)) => (Ok(ended), said),
            Err(error) => (Err(error), Said::default()),
        };
        if let (Ok(ended), Some(error)) = (&mut ended, unwritten) {
            ended.errors.push(format!("its log could not be written: {error}"));
        }
        drop(sender.send(Message::IsBack(number, Box::new(ended), said, over)));
    }
}
