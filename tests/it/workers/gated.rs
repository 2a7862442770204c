//! Gates of objectives, while others are at work or have gates of their own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::disturbed::{signal, sleepers, until};
use super::{ap, phase, team, tip};
use crate::support::Repo;

/// A gate of T1 that says that it runs, and waits for leave, 30 seconds at most.
const WAITS: &str = "[ $AP_OBJECTIVE = T1 ] || exit 0; echo $$ > $HOME/gate; export AP_RUN=$HOME; \
    for i in $(seq 300); do [ -e $HOME/go ] && exit; sleep 0.1; done; exit 1";

fn objective_gate(gate: &str) -> String {
    format!("[gates]\nobjective = [{gate:?}]\n")
}

/// A run in the background that has come to the gate of T1.
fn gated(rows: &str) -> (Repo, Child) {
    let repo = team("", rows, &objective_gate(WAITS), "");
    let mut command = repo.ap(["run", "--yes"]).command();
    command.env("TMPDIR", repo.beside("tmp")).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let gate = repo.beside("home").join("gate");
    until("the gate of T1", || gate.exists());
    (repo, child)
}

fn goes_on(repo: &Repo) {
    std::fs::write(repo.beside("home").join("go"), "").expect("writable");
    ap(repo, &["run"]).exits(0);
    assert_eq!(repo.git(["show", &format!("{}:docs/c.md", tip())]), "three");
    assert_eq!(sleepers(repo.root()), 0);
}

#[test]
fn they_run_beside_each_other() {
    // Each waits for the other.
    let gate = "touch $HOME/$AP_OBJECTIVE; [ $AP_OBJECTIVE = T3 ] && exit; for i in $(seq 300); do \
                [ -e $HOME/T1 ] && [ -e $HOME/T2 ] && exit; sleep 0.1; done; exit 1";
    let repo = team("", "max_concurrent = 2", &objective_gate(gate), "");
    let run = ap(&repo, &["run", "--yes", "--format", "json"]).exits(0);
    let told = run.stdout();
    let begun = told.lines().filter(|line| line.contains("\"type\":\"gate_start\"")).count();
    let green = told.lines().filter(|line| line.contains("\"passed\":true")).count();
    assert_eq!((begun, green), (3, 3), "{told}");
}

#[test]
fn one_at_a_time_where_no_more_is_wanted() {
    let gate = "mkdir $HOME/only && sleep 0.3 && rmdir $HOME/only";
    let config = objective_gate(gate) + "[run]\njobs = 1\n";
    let repo = team("", "max_concurrent = 2", &config, "");
    ap(&repo, &["run", "--yes"]).exits(0);
}

#[test]
fn a_worker_is_watched_while_the_gates_of_another_run() {
    let strays = "if [ $AP_OBJECTIVE = T2 ]; then trap 'touch $HOME/go; exit 1' TERM; \
                  while [ ! -e $HOME/gate ]; do sleep 0.1; done; echo x > $PWD/src/auth/mine.rs; \
                  sleep 60 & wait; fi";
    let config = objective_gate(WAITS) + "[run]\nsandbox = \"off\"\n";
    let repo = team(strays, "max_concurrent = 2", &config, "");
    let begun = Instant::now();
    let run = ap(&repo, &["run", "--yes"]).exits(4);
    run.says("src/auth/mine.rs");
    assert!(begun.elapsed() < Duration::from_secs(25), "the gate was waited for");
    assert_eq!(phase(&repo, "T2").0, "violated");
}

#[test]
fn nobody_else_judges_it_meanwhile() {
    let (repo, mut child) = gated("");
    repo.ap(["done", "T1"]).exits(1).says(&format!("process {} runs the gates of T1", child.id()));
    assert_eq!(phase(&repo, "T1").0, "submitted");
    let status = repo.ap(["status"]).exits(0).stdout();
    assert!(status.contains("T1"), "{status}");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(sleepers(repo.root()), 0, "its gate is gone");
    assert_eq!(phase(&repo, "T1").0, "submitted");
    goes_on(&repo);
    let retries = repo.ap(["status", "--format", "json"]).exits(0).json();
    assert!(retries["objectives"].as_array().expect("a list").iter().all(|o| o["retries"] == 0));
}

#[test]
fn stop_ends_them_and_the_next_run_goes_on() {
    let (repo, child) = gated("");
    repo.ap(["stop", "T1"]).exits(0).answers_with("stopped: T1");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("T1: its gates were stopped (`git ap stop`)"), "{said}");
    assert_eq!((phase(&repo, "T1").0.as_str(), sleepers(repo.root())), ("submitted", 0));
    goes_on(&repo);
}

#[test]
fn an_objective_that_is_dropped_elsewhere_ends_its_gates() {
    let (repo, child) = gated("");
    repo.ap(["drop", "T1"]).exits(0);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(phase(&repo, "T1").0, "dropped", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sleepers(repo.root()), 0);
}

#[test]
fn those_of_a_run_that_was_killed_run_again() {
    let (repo, mut child) = gated("");
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let gate = std::fs::read_to_string(repo.beside("home").join("gate")).expect("its number");
    let status = Command::new("kill").args(["-KILL", gate.trim()]).status();
    assert!(status.expect("kill is there").success());
    assert_eq!(phase(&repo, "T1").0, "submitted");
    goes_on(&repo);
}
