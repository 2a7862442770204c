//! Commit messages from templates that an owner may replace. Values are one printable line each
//! before a template sees them, so that no title can begin a line, and with it a trailer.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::Templates;
use crate::domain::commit_message::{objective_subject, one_line, subject};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::TaskType;

/// The built-in templates of messages, by the name of the file that replaces them.
pub(super) const BUILT_IN: &[(&str, &str)] = &[
    ("landing.hbs", include_str!("../../../templates/landing.hbs")),
    ("objective.hbs", include_str!("../../../templates/objective.hbs")),
    ("pin.hbs", include_str!("../../../templates/pin.hbs")),
    ("amend.hbs", include_str!("../../../templates/amend.hbs")),
    ("sync.hbs", include_str!("../../../templates/sync.hbs")),
    ("wave.hbs", include_str!("../../../templates/wave.hbs")),
];

/// Characters of a value in a message; a request may be a whole page on one line.
const VALUE: usize = 400;

/// What the gates said about a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Tests {
    /// All of them passed.
    #[serde(rename = "passed")]
    Passed,
    /// One of them failed.
    #[serde(rename = "failed")]
    Failed,
    /// There are none.
    #[serde(rename = "not run")]
    NotRun,
}

/// An objective in a message.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    /// Its id.
    pub id: &'a ObjectiveId,
    /// What it did.
    pub title: &'a str,
    /// Its commits.
    pub commits: u64,
    /// The files that it changed.
    pub files: u64,
}

/// What the message of a wave is made from.
#[derive(Clone, Debug)]
pub struct WaveView<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// Which kind of change it asks for.
    pub task_type: TaskType,
    /// What the owner asked for.
    pub request: &'a str,
    /// The number of the wave.
    pub wave: u32,
    /// How many there are.
    pub waves: u32,
    /// What is merged.
    pub objectives: Vec<Done<'a>>,
    /// How many files the commit changes.
    pub modified: usize,
    /// What the gates said.
    pub tests: Tests,
}

/// What the message of a landing is made from: of the one commit of a squash, else of the commit
/// that holds the record.
#[derive(Clone, Debug)]
pub struct LandingView<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// Which kind of change it asks for.
    pub task_type: TaskType,
    /// What the owner asked for.
    pub request: &'a str,
    /// The short name of the branch.
    pub target: &'a str,
    /// Whether it is a squash.
    pub squash: bool,
    /// What was merged.
    pub objectives: Vec<Done<'a>>,
    /// What was given up.
    pub dropped: Vec<Done<'a>>,
    /// How many files the session changes.
    pub modified: usize,
    /// What the gates said about what lands.
    pub tests: Tests,
}

/// What the message of an objective's commit is made from.
#[derive(Clone, Copy, Debug)]
pub struct ObjectiveView<'a> {
    /// The slug of the session.
    pub slug: &'a str,
    /// Which kind of change the plan asks for.
    pub task_type: TaskType,
    /// The objective.
    pub id: &'a ObjectiveId,
    /// What it does.
    pub title: &'a str,
}

/// What the message of a change of what was agreed is made from.
#[derive(Clone, Debug)]
pub struct AmendView<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// The objective that may touch more; none: objectives were added or changed.
    pub objective: Option<&'a ObjectiveId>,
    /// What changes, a line each.
    pub lines: &'a [String],
}

/// What the message of a pin is made from.
#[derive(Clone, Debug)]
pub struct PinView<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// What the owner asked for.
    pub request: &'a str,
    /// The objectives with their titles and waves.
    pub objectives: Vec<(&'a ObjectiveId, &'a str, u32)>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    work: String,
}

impl Templates {
    /// The message of a wave's commit, without its trailers.
    ///
    /// # Errors
    ///
    /// As for every message: where a replaced template asks for a value that does not exist, or
    /// writes nothing.
    pub fn wave_message(&self, view: &WaveView<'_>) -> Result<String> {
        let suffix = if view.waves > 1 { format!("(wave {})", view.wave) } else { String::new() };
        let subject = subject(view.task_type, view.request, view.plan.slug(), &suffix);
        self.message(
            "wave.hbs",
            &serde_json::json!({
                "cut": is_cut(&subject, view.request),
                "subject": subject,
                "plan": view.plan,
                "slug": view.plan.slug(),
                "type": view.task_type,
                "request": first_line(view.request),
                "wave": view.wave,
                "waves": view.waves.max(view.wave),
                "objectives": rows(&view.objectives),
                "modified": view.modified,
                "tests": view.tests,
            }),
        )
    }

