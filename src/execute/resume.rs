//! An objective that waited goes on: it gets what it was promised, and its branch what has been
//! merged meanwhile.

use std::path::Path;

use anyhow::Result;

use super::listener::Listener;
use super::request;
use super::session::Handle;
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Entry, Phase};
use crate::git::{Git, worktrees};
use crate::report::Templates;

/// Lets an objective that waited go on, or the rest of that after a crash. Refused while what it
/// waits for is not free, or the owner of the plan has not decided.
pub fn resume(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    handle.require_unclaimed()?;
    handle.require_integration()?;
    if handle.standing(objective)?.phase != Phase::Waiting {
        return Ok(());
    }
    request::settle(handle, objective, templates, listener)?;
    let worktree = handle.worktree(objective)?;
    if worktree.exists() {
        take_over(handle, objective, &worktree, listener)?;
    }
    handle.append(Entry::Resumed { objective: objective.clone() })?;
    listener.event(EventKind::ObjectiveStart {
        objective: objective.to_string(),
        worktree: worktree.display().to_string(),
    });
    Ok(())
}

/// Merges the integration branch into the objective's, in its worktree: a branch without commits
/// moves on. What conflicts stays for whoever works there, as after any `git merge`.
fn take_over(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    worktree: &Path,
    listener: &mut dyn Listener,
) -> Result<()> {
    let tools = handle.tools;
    let integration = handle.session.integration.clone();
    if let Some(head) = worktrees::head_of(tools.repository, worktree)?
        && tools.repository.is_ancestor(&integration, &head)?
    {
        return Ok(());
    }
    if let Some(operation) = worktrees::dirty(worktree)?.operation {
        listener.note(&format!("a {operation} is to be finished in {}", worktree.display()));
        return Ok(());
    }
    tools.steps.pass("resume", objective.as_str())?;
    let git = Git::elsewhere(worktree).as_user();
    let config = ["-c", "merge.directoryRenames=false", "-c", "rerere.autoUpdate=false"];
    let message = format!("chore(ap): merge what {objective} waited for");
    let args = ["merge", "--quiet", "-m", &message, &integration];
    let merged = git.answered(config.iter().chain(&args));
    let head = worktrees::head_of(tools.repository, worktree)?;
    let there = match &head {
        Some(head) => tools.repository.is_ancestor(&integration, head)?,
        None => false,
    };
    if !there {
        let branch = handle.session.integration_branch();
        let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
        let stopped = worktrees::dirty(worktree)?.operation == Some("merge");
        let what = if stopped {
            "has conflicts to resolve there".to_owned()
        } else {
            let why = merged.err().map(|e| format!(": {e:#}")).unwrap_or_default();
            format!("did not begin{why}")
        };
        listener
            .note(&format!("merging {short} into {objective}, in {}, {what}", worktree.display()));
    }
    Ok(())
}
