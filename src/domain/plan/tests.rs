use super::*;
use crate::domain::config::Config;
use crate::domain::finding::{Code, Finding};
use crate::domain::path::RepoPath;

const HEAD: &str =
    "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"do it\"\ntype = \"feature\"\n";

fn tracked(paths: &[&str]) -> Vec<RepoPath> {
    let mut paths: Vec<_> = paths.iter().map(|p| RepoPath::new(*p).expect("valid")).collect();
    paths.sort();
    paths
}

fn proof_with(body: &str, paths: &[&str], config: &Config) -> (Plan, Proof, String) {
    let text = format!("{HEAD}{body}");
    let reading = read(&text);
    let plan = reading.plan.clone().unwrap_or_else(|| panic!("{:?}", reading.findings));
    let tracked = tracked(paths);
    let proof =
        prove(&reading, &plan, Facts { config, tracked: &tracked }).expect("matchers agree");
    (plan, proof, text)
}

fn proof(body: &str, paths: &[&str]) -> (Plan, Proof, String) {
    proof_with(body, paths, &Config::default())
}

/// An objective in one line of a test.
fn objective(id: &str, rest: &str) -> String {
    format!("[[objective]]\nid = \"{id}\"\ntitle = \"{id}\"\n{rest}\n")
}

/// Each finding as `code line:column underlined text`.
fn shown(proof: &Proof, text: &str) -> Vec<String> {
    let one = |f: &Finding| match &f.place {
        Some(p) => format!("{} {}:{} {}", f.code.as_str(), p.line, p.column, &text[p.span.clone()]),
        None => f.code.as_str().to_owned(),
    };
    proof.findings.iter().map(one).collect()
}

#[test]
fn an_overlap_names_path_patterns_and_both_places() {
    let body = objective("T1", "touch = [\"docs/\", \"src/**\"]")
        + &objective("T2", "wave = 1\ntouch = [\"src/auth/\"]");
    let body = body.replace("title = \"T1\"", "title = \"T1\"\nwave = 1");
    let (_, proof, text) =
        proof(&body, &["docs/a", "src/auth/b.rs", "src/auth/login.rs", "src/x.rs"]);
    assert_eq!(shown(&proof, &text), ["scope-overlap 9:19 \"src/**\""]);
    let finding = &proof.findings[0];
    assert_eq!(finding.patterns, ["src/**", "src/auth/"]);
    assert_eq!(finding.witness.as_ref().map(ToString::to_string).as_deref(), Some("src/auth/b.rs"));
    assert_eq!((finding.witness_exists, finding.tracked_count), (Some(true), Some(2)));
    assert_eq!(finding.related.len(), 1);
    assert!(
        finding.help.as_deref().is_some_and(|h| h.contains("forbid = [\"src/auth/\"]` to T1")),
        "{:?}",
        finding.help
    );
}

#[test]
fn scopes_that_meet_get_different_waves_by_themselves() {
    let body = objective("T1", "touch = [\"src/\"]")
        + &objective("T2", "touch = [\"src/a\"]")
        + &objective(
            "T3",
            "touch = [\"web/\"]\ndepends_on = [\"T2\"]\nintegration_points = [\"uses a() of T2\"]",
        );
    let (_, proof, text) = proof(&body, &["src/a/x", "web/y"]);
    assert_eq!(shown(&proof, &text), [""; 0]);
    assert_eq!(proof.waves, [2, 1, 2]);
}

#[test]
fn shared_derived_and_forbidden_paths_do_not_collide() {
    let rest = "wave = 1\ntouch = [\"src/a/\", \"src/lib.rs\", \"Cargo.lock\", \"secrets/k\"]";
    let body = objective("T1", rest) + &objective("T2", &rest.replace("src/a/", "src/b/"));
    let body = body
        + "[[derived]]\npaths = [\"Cargo.lock\"]\ncommand = \"cargo update\"\n[[shared]]\npaths = [\"src/lib.rs\"]\n";
    let (_, proof, text) =
        proof(&body, &["src/a/x", "src/b/x", "src/lib.rs", "Cargo.lock", "secrets/k"]);
    assert_eq!(
        shown(&proof, &text),
        ["scope-forbidden 9:48 \"secrets/k\"", "scope-forbidden 14:48 \"secrets/k\""]
    );
    assert!(
        proof.findings[0].message.contains("`secrets/` of `global_forbid`"),
        "{}",
        proof.findings[0].message
    );
}

