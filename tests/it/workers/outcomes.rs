//! How workers come back, and what is made of it: the tree decides, not the exit code.

use super::{ap, phase, team, tip};
use crate::session::place;

#[test]
fn each_way_to_fail_is_told_apart_and_nothing_is_lost() {
    let cases = [
        ("[ $AP_OBJECTIVE = T2 ] && exit 0", "failed", "ended well and changed nothing", 6),
        ("[ $AP_OBJECTIVE = T2 ] && { echo why >&2; exit 3; }", "failed", "code 3: why", 6),
        ("[ $AP_OBJECTIVE = T2 ] && kill -9 $$", "failed", "killed by a signal", 6),
        ("[ $AP_OBJECTIVE = T2 ] && echo x > T.tmp && exit 0", "failed", "changed nothing", 6),
        (
            "[ $AP_OBJECTIVE = T2 ] && { echo x > README.md; exit 0; }",
            "violated",
            "may not change README.md",
            4,
        ),
        (
            "[ $AP_OBJECTIVE = T2 ] && { echo x > src/auth/new.rs; exit 1; }",
            "violated",
            "src/auth/new.rs: it belongs to T1",
            4,
        ),
        (
            "[ $AP_OBJECTIVE = T2 ] && { git checkout -q --detach; echo x > src/web/x; exit 0; }",
            "failed",
            "is not on the branch of T2",
            6,
        ),
        (
            "[ $AP_OBJECTIVE = T2 ] && { printf 'STATUS=BLOCKED\\nREASON=no idea\\n'; exit 0; }",
            "failed",
            "blocked: no idea",
            6,
        ),
        (
            "[ $AP_OBJECTIVE = T2 ] && { printf '# Failure Report\\nno call\\n'; exit 0; }",
            "failed",
            "reports a failure: no call",
            6,
        ),
    ];
    for (script, expected, said, code) in cases {
        let repo = team(script, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", "");
        let plan = repo.read(&format!(".ap/plans/{}/plan.toml", super::ID));
        repo.ap(["plan", "--from", "-"])
            .stdin(plan.replace("title = ", "retries = 0\ntitle = "))
            .exits(0);
        let run = ap(&repo, &["run", "--yes"]).exits(code);
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, expected, "{script}: {words}\n{}", run.stderr());
        assert!(words.contains(said), "{script}: {words}");
        // The other one of the wave is not held up, and the wave is not merged.
        assert_eq!(phase(&repo, "T1").0, "accepted", "{script}");
        // Given again, nothing happens but that the owner is asked again.
        ap(&repo, &["run"]).exits(code);
        assert!(place(&repo, "T2").exists());
    }
}

#[test]
fn what_fails_twice_is_tried_again_and_knows_what_went_wrong() {
    let script = r#"
cat "$0" > /dev/null
n=$(cat $TMPDIR/n 2>/dev/null || echo 0); n=$((n+1)); echo $n > $TMPDIR/n
if [ $AP_OBJECTIVE = T1 ] && [ $n -le 2 ]; then echo "boom $n" >&2; exit 1; fi
"#;
    let repo = team(script, "", "", "");
    let plan = repo.read(&format!(".ap/plans/{}/plan.toml", super::ID));
    let plan = plan.replace("id = \"T1\"\n", "id = \"T1\"\nretries = 2\n");
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
    ap(&repo, &["run", "--yes"]).exits(0).says("T1 is tried again");
    let folder = repo.root().join(".git/ap").join(super::ID).join("prompts/T1/prompt.md");
    let prompt = std::fs::read_to_string(folder).expect("it was asked");
    assert!(prompt.contains("They came back with: exited with code 1: boom 2"), "{prompt}");
    assert!(repo.ap(["logs", "T1", "--try", "1"]).exits(0).stdout().contains("boom 1"));
}

#[test]
fn a_red_gate_is_told_to_the_next_one() {
    let script = r"
if [ $AP_OBJECTIVE = T1 ]; then
  if [ -e $TMPDIR/once ]; then echo right > src/auth/state; else echo wrong > src/auth/state; fi
  touch $TMPDIR/once
fi
";
    let gate = "[gates]\nobjective = [\"! grep -s wrong src/auth/state\"]\n";
    let repo = team(script, "", gate, "");
    ap(&repo, &["run", "--yes"]).exits(0).says("T1 is tried again");
    assert_eq!(repo.git(["show", &format!("{}:src/auth/state", super::tip())]), "right");
}

#[test]
fn another_worker_has_a_turn_and_then_the_owner() {
    let repo = team("exit 1", "", "", "");
    let team = repo.read(".ap/team.toml");
    repo.write(
        ".ap/team.toml",
        format!("{team}\n[[worker]]\nid = \"other\"\ncommand = [\"false\"]\n"),
    );
    let run = ap(&repo, &["run", "--yes"]).exits(6);
    let said = run.stderr();
    let turns: Vec<&str> = said.lines().filter(|line| line.starts_with("T1 is with")).collect();
    let who: Vec<&str> = turns.iter().filter_map(|l| l.split(' ').nth(3)).collect();
    assert_eq!(who.len(), 3, "{said}");
    assert_eq!(
        who.iter().filter(|who| **who == "other").count(),
        if who[0] == "other" { 2 } else { 1 }
    );
    // The owner's `retry` lets everybody try once more.
    repo.ap(["retry", "T1"]).exits(0);
    let run = ap(&repo, &["run"]).exits(6);
    assert!(run.stderr().contains("T1 is with"), "{}", run.stderr());
}

