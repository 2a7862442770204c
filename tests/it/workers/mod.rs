//! `git ap run` with workers of the team: shell scripts that do what agents do, well and badly.

mod discover;
mod disturbed;
mod gated;
mod kept_going;
mod letters;
mod limits;
mod outcomes;
mod past;
mod peer;
mod remote;
mod spoken;
#[cfg(feature = "tls")]
mod tls;
mod trial;

use std::path::Path;

use crate::session::{ID, place, planned_with};
use crate::support::Repo;

/// A worker that writes one file in the scope of whatever objective it gets.
const GOOD: &str = r"
case $AP_OBJECTIVE in
  T1) echo one > src/auth/a.rs;;
  T2) echo two > src/web/b.rs;;
  T3) echo three > docs/c.md;;
esac
echo '### Change Summary'
";

/// A planned repository whose team is one script. `before` is what it does first; `rows` are more
/// lines of its entry.
pub fn team(before: &str, rows: &str, config: &str, more: &str) -> Repo {
    let repo = planned_with(more, config);
    let script = repo.beside("worker.sh");
    std::fs::write(&script, format!("cat > /dev/null\n{before}\n{GOOD}")).expect("writable");
    let text = format!(
        "schema = 1\n[[worker]]\nid = \"script\"\ncommand = [\"sh\", {:?}]\n\
         co_author = \"Script <script@example.com>\"\n{rows}\n",
        script.to_str().expect("UTF-8")
    );
    repo.write(".ap/team.toml", text);
    std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
    repo
}

/// `git ap` with a temporary directory of its own.
pub fn ap<'r>(repo: &'r Repo, arguments: &[&str]) -> crate::support::Run<'r> {
    repo.ap(arguments).env("TMPDIR", &repo.beside("tmp").to_string_lossy())
}

/// The phase of an objective, and what is said of it.
fn phase(repo: &Repo, objective: &str) -> (String, String) {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let objectives = status["objectives"].as_array().expect("a list");
    let found = objectives.iter().find(|o| o["id"] == objective).expect("it is there");
    let said = found["said"].as_array().into_iter().flatten();
    let said: Vec<&str> = said.filter_map(serde_json::Value::as_str).collect();
    (found["phase"].as_str().expect("a word").to_owned(), said.join("; "))
}

pub fn tip() -> String {
    format!("ap/{ID}/integration")
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_plan_is_worked_through_to_the_end() {
    let repo = team("", "max_concurrent = 2", "", "");
    let run = ap(&repo, &["run", "--yes"]).exits(0);
    let run = run.says("T1 is with script (takes any objective)");
    run.says("everything is merged; next: git ap land add-jwt");
    for (path, text) in [("src/auth/a.rs", "one"), ("src/web/b.rs", "two"), ("docs/c.md", "three")]
    {
        assert_eq!(repo.git(["show", &format!("{}:{path}", tip())]), text);
    }
    let messages = repo.git(["log", "--format=%B", &tip()]);
    assert!(messages.contains("AP-Objective: add-jwt/T1\nCo-authored-by: Script <script@"));
    assert!(messages.contains("AP-Wave: 2"), "{messages}");
    let wave = repo.git(["log", "-1", "--format=%(trailers:key=Co-authored-by,valueonly)", &tip()]);
    assert!(wave.starts_with("Script <script@example.com>\n"), "{wave}");
    assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1, "worktrees are gone");
    assert_eq!(entries(&repo.beside("tmp")), Vec::<String>::new());
    ap(&repo, &["run"]).exits(0).says("everything is merged");
    ap(&repo, &["land"]).exits(0);
}

#[test]
fn what_is_printed_is_kept_and_shown_without_control_characters() {
    let repo = team("printf 'PROGRESS: 25%% - reading\\n\\033[2Jhostile\\n'", "", "", "");
    let run = ap(&repo, &["run", "--yes", "--format", "json"]).exits(0);
    let lines = run.stdout();
    let events: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((of("objective_start"), of("objective_complete"), of("worker_metrics")), (3, 3, 3));
    assert!(events.iter().any(|event| event["activity_type"] == "progress"), "{lines}");
    let log = repo.ap(["logs", "T1"]).exits(0).stdout();
    assert_eq!(log, "PROGRESS: 25% - reading\n\\u{1b}[2Jhostile\n### Change Summary\n");
    repo.ap(["logs", "T1", "--try", "2"]).refused().says("was tried 1 time");
    let json = repo.ap(["logs", "T1", "--format", "json"]).exits(0).json();
    assert_eq!((&json["try"], &json["at_work"]), (&1.into(), &false.into()));
}

