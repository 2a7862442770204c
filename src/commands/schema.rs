//! `git ap schema`: the shape of the files and outputs, for editors and other programs.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Ctx, Exit};
use crate::domain::config;
use crate::domain::document::closest;
use crate::domain::error::{Failure, Kind};
use crate::domain::event;
use crate::domain::plan::{SCHEMA, shape};
use crate::domain::record;
use crate::domain::team;
use crate::ui::Format;

/// Print the JSON Schema of a file or an output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap schema                     the names
  git ap schema plan > plan.schema.json
  git ap schema event               what `git ap run --format json` prints, line by line")]
pub struct Args {
    /// Which one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// The files and outputs that have a schema, with what they are.
const NAMES: [(&str, &str); 5] = [
    ("plan", "a coordination plan: .ap/plans/<id>/plan.toml"),
    ("config", "the owner's policy: .ap/config.toml"),
    ("team", "who can work: .ap/team.toml"),
    ("session", "the record of a session: .ap/sessions/<id>/session.toml"),
    ("event", "one line of what a long command prints with --format json"),
];

/// Prints a schema, or the names of all.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("schema", &[Format::Human, Format::Json])?;
    let Some(name) = &args.name else {
        if ctx.ui.format == Format::Json {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            ctx.ui.json(&json!({ "schema": SCHEMA, "names": names }))?;
        } else {
            let rows = NAMES.iter().map(|(name, what)| format!("{name:<8}{what}"));
            ctx.ui.answer(&rows.collect::<Vec<_>>().join("\n"))?;
        }
        return Ok(Exit::DONE);
    };
    let Some(schema) = schema(name) else {
        let names = NAMES.iter().map(|(name, _)| *name);
        let failure = Failure::new(Kind::User, format!("there is no schema `{name}`"));
        let near = closest(name, names);
        let hint = near.map_or("git ap schema".to_owned(), |n| format!("git ap schema {n}"));
        return Err(failure.hint(hint).into());
    };
    match ctx.ui.format {
        Format::Json => ctx.ui.json(&schema)?,
        _ => ctx.ui.answer(&serde_json::to_string_pretty(&schema)?)?,
    }
    Ok(Exit::DONE)
}

fn schema(name: &str) -> Option<Value> {
    Some(match name {
        "plan" => shape::PLAN.json_schema("git ap plan"),
        "config" => config::CONFIG.json_schema("git ap configuration"),
        "team" => team::TEAM.json_schema("git ap team"),
        "session" => record::SESSION.json_schema("git ap session"),
        "event" => event::json_schema("git ap event"),
        _ => return None,
    })
}
