//! A worktree that is watched while files are written in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use git_ap::domain::id::ObjectiveId;
use git_ap::domain::pattern::Pattern;
use git_ap::domain::scope::{Rules, Scope};
use git_ap::git::Repository;
use git_ap::worker::watch::{Held, Limits, Seen, Watch};

use crate::support::Repo;

/// Within this time a violation is told, and nothing more comes after it.
const SOON: Duration = Duration::from_secs(2);
/// How long it is waited for one that has to come, on a machine that has much to do.
const LATE: Duration = Duration::from_secs(20);

/// A repository, a worktree of T1 in it, and what holds it.
struct Scene {
    repo: Repo,
    worktree: PathBuf,
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|p| Pattern::parse(p).expect("valid")).collect()
}

fn scope(id: &str, touch: &[&str]) -> Scope {
    let id = ObjectiveId::parse(id).expect("valid");
    Scope { id, touch: patterns(touch), read: Vec::new(), forbid: Vec::new() }
}

fn held() -> Held {
    let (own, other) = (scope("T1", &["src/"]), scope("T2", &["web/"]));
    Held {
        scope: own.clone(),
        others: vec![own, other],
        rules: Rules { derived: patterns(&["Cargo.lock"]), ..Rules::default() },
        integration: "refs/heads/main".to_owned(),
        brought: vec!["secrets/key".to_owned()],
    }
}

impl Scene {
    fn new() -> Self {
        let repo = Repo::of(&["src/a.rs", "web/a.ts", "web/deep/b.ts", "README.md", "Cargo.lock"]);
        repo.write(".gitignore", "target/\n*.log\n");
        repo.commit("ignored files");
        let worktree = repo.beside("T1");
        repo.git(["worktree", "add", "-q", "-b", "T1", "../T1"]);
        Self { repo, worktree }
    }

    fn watch(&self) -> Watch {
        self.watch_with(Limits::default())
    }

    fn watch_with(&self, limits: Limits) -> Watch {
        let repository = Repository::discover(self.repo.root()).expect("it is one");
        Watch::start_with(&repository, &self.worktree, held(), limits).expect("it starts")
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.worktree.join(path), text);
    }

    fn git(&self, arguments: &[&str]) {
        self.repo.git_at(&self.worktree, arguments).exits(0);
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("below the root")).expect("writable");
    fs::write(file, text).expect("writable");
}

/// The sentences about violations that come within a time, until one of them ends so; and
/// everything else, apart.
fn seen_until(watch: &mut Watch, within: Duration, last: &str) -> (Vec<String>, Vec<Seen>) {
    let (begun, mut told, mut rest) = (Instant::now(), Vec::new(), Vec::new());
    while begun.elapsed() < within {
        match watch.ready() {
            Some(Seen::Violation(violation)) => {
                let message = violation.message(&ObjectiveId::parse("T1").expect("valid"));
                let text = message.strip_prefix("objective T1 may not ").expect("it is T1");
                told.push(text.to_owned());
                if !last.is_empty() && text.starts_with(last) {
                    return (told, rest);
                }
            }
            Some(other) => rest.push(other),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    (told, rest)
}

fn told(watch: &mut Watch, last: &str) -> Vec<String> {
    seen_until(watch, if last.is_empty() { SOON } else { LATE }, last).0
}

#[test]
fn a_change_out_of_scope_is_told_soon_and_once() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    scene.write("src/b.rs", "b");
    scene.write("Cargo.lock", "derived");
    scene.write("web/a.ts", "taken");
    let (told_now, rest) = seen_until(&mut watch, SOON, "change web/a.ts");
    assert_eq!(told_now, ["change web/a.ts: it belongs to T2"]);
    let changed = |path: &str| {
        let is = |s: &&Seen| matches!(s, Seen::Changed(p) if p.to_string() == path);
        rest.iter().find(is).is_some()
    };
    assert!(changed("src/b.rs") && changed("Cargo.lock") && !changed("web/a.ts"), "{rest:?}");
    scene.write("web/a.ts", "taken again");
    fs::remove_file(scene.worktree.join("README.md")).expect("it is there");
    assert_eq!(told(&mut watch, "delete"), ["delete README.md: it is in no scope"]);
}

#[test]
fn what_passes_is_not_blamed() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    let at = |path: &str| scene.worktree.join(path);
    // As `sed -i` and editors do it, and slowly.
    write(&at("src/sedAb1xYz"), "new");
    write(&at("sedAb1xYz"), "new");
    write(&at("web/.a.ts.swp"), "swap");
    write(&at("web/new.tmp"), "new");
    std::thread::sleep(Duration::from_millis(450));
    fs::rename(at("src/sedAb1xYz"), at("src/a.rs")).expect("renamed");
    fs::remove_file(at("sedAb1xYz")).expect("it is there");
    fs::remove_file(at("web/new.tmp")).expect("it is there");
    // The same bytes once more, a change that is put back, and a mode that is.
    write(&at("web/deep/new"), "web/deep/b.ts");
    fs::rename(at("web/deep/new"), at("web/deep/b.ts")).expect("renamed");
    write(&at("web/a.ts"), "other");
    fs::remove_file(at("README.md")).expect("it is there");
    std::thread::sleep(Duration::from_millis(400));
    write(&at("web/a.ts"), "web/a.ts");
    write(&at("README.md"), "README.md");
    assert_eq!(told(&mut watch, ""), [""; 0]);
    write(&at("web/a.ts"), "other");
    assert_eq!(told(&mut watch, "change"), ["change web/a.ts: it belongs to T2"]);
}

