//! Following a process to its end: what it says is handed on as it comes, and when it is to end
//! it is asked in steps, each a little ruder than the one before.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use anstream::adapter::strip_str;
use anyhow::Result;
use rustix::process::Pid;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::read::Lines;
use super::{Conclusion, Doing, Heard, Line, Source, Urgency};
use crate::worker::group;

/// How long a worker has between the request to end and its end.
const GRACE: Duration = Duration::from_secs(5);
/// The same where the owner waits for it after Ctrl-C.
const GRACE_OF_STOP: Duration = Duration::from_secs(2);
/// How long one that speaks a protocol has to answer that it stops, before it is asked to end.
const CANCEL: Duration = Duration::from_secs(1);
/// How long one that has answered has to go by itself once its standard input is closed.
const LEAVE: Duration = Duration::from_secs(1);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(20);
/// How many of the last lines of standard error are kept.
const TAIL: usize = 20;

/// Why a worker was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It took too long.
    TooLong,
    /// Somebody wants it.
    Stopped,
    /// It has said its last word.
    Answered,
}

/// A worker that is asked to end.
#[derive(Clone, Copy)]
struct Asked {
    why: Why,
    since: Instant,
    /// When its group was asked to.
    terminated: Option<Instant>,
}

/// A process that is followed.
pub(super) struct Following<'a, F> {
    /// Its number, which is that of its group.
    pub(super) leader: Pid,
    /// After how long it is asked to end.
    pub(super) timeout: Duration,
    /// Whether somebody wants it to end.
    pub(super) stop: watch::Receiver<Urgency>,
    /// What it prints.
    pub(super) lines: Lines,
    /// What it is seen to do.
    pub(super) does: mpsc::Receiver<Doing>,
    /// Whoever speaks with it; holds its standard input.
    pub(super) talk: Pin<Box<dyn Future<Output = Conclusion> + Send>>,
    /// How whoever speaks with it is told to cancel; none: it cannot be told.
    pub(super) cancel: Option<watch::Sender<bool>>,
    /// What the conversation came to.
    pub(super) conclusion: Option<Conclusion>,
    /// The last lines of its standard error.
    pub(super) errors: VecDeque<String>,
    /// Who is told what it says.
    pub(super) hear: &'a mut F,
}

impl<F: FnMut(Heard<'_>)> Following<'_, F> {
    /// Follows it to its end, and returns why it was asked to end, if it was.
    pub(super) async fn follow(&mut self) -> Result<Option<Why>> {
        let begun = Instant::now();
        let mut asked: Option<Asked> = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => {}
                line = self.lines.recv(), if open => {
                    match line {
                        Some((source, line)) => self.keep(source, &line),
                        // Both pipes are closed: the end is near, or it works on in silence.
                        None => open = false,
                    }
                    continue;
                }
                Some(doing) = self.does.recv() => {
                    (self.hear)(doing.into());
                    continue;
                }
                conclusion = &mut self.talk, if self.conclusion.is_none() => {
                    self.conclusion = Some(conclusion);
                    self.hang_up();
                }
            }
            if group::has_ended(self.leader)? {
                return Ok(asked.map(|asked| asked.why));
            }
            let late = begun.elapsed() >= self.timeout;
            asked = self.press(asked, late);
        }
    }

    /// One step towards the end, if it is to end.
    fn press(&mut self, asked: Option<Asked>, late: bool) -> Option<Asked> {
        let urgency = *self.stop.borrow();
        let Some(mut asked) = asked else {
            let why = match (urgency, &self.conclusion) {
                (_, Some(_)) => Why::Answered,
                (Urgency::GoOn, None) if late => Why::TooLong,
                (Urgency::GoOn, None) => return None,
                (Urgency::Stop | Urgency::AtOnce, None) => Why::Stopped,
            };
            if let Some(cancel) = &self.cancel {
                cancel.send_replace(true);
            }
            return Some(Asked { why, since: Instant::now(), terminated: None });
        };
        let patience = match asked.why {
            Why::Answered => LEAVE,
            _ if self.cancel.is_some() && self.conclusion.is_none() => CANCEL,
            Why::TooLong | Why::Stopped => Duration::ZERO,
        };
        let grace = match (asked.why, urgency) {
            (_, Urgency::AtOnce) => Duration::ZERO,
            (Why::TooLong, Urgency::GoOn) => GRACE,
            (Why::Answered | Why::Stopped, _) | (Why::TooLong, Urgency::Stop) => GRACE_OF_STOP,
        };
        match asked.terminated {
            None if urgency < Urgency::AtOnce && asked.since.elapsed() < patience => {}
            None => {
                self.hang_up();
                group::terminate(self.leader);
                asked.terminated = Some(Instant::now());
                if grace.is_zero() {
                    group::kill(self.leader);
                }
            }
            Some(since) if since.elapsed() >= grace => group::kill(self.leader),
            Some(_) => {}
        }
        if asked.why == Why::TooLong && urgency > Urgency::GoOn {
            asked.why = Why::Stopped;
        }
        Some(asked)
    }

    /// Ends the conversation: with it goes the standard input.
    fn hang_up(&mut self) {
        self.talk = Box::pin(std::future::pending());
    }

    /// Takes in what was said before the end and not heard yet, for at most so long.
    pub(super) async fn drain(&mut self, until: Instant) {
        let mut open = true;
        while open || (self.conclusion.is_none() && self.cancel.is_some()) {
            let heard = timeout_at(until, async {
                tokio::select! {
                    biased;
                    line = self.lines.recv(), if open => Some(line),
                    conclusion = &mut self.talk, if self.conclusion.is_none() => {
                        self.conclusion = Some(conclusion);
                        None
                    }
                }
            });
            match heard.await {
                Ok(Some(Some((source, line)))) => self.keep(source, &line),
                Ok(Some(None)) => open = false,
                Ok(None) => self.hang_up(),
                Err(_) => break,
            }
        }
        while let Ok(doing) = self.does.try_recv() {
            (self.hear)(doing.into());
        }
    }

    fn keep(&mut self, source: Source, line: &[u8]) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text));
        (self.hear)(Heard::Line(Line { source, text: &text }));
        if source == Source::Error {
            if self.errors.len() == TAIL {
                self.errors.pop_front();
            }
            self.errors.push_back(strip_str(&text).to_string());
        }
    }
}
