//! A worktree whose link to the repository was replaced.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use git_ap::git::worktrees;
use git_ap::store::Steps;

use super::{added, failing, failure, git_in, open, repo};

/// Takes the link away, and puts something else there.
fn spoil(place: &Path, how: &str) {
    let link = place.join(".git");
    fs::remove_file(&link).expect("there");
    match how {
        "gone" => {}
        "elsewhere" => fs::write(&link, "gitdir: /nowhere\n").expect("writable"),
        "the main one" => fs::write(&link, "gitdir: ../../repo/.git\n").expect("writable"),
        "no link" => fs::write(&link, "\0").expect("writable"),
        "forged" => {
            // It leads there and back, but not to a git directory of the repository's.
            fs::create_dir(place.join("forged")).expect("writable");
            let back = format!("{}\n", link.display());
            fs::write(place.join("forged/gitdir"), back).expect("writable");
            fs::write(&link, "gitdir: forged\n").expect("writable");
        }
        "a symbolic link" => symlink("/etc/hostname", &link).expect("linked"),
        _ => unreachable!("no such way"),
    }
}

#[test]
fn it_leads_there_again() {
    for how in ["gone", "elsewhere", "the main one", "no link", "forged", "a symbolic link"] {
        let repo = repo(&["a/b"]);
        let place = added(&repo);
        let good = fs::read(place.join(".git")).expect("there");
        let restore = || worktrees::restore(&open(&repo), &place, &Steps::default());
        assert!(!restore().expect("it is well"), "{how}");
        spoil(&place, how);
        assert!(restore().unwrap_or_else(|e| panic!("{how}: {e:#}")), "{how}");
        assert_eq!(fs::read(place.join(".git")).expect("there"), good, "{how}");
        assert_eq!(git_in(&repo, &place, ["branch", "--show-current"]), "ap/x/T1", "{how}");
    }
}

#[test]
fn after_a_failed_step_the_same_call_restores_it() {
    failing(
        || repo(&["a/b"]),
        |repo, steps| {
            let place = added(repo);
            spoil(&place, "gone");
            let done = worktrees::restore(&open(repo), &place, steps).is_ok();
            worktrees::restore(&open(repo), &place, &Steps::default()).expect("restored");
            assert_eq!(git_in(repo, &place, ["status", "--porcelain"]), "");
            done
        },
    );
}

#[test]
fn work_in_its_place_is_not_thrown_away() {
    let repo = repo(&["a/b"]);
    let place = added(&repo);
    spoil(&place, "gone");
    git_in(&repo, &place, ["init", "--quiet"]);
    let refused = failure(worktrees::restore(&open(&repo), &place, &Steps::default()));
    assert!(refused.message.contains("is a directory now"), "{refused:?}");
    assert!(refused.hint.is_some_and(|hint| hint.starts_with("mv ")), "a way on");
    assert!(place.join(".git/HEAD").exists());
    let other = repo.beside("other");
    fs::create_dir(&other).expect("writable");
    let refused = failure(worktrees::restore(&open(&repo), &other, &Steps::default()));
    assert!(refused.message.contains("is no worktree of this repository"), "{refused:?}");
}
