//! `git ap plan`: what it writes, what it refuses, and that nothing is ever half-written.

use crate::support::{Repo, State};

const ID: &str = "20251008-104131-x";

/// A plan of two objectives with these scopes.
pub fn plan(id: &str, one: &str, two: &str) -> String {
    format!(
        "# by hand\nschema = 1\nid = \"{id}\"\nrequest = \"do it\"\ntype = \"feature\"\n\n\
         [[objective]]\nid = \"T1\"\ntitle = \"one\"\nwave = 1\ntouch = [\"{one}\"]\n\n\
         [[objective]]\nid = \"T2\"\ntitle = \"two\"\nwave = 1\ntouch = [\"{two}\"]\n"
    )
}

fn code() -> Repo {
    let repo = Repo::new();
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    repo.write("src/lib.rs", "pub mod auth;\npub mod session;\n");
    repo.write(
        "src/auth.rs",
        "use crate::session::Session;\npub fn login(s: &Session) -> bool { s.open }\n",
    );
    repo.write("src/session.rs", "pub struct Session { pub open: bool }\n");
    repo.write("tests/auth.rs", "use x::auth::login;\n#[test]\nfn logs_in() {}\n");
    repo.write("README.md", "# x\n");
    repo.commit("first");
    repo
}

#[test]
fn a_request_becomes_three_files_that_check_accepts() {
    let repo = code();
    let before = repo.state();
    let done = repo.ap(["plan", "Let login refuse a closed session"]).exits(0);
    let done = done
        .says("to take it back: `rm -r .ap/plans/20251008-104131-let-login-refuse-closed-session`");
    assert!(done.stdout().starts_with("20251008-104131-let-login-refuse-closed-session\n"));
    let after = repo.state();
    let written: Vec<&str> = after.below(".ap/").into_keys().collect();
    let folder = ".ap/plans/20251008-104131-let-login-refuse-closed-session";
    let expected = ["analysis.md", "plan.md", "plan.toml"].map(|f| format!("{folder}/{f}"));
    assert_eq!(written, expected);
    let text = repo.read(&format!("{folder}/plan.toml"));
    // Two of the three sources matter, so that the directory is the objective's.
    assert!(text.contains("\"src/\""), "{text}");
    repo.ap(["check"]).exits(0).answers_with(": valid, ");
    std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
    assert_eq!(repo.state(), before, "nothing else was changed");
}

#[test]
fn the_same_commit_gives_the_same_bytes() {
    let repo = code();
    let request = ["plan", "Split session handling from auth"];
    repo.ap(request).exits(0);
    let first = contents(&repo.state());
    std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
    repo.ap(request).env("GIT_AP_NOW", "2026-02-03T04:05:06Z").exits(0);
    let second = contents(&repo.state());
    let same_id = |text: &str| text.replace("20260203-040506", "20251008-104131");
    let digest =
        |text: &str| text.lines().filter(|l| !l.starts_with("<!--")).collect::<Vec<_>>().join("\n");
    assert_eq!(first.len(), 3);
    for (path, text) in &first {
        let other = second.get(&path.replace("20251008-104131", "20260203-040506"));
        assert_eq!(other.map(|t| digest(&same_id(t))), Some(digest(text)), "{path}");
    }
}

fn contents(state: &State) -> std::collections::BTreeMap<String, String> {
    let files = state.below(".ap/").into_iter();
    files.map(|(p, b)| (p.to_owned(), String::from_utf8(b.to_vec()).expect("text"))).collect()
}

