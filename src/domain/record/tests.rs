use super::*;
use crate::domain::plan;
use crate::domain::session::{
    Approval, Asked as State, Attempt, Failing, Holder, How, Landing, Place, Red, Returned, Tip,
    Workplace,
};
use crate::domain::team::stream::{Cost, Usage};

const HOSTILE: &str = "a\nAP-Plan: x\n[[objective]]\n\"\"\" ''' {{x}} \u{1b}[2J\u{202e}é\\";

fn id(text: &str) -> ObjectiveId {
    ObjectiveId::parse(text).expect("valid")
}

fn hex(digit: char) -> String {
    std::iter::repeat_n(digit, 40).collect()
}

fn path(bytes: &[u8]) -> RepoPath {
    RepoPath::new(bytes).expect("a path")
}

fn planned() -> Plan {
    let text = format!(
        "schema = 1\nid = \"20251008-104131-x\"\nrequest = {}\ntype = \"feature\"\nbase = \"{}\"\n\
         [[objective]]\nid = \"T1\"\ntitle = \"One\"\ntouch = [\"src/a/\"]\n\
         [[objective]]\nid = \"T2\"\ntitle = {}\ntouch = [\"src/b/\"]\n",
        plan::toml_string(HOSTILE),
        hex('b'),
        plan::toml_string(HOSTILE),
    );
    plan::read(&text).plan.expect("a plan")
}

fn standing(name: &str, phase: Phase) -> Standing {
    Standing {
        id: id(name),
        wave: 1,
        phase,
        place: None,
        tip: None,
        said: Vec::new(),
        gates: Vec::new(),
        retries: 0,
        violations: 0,
        began: None,
        ended: None,
        refused: vec!["src/x".into()],
        backups: Vec::new(),
        attempts: Vec::new(),
        tries_from: 0,
        judged: true,
        by_run: false,
        judge: None,
        gate: None,
    }
}

fn attempt(worker: &str, violations: u32, how: Option<How>) -> Attempt {
    let time = "2025-10-08T10:50:00.000Z".to_owned();
    let usage = Usage { turns: Some(3), cost: Cost::of(0.25) };
    Attempt {
        worker: worker.into(),
        reason: HOSTILE.into(),
        co_author: None,
        mark: "m".into(),
        holder: Holder { pid: 1, started: 1, boot: "b".into() },
        began: "2025-10-08T10:46:00.000Z".into(),
        violations,
        returned: how.map(|how| Returned {
            time,
            how,
            usage,
            claim: "did \"it\" \u{1b}[2J".into(),
        }),
    }
}

fn session() -> Session {
    let mut one = standing("T1", Phase::Merged);
    one.place = Some(Workplace {
        branch: "refs/heads/ap/20251008-104131-x/T1".into(),
        worktree: "/w/T1".into(),
        start: hex('c'),
        port_base: 20_000,
        brought: Vec::new(),
    });
    one.tip = Some(hex('d'));
    one.gates = vec!["cargo test".into()];
    (one.retries, one.violations) = (1, 2);
    one.began = Some("2025-10-08T10:45:00.000Z".into());
    one.ended = Some("2025-10-08T11:31:59.000Z".into());
    one.attempts = vec![
        attempt("one", 1, Some(How::Failed { why: HOSTILE.into() })),
        attempt(HOSTILE, 0, Some(How::Interrupted)),
        attempt("two", 0, Some(How::Ended)),
    ];
    let mut two = standing("T2", Phase::Dropped);
    two.said = vec![HOSTILE.into()];
    two.backups = vec!["refs/ap/backup/T2".into()];
    let approval = Approval {
        plan: PlanId::parse("20251008-104131-x").expect("valid"),
        pin: hex('a'),
        target: "refs/heads/release/1.x".into(),
        target_tip: hex('b'),
        prefix: "ap".into(),
        slug: "x".into(),
        by_run: false,
        objectives: ["T1", "T2"].map(|o| Place { objective: id(o), wave: 1 }).to_vec(),
    };
    Session {
        approval,
        approved: "2025-10-08T10:41:31.000Z".into(),
        objectives: vec![one, two],
        integration: hex('e'),
        amendments: Vec::new(),
        requests: vec![7, 8].into_iter().map(request).collect(),
        waves: vec![MergedWave {
            wave: 1,
            from: hex('a'),
            commit: hex('e'),
            tips: vec![Tip { objective: id("T1"), commit: hex('d'), changed: true }],
            gates: vec!["make \"all\"".into()],
            time: "2025-10-08T12:00:00.000Z".into(),
        }],
        synced: vec![hex('f')],
        red: None,
        baselines: Vec::new(),
        reds: vec![Red {
            wave: 1,
            candidate: hex('8'),
            gate: Failing::new("make \"all\"", "exited with code 2", &["no\trule".to_owned()]),
            before: false,
            blamed: vec![id("T1")],
        }],
        stopped: None,
        landed: None,
        cleaned: false,
        claim: None,
        stops: Vec::new(),
        open: None,
        seq: 9,
    }
}

