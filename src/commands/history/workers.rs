//! `git ap history --workers`: what each worker did, over all sessions or in one. The assignment
//! prefers who did well.

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::{record_of, warn_of_unreadable};
use crate::commands::accomplished::{Known, chosen};
use crate::commands::project::Project;
use crate::commands::{Ctx, Exit};
use crate::domain::plan::SCHEMA;
use crate::domain::record::{Performance, Record, duration, performances};
use crate::ui::{Format, text};

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    performance: &'a Performance,
    /// Of 1,000 objectives, how many it would bring to their end.
    per_mille: u32,
}

/// Prints the workers of one session, or of all that can be read.
pub(super) fn show(
    ctx: &Ctx,
    project: &Project,
    all: &[Known],
    name: Option<&str>,
) -> Result<Exit> {
    let mut records: Vec<Record> = Vec::new();
    if name.is_some() {
        records.push(record_of(project, chosen(project, all, name)?)?);
    } else {
        warn_of_unreadable(ctx, all);
        let readable = |known: &&Known| {
            known.session.is_some() || known.record.as_ref().is_some_and(Result::is_ok)
        };
        for known in all.iter().filter(readable) {
            match record_of(project, known) {
                Ok(record) => records.push(record),
                Err(error) => ctx.ui.warn(&format!("{} is left out: {error:#}", known.plan)),
            }
        }
    }
    let performances = performances(&records);
    if ctx.ui.format == Format::Json {
        let rows = performances.iter();
        let rows: Vec<Row<'_>> = rows
            .map(|performance| Row { performance, per_mille: performance.per_mille() })
            .collect();
        ctx.ui.json(&json!({ "schema": SCHEMA, "workers": rows }))?;
    } else if performances.is_empty() {
        ctx.ui.answer("nobody has worked on an objective yet")?;
    } else {
        let head = ["worker", "sessions", "done", "again", "outside", "files", "lines", "median"];
        ctx.ui.answer(&text::aligned(&head, performances.iter().map(cells)))?;
    }
    Ok(Exit::DONE)
}

fn cells(of: &Performance) -> Vec<String> {
    vec![
        text::one_line(&of.worker).into_owned(),
        of.sessions.to_string(),
        format!("{} of {}", of.done, of.done + of.failed),
        of.retries.to_string(),
        of.violations.to_string(),
        of.files.to_string(),
        format!("+{} -{}", of.lines_added, of.lines_removed),
        of.median_minutes.map_or("-".to_owned(), duration),
    ]
}
