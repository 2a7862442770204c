//! `git ap scope grant` and `git ap scope deny`: the owner answers an objective that asks.

use anyhow::Result;

use super::show_requests;
use crate::commands::session::{Notes, Workshop, what_next};
use crate::commands::{Ctx, Exit, page, would};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::Phase;
use crate::execute::request;
use crate::execute::session::Handle;
use crate::ui::Format;

/// Give an objective what it asked for, or other paths that nobody holds
///
/// Proved against everything that runs or is reserved. The plan is amended by a commit on the
/// integration branch; from then on prompt, hook and merge know the wider scope. What is waited
/// for is given once it is free.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope grant T1                everything that T1 has asked for
  git ap scope grant jwt/T1 docs/      this, asked for or not
  git ap scope grant T1 --dry-run      say what would be given")]
pub(super) struct Grant {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    objective: String,
    /// Paths or patterns; left out: what it has asked for
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Say what would be given, change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Do not give an objective what it asked for
///
/// One that waited for it goes on with the scope that it has.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope deny T1 --why \"T2 does that\"")]
pub(super) struct Deny {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    objective: String,
    /// Why
    #[arg(short = 'm', long, value_name = "TEXT", default_value = "the owner does not give it")]
    why: String,
}

/// Grants.
pub(super) fn grant(ctx: &Ctx, args: &Grant) -> Result<Exit> {
    ctx.require_format("scope grant", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("scope grant")?;
    let (plan, objective) = workshop.objective_named(Some(&args.objective))?;
    let mut handle = workshop.session(&plan)?;
    if args.dry_run {
        let what = request::would_grant(&handle, &objective, &args.patterns)?;
        return would(ctx, &plan, &what);
    }
    let templates = page::templates(&workshop.project)?;
    let before = handle.agreed.digest.clone();
    let answered =
        request::grant(&mut handle, &objective, &args.patterns, &templates, &mut Notes(ctx))?;
    show_requests(ctx, &plan, &objective, &answered, false)?;
    if ctx.ui.format == Format::Human {
        let covered = |p: &&String| answered.iter().all(|r| !r.patterns.contains(p));
        let unasked: Vec<String> =
            args.patterns.iter().filter(covered).map(|p| format!("`{p}`")).collect();
        if !unasked.is_empty() {
            ctx.ui.answer(&format!("{objective} may touch {}", unasked.join(", ")))?;
        }
        if handle.agreed.digest != before {
            let commit = handle.session.agreed();
            let short = commit.get(..10).unwrap_or(commit);
            ctx.ui.note(&format!("the plan is amended in {short}"));
        }
        say_what_waits(ctx, &handle, &plan, &objective)?;
    }
    Ok(Exit::DONE)
}

/// A violation that the grant settles has to be judged again, and a wait ends with a start.
fn say_what_waits(
    ctx: &Ctx,
    handle: &Handle<'_>,
    plan: &PlanId,
    objective: &ObjectiveId,
) -> Result<()> {
    match handle.standing(objective)?.phase {
        Phase::Violated => ctx.ui.note(&format!(
            "its branch is judged again with `git ap done {}/{objective}`",
            plan.slug()
        )),
        Phase::Waiting => {
            ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
        }
        _ => {}
    }
    Ok(())
}

/// Denies.
pub(super) fn deny(ctx: &Ctx, args: &Deny) -> Result<Exit> {
    ctx.require_format("scope deny", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("scope deny")?;
    let (plan, objective) = workshop.objective_named(Some(&args.objective))?;
    let mut handle = workshop.session(&plan)?;
    let answered = request::deny(&mut handle, &objective, &args.why, &mut Notes(ctx))?;
    show_requests(ctx, &plan, &objective, &answered, false)?;
    Ok(Exit::DONE)
}
