//! `git ap worker presets`: the agents that are known by name.

use anyhow::Result;
use serde_json::json;

use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::domain::team::preset::PRESETS;
use crate::ui::{Format, text};

/// List the agents that are known by name
///
/// `preset = "codex"` in a worker's entry of .ap/team.toml fills in its command, how its output
/// is read and what it keeps in the home. What the entry says itself counts more.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Lists the presets.
pub(super) fn run(ctx: &Ctx, _args: &Args) -> Result<Exit> {
    ctx.require_format("worker presets", &[Format::Human, Format::Json])?;
    if ctx.ui.format == Format::Json {
        let presets = PRESETS.iter().map(|preset| {
            json!({
                "name": preset.name,
                "command": preset.command,
                "stream": preset.stream.as_str(),
                "state": preset.state,
                "co_author": Some(preset.co_author).filter(|name| !name.is_empty()),
            })
        });
        ctx.ui.json_list(&json!({ "schema": SCHEMA }), "presets", presets)?;
        return Ok(Exit::DONE);
    }
    let rows = PRESETS.iter().map(|preset| {
        vec![preset.name.to_owned(), preset.stream.as_str().to_owned(), preset.command.join(" ")]
    });
    ctx.ui.answer(&text::aligned(&["preset", "stream", "command"], rows))?;
    Ok(Exit::DONE)
}
