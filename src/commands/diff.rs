//! `git ap diff`: what an objective has changed.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::session::Workshop;
use super::{Ctx, Exit};
use crate::domain::base64;
use crate::domain::plan::SCHEMA;
use crate::execute::judge::judge;
use crate::git::Git;
use crate::ui::Format;

/// Show what an objective has changed since its start
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap diff T1            its commits and what is not committed yet
  git ap diff T1 --stat     only the files
  git ap diff T1 --format json")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// Only files and numbers of lines
    #[arg(long)]
    pub stat: bool,
}

/// Prints the changes.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("diff", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(args.objective.as_deref())?;
    let handle = workshop.session(&plan)?;
    let place = handle.workplace(&objective)?;
    let repository = handle.tools.repository;
    let tip = repository.commit(&place.branch)?;
    let judged = judge(repository, &handle.agreed, &objective, &handle.session.integration, &tip)?;
    if ctx.ui.format == Format::Json {
        let files: Vec<_> = judged
            .changes
            .iter()
            .map(|c| match c.path.to_str() {
                Some(path) => json!({"path": path, "change": c.verb()}),
                None => json!({
                    "path": c.path.to_lossy(),
                    "path_bytes": base64::encode(c.path.as_bytes()),
                    "change": c.verb(),
                }),
            })
            .collect();
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": plan, "objective": objective, "start": judged.start,
            "tip": tip, "commits": judged.commits.len(), "files": files,
            "violations": judged.violations,
        }))?;
        return Ok(Exit::DONE);
    }
    let worktree = Path::new(&place.worktree);
    let mut words = vec!["diff"];
    if args.stat {
        words.push("--stat");
    }
    words.push(&judged.start);
    // With the worktree there, what is not committed counts too.
    let there = worktree.join(".git").exists();
    if !there {
        words.push(&tip);
    }
    let directory = if there { worktree.to_owned() } else { workshop.project.root.clone() };
    words.push("--");
    if Git::elsewhere(&directory).as_user().interactive(&words)? {
        return Ok(Exit::DONE);
    }
    Ok(Exit::of_hook(1))
}
