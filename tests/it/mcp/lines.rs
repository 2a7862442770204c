//! Lines as they arrive: hostile arguments, other versions, and what is no message at all.

use serde_json::{Value, json};

use super::{answers, ask, call, hello};
use crate::session::{ID, place, planned, write};
use crate::support::Repo;

fn started() -> Repo {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

/// What a tool says to arguments: whether it refuses, and its words.
fn said(repo: &Repo, tool: &str, arguments: &Value) -> (bool, String) {
    let lines = [hello(), vec![call(1, tool, arguments)]].concat();
    let rows = answers(repo, &place(repo, "T1"), &lines);
    let result = &rows[1]["result"];
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{}", rows[1]));
    (result["isError"].as_bool().expect("it says so"), text.to_owned())
}

#[test]
fn every_name_of_a_file_is_judged_as_the_guard_would() {
    let repo = started();
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/kept.tmp", "ignored\n");
    std::os::unix::fs::symlink("../web/app.rs", one.join("src/auth/link.rs")).expect("linked");
    std::os::unix::fs::symlink(repo.root(), one.join("src/auth/out")).expect("linked");
    let absolute = one.join("src/auth/new.rs").display().to_string();
    let main = repo.root().join("src/auth/login.rs").display().to_string();
    let temporary = repo.beside("tmp").join("x").display().to_string();
    for (path, may, why) in [
        ("src/auth/login.rs", true, ""),
        ("./src/auth/../auth/new.rs", true, ""),
        (&absolute, true, ""),
        ("src/lib.rs", true, ""),
        ("src/web/app.rs", false, "it belongs to T2"),
        ("src/auth/link.rs", false, "it belongs to T2"),
        ("src/auth/out/README.md", false, "outside of its worktree"),
        ("README.md", false, "in no scope"),
        ("README", false, "in no scope"),
        ("notes.tmp", true, ""),
        ("secrets/key", false, "no objective may touch `secrets/`"),
        (".ap/config.toml", false, "no objective may touch `.ap/`"),
        (".git", false, "git's own"),
        (".GIT/hooks/pre-commit", false, "git's own"),
        ("../T2/src/web/app.rs", false, "outside of its worktree"),
        (&main, false, "outside of its worktree"),
        ("/etc/passwd", false, "outside of its worktree"),
        (&temporary, true, ""),
        ("", false, "no name"),
        ("a\u{0}b", false, "no file can have that name"),
        ("\u{1b}[2J", false, "\"\\033[2J\""),
        ("src/auth", false, "in no scope"),
        (".", false, "the worktree itself"),
    ] {
        let (error, text) = said(&repo, "scope_check", &json!({"paths": [path]}));
        assert!(!error, "{path}: {text}");
        let lines = [hello(), vec![call(1, "scope_check", &json!({"paths": [path]}))]].concat();
        let rows = answers(&repo, &one, &lines);
        let row = &rows[1]["result"]["structuredContent"];
        assert_eq!(
            (&row["all"], &row["paths"][0]["may_change"]),
            (&json!(may), &json!(may)),
            "{row}"
        );
        let reason = row["paths"][0]["reason"].as_str().unwrap_or_default();
        let shown = row["paths"][0]["path"].as_str().expect("a path");
        assert!(format!("{reason}{shown}").contains(why), "{path}: {row}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn arguments_that_are_none_are_refused_with_what_is_wrong() {
    let repo = started();
    let many = vec!["a"; 101];
    let long = "x".repeat(20_000);
    for (tool, arguments, expected) in [
        ("objective", json!({"id": "T2"}), "unknown field"),
        ("scope_check", json!({}), "missing field `paths`"),
        ("scope_check", json!({"paths": "x"}), "invalid type"),
        ("scope_check", json!({"paths": [7]}), "invalid type"),
        ("scope_check", json!({"paths": many}), "at most 100"),
        ("scope_check", json!({"paths": [long]}), "at most 100"),
        ("scope_request", json!({"patterns": ["x"]}), "missing field `why`"),
        ("scope_request", json!({"patterns": [], "why": ""}), "names no pattern"),
        ("scope_request", json!({"patterns": ["/etc"], "why": ""}), "is no pattern"),
        ("scope_request", json!({"patterns": ["../x"], "why": ""}), "is no pattern"),
        ("scope_request", json!({"patterns": ["x"], "why": long}), "at most 16000"),
        ("scope_request", json!({"patterns": ["x"], "why": "", "objective": "T2"}), "unknown fi"),
        ("progress", json!({"percent": 101, "note": ""}), "from 0 to 100"),
        ("progress", json!({"percent": -1, "note": ""}), "from 0 to 100"),
        ("progress", json!({"percent": 0.5, "note": ""}), "from 0 to 100"),
        ("progress", json!({"percent": "7", "note": ""}), "from 0 to 100"),
        ("submit", json!({"summary": null}), "invalid type"),
        ("submit", json!({"summary": "x"}), "no `git ap run` listens to T1"),
        ("blocked", json!({"why": "x", "requested": ["y"]}), "no `git ap run` listens to T1"),
        ("blocked", json!({"why": "x", "requested": many}), "at most 100"),
    ] {
        let (error, text) = said(&repo, tool, &arguments);
        assert!(error && text.contains(expected), "{tool} {arguments}: {text}");
    }
    let (error, text) = said(&repo, "progress", &json!({"percent": 7, "note": "x"}));
    assert!(!error && text.contains("no `git ap run` listens"), "{text}");
}

#[test]
fn what_is_no_message_does_not_end_the_server() {
    let repo = started();
    let one = place(&repo, "T1");
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(100 << 20));
    let odd: Vec<String> = [
        "{",
        "[]",
        "null",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":9}}",
        "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}",
    ]
    .map(str::to_owned)
    .to_vec();
    let lines = [
        // Before the two have agreed on anything, too.
        odd.clone(),
        vec![ask(2, "tools/list", &json!({}))],
        hello(),
        odd,
        vec![huge, ask(3, "never/heard/of", &json!({})), ask(4, "tools/call", &json!({"name": 7}))],
        vec![call(6, "no_such_tool", &json!({})), call(7, "objective", &json!({}))],
    ]
    .concat();
    let rows = answers(&repo, &one, &lines);
    let codes: Vec<(u64, i64)> = rows
        .iter()
        .map(|row| {
            (row["id"].as_u64().unwrap_or(99), row["error"]["code"].as_i64().unwrap_or_default())
        })
        .collect();
    let by_id: Vec<(u64, i64)> = codes.iter().copied().filter(|(id, _)| *id != 99).collect();
    let expected = [
        (0, 0),
        (1, -32_600),
        (1, -32_600),
        (2, -32_602),
        (3, -32_601),
        (4, -32_602),
        (6, -32_602),
        (7, 0),
    ];
    assert_eq!(by_id, expected, "{rows:?}");
    let count = |code| codes.iter().filter(|row| **row == (99, code)).count();
    assert_eq!((count(-32_700), count(-32_600)), (2, 5), "{codes:?}");
}

#[test]
fn both_ways_to_agree_on_a_version_are_spoken() {
    let repo = started();
    let one = place(&repo, "T1");
    let key = |name: &str| format!("io.modelcontextprotocol/{name}");
    let meta = json!({
        key("protocolVersion"): "2026-07-28",
        key("clientInfo"): {"name": "test", "version": "1"},
        key("clientCapabilities"): {},
    });
    let lines = [
        ask(1, "server/discover", &json!({"_meta": meta})),
        ask(2, "tools/call", &json!({"name": "objective", "arguments": {}, "_meta": meta})),
        ask(3, "tools/list", &json!({"_meta": meta})),
    ];
    let rows = answers(&repo, &one, &lines);
    let versions = rows[0]["result"]["supportedVersions"].as_array().expect("a list");
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2024-11-05")));
    assert_eq!(rows[1]["result"]["structuredContent"]["objective"], "T1");
    assert_eq!(rows[2]["result"]["tools"].as_array().map(Vec::len), Some(6));
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let hello = hello().into_iter().map(|line| line.replace("2025-11-25", version));
        let rows = answers(&repo, &one, &hello.collect::<Vec<_>>());
        assert_eq!(rows[0]["result"]["protocolVersion"], version);
    }
}

#[test]
fn elsewhere_a_tool_says_where_to_start_it() {
    let repo = started();
    let lines = [
        hello(),
        vec![
            call(1, "objective", &json!({})),
            call(2, "scope_check", &json!({"paths": ["x"]})),
            call(3, "scope_request", &json!({"patterns": ["x"], "why": ""})),
            call(4, "submit", &json!({"summary": ""})),
        ],
        vec![ask(5, "resources/list", &json!({}))],
    ]
    .concat();
    let rows = answers(&repo, repo.root(), &lines);
    for row in &rows[1..5] {
        let text = row["result"]["content"][0]["text"].as_str().expect("words");
        assert_eq!(row["result"]["isError"], true, "{row}");
        assert!(text.contains("this is no objective's worktree"), "{text}");
    }
    let names = rows[5]["result"]["resources"].as_array().expect("a list");
    assert!(names.iter().any(|r| r["uri"] == format!("ap://{ID}/plan.toml")), "{names:?}");
    // Outside of a repository too.
    let rows = answers(&repo, &repo.beside("home"), &lines);
    assert_eq!(rows[1]["result"]["isError"], true);
    assert_eq!(rows[5]["result"]["resources"], json!([]));
}
