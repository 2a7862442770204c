//! Worktrees of objectives that somebody moved, removed or made.

use super::{ID, finish, integration, place, planned, write};
use crate::support::Repo;

/// A started session, and the branch of T1.
fn started() -> (Repo, String) {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    (repo, format!("ap/{ID}/T1"))
}

#[test]
fn a_worktree_that_was_moved_is_known_and_nothing_in_it_is_passed_by() {
    let (repo, branch) = started();
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    let moved = repo.beside("moved");
    let (from, to) = (one.to_str().expect("UTF-8"), moved.to_str().expect("UTF-8"));
    repo.git(["worktree", "move", from, to]);
    std::fs::write(moved.join("docs/guide.md"), "mine\n").expect("writable");
    let commit = repo.git_at(&moved, ["commit", "-qam", "outside"]).exits(1);
    commit.says("objective T1 may not change docs/guide.md: it belongs to T3");
    repo.git_at(&moved, ["restore", "docs"]).exits(0);
    repo.ap(["land"]).at(&moved).exits(1).says("cannot be given from an objective's worktree");
    let message = format!("the branch `{branch}` is checked out in {to} instead of {from}");
    let hint = format!("git worktree move {to} {from}");
    for (line, at) in [
        (&["done", "--no-change"][..], &*moved),
        (&["done", "T1", "--no-change"], repo.root()),
        (&["start", "--objective", "T1"], repo.root()),
        (&["retry", "T1"], repo.root()),
        (&["retry", "T1", "--afresh"], repo.root()),
        (&["drop", "T1"], repo.root()),
    ] {
        let before = repo.state();
        repo.ap(line).at(at).exits(1).says(&message).says(&hint);
        assert_eq!(repo.state(), before, "{line:?}");
    }
    repo.git(["worktree", "move", to, from]);
    repo.ap(["done", "T1", "--commit"]).exits(0).answers_with("1 file changed");
}

#[test]
fn a_worktree_that_was_removed_comes_back_with_its_branch() {
    let ways = [(&["start", "--objective", "T1"][..], false), (&["retry", "T1"], true)];
    for (again, lose_branch) in ways {
        let (repo, branch) = started();
        finish(&repo, "T1", "src/auth/a.rs", "a\n");
        let (one, tip) = (place(&repo, "T1"), repo.git(["rev-parse", &branch]));
        std::fs::remove_dir_all(&one).expect("removable");
        if lose_branch {
            repo.git(["worktree", "prune"]);
            repo.git(["branch", "-qD", &branch]);
        }
        let gone = repo.ap(["path", "T1"]).exits(1).says("the worktree of T1 is gone");
        gone.says("git ap start add-jwt --objective T1");
        repo.ap(again).exits(0);
        assert_eq!(repo.git(["rev-parse", &branch]), tip);
        assert_eq!(std::fs::read_to_string(one.join("src/auth/a.rs")).expect("there"), "a\n");
        std::fs::write(one.join("docs/guide.md"), "mine\n").expect("writable");
        repo.git_at(&one, ["commit", "-qam", "outside"]).exits(1).says("it belongs to T3");
        repo.git_at(&one, ["restore", "docs"]).exits(0);
        repo.ap(["done"]).at(&one).exits(0);
    }
}

#[test]
fn a_worktree_that_somebody_made_for_the_branch_is_guarded() {
    let (repo, branch) = started();
    let one = place(&repo, "T1");
    repo.git(["worktree", "remove", one.to_str().expect("UTF-8")]);
    let other = repo.beside("other");
    repo.git(["worktree", "add", "-q", other.to_str().expect("UTF-8"), &branch]);
    std::fs::write(other.join("docs/guide.md"), "mine\n").expect("writable");
    let commit = repo.git_at(&other, ["commit", "-qam", "outside"]).exits(1);
    commit.says("objective T1 may not change docs/guide.md: it belongs to T3");
    repo.ap(["done", "T1"]).exits(1).says("is checked out in").says("git worktree move");
    // In the main worktree there is another way out.
    repo.git(["worktree", "remove", "--force", other.to_str().expect("UTF-8")]);
    std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
    repo.git(["switch", "-q", &branch]);
    repo.ap(["drop", "T1"]).exits(1).says("switch --detach");
    repo.git(["switch", "-q", "--detach"]);
    repo.ap(["drop", "T1"]).exits(0);
}

#[test]
fn the_integration_branch_does_not_move_where_somebody_looks_at_it() {
    let (repo, _) = started();
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.ap(["merge", "--without", "T2"]).exits(0);
    let look = repo.beside("look");
    let place = look.to_str().expect("UTF-8");
    repo.git(["worktree", "add", "-q", place, &integration()]);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["drop", "T3"]).exits(0);
    for verb in ["merge", "sync", "land"] {
        let before = repo.state();
        let refused = repo.ap([verb, "jwt"]).exits(1);
        let refused = refused.says(&format!("`{}` is checked out in {place}", integration()));
        refused.says(&format!("git -C {place} switch --detach"));
        assert_eq!(repo.state(), before, "{verb}");
    }
    repo.git_at(&look, ["switch", "-q", "--detach"]).exits(0);
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
    repo.git_at(&look, ["switch", "-q", &integration()]).exits(0);
    repo.ap(["clean"]).exits(1).says("is checked out in");
    repo.git_at(&look, ["switch", "-q", "--detach"]).exits(0);
    repo.ap(["clean"]).exits(0);
    assert_eq!(repo.git_at(&look, ["status", "--porcelain"]).exits(0).stdout(), "");
}
