//! Workers that are spoken to over a protocol: real processes that keep to it, and such that do
//! not. Whatever one does, its objective ends as it should, the others go on, and no process
//! remains.

use super::peer::PLAY;
use super::{ap, phase, tip};
use crate::session::{ID, place, planned_with};
use crate::support::Repo;

/// A planned repository whose team is one peer of this protocol that plays a part at T2.
fn peers(protocol: &str, part: &str, rows: &str, config: &str) -> Repo {
    let repo = planned_with("", config);
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let plan = plan.replace("title = ", "retries = 0\ntimeout_minutes = 1\ntitle = ");
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
    let own = std::env::current_exe().expect("it has a file");
    let words: Vec<String> = std::iter::once(own.to_str().expect("UTF-8"))
        .chain(PLAY)
        .map(|word| format!("{word:?}"))
        .collect();
    let tool = "tool = \"work\"\n\
        arguments = { prompt = \"{{prompt}}\", where = \"{{worktree}}\", id = \"{{objective}}\" }\n";
    let tool = if protocol == "mcp" { tool } else { "" };
    let text = format!(
        "schema = 1\n[[worker]]\nid = \"peer\"\ntransport = {protocol:?}\n\
         command = [{}]\nmax_concurrent = 2\n{tool}{rows}\n\
         env = {{ PEER = {protocol:?}, PART = {part:?}, TOKEN = \"${{TOKEN}}\" }}\n",
        words.join(", ")
    );
    repo.write(".ap/team.toml", text);
    std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
    repo
}

fn run<'r>(repo: &'r Repo, arguments: &[&str]) -> crate::support::Run<'r> {
    ap(repo, arguments).env("TOKEN", "canary-given").env("SECRET", "canary-kept")
}

/// Panics if a process of a worker of this repository is left.
pub(super) fn nobody_is_left(repo: &Repo) {
    let root = repo.root().parent().expect("a parent").to_string_lossy().into_owned();
    for entry in std::fs::read_dir("/proc").expect("a proc").flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let text = String::from_utf8_lossy(&environment);
        let ours = text.contains("AP_RUN=") && text.contains(&root);
        assert!(!ours, "{} survives", entry.path().display());
    }
}

/// A part, what it makes of T2 and what is said of that, and the exit code.
type Case = (&'static str, &'static str, &'static str, i32);

const CASES: [Case; 14] = [
    ("good", "merged", "", 0),
    ("asks", "merged", "", 0),
    ("stranger", "merged", "", 0),
    ("floods", "merged", "", 0),
    ("idle", "failed", "it ended well and changed nothing", 6),
    ("denied", "failed", "it says that it is done, but it was not allowed", 6),
    ("model", "failed", "got no answer from its model", 6),
    ("fails", "failed", "says that it failed: ", 6),
    ("dies", "failed", "ended before it answered (exit code 3)", 6),
    ("outside", "violated", "may not change README.md", 4),
    ("babbles", "failed", "does not speak the protocol, but prints xxxx", 6),
    ("oversized", "failed", "sent a message of more than 8 MiB", 6),
    ("malformed", "failed", "sent a message that cannot be read: \"{", 6),
    ("wrong", "failed", "", 6),
];

fn each_part(protocol: &str) {
    for (part, expected, said, code) in CASES {
        let repo = peers(protocol, part, "", "[run]\nsandbox = \"off\"\n");
        let begun = std::time::Instant::now();
        let done = run(&repo, &["run", "--yes"]).exits(code);
        assert!(begun.elapsed().as_secs() < 50, "{protocol} {part}: it was waited for too long");
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, expected, "{protocol} {part}: {words}\n{}", done.stderr());
        assert!(words.contains(said), "{protocol} {part}: {words}");
        assert!(!words.contains('\x1b') && !done.stderr().contains('\x1b'), "{part}: {words:?}");
        let other = if code == 0 { "merged" } else { "accepted" };
        assert_eq!(phase(&repo, "T1").0, other, "{protocol} {part}: the other one goes on");
        nobody_is_left(&repo);
        no_secret_is_left(&repo, &(done.stderr() + &done.stdout()));
    }
}

/// Panics where a secret of the environment stands in what git ap wrote or said.
pub(super) fn no_secret_is_left(repo: &Repo, told: &str) {
    assert!(!told.contains("canary"), "{told}");
    let mut folders = vec![repo.root().join(".git/ap"), repo.root().join(".ap")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let told = bytes.windows(6).any(|bytes| bytes == b"canary");
            assert!(!told, "{} holds a secret", entry.path().display());
        }
    }
    let messages = repo.git(["log", "--all", "--format=%B"]);
    assert!(!messages.contains("canary"), "{messages}");
}

#[test]
fn each_part_over_acp_ends_as_it_should() {
    each_part("acp");
}

#[test]
fn each_part_over_mcp_ends_as_it_should() {
    each_part("mcp");
}

#[test]
fn in_the_sandbox_and_in_the_new_era_it_works_as_well() {
    for (protocol, part) in [("acp", "good"), ("mcp", "modern")] {
        let repo = peers(protocol, part, "", "[run]\nsandbox = \"scope\"\n");
        let done = run(&repo, &["run", "--yes"]).exits(0).says("by Landlock");
        assert_eq!(repo.git(["show", &format!("{}:src/web/b.rs", tip())]), "two");
        nobody_is_left(&repo);
        drop(done);
    }
}

