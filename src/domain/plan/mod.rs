//! The plan: the file that says who may change what, and in which order. Its fields are those
//! of `plan.toml`; how it is read, proved and written stands beside this file.

use serde::Serialize;

use super::id::{ObjectiveId, PlanId};

mod answer;
mod append;
mod proof;
mod read;
mod render;
mod repair;
pub mod shape;
mod ties;
mod widen;

pub use answer::{read_answer, read_answer_under};
pub use append::{renamed, with_objectives};
pub use proof::{Calibration, Facts, Past, Proof, learn, prove, scopes};
pub(in crate::domain) use read::branch_name;
pub use read::{Reading, read};
pub use render::{to_toml, toml_string};
pub use repair::{Move, edited, repair, with_moves};
pub use widen::with_touch;

/// The version of every file that git ap writes.
pub const SCHEMA: u32 = 1;

/// Which kind of change a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskType {
    /// Start over: a rewrite of what is there.
    Reset,
    /// Something new.
    Feature,
    /// Something wrong.
    Bug,
    /// The same behaviour in another form.
    Refactor,
    /// More of something that exists.
    Enhancement,
}

impl TaskType {
    /// Every task type, in the order in which the documentation lists them.
    pub const ALL: [TaskType; 5] =
        [Self::Reset, Self::Feature, Self::Bug, Self::Refactor, Self::Enhancement];

    /// The word that stands for it in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Feature => "feature",
            Self::Bug => "bug",
            Self::Refactor => "refactor",
            Self::Enhancement => "enhancement",
        }
    }

    /// The task type of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == word)
    }
}

/// How demanding an objective is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Complexity {
    /// A change in one or two places.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Many places, or a change of shape.
    High,
}

impl Complexity {
    /// Every complexity, lowest first.
    pub const ALL: [Complexity; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word that stands for it in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// In which order objectives of one wave are taken when there are too few workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Last.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Before the usual.
    High,
    /// First.
    Critical,
}

impl Priority {
    /// Every priority, lowest first.
    pub const ALL: [Priority; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word that stands for it in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A coordination plan, as `plan.toml` holds it. Patterns are kept as they were written;
/// [`prove`] parses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The version of the file, [`SCHEMA`].
    pub schema: u32,
    /// Names the plan and its session.
    pub id: PlanId,
    /// What the owner asked for.
    pub request: String,
    /// Which kind of change that is.
    #[serde(rename = "type")]
    pub task_type: TaskType,
    /// The branch on which the session will land; none: the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The commit that it was planned against, as a full object id; none: `HEAD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// How the work was split, in a sentence.
    pub strategy: String,
    /// The pieces of work.
    #[serde(rename = "objective")]
    pub objectives: Vec<Objective>,
    /// Interfaces between objectives.
    #[serde(rename = "contract", skip_serializing_if = "Vec::is_empty")]
    pub contracts: Vec<Contract>,
    /// Files that a command makes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<Derived>,
    /// Files that every objective may add lines to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<Shared>,
}

/// One piece of work with a scope of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objective {
    /// Its name inside the plan.
    pub id: ObjectiveId,
    /// What it does, in a line.
    pub title: String,
    /// The wave it belongs to, from 1; none: computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<u32>,
    /// Objectives whose result it needs.
    pub depends_on: Vec<ObjectiveId>,
    /// Patterns of what it may change.
    pub touch: Vec<String>,
    /// Patterns of what it relies on.
    pub read: Vec<String>,
    /// Patterns of what it may not change.
    pub forbid: Vec<String>,
    /// Whether patterns that match nothing yet are meant.
    pub creates: bool,
    /// Which kind of worker takes it; `auto` leaves that to the assignment.
    pub agent_type: String,
    /// How demanding it is.
    pub complexity: Complexity,
    /// Who goes first.
    pub priority: Priority,
    /// Expected work, in minutes.
    pub estimate_minutes: u32,
    /// After how many minutes a worker is stopped; never for people.
    pub timeout_minutes: u32,
    /// How often a failed worker is tried again.
    pub retries: u32,
    /// What the worker should know.
    pub context: Vec<String>,
    /// What it provides to others or uses of theirs.
    pub integration_points: Vec<String>,
    /// What it must keep to.
    pub constraints: Vec<String>,
    /// How one sees that it is done.
    pub acceptance: Vec<String>,
    /// Commands that must pass in its worktree.
    pub gates: Vec<String>,
    /// What it hands over.
    pub deliverables: Vec<String>,
    /// Anything else.
    pub notes: Vec<String>,
}

/// The values that an objective has where its file is silent.
pub mod default {
    /// Minutes of work.
    pub const ESTIMATE_MINUTES: u32 = 30;
    /// Minutes after which a worker is stopped.
    pub const TIMEOUT_MINUTES: u32 = 60;
    /// Second tries of a failed worker.
    pub const RETRIES: u32 = 1;
    /// The kind of worker that means "any".
    pub const AGENT_TYPE: &str = "auto";
}

impl Objective {
    /// An objective with an id, a title and a scope, and defaults for everything else.
    pub fn new(id: ObjectiveId, title: impl Into<String>, touch: Vec<String>) -> Self {
        Self {
            id,
            title: title.into(),
            wave: None,
            depends_on: Vec::new(),
            touch,
            read: Vec::new(),
            forbid: Vec::new(),
            creates: false,
            agent_type: default::AGENT_TYPE.to_owned(),
            complexity: Complexity::default(),
            priority: Priority::default(),
            estimate_minutes: default::ESTIMATE_MINUTES,
            timeout_minutes: default::TIMEOUT_MINUTES,
            retries: default::RETRIES,
            context: Vec::new(),
            integration_points: Vec::new(),
            constraints: Vec::new(),
            acceptance: Vec::new(),
            gates: Vec::new(),
            deliverables: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// An interface that one objective provides and others use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// Who provides it.
    pub provider: ObjectiveId,
    /// Who uses it.
    pub consumers: Vec<ObjectiveId>,
    /// What it promises.
    pub description: String,
    /// A command that proves it on the wave's candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// Files that a command makes: no worker's change to them lands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Derived {
    /// Patterns of the files.
    pub paths: Vec<String>,
    /// What makes them anew.
    pub command: String,
}

/// Files that any objective may touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// Patterns of the files.
    pub paths: Vec<String>,
}

impl Plan {
    /// The objective of that id.
    pub fn objective(&self, id: &ObjectiveId) -> Option<&Objective> {
        self.objectives.iter().find(|o| o.id == *id)
    }
}

#[cfg(test)]
mod tests;
