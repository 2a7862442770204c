//! Repositories of every kind: each works, or is refused by name with the fix.

use std::os::unix::ffi::OsStrExt as _;

use git_ap::git::Repository;

use crate::plan::plan;
use crate::support::Repo;

#[test]
fn what_cannot_work_is_refused_by_name() {
    let repo = Repo::new();
    repo.ap(["plan", "x"]).exits(1).says("no commit yet").says("git commit --allow-empty");
    let bare = Repo::with(&["--bare"]);
    bare.ap(["plan", "x"]).exits(1).says("this repository is bare");
    let nowhere = repo.beside("nowhere");
    std::fs::create_dir(&nowhere).expect("writable");
    repo.ap(["plan", "x"]).at(&nowhere).exits(1).says("is in no git repository").says("git init");
    let json = repo.ap(["plan", "x", "--format", "json"]).at(&nowhere).exits(1).json();
    assert_eq!(json["error"]["kind"], "repository");
    let reftable = Repo::with(&["--ref-format=reftable"]);
    // Git learned to migrate reflogs in 2.48 only.
    reftable.git(["config", "core.logAllRefUpdates", "false"]);
    reftable.write("a", "a");
    reftable.commit("first");
    reftable
        .ap(["plan", "x"])
        .exits(1)
        .says("reftable")
        .says("git refs migrate --ref-format=files");
    reftable.git(["refs", "migrate", "--ref-format=files"]);
    reftable.ap(["plan", "x"]).exits(0);
}

#[test]
fn an_old_git_is_refused_by_name() {
    let repo = Repo::of(&["a"]);
    let bin = repo.beside("bin");
    std::fs::create_dir(&bin).expect("writable");
    std::fs::write(bin.join("git"), "#!/bin/sh\necho git version 2.30.2\n").expect("writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("git"), mode).expect("writable");
    let path = bin.to_string_lossy().into_owned();
    repo.ap(["plan", "x"])
        .env("PATH", &path)
        .exits(1)
        .says("git version 2.30.2 is too old: git ap needs 2.38");
    std::fs::remove_file(bin.join("git")).expect("removable");
    repo.ap(["plan", "x"]).env("PATH", &path).exits(1).says("cannot start git");
}

#[test]
fn sha256_linked_worktrees_and_detached_heads_work() {
    let sha256 = Repo::with(&["--object-format=sha256"]);
    sha256.write("src/a.rs", "fn a() {}");
    let first = sha256.commit("first");
    assert_eq!(first.len(), 64);
    sha256.ap(["plan", "--commit", "Improve a"]).exits(0);
    sha256.ap(["check"]).exits(0);
    sha256
        .ap(["check", "--range", &format!("{first}..HEAD"), "--objective", "T1"])
        .exits(4)
        .answers_with(".ap/");

    let repo = Repo::of(&["src/a.rs", "web/b"]);
    let linked = repo.beside("linked");
    repo.git(["worktree", "add", "--quiet", "-b", "w", &linked.to_string_lossy()]);
    repo.ap(["plan", "Improve a"]).at(linked.join("src")).exits(0);
    assert!(linked.join(".ap/plans").is_dir() && !repo.root().join(".ap").exists());
    let text = repo.ap(["show", "--format", "json"]).at(&linked).exits(0).json();
    assert_eq!(text["target"], "w");
    repo.git(["checkout", "--quiet", "--detach"]);
    repo.ap(["plan", "--from", "-"])
        .stdin(plan("20251008-104131-x", "src/", "web/"))
        .exits(1)
        .says("HEAD is detached")
        .says("add `target = \"main\"`");
    let named =
        plan("20251008-104131-x", "src/", "web/").replace("type =", "target = \"main\"\ntype =");
    repo.ap(["plan", "--from", "-"]).stdin(named).exits(0);
}

#[test]
fn hostile_names_are_planned_around_and_shown_harmlessly() {
    let repo = Repo::of(&["src/a.rs"]);
    for name in [
        &b"src/\xff\x1b[2J.rs"[..],
        b"src/a*[b]{c}.rs",
        b"!bang.rs",
        b"src/new\nline.rs",
        b"back\\slash.rs",
    ] {
        let file = repo.root().join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(file, "fn improve_parser() {}").expect("writable");
    }
    repo.commit("hostile");
    let plan = repo.ap(["plan", "improve_parser"]).exits(0);
    for text in [plan.stdout(), plan.stderr()] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    repo.ap(["check"]).exits(0);
    for file in ["plan.toml", "plan.md", "analysis.md"] {
        let text = repo.read(&format!(".ap/plans/20251008-104131-improve-parser/{file}"));
        assert!(!text.contains('\u{1b}'), "{file}");
    }
}

#[test]
fn odd_requests_give_a_plan_or_a_clear_error() {
    let repo = Repo::of(&["src/a.rs", "README.md"]);
    let long = "improve everything ".repeat(5_500);
    for request in [
        "日本語で機能を追加する",
        "Ajouter l'authentification",
        "a\u{1b}[2J\u{202e}b",
        "</td><script>alert(1)</script> | x |\n# head\n```",
        "\"\"\"\nschema = 2\n[[objective]]",
        "{{plan}} {{{x}}} {{#each}}",
        "src/missing.rs `nothing.here`",
        "!!!",
        long.as_str(),
    ] {
        let done = repo.ap(["plan", request]).exits(0);
        assert!(!done.stdout().contains('\u{1b}') && !done.stderr().contains('\u{1b}'));
        repo.ap(["check"]).exits(0);
        let folder = std::fs::read_dir(repo.root().join(".ap/plans"))
            .expect("there")
            .next()
            .expect("one")
            .expect("readable")
            .path();
        let page = std::fs::read_to_string(folder.join("plan.md")).expect("there");
        assert!(!page.contains("<script>") && !page.contains("\n# head"), "{page}");
        std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
    }
    repo.ap(["plan", &"x".repeat(100_000)]).exits(0);
}

#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let repo = Repo::of(&["src/a.rs"]);
    let outside = repo.beside("outside");
    std::fs::create_dir(&outside).expect("writable");
    std::os::unix::fs::symlink(&outside, repo.root().join(".ap")).expect("a link");
    repo.ap(["plan", "Improve a"]).exits(1).says("`.ap` is a symbolic link");
    assert_eq!(std::fs::read_dir(&outside).expect("readable").count(), 0);
}

