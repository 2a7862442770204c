//! What a new worktree gets besides what is committed: copies, links and set-up commands.

use std::fs;
use std::path::{Path, PathBuf};

use git_ap::domain::config::{self, Worktrees};
use git_ap::domain::error::{Failure, Kind};
use git_ap::execute::setup::{self, Brought};
use git_ap::git::Repository;
use git_ap::git::worktrees::{self, Checkout};
use git_ap::store::Steps;

use crate::support::Repo;

fn policy(copy: &[&str], link: &[&str]) -> Worktrees {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
    let defaults = config::read("schema = 1\n").config.worktrees;
    Worktrees { copy: texts(copy), link: texts(link), ..defaults }
}

/// A repository with files that git does not have, and a worktree beside it.
fn repo() -> (Repo, PathBuf) {
    let repo = Repo::new();
    repo.git(["config", "core.hooksPath", ".git/hooks"]);
    repo.write("tracked", "1");
    repo.write("conf/tracked", "1");
    repo.write(".gitignore", ".env*\nnode_modules/\n");
    repo.commit("first");
    repo.write(".env", "secret");
    repo.write("web/.env.local", "local");
    repo.write("conf/mine", "mine");
    repo.write("node_modules/x/index.js", "js");
    repo.write("notes", "untracked, not ignored");
    let place = worktree(&repo, "main");
    (repo, place)
}

fn worktree(repo: &Repo, revision: &str) -> PathBuf {
    let place = repo.beside("work/T1");
    let opened = Repository::discover(repo.root()).expect("it can be opened");
    let checkout = Checkout::Detached(repo.git(["rev-parse", revision]));
    worktrees::add(&opened, &place, &checkout, &Steps::default()).expect("added");
    place
}

fn bring(repo: &Repo, place: &Path, policy: &Worktrees) -> Brought {
    setup::bring(repo.root(), place, policy, &Steps::default()).expect("brought")
}

fn names(brought: &Brought) -> Vec<String> {
    brought.paths.iter().map(ToString::to_string).collect()
}

#[test]
fn patterns_paths_and_the_include_file() {
    let (repo, place) = repo();
    repo.write(".worktreeinclude", "# as in .gitignore\n\n.env.local\n/notes\r\n");
    let brought = bring(&repo, &place, &policy(&[".env", "missing"], &["node_modules/"]));
    assert_eq!(names(&brought), [".env", "node_modules", "notes", "web/.env.local"]);
    assert_eq!(fs::read(place.join("web/.env.local")).expect("copied"), b"local");
    let link = fs::read_link(place.join("node_modules")).expect("a link");
    assert_eq!(link, repo.root().join("node_modules"));
    assert_eq!(brought.notes.len(), 1, "{:?}", brought.notes);
    assert!(brought.notes[0].contains("`missing`"));
    fs::write(place.join(".env"), "changed").expect("writable");
    let again = bring(&repo, &place, &policy(&[".env"], &["node_modules/"]));
    assert_eq!(names(&again), [".env", "node_modules", "notes", "web/.env.local"]);
    assert_eq!(fs::read(place.join(".env")).expect("there"), b"changed", "what is there stays");
}

#[test]
fn a_line_of_the_include_file_that_means_nothing_here_is_a_note() {
    let (repo, place) = repo();
    repo.write(".worktreeinclude", "!.env\n.env\n../outside\na**b\n/\n");
    let brought = bring(&repo, &place, &policy(&[], &[]));
    assert_eq!(names(&brought), [".env"]);
    assert_eq!(brought.notes.len(), 4, "{:?}", brought.notes);
    let wrong = setup::bring(repo.root(), &place, &policy(&["../x"], &[]), &Steps::default());
    let failure = wrong.expect_err("refused").downcast::<Failure>().expect("with a way on");
    assert_eq!((failure.kind, failure.hint.is_some()), (Kind::Plan, true));
}

#[cfg(unix)]
#[test]
fn modes_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (repo, place) = repo();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("settable");
    };
    repo.write("tools/run", "#!/bin/sh\n");
    mode(&repo.root().join("tools/run"), 0o750);
    mode(&repo.root().join(".env"), 0o600);
    symlink("../.env", repo.root().join("tools/link")).expect("linked");
    let brought = bring(&repo, &place, &policy(&["tools/", ".env"], &[]));
    assert_eq!(names(&brought), [".env", "tools/link", "tools/run"]);
    let found = |file: &str| fs::metadata(place.join(file)).expect("there").permissions().mode();
    assert_eq!((found("tools/run") & 0o777, found(".env") & 0o777), (0o750, 0o600));
    assert_eq!(fs::read_link(place.join("tools/link")).expect("a link"), Path::new("../.env"));
}