#[test]
fn what_is_new_is_told_to_those_that_follow_it() {
    let repo = Repo::new();
    repo.write("shop/__init__.py", "from .cookies import SecureCookie\n");
    repo.write("CHANGES.rst", "Version 0\n");
    for name in ["app", "cookies", "views", "forms", "mail", "pages"] {
        repo.write(&format!("shop/{name}.py"), format!("class {name}_part: pass\n"));
    }
    repo.commit("first");
    for n in 0..5 {
        repo.write("shop/__init__.py", format!("from .cookies import SecureCookie\nx = {n}\n"));
        repo.write("shop/cookies.py", format!("class SecureCookie: pass\n\nx = {n}\n"));
        repo.write("CHANGES.rst", format!("Version {n}\n"));
        repo.commit(&format!("Sign the secure cookie {n}"));
    }
    let done = repo.ap(["plan", "Add JWT authentication with secure token handling"]).exits(0);
    let id = done.stdout().lines().next().map(str::to_owned).expect("an id");
    let text = repo.read(&format!(".ap/plans/{id}/plan.toml"));
    for expected in [
        "uses shop/jwt/ or shop/jwt.py of T1 beside SecureCookie (shop/cookies.py)",
        "provides shop/jwt/ or shop/jwt.py for T2, to be used beside SecureCookie (shop/cookies.py)",
        "what shop/jwt/ or shop/jwt.py brings, announced in shop/__init__.py",
        "read = [\"shop/__init__.py\"]",
        "paths = [\"CHANGES.rst\"]",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let findings = repo.ap(["check", "--format", "json"]).exits(0).json();
    assert_eq!(findings["findings"], serde_json::json!([]), "{text}");
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let repo = code();
    let before = repo.state();
    let plan = repo.ap(["plan", "--dry-run", "--format", "json", "Rework login"]).exits(0).json();
    assert_eq!(plan["schema"], 1);
    assert!(plan["objective"][0]["touch"].is_array());
    repo.ap(["plan", "--dry-run", "Rework login"])
        .exits(0)
        .answers_with("[[objective]]")
        .says("would write .ap/plans/20251008-104131-rework-login/plan.toml");
    let prompt = repo.ap(["plan", "--prompt", "Rework login"]).exits(0).stdout();
    assert!(prompt.contains("## The schema of a plan") && prompt.contains("plan --from -"));
    assert_eq!(repo.state(), before);
}

#[test]
fn events_are_one_object_a_line_and_never_go_back() {
    let repo = code();
    let done = repo.ap(["plan", "--format", "json", "Rework login"]).exits(0);
    let events: Vec<serde_json::Value> = done
        .stdout()
        .lines()
        .map(|l| serde_json::from_str(l).expect("each line is JSON"))
        .collect();
    let percents: Vec<u64> = events
        .iter()
        .map(|e| e["status"]["progress_percent"].as_u64().expect("a number"))
        .collect();
    assert!(percents.is_sorted() && percents.last() == Some(&100), "{percents:?}");
    let types: Vec<&str> = events.iter().map(|e| e["type"].as_str().expect("text")).collect();
    for expected in [
        "phase_start",
        "codebase_analyzed",
        "task_type_determined",
        "objectives_created",
        "waves_created",
        "scope_validated",
    ] {
        assert!(types.contains(&expected), "{types:?}");
    }
    assert_eq!(types.last(), Some(&"cycle_complete"));
    assert!(events.iter().zip(1..).all(|(e, n)| e["seq"] == n && e["schema"] == 1));
    assert_eq!(events[3]["session"], "20251008-104131-rework-login");
}

#[test]
fn a_plan_from_elsewhere_keeps_its_text_and_its_comments() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    let text = plan(ID, "src/", "web/");
    repo.ap(["plan", "--from", "-"]).stdin(text.clone()).exits(0);
    let written = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let head = repo.git(["rev-parse", "HEAD"]);
    let added = format!("target = \"main\"\nbase = \"{head}\"\n");
    let without = written.replace(&added, "");
    assert_ne!(without, written, "target and base are filled in");
    assert_eq!(without, text);
    repo.ap(["plan", "--from", "-"]).stdin(text).exits(0).says("nothing was changed");
    let page = repo.read(&format!(".ap/plans/{ID}/plan.md"));
    assert!(page.contains("| `T1` | one |"), "{page}");
}

#[test]
fn a_fenced_answer_and_json_are_taken_too() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    let toml = plan(ID, "src/", "web/");
    repo.ap(["plan", "--from", "-"]).stdin(toml.clone()).exits(0);
    let as_toml = repo.ap(["show", "--format", "json"]).exits(0).json();
    for text in [format!("Sure:\n\n```toml\n{toml}```\nDone."), as_toml.to_string()] {
        std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
        repo.ap(["plan", "--from", "-"]).stdin(text).exits(0);
        assert_eq!(repo.ap(["show", "--format", "json"]).exits(0).json(), as_toml);
    }
}

