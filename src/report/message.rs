//! Commit messages from templates. A value is one line in them and cannot look like a trailer:
//! those are added by code, behind what a template says.

use anyhow::Result;
use serde::Serialize;

use super::Templates;
use crate::domain::commit_message::{one_line, subject};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::Plan;

/// What is known of gates when a commit is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    /// They passed.
    Passed,
    /// There were none to run.
    NotRun,
}

impl Tests {
    fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotRun => "not run",
        }
    }
}

/// What a commit brings together.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The wave and how many there are; none: the whole session.
    pub wave: Option<(u32, u32)>,
    /// The objectives, and whether each changed something.
    pub objectives: Vec<(ObjectiveId, bool)>,
    /// Paths that differ.
    pub files: usize,
    /// What is known of gates.
    pub tests: Tests,
}

#[derive(Serialize)]
struct View {
    subject: String,
    plan: String,
    request: String,
    number: u32,
    waves: u32,
    objectives: Vec<Row>,
    files: usize,
    tests: &'static str,
}

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    changed: bool,
}

impl Templates {
    /// The message of a wave's commit, or of a squashed landing, without trailers.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn merge_message(&self, merged: &Merged<'_>) -> Result<String> {
        let plan = merged.plan;
        let title = |id: &ObjectiveId| plan.objective(id).map(|o| o.title.clone());
        let rows = merged.objectives.iter().map(|(id, changed)| Row {
            id: id.to_string(),
            title: one_line(&title(id).unwrap_or_default()),
            changed: *changed,
        });
        let rows: Vec<Row> = rows.collect();
        // A wave of one objective is about that.
        let about = match rows.as_slice() {
            [one] if merged.wave.is_some() => one.title.clone(),
            _ => plan.request.clone(),
        };
        let (number, waves) = merged.wave.unwrap_or_default();
        let view = View {
            subject: subject(plan.task_type, None, &about),
            plan: plan.id.to_string(),
            request: one_line(&plan.request),
            number,
            waves,
            objectives: rows,
            files: merged.files,
            tests: merged.tests.as_str(),
        };
        let name = if merged.wave.is_some() { "wave.hbs" } else { "landing.hbs" };
        self.message(name, &view)
    }

    /// The message of a commit of an objective for which nobody wrote one, without trailers.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn objective_message(&self, plan: &Plan, objective: &ObjectiveId) -> Result<String> {
        #[derive(Serialize)]
        struct View {
            subject: String,
            id: String,
            title: String,
        }
        let title = plan.objective(objective).map(|o| o.title.clone()).unwrap_or_default();
        let view = View {
            subject: subject(plan.task_type, None, &title),
            id: objective.to_string(),
            title: one_line(&title),
        };
        self.message("objective.hbs", &view)
    }
}
