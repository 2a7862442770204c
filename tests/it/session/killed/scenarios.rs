//! The commands, each with a repository in which it has much to do.

use std::path::PathBuf;

use super::Story;
use crate::session::{ID, finish, place, planned, planned_with, write};
use crate::support::Repo;

/// Two objectives at work, with one gate for the wave.
fn at_work(more: &str, config: &str) -> Repo {
    let repo = planned_with(more, config);
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

/// A wave that can be merged.
fn accepted(more: &str, config: &str) -> Repo {
    let repo = at_work(more, config);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo
}

/// Everything is merged.
fn merged() -> Repo {
    let repo = planned();
    repo.ap(["run", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/login.rs", "theirs\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    finish(&repo, "T3", "docs/c.md", "c\n");
    repo
}

/// The target says something else than the session.
fn conflicting() -> Repo {
    let repo = merged();
    repo.write("src/auth/login.rs", "ours\n");
    repo.git(["commit", "-q", "--no-verify", "-am", "ours"]);
    repo
}

/// The place where the conflict is resolved.
fn stopped(repo: &Repo) -> PathBuf {
    repo.ap(["sync"]).exits(1);
    PathBuf::from(repo.ap(["path", "sync"]).exits(0).stdout().trim_end())
}

#[test]
fn approve() {
    let repo = planned_with("", "[gates]\nwave = [\"true\"]\n");
    Story::new(repo, &["approve"], 0).survives();
}

#[test]
fn start_with_what_is_brought_and_a_set_up() {
    let config = "[worktree]\ncopy = [\"local.env\"]\nlink = [\"cache/\"]\nsetup = [\"echo made > made.tmp\"]\n";
    let repo = planned_with("", config);
    repo.write("local.env", "secret\n");
    repo.write("cache/big", "big\n");
    Story::new(repo, &["start", "--yes"], 0).survives();
}

#[test]
fn start_with_a_gate_that_is_red_before() {
    let repo = planned_with("", "[gates]\nwave = [\"true\", \"echo no; false\"]\n");
    Story::new(repo, &["start", "--yes"], 0).survives();
}

#[test]
fn done_with_a_commit_and_gates() {
    let repo = at_work("", "[gates]\nobjective = [\"test -e src/auth/new.rs\"]\n");
    write(&repo, "T1", "src/auth/new.rs", "new\n");
    write(&repo, "T1", "src/auth/login.rs", "changed\n");
    Story::new(repo, &["done", "T1", "--commit", "-m", "feat: new"], 0).survives();
}

#[test]
fn done_with_a_red_gate() {
    let repo = at_work("", "[gates]\nobjective = [\"false\"]\n");
    write(&repo, "T1", "src/auth/new.rs", "new\n");
    Story::new(repo, &["done", "T1", "--commit"], 5).survives();
}

#[test]
fn done_out_of_scope() {
    let repo = at_work("", "");
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/web/mine.rs", "mine\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-q", "--no-verify", "-m", "mine"]).exits(0);
    Story::new(repo, &["done", "T1"], 4).survives();
}

#[test]
fn done_of_the_last_one_merges_and_starts_the_next_wave() {
    let repo = planned();
    repo.ap(["run", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    write(&repo, "T2", "src/web/b.rs", "b\n");
    Story::new(repo, &["done", "T2", "--commit"], 0).survives();
}

#[test]
fn merge_with_gates_and_shared_and_derived_files() {
    let derived = "\n[[derived]]\npaths = [\"count.txt\"]\ncommand = \"cat src/lib.rs | wc -l | tr -d ' ' > count.txt\"\n";
    let repo = at_work(derived, "[gates]\nwave = [\"test -e src/lib.rs\"]\n");
    finish(&repo, "T1", "src/lib.rs", "mod main;\nmod auth;\n");
    finish(&repo, "T2", "src/lib.rs", "mod main;\nmod web;\n");
    // Given again after it was merged, it speaks of the wave that comes next.
    Story::new(repo, &["merge"], 0).or_again(&[6]).survives();
}

#[test]
fn merge_with_a_red_gate() {
    let repo = accepted("", "[gates]\nwave = [\"test ! -e src/web/b.rs\"]\n");
    Story::new(repo, &["merge"], 5).survives();
}

#[test]
fn merge_after_a_red_gate() {
    let repo = accepted("", "[gates]\nwave = [\"test ! -e src/web/b.rs\"]\n");
    repo.ap(["merge"]).exits(5);
    repo.ap(["retry", "T2"]).exits(0);
    std::fs::remove_file(place(&repo, "T2").join("src/web/b.rs")).expect("removable");
    finish(&repo, "T2", "src/web/good.rs", "good\n");
    Story::new(repo, &["merge"], 0).or_again(&[6]).survives();
}

#[test]
fn merge_without_one_on_which_others_depend() {
    let repo = at_work("", "");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    Story::new(repo, &["merge", "--without", "T1"], 0).or_again(&[1]).survives();
}

#[test]
fn undo() {
    let repo = accepted("", "");
    repo.ap(["merge"]).exits(0);
    Story::new(repo, &["undo"], 0).or_again(&[1]).survives();
}

#[test]
fn sync() {
    let repo = accepted("", "");
    repo.write("other.txt", "other\n");
    repo.commit("other");
    Story::new(repo, &["sync"], 0).survives();
}

#[test]
fn sync_that_conflicts() {
    Story::new(conflicting(), &["sync"], 1).survives();
}

#[test]
fn sync_that_goes_on() {
    let repo = conflicting();
    let place = stopped(&repo);
    std::fs::write(place.join("src/auth/login.rs"), "both\n").expect("writable");
    repo.git_at(&place, ["add", "-A"]).exits(0);
    Story::new(repo, &["sync", "--continue"], 0).survives();
}

#[test]
fn sync_that_is_given_up() {
    let repo = conflicting();
    let place = stopped(&repo);
    std::fs::write(place.join("src/auth/login.rs"), "half\n").expect("writable");
    Story::new(repo, &["sync", "--abort"], 0).survives();
}

/// An objective with work in every state that git knows.
fn with_work() -> Repo {
    let repo = at_work("", "");
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/committed.rs", "committed\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "mine"]).exits(0);
    write(&repo, "T1", "src/auth/staged.rs", "staged\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    write(&repo, "T1", "src/auth/login.rs", "changed\n");
    write(&repo, "T1", "anywhere/untracked.rs", "untracked\n");
    write(&repo, "T1", "ignored.tmp", "ignored\n");
    repo
}

#[test]
fn drop_with_uncommitted_work() {
    Story::new(with_work(), &["drop", "T1"], 0).survives();
}

#[test]
fn retry_afresh_with_uncommitted_work() {
    Story::new(with_work(), &["retry", "T1", "--afresh"], 0).survives();
}

#[test]
fn retry_of_a_dropped_one() {
    let repo = with_work();
    repo.ap(["drop", "T1"]).exits(0);
    Story::new(repo, &["retry", "T1"], 0).survives();
}

#[test]
fn fail() {
    Story::new(with_work(), &["fail", "T1", "-m", "no way"], 0).survives();
}

#[test]
fn land_with_its_record_over_untracked_and_edited_plan_files() {
    let repo = merged();
    let plan = format!(".ap/plans/{ID}/plan.toml");
    repo.write(&plan, format!("{}# edited\n", repo.read(&plan)));
    repo.write("README.md", "local\n");
    Story::new(repo, &["land"], 0).survives();
}

#[test]
fn land_on_a_target_that_moved() {
    let repo = merged();
    repo.write("other.txt", "other\n");
    repo.git(["add", "other.txt"]);
    repo.git(["commit", "-q", "-m", "other"]);
    Story::new(repo, &["land"], 0).survives();
}

/// A planned repository with a script as its only worker.
fn staffed(script: &str, config: &str) -> Repo {
    let repo = planned_with("", config);
    let path = repo.beside("home").join("worker.sh");
    std::fs::write(&path, script).expect("writable");
    let team = format!(
        "schema = 1\n[[worker]]\nid = \"script\"\ncommand = [\"sh\", {:?}]\n",
        path.to_str().expect("UTF-8")
    );
    repo.write(".ap/team.toml", team);
    repo
}

#[test]
fn run_with_workers() {
    let script = "case $AP_OBJECTIVE in\n T1) echo one > src/auth/a.rs;;\n \
                  T2) [ -e src/web/half ] || { echo half > src/web/half; exit 1; }; \
                  echo two > src/web/b.rs;;\n T3) echo three > docs/c.md;;\nesac\n";
    let repo = staffed(script, "[run]\njobs = 1\n[gates]\nwave = [\"true\"]\n");
    Story::new(repo, &["run", "--yes"], 0).survives();
}

#[test]
fn run_that_keeps_going() {
    let script = "case $AP_OBJECTIVE in\n T1) exit 3;;\n T2) echo two > src/web/b.rs;;\nesac\n";
    let repo = staffed(script, "[run]\njobs = 1\n");
    Story::new(repo, &["run", "--yes", "--keep-going"], 6).survives();
}

#[test]
fn land_as_one_commit() {
    Story::new(merged(), &["land", "--squash"], 0).survives();
}

#[test]
fn clean_with_what_nobody_merged() {
    let repo = merged();
    write(&repo, "T1", "src/auth/later.rs", "later\n");
    write(&repo, "T1", "x.tmp", "ignored\n");
    repo.ap(["land", "--squash"]).exits(0);
    Story::new(repo, &["clean"], 0).survives();
}

#[test]
fn a_request_that_moves_objectives() {
    let repo = at_work("", "");
    let command = ["scope", "request", "--objective", "T1", "src/web/app.rs"];
    Story::new(repo, &command, 6).survives();
}

#[test]
fn a_request_that_is_granted_at_once() {
    let repo = at_work("", "[scope]\ngrant = \"free\"\n");
    let command = ["scope", "request", "--objective", "T1", "README.md"];
    Story::new(repo, &command, 0).survives();
}

#[test]
fn scope_grant() {
    let repo = at_work("", "");
    repo.ap(["scope", "request", "--objective", "T1", "README.md"]).exits(6);
    Story::new(repo, &["scope", "grant", "T1"], 0).or_again(&[1]).survives();
}

#[test]
fn going_on_after_waiting() {
    let repo = at_work("", "");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.git_at(&place(&repo, "T1"), ["add", "-A"]).exits(0);
    repo.git_at(&place(&repo, "T1"), ["commit", "-qm", "mine"]).exits(0);
    repo.ap(["scope", "request", "--objective", "T1", "src/web/app.rs"]).exits(6);
    repo.ap(["scope", "grant", "T1"]).exits(0);
    finish(&repo, "T2", "src/web/app.rs", "theirs\n");
    repo.ap(["merge"]).exits(0);
    Story::new(repo, &["start"], 0).survives();
}

#[test]
fn adding_objectives_to_a_running_session() {
    let repo = at_work("", "");
    let more = "[[objective]]\nid = \"X\"\ntitle = \"x\"\ntouch = [\"x/\"]\ncreates = true\n";
    std::fs::write(repo.root().join("more.toml"), more).expect("writable");
    let command = ["plan", "--add", "--from", "more.toml", "--yes"];
    Story::new(repo, &command, 0).survives();
}
