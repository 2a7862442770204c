//! `git ap hook install`: our hooks in front of what is there.

use anyhow::Result;
use serde_json::{Value, json};

use super::{paths, put_path, refuse_in_objective, shown};
use crate::commands::project::Project;
use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::git::Repository;
use crate::git::hooks::{self, Installed};
use crate::store::Lock;
use crate::ui::Format;

/// Put the hooks in front of what is there
///
/// A hook that is there already is kept beside ours and run by it. Where `core.hooksPath` leads
/// into the worktree (husky, a tracked folder), nothing there is changed: this worktree's own
/// configuration names a directory of git ap instead, which runs everything that was there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook install
  git ap hook install --format json")]
pub struct Args {}

/// Installs the hooks.
pub fn run(ctx: &Ctx, _args: &Args) -> Result<Exit> {
    ctx.require_format("hook install", &[Format::Human, Format::Json])?;
    let repository = Repository::discover(&ctx.cwd)?;
    repository.git().require()?;
    refuse_in_objective(&repository, "install")?;
    let _lock = Lock::acquire(&repository.common_dir())?;
    let installed = hooks::install(&repository, &ctx.program, &Project::steps(ctx)?)?;
    answer(ctx, &installed)?;
    Ok(Exit::DONE)
}

fn answer(ctx: &Ctx, installed: &Installed) -> Result<()> {
    if ctx.ui.format == Format::Json {
        return ctx.ui.json(&document(installed));
    }
    let mut lines = Vec::new();
    for hook in &installed.hooks {
        let state = if hook.changed { "installed" } else { "already installed" };
        let after = match &hook.chained {
            Some(file) => format!(", and runs {}", shown(ctx, file)),
            None => String::new(),
        };
        lines.push(format!("{:<18}{state}{after}", hook.hook.name()));
    }
    ctx.ui.answer(&lines.join("\n"))?;
    for file in installed.hooks.iter().flat_map(|hook| &hook.aside) {
        ctx.ui.warn(&format!("{} was kept; nothing runs it", shown(ctx, file)));
    }
    if installed.by_setting {
        ctx.ui.note(&format!(
            "git looks for the hooks of this worktree in {} now, which runs those that were \
             there before",
            shown(ctx, &installed.directory)
        ));
    }
    ctx.ui
        .note("`git ap hook status` shows what git runs; `git ap hook uninstall` takes this back");
    Ok(())
}

fn document(installed: &Installed) -> Value {
    let hooks = installed.hooks.iter().map(|hook| {
        let mut row = json!({ "name": hook.hook.name(), "changed": hook.changed });
        put_path(&mut row, "file", Some(&hook.file));
        put_path(&mut row, "chained", hook.chained.as_deref());
        row["aside"] = paths(&hook.aside);
        row
    });
    let hooks: Value = hooks.collect();
    let mut document = json!({ "schema": SCHEMA, "by_setting": installed.by_setting });
    put_path(&mut document, "directory", Some(&installed.directory));
    document["hooks"] = hooks;
    document
}
