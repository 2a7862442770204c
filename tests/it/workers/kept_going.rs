//! `run --keep-going`: what nobody can go on with waits for a later wave with what needs it, and
//! everything else is done.

use super::{ap, phase, team, tip};
use crate::session::ID;

/// Another objective that needs nobody, and one that needs the second.
const MORE: &str = "
[[objective]]
id = \"T4\"
title = \"More\"
wave = 3
touch = [\"more/\"]
creates = true

[[objective]]
id = \"T5\"
title = \"Last\"
depends_on = [\"T2\"]
touch = [\"last/\"]
creates = true
";

const OTHERS: &str = "
case $AP_OBJECTIVE in
  T4) mkdir -p more; echo four > more/d.md;;
  T5) mkdir -p last; echo five > last/e.md;;
esac
";

fn wave(repo: &crate::support::Repo, objective: &str) -> u64 {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let objectives = status["objectives"].as_array().expect("a list");
    let found = objectives.iter().find(|o| o["id"] == objective).expect("it is there");
    found["wave"].as_u64().expect("a number")
}

#[test]
fn what_fails_waits_and_everything_else_is_done() {
    let script = format!("{OTHERS}[ $AP_OBJECTIVE = T2 ] && [ ! -e $HOME/well ] && exit 3\n");
    let repo = team(&script, "max_concurrent = 2", "", MORE);
    let run = ap(&repo, &["run", "--yes", "--keep-going"]).exits(6);
    let run = run.says("going on without T2 (failed: exited with code 3)");
    run.says("the owner decides about T2; behind them: T5").says("git ap retry add-jwt/T2");
    let phases = ["T1", "T2", "T3", "T4", "T5"].map(|id| phase(&repo, id).0);
    assert_eq!(phases, ["merged", "failed", "merged", "merged", "planned"]);
    assert!(wave(&repo, "T5") > wave(&repo, "T2"));
    let files = repo.git(["ls-tree", "-r", "--name-only", &tip()]);
    assert!(files.contains("docs/c.md") && files.contains("more/d.md"), "{files}");
    // Given again, nothing is moved once more.
    let before = (wave(&repo, "T2"), wave(&repo, "T5"));
    ap(&repo, &["run", "--keep-going"]).exits(6);
    assert_eq!((wave(&repo, "T2"), wave(&repo, "T5")), before);
    std::fs::write(repo.beside("home").join("well"), "").expect("writable");
    repo.ap(["retry", "T2"]).exits(0);
    ap(&repo, &["run"]).exits(0).says("everything is merged");
    let files = repo.git(["ls-tree", "-r", "--name-only", &tip()]);
    assert!(files.contains("src/web/b.rs") && files.contains("last/e.md"), "{files}");
}

#[test]
fn one_out_of_scope_is_told_at_the_end() {
    let script = format!("{OTHERS}[ $AP_OBJECTIVE = T1 ] && {{ echo x > README.md; exit 0; }}\n");
    let repo = team(&script, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", MORE);
    repo.ap(["approve"]).exits(0);
    let run = ap(&repo, &["run", "--keep-going"]).exits(4);
    run.says("T1 out of scope: objective T1 may not change README.md").says("behind them: T3");
    let phases = ["T1", "T2", "T3", "T4", "T5"].map(|id| phase(&repo, id).0);
    assert_eq!(phases, ["violated", "merged", "planned", "merged", "merged"]);
    repo.ap(["drop", "T1"]).exits(0);
    ap(&repo, &["run"]).exits(0);
}

#[test]
fn people_are_not_waited_for() {
    let repo = team(OTHERS, "agent_type = \"codex\"\nmax_concurrent = 2", "", MORE);
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let mut plan = plan.replace("title = ", "agent_type = \"codex\"\ntitle = ");
    plan = plan.replacen("agent_type = \"codex\"", "agent_type = \"human\"", 1);
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
    ap(&repo, &["run", "--yes", "--keep-going"]).exits(0).says("going on without T1 (working)");
    let phases = ["T1", "T2", "T3", "T4", "T5"].map(|id| phase(&repo, id).0);
    assert_eq!(phases, ["working", "merged", "planned", "merged", "merged"]);
    crate::session::write(&repo, "T1", "src/auth/mine.rs", "mine\n");
    repo.ap(["done", "T1", "--commit"]).exits(0);
    ap(&repo, &["run"]).exits(0).says("everything is merged");
}

#[test]
fn who_turns_a_wave_red_waits_too() {
    let gate = "[gates]\nwave = [\"! grep -rq two src/web\"]\n";
    let repo = team(OTHERS, "", gate, MORE);
    repo.write("src/web/app.rs", "one\n");
    repo.git(["commit", "-qm", "green", "--", "src/web/app.rs"]);
    let run = ap(&repo, &["run", "--yes", "--keep-going"]).exits(6);
    run.says("wave 1 is red because of it: `! grep -rq two src/web` exited with code 1");
    let phases = ["T1", "T2", "T3", "T4", "T5"].map(|id| phase(&repo, id).0);
    assert_eq!(phases, ["merged", "failed", "merged", "merged", "planned"]);
}

#[test]
fn a_dry_run_says_who_would_wait() {
    let repo = team(&format!("{OTHERS}[ $AP_OBJECTIVE = T2 ] && exit 3\n"), "", "", MORE);
    ap(&repo, &["run", "--yes"]).exits(6);
    let before = repo.state();
    let said = ap(&repo, &["run", "--dry-run", "--keep-going"]).exits(0).stdout();
    assert!(said.contains("T2 would wait for a later wave"), "{said}");
    assert_eq!(repo.state(), before);
}
