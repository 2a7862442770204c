use super::*;
use crate::domain::id::PlanId;
use crate::domain::session::{Approval, Entry, How, Line, Operation, Place, Session, replay};
use crate::domain::team::stream::Usage;

fn id(text: &str) -> ObjectiveId {
    ObjectiveId::parse(text).expect("valid")
}

fn holder(pid: u32) -> Holder {
    Holder { pid, started: 1, boot: "b".into() }
}

/// A second of one minute, as a journal writes it.
fn at(second: u64) -> String {
    format!("2025-10-08T10:{:02}:{:02}Z", second / 60, second % 60)
}

/// A session of T1 and T2 in wave 1 and T3 in wave 2, approved at 0, with these lines behind.
fn session(lines: Vec<(u64, Entry)>) -> Session {
    let place = |name, wave| Place { objective: id(name), wave };
    let approval = Approval {
        plan: PlanId::parse("20251008-104131-x").expect("valid"),
        pin: "p".into(),
        target: "refs/heads/main".into(),
        target_tip: "m".into(),
        prefix: "ap".into(),
        slug: "x".into(),
        by_run: true,
        objectives: vec![place("T1", 1), place("T2", 1), place("T3", 2)],
    };
    let mut all = vec![
        (0, Entry::Intent { operation: Operation::Approve(approval) }),
        (0, Entry::Outcome { intent: 1, done: true }),
    ];
    all.extend(lines);
    let lines: Vec<Line> = all
        .into_iter()
        .enumerate()
        .map(|(n, (second, entry))| Line { schema: 1, seq: n as u64 + 1, time: at(second), entry })
        .collect();
    replay(&lines).expect("it follows").expect("it begins")
}

fn plan() -> Plan {
    let text = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n\
        [[objective]]\nid = \"T1\"\ntitle = \"One\"\ntouch = [\"a/\"]\n\
        [[objective]]\nid = \"T2\"\ntitle = \"Two\"\ntouch = [\"b/\"]\n\
        [[objective]]\nid = \"T3\"\ntitle = \"Three\"\ntouch = [\"c/\"]\nestimate_minutes = 60\n";
    crate::domain::plan::read(text).plan.expect("a plan")
}

fn started(name: &str, from: u64) -> Vec<(u64, Entry)> {
    let operation = Operation::Start {
        objective: id(name),
        branch: format!("refs/heads/ap/x/{name}"),
        worktree: format!("/w/{name}"),
        start: "p".into(),
        port_base: 20_000,
        afresh: false,
    };
    vec![
        (from, Entry::Intent { operation }),
        (from, Entry::Outcome { intent: 0, done: true }),
        (from, Entry::Ready { objective: id(name), brought: Vec::new() }),
    ]
}

/// The same with the number of the intent where it belongs.
fn numbered(mut lines: Vec<(u64, Entry)>) -> Vec<(u64, Entry)> {
    for (at, (_, entry)) in lines.iter_mut().enumerate() {
        if let Entry::Outcome { intent, .. } = entry {
            *intent = at as u64 + 2;
        }
    }
    lines
}

fn given(name: &str, pid: u32, from: u64) -> (u64, Entry) {
    let entry = Entry::Dispatched {
        objective: id(name),
        worker: "script".into(),
        reason: "r".into(),
        co_author: None,
        mark: "m".into(),
        holder: holder(pid),
    };
    (from, entry)
}

fn accepted(name: &str, time: u64) -> (u64, Entry) {
    (time, Entry::Accepted { objective: id(name), tip: "c".into(), gates: Vec::new() })
}

fn back(name: &str, time: u64) -> (u64, Entry) {
    (
        time,
        Entry::Returned {
            objective: id(name),
            how: How::Ended,
            usage: Usage::default(),
            claim: String::new(),
        },
    )
}

fn seen(session: &Session, now: u64) -> View {
    let facts = Facts {
        plan: &plan(),
        now: &at(now),
        is_alive: &|holder| holder.pid == 1,
        activity: &|id| (id.as_str() == "T1").then(|| "reading".to_owned()),
        doing: "",
        remaining: None,
    };
    view(session, &facts)
}

type Cells<'v> = (&'v str, &'v str, Option<&'v str>, &'v str, Option<u64>);

fn cells(view: &View) -> Vec<Cells<'_>> {
    view.rows
        .iter()
        .map(|r| (r.id.as_str(), r.state, r.worker.as_deref(), r.activity.as_str(), r.seconds))
        .collect()
}

#[test]
fn each_objective_of_the_wave_says_where_it_stands() {
    let begun = session(Vec::new());
    let planned = [("T1", "planned", None, "One", None), ("T2", "planned", None, "Two", None)];
    let view = seen(&begun, 5);
    assert_eq!(cells(&view), planned);
    assert_eq!((view.wave, view.waves, view.settled, view.seconds), (Some(1), 2, 0, Some(5)));

    let mut lines = started("T1", 1);
    lines.push(given("T1", 1, 2));
    lines.extend(started("T2", 3));
    lines.push(given("T2", 2, 4));
    let working = session(numbered(lines.clone()));
    // The process that watched T2 is gone.
    let expected = [
        ("T1", "working", Some("script"), "reading", Some(60)),
        ("T2", "working", Some("script"), "stopped: `git ap run` goes on with it", None),
    ];
    assert_eq!(cells(&seen(&working, 62)), expected);

    lines.extend([back("T1", 20), accepted("T1", 21), back("T2", 30)]);
    let failed =
        Entry::Failed { objective: id("T2"), reason: "no".into(), by_run: true, gate: None };
    lines.push((31, failed));
    let view = seen(&session(numbered(lines)), 62);
    let expected = [
        ("T1", "accepted", Some("script"), "One", Some(20)),
        ("T2", "failed", Some("script"), "no", Some(27)),
    ];
    assert_eq!(cells(&view), expected);
    assert_eq!(view.rows.iter().map(|r| r.tone).collect::<Vec<_>>(), [Tone::Good, Tone::Bad]);
    assert_eq!(view.settled, 1);
}

#[test]
fn what_is_done_beside_is_told_by_whoever_does_it_while_it_lives() {
    let claimed = |pid| {
        let entry = Entry::Claimed { what: "merging wave 1".into(), holder: holder(pid) };
        seen(&session(vec![(1, entry)]), 2).doing
    };
    assert_eq!((claimed(1).as_str(), claimed(2).as_str()), ("merging wave 1", ""));
}

#[test]
fn what_is_left_follows_from_what_was_measured() {
    let alive = |holder: &Holder| holder.pid == 1;
    let mut lines = started("T1", 0);
    lines.push(given("T1", 1, 0));
    lines.extend(started("T2", 0));
    lines.push(given("T2", 1, 0));
    let left = |session: &Session, now| {
        let (outlook, samples) = outlook(session, &plan(), &at(now), &alive)?;
        crate::domain::estimate::remaining(&outlook, &samples)
    };
    assert_eq!(left(&session(numbered(lines.clone())), 5), None, "nothing was measured");
    lines.extend([back("T1", 20), accepted("T1", 20)]);
    // T2 takes as long as T1 did, T3 twice as long, for so its plan thinks.
    assert_eq!(left(&session(numbered(lines.clone())), 20), Some(0.0 + 40.0));
    let failed =
        Entry::Failed { objective: id("T2"), reason: "no".into(), by_run: true, gate: None };
    lines.extend([back("T2", 30), (30, failed)]);
    assert_eq!(left(&session(numbered(lines)), 31), None, "the owner has to decide");
}
