//! Plan files as they come when hands slip, tools truncate and attackers try: read and proved
//! without a panic, and never accepted silently when they are no plan.

use git_ap::domain::config::Config;
use git_ap::domain::finding::Severity;
use git_ap::domain::path::RepoPath;
use git_ap::domain::plan::{self, Facts, to_toml};

use crate::oracle::random::{Random, say};

const MUTANTS: usize = 600;

const TOML: &str = r#"# a plan
schema = 1
id = "20251008-104131-add-jwt"
request = "Add JWT in `src/auth/login.rs`"
type = "feature"
target = "main"
strategy = "one after the other"

[[objective]]
id = "T1"
title = "Tokens"
wave = 1
touch = ["src/auth/", "tests/{auth,token}/**"]
forbid = ["src/auth/old/"]
priority = "high"
estimate_minutes = 45
gates = ["cargo test -p auth"]

[[objective]]
id = "T2"
title = "Routes"
depends_on = ["T1"]
integration_points = ["uses verify() of T1"]
touch = ['src/routes/[a-z]*.rs']
read = ["src/auth/mod.rs"]
creates = true

[[contract]]
provider = "T1"
consumers = ["T2"]
description = "verify(token) -> Claims"

[[derived]]
paths = ["Cargo.lock"]
command = "cargo update --workspace"

[[shared]]
paths = ["src/lib.rs"]
"#;

const PLAN_KEYS: &str =
    "schema id request type target base strategy objective contract derived shared";
const OBJECTIVE_KEYS: &str = "id title wave depends_on touch read forbid creates agent_type \
    complexity priority estimate_minutes timeout_minutes retries context integration_points \
    constraints acceptance gates deliverables notes";

fn originals() -> [String; 3] {
    let plan = plan::read(TOML).plan.expect("the original is valid");
    let json = serde_json::to_string_pretty(&plan).expect("plain data");
    let fenced = format!("Here is the plan.\n\n```toml\n{TOML}```\n\nAnything else?\n");
    [TOML.to_owned(), json, fenced]
}

/// A text with something done to it.
fn mutate(random: &mut Random, original: &str) -> String {
    const PIECES: [&str; 26] = [
        "\u{0}",
        "\u{1b}[2J",
        "\u{202e}",
        "é",
        "\u{feff}",
        "\r",
        "\n",
        "\"",
        "'",
        "\"\"\"",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ",",
        "#",
        "\\",
        "99999999999999999999",
        "-1",
        "1.5",
        "true",
        "2025-01-01",
        "**a",
    ];
    const KEYS: [&str; 8] = ["schema", "id", "touch", "objective", "wave", "type", "request", "T1"];
    const VALUES: [&str; 12] = [
        "1",
        "-0",
        "1.0",
        "true",
        "null",
        "\"\"",
        "\"x\"",
        "[]",
        "[1]",
        "[[\"a\"]]",
        "{}",
        "1979-05-27",
    ];
    let mut text = original.to_owned();
    for _ in 0..=random.below(3) {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let line = random.below(lines.len().max(1));
        let at = text.floor_char_boundary(random.below(text.len() + 1));
        text = match random.below(13) {
            0 if !lines.is_empty() => {
                lines.remove(line);
                lines.concat()
            }
            1 if !lines.is_empty() => {
                lines.insert(line, lines[line]);
                lines.concat()
            }
            2 if lines.len() > 1 => {
                let other = random.below(lines.len());
                lines.swap(line, other);
                lines.concat()
            }
            3 => text[..at].to_owned(),
            4 => {
                let end = text.floor_char_boundary((at + 1 + random.below(12)).min(text.len()));
                format!("{}{}", &text[..at], &text[end.max(at)..])
            }
            5 => {
                let key = random.pick(&KEYS);
                text.replacen(key, &format!("{}x", &key[..key.len() - 1]), 1)
            }
            6 => text.replace('\n', "\r\n"),
            7 => format!("{}{}{}", &text[..at], "[".repeat(1 + random.below(400)), &text[at..]),
            8 => format!("{}{}{}", &text[..at], "x".repeat(random.below(900)), &text[at..]),
            9 => flipped(&text, at, 1 << random.below(7)),
            10 => {
                let deep: &&str = random.pick(&["{a = ", "{\"a\":", "a.", "(", "{a,", "/**", "!"]);
                format!("{}{}{}", &text[..at], deep.repeat(1 + random.below(400)), &text[at..])
            }
            11 if !lines.is_empty() => with_value(&lines, line, random.pick::<&str>(&VALUES)),
            _ => format!("{}{}{}", &text[..at], random.pick(&PIECES), &text[at..]),
        };
    }
    text
}

/// The text with one bit of a character of ASCII turned over.
fn flipped(text: &str, at: usize, bit: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(byte) = bytes.get_mut(at).filter(|byte| byte.is_ascii()) {
        *byte ^= bit;
    }
    String::from_utf8(bytes).expect("one character of ASCII became another")
}

