//! The keys of `plan.toml`, as rows: what is read, written, documented and offered to editors
//! comes from here.

use crate::domain::document::{Field, FieldKind, Shape};

const fn field(
    name: &'static str,
    kind: FieldKind,
    default: &'static str,
    doc: &'static str,
) -> Field {
    Field { name, kind, required: false, default, doc }
}

const fn required(name: &'static str, kind: FieldKind, doc: &'static str) -> Field {
    Field { name, kind, required: true, default: "", doc }
}

/// The longest time that a plan may name, in minutes: a year.
pub(super) const MINUTES: FieldKind = FieldKind::Integer(1, 525_600);

/// `plan.toml`.
pub static PLAN: Shape = Shape {
    name: "the plan",
    fields: &[
        required("schema", FieldKind::Integer(1, 1), "Version of the file: 1."),
        required("id", FieldKind::NonEmptyText, "Names the plan: YYYYMMDD-HHMMSS-slug, in UTC."),
        required("request", FieldKind::Text, "What the owner asked for."),
        required(
            "type",
            FieldKind::Choice(&["reset", "feature", "bug", "refactor", "enhancement"]),
            "Which kind of change that is.",
        ),
        field(
            "target",
            FieldKind::NonEmptyText,
            "",
            "Branch on which the session lands; the current one if left out.",
        ),
        field(
            "base",
            FieldKind::NonEmptyText,
            "",
            "Commit that it was planned against; HEAD if left out.",
        ),
        field("strategy", FieldKind::Text, "\"\"", "How the work is split, in a sentence."),
        required(
            "objective",
            FieldKind::NonEmptyTables(&OBJECTIVE),
            "A piece of work with a scope of its own.",
        ),
        field(
            "contract",
            FieldKind::Tables(&CONTRACT),
            "[]",
            "An interface that one objective provides and others use.",
        ),
        field(
            "derived",
            FieldKind::Tables(&DERIVED),
            "[]",
            "Files that a command makes; a worker's change to them does not land.",
        ),
        field(
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
        required("id", FieldKind::NonEmptyText, "Its name inside the plan, such as T1."),
        required("title", FieldKind::NonEmptyText, "What it does, in a line."),
        field(
            "wave",
            FieldKind::Integer(1, 10_000),
            "",
            "The wave it belongs to; computed if left out.",
        ),
        field("depends_on", FieldKind::Texts, "[]", "Objectives whose result it needs."),
        required("touch", FieldKind::NonEmptyTexts, "Patterns of what it may change."),
        field("read", FieldKind::Texts, "[]", "Patterns of what it relies on."),
        field("forbid", FieldKind::Texts, "[]", "Patterns of what it may not change."),
        field(
            "creates",
            FieldKind::Boolean,
            "false",
            "Whether patterns that match nothing yet are meant.",
        ),
        field(
            "agent_type",
            FieldKind::NonEmptyText,
            "\"auto\"",
            "Kind of worker: auto, human, or a name of the team.",
        ),
        field(
            "complexity",
            FieldKind::Choice(&["low", "medium", "high"]),
            "\"medium\"",
            "How demanding it is.",
        ),
        field(
            "priority",
            FieldKind::Choice(&["low", "medium", "high", "critical"]),
            "\"medium\"",
            "Who goes first when workers are few.",
        ),
        field("estimate_minutes", MINUTES, "30", "Expected work."),
        field(
            "timeout_minutes",
            MINUTES,
            "60",
            "After how long a worker is stopped; people never are.",
        ),
        field(
            "retries",
            FieldKind::Integer(0, 100),
            "1",
            "How often a failed worker is tried again.",
        ),
        field("context", FieldKind::Texts, "[]", "What the worker should know."),
        field(
            "integration_points",
            FieldKind::Texts,
            "[]",
            "What it provides to others or uses of theirs.",
        ),
        field("constraints", FieldKind::Texts, "[]", "What it must keep to."),
        field("acceptance", FieldKind::Texts, "[]", "How one sees that it is done."),
        field("gates", FieldKind::Texts, "[]", "Commands that must pass in its worktree."),
        field("deliverables", FieldKind::Texts, "[]", "What it hands over."),
        field("notes", FieldKind::Texts, "[]", "Anything else."),
    ],
};

/// `[[contract]]`.
pub static CONTRACT: Shape = Shape {
    name: "[[contract]]",
    fields: &[
        required("provider", FieldKind::NonEmptyText, "The objective that provides the interface."),
        required("consumers", FieldKind::NonEmptyTexts, "The objectives that use it."),
        required("description", FieldKind::NonEmptyText, "What it promises."),
        field(
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
        required("paths", FieldKind::NonEmptyTexts, "Patterns of the files."),
        required("command", FieldKind::NonEmptyText, "What makes them anew."),
    ],
};

/// `[[shared]]`.
pub static SHARED: Shape = Shape {
    name: "[[shared]]",
    fields: &[required("paths", FieldKind::NonEmptyTexts, "Patterns of the files.")],
};
