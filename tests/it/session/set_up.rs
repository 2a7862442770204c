//! Worktrees that are made ready: beside each other, and again where that failed.

use super::{ID, finish, place, planned, planned_with};

/// Each set-up waits for the other's sign: one after the other, the first would wait in vain.
#[test]
fn set_ups_run_beside_each_other() {
    let config = r#"[worktree]
setup = ["touch \"../$AP_OBJECTIVE.here\"; n=0; while ! [ -e ../T1.here ] || ! [ -e ../T2.here ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 9; sleep 0.1; done"]
"#;
    let repo = planned_with("", config);
    repo.ap(["start", "--yes"]).exits(0);
    for id in ["T1", "T2"] {
        assert!(place(&repo, id).join("src/lib.rs").is_file(), "{id}");
        finish(&repo, id, &format!("src/{}/a.rs", if id == "T1" { "auth" } else { "web" }), "a\n");
    }
}

#[test]
fn a_set_up_that_fails_spares_the_others_and_is_done_again() {
    let config = "[worktree]\nsetup = [\"test $AP_OBJECTIVE = T1 || test -e ../mended\"]\n";
    let repo = planned_with("", config);
    let failed = repo.ap(["start", "--yes"]).exits(5);
    failed.says("the set-up command").says("exited with code 1");
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let phase = |n: usize| status["objectives"][n]["phase"].as_str().map(str::to_owned);
    assert_eq!((phase(0), phase(1)), (Some("working".into()), Some("started".into())), "{status}");
    std::fs::write(place(&repo, "T1").parent().expect("a folder").join("mended"), "").expect("ok");
    repo.ap(["start"]).exits(0);
    finish(&repo, "T2", "src/web/a.rs", "a\n");
}

/// Nobody has worked in a worktree whose files were never checked out: there is nothing to save,
/// and it is no obstacle.
#[test]
fn a_worktree_that_was_never_filled_is_dropped_or_filled_later() {
    for drop in [true, false] {
        let repo = planned();
        repo.ap(["start", "--yes"]).env("GIT_AP_FAILPOINT", "fill-worktree=fail").exits(1);
        let one = place(&repo, "T1");
        assert!(one.join(".git").exists() && !one.join("src").exists());
        repo.ap(["start", "T1"]).exits(1).says("is an objective of").says("--objective T1");
        if drop {
            repo.ap(["drop", "T1"]).exits(0);
            assert!(!one.exists());
            assert_eq!(repo.git(["for-each-ref", "refs/ap/backup"]), "");
            assert_eq!(repo.git(["for-each-ref", &format!("refs/heads/ap/{ID}/T1")]), "");
        } else {
            repo.ap(["start"]).exits(0);
            assert!(one.join("src/lib.rs").is_file());
        }
    }
}
