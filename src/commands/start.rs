//! `git ap start`: worktrees for the objectives of a wave.

use anyhow::Result;

use super::session::{Consent, Purpose, Teller, Workshop, what_next};
use super::{Ctx, Exit, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::{Next, Phase, next};
use crate::execute::baseline::baseline;
use crate::execute::listener::Listener as _;
use crate::execute::room::require_room;
use crate::execute::session::Handle;
use crate::execute::start::start_all;
use crate::ui::Format;

/// Make the worktrees of a wave, or of one objective
///
/// Each objective gets a branch and a worktree of its own, set up as the configuration says,
/// with hooks that hold its commits to its scope. A plan that is not approved yet is approved
/// first, if you say yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap start                   the wave that comes next
  git ap start jwt               of the plan whose id has `jwt` in it
  git ap start --objective T2    only one objective")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Only this objective
    #[arg(long, value_name = "ID")]
    pub objective: Option<String>,
}

/// Starts objectives.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("start", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    let mut teller = Teller::new(ctx);
    teller.session(&id);
    let outcome = started(ctx, &workshop, &id, args, &mut teller);
    teller.end(outcome)
}

fn started(
    ctx: &Ctx,
    workshop: &Workshop,
    id: &PlanId,
    args: &Args,
    teller: &mut Teller<'_>,
) -> Result<Exit> {
    let one = args.objective.as_deref().map(objective_id).transpose()?;
    let mut handle = workshop.approved(ctx, id, Consent::Asked { by_run: false }, teller)?;
    let objectives = match &one {
        Some(id) => {
            require_startable(&handle, id)?;
            vec![id.clone()]
        }
        None => due(&handle),
    };
    let templates = page::templates(&workshop.project)?;
    require_room(&handle, &objectives)?;
    if !objectives.is_empty()
        && let Some(red) = baseline(&mut handle, &templates, teller)?
    {
        teller.note(&red.describe());
    }
    start_all(&mut handle, &objectives, &templates, teller)?;
    if ctx.ui.format == Format::Human {
        show(ctx, &handle, &objectives)?;
    }
    Ok(Exit::DONE)
}

/// An objective's id as it was typed.
pub fn objective_id(text: &str) -> Result<ObjectiveId, Failure> {
    ObjectiveId::parse(text).map_err(|why| {
        Failure::new(Kind::Usage, format!("`{text}` is no objective's id")).hint(why)
    })
}

fn require_startable(handle: &Handle<'_>, id: &ObjectiveId) -> Result<(), Failure> {
    match handle.standing(id)?.phase {
        Phase::Merged => {
            let message = format!("objective {id} is merged already");
            Err(Failure::new(Kind::User, message).hint("git ap status"))
        }
        Phase::Dropped => {
            let message = format!("objective {id} was dropped");
            let hint = format!("git ap retry {}/{id}", handle.session.plan().slug());
            Err(Failure::new(Kind::User, message).hint(hint))
        }
        _ => Ok(()),
    }
}

/// The objectives that can be started now.
pub fn due(handle: &Handle<'_>) -> Vec<ObjectiveId> {
    match next(&handle.session) {
        Next::Start { objectives, .. } => objectives,
        _ => Vec::new(),
    }
}

/// Says where to work, and what comes next.
pub fn show(ctx: &Ctx, handle: &Handle<'_>, objectives: &[ObjectiveId]) -> Result<()> {
    let mut lines = Vec::new();
    for id in objectives {
        let title = &handle.agreed.objective(id)?.title;
        let title = crate::ui::text::one_line(title);
        lines.push(format!("{id}  {}  {title}", handle.workplace(id)?.worktree));
    }
    if lines.is_empty() {
        ctx.ui.note("there is nothing to start now");
    } else {
        ctx.ui.answer(&lines.join("\n"))?;
        let slug = handle.session.plan().slug();
        let first = &objectives[0];
        ctx.ui.note(&format!("to take it back: `git ap drop {slug}/{first}`"));
    }
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(())
}
