//! A worker is back: what it left is committed and judged. Its exit code and its words are its
//! claim; the tree decides.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::floor::in_words;
use crate::domain::commit_message::one_line;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::response::{self, Blocked};
use crate::domain::session::{Entry, How};
use crate::domain::team::stream::{Said, Usage};
use crate::domain::team::word::Word;
use crate::execute::checkpoint::checkpoint;
use crate::execute::gates;
use crate::execute::listener::Listener;
use crate::execute::narrate::Interrupted;
use crate::execute::request::{self, Answered};
use crate::execute::session::Handle;
use crate::execute::submit::{Manner, Verdict, submit};
use crate::git::worktrees;
use crate::report::Templates;
use crate::store::Writer;
use crate::worker::{Ended, leftover};

/// The file of a worker's last message, beside its logs.
const RESPONSE: &str = "response.md";
/// The most characters of what it says that it did that are kept in the journal.
const CLAIM: usize = 500;
/// How many of the last lines of a red gate or of an agent's errors the next one is told.
const TOLD: usize = 20;

/// A worker that is no longer at work.
pub(super) struct Back {
    pub(super) objective: ObjectiveId,
    pub(super) worker: String,
    pub(super) took: Duration,
    /// Why it was stopped, if not by Ctrl-C.
    pub(super) why: Option<String>,
    /// What it was seen to change outside of its scope.
    pub(super) beyond: Option<String>,
    /// What it used more of than it may.
    pub(super) over: Option<String>,
    /// Whether it only ended to be started again with what it was given.
    pub(super) goes_on: bool,
}

/// Writes down how a worker came back. What it said is kept first, so that it is there when it is
/// judged, whoever does that.
pub(super) fn record(
    handle: &mut Handle<'_>,
    back: &Back,
    ended: &Result<Ended>,
    said: &Said,
    listener: &mut dyn Listener,
) -> Result<How> {
    let how = match ended {
        Ok(ended) if ended.stopped && back.beyond.is_some() => {
            How::Failed { why: back.beyond.clone().unwrap_or_default() }
        }
        Ok(ended) if ended.stopped && back.over.is_some() => {
            How::Exceeded { why: back.over.clone().unwrap_or_default() }
        }
        Ok(ended) if ended.stopped || back.goes_on => How::Interrupted,
        Ok(ended) => {
            let claim = said.failure.as_ref();
            let claim = claim.map(|why| format!("says that it failed: {}", one_line(why)));
            // What a server logged says little where it has said itself what went wrong.
            let silent = matches!(ended.word, None | Some(Word::Broken(_)));
            let errors = if silent || ended.timed_out { &ended.errors[..] } else { &[] };
            let complaint = ended.complaint().map(|why| with_errors(one_line(&why), errors));
            match (complaint.or(claim), denied(said)) {
                (Some(why), None) => How::Failed { why },
                (Some(why), Some(what)) => {
                    How::Failed { why: format!("{why}; it was not allowed {what}") }
                }
                (None, Some(what)) => How::Denied { what },
                (None, None) => How::Ended,
            }
        }
        Err(error) => How::Failed { why: one_line(&in_words(error)) },
    };
    keep(handle, &back.objective, &said.message)?;
    let objective = back.objective.clone();
    let (of, came) = (objective.clone(), how.clone());
    let claim = response::read(&said.message).summary.unwrap_or_default();
    let claim = one_line(&claim).chars().take(CLAIM).collect();
    handle.append(Entry::Returned { objective: of, how: came, usage: said.usage, claim })?;
    listener.event(EventKind::WorkerMetrics {
        objective: objective.to_string(),
        worker: back.worker.clone(),
        seconds: back.took.as_secs_f64(),
        turns: said.usage.turns,
        cost: said.usage.cost,
    });
    match &how {
        How::Ended => {
            if let Some(over) = &back.over {
                listener.note(&format!("{objective}: {} {over}", back.worker));
            }
        }
        How::Exceeded { why } => {
            let (worker, reason) = (back.worker.clone(), why.clone());
            listener.note(&format!("{objective}: {worker} was stopped: it {why}"));
            listener.event(EventKind::WorkerError { worker, reason });
        }
        How::Denied { what } => {
            listener.note(&format!(
                "{objective}: {} was not allowed {}",
                back.worker,
                first_line(what)
            ));
        }
        How::Failed { why } => {
            let (worker, reason) = (back.worker.clone(), why.clone());
            listener.note(&format!("{objective}: {worker} {}", first_line(why)));
            listener.event(EventKind::WorkerError { worker, reason });
        }
        How::Interrupted => {
            let why = back.why.clone().unwrap_or_else(|| "stopped".to_owned());
            let told = if back.goes_on {
                format!("{} ended to go on with its wider scope", back.worker)
            } else {
                format!("{} was stopped ({why})", back.worker)
            };
            listener.note(&format!("{objective}: {told}"));
            checkpoint(handle, &objective, &format!("its worker was stopped ({why})"), listener);
        }
    }
    Ok(how)
}

