//! What a worktree holds that is in no commit: seen, and saved without touching it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use git_ap::git::worktrees;
use git_ap::store::Steps;

use super::{added, failing, git_in, open, path, repo};
use crate::support::Repo;

fn write(place: &Path, file: &str, text: &str) {
    let file = place.join(file);
    fs::create_dir_all(file.parent().expect("below the root")).expect("writable");
    fs::write(file, text).expect("writable");
}

fn save(repo: &Repo, place: &Path) -> Option<String> {
    worktrees::save_all(&open(repo), place, "x/T1", &[], &Steps::default()).expect("saved")
}

/// The index and the files of a worktree, as they must stay.
fn standing(repo: &Repo, place: &Path) -> (String, String) {
    let staged = git_in(repo, place, ["ls-files", "--stage"]);
    (staged, git_in(repo, place, ["status", "--porcelain", "--ignored"]))
}

#[test]
fn everything_uncommitted_is_saved_and_nothing_is_touched() {
    let repo = repo(&["changed", "deleted", "mode", "staged", "folder/x"]);
    let place = added(&repo);
    write(&place, ".gitignore", "*.o\n");
    write(&place, "changed", "2");
    fs::remove_file(place.join("deleted")).expect("there");
    write(&place, "staged", "in the index");
    git_in(&repo, &place, ["add", "staged"]);
    write(&place, "staged", "in the file");
    write(&place, "new/deep", "3");
    write(&place, "out.o", "ignored");
    fs::remove_dir_all(place.join("folder")).expect("there");
    write(&place, "folder", "a file now");
    unix_extras(&place);
    let before = standing(&repo, &place);
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(saved, "refs/ap/backup/x/T1");
    assert_eq!(standing(&repo, &place), before);
    let show = |file: &str| repo.git(["show", &format!("{saved}:{file}")]);
    assert_eq!(
        (show("changed"), show("staged"), show("new/deep")),
        ("2".into(), "in the file".into(), "3".into())
    );
    assert_eq!(show("folder"), "a file now");
    let names = repo.git(["ls-tree", "-r", "--name-only", &saved]);
    assert!(!names.contains("deleted") && !names.contains("out.o"), "{names}");
    assert_eq!(repo.git(["rev-parse", &format!("{saved}^1")]), repo.git(["rev-parse", "main"]));
    assert_eq!(repo.git(["show", &format!("{saved}^2:staged")]), "in the index");
    assert_eq!(save(&repo, &place), Some(saved), "the same is saved once");
    assert_eq!(repo.git(["fsck", "--strict", "--no-dangling"]), "");

    write(&place, "changed", "3");
    assert_eq!(save(&repo, &place).as_deref(), Some("refs/ap/backup/x/T1-2"));
    assert_eq!(repo.git(["show", "refs/ap/backup/x/T1:changed"]), "2");
    let rows = repo.git(["ls-tree", "-r", "refs/ap/backup/x/T1"]);
    #[cfg(unix)]
    for part in ["100755 blob", "120000 blob", "\"not\\377utf8\"", "\"new\\nline\""] {
        assert!(rows.contains(part), "{part}: {rows}");
    }
}

#[cfg(unix)]
fn unix_extras(place: &Path) {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.join("mode"), executable).expect("settable");
    std::os::unix::fs::symlink("/nowhere", place.join("link")).expect("linked");
    for name in [&b"not\xffutf8"[..], b"new\nline"] {
        fs::write(place.join(std::ffi::OsStr::from_bytes(name)), "odd").expect("writable");
    }
}

#[test]
fn what_is_only_in_the_index_is_saved() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    assert_eq!(save(&repo, &place), None, "clean");
    write(&place, "a", "staged");
    write(&place, "b", "staged");
    git_in(&repo, &place, ["add", "a", "b"]);
    write(&place, "a", "a");
    fs::remove_file(place.join("b")).expect("there");
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["show", &format!("{saved}^2:a")]), "staged");
    assert_eq!(repo.git(["show", &format!("{saved}^2:b")]), "staged");
    assert_eq!(save(&repo, &place), Some(saved));
}