#[test]
fn who_asks_for_scope_waits_for_the_owner_and_goes_on_with_it() {
    let script = r"
if [ $AP_OBJECTIVE = T1 ]; then
  if ! echo mine >> README.md; then
    printf 'STATUS=BLOCKED\nREASON=the readme\nREQUESTED_SCOPE_ADDITION=README.md\n'; exit 0
  fi
fi
";
    let repo = team(script, "", "[run]\nsandbox = \"scope\"\n", "");
    ap(&repo, &["run", "--yes"]).exits(6).says("git ap scope grant add-jwt/T1");
    assert_eq!(phase(&repo, "T1").0, "failed");
    repo.ap(["scope", "grant", "T1"]).exits(0);
    ap(&repo, &["run"]).exits(0);
    assert_eq!(repo.git(["show", &format!("{}:README.md", super::tip())]), "readme\nmine");
}

#[test]
fn who_asks_and_who_fails_are_both_told_with_their_ways_on() {
    let script = r"
[ $AP_OBJECTIVE = T1 ] && { printf 'STATUS=BLOCKED\nREQUESTED_SCOPE_ADDITION=README.md\n'; exit 0; }
[ $AP_OBJECTIVE = T2 ] && exit 1
";
    let repo = team(script, "max_concurrent = 2", "", "");
    let run = ap(&repo, &["run", "--yes"]).exits(6);
    let run = run.says("`git ap retry add-jwt/T2`, `git ap drop add-jwt/T2` or ");
    let run = run.says("`git ap scope grant add-jwt/T1` or `git ap scope deny add-jwt/T1`");
    run.says("(wave 1 waits for T1 T2)");
}

#[test]
fn no_process_of_a_worker_survives_its_objective() {
    let repo = team("setsid sh -c 'exec -a left-behind sleep 300' & sleep 300 &", "", "", "");
    ap(&repo, &["run", "--yes"]).exits(0);
    let root = repo.root().parent().expect("a parent").to_string_lossy().into_owned();
    for entry in std::fs::read_dir("/proc").expect("a proc").flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let text = String::from_utf8_lossy(&environment);
        assert!(!(text.contains("AP_RUN=") && text.contains(&root)), "{:?} survives", entry.path());
    }
}

#[test]
fn of_the_environment_only_what_was_promised_reaches_a_worker() {
    let script = "env > src/auth/env; [ $AP_OBJECTIVE = T1 ] || rm src/auth/env";
    let repo = team(script, "env = { GIVEN = \"${TOKEN}\" }", "[run]\nsandbox = \"off\"\n", "");
    let run = ap(&repo, &["run", "--yes", "--objective", "T1"]).env("TOKEN", "canary-1");
    let run = run.env("SECRET", "canary-2").exits(0);
    assert!(!run.stderr().contains("canary"));
    let seen = std::fs::read_to_string(place(&repo, "T1").join("src/auth/env")).expect("written");
    assert!(seen.contains("GIVEN=canary-1") && seen.contains("AP_OBJECTIVE=T1"), "{seen}");
    assert!(!seen.contains("canary-2"), "{seen}");
    let journal = repo.root().join(".git/ap").join(super::ID).join("journal.jsonl");
    assert!(!std::fs::read_to_string(journal).expect("there").contains("canary"));
    // A variable that is not set is the owner's to mend: nothing is started.
    ap(&repo, &["run", "--objective", "T2"]).exits(6).says("needs `TOKEN`, which is not set");
}

#[test]
fn who_leaves_its_scope_is_stopped_at_once() {
    let script = "[ $AP_OBJECTIVE = T2 ] && { echo x > README.md; sleep 60; }";
    let repo = team(script, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", "");
    let begun = std::time::Instant::now();
    let run = ap(&repo, &["run", "--yes"]).exits(4);
    assert!(begun.elapsed() < std::time::Duration::from_secs(40), "it was not waited for");
    run.says("T2 is stopped: objective T2 may not change README.md");
    assert_eq!(phase(&repo, "T2").0, "violated");
    assert_eq!(phase(&repo, "T1").0, "accepted");
    let kept = std::fs::read_to_string(place(&repo, "T2").join("README.md")).expect("kept");
    assert_eq!(kept, "x\n");
}

#[test]
fn a_worker_finds_git_ap_also_where_it_is_not_on_the_path() {
    let asks = "[ $AP_OBJECTIVE = T1 ] && { git-ap scope who src/auth/a.rs > src/auth/who.txt \
                || exit 1; }";
    for rows in ["", "env = { PATH = \"/usr/bin:/bin\" }"] {
        let repo = team(asks, rows, "", "");
        ap(&repo, &["run", "--yes"]).exits(0);
        let said = repo.git(["show", &format!("{}:src/auth/who.txt", tip())]);
        assert!(said.contains("T1"), "{said}");
    }
}
