//! Which process holds a claim, told apart from a later one with the same number.

use std::path::Path;

use crate::domain::session::Holder;

/// This process.
pub fn this_process() -> Holder {
    let pid = std::process::id();
    Holder { pid, started: started(pid).unwrap_or_default(), boot: boot() }
}

/// Whether the process that made a claim still runs. Where the system does not tell when a
/// process began, a process of that number is taken for the same.
pub fn is_alive(holder: &Holder) -> bool {
    holder.boot == boot() && started(holder.pid) == Some(holder.started)
}

/// Field 22 of `/proc/<pid>/stat`, in clock ticks since boot (proc(5)). The second
/// field is the program's name in parentheses and may hold anything.
fn started(pid: u32) -> Option<u64> {
    if !Path::new("/proc/self").exists() {
        return (pid == std::process::id()).then_some(0);
    }
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let behind_name = text.iter().rposition(|b| *b == b')')? + 1;
    let rest = String::from_utf8_lossy(&text[behind_name..]).into_owned();
    let mut fields = rest.split_whitespace();
    // A process that has ended and was not waited for yet holds nothing.
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_process_is_alive() {
        let own = this_process();
        assert!(is_alive(&own));
        assert!(!is_alive(&Holder { started: own.started + 1, ..own.clone() }));
        assert!(!is_alive(&Holder { boot: "another".into(), ..own.clone() }));
        assert!(!is_alive(&Holder { pid: u32::MAX, ..own }));
    }
}
