//! Workers that ask `git ap` while they are at work: through their inbox where the sandbox keeps
//! them from the git directory, and directly where nothing does.

use super::{ap, phase, team};
use crate::sandbox::possible;
use crate::session::{ID, place};
use crate::support::Repo;

/// Begins a script: `ask` says what became of a request, with its exit code.
fn script(body: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("git-ap");
    format!(
        "AP={}\nask() {{ $AP scope request \"$@\" >> src/auth/said 2>&1; echo \"= $?\" >> src/auth/said; }}\n\
         inbox=$(git rev-parse --git-common-dir)/ap/$AP_PLAN/inbox\n\
         if [ $AP_OBJECTIVE = T1 ]; then\n{body}\nfi",
        program.display()
    )
}

/// A team whose T1 does this first, in both ways to run it.
fn both(test: &str, body: &str, config: &str, check: impl Fn(&Repo, bool)) {
    let mut ways = vec![false];
    if possible(test) {
        ways.push(true);
    }
    for sandboxed in ways {
        let policy = if sandboxed { "scope" } else { "off" };
        let config = format!("{config}[run]\nsandbox = \"{policy}\"\n");
        let repo = team(&script(body), "max_concurrent = 2", &config, "");
        let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
        let narrow = "touch = [\"src/auth/a.rs\", \"src/auth/said\"]\nretries = 0";
        let plan = plan.replace("touch = [\"src/auth/\"]", narrow);
        repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
        check(&repo, sandboxed);
    }
}

const FREE: &str = "[scope]\ngrant = \"free\"\n";

#[test]
fn what_is_asked_for_from_inside_is_answered_as_outside() {
    let body = "ask src/auth/a.rs\nask secrets/key\nask src/auth/more.rs --why 'there is more'\n\
                echo more > src/auth/more.rs; sleep 1; ask nothing/ --format xml; ask '!x'";
    both("what_is_asked_for_from_inside_is_answered_as_outside", body, FREE, |repo, sandboxed| {
        let run = ap(repo, &["run", "--yes"]).exits(0);
        let said = repo.git(["show", &format!("{}:src/auth/said", super::tip())]);
        let expected = "T1 may touch all of that as it is\n= 0\n\
            T1 was denied `secrets/key`: no objective may touch `secrets/key` \
            (`global_forbid` has `secrets/`)\n= 1\n\
            T1 was granted `src/auth/more.rs`\n= 0\n";
        assert!(said.starts_with(expected), "{sandboxed}: {said}\n{}", run.stderr());
        assert!(said.contains("`!x` is no pattern") && said.ends_with("= 2"), "{said}");
        let landed = repo.git(["show", &format!("{}:src/auth/more.rs", super::tip())]);
        assert_eq!(landed, "more", "{sandboxed}");
        let folder = repo.root().join(".git/ap").join(ID);
        assert!(!folder.join("inbox/T1").exists(), "nobody writes there any more");
    });
}

#[test]
fn what_another_one_holds_is_waited_for() {
    // T2 goes on a little longer, so that it still holds what it has.
    let body = "ask src/web/app.rs; sleep 5\nelse sleep 2";
    both("what_another_one_holds_is_waited_for", body, FREE, |repo, sandboxed| {
        let run = ap(repo, &["run", "--yes"]).exits(0);
        let said = repo.git(["show", &format!("{}:src/auth/said", super::tip())]);
        let expected = "T1 gets `src/web/app.rs` once T2, which holds it, is merged\n";
        assert!(said.starts_with(expected), "{sandboxed}: {said}\n{}", run.stderr());
        assert!(said.contains("= 6\n"), "{sandboxed}: {said}");
        assert_eq!(phase(repo, "T1").0, "merged", "it went on from the other's result");
    });
}

#[test]
fn a_sandbox_that_was_closed_before_is_opened_by_starting_again() {
    let test = "a_sandbox_that_was_closed_before_is_opened_by_starting_again";
    if !possible(test) {
        return;
    }
    let body = "ask src/more.rs\nif echo more > src/more.rs; then :; else\n\
                printf 'STATUS=BLOCKED\\nREASON=closed\\nREQUESTED_SCOPE_ADDITION=src/more.rs\\n'\nexit 0\nfi";
    both(test, body, FREE, |repo, sandboxed| {
        let run = ap(repo, &["run", "--yes"]).exits(0);
        assert_eq!(repo.git(["show", &format!("{}:src/more.rs", super::tip())]), "more");
        if sandboxed {
            run.says("T1: script ended to go on with its wider scope");
            let said = repo.git(["show", &format!("{}:src/auth/said", super::tip())]);
            assert!(said.contains("keeps `src/more.rs` read-only"), "{said}");
        }
    });
}

