//! `git ap fail`: an objective cannot be done.

use anyhow::Result;
use serde_json::json;

use super::session::{Workshop, what_next};
use super::{Ctx, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Entry, Phase};
use crate::ui::Format;

/// Say that an objective cannot be done
///
/// Its worktree and branch stay. The wave waits for the owner: try again, drop it, or leave it
/// for a later wave.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap fail -m \"the library has no such call\"   in the objective's worktree
  git ap fail T2 -m \"blocked by T3\"")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// Why
    #[arg(short, long, value_name = "REASON", default_value = "no reason was given")]
    pub message: String,
}

/// Records that an objective failed.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("fail", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(args.objective.as_deref())?;
    let mut handle = workshop.session(&plan)?;
    handle.require_unclaimed()?;
    let standing = handle.standing(&objective)?;
    let again = standing.phase == Phase::Failed && standing.said == [args.message.clone()];
    if matches!(standing.phase, Phase::Merged | Phase::Dropped | Phase::Planned) {
        let message = format!("objective {objective} is {}", standing.phase.as_str());
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    if !again {
        let reason = args.message.clone();
        let of = objective.clone();
        handle.append(Entry::Failed { objective: of, reason, by_run: false, gate: None })?;
    }
    if ctx.ui.format == Format::Json {
        ctx.ui.json(
            &json!({"schema": SCHEMA, "plan": plan, "objective": objective, "phase": "failed"}),
        )?;
        return Ok(Exit::DONE);
    }
    ctx.ui.answer(&format!("{objective} has failed: {}", args.message))?;
    ctx.ui.note(&format!("to take it back: `git ap retry {}/{objective}`", plan.slug()));
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(Exit::DONE)
}
