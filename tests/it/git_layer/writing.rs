//! What is written: exactly what was asked for, and nothing lost where it fails.

use git_ap::domain::action::Action;
use git_ap::domain::tree::Mode;
use git_ap::git::Saved;
use git_ap::store::Steps;

use super::{failure, open, path, repo};
use crate::support::Repo;

const PLAN: &str = ".ap/plans/x/plan.toml";

/// A repository with a plan to commit, while other things are staged and edited.
fn busy() -> Repo {
    let repo = repo(&[]);
    repo.write("staged", "1");
    repo.write("edited", "1");
    repo.write(".gitignore", ".ap/\n");
    repo.commit("first");
    repo.write("staged", "2");
    repo.write("new", "2");
    repo.git(["add", "staged", "new"]);
    repo.write("edited", "2");
    repo.write(PLAN, "schema = 1\n");
    repo
}

fn status(repo: &Repo) -> Vec<String> {
    repo.git(["status", "--porcelain", "--ignored=no"]).lines().map(str::to_owned).collect()
}

#[test]
fn only_the_named_files_are_committed() {
    for below in ["", "sub"] {
        let repo = busy();
        let directory = repo.root().join(below);
        std::fs::create_dir_all(&directory).expect("writable");
        let before = status(&repo);
        let opened = open(&directory);
        let message = "plan: first\n\n# no comment, a heading\nbody\n";
        let commit = opened.commit_files(&[path(PLAN)], message, &Steps::default());
        let commit = commit.expect("committed").expect("something changed");
        assert_eq!(commit, repo.git(["rev-parse", "main"]));
        assert_eq!(repo.git(["show", "--format=", "--name-only", "HEAD"]), PLAN);
        let stored = repo.git(["log", "-1", "--format=%B"]);
        assert_eq!(stored.trim_end(), message.trim_end());
        assert_eq!(status(&repo), before, "the rest is staged and edited as it was");
        let again = opened.commit_files(&[path(PLAN)], message, &Steps::default());
        assert_eq!(again.expect("no failure"), None, "nothing differs");
    }
}

#[test]
fn a_name_is_never_a_pattern_and_a_message_never_an_option() {
    let repo = repo(&[]);
    for name in ["*", "a", ":(top)x", "-f", "[ab]"] {
        repo.write(name, "1");
    }
    let first = repo.git(["commit-tree", &repo.git(["write-tree"]), "-m", "zero"]);
    repo.git(["update-ref", "refs/heads/main", &first]);
    let paths = ["*", ":(top)x", "-f", "[ab]"].map(path);
    let commit = open(repo.root()).commit_files(&paths, "--amend", &Steps::default());
    assert!(commit.expect("committed").is_some());
    let mut listed: Vec<String> =
        repo.git(["ls-tree", "--name-only", "HEAD"]).lines().map(str::to_owned).collect();
    listed.sort();
    assert_eq!(listed, ["*", "-f", ":(top)x", "[ab]"]);
    assert_eq!(repo.git(["log", "-1", "--format=%s"]), "--amend");
}

#[test]
fn a_long_message_is_committed_whole() {
    let repo = busy();
    let message = format!("plan: long\n\n{}\n", "text ".repeat(60_000));
    let commit = open(repo.root()).commit_files(&[path(PLAN)], &message, &Steps::default());
    assert!(commit.expect("committed").is_some());
    assert_eq!(repo.git(["log", "-1", "--format=%B"]).trim_end(), message.trim_end());
}

#[cfg(unix)]
#[test]
fn a_refusing_hook_leaves_index_and_files_as_they_were() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = busy();
    let hook = repo.root().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("writable");
    std::fs::write(&hook, "#!/bin/sh\necho 'not \x1b[2Jtoday' >&2\nexit 1\n").expect("writable");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("settable");
    let before = repo.state();
    let error = open(repo.root())
        .commit_files(&[path(PLAN)], "plan: first", &Steps::default())
        .expect_err("the hook refuses");
    let shown = format!("{error:#}");
    assert!(shown.contains("today"), "{shown}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
    assert_eq!(repo.state(), before);
}

#[test]
fn after_any_failed_step_the_same_call_ends_in_the_same_state() {
    let done = |repo: &Repo| (repo.git(["rev-parse", "HEAD^{tree}", "HEAD~1"]), status(repo));
    let whole = busy();
    let commit = |repo: &Repo, steps: &Steps| {
        open(repo.root()).commit_files(&[path(PLAN)], "plan: first", steps)
    };
    commit(&whole, &Steps::default()).expect("committed");
    for n in 1..10 {
        let repo = busy();
        let steps = Steps::new(Some(&format!("*#{n}=fail"))).expect("readable");
        if commit(&repo, &steps).is_ok() {
            assert!(n > 2, "there are steps to fail at");
            return;
        }
        commit(&repo, &Steps::default()).expect("it goes on");
        assert_eq!(done(&repo).1, done(&whole).1, "step {n}");
        assert_eq!(
            repo.git(["rev-parse", "HEAD^{tree}"]),
            whole.git(["rev-parse", "HEAD^{tree}"]),
            "step {n}"
        );
        assert_eq!(repo.git(["rev-list", "--count", "HEAD"]), "2", "step {n}");
    }
    panic!("more steps than expected");
}

