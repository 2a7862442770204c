//! `git ap mcp` as agents use it: with the official client, and with lines that no client sends.

mod client;
mod lines;

use std::path::Path;

use serde_json::{Value, json};

use crate::support::Repo;

/// What is answered to these lines, by the number of what was asked; what has none is at the end.
pub fn answers(repo: &Repo, place: &Path, lines: &[String]) -> Vec<Value> {
    let input = lines.join("\n") + "\n";
    let done = repo.ap(["mcp"]).at(place).stdin(input).exits(0);
    let out = done.stdout();
    let mut rows: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("a message")).collect();
    assert!(rows.iter().all(|row| row["jsonrpc"] == "2.0"), "{out}");
    rows.sort_by_key(|row| row["id"].as_u64().unwrap_or(u64::MAX));
    rows
}

/// The handshake of old.
pub fn hello() -> Vec<String> {
    let info = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
    vec![
        ask(0, "initialize", &params),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
    ]
}

/// A request.
pub fn ask(id: u64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// A call of a tool.
pub fn call(id: u64, tool: &str, arguments: &Value) -> String {
    ask(id, "tools/call", &json!({"name": tool, "arguments": arguments}))
}
