//! The keys of `config.toml`, as rows: what is read, listed, scaffolded and offered to editors
//! comes from here.

use crate::domain::document::{Field, FieldKind, Shape};

const LEVEL: FieldKind = FieldKind::Choice(&["warn", "error"]);

/// What no objective may touch where the configuration says nothing (DESIGN §4.3).
pub const GLOBAL_FORBID: &str = r#"[".git/", ".ap/", "**/.env", "**/node_modules/", "**/venv/", "**/.venv/", "**/__pycache__/", "**/*.pyc", "**/.DS_Store", "secrets/", "dist/", "build/", "target/"]"#;

/// `config.toml`.
pub static CONFIG: Shape = Shape {
    name: "the configuration",
    fields: &[
        Field::required("schema", FieldKind::Integer(1, 1), "Version of the file: 1."),
        Field::optional(
            "global_forbid",
            FieldKind::Texts,
            GLOBAL_FORBID,
            "Patterns of what no objective may touch.",
        ),
        Field::optional(
            "branch_prefix",
            FieldKind::NonEmptyText,
            "\"ap\"",
            "First component of the branches that git ap makes.",
        ),
        Field::optional(
            "check",
            FieldKind::Table(&CHECK),
            "",
            "How strict the check of a plan is.",
        ),
        Field::optional("plan", FieldKind::Table(&PLAN), "", "How plans are made and approved."),
        Field::optional("gates", FieldKind::Table(&GATES), "", "Commands that must pass."),
        Field::optional("merge", FieldKind::Table(&MERGE), "", "How waves are merged."),
        Field::optional("commit", FieldKind::Table(&COMMIT), "", "What commits say."),
        Field::optional("worktree", FieldKind::Table(&WORKTREE), "", "How worktrees are made."),
        Field::optional("run", FieldKind::Table(&RUN), "", "How workers run."),
        Field::optional("scope", FieldKind::Table(&SCOPE), "", "Changing a running scope."),
        Field::optional("hooks", FieldKind::Table(&HOOKS), "", "What hooks do."),
        Field::optional("record", FieldKind::Table(&RECORD), "", "What is kept."),
        Field::optional("docs", FieldKind::Table(&DOCS), "", "What is written for workers."),
        Field::optional("land", FieldKind::Table(&LAND), "", "How a session lands."),
        Field::optional("lease", FieldKind::Table(&LEASE), "", "How long scopes are held."),
        Field::optional("backup", FieldKind::Table(&BACKUP), "", "How long backups are kept."),
    ],
};

static CHECK: Shape = Shape {
    name: "[check]",
    fields: &[
        Field::optional(
            "read_hazards",
            LEVEL,
            "\"warn\"",
            "An objective reads what another of its wave changes.",
        ),
        Field::optional(
            "case",
            LEVEL,
            "\"warn\"",
            "Scopes that meet only on a disk that ignores case.",
        ),
    ],
};

static PLAN: Shape = Shape {
    name: "[plan]",
    fields: &[
        Field::optional(
            "review",
            FieldKind::Choice(&["none", "target"]),
            "\"none\"",
            "\"target\": only a plan that the target branch holds can be approved.",
        ),
        Field::optional(
            "planner",
            FieldKind::Text,
            "\"\"",
            "Id of the worker that plans; empty: built-in.",
        ),
        Field::optional(
            "breadth",
            FieldKind::Choice(&["narrow", "normal", "wide"]),
            "\"normal\"",
            "How much room the built-in planner gives: about 5, 10 or 20 files in all.",
        ),
    ],
};

static GATES: Shape = Shape {
    name: "[gates]",
    fields: &[
        Field::optional(
            "wave",
            FieldKind::Texts,
            "[]",
            "Commands that must pass on a wave's merged commit.",
        ),
        Field::optional(
            "objective",
            FieldKind::Texts,
            "[]",
            "Commands that must pass in each objective's worktree.",
        ),
        Field::optional(
            "baseline",
            FieldKind::Boolean,
            "true",
            "Run the wave's gates on the base first.",
        ),
        Field::optional(
            "timeout_minutes",
            FieldKind::Integer(1, 525_600),
            "30",
            "After how long a gate is stopped.",
        ),
        Field::optional(
            "retries",
            FieldKind::Integer(0, 100),
            "0",
            "How often a red gate is tried again.",
        ),
        Field::optional(
            "blame",
            FieldKind::Boolean,
            "true",
            "Find which objective turns a gate red.",
        ),
    ],
};

