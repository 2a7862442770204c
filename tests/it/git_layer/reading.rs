//! What is read, held against what the git executable says.

use git_ap::domain::error::Kind;
use git_ap::domain::tree::{Change, Mode};
use git_ap::git::{Kept, Repository};

use super::{failure, open, path, repo};
use crate::support::Repo;

/// Two commits between which every sort of change happens.
fn all_sorts(repo: &Repo) -> (String, String) {
    repo.write("same", "same");
    repo.write("edited", "1");
    repo.write("gone", "1");
    repo.write("moved/from", "some text that a rename detection would find again\n");
    repo.write("becomes-directory", "1");
    repo.write("becomes-file/a", "1");
    repo.write("becomes-file/b/c", "1");
    repo.write("becomes-link", "1");
    repo.write("tool", "1");
    repo.write("a b\n\u{e9}\"\\", "1");
    let first = repo.commit("first");
    repo.write("edited", "2");
    for gone in ["gone", "becomes-directory", "becomes-link"] {
        std::fs::remove_file(repo.root().join(gone)).expect("there");
    }
    std::fs::remove_dir_all(repo.root().join("becomes-file")).expect("there");
    repo.write("becomes-file", "2");
    repo.write("becomes-directory/x/y", "2");
    repo.git(["mv", "moved/from", "moved/to"]);
    repo.write("a b\n\u{e9}\"\\", "2");
    repo.write("a.b", "sorts between a and a/");
    repo.write("a/b", "2");
    repo.commit("files");
    repo.git(["update-index", "--chmod=+x", "tool"]);
    let entries = |mode: &str, id: &str, name: &str| format!("{mode},{id},{name}");
    let target = repo.git(["rev-parse", "HEAD:same"]);
    repo.git(["update-index", "--add", "--cacheinfo", &entries("120000", &target, "becomes-link")]);
    repo.git(["update-index", "--add", "--cacheinfo", &entries("160000", &first, "module")]);
    repo.git(["commit", "--quiet", "-m", "modes"]);
    (first, repo.git(["rev-parse", "HEAD"]))
}

/// `git diff-tree -r --raw` in its own words, as our changes would print them.
fn by_git(repo: &Repo, old: &str, new: &str) -> Vec<String> {
    let raw = repo.git(["diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", old, new]);
    let fields: Vec<&str> = raw.split('\0').filter(|f| !f.is_empty()).collect();
    let rows = fields.chunks_exact(2).map(|pair| {
        let words: Vec<&str> = pair[0].trim_start_matches(':').split(' ').collect();
        format!("{} {} {} {} {:?}", words[0], words[1], words[2], words[3], pair[1].as_bytes())
    });
    rows.collect()
}

fn printed(changes: &[Change], width: usize) -> Vec<String> {
    let zero = "0".repeat(width);
    let rows = changes.iter().map(|change| {
        let mode = |s: &Option<_>| s.as_ref().map_or("000000", side_mode);
        let id = |s: &Option<git_ap::domain::tree::Side>| {
            s.as_ref().map_or(zero.clone(), |side| side.id.clone())
        };
        let (old, new) = (&change.old, &change.new);
        let bytes = change.path.as_bytes();
        format!("{} {} {} {} {bytes:?}", mode(old), mode(new), id(old), id(new))
    });
    rows.collect()
}

fn side_mode(side: &git_ap::domain::tree::Side) -> &'static str {
    side.mode.as_str()
}

#[test]
fn changes_are_those_of_git() {
    for format in ["sha1", "sha256"] {
        let repo = repo(&[&format!("--object-format={format}")]);
        let (first, second) = all_sorts(&repo);
        let opened = open(repo.root());
        for (old, new) in [(&first, &second), (&second, &first)] {
            let changes = opened.changes(Some(old), new).expect("both libraries agree");
            let mut expected = by_git(&repo, old, new);
            assert!(expected.len() >= 13, "{expected:#?}");
            let mut found = printed(&changes, first.len());
            assert!(changes.is_sorted(), "{format}");
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{format}");
        }
        assert_eq!(opened.changes(Some(&first), &first).expect("readable"), []);
        let all = opened.changes(None, &second).expect("readable");
        let entries = opened.entries(&second).expect("readable");
        assert!(all.iter().all(|c| c.old.is_none()));
        assert!(all.iter().map(|c| &c.path).eq(entries.iter().map(|e| &e.path)));
    }
}

