//! What `git ap run` costs around real agents: six of three kinds beside each other, over two
//! transports, on 2,000 files.
//!
//!     GIT_AP_AGENTS=DIR cargo bench --bench agents
//!
//! Each agent is told by a model of the tests to sleep for [`STEPS`] x [`SLEEP`] seconds and to
//! write a file. Compared are the whole run, from its start until the wave is merged, with the
//! longest time that one agent was at work, and with the same six agents started by hand at once,
//! without worktrees, guard, gates or merge.
//!
//! Agents that are not installed are left out by name; where none is, it fails. `tests/agents`
//! says where they are looked for.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark starts programs and prints what it measured; it needs a part of what the \
              tests have"
)]

#[path = "../tests/agents/home.rs"]
mod home;
#[path = "../tests/agents/model.rs"]
mod model;
#[path = "../tests/agents/place.rs"]
mod place;
#[path = "../tests/agents/way.rs"]
mod way;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use git_ap::domain::team::preset::PRESETS;
use place::{PLAN, Place};
use serde_json::Value;
use way::Way;

/// Files of the repository, in so many directories.
const FILES: usize = 2_000;
const DIRECTORIES: usize = 20;
/// How often an agent sleeps, and for how many seconds: shorter than an agent waits for a command.
const STEPS: usize = 4;
const SLEEP: u64 = 8;
/// What `git ap` may take beyond the slowest agent, as a share of that one's time.
const OVERHEAD: f64 = 0.10;
/// Three kinds of agents, each over two transports.
const MIXED: [&str; 6] = [
    "codex, command",
    "codex-acp, acp",
    "gemini, command",
    "gemini, acp",
    "opencode, command",
    "opencode, acp",
];
/// The same kinds as they can be started by hand, each twice.
const BY_HAND: [&str; 6] = [MIXED[0], MIXED[2], MIXED[4], MIXED[0], MIXED[2], MIXED[4]];

/// The steps of an objective, for the prompt.
fn steps(number: usize) -> Vec<String> {
    let sleeps = (0..STEPS).map(|_| model::run(&format!("sleep {SLEEP}")));
    let writes = model::run(&format!("echo done > m{number}/new.txt"));
    sleeps.chain([writes]).collect()
}

/// A repository with its files, for these agents.
fn fresh(port: u16, agents: &[(Way, PathBuf)]) -> Place {
    let names: Vec<String> =
        (0..FILES).map(|n| format!("m{}/f{n}.txt", n % DIRECTORIES + 1)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "text\n")).collect();
    let programs: Vec<PathBuf> = agents.iter().map(|(_, folder)| folder.clone()).collect();
    Place::new(port, &programs, &files).expect("a repository")
}

/// A run of all agents, an objective each: how long it took, and the longest that one was at work.
fn by_run(port: u16, agents: &[(Way, PathBuf)]) -> (Duration, Duration) {
    let place = fresh(port, agents);
    let mut plan = format!(
        "schema = 1\nid = \"{PLAN}\"\nrequest = \"r\"\ntype = \"feature\"\ntarget = \"main\"\n"
    );
    let mut entries = Vec::new();
    for (number, (way, folder)) in agents.iter().enumerate().map(|(i, agent)| (i + 1, agent)) {
        let notes = steps(number).join("', '");
        write!(
            plan,
            "[[objective]]\nid = \"T{number}\"\ntitle = \"t\"\ntouch = [\"m{number}/\"]\n\
             notes = ['{notes}']\n"
        )
        .expect("writing to a string cannot fail");
        entries.push(way.entry(&format!("w{number}"), folder, 1).0);
    }
    let config = format!("schema = 1\n[run]\njobs = {}\n", agents.len());
    place.write(".ap/config.toml", &config);
    place.take(&plan, &entries).expect("a plan and a team");
    let begun = Instant::now();
    let said = place.ap(&["run", "--yes", "--format", "json"]).expect("the run ends well");
    let whole = begun.elapsed();
    for number in 1..=agents.len() {
        assert_eq!(place.merged(&format!("m{number}/new.txt")).as_deref(), Ok("done"));
    }
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // An agent that failed for reasons of its own was tried again: both count.
    let mut at_work: BTreeMap<String, (u32, f64)> = BTreeMap::new();
    for event in events.filter(|event| event["type"] == "worker_metrics") {
        let one = at_work.entry(event["objective"].to_string()).or_default();
        *one = (one.0 + 1, one.1 + event["seconds"].as_f64().unwrap_or_default());
    }
    assert_eq!(at_work.len(), agents.len(), "{said}");
    let tries: u32 = at_work.values().map(|(tries, _)| tries - 1).sum();
    if tries > 0 {
        println!("tried again: {tries}");
    }
    let seconds = at_work.values().map(|(_, seconds)| *seconds);
    (whole, Duration::from_secs_f64(seconds.fold(0.0, f64::max)))
}