/// What it said last, for whoever wonders why it changed nothing.
fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    match text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("; its last words: {}", first_line(&one_line(line))),
        None => String::new(),
    }
}

/// What it had no leave for, in a line; none: nothing that it says.
fn denied(said: &Said) -> Option<String> {
    let all: Vec<String> = said.denied.iter().map(|what| one_line(what)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn with_errors(why: String, errors: &[String]) -> String {
    let last: Vec<String> = errors.iter().rev().take(TOLD).rev().map(|l| one_line(l)).collect();
    if last.is_empty() { why } else { format!("{why}: {}", last.join(" / ")) }
}

fn first_line(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The watcher of a worker died: what the worker started is ended, and what it did stays.
pub(super) fn orphaned(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    listener: &mut dyn Listener,
) -> Result<()> {
    let attempt = handle.standing(objective)?.attempts.last();
    let mark = attempt.context("an orphan was dispatched")?.mark.clone();
    leftover::kill(&mark);
    handle.append(Entry::Returned {
        objective: objective.clone(),
        how: How::Interrupted,
        usage: Usage::default(),
        claim: String::new(),
    })?;
    checkpoint(handle, objective, "the run that watched its worker died", listener);
    Ok(())
}

/// A worker whose command cannot be made: the owner has to mend the team first.
pub(super) fn cannot_start(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    error: &anyhow::Error,
    listener: &mut dyn Listener,
) -> Result<()> {
    failed(handle, objective, in_words(error), false, listener)
}

fn failed(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    reason: String,
    by_run: bool,
    listener: &mut dyn Listener,
) -> Result<()> {
    let (of, why) = (objective.clone(), reason.clone());
    handle.append(Entry::Failed { objective: of, reason: why, by_run, gate: None })?;
    listener.note(&format!("{objective} has failed: {}", first_line(&reason)));
    listener.event(EventKind::ObjectiveFailed { objective: objective.to_string(), reason });
    Ok(())
}

/// Where the last message of an objective's worker is kept.
fn place(handle: &Handle<'_>, objective: &ObjectiveId) -> PathBuf {
    gates::logs(handle.journal.folder(), objective.as_str()).join(RESPONSE)
}

fn keep(handle: &Handle<'_>, objective: &ObjectiveId, message: &str) -> Result<()> {
    let file = RepoPath::new(format!("logs/{objective}/{RESPONSE}"));
    let file = file.context("an objective's id is a name")?;
    let writer = Writer::new(handle.journal.folder(), handle.tools.steps);
    writer.write(&file, message.as_bytes()).map(drop)
}

/// Commits and judges what a worker left.
pub(super) fn judge(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    // A scope with something at the root lets its worker replace the link to the git directory.
    let tools = handle.tools;
    let worktree = handle.worktree(objective)?;
    if worktree.exists() && worktrees::restore(tools.repository, &worktree, tools.steps)? {
        listener.note(&format!("{objective}: its link to the repository was put back"));
    }
    let standing = handle.standing(objective)?;
    let attempt = standing.attempts.last().context("who is judged was dispatched")?;
    let how = attempt.returned.as_ref().map(|returned| returned.how.clone());
    let co_author = attempt.co_author.clone();
    let said = std::fs::read(place(handle, objective)).unwrap_or_default();
    let response = response::read(&String::from_utf8_lossy(&said));
    if let Some(blocked) = response.blocked {
        return blocked_by(handle, objective, &blocked, templates, listener);
    }
    let claim = match &how {
        Some(How::Failed { why }) => Some(why.clone()),
        Some(How::Exceeded { why }) => Some(format!("was stopped: it {why}")),
        _ => response.failure.map(|why| format!("reports a failure: {}", one_line(&why))),
    };
    if let Some(why) = claim {
        // What it left stays for the next one; that it is out of scope is not to be found later.
        let beyond = crate::execute::submit::beyond(handle, objective)?;
        if !beyond.is_empty() {
            return violated(handle, objective, &beyond, listener);
        }
        checkpoint(handle, objective, &format!("its worker {}", first_line(&why)), listener);
        return failed(handle, objective, why, true, listener);
    }
    let manner = Manner {
        commit: true,
        message: response.commit,
        no_change: false,
        by_run: true,
        co_author,
    };
    match submit(handle, objective, &manner, templates, listener) {
        Ok(Verdict::Accepted { files, .. }) => {
            let noun = if files == 1 { "file" } else { "files" };
            listener.note(&format!("{objective} is accepted: {files} {noun}"));
            Ok(())
        }
        Ok(Verdict::Merged) => Ok(()),
        Ok(Verdict::Violated(violations)) => {
            listener.note(&format!("{objective} is out of its scope: {}", violations.join("; ")));
            Ok(())
        }
        Ok(Verdict::Uncommitted(violations)) => violated(handle, objective, &violations, listener),
        Ok(Verdict::NoChange) => {
            let reason = match &how {
                Some(How::Denied { what }) => {
                    format!(
                        "it says that it is done, but it was not allowed {what}; it changed nothing"
                    )
                }
                _ => format!("it ended well and changed nothing{}", last_words(&said)),
            };
            failed(handle, objective, reason, true, listener)
        }
        Ok(Verdict::Red(red)) => {
            listener.note(&format!("{objective}: `{}` {}", red.command, red.ended.describe()));
            Ok(())
        }
        Err(error) if error.is::<Interrupted>() => Err(error),
        // An unfinished merge, a moved HEAD, a commit that a hook refuses: the worktree as the
        // worker left it cannot be taken, and the next one is told why.
        Err(error) => match error.downcast_ref::<Failure>().map(|failure| failure.kind) {
            Some(Kind::User | Kind::Repository | Kind::Conflict | Kind::Violation) => {
                failed(handle, objective, in_words(&error), true, listener)
            }
            _ => Err(error),
        },
    }
}

/// What is not committed lies outside the scope.
fn violated(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    violations: &[crate::domain::guard::Violation],
    listener: &mut dyn Listener,
) -> Result<()> {
    let place = handle.workplace(objective)?;
    let tip = handle.tools.repository.reference(&place.branch)?;
    let tip = tip.unwrap_or_else(|| place.start.clone());
    let told: Vec<String> = violations.iter().map(|v| v.message(objective)).collect();
    for text in &told {
        let objective = objective.to_string();
        listener.event(EventKind::ScopeViolation { objective, text: text.clone() });
        listener.note(text);
    }
    handle.append(Entry::Violated {
        objective: objective.clone(),
        tip,
        violations: told,
        paths: violations.iter().map(|v| v.path.to_string()).collect(),
    })?;
    Ok(())
}

/// A worker that says it cannot go on: what it asks for is asked for.
fn blocked_by(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    blocked: &Blocked,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    let reason = if blocked.reason.is_empty() { "no reason was given" } else { &blocked.reason };
    let reason = format!("blocked: {reason}");
    if blocked.requested.is_empty() {
        return failed(handle, objective, reason, true, listener);
    }
    let why =
        if blocked.justification.is_empty() { &blocked.reason } else { &blocked.justification };
    let answered = request::ask(handle, objective, &blocked.requested, why, templates, listener);
    match answered {
        // It waits, and goes on from the other's result.
        Ok(Answered::Request(asked)) => {
            listener.note(&format!("{objective} {}", asked.describe()));
            if handle.standing(objective)?.phase == crate::domain::session::Phase::Waiting {
                return Ok(());
            }
            failed(handle, objective, reason, true, listener)
        }
        Ok(Answered::May) => {
            let wanted = blocked.requested.join(", ");
            let reason = format!("{reason}; but it may touch {wanted} as it is");
            failed(handle, objective, reason, true, listener)
        }
        Err(error) if error.is::<Interrupted>() => Err(error),
        Err(error) => {
            failed(handle, objective, format!("{reason}; {}", in_words(&error)), true, listener)
        }
    }
}

/// Whether nobody has worked in an objective's worktree yet.
pub(super) fn is_untouched(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<bool> {
    if !handle.session.approval.by_run {
        return Ok(false);
    }
    let place = handle.workplace(objective)?;
    let tip = handle.tools.repository.reference(&place.branch)?;
    if tip.as_deref() != Some(place.start.as_str()) {
        return Ok(false);
    }
    let worktree = Path::new(&place.worktree);
    if !worktree.exists() {
        return Ok(true);
    }
    let mut dirt = worktrees::dirty(worktree)?;
    dirt.untracked.retain(|path| !place.brought.contains(&path.to_string()));
    Ok(dirt.is_clean())
}
