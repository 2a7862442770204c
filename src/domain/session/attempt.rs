//! The tries of workers at an objective: what the journal says of them, and what that asks for
//! next.

use serde::{Deserialize, Serialize};

use super::{Holder, Phase, Standing};
use crate::domain::team::stream::Usage;

/// One try of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Who tries.
    pub worker: String,
    /// Why it was given the objective.
    pub reason: String,
    /// How commits name it, as `Name <mail>`.
    pub co_author: Option<String>,
    /// What marks every process that it starts.
    pub mark: String,
    /// The process of git ap that watches it.
    pub holder: Holder,
    /// When it began, RFC 3339.
    pub began: String,
    /// How often a change outside the scope was found behind it, before the next try.
    pub violations: u32,
    /// How it came back; none: it is at work, or its watcher died.
    pub returned: Option<Returned>,
}

/// The end of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// When, RFC 3339.
    pub time: String,
    /// How.
    pub how: How,
    /// What it used, as far as it says.
    pub usage: Usage,
    /// What it says that it did, on one line; empty: nothing.
    pub claim: String,
}

/// How a worker came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// Its command ended, and nothing that it said speaks against it.
    Ended,
    /// It says that it is done, and had no leave for something that it wanted to do.
    Denied {
        /// What, and why not.
        what: String,
    },
    /// Its command failed, took too long, or says that it failed.
    Failed {
        /// Why, in words.
        why: String,
    },
    /// It was stopped, or its watcher died: that says nothing about it.
    Interrupted,
    /// It was stopped because it used more than it may.
    Exceeded {
        /// What of, in words.
        why: String,
    },
}

/// What an objective asks of `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has no worktree that is ready.
    Start,
    /// It is ready for a worker.
    Dispatch,
    /// A worker is at it, or its gates run.
    AtWork,
    /// The watcher of its worker died.
    Orphaned,
    /// A worker came back, and what it left was not judged.
    Judge,
    /// It failed, and may be tried again.
    Reconsider,
    /// Nothing, or nothing that `run` could do.
    Rest,
}

/// What an objective asks for; `is_alive` tells of a process that watches a worker.
pub fn turn(standing: &Standing, is_alive: impl Fn(&Holder) -> bool) -> Turn {
    let last = standing.attempts.last();
    match standing.phase {
        Phase::Planned | Phase::Started => Turn::Start,
        Phase::Working => match last.map(|attempt| (attempt, &attempt.returned)) {
            Some((attempt, None)) if is_alive(&attempt.holder) => Turn::AtWork,
            Some((_, None)) => Turn::Orphaned,
            Some((_, Some(returned))) if !standing.judged && returned.how != How::Interrupted => {
                Turn::Judge
            }
            _ => Turn::Dispatch,
        },
        Phase::Submitted if standing.judge().is_some_and(&is_alive) => Turn::AtWork,
        Phase::Submitted if last.is_some() => Turn::Judge,
        Phase::Failed if standing.by_run => Turn::Reconsider,
        _ => Turn::Rest,
    }
}

/// Who may try again after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// The same worker.
    Same(String),
    /// Another one than these.
    Another(Vec<String>),
    /// Nobody: the owner decides.
    Nobody,
}

/// Who tries again: the first worker as often as the plan has it, then one other, once (DESIGN
/// §8). What was interrupted does not count, nor what was before the owner's `retry`. After one
/// that used more than it may, nobody does: it would be spent once more.
pub fn again(standing: &Standing, retries: u32) -> Again {
    let counted: Vec<&Attempt> = standing.attempts[standing.tries_from..]
        .iter()
        .filter(|a| a.returned.as_ref().is_none_or(|returned| returned.how != How::Interrupted))
        .collect();
    let Some(first) = counted.first() else { return Again::Another(Vec::new()) };
    let beyond =
        |a: &&Attempt| a.returned.as_ref().is_some_and(|r| matches!(r.how, How::Exceeded { .. }));
    if counted.iter().any(beyond) {
        return Again::Nobody;
    }
    let by_first = counted.iter().filter(|attempt| attempt.worker == first.worker).count();
    if counted.len() > by_first {
        return Again::Nobody;
    }
    if by_first <= usize::try_from(retries).unwrap_or(usize::MAX) {
        return Again::Same(first.worker.clone());
    }
    Again::Another(vec![first.worker.clone()])
}

#[cfg(test)]
mod tests {
    use super::super::tests::standing;
    use super::*;

