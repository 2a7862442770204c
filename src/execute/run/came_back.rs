//! A worker is back: how it ended is written down, with what it said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::floor::in_words;
use crate::domain::commit_message::one_line;
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::response;
use crate::domain::session::{Entry, How};
use crate::domain::team::stream::{Said, Usage};
use crate::domain::team::word::Word;
use crate::execute::checkpoint::checkpoint;
use crate::execute::gates;
use crate::execute::listener::Listener;
use crate::execute::session::Handle;
use crate::git::worktrees;
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

/// What it had no leave for, in a line; none: nothing that it says.
fn denied(said: &Said) -> Option<String> {
    let all: Vec<String> = said.denied.iter().map(|what| one_line(what)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn with_errors(why: String, errors: &[String]) -> String {
    let last: Vec<String> = errors.iter().rev().take(TOLD).rev().map(|l| one_line(l)).collect();
    if last.is_empty() { why } else { format!("{why}: {}", last.join(" / ")) }
}

pub(super) fn first_line(text: &str) -> String {
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

pub(super) fn failed(
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
pub(super) fn response_file(handle: &Handle<'_>, objective: &ObjectiveId) -> PathBuf {
    gates::logs(handle.journal.folder(), objective.as_str()).join(RESPONSE)
}

fn keep(handle: &Handle<'_>, objective: &ObjectiveId, message: &str) -> Result<()> {
    let file = RepoPath::new(format!("logs/{objective}/{RESPONSE}"));
    let file = file.context("an objective's id is a name")?;
    let writer = Writer::new(handle.journal.folder(), handle.tools.steps);
    writer.write(&file, message.as_bytes()).map(drop)
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
