//! Changes that cannot both land, and what to say about them.

use super::{Label, listed};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;

/// A path that cannot be merged: nothing of the wave lands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    /// Which path; of a file and a directory the file's.
    pub path: RepoPath,
    /// The objectives that meet there, sorted.
    pub objectives: Vec<ObjectiveId>,
    /// Whether the integration branch is one of the sides.
    pub integration: bool,
    /// Why it cannot be.
    pub reason: ClashReason,
}

/// Why a path cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClashReason {
    /// Several objectives changed it and it is not shared: their scopes were not disjoint.
    ChangedByTwo,
    /// Several objectives changed it, and started from different versions of it.
    DifferentStarts,
    /// These sides deleted what the others changed.
    Deleted(Vec<Label>),
    /// The sides give it different modes.
    Modes,
    /// A link or a submodule's pointer: it has no lines.
    NoLines,
    /// A file stands where a path needs a directory.
    FileAndDirectory {
        /// Who puts or has the file.
        file_of: Vec<Label>,
        /// The path that lies below it; the first, if there are several.
        below: RepoPath,
        /// Who puts or has that path.
        below_of: Vec<Label>,
    },
}

impl Clash {
    /// A clash of these sides.
    pub(super) fn new(path: &RepoPath, mut sides: Vec<Label>, reason: ClashReason) -> Self {
        sides.sort();
        sides.dedup();
        let integration = sides.contains(&Label::Integration);
        let id = |label| match label {
            Label::Integration => None,
            Label::Objective(id) => Some(id),
        };
        let objectives = sides.into_iter().filter_map(id).collect();
        Self { path: path.clone(), objectives, integration, reason }
    }

    fn sides(&self) -> Vec<Label> {
        let integration = self.integration.then_some(Label::Integration);
        integration
            .into_iter()
            .chain(self.objectives.iter().cloned().map(Label::Objective))
            .collect()
    }

    /// The clash in a sentence: who, what, where. Paths are quoted for a terminal.
    pub fn message(&self) -> String {
        let path = &self.path;
        let who = listed(&self.sides());
        match &self.reason {
            ClashReason::ChangedByTwo => format!("{who} change `{path}`, which is not shared"),
            ClashReason::DifferentStarts => {
                format!("{who} change `{path}`, and started from different versions of it")
            }
            ClashReason::Deleted(by) => {
                let others: Vec<Label> =
                    self.sides().into_iter().filter(|side| !by.contains(side)).collect();
                format!("`{path}` is deleted by {} and changed by {}", listed(by), listed(&others))
            }
            ClashReason::Modes => format!("{who} give `{path}` different modes"),
            ClashReason::NoLines => {
                format!(
                    "{who} change `{path}`, a link or a submodule, which cannot be merged by lines"
                )
            }
            ClashReason::FileAndDirectory { file_of, below, below_of } => format!(
                "`{path}` of {} is a file where `{below}` of {} needs a directory",
                listed(file_of),
                listed(below_of)
            ),
        }
    }
}