    fn attempt(worker: &str, how: Option<How>) -> Attempt {
        Attempt {
            worker: worker.to_owned(),
            reason: String::new(),
            co_author: None,
            mark: String::new(),
            holder: Holder { pid: 1, started: 1, boot: String::new() },
            began: String::new(),
            violations: 0,
            returned: how.map(|how| Returned {
                time: String::new(),
                how,
                usage: Usage::default(),
                claim: String::new(),
            }),
        }
    }

    #[test]
    fn an_objective_asks_for_what_comes_next() {
        let of = |phase, attempts: Vec<Attempt>, judged, by_run| Standing {
            phase,
            attempts,
            judged,
            by_run,
            ..standing("T1")
        };
        let ended = || vec![attempt("a", Some(How::Ended))];
        let holder = || Some(Holder { pid: 1, started: 1, boot: String::new() });
        let table = [
            (of(Phase::Planned, vec![], false, false), Turn::Start),
            (of(Phase::Started, vec![], false, false), Turn::Start),
            (of(Phase::Working, vec![], false, false), Turn::Dispatch),
            (of(Phase::Working, vec![attempt("a", None)], false, false), Turn::AtWork),
            (of(Phase::Working, ended(), false, false), Turn::Judge),
            (of(Phase::Working, ended(), true, false), Turn::Dispatch),
            (
                of(Phase::Working, vec![attempt("a", Some(How::Interrupted))], false, false),
                Turn::Dispatch,
            ),
            (of(Phase::Submitted, ended(), true, false), Turn::Judge),
            (of(Phase::Submitted, vec![], true, false), Turn::Rest),
            (
                Standing { judge: holder(), ..of(Phase::Submitted, ended(), true, false) },
                Turn::AtWork,
            ),
            (
                Standing { judge: holder(), ..of(Phase::Working, ended(), true, false) },
                Turn::Dispatch,
            ),
            (of(Phase::Failed, ended(), true, true), Turn::Reconsider),
            (of(Phase::Failed, ended(), true, false), Turn::Rest),
            (of(Phase::Violated, ended(), true, true), Turn::Rest),
            (of(Phase::Accepted, ended(), true, true), Turn::Rest),
        ];
        for (standing, expected) in table {
            assert_eq!(turn(&standing, |_| true), expected, "{standing:?}");
        }
        let orphan = of(Phase::Working, vec![attempt("a", None)], false, false);
        assert_eq!(turn(&orphan, |_| false), Turn::Orphaned);
        let unjudged = Standing { judge: holder(), ..of(Phase::Submitted, ended(), true, false) };
        assert_eq!(turn(&unjudged, |_| false), Turn::Judge, "whoever ran its gates died");
    }

    #[test]
    fn the_first_worker_tries_again_and_then_another_one_once() {
        let of = |attempts: &[(&str, Option<How>)], tries_from| Standing {
            attempts: attempts.iter().map(|(worker, how)| attempt(worker, how.clone())).collect(),
            tries_from,
            ..standing("T1")
        };
        let same = |worker: &str| Again::Same(worker.to_owned());
        let other = |worker: &str| Again::Another(vec![worker.to_owned()]);
        let interrupted = || Some(How::Interrupted);
        let failed = || Some(How::Failed { why: "x".to_owned() });
        let beyond = || Some(How::Exceeded { why: "x".to_owned() });
        assert_eq!(again(&of(&[("a", beyond())], 0), 9), Again::Nobody);
        assert_eq!(again(&of(&[("a", beyond())], 1), 9), Again::Another(vec![]));
        assert_eq!(again(&of(&[], 0), 1), Again::Another(vec![]));
        assert_eq!(again(&of(&[("a", failed())], 0), 1), same("a"));
        assert_eq!(again(&of(&[("a", failed())], 0), 0), other("a"));
        assert_eq!(again(&of(&[("a", failed()), ("a", failed())], 0), 1), other("a"));
        assert_eq!(again(&of(&[("a", failed()), ("a", interrupted())], 0), 1), same("a"));
        assert_eq!(again(&of(&[("a", interrupted())], 0), 0), Again::Another(vec![]));
        assert_eq!(again(&of(&[("a", failed()), ("b", failed())], 0), 1), Again::Nobody);
        assert_eq!(again(&of(&[("a", failed()), ("b", failed())], 2), 1), Again::Another(vec![]));
    }
}
