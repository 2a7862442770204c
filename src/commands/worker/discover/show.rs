//! What workers told, for people and for programs.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Answer, Row};
use crate::commands::Ctx;
use crate::domain::plan::SCHEMA;
use crate::domain::team::discover::{Named, Property, Proposal, Told};
use crate::ui::{Format, count_of, text};

/// How many things of a kind people are shown, and how much of each.
const SHOWN: usize = 20;
const WIDTH: usize = 90;

/// What is answered.
pub(super) struct Answered<'a> {
    pub(super) rows: &'a [Row],
    /// What would change in the file; empty: nothing.
    pub(super) difference: String,
}

impl Answered<'_> {
    /// Answers; `backup` is where the old file was kept, if it was written.
    pub(super) fn show(&self, ctx: &Ctx, backup: Option<&str>) -> Result<()> {
        if ctx.ui.format == Format::Json {
            let head = json!({
                "schema": SCHEMA,
                "difference": self.difference,
                "written": backup.is_some(),
                "backup": backup,
            });
            return ctx.ui.json_list(&head, "workers", self.rows.iter().map(row));
        }
        if self.rows.is_empty() {
            ctx.ui.answer("the team is empty: there is nobody to ask")?;
            ctx.ui.note("next: describe a worker in .ap/team.toml; `git ap worker presets` lists known agents");
            return Ok(());
        }
        let told: Vec<String> = self.rows.iter().map(shown).collect();
        let mut out = told.join("\n");
        let change =
            if self.difference.is_empty() { "nothing to change\n" } else { &self.difference };
        write!(out, "\n{change}").expect("a string can be written to");
        ctx.ui.answer(&out)?;
        Ok(())
    }
}

fn row(row: &Row) -> Value {
    let (told, why) = match &row.answer {
        Answer::Told(told) => (Some(document(told)), told.trouble.clone()),
        Answer::Silent(why) | Answer::Passed(why) => (None, Some(why.clone())),
    };
    json!({
        "id": row.worker.id,
        "transport": row.worker.transport.as_str(),
        "asked": !matches!(row.answer, Answer::Passed(_)),
        "told": told,
        "why_not": why,
        "proposed": proposed(&row.proposal),
        "notes": row.proposal.notes,
        "findings": row.proposal.findings,
    })
}

fn document(told: &Told) -> Value {
    let named = |all: &[Named]| -> Vec<Value> {
        all.iter().map(|n| json!({ "name": n.name, "description": n.about })).collect()
    };
    let tools = told.tools.iter().map(|tool| {
        json!({
            "name": tool.name,
            "description": tool.about,
            "read_only": tool.read_only,
            "properties": tool.properties.iter().map(property).collect::<Vec<_>>(),
        })
    });
    let settings = told.settings.iter().map(|s| json!({ "name": s.name, "choices": s.choices }));
    json!({
        "name": told.name,
        "version": told.version,
        "protocol": told.protocol,
        "tools": tools.collect::<Vec<_>>(),
        "modes": named(&told.modes),
        "settings": settings.collect::<Vec<_>>(),
        "commands": named(&told.commands),
        "logins": named(&told.logins),
        "abilities": told.abilities,
        "left_out": told.left_out,
    })
}

fn property(property: &Property) -> Value {
    json!({
        "name": property.name,
        "type": property.kind,
        "required": property.required,
        "description": property.about,
        "choices": property.choices,
    })
}

fn proposed(proposal: &Proposal) -> Value {
    let capabilities: Vec<Value> = proposal
        .capabilities
        .iter()
        .map(|(word, why)| json!({ "capability": word, "why": why }))
        .collect();
    let tool = proposal.tool.as_ref().map(|(tool, why)| json!({ "tool": tool, "why": why }));
    let arguments = proposal.arguments.as_ref().map(|(arguments, why)| {
        let pairs = arguments.iter().map(|(name, text)| (name.clone(), json!(text)));
        json!({ "arguments": Value::Object(pairs.collect()), "why": why })
    });
    json!({ "capabilities": capabilities, "tool": tool, "arguments": arguments })
}