#[test]
fn what_git_ignores_is_neither_blamed_nor_watched() {
    let scene = Scene::new();
    scene.write("target/debug/deps/x.o", "x");
    // The limit is what is not ignored: the root, src, web, web/deep, node_modules and secrets.
    let limits = Limits { directories: 6, ..Limits::default() };
    let mut watch = scene.watch_with(limits);
    for n in 0..50 {
        scene.write(&format!("target/{n}/deep/x.o"), "x");
        scene.write(&format!("web/{n}.log"), "x");
    }
    scene.write("node_modules/.gitignore", "*\n");
    std::thread::sleep(Duration::from_millis(500));
    scene.write("node_modules/a/b/c.js", "x");
    scene.write("secrets/key", "brought");
    let (told_now, rest) = seen_until(&mut watch, SOON, "");
    assert_eq!(told_now, [""; 0]);
    assert!(!rest.iter().any(|s| matches!(s, Seen::Worse(_))), "{rest:?}");
    // A file that is tracked although it is ignored counts.
    scene.write("web/kept.log", "x");
    scene.git(&["add", "-f", "web/kept.log"]);
    scene.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    scene.repo.git(["merge", "-q", "--ff-only", "T1"]);
    scene.write("web/kept.log", "y");
    assert_eq!(told(&mut watch, "change"), ["change web/kept.log: it belongs to T2"]);
}

#[test]
fn new_directories_are_watched_and_what_was_in_them_is_found() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    scene.write("docs/a/b/c/d/e.md", "at once");
    assert_eq!(told(&mut watch, "add"), ["add docs/a/b/c/d/e.md: it is in no scope"]);
    scene.write("docs/a/b/c/d/later.md", "later");
    assert_eq!(told(&mut watch, "add"), ["add docs/a/b/c/d/later.md: it is in no scope"]);
    // A directory that comes with all that is in it.
    let beside = scene.repo.beside("made");
    write(&beside.join("x/y/z"), "z");
    fs::rename(beside, scene.worktree.join("moved")).expect("renamed");
    assert_eq!(told(&mut watch, "add"), ["add moved/x/y/z: it is in no scope"]);
    // After a move its watches have new names.
    fs::rename(scene.worktree.join("moved"), scene.worktree.join("again")).expect("renamed");
    assert_eq!(told(&mut watch, "add"), ["add again/x/y/z: it is in no scope"]);
    scene.write("again/x/y/more", "more");
    assert_eq!(told(&mut watch, "add"), ["add again/x/y/more: it is in no scope"]);
    fs::remove_dir_all(scene.worktree.join("web")).expect("it is there");
    assert_eq!(
        told(&mut watch, "delete web/deep"),
        ["delete web/a.ts: it belongs to T2", "delete web/deep/b.ts: it belongs to T2"]
    );
}

#[test]
fn a_link_out_of_the_worktree_is_not_followed() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    let outside = scene.repo.beside("outside");
    write(&outside.join("deep/file"), "outside");
    std::os::unix::fs::symlink(&outside, scene.worktree.join("link")).expect("writable");
    assert_eq!(told(&mut watch, "add"), ["add link: it is in no scope"]);
    write(&outside.join("deep/file"), "changed");
    write(&outside.join("new"), "new");
    assert_eq!(told(&mut watch, ""), [""; 0]);
}

