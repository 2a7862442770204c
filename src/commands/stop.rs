//! `git ap stop`: workers end, what they did stays.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::session::{Notes, Purpose, Workshop};
use super::{Ctx, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Entry, How, Session};
use crate::domain::team::stream::Usage;
use crate::execute::checkpoint::checkpoint;
use crate::execute::session::look;
use crate::store;
use crate::ui::Format;
use crate::worker::leftover;

/// How long it is waited for workers to be back: they have some seconds to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether they are.
const PACE: Duration = Duration::from_millis(100);

/// Stop the workers of a session, or one of them
///
/// Each is asked to end and ended a little later; what it did stays in its worktree, and costs no
/// try. `git ap run` in the other terminal ends too, and goes on with it when it is called again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap stop              every worker of the session that is not finished
  git ap stop T2           the worker at T2
  git ap stop --plan jwt   every worker of that session")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// A part of a plan's id
    #[arg(long, value_name = "PLAN", conflicts_with = "objective")]
    pub plan: Option<String>,
}

/// Stops workers.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("stop", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("stop")?;
    let (plan, objective) = match args.objective.as_deref() {
        Some(name) => {
            let (plan, objective) = workshop.objective_named(Some(name))?;
            (plan, Some(objective))
        }
        None => (workshop.plan_named(args.plan.as_deref(), Purpose::Change)?, None),
    };
    let mut handle = workshop.session(&plan)?;
    if let Some(objective) = &objective {
        handle.standing(objective)?;
    }
    let stopped = at_work(&handle.session, objective.as_ref());
    // Those whose watcher is dead are ended here.
    for id in orphans(&handle.session, &stopped) {
        if let Some(attempt) = handle.standing(&id)?.attempts.last() {
            leftover::kill(&attempt.mark);
        }
        let (how, usage, claim) = (How::Interrupted, Usage::default(), String::new());
        handle.append(Entry::Returned { objective: id.clone(), how, usage, claim })?;
        checkpoint(&handle, &id, "the run that watched its worker died", &mut Notes(ctx));
    }
    let living = at_work(&handle.session, objective.as_ref());
    if !living.is_empty() {
        handle.append(Entry::StopAsked { objective: objective.clone() })?;
    }
    drop(handle);
    let begun = Instant::now();
    loop {
        let session = look(&workshop.project.repository, &plan)?;
        let left = session.map_or_else(Vec::new, |s| at_work(&s, objective.as_ref()));
        let left: Vec<&ObjectiveId> = left.iter().filter(|id| living.contains(id)).collect();
        if left.is_empty() {
            break;
        }
        if begun.elapsed() > PATIENCE {
            let ids: Vec<&str> = left.iter().map(|id| id.as_str()).collect();
            let message = format!("{} did not end within 20 s", ids.join(", "));
            return Err(Failure::new(Kind::Worker, message).hint("git ap status").into());
        }
        std::thread::sleep(PACE);
    }
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({"schema": SCHEMA, "plan": plan, "stopped": stopped}))?;
        return Ok(Exit::DONE);
    }
    if stopped.is_empty() {
        ctx.ui.answer("no worker is at work")?;
        return Ok(Exit::DONE);
    }
    let ids: Vec<&str> = stopped.iter().map(ObjectiveId::as_str).collect();
    ctx.ui.answer(&format!("stopped: {}", ids.join(", ")))?;
    ctx.ui.note(&format!("next: `git ap run {}` goes on with what they did", plan.slug()));
    Ok(Exit::DONE)
}

/// Objectives whose worker is not back, or whose gates run.
fn at_work(session: &Session, only: Option<&ObjectiveId>) -> Vec<ObjectiveId> {
    let busy = session.objectives.iter().filter(|o| {
        let gated = || o.judge().is_some_and(store::is_alive);
        only.is_none_or(|only| *only == o.id)
            && o.attempts.last().is_some_and(|attempt| attempt.returned.is_none() || gated())
    });
    busy.map(|o| o.id.clone()).collect()
}

/// Those of them whose watcher is dead.
fn orphans(session: &Session, of: &[ObjectiveId]) -> Vec<ObjectiveId> {
    let dead = |id: &&ObjectiveId| {
        let last = session.objective(id).and_then(|o| o.attempts.last());
        last.is_some_and(|at| at.returned.is_none() && !store::is_alive(&at.holder))
    };
    of.iter().filter(dead).cloned().collect()
}
