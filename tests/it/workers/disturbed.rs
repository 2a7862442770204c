//! A run that is stopped, interrupted or killed while workers are at work.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{ap, entries, phase, team, tip};
use crate::support::Repo;

/// Waits until something is so.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited for: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A run in the background whose workers wait for a file.
fn waiting() -> (Repo, std::process::Child) {
    let script = "touch $TMPDIR/here; [ -e $HOME/go ] || sleep 60";
    let repo = team(script, "max_concurrent = 2", "", "");
    let mut command = repo.ap(["run", "--yes"]).command();
    command.env("TMPDIR", repo.beside("tmp")).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    until("both workers", || workers(&repo) == 2);
    (repo, child)
}

/// How many workers have begun.
fn workers(repo: &Repo) -> usize {
    let tmp = repo.beside("tmp");
    entries(&tmp).iter().filter(|name| tmp.join(name).join("here").exists()).count()
}

fn goes_on(repo: &Repo) {
    std::fs::write(repo.beside("home").join("go"), "").expect("writable");
    ap(repo, &["run"]).exits(0);
    assert_eq!(repo.git(["show", &format!("{}:docs/c.md", tip())]), "three");
    let retries = repo.ap(["status", "--format", "json"]).exits(0).json();
    let objectives = retries["objectives"].as_array().expect("a list");
    assert!(objectives.iter().all(|o| o["retries"] == 0), "an interruption costs no try");
    assert_eq!(sleepers(repo.root()), 0);
}

/// Processes that a worker of this repository started and that are left.
pub(super) fn sleepers(root: &Path) -> usize {
    let home = root.parent().expect("a parent").to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").expect("a proc").flatten();
    let ours = processes.filter(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let text = String::from_utf8_lossy(&environment).into_owned();
        text.contains("AP_RUN=") && text.contains(&home)
    });
    ours.count()
}

pub(super) fn signal(child: &std::process::Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill is there").success());
}

#[test]
fn stop_from_another_terminal_ends_the_run_and_the_next_goes_on() {
    let (repo, child) = waiting();
    repo.ap(["stop"]).exits(0).answers_with("stopped: T1, T2");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(phase(&repo, "T1").0, "working");
    assert_eq!(sleepers(repo.root()), 0);
    repo.ap(["stop"]).exits(0).answers_with("no worker is at work");
    goes_on(&repo);
}

#[test]
fn ctrl_c_ends_the_workers_and_the_next_run_goes_on() {
    let (repo, mut child) = waiting();
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(sleepers(repo.root()), 0);
    assert_eq!(entries(&repo.beside("tmp")), Vec::<String>::new(), "temporary files are gone");
    goes_on(&repo);
}

#[test]
fn workers_of_a_run_that_was_killed_are_ended_by_the_next() {
    let (repo, mut child) = waiting();
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    goes_on(&repo);
}

#[test]
fn clean_removes_what_a_killed_run_has_left() {
    let (repo, mut child) = waiting();
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    repo.ap(["stop"]).exits(0);
    assert_eq!(workers(&repo), 2);
    for objective in ["T1", "T2", "T3"] {
        repo.ap(["drop", objective]).exits(0);
    }
    ap(&repo, &["clean", "add-jwt"]).exits(0);
    let left = entries(&repo.beside("tmp"));
    assert!(left.iter().all(|name| !name.starts_with("git-ap-")), "{left:?}");
    assert_eq!(sleepers(repo.root()), 0);
}

