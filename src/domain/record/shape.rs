//! The keys of `session.toml`, as rows: what is read and offered to other programs comes from
//! here.

use crate::domain::document::{Field, FieldKind, Shape};

const COUNT: FieldKind = FieldKind::Integer(0, i64::MAX);
/// A number that fits 32 bits.
const TIMES: FieldKind = FieldKind::Integer(0, 4_294_967_295);
const TEXT: FieldKind = FieldKind::NonEmptyText;

const OUTPUT: Field = Field::optional(
    "output",
    FieldKind::Texts,
    "[]",
    "The last lines of a gate that did not pass.",
);

/// `session.toml`.
pub static SESSION: Shape = Shape {
    name: "the record",
    fields: &[
        Field::required("schema", FieldKind::Integer(1, 1), "Version of the file: 1."),
        Field::required("plan", TEXT, "The plan that was carried out: YYYYMMDD-HHMMSS-slug."),
        Field::required("request", FieldKind::Text, "What the owner asked for."),
        Field::required(
            "type",
            FieldKind::Choice(&["reset", "feature", "bug", "refactor", "enhancement"]),
            "Which kind of change that is.",
        ),
        Field::required("target", TEXT, "Branch on which it lands."),
        Field::required("pin", TEXT, "Commit that holds plan and policy as approved."),
        Field::required("base", TEXT, "Commit that the plan was made against."),
        Field::required("approved", TEXT, "When it was approved, RFC 3339."),
        Field::optional("landed", TEXT, "", "When it landed, RFC 3339; it has not if left out."),
        Field::optional(
            "synced",
            FieldKind::Texts,
            "[]",
            "Tips of the target that were merged on the way.",
        ),
        Field::optional("wave", FieldKind::Tables(&WAVE), "[]", "A merged wave."),
        Field::required(
            "objective",
            FieldKind::NonEmptyTables(&OBJECTIVE),
            "What became of an objective.",
        ),
        Field::optional("try", FieldKind::Tables(&TRY), "[]", "A try of a worker at an objective."),
        Field::optional(
            "red",
            FieldKind::Tables(&RED),
            "[]",
            "A gate that was red before a wave was merged.",
        ),
        Field::optional(
            "asked",
            FieldKind::Tables(&ASKED),
            "[]",
            "What an objective asked for beyond its scope.",
        ),
    ],
};

/// `[[try]]`.
static TRY: Shape = Shape {
    name: "[[try]]",
    fields: &[
        Field::required("objective", TEXT, "At which objective."),
        Field::required("worker", TEXT, "Who."),
        Field::required("began", TEXT, "When it began, RFC 3339."),
        Field::optional("ended", TEXT, "", "When it came back, RFC 3339; it did not if left out."),
        Field::required(
            "how",
            FieldKind::Choice(&["open", "ended", "failed", "interrupted", "exceeded"]),
            "How it came back.",
        ),
        Field::optional(
            "violations",
            TIMES,
            "0",
            "How often a change outside the scope was found behind it.",
        ),
        Field::optional("turns", COUNT, "", "Turns that it took, if it said that."),
        Field::optional("cost_usd", FieldKind::Number, "", "US dollars that it cost, if it said."),
        Field::optional("claim", TEXT, "", "What it said that it did."),
    ],
};

/// `[[red]]`.
static RED: Shape = Shape {
    name: "[[red]]",
    fields: &[
        Field::required("wave", FieldKind::Integer(1, 10_000), "Of which wave."),
        Field::required("command", TEXT, "What was run."),
        Field::optional(
            "blamed",
            FieldKind::Texts,
            "[]",
            "The objectives without which it was green.",
        ),
        Field::optional("how", TEXT, "", "How it failed, in words."),
        OUTPUT,
        Field::optional(
            "before",
            FieldKind::Boolean,
            "false",
            "Whether it was red before the wave: then no objective is blamed.",
        ),
    ],
};

/// `[[asked]]`.
static ASKED: Shape = Shape {
    name: "[[asked]]",
    fields: &[
        Field::required("objective", TEXT, "Who asked."),
        Field::required("time", TEXT, "When, RFC 3339."),
        Field::required("patterns", FieldKind::Texts, "For what, as patterns."),
        Field::optional("why", FieldKind::Text, "", "What for, in words."),
        Field::required(
            "state",
            FieldKind::Choice(&["open", "waiting", "granted", "denied", "withdrawn"]),
            "What became of it.",
        ),
        Field::required("said", FieldKind::Text, "The same in a sentence."),
    ],
};

/// `[[wave]]`.
static WAVE: Shape = Shape {
    name: "[[wave]]",
    fields: &[
        Field::required("number", FieldKind::Integer(1, 10_000), "Its number."),
        Field::required("commit", TEXT, "Its commit."),
        Field::required("merged", TEXT, "When it was merged, RFC 3339."),
        Field::optional("gates", FieldKind::Texts, "[]", "The gates that passed on it."),
        Field::optional("objectives", FieldKind::Texts, "[]", "The objectives in it."),
    ],
};

/// `[[objective]]`.
static OBJECTIVE: Shape = Shape {
    name: "[[objective]]",
    fields: &[
        Field::required("id", TEXT, "Its id, such as T1."),
        Field::required("title", FieldKind::Text, "What it was to do."),
        Field::required("wave", FieldKind::Integer(1, 10_000), "Its wave."),
        Field::required(
            "phase",
            FieldKind::Choice(&[
                "planned",
                "started",
                "working",
                "submitted",
                "accepted",
                "merged",
                "failed",
                "violated",
                "waiting",
                "dropped",
            ]),
            "Where it stands.",
        ),
        Field::required("worker", TEXT, "Who worked on it."),
        Field::optional("start", TEXT, "", "Commit that it started from."),
        Field::optional("tip", TEXT, "", "Tip of its branch."),
        Field::optional("commits", COUNT, "0", "Its commits."),
        Field::optional("files", COUNT, "0", "Files that it changed."),
        Field::optional("lines_added", COUNT, "0", "Lines that it added."),
        Field::optional("lines_removed", COUNT, "0", "Lines that it removed."),
        Field::optional("began", TEXT, "", "When it began, RFC 3339."),
        Field::optional("ended", TEXT, "", "When it was accepted, RFC 3339."),
        Field::optional("minutes", COUNT, "", "From its beginning to its end."),
        Field::optional("estimated", COUNT, "", "Minutes that its plan estimated."),
        Field::optional("retries", TIMES, "0", "How often it was tried again."),
        Field::optional("violations", TIMES, "0", "How often work outside its scope was found."),
        Field::optional("touch", FieldKind::Texts, "[]", "Patterns of what it could change."),
        Field::optional(
            "granted",
            FieldKind::Texts,
            "[]",
            "Those of them that it was given while it was worked on.",
        ),
        Field::optional(
            "refused",
            FieldKind::Texts,
            "[]",
            "Paths that it changed and was not allowed to, quoted as git does where needed.",
        ),
        Field::optional(
            "touched",
            FieldKind::Texts,
            "[]",
            "The first 200 paths that it changed, quoted as git does where needed.",
        ),
        Field::optional("touched_more", COUNT, "0", "How many more paths it changed."),
        Field::optional("authors", FieldKind::Texts, "[]", "Who wrote its commits."),
        Field::optional("gates", FieldKind::Texts, "[]", "The gates that it passed alone."),
        Field::optional("said", FieldKind::Texts, "[]", "Why it failed or was refused."),
        OUTPUT,
        Field::optional(
            "backups",
            FieldKind::Texts,
            "[]",
            "References to work that was dropped or begun anew.",
        ),
    ],
};
