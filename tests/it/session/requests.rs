//! An objective that is worked on asks for more than its scope.

use super::{ID, finish, integration, place, planned, planned_with, write};
use crate::support::Repo;

fn started(config: &str) -> Repo {
    let repo = planned_with("", config);
    repo.ap(["start", "--yes"]).exits(0);
    repo
}

/// The requests of an objective as `status` has them.
fn requests(repo: &Repo, objective: usize) -> serde_json::Value {
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    status["objectives"][objective]["requests"].clone()
}

fn journal(repo: &Repo) -> String {
    let file = repo.root().join(".git/ap").join(ID).join("journal.jsonl");
    std::fs::read_to_string(file).expect("a journal")
}

fn prompt(repo: &Repo, objective: &str) -> String {
    repo.ap(["show", objective, "--prompt"]).exits(0).stdout()
}

#[test]
fn what_is_free_is_granted_by_the_owner() {
    let repo = started("");
    let one = place(&repo, "T1");
    write(&repo, "T1", "README.md", "changed\n");
    repo.git_at(&one, ["commit", "-qam", "docs"]).exits(1).says("git ap scope request README.md");
    let ask = ["scope", "request", "README.md", "--why", "it explains tokens"];
    repo.ap(ask).at(&one).exits(6).answers_with("T1 asks for `README.md`");
    // Asked again, it is the same request.
    repo.ap(ask).at(&one).exits(6);
    assert_eq!(requests(&repo, 0).as_array().expect("a list").len(), 1);
    assert_eq!(requests(&repo, 0)[0]["state"], "open");
    assert!(prompt(&repo, "T1").contains("- Scope: T1 asks for `README.md`"));
    repo.git_at(&one, ["commit", "-qam", "docs"]).exits(1).says("T1 asks for `README.md`");

    // Nobody gives it to themselves.
    for verb in ["grant", "deny"] {
        repo.ap(["scope", verb, "T1"]).at(&one).exits(1).says("from an objective's worktree");
    }
    let before = repo.git(["rev-parse", &integration()]);
    repo.ap(["scope", "grant", "T1", "--dry-run"])
        .exits(0)
        .answers_with("would give T1 `README.md`");
    assert_eq!(repo.git(["rev-parse", &integration()]), before);
    repo.ap(["scope", "grant", "T1"]).exits(0).answers_with("T1 was granted `README.md`");
    assert_eq!(requests(&repo, 0)[0]["state"], "granted");
    assert!(prompt(&repo, "T1").contains("SCOPE_TOUCH=src/auth/,README.md\n"));
    assert!(prompt(&repo, "T2").contains("src/auth/,README.md"), "the others are told as well");
    assert!(journal(&repo).contains("\"amendment\":\"grant\""));

    // The amendment is a commit of its own on the integration branch, and changes only the plan.
    let message = repo.git(["log", "-1", "--format=%B", &integration()]);
    assert!(message.contains("AP-Amend: add-jwt/T1") && message.contains("it explains tokens"));
    let range = format!("{before}..{}", integration());
    let changed = repo.git(["diff", "--name-only", &range]);
    assert_eq!(changed, format!(".ap/plans/{ID}/plan.md\n.ap/plans/{ID}/plan.toml"));
    let told = repo.ap(["verify", &range]).exits(0).stdout();
    assert!(told.contains("amendment"), "{told}");
    // Given again, there is nothing to amend.
    let amended = repo.git(["rev-parse", &integration()]);
    repo.ap(["scope", "grant", "T1", "README.md"]).exits(0).answers_with("T1 may touch");
    assert_eq!(repo.git(["rev-parse", &integration()]), amended);
    // The copy in the main worktree follows.
    let copy = std::fs::read_to_string(repo.root().join(format!(".ap/plans/{ID}/plan.toml")));
    assert!(copy.expect("there").contains("touch = [\"src/auth/\", \"README.md\"]"));
    repo.ap(["check"]).exits(0);

    // From then on hook, `done`, merge and `verify` know it.
    repo.git_at(&one, ["commit", "-qam", "docs"]).exits(0);
    repo.ap(["done"]).at(&one).exits(0);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(0);
    assert_eq!(repo.git(["show", &format!("{}:README.md", integration())]), "changed");
    let whole = format!("main..{}", integration());
    repo.ap(["verify", &whole]).exits(0);
    let history = repo.ap(["history", "jwt"]).exits(0).stdout();
    assert!(history.contains("declared  src/auth/\n    granted   README.md\n"), "{history}");
    assert!(history.contains("asked     was granted `README.md` (it explains tokens)"));
    repo.ap(["history"]).exits(0).answers_with("1 of 1");
}

