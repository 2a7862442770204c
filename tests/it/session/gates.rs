//! Gates: what is red lands nowhere, and the way on is named.

use super::{ID, finish, integration, place, planned_with, write};
use crate::support::Repo;

const GATES: &str = "[gates]\nwave = [\"test ! -e src/web/bad.rs\"]\n";

/// A wave whose gate is red because of T2.
fn red() -> Repo {
    let repo = planned_with("", GATES);
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/bad.rs", "bad\n");
    let before = repo.git(["rev-parse", &integration()]);
    let merge = repo.ap(["merge"]).exits(5);
    let merge = merge
        .says("wave 1 is red, nothing was merged: `test ! -e src/web/bad.rs` exited with code 1");
    merge.says("it passes without T2").says("git ap retry add-jwt/T2");
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
    let candidate = repo.git(["rev-parse", &format!("refs/ap/{ID}/candidate")]);
    let gate = repo.ap(["path", "gate"]).exits(0).stdout();
    let gate = std::path::PathBuf::from(gate.trim_end());
    assert!(gate.join("src/web/bad.rs").is_file() && gate.join("src/auth/a.rs").is_file());
    let head = repo.git_at(&gate, ["rev-parse", "HEAD"]).exits(0).stdout();
    assert_eq!(head.trim_end(), candidate);
    let status = repo.ap(["status"]).exits(0);
    status.says("because of T2");
    repo
}

fn gone(repo: &Repo) {
    let found = repo.git(["for-each-ref", "--format=%(refname)", &format!("refs/ap/{ID}")]);
    assert_eq!(found, "", "the candidate is gone");
}

#[test]
fn every_gate_judges_the_commit_that_lands() {
    for (mends, told) in [
        ("echo mended > src/web/bad.rs", "put back before `! grep -q bad src/web/bad.rs`, for it"),
        (
            "echo mended > src/web/bad.rs; git commit -qam mended",
            "would not land: src/web/bad.rs\n",
        ),
        (
            "git switch -qc mine; git rm -q src/web/bad.rs; git commit -qm gone",
            "would not land: src/web/bad.rs\n",
        ),
        ("git rm -q src/web/bad.rs; touch new; git add new", "would not land: new and 1 more\n"),
    ] {
        let gates = format!("wave = [{mends:?}, \"! grep -q bad src/web/bad.rs\"]\nblame = false");
        let repo = planned_with("", &format!("[gates]\n{gates}\n"));
        repo.ap(["start", "--yes"]).exits(0);
        repo.ap(["done", "T1", "--no-change"]).exits(0);
        finish(&repo, "T2", "src/web/bad.rs", "bad\n");
        let red = repo.ap(["merge"]).exits(5).says(told);
        red.says("wave 1 is red, nothing was merged: `! grep -q bad src/web/bad.rs`");
        let gate = repo.ap(["path", "gate"]).exits(0).stdout();
        let gate = std::path::Path::new(gate.trim_end());
        let head = repo.git_at(gate, ["rev-parse", "HEAD"]).exits(0).stdout();
        assert_eq!(head.trim_end(), repo.git(["rev-parse", &format!("refs/ap/{ID}/candidate")]));
    }
    // What git does not track is nobody's change: one gate may build what the next one runs.
    let builds = "[gates]\nwave = [\"echo built > built.tmp\", \"test -e built.tmp\"]\n";
    let repo = planned_with("", builds);
    repo.ap(["start", "--yes"]).exits(0);
    repo.ap(["done", "T1", "--no-change"]).exits(0);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    let merged = repo.ap(["merge"]).exits(0).answers_with("2 gates passed");
    assert!(!merged.stderr().contains("put back"), "{}", merged.stderr());
}

#[test]
fn after_a_red_gate_an_objective_is_worked_on_again() {
    let repo = red();
    repo.ap(["retry", "T2"]).exits(0).answers_with("T2 is worked on again");
    std::fs::remove_file(place(&repo, "T2").join("src/web/bad.rs")).expect("removable");
    finish(&repo, "T2", "src/web/good.rs", "good\n");
    repo.ap(["merge"]).exits(0).answers_with("T1, T2, 2 files, 1 gate passed");
    let body = repo.git(["log", "-1", "--format=%B", &integration()]);
    assert!(body.contains("\nTests: passed\n"), "{body}");
    gone(&repo);
}

