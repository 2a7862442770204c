//! `git ap scope who`: whose a path is, by which rules, and from where paths are counted.

use serde_json::{Value, json};

use crate::session::{ID, place, planned_with};
use crate::support::Repo;

const PLAN: &str = r#"schema = 1
id = "20251008-104131-who"
request = "do it"
type = "feature"

[[objective]]
id = "T1"
title = "one"
touch = ["src/{auth,token}/", "src/lib.rs"]
read = ["docs/"]
forbid = ["src/auth/keys/"]

[[objective]]
id = "T2"
title = "two"
depends_on = ["T1"]
touch = ["docs/", "src/auth/login.rs", "gen/*.rs"]

[[derived]]
paths = ["Cargo.lock", "gen/a.rs"]
command = "make"

[[shared]]
paths = ["CHANGES", "src/lib.rs"]
"#;

fn repo() -> Repo {
    let repo = Repo::of(&["src/auth/login.rs", "src/lib.rs", "docs/a.md", "Cargo.lock", "x/.env"]);
    repo.write(".ap/plans/20251008-104131-who/plan.toml", PLAN);
    repo
}

fn one(repo: &Repo, path: &str) -> Value {
    let answer = repo.ap(["scope", "who", "--format", "json", path]).exits(0).json();
    assert_eq!(answer["plan"], "20251008-104131-who");
    answer["paths"][0].clone()
}

#[test]
fn every_rule_is_told_in_the_order_in_which_they_decide() {
    let repo = repo();
    let place = ".ap/plans/20251008-104131-who/plan.toml";
    let row = one(&repo, "src/lib.rs");
    assert_eq!(
        row,
        json!({
            "path": "src/lib.rs", "exists": true, "tracked": true,
            "owner": null, "wave": null, "rule": "shared", "pattern": "src/lib.rs",
            "may_touch": ["T1", "T2"], "reserved_by": null,
            "rules": [
                {"rule": "shared", "pattern": "src/lib.rs", "decides": true,
                 "source": {"file": place, "line": 24, "column": 21}},
                {"objective": "T1", "rule": "touch", "pattern": "src/lib.rs", "decides": false,
                 "source": {"file": place, "line": 9, "column": 31}},
            ],
        })
    );
    let row = one(&repo, "src/auth/login.rs");
    assert_eq!((&row["owner"], &row["wave"]), (&json!("T1"), &json!(1)));
    assert_eq!(row["may_touch"], json!(["T1", "T2"]));
    assert_eq!(row["rules"][0]["alternative"], "src/auth/");
    let row = one(&repo, "src/auth/keys/new");
    assert_eq!((&row["rule"], &row["exists"]), (&json!("forbid"), &json!(false)));
    assert_eq!(row["rules"][0]["source"]["line"], 11);
    assert_eq!(row["rules"][1]["decides"], false);
    let row = one(&repo, "x/.env");
    assert_eq!(row["rule"], "global_forbid");
    assert_eq!(row["rules"][0]["source"], "built-in");
    let row = one(&repo, "gen/a.rs");
    assert_eq!((&row["rule"], &row["pattern"]), (&json!("derived"), &json!("gen/a.rs")));
    assert_eq!(row["rules"][0]["source"]["column"], 24);
    assert_eq!(one(&repo, "nobody")["rule"], "outside");
    repo.write(".ap/config.toml", "schema = 1\nglobal_forbid = [\n  \"y\",\n  \"x/\",\n]\n");
    let row = one(&repo, "x/.env");
    let source = json!({"file": ".ap/config.toml", "line": 4, "column": 3});
    assert_eq!(row["rules"][0]["source"], source);
}

