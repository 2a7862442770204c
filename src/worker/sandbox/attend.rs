//! Running a command for whoever sits at the terminal, to its end.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

/// Runs a command with the terminal, and returns its exit code; 128 and the signal's number where
/// one ended it. Ctrl-C reaches it by the terminal, and SIGTERM is passed on: it is for the
/// command to end then, and for the caller to clean up.
pub fn attend(words: &[OsString]) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let status = runtime.context("cannot wait for a command")?.block_on(ended(words))?;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

async fn ended(words: &[OsString]) -> Result<ExitStatus> {
    let (program, arguments) = words.split_first().context("a command has a program")?;
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let starting = || format!("cannot start {}", program.display());
    let mut child =
        tokio::process::Command::new(program).args(arguments).spawn().with_context(starting)?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    loop {
        tokio::select! {
            status = child.wait() => return status.with_context(starting),
            Some(()) = interrupt.recv() => {}
            Some(()) = terminate.recv() => {
                if let Some(pid) = pid {
                    // It may have ended by itself.
                    let _gone = kill_process(pid, Signal::TERM);
                }
            }
        }
    }
}