#[test]
fn names_that_are_no_text_and_other_repositories() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    let name = OsStr::from_bytes(b"web/\xff\n:(top)*");
    fs::write(scene.worktree.join(name), "x").expect("writable");
    assert_eq!(told(&mut watch, "add"), [r#"add "web/\377\n:(top)*": it belongs to T2"#]);
    scene.write(":!x", "x");
    assert_eq!(told(&mut watch, "add"), ["add :!x: it is in no scope"]);
    scene.write("-x", "x");
    assert_eq!(told(&mut watch, "add"), ["add -x: it is in no scope"]);
    scene.git(&["init", "-q", "inner"]);
    scene.write("inner/file", "x");
    assert_eq!(told(&mut watch, "add"), ["add inner: it is in no scope"]);
}

#[test]
fn what_the_integration_branch_brings_is_not_blamed() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    scene.write("src/b.rs", "b");
    scene.git(&["add", "."]);
    scene.git(&["commit", "-q", "-m", "own"]);
    scene.repo.write("web/a.ts", "by T2");
    scene.repo.write("web/new.ts", "by T2");
    scene.repo.commit("T2");
    // What is checked out before the merge is committed, too.
    scene.git(&["merge", "-q", "--no-commit", "main"]);
    std::thread::sleep(Duration::from_secs(1));
    scene.git(&["commit", "-q", "-m", "merge"]);
    assert_eq!(told(&mut watch, ""), [""; 0]);
    scene.write("web/new.ts", "by T1");
    assert_eq!(told(&mut watch, "change"), ["change web/new.ts: it belongs to T2"]);
    // Committed or not, it is out of scope; a granted scope is not.
    let mut more = held();
    more.scope.touch.extend(patterns(&["web/"]));
    watch.hold(more);
    scene.write("web/granted.ts", "by T1");
    assert_eq!(told(&mut watch, ""), [""; 0]);
}

#[test]
fn a_commit_and_flags_in_the_index_hide_nothing() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    scene.git(&["update-index", "--assume-unchanged", "web/a.ts"]);
    scene.write("web/a.ts", "hidden");
    assert_eq!(told(&mut watch, "change"), ["change web/a.ts: it belongs to T2"]);
    scene.write("web/deep/b.ts", "committed");
    scene.git(&["commit", "-q", "--no-verify", "-a", "-m", "x"]);
    assert_eq!(told(&mut watch, "change"), ["change web/deep/b.ts: it belongs to T2"]);
}

#[test]
fn too_many_directories_are_looked_at_every_now_and_then() {
    let scene = Scene::new();
    let limits = Limits { directories: 2, pause: Duration::from_millis(500) };
    let mut watch = scene.watch_with(limits);
    scene.write("web/a.ts", "taken");
    let (told_now, rest) = seen_until(&mut watch, LATE, "change web/a.ts");
    assert_eq!(told_now, ["change web/a.ts: it belongs to T2"]);
    scene.write("docs/new.md", "new");
    let (told_now, more) = seen_until(&mut watch, LATE, "add docs/new.md");
    assert_eq!(told_now, ["add docs/new.md: it is in no scope"]);
    let worse: Vec<&Seen> =
        rest.iter().chain(&more).filter(|s| matches!(s, Seen::Worse(_))).collect();
    let text = "the worktree has more than 2 directories: changes are looked for every 0.5 s";
    assert_eq!(worse, [&Seen::Worse(text.to_owned())]);
}

#[test]
fn very_many_changes_are_not_kept() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    for folder in ["src/many", "docs/many"] {
        fs::create_dir_all(scene.worktree.join(folder)).expect("writable");
    }
    for n in 0..20_000 {
        let folder = if n % 2 == 0 { "src" } else { "docs" };
        fs::write(scene.worktree.join(format!("{folder}/many/{n}")), "x").expect("writable");
    }
    let first = told(&mut watch, "add docs/many/");
    assert_eq!(first.len(), 1, "{first:?}");
    let more = seen_until(&mut watch, Duration::from_secs(5), "").0;
    assert!(more.iter().all(|t| t.starts_with("add docs/many/")), "{more:?}");
    assert!((1..1_000).contains(&more.len()), "{}", more.len());
}

#[test]
fn it_ends_with_the_worktree_and_a_broken_link_is_refused() {
    let scene = Scene::new();
    let mut watch = scene.watch();
    scene.repo.git(["worktree", "remove", "--force", "../T1"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.expect("a runtime").block_on(async {
        let all = async { while watch.next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(5), all).await
    });
    assert!(ended.is_ok(), "it ends");
    fs::create_dir(&scene.worktree).expect("it is gone");
    let repository = Repository::discover(scene.repo.root()).expect("it is one");
    let refused = Watch::start(&repository, &scene.worktree, held()).expect_err("no link");
    assert!(refused.to_string().contains("has lost its link"), "{refused}");
}
