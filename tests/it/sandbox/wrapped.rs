//! The sandbox as whoever starts workers uses it: rules, a wrapped command, and what a link that
//! somebody puts into the way does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use git_ap::domain::config::Sandbox;
use git_ap::domain::id::ObjectiveId;
use git_ap::domain::pattern::Pattern;
use git_ap::domain::scope::{Rules as Law, Scope};
use git_ap::git::Repository;
use git_ap::worker::sandbox::{self, Rules, Site, Why};

use super::{possible, skipped};
use crate::support::Repo;

/// A linked worktree beside the repository, and folders for what a worker gets.
struct Place {
    repo: Repo,
    /// The root of a worktree of the repository that the rules are for.
    root: PathBuf,
}

impl Place {
    fn new() -> Self {
        let repo = Repo::of(&["src/a/x", "src/b/x", "Cargo.lock", "README.md"]);
        let worktree = repo.beside("tree").display().to_string();
        repo.git(["worktree", "add", "--quiet", "--detach", &worktree]);
        for folder in ["tmp", "inbox", "folder"] {
            std::fs::create_dir_all(repo.beside(folder)).expect("writable");
        }
        let root = repo.root().to_owned();
        Self { repo, root }
    }

    fn rules(&self, touch: &str, state: &[&str]) -> anyhow::Result<Rules> {
        let pattern = |text: &str| Pattern::parse(text).expect("a pattern");
        let scope = Scope {
            id: ObjectiveId::parse("T1").expect("an id"),
            touch: vec![pattern(touch)],
            read: Vec::new(),
            forbid: Vec::new(),
        };
        let law = Law { derived: vec![pattern("Cargo.lock")], ..Law::default() };
        let state: Vec<String> = state.iter().map(|name| (*name).to_owned()).collect();
        let head = self.repo.git(["rev-parse", "HEAD"]);
        sandbox::rules(Site {
            repository: &Repository::discover(&self.root).expect("a repository"),
            worktree: &self.repo.beside("tree"),
            start: &head,
            scope: &scope,
            law: &law,
            temporary: Some(&self.repo.beside("tmp")),
            inbox: Some(&self.repo.beside("inbox")),
            home: Some(&self.repo.beside("home")),
            state: &state,
        })
    }

    fn wrap(&self, script: &str, rules: &Rules) -> anyhow::Result<Vec<OsString>> {
        let words = ["sh", "-c", script].map(OsString::from);
        let program = assert_cmd::cargo::cargo_bin!("git-ap");
        sandbox::wrap(&words, rules, program, &self.repo.beside("folder"))
    }