#[test]
fn structure_is_checked_where_it_is_written() {
    let body = objective("T1", "touch = [\"a\"]\ndepends_on = [\"T9\", \"T1\"]")
        + &objective("t1", "touch = [\"b\"]")
        + &objective(
            "T2",
            "touch = [\"c\"]\nwave = 1\ndepends_on = [\"T3\"]\nintegration_points = [\"T3: x\"]",
        )
        + &objective("T3", "touch = [\"d\"]\nwave = 2")
        + "[[contract]]\nprovider = \"T3\"\nconsumers = [\"T2\", \"T8\"]\ndescription = \"d\"\n";
    let (_, proof, text) = proof(&body, &["a", "b", "c", "d"]);
    assert_eq!(
        shown(&proof, &text),
        [
            "unknown-dependency 9:15 \"T9\"",
            "dependency-cycle 9:21 \"T1\"",
            "duplicate-id 11:6 \"t1\"",
            "dependency-order 18:8 1",
            "contract-order 28:14 \"T2\"",
            "unknown-dependency 28:20 \"T8\"",
        ]
    );
}

#[test]
fn a_cycle_is_drawn() {
    let body =
        objective("T1", "touch = [\"a\"]\ndepends_on = [\"T2\"]\nintegration_points = [\"T2\"]")
            + &objective("T2", "touch = [\"b\"]\ndepends_on = [\"T1\"]");
    let (_, proof, text) = proof(&body, &["a", "b"]);
    assert_eq!(shown(&proof, &text), ["dependency-cycle 9:14 [\"T2\"]"]);
    assert!(proof.findings[0].message.ends_with("T1 → T2 → T1"));
}

#[test]
fn patterns_that_reach_nothing_say_what_was_meant() {
    let paths = ["src/auth/login.rs", "src/authz/x.rs", "src/core/types.rs", "lib/only.rs"];
    for (pattern, help) in [
        ("src/auht/", "did you mean `src/auth/`?"),
        ("src/auth*", "did you mean `src/auth*/`?"),
        ("src/core/type.rs", "did you mean `src/core/types.rs`?"),
        ("sorce/auth/login.rs", "did you mean"),
        ("src/only.rs", "did you mean `lib/only.rs`?"),
        ("unheard/of/", "creates = true"),
    ] {
        let body = objective("T1", &format!("touch = [\"{pattern}\"]"));
        let (_, proof, text) = proof(&body, &paths);
        assert_eq!(shown(&proof, &text), [format!("scope-matches-nothing 8:10 \"{pattern}\"")]);
        let got = proof.findings[0].help.as_deref().unwrap_or_default();
        assert!(got.contains(help), "{pattern}: {got}");
        let (_, made, _) = self::proof(&body.replace("touch", "creates = true\ntouch"), &paths);
        assert!(made.findings.is_empty());
    }
}

#[test]
fn warnings_become_errors_where_the_owner_says_so() {
    let body = objective("T1", "wave = 1\ntouch = [\"Src/a\"]\nread = [\"web/\"]")
        + &objective("T2", "wave = 1\ntouch = [\"src/A\", \"web/x\"]");
    let paths = ["Src/a", "src/A", "web/x"];
    let (_, warned, text) = proof(&body, &paths);
    assert_eq!(shown(&warned, &text), ["scope-case 9:10 \"Src/a\"", "read-hazard 10:9 \"web/\""]);
    assert!(warned.valid());
    let strict = Config { case_is_error: true, read_hazards_are_errors: true, ..Config::default() };
    let (_, refused, _) = proof_with(&body, &paths, &strict);
    assert!(!refused.valid() && refused.findings.len() == 2);
}

#[test]
fn the_request_and_the_dependencies_should_be_covered() {
    let body = objective("T1", "touch = [\"src/a.rs\"]")
        + &objective("T2", "touch = [\"src/b.rs\"]\ndepends_on = [\"T1\"]");
    let text = format!("{HEAD}{body}").replace("do it", "Fix `src/b.rs`, docs/guide.md and old.c.");
    let reading = read(&text);
    let plan = reading.plan.clone().expect("valid");
    let tracked = tracked(&["docs/guide.md", "src/a.rs", "src/b.rs"]);
    let config = Config::default();
    let proof = prove(&reading, &plan, Facts { config: &config, tracked: &tracked })
        .expect("matchers agree");
    let codes: Vec<_> = proof.findings.iter().map(|f| (f.code, f.message.as_str())).collect();
    assert_eq!(
        codes,
        [
            (
                Code::UncoveredPath,
                "the request names docs/guide.md, but no objective touches or reads it"
            ),
            (Code::MissingIntegrationPoint, "nothing says what T2 uses of T1"),
        ]
    );
}

