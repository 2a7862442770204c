//! Saying that an objective is done: its worktree is clean, its branch holds its work, every
//! commit is in scope and its gates pass.

use std::time::Duration;

use anyhow::Result;

use super::commit::{Committed, committed};
use super::gates::{self, Setting};
use super::judge::{Judgement, judge};
use super::listener::Listener;
use super::process::Stops;
use super::session::Handle;
use super::start::environment;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::guard::Violation;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::session::{Entry, Holder, Phase, Standing, Workplace};
use crate::report::Templates;
use crate::store;

/// How an objective is handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Whether what is not committed is committed now.
    pub commit: bool,
    /// The message of that commit; none: the template's.
    pub message: Option<String>,
    /// Whether an objective that changed nothing is meant.
    pub no_change: bool,
    /// Whether `run` hands in what a worker left.
    pub by_run: bool,
    /// Who else wrote what is committed now, as `Name <mail>`.
    pub co_author: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be merged.
    Accepted {
        /// The tip that was judged.
        tip: String,
        /// How many paths it changed.
        files: usize,
        /// Derived paths that will not land.
        derived: Vec<RepoPath>,
        /// Whether it was so before.
        already: bool,
    },
    /// It is merged already.
    Merged,
    /// Commits lie outside its scope: a sentence each.
    Violated(Vec<String>),
    /// What is not committed lies outside its scope; nothing was committed.
    Uncommitted(Vec<Violation>),
    /// It changes nothing, and nobody said that this is meant.
    NoChange,
    /// A gate does not pass.
    Red(gates::Red),
}

/// An objective whose commits are good, and whose gates are to run.
#[derive(Debug)]
pub struct Pending {
    /// Which one.
    pub objective: ObjectiveId,
    /// Its gates.
    pub commands: Vec<String>,
    /// What they run with.
    pub setting: Setting,
    tip: String,
    branch: String,
    judgement: Judgement,
    by_run: bool,
}

/// What came of handing an objective in.
#[derive(Debug)]
pub enum Handed {
    /// It is judged.
    Judged(Verdict),
    /// Its gates decide.
    Gates(Box<Pending>),
}

