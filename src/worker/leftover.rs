//! Processes that left their worker's group and session (setsid(2)): the group's signals do not
//! reach them. They still have the variable that marked the worker.

/// The variable that marks everything that a worker starts.
pub(super) const MARK: &str = "AP_RUN";

/// A mark that no other run of a worker has.
pub fn mark() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let own = crate::store::this_process();
    format!("{}-{}-{}", own.pid, own.started, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// How often it is looked for more: one that is killed may just have started another.
#[cfg(target_os = "linux")]
const ROUNDS: usize = 5;

/// Kills what is left of the run of that mark. Where the system does not show the variables of processes, as
/// outside Linux, nothing is.
#[cfg(target_os = "linux")]
pub fn kill(mark: &str) {
    let wanted = format!("{MARK}={mark}");
    for _ in 0..ROUNDS {
        if !kill_once(wanted.as_bytes()) {
            return;
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn kill(_mark: &str) {}

#[cfg(target_os = "linux")]
fn kill_once(wanted: &[u8]) -> bool {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    let own = std::process::id();
    let mut found = false;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let pid = i32::try_from(number).ok().and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| number != own) else { continue };
        // The descriptor keeps meaning this process, whatever its number means later. Processes
        // of others, and those that have ended, show nothing.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let Ok(variables) = std::fs::read(entry.path().join("environ")) else { continue };
        if variables.split(|byte| *byte == 0).any(|variable| variable == wanted) {
            found |= pidfd_send_signal(process, Signal::KILL).is_ok();
        }
    }
    found
}
