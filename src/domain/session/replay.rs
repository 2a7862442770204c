//! From the lines of a journal to the state of the session.

use super::{
    Amended, Amendment, Answer, Approval, Asked, Attempt, Baseline, Entry, Failing, Landing, Line,
    MergedWave, Operation, Phase, Place, Red, Request, Returned, Session, Standing, Stopped,
    Workplace,
};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;

/// The state after these lines. None: there is no session, because its approval was taken
/// back.
///
/// Fails on lines that cannot follow each other: somebody else wrote to the journal.
pub fn replay(lines: &[Line]) -> Result<Option<Session>, Failure> {
    let mut session: Option<Session> = None;
    for (index, line) in lines.iter().enumerate() {
        if line.seq != index as u64 + 1 {
            return Err(wrong(line, "has the wrong number"));
        }
        advance(&mut session, line)?;
    }
    Ok(session)
}

/// Follows one line more, for whoever has followed all before it. Fails as [`replay`] does.
pub fn advance(session: &mut Option<Session>, line: &Line) -> Result<(), Failure> {
    match (&mut *session, &line.entry) {
        (None, Entry::Intent { operation: Operation::Approve(approval) }) => {
            *session = Some(begun(approval, line));
        }
        // What was taken back can be approved again.
        (Some(old), Entry::Intent { operation: Operation::Approve(approval) })
            if old.was_taken_back() =>
        {
            *session = Some(begun(approval, line));
        }
        (None, _) => return Err(wrong(line, "stands before the approval")),
        (Some(open), entry) => {
            let approving = matches!(open.open, Some((_, Operation::Approve(_))));
            step(open, line, entry).map_err(|what| wrong(line, &what))?;
            open.seq = line.seq;
            if approving && matches!(entry, Entry::Outcome { done: false, .. }) {
                *session = None;
            }
        }
    }
    Ok(())
}

fn wrong(line: &Line, what: &str) -> Failure {
    let message = format!("line {} of the journal {what}", line.seq);
    Failure::new(Kind::Repository, message)
}

fn planned(place: &Place) -> Standing {
    Standing {
        id: place.objective.clone(),
        wave: place.wave,
        phase: Phase::Planned,
        place: None,
        tip: None,
        said: Vec::new(),
        gates: Vec::new(),
        retries: 0,
        violations: 0,
        began: None,
        ended: None,
        refused: Vec::new(),
        backups: Vec::new(),
        attempts: Vec::new(),
        tries_from: 0,
        judged: false,
        by_run: false,
        judge: None,
        gate: None,
    }
}

fn begun(approval: &Approval, line: &Line) -> Session {
    Session {
        approval: approval.clone(),
        approved: line.time.clone(),
        objectives: approval.objectives.iter().map(planned).collect(),
        integration: approval.pin.clone(),
        amendments: Vec::new(),
        requests: Vec::new(),
        waves: Vec::new(),
        synced: Vec::new(),
        red: None,
        reds: Vec::new(),
        baselines: Vec::new(),
        stopped: None,
        landed: None,
        cleaned: false,
        claim: None,
        stops: Vec::new(),
        open: Some((line.seq, Operation::Approve(approval.clone()))),
        seq: line.seq,
    }
}