/// All agents started at once with the same to do, in a copy of the files each.
fn by_hand(port: u16, agents: &[(Way, PathBuf)]) -> Duration {
    let place = fresh(port, agents);
    let mut started = Vec::new();
    for (number, (way, _)) in agents.iter().enumerate().map(|(i, agent)| (i + 1, agent)) {
        let copy = format!("../copy{number}");
        place.run("git", &["clone", "--quiet", ".", &copy]).expect("a copy");
        let preset = PRESETS.iter().find(|preset| preset.name == way.program).expect("a preset");
        let words = if preset.sandboxed.is_empty() { preset.command } else { preset.sandboxed };
        let copy = place.repo().join(copy).canonicalize().expect("it was made");
        let prompt = steps(number).join("\n");
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("{{worktree}}", copy.to_str().expect("UTF-8")))
            .map(|word| word.replace("{{prompt}}", &prompt))
            .collect();
        let mut command = place.command(&words[0], &words[1..]);
        command.current_dir(&copy).envs(preset.env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        started.push((number, copy, command, prompt));
    }
    let begun = Instant::now();
    let mut children = Vec::new();
    for (number, copy, mut command, prompt) in started {
        let mut child = command.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut input, prompt.as_bytes()).expect("it reads");
        children.push((number, copy, child));
    }
    let mut made = Vec::new();
    for (number, copy, mut child) in children {
        child.wait().expect("it ends");
        made.push(copy.join(format!("m{number}/new.txt")));
    }
    let whole = begun.elapsed();
    assert!(made.iter().all(|file| file.is_file()), "each agent made its file");
    whole
}

/// Those of these that are installed.
fn installed(names: &[&'static str]) -> Vec<(Way, PathBuf)> {
    let ways = names.iter().map(|name| Way::of(name));
    let (found, missing): (Vec<_>, Vec<_>) =
        ways.map(|way| (way, way.installed())).partition(|(_, folder)| folder.is_some());
    for (way, _) in missing {
        println!("left out: {}", way.name);
    }
    found.into_iter().filter_map(|(way, folder)| Some((way, folder?))).collect()
}

fn main() {
    let port = model::start();
    let mixed = installed(&MIXED);
    assert!(!mixed.is_empty(), "no agent is installed: nothing was measured");
    let (whole, slowest) = by_run(port, &mixed);
    let overhead = whole.as_secs_f64() / slowest.as_secs_f64() - 1.0;
    println!(
        "{} agents, two transports: {:.1} s, the slowest {:.1} s, {:.1} % more",
        mixed.len(),
        whole.as_secs_f64(),
        slowest.as_secs_f64(),
        overhead * 100.0
    );
    let commands = installed(&BY_HAND);
    if !commands.is_empty() {
        let bare = by_hand(port, &commands);
        let (whole, slowest) = by_run(port, &commands);
        println!(
            "{} agents, as commands: {:.1} s, the slowest {:.1} s, started by hand {:.1} s, {:.2} x",
            commands.len(),
            whole.as_secs_f64(),
            slowest.as_secs_f64(),
            bare.as_secs_f64(),
            whole.as_secs_f64() / bare.as_secs_f64()
        );
    }
    assert!(overhead < OVERHEAD, "the overhead is {:.1} %", overhead * 100.0);
}
