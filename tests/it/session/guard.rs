//! Changes outside of a scope: refused by `git commit`, and caught by `done` and `merge` where
//! the hook was passed by.

use std::path::Path;

use super::{ID, finish, integration, place, planned, planned_with, write};
use crate::support::Repo;

/// Makes a change that is out of the scope of T1 in its worktree, and stages it.
type Stage = fn(&Repo, &Path);

fn git(repo: &Repo, at: &Path, arguments: &[&str]) {
    repo.git_at(at, arguments).exits(0);
}

const OUTSIDE: [(&str, &str, Stage); 7] = [
    ("edit", "may not change src/web/app.rs: it belongs to T2", |repo, at| {
        std::fs::write(at.join("src/web/app.rs"), "mine\n").expect("writable");
        git(repo, at, &["add", "-A"]);
    }),
    ("rename", "may not delete src/web/app.rs: it belongs to T2", |repo, at| {
        git(repo, at, &["mv", "src/web/app.rs", "src/auth/app.rs"]);
    }),
    ("deletion", "may not delete docs/guide.md: it belongs to T3", |repo, at| {
        git(repo, at, &["rm", "-q", "docs/guide.md"]);
    }),
    ("mode", "may not change the mode of README.md: it is in no scope", |repo, at| {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(at.join("README.md"), mode).expect("settable");
        git(repo, at, &["add", "-A"]);
    }),
    ("link", "may not add docs/link: it belongs to T3", |repo, at| {
        std::os::unix::fs::symlink("../src", at.join("docs/link")).expect("linked");
        git(repo, at, &["add", "-A"]);
    }),
    ("submodule", "may not add src/web/sub: it belongs to T2", |repo, at| {
        let head = repo.git(["rev-parse", "HEAD"]);
        let entry = format!("160000,{head},src/web/sub");
        git(repo, at, &["update-index", "--add", "--cacheinfo", &entry]);
        std::fs::create_dir(at.join("src/web/sub")).expect("an empty submodule");
    }),
    ("the plan", "may not change .ap/config.toml: no objective may touch `.ap/`", |repo, at| {
        std::fs::write(at.join(".ap/config.toml"), "schema = 1\n").expect("writable");
        git(repo, at, &["add", "-A"]);
    }),
];

#[test]
fn every_kind_of_change_outside_is_refused_by_commit_and_by_the_merge() {
    let repo = planned_with("", "[gates]\nblame = true\n");
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    let one = place(&repo, "T1");
    let (main, pin) = (repo.git(["rev-parse", "main"]), repo.git(["rev-parse", &integration()]));
    for (name, said, stage) in OUTSIDE {
        stage(&repo, &one);
        let refused = repo.git_at(&one, ["commit", "-qm", name]).exits(1);
        let refused = refused.says(&format!("objective T1 {said}"));
        let refused = refused.says("git restore --staged");
        let forbidden = said.contains("no objective may touch");
        assert_eq!(refused.stderr().contains("git ap scope request "), !forbidden, "{name}");
        repo.ap(["hook", "run", "pre-commit"]).at(&one).exits(4).says(said);
        git(&repo, &one, &["commit", "-q", "--no-verify", "-m", name]);
        repo.ap(["done"]).at(&one).exits(4).says(said);
        repo.ap(["merge"]).exits(4).says(said);
        assert_eq!(repo.git(["rev-parse", &integration()]), pin, "{name}");
        assert_eq!(repo.git(["rev-parse", "main"]), main, "{name}");
        let status = repo.ap(["status"]).exits(0);
        assert!(status.stdout().contains("T1  violated "), "{}", status.stdout());
        git(&repo, &one, &["reset", "-q", "--hard", "HEAD^"]);
    }
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.ap(["merge"]).exits(0);
}

