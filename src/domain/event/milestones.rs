//! What the lines of a journal mean to whoever follows a session from outside: the milestones of
//! the same stream that the command at work tells in more detail.

use super::{ActivityType, EventKind};
use crate::domain::session::{
    Amendment, Answer, Entry, How, Line, Operation, Place, Request, Session,
};

/// The events of the last of these lines. `after` is the session that the lines make.
pub fn milestones(lines: &[Line], after: Option<&Session>) -> Vec<EventKind> {
    let (Some(line), Some(session)) = (lines.last(), after) else { return Vec::new() };
    match &line.entry {
        Entry::Outcome { intent, done: true } => {
            let intent = intent.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            match intent.and_then(|at| lines.get(at)).map(|line| &line.entry) {
                Some(Entry::Intent { operation }) => carried_out(operation, line, session),
                _ => Vec::new(),
            }
        }
        Entry::Dispatched { objective, worker, reason, .. } => vec![EventKind::WorkerActivity {
            source: objective.to_string(),
            activity_type: ActivityType::Log,
            text: format!("{worker} begins ({reason})"),
        }],
        Entry::ScopeRequested { .. } | Entry::ScopeDenied { .. } => asked(line, session),
        entry => of_objective(entry, line, session).unwrap_or_else(|| beside(entry)),
    }
}

/// What an operation has brought about.
fn carried_out(operation: &Operation, line: &Line, session: &Session) -> Vec<EventKind> {
    match operation {
        Operation::Approve(approval) => {
            vec![EventKind::PlanApproved { pin: approval.pin.clone() }]
        }
        Operation::Start { objective, .. } => {
            let Some(standing) = session.objective(objective) else { return Vec::new() };
            let begun = session.of_wave(standing.wave).filter(|o| o.began.is_some()).count();
            let is_first = begun == 1 && standing.began.as_ref() == Some(&line.time);
            is_first.then_some(EventKind::WaveStart { wave: standing.wave }).into_iter().collect()
        }
        Operation::Merge { wave, to, .. } => {
            let mut told = vec![EventKind::WaveComplete { wave: *wave, commit: to.clone() }];
            if session.current_wave().is_none() {
                told.push(EventKind::IntegrationComplete { commit: to.clone() });
            }
            told
        }
        Operation::Undo { wave, .. } => {
            let reason = "the owner took it back".to_owned();
            vec![EventKind::WaveRolledBack { wave: *wave, reason }]
        }
        Operation::Land { to, .. } => vec![EventKind::SessionLanded { commit: to.clone() }],
        Operation::Amend { amendment: Amendment::Grant { objective, patterns, .. }, .. } => {
            let (objective, patterns) = (objective.to_string(), patterns.clone());
            vec![EventKind::ScopeGranted { objective, patterns }]
        }
        Operation::Sync { .. } => one("the target was merged".to_owned()),
        Operation::Drop { objective, .. } => one(format!("{objective} was dropped")),
        Operation::Amend { .. } => one("the plan was changed".to_owned()),
        Operation::Clean { .. } => one("the session was cleaned up".to_owned()),
    }
}

fn one(text: String) -> Vec<EventKind> {
    vec![EventKind::Activity { text }]
}