#[test]
fn entries_are_those_of_git() {
    let repo = repo(&[]);
    let (_, commit) = all_sorts(&repo);
    let opened = open(repo.root());
    let listed = repo.git(["ls-tree", "-r", "-z", "--full-tree", &commit]);
    let rows = listed.split('\0').filter(|row| !row.is_empty());
    let mut expected: Vec<String> = rows.map(str::to_owned).collect();
    let entries = opened.entries(&commit).expect("readable");
    assert!(entries.is_sorted_by(|a, b| a.path < b.path), "bytewise, each path once");
    let found = entries.iter().map(|entry| {
        let kind = if entry.mode == Mode::Submodule { "commit" } else { "blob" };
        format!("{} {kind} {}\t{}", entry.mode.as_str(), entry.id, entry.path.to_lossy())
    });
    let mut found: Vec<String> = found.collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
#[cfg(unix)]
fn a_name_that_is_not_utf8_is_a_path_like_any_other() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = repo(&[]);
    let first = repo.commit("first");
    let name = std::ffi::OsStr::from_bytes(b"a\xff\x1b.rs");
    std::fs::write(repo.root().join(name), "x").expect("the disk takes any name");
    let opened = open(repo.root());
    assert_eq!(opened.uncommitted().expect("readable"), [path(b"a\xff\x1b.rs".to_vec())]);
    repo.git(["add", "--all"]);
    assert_eq!(opened.staged().expect("readable")[0].path, path(b"a\xff\x1b.rs".to_vec()));
    let second = repo.commit("second");
    assert_eq!(opened.entries(&second).expect("readable")[0].path, path(b"a\xff\x1b.rs".to_vec()));
    let changes = opened.changes(Some(&first), &second).expect("both libraries agree");
    assert_eq!(changes[0].path, path(b"a\xff\x1b.rs".to_vec()));
}

#[test]
fn contents_are_read_from_two_threads_and_never_beyond_the_limit() {
    let repo = repo(&[]);
    let names: Vec<String> = (0..200).map(|n| format!("f{n}")).collect();
    for name in &names {
        repo.write(name, name);
    }
    repo.write("large", vec![b'x'; 5000]);
    let commit = repo.commit("first");
    repo.git(["gc", "--quiet"]);
    let opened = open(repo.root());
    let entries = opened.entries(&commit).expect("readable");
    let objects = opened.shared();
    std::thread::scope(|scope| {
        for half in entries.chunks(entries.len() / 2 + 1) {
            let reader = objects.clone();
            scope.spawn(move || {
                let reader = reader.reader();
                for entry in half {
                    let found = reader.blob(&entry.id, 4999).expect("readable");
                    let name = entry.path.as_bytes().to_vec();
                    assert_eq!(found, (name != b"large").then_some(name));
                }
            });
        }
    });
    let large = entries.iter().find(|e| e.path == path("large")).expect("listed");
    let whole = objects.reader().blob(&large.id, 5000).expect("readable").expect("at the limit");
    assert_eq!(whole.len(), 5000);
    assert!(objects.reader().blob(&"0".repeat(40), 10).is_err());
    assert!(objects.reader().blob("no id", 10).is_err());
}

#[test]
fn commits_of_a_range_come_parents_first() {
    let repo = repo(&[]);
    let first = repo.commit("first");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    let side = repo.commit("side \u{1f} \"odd\" %H \\0 \u{202e}x\n\nbody");
    repo.git(["checkout", "--quiet", "main"]);
    let main = repo.commit("main");
    repo.git(["merge", "--quiet", "--no-ff", "-m", "merged", "side"]);
    let merge = repo.git(["rev-parse", "HEAD"]);
    // What a user may have configured must not reach what is parsed.
    for (key, value) in [("log.showSignature", "true"), ("format.pretty", "fuller")] {
        repo.git(["config", key, value]);
    }
    let opened = open(repo.root());
    let commits = opened.commits_between(&first, "HEAD").expect("readable");
    let order = repo.git(["rev-list", "--reverse", "--topo-order", &format!("{first}..HEAD")]);
    assert_eq!(
        commits.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(),
        order.lines().collect::<Vec<_>>()
    );
    let last = commits.last().expect("three commits");
    assert_eq!((&last.id, &last.parents), (&merge, &vec![main, side.clone()]));
    let odd = commits.iter().find(|c| c.id == side).expect("it is one of them");
    assert_eq!(odd.subject, "side \u{1f} \"odd\" %H \\0 \u{202e}x");
    assert_eq!(odd.parents.join(" "), first);
    assert_eq!(opened.commits_between("HEAD", &first).expect("readable"), []);
    assert!(opened.commits_between("nope", "HEAD").is_err());
}

