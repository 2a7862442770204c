//! One session of `git ap history`: what each objective declared, what it touched, what it was
//! refused and what it asked for. The next plan learns from it.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::commands::{Ctx, Exit};
use crate::domain::pattern::Pattern;
use crate::domain::plan::SCHEMA;
use crate::domain::record::{Asked, Objective, Record};
use crate::ui::{Format, count_of, text};

/// How many paths of a list people are shown.
const SHOWN: usize = 8;

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    objective: &'a Objective,
    /// What the plan gave it at first.
    declared: Vec<&'a str>,
    /// What of it was not needed: patterns that match nothing that it changed.
    unused: Vec<&'a str>,
    requests: Vec<&'a Asked>,
}

/// Prints a session.
pub(super) fn show(ctx: &Ctx, record: &Record) -> Result<Exit> {
    let rows: Vec<Row> = record.objectives.iter().map(|o| row(record, o)).collect();
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": record.plan, "request": record.request,
            "approved": record.approved, "landed": record.landed, "objectives": rows,
        }))?;
    } else {
        ctx.ui.answer(&page(record, &rows))?;
    }
    Ok(Exit::DONE)
}

fn row<'a>(record: &'a Record, objective: &'a Objective) -> Row<'a> {
    let declared = objective.touch.iter().filter(|p| !objective.granted.contains(p));
    Row {
        objective,
        declared: declared.map(String::as_str).collect(),
        unused: unused(objective),
        requests: record.requests.iter().filter(|r| r.objective == objective.id).collect(),
    }
}

/// Patterns that match nothing that an objective changed. Of one whose changes are not all named
/// nothing is known.
fn unused(objective: &Objective) -> Vec<&str> {
    if objective.touched.is_empty() || objective.touched_more > 0 {
        return Vec::new();
    }
    let idle = |text: &&String| {
        let pattern = Pattern::parse(text);
        pattern.is_ok_and(|pattern| !objective.touched.iter().any(|path| pattern.matches(path)))
    };
    objective.touch.iter().filter(idle).map(String::as_str).collect()
}

fn page(record: &Record, rows: &[Row<'_>]) -> String {
    let mut out = format!("{}\n{}\n", record.plan, text::one_line(&record.request));
    for row in rows {
        let objective = row.objective;
        line(
            &mut out,
            &format!(
                "\n{}  {}  {}",
                objective.id,
                objective.phase.as_str(),
                text::one_line(&objective.title)
            ),
        );
        let mut fact = |name: &str, value: String| {
            if !value.is_empty() {
                line(&mut out, &format!("    {name:<9} {}", text::one_line(&value)));
            }
        };
        fact("declared", row.declared.join("  "));
        fact("granted", objective.granted.join("  "));
        let paths: Vec<_> = objective.touched.iter().map(|p| p.quoted().into_owned()).collect();
        fact("touched", listed(&paths, objective.files));
        fact("unused", row.unused.join("  "));
        let refused: Vec<_> = objective.refused.iter().map(|p| p.quoted().into_owned()).collect();
        fact("refused", listed(&refused, refused.len() as u64));
        for asked in &row.requests {
            let why =
                if asked.why.is_empty() { String::new() } else { format!(" ({})", asked.why) };
            fact("asked", format!("{}{why}", asked.said));
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}

fn listed(paths: &[String], count: u64) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let more = match count.saturating_sub(SHOWN.min(paths.len())) {
        0 => String::new(),
        n => format!("  and {n} more"),
    };
    match count {
        0 => String::new(),
        1 => paths.concat(),
        _ => {
            let shown: Vec<&str> = paths.iter().take(SHOWN).map(String::as_str).collect();
            format!("{}: {}{more}", count_of(count, "file"), shown.join("  "))
        }
    }
}
