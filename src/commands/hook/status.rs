//! `git ap hook status`: what git runs in this worktree.

use anyhow::Result;
use serde_json::{Value, json};

use super::{put_path, shown};
use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::git::Repository;
use crate::git::hooks::{self, HookStatus, InFront, Status};
use crate::ui::Format;

/// Show what git runs in this worktree
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook status
  git ap hook status --format json")]
pub struct Args {}

/// Shows the hooks.
pub fn run(ctx: &Ctx, _args: &Args) -> Result<Exit> {
    ctx.require_format("hook status", &[Format::Human, Format::Json])?;
    let repository = Repository::discover(&ctx.cwd)?;
    let status = hooks::status(&repository)?;
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&document(&status))?;
        return Ok(Exit::DONE);
    }
    let lines = status.hooks.iter().map(|hook| line(ctx, hook)).collect::<Vec<_>>();
    ctx.ui.answer(&lines.join("\n"))?;
    ctx.ui.note(&format!("git looks for hooks in {}", shown(ctx, &status.directory)));
    if status.fires() {
        ctx.ui.note("`git ap hook uninstall` takes them away");
    } else {
        ctx.ui.note("`git ap hook install` puts them in front");
    }
    Ok(Exit::DONE)
}

fn line(ctx: &Ctx, hook: &HookStatus) -> String {
    let state = match (hook.front, &hook.behind) {
        (InFront::Ours, _) => "installed".to_owned(),
        (InFront::Changed, _) => "changed by somebody, or not executable".to_owned(),
        (InFront::Missing, _) => "not installed".to_owned(),
        (InFront::Theirs, None) => "somebody else's".to_owned(),
        (InFront::Theirs, Some(file)) => {
            format!("somebody else's; ours is {} now", shown(ctx, file))
        }
    };
    match &hook.chained {
        Some(file) => format!("{:<18}{state}, and runs {}", hook.hook.name(), shown(ctx, file)),
        None => format!("{:<18}{state}", hook.hook.name()),
    }
}

fn document(status: &Status) -> Value {
    let hooks = status.hooks.iter().map(|hook| {
        let mut row = json!({ "name": hook.hook.name(), "state": word(hook.front) });
        put_path(&mut row, "file", Some(&hook.file));
        put_path(&mut row, "behind", hook.behind.as_deref());
        put_path(&mut row, "chained", hook.chained.as_deref());
        row
    });
    let hooks: Value = hooks.collect();
    let mut document = json!({ "schema": SCHEMA, "fires": status.fires() });
    put_path(&mut document, "directory", Some(&status.directory));
    document["hooks"] = hooks;
    document
}

fn word(front: InFront) -> &'static str {
    match front {
        InFront::Ours => "ours",
        InFront::Changed => "changed",
        InFront::Missing => "missing",
        InFront::Theirs => "theirs",
    }
}
