//! Gates before a wave begins: what is red there is told before work is spent on it, and blamed
//! on nobody.

use super::{ID, finish, integration, planned_with};
use crate::support::Repo;

/// Red until somebody adds the file `mended`; it counts how often it is run.
fn counted(repo: &Repo) -> String {
    let count = repo.beside("count");
    format!("echo run >> {}; echo looking; test -e mended", count.display())
}

fn runs(repo: &Repo) -> usize {
    std::fs::read_to_string(repo.beside("count")).unwrap_or_default().lines().count()
}

/// A planned repository with that gate.
fn red() -> Repo {
    let repo = planned_with("", "");
    let gates = format!("schema = 1\n[gates]\nwave = [\"true\", {:?}]\n", counted(&repo));
    repo.write(".ap/config.toml", gates);
    repo
}

#[test]
fn a_wave_does_not_begin_on_a_red_base() {
    let repo = red();
    let run = repo.ap(["run", "--yes"]).exits(5);
    let run = run.says("nothing was begun: red on ").says("already, before wave 1 begins: `echo");
    run.says("looking").says("git ap run add-jwt --red-base").says("mend it on `main`");
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["objectives"][0]["phase"], "planned");
    assert_eq!(status["red_before"][0]["output"][0], "looking");
    repo.ap(["status"]).exits(0).says("red before the wave already: `echo run");
    // Only what was red is run again, and a mended base lets the wave begin.
    repo.ap(["run"]).exits(5);
    assert_eq!(runs(&repo), 2);
    repo.write("mended", "");
    repo.git(["add", "mended"]);
    repo.git(["commit", "-q", "-m", "mended"]);
    repo.ap(["sync"]).exits(0);
    repo.ap(["run"]).exits(0);
    assert_eq!(runs(&repo), 3);
    repo.ap(["run"]).exits(0);
    assert_eq!(runs(&repo), 3, "it is known");
}

#[test]
fn what_was_red_before_is_blamed_on_nobody() {
    let repo = red();
    repo.ap(["run", "--yes", "--red-base"]).exits(0).says("red on ");
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    write_done(&repo);
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let before = runs(&repo);
    repo.ap(["merge"]).exits(5).says("it was red before the wave already: no objective is blamed");
    assert_eq!(runs(&repo), before + 1, "nobody is left out to look whose fault it is");
    assert!(status["red"].as_str().expect("a red gate").contains("was red before the wave"));
    let report = repo.ap(["report"]).exits(0).stdout();
    assert!(
        report.contains("in wave 1 exited with code 1; it was red before the wave"),
        "{report}"
    );
    assert!(report.contains("\n      looking\n"), "{report}");
}

/// The last one of the wave merges it, or tries to.
fn write_done(repo: &Repo) {
    super::write(repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["done", "T2", "--commit"]).exits(5).says("no objective is blamed");
}

#[test]
fn start_tells_it_and_goes_on() {
    let repo = red();
    let start = repo.ap(["start", "--yes", "--format", "json"]).exits(0).stdout();
    let events: Vec<serde_json::Value> =
        start.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let gates: Vec<_> = events.iter().filter(|event| event["type"] == "gate_complete").collect();
    assert_eq!(gates.len(), 2);
    assert!(gates.iter().all(|gate| gate["where"] == "base"), "{start}");
    assert_eq!((&gates[0]["passed"], &gates[1]["passed"]), (&true.into(), &false.into()));
    repo.ap(["start"]).exits(0);
    repo.ap(["start", "--objective", "T1"]).exits(0);
    assert_eq!(runs(&repo), 1, "it is known, and the wave has begun");
}

#[test]
fn a_later_wave_goes_out_from_what_passed() {
    let repo = planned_with("", "");
    let gate = format!("echo run >> {}", repo.beside("count").display());
    repo.write(".ap/config.toml", format!("schema = 1\n[gates]\nwave = [{gate:?}]\n"));
    repo.ap(["run", "--yes"]).exits(0);
    assert_eq!(runs(&repo), 1);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    assert_eq!(runs(&repo), 2, "it passed when wave 1 was merged");
    assert_eq!(repo.ap(["status", "--format", "json"]).exits(0).json()["wave"], 2);
}

#[test]
fn nothing_is_run_where_nobody_wants_it() {
    let repo = planned_with("", "[gates]\nwave = [\"false\"]\nbaseline = false\n");
    repo.ap(["run", "--yes"]).exits(0);
    let journal = repo.root().join(".git/ap").join(ID).join("journal.jsonl");
    assert!(!std::fs::read_to_string(journal).expect("readable").contains("\"baseline\""));
    assert_ne!(repo.git(["rev-parse", &integration()]), "");
}