#[test]
fn a_plan_with_errors_is_written_and_says_so() {
    let repo = Repo::of(&["src/auth/a.rs"]);
    repo.ap(["plan", "--from", "-"])
        .stdin(plan(ID, "src/", "src/auth/"))
        .exits(3)
        .says("error[scope-overlap]: T1 and T2 can both change src/auth/a.rs in wave 1")
        .says("git ap check --fix x");
    repo.ap(["check", "--fix"])
        .exits(0)
        .says("T2 moves from wave 1 to wave 2: it meets T1 at `src/auth/a.rs`");
    let text = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    assert!(text.starts_with("# by hand\n") && text.contains("wave = 2"), "{text}");
    repo.ap(["check"]).exits(0);
}

#[test]
fn a_text_that_is_no_plan_changes_nothing() {
    let repo = Repo::of(&["src/a.rs"]);
    let before = repo.state();
    let table = [
        ("", "the plan has no `schema`"),
        ("x", "0:"),
        ("schema = 1\n", "has no `id`"),
        ("{\"schema\":1}", "has no `id`"),
        ("schema = 7\n", "newer than this git ap understands"),
    ];
    for (text, message) in table {
        let done =
            repo.ap(["plan", "--from", "-"]).stdin(text).exits(3).says("nothing was written");
        if message != "0:" {
            assert!(done.stdout().contains(message), "{text:?}: {}", done.stdout());
        }
    }
    repo.ap(["plan", "--from", "-"]).stdin(b"\xff".to_vec()).exits(1).says("not UTF-8 at byte 0");
    repo.ap(["plan", "--from", "missing.toml"]).exits(1).says("there is no file `missing.toml`");
    repo.ap(["plan", "--from", "src"]).exits(1).says("`src` is a directory");
    repo.ap(["plan", " "]).exits(2).says("the request is empty");
    assert_eq!(repo.state(), before);
}

#[test]
fn another_plan_of_the_same_id_is_replaced_and_the_old_one_saved() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    let old = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    repo.ap(["plan", "--from", "-"])
        .stdin(plan(ID, "src/a.rs", "web/"))
        .exits(0)
        .says(&format!("saved as refs/ap/backup/plan/{ID}"));
    let saved = repo.git(["show", &format!("refs/ap/backup/plan/{ID}:.ap/plans/{ID}/plan.toml")]);
    assert_eq!(saved.trim_end(), old.trim_end());
    // The command that was printed brings it back.
    repo.git([
        "restore",
        &format!("--source=refs/ap/backup/plan/{ID}"),
        "--worktree",
        &format!(".ap/plans/{ID}"),
    ]);
    assert_eq!(repo.read(&format!(".ap/plans/{ID}/plan.toml")), old);
}

#[test]
fn an_approved_plan_is_not_replaced() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    repo.git(["branch", &format!("ap/{ID}/integration")]);
    let before = repo.state();
    repo.ap(["plan", "--from", "-"])
        .stdin(plan(ID, "src/a.rs", "web/"))
        .exits(1)
        .says("is approved");
    assert_eq!(repo.state(), before);
}

#[test]
fn commit_takes_the_plan_and_nothing_that_is_staged_beside_it() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.write("src/a.rs", "staged");
    repo.git(["add", "src/a.rs"]);
    repo.ap(["plan", "--commit", "--from", "-"])
        .stdin(plan(ID, "src/", "web/"))
        .exits(0)
        .says("committed as");
    let committed = repo.git(["show", "--name-only", "--format=%s%n%(trailers)", "HEAD"]);
    assert_eq!(
        committed,
        format!(
            "chore(ap): plan x\nAP-Plan: {ID}\n\n\n.ap/plans/{ID}/plan.md\n.ap/plans/{ID}/plan.toml"
        )
    );
    assert_eq!(repo.git(["diff", "--cached", "--name-only"]), "src/a.rs");
    let head = repo.git(["rev-parse", "HEAD"]);
    repo.ap(["plan", "--commit", "--from", "-"])
        .stdin(repo.read(&format!(".ap/plans/{ID}/plan.toml")))
        .exits(0);
    assert_eq!(repo.git(["rev-parse", "HEAD"]), head, "the same again commits nothing");
}