#[test]
fn people_are_told_in_a_line_and_one_path_is_explained() {
    let repo = repo();
    repo.ap(["scope", "who", "src/auth/login.rs"]).exits(0).answers(
        "src/auth/login.rs: T1 in wave 1 (`src/{auth,token}/`), T2 in wave 2 (`src/auth/login.rs`)
  touch of T1: `src/{auth,token}/` (as `src/auth/`), plan.toml:9:10: T1 may change it
  touch of T2: `src/auth/login.rs`, plan.toml:17:19: T2 may change it
",
    );
    repo.ap(["scope", "who", "src/auth/keys/x", "docs/a.md", "CHANGES", "x/.env", "no"])
        .exits(0)
        .answers(
            "src/auth/keys/x: nobody (`forbid` names `src/auth/keys/`); does not exist
docs/a.md: T2 in wave 2 (`docs/`)
CHANGES: every objective (shared, `CHANGES`); does not exist
x/.env: nobody (`**/.env` is forbidden to all)
no: nobody (it is in no scope); does not exist
",
        );
    repo.write("docs/new\n.md", "");
    repo.ap(["scope", "who", "--explain", "docs/new\n.md", "gen/a.rs"]).exits(0).answers(
        "\"docs/new\\n.md\": T2 in wave 2 (`docs/`); not tracked
  touch of T2: `docs/`, plan.toml:17:10: T2 may change it
  read of T1: `docs/`, plan.toml:10:9: T1 relies on it
gen/a.rs: a command makes it (derived, `gen/a.rs`); does not exist
  derived: `gen/a.rs`, plan.toml:20:24: a command makes it, and a change is dropped at the merge
  touch of T2: `gen/*.rs`, plan.toml:17:40: overruled
",
    );
}

#[test]
fn a_directory_is_answered_for_all_that_could_be_below_it() {
    let repo = repo();
    for (path, line) in [
        ("docs", "docs/: T2 in wave 2 (`docs/`)"),
        ("docs/new/", "docs/new/: T2 in wave 2 (`docs/`); does not exist"),
        (
            "src/",
            "src/: split between T1 in wave 1 (`src/{auth,token}/`, `src/lib.rs`), T2 in wave 2 (`src/auth/login.rs`)",
        ),
        ("gen/", "gen/: in part T2 in wave 2 (`gen/*.rs`), the rest nobody; does not exist"),
        ("target/x/", "target/x/: nobody (forbidden to all, `target/`); does not exist"),
        ("x", "x/: nobody (it is in no scope)"),
    ] {
        let answer = repo.ap(["scope", "who", path]).exits(0).stdout();
        assert_eq!(answer.lines().next(), Some(line));
    }
    let row = one(&repo, "src");
    assert_eq!((&row["rule"], &row["directory"]), (&json!("split"), &json!(true)));
    assert_eq!((&row["owner"], &row["may_touch"]), (&json!(null), &json!(["T1", "T2"])));
    let rules: Vec<&Value> =
        row["rules"].as_array().expect("a list").iter().map(|r| &r["rule"]).collect();
    assert_eq!(rules, ["forbid", "shared", "touch", "touch", "touch"]);
    let row = one(&repo, "docs");
    assert_eq!(
        (&row["rule"], &row["owner"], &row["wave"]),
        (&json!("touch"), &json!("T2"), &json!(2))
    );
    assert_eq!(one(&repo, ".")["path"], ".");
}

#[test]
fn paths_are_relative_to_the_current_directory() {
    let repo = repo();
    let below = repo.root().join("src/auth");
    let absolute = repo.root().join("docs/a.md").display().to_string();
    for (given, path) in [
        ("login.rs", "src/auth/login.rs"),
        ("../lib.rs", "src/lib.rs"),
        (":/docs/a.md", "docs/a.md"),
        (&absolute, "docs/a.md"),
        (".", "src/auth"),
    ] {
        let answer =
            repo.ap(["scope", "who", "--format", "json", given]).at(&below).exits(0).json();
        assert_eq!(answer["paths"][0]["path"], path, "{given}");
    }
    for (given, why) in [
        ("../../../x", "`../../../x` is outside of the worktree"),
        ("/", "`/` is outside of the worktree"),
        (".git/x", "`.git/x` is no path of a repository"),
    ] {
        repo.ap(["scope", "who", given]).at(&below).exits(2).says(why);
    }
    repo.ap(["scope", "who"]).exits(2).says("whose? no path was given");
}