#[test]
fn contents_are_the_tree_that_would_be_saved() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    let contents = || worktrees::contents(&open(&repo), &place).expect("readable");
    assert_eq!(contents(), None);
    write(&place, "b", "new");
    let before = standing(&repo, &place);
    let tree = contents().expect("there is something");
    assert_eq!(standing(&repo, &place), before);
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["rev-parse", &format!("{saved}^{{tree}}")]), tree);

    git_in(&repo, &place, ["add", "b"]);
    fs::remove_file(place.join("b")).expect("there");
    assert!(contents().is_some(), "the index alone has it");
}

#[test]
fn what_the_index_hides_is_saved() {
    let repo = repo(&["assumed", "skipped", "gone"]);
    let place = added(&repo);
    git_in(&repo, &place, ["update-index", "--assume-unchanged", "assumed"]);
    git_in(&repo, &place, ["update-index", "--skip-worktree", "skipped", "gone"]);
    write(&place, "assumed", "work");
    write(&place, "skipped", "work");
    fs::remove_file(place.join("gone")).expect("there");
    let saved = save(&repo, &place).expect("there is something");
    for file in ["assumed", "skipped"] {
        assert_eq!(repo.git(["show", &format!("{saved}:{file}")]), "work");
    }
    assert_eq!(repo.git(["show", &format!("{saved}:gone")]), "gone", "sparse is not deleted");
    let flags = git_in(&repo, &place, ["ls-files", "-v"]);
    assert!(flags.contains("h assumed") && flags.contains("S skipped"), "{flags}");
}

/// Git looks into a file whose time is not before that of the index (racy-git in its
/// documentation): a copy of the index must be as old as the index.
#[test]
fn a_change_in_the_same_moment_is_saved() {
    let repo = repo(&["a"]);
    for (key, value) in [("core.trustctime", "false"), ("core.checkStat", "minimal")] {
        repo.git(["config", key, value]);
    }
    let place = added(&repo);
    let then = SystemTime::now() - Duration::from_secs(1_000);
    let stamp = |file: &Path| {
        let file = fs::File::options().append(true).open(file).expect("there");
        file.set_modified(then).expect("settable");
    };
    stamp(&place.join("a"));
    git_in(&repo, &place, ["update-index", "--refresh"]);
    stamp(&repo.root().join(".git/worktrees/T1/index"));
    fs::write(place.join("a"), "b").expect("writable");
    stamp(&place.join("a"));
    let saved = save(&repo, &place).expect("git sees the change, and so do we");
    assert_eq!(repo.git(["show", &format!("{saved}:a")]), "b");
}

#[test]
fn the_users_settings_do_not_keep_it_from_being_saved() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    for (key, value) in [
        ("core.autocrlf", "input"),
        ("core.safecrlf", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.relativePaths", "true"),
        ("core.splitIndex", "true"),
        ("commit.gpgSign", "true"),
    ] {
        repo.git(["config", key, value]);
    }
    write(&place, "new", "one\r\ntwo\r\n");
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["show", &format!("{saved}:new")]), "one\ntwo");
}

#[test]
fn an_unfinished_merge_is_named_and_its_resolution_saved() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    write(&place, "a", "theirs");
    git_in(&repo, &place, ["commit", "--quiet", "-am", "theirs"]);
    git_in(&repo, &place, ["branch", "other"]);
    git_in(&repo, &place, ["reset", "--quiet", "--hard", "HEAD~1"]);
    write(&place, "a", "ours");
    git_in(&repo, &place, ["commit", "--quiet", "-am", "ours"]);
    let merged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        git_in(&repo, &place, ["merge", "--quiet", "other"])
    }));
    assert!(merged.is_err(), "it conflicts");
    write(&place, "a", "half resolved");
    let dirt = worktrees::dirty(&place).expect("readable");
    assert_eq!((dirt.operation, dirt.tracked), (Some("merge"), vec![path("a")]));
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["show", &format!("{saved}:a")]), "half resolved");
    for (sign, name) in [("BISECT_LOG", "bisect"), ("REVERT_HEAD", "revert")] {
        let place = added_beside(&repo, sign);
        let git_dir = worktrees::git_dir(&place).expect("readable").expect("there");
        fs::write(git_dir.join(sign), "").expect("writable");
        assert_eq!(worktrees::dirty(&place).expect("readable").operation, Some(name));
    }
}

fn added_beside(repo: &Repo, name: &str) -> std::path::PathBuf {
    let place = repo.beside(name);
    let commit = repo.git(["rev-parse", "main"]);
    let checkout = worktrees::Checkout::Detached(commit);
    worktrees::add(&open(repo), &place, &checkout, &Steps::default()).expect("added");
    place
}

