//! What history and records say about a plan.

use super::{found, objective, planned};
use crate::support::Repo;

/// A repository in which each line is a commit that changes these files, oldest first; the first
/// commit makes all of them.
fn history(lines: &[&str]) -> Repo {
    let all: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).collect();
    let repo = Repo::of(&all);
    for (number, line) in lines.iter().enumerate() {
        changed(&repo, line, number);
    }
    repo
}

fn changed(repo: &Repo, files: &str, number: usize) {
    for file in files.split(' ') {
        repo.write(file, format!("{file} {number}"));
    }
    repo.commit("change");
}

#[test]
fn files_that_changed_together_with_a_scope_are_missed() {
    let repo = history(&[
        "src/auth/a tests/auth_test.rs",
        "src/auth/a",
        "src/auth/b tests/auth_test.rs docs/x",
        "src/auth/a tests/auth_test.rs",
        "src/other docs/x",
    ]);
    planned(&repo, &objective("T1", "src/auth/", ""));
    assert_eq!(
        found(&repo, "too-narrow"),
        [
            "9:9 `tests/auth_test.rs` changed in 3 of the 4 commits that changed T1's files (75 %) | \
          write `touch = [\"src/auth/\", \"tests/auth_test.rs\"]`, or name it in `read` or \
          `forbid` of T1"
        ]
    );
    for (touch, rest) in [
        ("src/auth/ tests/auth_test.rs", ""),
        ("src/auth/", "read = [\"tests/\"]"),
        ("src/auth/", "forbid = [\"tests/\"]"),
        ("src/auth/", "[[shared]]\npaths = [\"tests/*.rs\"]"),
        ("src/auth/", "[[derived]]\npaths = [\"tests/auth_test.rs\"]\ncommand = \"true\""),
        ("src/other", ""),
        ("src/new/", "creates = true"),
    ] {
        planned(&repo, &objective("T1", touch, rest));
        assert_eq!(found(&repo, "too-narrow"), [""; 0], "{touch} {rest}");
    }
    let two = objective("T1", "src/auth/", "") + &objective("T2", "tests/", "wave = 2");
    planned(&repo, &two);
    assert!(!found(&repo, "too-narrow").concat().contains("T1's"), "another objective has it");
}

#[test]
fn the_past_is_read_again_only_where_it_is_new() {
    let repo = history(&["a/x b/y", "a/x b/y", "a/x b/y"]);
    planned(&repo, &objective("T1", "a/", ""));
    assert_eq!(found(&repo, "too-narrow"), [""; 0], "three commits say nothing");
    let cache = repo.root().join(".git/ap/cache/history");
    let before = std::fs::read(&cache).expect("it was kept");
    changed(&repo, "a/x b/y", 7);
    let four = found(&repo, "too-narrow");
    assert!(four.concat().contains("`b/y` changed in 4 of the 4 commits"), "{four:?}");
    let whole = std::fs::read(&cache).expect("it was kept");
    assert_ne!(before, whole);
    // Whatever the file holds, the answer is the same.
    let mut wrong: Vec<Vec<u8>> = vec![Vec::new(), b"git ap history 1 x\n".to_vec(), before];
    wrong.extend([whole[..whole.len() / 2].to_vec(), [&whole[..], b"more\0"].concat()]);
    let mut flipped = whole.clone();
    let last = flipped.len() - 2;
    flipped[last] ^= 1;
    wrong.push(flipped);
    for bytes in wrong {
        std::fs::write(&cache, bytes).expect("writable");
        assert_eq!(found(&repo, "too-narrow"), four);
        assert_eq!(std::fs::read(&cache).expect("it was mended"), whole);
    }
    std::fs::remove_dir_all(repo.root().join(".git/ap/cache")).expect("removable");
    std::fs::write(repo.root().join(".git/ap/cache"), "in the way").expect("writable");
    assert_eq!(found(&repo, "too-narrow"), four, "what cannot be kept is read each time");
}

