//! `git ap hook uninstall`: everything as it was.

use anyhow::Result;
use serde_json::{Value, json};

use super::{paths, put_path, refuse_in_objective, shown};
use crate::commands::project::Project;
use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::git::Repository;
use crate::git::hooks::{self, Removed, Uninstalled};
use crate::store::Lock;
use crate::ui::Format;

/// Take the hooks away, and put back what was there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook uninstall
  git ap hook uninstall --format json")]
pub struct Args {}

/// Takes the hooks away.
pub fn run(ctx: &Ctx, _args: &Args) -> Result<Exit> {
    ctx.require_format("hook uninstall", &[Format::Human, Format::Json])?;
    let repository = Repository::discover(&ctx.cwd)?;
    repository.git().require()?;
    refuse_in_objective(&repository, "uninstall")?;
    let _lock = Lock::acquire(&repository.common_dir())?;
    let done = hooks::uninstall(&repository, &Project::steps(ctx)?)?;
    answer(ctx, &done)?;
    Ok(Exit::DONE)
}

fn answer(ctx: &Ctx, done: &Uninstalled) -> Result<()> {
    if ctx.ui.format == Format::Json {
        let hooks = done.hooks.iter().map(|hook| {
            let mut row = json!({ "name": hook.hook.name(), "done": word(hook.done) });
            put_path(&mut row, "file", Some(&hook.file));
            row["aside"] = paths(&hook.aside);
            row
        });
        let hooks: Value = hooks.collect();
        let stays = done.extension_stays;
        let document = json!({ "schema": SCHEMA, "hooks": hooks, "extension_stays": stays });
        return ctx.ui.json(&document);
    }
    let mut lines = Vec::new();
    for hook in &done.hooks {
        let said = match hook.done {
            Removed::Nothing => continue,
            Removed::Removed => "removed",
            Removed::Restored => "removed; what was there before is back",
            Removed::Theirs => "somebody else's, and stays",
        };
        lines.push(format!("{} {said}", shown(ctx, &hook.file)));
    }
    ctx.ui.answer(&lines.join("\n"))?;
    for file in done.hooks.iter().flat_map(|hook| &hook.aside) {
        ctx.ui.warn(&format!("{} was kept; nothing runs it", shown(ctx, file)));
    }
    if done.extension_stays {
        ctx.ui.note("extensions.worktreeConfig stays on: a worktree has settings of its own");
    }
    if lines.is_empty() {
        ctx.ui.note("there was nothing to take away");
    }
    ctx.ui.note("`git ap hook install` puts them back");
    Ok(())
}

fn word(done: Removed) -> &'static str {
    match done {
        Removed::Nothing => "nothing",
        Removed::Removed => "removed",
        Removed::Restored => "restored",
        Removed::Theirs => "theirs",
    }
}
