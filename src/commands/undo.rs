//! `git ap undo`: the last merged wave is taken back.

use anyhow::Result;
use serde_json::json;

use super::session::{Purpose, Workshop, what_next};
use super::{Ctx, Exit, would};
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::domain::session::{MergedWave, Operation, Phase, Session};
use crate::ui::Format;

/// Take the last merged wave back
///
/// Its objectives are accepted again, and `git ap merge` works at once. Only before the next
/// wave has started and before landing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap undo
  git ap undo jwt --dry-run")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Say what would be taken back, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Takes a wave back.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("undo", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("undo")?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Look)?;
    let mut handle = workshop.session(&id)?;
    handle.require_unclaimed()?;
    let wave = undoable(&handle.session)?.clone();
    handle.require_movable_integration()?;
    if args.dry_run {
        let text = format!("would take wave {} back, commit {}", wave.wave, wave.commit);
        return would(ctx, &id, &text);
    }
    handle.operate(&Operation::Undo {
        wave: wave.wave,
        from: wave.commit.clone(),
        to: wave.from.clone(),
    })?;
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": id, "wave": wave.wave, "undone": wave.commit,
            "integration": wave.from,
        }))?;
        return Ok(Exit::DONE);
    }
    ctx.ui
        .answer(&format!("wave {} is taken back; its objectives are accepted again", wave.wave))?;
    ctx.ui.note(&format!("to take that back: `git ap merge {}`", id.slug()));
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(Exit::DONE)
}

/// The wave that can be taken back, or why none can.
fn undoable(session: &Session) -> Result<&MergedWave, Failure> {
    let Some(wave) = session.waves.last() else {
        let message = "no wave is merged: there is nothing to take back";
        return Err(Failure::new(Kind::User, message).hint("git ap status"));
    };
    let revert = |why: &str| {
        let message = format!("wave {} cannot be taken back: {why}", wave.wave);
        let hint = format!("git revert -m 1 {}", wave.commit.get(..10).unwrap_or(&wave.commit));
        Err(Failure::new(Kind::User, message).hint(hint))
    };
    if session.landed.is_some() {
        return revert("the session has landed");
    }
    // One that waits has not gone on from it yet, unless it began there.
    let later = |o: &&crate::domain::session::Standing| {
        let began = o.place.as_ref().is_some_and(|place| place.start == wave.commit);
        o.wave > wave.wave && o.phase.is_at_work() && (o.phase != Phase::Waiting || began)
    };
    if let Some(started) = session.objectives.iter().find(later) {
        return revert(&format!("{} has started from it", started.id));
    }
    if session.integration != wave.commit {
        let amended = session.agreed() == session.integration;
        let after = if amended { "the plan was amended" } else { "the target was merged" };
        return revert(&format!("{after} after it"));
    }
    let gone = wave
        .tips
        .iter()
        .find(|t| session.objective(&t.objective).is_some_and(|o| o.phase != Phase::Merged));
    match gone {
        Some(tip) => revert(&format!("{} is not merged any more", tip.objective)),
        None => Ok(wave),
    }
}
