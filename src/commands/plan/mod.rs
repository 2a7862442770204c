//! `git ap plan`: from a request, or from a plan that somebody else made, to the plan's files.

use std::path::PathBuf;

use anyhow::Result;

use super::project::Project;
use super::session::{Purpose, Workshop};
use super::{Ctx, Exit};
use crate::domain::config::{Breadth, Config};
use crate::domain::error::{Failure, Kind};
use crate::ui::Format;

mod edit;
mod from;
mod make;
mod planner;
mod request;
mod running;
mod save;

/// Analyse a request and write a plan for it
///
/// The plan splits the request into objectives, each with files of its own, in waves that can
/// be worked on in parallel. It is written to `.ap/plans/<id>/` for review; nothing else is
/// changed.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "six independent flags")]
#[command(after_help = "\
Examples:
  git ap plan add JWT authentication        write a plan
  git ap plan --dry-run add JWT             show it, write nothing
  git ap plan --breadth wide add JWT        leave more room in the scopes
  git ap plan --planner codex add JWT       let a worker of .ap/team.toml plan
  git ap plan --planner built-in add JWT    whatever plan.planner says
  git ap plan --prompt add JWT > ask.txt    what to give to a chat
  git ap plan --from answer.md              write the plan that it gave back
  git ap plan --edit jwt                    change that plan in your editor; while it runs,
                                            what has not begun
  git ap plan --add document the tokens     add objectives to the plan, also while it runs
  git ap plan --add --from more.toml        the same, from a file with [[objective]]
  git ap plan --render jwt                  write plan.md anew from plan.toml")]
#[command(group(clap::ArgGroup::new("form").args(["from", "edit", "render", "prompt"])))]
pub struct Args {
    /// What to do, in words; with --edit and --render, the plan
    #[arg(
        value_name = "REQUEST",
        required_unless_present_any = ["from", "edit", "render"],
        conflicts_with = "from"
    )]
    pub request: Vec<String>,
    /// Take the plan from a file or `-`: TOML, JSON, or either fenced in Markdown
    #[arg(long, value_name = "FILE|-")]
    pub from: Option<PathBuf>,
    /// Change a plan in the editor, and check it
    #[arg(long)]
    pub edit: bool,
    /// Add objectives to a plan that is there, also to one that runs
    #[arg(long, conflicts_with_all = ["edit", "render", "prompt"])]
    pub add: bool,
    /// With --add, the plan: a part of its id
    #[arg(long, value_name = "PLAN", requires = "add")]
    pub to: Option<String>,
    /// Write plan.md anew from plan.toml
    #[arg(long)]
    pub render: bool,
    /// Print the prompt that asks somebody else for a plan
    #[arg(long, conflicts_with_all = ["dry_run", "commit"])]
    pub prompt: bool,
    /// How much room to give: about 5, 10 or 20 files in all [default: plan.breadth]
    #[arg(long, value_name = "ROOM", value_parser = ["narrow", "normal", "wide"])]
    #[arg(conflicts_with_all = ["from", "edit", "render"])]
    pub breadth: Option<String>,
    /// The worker that is asked for the plan, or `built-in` [default: plan.planner]
    #[arg(long, value_name = "ID")]
    #[arg(conflicts_with_all = ["from", "edit", "render", "prompt", "add"])]
    pub planner: Option<String>,
    /// Show what would be written, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Commit the plan's files on the current branch
    #[arg(long)]
    pub commit: bool,
}

impl Args {
    /// The room that the command asks for, else the configuration's.
    fn breadth(&self, config: &Config) -> Breadth {
        let named = |name: &String| Breadth::NAMES.iter().find(|(known, _)| known == name);
        self.breadth.as_ref().and_then(named).map_or(config.breadth, |(_, breadth)| *breadth)
    }

    /// The request, its words joined by a space.
    pub fn request_text(&self) -> String {
        self.request.join(" ")
    }
}

/// Makes, takes over, changes or renders a plan.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("plan", &[Format::Human, Format::Json])?;
    if args.add {
        require_request_or_file(args)?;
        return running::add(ctx, args);
    }
    let project = Project::open(ctx)?;
    if let Some(from) = &args.from {
        return from::run(ctx, &project, args, from);
    }
    if args.edit {
        let workshop = Workshop::open(ctx)?;
        return match workshop.plan_named(args.plan_name().as_deref(), Purpose::Change) {
            Ok(id) if running::is_running(&workshop, &id)? => {
                running::edit(ctx, &workshop, args, &id)
            }
            _ => edit::run(ctx, &project, args),
        };
    }
    if args.render {
        return edit::render(ctx, &project, args);
    }
    require_request_or_file(args)?;
    request::run(ctx, project, args)
}

fn require_request_or_file(args: &Args) -> Result<(), Failure> {
    if args.from.is_some() || !args.request_text().trim().is_empty() {
        return Ok(());
    }
    let failure = Failure::new(Kind::Usage, "the request is empty");
    Err(failure.hint("git ap plan \"what should be done\""))
}

impl Args {
    /// The plan that --edit and --render are about; none: the only one.
    fn plan_name(&self) -> Option<String> {
        (!self.request.is_empty()).then(|| self.request_text())
    }
}
