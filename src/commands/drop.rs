//! `git ap drop`: an objective is given up.

use anyhow::Result;
use serde_json::json;

use super::session::{Workshop, how_to_get_back, what_next};
use super::{Ctx, Exit, would};
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Operation, Phase};
use crate::execute::reservations;
use crate::ui::Format;

/// Give an objective up
///
/// Its worktree and branch go. What is in them and nowhere else, committed or not, is kept under
/// refs/ap/backup/; files that git ignores are not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap drop T2
  git ap drop jwt/T2 --dry-run   say what would go and what would be kept")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: String,
    /// Say what would be done, do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Gives an objective up.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("drop", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(Some(&args.objective))?;
    let mut handle = workshop.session(&plan)?;
    handle.require_unclaimed()?;
    let standing = handle.standing(&objective)?.clone();
    if standing.phase == Phase::Merged {
        let message = format!("objective {objective} is merged: it cannot be dropped");
        let hint = format!("git ap undo {}", plan.slug());
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    workshop.require_outside(&handle, &objective)?;
    let worktree = standing.place.as_ref().map(|p| p.worktree.clone());
    if args.dry_run {
        let what = worktree.unwrap_or_else(|| "nothing but its place in the plan".to_owned());
        return would(ctx, &plan, &format!("would drop {objective}: {what}"));
    }
    let already = standing.phase == Phase::Dropped;
    if !already {
        let tools = handle.tools;
        let backups =
            crate::apply::saved(tools.repository, &handle.session, &standing, tools.steps)?;
        let operation = Operation::Drop { objective: objective.clone(), backups };
        handle.operate(&operation)?;
    }
    reservations::settle(&handle)?;
    let backups = handle.standing(&objective)?.backups.clone();
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": plan, "objective": objective, "phase": "dropped",
            "backups": backups,
        }))?;
        return Ok(Exit::DONE);
    }
    let again = if already { " already" } else { "" };
    ctx.ui.answer(&format!("{objective} is dropped{again}"))?;
    for reference in &backups {
        ctx.ui.note(&how_to_get_back(&workshop.project, reference)?);
    }
    ctx.ui.note(&format!("to take it back: `git ap retry {}/{objective}`", plan.slug()));
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(Exit::DONE)
}