#[test]
fn a_bad_pattern_is_pointed_at_inside_its_string() {
    let body = objective("T1", "touch = [\"ok\", \"src/a**\", 'x\\y']\nforbid = [\"{a\"]");
    let (_, proof, text) = proof(&body, &["ok"]);
    assert_eq!(
        shown(&proof, &text),
        ["bad-pattern 8:22 **", "bad-pattern 8:29 \\", "bad-pattern 9:12 {"]
    );
}

#[test]
fn ids_branches_and_commands_are_checked() {
    let body = "target = \"-x\"\nbase = \"a b\"\n".to_owned()
        + &objective(
            "T1",
            "touch = [\"a\"]\ngates = [\"ls\", \"a\\u001bb\"]\nagent_type = \"a b\"",
        )
        + &objective("gate", "touch = [\"a\"]");
    let reading = read(&format!("{HEAD}{body}").replace("20251008-104131-x", "x"));
    assert!(reading.plan.is_none());
    let lines: Vec<usize> =
        reading.findings.iter().filter_map(|f| f.place.as_ref()).map(|p| p.line).collect();
    assert_eq!(lines, [2, 5, 6, 12, 11, 14], "{:?}", reading.findings);
    assert!(reading.findings.iter().all(|f| f.help.as_deref().is_some_and(|h| !h.is_empty())));
}

#[test]
fn a_plan_reads_back_as_it_was_written() {
    let body = "target = \"main\"\nbase = \"abc\"\nstrategy = \"s\\u001b[2J\\u202e\\n\\\"q\\\\\"\n"
        .to_owned()
        + &objective(
            "T1",
            "wave = 2\ndepends_on = [\"T2\"]\ntouch = [\"a\"]\nread = [\"b\"]\nforbid = [\"c\"]\ncreates = true\nagent_type = \"human\"\ncomplexity = \"low\"\npriority = \"critical\"\nestimate_minutes = 5\ntimeout_minutes = 6\nretries = 0\ncontext = [\"1\"]\nintegration_points = [\"2\"]\nconstraints = [\"3\"]\nacceptance = [\"4\"]\ngates = [\"5\"]\ndeliverables = [\"6\"]\nnotes = [\"7\"]",
        )
        + &objective("T2", "touch = [\"x\"]")
        + "[[contract]]\nprovider = \"T2\"\nconsumers = [\"T1\"]\ndescription = \"d\"\ncheck = \"true\"\n[[derived]]\npaths = [\"l\"]\ncommand = \"c\"\n[[shared]]\npaths = [\"s\"]\n";
    let plan = read(&format!("{HEAD}{body}")).plan.expect("valid");
    let text = to_toml(&plan);
    assert!(text.chars().all(|c| c == '\n' || crate::domain::path::is_printable(c)), "{text:?}");
    assert_eq!(read(&text).plan.as_ref(), Some(&plan), "{text}");
    let json = serde_json::to_string(&plan).expect("plain data");
    assert_eq!(read(&json).plan.as_ref(), Some(&plan), "{json}");
    assert_eq!(read(&format!("Sure!\n```json\n{json}\n```\n")).plan, Some(plan));
}

#[test]
fn repair_moves_the_fewest_and_keeps_the_text() {
    let body = objective("T1", "# first\nwave = 1 # keep\ntouch = [\"src/\"]")
        + &objective("T2", "wave = 1 # move\ntouch = [\"src/a\"]")
        + &objective(
            "T3",
            "wave = 1\ntouch = [\"web/\"]\ndepends_on = [\"T1\"]\nintegration_points = [\"T1\"]",
        );
    let (plan, proof, text) = proof(&body, &["src/a", "web/x"]);
    assert!(!proof.valid());
    let moves = repair(&plan, &proof).expect("no cycle");
    let told: Vec<String> = moves.iter().map(|m| format!("{} {} {}", m.id, m.to, m.why)).collect();
    assert_eq!(told, ["T2 2 it meets T1 at `src/a`", "T3 2 it depends on T1 in wave 1"]);
    let fixed = with_moves(&text, &moves).expect("it is TOML");
    assert_eq!(
        fixed,
        text.replace("wave = 1 # move", "wave = 2 # move")
            .replace("wave = 1\ntouch = [\"web/\"]", "wave = 2\ntouch = [\"web/\"]")
    );
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let expected = format!("\u{feff}{}", fixed.replace('\n', "\r\n"));
    assert_eq!(with_moves(&windows, &moves), Some(expected), "line ends and the mark stay");
    let reading = read(&fixed);
    let plan = reading.plan.clone().expect("valid");
    let tracked = tracked(&["src/a", "web/x"]);
    let config = Config::default();
    assert!(
        prove(&reading, &plan, Facts { config: &config, tracked: &tracked })
            .expect("agree")
            .valid()
    );
}
