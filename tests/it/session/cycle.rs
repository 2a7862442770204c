//! From the plan to what has landed.

use super::{ID, finish, integration, place, planned, planned_with, write};
use crate::support::Repo;

#[test]
fn three_objectives_in_two_waves_land() {
    let repo = planned();
    let main = repo.git(["rev-parse", "main"]);
    repo.ap(["approve"]).exits(0).answers_with("is approved, pinned as");
    repo.ap(["approve"]).exits(0).answers_with("is approved already");
    repo.ap(["start"]).exits(0).answers_with("/repo.ap/add-jwt/T1  Tokens\n");
    assert_eq!(repo.git(["rev-parse", "main"]), main, "nothing has landed");
    write(&repo, "T1", "src/auth/token.rs", "token\n");
    let one = place(&repo, "T1");
    repo.git_at(&one, ["add", "."]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "feat: tokens\n\nAP-Objective: add-jwt/T1"]).exits(0);
    let message = repo.git(["log", "-1", "--format=%B", &format!("ap/{ID}/T1")]);
    assert_eq!(message, "feat: tokens\n\nAP-Objective: add-jwt/T1", "the trailer stands once");
    repo.ap(["done"]).at(&one).exits(0).answers_with("T1 is accepted: 1 file changed");
    repo.ap(["done", "T1"]).exits(0).answers_with("T1 is accepted already");
    repo.ap(["merge"]).exits(6).says("because of T2 (working)");
    finish(&repo, "T2", "src/web/new.rs", "new\n");
    repo.ap(["merge"]).exits(0).answers_with("wave 1 is merged as");
    let tips = ["T1", "T2"].map(|t| repo.git(["rev-parse", &format!("ap/{ID}/{t}")]));
    let parents = repo.git(["log", "-1", "--format=%P", &integration()]);
    let pin = repo.git(["rev-parse", &format!("{}^1", integration())]);
    assert_eq!(parents, format!("{pin} {} {}", tips[0], tips[1]));
    let body = repo.git(["log", "-1", "--format=%B", &integration()]);
    for line in [
        "feat: add JWT authentication (wave 1)\n",
        "\nObjectives completed:\n- T1: Tokens",
        "\nModified files: 2\nTests: not run\n",
        &format!("\nAP-Plan: {ID}\nAP-Wave: 1\nAP-Scope: "),
        "\nCo-authored-by: A. Thor <author@example.com>",
    ] {
        assert!(body.contains(line), "{line:?} is not in {body}");
    }
    repo.ap(["start"]).exits(0).answers_with("T3");
    finish(&repo, "T3", "docs/new.md", "new\n");
    repo.ap(["merge"]).exits(0);
    assert_eq!(repo.git(["rev-parse", "main"]), main, "nothing has landed");
    repo.ap(["land"]).exits(0).answers_with(&format!("{ID} landed on main as"));
    repo.ap(["land"]).exits(0).answers_with("already landed on main");
    assert_eq!(repo.git(["rev-parse", "main"]), repo.git(["rev-parse", &integration()]));
    assert_eq!(repo.git(["status", "--porcelain"]), "");
    assert_eq!(repo.read("src/web/new.rs"), "new\n");
    assert!(repo.root().join(format!(".ap/sessions/{ID}/accomplishment.md")).is_file());
    repo.git(["fsck", "--strict"]);
    let verified = repo.ap(["verify", &format!("{main}..main")]).exits(0).classes();
    assert_eq!(verified, ["plan", "objective", "objective", "wave", "objective", "wave", "record"]);
    repo.ap(["clean"]).exits(0).answers_with("3 worktrees removed");
    assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
    assert_eq!(repo.git(["branch", "--format=%(refname:short)"]), "main");
    assert!(!repo.beside("repo.ap").exists());
    let state = repo.ap(["status", "--format", "json"]).exits(0).json();
    assert_eq!(state["landed"], repo.git(["rev-parse", "main"]));
}

