//! The owner's commands, as real processes: gates in their order, and nothing that outlives
//! them.

use std::path::Path;
use std::time::{Duration, Instant};

use git_ap::execute::gates::{self, Progress, Setting};
use git_ap::execute::process::{self, Line, Stops};

fn setting(folder: &Path, retries: u32) -> Setting {
    Setting {
        directory: folder.to_owned(),
        environment: vec![("AP_PORT_BASE".into(), "20100".into())],
        timeout: Duration::from_secs(30),
        retries,
        logs: folder.join("logs/wave-1"),
        commit: None,
        stops: Stops::BySignal,
    }
}

fn line(folder: &Path, command: &str) -> Line {
    Line {
        command: command.to_owned(),
        directory: folder.to_owned(),
        environment: Vec::new(),
        timeout: Duration::from_secs(30),
        log: Some(folder.join("log")),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// Whether a process is at work; one that nobody has waited for is not.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn they_run_in_order_until_one_is_red() {
    let folder = folder();
    let commands =
        texts(&["echo one; touch a", "test -f a && echo $AP_PORT_BASE; exit 7", "touch never"]);
    let mut told = Vec::new();
    let red = gates::check(&commands, &setting(folder.path(), 0), &mut |progress| {
        told.push(match progress {
            Progress::Begins(command) => format!("begins {command}"),
            Progress::Says(_, line) => format!("says {line}"),
            Progress::Ends(_, ended) => format!("ends {}", ended.is_green()),
            Progress::PutBack(_, paths) => format!("puts {} back", paths.len()),
        });
    });
    let red = red.expect("they run").expect("one is red");
    assert_eq!((red.command.as_str(), red.ended.code), (commands[1].as_str(), Some(7)));
    assert_eq!(red.ended.tail, ["20100"]);
    assert_eq!(std::fs::read_to_string(&red.log).expect("kept"), "20100\n");
    assert!(!folder.path().join("never").exists());
    let begins = |n: usize| format!("begins {}", commands[n]);
    let expected = [&begins(0), "says one", "ends true", &begins(1), "says 20100", "ends false"];
    assert_eq!(told, expected);
    let green = gates::check(&commands[..1], &setting(folder.path(), 0), &mut |_| {});
    assert_eq!(green.expect("they run"), None);
}

#[test]
fn a_red_one_is_tried_as_often_as_was_asked_for() {
    let folder = folder();
    let flaky = texts(&["echo x >> tries; test $(wc -l < tries) -ge 3"]);
    let tries =
        || std::fs::read_to_string(folder.path().join("tries")).expect("tried").lines().count();
    let run = |retries| gates::check(&flaky, &setting(folder.path(), retries), &mut |_| {});
    assert!(run(1).expect("they run").is_some());
    assert_eq!(tries(), 2);
    assert!(run(5).expect("they run").is_none(), "the third passes");
    assert_eq!(tries(), 3);
}

#[test]
fn one_that_takes_too_long_is_red_and_leaves_nothing() {
    let folder = folder();
    let stubborn = texts(&[
        "trap '' TERM; (trap '' TERM; sleep 60) & echo $! > child; echo $$ > own; wait; sleep 60",
    ]);
    let short = Setting { timeout: Duration::from_millis(300), ..setting(folder.path(), 0) };
    let begun = Instant::now();
    let red = gates::check(&stubborn, &short, &mut |_| {}).expect("it runs").expect("it is red");
    assert!(red.ended.timed_out && begun.elapsed() < Duration::from_secs(20), "{:?}", red.ended);
    assert!(red.ended.describe().contains("took longer"));
    for name in ["child", "own"] {
        let pid = std::fs::read_to_string(folder.path().join(name)).expect("it began");
        assert!(!lives(&pid), "{name}");
    }
}

/// A process that leaves the group keeps the pipe open and may go on writing into it.
#[test]
fn a_chatty_process_that_left_the_group_holds_nothing_up() {
    let folder = folder();
    let command = "setsid sh -c 'echo $$ > pid; n=0; while [ $n -lt 150 ]; do echo x; n=$((n+1)); sleep 0.2; done' & \
        while [ ! -s pid ]; do sleep 0.05; done; echo done";
    let begun = Instant::now();
    let ended = process::run(&line(folder.path(), command), |_| {}).expect("it runs");
    let took = begun.elapsed();
    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("it began");
    let killed = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(killed.is_ok_and(|k| k.success()), "it is out of reach (setsid(2))");
    assert!(ended.is_green() && took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn output_is_kept_whole_and_shown_line_by_line() {
    let folder = folder();
    let command = r"printf 'plain\r\nbad \377 byte\n'; seq 1 20000; printf 'no line feed'";
    let mut lines = 0;
    let ended = process::run(&line(folder.path(), command), |_| lines += 1).expect("it runs");
    assert_eq!((ended.code, lines), (Some(0), 20_003));
    assert_eq!(ended.tail.last().map(String::as_str), Some("no line feed"));
    assert_eq!(ended.tail.len(), 40);
    let log = std::fs::read(folder.path().join("log")).expect("kept");
    assert!(log.starts_with(b"plain\r\nbad \xff byte\n1\n2\n"), "byte for byte");
    assert!(log.ends_with(b"20000\nno line feed"));
}

#[test]
fn it_meets_neither_our_repository_nor_our_settings() {
    if std::env::var_os("GIT_AP_NOW").is_none() {
        // The variables of this process are what is inherited: ask another one.
        let done = std::process::Command::new(std::env::current_exe().expect("a program"))
            .args(["--exact", "gates::it_meets_neither_our_repository_nor_our_settings"])
            .env("GIT_DIR", "/elsewhere/.git")
            .env("GIT_INDEX_FILE", "/elsewhere/index")
            .env("CARGO_TARGET_DIR", "/elsewhere/target")
            .env("GIT_AP_NOW", "2025-01-01T00:00:00Z")
            .env("GIT_AP_FAILPOINT", "")
            .env("AP_OBJECTIVE", "somebody-elses")
            .env("KEPT", "1")
            .output()
            .expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"));
        return;
    }
    let folder = folder();
    let mut shown = Vec::new();
    let mut given = line(
        folder.path(),
        "env | grep -E '^(GIT_AP|GIT_DIR|GIT_INDEX|AP_|CARGO_TARGET|KEPT)'; pwd; cat",
    );
    given.environment = vec![("AP_PLAN".into(), "x".into())];
    process::run(&given, |text| shown.push(text.to_owned())).expect("it runs");
    shown.sort();
    let here = folder.path().canonicalize().expect("there").display().to_string();
    assert_eq!(shown, [here, "AP_PLAN=x".to_owned(), "KEPT=1".to_owned()]);
}

#[test]
fn a_directory_that_is_gone_is_named() {
    let gone = Path::new("/nonexistent/place");
    let error = process::run(&Line { log: None, ..line(gone, "true") }, |_| {});
    assert!(format!("{:#}", error.expect_err("it cannot run")).contains("/nonexistent/place"));
}
