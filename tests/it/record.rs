//! What a session leaves in writing: trailers as git places them, the report of a session, and
//! the list of sessions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use git_ap::domain::commit_message::{Trailer, with_trailers, with_trailers_commented};
use git_ap::domain::id::{ObjectiveId, PlanId};
use git_ap::domain::session::{Approval, Entry, Holder, How, Line, Operation, Place, Tip};
use serde_json::{Value, json};

use crate::support::Repo;

/// What `git interpret-trailers` makes of a message.
fn interpreted(repo: &Repo, comment: &str, message: &[u8], trailers: &[(&str, &str)]) -> Vec<u8> {
    let mut command = Command::new("git");
    command.current_dir(repo.root()).env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_CONFIG_NOSYSTEM", "1").args(["-c", &format!("core.commentChar={comment}")]);
    command.args(["interpret-trailers", "--no-divider", "--if-exists", "addIfDifferent"]);
    for (key, value) in trailers {
        command.args(["--trailer", &format!("{key}: {value}")]);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
    let mut pipe = child.stdin.take().expect("piped");
    let bytes = message.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&bytes));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("git reads all of it");
    assert!(output.status.success());
    output.stdout
}

/// Paragraphs that messages are put together from.
const PARAGRAPHS: [&str; 24] = [
    "subject",
    "Subject: of the kind\nsecond line",
    "body\nmore of it",
    "- list: item\n- other: item",
    "A: b",
    "A: b\nK: v",
    "k:V",
    "K : v",
    "A: b\n continued\n\tand on",
    "A: b\n# comment\nC: d",
    "Signed-off-by: X <x@x>\nprose\nmore prose\nand more",
    "Signed-off-by: X <x@x>\none\ntwo\nthree\nfour",
    "(cherry picked from commit 1234)\nprose",
    "A: b\nprose",
    "prose\n continued\nA: b",
    " continued\nA: b",
    " continued\nSigned-off-by: X <x@x>\nA: b",
    "https://example.com/a",
    "---\nnot a divider",
    "# comment\n# more",
    "Conflicts:\n\ta\n\tb",
    "caf\u{e9}: x\nA: b",
    ": nothing\nA: b",
    "A: b\r",
];

const ENDS: [&str; 7] = [
    "",
    "\n",
    "\n\n\n",
    "\n\n# Please enter the message\n#\n# On branch main\n",
    "\n# a comment right below\n",
    "\n \n\t\n",
    "\n\n# ------------------------ >8 ------------------------\n# Do not touch\ndiff --git a/a b/a\n+K: v\n",
];

/// Adds trailers to a message, and holds the result against what git makes of it.
fn compare(repo: &Repo, message: &str) {
    let wanted = [("K", "v"), ("AP-Objective", "jwt/T1")];
    let trailers = wanted.map(|(key, value)| Trailer::new(key, value));
    let ours = with_trailers(message.as_bytes(), &trailers);
    let shown = String::from_utf8_lossy(&ours).into_owned();
    // Lines of spaces at the end count as blank here; git takes them for a part of the last
    // trailer, and then of its value.
    let plain = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).expect("text in, text out");
        text.replace("\n \n\t\n", "\n\n\n").into_bytes()
    };
    // Git rewrites the block that it reads (`k:V` becomes `k: V`, comments in it go); what we
    // wrote, rewritten so, must be what git would have written.
    assert_eq!(
        String::from_utf8_lossy(&interpreted(repo, "#", &plain(&ours), &[])),
        String::from_utf8_lossy(&interpreted(repo, "#", &plain(message.as_bytes()), &wanted)),
        "{message:?} became {shown:?}"
    );
    assert_eq!(with_trailers(&ours, &trailers), ours, "{message:?}");
    let whole_lines = format!("{message}{}", if message.ends_with('\n') { "" } else { "\n" });
    assert!(holds(&ours, whole_lines.as_bytes()), "{message:?} became {shown:?}");
}

