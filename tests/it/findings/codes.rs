//! Each rule through the program: it fires with its place and a fix, and not on the near miss.

use super::{ID, found, head, objective, planned};
use crate::support::Repo;

const FILES: [&str; 6] =
    ["db/x.sql", "docs/guide.md", "src/App.rs", "src/auth/login.rs", "src/core.rs", "web/x.ts"];

/// The findings of a rule for each body of a plan.
fn table(code: &str, rows: &[(&str, &[&str])]) {
    let repo = Repo::of(&FILES);
    for (body, expected) in rows {
        planned(&repo, body);
        assert_eq!(found(&repo, code), *expected, "{body}");
    }
}

fn two(one: (&str, &str), two: (&str, &str)) -> String {
    objective("T1", one.0, one.1) + &objective("T2", two.0, two.1)
}

#[test]
fn reading_what_another_of_the_wave_changes() {
    let reads = |read: &str, rest: &str| {
        two(("web/", &format!("wave = 1\nread = [\"{read}\"]\n{rest}")), ("src/", "wave = 1"))
    };
    let hazard = "11:9 T1 reads src/auth/login.rs, which T2 can change in wave 1 | add `T2` to \
                  `depends_on` of T1, or take `src/auth/` out of its `read`";
    let new = "11:9 T1 reads src/new.go, which T2 can change in wave 1 | add `T2` to `depends_on` \
               of T1, or take `src/new.go` out of its `read`";
    table(
        "read-hazard",
        &[
            (&reads("src/auth/", ""), &[hazard]),
            (&reads("src/new.go", ""), &[new]),
            (&reads("docs/", ""), &[]),
            (&reads("src/auth/", "").replacen("wave = 1", "wave = 2", 1), &[]),
            (&(reads("src/core.rs", "") + "[[shared]]\npaths = [\"src/core.rs\"]\n"), &[]),
        ],
    );
    let repo = Repo::of(&FILES);
    repo.write(".ap/config.toml", "schema = 1\n[check]\nread_hazards = \"error\"\n");
    planned(&repo, &reads("src/auth/", ""));
    repo.ap(["check"]).exits(3).answers_with("error[read-hazard]");
}

#[test]
fn a_scope_of_which_nothing_is_left() {
    let forbidden = "9:9 T1 may touch nothing: all of its scope is forbidden | give it a scope \
                     that is not forbidden, or remove the objective";
    let derived = forbidden.replace("is forbidden |", "is forbidden or derived |");
    let lock = "[[derived]]\npaths = [\"*.lock\"]\ncommand = \"true\"\n";
    table(
        "scope-nothing-left",
        &[
            (&objective("T1", "src/auth/", "forbid = [\"src/**\"]"), &[forbidden]),
            (&objective("T1", "secrets/ dist/x", ""), &[forbidden]),
            (&objective("T1", "secrets/ src/auth/", "forbid = [\"src/*/*\"]"), &[]),
            (&objective("T1", "src/auth/", "forbid = [\"src/*\"]"), &[]),
            (&(objective("T1", "secrets/ *.lock", "creates = true") + lock), &[&derived]),
            (&(objective("T1", "*.lock src/core.rs", "creates = true") + lock), &[]),
            (&objective("T1", "src/", "[[shared]]\npaths = [\"src/\"]"), &[]),
        ],
    );
}

#[test]
fn a_pattern_in_forbidden_ground() {
    let help = "remove the pattern, or what forbids it";
    let row = |column: usize, what: &str| format!("9:{column} all of {what} | {help}");
    table(
        "scope-forbidden",
        &[
            (
                &objective("T1", "src/ secrets/a", ""),
                &[&row(18, "`secrets/a` is forbidden by `secrets/` of `global_forbid`")],
            ),
            (
                &objective("T1", "src/auth/ web/", "forbid = [\"docs/\", \"src/**\"]"),
                &[&row(10, "`src/auth/` is forbidden by `src/**` of its `forbid`")],
            ),
            (
                &objective("T1", "src/[ab].rs web/", "forbid = [\"src/a*\", \"src/b*\"]"),
                &[&row(10, "`src/[ab].rs` is forbidden")],
            ),
            (&objective("T1", "src/[abc].rs web/", "forbid = [\"src/a*\", \"src/b*\"]"), &[]),
            (&objective("T1", "secret/", "creates = true"), &[]),
        ],
    );
}

#[test]
fn another_case_of_what_is_there() {
    table(
        "scope-case",
        &[
            (
                &objective("T1", "src/app.rs", ""),
                &["9:10 `src/app.rs` is spelled src/App.rs in the repository: a disk that \
                   ignores case has one of them | write `src/App.rs`"],
            ),
            (
                &objective("T1", "web/ Src/new/", "creates = true"),
                &["9:18 `Src/new/` is spelled src in the repository: a disk that ignores case \
                   has one of them | write `src/new/`"],
            ),
            (
                &two(("New/A", "wave = 1\ncreates = true"), ("new/a", "wave = 1\ncreates = true")),
                &["9:10 on a disk that ignores case, New/A of T1 is new/a of T2 | use one \
                   spelling, or put them into different waves"],
            ),
            (
                &two(("New/A", "wave = 1\ncreates = true"), ("new/a", "wave = 2\ncreates = true")),
                &[],
            ),
            (&objective("T1", "src/App.rs src/apps.rs", "creates = true"), &[]),
        ],
    );
    let repo = Repo::of(&FILES);
    repo.write(".ap/config.toml", "schema = 1\n[check]\ncase = \"error\"\n");
    planned(&repo, &objective("T1", "src/app.rs", ""));
    repo.ap(["check"]).exits(3).answers_with("error[scope-case]");
}

