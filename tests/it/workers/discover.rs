//! `git ap worker discover`: workers are asked what they can do, well-behaved ones and others,
//! and what is proposed is written into the team on consent alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

use super::peer::PLAY;
use super::spoken::{no_secret_is_left, nobody_is_left};
use super::{ap, entries, remote};
use crate::session::planned_with;
use crate::support::{Repo, Run};

const TEAM: &str = ".ap/team.toml";

/// The entry of a peer of this protocol that plays a part.
fn entry(id: &str, protocol: &str, part: &str, rows: &str) -> String {
    let own = std::env::current_exe().expect("it has a file");
    let words: Vec<String> = std::iter::once(own.to_str().expect("UTF-8"))
        .chain(PLAY)
        .map(|word| format!("{word:?}"))
        .collect();
    format!(
        "\n[[worker]] # {part}\nid = {id:?}\ntransport = {protocol:?}\ncommand = [{}]\n\
         env = {{ PEER = {protocol:?}, PART = {part:?}, TOKEN = \"${{TOKEN}}\" }}\n{rows}",
        words.join(", ")
    )
}

fn staffed(sandbox: &str, entries: &[String]) -> Repo {
    let repo = planned_with("", &format!("[run]\nsandbox = \"{sandbox}\"\n"));
    repo.write(TEAM, format!("# who works here\nschema = 1\n{}# the end\n", entries.concat()));
    std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
    repo
}

fn discover<'r>(repo: &'r Repo, arguments: &[&str]) -> Run<'r> {
    let words: Vec<&str> = ["worker", "discover"].into_iter().chain(arguments.to_vec()).collect();
    let run = ap(repo, &words).env("TOKEN", "canary-given").env("SECRET", "canary-kept");
    run.env("http_proxy", "http://127.0.0.1:9")
}

fn json(repo: &Repo, code: i32, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    discover(repo, &arguments).exits(code).json()
}

/// The row of a worker.
fn row<'j>(json: &'j Value, id: &str) -> &'j Value {
    let rows = json["workers"].as_array().expect("a list");
    rows.iter().find(|row| row["id"] == id).expect("it is there")
}

#[test]
fn servers_of_both_eras_and_agents_are_asked_and_the_team_is_written() {
    for sandbox in ["off", "scope"] {
        let (url, _) = remote::server("good");
        let far = format!("\n[[worker]]\nid = \"far\"\ntransport = \"mcp\"\nurl = {url:?}\n");
        let repo = staffed(
            sandbox,
            &[
                entry("old", "mcp", "good", "capabilities = [\n  \"go\", # mine\n]\n"),
                entry("new", "mcp", "modern", ""),
                entry("agent", "acp", "tells", ""),
                far,
            ],
        );
        ap(&repo, &["worker", "list"])
            .env("TOKEN", "canary-given")
            .exits(0)
            .answers_with("no tool takes an objective: `git ap worker discover old`");
        let before = repo.read(TEAM);
        let looked = json(&repo, 0, &["--dry-run"]);
        assert_eq!(repo.read(TEAM), before, "a dry run writes nothing");
        assert_eq!(row(&looked, "old")["told"]["protocol"], "MCP 2025-11-25");
        assert_eq!(row(&looked, "new")["told"]["protocol"], "MCP 2026-07-28");
        assert_eq!(row(&looked, "far")["told"]["name"], "far");
        let agent = row(&looked, "agent");
        assert_eq!(agent["told"]["modes"][0]["name"], "fix");
        assert_eq!(agent["told"]["commands"].as_array().map(Vec::len), Some(1));
        assert_eq!(agent["told"]["left_out"], 1, "a name that cannot be shown is none");
        assert_eq!(
            agent["proposed"]["capabilities"][0]["why"],
            "mode `fix`: \"Fixes bugs in Rust.\""
        );
        let tool = &row(&looked, "old")["told"]["tools"][0];
        assert_eq!(
            (&tool["name"], &tool["properties"][0]["required"]),
            (&"work".into(), &true.into())
        );

        let done = json(&repo, 0, &["--yes"]);
        let after = repo.read(TEAM);
        let called = "tool = \"work\"\n\
                      arguments = { prompt = \"{{prompt}}\", worktree = \"{{worktree}}\" }\n";
        assert_eq!(after.matches(called).count(), 3, "{after}");
        let capable = "capabilities = [\n  \"go\", # mine\n  \"rust\",\n  \"refactor\",\n]\n";
        for kept in ["# who works here\n", "# the end\n", "[[worker]] # modern\n", capable] {
            assert!(after.contains(kept), "{after}");
        }
        // The difference is one that git takes.
        let difference = done["difference"].as_str().expect("a text");
        let copy = repo.beside("copy");
        std::fs::create_dir_all(copy.join(".ap")).expect("writable");
        std::fs::write(copy.join(TEAM), &before).expect("writable");
        let mut patch = std::process::Command::new("git");
        patch.args(["apply", "-"]).current_dir(&copy).stdin(Stdio::piped());
        let mut patch = patch.spawn().expect("git is there");
        let mut input = patch.stdin.take().expect("a pipe");
        input.write_all(difference.as_bytes()).expect("it reads");
        drop(input);
        assert!(patch.wait().expect("it ends").success(), "{difference}");
        assert_eq!(std::fs::read_to_string(copy.join(TEAM)).expect("there"), after);
        std::fs::remove_dir_all(&copy).expect("removable");
        // What was there is kept.
        let backup = done["backup"].as_str().expect("a name");
        assert_eq!(repo.git(["show", &format!("{backup}:{TEAM}")]), before.trim_end());

        ap(&repo, &["worker", "list"]).exits(0);
        discover(&repo, &["--yes"]).exits(0).answers_with("nothing to change");
        assert_eq!(repo.read(TEAM), after);
        no_secret_is_left(&repo, &format!("{looked}{done}"));
        nobody_is_left(&repo);
        assert_eq!(entries(&repo.beside("tmp")), [""; 0]);
    }
}

