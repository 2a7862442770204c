//! `git ap approve`: the plan as it is now is what counts from here on.

use anyhow::Result;
use serde_json::json;

use super::session::{Consent, Notes, Purpose, Workshop, what_next};
use super::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::ui::Format;

/// Approve a plan: from here on it counts as it is now
///
/// Plan and configuration are pinned in a commit on the target's tip; the session's integration
/// branch begins there. Shows every command that the plan would run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap approve             the plan that is not finished
  git ap approve jwt         the one whose id has `jwt` in it
  git ap approve --dry-run   what would be pinned and run")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Show what would be approved, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Approves a plan.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("approve", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("approve")?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    if args.dry_run {
        let asked = workshop.asked(ctx, &id, false)?;
        let files: Vec<String> = asked.files.iter().map(|(path, _)| path.to_string()).collect();
        if ctx.ui.format == Format::Json {
            ctx.ui.json(&json!({"schema": SCHEMA, "plan": id, "files": files}))?;
        } else {
            ctx.ui.answer(&format!("would pin {} with {}", id, files.join(", ")))?;
        }
        return Ok(Exit::DONE);
    }
    let known = workshop.begun(&id)?;
    if let Some(handle) = &known {
        workshop.require_unchanged(handle)?;
    }
    let already = known.is_some();
    drop(known);
    let handle = workshop.approved(ctx, &id, Consent::Given, &mut Notes(ctx))?;
    let session = &handle.session;
    let branch = session.integration_branch();
    let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": id, "pin": session.approval.pin, "already": already,
            "branch": short, "target": session.approval.target,
        }))?;
        return Ok(Exit::DONE);
    }
    let pin = session.approval.pin.get(..10).unwrap_or_default();
    if already {
        ctx.ui.answer(&format!("{id} is approved already, pinned as {pin}"))?;
    } else {
        ctx.ui.answer(&format!("{id} is approved, pinned as {pin} on {short}"))?;
        ctx.ui.note(&format!("to take it back: `git ap clean {}`", id.slug()));
    }
    ctx.ui.note(&format!("next: {}", what_next(session)));
    Ok(Exit::DONE)
}
