//! What agents send to a hook before they use a tool, and what they want to hear: each in its own
//! form, as its vendor documents it.
//!
//! | agent | event | a file is named by | denied by |
//! | --- | --- | --- | --- |
//! | Claude Code | `PreToolUse` | `tool_input.file_path`, `notebook_path` | `hookSpecificOutput.permissionDecision` |
//! | Codex | `PreToolUse` | the patch in `tool_input.command` | as Claude Code |
//! | Gemini CLI | `BeforeTool` | `tool_input.file_path` | `decision` |
//! | Cursor | `preToolUse` | `tool_input.file_path`, `path` | `permission` |
//! | Copilot CLI | `preToolUse` | `toolArgs.path` | `permissionDecision` |

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// The form that an agent speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Claude Code, and Codex, which took it over.
    Claude,
    Gemini,
    Cursor,
    Copilot,
    /// None that is known: the exit code says it.
    Unknown,
}

/// What an agent is about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It changes files of these names.
    Edit(Vec<String>),
    /// It changes files, and does not say which.
    EditOfUnknown,
    /// It runs a command.
    Command,
    /// It does something else.
    Other,
}

/// What an agent asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) dialect: Dialect,
    /// Where it is.
    pub(super) directory: Option<PathBuf>,
    pub(super) doing: Doing,
}

/// Tools that change files, in lower case without `_`.
const EDITS: [&str; 22] = [
    "write",
    "edit",
    "multiedit",
    "update",
    "notebookedit",
    "writefile",
    "replace",
    "editfile",
    "editnotebook",
    "strreplace",
    "strreplaceeditor",
    "strreplacebasededittool",
    "searchreplace",
    "tabwrite",
    "create",
    "createfile",
    "delete",
    "deletefile",
    "insert",
    "insertedit",
    "applypatch",
    "patch",
];
/// Tools that run commands, written likewise.
const COMMANDS: [&str; 9] = [
    "bash",
    "shell",
    "powershell",
    "runshellcommand",
    "runterminalcmd",
    "localshell",
    "execcommand",
    "unifiedexec",
    "terminal",
];
/// What names a file among a tool's arguments, written likewise.
const NAMES: [&str; 8] = [
    "filepath",
    "notebookpath",
    "path",
    "targetfile",
    "targetnotebook",
    "absolutepath",
    "oldpath",
    "newpath",
];
/// Where a tool's arguments may hold a patch.
const PATCHES: [&str; 3] = ["command", "patch", "input"];
/// The lines of a patch that name a file (Codex, `apply_patch`).
const HEADS: [&str; 4] =
    ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
/// How deep lists of edits are looked into.
const DEPTH: usize = 4;
/// The most files of one use of a tool.
const FILES: usize = 10_000;

impl Asked {
    /// Reads what an agent sends; none: it is nothing that an agent sends.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let Ok(Value::Object(root)) = serde_json::from_slice::<Value>(bytes) else { return None };
        let text = |key: &str| root.get(key).and_then(Value::as_str);
        let dialect = match text("hook_event_name").or(text("hookEventName")) {
            Some("PreToolUse") => Dialect::Claude,
            Some("BeforeTool") => Dialect::Gemini,
            Some("preToolUse") | None if root.contains_key("toolName") => Dialect::Copilot,
            Some("preToolUse") => Dialect::Cursor,
            _ => Dialect::Unknown,
        };
        let tool = plain(text("tool_name").or(text("toolName"))?);
        let input = root.get("tool_input").or(root.get("toolArgs"));
        Some(Self {
            dialect,
            directory: text("cwd").map(PathBuf::from),
            doing: doing(&tool, input),
        })
    }
}

/// What a tool of that name does with these arguments.
fn doing(tool: &str, input: Option<&Value>) -> Doing {
    if COMMANDS.contains(&tool) {
        return Doing::Command;
    }
    if !EDITS.contains(&tool) {
        return Doing::Other;
    }
    // Some send them as text.
    let parsed = match input {
        Some(Value::String(text)) => serde_json::from_str::<Value>(text).ok(),
        _ => None,
    };
    let mut files = Files::default();
    match (parsed.as_ref(), input) {
        (Some(Value::Object(map)), _) | (None, Some(Value::Object(map))) => files.of(map, DEPTH),
        (_, Some(Value::String(patch))) => files.of_patch(patch),
        _ => files.lost = true,
    }
    if files.lost || files.names.is_empty() {
        return Doing::EditOfUnknown;
    }
    // `view` of the editor tool changes nothing.
    let map = parsed.as_ref().or(input).and_then(Value::as_object);
    let views = map.and_then(|map| map.get("command")).is_some_and(|command| command == "view");
    if views { Doing::Other } else { Doing::Edit(files.names) }
}

