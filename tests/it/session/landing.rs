//! Landing beside what is in the target's worktree, and landing again.

use super::{ID, finish, place, planned, write};
use crate::support::Repo;

/// A session of which only T1 is left, merged, that added this ignored file.
fn merged(path: &str) -> Repo {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", path, "theirs\n");
    repo.git_at(&one, ["add", "-f", path]).exits(0);
    finish(&repo, "T1", "src/auth/login.rs", "landed\n");
    for objective in ["T2", "T3"] {
        repo.ap(["drop", objective]).exits(0);
    }
    repo.ap(["merge"]).exits(0);
    repo
}

#[test]
fn an_ignored_file_is_not_overwritten() {
    let repo = merged("src/auth/x.tmp");
    repo.write("src/auth/x.tmp", "mine\n");
    let refused = repo.ap(["land"]).refused().says("files that git ignores").says("src/auth/x.tmp");
    let hint = refused.stderr();
    let words: Vec<&str> = hint.split("hint: mv ").nth(1).expect("a hint").split(' ').collect();
    std::fs::rename(words[0], words[1].trim_end()).expect("moved as the hint says");
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/auth/x.tmp"), "theirs\n");
    assert_eq!(repo.read("src/auth/x.tmp.kept"), "mine\n");
}

#[test]
fn an_ignored_directory_is_not_overwritten_by_a_file() {
    let repo = merged("src/auth/x.tmp");
    repo.write("src/auth/x.tmp/deep/file", "mine\n");
    repo.ap(["land"]).refused().says("x.tmp/deep/file").says("auth/x.tmp.kept");
    assert_eq!(repo.read("src/auth/x.tmp/deep/file"), "mine\n");
}

#[test]
fn ignored_files_that_are_not_in_the_way_stay() {
    let repo = merged("src/auth/y.tmp/theirs");
    repo.write("src/auth/y.tmp/mine", "mine\n");
    repo.write("src/auth/y.tmp/theirs", "theirs\n");
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/auth/y.tmp/mine"), "mine\n");
    assert_eq!(repo.read("src/auth/y.tmp/theirs"), "theirs\n");
}

#[test]
fn a_target_that_git_cannot_update_is_refused_and_nothing_is_stuck() {
    let repo = merged("src/auth/x.tmp");
    repo.git(["update-index", "--assume-unchanged", "src/auth/login.rs"]);
    repo.write("src/auth/login.rs", "mine\n");
    let before = repo.git(["rev-parse", "main"]);
    repo.ap(["land"]).exits(1).says("so nothing landed");
    assert_eq!(repo.git(["rev-parse", "main"]), before);
    assert_eq!(repo.read("src/auth/login.rs"), "mine\n");
    repo.ap(["land", "--dry-run"]).exits(0).answers_with("would land");
    repo.git(["update-index", "--no-assume-unchanged", "src/auth/login.rs"]);
    repo.write("src/auth/login.rs", "one\n");
    repo.ap(["land"]).exits(0);
}

#[test]
fn conflicts_in_the_targets_worktree_are_resolved_first() {
    let repo = merged("src/auth/x.tmp");
    repo.git(["checkout", "-q", "-b", "side"]);
    repo.write("README.md", "side\n");
    repo.commit("side");
    repo.git(["checkout", "-q", "main"]);
    repo.write("README.md", "main\n");
    repo.git(["commit", "-qam", "main"]);
    let tip = repo.git(["rev-parse", "main"]);
    repo.git_at(repo.root(), ["merge", "-q", "side"]).exits(1);
    repo.ap(["land"]).exits(1).says("conflicts that are not resolved");
    assert_eq!(repo.git(["rev-parse", "main"]), tip);
    repo.git(["merge", "--abort"]);
    repo.ap(["land"]).exits(0);
}

#[test]
fn a_landing_that_was_taken_back_lands_again() {
    let repo = merged("src/auth/x.tmp");
    let said = repo.ap(["land"]).exits(0).stderr();
    let back = said.split("`git reset --keep ").nth(1).and_then(|s| s.split('`').next());
    let back = back.expect("a way back is printed");
    repo.git(["reset", "-q", "--keep", back]);
    assert_eq!(repo.read("src/auth/login.rs"), "one\n");
    repo.ap(["clean"]).exits(0).answers_with("does not have any more what landed");
    repo.ap(["land"]).exits(0).answers_with("landed on main as");
    assert_eq!(repo.read("src/auth/login.rs"), "landed\n");
    repo.ap(["land"]).exits(0).answers_with("already landed");
    repo.git(["reset", "-q", "--keep", back]);
    let kept = format!("refs/ap/backup/{ID}/integration");
    repo.ap(["clean", "jwt"]).exits(0).says(&kept);
    assert_eq!(repo.git(["show", &format!("{kept}:src/auth/login.rs")]), "landed");
    repo.ap(["undo"]).exits(1).says("the session has landed");
    repo.ap(["path", "T1"]).exits(1).says("is gone");
}

#[test]
fn a_dry_run_answers_in_json() {
    let repo = planned();
    let would = |args: &[&str]| {
        let state = repo.state();
        let more = ["--dry-run", "--format", "json"];
        let answer = repo.ap(args.iter().chain(&more)).exits(0).json();
        assert!(answer["dry_run"] == true && answer["would"].is_string(), "{args:?}: {answer}");
        assert!(repo.state() == state, "{args:?} changed something");
    };
    would(&["run"]);
    repo.ap(["start", "--yes"]).exits(0);
    for args in [&["run"][..], &["drop", "T1"], &["merge"]] {
        would(args);
    }
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    for objective in ["T2", "T3"] {
        repo.ap(["drop", objective]).exits(0);
    }
    repo.ap(["merge"]).exits(0);
    for command in ["undo", "land"] {
        would(&[command]);
    }
}