#[test]
fn ways_of_committing() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    let refused = |arguments: &[&str]| {
        write(&repo, "T1", "src/web/app.rs", "mine\n");
        let run = repo.git_at(&one, arguments).exits(1);
        run.says("objective T1 may not change src/web/app.rs: it belongs to T2");
        git(&repo, &one, &["reset", "-q", "--hard"]);
    };
    refused(&["commit", "-qam", "all"]);
    refused(&["commit", "-qm", "partial", "--", "src/web/app.rs"]);
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    git(&repo, &one, &["add", "-A"]);
    git(&repo, &one, &["commit", "-qm", "fine"]);
    refused(&["commit", "-q", "-a", "--amend", "-m", "amended"]);
    // What was committed outside before is named, and taking it back by an amendment is fine.
    write(&repo, "T1", "src/web/app.rs", "mine\n");
    git(&repo, &one, &["commit", "-q", "--no-verify", "-a", "--amend", "--no-edit"]);
    write(&repo, "T1", "src/auth/a.rs", "b\n");
    let commit = repo.git_at(&one, ["commit", "-qam", "on top"]).exits(0);
    commit.says("an earlier commit will not be merged: objective T1 may not change src/web/app.rs");
    git(&repo, &one, &["reset", "-q", "--soft", "HEAD^"]);
    git(&repo, &one, &["checkout", "-q", &format!("ap/{ID}/integration"), "--", "src/web/app.rs"]);
    git(&repo, &one, &["commit", "-q", "--amend", "--no-edit"]);
    repo.ap(["done"]).at(&one).exits(0);
}

#[test]
fn a_branch_without_a_commit_is_told_from_a_repository_without_one() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    git(&repo, &one, &["switch", "-q", "--orphan", "other"]);
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    git(&repo, &one, &["add", "-A"]);
    let commit = repo.git_at(&one, ["commit", "-qm", "first"]).exits(1);
    let commit = commit.says("objective T1 is on a branch without a commit");
    commit.says(&format!("git switch ap/{ID}/T1"));
}

#[test]
fn what_was_taken_back_still_counts_unless_waves_are_squashed() {
    for (config, code) in [("", 4), ("[merge]\nstyle = \"squash\"\n", 0)] {
        let repo = planned_with("", config);
        repo.ap(["start", "--yes"]).exits(0);
        let one = place(&repo, "T1");
        write(&repo, "T1", "src/web/app.rs", "mine\n");
        git(&repo, &one, &["commit", "-q", "--no-verify", "-am", "outside"]);
        git(&repo, &one, &["revert", "--no-edit", "HEAD"]);
        write(&repo, "T1", "src/auth/a.rs", "a\n");
        repo.ap(["done", "--commit"]).at(&one).exits(code);
        finish(&repo, "T2", "src/web/b.rs", "b\n");
        repo.ap(["merge"]).exits(code);
    }
}

#[test]
fn an_objective_may_merge_the_integration_branch_and_nothing_else() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    git(&repo, &one, &["add", "-A"]);
    git(&repo, &one, &["commit", "-qm", "mine"]);
    let other = format!("ap/{ID}/T2");
    repo.git_at(&one, ["merge", "--no-edit", &other])
        .exits(1)
        .says("objective T1 may merge the integration branch and nothing else");
    git(&repo, &one, &["merge", "--abort"]);
    git(&repo, &one, &["merge", "-q", "--no-verify", "--no-edit", &other]);
    repo.ap(["done"]).at(&one).exits(4);
    git(&repo, &one, &["reset", "-q", "--hard", "HEAD^"]);
    // T2 is merged without T1; T1 takes that over and is judged by its own changes.
    repo.ap(["merge", "--without", "T1"]).exits(0);
    repo.ap(["sync"]).at(&one).exits(0);
    assert!(one.join("src/web/b.rs").is_file());
    repo.ap(["done"]).at(&one).exits(0).answers_with("1 file changed");
    repo.ap(["start"]).exits(0);
}

