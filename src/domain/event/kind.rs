//! The types of events: one table, from which both the Rust type and the schema are made, so that
//! they cannot differ.

use serde::Serialize;
use serde_json::{Value, json};

use super::words::{ActivityType, Phase};
use crate::domain::plan::TaskType;
use crate::domain::team::stream::Cost;

/// A field of an event, as a schema describes it.
#[derive(Clone, Debug)]
pub(super) struct FieldShape {
    pub(super) name: &'static str,
    pub(super) doc: String,
    pub(super) schema: Value,
}

/// A type of event, as a schema describes it.
#[derive(Clone, Debug)]
pub(super) struct KindShape {
    pub(super) name: &'static str,
    pub(super) doc: String,
    pub(super) fields: Vec<FieldShape>,
}

/// What a field's type is in JSON.
trait Described {
    fn described() -> Value;
}

/// Doc comments come with a space in front of each line.
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// A field's name in JSON: its own, or the one that stands behind it.
macro_rules! named {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $json:literal) => {
        $json
    };
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal {
        $($(#[doc = $field_doc:literal])+ $field:ident $(as $json:literal)?: $type:ty,)*
    },)+) => {
        /// What happened. The names and fields are the event stream's contract.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type")]
        pub enum EventKind {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant {
                $($(#[doc = $field_doc])+ $(#[serde(rename = $json)])? $field: $type,)*
            },)+
        }

        /// Every type of event, in the order of its table.
        pub(super) fn shapes() -> Vec<KindShape> {
            vec![$(KindShape {
                name: $name,
                doc: prose(&[$($doc),+]),
                fields: vec![$(FieldShape {
                    name: named!($field $($json)?),
                    doc: prose(&[$($field_doc),+]),
                    schema: <$type as Described>::described(),
                },)*],
            },)+]
        }

        /// One event of each type, for the comparison with the schema.
        #[cfg(test)]
        pub(super) fn samples() -> Vec<EventKind> {
            vec![$(EventKind::$variant { $($field: <$type as Sample>::sample(),)* },)+]
        }
    };
}

