//! The keys of `plan.toml`, as rows: what is read, written, documented and offered to editors
//! comes from here.

use crate::domain::document::{Field, FieldKind, Shape};

/// The longest time that a plan may name, in minutes: a year.
pub(super) const MINUTES: FieldKind = FieldKind::Integer(1, 525_600);

/// `plan.toml`.
pub static PLAN: Shape = Shape {
    name: "the plan",
    fields: &[
        Field::required("schema", FieldKind::Integer(1, 1), "Version of the file: 1."),
        Field::required(
            "id",
            FieldKind::NonEmptyText,
            "Names the plan: YYYYMMDD-HHMMSS-slug, in UTC.",
        ),
        Field::required("request", FieldKind::Text, "What the owner asked for."),
        Field::required(
            "type",
            FieldKind::Choice(&["reset", "feature", "bug", "refactor", "enhancement"]),
            "Which kind of change that is.",
        ),
        Field::optional(
            "target",
            FieldKind::NonEmptyText,
            "",
            "Branch on which the session lands; the current one if left out.",
        ),
        Field::optional(
            "base",
            FieldKind::NonEmptyText,
            "",
            "Commit that it was planned against; HEAD if left out.",
        ),
        Field::optional(
            "strategy",
            FieldKind::Text,
            "\"\"",
            "How the work is split, in a sentence.",
        ),
        Field::required(
            "objective",
            FieldKind::NonEmptyTables(&OBJECTIVE),
            "A piece of work with a scope of its own.",
        ),
        Field::optional(
            "contract",
            FieldKind::Tables(&CONTRACT),
            "[]",
            "An interface that one objective provides and others use.",
        ),
        Field::optional(
            "derived",
            FieldKind::Tables(&DERIVED),
            "[]",
            "Files that a command makes; a worker's change to them does not land.",
        ),
        Field::optional(
            "shared",
            FieldKind::Tables(&SHARED),
            "[]",
            "Files that any objective may add lines to.",
        ),
    ],
};

/// `[[objective]]`.
pub static OBJECTIVE: Shape = Shape {
    name: "[[objective]]",
    fields: &[
        Field::required("id", FieldKind::NonEmptyText, "Its name inside the plan, such as T1."),
        Field::required("title", FieldKind::NonEmptyText, "What it does, in a line."),
        Field::optional(
            "wave",
            FieldKind::Integer(1, 10_000),
            "",
            "The wave it belongs to; computed if left out.",
        ),
        Field::optional("depends_on", FieldKind::Texts, "[]", "Objectives whose result it needs."),
        Field::required("touch", FieldKind::NonEmptyTexts, "Patterns of what it may change."),
        Field::optional("read", FieldKind::Texts, "[]", "Patterns of what it relies on."),
        Field::optional("forbid", FieldKind::Texts, "[]", "Patterns of what it may not change."),
        Field::optional(
            "creates",
            FieldKind::Boolean,
            "false",
            "Whether patterns that match nothing yet are meant.",
        ),
        Field::optional(
            "agent_type",
            FieldKind::NonEmptyText,
            "\"auto\"",
            "Kind of worker: auto, human, or a name of the team.",
        ),
        Field::optional(
            "complexity",
            FieldKind::Choice(&["low", "medium", "high"]),
            "\"medium\"",
            "How demanding it is.",
        ),
        Field::optional(
            "priority",
            FieldKind::Choice(&["low", "medium", "high", "critical"]),
            "\"medium\"",
            "Who goes first when workers are few.",
        ),
        Field::optional("estimate_minutes", MINUTES, "30", "Expected work."),
        Field::optional(
            "timeout_minutes",
            MINUTES,
            "60",
            "After how long a worker is stopped; people never are.",
        ),
        Field::optional(
            "retries",
            FieldKind::Integer(0, 100),
            "1",
            "How often a failed worker is tried again.",
        ),
        Field::optional("context", FieldKind::Texts, "[]", "What the worker should know."),
        Field::optional(
            "integration_points",
            FieldKind::Texts,
            "[]",
            "What it provides to others or uses of theirs.",
        ),
        Field::optional("constraints", FieldKind::Texts, "[]", "What it must keep to."),
        Field::optional("acceptance", FieldKind::Texts, "[]", "How one sees that it is done."),
        Field::optional(
            "gates",
            FieldKind::Texts,
            "[]",
            "Commands that must pass in its worktree.",
        ),
        Field::optional("deliverables", FieldKind::Texts, "[]", "What it hands over."),
        Field::optional("notes", FieldKind::Texts, "[]", "Anything else."),
    ],
};

/// `[[contract]]`.
pub static CONTRACT: Shape = Shape {
    name: "[[contract]]",
    fields: &[
        Field::required(
            "provider",
            FieldKind::NonEmptyText,
            "The objective that provides the interface.",
        ),
        Field::required("consumers", FieldKind::NonEmptyTexts, "The objectives that use it."),
        Field::required("description", FieldKind::NonEmptyText, "What it promises."),
        Field::optional(
            "check",
            FieldKind::NonEmptyText,
            "",
            "A command that proves it on the wave's candidate.",
        ),
    ],
};

/// `[[derived]]`.
pub static DERIVED: Shape = Shape {
    name: "[[derived]]",
    fields: &[
        Field::required("paths", FieldKind::NonEmptyTexts, "Patterns of the files."),
        Field::required("command", FieldKind::NonEmptyText, "What makes them anew."),
    ],
};

/// `[[shared]]`.
pub static SHARED: Shape = Shape {
    name: "[[shared]]",
    fields: &[Field::required("paths", FieldKind::NonEmptyTexts, "Patterns of the files.")],
};