#[test]
fn a_signed_commit_is_listed_like_any_other() {
    let repo = repo(&[]);
    let first = repo.commit("first");
    let key = repo.beside("key");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        crate::oracle::random::say("skipped: ssh-keygen is not installed");
        return;
    }
    repo.git(["config", "gpg.format", "ssh"]);
    repo.git(["config", "user.signingKey", key.to_str().expect("UTF-8")]);
    repo.git(["config", "log.showSignature", "true"]);
    repo.git(["commit", "--quiet", "--allow-empty", "-S", "-m", "signed"]);
    let signed = repo.git(["rev-parse", "HEAD"]);
    let commits = open(repo.root()).commits_between(&first, "HEAD").expect("readable");
    assert_eq!(commits.len(), 1);
    assert_eq!((&commits[0].id, commits[0].subject.as_str()), (&signed, "signed"));
}

#[test]
fn worktrees_and_detached_heads_are_named_for_what_they_are() {
    let repo = repo(&[]);
    repo.write("sub/a", "a");
    let commit = repo.commit("first");
    let linked = repo.beside("linked");
    repo.git(["worktree", "add", "--quiet", "-b", "ap/x/T1", linked.to_str().expect("UTF-8")]);
    for (directory, root, branch) in [
        (repo.root().join("sub"), repo.root(), "main"),
        (linked.join("sub"), linked.as_path(), "ap/x/T1"),
    ] {
        let opened = open(&directory);
        assert_eq!(opened.worktree().expect("there is one"), root);
        assert_eq!(opened.common_dir(), repo.root().join(".git"));
        let head = opened.head().expect("there is a commit");
        assert_eq!((head.commit.as_str(), head.branch.as_deref()), (commit.as_str(), Some(branch)));
    }
    repo.git(["checkout", "--quiet", "--detach"]);
    assert_eq!(open(repo.root()).head().expect("there is a commit").branch, None);
}

fn staged_names(opened: &Repository) -> Vec<String> {
    let staged = opened.staged().expect("readable");
    staged.iter().map(|c| format!("{} {}", c.verb(), c.path)).collect()
}

#[test]
fn staged_changes_are_all_shown() {
    let repo = repo(&[]);
    for name in ["edited", "gone", "from", "tool"] {
        repo.write(name, name);
    }
    repo.commit("first");
    repo.write("edited", "2");
    repo.git(["mv", "from", "to"]);
    repo.git(["rm", "--quiet", "gone"]);
    repo.git(["add", "edited"]);
    repo.git(["update-index", "--chmod=+x", "tool"]);
    repo.write("not-staged", "x");
    let expected =
        ["change edited", "delete from", "delete gone", "add to", "change the mode of tool"];
    assert_eq!(staged_names(&open(repo.root())), expected);
    std::fs::create_dir(repo.root().join("sub")).expect("writable");
    assert_eq!(staged_names(&open(&repo.root().join("sub"))), expected, "from a folder below");
}

#[test]
fn a_staged_submodule_pointer_is_shown_whatever_gitmodules_says() {
    let repo = repo(&[]);
    let first = repo.commit("zero");
    let second = repo.commit("one");
    let stage = |id: &str| {
        repo.git(["update-index", "--add", "--cacheinfo", &format!("160000,{id},module")])
    };
    stage(&first);
    repo.write(".gitmodules", "[submodule \"m\"]\n\tpath = module\n\turl = ../m\n\tignore = all\n");
    repo.git(["add", ".gitmodules"]);
    repo.git(["commit", "--quiet", "-m", "module"]);
    repo.git(["config", "diff.ignoreSubmodules", "all"]);
    stage(&second);
    assert_eq!(staged_names(&open(repo.root())), ["change module"]);
}

