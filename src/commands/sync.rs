//! `git ap sync`: what the target has meanwhile comes into the session; in an objective's
//! worktree, what the session has meanwhile comes into the objective's branch.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::session::{Purpose, Workshop, how_to_get_back, what_next};
use super::{Ctx, Exit, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::shell_word;
use crate::domain::plan::SCHEMA;
use crate::execute::sync::{self, Synced};
use crate::git::{Git, worktrees};
use crate::ui::Format;

/// Merge what the target has meanwhile into the session
///
/// A conflict leaves a worktree to resolve it in. In the worktree of an objective it merges the
/// integration branch into the objective's branch instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap sync              merge the target
  git ap sync --continue   after the conflict is resolved
  git ap sync --abort      give it up; what was resolved is kept")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Take over what was resolved
    #[arg(long = "continue", conflicts_with = "abort")]
    pub resume: bool,
    /// Give a stopped sync up
    #[arg(long)]
    pub abort: bool,
}

/// Synchronises a session with its target.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("sync", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    if let Some((plan, objective)) = workshop.own_objective()?
        && !args.resume
        && !args.abort
        && args.plan.is_none()
    {
        return own(ctx, &workshop, &plan, &objective);
    }
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    let mut handle = workshop.session(&id)?;
    if let Some(stopped) = handle.session.stopped.as_ref().filter(|_| args.resume || args.abort) {
        workshop.require_not_in(Path::new(&stopped.worktree))?;
    }
    if args.abort {
        handle.require_unclaimed()?;
        let stopped = handle.session.stopped.is_some();
        let backup = sync::abort(&mut handle)?;
        let text = if stopped { "the sync is given up" } else { "no sync is waiting" };
        if ctx.ui.format == Format::Json {
            ctx.ui.json(
                &json!({"schema": SCHEMA, "plan": id, "aborted": stopped, "backup": backup}),
            )?;
            return Ok(Exit::DONE);
        }
        ctx.ui.answer(text)?;
        if let Some(reference) = backup {
            ctx.ui.note(&how_to_get_back(&workshop.project, &reference)?);
        }
        ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
        return Ok(Exit::DONE);
    }
    let templates = page::templates(&workshop.project)?;
    let synced = if args.resume {
        sync::resume(&mut handle, &templates)?
    } else {
        sync::sync(&mut handle, &templates)?
    };
    let target = sync::target_name(&handle).to_owned();
    let commit = match &synced {
        Synced::Already => None,
        Synced::Merged(commit) => Some(commit.as_str()),
    };
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({"schema": SCHEMA, "plan": id, "target": target, "commit": commit}))?;
        return Ok(Exit::DONE);
    }
    match commit {
        None => ctx.ui.answer(&format!("{target} has nothing that the session does not have"))?,
        Some(commit) => {
            let short = commit.get(..10).unwrap_or(commit);
            ctx.ui.answer(&format!("{target} is merged into the session as {short}"))?;
        }
    }
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(Exit::DONE)
}

/// Merges the integration branch into the branch of the objective whose worktree this is.
fn own(ctx: &Ctx, workshop: &Workshop, plan: &PlanId, objective: &ObjectiveId) -> Result<Exit> {
    let handle = workshop.session(plan)?;
    let place = handle.workplace(objective)?;
    let worktree = Path::new(&place.worktree);
    let integration = handle.session.integration.clone();
    let branch = handle.session.integration_branch();
    let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
    let dirt = worktrees::dirty(worktree)?;
    if let Some(operation) = dirt.operation {
        let message = format!("a {operation} is not finished in this worktree");
        return Err(Failure::new(Kind::User, message).hint("git status").into());
    }
    if !dirt.tracked.is_empty() {
        let message = "this worktree has uncommitted changes";
        return Err(Failure::new(Kind::User, message).hint("commit them first").into());
    }
    let git = Git::elsewhere(worktree).as_user();
    let text = format!("merge {short}\n");
    let merged = git.answered(["merge", "--quiet", "-m", &text, &integration])?;
    if merged.is_none() {
        let message = format!("merging {short} into {objective} conflicts");
        let hint = format!(
            "resolve it here ({}), commit, or `git merge --abort`",
            shell_word(&place.worktree)
        );
        return Err(Failure::new(Kind::Conflict, message).hint(hint).into());
    }
    if ctx.ui.format == Format::Json {
        ctx.ui.json(
            &json!({"schema": SCHEMA, "plan": plan, "objective": objective, "merged": integration}),
        )?;
    } else {
        ctx.ui.answer(&format!("{objective} has everything that {short} has"))?;
        ctx.ui.note("to take it back: `git reset --keep ORIG_HEAD`, if it merged something");
    }
    Ok(Exit::DONE)
}