#[test]
fn dirt_is_listed_by_kind() {
    let repo = repo(&["a", "b"]);
    let place = added(&repo);
    let dirt = worktrees::dirty(&place).expect("readable");
    assert!(dirt.is_clean() && dirt.operation.is_none() && dirt.ignored == 0);
    write(&place, ".gitignore", "*.o\nbuilt/\n");
    write(&place, "a", "2");
    write(&place, "x.o", "");
    for n in 0..5 {
        write(&place, &format!("built/{n}"), "");
    }
    git_in(&repo, &place, ["mv", "b", "moved"]);
    let nested = place.join("nested");
    fs::create_dir(&nested).expect("writable");
    git_in(&repo, &nested, ["init", "--quiet"]);
    write(&nested, "n", "");
    git_in(&repo, &nested, ["add", "n"]);
    git_in(&repo, &nested, ["commit", "--quiet", "-m", "n"]);
    let dirt = worktrees::dirty(&place).expect("readable");
    assert_eq!(dirt.tracked, ["a", "b", "moved"].map(path));
    assert_eq!(dirt.untracked, [".gitignore", "nested"].map(path));
    assert_eq!(dirt.ignored, 2, "a directory that is ignored as a whole counts as one");
}

#[test]
fn repositories_inside_are_left_out() {
    let repo = repo(&["a"]);
    let place = added(&repo);
    for (name, commits) in [("empty [x]", false), ("full", true)] {
        let nested = place.join(name);
        fs::create_dir_all(&nested).expect("writable");
        git_in(&repo, &nested, ["init", "--quiet"]);
        write(&nested, "n", "");
        if commits {
            git_in(&repo, &nested, ["add", "n"]);
            git_in(&repo, &nested, ["commit", "--quiet", "-m", "n"]);
        }
    }
    assert_eq!(save(&repo, &place), None, "there is nothing that a commit could hold");
    write(&place, "a", "2");
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["ls-tree", "-r", "--name-only", &saved]), "a");
}

#[test]
fn what_a_killed_fill_left_behind_is_not_taken_for_deletions() {
    let repo = repo(&["a", "b"]);
    let place = repo.beside("work/T1");
    let shown = place.to_str().expect("UTF-8").to_owned();
    repo.git(["worktree", "add", "--quiet", "--no-checkout", "-b", "ap/x/T1", &shown]);
    assert_eq!(save(&repo, &place), None, "nothing was checked out yet");
    write(&place, "mine", "1");
    let saved = save(&repo, &place).expect("there is something");
    assert_eq!(repo.git(["show", &format!("{saved}:mine")]), "1");
    assert_eq!(repo.git(["log", "-1", "--format=%P", &saved]), repo.git(["rev-parse", "main"]));
}

#[test]
fn after_any_failed_step_the_same_is_saved_once() {
    failing(
        || repo(&["a"]),
        |repo, steps| {
            let place = added(repo);
            write(&place, "a", "staged");
            git_in(repo, &place, ["add", "a"]);
            write(&place, "a", "2");
            let before = standing(repo, &place);
            let done = worktrees::save_all(&open(repo), &place, "x", &[], steps).is_ok();
            assert_eq!(standing(repo, &place), before);
            let saved = worktrees::save_all(&open(repo), &place, "x", &[], &Steps::default());
            assert_eq!(saved.expect("saved").as_deref(), Some("refs/ap/backup/x"));
            assert_eq!(repo.git(["for-each-ref", "refs/ap"]).lines().count(), 1);
            done
        },
    );
}

#[test]
fn a_commit_is_kept_once_under_a_free_name() {
    let repo = repo(&["a"]);
    let first = repo.git(["rev-parse", "HEAD"]);
    let second = repo.commit("second");
    let keep = |commit: &str| {
        worktrees::keep_commit(&open(&repo), "x", commit, &Steps::default()).expect("kept")
    };
    assert_eq!(keep(&first), "refs/ap/backup/x");
    assert_eq!(keep(&second), "refs/ap/backup/x-2");
    assert_eq!(keep(&first), "refs/ap/backup/x");
    assert_eq!(repo.git(["rev-parse", "refs/ap/backup/x-2"]), second);
}
