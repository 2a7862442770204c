//! Made and filled, or the rest of that after a crash.

use std::fs;

use git_ap::git::Git;
use git_ap::git::worktrees::{self, Checkout};
use git_ap::store::Steps;

use super::{added, failing, failure, git_in, on_branch, open, repo};
use crate::support::Repo;

/// Everything that a finished `add` has to show for itself.
fn is_complete(repo: &Repo) {
    let place = repo.beside("work/T1");
    assert_eq!(git_in(repo, &place, ["status", "--porcelain"]), "");
    assert_eq!(git_in(repo, &place, ["rev-parse", "--abbrev-ref", "HEAD"]), "ap/x/T1");
    assert_eq!(fs::read(place.join("a/b")).expect("filled"), b"a/b");
    let listed = repo.git(["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("worktree ").count(), 2, "{listed}");
    assert!(!listed.contains("locked") && !listed.contains("prunable"), "{listed}");
}

#[test]
fn a_branch_is_made_and_its_files_are_there() {
    let repo = repo(&["a/b", "c"]);
    let place = added(&repo);
    is_complete(&repo);
    fs::write(place.join("c"), "edited").expect("writable");
    worktrees::add(&open(&repo), &place, &on_branch(&repo), &Steps::default()).expect("there");
    assert_eq!(fs::read(place.join("c")).expect("there"), b"edited", "again changes nothing");
}

#[test]
fn after_any_failed_step_the_same_call_ends_in_the_same_state() {
    failing(
        || repo(&["a/b"]),
        |repo, steps| {
            let place = repo.beside("work/T1");
            let done = worktrees::add(&open(repo), &place, &on_branch(repo), steps).is_ok();
            added(repo);
            is_complete(repo);
            done
        },
    );
}

/// What was left, and how a test makes it.
type State = (&'static str, fn(&Repo));

#[test]
fn what_a_killed_git_leaves_is_finished() {
    // What `git worktree add` and `git reset` have on the disk when they are killed; the lock
    // of the first says `initializing` (add_worktree in git's builtin/worktree.c).
    let states: [State; 8] = [
        ("only the branch", |r| drop(r.git(["branch", "ap/x/T1"]))),
        ("only the directory", |r| fs::create_dir_all(r.beside("work/T1")).expect("writable")),
        ("the branch and an empty entry", |r| {
            r.git(["branch", "ap/x/T1"]);
            fs::create_dir_all(r.root().join(".git/worktrees/T1")).expect("writable");
        }),
        ("registered and no file yet", |r| {
            registered(r);
            fs::remove_file(r.beside("work/T1/.git")).expect("there");
            fs::remove_file(r.root().join(".git/worktrees/T1/HEAD")).expect("there");
            lock(r);
        }),
        ("registered without its HEAD", |r| {
            registered(r);
            fs::remove_file(r.root().join(".git/worktrees/T1/HEAD")).expect("there");
            lock(r);
        }),
        ("registered and locked", |r| {
            registered(r);
            lock(r);
        }),
        ("half filled", |r| {
            registered(r);
            fs::create_dir(r.beside("work/T1/a")).expect("writable");
            fs::write(r.beside("work/T1/a/b"), "a").expect("writable");
            fs::write(r.root().join(".git/worktrees/T1/index.lock"), "").expect("writable");
        }),
        ("locked, and the directory is gone", |r| {
            registered(r);
            lock(r);
            fs::remove_dir_all(r.beside("work/T1")).expect("there");
        }),
    ];
    for (name, begin) in states {
        let repo = repo(&["a/b"]);
        begin(&repo);
        let place = repo.beside("work/T1");
        let result = worktrees::add(&open(&repo), &place, &on_branch(&repo), &Steps::default());
        result.unwrap_or_else(|e| panic!("{name}: {e:#}"));
        is_complete(&repo);
    }
}

fn registered(repo: &Repo) {
    let place = repo.beside("work/T1").to_str().expect("UTF-8").to_owned();
    repo.git(["worktree", "add", "--quiet", "--no-checkout", "-b", "ap/x/T1", &place]);
}

fn lock(repo: &Repo) {
    fs::write(repo.root().join(".git/worktrees/T1/locked"), "initializing").expect("writable");
}

#[test]
fn a_worktree_whose_directory_is_gone_is_made_again() {
    let repo = repo(&["a/b"]);
    let place = added(&repo);
    fs::remove_dir_all(&place).expect("there");
    added(&repo);
    is_complete(&repo);
}

#[test]
fn what_is_in_the_way_is_named_and_stays() {
    let repo = repo(&["a/b"]);
    let place = repo.beside("work/T1");
    fs::create_dir_all(&place).expect("writable");
    fs::write(place.join("mine"), "1").expect("writable");
    let add = || worktrees::add(&open(&repo), &place, &on_branch(&repo), &Steps::default());
    let before = repo.state();
    let refused = failure(add());
    assert!(refused.message.contains("something else is there"), "{refused:?}");
    assert!(refused.hint.expect("a way on").starts_with("mv "));
    assert_eq!(repo.state(), before);
    assert_eq!(fs::read(place.join("mine")).expect("there"), b"1");

    // A worktree was there, and now the user's own directory is.
    fs::remove_dir_all(&place).expect("there");
    added(&repo);
    fs::remove_dir_all(&place).expect("there");
    fs::create_dir_all(&place).expect("writable");
    fs::write(place.join("mine"), "1").expect("writable");
    assert!(failure(add()).message.contains("something else is there"));
    assert_eq!(fs::read(place.join("mine")).expect("there"), b"1");

    fs::remove_dir_all(&place).expect("there");
    fs::write(&place, "a file").expect("writable");
    assert!(failure(add()).message.contains("something else is there"));
    assert_eq!(fs::read(&place).expect("there"), b"a file");
}

#[test]
fn another_branch_or_other_commits_are_refused() {
    let repo = repo(&["a/b"]);
    let place = added(&repo);
    let other = Checkout::Branch { name: "ap/x/T2".into(), start: repo.git(["rev-parse", "main"]) };
    let refused = failure(worktrees::add(&open(&repo), &place, &other, &Steps::default()));
    assert!(refused.message.contains("another branch"), "{refused:?}");
    let second = repo.commit("second");
    repo.git(["branch", "ap/x/T3", &second]);
    let start = repo.git(["rev-parse", "main~1"]);
    let moved = Checkout::Branch { name: "ap/x/T3".into(), start };
    let place = repo.beside("work/T3");
    let refused = failure(worktrees::add(&open(&repo), &place, &moved, &Steps::default()));
    assert!(refused.message.contains("`ap/x/T3`"), "{refused:?}");
    assert!(!place.exists());
    assert_eq!(repo.git(["rev-parse", "ap/x/T3"]), second);
}

#[cfg(unix)]
#[test]
fn odd_names_are_filled_as_git_fills_them() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = repo(&["plain"]);
    let long = format!("{}{}", format!("{}/", "d".repeat(200)).repeat(19), "f".repeat(180));
    assert_eq!(long.len(), 3_999);
    let names: [&[u8]; 4] = [b"new\nline", b"not\xffutf8", b" lead", long.as_bytes()];
    let blob = repo.git(["hash-object", "-w", "plain"]);
    let mut rows = Vec::new();
    for name in names {
        rows.extend_from_slice(format!("100644 {blob}\t").as_bytes());
        rows.extend_from_slice(name);
        rows.push(0);
    }
    let git = Git::elsewhere(repo.root());
    git.fed(["update-index", "-z", "--add", "--index-info"], Some(&rows)).expect("indexed");
    repo.git(["commit", "--quiet", "-m", "odd"]);
    let place = added(&repo);
    assert_eq!(git_in(&repo, &place, ["status", "--porcelain"]), "");
    let at = place.join(std::ffi::OsStr::from_bytes(b"not\xffutf8"));
    assert_eq!(fs::read(at).expect("filled"), b"plain");
    worktrees::remove(&open(&repo), &place, &Steps::default()).expect("removed");
    assert!(!place.exists(), "the long path went too");
    assert_eq!(repo.git(["worktree", "list"]).lines().count(), 1);
}

#[test]
fn the_users_filters_fill_it() {
    let repo = repo(&["plain"]);
    repo.git(["config", "filter.shout.smudge", "tr a-z A-Z"]);
    repo.git(["config", "filter.shout.clean", "tr A-Z a-z"]);
    repo.write(".gitattributes", "*.txt filter=shout\n");
    repo.write("hello.txt", "HELLO");
    repo.commit("filtered");
    assert_eq!(repo.git(["show", "HEAD:hello.txt"]), "hello");
    let place = added(&repo);
    assert_eq!(fs::read(place.join("hello.txt")).expect("filled"), b"HELLO");
    assert_eq!(git_in(&repo, &place, ["status", "--porcelain"]), "");
}

#[test]
fn moving_leaves_only_what_git_ignores() {
    let repo = repo(&["kept", "changed"]);
    let first = repo.git(["rev-parse", "HEAD"]);
    repo.write(".gitignore", "target/\n");
    repo.write("second", "2");
    let second = repo.commit("second");
    let place = repo.beside("work/gate");
    let opened = open(&repo);
    worktrees::add(&opened, &place, &Checkout::Detached(second.clone()), &Steps::default())
        .expect("added");
    fs::create_dir(place.join("target")).expect("writable");
    for (file, text) in [("target/out", "1"), ("changed", "x"), ("untracked", "x")] {
        fs::write(place.join(file), text).expect("writable");
    }
    fs::remove_file(place.join("kept")).expect("there");
    git_in(&repo, &place, ["add", "changed"]);
    let locks = repo.root().join(".git/worktrees/gate");
    for lock in ["index.lock", "HEAD.lock"] {
        fs::write(locks.join(lock), "").expect("writable");
    }
    for commit in [&second, &first, &first] {
        worktrees::move_to(&place, commit, &Steps::default()).expect("moved");
        assert_eq!(git_in(&repo, &place, ["rev-parse", "HEAD"]), *commit);
        assert_eq!(git_in(&repo, &place, ["diff", "HEAD"]), "");
        let changed = fs::read(place.join("changed")).expect("there");
        assert_eq!((changed.as_slice(), place.join("kept").exists()), (&b"changed"[..], true));
        assert!(!place.join("untracked").exists());
        let ignored = place.join("target/out").exists();
        assert_eq!(ignored, *commit == second, "what the commit ignores stays");
    }
    assert_eq!(repo.git(["rev-parse", "main"]), second);
    let dirt = worktrees::dirty(&place).expect("readable");
    assert!(dirt.is_clean(), "{dirt:?}");
}

/// A worktree may be inside the main one; without its `.git` git would take that for it.
#[test]
fn a_worktree_without_its_link_never_leads_to_another_repository() {
    let repo = repo(&["a/b"]);
    let place = repo.root().join("inside/gate");
    let opened = open(&repo);
    let commit = repo.git(["rev-parse", "main"]);
    worktrees::add(&opened, &place, &Checkout::Detached(commit.clone()), &Steps::default())
        .expect("added");
    repo.write("a/b", "precious");
    repo.write("untracked", "precious");
    repo.git(["add", "a/b"]);
    let main = repo.root().join(".git");
    let wrong: [(&str, Option<String>); 3] = [
        ("gone", None),
        ("the main repository", Some(format!("gitdir: {}\n", main.display()))),
        ("nowhere", Some("gitdir: /nonexistent\n".to_owned())),
    ];
    for (name, link) in wrong {
        let file = place.join(".git");
        drop(fs::remove_file(&file));
        if let Some(link) = link {
            fs::write(&file, link).expect("writable");
        }
        for result in [
            worktrees::move_to(&place, &commit, &Steps::default()),
            worktrees::save_all(&opened, &place, "x", &[], &Steps::default()).map(drop),
            worktrees::fill_submodules(&place, &Steps::default()),
        ] {
            let refused = failure(result);
            assert!(
                refused.hint.as_deref().unwrap_or("").contains("git worktree repair"),
                "{name}: {refused:?}"
            );
        }
        assert_eq!(repo.read("a/b"), "precious", "{name}");
        assert_eq!(repo.read("untracked"), "precious", "{name}");
        assert_eq!(repo.git(["rev-parse", "--abbrev-ref", "HEAD"]), "main", "{name}");
        assert_eq!(repo.git(["diff", "--cached", "--name-only"]), "a/b", "{name}");
    }
}