    /// The exit code of a wrapped script, and what it says.
    fn run(&self, script: &str, rules: &Rules) -> (i32, String) {
        let words = self.wrap(script, rules).expect("it can be wrapped");
        let mut command = Command::new(&words[0]);
        self.repo.clean(&mut command).args(&words[1..]).current_dir(self.repo.beside("tree"));
        let output = command.output().expect("started");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_wrapped_command_writes_where_its_rules_say() {
    if !possible("a_wrapped_command_writes_where_its_rules_say") {
        return;
    }
    let place = Place::new();
    std::fs::write(place.repo.beside("home").join(".settings"), "").expect("writable");
    let rules = place.rules("src/a/", &[".agent/deep/", ".settings", ".absent"]).expect("rules");
    assert!(rules.shared_memory);
    let whys: Vec<Why> = rules.directories.iter().map(|place| place.why).collect();
    assert_eq!(whys, [Why::Touch, Why::Temporary, Why::Inbox, Why::State]);
    let force = sandbox::in_force(Sandbox::Scope).expect("the kernel can");
    let told = force.told(&rules);
    assert!(told.starts_with("writes are kept to 4 directories and 2 files by Landlock"), "{told}");
    for (script, expected) in [
        ("echo x > src/a/new", true),
        ("echo x > src/b/x", false),
        ("echo x > ../inbox/request", true),
        ("echo x > ../tmp/x && echo x > \"$TMPDIR/y\" && test -e ../tmp/y", true),
        ("echo x > ../y", false),
        ("echo x > ../folder/sandbox.json", false),
        ("echo x > \"$HOME/.agent/deep/x\" && echo x > \"$HOME/.settings\"", true),
        ("echo x > \"$HOME/.agent/x\"", false),
        ("echo x > \"$HOME/.absent\"", false),
        ("echo x >> Cargo.lock", true),
        ("sed -i s/x/y/ Cargo.lock", false),
        ("echo \"$GIT_OPTIONAL_LOCKS\" | grep -qx 0", true),
    ] {
        let (code, said) = place.run(script, &rules);
        assert_eq!(code == 0, expected, "{script}: {said}");
    }
}

#[test]
fn a_link_in_the_way_closes_the_sandbox() {
    if !possible("a_link_in_the_way_closes_the_sandbox") {
        return;
    }
    let place = Place::new();
    let rules = place.rules("src/a/", &[]).expect("rules");
    let tree = place.repo.beside("tree");
    let swap = |from: &Path, to: &Path| {
        std::fs::rename(from, from.with_extension("old")).expect("moved");
        std::os::unix::fs::symlink(to, from).expect("linked");
    };
    swap(&tree.join("src/a"), place.repo.root());
    let (code, said) = place.run("echo x > README.md; echo x > src/a/README.md", &rules);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("src/a`: a symbolic link is in its way"), "{said}");
    assert_eq!(place.repo.read("README.md"), "README.md");
    // Decided anew, the link can be replaced and is not followed.
    let rules = place.rules("src/a/", &[]).expect("rules");
    assert_eq!(rules.directories[0].path, tree.canonicalize().expect("there").join("src"));
    assert_ne!(place.run("echo x > src/a/README.md", &rules).0, 0);
    assert_eq!(place.run("rm src/a && mkdir src/a && echo x > src/a/x", &rules).0, 0);
}

#[test]
fn what_would_open_the_repository_is_refused() {
    let place = Place::new();
    for state in ["../repo/", "../repo/.git/", "../repo/.git/refs/../"] {
        let error = place.rules("src/a/", &[state]).expect_err(state).to_string();
        assert!(error.contains("` (state) may be written, and it holds `/"), "{state}: {error}");
    }
    assert!(place.rules("src/a/", &["../tree/"]).is_ok(), "it is its own");
    // Nor are the rules put where the worker could change them.
    let rules = place.rules("**", &[]).expect("rules");
    let words = [OsString::from("true")];
    let folder = place.repo.beside("tree").join("src");
    let refused = sandbox::wrap(&words, &rules, Path::new("git-ap"), &folder);
    let error = refused.expect_err("it is in the worktree").to_string();
    assert!(error.contains("the rules of a sandbox cannot be kept in"), "{error}");
    let outside = sandbox::in_force(Sandbox::Off).expect("it is off");
    assert!(!outside.is_on());
    assert!(outside.told(&rules).ends_with("`[run] sandbox` is off"));
}

#[test]
fn a_repository_in_shared_memory_is_not_opened_with_it() {
    let test = "a_repository_in_shared_memory_is_not_opened_with_it";
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else {
        return skipped(test, "there is no /dev/shm");
    };
    if !possible(test) {
        return;
    }
    let mut place = Place::new();
    place.root = memory.path().join("clone");
    let clone = place.root.display().to_string();
    place.repo.git(["clone", "--quiet", &place.repo.root().display().to_string(), &clone]);
    let script = format!("echo x > {clone}/new");
    let other = Place::new();
    let open = other.rules("src/a/", &[]).expect("rules");
    assert_eq!(place.run(&script, &open).0, 0, "shared memory is open");
    let closed = place.rules("src/a/", &[]).expect("rules");
    assert_ne!(place.run(&script, &closed).0, 0);
}