#[test]
fn after_a_red_gate_an_objective_is_dropped() {
    let repo = red();
    let dropped = repo.ap(["drop", "T2"]).exits(0).answers_with("T2 is dropped");
    let kept = format!("refs/ap/backup/{ID}/T2");
    dropped.says(&kept);
    assert_eq!(repo.git(["show", &format!("{kept}:src/web/bad.rs")]), "bad");
    repo.ap(["merge"]).exits(0);
    let tree = repo.git(["ls-tree", "-r", "--name-only", &integration()]);
    assert!(tree.contains("src/auth/a.rs") && !tree.contains("bad.rs"), "{tree}");
    gone(&repo);
}

#[test]
fn after_a_red_gate_a_wave_is_merged_without_the_culprit() {
    let repo = red();
    repo.ap(["merge", "--without", "T2"]).exits(0).says("T2 waits for wave 2");
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["wave"], 2);
    repo.ap(["start"]).exits(0);
    finish(&repo, "T3", "docs/x.md", "x\n");
    repo.ap(["merge"]).exits(5).says("it passes without T2");
    std::fs::remove_file(place(&repo, "T2").join("src/web/bad.rs")).expect("removable");
    finish(&repo, "T2", "src/web/good.rs", "good\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/web/good.rs"), "good\n");
}

#[test]
fn an_objectives_own_gates_run_in_its_worktree_with_its_variables() {
    let config = "[gates]\nobjective = [\"test \\\"$AP_OBJECTIVE-$LEVEL\\\" = T1-3 -o -e ok\"]\n[worktree]\nenv = { LEVEL = \"3\" }\n";
    let repo = planned_with("", config);
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    write(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["done", "T2", "--commit"]).exits(5).says("T2 is not accepted: `test ");
    repo.ap(["merge"]).exits(6).says("T2 (failed)");
    std::fs::write(place(&repo, "T2").join("ok.tmp"), "").expect("writable");
    repo.ap(["status"]).exits(0).answers_with("! its gate `test ");
}

#[test]
fn contracts_are_checked_once_both_sides_are_merged() {
    let contract = "\n[[contract]]\nprovider = \"T1\"\nconsumers = [\"T3\"]\ndescription = \"x\"\ncheck = \"grep -q verify docs/api.md\"\n";
    let repo = planned_with(contract, "");
    repo.ap(["run", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    write(&repo, "T3", "docs/api.md", "nothing\n");
    repo.ap(["done", "T3", "--commit"])
        .exits(5)
        .says("`grep -q verify docs/api.md` exited with code 1");
    repo.ap(["retry", "T3"]).exits(0);
    finish(&repo, "T3", "docs/api.md", "verify(token)\n");
    repo.ap(["land"]).exits(0);
}

#[test]
fn gates_see_the_commit_that_lands_and_nothing_else() {
    let config = "[gates]\nwave = [\"test -z \\\"$(git status --porcelain)\\\"\", \"git rev-parse HEAD > ../seen\"]\n";
    let repo = planned_with("", config);
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.ap(["done", "T2", "--no-change"]).exits(0);
    repo.ap(["merge"]).exits(0);
    let seen = place(&repo, "gate").with_file_name("seen");
    let seen = std::fs::read_to_string(seen).expect("the gate wrote it");
    assert_eq!(seen.trim_end(), repo.git(["rev-parse", &integration()]));
}

#[test]
fn a_wave_that_cannot_be_merged_without_somebody_loses_nobody() {
    let repo = planned_with("", "");
    repo.ap(["start", "--yes"]).exits(0);
    let waves = || repo.ap(["status", "--format", "json"]).exits(0).stdout();
    let before = waves();
    repo.ap(["merge", "--without", "T1"]).exits(6).says("because of T2 (working)");
    repo.ap(["merge", "--without", "T1", "--without", "T2"])
        .exits(1)
        .says("nothing of wave 1 would be left to merge");
    assert_eq!(waves(), before);
}