#[test]
fn a_pattern_that_matches_nothing() {
    let row =
        |pattern: &str, help: &str| format!("9:10 `{pattern}` matches no tracked file | {help}");
    let correct = "correct it, or write `creates = true` if the files are to be made";
    table(
        "scope-matches-nothing",
        &[
            (&objective("T1", "src/auht/", ""), &[&row("src/auht/", "did you mean `src/auth/`?")]),
            (&objective("T1", "src/a*", ""), &[&row("src/a*", "did you mean `src/a*/`?")]),
            (&objective("T1", "doc/", ""), &[&row("doc/", "did you mean `docs/`?")]),
            (
                &objective("T1", "login.rs", ""),
                &[&row("login.rs", "did you mean `src/auth/login.rs`?")],
            ),
            (&objective("T1", "src/core", ""), &[&row("src/core", "did you mean `src/core.rs`?")]),
            (&objective("T1", "unheard/", ""), &[&row("unheard/", correct)]),
            (&objective("T1", "unheard/", "creates = true"), &[]),
            (&objective("T1", "src/{auth,unheard}/", ""), &[]),
        ],
    );
}

#[test]
fn an_interface_is_used_before_it_is_there() {
    let plan = |user: u32, provider: u32, check: &str| {
        two(("src/", &format!("wave = {user}")), ("web/", &format!("wave = {provider}")))
            + "[[contract]]\nprovider = \"T2\"\nconsumers = [\"T1\"]\ndescription = \"d\"\n"
            + check
    };
    table(
        "contract-order",
        &[
            (
                &plan(1, 2, "check = \"true\"\n"),
                &["18:14 T1 in wave 1 uses what T2 provides in wave 2 | add `T2` to `depends_on` \
                   of T1"],
            ),
            (
                &plan(1, 1, ""),
                &["18:14 T1 uses what T2 provides in the same wave, and nothing checks that they \
                   agree | add `check = \"…\"` to the contract, or add `T2` to `depends_on` of T1"],
            ),
            (&plan(1, 1, "check = \"true\"\n"), &[]),
            (&plan(2, 1, ""), &[]),
        ],
    );
    let unknown = plan(2, 1, "").replace("provider = \"T2\"", "provider = \"T3\"");
    table(
        "unknown-dependency",
        &[(&unknown, &["17:12 there is no objective T3 | did you mean `T1`?"])],
    );
}

#[test]
fn what_one_uses_of_another_is_said() {
    let plan = |rest: &str| two(("src/", ""), ("web/", &format!("depends_on = [\"T1\"]\n{rest}")));
    let contract = "[[contract]]\nprovider = \"T1\"\nconsumers = [\"T2\"]\ndescription = \"d\"\n";
    table(
        "missing-integration-point",
        &[
            (
                &plan(""),
                &["15:15 nothing says what T2 uses of T1 | add `integration_points = [\"uses … \
                   of T1\"]`, or a `[[contract]]`"],
            ),
            (
                &plan("integration_points = [\"uses login() of T10\"]"),
                &["15:15 nothing says what \
                   T2 uses of T1 | add `integration_points = [\"uses … of T1\"]`, or a `[[contract]]`"],
            ),
            (&plan("integration_points = [\"uses login() of T1.\"]"), &[]),
            (&plan(contract), &[]),
        ],
    );
}

#[test]
fn the_request_names_what_no_scope_has() {
    let repo = Repo::of(&FILES);
    for (request, expected) in [
        (
            "fix web/x.ts and docs/guide.md",
            &["3:11 the request names docs/guide.md, but no objective touches or reads it | add \
               it to an objective's `touch` or `read`"][..],
        ),
        (
            "make docs/new.md",
            &["3:11 the request names docs/new.md, which is not there, and no objective may make \
               it | add it to an objective's `touch`, with `creates = true`"],
        ),
        (
            "rotate secrets/key.pem",
            &["3:11 the request names secrets/key.pem, which is not there, and no objective may \
               make it | `secrets/` of `global_forbid` keeps every objective out"],
        ),
        ("read db/ and write web/new/", &[]),
        ("reads and/or writes, see https://example.com/a.html", &[]),
    ] {
        let body = objective("T1", "web/", "read = [\"db/x.sql\"]");
        repo.write(&format!(".ap/plans/{ID}/plan.toml"), head(request) + &body);
        assert_eq!(found(&repo, "uncovered-path"), expected, "{request}");
    }
}
