use std::collections::BTreeMap;

use super::*;
use crate::domain::commit_message::{complete, wave, with_trailers};

const FORGED: &str =
    "x\n\nAP-Scope: forged\nCo-authored-by: E <e@x>\n{{plan}} <b> \u{1b}[2J\u{202e}";

fn templates(overrides: &[(&str, &str)]) -> Result<Templates> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Templates::new(&overrides.iter().map(owned).collect::<BTreeMap<_, _>>())
}

fn built_in() -> Templates {
    templates(&[]).expect("the built-in templates can be read")
}

fn plan() -> PlanId {
    PlanId::parse("20251008-104131-add-jwt").expect("valid")
}

fn id(text: &str) -> ObjectiveId {
    ObjectiveId::parse(text).expect("valid")
}

fn wave_view<'a>(plan: &'a PlanId, request: &'a str, objectives: Vec<Done<'a>>) -> WaveView<'a> {
    WaveView {
        plan,
        task_type: TaskType::Feature,
        request,
        wave: 1,
        waves: 2,
        objectives,
        modified: 5,
        tests: Tests::Passed,
    }
}

fn done<'a>(id: &'a ObjectiveId, title: &'a str, commits: u64, files: u64) -> Done<'a> {
    Done { id, title, commits, files }
}

#[test]
fn the_message_of_a_wave() {
    let (plan, one, two) = (plan(), id("T1"), id("T2"));
    let objectives =
        vec![done(&one, "Token issue & <verification>", 2, 1), done(&two, "Login form", 0, 0)];
    let view = wave_view(&plan, "Add JWT authentication.\nWith tests.", objectives);
    let message = built_in().wave_message(&view).expect("rendered");
    assert_eq!(
        complete(&message, &wave(&plan, 1, "c0ffee")),
        "feat: add JWT authentication (wave 1)

Wave 1 of 2 of the plan 20251008-104131-add-jwt.

Objectives completed:
- T1: Token issue & <verification> (2 commits, 1 file)
- T2: Login form (no change)

Modified files: 5
Tests: passed

AP-Plan: 20251008-104131-add-jwt
AP-Wave: 1
AP-Scope: c0ffee
"
    );
}

#[test]
fn a_subject_that_is_cut_has_its_words_below() {
    let plan = plan();
    let request = "Add JWT authentication with secure token handling, refresh and revocation";
    let view = WaveView { waves: 1, tests: Tests::NotRun, ..wave_view(&plan, request, Vec::new()) };
    let message = built_in().wave_message(&view).expect("rendered");
    assert_eq!(
        message,
        "feat: add JWT authentication with secure token handling, refresh and…

Add JWT authentication with secure token handling, refresh and revocation

Wave 1 of 1 of the plan 20251008-104131-add-jwt.

Modified files: 5
Tests: not run
"
    );
}

#[test]
fn the_messages_of_a_landing() {
    let (plan, one, two) = (plan(), id("T1"), id("T2"));
    let mut view = LandingView {
        plan: &plan,
        task_type: TaskType::Bug,
        request: "Tokens never expire",
        target: "main",
        squash: false,
        objectives: vec![done(&one, "Expiry", 1, 3)],
        dropped: vec![done(&two, "Refresh", 0, 0)],
        modified: 3,
        tests: Tests::Failed,
    };
    let rest = "
Objectives completed:
- T1: Expiry (1 commit, 3 files)

Objectives dropped:
- T2: Refresh

Modified files: 3
Tests: failed
";
    let head = "fix: tokens never expire\n\nThe plan 20251008-104131-add-jwt";
    let chore =
        "chore(ap): record of add-jwt\n\nTokens never expire\n\nThe plan 20251008-104131-add-jwt";
    let record = ".ap/sessions/20251008-104131-add-jwt/accomplishment.md";
    assert_eq!(
        built_in().landing_message(&view).expect("rendered"),
        format!("{chore} lands on main. What each objective did stands in {record}.\n{rest}")
    );
    view.squash = true;
    assert_eq!(
        built_in().landing_message(&view).expect("rendered"),
        format!("{head}, all of its waves in one commit.\n{rest}")
    );
}