#[test]
fn a_merge_takes_nothing_back_that_others_have_merged() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/app.rs", "two\n");
    let pin = repo.git(["rev-parse", &integration()]);
    repo.ap(["merge"]).exits(0);
    repo.ap(["start"]).exits(0);
    let wave = repo.git(["rev-parse", &integration()]);
    let three = place(&repo, "T3");
    // The tree of the pin with a change in scope, as a merge of the pin and of a tip that the
    // wave has merged: next to either, only the change in scope is new.
    git(&repo, &three, &["checkout", "-q", "--no-overlay", &pin, "--", "."]);
    write(&repo, "T3", "docs/c.md", "c\n");
    git(&repo, &three, &["add", "docs"]);
    let written = repo.git_at(&three, ["write-tree"]).exits(0).stdout();
    for old in [pin.clone(), repo.git(["rev-parse", &format!("{wave}^2")])] {
        let parents = ["-p", &wave, "-p", &old, "-m", "docs"];
        let made = repo.git(["commit-tree", written.trim_end()].iter().chain(&parents));
        git(&repo, &three, &["reset", "-q", "--hard", &made]);
        let refused = "objective T3 may merge the integration branch and nothing else";
        repo.ap(["done"]).at(&three).exits(4).says(refused);
        repo.ap(["merge"]).exits(4).says(refused);
        assert_eq!(repo.git(["rev-parse", &integration()]), wave);
    }
}

#[test]
fn an_owners_commands_are_refused_in_an_objectives_worktree() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    for line in
        [&["approve"][..], &["undo"], &["land"], &["hook", "install"], &["hook", "uninstall"]]
    {
        let verb = line.join(" ");
        repo.ap(line).at(&one).exits(1).says(&format!("`git ap {verb}` cannot be given from"));
    }
}

#[test]
fn what_a_person_may_forget_is_named_before_anything_is_judged() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    repo.ap(["done"]).exits(2).says("this is no objective's worktree");
    repo.ap(["done"]).at(&one).exits(1).says("objective T1 changes nothing");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.ap(["done"]).at(&one).exits(1).says("uncommitted changes: `src/auth/a.rs`");
    git(&repo, &one, &["checkout", "-q", "--detach"]);
    repo.ap(["done"]).at(&one).exits(1).says("is not on the branch of T1, but on no branch");
    git(&repo, &one, &["checkout", "-q", &format!("ap/{ID}/T1")]);
    write(&repo, "T1", "docs/x.md", "x\n");
    let refused = repo.ap(["done", "--commit", "-m", "feat: x"]).at(&one).exits(4);
    refused.says("nothing was committed: objective T1 may not change docs/x.md: it belongs to T3");
    std::fs::remove_file(one.join("docs/x.md")).expect("removable");
    repo.ap(["done", "--commit", "-m", "feat: x"]).at(&one).exits(0);
    // A later commit takes it back.
    write(&repo, "T1", "src/auth/a.rs", "b\n");
    git(&repo, &one, &["commit", "-qam", "later"]);
    let status = repo.ap(["status"]).exits(0);
    assert!(status.stdout().contains("T1  working "), "{}", status.stdout());
    repo.ap(["done", "T2", "--no-change"]).exits(0);
    repo.ap(["merge"]).exits(6).says("objective T1 has commits that were not judged yet");
    repo.ap(["done", "T1"]).exits(0);
    repo.ap(["merge"]).exits(0);
}

#[test]
fn a_push_of_what_is_outside_is_refused() {
    let repo = planned();
    let server = repo.beside("server.git");
    repo.git(["init", "-q", "--bare", server.to_str().expect("UTF-8")]);
    repo.git(["remote", "add", "origin", server.to_str().expect("UTF-8")]);
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/web/app.rs", "mine\n");
    git(&repo, &one, &["commit", "-q", "--no-verify", "-am", "outside"]);
    repo.git_at(&one, ["push", "-q", "origin", "HEAD"]).exits(1).says("nothing was pushed");
    git(&repo, &one, &["reset", "-q", "--hard", "HEAD^"]);
    git(&repo, &one, &["push", "-q", "origin", "HEAD"]);
}
