//! Repositories inside an objective's worktree, and a worktree that lost its link: what no
//! backup can hold is refused, and nothing is half done afterwards.

use super::{ID, finish, place, planned, planned_with, write};

#[test]
fn work_in_an_inner_repository_is_not_dropped_and_nothing_is_stuck() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    let inner = one.join("src/auth/inner");
    write(&repo, "T1", "src/auth/inner/file", "precious\n");
    repo.git_at(&inner, ["init", "-q"]).exits(0);
    repo.git_at(&inner, ["add", "-A"]).exits(0);
    repo.git_at(&inner, ["commit", "-qm", "mine"]).exits(0);
    for command in [&["drop", "T1"][..], &["retry", "T1", "--afresh"]] {
        repo.ap(command).refused().says("is a repository of its own").says("mv ");
    }
    // The refusal is no operation that waits to be ended.
    repo.ap(["drop", "T2"]).exits(0);
    assert!(inner.join("file").exists());
    std::fs::rename(&inner, repo.beside("inner")).expect("moved as the hint says");
    assert!(one.exists(), "moving it away does not drop the objective");
    repo.ap(["drop", "T1"]).exits(0);
    assert!(!one.exists());
}

#[test]
fn commits_of_a_submodule_that_only_its_worktree_has_are_not_cleaned_up() {
    let repo = planned_with("", "[worktree]\nsubmodules = true\n");
    let source = repo.beside("source");
    std::fs::create_dir(&source).expect("writable");
    for args in [&["init", "-q"][..], &["commit", "-q", "--allow-empty", "-m", "s"]] {
        repo.git_at(&source, args).exits(0);
    }
    repo.git(["config", "protocol.file.allow", "always"]);
    let from = source.to_str().expect("UTF-8");
    let allowed = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    repo.git(allowed.iter().chain(&[from, "src/auth/sub"]));
    repo.git(["commit", "-qm", "submodule"]);
    repo.ap(["start", "--yes"]).env("GIT_ALLOW_PROTOCOL", "file").exits(0);
    let inner = place(&repo, "T1").join("src/auth/sub");
    repo.git_at(&inner, ["commit", "-q", "--allow-empty", "-m", "only here"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    for objective in ["T2", "T3"] {
        repo.ap(["drop", objective]).exits(0);
    }
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
    repo.ap(["clean"]).refused().says("commits that none of its remotes has").says("push there");
    repo.git_at(&inner, ["push", "-q", "origin", "HEAD:refs/heads/kept"]).exits(0);
    repo.ap(["clean"]).exits(0).answers_with("1 worktree removed");
}

#[test]
fn a_worktree_without_its_link_is_neither_done_nor_dropped() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    std::fs::remove_file(one.join(".git")).expect("it is there");
    for command in [&["done", "T1", "--no-change"][..], &["drop", "T1"]] {
        repo.ap(command).refused().says("has lost its link").says("git worktree repair");
    }
    repo.git(["worktree", "repair"]);
    repo.ap(["drop", "T1"]).exits(0);
    let kept = format!("refs/ap/backup/{ID}/T1:src/auth/a.rs");
    assert_eq!(repo.git(["show", &kept]), "a");
}
