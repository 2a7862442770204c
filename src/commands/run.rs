//! `git ap run`: the next thing, and the next, until somebody is needed.

use anyhow::Result;

use super::session::{Consent, Purpose, Teller, Workshop, what_next};
use super::{Ctx, Exit, land, merge, page, start, would};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::PlanId;
use crate::domain::session::{Next, next};
use crate::execute::listener::Listener as _;
use crate::execute::session::Handle;
use crate::execute::start::start_all;
use crate::report::Templates;
use crate::ui::Format;

/// Do the next thing, and the next, until somebody is needed
///
/// Approves the plan (if you say yes), makes the worktrees of a wave, and once everything in it
/// is done merges it and goes on. It ends with everything merged on the integration branch; it
/// lands nothing unless `--land` says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap run                 the next thing of the session that is not finished
  git ap run jwt --prepare   approve and make the worktrees, nothing else
  git ap run --yes --land    go on to the end, where nobody is needed")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Only make the worktrees of the wave
    #[arg(long, conflicts_with = "land")]
    pub prepare: bool,
    /// Land when everything is merged
    #[arg(long)]
    pub land: bool,
    /// Say what would be done, do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs a session as far as it goes.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("run", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    if args.dry_run {
        return dry(ctx, &workshop, &id);
    }
    let mut teller = Teller::new(ctx);
    teller.session(&id);
    let outcome = through(ctx, &workshop, &id, args, &mut teller);
    teller.end(outcome)
}

fn dry(ctx: &Ctx, workshop: &Workshop, id: &PlanId) -> Result<Exit> {
    let session = crate::execute::session::look(&workshop.project.repository, id)?;
    let text = if let Some(session) = session.filter(|s| !s.was_taken_back()) {
        format!("would go on with: {}", what_next(&session))
    } else {
        let asked = workshop.asked(ctx, id, true)?;
        let places = asked.agreed.plan.objectives.iter().zip(&asked.waves);
        let first = places.filter(|(_, wave)| **wave == 1).map(|(o, _)| o.id.as_str());
        let first: Vec<&str> = first.collect();
        format!("would approve {id} and start {}", first.join(", "))
    };
    would(ctx, id, &text)
}

fn through(
    ctx: &Ctx,
    workshop: &Workshop,
    id: &PlanId,
    args: &Args,
    teller: &mut Teller<'_>,
) -> Result<Exit> {
    let templates = page::templates(&workshop.project)?;
    let consent = Consent::Asked { by_run: !args.prepare };
    let mut handle = workshop.approved(ctx, id, consent, teller)?;
    if args.prepare {
        let objectives = start::due(&handle);
        start_all(&mut handle, &objectives, &templates, teller)?;
        if ctx.ui.format == Format::Human {
            start::show(ctx, &handle, &objectives)?;
        }
        return Ok(Exit::DONE);
    }
    advance(ctx, &mut handle, &templates, teller)?;
    if args.land && next(&handle.session) == Next::Land {
        land::land(ctx, &workshop.project, &mut handle, false, &templates, teller)?;
    }
    Ok(Exit::DONE)
}

/// Does what comes next until somebody is needed or everything is merged.
pub fn advance(
    ctx: &Ctx,
    handle: &mut Handle<'_>,
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let human = ctx.ui.format == Format::Human;
    loop {
        match next(&handle.session) {
            Next::Start { objectives, .. } => {
                start_all(handle, &objectives, templates, teller)?;
                if human {
                    start::show(ctx, handle, &objectives)?;
                }
                return Ok(());
            }
            Next::Merge { .. } => merge::merge(ctx, handle, &[], templates, teller)?,
            Next::Work { objectives, .. } => {
                if human {
                    start::show(ctx, handle, &objectives)?;
                }
                return Ok(());
            }
            Next::Decide { wave, objectives } => {
                let ids: Vec<String> = objectives.iter().map(ToString::to_string).collect();
                let message = format!("wave {wave} waits for a decision about {}", ids.join(", "));
                let hint = what_next(&handle.session);
                return Err(Failure::new(Kind::Worker, message).hint(hint).into());
            }
            Next::Resolve => {
                let message = "a conflict with the target waits to be resolved";
                let hint = what_next(&handle.session);
                return Err(Failure::new(Kind::Worker, message).hint(hint).into());
            }
            Next::Land => {
                let commit = handle.session.integration.clone();
                teller.event(EventKind::IntegrationComplete { commit });
                if human {
                    ctx.ui.note(&format!(
                        "everything is merged; next: {}",
                        what_next(&handle.session)
                    ));
                }
                return Ok(());
            }
            Next::Clean | Next::Over => {
                if human {
                    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
                }
                return Ok(());
            }
        }
    }
}