/// The lines with another value on one of them, as far as it has a key.
fn with_value(lines: &[&str], line: usize, value: &str) -> String {
    let (before, after) = (lines[..line].concat(), lines[line + 1..].concat());
    let changed = ["\": ", " = "].iter().find_map(|middle| {
        let (key, old) = lines[line].split_once(middle)?;
        let comma = if old.trim_end().ends_with(',') { "," } else { "" };
        Some(format!("{key}{middle}{value}{comma}\n"))
    });
    format!("{before}{}{after}", changed.as_deref().unwrap_or(lines[line]))
}

/// Panics at a key that is none of this table of a plan.
fn only_known_keys(table: &serde_json::Value, known: &str, text: &str) {
    for key in table.as_object().expect("accepted, so it is a table").keys() {
        assert!(known.split(' ').any(|name| name == key), "`{key}` slipped through:\n{text}");
    }
}

/// The root table of a text as other parsers see it.
fn independent(text: &str) -> Option<serde_json::Value> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    if body.trim_start().starts_with('{') {
        return serde_json::from_str(body).ok();
    }
    if let Ok(table) = toml::from_str(body) {
        return Some(table);
    }
    let (_, rest) = text.split_once("```")?;
    let rest = rest.split_once('\n')?.1;
    toml::from_str(rest.split("\n```").next()?.trim_end()).ok()
}

#[test]
fn no_mutant_panics_or_slips_through() {
    let mut random = Random::announced("mutated plans");
    let originals = originals();
    let tracked: Vec<RepoPath> =
        ["Cargo.lock", "src/auth/login.rs", "src/auth/mod.rs", "src/lib.rs", "src/routes/a.rs"]
            .map(|p| RepoPath::new(p).expect("valid"))
            .to_vec();
    let config = Config::default();
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..MUTANTS {
        let text = mutate(&mut random, &originals[n % 3]);
        let judged = std::panic::catch_unwind(|| {
            let reading = plan::read(&text);
            let proof = reading.plan.as_ref().map(|plan| {
                plan::prove(&reading, plan, Facts { config: &config, tracked: &tracked })
                    .expect("the matchers agree")
            });
            (reading, proof)
        });
        let Ok((reading, proof)) = judged else { panic!("a panic on:\n{text}") };
        let findings = proof.as_ref().map_or(&reading.findings, |p| &p.findings);
        for finding in findings {
            assert!(!finding.message.is_empty(), "{text}");
            if finding.severity == Severity::Error {
                let place = finding.place.as_ref().unwrap_or_else(|| panic!("{finding:?}\n{text}"));
                assert!(
                    place.span.end <= text.len() && text.get(place.span.clone()).is_some(),
                    "{place:?}\n{text}"
                );
                assert_eq!(
                    place.line,
                    text[..place.span.start].matches('\n').count() + 1,
                    "{text}"
                );
                assert!(
                    finding.help.as_deref().is_some_and(|h| !h.is_empty()),
                    "{finding:?}\n{text}"
                );
            }
        }
        let Some(plan) = &reading.plan else {
            assert!(
                findings.iter().any(|f| f.severity == Severity::Error),
                "refused without a word:\n{text}"
            );
            refused += 1;
            continue;
        };
        accepted += 1;
        let rendered = to_toml(plan);
        assert_eq!(
            plan::read(&rendered).plan.as_ref(),
            Some(plan),
            "does not read back:\n{text}\n---\n{rendered}"
        );
        // Whatever is accepted is what other parsers read there.
        let root = match independent(&text) {
            Some(root) => root,
            // A fence that was damaged as well is more than the few lines above can take apart.
            None if n % 3 == 2 => continue,
            None => panic!("no other parser reads:\n{text}"),
        };
        assert_eq!(root["schema"], 1, "{text}");
        assert_eq!(root["id"], plan.id.as_str(), "{text}");
        assert_eq!(root["request"], plan.request.as_str(), "{text}");
        let objectives = root["objective"].as_array().expect("accepted, so there are some");
        assert_eq!(objectives.len(), plan.objectives.len(), "{text}");
        only_known_keys(&root, PLAN_KEYS, &text);
        for (given, read) in objectives.iter().zip(&plan.objectives) {
            only_known_keys(given, OBJECTIVE_KEYS, &text);
            let list = |key: &str| given.get(key).cloned().unwrap_or_else(|| serde_json::json!([]));
            assert_eq!(given["id"], read.id.as_str(), "{text}");
            assert_eq!(list("touch"), serde_json::json!(read.touch), "{text}");
            assert_eq!(list("forbid"), serde_json::json!(read.forbid), "{text}");
            assert_eq!(
                given.get("wave").and_then(serde_json::Value::as_u64),
                read.wave.map(u64::from),
                "{text}"
            );
        }
    }
    say(&format!("{MUTANTS} mutants: {accepted} still plans, {refused} refused"));
    assert!(accepted > 20 && refused > MUTANTS / 4);
}

