//! The variables of an objective: who it is, and ports of its own, so that servers which are
//! started in several worktrees at once do not meet.

use std::collections::BTreeSet;

use super::error::{Failure, Kind};
use super::id::{ObjectiveId, PlanId};

/// Ports in a block.
pub const BLOCK: u16 = 100;
/// The first block. Below are the ports that services are known by.
const FIRST: u16 = 20_000;
/// No block begins from here on: Linux hands out 32768 and above by itself (ip(7),
/// `ip_local_port_range`).
const END: u16 = 32_700;

/// The first port of a block that nobody has.
pub fn port_base(taken: &BTreeSet<u16>) -> Result<u16, Failure> {
    let mut blocks = (FIRST..END).step_by(usize::from(BLOCK));
    // A base that another version gave need not be a multiple of ours.
    let meets = |base: u16| taken.range(base - (BLOCK - 1)..base + BLOCK).next().is_some();
    blocks.find(|base| !meets(*base)).ok_or_else(|| {
        Failure::new(Kind::Repository, "every block of ports is taken by an unfinished session")
            .hint("git ap clean")
    })
}

/// The variables of an objective's set-up, gates and worker; `more` are the owner's.
pub fn variables(
    plan: &PlanId,
    objective: &ObjectiveId,
    port_base: u16,
    more: &[(String, String)],
) -> Vec<(String, String)> {
    let own = [
        ("AP_PLAN", plan.to_string()),
        ("AP_OBJECTIVE", objective.to_string()),
        ("AP_PORT_BASE", port_base.to_string()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    more.iter().cloned().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_meet_and_run_out() {
        let mut taken = BTreeSet::new();
        while let Ok(base) = port_base(&taken) {
            assert!(taken.insert(base), "{base} was given twice");
        }
        assert_eq!((taken.first(), taken.last()), (Some(&20_000), Some(&32_600)));
        taken.remove(&20_300);
        assert_eq!(port_base(&taken), Ok(20_300));
        for (one, expected) in [(19_901, 20_100), (19_900, 20_000), (20_050, 20_200)] {
            assert_eq!(port_base(&BTreeSet::from([one])), Ok(expected), "{one}");
        }
    }
}
