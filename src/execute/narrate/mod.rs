//! The event pump. Work runs on a thread of its own and reports; the pump numbers what it
//! says, keeps the display alive and stops the work on Ctrl-C.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::interrupt::{self, Signals};
use crate::domain::event::{Event, EventKind, Stream};
use crate::worker::Urgency;

/// How often the display is asked to move.
const TICK: Duration = Duration::from_millis(100);

/// How long work may go on after it was asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How much longer it is waited for work that has something to take away.
const HELD: Duration = Duration::from_secs(30);

/// What the pump hands to the display.
#[derive(Debug)]
pub enum Beat<'a> {
    /// Something happened.
    Event(&'a Event),
    /// A tenth of a second has passed.
    Tick,
}

/// The work was stopped by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    signal: u8,
}

impl Interrupted {
    /// Stopped by Ctrl-C.
    pub fn by_ctrl_c() -> Self {
        Self { signal: interrupt::SIGINT }
    }

    /// Stopped by the signal of that number.
    pub(super) fn by(signal: u8) -> Self {
        Self { signal }
    }

    /// The exit code of a process that a signal ended, as shells count it.
    pub fn exit_code(self) -> u8 {
        128 + self.signal
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

enum Report {
    Happened(EventKind, u8),
    Session(String),
}

/// Through this, work says what it does and asks whether it should go on. It may be cloned
/// and shared between threads.
#[derive(Clone, Debug)]
pub struct Reporter {
    reports: mpsc::UnboundedSender<Report>,
    stop: watch::Receiver<Urgency>,
    held: Arc<AtomicUsize>,
}

/// As long as there is one, work that was asked to stop is waited for: it has something to take
/// away that must not stay behind.
#[derive(Debug)]
pub struct Hold(Arc<AtomicUsize>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reporter {
    /// A reporter that nobody listens to, for work that is not shown.
    pub fn silent() -> Self {
        Self::new().0
    }

    fn new() -> (Self, mpsc::UnboundedReceiver<Report>, watch::Sender<Urgency>) {
        let (reports, receiver) = mpsc::unbounded_channel();
        let (sender, stop) = watch::channel(Urgency::GoOn);
        (Self { reports, stop, held: Arc::default() }, receiver, sender)
    }

    /// Says what happened; `percent` is how much of the whole command is done.
    pub fn report(&self, kind: EventKind, percent: u8) {
        self.send(Report::Happened(kind, percent));
    }

    /// Says what is going on, in plain words.
    pub fn activity(&self, text: impl Into<String>, percent: u8) {
        self.report(EventKind::Activity { text: text.into() }, percent);
    }

    /// Names the plan in every event from here on.
    pub fn session(&self, id: &str) {
        self.send(Report::Session(id.to_owned()));
    }

    /// Whether the work should stop. Long work asks between its steps.
    pub fn cancelled(&self) -> bool {
        *self.stop.borrow() > Urgency::GoOn
    }

    /// The same for what waits: a worker that is asked to stop with the work.
    pub fn stop(&self) -> watch::Receiver<Urgency> {
        self.stop.clone()
    }

    /// Asks to be waited for, also when the work should stop: for at most half a minute. A second
    /// signal then asks for haste, a third one leaves the work behind.
    pub fn hold(&self) -> Hold {
        self.held.fetch_add(1, Ordering::Relaxed);
        Hold(Arc::clone(&self.held))
    }

    /// An error once the work should stop, for use with `?` between steps.
    pub fn checkpoint(&self) -> Result<(), Interrupted> {
        if self.cancelled() { Err(Interrupted::by_ctrl_c()) } else { Ok(()) }
    }

    fn send(&self, report: Report) {
        // The pump leaves before the work only when it no longer listens.
        drop(self.reports.send(report));
    }
}

/// Runs `work` on its own thread and returns what it returns. Each report, numbered by `stream`, becomes an [`Event`]
/// for `on_beat`, with the time that `now` gives: RFC 3339, and what has passed since the
/// command began.
///
/// `work` gathers and decides and writes nothing: on Ctrl-C or SIGTERM it is asked to stop
/// ([`Reporter::cancelled`]) and left behind three seconds later, or at the second signal, unless
/// it is held ([`Reporter::hold`]); the error is then [`Interrupted`]. An error of `on_beat` stops the work in the same way and is
/// returned. A panic of the work goes on here.
pub fn narrate<T, W>(
    stream: &mut Stream,
    work: W,
    now: impl FnMut() -> (String, Duration),
    on_beat: impl FnMut(Beat<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<T>
where
    W: FnOnce(&Reporter) -> T + Send + 'static,
    T: Send + 'static,
{
    narrate_until(stream, work, now, on_beat, interrupt::subscribe())
}

fn narrate_until<T, W>(
    stream: &mut Stream,
    work: W,
    now: impl FnMut() -> (String, Duration),
    on_beat: impl FnMut(Beat<'_>) -> anyhow::Result<()>,
    signals: Signals,
) -> anyhow::Result<T>
where
    W: FnOnce(&Reporter) -> T + Send + 'static,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("starting the event loop")?;
    let (reporter, receiver, stop) = Reporter::new();
    let held = Arc::clone(&reporter.held);
    let handle = runtime.spawn_blocking(move || work(&reporter));
    let pump = Pump { stream, now, on_beat, receiver, stop, held, signals };
    let outcome = runtime.block_on(pump.run(handle));
    // A work that was left behind must not hold the process up.
    runtime.shutdown_background();
    match outcome? {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(error).context("waiting for the work"),
        },
    }
}

struct Pump<'a, N, B> {
    stream: &'a mut Stream,
    now: N,
    on_beat: B,
    receiver: mpsc::UnboundedReceiver<Report>,
    stop: watch::Sender<Urgency>,
    held: Arc<AtomicUsize>,
    signals: Signals,
}

impl<N, B> Pump<'_, N, B>
where
    N: FnMut() -> (String, Duration),
    B: FnMut(Beat<'_>) -> anyhow::Result<()>,
{
    /// What the work came to, or why it was stopped.
    async fn run<T>(mut self, mut work: JoinHandle<T>) -> anyhow::Result<Result<T, JoinError>> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut signals_end = false;
        loop {
            let beat = tokio::select! {
                biased;
                signal = self.signals.changed(), if !signals_end => {
                    signals_end = signal.is_err();
                    if signals_end { Ok(()) } else { Err(self.interrupted().into()) }
                }
                Some(report) = self.receiver.recv() => self.happened(report),
                done = &mut work => {
                    while let Ok(report) = self.receiver.try_recv() {
                        self.happened(report)?;
                    }
                    return Ok(done);
                }
                _ = ticks.tick() => (self.on_beat)(Beat::Tick),
            };
            if let Err(error) = beat {
                return self.stop(work, error).await;
            }
        }
    }

    fn happened(&mut self, report: Report) -> anyhow::Result<()> {
        match report {
            Report::Session(id) => {
                self.stream.set_session(&id);
                Ok(())
            }
            Report::Happened(kind, percent) => {
                let (time, elapsed) = (self.now)();
                let event = self.stream.event(kind, percent, time, elapsed);
                (self.on_beat)(Beat::Event(&event))
            }
        }
    }

    fn interrupted(&mut self) -> Interrupted {
        Interrupted { signal: *self.signals.borrow_and_update() }
    }

    /// Asks the work to stop, waits a little, and returns why; a panic of the work comes first.
    async fn stop<T>(
        mut self,
        mut work: JoinHandle<T>,
        why: anyhow::Error,
    ) -> anyhow::Result<Result<T, JoinError>> {
        self.stop.send_replace(Urgency::Stop);
        let (mut grace, mut deadline) = (GRACE, Instant::now() + GRACE);
        loop {
            let held = self.held.load(Ordering::Relaxed) > 0;
            tokio::select! {
                biased;
                done = &mut work => return match done {
                    Err(panic) => Ok(Err(panic)),
                    Ok(_) => Err(why),
                },
                Ok(()) = self.signals.changed() => {
                    if !held || *self.stop.borrow() == Urgency::AtOnce {
                        return Err(why);
                    }
                    self.stop.send_replace(Urgency::AtOnce);
                }
                () = sleep_until(deadline) => {
                    if !held || grace == HELD {
                        return Err(why);
                    }
                    grace = HELD;
                    deadline += HELD;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