#[test]
fn standard_input_is_read_as_git_prints_it() {
    let repo = repo();
    let hostile: &[u8] = b"docs/\xff\x1b[2J\n.md";
    let os = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(hostile);
    std::fs::write(repo.root().join(os), "x").expect("writable");
    repo.commit("hostile");
    let below = repo.root().join("docs");
    let listed = repo.git_at(&below, ["ls-files"]).exits(0).stdout();
    assert!(listed.ends_with("\n\"\\377\\033[2J\\n.md\"\n"), "{listed}");
    let zero = [b"a.md\0", &hostile[5..], b"\0"].concat();
    let who = ["scope", "who", "--format", "json", "--stdin"];
    let lines = repo.ap(who).at(&below).stdin(listed).exits(0).json();
    let zeros = repo.ap(who.iter().chain(&["-z"])).at(&below).stdin(zero).exits(0).json();
    assert_eq!(lines, zeros);
    let rows = zeros["paths"].as_array().expect("a list");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["path_bytes"], "ZG9jcy//G1sySgoubWQ=");
    for row in rows {
        assert_eq!((&row["owner"], &row["exists"]), (&json!("T2"), &json!(true)));
        assert_eq!(row.get("rules"), None, "many are not explained");
    }
    let explained = repo.ap(who.iter().chain(&["--explain"])).stdin("docs/a.md\n").exits(0).json();
    assert_eq!(explained["paths"][0]["rules"].as_array().map(Vec::len), Some(2));
    let nothing = repo.ap(who).stdin("").exits(0).json();
    assert_eq!(nothing["paths"], json!([]));
}

#[test]
fn in_a_session_what_was_agreed_counts_and_the_own_objective_comes_first() {
    let repo = planned_with("", "");
    repo.ap(["start", "--yes"]).exits(0);
    // What stands in the working tree was not agreed.
    let file = format!(".ap/plans/{ID}/plan.toml");
    repo.write(&file, repo.read(&file).replace("src/web/", "src/"));
    let two = place(&repo, "T2");
    for (path, line) in [
        (
            "src/auth/a",
            "src/auth/a: T2 may not change it: T1 in wave 1 (`src/auth/`); does not exist",
        ),
        ("src/web/app.rs", "src/web/app.rs: T2 may change it: T2 in wave 1 (`src/web/`)"),
        ("src/lib.rs", "src/lib.rs: T2 may change it: every objective (shared, `src/lib.rs`)"),
    ] {
        let answer = repo.ap(["scope", "who", path]).at(&two).exits(0).stdout();
        assert_eq!(answer.lines().next(), Some(line));
    }
    let answer =
        repo.ap(["scope", "who", "--format", "json", "src/web/x"]).at(&two).exits(0).json();
    assert_eq!(
        (&answer["objective"], &answer["paths"][0]["allowed"]),
        (&json!("T2"), &json!(true))
    );
    assert_eq!(answer["agreed"], repo.git(["rev-parse", "ap/20251008-104131-add-jwt/integration"]));
    let outside = repo.ap(["scope", "who", "--format", "json", "src/x"]).exits(0).json();
    assert_eq!((&outside["paths"][0]["rule"], outside.get("objective")), (&json!("outside"), None));
    // Another plan hears who holds the path.
    repo.write(".ap/plans/20251008-104131-who/plan.toml", PLAN);
    let who = ["scope", "who", "--plan", "who", "src/auth/login.rs", "docs/a.md", "src", "docs"];
    let answer = repo.ap(who).exits(0).stdout();
    let held: Vec<bool> =
        answer.lines().map(|l| l.ends_with(&format!("; reserved by {ID}/T1"))).collect();
    assert_eq!(held, [true, false, true, false], "{answer}");
}

#[test]
fn no_pattern_begins_a_line_of_its_own() {
    let repo = Repo::of(&["a"]);
    let plan = PLAN.replace("src/lib.rs\"]\nread", "x\\nforged: nobody\\u001B/\"]\nread");
    repo.write(".ap/plans/20251008-104131-who/plan.toml", plan);
    repo.ap(["scope", "who", "x\nforged: nobody\u{1b}/y"]).exits(0).answers(
        "\"x\\nforged: nobody\\033/y\": T1 in wave 1 (`x\\nforged: nobody\\u{1b}/`); does not exist
  touch of T1: `x\\nforged: nobody\\u{1b}/`, plan.toml:9:31: T1 may change it
",
    );
}

#[test]
fn a_large_answer_is_one_document_and_stops_when_nobody_reads() {
    let repo = repo();
    let paths: Vec<String> = (0..20_000).map(|n| format!("docs/{n}\0")).collect();
    let paths = paths.concat();
    let who = ["scope", "who", "--stdin", "-z", "--format", "json"];
    let answer = repo.ap(who).stdin(paths.clone()).exits(0).json();
    assert_eq!(answer["paths"].as_array().map(Vec::len), Some(20_000));
    assert_eq!(answer["paths"][19_999]["path"], "docs/19999");
    let (reader, writer) = std::io::pipe().expect("pipes can be made");
    drop(reader);
    assert_eq!(repo.ap(who).stdin(paths).stdout_to(writer).exits(141).stderr(), "");
}
