//! Landing: the record is committed, the target's news are merged and judged by the gates, and
//! the target moves.

use anyhow::Result;

use super::approval::signing;
use super::gate_worktree::{GateWorktree, wave_commands};
use super::gates;
use super::integrate::require_no_conflict;
use super::listener::Listener;
use super::session::Handle;
use super::sync::{self, Synced, target_tip};
use crate::domain::commit_message::{self, Trailer};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase as Stage};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::session::{Operation, Phase, Session};
use crate::domain::tree::{Mode, Side};
use crate::report::{Done, LandingView, Templates, Tests};

/// What landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// The target's tip before.
    pub from: String,
    /// The target's tip after.
    pub commit: String,
    /// Whether it had landed before.
    pub already: bool,
}

/// The files of the record of a session, with their contents.
pub type Record<'a> = dyn Fn(&Session) -> Result<Vec<(RepoPath, Vec<u8>)>> + 'a;

/// How a session lands.
pub struct Manner<'a> {
    /// As one commit on the target.
    pub squash: bool,
    /// Makes the record, of the session as it lands: with the target merged into it.
    pub record: &'a Record<'a>,
    /// For the commits' messages.
    pub templates: &'a Templates,
}

/// Whether everything is merged; else why not.
pub fn require_merged(handle: &Handle<'_>) -> Result<(), Failure> {
    require_no_conflict(handle)?;
    let slug = handle.session.plan().slug();
    let open: Vec<String> = handle
        .session
        .objectives
        .iter()
        .filter(|o| !matches!(o.phase, Phase::Merged | Phase::Dropped))
        .map(|o| format!("{} ({})", o.id, o.phase.as_str()))
        .collect();
    if !open.is_empty() {
        let message = format!("not everything is merged: {}", open.join(", "));
        return Err(Failure::new(Kind::Worker, message).hint(format!("git ap status {slug}")));
    }
    if handle.session.waves.is_empty() {
        let message = "every objective was dropped: there is nothing to land";
        return Err(Failure::new(Kind::User, message).hint(format!("git ap clean {slug}")));
    }
    Ok(())
}

/// The session as it landed, if it did. A landing that was taken back with git, so that the
/// target does not reach it any more, is none, while there is something to land again.
pub fn landed(handle: &Handle<'_>) -> Result<Option<Landed>> {
    let Some(landing) = &handle.session.landed else { return Ok(None) };
    if !handle.session.cleaned && !is_reached(handle, &landing.commit)? {
        return Ok(None);
    }
    let (from, commit) = (landing.from.clone(), landing.commit.clone());
    Ok(Some(Landed { from, commit, already: true }))
}

/// Whether the target has a commit.
pub fn is_reached(handle: &Handle<'_>, commit: &str) -> Result<bool> {
    let repository = handle.tools.repository;
    match repository.reference(&handle.session.approval.target)? {
        Some(tip) => repository.is_ancestor(commit, &tip),
        None => Ok(false),
    }
}

/// Lands a session.
pub fn land(
    handle: &mut Handle<'_>,
    manner: &Manner<'_>,
    listener: &mut dyn Listener,
) -> Result<Landed> {
    if let Some(landed) = landed(handle)? {
        return Ok(landed);
    }
    handle.require_unclaimed()?;
    handle.require_movable_integration()?;
    require_merged(handle)?;
    listener.event(EventKind::PhaseStart { phase: Stage::PostExecution });
    if let Synced::Merged(commit) = sync::sync(handle, manner.templates)? {
        let short = commit.get(..10).unwrap_or(&commit);
        listener.note(&format!("{} was merged in {short}", sync::target_name(handle)));
    }
    gate(handle, listener)?;
    let repository = handle.tools.repository;
    let from = target_tip(handle)?;
    let integration_from = handle.session.integration.clone();
    listener.event(EventKind::PhaseStart { phase: Stage::AutoDocumentation });
    let integration_to = recorded(handle, manner)?;
    listener.event(EventKind::PhaseComplete { phase: Stage::AutoDocumentation });
    let to = if manner.squash {
        squashed(handle, &from, &integration_to, manner)?
    } else {
        integration_to.clone()
    };
    if !repository.is_ancestor(&from, &to)? {
        let message = format!("{} moved meanwhile", sync::target_name(handle));
        return Err(Failure::new(Kind::Conflict, message).hint("git ap land").into());
    }
    // Both implementations of git have to see the same paths in what lands.
    repository.changes(Some(&from), &to)?;
    handle.operate(&Operation::Land {
        target: handle.session.approval.target.clone(),
        from: from.clone(),
        to: to.clone(),
        integration_from,
        integration_to,
    })?;
    listener.event(EventKind::SessionLanded { commit: to.clone() });
    listener.event(EventKind::PhaseComplete { phase: Stage::PostExecution });
    Ok(Landed { from, commit: to, already: false })
}

