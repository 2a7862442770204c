//! `git ap land`: the integration branch reaches the target.

use anyhow::Result;

use super::project::Project;
use super::session::{Purpose, Teller, Workshop, what_next};
use super::{Ctx, Exit, accomplished, agents_md, page, would};
use crate::domain::config::LandVia;
use crate::domain::error::{Failure, Kind};
use crate::domain::session::Session;
use crate::execute::land::{self, Manner};
use crate::execute::session::Handle;
use crate::execute::{reservations, sync};
use crate::report::Templates;
use crate::ui::Format;

/// Bring a finished session to its target branch
///
/// Writes the record, merges what the target has meanwhile, runs the gates on what lands, and
/// moves the target. Local changes are never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap land             the session whose waves are all merged
  git ap land --squash    as one commit
  git ap land --dry-run   say what would land")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// As one commit on the target
    #[arg(long)]
    pub squash: bool,
    /// Say what would land, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Lands a session.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("land", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("land")?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Look)?;
    let mut handle = workshop.session(&id)?;
    if args.dry_run {
        if let Some(landed) = land::landed(&handle)? {
            let text = format!("already landed as {}", landed.commit);
            return would(ctx, &id, &text);
        }
        land::require_merged(&handle)?;
        let target = sync::target_name(&handle);
        let tip = handle.session.integration.get(..10).unwrap_or_default();
        return would(ctx, &id, &format!("would land {tip} on {target}"));
    }
    let templates = page::templates(&workshop.project)?;
    let mut teller = Teller::new(ctx);
    teller.session(&id);
    let outcome = land(ctx, &workshop.project, &mut handle, args.squash, &templates, &mut teller);
    teller.end(outcome)?;
    Ok(Exit::DONE)
}

/// Lands, and tells what became of it.
pub fn land(
    ctx: &Ctx,
    project: &Project,
    handle: &mut Handle<'_>,
    squash: bool,
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let via = handle.agreed.config.land_via;
    if via == LandVia::PullRequest {
        let branch = handle.session.integration_branch();
        let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch).to_owned();
        let message =
            "this repository lands by pull request (`land.via`), which git ap cannot open yet";
        let hint = format!("git push origin {short}, and open the pull request there");
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let (wanted, agents_md) = (handle.agreed.config.record, handle.agreed.config.agents_md);
    let record = |session: &Session| {
        if !wanted && !agents_md {
            return Ok(Vec::new());
        }
        let now = ctx.clock.rfc3339();
        let record = accomplished::record(project, session, Some(&now))?;
        let mut files = Vec::new();
        if wanted {
            files = accomplished::record_files(templates, &record)?;
        }
        if agents_md {
            match agents_md::learned(&project.repository, &session.integration, &record) {
                Ok(file) => files.extend(file),
                // The work lands all the same; what was learned is in the record too.
                Err(error) => ctx.ui.warn(&format!("{error:#}: it stays as it is")),
            }
        }
        Ok(files)
    };
    let squash = squash || via == LandVia::Squash;
    let manner = Manner { squash, record: &record, templates };
    let landed = land::land(handle, &manner, teller)?;
    reservations::settle(handle)?;
    if ctx.ui.format != Format::Human {
        return Ok(());
    }
    let target = sync::target_name(handle);
    let short = landed.commit.get(..10).unwrap_or(&landed.commit);
    if landed.already {
        ctx.ui.answer(&format!("already landed on {target} as {short}"))?;
    } else {
        ctx.ui.answer(&format!("{} landed on {target} as {short}", handle.session.plan()))?;
        let old = landed.from.get(..10).unwrap_or(&landed.from);
        ctx.ui.note(&format!(
            "to take it back: `git reset --keep {old}` on {target}, before it is pushed"
        ));
    }
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(())
}