#[test]
fn the_owner_is_asked_and_the_worker_told() {
    let body = "ask src/auth/more.rs; ask --withdraw; ask --withdraw";
    both("the_owner_is_asked_and_the_worker_told", body, "", |repo, sandboxed| {
        let run = ap(repo, &["run", "--yes", "--format", "json"]).exits(0);
        let said = repo.git(["show", &format!("{}:src/auth/said", super::tip())]);
        let asked = "T1 asks for `src/auth/more.rs`: the owner of the plan has to decide\n";
        assert!(said.starts_with(asked), "{sandboxed}: {said}\n{}", run.stderr());
        assert!(said.contains("the owner answers with `git ap scope grant add-jwt/T1`"), "{said}");
        assert!(said.contains("= 6\nT1 asks no longer for `src/auth/more.rs`\n= 0\n"), "{said}");
        assert!(said.contains("T1 asks for nothing that is undecided\n"), "{said}");
        if sandboxed {
            assert!(run.stdout().contains("\"type\":\"scope_request\""), "{}", run.stdout());
        }
    });
}

#[test]
fn what_lies_in_an_inbox_is_hostile() {
    let test = "what_lies_in_an_inbox_is_hostile";
    if !possible(test) {
        return;
    }
    let letter = r#"{"schema":1,"says":"request","patterns":["docs/"],"why":"x"}"#;
    let body = format!(
        "cd \"$inbox/T1\"\nln -s ../../journal.jsonl a.json; mkfifo b.json; mkdir c.json\n\
         head -c 1000000 /dev/zero > long; mv long d.json; echo '{{' > e.json\n\
         for n in 1 2 3 4 5 6 7 8 9; do echo x > \"odd $n\"; done\n\
         {{ echo '{letter}' > ../T2/f.json; echo x > ../T3/x.json; mkdir ../T4; echo x > ../../journal.jsonl; \
         mv ../T1 ../T0; echo x > ../../replies/T1/x.json; }} 2> /dev/null && exit 9\n\
         cd - > /dev/null; sleep 1; ask src/auth/a.rs"
    );
    both(test, &body, FREE, |repo, sandboxed| {
        if !sandboxed {
            return;
        }
        let run = ap(repo, &["run", "--yes"]).exits(0);
        let told = run.stderr();
        assert_eq!(told.matches("a letter in its inbox was not read: ").count(), 5, "{told}");
        for why in ["it is no regular file", "it is too long"] {
            assert!(told.contains(why), "{told}");
        }
        let said = repo.git(["show", &format!("{}:src/auth/said", super::tip())]);
        assert_eq!(said, "T1 may touch all of that as it is\n= 0");
        let status = repo.ap(["status", "--format", "json"]).exits(0).json();
        assert!(!status.to_string().contains("\"patterns\""), "nobody has asked: {status}");
    });
}

#[test]
fn where_nobody_listens_it_is_said() {
    let test = "where_nobody_listens_it_is_said";
    if !possible(test) {
        return;
    }
    let repo = crate::session::planned();
    repo.ap(["start", "--yes"]).exits(0);
    let program = assert_cmd::cargo::cargo_bin!("git-ap").display().to_string();
    let run = repo
        .ap(["sandbox", "--", &program, "scope", "request", "README.md"])
        .at(place(&repo, "T1"))
        .exits(6);
    run.says("no `git ap run` listens to T1: nothing was said");
    repo.ap(["scope", "request", "README.md"]).at(place(&repo, "T1")).exits(6);
}

#[test]
fn what_the_owner_grants_meanwhile_may_be_changed_at_once() {
    let test = "what_the_owner_grants_meanwhile_may_be_changed_at_once";
    let body = "ask src/auth/more.rs\n\
                until $AP scope request src/auth/more.rs > /dev/null 2>&1; do sleep 0.05; done\n\
                echo more > src/auth/more.rs; sleep 1";
    both(test, body, "", |repo, sandboxed| {
        let mut command = ap(repo, &["run", "--yes"]).command();
        let pipe = std::process::Stdio::piped;
        command.stdin(std::process::Stdio::null()).stdout(pipe()).stderr(pipe());
        let run = command.spawn().expect("it starts");
        let journal = repo.root().join(".git/ap").join(ID).join("journal.jsonl");
        let asked = || {
            std::fs::read_to_string(&journal)
                .is_ok_and(|t| t.contains("scope-requested") || t.contains("scope_requested"))
        };
        let begun = std::time::Instant::now();
        while !asked() {
            assert!(begun.elapsed().as_secs() < 60, "T1 has not asked");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        // While gates run or a merge is made, a grant is refused.
        while ap(repo, &["scope", "grant", "T1"]).ends().code() != 0 {
            assert!(begun.elapsed().as_secs() < 60, "T1 cannot be granted it");
        }
        let done = run.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{sandboxed}: {said}");
        assert_eq!(repo.git(["show", &format!("{}:src/auth/more.rs", super::tip())]), "more");
    });
}