/// What happened to one objective.
fn of_objective(entry: &Entry, line: &Line, session: &Session) -> Option<Vec<EventKind>> {
    Some(match entry {
        Entry::Ready { objective, .. } => {
            let place = session.objective(objective)?.place.as_ref()?;
            let worktree = place.worktree.clone();
            vec![EventKind::ObjectiveStart { objective: objective.to_string(), worktree }]
        }
        Entry::Returned { objective, how, usage, .. } => {
            let attempt = session.objective(objective)?.attempts.last()?;
            let worker = attempt.worker.clone();
            let seconds = seconds(&attempt.began, &line.time);
            let objective = objective.to_string();
            let metrics = EventKind::WorkerMetrics {
                objective,
                worker: worker.clone(),
                seconds,
                turns: usage.turns,
                cost: usage.cost,
            };
            let error = match how {
                How::Failed { why } | How::Exceeded { why } => {
                    Some(EventKind::WorkerError { worker, reason: why.clone() })
                }
                How::Ended | How::Denied { .. } | How::Interrupted => None,
            };
            std::iter::once(metrics).chain(error).collect()
        }
        Entry::Accepted { objective, tip, .. } => {
            let (objective, tip) = (objective.to_string(), tip.clone());
            vec![EventKind::ObjectiveComplete { objective, tip }]
        }
        Entry::Failed { objective, reason, .. } => {
            let (objective, reason) = (objective.to_string(), reason.clone());
            vec![EventKind::ObjectiveFailed { objective, reason }]
        }
        Entry::Violated { objective, violations, .. } => {
            let told = |text: &String| EventKind::ScopeViolation {
                objective: objective.to_string(),
                text: text.clone(),
            };
            violations.iter().map(told).collect()
        }
        Entry::Retried { objective, .. } => one(format!("{objective} is tried again")),
        Entry::Resumed { objective } => one(format!("{objective} goes on")),
        Entry::StopAsked { objective: Some(objective) } => {
            one(format!("the worker of {objective} is to be stopped"))
        }
        Entry::Postponed { moves } => {
            let told = |place: &Place| EventKind::ObjectiveWaiting {
                objective: place.objective.to_string(),
                reason: format!("it waits for wave {}", place.wave),
            };
            moves.iter().map(told).collect()
        }
        _ => return None,
    })
}