static MERGE: Shape = Shape {
    name: "[merge]",
    fields: &[Field::optional(
        "style",
        FieldKind::Choice(&["octopus", "squash"]),
        "\"octopus\"",
        "Whether a wave's commit has the objectives' tips as parents.",
    )],
};

static COMMIT: Shape = Shape {
    name: "[commit]",
    fields: &[
        Field::optional(
            "co_authors",
            FieldKind::Texts,
            "[]",
            "Added to the co-authors of every wave, as \"Name <mail>\".",
        ),
        Field::optional(
            "sign",
            FieldKind::Choice(&["auto", "always", "never"]),
            "\"auto\"",
            "\"auto\": as git's own configuration says.",
        ),
    ],
};

static WORKTREE: Shape = Shape {
    name: "[worktree]",
    fields: &[
        Field::optional(
            "path",
            FieldKind::NonEmptyText,
            "\"../{{repo}}.ap/{{slug}}/{{objective}}\"",
            "Where worktrees are made.",
        ),
        Field::optional("copy", FieldKind::Texts, "[]", "Untracked files to copy into each."),
        Field::optional("link", FieldKind::Texts, "[]", "Untracked files to link into each."),
        Field::optional("setup", FieldKind::Texts, "[]", "Commands to run in each."),
        Field::optional(
            "env",
            FieldKind::TextMap,
            "{}",
            "Variables for set-up, gates and workers.",
        ),
        Field::optional(
            "sparse",
            FieldKind::Boolean,
            "false",
            "Check out the scope's directories only.",
        ),
        Field::optional("submodules", FieldKind::Boolean, "false", "Check out submodules."),
    ],
};

static RUN: Shape = Shape {
    name: "[run]",
    fields: &[
        Field::optional(
            "jobs",
            FieldKind::Integer(0, 1024),
            "0",
            "Workers at once; 0: as many as the team allows.",
        ),
        Field::optional(
            "sandbox",
            FieldKind::Choice(&["auto", "scope", "off"]),
            "\"auto\"",
            "Whether workers are held to their scope by the operating system.",
        ),
        Field::optional(
            "max_cost",
            FieldKind::Number,
            "",
            "US dollars that a try of a worker may cost, as what it prints reports it.",
        ),
        Field::optional(
            "max_turns",
            FieldKind::Integer(1, 1_000_000),
            "",
            "How many turns a try of a worker may take: answers of its model, or uses of a tool.",
        ),
    ],
};

static SCOPE: Shape = Shape {
    name: "[scope]",
    fields: &[Field::optional(
        "grant",
        FieldKind::Choice(&["owner", "free", "never"]),
        "\"owner\"",
        "Who may widen a running scope.",
    )],
};

static HOOKS: Shape = Shape {
    name: "[hooks]",
    fields: &[Field::optional(
        "reserved",
        FieldKind::Choice(&["warn", "block", "off"]),
        "\"warn\"",
        "A commit elsewhere that touches a reserved path.",
    )],
};

static RECORD: Shape = Shape {
    name: "[record]",
    fields: &[
        Field::optional(
            "commit",
            FieldKind::Boolean,
            "true",
            "Commit the record when the session lands.",
        ),
        Field::optional(
            "events",
            FieldKind::Boolean,
            "false",
            "Keep the event stream in the record.",
        ),
    ],
};

static DOCS: Shape = Shape {
    name: "[docs]",
    fields: &[Field::optional(
        "agents_md",
        FieldKind::Boolean,
        "false",
        "Keep sections of AGENTS.md up to date when a session lands.",
    )],
};

static LAND: Shape = Shape {
    name: "[land]",
    fields: &[
        Field::optional(
            "via",
            FieldKind::Choice(&["merge", "squash", "pr"]),
            "\"merge\"",
            "How the target gets the work.",
        ),
        Field::optional("remote", FieldKind::NonEmptyText, "\"origin\"", "Where pull requests go."),
    ],
};

static LEASE: Shape = Shape {
    name: "[lease]",
    fields: &[
        Field::optional(
            "ttl_minutes",
            FieldKind::Integer(1, 525_600),
            "60",
            "After how long the reservation of an abandoned run is free.",
        ),
        Field::optional(
            "remote",
            FieldKind::Text,
            "\"\"",
            "Remote on which reservations are shared.",
        ),
    ],
};

static BACKUP: Shape = Shape {
    name: "[backup]",
    fields: &[Field::optional(
        "days",
        FieldKind::Integer(1, 36_500),
        "30",
        "How long backups are kept.",
    )],
};
