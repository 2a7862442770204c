//! The stream of events of the built program, held against what `git ap schema event` says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::session::{ID, PLAN, finish, planned_with, write};
use crate::support::{Repo, Run, against};
use crate::workers::{ap, team};

/// The events of a stream, after each was held against the schema: it fits, their numbers have no
/// gap, and the percentage never goes back.
pub fn events(repo: &Repo, stream: &str) -> Vec<Value> {
    let schema = repo.ap(["schema", "event"]).exits(0).json();
    let mut events: Vec<Value> = Vec::new();
    let (mut percent, mut elapsed) = (0, 0.0);
    for line in stream.lines() {
        let event: Value = serde_json::from_str(line).expect("one event a line");
        assert_eq!(against(&schema, &event), Vec::<String>::new(), "{line}");
        assert_eq!(event["seq"], events.len() + 1, "{line}");
        let status = &event["status"];
        let (now, time) = (status["progress_percent"].as_u64(), status["elapsed_seconds"].as_f64());
        assert!(now >= Some(percent) && time >= Some(elapsed), "{line}");
        percent = now.expect("a number");
        elapsed = time.expect("a number");
        events.push(event);
    }
    assert_eq!(events.last().expect("a stream has an end")["type"], "cycle_complete");
    events
}

/// The events of a run that ends like this.
fn streamed(repo: &Repo, run: Run<'_>, code: i32) -> Vec<Value> {
    let out = run.exits(code).stdout();
    // The error of a command that fails is one more document behind its events.
    let lines: Vec<&str> =
        out.lines().filter(|line| !line.starts_with(r#"{"schema":1,"error""#)).collect();
    events(repo, &lines.join("\n"))
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

/// What is left of the types of a stream when these alone are looked at.
fn only<'e>(events: &'e [Value], wanted: &[&str]) -> Vec<&'e str> {
    types(events).into_iter().filter(|name| wanted.contains(name)).collect()
}

/// The phases of the objectives as the journal has them, read by its own rules.
fn replayed(repo: &Repo) -> BTreeMap<String, &'static str> {
    let id = git_ap::domain::id::PlanId::parse(ID).expect("valid");
    let journal = git_ap::store::Journal::at(&repo.root().join(".git"), &id);
    let lines = journal.lines().expect("readable");
    let session = git_ap::domain::session::replay(&lines).expect("a session").expect("begun");
    session.objectives.iter().map(|o| (o.id.to_string(), o.phase.as_str())).collect()
}

/// The same as `status` tells them.
fn told(repo: &Repo) -> BTreeMap<String, String> {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let rows = status["objectives"].as_array().expect("a list").iter();
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    rows.map(|row| (word(&row["id"]), word(&row["phase"]))).collect()
}

fn same_state(repo: &Repo, expected: &[(&str, &str)]) {
    let replayed = replayed(repo);
    let replayed: Vec<(&str, &str)> =
        replayed.iter().map(|(id, phase)| (id.as_str(), *phase)).collect();
    assert_eq!(replayed, expected);
    let told = told(repo);
    let told: Vec<(&str, &str)> =
        told.iter().map(|(id, phase)| (id.as_str(), phase.as_str())).collect();
    assert_eq!(told, expected);
}

const CONTRACT: &str = r#"
[[contract]]
provider = "T1"
consumers = ["T2"]
description = "verify(token)"
check = "test -e src/auth/a.rs"
"#;

#[test]
fn a_plan_and_a_run_to_its_end() {
    let repo = team(
        "printf 'PROGRESS: 25%% - reading\\n\\033[2Jhostile\\n'",
        "max_concurrent = 2",
        "[gates]\nwave = [\"true\"]\n",
        CONTRACT,
    );
    let plan = repo.ap(["plan", "Say hello in docs/guide.md", "--dry-run", "--format", "json"]);
    plan.exits(0);
    let events = streamed(&repo, ap(&repo, &["run", "--yes", "--format", "json", "--land"]), 0);
    let wanted = [
        "plan_approved",
        "wave_start",
        "wave_complete",
        "contract_checked",
        "integration_complete",
        "session_landed",
        "cycle_complete",
    ];
    let expected = [
        "plan_approved",
        "wave_start",
        "contract_checked",
        "wave_complete",
        "wave_start",
        "contract_checked",
        "wave_complete",
        "integration_complete",
        "session_landed",
        "cycle_complete",
    ];
    assert_eq!(only(&events, &wanted), expected);
    for (name, count) in [
        ("objective_start", 3),
        ("objective_complete", 3),
        ("worker_metrics", 3),
        ("gate_start", 5),
        ("gate_complete", 5),
    ] {
        assert_eq!(only(&events, &[name]).len(), count, "{name}");
    }
    let phases: Vec<&str> = events
        .iter()
        .filter(|event| event["type"] == "phase_start")
        .filter_map(|event| event["phase"].as_str())
        .collect();
    let expected = [
        "execution",
        "integration",
        "execution",
        "integration",
        "post_execution",
        "auto_documentation",
    ];
    assert_eq!(phases, expected);
    assert_eq!(events.last().map(|event| &event["status"]["phase"]), Some(&"completed".into()));
    same_state(&repo, &[("T1", "merged"), ("T2", "merged"), ("T3", "merged")]);
}

