//! What a worker left is committed and judged. Its exit code and its words are its claim; the
//! tree decides.

use anyhow::{Context as _, Result};

use super::came_back::{failed, first_line, response_file};
use super::floor::in_words;
use crate::domain::commit_message::one_line;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::guard::Violation;
use crate::domain::id::ObjectiveId;
use crate::domain::response::{self, Blocked};
use crate::domain::session::{Entry, How, Phase};
use crate::execute::checkpoint::checkpoint;
use crate::execute::commit::beyond;
use crate::execute::gates;
use crate::execute::listener::Listener;
use crate::execute::narrate::Interrupted;
use crate::execute::request::{self, Answered};
use crate::execute::session::Handle;
use crate::execute::submit::{Handed, Manner, Pending, Verdict, hand_in, settle};
use crate::git::worktrees;
use crate::report::Templates;

/// Commits and judges what a worker left. What is to be decided by gates is returned.
pub(super) fn judge(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Option<Box<Pending>>> {
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
    let said = std::fs::read(response_file(handle, objective)).unwrap_or_default();
    let response = response::read(&String::from_utf8_lossy(&said));
    if let Some(blocked) = response.blocked {
        return blocked_by(handle, objective, &blocked, templates, listener).map(|()| None);
    }
    let claim = match &how {
        Some(How::Failed { why }) => Some(why.clone()),
        Some(How::Exceeded { why }) => Some(format!("was stopped: it {why}")),
        _ => response.failure.map(|why| format!("reports a failure: {}", one_line(&why))),
    };
    if let Some(why) = claim {
        // What it left stays for the next one; that it is out of scope is not to be found later.
        let found = beyond(handle, objective)?;
        if !found.is_empty() {
            return violated(handle, objective, &found, listener).map(|()| None);
        }
        checkpoint(handle, objective, &format!("its worker {}", first_line(&why)), listener);
        return failed(handle, objective, why, true, listener).map(|()| None);
    }
    let manner = Manner {
        commit: true,
        message: response.commit,
        no_change: false,
        by_run: true,
        co_author,
    };
    let handed = match hand_in(handle, objective, &manner, templates, listener) {
        Ok(handed) => handed,
        Err(error) => return refused(handle, objective, error, listener).map(|()| None),
    };
    match handed {
        Handed::Gates(pending) => return Ok(Some(pending)),
        Handed::Judged(Verdict::Uncommitted(violations)) => {
            violated(handle, objective, &violations, listener)?;
        }
        Handed::Judged(Verdict::NoChange) => {
            let reason = match &how {
                Some(How::Denied { what }) => {
                    format!(
                        "it says that it is done, but it was not allowed {what}; it changed nothing"
                    )
                }
                _ => format!("it ended well and changed nothing{}", last_words(&said)),
            };
            failed(handle, objective, reason, true, listener)?;
        }
        Handed::Judged(verdict) => tell(objective, &verdict, listener),
    }
    Ok(None)
}

/// Writes down what came of the gates of an objective.
pub(super) fn settled(
    handle: &mut Handle<'_>,
    pending: Pending,
    red: Option<gates::Red>,
    listener: &mut dyn Listener,
) -> Result<()> {
    let objective = pending.objective.clone();
    match settle(handle, pending, red, listener) {
        Ok(verdict) => {
            tell(&objective, &verdict, listener);
            Ok(())
        }
        Err(error) => refused(handle, &objective, error, listener),
    }
}

fn tell(objective: &ObjectiveId, verdict: &Verdict, listener: &mut dyn Listener) {
    match verdict {
        Verdict::Accepted { files, .. } => {
            let noun = if *files == 1 { "file" } else { "files" };
            listener.note(&format!("{objective} is accepted: {files} {noun}"));
        }
        Verdict::Violated(violations) => {
            listener.note(&format!("{objective} is out of its scope: {}", violations.join("; ")));
        }
        Verdict::Red(red) => {
            listener.note(&format!("{objective}: `{}` {}", red.command, red.ended.describe()));
        }
        Verdict::Merged | Verdict::Uncommitted(_) | Verdict::NoChange => {}
    }
}

/// An unfinished merge, a moved HEAD, a commit that a hook refuses: the worktree as the worker
/// left it cannot be taken, and the next one is told why.
fn refused(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    error: anyhow::Error,
    listener: &mut dyn Listener,
) -> Result<()> {
    match error.downcast_ref::<Failure>().map(|failure| failure.kind) {
        Some(Kind::User | Kind::Repository | Kind::Conflict | Kind::Violation) => {
            failed(handle, objective, in_words(&error), true, listener)
        }
        _ => Err(error),
    }
}

/// What is not committed lies outside the scope.
fn violated(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    violations: &[Violation],
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
            if handle.standing(objective)?.phase == Phase::Waiting {
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

/// What it said last, for whoever wonders why it changed nothing.
fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    match text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("; its last words: {}", first_line(&one_line(line))),
        None => String::new(),
    }
}
