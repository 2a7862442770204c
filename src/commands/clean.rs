//! `git ap clean`: worktrees and branches of finished sessions go.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::project::Project;
use super::session::{Purpose, Workshop, how_to_get_back};
use super::{Ctx, Exit};
use crate::apply;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Operation, Phase};
use crate::execute::run::without_temporary;
use crate::execute::session::Handle;
use crate::execute::{land, reservations};
use crate::git::{Merged, worktrees};
use crate::ui::{Format, count_of};

/// Remove what finished sessions leave behind
///
/// Worktrees and branches go, reservations end. What is in them and nowhere else is kept under
/// refs/ap/backup/; files that git ignores are counted, not kept. A session of which nothing has
/// started is taken back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap clean             every session that has landed
  git ap clean jwt         one session
  git ap clean --dry-run   say what would go and what would stay")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN", conflicts_with = "all")]
    pub plan: Option<String>,
    /// Every finished session, also where one is unfinished
    #[arg(long)]
    pub all: bool,
    /// Say what would be done, do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What was removed of one session.
#[derive(Debug, serde::Serialize)]
struct Freed {
    plan: PlanId,
    worktrees: usize,
    ignored_files: usize,
    backups: Vec<String>,
}

/// Cleans up.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("clean", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let named = match &args.plan {
        Some(name) => vec![workshop.plan_named(Some(name), Purpose::Look)?],
        None => Vec::new(),
    };
    let (mut freed, mut kept) = (Vec::new(), Vec::new());
    let plans = if named.is_empty() { workshop.finished()? } else { named.clone() };
    for plan in &plans {
        let Some(mut handle) = workshop.begun(plan)? else {
            kept.push((plan.clone(), "it is not approved: nothing of it was made".to_owned()));
            continue;
        };
        if handle.session.cleaned {
            kept.push((plan.clone(), "it was cleaned up already".to_owned()));
            continue;
        }
        for standing in &handle.session.objectives {
            workshop.require_outside(&handle, &standing.id)?;
        }
        let around = handle.surroundings()?;
        workshop.require_not_in(&around.gate)?;
        workshop.require_not_in(&around.sync)?;
        match unfinished(&handle)? {
            // What landed and was taken back is given up by naming it; it is kept as a backup.
            Some(why) if !named.is_empty() && handle.session.landed.is_none() => {
                let message = format!("{plan} is not finished: {why}");
                let hint = format!(
                    "git ap land {0}, or give its objectives up with `git ap drop {0}/ID`",
                    plan.slug()
                );
                return Err(Failure::new(Kind::User, message).hint(hint).into());
            }
            Some(why) if named.is_empty() => kept.push((plan.clone(), why)),
            _ => {
                freed.push(clean(&mut handle, args.dry_run)?);
                if !args.dry_run {
                    let known = |name: &str| ctx.env.get(name).map(ToOwned::to_owned);
                    without_temporary(&handle, &known);
                }
            }
        }
    }
    answer(ctx, &workshop.project, args, &freed, &kept)
}

/// Why a session is not finished; none: it is, or nothing of it has begun.
fn unfinished(handle: &Handle<'_>) -> Result<Option<String>> {
    let session = &handle.session;
    let begun = session.objectives.iter().any(|o| o.place.is_some()) || !session.waves.is_empty();
    if !begun {
        return Ok(None);
    }
    if let Some(landing) = &session.landed
        && land::is_reached(handle, &landing.commit)?
    {
        return Ok(None);
    }
    let open: Vec<&str> = session
        .objectives
        .iter()
        .filter(|o| !matches!(o.phase, Phase::Merged | Phase::Dropped))
        .map(|o| o.id.as_str())
        .collect();
    if !open.is_empty() {
        let are = if open.len() == 1 { "is" } else { "are" };
        return Ok(Some(format!("{} {are} neither merged nor dropped", open.join(", "))));
    }
    if session.waves.is_empty() {
        return Ok(None);
    }
    // A code host may have squashed it: merging it into the target would change nothing then.
    let repository = handle.tools.repository;
    let Some(target) = repository.reference(&session.approval.target)? else {
        return Ok(Some("its target is gone".to_owned()));
    };
    let unchanged = match repository.merge_commits(&target, &session.integration)? {
        Merged::Tree(tree) => tree == repository.tree_of(&target)?,
        Merged::Conflicts { .. } => false,
    };
    let why = match session.landed {
        Some(_) => "its target does not have any more what landed (name it to give it up)",
        None => "it has not landed",
    };
    Ok((!unchanged).then(|| why.to_owned()))
}

fn clean(handle: &mut Handle<'_>, dry_run: bool) -> Result<Freed> {
    let mut freed = Freed {
        plan: handle.session.plan().clone(),
        worktrees: 0,
        ignored_files: 0,
        backups: Vec::new(),
    };
    let tools = handle.tools;
    if let Some(stopped) = &handle.session.stopped {
        worktrees::require_removable(tools.repository, Path::new(&stopped.worktree))?;
    }
    worktrees::require_nowhere(tools.repository, &handle.session.integration_branch())?;
    for standing in &handle.session.objectives {
        let Some(place) = &standing.place else { continue };
        let worktree = Path::new(&place.worktree);
        if worktree.join(".git").exists() {
            freed.worktrees += 1;
            freed.ignored_files += worktrees::dirty(worktree)?.ignored;
        }
        if !dry_run {
            let saved = apply::saved(tools.repository, &handle.session, standing, tools.steps)?;
            freed.backups.extend(saved);
        }
    }
    if !dry_run {
        freed.backups.extend(apply::integration_saved(
            tools.repository,
            &handle.session,
            tools.steps,
        )?);
        handle.operate(&Operation::Clean { backups: freed.backups.clone() })?;
        reservations::settle(handle)?;
    }
    Ok(freed)
}

fn answer(
    ctx: &Ctx,
    project: &Project,
    args: &Args,
    freed: &[Freed],
    kept: &[(PlanId, String)],
) -> Result<Exit> {
    if ctx.ui.format == Format::Json {
        let kept: Vec<_> = kept.iter().map(|(p, why)| json!({"plan": p, "why": why})).collect();
        ctx.ui.json(&json!({
            "schema": SCHEMA, "dry_run": args.dry_run, "freed": freed, "kept": kept,
        }))?;
        return Ok(Exit::DONE);
    }
    if freed.is_empty() && kept.is_empty() {
        ctx.ui.answer("there is nothing to clean up")?;
    }
    let would = if args.dry_run { "would be removed" } else { "removed" };
    for session in freed {
        let ignored = match session.ignored_files {
            0 => String::new(),
            n => format!(", with {} that git ignores", count_of(n, "file")),
        };
        ctx.ui.answer(&format!(
            "{}: {} {would}{ignored}",
            session.plan,
            count_of(session.worktrees, "worktree")
        ))?;
        for reference in &session.backups {
            ctx.ui.note(&how_to_get_back(project, reference)?);
        }
    }
    for (plan, why) in kept {
        ctx.ui.answer(&format!("{plan} was left as it is: {why}"))?;
    }
    Ok(Exit::DONE)
}
