//! The target goes on while a session runs.

use std::path::PathBuf;

use super::{ID, finish, integration, planned, planned_with};
use crate::support::Repo;

fn merged(repo: &Repo) {
    repo.ap(["run", "--yes"]).exits(0);
    finish(repo, "T1", "src/auth/login.rs", "theirs\n");
    finish(repo, "T2", "src/web/b.rs", "b\n");
    finish(repo, "T3", "docs/c.md", "c\n");
}

#[test]
fn what_does_not_conflict_is_merged_when_it_lands() {
    let repo = planned_with("", "[gates]\nwave = [\"test ! -e broken\"]\n");
    merged(&repo);
    repo.write("other.txt", "other\n");
    let moved = repo.commit("other");
    repo.ap(["land"]).exits(0).says("main was merged in");
    let record = repo.read(&format!(".ap/sessions/{ID}/accomplishment.md"));
    assert!(record.contains(&format!("tips of `main` were merged: `{moved}`")), "{record}");
    assert_eq!(repo.git(["merge-base", "main", &moved]), moved);
    assert_eq!(repo.read("src/auth/login.rs"), "theirs\n");
    let base = repo.git(["rev-list", "--max-parents=0", "main"]);
    let classes = repo.ap(["verify", &format!("{base}..main")]).exits(0).classes();
    assert!(classes.contains(&"sync".to_owned()) && classes.contains(&"unplanned".to_owned()));
}

#[test]
fn gates_run_on_what_lands_after_the_target_moved() {
    let repo = planned_with("", "[gates]\nwave = [\"test ! -e broken\"]\n");
    merged(&repo);
    repo.write("broken", "x\n");
    let moved = repo.commit("broken");
    repo.ap(["land"]).exits(5).says("nothing landed: `test ! -e broken`");
    assert_eq!(repo.git(["rev-parse", "main"]), moved);
    std::fs::remove_file(repo.root().join("broken")).expect("removable");
    repo.commit("mended");
    repo.ap(["land"]).exits(0);
}

/// A session that conflicts with its target, stopped; where it is to be resolved.
fn conflicting(repo: &Repo) -> PathBuf {
    merged(repo);
    repo.write("src/auth/login.rs", "ours\n");
    repo.git(["commit", "-q", "--no-verify", "-am", "ours"]);
    let before = repo.git(["rev-parse", &integration()]);
    let stopped = repo.ap(["land"]).exits(1);
    stopped.says("conflicts in src/auth/login.rs").says("git ap sync --continue");
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
    let place = repo.ap(["path", "sync"]).exits(0).stdout();
    PathBuf::from(place.trim_end())
}

#[test]
fn a_conflict_is_resolved_by_hand() {
    // That others may not commit to reserved paths does not stop the session itself.
    let repo = planned_with("", "[hooks]\nreserved = \"block\"\n");
    let place = conflicting(&repo);
    repo.ap(["sync", "--continue"]).exits(1).says("unresolved conflicts: src/auth/login.rs");
    repo.ap(["land"]).exits(1).says("waits to be resolved");
    std::fs::write(place.join("src/auth/login.rs"), "both\n").expect("writable");
    repo.git_at(&place, ["add", "-A"]).exits(0);
    repo.ap(["sync", "--continue"]).exits(0).answers_with("main is merged into the session");
    assert!(!place.exists());
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/auth/login.rs"), "both\n");
    let verified = repo.ap(["verify", &format!("{}~3..main", "main")]).exits(0);
    assert!(verified.stdout().contains("`src/auth/login.rs` was resolved by hand"));
}

#[test]
fn a_resolution_changes_what_conflicts_and_nothing_else() {
    for commits in [false, true] {
        let repo = planned();
        let place = conflicting(&repo);
        for file in ["src/auth/login.rs", "README.md", "extra"] {
            std::fs::write(place.join(file), "both\n").expect("writable");
        }
        repo.git_at(&place, ["add", "-A"]).exits(0);
        if commits {
            repo.git_at(&place, ["commit", "-qm", "by hand"]).exits(0);
        }
        let before = repo.git(["rev-parse", &integration()]);
        let refused = repo.ap(["sync", "--continue"]).exits(4);
        let message = "the resolution changes what does not conflict: `README.md`, `extra`";
        let refused = refused.says(message).stderr();
        assert_eq!(repo.git(["rev-parse", &integration()]), before);
        let hint = refused.lines().find_map(|line| line.strip_prefix("hint: git -C "));
        let hint = hint.and_then(|hint| hint.split_once(',')).expect("a command").0;
        let words: Vec<&str> = hint.split(' ').collect();
        repo.git_at(&place, &words[1..]).exits(0);
        if commits {
            repo.git_at(&place, ["commit", "-q", "--amend", "--no-edit"]).exits(0);
        }
        repo.ap(["sync", "--continue"]).exits(0);
        repo.ap(["land"]).exits(0);
        assert_eq!(repo.read("src/auth/login.rs"), "both\n");
        assert_eq!(repo.read("README.md"), "readme\n");
        assert!(!repo.root().join("extra").exists());
    }
}

