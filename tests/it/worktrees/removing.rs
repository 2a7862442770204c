//! Removed with everything, and nothing else with it.

use std::fs;

use git_ap::git::worktrees;
use git_ap::store::Steps;

use super::{added, failing, failure, git_in, open, repo};

#[test]
fn it_goes_with_all_its_files_and_may_be_removed_again() {
    let repo = repo(&["a/b"]);
    let place = added(&repo);
    fs::write(place.join("untracked"), "1").expect("writable");
    let shown = place.to_str().expect("UTF-8");
    repo.git(["worktree", "lock", shown]);
    for _ in 0..2 {
        worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
        assert!(!place.exists());
        assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
        assert_eq!(fs::read_dir(repo.root().join(".git/worktrees")).map_or(0, Iterator::count), 0);
    }
    assert!(!repo.git(["branch", "--list", "ap/x/T1"]).is_empty(), "the branch stays");
}

#[test]
fn after_any_failed_step_the_same_call_ends_in_the_same_state() {
    failing(
        || repo(&["a/b"]),
        |repo, steps| {
            let place = added(repo);
            let done = worktrees::remove(&open(repo), &place, steps).is_ok();
            worktrees::remove(&open(repo), &place, &Steps::default()).expect("removed");
            assert!(!place.exists());
            assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
            done
        },
    );
}

#[test]
fn a_removal_that_was_killed_half_way_goes_on() {
    for half in ["the files are gone", "the link is left", "the directory is gone"] {
        let repo = repo(&["a/b"]);
        let place = added(&repo);
        fs::remove_dir_all(place.join("a")).expect("there");
        match half {
            "the link is left" => {}
            "the files are gone" => fs::remove_file(place.join(".git")).expect("there"),
            _ => fs::remove_dir_all(&place).expect("there"),
        }
        worktrees::remove(&open(&repo), &place, &Steps::default())
            .unwrap_or_else(|e| panic!("{half}: {e:#}"));
        assert!(!place.exists(), "{half}");
        assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1, "{half}");
    }
}

#[test]
fn a_directory_that_is_no_worktree_of_ours_is_not_removed() {
    let repo = repo(&["a/b"]);
    let place = repo.beside("work/T1");
    let mine = || {
        fs::create_dir_all(&place).expect("writable");
        fs::write(place.join("mine"), "1").expect("writable");
    };
    let remove = || worktrees::remove(&open(&repo), &place, &Steps::default());
    mine();
    let refused = failure(remove());
    assert!(refused.message.contains("no worktree"), "{refused:?}");
    assert!(refused.hint.is_some());
    assert_eq!(fs::read(place.join("mine")).expect("there"), b"1");

    // One was there, was deleted by hand, and the name was used for something else.
    fs::remove_dir_all(&place).expect("there");
    added(&repo);
    fs::remove_dir_all(&place).expect("there");
    mine();
    failure(remove());
    assert_eq!(fs::read(place.join("mine")).expect("there"), b"1");
    failure(remove());
    assert_eq!(fs::read(place.join("mine")).expect("there"), b"1", "nor the second time");

    fs::remove_file(place.join("mine")).expect("there");
    remove().expect("an empty directory is nobody's");
    assert!(!place.exists());
}

#[test]
fn another_repositorys_directory_is_not_removed() {
    let repo = repo(&["a/b"]);
    let other = super::repo(&["theirs"]);
    failure(worktrees::remove(&open(&repo), other.root(), &Steps::default()));
    assert_eq!(other.read("theirs"), "theirs");
    let main = worktrees::remove(&open(&repo), repo.root(), &Steps::default());
    assert!(main.is_err());
    assert_eq!(repo.read("a/b"), "a/b", "nor the main worktree");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_it_is_removed_and_not_followed() {
    let repo = repo(&["a/b"]);
    let place = added(&repo);
    let outside = repo.beside("outside");
    fs::create_dir(&outside).expect("writable");
    fs::write(outside.join("kept"), "1").expect("writable");
    std::os::unix::fs::symlink(&outside, place.join("node_modules")).expect("linked");
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
    assert!(!place.exists() && outside.join("kept").exists());
}

/// A commit of the worktree would hold a pointer to it and nothing else.
#[test]
fn a_repository_inside_goes_only_if_a_remote_has_all_of_it() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    let nested = place.join("sub dir/nested");
    fs::create_dir_all(&nested).expect("writable");
    git_in(&repo, &nested, ["init", "--quiet"]);
    let refused = |why: &str| {
        let refused = failure(worktrees::remove(&open(&repo), &place, &Steps::default()));
        assert!(refused.message.contains("`sub dir/nested`"), "{refused:?}");
        assert!(refused.message.contains(why), "{refused:?}");
        assert!(refused.hint.expect("a way on").contains("mv '"));
        assert!(nested.exists() && place.join("a").exists());
    };
    fs::write(nested.join("n"), "work").expect("writable");
    refused("changes in no commit");
    git_in(&repo, &nested, ["add", "n"]);
    git_in(&repo, &nested, ["commit", "--quiet", "-m", "n"]);
    refused("none of its remotes");
    let upstream = repo.beside("upstream");
    let upstream = upstream.to_str().expect("UTF-8");
    git_in(&repo, &nested, ["clone", "--quiet", "--bare", ".", upstream]);
    git_in(&repo, &nested, ["remote", "add", "origin", upstream]);
    git_in(&repo, &nested, ["fetch", "--quiet", "origin"]);
    fs::write(nested.join("n"), "stashed").expect("writable");
    git_in(&repo, &nested, ["stash", "--quiet"]);
    refused("none of its remotes");
    git_in(&repo, &nested, ["stash", "drop", "--quiet"]);
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("all of it is elsewhere");
    assert!(!place.exists());
}