/// Hands an objective in, and runs its gates. Others may change the session while they run.
pub fn submit(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    manner: &Manner,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Verdict> {
    let pending = match hand_in(handle, objective, manner, templates, listener)? {
        Handed::Judged(verdict) => return Ok(verdict),
        Handed::Gates(pending) => pending,
    };
    let red = handle.released(|_| {
        gates::check(&pending.commands, &pending.setting, &mut |progress| {
            gates::tell(objective.as_str(), progress, listener);
        })
    })??;
    settle(handle, *pending, red, listener)
}

/// Hands an objective in: what is not committed is, and its commits are held against its scope.
/// Where that is good and there are gates, this process is the one that runs them, and says with
/// [`settle`] what came of it.
pub fn hand_in(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    manner: &Manner,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Handed> {
    handle.require_unclaimed()?;
    let standing = handle.standing(objective)?.clone();
    if standing.phase == Phase::Merged {
        return Ok(Handed::Judged(Verdict::Merged));
    }
    let place = handle.workplace(objective)?.clone();
    if standing.phase == Phase::Started {
        let message = format!("the worktree of {objective} is not set up yet");
        let hint = format!("git ap start {} --objective {objective}", handle.session.plan().slug());
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    require_unjudged(&standing)?;
    let tip = match committed(handle, objective, &place, manner, templates)? {
        Committed::Tip(tip) => tip,
        Committed::OutOfScope(violations) => {
            return Ok(Handed::Judged(Verdict::Uncommitted(violations)));
        }
    };
    let repository = handle.tools.repository;
    let integration = handle.session.integration.clone();
    let judgement = judge(repository, &handle.agreed, objective, &integration, &tip)?;
    if judgement.changes.is_empty() && !manner.no_change && judgement.violations.is_empty() {
        return Ok(Handed::Judged(Verdict::NoChange));
    }
    let known = standing.phase == Phase::Accepted && standing.tip.as_deref() == Some(&tip);
    if known && judgement.violations.is_empty() {
        return Ok(Handed::Judged(accepted(judgement, tip, true)));
    }
    let commands = own_gates(handle, objective)?;
    let is_good = judgement.violations.is_empty();
    let judge = (is_good && !commands.is_empty()).then(store::this_process);
    let (of, at) = (objective.clone(), tip.clone());
    handle.append(Entry::Submitted { objective: of, tip: at, judge })?;
    if !is_good {
        for text in &judgement.violations {
            let objective = objective.to_string();
            listener.event(EventKind::ScopeViolation { objective, text: text.clone() });
        }
        handle.append(judgement.violated(objective, &tip))?;
        return Ok(Handed::Judged(Verdict::Violated(judgement.violations)));
    }
    let setting = setting(handle, objective, &place)?;
    let (objective, branch, by_run) = (objective.clone(), place.branch, manner.by_run);
    let pending = Pending { objective, commands, setting, tip, branch, judgement, by_run };
    if pending.commands.is_empty() {
        return settle(handle, pending, None, listener).map(Handed::Judged);
    }
    handle.tools.steps.pass("gates", pending.objective.as_str())?;
    Ok(Handed::Gates(Box::new(pending)))
}

/// Refuses one whose gates another process runs.
fn require_unjudged(standing: &Standing) -> Result<(), Failure> {
    let alive = |judge: &&Holder| **judge != store::this_process() && store::is_alive(judge);
    let Some(judge) = standing.judge().filter(alive) else { return Ok(()) };
    let message = format!("process {} runs the gates of {}", judge.pid, standing.id);
    Err(Failure::new(Kind::Conflict, message).hint("wait for it, or look with `git ap status`"))
}

fn accepted(judgement: Judgement, tip: String, already: bool) -> Verdict {
    let (files, derived) = (judgement.changes.len(), judgement.derived);
    Verdict::Accepted { tip, files, derived, already }
}

/// Whether an objective is still as it was when its gates began to run.
pub fn is_pending(handle: &Handle<'_>, pending: &Pending) -> bool {
    let standing = handle.session.objective(&pending.objective);
    !handle.session.was_taken_back()
        && standing.is_some_and(|standing| {
            let tip = standing.tip.as_deref();
            standing.phase == Phase::Submitted && tip == Some(pending.tip.as_str())
        })
}

/// Says what came of the gates of an objective: the first that did not pass, if any.
pub fn settle(
    handle: &mut Handle<'_>,
    pending: Pending,
    red: Option<gates::Red>,
    listener: &mut dyn Listener,
) -> Result<Verdict> {
    let Pending { objective, tip, .. } = &pending;
    if !is_pending(handle, &pending) {
        let phase = handle.standing(objective)?.phase.as_str();
        let message = format!("{objective} became {phase} while its gates ran");
        return Err(Failure::new(Kind::Conflict, message).hint("git ap status").into());
    }
    if let Some(red) = red {
        let reason = format!("its gate `{}` {}", red.command, red.ended.describe());
        handle.append(Entry::Failed {
            objective: objective.clone(),
            reason: reason.clone(),
            by_run: pending.by_run,
            gate: Some(red.failing()),
        })?;
        let objective = objective.to_string();
        listener.event(EventKind::ObjectiveFailed { objective, reason });
        return Ok(Verdict::Red(red));
    }
    if handle.tools.repository.reference(&pending.branch)?.as_deref() != Some(tip.as_str()) {
        not_judged(handle, &pending)?;
        let message = format!("the branch of {objective} moved while its gates ran");
        return Err(Failure::new(Kind::Conflict, message).hint("git ap done").into());
    }
    handle.append(Entry::Accepted {
        objective: objective.clone(),
        tip: tip.clone(),
        gates: pending.commands.clone(),
    })?;
    listener
        .event(EventKind::ObjectiveComplete { objective: objective.to_string(), tip: tip.clone() });
    let Pending { judgement, tip, .. } = pending;
    Ok(accepted(judgement, tip, false))
}

/// Says that nobody runs the gates of an objective any more, and that they did not decide.
pub fn not_judged(handle: &mut Handle<'_>, pending: &Pending) -> Result<()> {
    let (objective, tip) = (pending.objective.clone(), pending.tip.clone());
    handle.append(Entry::Submitted { objective, tip, judge: None }).map(drop)
}

/// The gates of an objective: everybody's and its own.
fn own_gates(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<Vec<String>> {
    let mut commands = handle.agreed.config.gates.objective.clone();
    for gate in &handle.agreed.objective(objective)?.gates {
        if !commands.contains(gate) {
            commands.push(gate.clone());
        }
    }
    Ok(commands)
}

/// What the gates of an objective run with.
fn setting(handle: &Handle<'_>, objective: &ObjectiveId, place: &Workplace) -> Result<Setting> {
    let policy = &handle.agreed.config.gates;
    Ok(Setting {
        directory: place.worktree.clone().into(),
        environment: environment(handle, objective)?,
        timeout: Duration::from_mins(policy.timeout_minutes),
        retries: policy.retries,
        logs: gates::logs(handle.journal.folder(), objective.as_str()),
        commit: None,
        stops: Stops::BySignal,
    })
}
