//! `.ap/team.toml`: who can work. The rows here are what is read, scaffolded and offered to
//! editors.

pub mod assign;
pub mod discover;
mod entry;
pub mod preset;
pub mod spoken;
pub mod stream;
pub mod url;
pub mod word;
mod worker;

use std::fmt::Write as _;

pub use worker::{Approve, BUILT_IN, Manner, Transport, Worker};

use super::document::{self, Field, FieldKind, Shape, closest};
use super::error::{Failure, Kind};
use super::finding::{Code, Finding, Place, Severity};

/// After how many seconds a worker is stopped that was asked for a plan, unless it says.
pub const TIMEOUT_SECONDS: u64 = 900;

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
        Field::optional(
            "command",
            FieldKind::NonEmptyTexts,
            "",
            "The program and its arguments, run without a shell; {{prompt}}, {{prompt_file}} and \
             {{worktree}} are filled in. Without the first two, the prompt is on standard input.",
        ),
        Field::optional(
            "stream",
            FieldKind::Choice(&["text", "codex", "claude", "gemini", "opencode", "copilot", "pi"]),
            "",
            "How what it prints is read: as plain text, or as that agent prints JSON.",
        ),
        Field::optional(
            "url",
            FieldKind::NonEmptyText,
            "",
            "Where an MCP server listens that git ap does not start.",
        ),
        Field::optional(
            "headers",
            FieldKind::TextMap,
            "{}",
            "What is sent to that place with every request; \"${NAME}\" is taken from the \
             environment.",
        ),
        Field::optional(
            "plain_http",
            FieldKind::Boolean,
            "false",
            "Whether that place may be on another machine without encryption.",
        ),
        Field::optional(
            "tool",
            FieldKind::NonEmptyText,
            "",
            "The tool of an MCP server that takes the objective.",
        ),
        Field::optional(
            "arguments",
            FieldKind::Anything,
            "",
            "The arguments of that tool; in texts {{prompt}}, {{prompt_file}}, {{worktree}}, \
             {{objective}} and {{plan}} are filled in.",
        ),
        Field::optional(
            "approve",
            FieldKind::Choice(&["in-scope", "never", "always"]),
            "\"in-scope\"",
            "What an agent that asks over mcp or acp is told.",
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
            "max_cost",
            FieldKind::Number,
            "",
            "US dollars that a try of it may cost; else `[run]` of config.toml says.",
        ),
        Field::optional(
            "max_turns",
            FieldKind::Integer(1, 1_000_000),
            "",
            "Turns that a try of it may take; else `[run]` of config.toml says.",
        ),
        Field::optional(
            "timeout_seconds",
            FieldKind::Integer(1, 86_400),
            "900",
            "After how many seconds it is stopped when it is asked for a plan.",
        ),
        Field::optional(
            "env",
            FieldKind::TextMap,
            "{}",
            "Variables that it gets; \"${NAME}\" is taken from the environment.",
        ),
        Field::optional(
            "state",
            FieldKind::Texts,
            "[]",
            "What in the home it may write beside its preset's own; a directory ends in \"/\".",
        ),
        Field::optional(
            "co_author",
            FieldKind::NonEmptyText,
            "",
            "How commits name it, as \"Name <mail>\".",
        ),
    ],
};

/// The team as far as its file could be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The workers, in the order of the file.
    pub workers: Vec<Worker>,
    /// What is wrong with the text.
    pub findings: Vec<Finding>,
}

/// Reads the text of `team.toml`.
pub fn read(text: &str) -> Reading {
    reading(text, false)
}

/// The same where an MCP server may lack its tool and its arguments: it is to be asked for them.
pub fn read_unfinished(text: &str) -> Reading {
    reading(text, true)
}

fn reading(text: &str, unfinished: bool) -> Reading {
    let root = match document::parse(text) {
        Ok((root, _)) => root,
        Err(error) => {
            let place = Place::of(text, error.span);
            let finding = Finding::error(Code::BadField, error.message)
                .help("write TOML as `git ap schema team` describes it")
                .at(Some(place));
            return Reading { workers: Vec::new(), findings: vec![finding] };
        }
    };
    let mut findings = document::check(text, &root, &TEAM);
    if !findings.is_empty() {
        return Reading { workers: Vec::new(), findings };
    }
    let tables = root.get("worker").map_or(&[][..], document::Node::items);
    let mut workers: Vec<Worker> = Vec::new();
    for table in tables {
        let Some(worker) = entry::worker(text, table, unfinished, &mut findings) else { continue };
        if workers.iter().any(|earlier| earlier.id == worker.id) {
            let place = table.get("id").map(|id| Place::of(text, id.span.clone()));
            let message = format!("two workers are called `{}`", worker.id);
            let finding = Finding::error(Code::DuplicateId, message);
            findings.push(finding.help("give each its own id").at(place));
        }
        workers.push(worker);
    }
    Reading { workers, findings }
}