#[test]
fn trailers_are_placed_as_git_places_them() {
    let repo = Repo::new();
    let firsts = ["subject", "Subject: of the kind\nsecond", "A: b", "\nsubject", "subject\n# c"];
    let mut compared = 0;
    for first in firsts {
        for (n, middle) in PARAGRAPHS.iter().enumerate() {
            // Every paragraph is the last one once, and stands before another once.
            for last in [None, Some(PARAGRAPHS[(n * 7 + first.len()) % PARAGRAPHS.len()])] {
                let end = ENDS[compared % ENDS.len()];
                let last = last.map(|text| format!("\n\n{text}")).unwrap_or_default();
                compare(&repo, &format!("{first}\n\n{middle}{last}{end}"));
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn lines_in_any_order_too() {
    let repo = Repo::new();
    let lines = [
        "",
        "",
        "prose",
        "A: b",
        "K: v",
        "k : V",
        " continued",
        "# c",
        "Signed-off-by: X <x@x>",
        "Conflicts:",
        "\ta",
        "---",
        "AP-Objective: jwt/T1",
        "C-d:",
        "(cherry picked from commit 1)",
    ];
    // The generator of Numerical Recipes: the same messages each time.
    let mut state: u32 = 7;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % below
    };
    for _ in 0..250 {
        let body: Vec<&str> = (0..next(9)).map(|_| lines[next(lines.len())]).collect();
        compare(&repo, &format!("subject\n{}\n", body.join("\n")));
    }
}

/// Whether `whole` is `part` with whole lines put in at one place.
fn holds(whole: &[u8], part: &[u8]) -> bool {
    let before = whole.iter().zip(part).take_while(|(a, b)| a == b).count();
    (0..=before).rev().any(|at| whole.ends_with(&part[at..]))
}

#[test]
fn other_comment_signs_and_bytes_as_git_has_them() {
    let repo = Repo::new();
    let wanted = [("K", "v")];
    let trailers = wanted.map(|(key, value)| Trailer::new(key, value));
    for message in [
        &b"#1 is fixed\n\n; Please enter\n"[..],
        b"a\n\nA: b\n; x\nC: d\n\n; ------------------------ >8 ------------------------\nK: v\n",
        b"caf\xe9\n\nA: \xff\xfe\n",
    ] {
        let ours = with_trailers_commented(message, &trailers, b";");
        let theirs = interpreted(&repo, ";", message, &wanted);
        assert_eq!(interpreted(&repo, ";", &ours, &[]), theirs, "{message:?}");
    }
}

const ID: &str = "20251008-104131-add-jwt";

fn id(text: &str) -> ObjectiveId {
    ObjectiveId::parse(text).expect("valid")
}

/// A repository with a plan that is pinned, and the journal of its session.
struct Played {
    repo: Repo,
    plan: PlanId,
    pin: String,
    lines: Vec<Line>,
}

impl Played {
    fn new(title: &str) -> Self {
        Self::of(Repo::of(&["src/a.rs", "src/b.rs"]), ID, title)
    }

    fn of(repo: Repo, plan: &str, title: &str) -> Self {
        let title = serde_json::to_string(title).expect("a string");
        repo.write(
            &format!(".ap/plans/{plan}/plan.toml"),
            format!(
                "schema = 1\nid = \"{plan}\"\nrequest = \"Add JWT authentication\"\ntype = \"feature\"\n\
                 [[objective]]\nid = \"T1\"\ntitle = {title}\nwave = 1\ntouch = [\"src/a.rs\", \"src/new/\"]\n\
                 [[objective]]\nid = \"T2\"\ntitle = \"two\"\nwave = 1\ntouch = [\"src/b.rs\"]\n"
            ),
        );
        let target_tip = repo.git(["rev-parse", "HEAD"]);
        let pin = repo.commit("pin");
        let id_of = PlanId::parse(plan).expect("valid");
        let mut played = Self { repo, plan: id_of.clone(), pin: pin.clone(), lines: Vec::new() };
        played.done(
            "10:00",
            Operation::Approve(Approval {
                plan: id_of.clone(),
                pin,
                target: "refs/heads/main".into(),
                target_tip,
                prefix: "ap".into(),
                slug: id_of.slug().to_owned(),
                by_run: false,
                objectives: ["T1", "T2"].map(|o| Place { objective: id(o), wave: 1 }).to_vec(),
            }),
        );
        played
    }

    fn say(&mut self, time: &str, entry: Entry) {
        let seq = self.lines.len() as u64 + 1;
        let time = format!("2025-10-08T{time}:00.000Z");
        self.lines.push(Line { schema: 1, seq, time, entry });
        let folder = self.repo.root().join(".git/ap").join(self.plan.as_str());
        std::fs::create_dir_all(&folder).expect("writable");
        let text = self.lines.iter().map(|l| serde_json::to_string(l).expect("plain") + "\n");
        std::fs::write(folder.join("journal.jsonl"), text.collect::<String>()).expect("writable");
    }

    fn done(&mut self, time: &str, operation: Operation) {
        self.say(time, Entry::Intent { operation });
        let intent = self.lines.len() as u64;
        self.say(time, Entry::Outcome { intent, done: true });
    }

    fn start(&mut self, time: &str, objective: &str) {
        let branch = format!("refs/heads/ap/{}/{objective}", self.plan);
        self.repo.git(["update-ref", &branch, &self.pin]);
        let worktree = self.repo.beside(objective).to_string_lossy().into_owned();
        let start = self.pin.clone();
        self.done(
            time,
            Operation::Start {
                objective: id(objective),
                branch,
                worktree,
                start,
                port_base: 20_000,
                afresh: false,
            },
        );
        self.say(time, Entry::Ready { objective: id(objective), brought: Vec::new() });
    }

    /// Commits these files on an objective's branch, and returns its tip.
    fn work(&self, objective: &str, files: &[(&str, &str)]) -> String {
        let branch = format!("ap/{}/{objective}", self.plan);
        self.repo.git(["checkout", "--quiet", &branch]);
        for (file, text) in files {
            self.repo.write(file, text);
        }
        let tip = self.repo.commit("work");
        self.repo.git(["checkout", "--quiet", "main"]);
        tip
    }

    fn accept(&mut self, time: &str, objective: &str, tip: &str) {
        let (objective, tip) = (id(objective), tip.to_owned());
        self.say(
            time,
            Entry::Submitted { objective: objective.clone(), tip: tip.clone(), judge: None },
        );
        self.say(time, Entry::Accepted { objective, tip, gates: vec!["true".into()] });
    }

    /// Merges a tip as the wave, and returns its commit.
    fn merge(&mut self, time: &str, objective: &str, tip: &str) -> String {
        let tree = self.repo.git(["rev-parse", &format!("{tip}^{{tree}}")]);
        let to = self.repo.git(["commit-tree", &tree, "-p", &self.pin, "-p", tip, "-m", "wave"]);
        let tip = Tip { objective: id(objective), commit: tip.to_owned(), changed: true };
        let (from, gates) = (self.pin.clone(), vec!["cargo test".into()]);
        self.done(time, Operation::Merge { wave: 1, from, to: to.clone(), tips: vec![tip], gates });
        to
    }

    fn drop_objective(&mut self, time: &str, objective: &str) {
        let backups = vec![format!("refs/ap/backup/{objective}")];
        self.done(time, Operation::Drop { objective: id(objective), backups });
    }

    fn report(&self) -> Value {
        self.repo.ap(["report", "--format", "json"]).exits(0).json()
    }
}

#[test]
fn without_a_session_history_says_so_and_report_refuses() {
    let repo = Repo::of(&["src/a.rs"]);
    let before = repo.state();
    repo.ap(["history"]).exits(0).answers("no session yet: `git ap run` begins one\n");
    let none = repo.ap(["history", "--format", "json"]).exits(0).json();
    assert_eq!((&none["schema"], &none["sessions"]), (&json!(1), &json!([])));
    repo.ap(["report"]).exits(1).says("there is no session in this repository yet");
    // A file where the records would be is no record.
    repo.write(".ap/sessions", "x");
    repo.commit("odd");
    repo.ap(["history"]).exits(0).answers_with("no session yet");
    assert_eq!(repo.state().below("src/"), before.below("src/"));
}

#[test]
fn a_running_session_is_reported_as_git_has_it() {
    let mut played = Played::new("Token issue");
    let report = played.report();
    assert_eq!(report["objective"][0]["phase"], "planned");
    assert_eq!(report["objective"][0]["files"], 0);
    played.start("10:05", "T1");
    let first = played.work("T1", &[("src/a.rs", "1\n2\n3\n"), ("src/new/é", "x\n")]);
    let report = played.report();
    assert_eq!(report["objective"][0]["tip"], json!(first), "the branch is asked");
    played.say(
        "10:07",
        Entry::Violated {
            objective: id("T1"),
            tip: first,
            violations: vec!["`x` is T2's".into()],
            paths: vec!["x".into()],
        },
    );
    let tip = played.work("T1", &[("src/a.rs", "1\n2\n")]);
    played.accept("10:35", "T1", &tip);
    let before = played.repo.state();
    let report = played.report();
    let one = &report["objective"][0];
    let told = |key: &str| one[key].clone();
    assert_eq!(
        (told("phase"), told("commits"), told("files")),
        (json!("accepted"), json!(2), json!(2))
    );
    assert_eq!((told("lines_added"), told("lines_removed")), (json!(3), json!(1)));
    assert_eq!(told("touched"), json!([{"path": "src/a.rs"}, {"path": "src/new/é"}]));
    assert_eq!(told("authors"), json!(["A. Thor <author@example.com>"]));
    assert_eq!((told("minutes"), told("violations")), (json!(30), json!(1)));
    assert_eq!((&report["landed"], &report["plan"]), (&Value::Null, &json!(ID)));
    let page = played.repo.ap(["report", "jwt"]).exits(0).stdout();
    for part in [
        "# Add JWT authentication\n",
        "| State | at work |\n",
        "### T1: Token issue\n\nAccepted, not merged yet; wave 1.\n",
        "- Did: 2 commits, 2 files, 3 lines added, 1 removed\n",
        "- Work outside its scope: found once, nothing outside it landed\n",
        "### T2: two\n\nNot begun; wave 1.\n",
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    assert_eq!(played.repo.state(), before, "it only prints");
    played.repo.ap(["report", "nothing"]).exits(1).says("there is no session `nothing`");
    played.repo.ap(["history"]).exits(0).answers(
        "plan                     kind     objectives   took           outside  again  granted  landed\n\
         20251008-104131-add-jwt  feature  0 of 2 done  41 min so far  1        0      -        not yet\n\
         \n\
         1 session, 0 landed; 0 of 2 objectives done, 0 dropped; 41 min in all; 1 scope violation, 0 retries\n",
    );
}

#[test]
fn what_others_did_is_not_counted_where_integration_was_merged() {
    let mut played = Played::new("one");
    played.start("10:00", "T1");
    played.start("10:00", "T2");
    let two = played.work("T2", &[("src/b.rs", "1\n2\n")]);
    played.accept("10:10", "T2", &two);
    let wave = played.merge("10:20", "T2", &two);
    played.work("T1", &[("src/a.rs", "1\n")]);
    played.repo.git(["checkout", "--quiet", &format!("ap/{ID}/T1")]);
    played.repo.git(["merge", "--quiet", "-m", "sync", &wave]);
    let tip = played.repo.git(["rev-parse", "HEAD"]);
    played.repo.git(["checkout", "--quiet", "main"]);
    played.accept("10:30", "T1", &tip);
    let one = &played.report()["objective"][0];
    assert_eq!((&one["files"], &one["commits"]), (&json!(1), &json!(2)));
    assert_eq!(one["touched"], json!([{"path": "src/a.rs"}]));
}

/// Plays a session to its landing with its record in `main`, and returns the landing commit.
fn landed(played: &mut Played) -> String {
    played.start("10:05", "T1");
    let tip = played.work("T1", &[("src/a.rs", "1\n2\n")]);
    played.accept("10:35", "T1", &tip);
    played.drop_objective("10:40", "T2");
    let wave = played.merge("10:50", "T1", &tip);
    let text = session_toml(&played.report());
    played.repo.git(["merge", "--quiet", "--ff-only", &wave]);
    played.repo.write(&format!(".ap/sessions/{}/session.toml", played.plan), text);
    let to = played.repo.commit("landing");
    let (target, from) = ("refs/heads/main".to_owned(), played.pin.clone());
    let (integration_from, integration_to) = (wave, to.clone());
    let land = Operation::Land { target, from, to: to.clone(), integration_from, integration_to };
    played.done("11:00", land);
    to
}

/// The record of a JSON report as its file, landed.
fn session_toml(report: &Value) -> String {
    let mut report = report.clone();
    report["landed"] = json!("2025-10-08T11:00:00.000Z");
    for objective in report["objective"].as_array_mut().expect("a list") {
        let touched = objective["touched"].as_array().expect("a list").clone();
        objective["touched"] = touched.into_iter().map(|t| t["path"].clone()).collect();
    }
    without_null(&mut report);
    toml::to_string(&report).expect("a table")
}

fn without_null(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[test]
fn a_landed_session_is_known_with_and_without_its_journal() {
    let mut played = Played::new("one");
    let commit = landed(&mut played);
    let expected = format!(
        "plan                     kind     objectives              took  outside  again  granted  landed\n\
         20251008-104131-add-jwt  feature  1 of 2 done, 1 dropped  1 h   0        0      -        {}\n\
         \n\
         1 session, 1 landed; 1 of 2 objectives done, 1 dropped; 1 h in all; 0 scope violations, 0 retries\n",
        &commit[..12]
    );
    let page = played.repo.ap(["report"]).exits(0).stdout();
    assert!(
        page.contains("| State | landed |\n") && page.contains("## What was dropped\n"),
        "{page}"
    );
    played.repo.ap(["history"]).exits(0).answers(&expected);
    let json = played.repo.ap(["history", "--format", "json"]).exits(0).json();
    assert_eq!(json["sessions"][0]["commit"], json!(commit));
    assert_eq!(json["sessions"][0]["done"], 1);
    assert_eq!(json["totals"]["minutes"], 60);
    // What was done since does not matter, nor does a clone that has no journal.
    played.repo.write("src/a.rs", "later\n");
    played.repo.commit("later");
    std::fs::remove_dir_all(played.repo.root().join(".git/ap")).expect("removable");
    played.repo.ap(["history"]).exits(0).answers(&expected);
    played.repo.ap(["report"]).exits(0).answers(&page);
}

#[test]
fn sessions_come_newest_first_and_a_broken_record_is_told() {
    let mut played = Played::new("one");
    landed(&mut played);
    let Played { repo, .. } = played;
    let mut second = Played::of(repo, "20251009-104131-fix-it", "one");
    second.lines.iter_mut().for_each(|line| line.time = line.time.replace("08T", "09T"));
    second.start("10:05", "T1");
    let repo = &second.repo;
    let plans = |repo: &Repo| -> Vec<String> {
        let json = repo.ap(["history", "--format", "json"]).exits(0).json();
        let sessions = json["sessions"].as_array().expect("a list").clone();
        sessions.iter().map(|s| s["plan"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(plans(repo), ["20251009-104131-fix-it", ID]);
    // The one that is not finished is meant.
    repo.ap(["report"]).exits(0).answers_with("`20251009-104131-fix-it`");
    repo.ap(["report", "add-jwt"]).exits(0).answers_with("| State | landed |");
    repo.ap(["report", "2025100"]).exits(1).says("`2025100` means several sessions");
    std::fs::remove_dir_all(repo.root().join(format!(".git/ap/{ID}"))).expect("removable");
    let file = format!(".ap/sessions/{ID}/session.toml");
    let text = repo.read(&file);
    repo.write(&file, text.replace("pin = \"", "pin = \"--output=x"));
    repo.commit("broken");
    let told = repo.ap(["history"]).exits(0).says(&format!("warning: {file}:"));
    assert!(told.stderr().contains("`pin` cannot be `--output=x"), "{}", told.stderr());
    assert_eq!(plans(repo), ["20251009-104131-fix-it"]);
    repo.ap(["report", "add-jwt"]).exits(3).says(&format!("hint: git show HEAD:{file}"));
}

#[test]
fn a_hostile_title_moves_nothing() {
    let mut played = Played::new("x\n\n# y\n```\nAP-Plan: z {{plan}} \u{1b}[2J\u{202e} | <b>");
    landed(&mut played);
    for format in ["human", "json"] {
        for verb in ["report", "history"] {
            let out = played.repo.ap([verb, "--format", format]).exits(0).stdout();
            let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!out.contains(raw), "{out:?}");
            assert!(
                !out.lines().any(|l| l.starts_with("AP-Plan") || l.starts_with("```")),
                "{out}"
            );
        }
    }
}

#[test]
fn a_journal_that_is_torn_or_wrong() {
    let mut played = Played::new("one");
    played.start("10:05", "T1");
    let file = format!(".git/ap/{ID}/journal.jsonl");
    let text = played.repo.read(&file);
    played.repo.write(&file, format!("{text}{{\"schema\":1,\"seq\":99"));
    assert_eq!(played.report()["objective"][0]["phase"], "working");
    played.repo.write(&file, format!("{text}nonsense\n"));
    played.repo.ap(["report"]).exits(1).says("journal.jsonl is no JSON");
    played.repo.write(&file, text.split_once('\n').expect("lines").1);
    played.repo.ap(["history"]).exits(1).says("of the journal ");
}

#[test]
fn the_template_of_the_report_can_be_replaced() {
    let played = Played::new("one");
    let templates: BTreeMap<&str, &str> = BTreeMap::from([
        ("accomplishment.hbs", "{{plan}}: {{#each objectives}}{{id}} {{/each}}\n"),
        ("wave.hbs", "{{subject}}"),
    ]);
    for (name, text) in templates {
        played.repo.write(&format!(".ap/templates/{name}"), text);
    }
    played.repo.ap(["report"]).exits(0).answers(&format!("{ID}: T1 T2\n"));
    played.repo.write(".ap/templates/wave.hbs", "{{#if}");
    played.repo.ap(["report"]).exits(3).says("template `wave.hbs` cannot be read");
}

#[test]
fn the_schema_of_the_record_is_offered() {
    let repo = Repo::new();
    let schema = repo.ap(["schema", "session"]).exits(0).json();
    assert_eq!(schema["properties"]["wave"]["type"], "array");
    assert_eq!(schema["properties"]["objective"]["items"]["required"][0], "id");
}

#[test]
fn the_history_of_workers_counts_what_each_did() {
    let mut played = Played::new("Token issue");
    let dispatched = |worker: &str| Entry::Dispatched {
        objective: id("T1"),
        worker: worker.to_owned(),
        reason: "it fits".into(),
        co_author: None,
        mark: "m".into(),
        holder: Holder { pid: 1, started: 1, boot: "b".into() },
    };
    let returned = |how: How| Entry::Returned {
        objective: id("T1"),
        how,
        usage: git_ap::domain::team::stream::Usage::default(),
        claim: String::new(),
    };
    let none = "nobody has worked on an objective yet\n";
    played.repo.ap(["history", "--workers"]).exits(0).answers(none);
    played.start("10:05", "T1");
    played.say("10:06", dispatched("one\u{1b}[2J"));
    played.say("10:09", returned(How::Failed { why: "x".into() }));
    played.say("10:10", dispatched("two"));
    let tip = played.work("T1", &[("src/a.rs", "1\n2\n3\n"), ("src/new/é", "x\n")]);
    played.say("10:31", returned(How::Ended));
    played.accept("10:35", "T1", &tip);
    let table = "worker    sessions  done    again  outside  files  lines  median\n\
                 one [2J   1         0 of 1  0      0        0      +0 -0  -\n\
                 two       1         1 of 1  0      0        2      +4 -1  21 min\n";
    let shown = played.repo.ap(["history", "--workers"]).exits(0).stdout();
    let plain = |text: &str| {
        let lines = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(plain(&shown).last(), plain(table).last(), "{shown}");
    assert!(!shown.contains('\u{1b}') && shown.lines().count() == 3, "{shown}");
    played.repo.ap(["history", "jwt", "--workers"]).exits(0).answers(&shown);
    let json = played.repo.ap(["history", "--workers", "--format", "json"]).exits(0).json();
    let two = &json["workers"][1];
    assert_eq!(
        (&two["worker"], &two["done"], &two["per_mille"]),
        (&json!("two"), &json!(1), &json!(666))
    );
    assert_eq!((&two["median_minutes"], &two["files"]), (&json!(21), &json!(2)));
    assert_eq!(json["workers"][0]["failed"], 1);
    let report = played.report();
    assert_eq!(report["try"][0]["how"], "failed");
    assert_eq!(report["objective"][0]["worker"], "two");
}