#[test]
fn merges_renames_and_big_commits_are_understood() {
    let repo = history(&["a/old b/y", "a/old b/y"]);
    std::fs::create_dir(repo.root().join("c")).expect("writable");
    repo.git(["mv", "a/old", "c/new"]);
    repo.commit("a move");
    changed(&repo, "c/new b/y", 8);
    changed(&repo, "c/new b/y", 9);
    let many: Vec<String> = (0..60).map(|i| format!("z/{i}")).collect();
    changed(&repo, &format!("c/new {}", many.join(" ")), 10);
    repo.git(["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    changed(&repo, "e", 11);
    repo.git(["checkout", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--no-edit", "side"]);
    planned(&repo, &objective("T1", "c/", ""));
    let told = found(&repo, "too-narrow");
    assert!(told[0].contains("`b/y` changed in 4 of the 5 commits"), "{told:?}");
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let repo = history(&["a/x b/y", "a/x b/y", "a/x b/y", "a/x b/y", "a/x b/y", "a/x c/z"]);
    let clone = repo.beside("clone");
    let from = format!("file://{}", repo.root().display());
    let to = clone.to_string_lossy().into_owned();
    repo.git(["clone", "--quiet", "--depth=6", from.as_str(), to.as_str()]);
    let plan = clone.join(format!(".ap/plans/{}", super::ID));
    std::fs::create_dir_all(&plan).expect("writable");
    let body = super::head("do it") + &objective("T1", "a/", "");
    std::fs::write(plan.join("plan.toml"), body).expect("writable");
    let told = || repo.ap(["check"]).at(&clone).exits(0).stdout();
    let shallow = told();
    assert!(shallow.contains("`b/y` changed in 4 of the 5 commits"), "{shallow}");
    assert!(
        shallow.contains("the clone is shallow, so only 5 commits were looked at"),
        "{shallow}"
    );
    repo.git_at(&clone, ["fetch", "--quiet", "--unshallow"]).exits(0);
    let whole = told();
    assert!(whole.contains("`b/y` changed in 5 of the 6 commits"), "{whole}");
    assert!(!whole.contains("shallow"), "{whole}");
}

#[test]
fn a_file_that_everybody_adds_to_should_be_shared() {
    let lines = ["lib.rs a/1", "lib.rs b/1", "lib.rs c/1", "lib.rs a/2", "lib.rs b/2"];
    let repo = history(&lines);
    let body = objective("T1", "a/ lib.rs", "wave = 1") + &objective("T2", "b/ lib.rs", "wave = 1");
    planned(&repo, &body);
    let told = found(&repo, "scope-overlap");
    let proposal = "everybody adds to it (5 commits changed it together with files of 3 \
                    directories): add `[[shared]]` with `paths = [\"lib.rs\"]`; or add `forbid";
    assert!(told[0].contains(proposal), "{told:?}");
    planned(&repo, &(body.clone() + "[[shared]]\npaths = [\"lib.rs\"]\n"));
    assert_eq!(found(&repo, "scope-overlap"), [""; 0], "the fix is one");
    // What would still meet is not mended by sharing one file.
    planned(
        &repo,
        &body.replace("\"b/\", \"lib.rs\"", "\"l*.rs\"").replace("lib.rs\"]", "l*.rs\"]"),
    );
    let told = found(&repo, "scope-overlap");
    assert!(!told[0].contains("everybody"), "{told:?}");
    let few = history(&lines[..4]);
    planned(&few, &body);
    let told = found(&few, "scope-overlap");
    assert!(!told[0].contains("everybody"), "{told:?}");
}

#[test]
fn records_of_past_sessions_teach() {
    let repo = Repo::of(&["src/auth/a", "tests/auth_test.rs", "src/core.rs"]);
    let id = "20250101-000000-old";
    let commit = repo.git(["rev-parse", "HEAD"]);
    let record = format!(
        "schema = 1\nplan = \"{id}\"\nrequest = \"r\"\ntype = \"feature\"\ntarget = \"main\"\n\
         pin = \"{commit}\"\nbase = \"{commit}\"\napproved = \"2025-01-01T00:00:00Z\"\n\
         [[objective]]\nid = \"T1\"\ntitle = \"t\"\nwave = 1\nphase = \"merged\"\n\
         worker = \"human\"\ntouch = [\"src/auth/\", \"src/core.rs\"]\n\
         granted = [\"src/core.rs\"]\ntouched = [\"src/auth/a\", \"src/core.rs\"]\n\
         refused = [\"tests/auth_test.rs\"]\n"
    );
    repo.write(&format!(".ap/sessions/{id}/session.toml"), &record);
    repo.write(".ap/sessions-x", "beside");
    repo.write(".ap/sessions/20250102-000000-torn/session.toml", &record[..100]);
    repo.commit("record");
    planned(&repo, &objective("T1", "src/auth/a", ""));
    let write = |path: &str| {
        format!(
            "write `touch = [\"src/auth/a\", \"{path}\"]`, or name it in `read` or `forbid` of T1"
        )
    };
    assert_eq!(
        found(&repo, "too-narrow"),
        [
            format!(
                "9:9 a past objective with `src/auth/` in its scope was refused \
                 `tests/auth_test.rs` (session {id}) | {}",
                write("tests/auth_test.rs")
            ),
            format!(
                "9:9 a past objective with `src/auth/` in its scope needed more and changed \
                 `src/core.rs` (session {id}) | {}",
                write("src/core.rs")
            ),
        ]
    );
    planned(&repo, &objective("T1", "src/auth/a src/core.rs tests/", ""));
    assert_eq!(found(&repo, "too-narrow"), [""; 0]);
}