    /// The message of a landing, without its trailers.
    ///
    /// # Errors
    ///
    /// As [`Templates::wave_message`].
    pub fn landing_message(&self, view: &LandingView<'_>) -> Result<String> {
        // Without a squash the work has its own commits: this one only holds the record.
        let subject = if view.squash {
            subject(view.task_type, view.request, view.plan.slug(), "")
        } else {
            format!("chore(ap): record of {}", view.plan.slug())
        };
        let record = crate::store::layout::accomplishment(view.plan);
        self.message(
            "landing.hbs",
            &serde_json::json!({
                "cut": is_cut(&subject, view.request),
                "subject": subject,
                "plan": view.plan,
                "slug": view.plan.slug(),
                "type": view.task_type,
                "request": first_line(view.request),
                "target": view.target,
                "squash": view.squash,
                "record": record.to_lossy(),
                "objectives": rows(&view.objectives),
                "dropped": rows(&view.dropped),
                "modified": view.modified,
                "tests": view.tests,
            }),
        )
    }

    /// The message of an objective's commit that nobody wrote one for, without its trailers.
    ///
    /// # Errors
    ///
    /// As [`Templates::wave_message`].
    pub fn objective_message(&self, view: &ObjectiveView<'_>) -> Result<String> {
        let subject = objective_subject(view.task_type, view.slug, view.title, view.id.as_str());
        self.message(
            "objective.hbs",
            &serde_json::json!({
                "cut": is_cut(&subject, view.title),
                "subject": subject,
                "slug": view.slug,
                "type": view.task_type,
                "id": view.id,
                "title": view.title,
            }),
        )
    }

    /// The message of a pin, without its trailers.
    ///
    /// # Errors
    ///
    /// As [`Templates::wave_message`].
    pub fn pin_message(&self, view: &PinView<'_>) -> Result<String> {
        let objective = |(id, title, wave): &(&ObjectiveId, &str, u32)| serde_json::json!({ "id": id, "title": title, "wave": wave });
        self.message(
            "pin.hbs",
            &serde_json::json!({
                "plan": view.plan,
                "slug": view.plan.slug(),
                "request": first_line(view.request),
                "objectives": view.objectives.iter().map(objective).collect::<Vec<_>>(),
            }),
        )
    }

    /// The message of a commit that changes what was agreed, without its trailers.
    ///
    /// # Errors
    ///
    /// As [`Templates::wave_message`].
    pub fn amend_message(&self, view: &AmendView<'_>) -> Result<String> {
        self.message(
            "amend.hbs",
            &serde_json::json!({
                "plan": view.plan,
                "slug": view.plan.slug(),
                "objective": view.objective,
                "lines": view.lines,
            }),
        )
    }

    /// The message of a commit that merges the target into the integration branch, without its
    /// trailers.
    ///
    /// # Errors
    ///
    /// As [`Templates::wave_message`].
    pub fn sync_message(&self, plan: &PlanId, target: &str) -> Result<String> {
        let view = serde_json::json!({ "plan": plan, "slug": plan.slug(), "target": target });
        self.message("sync.hbs", &view)
    }

    fn message(&self, name: &str, view: &Value) -> Result<String> {
        let rendered = self.messages.render(name, &on_one_line(view));
        let message = super::tidy(&rendered.map_err(|error| super::failure_of(name, &error))?);
        if message.trim().is_empty() {
            let failure = Failure::new(Kind::Plan, format!("template `{name}` writes no message"));
            return Err(failure.hint(format!("mend or remove `.ap/templates/{name}`")).into());
        }
        Ok(message)
    }
}

/// The same with every text on one line that cannot harm a terminal, and not endless.
fn on_one_line(view: &Value) -> Value {
    match view {
        Value::String(text) => {
            let line = one_line(text);
            match line.char_indices().nth(VALUE) {
                Some((at, _)) => Value::String(format!("{}…", &line[..at])),
                None => Value::String(line),
            }
        }
        Value::Array(items) => items.iter().map(on_one_line).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), on_one_line(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => view.clone(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// Whether a subject leaves words of the first line of its text out.
fn is_cut(subject: &str, text: &str) -> bool {
    let line = one_line(first_line(text)).to_lowercase();
    !subject.to_lowercase().contains(line.trim_end_matches('.').trim_end())
}

fn rows<'a>(objectives: &[Done<'a>]) -> Vec<Row<'a>> {
    let counted = |n: u64, thing: &str| format!("{n} {thing}{}", if n == 1 { "" } else { "s" });
    let row = |done: &Done<'a>| Row {
        id: done.id.as_str(),
        title: done.title,
        work: match done.files {
            0 => "no change".to_owned(),
            files => format!("{}, {}", counted(done.commits, "commit"), counted(files, "file")),
        },
    };
    objectives.iter().map(row).collect()
}

#[cfg(test)]
mod tests;