#[test]
fn a_slug_is_used_once() {
    let repo = code();
    repo.ap(["plan", "Rework login"]).exits(0);
    repo.ap(["plan", "Rework login"]).exits(0).answers_with("20251008-104131-rework-login-2\n");
    repo.ap(["check"]).exits(1).says("there are 2 plans");
    repo.ap(["check", "login-2"]).exits(0);
}

#[test]
fn an_editor_changes_the_plan_and_a_bad_edit_is_kept_aside() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    let edit = |editor: &str| repo.ap(["plan", "--edit"]).env("GIT_EDITOR", editor);
    let before = repo.state();
    edit("true").exits(0).says("the plan is as it was");
    edit("false").exits(1).says("the plan is as it was");
    let done = edit("echo 'x = [' >>").exits(3).says("your text is in ");
    let said = done.stderr();
    let kept = said.split("your text is in ").nth(1).and_then(|t| t.lines().next()).expect("named");
    let kept = std::path::Path::new(kept);
    assert!(std::fs::read_to_string(kept).expect("it is kept").contains("x = ["));
    std::fs::remove_file(kept).expect("removable");
    assert_eq!(repo.state(), before);
    edit("sed -i s/two/three/").exits(0).says("saved as refs/ap/backup/plan/");
    assert!(repo.read(&format!(".ap/plans/{ID}/plan.toml")).contains("title = \"three\""));
    assert!(repo.read(&format!(".ap/plans/{ID}/plan.md")).contains("three"));
}

#[test]
fn a_stale_page_is_named_and_made_anew() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    let path = format!(".ap/plans/{ID}/plan.toml");
    repo.write(&path, repo.read(&path).replace("two", "three"));
    repo.ap(["check"])
        .exits(0)
        .answers_with("warning[stale-render]")
        .answers_with("git ap plan --render x");
    repo.ap(["plan", "--render", "x"]).exits(0).says("plan.md written");
    let done = repo.ap(["check", "--format", "json"]).exits(0);
    assert_eq!(done.json()["findings"], serde_json::json!([]));
}

#[test]
fn killed_or_failing_at_any_step_the_next_run_ends_as_if_nothing_had_been() {
    let script = |repo: &Repo| {
        repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    };
    // With its base named, the text of the plan does not depend on what was committed before.
    let base = Repo::of(&["src/a.rs", "web/b.ts"]).git(["rev-parse", "HEAD"]);
    let replaced = plan(ID, "src/a.rs", "web/");
    let replaced = replaced.replace("type =", &format!("base = \"{base}\"\ntype ="));
    let arguments = ["plan", "--commit", "--from", "-"];
    let undisturbed = Repo::of(&["src/a.rs", "web/b.ts"]);
    script(&undisturbed);
    let traced =
        undisturbed.ap(arguments).env("GIT_AP_FAILPOINT", "trace").stdin(replaced.clone()).exits(0);
    let steps = traced.stderr().lines().filter(|l| l.starts_with("step ")).count();
    assert!(steps >= 9, "backup, two files and a commit: {steps}");
    let expected = undisturbed.state();
    for step in 1..=steps {
        for what in ["kill", "fail"] {
            let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
            script(&repo);
            let run = repo
                .ap(arguments)
                .env("GIT_AP_FAILPOINT", &format!("*#{step}={what}"))
                .stdin(replaced.clone());
            if what == "kill" {
                run.dies();
            } else {
                drop(run.exits(1).says("was made to fail"));
            }
            for file in ["plan.toml", "plan.md"] {
                assert!(!repo.read(&format!(".ap/plans/{ID}/{file}")).is_empty(), "step {step}");
            }
            repo.ap(arguments).stdin(replaced.clone()).exits(0);
            let state = repo.state();
            let files: Vec<&str> = state.below("").into_keys().collect();
            let expected_files: Vec<&str> = expected.below("").into_keys().collect();
            assert_eq!(files, expected_files, "step {step} {what}");
            assert!(state.below("") == expected.below(""), "step {step} {what}: contents differ");
            assert_eq!(
                repo.git(["log", "--format=%T %s"]),
                undisturbed.git(["log", "--format=%T %s"])
            );
            assert_eq!(repo.git(["status", "--short"]), "", "step {step} {what}");
            let old =
                repo.git(["show", &format!("refs/ap/backup/plan/{ID}:.ap/plans/{ID}/plan.toml")]);
            assert!(old.contains("touch = [\"src/\"]"), "the first plan is saved whatever happens");
        }
    }
}

