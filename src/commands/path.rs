//! `git ap path`: where an objective is worked on.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::session::{Purpose, Workshop};
use super::{Ctx, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::execute::place::place;
use crate::execute::session::{Agreed, look};
use crate::ui::Format;

/// Print the worktree of an objective
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cd \"$(git ap path T1)\"
  git ap path jwt/T1
  git ap path gate          where the gates run")]
pub struct Args {
    /// An objective, as `T1` or `jwt/T1`; `gate` and `sync` are places too
    #[arg(value_name = "OBJECTIVE")]
    pub objective: String,
}

/// Prints the place.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("path", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let repository = &workshop.project.repository;
    let (plan, name) = match args.objective.rsplit_once('/') {
        Some((plan, name)) => (Some(plan), name),
        None => (None, args.objective.as_str()),
    };
    let id = workshop.plan_named(plan, Purpose::Look)?;
    let session = look(repository, &id)?.filter(|s| !s.was_taken_back()).ok_or_else(|| {
        Failure::new(Kind::User, format!("the plan {id} is not approved yet"))
            .hint(format!("git ap start {}", id.slug()))
    })?;
    let worktree = if matches!(name, "gate" | "sync") {
        let agreed = Agreed::of(repository, &session)?;
        let template = &agreed.config.worktrees.path;
        place(repository, template, &session.approval.slug, name)?.display().to_string()
    } else {
        let objective = super::start::objective_id(name)?;
        let standing = session.objective(&objective);
        let place = standing.and_then(|s| s.place.as_ref()).ok_or_else(|| {
            let message = match standing {
                Some(_) => format!("objective {objective} has no worktree"),
                None => format!("the plan {id} has no objective `{objective}`"),
            };
            Failure::new(Kind::User, message).hint(format!("git ap status {}", id.slug()))
        })?;
        if !Path::new(&place.worktree).exists() {
            let message = format!("the worktree of {objective} is gone: {}", place.worktree);
            let hint = format!("git ap start {} --objective {objective}", id.slug());
            return Err(Failure::new(Kind::User, message).hint(hint).into());
        }
        place.worktree.clone()
    };
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({"schema": SCHEMA, "plan": id, "name": name, "path": worktree}))?;
    } else {
        ctx.ui.answer(&worktree)?;
    }
    Ok(Exit::DONE)
}