events! {
    /// A phase begins.
    PhaseStart "phase_start" {
        /// Which one.
        phase: Phase,
    },
    /// Something worth showing inside a phase.
    Activity "activity" {
        /// In plain words.
        text: String,
    },
    /// The codebase has been read.
    CodebaseAnalyzed "codebase_analyzed" {
        /// Tracked files.
        files: usize,
        /// Modules found.
        modules: usize,
    },
    /// The kind of change is known.
    TaskTypeDetermined "task_type_determined" {
        /// One of the task types.
        task_type: TaskType,
        /// Why.
        reason: String,
    },
    /// Places where objectives meet.
    CoordinationPoints "coordination_points" {
        /// How many.
        count: usize,
    },
    /// How scopes are drawn.
    ScopeStrategy "scope_strategy" {
        /// In a sentence.
        text: String,
    },
    /// The objectives exist.
    ObjectivesCreated "objectives_created" {
        /// How many.
        count: usize,
    },
    /// The waves exist.
    WavesCreated "waves_created" {
        /// How many.
        count: u32,
    },
    /// The scopes have been proved.
    ScopeValidated "scope_validated" {
        /// Whether the plan has no error.
        valid: bool,
        /// Errors and warnings.
        findings: usize,
    },
    /// An overlap was repaired.
    ConflictResolved "conflict_resolved" {
        /// How, in a sentence.
        text: String,
    },
    /// A phase is over.
    PhaseComplete "phase_complete" {
        /// Which one.
        phase: Phase,
    },
    /// A plan is approved.
    PlanApproved "plan_approved" {
        /// The commit that holds it as approved.
        pin: String,
    },
    /// An objective has a worktree that is ready.
    ObjectiveStart "objective_start" {
        /// Which one.
        objective: String,
        /// Its worktree.
        worktree: String,
    },
    /// A worker does something, or a command of the owner says something.
    WorkerActivity "worker_activity" {
        /// Who.
        source: String,
        /// Of which kind it is; a command's is always `log`.
        activity_type: ActivityType,
        /// In its own words.
        text: String,
    },
    /// What a worker's try cost.
    WorkerMetrics "worker_metrics" {
        /// At which objective.
        objective: String,
        /// Which worker.
        worker: String,
        /// How long it was at work.
        seconds: f64,
        /// How many turns of its model it took; none: it does not say.
        turns: Option<u64>,
        /// What it cost in US dollars; none: it does not say.
        cost as "cost_usd": Option<Cost>,
    },
    /// A worker did not do what it was asked for.
    WorkerError "worker_error" {
        /// Which one.
        worker: String,
        /// Why.
        reason: String,
    },
    /// An objective was judged and may be merged.
    ObjectiveComplete "objective_complete" {
        /// Which one.
        objective: String,
        /// The tip that was judged.
        tip: String,
    },
    /// An objective has failed.
    ObjectiveFailed "objective_failed" {
        /// Which one.
        objective: String,
        /// Why.
        reason: String,
    },
    /// A change lies outside its scope.
    ScopeViolation "scope_violation" {
        /// Whose change.
        objective: String,
        /// In a sentence.
        text: String,
    },
    /// An objective asks for more than its scope.
    ScopeRequest "scope_request" {
        /// Who asks.
        objective: String,
        /// For what, as patterns.
        patterns: Vec<String>,
        /// What for.
        why: String,
    },
    /// An objective may touch more from now on.
    ScopeGranted "scope_granted" {
        /// Which one.
        objective: String,
        /// What, as patterns.
        patterns: Vec<String>,
    },
    /// An objective does not get what it asked for.
    ScopeDenied "scope_denied" {
        /// Which one.
        objective: String,
        /// What, as patterns.
        patterns: Vec<String>,
        /// Why.
        reason: String,
    },
    /// An objective waits.
    ObjectiveWaiting "objective_waiting" {
        /// Which one.
        objective: String,
        /// For what, in words.
        reason: String,
    },
    /// A gate begins.
    GateStart "gate_start" {
        /// The command.
        command: String,
        /// Of what it is one: `base`, `wave N`, an objective, `landing`.
        place as "where": String,
    },
    /// A gate has ended.
    GateComplete "gate_complete" {
        /// The command.
        command: String,
        /// Of what it is one: `base`, `wave N`, an objective, `landing`.
        place as "where": String,
        /// Whether it passed.
        passed: bool,
        /// How long it took.
        seconds: f64,
    },
    /// The first objective of a wave is about to be started.
    WaveStart "wave_start" {
        /// Which one.
        wave: u32,
    },
    /// The check of a contract between objectives has ended, on what would be merged.
    ContractChecked "contract_checked" {
        /// Who provides what it is about.
        provider: String,
        /// Who uses it.
        consumers: Vec<String>,
        /// What it is about, in words.
        description: String,
        /// Whether the check passed.
        passed: bool,
    },
    /// A wave is merged.
    WaveComplete "wave_complete" {
        /// Which one.
        wave: u32,
        /// Its commit.
        commit: String,
    },
    /// Nothing of a wave was merged.
    WaveRolledBack "wave_rolled_back" {
        /// Which one.
        wave: u32,
        /// Why.
        reason: String,
    },
    /// Every wave is merged.
    IntegrationComplete "integration_complete" {
        /// The integration tip.
        commit: String,
    },
    /// The session has landed.
    SessionLanded "session_landed" {
        /// The target's tip.
        commit: String,
    },
    /// The whole command is over.
    CycleComplete "cycle_complete" {
        /// Whether it did what it was asked for.
        success: bool,
    },
}

impl Described for String {
    fn described() -> Value {
        json!({"type": "string"})
    }
}

impl Described for Vec<String> {
    fn described() -> Value {
        json!({"type": "array", "items": {"type": "string"}})
    }
}

impl Described for bool {
    fn described() -> Value {
        json!({"type": "boolean"})
    }
}

impl Described for u32 {
    fn described() -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

impl Described for usize {
    fn described() -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

impl Described for f64 {
    fn described() -> Value {
        json!({"type": "number", "minimum": 0})
    }
}

impl Described for Option<u64> {
    fn described() -> Value {
        json!({"type": ["integer", "null"], "minimum": 0})
    }
}

impl Described for Option<Cost> {
    fn described() -> Value {
        json!({"type": ["number", "null"], "minimum": 0})
    }
}

impl Described for Phase {
    fn described() -> Value {
        json!({"enum": Self::ALL})
    }
}

impl Described for ActivityType {
    fn described() -> Value {
        json!({"enum": Self::ALL})
    }
}

impl Described for TaskType {
    fn described() -> Value {
        json!({"enum": Self::ALL.map(Self::as_str)})
    }
}

/// A value that is none of the empty ones.
#[cfg(test)]
trait Sample {
    fn sample() -> Self;
}

#[cfg(test)]
mod samples {
    use super::{ActivityType, Cost, Phase, Sample, TaskType};

    macro_rules! sample {
        ($($type:ty: $value:expr,)+) => {
            $(impl Sample for $type {
                fn sample() -> Self {
                    $value
                }
            })+
        };
    }

    sample! {
        String: "x".to_owned(),
        Vec<String>: vec!["x".to_owned()],
        bool: true,
        u32: 1,
        usize: 1,
        f64: 1.5,
        Option<u64>: Some(1),
        Option<Cost>: Cost::of(1.5),
        Phase: Phase::Execution,
        ActivityType: ActivityType::Coding,
        TaskType: TaskType::Bug,
    }
}
