//! `git ap merge`: a wave, whole or not at all.

use anyhow::Result;

use super::session::{Purpose, Teller, Workshop, what_next};
use super::start::objective_id;
use super::{Ctx, Exit, page, would};
use crate::domain::error::Failure;
use crate::domain::id::ObjectiveId;
use crate::execute::integrate;
use crate::execute::session::Handle;
use crate::report::Templates;
use crate::ui::{Format, count_of};

/// Merge the wave whose objectives are all accepted
///
/// Every commit is held against its scope again, the gates run on exactly the commit that
/// lands, and the integration branch moves in one step, or nothing does.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap merge                    the current wave
  git ap merge jwt --without T2   leave one out: it moves to a later wave
  git ap merge --dry-run          say what would be merged, change nothing")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Leave this objective for a later wave
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Say what would be merged, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Merges a wave.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("merge", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    let without: Result<Vec<ObjectiveId>, Failure> =
        args.without.iter().map(|text| objective_id(text)).collect();
    let without = without?;
    let mut handle = workshop.session(&id)?;
    if args.dry_run {
        return dry(ctx, &handle, &without);
    }
    let templates = page::templates(&workshop.project)?;
    let mut teller = Teller::new(ctx);
    teller.session(&id);
    let outcome = merge(ctx, &mut handle, &without, &templates, &mut teller);
    if outcome.is_ok() && ctx.ui.format == Format::Human {
        ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    }
    teller.end(outcome)?;
    Ok(Exit::DONE)
}

fn dry(ctx: &Ctx, handle: &Handle<'_>, without: &[ObjectiveId]) -> Result<Exit> {
    let id = handle.session.plan();
    let Some(wave) = handle.session.current_wave() else {
        return would(ctx, id, "everything is merged already");
    };
    let lines: Vec<String> = handle
        .session
        .of_wave(wave)
        .filter(|o| !without.contains(&o.id))
        .map(|o| format!("{}  {}", o.id, o.phase.as_str()))
        .collect();
    would(ctx, id, &format!("would merge wave {wave}:\n{}", lines.join("\n")))
}

/// Merges the current wave and tells what became of it.
pub fn merge(
    ctx: &Ctx,
    handle: &mut Handle<'_>,
    without: &[ObjectiveId],
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let done = integrate::merge(handle, without, templates, teller)?;
    if ctx.ui.format != Format::Human {
        return Ok(());
    }
    let Some(done) = done else {
        ctx.ui.answer("everything is merged already")?;
        return Ok(());
    };
    let ids: Vec<&str> = done.objectives.iter().map(ObjectiveId::as_str).collect();
    let gates = match done.gates.len() {
        0 => "no gate to pass".to_owned(),
        n => format!("{} passed", count_of(n, "gate")),
    };
    ctx.ui.answer(&format!(
        "wave {} is merged as {}: {}, {}, {gates}",
        done.wave,
        done.commit.get(..10).unwrap_or(&done.commit),
        ids.join(", "),
        count_of(done.files, "file"),
    ))?;
    for (objective, path) in &done.dropped {
        ctx.ui.note(&format!("{objective}'s change of {path} was dropped: a command makes it"));
    }
    ctx.ui.note(&format!("to take it back: `git ap undo {}`", handle.session.plan().slug()));
    Ok(())
}
