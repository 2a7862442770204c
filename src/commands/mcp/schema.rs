//! The tools as an agent sees them: what each is for, what it takes and what it answers, as JSON
//! Schema (2020-12).

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

/// The most paths or patterns of one call.
pub(super) const MANY: usize = 100;
/// The most characters of a path or pattern.
pub(super) const PATH: usize = 4_096;
/// The most characters of words.
pub(super) const WORDS: usize = 16_000;

/// Every tool.
pub(super) fn tools() -> Vec<Tool> {
    vec![
        tool(
            "objective",
            "The objective of this worktree: what is to be done, and which paths may be changed",
            &json!({}),
            &[],
            &objective(),
            true,
        ),
        tool(
            "scope_check",
            "Say which of these paths this objective may change, and why not",
            &json!({"paths": {
                "type": "array", "minItems": 1, "maxItems": MANY, "items": path(),
                "description": "paths of files, there already or not: absolute, or from the \
                                directory that the server was started in"
            }}),
            &["paths"],
            &checked(),
            true,
        ),
        tool(
            "scope_request",
            "Ask for more than the scope. What is free may be granted at once, what somebody holds \
             is waited for, what is forbidden is denied. Only `granted` or `may` lets you change it",
            &json!({
                "patterns": {
                    "type": "array", "minItems": 1, "maxItems": MANY, "items": path(),
                    "description": "paths or patterns from the repository's root: `docs/auth.md`, \
                                    `src/web/`, `src/*.rs`"
                },
                "why": words("what it is needed for"),
            }),
            &["patterns", "why"],
            &requested(),
            false,
        ),
        tool(
            "progress",
            "Say how far the objective is",
            &json!({
                "percent": {"type": "integer", "minimum": 0, "maximum": 100},
                "note": words("what you do at the moment, in a line"),
            }),
            &["percent", "note"],
            &heard(),
            false,
        ),
        tool(
            "submit",
            "Say that the objective is done, and what was done. End after it: what you left in the \
             worktree is committed and judged then",
            &json!({"summary": words("what was changed and why, tests, known limitations")}),
            &["summary"],
            &heard(),
            false,
        ),
        tool(
            "blocked",
            "Say that you cannot go on, and what you would need. End after it",
            &json!({
                "why": words("what is in the way"),
                "requested": {
                    "type": "array", "maxItems": MANY, "items": path(),
                    "description": "patterns that the scope would have to be widened by"
                },
            }),
            &["why"],
            &heard(),
            false,
        ),
    ]
}

fn tool(
    name: &'static str,
    about: &'static str,
    properties: &Value,
    required: &[&str],
    answers: &Value,
    reads: bool,
) -> Tool {
    let dialect = |mut schema: Map<String, Value>| {
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        Arc::new(schema)
    };
    let takes = object(properties, required);
    let hints = ToolAnnotations::new()
        .read_only(reads)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Tool::new(name, about, dialect(map(takes)))
        .with_raw_output_schema(dialect(map(answers.clone())))
        .annotate(hints)
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn path() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": PATH})
}

fn words(about: &str) -> Value {
    json!({"type": "string", "maxLength": WORDS, "description": about})
}

fn strings() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn objective() -> Value {
    let scope = object(
        &json!({"touch": strings(), "read": strings(), "forbid": strings(), "shared": strings()}),
        &["touch", "read", "forbid", "shared"],
    );
    let fields = json!({
        "plan": {"type": "string"}, "objective": {"type": "string"}, "title": {"type": "string"},
        "wave": {"type": "integer"}, "phase": {"type": "string"}, "worktree": {"type": "string"},
        "prompt": {"type": "string"}, "scope": scope,
    });
    let required = ["plan", "objective", "title", "wave", "phase", "worktree", "prompt", "scope"];
    object(&fields, &required)
}

fn checked() -> Value {
    let row = object(
        &json!({
            "path": {"type": "string"}, "may_change": {"type": "boolean"},
            "reason": {"type": ["string", "null"]}, "notice": {"type": ["string", "null"]},
        }),
        &["path", "may_change", "reason", "notice"],
    );
    object(
        &json!({"all": {"type": "boolean"}, "paths": {"type": "array", "items": row}}),
        &["all", "paths"],
    )
}

fn requested() -> Value {
    let state = json!({"enum": ["may", "granted", "open", "waiting", "denied", "withdrawn"]});
    object(
        &json!({
            "state": state, "may_change": {"type": "boolean"},
            "number": {"type": ["integer", "null"]},
            "message": {"type": "string"}, "note": {"type": ["string", "null"]},
        }),
        &["state", "may_change", "number", "message", "note"],
    )
}

fn heard() -> Value {
    object(
        &json!({"heard": {"type": "boolean"}, "message": {"type": "string"}}),
        &["heard", "message"],
    )
}
