//! `git ap plan <request>`: from words to a proved plan. The work gathers and decides; what it
//! decided on is written when it is over.

use anyhow::Result;

use super::Args;
use super::from::prove;
use super::make::{Made, Wanted, make};
use super::planner;
use super::save::{self, Ready};
use crate::commands::project::Project;
use crate::commands::{Ctx, Events, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::plan;
use crate::execute::narrate::Reporter;
use crate::store;
use crate::ui::Format;

/// The longest request that is taken, in bytes.
const MAX_REQUEST: usize = 256 * 1024;

pub(super) fn run(ctx: &Ctx, project: Project, args: &Args) -> Result<Exit> {
    let request = args.request_text();
    if request.len() > MAX_REQUEST {
        let message = format!("the request has more than {} KiB", MAX_REQUEST >> 10);
        return Err(Failure::new(Kind::User, message)
            .hint("say what is to be done more briefly")
            .into());
    }
    let wanted = Wanted {
        breadth: args.breadth(project.config()?),
        planner: planner::chosen(ctx, &project, args)?,
        prompt: args.prompt,
    };
    let id = fresh_id(ctx, &project, &request)?;
    let work = move |reporter: &Reporter| {
        reporter.session(id.as_str());
        let made = make(&project, &id, &request, &wanted, reporter)?;
        Ok((project, made))
    };
    let quiet = args.dry_run || args.prompt;
    let events = if quiet { Events::Beside } else { Events::Stdout };
    let ((project, made), written) = ctx.narrate(events, work, |(project, made), narrator| {
        if quiet {
            return Ok(((project, made), None));
        }
        let _lock = project.lock()?;
        let made = renamed_if_taken(&project, made)?;
        narrator.session(made.ready.plan()?.id.as_str());
        let actions = save::actions(&project, &made.ready, args.commit)?;
        let outcomes = save::write(ctx, &project, &actions, narrator)?;
        Ok(((project, made), Some((actions, outcomes))))
    })?;
    for note in made.said.iter().chain(&made.notes) {
        ctx.ui.note(note);
    }
    if let Some(question) = &made.question {
        ctx.ui.answer(question)?;
        return Ok(Exit::DONE);
    }
    match (&written, ctx.ui.format) {
        (None, Format::Json) => ctx.ui.json(made.ready.plan()?)?,
        (None, _) => {
            let actions = save::actions(&project, &made.ready, args.commit)?;
            save::preview(ctx, &made.ready, &actions)?;
        }
        (Some((actions, outcomes)), Format::Human) => {
            save::report(ctx, &made.ready, actions, outcomes)?;
        }
        (Some(_), _) => {}
    }
    Ok(if made.ready.proof.valid() { Exit::DONE } else { Kind::Plan.into() })
}

/// Another command may have taken the id while this one was planning.
fn renamed_if_taken(project: &Project, mut made: Made) -> Result<Made> {
    let mut plan = made.ready.plan()?.clone();
    let free = free_id(project, &plan.id)?;
    if free != plan.id {
        plan.id = free;
        let analysis = made.ready.analysis.take();
        made.ready = Ready { analysis, ..prove(project, &plan::to_toml(&plan))? };
    }
    Ok(made)
}

/// An id that no plan of this worktree has, with a slug that is not taken either.
fn fresh_id(ctx: &Ctx, project: &Project, request: &str) -> Result<PlanId> {
    free_id(project, &PlanId::new(&ctx.clock.stamp(), request).map_err(anyhow::Error::msg)?)
}

fn free_id(project: &Project, first: &PlanId) -> Result<PlanId> {
    let plans = store::list(&project.root)?;
    let taken = |id: &PlanId| plans.ids().iter().any(|other| other.slug() == id.slug());
    let mut ids = std::iter::once(first.clone()).chain((2..).map(|n| first.numbered(n)));
    Ok(ids.find(|id| !taken(id)).unwrap_or_else(|| first.clone()))
}
