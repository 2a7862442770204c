//! Workers of a session in the sandbox.

use super::possible;
use crate::session::{ID, planned_with};
use crate::support::{Repo, Run};

/// `git ap run` with a directory for temporary files that goes with the test.
fn run<'r>(repo: &'r Repo, more: &[&str]) -> Run<'r> {
    let temporary = repo.beside("temporary");
    std::fs::create_dir(&temporary).expect("writable");
    let arguments = ["run", "--yes"].iter().chain(more);
    repo.ap(arguments).env("TMPDIR", temporary.to_str().expect("text"))
}

/// A session with one worker, who writes into the scope of its objective, and beside it.
fn scene(config: &str) -> Repo {
    let repo = planned_with("", config);
    let script = "case $AP_OBJECTIVE in T1) d=src/auth;; T2) d=src/web;; T3) d=docs;; esac\n\
        echo \"$AP_OBJECTIVE\" > $d/new.rs; echo x > README.md\n\
        echo \"$TMPDIR\" >> \"$HOME/../places\" || echo \"$TMPDIR\" > $d/place\n\
        git config user.name x; rm \"$HOME/../repo/README.md\"; true\n";
    let file = repo.beside("worker.sh");
    std::fs::write(&file, script).expect("writable");
    let team = format!(
        "schema = 1\n[[worker]]\nid = \"w\"\ncommand = [\"sh\", \"{}\"]\nmax_concurrent = 4\n",
        file.display()
    );
    repo.write(".ap/team.toml", team);
    repo
}

#[test]
fn run_keeps_its_workers_in() {
    if !possible("run_keeps_its_workers_in") {
        return;
    }
    let repo = scene("");
    let done = run(&repo, &[]).exits(0);
    done.says("T1 is with w").says("; writes are kept to 3 directories and 1 file by Landlock ABI");
    let files = repo.git(["ls-tree", "-r", "--name-only", &format!("ap/{ID}/integration")]);
    for file in ["src/auth/new.rs", "src/web/new.rs", "docs/new.rs"] {
        assert!(files.lines().any(|line| line == file), "{file}: {files}");
    }
    let readme = repo.git(["show", &format!("ap/{ID}/integration:README.md")]);
    assert_eq!((readme.as_str(), repo.read("README.md").as_str()), ("readme", "readme\n"));
    assert!(!repo.beside("places").exists());
    let place = repo.git(["show", &format!("ap/{ID}/integration:src/auth/place")]);
    assert!(place.contains("/temporary/git-ap-"), "{place}");
    assert_eq!(std::fs::read_dir(repo.beside("temporary")).expect("there").count(), 0);
}

#[test]
fn without_it_the_same_workers_do_what_they_like() {
    let repo = scene("[run]\nsandbox = \"off\"\n");
    let done = run(&repo, &[]).refused();
    done.says("; nothing keeps writes to the scope: `[run] sandbox` is off");
    assert!(repo.beside("places").exists() && !repo.root().join("README.md").exists());
}

#[test]
fn a_link_that_a_worker_replaced_is_put_back() {
    if !possible("a_link_that_a_worker_replaced_is_put_back") {
        return;
    }
    let repo = scene("");
    let script = "echo \"$AP_OBJECTIVE\" > README.md; echo 'gitdir: /nowhere' > .git\n";
    std::fs::write(repo.beside("worker.sh"), script).expect("writable");
    let plan = "schema = 1\nid = \"20251008-104131-root\"\nrequest = \"x\"\ntype = \"feature\"\n\
        [[objective]]\nid = \"T1\"\ntitle = \"Readme\"\ntouch = [\"README.md\"]\n";
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
    let done = run(&repo, &["root"]).exits(0);
    done.says("all of the worktree among them").says("T1: its link to the repository was put back");
    let readme = repo.git(["show", "ap/20251008-104131-root/integration:README.md"]);
    assert_eq!(readme, "T1");
}