#[test]
fn what_somebody_holds_is_waited_for() {
    let repo = started("");
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/token.rs", "token\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "feat: token"]).exits(0);
    let asked = repo.ap(["scope", "request", "src/web/app.rs", "--format", "json"]).at(&one);
    let asked = asked.exits(6).json();
    assert_eq!(asked["requests"][0]["state"], "waiting");
    assert_eq!(asked["requests"][0]["holder"]["objective"], "T2");
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let waves: Vec<_> = (0..3).map(|i| status["objectives"][i]["wave"].as_u64()).collect();
    // T3 needs the result of T1 and waits with it.
    assert_eq!(waves, [Some(2), Some(1), Some(3)]);
    assert_eq!(status["objectives"][0]["phase"], "waiting");
    assert!(prompt(&repo, "T1").contains("T1 waits for `src/web/app.rs`, which T2 holds"));

    // Without the owner's word it does not go on.
    finish(&repo, "T2", "src/web/app.rs", "one\ntwo\nthree\nfour\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0).says("git ap scope grant add-jwt/T1");
    repo.ap(["start", "--objective", "T1"]).exits(6).says("which T2 holds");
    repo.ap(["scope", "grant", "T1"]).exits(0).answers_with("T1 was granted `src/web/app.rs`");
    repo.ap(["start"]).exits(0).says("T1 goes on");
    // It has what T2 made, and its own.
    let app = std::fs::read_to_string(one.join("src/web/app.rs")).expect("there");
    assert_eq!(app, "one\ntwo\nthree\nfour\n");
    assert!(one.join("src/auth/token.rs").exists());
    finish(&repo, "T1", "src/web/app.rs", "one\ntwo\nthree\nfour\nfive\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
    finish(&repo, "T3", "docs/new.md", "new\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["land"]).exits(0);
    assert_eq!(repo.read("src/web/app.rs"), "one\ntwo\nthree\nfour\nfive\n");
    let range = format!("{}..main", repo.git(["rev-list", "--max-parents=0", "main"]));
    repo.ap(["verify", &range]).exits(0);
    // The record that landed says it too.
    repo.ap(["clean"]).exits(0);
    std::fs::remove_dir_all(repo.root().join(".git/ap").join(ID)).expect("removable");
    repo.ap(["history", "jwt"]).exits(0).answers_with("was granted `src/web/app.rs`");
    repo.ap(["report", "jwt"])
        .exits(0)
        .answers_with("Asked for more: was granted `src/web/app.rs`");
}

#[test]
fn consent_in_advance_is_kept() {
    let repo = started("");
    let one = place(&repo, "T1");
    repo.ap(["scope", "request", "src/web/app.rs"]).at(&one).exits(6);
    repo.ap(["scope", "grant", "T1"]).exits(0).answers_with("T1 gets `src/web/app.rs` once T2");
    let plan = format!("{}:.ap/plans/{ID}/plan.toml", integration());
    assert!(!repo.git(["show", &plan]).contains("src/web/app.rs"), "it is not free yet");
    write(&repo, "T1", "src/web/app.rs", "early\n");
    repo.git_at(&one, ["commit", "-qam", "early"]).exits(1).says("it belongs to T2");
    repo.git_at(&one, ["checkout", "-q", "."]).exits(0);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["run"]).exits(0);
    assert!(repo.git(["show", &plan]).contains("src/web/app.rs"));
    assert_eq!(requests(&repo, 0)[0]["state"], "granted");
    assert!(one.join("src/web/b.rs").exists(), "a branch without commits moves on");
    finish(&repo, "T1", "src/web/app.rs", "late\n");
    repo.ap(["merge"]).exits(0);
}

#[test]
fn what_is_forbidden_is_denied() {
    let repo = started("");
    let one = place(&repo, "T1");
    for (wanted, why) in [
        (".env", "`global_forbid` has `**/.env`"),
        (".ap/config.toml", "`global_forbid` has `.ap/`"),
        ("secrets/", "`global_forbid` has `secrets/`"),
    ] {
        let denied = repo.ap(["scope", "request", wanted]).at(&one).exits(1);
        denied.answers_with("T1 was denied").answers_with(why);
    }
    assert_eq!(requests(&repo, 0).as_array().expect("a list").len(), 3);
    repo.ap(["scope", "grant", "T1"]).exits(1).says("nothing that is undecided");
    repo.ap(["scope", "grant", "T1", ".env"]).exits(1).says("it cannot be given");
    repo.ap(["scope", "request", "src/auth/x"]).at(&one).exits(0).answers_with("as it is");
    repo.ap(["scope", "request", "../x"]).at(&one).exits(2).says("is no pattern");
    assert!(prompt(&repo, "T1").contains("T1 was denied `.env`"));
    assert!(journal(&repo).contains("\"answer\":\"denied\""));
    repo.ap(["history", "jwt"]).exits(0).answers_with("was denied `.env`");
}

#[test]
fn one_that_is_denied_goes_on_in_its_wave() {
    let repo = started("");
    let one = place(&repo, "T1");
    let ask = ["scope", "request", "src/web/app.rs"];
    repo.ap(ask).at(&one).exits(6);
    repo.ap(["scope", "deny", "T1", "--why", "T2 does that"]).exits(0).answers_with("T2 does that");
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    let stand = |i: usize| {
        let row = &status["objectives"][i];
        (row["wave"].as_u64(), row["phase"].as_str().map(str::to_owned))
    };
    assert_eq!(stand(0), (Some(1), Some("working".to_owned())));
    assert_eq!(stand(2), (Some(2), Some("planned".to_owned())));
    // The same where nobody asks any more.
    repo.ap(ask).at(&one).exits(6);
    repo.ap(["scope", "request", "--withdraw"]).at(&one).exits(0).answers_with("asks no longer");
    repo.ap(["scope", "request", "--withdraw"]).at(&one).exits(1);
    let status = repo.ap(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["objectives"][0]["wave"], 1);
    // One for another is refused.
    let other = ["scope", "request", "--objective", "T2", "README.md"];
    repo.ap(other).at(&one).exits(1).says("asks for itself alone");
}

#[test]
fn two_that_wait_for_each_other_do_not_wait_forever() {
    let repo = started("");
    repo.ap(["scope", "request", "src/web/app.rs"]).at(place(&repo, "T1")).exits(6);
    let denied = repo.ap(["scope", "request", "src/auth/login.rs"]).at(place(&repo, "T2"));
    denied.exits(1).answers_with("waits for T2 itself");
}

#[test]
fn the_policy_decides_who_grants() {
    let repo = started("[scope]\ngrant = \"free\"\n");
    let one = place(&repo, "T1");
    repo.ap(["scope", "request", "README.md"]).at(&one).exits(0).answers_with("T1 was granted");
    // Waited for, it comes without another word.
    repo.ap(["scope", "request", "src/web/app.rs"]).at(&one).exits(6).answers_with("once T2");
    finish(&repo, "T2", "src/web/app.rs", "theirs\n");
    repo.ap(["run"]).exits(0);
    finish(&repo, "T1", "src/web/app.rs", "both\n");
    repo.ap(["merge"]).exits(0);

    let repo = started("[scope]\ngrant = \"never\"\n");
    repo.ap(["scope", "request", "README.md"])
        .at(place(&repo, "T1"))
        .exits(1)
        .answers_with("never");
    repo.ap(["scope", "grant", "T1", "README.md"]).exits(1).says("never");
}

#[test]
fn another_session_holds_it() {
    let repo = started("");
    let other = "schema = 1\nid = \"20251008-110000-other\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"X\"\ntitle = \"x\"\ntouch = [\"README.md\"]\n";
    repo.ap(["plan", "--from", "-"]).stdin(other).exits(0);
    repo.ap(["start", "other", "--yes"]).exits(0);
    let one = place(&repo, "jwt/T1");
    let asked = repo.ap(["scope", "request", "README.md"]).at(&one).exits(6);
    asked.answers_with("which X of 20251008-110000-other holds");
    repo.ap(["scope", "grant", "jwt/T1", "README.md"]).exits(1).says("is held by X");
    // Given away by nobody, it is not in the plan.
    let plan = format!("{}:.ap/plans/{ID}/plan.toml", integration());
    assert!(!repo.git(["show", &plan]).contains("README.md"));
    repo.ap(["drop", "other/X"]).exits(0);
    repo.ap(["scope", "grant", "jwt/T1"]).exits(0);
    assert!(repo.git(["show", &plan]).contains("README.md"));
    // What was granted is held in turn.
    repo.ap(["retry", "other/X"]).exits(1).says("is held by T1");
}

#[test]
fn what_conflicts_with_what_was_waited_for_is_left_to_resolve() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/lib.rs", "mod token;\n");
    repo.git_at(&one, ["commit", "-qam", "shared"]).exits(0);
    repo.ap(["scope", "request", "src/web/app.rs"]).at(&one).exits(6);
    repo.ap(["scope", "grant", "T1"]).exits(0);
    write(&repo, "T2", "src/lib.rs", "mod web;\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0).says("has conflicts to resolve there");
    repo.ap(["done", "T1"]).exits(1).says("a merge is not finished");
    write(&repo, "T1", "src/lib.rs", "mod token;\nmod web;\n");
    repo.git_at(&one, ["commit", "-qam", "resolved"]).exits(0);
    repo.ap(["done", "T1"]).exits(0);
    repo.ap(["merge"]).exits(0);
}

#[test]
fn what_was_dropped_does_not_come_back_over_what_was_granted() {
    let repo = started("");
    repo.ap(["drop", "T2"]).exits(0);
    repo.ap(["scope", "grant", "T1", "src/web/"]).exits(0);
    repo.ap(["retry", "T2"]).exits(1).says("is held by T1 now");
    finish(&repo, "T1", "src/web/app.rs", "mine\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["retry", "T2"]).exits(0);
}

#[test]
fn an_amendment_that_changes_more_is_found() {
    let repo = started("");
    let before = repo.git(["rev-parse", &integration()]);
    repo.ap(["scope", "grant", "T1", "README.md"]).exits(0);
    let message = repo.git(["log", "-1", "--format=%B", &integration()]);
    let plan = format!(".ap/plans/{ID}/plan.toml");
    let own = repo.git(["show", &format!("{}:{plan}", integration())]);
    for (path, text, said) in [
        (".ap/config.toml", "schema = 1\n[scope]\ngrant = \"free\"\n", "is no file of the plan"),
        (plan.as_str(), own.replace("README.md", "**").as_str(), "not the one that it names"),
    ] {
        // The working copy of the plan is in the way of that commit's.
        repo.git(["clean", "-qfdx", ".ap"]);
        repo.git(["checkout", "-q", "--detach", &before]);
        repo.write(path, text);
        repo.git(["add", "-f", path]);
        repo.git(["commit", "-q", "--no-verify", "-m", &message]);
        let found = repo.ap(["verify", &format!("{before}..HEAD")]).exits(4);
        found.answers_with("amendment").answers_with(said);
        repo.git(["checkout", "-q", "main"]);
    }
}

#[test]
fn one_that_waits_may_hand_in_what_it_has() {
    let repo = started("");
    let one = place(&repo, "T1");
    repo.ap(["scope", "request", "src/web/app.rs"]).at(&one).exits(6);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    assert_eq!(requests(&repo, 0)[0]["state"], "withdrawn");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(0);
    // What waits has not gone on from the wave: it can still be taken back.
    repo.ap(["merge"]).exits(0);
    repo.ap(["undo"]).exits(0);
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
}

#[test]
fn a_wave_is_not_taken_back_from_under_an_amendment() {
    let repo = started("");
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["scope", "grant", "T3", "README.md"]).exits(0);
    repo.ap(["undo"]).exits(1).says("the plan was amended after it");
    repo.ap(["start"]).exits(0);
    finish(&repo, "T3", "README.md", "more\n");
    repo.ap(["merge"]).exits(0);
    repo.ap(["undo"]).exits(0);
    repo.ap(["merge"]).exits(0);
    repo.write("src/main.rs", "moved\n");
    repo.git(["add", "src"]);
    repo.git(["commit", "-q", "--no-verify", "-m", "moved"]);
    repo.ap(["land", "--squash"]).exits(0);
    repo.ap(["verify", "main~1..main"]).exits(0);
}

#[test]
fn the_next_plan_learns_from_what_was_granted() {
    let repo = started("");
    repo.ap(["scope", "grant", "T1", "README.md"]).exits(0);
    write(&repo, "T1", "README.md", "changed\n");
    finish(&repo, "T1", "src/auth/login.rs", "two\n");
    repo.ap(["drop", "T2"]).exits(0);
    repo.ap(["drop", "T3"]).exits(0);
    repo.ap(["merge"]).exits(0);
    let ask = ["plan", "--dry-run", "--format", "json", "change the login in src/auth/login.rs"];
    let touch = |repo: &Repo| repo.ap(ask).exits(0).json()["objective"][0]["touch"].to_string();
    assert!(!touch(&repo).contains("README.md"), "nothing has landed that says so");
    repo.ap(["land"]).exits(0);
    assert!(touch(&repo).contains("README.md"), "{}", touch(&repo));
    repo.ap(ask).exits(0).says("T1 of 20251008-104131-add-jwt was given it for the same files");
}

#[test]
fn two_sessions_do_not_wait_for_each_other() {
    let repo = started("");
    let other = "schema = 1\nid = \"20251008-110000-other\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"X\"\ntitle = \"x\"\ntouch = [\"README.md\"]\n";
    repo.ap(["plan", "--from", "-"]).stdin(other).exits(0);
    repo.ap(["start", "other", "--yes"]).exits(0);
    repo.ap(["scope", "request", "--objective", "jwt/T1", "README.md"]).exits(6);
    let back = repo.ap(["scope", "request", "--objective", "other/X", "src/web/app.rs"]).exits(1);
    back.answers_with("waits for 20251008-110000-other itself");
}