#[expect(clippy::too_many_lines, reason = "one arm an entry, and nothing else")]
fn step(session: &mut Session, line: &Line, entry: &Entry) -> Result<(), String> {
    match entry {
        Entry::Intent { operation } => {
            if session.open.is_some() {
                return Err("begins an operation before the last one ended".into());
            }
            session.open = Some((line.seq, operation.clone()));
        }
        Entry::Outcome { intent, done } => match session.open.take() {
            Some((seq, operation)) if seq == *intent => {
                if *done {
                    carried_out(session, &operation, &line.time)?;
                }
            }
            _ => return Err("ends an operation that was not begun".into()),
        },
        Entry::Ready { objective, brought } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Working;
            let place = standing.place.as_mut().ok_or("speaks of a worktree that is not there")?;
            place.brought.clone_from(brought);
        }
        Entry::Submitted { objective, tip, judge } => {
            judged(session, objective, tip, Phase::Submitted)?;
            of(session, objective)?.judge.clone_from(judge);
        }
        Entry::Accepted { objective, tip, gates } => {
            judged(session, objective, tip, Phase::Accepted)?;
            let standing = of(session, objective)?;
            standing.gates.clone_from(gates);
            standing.ended = Some(line.time.clone());
            withdrawn(session, objective);
        }
        Entry::Violated { objective, tip, violations, paths } => {
            judged(session, objective, tip, Phase::Violated)?;
            let standing = of(session, objective)?;
            standing.said.clone_from(violations);
            standing.violations += 1;
            if let Some(attempt) = standing.attempts.last_mut() {
                attempt.violations += 1;
            }
            for path in paths {
                if !standing.refused.contains(path) {
                    standing.refused.push(path.clone());
                }
            }
        }
        Entry::Failed { objective, reason, by_run, gate } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Failed;
            standing.judged = true;
            standing.judge = None;
            standing.by_run = *by_run;
            standing.said = vec![reason.clone()];
            standing.gate.clone_from(gate);
        }
        Entry::Retried { objective, by_run } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Working;
            standing.retries += 1;
            standing.judged = true;
            if !by_run {
                standing.tries_from = standing.attempts.len();
            }
            session.red = None;
            withdrawn(session, objective);
        }
        Entry::Postponed { moves } => {
            moved(session, moves)?;
            session.red = None;
        }
        Entry::Claimed { what, holder } => session.claim = Some((what.clone(), holder.clone())),
        Entry::Released => session.claim = None,
        Entry::GateRed { wave, candidate, command, blamed, how, output, before } => {
            let red = Red {
                wave: *wave,
                candidate: candidate.clone(),
                gate: Failing {
                    command: command.clone(),
                    how: how.clone(),
                    output: output.clone(),
                },
                blamed: blamed.clone(),
                before: *before,
            };
            let is_known =
                |r: &Red| (r.wave, &r.gate.command, &r.blamed) == (*wave, command, blamed);
            if !session.reds.iter().any(is_known) {
                session.reds.push(red.clone());
            }
            session.red = Some(red);
        }
        Entry::Baseline { wave, commit, commands, red } => session.baselines.push(Baseline {
            wave: *wave,
            commit: commit.clone(),
            commands: commands.clone(),
            red: red.clone(),
        }),
        Entry::SyncStopped { integration, target, worktree } => {
            session.stopped = Some(Stopped {
                integration: integration.clone(),
                target: target.clone(),
                worktree: worktree.clone(),
            });
        }
        Entry::SyncAborted => session.stopped = None,
        Entry::ScopeRequested { objective, patterns, why, answer } => {
            requested(session, line, objective, answer, |state, taken_from| Request {
                seq: line.seq,
                objective: objective.clone(),
                patterns: patterns.clone(),
                why: why.clone(),
                time: line.time.clone(),
                state,
                taken_from,
            })?;
        }
        Entry::ScopeConsented { request } => {
            if let Asked::Waiting { consented, .. } = &mut request_of(session, *request)?.state {
                *consented = true;
            }
        }
        Entry::ScopeDenied { request, reason, moves } => {
            let asked = request_of(session, *request)?;
            asked.state = Asked::Denied { reason: reason.clone() };
            no_longer_waits(session, *request, moves)?;
        }
        Entry::ScopeWithdrawn { request, moves } => {
            request_of(session, *request)?.state = Asked::Withdrawn;
            no_longer_waits(session, *request, moves)?;
        }
        Entry::Resumed { objective } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Working;
            standing.judged = true;
        }
        Entry::Dispatched { objective, worker, reason, co_author, mark, holder } => {
            let standing = of(session, objective)?;
            standing.judged = false;
            standing.attempts.push(Attempt {
                worker: worker.clone(),
                reason: reason.clone(),
                co_author: co_author.clone(),
                mark: mark.clone(),
                holder: holder.clone(),
                began: line.time.clone(),
                violations: 0,
                returned: None,
            });
        }
        Entry::Returned { objective, how, usage, claim } => {
            let attempt = of(session, objective)?.attempts.last_mut();
            let attempt = attempt.ok_or("ends the work of a worker that was not started")?;
            attempt.returned = Some(Returned {
                time: line.time.clone(),
                how: how.clone(),
                usage: *usage,
                claim: claim.clone(),
            });
        }
        Entry::StopAsked { objective } => session.stops.push((line.seq, objective.clone())),
    }
    Ok(())
}

fn of<'s>(session: &'s mut Session, id: &ObjectiveId) -> Result<&'s mut Standing, String> {
    let found = session.objectives.iter_mut().find(|o| o.id == *id);
    found.ok_or_else(|| format!("names the objective {id}, which the plan does not have"))
}

fn moved(session: &mut Session, moves: &[Place]) -> Result<(), String> {
    for moved in moves {
        of(session, &moved.objective)?.wave = moved.wave;
    }
    Ok(())
}

fn requested(
    session: &mut Session,
    line: &Line,
    objective: &ObjectiveId,
    answer: &Answer,
    request: impl FnOnce(Asked, Vec<Place>) -> Request,
) -> Result<(), String> {
    let mut taken_from = Vec::new();
    let state = match answer {
        Answer::Open => Asked::Open,
        Answer::Denied { reason } => Asked::Denied { reason: reason.clone() },
        Answer::Waits { holder, consented, moves, .. } => {
            for moved in moves {
                let standing = of(session, &moved.objective)?;
                let before = Place { objective: moved.objective.clone(), wave: standing.wave };
                taken_from.push(before);
            }
            moved(session, moves)?;
            of(session, objective)?.phase = Phase::Waiting;
            session.red = None;
            Asked::Waiting { holder: holder.clone(), consented: *consented }
        }
    };
    // It stands under its number, so that an answer can name it.
    debug_assert!(session.requests.iter().all(|r| r.seq < line.seq));
    session.requests.push(request(state, taken_from));
    Ok(())
}

