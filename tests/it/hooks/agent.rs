//! What agents ask before they edit, in the form of each, and what they hear.

use std::path::Path;

use serde_json::{Value, json};

use crate::session::{ID, place, planned, write};
use crate::support::Repo;

fn started() -> Repo {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

/// What Claude Code sends.
fn claude(place: &Path, tool: &str, input: &Value) -> Value {
    json!({
        "session_id": "s", "transcript_path": "/t", "cwd": place, "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input,
    })
}

/// The exit code, what is printed and what is said.
fn asked(repo: &Repo, place: &Path, input: impl Into<Vec<u8>>) -> (i32, String, String) {
    let done = repo.ap(["hook", "run", "agent"]).at(place).stdin(input).ends();
    (done.code(), done.stdout(), done.stderr())
}

/// Why an edit is denied; none: it is not.
fn denied(repo: &Repo, place: &Path, file: &str) -> Option<String> {
    let input = claude(place, "Edit", &json!({"file_path": file}));
    let (code, out, _) = asked(repo, place, input.to_string());
    assert_eq!(code, 0, "{file}: {out}");
    if out.is_empty() {
        return None;
    }
    let out: Value = serde_json::from_str(&out).expect("JSON");
    let said = &out["hookSpecificOutput"];
    assert_eq!(
        (&said["hookEventName"], &said["permissionDecision"]),
        (&json!("PreToolUse"), &json!("deny"))
    );
    Some(said["permissionDecisionReason"].as_str().expect("words").to_owned())
}

#[test]
fn an_edit_out_of_scope_is_denied_with_the_way_on() {
    let repo = started();
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/deep/x.rs", "x\n");
    std::os::unix::fs::symlink("../web", one.join("src/auth/web")).expect("linked");
    std::os::unix::fs::symlink("src/auth", one.join("shortcut")).expect("linked");
    let absolute = |path: &str| one.join(path).display().to_string();
    let two = place(&repo, "T2").join("src/web/app.rs").display().to_string();
    for (file, expected) in [
        (absolute("src/auth/login.rs"), ""),
        (absolute("src/auth/not/there/yet.rs"), ""),
        ("src/auth/login.rs".to_owned(), ""),
        (absolute("shortcut/login.rs"), ""),
        (absolute("src/lib.rs"), ""),
        (absolute("ignored.tmp"), ""),
        (absolute("src/web/app.rs"), "may not change src/web/app.rs: it belongs to T2. "),
        (absolute("src/auth/web/app.rs"), "may not change src/web/app.rs: it belongs to T2"),
        (absolute("src/auth/../web/new.rs"), "may not add src/web/new.rs: it belongs to T2"),
        (
            absolute("README.md"),
            "it is in no scope. Leave it as it is; if T1 needs it, ask with `git ap scope request README.md` or the tool `scope_request`.",
        ),
        (absolute("secrets/key"), "no objective may touch `secrets/`. Leave it as it is."),
        (absolute(".git"), "it is git's own"),
        (two, "outside of its worktree"),
        (repo.root().join("README.md").display().to_string(), "outside of its worktree"),
        ("../../../../../../etc/passwd".to_owned(), "outside of its worktree"),
    ] {
        let found = denied(&repo, &one, &file);
        assert_eq!(found.is_none(), expected.is_empty(), "{file}: {found:?}");
        assert!(found.unwrap_or_default().contains(expected), "{file}: {expected}");
    }
    // What is granted is known at once.
    repo.ap(["scope", "grant", "T1", "README.md"]).exits(0);
    assert_eq!(denied(&repo, &one, "README.md"), None);
    // From a directory below, as the agent names it from there.
    let below = one.join("src");
    assert_eq!(denied(&repo, &below, "auth/x.rs"), None);
    assert!(denied(&repo, &below, "web/x.rs").is_some());
    // Wherever the agent has gone, its project is where it was started.
    let elsewhere =
        claude(&repo.beside("home"), "Write", &json!({"file_path": absolute("src/web/x")}));
    let run = repo.ap(["hook", "run", "agent"]).at(repo.beside("home"));
    let run = run.env("CLAUDE_PROJECT_DIR", &one.display().to_string());
    run.stdin(elsewhere.to_string()).exits(0).answers_with("it belongs to T2");
}

#[test]
fn each_agent_hears_it_in_its_own_form() {
    let repo = started();
    let one = place(&repo, "T1");
    let patch = "*** Begin Patch\n*** Update File: src/auth/login.rs\n@@\n-one\n+two\n\
                 *** Add File: src/web/new.rs\n+x\n*** End Patch\n";
    let at = |path: &str| one.join(path).display().to_string();
    let allowed = |dialect: &str| if matches!(dialect, "gemini" | "cursor") { "{}\n" } else { "" };
    for (name, input, key, value) in [
        (
            "codex",
            claude(&one, "apply_patch", &json!({"command": patch})),
            "/hookSpecificOutput/permissionDecision",
            "deny",
        ),
        (
            "gemini",
            json!({
                "cwd": one, "hook_event_name": "BeforeTool", "tool_name": "write_file",
                "tool_input": {"file_path": at("src/web/new.rs"), "content": "x"},
            }),
            "/decision",
            "deny",
        ),
        (
            "cursor",
            json!({
                "cwd": one, "hook_event_name": "preToolUse", "tool_name": "Write",
                "cursor_version": "2", "workspace_roots": [one],
                "tool_input": {"path": at("src/web/new.rs")},
            }),
            "/permission",
            "deny",
        ),
        (
            "copilot",
            json!({
                "timestamp": 1, "cwd": one, "toolName": "create",
                "toolArgs": json!({"path": at("src/web/new.rs")}).to_string(),
            }),
            "/permissionDecision",
            "deny",
        ),
    ] {
        let (code, out, said) = asked(&repo, &one, input.to_string());
        let out: Value =
            serde_json::from_str(&out).unwrap_or_else(|e| panic!("{name}: {e} {said}"));
        assert_eq!((code, out.pointer(key)), (0, Some(&json!(value))), "{name}: {out}");
        assert!(out.to_string().contains("it belongs to T2"), "{name}: {out}");
        let fine = input.to_string().replace("src/web/new.rs", "src/auth/new.rs");
        assert_eq!(
            asked(&repo, &one, fine),
            (0, allowed(name).to_owned(), String::new()),
            "{name}"
        );
    }
    // In a form that nobody knows, the exit code says it.
    let odd = json!({"tool_name": "Write", "tool_input": {"file_path": "src/web/x"}});
    let (code, out, said) = asked(&repo, &one, odd.to_string());
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(said.contains("it belongs to T2"), "{said}");
}

#[test]
fn what_cannot_be_told_is_denied_there_and_nowhere_else() {
    let repo = started();
    let one = place(&repo, "T1");
    let huge = json!({"tool_name": "Write", "tool_input": {"content": "x".repeat(40 << 20)}});
    let unknown = [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[".repeat(1_000_000),
        "{\"tool_name\":7}".to_owned(),
        json!({"tool_name": "Write", "tool_input": {}}).to_string(),
        json!({"tool_name": "Write", "tool_input": {"file_path": ["x"]}}).to_string(),
        json!({"tool_name": "Write", "tool_input": {"file_path": ""}}).to_string(),
        json!({"tool_name": "Write", "tool_input": {"file_path": "a\u{0}b"}}).to_string(),
        json!({"tool_name": "Write", "tool_input": {"file_path": "x".repeat(100_000)}}).to_string(),
        huge.to_string(),
    ];
    for input in unknown {
        let start: String = input.chars().take(80).collect();
        let (code, out, said) = asked(&repo, &one, input.clone());
        assert_eq!((code, out.as_str()), (2, ""), "{start}");
        assert!(!said.is_empty() && !said.contains('\u{0}'), "{start}: {said}");
        for elsewhere in [repo.root().to_owned(), repo.beside("home")] {
            assert_eq!(asked(&repo, &elsewhere, input.clone()).0, 0, "{start}");
        }
    }
    let shell = claude(&one, "Bash", &json!({"command": "echo x > src/web/app.rs"}));
    let (code, out, said) = asked(&repo, &one, shell.to_string());
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(said.contains("commands are not judged before they run"), "{said}");
    let read = claude(&one, "Read", &json!({"file_path": "src/web/app.rs"}));
    assert_eq!(asked(&repo, &one, read.to_string()), (0, String::new(), String::new()));
    // A state that cannot be read, and one that is gone.
    let journal = repo.root().join(".git/ap").join(ID).join("journal.jsonl");
    let kept = std::fs::read(&journal).expect("a journal");
    std::fs::write(&journal, "{}\n").expect("writable");
    assert!(denied(&repo, &one, "src/auth/login.rs").expect("denied").contains("cannot be told"));
    assert_eq!(denied(&repo, repo.root(), "README.md"), None);
    std::fs::remove_file(&journal).expect("removable");
    assert!(denied(&repo, &one, "src/auth/login.rs").expect("denied").contains("nothing is known"));
    assert_eq!(denied(&repo, repo.root(), "README.md"), None);
    std::fs::write(&journal, kept).expect("writable");
    assert_eq!(denied(&repo, &one, "src/auth/login.rs"), None);
}