#[test]
fn a_session_that_run_began_goes_on_by_itself() {
    let repo = planned();
    repo.ap(["run"]).exits(1).says("is not approved yet");
    repo.ap(["run", "--dry-run"])
        .exits(0)
        .answers(&format!("would approve {ID} and start T1, T2\n"));
    repo.ap(["run", "--yes"]).exits(0).answers_with("T2  ");
    repo.ap(["run"]).exits(0).answers_with("T1  ");
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    write(&repo, "T2", "src/web/b.rs", "b\n");
    let done = repo.ap(["done", "T2", "--commit"]).exits(0);
    let said = done.stdout();
    assert!(said.contains("wave 1 is merged") && said.contains("T3  "), "{said}");
    finish(&repo, "T3", "docs/c.md", "c\n");
    repo.ap(["run"]).exits(0).says("next: git ap land add-jwt");
    repo.ap(["run", "--land"]).exits(0).answers_with("landed on main");
    assert_eq!(repo.read("docs/c.md"), "c\n");
}

#[test]
fn a_squashed_landing_is_one_commit_and_the_branches_are_kept_by_a_backup() {
    let repo = planned();
    let main = repo.git(["rev-parse", "main"]);
    repo.ap(["run", "--yes"]).exits(0);
    for (id, path) in [("T1", "src/auth/a.rs"), ("T2", "src/web/b.rs"), ("T3", "docs/c.md")] {
        finish(&repo, id, path, "x\n");
    }
    let tip = repo.git(["rev-parse", &integration()]);
    repo.ap(["land", "--squash"]).exits(0);
    assert_eq!(repo.git(["rev-parse", "main^"]), main);
    let body = repo.git(["log", "-1", "--format=%B"]);
    assert!(body.starts_with("feat: add JWT authentication\n"), "{body}");
    let classes = repo.ap(["verify", "main^..main"]).exits(0).classes();
    assert_eq!(classes, ["landing"]);
    repo.ap(["clean"]).exits(0);
    let backup = format!("refs/ap/backup/{ID}/integration");
    assert_eq!(repo.git(["merge-base", "--is-ancestor", &tip, &backup]), "");
}

#[test]
fn shared_files_take_lines_of_everybody_and_a_command_makes_derived_ones() {
    let derived = "\n[[derived]]\npaths = [\"count.txt\"]\ncommand = \"cat src/lib.rs | wc -l | tr -d ' ' > count.txt\"\n";
    let repo = planned_with(derived, "");
    repo.ap(["run", "--yes"]).exits(0);
    write(&repo, "T1", "count.txt", "99\n");
    write(&repo, "T1", "src/lib.rs", "mod main;\nmod auth;\n");
    let done = repo.ap(["done", "T1", "--commit"]).exits(0);
    done.says("count.txt is made by a command");
    finish(&repo, "T2", "src/lib.rs", "mod main;\nmod web;\n");
    let show = |path: &str| repo.git(["show", &format!("{}:{path}", integration())]);
    assert_eq!(show("src/lib.rs"), "mod main;\nmod auth;\nmod web;");
    assert_eq!(show("count.txt"), "3");
    let base = repo.git(["rev-parse", "main"]);
    let verified = repo.ap(["verify", &format!("{base}..{}", integration())]).exits(0);
    assert!(verified.stdout().contains("`count.txt` is derived, not proven"));
}

#[test]
fn two_that_change_the_same_line_of_a_shared_file_stop_the_wave() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/lib.rs", "mod one;\n");
    finish(&repo, "T2", "src/lib.rs", "mod two;\n");
    let before = repo.git(["rev-parse", &integration()]);
    repo.ap(["merge"])
        .exits(1)
        .says("T1 and T2 change `src/lib.rs` at the same place, line 1 before the changes");
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
    finish(&repo, "T2", "src/lib.rs", "mod main;\n// web\n");
    repo.ap(["merge"]).exits(1).says("T1 and T2");
    write(&repo, "T2", "src/lib.rs", "mod main;\n");
    repo.ap(["done", "T2", "--commit"]).exits(1).says("objective T2 changes nothing");
    repo.ap(["done", "T2", "--no-change"]).exits(0);
    repo.ap(["merge"]).exits(0);
}

