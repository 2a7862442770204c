use super::*;

pub(super) fn id(text: &str) -> ObjectiveId {
    ObjectiveId::parse(text).expect("valid")
}

/// An objective of which nothing is known but its name.
pub(super) fn standing(name: &str) -> Standing {
    let mut told = Told::begun();
    let session = replay(&std::mem::take(&mut told.0)).expect("it follows").expect("it begins");
    let mut standing = session.objectives[0].clone();
    standing.id = id(name);
    standing
}

/// T1 and T2 in wave 1 and T3 in wave 2, in these phases.
pub(super) fn session(phases: &[Phase]) -> Session {
    let session = replay(&Told::begun().0).expect("it follows");
    let mut session = session.expect("it begins");
    for (objective, phase) in session.objectives.iter_mut().zip(phases) {
        objective.phase = *phase;
    }
    session
}

fn approval() -> Approval {
    Approval {
        plan: PlanId::parse("20251008-104131-x").expect("valid"),
        pin: "p".into(),
        target: "refs/heads/main".into(),
        target_tip: "m".into(),
        prefix: "ap".into(),
        slug: "x".into(),
        by_run: false,
        objectives: vec![
            Place { objective: id("T1"), wave: 1 },
            Place { objective: id("T2"), wave: 1 },
            Place { objective: id("T3"), wave: 2 },
        ],
    }
}

struct Told(Vec<Line>);

impl Told {
    fn begun() -> Self {
        let mut told = Self(Vec::new());
        told.done(Operation::Approve(approval()));
        told
    }

    fn say(&mut self, entry: Entry) {
        let seq = self.0.len() as u64 + 1;
        self.0.push(Line { schema: 1, seq, time: format!("t{seq}"), entry });
    }

    fn done(&mut self, operation: Operation) {
        self.say(Entry::Intent { operation });
        let intent = self.0.len() as u64;
        self.say(Entry::Outcome { intent, done: true });
    }

    fn start(&mut self, objective: &str) {
        self.done(Operation::Start {
            objective: id(objective),
            branch: format!("refs/heads/ap/x/{objective}"),
            worktree: format!("/w/{objective}"),
            start: "p".into(),
            port_base: 20_000,
            afresh: false,
        });
        self.say(Entry::Ready { objective: id(objective), brought: Vec::new() });
    }

    fn accept(&mut self, objective: &str) {
        let (objective, tip) = (id(objective), "c".to_owned());
        self.say(Entry::Submitted { objective: objective.clone(), tip: tip.clone(), judge: None });
        self.say(Entry::Accepted { objective, tip, gates: Vec::new() });
    }

    fn merge(&mut self, wave: u32, from: &str, to: &str, objectives: &[&str]) {
        let tip = |o: &&str| Tip { objective: id(o), commit: "c".into(), changed: true };
        self.done(Operation::Merge {
            wave,
            from: from.into(),
            to: to.into(),
            tips: objectives.iter().map(tip).collect(),
            gates: Vec::new(),
        });
    }

    fn next(&self) -> Next {
        let session = replay(&self.0).expect("readable").expect("a session");
        assert_eq!(session.open, None);
        next(&session)
    }
}

#[test]
fn from_approval_to_landing() {
    let mut told = Told::begun();
    assert_eq!(told.next(), Next::Start { wave: 1, objectives: vec![id("T1"), id("T2")] });
    told.start("T1");
    told.start("T2");
    assert_eq!(told.next(), Next::Work { wave: 1, objectives: vec![id("T1"), id("T2")] });
    told.accept("T1");
    let (objective, reason) = (id("T2"), "no".to_owned());
    told.say(Entry::Failed { objective, reason, by_run: false, gate: None });
    assert_eq!(told.next(), Next::Decide { wave: 1, objectives: vec![id("T2")] });
    told.say(Entry::Postponed { moves: vec![Place { objective: id("T2"), wave: 2 }] });
    assert_eq!(told.next(), Next::Merge { wave: 1 });
    told.merge(1, "p", "w1", &["T1"]);
    assert_eq!(told.next(), Next::Start { wave: 2, objectives: vec![id("T3")] });
    told.start("T3");
    told.accept("T3");
    told.done(Operation::Drop { objective: id("T2"), backups: vec!["refs/ap/backup/x".into()] });
    told.merge(2, "w1", "w2", &["T3"]);
    assert_eq!(told.next(), Next::Land);
    told.done(Operation::Land {
        target: "refs/heads/main".into(),
        from: "m".into(),
        to: "r".into(),
        integration_from: "w2".into(),
        integration_to: "r".into(),
    });
    assert_eq!(told.next(), Next::Clean);
    told.done(Operation::Clean { backups: Vec::new() });
    assert_eq!(told.next(), Next::Over);
}

