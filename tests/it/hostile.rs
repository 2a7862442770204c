//! Plans that are made to cost: each is decided, or refused as too complex by the pattern's
//! name. What that may cost is measured by `cargo bench --bench check`.

use std::fmt::Write as _;

use crate::support::Repo;

const HOSTILE: &str = "**/*a??????????????";

/// What is wanted of each finding: its code, and the pattern that it names.
type Told = Vec<(String, String)>;

fn checked(exit: i32, objectives: &[(Vec<String>, Vec<String>)]) -> Told {
    let mut text =
        "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"feature\"\n".to_owned();
    for (i, (touch, forbid)) in objectives.iter().enumerate() {
        write!(
            text,
            "[[objective]]\nid = \"T{i}\"\ntitle = \"t\"\nwave = 1\ncreates = true\ntouch = {touch:?}\nforbid = {forbid:?}\n"
        )
        .expect("writing to a string cannot fail");
    }
    let repo = Repo::of(&["src/a", "n5"]);
    repo.write("p.toml", text);
    let found = repo.ap(["check", "p.toml", "--format", "json"]).exits(exit).json();
    let told = found["findings"].as_array().expect("a list").iter().map(|f| {
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (word(&f["code"]), word(&f["patterns"][0]))
    });
    told.collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

#[test]
fn patterns_beyond_the_limits_are_refused_by_name() {
    let alternatives: Vec<String> = (0..10_000).map(|i| format!("n{i}")).collect();
    for pattern in [
        format!("{{{}}}", alternatives.join(",")),
        format!("{}a{}", "{".repeat(50), "}".repeat(50)),
        "{a,b}".repeat(40),
        "a".repeat(1 << 20),
        format!("{}x", "{**/,a}".repeat(30)),
    ] {
        let told = checked(3, &[(vec![pattern.clone()], vec![]), (texts(&["n5"]), vec![])]);
        assert_eq!(told, [("too-complex".to_owned(), pattern)]);
    }
}

#[test]
fn patterns_within_the_limits_are_decided() {
    let many_gaps = format!("{}x", "**/".repeat(1000));
    for (one, two, meets) in [
        (HOSTILE.to_owned(), format!("{HOSTILE}?"), true),
        (HOSTILE.to_owned(), "a/b?".to_owned(), false),
        (format!("{HOSTILE}x"), format!("{HOSTILE}y"), false),
        (many_gaps.clone(), format!("{many_gaps}/"), true),
        (many_gaps.clone(), format!("{}y", "**/".repeat(1000)), false),
        (format!("{}x", "a/**/".repeat(60)), format!("{}y", "**/b/".repeat(60)), false),
        (format!("{}a{}", "{".repeat(30), "}".repeat(30)), "a".to_owned(), true),
        ("{a,b}".repeat(9), "?".repeat(9), true),
    ] {
        let exit = if meets { 3 } else { 0 };
        let told = checked(exit, &[(vec![one.clone()], vec![]), (vec![two.clone()], vec![])]);
        let codes: Vec<&str> = told.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, if meets { &["scope-overlap"][..] } else { &[] }, "{one} x {two}");
    }
}

#[test]
fn exceptions_that_ask_for_too_much_are_named_or_decided() {
    // One decides at once: what both may touch is not left out.
    let free = (texts(&["**/*b*"]), texts(&[HOSTILE, "**/*a?????????????????"]));
    let told = checked(3, &[free.clone(), (texts(&["**/*bc"]), texts(&[HOSTILE]))]);
    assert_eq!(told, [("scope-overlap".to_owned(), "**/*b*".to_owned())]);
    // Here everything that both may touch is left out by one or the other, which takes all of
    // both automata to see.
    let short = "**/*a??????";
    let one = (texts(&[short]), texts(&["**/*a???a??", "**/*a???b??"]));
    let two = (texts(&[short]), texts(&["**/*a???[!ab]??"]));
    assert_eq!(checked(0, &[one, two]), []);
    // With so much to remember nobody sees it.
    let long = format!("{HOSTILE}????");
    let one = (vec![long.clone()], texts(&["**/*a???a??????????????", "**/*a???b??????????????"]));
    let two = (vec![long], texts(&["**/*a???[!ab]??????????????"]));
    let told = checked(3, &[one, two]);
    assert!(!told.is_empty());
    for (code, pattern) in told {
        assert_eq!(code, "too-complex");
        assert!(pattern.starts_with("**/*a???"), "{pattern}");
    }
}

#[test]
fn thousands_of_patterns_that_all_meet_are_too_complex() {
    let scope = |i: usize| (vec!["lib/".to_owned(), format!("m{i}/")], vec![]);
    let told = checked(3, &(0..5_000).map(scope).collect::<Vec<_>>());
    assert_eq!(told, [("too-complex".to_owned(), "lib/".to_owned())]);
}

#[test]
fn a_hundred_objectives_that_all_meet_are_told_pair_by_pair() {
    let scope = |i: usize| (texts(&["**/*.rs", "src/", &format!("m{i}/")]), vec![]);
    let told = checked(3, &(0..100).map(scope).collect::<Vec<_>>());
    assert_eq!(told.iter().filter(|(code, _)| code == "scope-overlap").count(), 4950);
    assert_eq!(told.len(), 4950);
}
