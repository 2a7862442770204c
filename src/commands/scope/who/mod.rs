//! `git ap scope who`: which objective may change a path, and by which rules.

mod asked;
mod law;
mod look;
mod places;
mod row;

use std::ffi::OsString;

use anyhow::Result;
use serde::Serialize;

use crate::commands::session::{Purpose, Workshop};
use crate::commands::{Ctx, Exit};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::SCHEMA;
use crate::domain::reservation::Holders;
use crate::execute::reservations;
use crate::ui::Format;
use asked::Base;
use law::Law;
use look::Looker;

/// Say which objective may change a path, and by which rules
///
/// What counts is what was agreed for a session, else the plan's file. A directory is answered
/// for everything that could ever be below it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope who src/auth/login.rs
  git ap scope who --plan jwt src/new.rs docs/
  git ls-files -z | git ap scope who --stdin -z
  git diff --name-only -z --relative main | git ap scope who --stdin -z --explain")]
pub(super) struct Args {
    /// Paths, whether they exist or not, from the current directory; `:/x` is from the root
    #[arg(value_name = "PATH")]
    paths: Vec<OsString>,
    /// Read paths from standard input, one a line, as `git ls-files` prints them
    #[arg(long)]
    stdin: bool,
    /// On standard input, paths end with a NUL
    #[arg(short = 'z', requires = "stdin")]
    nul: bool,
    /// Show every rule that has a say, in the order in which they decide (one PATH has them
    /// without this, and as JSON all have, unless they are from standard input)
    #[arg(long)]
    explain: bool,
    /// A part of a plan's id
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
}

/// The document without its paths.
#[derive(Serialize)]
struct Head<'a> {
    schema: u32,
    plan: &'a PlanId,
    /// The commit whose plan counts; none: the plan's file.
    agreed: Option<&'a str>,
    /// The objective of this worktree.
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<&'a ObjectiveId>,
}

/// Answers for each path.
pub(super) fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("scope", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let project = &workshop.project;
    let paths = Base::new(&project.root, &ctx.cwd).paths(args)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Look)?;
    let law = Law::of(project, &id)?;
    let own = workshop.own_objective()?.filter(|(plan, _)| *plan == id).map(|(_, own)| own);
    let (_, mut held) = reservations::read(&project.repository)?;
    held.retain(|r| r.session != id);
    let holders = Holders::new(&held);
    let json = ctx.ui.format == Format::Json;
    let explained = args.explain || !args.stdin && (json || paths.len() == 1);
    let text = if explained { Some(law.text(project)?) } else { None };
    let places = text.as_ref().map(|text| text.places(&law));
    // Whatever can fail does so before the answer begins.
    let known = look::known(project, &law, &holders, &paths)?;
    let mut looker = Looker::new(&law, &holders, places, own.as_ref(), !json);
    let rows = paths.iter().zip(&known).map(|(asked, known)| looker.row(asked, known));
    if json {
        let agreed = law.agreed.as_deref();
        let beginning = Head { schema: SCHEMA, plan: &id, agreed, objective: own.as_ref() };
        ctx.ui.json_list(&beginning, "paths", rows)?;
    } else {
        let own = own.as_ref().map(ObjectiveId::as_str);
        ctx.ui.lines(rows.map(|row| row.text(own)))?;
    }
    Ok(Exit::DONE)
}
