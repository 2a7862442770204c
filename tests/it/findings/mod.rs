//! What `git ap check` finds besides overlaps: each rule fires where it should, with its place
//! and a fix, and not on what only looks like it.

mod codes;
mod past;

use crate::support::Repo;

const ID: &str = "20251008-104131-x";

/// Where the first objective begins: at line 6.
fn head(request: &str) -> String {
    format!("schema = 1\nid = \"{ID}\"\nrequest = \"{request}\"\ntype = \"feature\"\n\n")
}

/// An objective: five lines with its `touch` in the fourth, then what else it has.
fn objective(id: &str, touch: &str, rest: &str) -> String {
    let touch: Vec<String> = touch.split(' ').map(|p| format!("{p:?}")).collect();
    let touch = touch.join(", ");
    format!("[[objective]]\nid = \"{id}\"\ntitle = \"{id}\"\ntouch = [{touch}]\n{rest}\n")
}

/// Writes a plan to the worktree. It is not committed, so that it is no part of the history.
fn planned(repo: &Repo, body: &str) {
    repo.write(&format!(".ap/plans/{ID}/plan.toml"), head("do it") + body);
}

/// What a check finds of a rule, as `line:column message | help`.
fn found(repo: &Repo, code: &str) -> Vec<String> {
    let run = repo.ap(["check", "--format", "json"]).ends();
    let document = run.json();
    let all = document["findings"].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let shown = |f: &serde_json::Value| {
        format!("{}:{} {} | {}", f["line"], f["column"], text(&f["message"]), text(&f["help"]))
    };
    all.iter().filter(|f| f["code"] == code).map(shown).collect()
}