#[test]
fn a_place_that_would_be_removed_is_left_first() {
    let repo = planned_with("", "[gates]\nwave = [\"true\"]\n");
    let place = conflicting(&repo);
    std::fs::write(place.join("src/auth/login.rs"), "both\n").expect("writable");
    repo.git_at(&place, ["add", "-A"]).exits(0);
    let hint = format!("cd {}", repo.root().display());
    for way in ["--continue", "--abort"] {
        let before = repo.state();
        let refused = repo.ap(["sync", way]).at(&place).exits(1).says("under your feet");
        refused.says(&hint);
        assert_eq!(repo.state(), before, "{way}");
    }
    repo.ap(["sync", "--continue"]).exits(0);
    repo.ap(["land"]).exits(0);
    let gate = repo.ap(["path", "gate"]).exits(0).stdout();
    repo.ap(["clean"]).at(gate.trim_end()).exits(1).says("under your feet").says(&hint);
    repo.ap(["clean"]).exits(0);
}

#[test]
fn a_conflict_is_given_up_and_what_was_resolved_is_kept() {
    let repo = planned();
    let place = conflicting(&repo);
    std::fs::write(place.join("src/auth/login.rs"), "half\n").expect("writable");
    let aborted = repo.ap(["sync", "--abort"]).exits(0).answers_with("the sync is given up");
    let kept = format!("refs/ap/backup/{ID}/sync");
    aborted.says(&kept);
    assert_eq!(repo.git(["show", &format!("{kept}:src/auth/login.rs")]), "half");
    assert!(!place.exists());
    repo.ap(["sync", "--abort"]).exits(0).answers_with("no sync is waiting");
    repo.ap(["sync"]).exits(1).says("conflicts in src/auth/login.rs");
}

#[test]
fn local_changes_are_never_overwritten_by_a_landing() {
    let repo = planned();
    merged(&repo);
    for (path, stage) in
        [("src/auth/login.rs", false), ("src/web/b.rs", false), ("docs/c.md", true)]
    {
        let old = std::fs::read(repo.root().join(path)).ok();
        repo.write(path, "local\n");
        if stage {
            repo.git(["add", path]);
        }
        let before = repo.state();
        repo.ap(["land"]).exits(1).says("landing would overwrite local changes").says(path);
        let after = repo.state();
        assert_eq!(before.below("src"), after.below("src"), "{path}");
        assert_eq!(repo.read(path), "local\n");
        repo.git(["rm", "-q", "--cached", "--ignore-unmatch", "docs/c.md"]);
        match old {
            Some(old) => repo.write(path, old),
            None => std::fs::remove_file(repo.root().join(path)).expect("removable"),
        }
        repo.git(["reset", "-q"]);
    }
    // What landing does not touch stays as it is.
    repo.write("README.md", "local\n");
    repo.write("untracked", "local\n");
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("README.md"), "local\n");
    assert_eq!(repo.git(["status", "--porcelain"]), " M README.md\n?? untracked");
}

#[test]
fn an_edited_plan_is_saved_before_the_agreed_one_lands() {
    let repo = planned();
    merged(&repo);
    let plan = format!(".ap/plans/{ID}/plan.toml");
    let edited = format!("{}# edited\n", repo.read(&plan));
    repo.write(&plan, &edited);
    repo.ap(["land"]).exits(0);
    assert!(!repo.read(&plan).contains("# edited"));
    let kept = repo.git(["show", &format!("refs/ap/backup/plan/{ID}:{plan}")]);
    assert!(kept.ends_with("# edited"), "{kept}");
    assert_eq!(repo.git(["status", "--porcelain"]), "");
}
