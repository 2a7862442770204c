//! `git ap report`: what a session has accomplished. It only prints; the record is written by
//! whoever lands the session.

use anyhow::Result;

use super::accomplished::{self, Known, chosen, known};
use super::page;
use super::project::Project;
use super::{Ctx, Exit};
use crate::domain::record::Record;
use crate::ui::Format;

/// Show what a session has accomplished
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap report                     the session that is not finished, else the last one
  git ap report jwt                 the session of a plan
  git ap report jwt --format json   the same for a program")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
}

/// Prints the accomplishment report of a session.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("report", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let all = known(&project)?;
    let record = recorded(&project, chosen(&project, &all, args.plan.as_deref())?)?;
    match ctx.ui.format {
        Format::Json => ctx.ui.json(&record)?,
        _ => ctx.ui.answer(&page::templates(&project)?.accomplishment_md(&record)?)?,
    }
    Ok(Exit::DONE)
}

/// The record of a session: the one that landed with it, else what its journal and git say now.
pub(super) fn recorded(project: &Project, known: &Known) -> Result<Record> {
    match (&known.session, &known.record) {
        (Some(session), record) => match record {
            Some(Ok(record)) if session.landed.is_some() => Ok(record.clone()),
            _ => accomplished::record(project, session, None),
        },
        (None, Some(record)) => Ok(record.clone()?),
        (None, None) => anyhow::bail!("the session {} has neither journal nor record", known.plan),
    }
}