#[test]
fn what_goes_wrong_is_told_in_its_own_type() {
    // T1 fails twice, T2 leaves its scope.
    let before =
        "case $AP_OBJECTIVE in T1) echo why >&2; exit 3;; T2) echo x > README.md; exit 0;; esac";
    let repo = team(before, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", "");
    let events = streamed(&repo, ap(&repo, &["run", "--yes", "--format", "json"]), 4);
    for name in ["worker_error", "objective_failed", "scope_violation"] {
        assert!(types(&events).contains(&name), "{name}");
    }
    assert_eq!(events.last().map(|event| &event["success"]), Some(&false.into()));
    assert_eq!(events.last().map(|event| &event["status"]["phase"]), Some(&"failed".into()));
    same_state(&repo, &[("T1", "failed"), ("T2", "violated"), ("T3", "planned")]);
}

#[test]
fn who_asks_for_more_is_told_and_waits() {
    let blocked = "if [ $AP_OBJECTIVE = T2 ]; then printf 'STATUS=BLOCKED\\nREASON=r\\nREQUESTED_SCOPE_ADDITION=src/auth/login.rs\\nJUSTIFICATION=j\\n'; exit 0; fi";
    let repo = team(blocked, "", "", "");
    let run = ap(&repo, &["run", "--yes", "--format", "json"]).ends();
    let out = run.stdout();
    let lines: Vec<&str> =
        out.lines().filter(|line| !line.starts_with(r#"{"schema":1,"error""#)).collect();
    let events = events(&repo, &lines.join("\n"));
    assert!(types(&events).contains(&"scope_request"), "{:?}", types(&events));
    assert!(types(&events).contains(&"objective_waiting"), "{:?}", types(&events));
    assert_eq!(
        replayed(&repo)
            .into_iter()
            .map(|(id, phase)| (id, phase.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        told(&repo)
    );
}

#[test]
fn a_red_gate_rolls_its_wave_back() {
    let repo = planned_with("", "[gates]\nwave = [\"test ! -e src/web/bad.rs\"]\n");
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/bad.rs", "bad\n");
    let red = streamed(&repo, repo.ap(["merge", "--format", "json"]), 5);
    let wanted = ["wave_rolled_back", "wave_complete", "cycle_complete"];
    assert_eq!(only(&red, &wanted), ["wave_rolled_back", "cycle_complete"]);
    assert!(red.iter().any(|event| event["type"] == "gate_complete" && event["passed"] == false));
    repo.ap(["retry", "T2"]).exits(0);
    std::fs::remove_file(crate::session::place(&repo, "T2").join("src/web/bad.rs")).expect("there");
    write(&repo, "T2", "src/web/good.rs", "good\n");
    repo.ap(["done", "T2", "--commit"]).exits(0);
    let green = streamed(&repo, repo.ap(["merge", "--format", "json"]), 0);
    assert_eq!(only(&green, &wanted), ["wave_complete", "cycle_complete"]);
    same_state(&repo, &[("T1", "merged"), ("T2", "merged"), ("T3", "planned")]);
}

#[test]
fn planning_tells_the_same_stream() {
    let repo = planned_with("", "");
    repo.commit("plan");
    let run = repo.ap(["plan", "Log every token that is refused", "--format", "json"]);
    let told = streamed(&repo, run, 0);
    for name in [
        "phase_start",
        "codebase_analyzed",
        "task_type_determined",
        "scope_strategy",
        "objectives_created",
        "waves_created",
        "scope_validated",
        "phase_complete",
    ] {
        assert!(types(&told).contains(&name), "{name}: {:?}", types(&told));
    }
    let other = PLAN.replace(ID, "20251009-000000-other");
    streamed(&repo, repo.ap(["plan", "--from", "-", "--format", "json"]).stdin(other), 0);
}
