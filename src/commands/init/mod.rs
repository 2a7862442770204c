//! `git ap init`: a commented configuration, for who wants to change a default; and what agents
//! are told of `git ap`.

mod agents;

use anyhow::Result;
use serde_json::json;

use super::project::Project;
use super::{Ctx, Exit};
use crate::apply::{Outcome, apply};
use crate::domain::action::Action;
use crate::domain::path::RepoPath;
use crate::domain::plan::SCHEMA;
use crate::domain::registration::AGENTS;
use crate::domain::{config, team};
use crate::store::{self, layout};
use crate::ui::Format;

/// Write a commented configuration below .ap/
///
/// Nothing needs it: every default is built in. With --agents, the agents that are found (on PATH,
/// or by what the repository has of them) are told of `git ap mcp` and of the guard that denies
/// edits out of scope: the difference is shown, and nothing is written without a yes.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "\
Examples:
  git ap init               .ap/config.toml
  git ap init --team        also .ap/team.toml
  git ap init --agents      tell agents of `git ap mcp` and of the guard
  git ap init --remove      take back what it wrote and nobody changed")]
pub struct Args {
    /// Also write .ap/team.toml
    #[arg(long, conflicts_with = "remove")]
    pub team: bool,
    /// Register the tools and the guard for the agents that are found, and nothing else
    #[arg(long, conflicts_with = "team")]
    pub agents: bool,
    /// Remove what it wrote, unless somebody changed it
    #[arg(long)]
    pub remove: bool,
    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What is to be done, and what is said of the rest.
#[derive(Default)]
struct Work {
    actions: Vec<Action>,
    rows: Vec<(String, &'static str)>,
    /// What changes in files that others read too.
    shown: Vec<String>,
}

/// Writes or removes the scaffold, and what agents are told.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("init", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let mut work = Work::default();
    if !args.agents {
        work.scaffold(&project, args)?;
    }
    let found = if args.remove { AGENTS.to_vec() } else { agents::found(ctx, &project.root) };
    let changes = agents::changes(&project, &found, args.remove);
    if args.agents || args.remove {
        let changes = changes?;
        work.shown = changes.files.iter().map(agents::Change::shown).collect();
        if !args.remove && !changes.files.is_empty() && !args.dry_run {
            work.shown.iter().for_each(|text| ctx.ui.note(text));
            if !agents::consent(ctx, &changes.files)? {
                ctx.ui.note("nothing was written");
                return Ok(Exit::DONE);
            }
        }
        work.actions.extend(changes.files.iter().flat_map(agents::Change::actions));
        work.rows.extend(changes.rows);
    } else if changes.is_ok_and(|changes| !changes.files.is_empty()) {
        let names: Vec<&str> = found.iter().map(|agent| agent.name).collect();
        let names = names.join(", ");
        ctx.ui.note(&format!("`git ap init --agents` tells {names} of its tools and its guard"));
    }
    let done = if args.dry_run {
        Vec::new()
    } else {
        apply(&project.repository, &project.root, &Project::steps(ctx)?, &work.actions)?
    };
    work.told(args, &done);
    if args.agents && found.is_empty() {
        ctx.ui.note("no agent was found: `git ap mcp -h` says how to register it by hand");
    }
    answer(ctx, args, &work)
}

impl Work {
    /// The files below `.ap/`.
    fn scaffold(&mut self, project: &Project, args: &Args) -> Result<()> {
        let files = [
            (layout::config(), config::scaffold(), true),
            (layout::team(), team::scaffold(), args.team || args.remove),
        ];
        for (path, scaffold, _) in files.into_iter().filter(|(_, _, wanted)| *wanted) {
            let shown = path.to_lossy().into_owned();
            let there = store::read_text(&project.root.join(&shown), &shown)?;
            match there {
                None if args.remove => {}
                None => self.actions.push(Action::WriteFile { path, bytes: scaffold.into_bytes() }),
                Some(text) if text == scaffold && args.remove => {
                    self.actions.push(Action::RemoveFile { path });
                }
                Some(text) if text == scaffold => self.rows.push((shown, "is there already")),
                Some(_) => self.rows.push((shown, "is yours: it was left as it is")),
            }
        }
        if args.remove && !self.actions.is_empty() {
            let path = RepoPath::new(".ap").expect("a plain name");
            self.actions.push(Action::RemoveEmptyDirectory { path });
        }
        Ok(())
    }

    /// What became of each file.
    fn told(&mut self, args: &Args, done: &[Outcome]) {
        for (i, action) in self.actions.iter().enumerate() {
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
            self.rows.push((path.to_lossy().into_owned(), what));
        }
    }
}

fn answer(ctx: &Ctx, args: &Args, work: &Work) -> Result<Exit> {
    if ctx.ui.format == Format::Json {
        let files: Vec<_> =
            work.rows.iter().map(|(p, what)| json!({"path": p, "state": what})).collect();
        let mut document = json!({ "schema": SCHEMA, "files": files });
        if args.agents {
            document["differences"] = json!(work.shown);
        }
        ctx.ui.json(&document)?;
        return Ok(Exit::DONE);
    }
    let shown = if args.dry_run { work.shown.as_slice() } else { &[] };
    let rows = work.rows.iter().map(|(path, what)| format!("{path} {what}"));
    let lines: Vec<String> = shown.iter().cloned().chain(rows).collect();
    if !lines.is_empty() || !args.agents {
        ctx.ui.answer(&lines.join("\n"))?;
    }
    if args.remove {
        if work.rows.is_empty() {
            ctx.ui.note("there was nothing to remove");
        }
    } else if args.agents {
        if !work.actions.is_empty() {
            ctx.ui.note(
                "commit them, so that the worktrees of objectives have them; \
                 `git ap init --agents --remove` takes this back",
            );
        }
    } else {
        ctx.ui.note("`git ap config` shows what counts; `git ap init --remove` takes this back");
    }
    Ok(Exit::DONE)
}