fn request_of(session: &mut Session, seq: u64) -> Result<&mut Request, String> {
    let found = session.requests.iter_mut().find(|r| r.seq == seq);
    found.ok_or_else(|| format!("answers the request {seq}, which nobody made"))
}

/// Nobody asks any more for what an objective has asked for.
fn withdrawn(session: &mut Session, objective: &ObjectiveId) {
    let pending = session.requests.iter_mut().filter(|r| r.objective == *objective);
    for request in pending.filter(|r| r.state.is_pending()) {
        request.state = Asked::Withdrawn;
    }
}

/// One that waits and has nothing left to wait for goes on.
fn no_longer_waits(session: &mut Session, request: u64, moves: &[Place]) -> Result<(), String> {
    moved(session, moves)?;
    let objective = request_of(session, request)?.objective.clone();
    let waits = session.pending(&objective).any(|r| matches!(r.state, Asked::Waiting { .. }));
    let standing = of(session, &objective)?;
    if standing.phase == Phase::Waiting && !waits {
        standing.phase = Phase::Working;
    }
    Ok(())
}

fn amended(
    session: &mut Session,
    to: &str,
    amendment: &Amendment,
    time: &str,
) -> Result<(), String> {
    to.clone_into(&mut session.integration);
    session.amendments.push(Amended {
        commit: to.to_owned(),
        amendment: amendment.clone(),
        time: time.to_owned(),
    });
    match amendment {
        Amendment::Grant { objective, requests, .. } => {
            // With what it lacked it is another task: every worker may try.
            let standing = of(session, objective)?;
            standing.tries_from = standing.attempts.len();
            for seq in requests {
                request_of(session, *seq)?.state = Asked::Granted;
            }
        }
        Amendment::Objectives { objectives } => {
            let old = std::mem::take(&mut session.objectives);
            for place in objectives {
                let known = old.iter().find(|o| o.id == place.objective).cloned();
                let mut standing = known.unwrap_or_else(|| planned(place));
                standing.wave = place.wave;
                session.objectives.push(standing);
            }
            let gone = |o: &&Standing| objectives.iter().all(|place| place.objective != o.id);
            if let Some(lost) = old.iter().filter(gone).find(|o| o.phase != Phase::Planned) {
                return Err(format!("takes out {}, which has begun", lost.id));
            }
        }
    }
    Ok(())
}

fn judged(session: &mut Session, id: &ObjectiveId, tip: &str, phase: Phase) -> Result<(), String> {
    let standing = of(session, id)?;
    standing.phase = phase;
    standing.judged = true;
    standing.tip = Some(tip.to_owned());
    standing.judge = None;
    standing.said.clear();
    standing.gate = None;
    Ok(())
}

fn carried_out(session: &mut Session, operation: &Operation, time: &str) -> Result<(), String> {
    match operation {
        Operation::Approve(_) => {}
        Operation::Start { objective, branch, worktree, start, port_base, afresh } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Started;
            standing.began.get_or_insert_with(|| time.to_owned());
            if *afresh {
                standing.retries += 1;
            }
            standing.tip = None;
            standing.judge = None;
            standing.judged = true;
            standing.said.clear();
            standing.gate = None;
            standing.place = Some(Workplace {
                branch: branch.clone(),
                worktree: worktree.clone(),
                start: start.clone(),
                port_base: *port_base,
                brought: Vec::new(),
            });
        }
        Operation::Merge { wave, from, to, tips, gates } => {
            for tip in tips {
                of(session, &tip.objective)?.phase = Phase::Merged;
            }
            session.integration.clone_from(to);
            session.red = None;
            session.waves.push(MergedWave {
                wave: *wave,
                from: from.clone(),
                commit: to.clone(),
                tips: tips.clone(),
                gates: gates.clone(),
                time: time.to_owned(),
            });
        }
        Operation::Undo { to, .. } => {
            let undone = session.waves.pop().ok_or("takes back a wave that was not merged")?;
            for tip in &undone.tips {
                of(session, &tip.objective)?.phase = Phase::Accepted;
            }
            session.integration.clone_from(to);
        }
        Operation::Sync { to, target, .. } => {
            session.integration.clone_from(to);
            session.synced.push(target.clone());
            session.stopped = None;
            session.red = None;
        }
        Operation::Drop { objective, backups } => {
            let standing = of(session, objective)?;
            standing.phase = Phase::Dropped;
            standing.judge = None;
            standing.place = None;
            standing.backups.extend(backups.iter().cloned());
            session.red = None;
            withdrawn(session, objective);
        }
        Operation::Land { from, to, integration_to, .. } => {
            session.integration.clone_from(integration_to);
            session.landed =
                Some(Landing { from: from.clone(), commit: to.clone(), time: time.to_owned() });
        }
        Operation::Amend { to, amendment, .. } => amended(session, to, amendment, time)?,
        Operation::Clean { .. } => session.cleaned = true,
    }
    Ok(())
}