/// What is wrong with the text of `team.toml`.
pub fn check(text: &str) -> Vec<Finding> {
    read(text).findings
}

impl Reading {
    /// The workers of a file that has no mistake; else a failure that points at the first one.
    /// `shown` is what messages call the file.
    pub fn require(self, shown: &str) -> Result<Vec<Worker>, Failure> {
        let Some(first) = self.findings.iter().find(|f| f.severity == Severity::Error) else {
            return Ok(self.workers);
        };
        let at = first.place.as_ref().map(|p| format!(":{}:{}", p.line, p.column));
        let message = format!("{shown}{}: {}", at.unwrap_or_default(), first.message);
        Err(Failure::new(Kind::Plan, message).hint(format!("git ap check {shown}")))
    }
}

/// The worker of that id, or a failure that names the nearest one.
pub fn find<'a>(workers: &'a [Worker], id: &str, shown: &str) -> Result<&'a Worker, Failure> {
    let found = workers.iter().find(|worker| worker.id == id);
    found.ok_or_else(|| {
        let message = format!("there is no worker `{id}` in {shown}");
        let near = closest(id, workers.iter().map(|worker| worker.id.as_str()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if workers.is_empty() => format!("write {shown} as `git ap schema team` says"),
            None => {
                let ids: Vec<&str> = workers.iter().map(|worker| worker.id.as_str()).collect();
                format!("there are {}", ids.join(", "))
            }
        };
        Failure::new(Kind::User, message).hint(hint)
    })
}

