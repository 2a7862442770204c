//! What stands in the events of agents, in words.

use serde_json::Value;

use super::{Activity, Kind};

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn first<'a>(values: &[&'a Value]) -> &'a Value {
    values.iter().find(|value| !value.is_null()).unwrap_or(&values[0])
}

/// A tool with the one argument that says most.
pub(super) fn tool_use(name: &str, input: &Value) -> Option<Activity> {
    let keys = ["command", "cmd", "file_path", "filePath", "path", "pattern", "query", "url"];
    let said = keys.iter().find_map(|key| input[*key].as_str());
    let text = match said.and_then(|said| said.lines().find(|line| !line.trim().is_empty())) {
        Some(said) => format!("{name}: {}", said.trim()),
        None => name.to_owned(),
    };
    let writes = ["edit", "write", "patch", "replace"];
    let lower = name.to_ascii_lowercase();
    let codes = writes.iter().any(|word| lower.contains(word));
    Activity::new(if codes { Kind::Coding } else { Kind::ToolUse }, &text)
}

/// The words of an error, however deep they stand.
pub(super) fn error_text(error: &Value) -> String {
    if let Some(text) = error.as_str() {
        return text.to_owned();
    }
    let inner = [&error["message"], &error["data"]["message"], &error["error"]["message"]];
    let found = inner.iter().find_map(|value| value.as_str());
    found.map_or_else(|| error.to_string(), str::to_owned)
}