/// Events come faster than they are told: everything else is still seen.
#[test]
fn a_worker_that_never_stops_talking_keeps_nobody_waiting() {
    for ctrl_c in [false, true] {
        let flood = "[ -e $HOME/go ] || [ $AP_OBJECTIVE != T1 ] || \
                     yes 'PROGRESS: 10% - and on and on'";
        let repo = team(flood, "max_concurrent = 2", "", "");
        let mut command = repo.ap(["run", "--yes", "--format", "json"]).command();
        command.env("TMPDIR", repo.beside("tmp")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        until("the other one", || phase(&repo, "T2").0 == "accepted");
        if ctrl_c {
            signal(&child, "-INT");
        } else {
            ap(&repo, &["stop", "T1"]).exits(0);
        }
        until("its end", || child.try_wait().expect("it can be asked").is_some());
        goes_on(&repo);
    }
}

#[test]
fn an_objective_that_is_dropped_elsewhere_ends_its_worker() {
    let (repo, child) = waiting();
    repo.ap(["drop", "T2"]).exits(0);
    until("the worker of T2 is gone", || {
        phase(&repo, "T2").0 == "dropped" && sleepers(repo.root()) < 3
    });
    repo.ap(["stop"]).exits(0);
    drop(child.wait_with_output());
    assert_eq!(phase(&repo, "T2").0, "dropped");
}

/// A run whose first worker has done half of its work, and something that git ignores.
fn half_done(config: &str) -> (Repo, std::process::Child) {
    let script = "[ -e $HOME/enough ] && exit 0; \
                  if [ $AP_OBJECTIVE = T1 ] && [ ! -e $HOME/go ]; then echo half > src/auth/half.rs; \
                  rm src/auth/login.rs; echo x > src/auth/x.tmp; touch $TMPDIR/half; sleep 60; fi";
    let repo = team(script, "", config, "");
    let mut command = repo.ap(["run", "--yes", "--objective", "T1"]).command();
    command.env("TMPDIR", repo.beside("tmp")).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let tmp = repo.beside("tmp");
    until("half of the work", || entries(&tmp).iter().any(|n| tmp.join(n).join("half").exists()));
    (repo, child)
}

fn branch(repo: &Repo) -> String {
    repo.git(["log", "--format=%s", &format!("main..ap/{}/T1", crate::session::ID)])
}

#[test]
fn half_done_work_is_committed_and_becomes_a_part_of_the_whole() {
    for name in ["-INT", "-KILL"] {
        let (repo, mut child) = half_done("");
        signal(&child, name);
        child.wait().expect("it ends");
        if name == "-KILL" {
            repo.ap(["stop"]).exits(0);
        }
        let commits = branch(&repo);
        assert!(commits.starts_with("chore(ap): checkpoint of T1\n"), "{name}: {commits}");
        let place = crate::session::place(&repo, "T1");
        assert_eq!(repo.git_at(&place, ["status", "--porcelain"]).exits(0).stdout(), "");
        let tree =
            repo.git(["ls-tree", "-r", "--name-only", &format!("ap/{}/T1", crate::session::ID)]);
        assert!(tree.contains("src/auth/half.rs") && !tree.contains("login.rs"), "{tree}");
        // It is there whatever becomes of the worktree, and one commit is what is left of it all.
        if name == "-INT" {
            std::fs::remove_dir_all(&place).expect("removable");
        }
        std::fs::write(repo.beside("home").join("go"), "").expect("writable");
        ap(&repo, &["run", "--objective", "T1"]).exits(0);
        let commits = branch(&repo);
        assert!(!commits.contains("checkpoint"), "{commits}");
        let commit = format!("ap/{}/T1", crate::session::ID);
        let tree = repo.git(["ls-tree", "-r", "--name-only", &commit]);
        assert!(tree.contains("src/auth/half.rs") && tree.contains("src/auth/a.rs"), "{tree}");
        let body = repo.git(["log", "-1", "--format=%B", &commit]);
        assert!(body.contains("AP-Objective: add-jwt/T1\nCo-authored-by: Script"), "{body}");
    }
}

#[test]
fn half_done_work_to_which_nothing_is_added_is_the_whole() {
    let (repo, mut child) = half_done("");
    signal(&child, "-INT");
    child.wait().expect("it ends");
    assert!(branch(&repo).starts_with("chore(ap): checkpoint of T1\n"));
    std::fs::write(repo.beside("home").join("enough"), "").expect("writable");
    let run = ap(&repo, &["run", "--objective", "T1"]).exits(0);
    assert!(!run.stderr().contains("changed nothing"), "{}", run.stderr());
    let commits = branch(&repo);
    assert!(!commits.contains("checkpoint"), "{commits}");
    let branch = format!("ap/{}/T1", crate::session::ID);
    let tree = repo.git(["ls-tree", "-r", "--name-only", &branch]);
    assert!(tree.contains("src/auth/half.rs") && !tree.contains("login.rs"), "{tree}");
}

#[test]
fn what_is_out_of_scope_is_in_no_checkpoint() {
    let script = "if [ $AP_OBJECTIVE = T1 ]; then echo half > src/auth/half.rs; \
                  echo x > README.md; git add README.md; touch $TMPDIR/half; sleep 60; fi";
    let repo = team(script, "", "[run]\nsandbox = \"off\"\n", "");
    ap(&repo, &["run", "--yes", "--objective", "T1"]).exits(4);
    let place = crate::session::place(&repo, "T1");
    let left = repo.git_at(&place, ["status", "--porcelain"]).exits(0).stdout();
    assert!(left.contains("README.md"), "{left}");
    assert!(!branch(&repo).contains("checkpoint"), "it is out of scope, and stays as it is");
}

#[test]
fn a_checkpoint_that_cannot_be_committed_loses_nothing() {
    let (repo, mut child) = half_done("");
    repo.git(["config", "commit.gpgSign", "true"]);
    repo.git(["config", "gpg.program", "/bin/false"]);
    signal(&child, "-INT");
    let mut said = String::new();
    let pipe = child.stderr.as_mut().expect("a pipe");
    std::io::Read::read_to_string(pipe, &mut said).expect("readable");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(said.contains("T1: what was done so far stays uncommitted in its worktree"), "{said}");
    let place = crate::session::place(&repo, "T1");
    assert!(place.join("src/auth/half.rs").exists());
    repo.git(["config", "commit.gpgSign", "false"]);
    std::fs::write(repo.beside("home").join("go"), "").expect("writable");
    ap(&repo, &["run", "--objective", "T1"]).exits(0);
}