#[cfg(unix)]
#[test]
fn after_any_failed_step_the_same_call_ends_in_the_same_state() {
    use std::os::unix::fs::PermissionsExt as _;
    for n in 1..30 {
        let (repo, place) = repo();
        let secret = fs::Permissions::from_mode(0o600);
        fs::set_permissions(repo.root().join(".env"), secret).expect("settable");
        let policy = policy(&[".env", "web/"], &["node_modules"]);
        let steps = Steps::new(Some(&format!("*#{n}=fail"))).expect("readable");
        let done = setup::bring(repo.root(), &place, &policy, &steps).is_ok();
        let brought = bring(&repo, &place, &policy);
        assert_eq!(names(&brought), [".env", "node_modules", "web/.env.local"], "step {n}");
        let mode = fs::metadata(place.join(".env")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "step {n}: a secret stays one");
        let place = place.to_str().expect("UTF-8");
        let left =
            repo.git(["-C", place, "status", "--porcelain", "--untracked-files=all", "--ignored"]);
        assert_eq!(left.lines().count(), 3, "step {n}: {left}");
        if done {
            assert!(n > 3, "there are steps to fail at");
            return;
        }
    }
    panic!("more steps than expected");
}

/// A copy that was cut off must not be taken for the file.
#[test]
fn half_a_copy_is_not_taken_for_the_file() {
    let (repo, place) = repo();
    let steps = Steps::new(Some("copied-file=fail")).expect("readable");
    setup::bring(repo.root(), &place, &policy(&[".env"], &[]), &steps).expect_err("killed");
    assert!(!place.join(".env").exists());
    bring(&repo, &place, &policy(&[".env"], &[]));
    assert_eq!(fs::read(place.join(".env")).expect("copied"), b"secret");
}

#[test]
fn nothing_tracked_is_replaced() {
    let (repo, place) = repo();
    // Another commit has what is untracked here: as a file, and as a directory's name.
    repo.git(["add", "--force", ".env", "notes"]);
    repo.git(["commit", "--quiet", "-m", "tracks them"]);
    repo.git(["rm", "--quiet", "-r", "--cached", "conf"]);
    repo.git(["branch", "other"]);
    repo.git(["reset", "--quiet", "--soft", "HEAD~1"]);
    repo.git(["rm", "--quiet", "--cached", ".env", "notes"]);
    let opened = Repository::discover(repo.root()).expect("it can be opened");
    worktrees::remove(&opened, &place, &Steps::default()).expect("removed");
    let place = worktree(&repo, "other");
    fs::remove_file(place.join("notes")).expect("there");
    let brought = bring(&repo, &place, &policy(&[".env"], &["notes"]));
    assert_eq!(names(&brought), [""; 0]);
    assert!(!place.join("notes").exists(), "what the objective deleted stays deleted");
    assert_eq!(brought.notes.len(), 2, "{:?}", brought.notes);
}

#[test]
fn a_folder_with_tracked_files_is_linked_file_by_file() {
    let (repo, place) = repo();
    let brought = bring(&repo, &place, &policy(&[], &["conf"]));
    assert_eq!(names(&brought), ["conf/mine"]);
    let link = fs::read_link(place.join("conf/mine")).expect("a link");
    assert_eq!(link, repo.root().join("conf/mine"));
    assert!(fs::symlink_metadata(place.join("conf")).expect("there").is_dir());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_worktree_leads_nothing_out_of_it() {
    let (repo, place) = repo();
    let outside = repo.beside("outside");
    fs::create_dir(&outside).expect("writable");
    std::os::unix::fs::symlink(&outside, place.join("web")).expect("linked");
    fs::write(place.join("node_modules"), "a file").expect("writable");
    let brought = bring(&repo, &place, &policy(&["web/", "node_modules/", ".env"], &[]));
    assert_eq!(names(&brought), [".env"], "the rest is brought");
    assert_eq!(fs::read_dir(&outside).expect("there").count(), 0);
    assert_eq!(brought.notes.len(), 2, "{:?}", brought.notes);
}

#[test]
fn set_up_stops_at_the_first_command_that_fails() {
    let (repo, place) = repo();
    let log = repo.beside("logs/setup.log");
    let run = |commands: &[&str]| {
        let commands: Vec<String> = commands.iter().map(|c| (*c).to_owned()).collect();
        let environment = [("AP_OBJECTIVE".to_owned(), "T1".into())];
        setup::run(&commands, &place, &environment, &log, &mut |_| {})
    };
    run(&["echo $AP_OBJECTIVE > whose", "test -f whose"]).expect("it passes");
    assert_eq!(fs::read_to_string(place.join("whose")).expect("run here"), "T1\n");
    let failed = run(&["printf 'why \\033[31mnot\\r\\n'; exit 3", "touch never"]);
    let failure = failed.expect_err("it fails").downcast::<Failure>().expect("with a way on");
    assert!(failure.message.contains("exited with code 3"), "{failure:?}");
    assert!(failure.message.contains("why") && !failure.message.contains('\x1b'), "{failure:?}");
    assert!(failure.hint.expect("a way on").contains("setup.log"));
    assert!(!place.join("never").exists());
}