#[test]
fn a_wave_that_is_taken_back_can_be_merged_again() {
    let mut told = Told::begun();
    told.start("T1");
    told.start("T2");
    told.accept("T1");
    told.accept("T2");
    told.merge(1, "p", "w1", &["T1", "T2"]);
    told.done(Operation::Undo { wave: 1, from: "w1".into(), to: "p".into() });
    let session = replay(&told.0).expect("readable").expect("a session");
    assert_eq!(session.integration, "p");
    assert_eq!(next(&session), Next::Merge { wave: 1 });
}

#[test]
fn an_operation_that_did_not_end_is_open_and_changes_nothing_else() {
    let mut told = Told::begun();
    let operation = Operation::Undo { wave: 1, from: "w".into(), to: "p".into() };
    told.say(Entry::Intent { operation: operation.clone() });
    let session = replay(&told.0).expect("readable").expect("a session");
    assert_eq!(session.open, Some((3, operation)));
    told.say(Entry::Outcome { intent: 3, done: false });
    assert_eq!(told.next(), Next::Start { wave: 1, objectives: vec![id("T1"), id("T2")] });
}

#[test]
fn an_approval_that_was_taken_back_leaves_no_session() {
    let mut told = Told(Vec::new());
    told.say(Entry::Intent { operation: Operation::Approve(approval()) });
    told.say(Entry::Outcome { intent: 1, done: false });
    assert_eq!(replay(&told.0), Ok(None));
}

#[test]
fn lines_that_cannot_follow_each_other_are_refused() {
    let tables: [Vec<Entry>; 4] = [
        vec![Entry::Released],
        vec![Entry::Outcome { intent: 9, done: true }],
        vec![Entry::Retried { objective: id("T9"), by_run: false }],
        vec![Entry::Ready { objective: id("T1"), brought: Vec::new() }],
    ];
    for (i, entries) in tables.into_iter().enumerate() {
        let mut told = if i == 0 { Told(Vec::new()) } else { Told::begun() };
        for entry in entries {
            told.say(entry);
        }
        assert!(replay(&told.0).is_err(), "{i}");
    }
    let mut told = Told::begun();
    told.0[1].seq = 7;
    assert!(replay(&told.0).is_err());
}

#[test]
fn lines_of_earlier_versions_are_read() {
    let table = [
        r#"{"type":"failed","objective":"T1","reason":"no"}"#,
        r#"{"type":"gate_red","wave":1,"candidate":"c","command":"make","blamed":["T1"]}"#,
    ];
    let mut told = Told::begun();
    for text in table {
        told.say(serde_json::from_str(text).expect("an entry"));
    }
    let session = replay(&told.0).expect("readable").expect("a session");
    let red = session.red.expect("a gate is red");
    assert_eq!((red.gate, red.before), (Failing::new("make", "", &[]), false));
    assert_eq!(session.objectives[0].gate, None);
}

#[test]
fn a_line_is_one_json_object() {
    let mut told = Told::begun();
    told.start("T1");
    for line in &told.0 {
        let text = serde_json::to_string(line).expect("plain data");
        let back: Line = serde_json::from_str(&text).expect("its own text");
        assert_eq!(&back, line);
    }
    let text = serde_json::to_string(&told.0[1]).expect("plain data");
    assert_eq!(text, r#"{"schema":1,"seq":2,"time":"t2","type":"outcome","intent":1,"done":true}"#);
}
