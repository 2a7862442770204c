//! `git ap init`: a commented configuration, for who wants to change a default.

use anyhow::Result;
use serde_json::json;

use super::project::Project;
use super::{Ctx, Exit};
use crate::apply::{Outcome, apply};
use crate::domain::action::Action;
use crate::domain::path::RepoPath;
use crate::domain::plan::SCHEMA;
use crate::domain::{config, team};
use crate::store::{self, layout};
use crate::ui::Format;

/// Write a commented configuration below .ap/
///
/// Nothing needs it: every default is built in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap init               .ap/config.toml
  git ap init --team        also .ap/team.toml
  git ap init --remove      take back what it wrote and nobody changed")]
pub struct Args {
    /// Also write .ap/team.toml
    #[arg(long, conflicts_with = "remove")]
    pub team: bool,
    /// Remove what it wrote, unless somebody changed it
    #[arg(long)]
    pub remove: bool,
    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Writes or removes the scaffold.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("init", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let mut rows = Vec::new();
    let files = [
        (layout::config(), config::scaffold(), true),
        (layout::team(), team::scaffold(), args.team || args.remove),
    ];
    let mut actions = Vec::new();
    for (path, scaffold, wanted) in files.into_iter().filter(|(_, _, wanted)| *wanted) {
        debug_assert!(wanted);
        let shown = path.to_lossy().into_owned();
        let there = store::read_text(&project.root.join(&shown), &shown)?;
        match there {
            None if args.remove => {}
            None => actions.push(Action::WriteFile { path, bytes: scaffold.into_bytes() }),
            Some(text) if text == scaffold && args.remove => {
                actions.push(Action::RemoveFile { path });
            }
            Some(text) if text == scaffold => rows.push((shown, "is there already")),
            Some(_) => rows.push((shown, "is yours: it was left as it is")),
        }
    }
    if args.remove && !actions.is_empty() {
        let path = RepoPath::new(".ap").expect("a plain name");
        actions.push(Action::RemoveEmptyDirectory { path });
    }
    let done = if args.dry_run {
        Vec::new()
    } else {
        apply(&project.repository, &project.root, &Project::steps(ctx)?, &actions)?
    };
    for (i, action) in actions.iter().enumerate() {
        let (path, did) = match action {
            Action::WriteFile { path, .. } => (path, "written"),
            Action::RemoveFile { path } => (path, "removed"),
            Action::RemoveEmptyDirectory { .. }
            | Action::Backup { .. }
            | Action::CommitFiles { .. } => continue,
        };
        let what = match (args.dry_run, did) {
            (true, "written") => "would be written",
            (true, _) => "would be removed",
            (false, did) if done.get(i) == Some(&Outcome::Done) => did,
            (false, _) => "is there already",
        };
        rows.push((path.to_lossy().into_owned(), what));
    }
    answer(ctx, args, &rows)
}

fn answer(ctx: &Ctx, args: &Args, rows: &[(String, &str)]) -> Result<Exit> {
    if ctx.ui.format == Format::Json {
        let files: Vec<_> =
            rows.iter().map(|(p, what)| json!({"path": p, "state": what})).collect();
        ctx.ui.json(&json!({ "schema": SCHEMA, "files": files }))?;
        return Ok(Exit::DONE);
    }
    let lines: Vec<String> = rows.iter().map(|(path, what)| format!("{path} {what}")).collect();
    ctx.ui.answer(&lines.join("\n"))?;
    if args.remove {
        if rows.is_empty() {
            ctx.ui.note("there was nothing to remove");
        }
    } else {
        ctx.ui.note("`git ap config` shows what counts; `git ap init --remove` takes this back");
    }
    Ok(Exit::DONE)
}