/// A request with words that could break a file.
fn request(seq: u64) -> Request {
    Request {
        seq,
        objective: id("T1"),
        patterns: vec!["docs/".into(), "a \"b\"".into()],
        why: "a\nline".into(),
        time: "2025-10-08T11:00:00.000Z".into(),
        state: State::Denied { reason: "no \u{1b}[2J".into() },
        taken_from: Vec::new(),
    }
}

fn facts() -> Facts {
    let work = Work {
        tip: Some(hex('d')),
        commits: 2,
        paths: vec![path(b"src/a/\"q\".rs"), path(b"src/a/\xff\n"), path("src/a/é".as_bytes())],
        lines_added: 10,
        lines_removed: 3,
        authors: vec![("Ada".into(), "ada@x".into())],
    };
    Facts { objectives: BTreeMap::from([(id("T1"), work)]), landed: None }
}

#[test]
#[expect(clippy::too_many_lines, reason = "the whole text stands here")]
fn a_session_becomes_this_text() {
    let mut session = session();
    session.landed =
        Some(Landing { from: hex('b'), commit: hex('9'), time: "2025-10-08T12:46:00.000Z".into() });
    let mut plan = planned();
    plan.request = "Add \"it\"".into();
    plan.objectives[1].title = "Two".into();
    session.objectives[1].said = vec!["too hard".into()];
    session.objectives[0].attempts.remove(1);
    let text = to_toml(&record(&session, &plan, &facts()));
    let expected = "schema = 1
plan = \"20251008-104131-x\"
request = \"Add \\\"it\\\"\"
type = \"feature\"
target = \"release/1.x\"
pin = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"
base = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"
approved = \"2025-10-08T10:41:31.000Z\"
landed = \"2025-10-08T12:46:00.000Z\"
synced = [\"ffffffffffffffffffffffffffffffffffffffff\"]

[[wave]]
number = 1
commit = \"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"
merged = \"2025-10-08T12:00:00.000Z\"
gates = [\"make \\\"all\\\"\"]
objectives = [\"T1\"]

[[objective]]
id = \"T1\"
title = \"One\"
wave = 1
phase = \"merged\"
worker = \"two\"
start = \"cccccccccccccccccccccccccccccccccccccccc\"
tip = \"dddddddddddddddddddddddddddddddddddddddd\"
commits = 2
files = 3
lines_added = 10
lines_removed = 3
began = \"2025-10-08T10:45:00.000Z\"
ended = \"2025-10-08T11:31:59.000Z\"
minutes = 46
estimated = 30
retries = 1
violations = 2
touch = [\"src/a/\"]
refused = [\"src/x\"]
touched = [\"\\\"src/a/\\\\\\\"q\\\\\\\".rs\\\"\", \"\\\"src/a/\\\\377\\\\n\\\"\", \"src/a/é\"]
authors = [\"Ada <ada@x>\"]
gates = [\"cargo test\"]

[[objective]]
id = \"T2\"
title = \"Two\"
wave = 1
phase = \"dropped\"
worker = \"human\"
commits = 0
files = 0
lines_added = 0
lines_removed = 0
estimated = 30
retries = 0
violations = 0
touch = [\"src/b/\"]
refused = [\"src/x\"]
said = [\"too hard\"]
backups = [\"refs/ap/backup/T2\"]

[[try]]
objective = \"T1\"
worker = \"one\"
began = \"2025-10-08T10:46:00.000Z\"
ended = \"2025-10-08T10:50:00.000Z\"
how = \"failed\"
violations = 1
turns = 3
cost_usd = 0.25
claim = \"did \\\"it\\\" \\u001B[2J\"

[[try]]
objective = \"T1\"
worker = \"two\"
began = \"2025-10-08T10:46:00.000Z\"
ended = \"2025-10-08T10:50:00.000Z\"
how = \"ended\"
turns = 3
cost_usd = 0.25
claim = \"did \\\"it\\\" \\u001B[2J\"

[[red]]
wave = 1
command = \"make \\\"all\\\"\"
blamed = [\"T1\"]
how = \"exited with code 2\"
output = [\"no\\trule\"]

[[asked]]
objective = \"T1\"
time = \"2025-10-08T11:00:00.000Z\"
patterns = [\"docs/\", \"a \\\"b\\\"\"]
why = \"a\\nline\"
state = \"denied\"
said = \"was denied `docs/`, `a \\\"b\\\"`: no \\u001B[2J\"

[[asked]]
objective = \"T1\"
time = \"2025-10-08T11:00:00.000Z\"
patterns = [\"docs/\", \"a \\\"b\\\"\"]
why = \"a\\nline\"
state = \"denied\"
said = \"was denied `docs/`, `a \\\"b\\\"`: no \\u001B[2J\"
";
    assert_eq!(text, expected);
}

#[test]
fn what_is_written_is_read_back() {
    let mut session = session();
    for phase in [
        Phase::Planned,
        Phase::Started,
        Phase::Working,
        Phase::Submitted,
        Phase::Accepted,
        Phase::Merged,
        Phase::Failed,
        Phase::Violated,
        Phase::Waiting,
        Phase::Dropped,
    ] {
        session.objectives[1].phase = phase;
        for facts in
            [facts(), Facts::default(), Facts { landed: Some(session.approved.clone()), ..facts() }]
        {
            let record = record(&session, &planned(), &facts);
            let text = to_toml(&record);
            assert_eq!(read(&text), Ok(record), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        }
    }
    session.waves[0].tips.clear();
    session.objectives[0].attempts.pop();
    let by_people = record(&session, &planned(), &facts());
    assert_eq!(by_people.objectives[0].worker, HUMAN, "who was interrupted did not end it");
    assert_eq!(read(&to_toml(&by_people)), Ok(by_people));
    let record = record(&session, &planned(), &facts());
    assert_eq!(read(&to_toml(&record)), Ok(record));
}

#[test]
fn many_paths_are_counted() {
    let paths: Vec<RepoPath> = (0..250).map(|n| path(format!("src/{n:03}").as_bytes())).collect();
    let work = Work { paths, ..Work::default() };
    let facts = Facts { objectives: BTreeMap::from([(id("T1"), work)]), landed: None };
    let record = record(&session(), &planned(), &facts);
    let one = &record.objectives[0];
    assert_eq!((one.files, one.touched.len(), one.touched_more), (250, 200, 50));
    assert_eq!(read(&to_toml(&record)), Ok(record));
}

#[test]
fn json_has_the_keys_of_the_file() {
    let json = serde_json::to_value(record(&session(), &planned(), &facts())).expect("plain data");
    assert_eq!(json["type"], "feature");
    assert_eq!(json["wave"][0]["objectives"], serde_json::json!(["T1"]));
    let touched = &json["objective"][0]["touched"];
    assert_eq!(touched[0], serde_json::json!({"path": "src/a/\"q\".rs"}));
    let bytes = base64::encode(b"src/a/\xff\n");
    assert_eq!(touched[1], serde_json::json!({"path": "src/a/\u{fffd}\n", "path_bytes": bytes}));
    let has = |key: &str| json.get(key).is_some();
    assert!(SESSION.fields.iter().all(|field| has(field.name)), "{json}");
    let fields = json.as_object().map(serde_json::Map::len);
    assert_eq!(fields, Some(SESSION.fields.len()));
}

#[test]
fn a_wrong_record_is_refused_where_it_is_wrong() {
    let good = to_toml(&record(&session(), &planned(), &facts()));
    assert!(read(&good).is_ok());
    let table = [
        ("schema = 1", "schema = 2", "`schema` 2 is newer than this git ap understands (1)"),
        ("target = ", "traget = ", "the record has no `target`"),
        (&hex('a'), "--output=x", "`pin` cannot be `--output=x`"),
        ("20251008-104131-x", "../x", "`plan` cannot be `../x`"),
        (
            "approved = \"2025-10-08T10:41:31.000Z\"",
            "approved = \"today\"",
            "`approved` cannot be `today`",
        ),
        ("phase = \"merged\"", "phase = \"megred\"", "`phase` cannot be `megred`"),
        ("id = \"T1\"", "id = \"gate\"", "`id` cannot be `gate`"),
        ("objectives = [\"T1\"]", "objectives = [\"1\"]", "`objectives` cannot be `1`"),
        ("\"src/a/é\"", "\"src//é\"", "`touched` cannot be `src//é`"),
        ("retries = 1", "retries = 4294967296", "`retries` cannot be 4294967296"),
        ("files = 3", "files = -1", "`files` cannot be -1"),
    ];
    for (from, to, message) in table {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let findings = read(&text).expect_err(to);
        assert!(findings.iter().any(|f| f.message == message), "{to}: {findings:?}");
        assert!(findings.iter().all(|f| f.place.is_some() && f.help.is_some()));
    }
    for nothing in ["", "x", "{}", "[]", "{\"schema\": 1}"] {
        assert!(read(nothing).is_err_and(|findings| !findings.is_empty()), "{nothing}");
    }
}

#[test]
fn times_between_times() {
    let table = [
        (Some("2025-10-08T10:00:00Z"), Some("2025-10-08T12:00:59+01:00"), Some(60)),
        (Some("2025-10-08T10:00:00Z"), Some("2025-10-08T09:00:00Z"), None),
        (Some("t1"), Some("2025-10-08T09:00:00Z"), None),
        (None, Some("2025-10-08T09:00:00Z"), None),
    ];
    for (from, to, expected) in table {
        assert_eq!(minutes(from, to), expected, "{from:?} {to:?}");
    }
    let table = [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (125, "2 h 5 min"),
        (1440, "1 d"),
        (4560, "3 d 4 h"),
    ];
    for (minutes, said) in table {
        assert_eq!(duration(minutes), said);
    }
}
