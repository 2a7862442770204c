use super::*;
use crate::analysis::analyze;
use crate::analysis::owners::Owners;
use crate::analysis::source::memory::Memory;
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::RepoPath;
use crate::domain::plan::{Contract, Derived, Objective, SCHEMA, Shared, TaskType};

const HOSTILE: &str = "</td>|<b>\n\n```\n# x\n@all ![a](http://e) \u{1b}[2J `";

fn plan_of(request: &str) -> Plan {
    let id = |text: &str| ObjectiveId::parse(text).expect("an id");
    let mut first = Objective::new(id("T1"), request, vec!["src/a|b`c/".to_owned()]);
    first.gates = vec!["cargo test".to_owned()];
    first.context = vec![request.to_owned()];
    let mut second = Objective::new(id("T2"), "Second", vec!["src/b.rs".to_owned()]);
    second.depends_on = vec![id("T1")];
    second.gates = vec!["cargo test".to_owned()];
    Plan {
        schema: SCHEMA,
        id: PlanId::new("20260102-030405", "x").expect("an id"),
        request: request.to_owned(),
        task_type: TaskType::Feature,
        target: Some("main".to_owned()),
        base: None,
        strategy: request.to_owned(),
        objectives: vec![first, second],
        contracts: vec![Contract {
            provider: id("T1"),
            consumers: vec![id("T2")],
            description: request.to_owned(),
            check: None,
        }],
        derived: vec![Derived {
            paths: vec!["Cargo.lock".to_owned()],
            command: request.to_owned(),
        }],
        shared: vec![Shared { paths: vec!["src/lib.rs".to_owned()] }],
    }
}

fn templates() -> Templates {
    Templates::new(&BTreeMap::new()).expect("the built-in templates can be read")
}

