//! `git ap worker`: the team as it is, and one of it tried in a scratch repository.

use std::fmt::Write as _;
use std::path::Path;

use super::{ap, entries};
use crate::session::planned_with;
use crate::support::Repo;

/// Workers that do what is asked for, nothing, something else, and fail.
fn staffed(sandbox: &str) -> Repo {
    let repo = planned_with("", &format!("[run]\nsandbox = \"{sandbox}\"\n"));
    let hello = "mkdir -p notes; echo hello > notes/hello.txt";
    let mut text = "schema = 1\n".to_owned();
    for (id, does) in [
        ("good", format!("{hello}; echo Done, $LEFT_OUT and all.")),
        ("idle", "echo I looked at it.".to_owned()),
        ("astray", format!("{hello}; echo more >> README.md; sleep 20; echo Done.")),
        ("failing", "echo it went wrong >&2; exit 3".to_owned()),
    ] {
        writeln!(text, "[[worker]]\nid = \"{id}\"\ncommand = [\"sh\", \"-c\", {does:?}]")
            .expect("writing to a string cannot fail");
    }
    text += "[[worker]]\nid = \"absent\"\ncommand = [\"no-such-agent\", \"-p\"]\n\
             [[worker]]\nid = \"lacking\"\ncommand = [\"sh\"]\nenv = { KEY = \"${NO_SUCH_KEY}\" }\n\
             [[worker]]\nid = \"off\"\ncommand = [\"sh\"]\nenabled = false\n\
             [[worker]]\nid = \"ann\"\ntransport = \"human\"\n";
    repo.write(".ap/team.toml", text);
    std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
    repo
}

/// What worked, by name.
fn worked(json: &serde_json::Value) -> Vec<(String, bool)> {
    let checks = json["checks"].as_array().expect("a list").iter();
    let of = |check: &serde_json::Value| {
        let what = check["what"].as_str().expect("a name").to_owned();
        (what, check["worked"].as_bool().expect("yes or no"))
    };
    checks.map(of).collect()
}

#[test]
fn the_team_is_listed_with_what_is_in_the_way() {
    let repo = staffed("auto");
    let json = ap(&repo, &["worker", "list", "--format", "json"]).exits(0).json();
    let workers = json["workers"].as_array().expect("a list");
    let ready: Vec<(&str, bool)> = workers
        .iter()
        .map(|w| (w["id"].as_str().expect("an id"), w["ready"].as_bool().expect("yes or no")))
        .collect();
    let expected = ["good", "idle", "astray", "failing"].map(|id| (id, true));
    assert_eq!(ready[..4], expected);
    assert_eq!(ready[4..], ["absent", "lacking", "off", "ann"].map(|id| (id, false)));
    let shown = ap(&repo, &["worker", "list"]).exits(0);
    shown.answers_with("`no-such-agent` is not found");
    let shown = ap(&repo, &["worker", "list"]).exits(0);
    shown.answers_with("the worker lacking needs `NO_SUCH_KEY`, which is not set");
    ap(&repo, &["worker", "presets"]).exits(0).answers_with("codex exec --json");
}

#[test]
fn a_worker_is_tried_and_what_worked_is_said() {
    let repo = staffed("off");
    let all = |of: [bool; 5]| {
        let names = ["started", "answered", "edited", "stayed in scope", "ended"];
        names.map(str::to_owned).into_iter().zip(of).collect::<Vec<_>>()
    };
    for (id, code, expected) in [
        ("good", 0, [true, true, true, true, true]),
        ("idle", 6, [true, true, false, true, false]),
        ("astray", 6, [true, false, false, false, false]),
        ("failing", 6, [true, false, false, true, false]),
    ] {
        let run = ap(&repo, &["worker", "test", id, "--yes", "--format", "json"]).exits(code);
        let json = run.json();
        assert_eq!(worked(&json), all(expected), "{id}: {json}");
        let kept = json["kept"].as_str().map(Path::new);
        assert_eq!(kept.is_some_and(|kept| kept.join(".git").is_dir()), code != 0, "{id}: {json}");
        if let Some(kept) = kept.and_then(Path::parent) {
            std::fs::remove_dir_all(kept).expect("removable");
        }
    }
    assert_eq!(entries(&repo.beside("tmp")), [""; 0]);
    // Nothing of it is in the project.
    assert_eq!(repo.git(["for-each-ref", "refs/ap", "refs/heads/ap"]), "");
    assert_eq!(repo.git(["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
}

#[test]
fn nobody_is_started_who_was_not_agreed_to_or_cannot_work() {
    let repo = staffed("auto");
    let test = |id: &str, yes: bool| {
        let mut words = vec!["worker", "test", id];
        words.extend(yes.then_some("--yes"));
        ap(&repo, &words).ends()
    };
    assert_eq!(test("good", false).code(), 1);
    test("good", false).says("git ap worker test good --yes");
    test("absent", true).says("`no-such-agent` is not found");
    test("lacking", true).says("NO_SUCH_KEY");
    test("off", true).says("not enabled");
    test("ann", true).says("it is `human`");
    test("nobody", true).says("there is no worker `nobody`");
    assert_eq!(entries(&repo.beside("tmp")), [""; 0]);
}