#[test]
fn a_backup_holds_the_bytes_and_disturbs_nothing() {
    let repo = busy();
    let opened = open(repo.root());
    let before = status(&repo);
    let file = |bytes: &[u8]| Saved { path: path(PLAN), mode: Mode::File, bytes: bytes.to_vec() };
    let odd = vec![0, 255, b'\r', b'\n'];
    let odd = Saved { path: path("a b\n\u{e9}"), mode: Mode::Executable, bytes: odd };
    let steps = Steps::default();
    let first = opened.backup("plan/x", &[file(b"old\r\n"), odd], &steps).expect("saved");
    assert_eq!(first, "refs/ap/backup/plan/x");
    assert_eq!(repo.git(["cat-file", "-s", &format!("{first}:{PLAN}")]), "5");
    assert_eq!(repo.git(["cat-file", "-s", &format!("{first}:a b\n\u{e9}")]), "4");
    let second = opened.backup("plan/x", &[file(b"older")], &steps).expect("saved");
    assert_eq!(second, "refs/ap/backup/plan/x-2");
    let renewed = opened.backup("plan/x", &[file(b"older")], &steps).expect("saved");
    assert_eq!(renewed, second, "the same files are saved once");
    assert_eq!(repo.git(["show", &format!("{second}:{PLAN}")]), "older");
    assert_eq!(status(&repo), before);
    assert_eq!(repo.git(["fsck", "--strict", "--no-dangling"]), "");
    let left = std::fs::read_dir(repo.root().join(".git")).expect("readable");
    let left: Vec<_> = left.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    assert!(!left.iter().any(|name| name.starts_with("ap-")), "{left:?}");
}

#[test]
fn a_backup_that_fails_at_any_step_leaves_the_files_and_can_be_repeated() {
    for n in 1..10 {
        let repo = busy();
        let before = repo.state();
        let files = [Saved { path: path(PLAN), mode: Mode::File, bytes: b"old".to_vec() }];
        let steps = Steps::new(Some(&format!("*#{n}=fail"))).expect("readable");
        let opened = open(repo.root());
        if opened.backup("x", &files, &steps).is_ok() {
            assert!(n > 1, "there are steps to fail at");
            return;
        }
        assert_eq!(repo.state().below(""), before.below(""), "step {n}");
        let reference = opened.backup("x", &files, &Steps::default()).expect("it goes on");
        assert_eq!(repo.git(["show", &format!("{reference}:{PLAN}")]), "old");
        let count = repo.git(["for-each-ref", "refs/ap/backup"]).lines().count();
        assert_eq!(count, 1, "the same files are saved once (step {n})");
    }
    panic!("more steps than expected");
}

#[cfg(unix)]
#[test]
fn a_backup_follows_no_link() {
    let repo = repo(&[]);
    repo.commit("first");
    let secret = repo.beside("secret");
    std::fs::write(&secret, "secret").expect("writable");
    std::fs::create_dir(repo.root().join("d")).expect("writable");
    std::os::unix::fs::symlink(&secret, repo.root().join("d/link")).expect("linked");
    let outside = secret.parent().expect("below the root");
    std::os::unix::fs::symlink(outside, repo.root().join("out")).expect("linked");
    let save = |name: &str| {
        let action = Action::Backup { name: "x".into(), paths: vec![path(name)] };
        git_ap::apply::apply(&open(repo.root()), repo.root(), &Steps::default(), &[action])
    };
    save("d/link").expect("a link is saved as a link");
    let listed = repo.git(["ls-tree", "-r", "refs/ap/backup/x"]);
    assert!(listed.starts_with("120000 "), "{listed}");
    assert!(failure(save("out/secret")).message.contains("symbolic link"));
    assert!(failure(save("d")).message.contains("no file"));
    assert_eq!(repo.git(["for-each-ref", "refs/ap"]).lines().count(), 1);
}

#[test]
fn a_users_clean_up_of_messages_does_not_reach_ours() {
    let repo = busy();
    repo.git(["config", "commit.cleanup", "strip"]);
    let message = "plan: first\n\n# a heading\n";
    let commit = open(repo.root()).commit_files(&[path(PLAN)], message, &Steps::default());
    assert!(commit.expect("committed").is_some());
    assert_eq!(repo.git(["log", "-1", "--format=%b"]), "# a heading");
}