/// No line of a rendered document is one that only a hostile value could have made.
fn assert_harmless(rendered: &str) {
    for line in rendered.lines() {
        assert!(!line.contains("<b>") && !line.contains("</td>"), "{line}");
        assert!(!line.replace("\\]", "").contains("](http"), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
        assert!(!line.starts_with("# x"), "{line}");
        assert!(!line.contains("@all") || line.contains('`'), "{line}");
    }
    let fences = rendered.lines().filter(|line| line.starts_with("```")).count();
    assert_eq!(fences % 2, 0, "{rendered}");
}

/// Cells of a table's row: `|` that nothing escapes.
fn cells(line: &str) -> usize {
    line.replace("\\|", "").matches('|').count()
}

#[test]
fn a_hostile_plan_opens_nothing() {
    let rendered =
        templates().plan_md(&plan_of(HOSTILE), "abc123", &[1, 2], None).expect("rendered");
    assert_harmless(&rendered);
    assert_eq!(rendered.lines().filter(|line| line.starts_with("```")).count(), 2);
    let rows: Vec<&str> = rendered
        .lines()
        .skip_while(|line| !line.starts_with("| Wave | Objective |"))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(rows.len() == 4 && rows.iter().all(|row| cells(row) == 8), "{rows:#?}");
    assert_eq!(digest_in(&rendered), Some("abc123"));
}

#[test]
fn a_plan_is_shown_whole() {
    let plan = plan_of("Add a login");
    let rendered = templates().plan_md(&plan, "d1", &[1, 2], None).expect("rendered");
    for part in [
        "# Add a login\n",
        "| Objectives | 2 in 2 waves |",
        "  subgraph w1[\"Wave 1\"]\n    o0[\"T1: Add a login\"]\n  end",
        "  o0 --> o1\n",
        "| 1 | `T1` | Add a login | <code>src/a&#124;b&#96;c/</code> |  | medium | 30 |",
        "| 2 | `T2` | Second | `src/b.rs` | `T1` | medium | 30 |",
        "| Estimate | 60 minutes of work |",
        "### T2: Second\n",
        "- `cargo test`: gate of T1, T2\n",
        "- `Add a login`: makes Cargo.lock\n",
        "- `src/lib.rs`",
    ] {
        assert!(rendered.contains(part), "`{part}` is missing in\n{rendered}");
    }
    assert!(!rendered.contains("\n\n\n") && rendered.ends_with('\n'));
    assert!(!rendered.contains("## The request"), "one line needs no second showing");
}

#[test]
fn a_plan_says_what_is_there_and_whom_to_ask() {
    let path = |text: &str| RepoPath::new(text).expect("a valid path");
    let mut plan = plan_of("Add a login");
    plan.objectives[0].touch = ["src/a/", "src/b.rs", "src/new.rs", "src/{a,a/x.rs}", "docs/*.md"]
        .map(str::to_owned)
        .into();
    let files = ["src/b.rs", "src/a/x.rs", "src/a/y|z.rs", "src/ab.rs", "docs/i.md"].map(path);
    let owners = Owners::read(&path("CODEOWNERS"), "* @all\nsrc/a/ @a|b <b>@c\n/src/a @a");
    let today = Today::new(files.into(), owners);
    let rendered = templates().plan_md(&plan, "d1", &[1, 2], Some(&today)).expect("rendered");
    for part in [
        "[`src/a/`](../../../src/a) (2 files)<br>[`src/b.rs`](../../../src/b.rs)<br>`src/new.rs` \
         (new)<br>`src/{a,a/x.rs}` (2 files)<br>`docs/*.md` (1 file) |",
        "|  | `@a`, `@all` | medium |",
        "| Owners | [`CODEOWNERS`](../../../CODEOWNERS) |",
    ] {
        assert!(rendered.contains(part), "`{part}` is missing in\n{rendered}");
    }
    assert_harmless(&rendered);
}

#[test]
fn the_digest_is_in_the_first_line_alone() {
    let table = [
        ("<!-- made from plan.toml, digest ab12 -->\n# x", Some("ab12")),
        ("# x\n<!-- made from plan.toml, digest ab12 -->", None),
        ("<!-- made from plan.toml, digest  -->", None),
        ("<!-- made from plan.toml, digest a b -->", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(digest_in(text), expected, "{text}");
    }
}

#[test]
fn an_analysis_is_shown() {
    let files = [
        ("Cargo.toml", "[package]\nname = \"x|y\""),
        ("src/lib.rs", "mod login;\n"),
        ("src/login.rs", "pub fn login() {}\n"),
        ("src/<b>|login.rs", "pub fn login() {}\n"),
    ];
    let source = Memory::new(&files);
    let analysis = analyze(&source, HOSTILE, &|_| {}).expect("memory can be read");
    let document = Document::new(&analysis, "c0ffee", &[], HOSTILE);
    let rendered = templates().analysis_md(&document, HOSTILE).expect("rendered");
    assert_harmless(&rendered);
    let analysis = analyze(&source, "Fix login", &|_| {}).expect("memory can be read");
    let document = Document::new(&analysis, "c0ffee", &[2, 3], "one objective");
    let rendered = templates().analysis_md(&document, "Fix login").expect("rendered");
    for part in [
        "# Analysis: Fix login",
        "| 1.00 | ✓ | [`src/login.rs`](../../../src/login.rs) | path: login",
        "| rust | 3 | 3 |",
        "| `cargo test` | test | [`Cargo.toml`](../../../Cargo.toml) |",
        "](../../../src/%3Cb%3E%7Clogin.rs)",
    ] {
        assert!(rendered.contains(part), "`{part}` is missing in\n{rendered}");
    }
    assert!(rendered.contains("&#60;b&#62;&#124;login.rs"), "{rendered}");
    let text = templates().analysis_text(&document, "Fix login").expect("rendered");
    assert!(!text.contains("](") && text.contains("| 1.00 | ✓ | `src/login.rs` |"), "{text}");
    let json = serde_json::to_value(&document).expect("a document is JSON");
    assert_eq!(json["files"][0]["path"], "src/login.rs");
    assert_eq!(json["schema"], 1);
}

#[test]
fn a_broken_override_is_named_with_its_line() {
    let message = |name: &str, text: &str| {
        let overrides = BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let failed = |error: anyhow::Error| {
            error.downcast::<Failure>().expect("a failure that a person can act on").message
        };
        match Templates::new(&overrides) {
            Err(error) => failed(error),
            Ok(templates) => templates
                .plan_md(&plan_of("x"), "d", &[1, 1], None)
                .map_err(failed)
                .expect_err("an error was expected"),
        }
    };
    let parse = message("plan.hbs", "fine\n{{#if plan}}\nno end");
    assert!(parse.starts_with("template `plan.hbs` cannot be read"), "{parse}");
    let render = message("plan.hbs", "fine\n\n{{plan.nothing}}");
    assert!(render.starts_with("template `plan.hbs` cannot be filled in line 3"), "{render}");
    let helper = message("plan.hbs", "{{code plan.nothing}}");
    assert!(helper.starts_with("template `plan.hbs` cannot be filled in line 1"), "{helper}");
    assert_eq!(message("plans.hbs", ""), "there is no template `plans.hbs`");
}

#[test]
fn an_override_replaces_the_template_but_not_the_digest() {
    let overrides =
        BTreeMap::from([("plan.hbs".to_owned(), "{{plan.id}} {{md plan.task_type}}".to_owned())]);
    let templates = Templates::new(&overrides).expect("a template");
    let rendered = templates.plan_md(&plan_of("x"), "d1", &[], None).expect("rendered");
    assert_eq!(rendered, "<!-- made from plan.toml, digest d1 -->\n\n20260102-030405-x feature\n");
}