#[test]
fn changes_are_those_that_git_sees() {
    let repo = Repo::of(&["a", "dir/b", "dir/c", "file", "mode", "gone"]);
    let old = repo.git(["rev-parse", "HEAD"]);
    repo.write("a", "changed");
    std::fs::remove_dir_all(repo.root().join("dir")).expect("removable");
    repo.write("dir", "now a file");
    std::fs::remove_file(repo.root().join("file")).expect("removable");
    repo.write("file/below", "now a directory");
    std::fs::remove_file(repo.root().join("gone")).expect("removable");
    std::os::unix::fs::symlink("a", repo.root().join("link")).expect("a link");
    std::fs::write(repo.root().join(std::ffi::OsStr::from_bytes(b"\xff")), "x").expect("writable");
    repo.git(["add", "--all"]);
    repo.git(["update-index", "--chmod=+x", "mode"]);
    repo.git(["update-index", "--add", "--cacheinfo", &format!("160000,{old},module")]);
    repo.git(["commit", "--quiet", "-m", "all kinds"]);
    let new = repo.git(["rev-parse", "HEAD"]);
    let opened = Repository::discover(repo.root()).expect("a repository");
    let changes = opened.changes(Some(&old), &new).expect("both agree");
    let none = "0".repeat(40);
    let rows = changes.iter().map(|c| {
        let mode = |s: &Option<git_ap::domain::tree::Side>| {
            s.as_ref().map_or("000000", |s| s.mode.as_str()).to_owned()
        };
        let id = |s: &Option<git_ap::domain::tree::Side>| {
            s.as_ref().map_or(none.clone(), |s| s.id.clone())
        };
        let letter = match (&c.old, &c.new) {
            (None, _) => "A",
            (_, None) => "D",
            (Some(o), Some(n)) if (o.mode.as_str() < "110000") == (n.mode.as_str() < "110000") => {
                "M"
            }
            _ => "T",
        };
        format!(
            ":{} {} {} {} {letter}\t{}",
            mode(&c.old),
            mode(&c.new),
            id(&c.old),
            id(&c.new),
            c.path
        )
    });
    let mut rows: Vec<String> = rows.collect();
    let raw = repo.git(["diff-tree", "-r", "--raw", "--no-renames", "--no-abbrev", &old, &new]);
    let mut expected: Vec<String> = raw.lines().map(str::to_owned).collect();
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
    let all = opened.changes(None, &new).expect("both agree");
    assert_eq!(all.len(), repo.git(["ls-files"]).lines().count());
}

#[test]
fn a_failing_hook_loses_nothing() {
    let repo = Repo::of(&["src/a.rs", "web/b"]);
    repo.write("src/a.rs", "staged");
    repo.git(["add", "src/a.rs"]);
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\necho refused by policy >&2\nexit 1\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(repo.root().join(".git/hooks/pre-commit"), mode).expect("writable");
    let head = repo.git(["rev-parse", "HEAD"]);
    repo.ap(["plan", "--commit", "Improve a"]).exits(1).says("refused by policy");
    assert_eq!(repo.git(["rev-parse", "HEAD"]), head);
    assert!(repo.git(["diff", "--cached", "--name-only"]).contains("src/a.rs"));
    repo.ap(["check"]).exits(0);
}
