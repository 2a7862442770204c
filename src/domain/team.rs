//! `.ap/team.toml`: who can work. The rows here are what is read, scaffolded and offered to
//! editors.

use std::fmt::Write as _;

use super::document::{self, Field, FieldKind, Shape};
use super::finding::{Code, Finding, Place};

/// `team.toml`.
pub static TEAM: Shape = Shape {
    name: "the team",
    fields: &[
        Field::required("schema", FieldKind::Integer(1, 1), "Version of the file: 1."),
        Field::optional(
            "worker",
            FieldKind::Tables(&WORKER),
            "[]",
            "A worker: an agent or a person.",
        ),
    ],
};

/// `[[worker]]`.
static WORKER: Shape = Shape {
    name: "[[worker]]",
    fields: &[
        Field::required("id", FieldKind::NonEmptyText, "Its name."),
        Field::optional(
            "preset",
            FieldKind::NonEmptyText,
            "",
            "A known agent that fills in the rest.",
        ),
        Field::optional(
            "agent_type",
            FieldKind::NonEmptyText,
            "",
            "What objectives call this kind of worker.",
        ),
        Field::optional(
            "transport",
            FieldKind::Choice(&["command", "mcp", "acp", "human"]),
            "\"command\"",
            "How it is spoken to.",
        ),
        Field::optional("command", FieldKind::NonEmptyTexts, "", "The program and its arguments."),
        Field::optional("url", FieldKind::NonEmptyText, "", "Where an MCP server listens."),
        Field::optional("tool", FieldKind::NonEmptyText, "", "The tool of an MCP server."),
        Field::optional(
            "arguments",
            FieldKind::Anything,
            "{}",
            "The arguments of that tool; {{prompt}} and {{worktree}} are filled in.",
        ),
        Field::optional(
            "approve",
            FieldKind::Choice(&["in-scope", "never", "always"]),
            "\"in-scope\"",
            "What an agent that asks is told.",
        ),
        Field::optional(
            "capabilities",
            FieldKind::Texts,
            "[]",
            "Languages and kinds of work that it is good at.",
        ),
        Field::optional("max_concurrent", FieldKind::Integer(1, 1024), "1", "Objectives at once."),
        Field::optional("enabled", FieldKind::Boolean, "true", "Whether it gets work."),
        Field::optional(
            "env",
            FieldKind::TextMap,
            "{}",
            "Variables that it gets; \"${NAME}\" is taken from the environment.",
        ),
        Field::optional(
            "co_author",
            FieldKind::NonEmptyText,
            "",
            "How commits name it, as \"Name <mail>\".",
        ),
    ],
};

/// What is wrong with the text of `team.toml`.
pub fn check(text: &str) -> Vec<Finding> {
    match document::parse(text) {
        Err(error) => {
            let place = Place::of(text, error.span);
            let finding = Finding::error(Code::BadField, error.message)
                .help("write TOML as `git ap schema team` describes it")
                .at(Some(place));
            vec![finding]
        }
        Ok((root, _)) => {
            let mut findings = document::check(text, &root, &TEAM);
            let workers = root.get("worker").map_or(&[][..], document::Node::items);
            let ids: Vec<_> = workers.iter().filter_map(|w| w.get("id")).collect();
            for (i, id) in ids.iter().enumerate() {
                if ids[..i].iter().any(|earlier| earlier.as_str() == id.as_str()) {
                    let message =
                        format!("two workers are called `{}`", id.as_str().unwrap_or_default());
                    let place = Place::of(text, id.span.clone());
                    let finding = Finding::error(Code::DuplicateId, message)
                        .help("give each its own id")
                        .at(Some(place));
                    findings.push(finding);
                }
            }
            findings
        }
    }
}

/// The text of a new `team.toml`: one person, and every key of a worker commented out.
pub fn scaffold() -> String {
    let mut out = String::from(
        "# Who can work on objectives of this repository. Without any worker, objectives are for\n# people.\n\nschema = 1\n\n# [[worker]]\n",
    );
    for field in WORKER.fields {
        let value = match (field.default, field.name) {
            ("", "command") => "[\"program\", \"argument\"]",
            ("", _) => "\"…\"",
            (default, _) => default,
        };
        writeln!(out, "# {} = {value}  # {}", field.name, field.doc)
            .expect("writing to a string cannot fail");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scaffold_is_valid_with_and_without_its_comment_signs() {
        assert_eq!(check(&scaffold()), []);
        let uncommented: String = scaffold()
            .lines()
            .skip(3)
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(check(&uncommented), [], "{uncommented}");
    }

    #[test]
    fn two_workers_of_one_name() {
        let text = "schema = 1\n[[worker]]\nid = \"a\"\n[[worker]]\nid = \"a\"\n";
        let findings = check(text);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place.as_ref().map(|p| p.line), Some(5));
    }
}