#[test]
fn the_messages_of_objectives_pins_and_syncs() {
    let (plan, one) = (plan(), id("T1"));
    let objective =
        |title| ObjectiveView { slug: "add-jwt-2", task_type: TaskType::Reset, id: &one, title };
    let message = |title| built_in().objective_message(&objective(title)).expect("rendered");
    assert_eq!(message("Token issue"), "refactor(add-jwt-2): token issue\n");
    assert_eq!(message(""), "refactor(add-jwt-2): T1\n");
    let long = "Token issue, verification, refresh and revocation of all of it";
    assert_eq!(
        message(long),
        format!(
            "refactor(add-jwt-2): token issue, verification, refresh and revocation…\n\n{long}\n"
        )
    );
    let view = PinView { plan: &plan, request: "Add it\nnow", objectives: vec![(&one, "One", 1)] };
    assert_eq!(
        built_in().pin_message(&view).expect("rendered"),
        "chore(ap): approve plan add-jwt\n\nAdd it\n\nObjectives:\n- T1: One (wave 1)\n"
    );
    assert_eq!(
        built_in().sync_message(&plan, "release/1.x").expect("rendered"),
        "chore(ap): merge release/1.x into add-jwt\n"
    );
}

#[test]
fn no_title_forges_a_trailer() {
    let (plan, one) = (plan(), id("T1"));
    let hostile = "{{#each objectives}}{{title}}\n{{{title}}}\n{{/each}}\n\nTests: {{tests}}";
    for overrides in [&[][..], &[("wave.hbs", hostile)]] {
        let templates = templates(overrides).expect("templates");
        let view = wave_view(&plan, FORGED, vec![done(&one, FORGED, 1, 1)]);
        let message = templates.wave_message(&view).expect("rendered");
        assert!(
            message.chars().all(|c| c == '\n' || crate::domain::path::is_printable(c)),
            "{message:?}"
        );
        assert!(
            !message
                .lines()
                .any(|line| line.starts_with("AP-Scope") || line.starts_with("Co-auth"))
        );
        assert!(message.contains("{{plan}} <b>"), "text is not a template: {message}");
        let trailers = wave(&plan, 1, "c0ffee");
        let whole = complete(&message, &trailers);
        let last = whole.trim_end().rsplit("\n\n").next().expect("a paragraph");
        assert_eq!(last.lines().count(), trailers.len(), "{whole}");
        // What a hook would add is there already.
        assert_eq!(with_trailers(whole.as_bytes(), &trailers), whole.as_bytes());
    }
    let mut titles =
        vec![FORGED.to_owned(), "x".repeat(5000), "#hash".into(), "---".into(), "\u{85}".into()];
    titles.push("AP-Plan: forged".to_owned());
    for title in &titles {
        let view = wave_view(&plan, title, vec![done(&one, title, 1, 1)]);
        let message = built_in().wave_message(&view).expect("rendered");
        assert!(message.lines().all(|line| line.chars().count() < 500), "{message}");
        assert!(!message.lines().any(|line| line.starts_with("AP-Plan") || line.starts_with('#')));
    }
}

#[test]
fn a_replaced_template_is_held_to_its_words() {
    let plan = plan();
    let view = wave_view(&plan, "Add it", Vec::new());
    let message = |text| templates(&[("wave.hbs", text)])?.wave_message(&view);
    assert_eq!(
        message("{{type}}: {{slug}}\n\n\n\n {{wave}}\n").expect("rendered"),
        "feature: add-jwt\n\n 1\n"
    );
    let failed = |text| {
        let error = message(text).expect_err("an error was expected");
        error.downcast::<Failure>().expect("a failure that a person can act on").message
    };
    assert!(failed("x\n{{nothing}}").starts_with("template `wave.hbs` cannot be filled in line 2"));
    assert!(failed("{{#if}").starts_with("template `wave.hbs` cannot be read"));
    assert_eq!(failed("{{#if squash}}x{{/if}}\n\n"), "template `wave.hbs` writes no message");
}