/// A worker for people. Foreign text stands on one line each.
fn shown(row: &Row) -> String {
    let mut out = format!("{} ({})", row.worker.id, row.worker.transport.as_str());
    let mut line = |text: &str| {
        write!(out, "\n  {text}").expect("a string can be written to");
    };
    match &row.answer {
        Answer::Passed(why) => line(&format!("not asked: {}", cut(why))),
        Answer::Silent(why) => line(&format!("LOOK: {}", one(why))),
        Answer::Told(told) => told_lines(told).iter().for_each(|text| line(text)),
    }
    for (word, why) in &row.proposal.capabilities {
        line(&format!("proposed: capability `{word}` ({})", one(why)));
    }
    if let Some((tool, why)) = &row.proposal.tool {
        line(&format!("proposed: `tool` {} ({})", one(tool), one(why)));
    }
    if let Some((arguments, why)) = &row.proposal.arguments {
        let pairs: Vec<String> =
            arguments.iter().map(|(name, text)| format!("{} = {}", one(name), one(text))).collect();
        line(&format!("proposed: `arguments` {} ({})", pairs.join(", "), one(why)));
    }
    row.proposal.notes.iter().for_each(|note| line(&format!("note: {}", one(note))));
    row.proposal.findings.iter().for_each(|finding| line(&format!("LOOK: {}", one(finding))));
    out + "\n"
}

fn told_lines(told: &Told) -> Vec<String> {
    let mut out = Vec::new();
    let words = [told.name.as_deref(), told.version.as_deref()];
    let who: Vec<String> = words.into_iter().flatten().filter(|w| !w.is_empty()).map(cut).collect();
    out.push(match (who.is_empty(), told.protocol.as_str()) {
        (true, "") => "it is there".to_owned(),
        (false, "") => format!("it is there: {}", who.join(" ")),
        (true, protocol) => protocol.to_owned(),
        (false, protocol) => format!("{}, {protocol}", who.join(" ")),
    });
    let tools = told.tools.iter().map(|tool| {
        let takes: Vec<String> = tool
            .properties
            .iter()
            .take(SHOWN)
            .map(|p| format!("{}{}", one(&p.name), if p.required { "*" } else { "" }))
            .collect();
        format!("tool {}({}): {}", one(&tool.name), takes.join(", "), first(&tool.about))
    });
    out.extend(few(tools, told.tools.len(), "tool"));
    for (what, all) in [("mode", &told.modes), ("command", &told.commands), ("login", &told.logins)]
    {
        let lines = all.iter().map(|n| format!("{what} {}: {}", one(&n.name), first(&n.about)));
        out.extend(few(lines, all.len(), what));
    }
    let settings = told.settings.iter().map(|setting| {
        let choices: Vec<String> = setting.choices.iter().map(|choice| one(choice)).collect();
        cut(&format!("setting {}: {}", setting.name, choices.join(", ")))
    });
    out.extend(few(settings, told.settings.len(), "setting"));
    if !told.abilities.is_empty() {
        out.push(format!("can: {}", cut(&told.abilities.join(", "))));
    }
    if told.left_out > 0 {
        out.push(format!("{} more, or without a usable name, left out", told.left_out));
    }
    out.extend(told.trouble.as_ref().map(|trouble| format!("LOOK: {}", one(trouble))));
    out
}

/// The first of these lines, and how many there are more.
fn few(lines: impl Iterator<Item = String>, count: usize, what: &str) -> Vec<String> {
    let mut out: Vec<String> = lines.take(SHOWN).collect();
    if let Some(more @ 1..) = count.checked_sub(SHOWN) {
        out.push(format!(
            "and {} (--format json has them)",
            count_of(more, &format!("more {what}"))
        ));
    }
    out
}

/// Foreign text on one line.
fn one(text: &str) -> String {
    text::one_line(text).into_owned()
}

/// The same, not too long.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(WIDTH).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", one(&short))
}

/// The first line of a description.
fn first(about: &str) -> String {
    cut(about.lines().next().unwrap_or_default())
}