/// What objectives ask for, and what is answered.
fn asked(line: &Line, session: &Session) -> Vec<EventKind> {
    let request = |number: u64| session.requests.iter().find(|request| request.seq == number);
    match &line.entry {
        Entry::ScopeRequested { objective, patterns, why, answer } => {
            let asks = EventKind::ScopeRequest {
                objective: objective.to_string(),
                patterns: patterns.clone(),
                why: why.clone(),
            };
            let objective = objective.to_string();
            let answered = match answer {
                Answer::Open => None,
                Answer::Waits { .. } => Some(EventKind::ObjectiveWaiting {
                    objective,
                    reason: request(line.seq).map(Request::describe).unwrap_or_default(),
                }),
                Answer::Denied { reason } => Some(EventKind::ScopeDenied {
                    objective,
                    patterns: patterns.clone(),
                    reason: reason.clone(),
                }),
            };
            std::iter::once(asks).chain(answered).collect()
        }
        Entry::ScopeDenied { request: number, reason, .. } => {
            let told = |request: &Request| EventKind::ScopeDenied {
                objective: request.objective.to_string(),
                patterns: request.patterns.clone(),
                reason: reason.clone(),
            };
            request(*number).map(told).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What happened beside the objectives.
fn beside(entry: &Entry) -> Vec<EventKind> {
    match entry {
        Entry::Claimed { what, .. } => one(what.clone()),
        Entry::StopAsked { objective: None } => one("all workers are to be stopped".to_owned()),
        Entry::GateRed { wave, command, .. } => {
            let reason = format!("`{command}` is red");
            vec![EventKind::WaveRolledBack { wave: *wave, reason }]
        }
        Entry::SyncStopped { worktree, .. } => {
            one(format!("a conflict with the target is to be resolved in {worktree}"))
        }
        _ => Vec::new(),
    }
}

/// Seconds between two times of RFC 3339, nothing where one is none.
fn seconds(from: &str, to: &str) -> f64 {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let between = time(from).zip(time(to)).map(|(from, to)| to.duration_since(from));
    between.map_or(0.0, |between| between.as_secs_f64().max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ObjectiveId, PlanId};
    use crate::domain::session::{Approval, Holder, Tip, advance};
    use crate::domain::team::stream::Usage;

    fn id(text: &str) -> ObjectiveId {
        ObjectiveId::parse(text).expect("valid")
    }

    /// The lines as they follow each other, each with the types of its events.
    fn told(entries: Vec<Entry>) -> Vec<String> {
        let mut lines: Vec<Line> = Vec::new();
        let mut session = None;
        let mut told = Vec::new();
        for entry in entries {
            let seq = lines.len() as u64 + 1;
            let time = format!("2025-10-08T10:00:{seq:02}Z");
            lines.push(Line { schema: 1, seq, time, entry });
            advance(&mut session, &lines[lines.len() - 1]).expect("it follows");
            for event in milestones(&lines, session.as_ref()) {
                let event = serde_json::to_value(event).expect("plain data");
                told.push(format!("{seq} {}", event["type"].as_str().expect("a word")));
            }
        }
        told
    }

    fn approval() -> Approval {
        Approval {
            plan: PlanId::parse("20251008-104131-x").expect("valid"),
            pin: "p".into(),
            target: "refs/heads/main".into(),
            target_tip: "m".into(),
            prefix: "ap".into(),
            slug: "x".into(),
            by_run: false,
            objectives: vec![Place { objective: id("T1"), wave: 1 }],
        }
    }

    #[test]
    fn each_milestone_is_told_once_in_the_type_that_run_has_for_it() {
        let start = Operation::Start {
            objective: id("T1"),
            branch: "refs/heads/ap/x/T1".into(),
            worktree: "/w".into(),
            start: "p".into(),
            port_base: 20_000,
            afresh: false,
        };
        let merge = Operation::Merge {
            wave: 1,
            from: "p".into(),
            to: "w".into(),
            tips: vec![Tip { objective: id("T1"), commit: "c".into(), changed: true }],
            gates: Vec::new(),
        };
        let holder = Holder { pid: 1, started: 1, boot: "b".into() };
        let found = told(vec![
            Entry::Intent { operation: Operation::Approve(approval()) },
            Entry::Outcome { intent: 1, done: true },
            Entry::Intent { operation: start },
            Entry::Outcome { intent: 3, done: true },
            Entry::Ready { objective: id("T1"), brought: Vec::new() },
            Entry::Dispatched {
                objective: id("T1"),
                worker: "w".into(),
                reason: "r".into(),
                co_author: None,
                mark: "m".into(),
                holder: holder.clone(),
            },
            Entry::Returned {
                objective: id("T1"),
                how: How::Failed { why: "no".into() },
                usage: Usage::default(),
                claim: String::new(),
            },
            Entry::Failed { objective: id("T1"), reason: "no".into(), by_run: true, gate: None },
            Entry::Retried { objective: id("T1"), by_run: true },
            Entry::Accepted { objective: id("T1"), tip: "c".into(), gates: Vec::new() },
            Entry::Claimed { what: "merging wave 1".into(), holder },
            Entry::GateRed {
                wave: 1,
                candidate: "c".into(),
                command: "g".into(),
                blamed: Vec::new(),
                how: String::new(),
                output: Vec::new(),
                before: false,
            },
            Entry::Released,
            Entry::Intent { operation: merge },
            Entry::Outcome { intent: 14, done: true },
        ]);
        let expected = [
            "2 plan_approved",
            "4 wave_start",
            "5 objective_start",
            "6 worker_activity",
            "7 worker_metrics",
            "7 worker_error",
            "8 objective_failed",
            "9 activity",
            "10 objective_complete",
            "11 activity",
            "12 wave_rolled_back",
            "15 wave_complete",
            "15 integration_complete",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_forged_number_of_an_intent_is_nobodys_milestone() {
        for intent in [0, 2, 99, u64::MAX] {
            let lines = [
                Entry::Intent { operation: Operation::Approve(approval()) },
                Entry::Outcome { intent, done: true },
            ];
            let lines: Vec<Line> = (1..)
                .zip(lines)
                .map(|(seq, entry)| Line { schema: 1, seq, time: "t".into(), entry })
                .collect();
            let mut session = None;
            advance(&mut session, &lines[0]).expect("it begins");
            assert_eq!(milestones(&lines, session.as_ref()), []);
        }
    }
}
