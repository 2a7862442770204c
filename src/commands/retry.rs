//! `git ap retry`: an objective is worked on again.

use anyhow::Result;

use super::session::{Teller, Workshop, how_to_get_back};
use super::{Ctx, Exit, start};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::{Entry, Phase};
use crate::execute::start::{Manner, has_lost_its_worktree, start};
use crate::ui::Format;

/// Work on an objective again
///
/// After a failure, a red gate or a violation. Its worktree and branch stay as they are; with
/// `--afresh` it begins at the integration branch as it is now, and what it had is kept under
/// refs/ap/backup/.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap retry T2            go on where it stands
  git ap retry T2 --afresh   begin at the beginning, keep the old work as a backup")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// Begin with a new branch and worktree
    #[arg(long)]
    pub afresh: bool,
}

/// Puts an objective back to work.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("retry", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(args.objective.as_deref())?;
    let mut teller = Teller::new(ctx);
    teller.session(&plan);
    let outcome = again(ctx, &workshop, (&plan, &objective), args, &mut teller);
    teller.end(outcome)
}

fn again(
    ctx: &Ctx,
    workshop: &Workshop,
    (plan, objective): (&PlanId, &ObjectiveId),
    args: &Args,
    teller: &mut Teller<'_>,
) -> Result<Exit> {
    let mut handle = workshop.session(plan)?;
    handle.require_unclaimed()?;
    let phase = handle.standing(objective)?.phase;
    if phase == Phase::Merged {
        let message = format!("objective {objective} is merged");
        return Err(Failure::new(Kind::User, message).hint("git ap undo").into());
    }
    if phase == Phase::Planned {
        let message = format!("objective {objective} was not started yet");
        let hint = format!("git ap start {} --objective {objective}", plan.slug());
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let before = handle.standing(objective)?.clone();
    if phase == Phase::Dropped || args.afresh {
        if args.afresh {
            workshop.require_outside(&handle, objective)?;
        }
        let kept = crate::apply::saved(
            handle.tools.repository,
            &handle.session,
            &before,
            handle.tools.steps,
        )?;
        // Before anything that may fail: a set-up, say.
        for reference in kept {
            ctx.ui.note(&how_to_get_back(&workshop.project, &reference)?);
        }
        start(&mut handle, objective, Manner { afresh: args.afresh }, teller)?;
    } else if phase == Phase::Started || has_lost_its_worktree(&before) {
        // A start that did not get to its end, perhaps one of ours.
        start(&mut handle, objective, Manner::default(), teller)?;
    } else if phase != Phase::Working {
        handle.append(Entry::Retried { objective: objective.clone(), by_run: false })?;
    }
    if ctx.ui.format == Format::Human {
        ctx.ui.answer(&format!("{objective} is worked on again"))?;
        for text in &before.said {
            ctx.ui.note(&format!("  {text}"));
        }
        start::show(ctx, &handle, std::slice::from_ref(objective))?;
    }
    Ok(Exit::DONE)
}