#[test]
fn a_replaced_commit_is_read_as_what_it_is() {
    let repo = repo(&[]);
    repo.write("a", "1");
    let first = repo.commit("first");
    repo.write("b", "1");
    let second = repo.commit("second");
    repo.write("c", "1");
    let third = repo.commit("third");
    // Whoever can write a reference could otherwise hide what a commit changes.
    repo.git(["replace", &second, &first]);
    repo.git(["replace", &third, &first]);
    let opened = open(repo.root());
    let names = |changes: Vec<Change>| -> Vec<String> {
        changes.iter().map(|c| format!("{} {}", c.verb(), c.path)).collect()
    };
    let changes = opened.changes(Some(&first), &third).expect("both libraries agree");
    assert_eq!(names(changes), ["add b", "add c"]);
    let commits = opened.commits_between(&first, &third).expect("readable");
    assert_eq!(commits.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), [&second, &third]);
}

#[test]
fn a_conflict_in_the_index_is_no_deletion() {
    let repo = repo(&[]);
    repo.write("a", "1\n");
    repo.commit("first");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.write("a", "2\n");
    repo.commit("side");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("a", "3\n");
    repo.commit("main");
    let merged = std::process::Command::new("git")
        .args(["merge", "--quiet", "side"])
        .current_dir(repo.root())
        .output()
        .expect("git is installed");
    assert!(!merged.status.success(), "the two sides meet");
    let refused = failure(open(repo.root()).staged());
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.message.contains("`a` has an unresolved conflict"), "{}", refused.message);
}

#[test]
fn an_untracked_repository_is_one_uncommitted_path() {
    let repo = repo(&[]);
    repo.write("a", "1");
    repo.commit("first");
    repo.write("a", "2");
    repo.write("new/b", "2");
    let nested = repo.root().join("nested");
    repo.git(["init", "--quiet", nested.to_str().expect("UTF-8")]);
    repo.git(["-C", "nested", "commit", "--quiet", "--allow-empty", "-m", "x"]);
    let found = open(repo.root()).uncommitted().expect("readable");
    assert_eq!(found, ["a", "nested", "new/b"].map(path));
}

#[test]
fn places_in_the_environment_are_relative_to_where_the_program_starts() {
    let repo = Repo::of(&["src/a", "sub/b"]);
    let scoped = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"do it\"\n\
                  type = \"feature\"\n[[objective]]\nid = \"T1\"\ntitle = \"one\"\n\
                  touch = [\"src/\"]\n";
    repo.ap(["plan", "--from", "-"]).stdin(scoped).exits(0);
    repo.write("sub/b", "2");
    repo.git(["add", "sub/b"]);
    let run = repo.ap(["check", "--staged"]).at(repo.root().join("sub"));
    run.env("GIT_DIR", "../.git").env("GIT_WORK_TREE", "..").exits(4);
}

#[test]
fn paths_are_looked_up_as_the_whole_tree_has_them() {
    let repo = Repo::new();
    let (first, last) = all_sorts(&repo);
    let opened = open(repo.root());
    for commit in [&first, &last] {
        let mut tracked = opened.tracked(commit).expect("a commit");
        let entries = opened.entries(commit).expect("a commit");
        // Backwards, so that no directory is read in the order of the tree.
        for entry in entries.iter().rev() {
            assert_eq!(tracked.at(&entry.path).expect("read"), Some(Kept::Leaf), "{}", entry.path);
            if let Some(parent) = entry.path.parent() {
                assert_eq!(tracked.at(&parent).expect("read"), Some(Kept::Directory), "{parent}");
            }
            let below = [entry.path.as_bytes(), b"/x/y"].concat();
            let below = git_ap::domain::path::RepoPath::new(below).expect("valid");
            assert_eq!(tracked.at(&below).expect("read"), None, "{below}");
        }
        for absent in ["no", "a/no", "no/a/b", "sam", "same2"] {
            assert_eq!(tracked.at(&path(absent)).expect("read"), None, "{absent}");
        }
    }
    opened.tracked(&"0".repeat(40)).expect_err("no such commit");
}
