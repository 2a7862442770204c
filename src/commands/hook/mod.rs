//! `git ap hook`: the hooks that hold commits to scopes, installed and taken away.

mod run;

use std::ffi::OsString;

use anyhow::Result;
use serde_json::json;

use super::project::Project;
use super::session::Workshop;
use super::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::git::hooks::{self, HookState};
use crate::ui::Format;

/// Install, remove and look at the hooks
///
/// `git ap start` installs them where they are missing. They stand beside whatever is there:
/// hooks that were there before are run after ours.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook status      are they there, and would git run them here?
  git ap hook install     put them in place
  git ap hook uninstall   everything as it was before")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Put the hooks in place, beside whatever is there
    Install,
    /// Take the hooks away; everything is as it was before
    Uninstall,
    /// Say which hooks are there, and prove that git runs them
    Status,
    /// What the hooks call: hold what is being committed or pushed to its scope
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// pre-commit, pre-merge-commit, commit-msg or pre-push
    #[arg(value_name = "HOOK")]
    name: String,
    /// What git gave the hook
    #[arg(value_name = "ARGUMENT", last = true)]
    arguments: Vec<OsString>,
}

/// Runs a verb of `git ap hook`.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("hook", &[Format::Human, Format::Json])?;
    match &args.verb {
        Verb::Install => install(ctx),
        Verb::Uninstall => uninstall(ctx),
        Verb::Status => status(ctx),
        Verb::Run(args) => run::run(ctx, &args.name, &args.arguments),
    }
}

fn install(ctx: &Ctx) -> Result<Exit> {
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("hook install")?;
    let tools = workshop.tools();
    let states = hooks::install(tools.repository, tools.program, tools.steps)?;
    hooks::prove(&workshop.project.root)?;
    show(ctx, &states)?;
    if ctx.ui.format == Format::Human {
        ctx.ui.note("to take it back: `git ap hook uninstall`");
    }
    Ok(Exit::DONE)
}

fn uninstall(ctx: &Ctx) -> Result<Exit> {
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("hook uninstall")?;
    let tools = workshop.tools();
    hooks::uninstall(tools.repository, tools.steps)?;
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({"schema": SCHEMA, "hooks": []}))?;
    } else {
        ctx.ui.answer("the hooks are gone, and what was there before is there again")?;
        ctx.ui.note("to put them back: `git ap hook install`");
    }
    Ok(Exit::DONE)
}

fn status(ctx: &Ctx) -> Result<Exit> {
    let project = Project::open(ctx)?;
    let states = hooks::states(&project.repository)?;
    let proved = hooks::prove(&project.root);
    if ctx.ui.format == Format::Json {
        let fires = proved.is_ok();
        ctx.ui.json(&json!({"schema": SCHEMA, "hooks": states, "fires": fires}))?;
        return Ok(Exit::DONE);
    }
    show(ctx, &states)?;
    match proved {
        Ok(()) => ctx.ui.note("git runs all of them in this worktree"),
        Err(error) => ctx.ui.note(&format!("{error}; to install them: `git ap hook install`")),
    }
    Ok(Exit::DONE)
}

fn show(ctx: &Ctx, states: &[HookState]) -> Result<()> {
    if ctx.ui.format == Format::Json {
        return ctx.ui.json(&json!({"schema": SCHEMA, "hooks": states}));
    }
    let line = |state: &HookState| {
        let installed = if state.installed { "installed" } else { "missing" };
        let chained = match (&state.chained, state.installed) {
            (Some(file), true) => format!(", then {}", file.display()),
            _ => String::new(),
        };
        format!("{:<17} {installed}{chained}", state.name)
    };
    let lines: Vec<String> = states.iter().map(line).collect();
    Ok(ctx.ui.answer(&lines.join("\n"))?)
}