#[test]
fn one_that_does_not_keep_to_it_holds_nobody_up() {
    let parts = ["silent", "hangs", "dies", "oversized", "wrong"];
    let bad = parts.map(|part| entry(part, "mcp", part, ""));
    let mut team: Vec<String> = bad.into_iter().collect();
    team.push(entry("mute", "acp", "silent", ""));
    team.push(entry("login", "acp", "login", ""));
    team.push(entry("floods", "mcp", "floods", ""));
    team.push(entry("endless", "mcp", "endless", ""));
    team.push(entry("good", "mcp", "good", ""));
    let mut odd = String::new();
    odd += "[[worker]]\nid = \"absent\"\ncommand = [\"no-such-agent\"]\n";
    odd += "[[worker]]\nid = \"lacking\"\ncommand = [\"sh\"]\nenv = { KEY = \"${NO_SUCH_KEY}\" }\n";
    odd += "[[worker]]\nid = \"off\"\ncommand = [\"sh\"]\nenabled = false\n";
    odd += "[[worker]]\nid = \"ann\"\ntransport = \"human\"\n";
    writeln!(odd, "[[worker]]\nid = \"far\"\ntransport = \"mcp\"\nurl = \"http://127.0.0.1:9/\"")
        .expect("writing to a string cannot fail");
    team.push(odd);
    let repo = staffed("auto", &team);
    let begun = Instant::now();
    let json = json(&repo, 6, &["--dry-run", "--timeout", "8"]);
    assert!(begun.elapsed().as_secs() < 60, "they are asked beside each other");
    for (id, why) in [
        ("silent", "it did not answer in 8 s"),
        ("hangs", "it did not answer in 8 s"),
        ("mute", "it did not answer in 8 s"),
        ("dies", "it ended before it answered"),
        ("oversized", "it sent a message of more than 8 MiB"),
        ("wrong", "it "),
        ("login", "somebody has to log in first"),
        ("absent", "`no-such-agent` is not found"),
        ("lacking", "needs `NO_SUCH_KEY`"),
        ("off", "not enabled"),
        ("ann", "it is a person"),
        ("far", "it could not be spoken to"),
    ] {
        let said = row(&json, id)["why_not"].as_str().unwrap_or_default();
        assert!(said.contains(why), "{id}: {said}");
    }
    assert_eq!(row(&json, "good")["proposed"]["tool"]["tool"], "work");
    assert_eq!(row(&json, "floods")["proposed"]["tool"]["tool"], "work");
    let endless = row(&json, "endless");
    assert_eq!(endless["told"]["tools"].as_array().map(Vec::len), Some(200));
    assert!(endless["findings"][0].as_str().is_some_and(|f| f.starts_with("several of its tools")));
    nobody_is_left(&repo);
    assert_eq!(entries(&repo.beside("tmp")), [""; 0]);
    no_secret_is_left(&repo, &json.to_string());
    discover(&repo, &["absent"]).exits(6).answers_with("`no-such-agent` is not found");
    discover(&repo, &["ann"]).exits(0).answers_with("it is a person");
    discover(&repo, &["nobody"]).refused().says("there is no worker `nobody`");
}

