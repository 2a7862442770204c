//! What is waited for is left room for: whoever moves, is added or goes back owns no path twice
//! and makes nobody wait forever.

use super::{finish, integration, place, planned_with};
use crate::support::Repo;

const MORE: &str = "\n[[objective]]\nid = \"T4\"\ntitle = \"Tools\"\ndepends_on = [\"T2\"]\ntouch = [\"tools/\"]\ncreates = true\n\n[[objective]]\nid = \"T5\"\ntitle = \"Readme\"\ntouch = [\"README.md\"]\n";

/// T1, T2 and T5 are at work, T3 waits for T1 and T4 for T2.
fn started() -> Repo {
    let repo = planned_with(MORE, "");
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

fn wave(repo: &Repo, objective: &str) -> u64 {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let rows = status["objectives"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == objective).expect("there");
    row["wave"].as_u64().expect("a wave")
}

fn ask(repo: &Repo, objective: &str, pattern: &str) {
    repo.ap(["scope", "request", pattern]).at(place(repo, objective)).exits(6);
}

fn add(repo: &Repo, text: &str) {
    repo.ap(["plan", "--add", "--from", "-", "--yes"]).stdin(text).exits(0);
}

#[test]
fn nobody_goes_back_to_a_wave_where_somebody_was_given_their_paths() {
    let repo = started();
    ask(&repo, "T1", "src/web/app.rs");
    assert_eq!((wave(&repo, "T1"), wave(&repo, "T3")), (2, 3));
    // T3 is not in the wave of T4 any more: a part of its scope is free there.
    repo.ap(["scope", "grant", "T4", "docs/guide.md"]).exits(0);
    repo.ap(["scope", "deny", "T1"]).exits(0);
    assert_ne!(wave(&repo, "T3"), wave(&repo, "T4"), "both may touch docs/guide.md");
    assert!(wave(&repo, "T3") > wave(&repo, "T1"));
    finish(&repo, "T1", "src/auth/login.rs", "two\n");
}

#[test]
fn everything_that_was_asked_for_is_taken_back_in_turn() {
    let repo = started();
    ask(&repo, "T1", "src/web/app.rs");
    ask(&repo, "T1", "README.md");
    repo.ap(["scope", "request", "--withdraw"]).at(place(&repo, "T1")).exits(0);
    assert_eq!((wave(&repo, "T1"), wave(&repo, "T3")), (1, 2));
}

#[test]
fn what_is_added_comes_behind_those_who_are_at_work_on_the_same() {
    for wished in ["", "wave = 1\n"] {
        let repo = started();
        ask(&repo, "T1", "src/web/app.rs");
        let new = "[[objective]]\nid = \"N\"\ntitle = \"n\"\ntouch = [\"src/auth/\"]\n";
        add(&repo, &format!("{new}{wished}"));
        assert!(wave(&repo, "N") > wave(&repo, "T1"), "{wished}");
        repo.ap(["scope", "deny", "T1"]).exits(0);
        assert!(wave(&repo, "N") > wave(&repo, "T1"), "{wished}");
    }
}

#[test]
fn what_is_added_takes_nothing_that_is_waited_for() {
    for wished in ["", "wave = 2\n"] {
        let repo = started();
        ask(&repo, "T1", "src/web/app.rs");
        repo.ap(["scope", "grant", "T1"]).exits(0);
        let new = "[[objective]]\nid = \"N\"\ntitle = \"n\"\ntouch = [\"src/web/\"]\n";
        add(&repo, &format!("{new}{wished}"));
        assert!(wave(&repo, "N") > wave(&repo, "T1"), "{wished}");
        finish(&repo, "T2", "src/web/app.rs", "theirs\n");
        finish(&repo, "T5", "README.md", "theirs\n");
        repo.ap(["merge"]).exits(0);
        repo.ap(["start"]).exits(0).says("T1 goes on");
    }
}

#[test]
fn one_that_waits_moves_behind_a_holder_that_is_left_for_later() {
    let repo = started();
    ask(&repo, "T1", "src/web/app.rs");
    repo.ap(["scope", "grant", "T1"]).exits(0);
    finish(&repo, "T2", "src/web/app.rs", "theirs\n");
    finish(&repo, "T5", "README.md", "theirs\n");
    repo.ap(["merge", "--without", "T2"]).exits(0);
    assert!(wave(&repo, "T1") > wave(&repo, "T2"), "T1 waits for T2");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
    finish(&repo, "T1", "src/web/app.rs", "both\n");
}

#[test]
fn nobody_waits_for_one_of_many_that_waits_for_them() {
    let repo = started();
    ask(&repo, "T5", "src/auth/login.rs");
    // T2 holds the first and could be waited for; T5 holds the second.
    let both = ["scope", "request", "src/web/app.rs", "README.md"];
    let denied = repo.ap(both).at(place(&repo, "T1")).exits(1);
    denied.answers_with("T5 holds `README.md`, and waits for T1 itself");
}

#[test]
fn a_wave_from_which_somebody_began_stays_although_they_wait() {
    let repo = started();
    finish(&repo, "T1", "src/auth/login.rs", "two\n");
    finish(&repo, "T2", "src/web/app.rs", "two\n");
    finish(&repo, "T5", "README.md", "two\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
    ask(&repo, "T3", "tools/x");
    repo.ap(["drop", "T4", "--yes"]).exits(0);
    let before = repo.git(["rev-parse", &integration()]);
    repo.ap(["undo", "--yes"]).exits(1).says("T3 has started from it");
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
}
