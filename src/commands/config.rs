//! `git ap config`: the configuration that is in force, and where each value comes from.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::project::Project;
use super::{Ctx, Exit};
use crate::domain::config;
use crate::domain::document::closest;
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::store::{self, layout};
use crate::ui::Format;

/// Show the configuration that is in force
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap config                     every key with its value and where it comes from
  git ap config check.case          one value")]
pub struct Args {
    /// One key, as `table.key`
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
}

/// A key with the value that counts, as TOML, and where that comes from.
struct Setting {
    key: String,
    value: String,
    from: String,
}

/// Prints the configuration.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("config", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    project.config()?;
    let path = layout::config();
    let shown = path.to_lossy();
    let text = store::read_text(&project.root.join(&*shown), &shown)?;
    let text = text.unwrap_or_else(|| format!("schema = {SCHEMA}\n"));
    let settings = settings(&text, &shown);
    match &args.key {
        Some(key) => one(ctx, key, &settings)?,
        None => all(ctx, &settings)?,
    }
    Ok(Exit::DONE)
}

fn settings(text: &str, shown: &str) -> Vec<Setting> {
    let set = config::read(text).set;
    let row = |(key, field): (String, &crate::domain::document::Field)| {
        let place = set.iter().find(|(k, _)| *k == key).map(|(_, place)| place);
        Setting {
            value: match place {
                Some(place) => one_line(&text[place.span.clone()]),
                None => field.default.to_owned(),
            },
            from: match place {
                Some(place) => format!("{shown}:{}", place.line),
                None => "default".to_owned(),
            },
            key,
        }
    };
    config::keys().into_iter().map(row).collect()
}

/// A TOML value as it would be written on one line.
fn one_line(value: &str) -> String {
    let Ok(mut parsed) = value.parse::<toml_edit::Value>() else { return value.to_owned() };
    match &mut parsed {
        toml_edit::Value::Array(array) => {
            array.fmt();
            array.set_trailing("");
            array.set_trailing_comma(false);
        }
        toml_edit::Value::InlineTable(table) => table.fmt(),
        _ => {}
    }
    parsed.to_string().trim().to_owned()
}

fn one(ctx: &Ctx, key: &str, settings: &[Setting]) -> Result<()> {
    let Some(setting) = settings.iter().find(|s| s.key == key) else {
        let failure = Failure::new(Kind::User, format!("there is no key `{key}`"));
        let near = closest(key, settings.iter().map(|s| s.key.as_str()));
        return Err(failure
            .hint(
                near.map_or_else(
                    || "git ap config".to_owned(),
                    |near| format!("git ap config {near}"),
                ),
            )
            .into());
    };
    match ctx.ui.format {
        Format::Json => ctx.ui.json(&document(std::slice::from_ref(setting)))?,
        _ => ctx.ui.answer(&setting.value)?,
    }
    Ok(())
}

fn all(ctx: &Ctx, settings: &[Setting]) -> Result<()> {
    if ctx.ui.format == Format::Json {
        return ctx.ui.json(&document(settings));
    }
    let rows = settings.iter().map(|s| {
        let value = if s.value.is_empty() { "(not set)" } else { &s.value };
        format!("{} = {value}  # {}", s.key, s.from)
    });
    Ok(ctx.ui.answer(&rows.collect::<Vec<_>>().join("\n"))?)
}

fn document(settings: &[Setting]) -> Value {
    let mut values = Map::new();
    for setting in settings {
        let value = json!({ "value": as_json(&setting.value), "from": setting.from });
        values.insert(setting.key.clone(), value);
    }
    json!({ "schema": SCHEMA, "config": values })
}

/// A TOML value as JSON; null for none.
fn as_json(value: &str) -> Value {
    let table: Option<Map<String, Value>> = toml::from_str(&format!("x = {value}")).ok();
    table.and_then(|mut t| t.remove("x")).unwrap_or(Value::Null)
}
