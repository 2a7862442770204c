//! `status --watch`: the same from another terminal.

use std::process::Stdio;

use rustix::process::Signal;

use super::{at, go, waiting};
use crate::events::events;
use crate::workers::{ap, team};

#[test]
fn another_terminal_shows_the_same_until_it_has_landed() {
    let repo = waiting();
    ap(&repo, &["status", "--watch"]).refused().says("is not approved yet");
    repo.ap(["approve"]).exits(0);
    let mut run = ap(&repo, &["run", "--land"]).command();
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut watch = at(&repo, &["status", "--watch"], 100, &[("NO_COLOR", "1")]);
    let lines = watch.shows("T2  working    script  25% - reading \\u{1b}[2J");
    assert!(lines.iter().any(|line| line.starts_with("wave 1 of 2  ─")), "{lines:?}");
    go(&repo);
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    let (code, text) = watch.ends();
    assert_eq!(code, Some(0));
    assert!(text.contains("landed as") && !text.contains("wave 1 of 2"), "{text}");
}

#[test]
fn it_goes_on_when_the_run_is_killed_and_ends_with_ctrl_c() {
    let repo = waiting();
    repo.ap(["approve"]).exits(0);
    let mut run = ap(&repo, &["run"]).command();
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut watch = at(&repo, &["status", "--watch"], 100, &[]);
    watch.shows("T1  working    script  25%");
    run.kill().expect("it is there");
    run.wait().expect("it ends");
    watch.shows("T1  working    script  stopped: `git ap run` goes on with it");
    watch.signal(Signal::INT);
    let (code, text) = watch.ends();
    assert_eq!(code, Some(130));
    assert!(!text.contains("wave 1 of 2"), "{text}");
    go(&repo);
    ap(&repo, &["run"]).exits(0);
}

#[test]
fn programs_get_the_milestones_as_events_and_pipes_get_lines() {
    let repo =
        team("printf 'PROGRESS: 25%% - reading\\n'; sleep 0.6", "max_concurrent = 2", "", "");
    repo.ap(["approve"]).exits(0);
    let started = |arguments: &[&str]| {
        let mut command = ap(&repo, arguments).command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let stream = started(&["status", "--watch", "--format", "json"]);
    let plain = started(&["status", "--watch"]);
    ap(&repo, &["run", "--land"]).exits(0);
    let stream = stream.wait_with_output().expect("it ends");
    assert!(stream.status.success());
    let events = events(&repo, &String::from_utf8(stream.stdout).expect("UTF-8"));
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(
        [
            "plan_approved",
            "wave_start",
            "objective_start",
            "objective_complete",
            "worker_metrics",
            "wave_complete",
            "integration_complete",
            "session_landed"
        ]
        .map(of),
        [1, 2, 3, 3, 3, 2, 1, 1]
    );
    assert!(events.iter().any(|event| event["activity_type"] == "progress"), "{events:?}");
    let plain = plain.wait_with_output().expect("it ends");
    let said = String::from_utf8(plain.stdout).expect("UTF-8");
    assert!(said.contains("wave 1 of 2\nT1  planned\nT2  planned\n"), "{said}");
    assert!(said.contains("T1  working  script\n") && said.contains(": landed as "), "{said}");
    // After the end there is nothing to wait for.
    ap(&repo, &["status", "--watch"]).exits(0).answers_with("landed as");
}
