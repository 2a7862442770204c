//! Saying that an objective is done: its worktree is clean, its branch holds its work, every
//! commit is in scope and its gates pass.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::gates::{self, Setting};
use super::judge::{Judgement, judge};
use super::listener::Listener;
use super::session::Handle;
use super::start::environment;
use crate::domain::commit_message;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::guard::{Violation, guard};
use crate::domain::id::ObjectiveId;
use crate::domain::path::{RepoPath, shell_word};
use crate::domain::session::{Entry, Phase, Workplace};
use crate::domain::tree::{Change, Mode, Side};
use crate::git::Git;
use crate::git::worktrees::{self, Dirt};
use crate::report::{ObjectiveView, Templates};

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

/// Hands an objective in.
pub fn submit(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    manner: &Manner,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Verdict> {
    handle.require_unclaimed()?;
    let standing = handle.standing(objective)?.clone();
    if standing.phase == Phase::Merged {
        return Ok(Verdict::Merged);
    }
    let place = handle.workplace(objective)?.clone();
    if standing.phase == Phase::Started {
        let message = format!("the worktree of {objective} is not set up yet");
        let hint = format!("git ap start {} --objective {objective}", handle.session.plan().slug());
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let tip = match committed(handle, objective, &place, manner, templates)? {
        Committed::Tip(tip) => tip,
        Committed::OutOfScope(violations) => return Ok(Verdict::Uncommitted(violations)),
    };
    let repository = handle.tools.repository;
    let integration = handle.session.integration.clone();
    let judgement = judge(repository, &handle.agreed, objective, &integration, &tip)?;
    if judgement.changes.is_empty() && !manner.no_change && judgement.violations.is_empty() {
        return Ok(Verdict::NoChange);
    }
    let accepted = |judgement: Judgement, tip: String, already| Verdict::Accepted {
        tip,
        files: judgement.changes.len(),
        derived: judgement.derived,
        already,
    };
    let known = standing.phase == Phase::Accepted && standing.tip.as_deref() == Some(&tip);
    if known && judgement.violations.is_empty() {
        return Ok(accepted(judgement, tip, true));
    }
    handle.append(Entry::Submitted { objective: objective.clone(), tip: tip.clone() })?;
    if !judgement.violations.is_empty() {
        for text in &judgement.violations {
            let objective = objective.to_string();
            listener.event(EventKind::ScopeViolation { objective, text: text.clone() });
        }
        handle.append(judgement.violated(objective, &tip))?;
        return Ok(Verdict::Violated(judgement.violations));
    }
    let commands = own_gates(handle, objective)?;
    if let Some(red) = gated(handle, objective, &place, &commands, listener)? {
        let reason = format!("its gate `{}` {}", red.command, red.ended.describe());
        handle.append(Entry::Failed {
            objective: objective.clone(),
            reason: reason.clone(),
            by_run: manner.by_run,
            gate: Some(red.failing()),
        })?;
        let objective = objective.to_string();
        listener.event(EventKind::ObjectiveFailed { objective, reason });
        return Ok(Verdict::Red(red));
    }
    if repository.reference(&place.branch)?.as_deref() != Some(tip.as_str()) {
        let message = format!("the branch of {objective} moved while its gates ran");
        return Err(Failure::new(Kind::Conflict, message).hint("git ap done").into());
    }
    let entry = Entry::Accepted { objective: objective.clone(), tip: tip.clone(), gates: commands };
    handle.append(entry)?;
    listener
        .event(EventKind::ObjectiveComplete { objective: objective.to_string(), tip: tip.clone() });
    Ok(accepted(judgement, tip, false))
}

/// What a branch has once everything of the worktree is on it.
enum Committed {
    /// Its tip.
    Tip(String),
    /// Nothing: what is not committed is out of scope.
    OutOfScope(Vec<Violation>),
}

/// Brings everything of the worktree on the branch.
fn committed(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    place: &Workplace,
    manner: &Manner,
    templates: &Templates,
) -> Result<Committed> {
    let worktree = Path::new(&place.worktree);
    let repository = handle.tools.repository;
    let short = place.branch.strip_prefix("refs/heads/").unwrap_or(&place.branch);
    let tip = |repository: &crate::git::Repository| -> Result<Committed> {
        let tip = repository.reference(&place.branch)?.ok_or_else(|| {
            let hint = format!("git branch {short} {}", place.start);
            let message = format!("the branch `{short}` is gone");
            Failure::new(Kind::Repository, message).hint(hint)
        })?;
        Ok(Committed::Tip(tip))
    };
    if !worktree.exists() {
        // Somebody removed the worktree; what is on the branch is there. One that was moved may
        // hold more.
        worktrees::require_not_elsewhere(repository, &place.branch, worktree)?;
        return tip(repository);
    }
    let mut dirt = worktrees::dirty(worktree)?;
    if let Some(operation) = dirt.operation {
        let message = format!("a {operation} is not finished in {}", place.worktree);
        let hint = format!("git -C {} status", shell_word(&place.worktree));
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let worktrees = worktrees::list(repository)?;
    let own = worktrees.iter().find(|w| w.path == worktree);
    if let Some(own) = own.filter(|w| w.branch.as_deref() != Some(place.branch.as_str())) {
        let on = own.branch.as_deref().unwrap_or("no branch");
        let message =
            format!("{} is not on the branch of {objective}, but on {on}", place.worktree);
        let hint = format!("git -C {} switch {short}", shell_word(&place.worktree));
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    if manner.by_run {
        super::checkpoint::unfold(handle, objective, place)?;
        dirt = worktrees::dirty(worktree)?;
    }
    let brought = |path: &RepoPath| place.brought.iter().any(|b| *b == path.to_string());
    dirt.untracked.retain(|path| !brought(path));
    if dirt.is_clean() {
        return tip(repository);
    }
    if !manner.commit {
        return Err(uncommitted(objective, &dirt).into());
    }
    let violations = out_of_scope(handle, objective, &dirt)?;
    if !violations.is_empty() {
        return Ok(Committed::OutOfScope(violations));
    }
    commit_all(handle, objective, place, &dirt, manner, templates)?;
    tip(repository)
}

/// What of the uncommitted changes in an objective's worktree it may not make.
pub fn beyond(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<Vec<Violation>> {
    let place = handle.workplace(objective)?;
    let worktree = Path::new(&place.worktree);
    if !worktree.exists() {
        return Ok(Vec::new());
    }
    let mut dirt = worktrees::dirty(worktree)?;
    dirt.untracked.retain(|path| !place.brought.contains(&path.to_string()));
    out_of_scope(handle, objective, &dirt)
}

/// What of the uncommitted changes an objective may not make.
pub(super) fn out_of_scope(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    dirt: &Dirt,
) -> Result<Vec<Violation>> {
    let agreed = &handle.agreed;
    let scope = agreed.scope(objective).context("an objective of the plan")?;
    let side = |id: &str| Some(Side { mode: Mode::File, id: id.to_owned() });
    // What was done to a path is seen once it is staged; that something was, is known.
    let changes: Vec<Change> = (dirt.tracked.iter().chain(&dirt.untracked))
        .map(|path| Change { path: path.clone(), old: side("before"), new: side("after") })
        .collect();
    Ok(guard(&changes, scope, &agreed.scopes, &agreed.rules).violations)
}

fn uncommitted(objective: &ObjectiveId, dirt: &Dirt) -> Failure {
    let all: Vec<String> =
        dirt.tracked.iter().chain(&dirt.untracked).map(|p| format!("`{p}`")).collect();
    let more = match all.len().saturating_sub(3) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let shown = all.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let message = format!("objective {objective} has uncommitted changes: {shown}{more}");
    Failure::new(Kind::User, message).hint("commit them, or say `git ap done --commit -m \"…\"`")
}

/// Commits everything of a worktree but what was brought into it.
fn commit_all(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    place: &Workplace,
    dirt: &Dirt,
    manner: &Manner,
    templates: &Templates,
) -> Result<()> {
    let worktree = Path::new(&place.worktree);
    let paths: Vec<RepoPath> = dirt.tracked.iter().chain(&dirt.untracked).cloned().collect();
    let agreed = &handle.agreed;
    let message = match &manner.message {
        Some(message) => message.clone(),
        None => templates.objective_message(&ObjectiveView {
            slug: agreed.plan.id.slug(),
            task_type: agreed.plan.task_type,
            id: objective,
            title: &agreed.objective(objective)?.title,
        })?,
    };
    let mut trailers = commit_message::objective(agreed.plan.id.slug(), objective);
    trailers.extend(manner.co_author.as_deref().map(commit_message::co_author));
    let message = commit_message::with_trailers(message.as_bytes(), &trailers);
    handle.tools.steps.pass("commit-all", objective.as_str())?;
    let git = Git::elsewhere(worktree).as_user();
    stage(&git, worktree, &paths)?;
    let file = tempfile::NamedTempFile::new().context("cannot make a file for a message")?;
    std::io::Write::write_all(&mut file.as_file(), &message).context("cannot write a message")?;
    let mut args = ["commit", "--quiet", "--cleanup=whitespace", "--file"]
        .map(std::ffi::OsString::from)
        .to_vec();
    args.push(file.path().into());
    git.output(args).map(drop)
}

/// Stages paths as they are in the worktree. `git add` would refuse what is ignored although it
/// was staged, and what is gone from the index already.
pub(super) fn stage(git: &Git, worktree: &Path, paths: &[RepoPath]) -> Result<()> {
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for path in paths {
        let place = worktree.join(worktrees::os_path(path));
        // A directory stands for a repository, or is where a file was; what lies behind a link
        // is not in the worktree.
        let above = place.ancestors().skip(1).take_while(|above| *above != worktree);
        let is_there = match std::fs::symlink_metadata(&place) {
            Ok(metadata) => !metadata.is_dir() || place.join(".git").exists(),
            Err(_) => false,
        } && !above.into_iter().any(Path::is_symlink);
        let list = if is_there { &mut there } else { &mut gone };
        list.extend_from_slice(path.as_bytes());
        list.push(0);
    }
    git.fed(["update-index", "--force-remove", "-z", "--stdin"], Some(&gone))?;
    git.fed(["update-index", "--add", "--replace", "-z", "--stdin"], Some(&there)).map(drop)
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

fn gated(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    place: &Workplace,
    commands: &[String],
    listener: &mut dyn Listener,
) -> Result<Option<gates::Red>> {
    if commands.is_empty() {
        return Ok(None);
    }
    handle.tools.steps.pass("gates", objective.as_str())?;
    let policy = &handle.agreed.config.gates;
    let setting = Setting {
        directory: place.worktree.clone().into(),
        environment: environment(handle, objective)?,
        timeout: Duration::from_mins(policy.timeout_minutes),
        retries: policy.retries,
        logs: gates::logs(handle.journal.folder(), objective.as_str()),
        commit: None,
    };
    handle.unlocked(&format!("gates of {objective}"), |_| {
        gates::check(commands, &setting, &mut |progress| {
            gates::tell(objective.as_str(), progress, listener);
        })
    })
}
