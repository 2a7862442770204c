//! Process groups: every command that git ap starts for somebody leads one, and ends with it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};

/// How long a killed group may take to be gone.
pub(super) const GONE: Duration = Duration::from_millis(500);
/// How often it is looked after.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Whether a child has ended, leaving its exit code to be waited for (waitid(2), `WNOWAIT`): until
/// that is done its number is still that of its group.
pub fn has_ended(child: Pid) -> Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(child), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error).context("cannot wait for a command"),
    }
}

/// Asks the group of a process to end. That there is none any more is the usual case.
pub fn terminate(leader: Pid) {
    let _gone = kill_process_group(leader, Signal::TERM);
}

/// Kills the group of a process.
pub fn kill(leader: Pid) {
    let _gone = kill_process_group(leader, Signal::KILL);
}

/// Whether no process of a group is left.
pub fn is_gone(leader: Pid) -> bool {
    test_kill_process_group(leader).is_err()
}

/// Waits a moment until a killed group is gone: the next command may need its ports. Where
/// nobody waits for orphans, as in some containers, a group never goes.
pub fn await_gone(leader: Pid) {
    let begun = Instant::now();
    while !is_gone(leader) && begun.elapsed() < GONE {
        std::thread::sleep(TICK);
    }
}
