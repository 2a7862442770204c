//! Workers that use more than they may.

use super::{ap, phase, team};

/// A worker that prints as claude does, a turn after the other, and does half of its work first.
const TALKS: &str = r#"
if [ $AP_OBJECTIVE = T1 ]; then
  echo half > src/auth/half.rs
  n=0
  while [ $n -lt 100 ]; do
    n=$((n+1))
    echo "{\"type\":\"assistant\",\"message\":{\"id\":\"m$n\",\"content\":[]}}"
    sleep 0.1
  done
fi
"#;

#[test]
fn one_that_takes_too_many_turns_is_stopped_and_not_tried_again() {
    let config = "[run]\nmax_turns = 50\nmax_cost = 2.5\n";
    let repo = team(TALKS, "stream = \"claude\"\nmax_turns = 5", config, "");
    let run = ap(&repo, &["run", "--yes"]).exits(6);
    let run = run.says("script: `max_cost` cannot stop it: it says only at its end what it costs");
    run.says("T1: script was stopped: it took 6 turns, and `max_turns` is 5");
    let (found, words) = phase(&repo, "T1");
    assert_eq!(found, "failed");
    assert!(words.contains("`max_turns` is 5"), "{words}");
    assert!(crate::session::place(&repo, "T1").join("src/auth/half.rs").exists(), "it is kept");
    assert_eq!(phase(&repo, "T2").0, "accepted");
    let record = repo.ap(["report", "--format", "json"]).exits(0).json();
    let tries = record["try"].as_array().expect("a list");
    let own: Vec<_> = tries.iter().filter(|one| one["objective"] == "T1").collect();
    assert_eq!(own.len(), 1, "it is not spent once more");
    assert_eq!((&own[0]["how"], &own[0]["turns"]), (&"exceeded".into(), &6.into()));
    let report = repo.ap(["report"]).exits(0).stdout();
    assert!(report.contains("- Used: 6 turns\n"), "{report}");
}

#[test]
fn what_it_cost_is_told_and_a_stream_that_says_nothing_is_named() {
    let result = r#"{\"type\":\"result\",\"result\":\"x\",\"num_turns\":3,\"total_cost_usd\":3.5}"#;
    let says = format!("[ $AP_OBJECTIVE = T1 ] && echo \"{result}\"");
    let repo = team(&says, "stream = \"claude\"", "[run]\nmax_cost = 2\n", "");
    let run = ap(&repo, &["run", "--yes", "--format", "json"]).exits(0).stdout();
    let events: Vec<serde_json::Value> =
        run.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let metrics = events.iter().find(|event| event["type"] == "worker_metrics");
    let metrics = metrics.expect("it is told");
    assert_eq!((&metrics["turns"], &metrics["cost_usd"]), (&3.into(), &3.5.into()));
    assert!(run.contains("script cost $3.50, and `max_cost` is $2.00"), "{run}");
    let silent = team("", "", "[run]\nmax_turns = 5\n", "");
    let run = ap(&silent, &["run", "--yes"]).exits(0);
    let run = run.says("script: `max_turns` does not hold for it: it does not say how many turns");
    assert_eq!(run.stderr().matches("does not hold").count(), 1, "{}", run.stderr());
}