/// The text of a new `team.toml`: one person, and every key of a worker commented out.
pub fn scaffold() -> String {
    let mut out = String::from(
        "# Who can work on objectives of this repository. Without any worker, objectives are for\n# people.\n\nschema = 1\n\n# [[worker]]\n",
    );
    for field in WORKER.fields {
        let value = match (field.default, field.name) {
            ("", "id" | "preset" | "agent_type" | "tool" | "stream") => "\"codex\"",
            ("", "command") => "[\"codex\", \"exec\", \"--json\", \"-\"]",
            ("", "url") => "\"http://127.0.0.1:8123/mcp\"",
            ("", "max_cost") => "5.0",
            ("", "max_turns") => "100",
            ("", "arguments") => "{ prompt = \"{{prompt}}\" }",
            ("", "co_author") => "\"Codex <codex@openai.com>\"",
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

    fn told(text: &str) -> Vec<String> {
        let line = |f: Finding| {
            let line = f.place.map_or(0, |place| place.line);
            format!("{line} {}; {}", f.message, f.help.unwrap_or_default())
        };
        check(text).into_iter().map(line).collect()
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        let text = |rows: &str| format!("schema = 1\n[[worker]]\n{rows}\n");
        for (rows, expected) in [
            ("id = \"a\"\npreset = \"codx\"", "4 there is no preset `codx`; did you mean `codex`?"),
            (
                "id = \"a\"\npresets = \"codex\"",
                "4 `presets` is no key of [[worker]]; did you mean `preset`?",
            ),
            ("id = \"built-in\"\npreset = \"pi\"", "3 `id` cannot be `built-in`"),
            ("id = \"-x\"\npreset = \"pi\"", "3 `id` cannot be `-x`"),
            ("id = \"a\"", "3 nothing says how this worker is started; add `command"),
            (
                "id = \"a\"\ntransport = \"mcp\"\ntool = \"t\"\narguments = {}",
                "3 nothing says how this worker is started; add `url",
            ),
            (
                "id = \"a\"\ntransport = \"acp\"\npreset = \"pi\"",
                "3 nothing says how this worker is started; add `command",
            ),
            (
                "id = \"a\"\ntransport = \"mcp\"\ncommand = [\"x\"]",
                "3 nothing says which tool takes the objective; add `tool",
            ),
            (
                "id = \"a\"\ntransport = \"mcp\"\npreset = \"codex\"\ntool = \"t\"",
                "3 nothing says what the tool gets; add `arguments",
            ),
            (
                "id = \"a\"\ntransport = \"mcp\"\nurl = \"http://far/\"\ntool = \"t\"\narguments = {}",
                "5 `url` leads to far without encryption; write `https://`",
            ),
            (
                "id = \"a\"\npreset = \"pi\"\nheaders = { \"A B\" = \"c\" }",
                "5 `A B` cannot name a header",
            ),
            (
                "id = \"a\"\npreset = \"pi\"\nenv = { K = \"${K\" }",
                "5 the value of `K` cannot be read",
            ),
            (
                "id = \"a\"\npreset = \"pi\"\nenv = { \"A=B\" = \"c\" }",
                "5 `A=B` cannot name a variable",
            ),
            ("id = \"a\"\ncommand = [\"a\\u0000\"]", "4 `command` holds a NUL; remove it"),
            (
                "id = \"a\"\npreset = \"pi\"\nstate = [\".x/\", \"/etc\"]",
                "5 `state` cannot be `/etc`: it names nothing in the home; write",
            ),
            ("id = \"a\"\ncommand = []", "4 `command` is empty"),
        ] {
            let found = told(&text(rows));
            assert!(found.len() == 1 && found[0].starts_with(expected), "{rows}: {found:?}");
        }
        let newer = told("schema = 2\nworkers = 1\n");
        assert_eq!(
            newer,
            ["1 `schema` 2 is newer than this git ap understands (1); update git ap"]
        );
    }

    #[test]
    fn a_worker_is_what_its_entry_says_and_its_preset_for_the_rest() {
        let text = "schema = 1\n[[worker]]\nid = \"fast\"\npreset = \"codex\"\n\
            env = { KEY = \"a${X}b\" }\nstate = [\".npm/\"]\n[[worker]]\nid = \"own\"\npreset = \"codex\"\n\
            command = [\"x\"]\nenabled = false\n[[worker]]\nid = \"me\"\ntransport = \"human\"\n\
            [[worker]]\nid = \"far\"\ntransport = \"mcp\"\nurl = \"http://127.0.0.1:1/\"\ntool = \"t\"\narguments = { a = [1, true] }\n";
        let workers = read(text).require("team").expect("it is right");
        let [fast, own, me, far] = workers.as_slice() else { panic!("four: {workers:?}") };
        assert_eq!(fast.words(Manner::Asked)[..4], ["codex", "exec", "--json", "-s"]);
        let access = |sandboxed| fast.words(Manner::of_work(sandboxed))[4].clone();
        assert_eq!([false, true].map(access), ["workspace-write", "danger-full-access"]);
        assert_eq!(
            (own.words(Manner::Sandboxed), me.words(Manner::Sandboxed)),
            (vec!["x".to_owned()], Vec::new())
        );
        assert_eq!((fast.stream, own.stream), (stream::Stream::Codex, stream::Stream::Codex));
        assert_eq!(
            (fast.agent_type.as_str(), own.words(Manner::Asked)),
            ("codex", vec!["x".to_owned()])
        );
        assert_eq!(fast.co_author.as_deref(), Some("Codex <codex@openai.com>"));
        let tool = far.tool(Manner::Free);
        assert_eq!(tool, Some(("t".to_owned(), serde_json::json!({ "a": [1, true] }))));
        assert_eq!(
            (far.words(Manner::Free), far.shown(Manner::Free)),
            (Vec::new(), far.url.clone().unwrap_or_default())
        );
        assert_eq!(fast.state(), [".codex/", ".npm/"]);
        assert_eq!((own.state(), me.state()), (vec![".codex/".to_owned()], Vec::new()));
        let set = fast.environment(|name| (name == "X").then(|| "$".to_owned()));
        assert_eq!(set, Ok(vec![("KEY".to_owned(), "a$b".to_owned())]));
        let unset = fast.environment(|_| None).expect_err("it is not set");
        assert_eq!(unset.message, "the worker fast needs `X`, which is not set");
        assert_eq!(fast.require_planner(), Ok(()));
        for (worker, why) in [(own, "`enabled` is false"), (me, "it is a person")] {
            let refused = worker.require_planner().expect_err(why);
            assert!(refused.message.ends_with(why), "{refused:?}");
        }
        let near = find(&workers, "fst", "team.toml").expect_err("there is none");
        assert_eq!(near.hint.as_deref(), Some("did you mean `fast`?"));
    }

    #[test]
    fn two_workers_of_one_name() {
        let text = "schema = 1\n[[worker]]\nid = \"a\"\npreset = \"pi\"\n[[worker]]\nid = \"a\"\ntransport = \"human\"\n";
        let findings = check(text);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place.as_ref().map(|p| p.line), Some(6));
    }
}