#[test]
fn what_is_said_never_becomes_structure_nor_moves_the_cursor() {
    let repo = staffed("auto", &[entry("odd", "mcp", "hostile", "")]);
    let done = discover(&repo, &["--yes"]).exits(0);
    let said = done.stdout() + &done.stderr();
    assert!(!said.contains('\x1b') && !said.contains('\x07'), "{said:?}");
    assert!(said.contains("1 more, or without a usable name, left out"), "{said}");
    let json = ap(&repo, &["worker", "list", "--format", "json"]).exits(0).json();
    assert_eq!(json["workers"].as_array().map(Vec::len), Some(1), "{}", repo.read(TEAM));
    assert_eq!(json["workers"][0]["capabilities"], serde_json::json!(["bug"]));
    assert!(repo.read(TEAM).contains("tool = 'quote\"] # [[worker]]'"), "{}", repo.read(TEAM));
}

#[test]
fn nothing_is_written_without_a_yes_or_where_it_cannot_be() {
    let repo = staffed("auto", &[entry("good", "mcp", "good", "")]);
    let before = repo.read(TEAM);
    let refused = discover(&repo, &[]).exits(1);
    refused.says("git ap worker discover --yes");
    assert_eq!(discover(&repo, &[]).exits(1).stdout().matches("+tool = \"work\"").count(), 1);
    assert_eq!(repo.read(TEAM), before);
    assert_eq!(repo.git(["for-each-ref", "refs/ap/backup"]), "");
    // A step that fails leaves the old file whole.
    let failed = discover(&repo, &["--yes"]).env("GIT_AP_FAILPOINT", "rename-file=fail").ends();
    assert_ne!(failed.code(), 0);
    assert_eq!(repo.read(TEAM), before);
    // Somebody writes while the worker is asked.
    let file = repo.root().join(TEAM);
    let slow =
        "command = [\"sh\", \"-c\", \"echo '# mine' >> \\\"$AT\\\"; exec \\\"$0\\\" \\\"$@\\\"\", ";
    let text = before.replace("command = [", slow);
    let text =
        text.replace("env = { ", &format!("env = {{ AT = {:?}, ", file.to_str().expect("UTF-8")));
    repo.write(".ap/config.toml", "schema = 1\n[run]\nsandbox = \"off\"\n");
    repo.write(TEAM, &text);
    discover(&repo, &["--yes"]).exits(1).says("was changed meanwhile: nothing was written");
    assert_eq!(repo.read(TEAM), format!("{text}# mine\n"));
    // A link leads to somebody else's file.
    let other = repo.beside("team.toml");
    std::fs::write(&other, &before).expect("writable");
    std::fs::remove_file(&file).expect("removable");
    std::os::unix::fs::symlink(&other, &file).expect("linked");
    discover(&repo, &["--yes"]).exits(1).says("is a link: nothing was written");
    assert_eq!(std::fs::read_to_string(&other).expect("there"), before);
}

#[test]
fn in_the_sandbox_a_worker_that_is_asked_writes_nothing_of_the_project() {
    for (sandbox, expected) in [("scope", false), ("off", true)] {
        let repo = staffed(sandbox, &[entry("good", "mcp", "good", "")]);
        let outside = repo.root().join("outside");
        let words = "command = [\"sh\", \"-c\", \"pwd > here; echo x > \\\"$AT\\\"; exec \\\"$0\\\" \\\"$@\\\"\", ";
        let at = format!("env = {{ AT = {:?}, ", outside.to_str().expect("UTF-8"));
        let text = repo.read(TEAM).replace("command = [", words).replace("env = { ", &at);
        repo.write(TEAM, text);
        discover(&repo, &["good", "--dry-run"]).exits(0).answers_with("proposed: `tool` work");
        assert_eq!(outside.exists(), expected, "{sandbox}");
        assert!(!repo.root().join("here").exists(), "it is in a directory of its own");
        discover(&repo, &["good"]).exits(1).says("git ap worker discover good --yes");
    }
}

#[test]
fn a_tool_that_is_not_there_is_found_and_stays() {
    let rows = "tool = \"wrok\"\narguments = { prompt = \"{{prompt}}\" }\n\
                capabilities = [\"rust\", \"refactor\"]\n";
    let repo = staffed("auto", &[entry("odd", "mcp", "good", rows)]);
    let before = repo.read(TEAM);
    let said = discover(&repo, &["--yes"]).exits(6);
    let said = said
        .answers_with("it has no tool `wrok`, which takes its objectives; did you mean `work`?");
    said.answers_with("nothing to change");
    assert_eq!(repo.read(TEAM), before);
}