#[test]
fn a_submodules_own_work_does_not_go_with_the_worktree() {
    let repo = repo(&["a"]);
    let library = super::repo(&["lib"]);
    let source = library.root().to_str().expect("UTF-8").to_owned();
    repo.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &source, "sub"]);
    repo.commit("with a submodule");
    let place = added(&repo);
    let allow = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init"];
    git_in(&repo, &place, allow);
    let sub = place.join("sub");
    let remove = || worktrees::remove(&open(&repo), &place, &Steps::default());
    fs::write(sub.join("lib"), "work").expect("writable");
    let dirt = worktrees::dirty(&place).expect("readable");
    assert_eq!(dirt.tracked, [super::path("sub")]);
    assert!(failure(remove()).message.contains("`sub`"), "a change");
    git_in(&repo, &sub, ["commit", "--quiet", "-am", "work"]);
    assert!(failure(remove()).message.contains("`sub`"), "a new commit");
    git_in(&repo, &place, ["commit", "--quiet", "-am", "pointer"]);
    assert!(failure(remove()).message.contains("`sub`"), "the pointer alone is committed");
    git_in(&repo, &sub, ["push", "--quiet", "origin", "HEAD:refs/heads/work"]);
    git_in(&repo, &sub, ["fetch", "--quiet", "origin"]);
    remove().expect("all of it is elsewhere");
    assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
}

#[test]
fn by_products_of_the_gates_are_not_kept() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    let nested = place.join("nested");
    fs::create_dir_all(&nested).expect("writable");
    git_in(&repo, &nested, ["init", "--quiet"]);
    fs::write(nested.join("n"), "a test's").expect("writable");
    worktrees::put_sign(&place, worktrees::GATE_SIGN, "", &Steps::default()).expect("signed");
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
    assert!(!place.exists());
}

#[test]
fn a_sign_that_was_half_put_is_used_up() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    let folder = repo.root().join(".git/worktrees/T1");
    let files = || fs::read_dir(&folder).expect("there").count();
    let before = files();
    // As a process that was killed would leave it, and one that wrote more than there is now.
    fs::write(folder.join("ap-gate-ready.new"), "half of what").expect("writable");
    let put = |text| worktrees::put_sign(&place, worktrees::GATE_SIGN, text, &Steps::default());
    put("half").expect("signed");
    assert_eq!(fs::read(folder.join("ap-gate-ready")).expect("there"), b"half");
    assert_eq!(files(), before + 1);
}

#[test]
fn what_is_half_removed_is_not_saved_again() {
    let repo = repo(&["a", "b"]);
    let place = added(&repo);
    fs::write(place.join("a"), "2").expect("writable");
    let save = || worktrees::save_all(&open(&repo), &place, "x", &[], &Steps::default());
    assert!(save().expect("saved").is_some());
    let steps = Steps::new(Some("remove-link=fail")).expect("readable");
    worktrees::remove(&open(&repo), &place, &steps).expect_err("it was killed");
    assert!(!place.join("b").exists() && place.join(".git").exists());
    assert_eq!(save().expect("looked at"), None);
    assert_eq!(repo.git(["for-each-ref", "refs/ap"]).lines().count(), 1);
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
    assert!(!place.exists());
}

/// A path component may be one byte, so a tree is as deep as half of the longest path: deeper
/// than most systems let a process have files.
#[cfg(unix)]
#[test]
fn a_very_deep_tree_is_removed() {
    const INNER: &str = "GIT_AP_TEST_FEW_FILES";
    if std::env::var_os(INNER).is_none() {
        let program = std::env::current_exe().expect("a test is a program");
        let done = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 100 && exec \"$0\" --exact \"$1\""])
            .arg(program)
            .arg("worktrees::removing::a_very_deep_tree_is_removed")
            .env(INNER, "1")
            .output()
            .expect("sh runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"));
        return;
    }
    let repo = repo(&["a"]);
    let place = added(&repo);
    let made = std::process::Command::new("sh")
        .args(["-c", "i=0; while [ $i -lt 1900 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done"])
        .current_dir(&place)
        .status();
    assert!(made.expect("sh runs").success());
    std::fs::create_dir_all(place.join(".git-ap-0/x")).expect("writable");
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
    assert!(!place.exists());
}