#[test]
fn what_it_does_is_told_as_events_and_kept_in_its_log() {
    for protocol in ["acp", "mcp"] {
        let repo = peers(protocol, "denied", "", "");
        let lines = run(&repo, &["run", "--yes", "--format", "json"]).exits(6).stdout();
        let told: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        let has = |kind: &str, text: &str| {
            told.iter().any(|event| {
                event["activity_type"] == kind
                    && event["text"].as_str().is_some_and(|found| found.contains(text))
            })
        };
        let begins = if protocol == "acp" { "tool_use" } else { "log" };
        assert!(has(begins, "begins") && has("reasoning", "All done."), "{lines}");
        assert!(has("log", "not allowed: ") && has("log", "README.md"), "{lines}");
        let log = repo.ap(["logs", "T2"]).exits(0).stdout();
        assert!(log.contains("\"jsonrpc\":\"2.0\"") && log.contains("All done."), "{log}");
    }
}

#[test]
fn approve_never_refuses_what_the_scope_would_allow() {
    for protocol in ["acp", "mcp"] {
        let repo = peers(protocol, "asks", "approve = \"never\"", "");
        run(&repo, &["run", "--yes"]).exits(6);
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, "failed", "{words}");
        let repo = peers(protocol, "denied", "approve = \"always\"", "[run]\nsandbox = \"off\"\n");
        run(&repo, &["run", "--yes"]).exits(4);
        assert_eq!(phase(&repo, "T2").0, "violated", "leave is no scope");
    }
}

#[test]
fn one_that_hangs_is_ended_with_its_children_when_its_time_is_over() {
    let threads: Vec<_> = [("acp", "hangs"), ("mcp", "hangs"), ("mcp", "silent")]
        .into_iter()
        .map(|(protocol, part)| {
            std::thread::spawn(move || {
                let repo = peers(protocol, part, "", "");
                run(&repo, &["run", "--yes"]).exits(6);
                let (found, words) = phase(&repo, "T2");
                assert_eq!(found, "failed", "{words}");
                assert!(words.contains("took longer than"), "{protocol} {part}: {words}");
                assert_eq!(phase(&repo, "T1").0, "accepted");
                nobody_is_left(&repo);
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("each ends as it should");
    }
}

#[test]
fn stop_cancels_what_is_asked_over_a_protocol() {
    for (protocol, part) in [("acp", "obeys"), ("mcp", "obeys"), ("acp", "hangs"), ("mcp", "hangs")]
    {
        let repo = peers(protocol, part, "", "");
        let mut run = run(&repo, &["run", "--yes"]).command();
        run.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = run.spawn().expect("the program is built");
        let log = repo.root().join(format!(".git/ap/{ID}/logs/T2/worker-1.log"));
        wait_for(|| std::fs::read_to_string(&log).is_ok_and(|text| text.contains("begins")));
        for entry in std::fs::read_dir("/proc").expect("a proc").flatten() {
            let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let text = String::from_utf8_lossy(&arguments);
            assert!(!text.contains("canary-given"), "{text}");
        }
        repo.ap(["stop", "T2"]).exits(0);
        drop(child.wait());
        assert_eq!(phase(&repo, "T2").0, "working");
        nobody_is_left(&repo);
        let told = place(&repo, "T2").join("src/web/stopped.rs").exists();
        assert_eq!(told, part == "obeys", "{protocol} {part}: it is told before it is ended");
    }
}

fn wait_for(mut happened: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !happened() {
        assert!(begun.elapsed().as_secs() < 40, "it does not happen");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_plan_is_asked_for_over_a_protocol_and_nothing_may_be_changed_for_it() {
    let plan = "[[objective]]\nid = \"T1\"\ntitle = \"As the peer sees it\"\ntouch = [\"src/\"]\n";
    for protocol in ["acp", "mcp"] {
        let repo = peers(protocol, "plans", "", "");
        let team = repo.read(".ap/team.toml");
        repo.write(".ap/team.toml", team.replace("PART =", &format!("PLAN = {plan:?}, PART =")));
        let run = run(&repo, &["plan", "--planner", "peer", "--dry-run", "Rework login"]);
        run.exits(0).answers_with("As the peer sees it");
        nobody_is_left(&repo);
        let repo = peers(protocol, "model", "", "");
        let run = self::run(&repo, &["plan", "--planner", "peer", "--dry-run", "Rework login"]);
        run.exits(0).says("it got no answer from its model: the model said 400");
    }
}

#[test]
fn one_that_uses_more_than_it_may_is_stopped() {
    for (protocol, limit, beyond) in [
        ("acp", "max_cost = 1", "cost $1.20, and `max_cost` is $1.00"),
        ("acp", "max_turns = 3", "turns, and `max_turns` is 3"),
        ("mcp", "max_turns = 3", "took 4 turns, and `max_turns` is 3"),
    ] {
        let repo = peers(protocol, "spends", limit, "");
        let done = run(&repo, &["run", "--yes"]).exits(6);
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, "failed", "{protocol}: {words}\n{}", done.stderr());
        assert!(words.contains(beyond), "{protocol} {limit}: {words}");
        assert!(place(&repo, "T2").join("src/web/half.rs").exists(), "what it did is kept");
        let said = done.stderr();
        let perhaps = said.contains("`max_cost` holds only if it says what it costs");
        assert_eq!(perhaps, limit.starts_with("max_cost"), "{said}");
        let never = said.contains("`max_turns` does not hold for it");
        assert_eq!(never, protocol == "mcp", "{said}");
        nobody_is_left(&repo);
    }
}