/// A name in lower case, without what some write between its words.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[derive(Default)]
struct Files {
    names: Vec<String>,
    /// Whether something that should name a file does not.
    lost: bool,
}

impl Files {
    fn of(&mut self, map: &Map<String, Value>, depth: usize) {
        for (key, value) in map {
            let plain = plain(key);
            match value {
                Value::String(name) if NAMES.contains(&plain.as_str()) => self.add(name),
                Value::String(patch) if PATCHES.contains(&plain.as_str()) => self.of_patch(patch),
                Value::Null => {}
                _ if NAMES.contains(&plain.as_str()) => self.lost = true,
                Value::Array(rows) if depth > 0 => {
                    for row in rows.iter().filter_map(Value::as_object) {
                        self.of(row, depth - 1);
                    }
                }
                Value::Array(_) => self.lost = true,
                _ => {}
            }
        }
    }

    fn of_patch(&mut self, patch: &str) {
        for line in patch.lines() {
            let line = line.trim_start();
            if let Some(name) = HEADS.iter().find_map(|head| line.strip_prefix(head)) {
                self.add(name.trim());
            }
        }
    }

    fn add(&mut self, name: &str) {
        if self.names.len() >= FILES {
            self.lost = true;
        } else if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

impl Dialect {
    /// What is printed to deny, and the exit code.
    pub(super) fn denial(self, reason: &str) -> (Option<Value>, u8) {
        match self {
            Self::Claude => {
                let said = json!({
                    "hookEventName": "PreToolUse",
                    "permissionDecision": "deny",
                    "permissionDecisionReason": reason,
                });
                (Some(json!({"hookSpecificOutput": said})), 0)
            }
            Self::Gemini => (Some(json!({"decision": "deny", "reason": reason})), 0),
            Self::Cursor => {
                let said = json!({
                    "permission": "deny", "user_message": reason, "agent_message": reason,
                });
                (Some(said), 0)
            }
            Self::Copilot => {
                let said =
                    json!({"permissionDecision": "deny", "permissionDecisionReason": reason});
                (Some(said), 0)
            }
            // All of them take this for a refusal, with the reason on standard error.
            Self::Unknown => (None, 2),
        }
    }

    /// What is printed to say nothing about it: the agent's own rules go on to count.
    pub(super) fn silence(self) -> Option<Value> {
        matches!(self, Self::Gemini | Self::Cursor).then(|| json!({}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Asked> {
        Asked::read(text.as_bytes())
    }

    fn shown(tool: &str, input: &str) -> String {
        let text = format!("{{\"tool_name\":\"{tool}\",\"tool_input\":{input}}}");
        match read(&text).expect(&text).doing {
            Doing::Edit(names) => names.join(" "),
            Doing::EditOfUnknown => "?".to_owned(),
            Doing::Command => "$".to_owned(),
            Doing::Other => "-".to_owned(),
        }
    }

    #[test]
    fn each_agent_is_known_by_its_form() {
        for (text, dialect) in [
            (r#"{"hook_event_name":"PreToolUse","tool_name":"Write"}"#, Dialect::Claude),
            (r#"{"hook_event_name":"BeforeTool","tool_name":"write_file"}"#, Dialect::Gemini),
            (r#"{"hook_event_name":"preToolUse","tool_name":"Write"}"#, Dialect::Cursor),
            (r#"{"timestamp":1,"cwd":"/x","toolName":"edit","toolArgs":"{}"}"#, Dialect::Copilot),
            (r#"{"hook_event_name":"preToolUse","toolName":"edit"}"#, Dialect::Copilot),
            (r#"{"tool_name":"Write"}"#, Dialect::Unknown),
            (r#"{"hook_event_name":7,"tool_name":"Write"}"#, Dialect::Unknown),
        ] {
            assert_eq!(read(text).map(|asked| asked.dialect), Some(dialect), "{text}");
        }
        let asked = read(r#"{"cwd":"/w","tool_name":"x"}"#).expect("it is one");
        assert_eq!(asked.directory, Some(PathBuf::from("/w")));
        assert_eq!(asked.doing, Doing::Other);
    }

    #[test]
    fn what_a_tool_changes_is_read_from_its_arguments() {
        let patch = "*** Begin Patch\\n*** Update File: a b.rs\\n*** Move to: c.rs\\n@@\\n-x\\n+y\\n\
                     *** Add File: d.rs\\n+*** Not a head\\n*** Delete File: e.rs\\n*** End Patch";
        for (tool, input, expected) in [
            ("Write", r#"{"file_path":"a.rs","content":"*** Add File: x"}"#, "a.rs"),
            ("Edit", r#"{"file_path":"a.rs","old_string":"x","new_string":"y"}"#, "a.rs"),
            ("MultiEdit", r#"{"file_path":"a.rs","edits":[{"old_string":"x"}]}"#, "a.rs"),
            ("MultiEdit", r#"{"edits":[{"file_path":"a"},{"file_path":"b"}]}"#, "a b"),
            ("NotebookEdit", r#"{"notebook_path":"a.ipynb","new_source":"b"}"#, "a.ipynb"),
            ("write_file", r#"{"file_path":"a.rs","content":""}"#, "a.rs"),
            ("replace", r#"{"file_path":"a.rs"}"#, "a.rs"),
            ("StrReplace", r#"{"path":"a.rs"}"#, "a.rs"),
            ("edit_file", r#"{"target_file":"a.rs"}"#, "a.rs"),
            ("Delete", r#"{"path":"a.rs"}"#, "a.rs"),
            ("create", r#""{\"path\":\"a.rs\"}""#, "a.rs"),
            ("str_replace_editor", r#"{"command":"view","path":"a.rs"}"#, "-"),
            ("str_replace_editor", r#"{"command":"insert","path":"a.rs"}"#, "a.rs"),
            ("apply_patch", &format!("{{\"command\":\"{patch}\"}}"), "a b.rs c.rs d.rs e.rs"),
            ("apply_patch", &format!("\"{patch}\""), "a b.rs c.rs d.rs e.rs"),
            ("Write", r#"{"file_path":"a","FILE_PATH":"b"}"#, "a b"),
            ("Write", r#"{"file_path":"a","file_path":"b"}"#, "b"),
            ("Write", "{}", "?"),
            ("Write", "null", "?"),
            ("Write", "7", "?"),
            ("Write", r#"{"file_path":7}"#, "?"),
            ("Write", r#"{"file_path":["a"]}"#, "?"),
            ("Write", r#"{"file_path":"a","path":{"x":1}}"#, "?"),
            ("apply_patch", r#"{"command":"nothing of the kind"}"#, "?"),
            ("MultiEdit", r#"{"a":[{"b":[{"c":[{"d":[{"e":[]}]}]}]}],"path":"x"}"#, "?"),
            ("Bash", r#"{"command":"echo x > a.rs"}"#, "$"),
            ("run_shell_command", "{}", "$"),
            ("Read", r#"{"file_path":"a.rs"}"#, "-"),
            ("mcp__git-ap__scope_check", r#"{"paths":["a"]}"#, "-"),
            ("", "{}", "-"),
        ] {
            assert_eq!(shown(tool, input), expected, "{tool} {input}");
        }
        let many = format!("{{\"edits\":[{}]}}", vec![r#"{"path":"x"}"#; 20_000].join(","));
        assert_eq!(shown("MultiEdit", &many), "x");
    }

    #[test]
    fn what_no_agent_sends_is_nothing() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "7",
            "\"x\"",
            "{}",
            r#"{"tool_name":7}"#,
            r#"{"tool_name":null,"tool_input":{}}"#,
            r#"{"tool_input":{"file_path":"a"}}"#,
            "{\"tool_name\":\"Write\"}}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Asked::read(b"\xff\xfe{}"), None);
        let deep = format!("{{\"tool_name\":\"Write\",\"tool_input\":{}", "[".repeat(100_000));
        assert_eq!(read(&deep), None);
    }
}