#[test]
fn two_at_once_become_two_plans() {
    let repo = code();
    std::thread::scope(|scope| {
        for request in ["login token", "Login: token!!", "LOGIN token"] {
            let repo = &repo;
            scope.spawn(move || drop(repo.ap(["plan", "-q", request]).exits(0)));
        }
    });
    let state = repo.state();
    let plans = state.below(".ap/").into_keys().filter(|p| p.ends_with("plan.toml")).count();
    assert_eq!(plans, 3, "{:?}", state.below(".ap/").into_keys().collect::<Vec<_>>());
    for slug in ["login-token", "login-token-2", "login-token-3"] {
        repo.ap(["check", &format!("20251008-104131-{slug}")]).exits(0);
    }
}

#[test]
fn the_same_plan_given_again_stays_the_same_whatever_was_committed_meanwhile() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    let text = plan(ID, "src/", "web/");
    repo.ap(["plan", "--commit", "--from", "-"]).stdin(text.clone()).exits(0);
    repo.write("src/a.rs", "more");
    let head = repo.commit("more");
    let before = repo.state();
    for _ in 0..2 {
        repo.ap(["plan", "--commit", "--from", "-"])
            .stdin(text.clone())
            .exits(0)
            .says("nothing was changed");
    }
    assert_eq!(repo.state(), before);
    assert_eq!(repo.git(["rev-parse", "HEAD"]), head);
}

#[test]
fn whatever_an_editor_leaves_is_kept() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    let before = repo.state();
    let edit = |editor: &str, code: i32| {
        let done = repo.ap(["plan", "--edit"]).env("GIT_EDITOR", editor).exits(code);
        let said = done.stderr();
        let path = said.split("your text is in ").nth(1).and_then(|t| t.lines().next());
        path.map(|path| {
            let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            std::fs::remove_file(path).expect("removable");
            bytes
        })
    };
    let kept = edit("printf 'caf\\351' >", 1).expect("it is named");
    assert_eq!(kept, b"caf\xe9");
    let kept = edit("f() { echo typed > \"$1\"; false; }; f", 1).expect("it is named");
    assert_eq!(kept, b"typed\n");
    let kept = edit("sed -i s/20251008-104131-x/20251008-104131-y/", 3).expect("it is named");
    assert!(String::from_utf8_lossy(&kept).contains("104131-y"));
    assert_eq!(edit("rm", 1), None, "there is nothing to name");
    assert_eq!(repo.state(), before);
}

#[test]
fn a_page_that_was_edited_is_told_from_what_the_plan_says() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    repo.ap(["plan", "--from", "-"]).stdin(plan(ID, "src/", "web/")).exits(0);
    let path = format!(".ap/plans/{ID}/plan.md");
    repo.write(&path, repo.read(&path).replace("`src/`", "`docs/`"));
    repo.ap(["check"])
        .exits(0)
        .answers_with("warning[stale-render]")
        .answers_with("is not what its templates make");
    repo.ap(["plan", "--render", "--format", "json"]).exits(0).answers_with("\"changed\":true");
    repo.ap(["check"]).exits(0).answers("20251008-104131-x: valid, 2 objectives in 1 wave\n");
}

#[test]
fn a_base_that_is_no_commit_and_a_choice_of_plans_are_refused() {
    let repo = Repo::of(&["src/a.rs", "web/b.ts"]);
    let before = repo.state();
    let text = plan(ID, "src/", "web/").replace("type =", "base = \"zzz\"\ntype =");
    repo.ap(["plan", "--from", "-"])
        .stdin(text.clone())
        .exits(3)
        .answers_with("standard input:5:8")
        .answers_with("`base` zzz is no commit");
    let two = format!("A\n```toml\n{0}```\nB\n```toml\n{0}```\n", plan(ID, "src/", "web/"));
    repo.ap(["plan", "--from", "-"])
        .stdin(two)
        .exits(3)
        .answers_with("a second plan; the first begins in line 3");
    repo.ap(["plan", "--from", "-"])
        .stdin("I cannot do that.")
        .exits(3)
        .answers_with("this holds no plan");
    assert_eq!(repo.state(), before);
}
