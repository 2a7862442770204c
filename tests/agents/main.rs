//! Real agents, each on a wave of three objectives, from `git ap run` to the merged commit, and
//! each asking for more scope through the tools of `git ap mcp`:
//!
//!     GIT_AP_AGENTS=DIR cargo test --test agents -- --ignored --nocapture
//!
//! Programs are looked for in `DIR/*/node_modules/.bin` and `DIR/*/bin`, as npm and Python's venv
//! install them, and on `PATH`. What is not installed is skipped by name; where nothing ran, the
//! test fails. No network is needed: the model is a server of the test.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "tests make files, start programs and say what they saw; nothing is public in a test"
)]

mod home;
mod model;
mod place;
mod way;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use place::{PLAN, Place};
use way::{WAYS, Way};

/// The files of the three objectives.
const FILES: [(&str, &str); 3] = [("T1", "src/a.txt"), ("T2", "web/b.txt"), ("T3", "docs/c.md")];

#[test]
#[ignore = "needs agents; see the top of the file"]
fn each_agent_carries_a_wave_to_a_merged_commit() {
    try_all("merged", &WAYS, carry);
}

#[test]
#[ignore = "needs agents; see the top of the file"]
fn an_agent_asks_for_scope_and_gets_it() {
    let ways = ["codex, command", "gemini, command", "opencode, command"].map(Way::of);
    try_all("granted", &ways, ask);
}

#[test]
#[ignore = "needs agents; see the top of the file"]
fn each_agent_passes_the_test_of_a_worker() {
    try_all("passed", &WAYS, trial);
}

/// Tries each way that is installed, and says what came of it.
fn try_all(done: &str, ways: &[Way], one: fn(&Way, &Path, u16) -> Result<(), String>) {
    let port = model::start();
    let (mut ran, mut failed) = (Vec::new(), Vec::new());
    for way in ways {
        let Some(folder) = way.installed() else {
            println!("skipped: {}", way.name);
            continue;
        };
        let begun = Instant::now();
        match one(way, &folder, port) {
            Ok(()) => {
                println!("{done}: {} in {:.1} s", way.name, begun.elapsed().as_secs_f64());
                ran.push(way.name);
            }
            Err(why) => {
                println!("FAILED: {}: {why}", way.name);
                failed.push(way.name);
            }
        }
    }
    assert!(failed.is_empty(), "these failed: {}", failed.join("; "));
    assert!(!ran.is_empty(), "no agent is installed: nothing was tried");
}

fn carry(way: &Way, folder: &Path, model: u16) -> Result<(), String> {
    let place = Place::new(model, &[folder.to_owned()], &[])?;
    let mut plan = head();
    for (objective, file) in FILES {
        let touch = file.split_once('/').expect("in a folder").0;
        let step = model::run(&format!("mkdir -p {touch} && echo {objective} > {file}"));
        write!(plan, "{}", row(objective, &format!("{touch}/"), &[step])).expect("a string");
    }
    let (entry, _served) = way.entry("agent", folder, FILES.len());
    place.take(&plan, &[entry])?;
    let said = place.ap(&["run", "--yes"])?;
    for (objective, file) in FILES {
        let found = place.merged(file)?;
        if found != objective {
            return Err(format!("{file} holds {found:?}\n{said}"));
        }
    }
    Ok(())
}

/// The objective may change one page; its worker asks for another, and then makes both.
fn ask(way: &Way, folder: &Path, model: u16) -> Result<(), String> {
    let place = Place::new(model, &[folder.to_owned()], &[("web/page.txt", "old\n")])?;
    place.write(".ap/config.toml", "schema = 1\n[scope]\ngrant = \"free\"\n");
    place.ap(&["init", "--agents", "--yes"])?;
    place.run("git", &["add", "."])?;
    place.run("git", &["commit", "-qm", "the agents are told of git ap"])?;
    let asked = json!({ "patterns": ["web/more.txt"], "why": "the page has become too long" });
    let steps = [
        model::call("scope_request", &asked),
        model::run("echo new > web/page.txt && echo more > web/more.txt"),
    ];
    let (entry, _served) = way.entry("agent", folder, 1);
    place.take(&(head() + &row("T1", "web/page.txt", &steps)), &[entry])?;
    let said = place.ap(&["run", "--yes", "--format", "json"])?;
    let found = [place.merged("web/page.txt")?, place.merged("web/more.txt")?];
    if found != ["new", "more"] {
        return Err(format!("the pages hold {found:?}\n{said}"));
    }
    let granted = said.lines().filter(|line| line.contains("\"type\":\"scope_granted\"")).count();
    if granted != 1 {
        return Err(format!("scope was granted {granted} times\n{said}"));
    }
    Ok(())
}

/// `git ap worker test` says that everything works.
fn trial(way: &Way, folder: &Path, model: u16) -> Result<(), String> {
    let place = Place::new(model, &[folder.to_owned()], &[])?;
    let (entry, _served) = way.entry("agent", folder, 1);
    place.write(".ap/team.toml", &format!("schema = 1\n{entry}"));
    let said = place.ap(&["worker", "test", "agent", "--yes", "--format", "json"])?;
    let said: Value = serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))?;
    let worked = |check: &Value| check["worked"] == true;
    let all = said["checks"].as_array().is_some_and(|c| c.len() == 5 && c.iter().all(worked));
    if said["worked"] == true && all { Ok(()) } else { Err(said.to_string()) }
}

fn head() -> String {
    format!(
        "schema = 1\nid = \"{PLAN}\"\nrequest = \"files\"\ntype = \"feature\"\ntarget = \"main\"\n"
    )
}

fn row(objective: &str, touch: &str, steps: &[String]) -> String {
    let creates = touch.ends_with('/');
    format!(
        "[[objective]]\nid = \"{objective}\"\ntitle = \"{touch}\"\ntouch = [\"{touch}\"]\n\
         creates = {creates}\ntimeout_minutes = 3\nnotes = ['{}']\n",
        steps.join("', '")
    )
}