/// Each refusal of the pattern language and each kind of wrong field: where it points and what
/// it says to write.
#[test]
fn every_refusal_points_and_says_what_to_write() {
    let head = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"T1\"\ntitle = \"t\"\n";
    let table = [
        ("touch = [\"\"]", "8:10", "write a path such as `src/`"),
        ("touch = [\"/src\"]", "8:11", "leave out the leading `/`"),
        ("touch = [\"./src\"]", "8:11", "leave it out"),
        ("touch = [\"a/../b\"]", "8:13", "from the repository's root"),
        ("touch = [\"a//b\"]", "8:12", "write a single `/`"),
        ("touch = ['a\\b']", "8:12", "separate components with `/`"),
        ("touch = [\"a\\u0000\"]", "8:10", "remove it"),
        ("touch = [\"!a\"]", "8:11", "name what is excluded under `forbid`"),
        ("touch = [\"src/x**\"]", "8:16", "`**` stands alone between slashes"),
        ("touch = [\"[é]\"]", "8:12", "write the alternatives in braces"),
        ("touch = [\"a[]\"]", "8:12", "name its characters"),
        ("touch = [\"[a/b]\"]", "8:13", "use braces"),
        ("touch = [\"[z-a]\"]", "8:12", "write `a-z`"),
        ("touch = [\"[a\"]", "8:11", "close it with `]`"),
        ("touch = [\"{a\"]", "8:11", "close it with `}`"),
        ("touch = [\"a}\"]", "8:12", "write `{a,b}`, or `[}]`"),
        ("touch = []", "8:9", "write `touch = [\"…\"]`"),
        ("touch = \"a\"", "8:9", "write `touch = [\"a\"]`"),
        ("touch = [1]", "8:10", "put it in quotes"),
        ("", "5:1", "add `touch = [\"…\"]`"),
        ("touch = [\"a\"]\nwave = 0", "9:8", "write a number from 1 to 10000"),
        ("touch = [\"a\"]\nwave = \"1\"", "9:8", "write `wave = 1`"),
        ("touch = [\"a\"]\ncreates = 1", "9:11", "write `creates = true`"),
        ("touch = [\"a\"]\ncomplexity = \"hihg\"", "9:14", "did you mean `high`?"),
        ("touch = [\"a\"]\npriorty = \"high\"", "9:1", "did you mean `priority`?"),
        ("touch = [\"a\"]\nretries = 2.5", "9:11", "write `retries = 0`"),
        ("touch = [\"a\"]\ndepends_on = [\"T 2\"]", "9:15", "use letters, digits"),
        ("touch = [\"a\"]\ngates = [\"a\\nb\"]", "9:10", "write it as one printable line"),
        ("touch = [\"a\"]\nagent_type = \"a b\"", "9:14", "write `auto`, `human`"),
        ("touch = [\"a\"]\n[[contract]]\nprovider = \"T1\"", "9:1", "add `consumers = [\"…\"]`"),
        ("touch = [\"a\"]\nwave = 2025-01-01", "9:8", "write `wave = 1`"),
        ("touch = [\"a\"", "8:", "git ap schema plan"),
    ];
    let config = Config::default();
    for (body, at, help) in table {
        let text = format!("{head}{body}");
        let reading = plan::read(&text);
        let proof = reading.plan.as_ref().map(|plan| {
            plan::prove(&reading, plan, Facts { config: &config, tracked: &[] }).expect("agree")
        });
        let findings = proof.as_ref().map_or(&reading.findings, |p| &p.findings);
        let error = findings.iter().find(|f| f.severity == Severity::Error);
        let error = error.unwrap_or_else(|| panic!("accepted:\n{text}"));
        let place = error.place.as_ref().unwrap_or_else(|| panic!("{error:?}"));
        let shown = format!("{}:{}", place.line, place.column);
        assert!(shown.starts_with(at), "{body}: {shown} {}", error.message);
        let said = error.help.as_deref().unwrap_or_default();
        assert!(said.contains(help), "{body}: {said}");
    }
}

/// Between its tokens JSON takes a space, a tab, a line feed and a carriage return, and nothing
/// else (RFC 8259 §2).
#[test]
fn json_has_four_kinds_of_white_space() {
    let rest = "\"id\":\"20251008-104131-x\",\"request\":\"r\",\"type\":\"bug\",\
        \"objective\":[{\"id\":\"T1\",\"title\":\"t\",\"touch\":[\"src/\"]}]";
    let read = |between: char| plan::read(&format!("{{\"schema\":1,{between}{rest}}}")).plan;
    for white in [' ', '\t', '\n', '\r'] {
        assert!(read(white).is_some(), "{white:?} is refused");
    }
    for other in
        "\u{b}\u{c}\u{85}\u{a0}\u{1680}\u{2000}\u{2028}\u{2029}\u{3000}\u{0}\u{feff}".chars()
    {
        assert!(read(other).is_none(), "{other:?} is accepted");
    }
}