#[test]
fn only_one_objective_or_one_worker_or_one_wave() {
    let repo = team("", "", "", "");
    ap(&repo, &["run", "--yes", "--worker", "ann"]).refused().says("ann");
    ap(&repo, &["run", "--yes", "--objective", "T9"]).refused().says("no objective `T9`");
    ap(&repo, &["run", "--yes", "--objective", "T2"]).exits(0);
    assert_eq!(phase(&repo, "T2").0, "accepted");
    assert_eq!(phase(&repo, "T1").0, "planned");
    ap(&repo, &["run", "--wave", "1"]).exits(0);
    assert_eq!(phase(&repo, "T1").0, "merged");
    assert_eq!(phase(&repo, "T3").0, "planned");
}

#[test]
fn people_and_workers_share_a_wave() {
    let more = "";
    let repo = team("", "agent_type = \"codex\"", "", more);
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let plan = plan.replace("id = \"T1\"\n", "id = \"T1\"\nagent_type = \"codex\"\n");
    repo.ap(["plan", "--from", "-"])
        .stdin(plan.replace("id = \"T2\"\n", "id = \"T2\"\nagent_type = \"human\"\n"))
        .exits(0);
    let run = ap(&repo, &["run", "--yes"]).exits(0);
    run.says("T2 is for people: no enabled worker has `agent_type = \"human\"`");
    assert_eq!((phase(&repo, "T1").0, phase(&repo, "T2").0), ("accepted".into(), "working".into()));
    crate::session::write(&repo, "T2", "src/web/mine.rs", "mine\n");
    // The last one of the wave merges it; workers are started by `run` alone.
    repo.ap(["done", "T2", "--commit"]).exits(0).says("next: `git ap run add-jwt`");
    assert_eq!(phase(&repo, "T2").0, "merged");
    assert_eq!(phase(&repo, "T3").0, "planned");
}

#[test]
fn what_only_the_worktree_of_a_merged_objective_has_stays() {
    let repo = team("", "", "", "");
    for objective in ["T1", "T2"] {
        ap(&repo, &["run", "--yes", "--objective", objective]).exits(0);
        assert_eq!(phase(&repo, objective).0, "accepted");
    }
    let (one, two) = (place(&repo, "T1"), place(&repo, "T2"));
    std::fs::write(one.join("src/auth/mine.rs"), "mine\n").expect("writable");
    repo.git_at(&two, ["switch", "--quiet", "--detach"]).exits(0);
    let empty = ["commit", "--quiet", "--allow-empty", "--no-verify", "--message", "mine"];
    repo.git_at(&two, empty).exits(0);
    ap(&repo, &["run"]).exits(0);
    for objective in ["T1", "T2", "T3"] {
        assert_eq!(phase(&repo, objective).0, "merged");
    }
    assert_eq!(std::fs::read_to_string(one.join("src/auth/mine.rs")).expect("there"), "mine\n");
    assert_eq!(repo.git_at(&two, ["log", "-1", "--format=%s"]).exits(0).stdout(), "mine\n");
    repo.ap(["path", "T3"]).exits(1).says("the worktree of T3 is gone");
}

#[test]
fn the_percentage_never_goes_back_and_ends_at_the_end() {
    let repo = team("", "", "", "");
    let lines = ap(&repo, &["run", "--yes", "--format", "json"]).exits(0).stdout();
    let percents = lines.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).expect("an event");
        event["status"]["progress_percent"].as_u64().expect("a number")
    });
    let percents: Vec<u64> = percents.collect();
    assert!(percents.is_sorted(), "{percents:?}");
    assert_eq!(percents.last(), Some(&100));
    assert!(percents.iter().any(|percent| (20..90).contains(percent)), "{percents:?}");
}

#[test]
fn a_dry_run_says_who_would_get_what_and_with_which_words() {
    let repo = team("", "capabilities = [\"rust\"]\nmax_concurrent = 1", "", "");
    repo.ap(["run", "--yes", "--dry-run"]).exits(0).answers_with("would approve");
    repo.ap(["approve"]).exits(0);
    let before = repo.state();
    let run = repo.ap(["run", "--dry-run", "-v"]).exits(0);
    let said = run.stdout();
    assert!(said.contains("T1 to script (fits rust)\n"), "{said}");
    assert!(said.contains("T2 to nobody yet: it waits until a worker is free"), "{said}");
    assert!(said.contains("TASK_ID=T1"), "{said}");
    let json = repo.ap(["run", "--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!(json["would_give"][0]["worker"], "script");
    assert_eq!(repo.state(), before, "nothing was changed");
}
