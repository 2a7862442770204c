//! Everything of an objective's worktree is brought on its branch, if it may change it.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::session::Handle;
use super::submit::Manner;
use crate::domain::commit_message;
use crate::domain::error::{Failure, Kind};
use crate::domain::guard::{Violation, guard};
use crate::domain::id::ObjectiveId;
use crate::domain::path::{RepoPath, shell_word};
use crate::domain::session::Workplace;
use crate::domain::tree::{Change, Mode, Side};
use crate::git::Git;
use crate::git::worktrees::{self, Dirt};
use crate::report::{ObjectiveView, Templates};

/// What a branch has once everything of the worktree is on it.
pub(super) enum Committed {
    /// Its tip.
    Tip(String),
    /// Nothing: what is not committed is out of scope.
    OutOfScope(Vec<Violation>),
}

/// Brings everything of the worktree on the branch.
pub(super) fn committed(
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
    if manner.by_run && super::checkpoint::unfold(handle, objective, place)? {
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
pub(super) fn beyond(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<Vec<Violation>> {
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
    // What is gone first: a file may now be where a directory was.
    for (verb, paths) in [(&["--force-remove"][..], gone), (&["--add", "--replace"], there)] {
        if !paths.is_empty() {
            let args = ["update-index"].iter().chain(verb).chain(&["-z", "--stdin"]);
            git.fed(args, Some(&paths))?;
        }
    }
    Ok(())
}