#[test]
fn a_merged_wave_is_taken_back_and_merged_again() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    let pin = repo.git(["rev-parse", &integration()]);
    repo.ap(["undo"]).exits(1).says("there is nothing to take back");
    repo.ap(["merge"]).exits(0);
    let merged = repo.git(["rev-parse", &integration()]);
    repo.ap(["undo"]).exits(0).answers_with("wave 1 is taken back");
    assert_eq!(repo.git(["rev-parse", &integration()]), pin);
    repo.ap(["merge"]).exits(0);
    assert_eq!(repo.git(["rev-parse", &integration()]), merged, "the same wave again");
    repo.ap(["start"]).exits(0);
    repo.ap(["undo"]).exits(1).says("T3 has started from it").says("git revert -m 1");
}

#[test]
fn an_approval_is_taken_back_as_long_as_nothing_has_begun() {
    let repo = planned();
    let before = repo.git(["for-each-ref"]);
    repo.ap(["approve"]).exits(0);
    repo.ap(["clean", "jwt"]).exits(0);
    assert_eq!(repo.git(["for-each-ref"]), before);
    repo.ap(["status"]).exits(0).answers_with("not approved yet");
    repo.ap(["approve"]).exits(0).answers_with("is approved, pinned");
}

#[test]
fn two_sessions_never_hold_one_path() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let other = super::PLAN.replace("add-jwt", "other").replace("src/web/", "src/auth/keys/");
    let other = other.replace("[\"src/auth/\"]", "[\"lib/\"]").replace("docs/", "other/");
    repo.ap(["plan", "--from", "-"]).stdin(other).exits(0);
    let refused = repo.ap(["start", "other", "--yes"]).exits(1);
    let refused = refused.says("objective T2 cannot start: `src/auth/keys/");
    assert!(refused.stderr().contains(&format!("is held by T1 of {ID}")));
    repo.ap(["drop", "jwt/T1"]).exits(0);
    repo.ap(["start", "other"]).exits(0).answers_with("T2  ");
    repo.ap(["status"]).exits(1).says("2 sessions are unfinished");
}

#[test]
fn a_commit_elsewhere_to_a_reserved_path_is_warned_about() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    repo.write("src/auth/login.rs", "mine\n");
    let commit = repo.git_at(repo.root(), ["commit", "-qam", "mine"]).exits(0);
    commit.says(&format!("`src/auth/login.rs` is held by T1 of {ID}"));
    repo.write(".ap/config.toml", "schema = 1\n[hooks]\nreserved = \"block\"\n");
    repo.write("src/auth/login.rs", "mine again\n");
    repo.git_at(repo.root(), ["commit", "-qam", "mine"]).exits(1).says("nothing was committed");
}

#[test]
fn a_session_works_from_a_linked_worktree_and_in_a_sha_256_repository() {
    for arguments in [&[][..], &["--object-format=sha256"]] {
        let repo = Repo::with(arguments);
        repo.write("src/auth/a", "a\n");
        repo.write("src/web/b", "b\n");
        repo.write("docs/c", "c\n");
        repo.commit("first");
        let linked = repo.beside("linked");
        repo.git(["worktree", "add", "-q", "-b", "feature", linked.to_str().expect("UTF-8")]);
        repo.ap(["plan", "--from", "-"]).at(&linked).stdin(super::PLAN).exits(0);
        repo.ap(["run", "--yes"]).at(&linked).exits(0);
        for (id, path) in [("T1", "src/auth/x"), ("T2", "src/web/y"), ("T3", "docs/z")] {
            finish(&repo, id, path, "x\n");
        }
        repo.ap(["land"]).at(&linked).exits(0).answers_with("landed on feature");
        assert!(linked.join("src/web/y").is_file());
        assert_eq!(
            repo.git(["rev-parse", "main"]),
            repo.git(["rev-list", "--max-parents=0", "main"])
        );
        repo.ap(["clean"]).at(&linked).exits(0);
        repo.git(["fsck"]);
    }
}
