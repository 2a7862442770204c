//! Ctrl-C and SIGTERM. While something listens they ask it to stop; at any other time they end
//! the process at once, as they would without us.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::narrate::Interrupted;

/// The number of the last signal, for whoever listens.
pub(super) type Signals = watch::Receiver<u8>;

/// SIGINT, as POSIX numbers it.
pub(super) const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;

static SENDER: OnceLock<watch::Sender<u8>> = OnceLock::new();

/// A receiver of signals from now on. The first call starts the thread that waits for them:
/// tokio never gives a signal back to the system once it was asked for, so the thread stays
/// and does what the system would have done. Where it cannot be started, signals keep ending
/// the process.
pub(super) fn subscribe() -> Signals {
    let sender = SENDER.get_or_init(|| {
        let sender = watch::Sender::new(0);
        let of_thread = sender.clone();
        let named = std::thread::Builder::new().name("signals".into());
        drop(named.spawn(move || wait(&of_thread)));
        sender
    });
    sender.subscribe()
}

/// Ctrl-C and SIGTERM, for a command that looks and waits in turns.
#[derive(Debug)]
pub struct Pauses {
    signals: Signals,
    runtime: tokio::runtime::Runtime,
}

impl Pauses {
    /// Pauses from now on. Fails where the system has no room for a timer.
    pub fn new() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("starting the event loop")?;
        let mut signals = subscribe();
        signals.mark_unchanged();
        Ok(Self { signals, runtime })
    }

    /// Waits for so long. A signal ends it at once, with [`Interrupted`].
    pub fn pause(&mut self, long: Duration) -> Result<(), Interrupted> {
        let changed = async { tokio::time::timeout(long, self.signals.changed()).await };
        match self.runtime.block_on(changed) {
            Ok(Ok(())) => Err(Interrupted::by(*self.signals.borrow_and_update())),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

fn wait(sender: &watch::Sender<u8>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
        return;
    };
    runtime.block_on(async {
        #[cfg(unix)]
        let Ok(mut terminate) =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            return;
        };
        loop {
            #[cfg(unix)]
            let signal = tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => SIGINT,
                Some(()) = terminate.recv() => SIGTERM,
                else => return,
            };
            #[cfg(not(unix))]
            let signal = match tokio::signal::ctrl_c().await {
                Ok(()) => SIGINT,
                Err(_) => return,
            };
            if sender.send(signal).is_err() {
                end(signal);
            }
        }
    });
}

#[expect(clippy::exit, reason = "nothing listens: this is the signal's own effect")]
fn end(signal: u8) {
    std::process::exit(128 + i32::from(signal));
}
