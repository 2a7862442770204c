//! Going on where somebody does not: which objectives nobody can go on with, and what waits for
//! them.

use std::collections::BTreeSet;

use super::{Next, Phase, Session, Standing, next};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::Plan;

/// What is left out so that the rest of a session can go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Objectives that failed, are out of their scope or wait for somebody, in the order of the
    /// plan.
    pub stuck: Vec<ObjectiveId>,
    /// Those that need their results.
    pub behind: Vec<ObjectiveId>,
}

impl Left {
    /// Whether everything that is not over is left: nothing can go on without it.
    pub fn is_all(&self, session: &Session) -> bool {
        let mut open = session.objectives.iter().filter(|o| is_open(o));
        open.all(|o| self.stuck.contains(&o.id) || self.behind.contains(&o.id))
    }

    /// Those that nobody can go on with in the wave that comes next.
    pub fn in_the_way(&self, session: &Session) -> Vec<ObjectiveId> {
        let wave = session.current_wave();
        let here = |id: &&ObjectiveId| session.objective(id).map(|o| o.wave) == wave;
        self.stuck.iter().filter(here).cloned().collect()
    }
}

fn is_open(standing: &Standing) -> bool {
    !matches!(standing.phase, Phase::Merged | Phase::Dropped)
}

/// What nobody can go on with under a plan. Those of the current wave that somebody works on
/// count only where workers have nothing left to do in it: then it is people that are waited for.
pub fn left(session: &Session, plan: &Plan) -> Left {
    let waited_for = match next(session) {
        Next::Work { objectives, .. } | Next::Decide { objectives, .. } => objectives,
        _ => Vec::new(),
    };
    let current = session.current_wave();
    let is_stuck = |o: &&Standing| match o.phase {
        _ if waited_for.contains(&o.id) => true,
        Phase::Failed | Phase::Violated => true,
        Phase::Waiting => Some(o.wave) == current,
        // It was left before: people are at it.
        Phase::Working | Phase::Submitted => Some(o.wave) > current,
        Phase::Planned | Phase::Started | Phase::Accepted | Phase::Merged | Phase::Dropped => false,
    };
    let stuck: Vec<ObjectiveId> =
        session.objectives.iter().filter(is_stuck).map(|o| o.id.clone()).collect();
    let mut held: BTreeSet<&ObjectiveId> = stuck.iter().collect();
    loop {
        let more = plan.objectives.iter().find(|o| {
            !held.contains(&o.id) && o.depends_on.iter().any(|needed| held.contains(needed))
        });
        match more {
            Some(more) => held.insert(&more.id),
            None => break,
        };
    }
    let behind = session
        .objectives
        .iter()
        .filter(|o| is_open(o) && held.contains(&o.id) && !stuck.contains(&o.id));
    let behind = behind.map(|o| o.id.clone()).collect();
    Left { stuck, behind }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{id, session};
    use super::*;
    use crate::domain::plan;

    fn plan() -> Plan {
        let text = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"x\"\ntype = \"bug\"\n\
             [[objective]]\nid = \"T1\"\ntitle = \"a\"\ntouch = [\"a/\"]\n\
             [[objective]]\nid = \"T2\"\ntitle = \"b\"\ntouch = [\"b/\"]\n\
             [[objective]]\nid = \"T3\"\ntitle = \"c\"\ntouch = [\"c/\"]\ndepends_on = [\"T1\"]\n";
        plan::read(text).plan.expect("a plan")
    }

    #[test]
    fn what_needs_a_failed_one_is_left_with_it() {
        use Phase::{Accepted, Failed, Planned, Violated, Waiting, Working};
        // The phases of T1 and T2 (wave 1) and T3 (wave 2, needs T1); who is stuck, who is behind
        // them, and whether that is everything.
        let table = [
            ([Failed, Accepted, Planned], "T1", "T3", false),
            ([Failed, Violated, Planned], "T1 T2", "T3", true),
            ([Accepted, Failed, Planned], "T2", "", false),
            ([Accepted, Working, Planned], "T2", "", false),
            ([Waiting, Accepted, Planned], "T1", "T3", false),
            ([Accepted, Accepted, Failed], "T3", "", false),
            ([Working, Planned, Planned], "", "", false),
        ];
        for (phases, stuck, behind, all) in table {
            let session = session(&phases);
            let left = left(&session, &plan());
            let ids = |text: &str| text.split_whitespace().map(id).collect::<Vec<_>>();
            assert_eq!((&left.stuck, &left.behind), (&ids(stuck), &ids(behind)), "{phases:?}");
            assert_eq!(left.is_all(&session), all, "{phases:?}");
        }
    }
}
