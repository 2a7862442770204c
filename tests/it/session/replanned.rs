//! The plan of a running session: objectives that have not begun are added, changed and taken
//! out; what has begun stays.

use super::{ID, finish, integration, planned};
use crate::support::Repo;

const MORE: &str = "[[objective]]\nid = \"T1\"\ntitle = \"Guide\"\ntouch = [\"guide/\"]\ncreates = true\n\n[[objective]]\nid = \"Own\"\ntitle = \"Late web\"\ntouch = [\"src/web/\"]\ndepends_on = [\"T1\"]\n";

fn running() -> Repo {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

fn waves(repo: &Repo) -> Vec<(String, u64)> {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let rows = status["objectives"].as_array().expect("a list").iter();
    rows.map(|o| (o["id"].as_str().expect("an id").to_owned(), o["wave"].as_u64().expect("a wave")))
        .collect()
}

fn named(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter().map(|(id, wave)| ((*id).to_owned(), *wave)).collect()
}

/// Edits the agreed plan in an editor that does this to its text.
fn edit(repo: &Repo, change: impl Fn(String) -> String) -> crate::support::Run<'_> {
    let text = repo.git(["show", &format!("{}:.ap/plans/{ID}/plan.toml", integration())]);
    let file = repo.beside("edited.toml");
    std::fs::write(&file, change(format!("{text}\n"))).expect("writable");
    let editor = format!("cp '{}'", file.display());
    repo.ap(["plan", "--edit", "--yes"]).env("GIT_EDITOR", &editor)
}

#[test]
fn objectives_are_added_where_there_is_room() {
    let repo = running();
    let before = repo.git(["rev-parse", &integration()]);
    let add = ["plan", "--add", "--from", "-"];
    repo.ap(add).stdin(MORE).exits(1).says("nobody said yes");
    repo.ap(["plan", "--add", "--from", "-", "--dry-run"]).stdin(MORE).exits(0);
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
    let added = repo.ap(["plan", "--add", "--from", "-", "--yes"]).stdin(MORE).exits(0);
    // Names that are taken are given anew, and what refers to them follows.
    added.answers_with("T4 is added in wave 1: Guide").answers_with("Own is added in wave 2");
    assert_eq!(waves(&repo), named(&[("T1", 1), ("T2", 1), ("T3", 2), ("T4", 1), ("Own", 2)]));
    let message = repo.git(["log", "-1", "--format=%B", &integration()]);
    assert!(message.contains("AP-Amend: add-jwt"), "{message}");
    repo.ap(["check"]).exits(0);

    // The one of the running wave starts from what was approved and belongs to the wave.
    repo.ap(["start"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(6).says("T4");
    finish(&repo, "T4", "guide/g.md", "g\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
    finish(&repo, "T3", "docs/c.md", "c\n");
    finish(&repo, "Own", "src/web/late.rs", "late\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/web/late.rs"), "late\n");
    let first = repo.git(["rev-list", "--max-parents=0", "main"]);
    repo.ap(["verify", &format!("{first}..main")]).exits(0);
}

#[test]
fn a_request_adds_what_the_planner_makes_of_it() {
    let repo = running();
    let added = repo.ap(["plan", "--add", "--yes", "change the login in src/auth/login.rs"]);
    let added = added.exits(0);
    // It meets T1, which runs: so it comes later.
    added.answers_with("T4 is added in wave 2");
    repo.ap(["show", "T4"]).exits(0).answers_with("src/auth/login.rs");
    // A plan that is not approved gets them as well.
    let repo = planned();
    repo.ap(["plan", "--add", "--from", "-"]).stdin(MORE).exits(0);
    let text = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    assert!(text.contains("id = \"T4\"") && text.contains("id = \"Own\""), "{text}");
    repo.ap(["status"]).exits(0).answers_with("not approved yet");
}

#[test]
fn what_has_not_begun_can_be_edited() {
    let repo = running();
    let better = |text: String| text.replace("Docs", "Guides").replace("\"docs/\"", "\"guide/\"");
    edit(&repo, better).exits(0).answers_with("T3 is changed: Guides");
    repo.ap(["show", "T3"]).exits(0).answers_with("guide/");
    let at = repo.git(["rev-parse", &integration()]);
    edit(&repo, |text| text).exits(0).says("the plan is as it was");
    for (old, new, code, said) in [
        ("Tokens", "Other", 1, "objective T1 is working and cannot be changed"),
        ("src/auth/", "src/", 1, "objective T1 is working and cannot be changed"),
        ("src/lib.rs", "src/main.rs", 1, "`shared` cannot be changed"),
        ("\"main\"", "\"other\"", 1, "`target` cannot be changed"),
        ("wave = 2", "wave = 1", 3, "T3"),
        ("guide/", "secrets/", 3, "T3 may touch nothing"),
        ("\"guide/\"", "3", 3, "error"),
    ] {
        let refused = edit(&repo, |text| text.replace(old, new)).exits(code);
        refused.says(said).says("your text is in").says("git ap plan --edit");
        assert_eq!(repo.git(["rev-parse", &integration()]), at, "{new}");
    }
    let worker = repo.ap(["plan", "--edit", "--yes"]).at(super::place(&repo, "T1"));
    worker.exits(1).says("cannot be given from an objective's worktree");
    let worker = repo.ap(["plan", "--add", "--yes", "x"]).at(super::place(&repo, "T1"));
    worker.exits(1).says("cannot be given from an objective's worktree");
}

#[test]
fn an_objective_that_has_not_begun_can_be_taken_out() {
    let repo = running();
    let without = |text: String, id: &str| -> String {
        let tables: Vec<&str> = text.split("[[objective]]").collect();
        let kept = tables.iter().filter(|t| !t.contains(&format!("id = \"{id}\"")));
        let shared = text.find("[[shared]]").map_or("", |at| &text[at..]);
        let mut out = kept.copied().collect::<Vec<_>>().join("[[objective]]");
        if !out.contains("[[shared]]") {
            out.push_str(shared);
        }
        out
    };
    edit(&repo, |text| without(text, "T1")).exits(1).says("T1 is working and cannot be taken out");
    edit(&repo, |text| without(text, "T3")).exits(0).answers_with("T3 is taken out");
    assert_eq!(waves(&repo), named(&[("T1", 1), ("T2", 1)]));
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
}
