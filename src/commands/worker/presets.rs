//! `git ap worker presets`: the agents that are known by name.

use anyhow::Result;
use serde_json::json;

use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::domain::team::preset::PRESETS;
use crate::domain::team::spoken::SPOKEN;
use crate::ui::{Format, text};

/// List the agents that are known by name
///
/// `preset = "codex"` in a worker's entry of .ap/team.toml fills in its command, how its output
/// is read and what it keeps in the home. What the entry says itself counts more. Those that are
/// known to speak a protocol are spoken to with `transport = "mcp"` or `"acp"`.
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
                "spoken": SPOKEN.iter().filter(|spoken| spoken.preset == preset.name).map(|spoken| {
                    json!({ "transport": spoken.transport.as_str(), "command": spoken.command })
                }).collect::<Vec<_>>(),
                "co_author": Some(preset.co_author).filter(|name| !name.is_empty()),
            })
        });
        ctx.ui.json_list(&json!({ "schema": SCHEMA }), "presets", presets)?;
        return Ok(Exit::DONE);
    }
    let rows = PRESETS.iter().map(|preset| {
        let spoken = SPOKEN.iter().filter(|spoken| spoken.preset == preset.name);
        let also: Vec<&str> = spoken.map(|spoken| spoken.transport.as_str()).collect();
        vec![
            preset.name.to_owned(),
            preset.stream.as_str().to_owned(),
            also.join(", "),
            preset.command.join(" "),
        ]
    });
    ctx.ui.answer(&text::aligned(&["preset", "stream", "also over", "command"], rows))?;
    Ok(Exit::DONE)
}