/// Runs the gates on the integration tip, unless they passed on it when its last wave was
/// merged.
fn gate(handle: &mut Handle<'_>, listener: &mut dyn Listener) -> Result<()> {
    let tip = handle.session.integration.clone();
    if handle.session.waves.last().is_some_and(|wave| wave.commit == tip) {
        return Ok(());
    }
    let merged: Vec<ObjectiveId> = handle
        .session
        .objectives
        .iter()
        .filter(|o| o.phase == Phase::Merged)
        .map(|o| o.id.clone())
        .collect();
    let commands = wave_commands(handle, &merged);
    if commands.is_empty() {
        return Ok(());
    }
    handle.tools.steps.pass("gates", &tip)?;
    let (red, place) = handle.unlocked("gates before landing", |handle| {
        let worktree = GateWorktree::at(handle, &tip, listener)?;
        let setting = worktree.setting(handle, "landing");
        let red = gates::check(&commands, &setting, &mut |progress| {
            gates::tell("landing", progress, listener);
        })?;
        worktree.leave(handle)?;
        Ok((red, worktree.path().display().to_string()))
    })?;
    let Some(red) = red else { return Ok(()) };
    let message = format!(
        "nothing landed: `{}` {} on the merge with {}\n{}",
        red.command,
        red.ended.describe(),
        sync::target_name(handle),
        red.ended.tail.join("\n")
    );
    let hint = format!("look into {place}; mend it on the target, or undo the wave and work on");
    Err(Failure::new(Kind::Gate, message.trim_end().to_owned()).hint(hint).into())
}

/// The integration tip with the record on it.
fn recorded(handle: &Handle<'_>, manner: &Manner<'_>) -> Result<String> {
    let tip = handle.session.integration.clone();
    let record = (manner.record)(&handle.session)?;
    if record.is_empty() {
        return Ok(tip);
    }
    let repository = handle.tools.repository;
    let mut edits = Vec::new();
    for (path, bytes) in record {
        let id = repository.store_blob(&bytes)?;
        edits.push((path, Some(Side { mode: Mode::File, id })));
    }
    let tree = repository.tree_with(Some(&tip), &edits)?;
    let message = message(
        handle,
        manner,
        false,
        repository.changes(Some(&handle.session.approval.pin), &tip)?.len(),
    )?;
    repository.commit_tree(&tree, &[&tip], &message, signing(&handle.agreed))
}

/// Everything as one commit on the target.
fn squashed(
    handle: &Handle<'_>,
    target: &str,
    integration: &str,
    manner: &Manner<'_>,
) -> Result<String> {
    let repository = handle.tools.repository;
    let files = repository.changes(Some(target), integration)?.len();
    let message = message(handle, manner, true, files)?;
    let tree = repository.tree_of(integration)?;
    repository.commit_tree(&tree, &[target], &message, signing(&handle.agreed))
}

/// The message of the record's commit, or of the one commit of a squash.
fn message(
    handle: &Handle<'_>,
    manner: &Manner<'_>,
    squash: bool,
    modified: usize,
) -> Result<String> {
    let (agreed, session) = (&handle.agreed, &handle.session);
    let repository = handle.tools.repository;
    let plan = &agreed.plan;
    let title = |id: &ObjectiveId| plan.objective(id).map_or("", |o| o.title.as_str());
    let mut objectives = Vec::new();
    for wave in &session.waves {
        for tip in &wave.tips {
            let (commits, files) = match repository.merge_base(&wave.from, &tip.commit)? {
                Some(start) => (
                    repository.commits_between(&start, &tip.commit)?.len() as u64,
                    repository.changes(Some(&start), &tip.commit)?.len() as u64,
                ),
                None => (0, 0),
            };
            let id = &tip.objective;
            objectives.push(Done { id, title: title(id), commits, files });
        }
    }
    let dropped = session.objectives.iter().filter(|o| o.phase == Phase::Dropped);
    let dropped = dropped.map(|o| Done { id: &o.id, title: title(&o.id), commits: 0, files: 0 });
    let gated = session.waves.iter().any(|w| !w.gates.is_empty());
    let view = LandingView {
        plan: &plan.id,
        task_type: plan.task_type,
        request: &plan.request,
        target: sync::target_name(handle),
        squash,
        objectives,
        dropped: dropped.collect(),
        modified,
        tests: if gated { Tests::Passed } else { Tests::NotRun },
    };
    let text = manner.templates.landing_message(&view)?;
    let mut trailers = commit_message::record(&plan.id);
    trailers.push(Trailer::new("AP-Scope", &agreed.digest));
    let authors = repository.authors_between(&session.approval.pin, &session.integration)?;
    let committer = repository.committer()?;
    let workers = session.co_authors(|o| o.phase == Phase::Merged);
    let people = commit_message::co_authors(
        &committer.mail,
        &authors,
        &workers,
        &agreed.config.commits.co_authors,
    );
    Ok(commit_message::complete(&text, &commit_message::with_co_authors(trailers, people)))
}
