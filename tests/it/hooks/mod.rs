//! Hooks as git runs them: real commits, in repositories that other tools have set up, and
//! everything as it was afterwards.

mod agent;
mod killed;
mod shared;
mod worktree;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use git_ap::git::Repository;
use git_ap::git::hooks::{self, Hook, InFront, Installed};
use git_ap::store::Steps;

use crate::support::Repo;

/// Stands in for the program: it proves itself when asked to, and else writes down which hook
/// was asked, with which arguments and in which directory.
struct Program {
    path: PathBuf,
    log: PathBuf,
}

impl Program {
    /// At a path that a shell would stumble over.
    fn beside(repo: &Repo) -> Self {
        let folder = repo.beside("it's a \"bin\" $(exit 1)");
        std::fs::create_dir_all(&folder).expect("writable");
        let program = Self { path: folder.join("git-ap"), log: repo.beside("log") };
        let script = format!(
            "#!/bin/sh\n[ \"$1 $2\" = 'hook run' ] || exit 64\nname=$3\nshift 3\n\
             if [ -n \"$GIT_AP_HOOK_PROOF\" ]; then\n\
             echo \"git-ap hook proof $GIT_AP_HOOK_PROOF $name\" >&2\nexit 0\nfi\n\
             echo \"ap $name $*\" >>'{}'\n",
            program.log.display()
        );
        executable(&program.path, script);
        program
    }

    /// What was written down, and forgets it.
    fn said(&self) -> Vec<String> {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        drop(std::fs::remove_file(&self.log));
        said.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// A hook that writes down its name, and what stands behind it in `more`.
    fn hook(&self, name: &str, more: &str) -> String {
        format!("#!/bin/sh\necho '{name}' >>'{}'\n{more}", self.log.display())
    }
}

fn executable(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("below something")).expect("writable");
    std::fs::write(path, text).expect("writable");
    set_mode(path, 0o755);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("settable");
}

/// A repository with one commit, whose hooks are in its git directory whatever the machine's own
/// configuration says: the library runs in the test's process.
fn repo() -> Repo {
    let repo = Repo::of(&["a"]);
    let hooks = repo.root().join(".git/hooks");
    repo.git(["config".as_ref(), "core.hooksPath".as_ref(), hooks.as_os_str()]);
    repo
}

fn open(directory: &Path) -> Repository {
    Repository::discover(directory).expect("it can be opened")
}

fn install(directory: &Path, program: &Program) -> Installed {
    let installed = hooks::install(&open(directory), &program.path, &Steps::default());
    installed.expect("installed")
}

fn uninstall(directory: &Path) -> hooks::Uninstalled {
    hooks::uninstall(&open(directory), &Steps::default()).expect("uninstalled")
}

fn chained(directory: &Path, hook: Hook) -> Option<PathBuf> {
    hooks::chained(&open(directory), hook).expect("readable")
}

fn fronts(directory: &Path) -> Vec<InFront> {
    let status = hooks::status(&open(directory)).expect("readable");
    status.hooks.iter().map(|hook| hook.front).collect()
}

/// git in a directory, as somebody would run it there.
fn git_at(repo: &Repo, directory: &Path, arguments: &[&str]) -> String {
    let directory = directory.to_str().expect("text");
    repo.git(["-C", directory].iter().chain(arguments))
}

fn commit_at(repo: &Repo, directory: &Path) {
    git_at(repo, directory, &["commit", "--quiet", "--allow-empty", "-m", "more"]);
}

/// A linked worktree that is marked as an objective's.
fn objective(repo: &Repo, name: &str) -> PathBuf {
    let root = repo.beside(&format!("repo.ap/{name}"));
    repo.git(["worktree", "add", "--quiet", root.to_str().expect("text")]);
    let git_dir = git_at(repo, &root, &["rev-parse", "--path-format=absolute", "--git-dir"]);
    std::fs::write(Path::new(&git_dir).join("ap-objective"), "").expect("writable");
    root
}

/// git without a `git-ap` on `PATH`.
fn git_alone(repo: &Repo, directory: &Path, arguments: &[&str]) -> std::process::Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.join("git-ap").exists());
    Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::join_paths(folders).expect("a path"))
        .env("HOME", repo.beside("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["--author", "a <a@b>"].iter().filter(|_| arguments[0] == "commit"))
        .env("GIT_COMMITTER_NAME", "c")
        .env("GIT_COMMITTER_EMAIL", "c@d")
        .output()
        .expect("git is installed")
}

/// Every file, link and directory with its mode and contents; the state that git ap keeps for
/// its sessions aside.
fn tree(directory: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut out = BTreeMap::new();
    collect(directory, directory, &mut out);
    let last = |name: &str, end: &str| name == end || name.ends_with(&format!("/{end}"));
    out.retain(|name, _| !last(name, "ap") && !last(name, "ap/lock"));
    out
}

fn collect(root: &Path, directory: &Path, out: &mut BTreeMap<String, (u32, Vec<u8>)>) {
    for entry in directory.read_dir().expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let metadata = path.symlink_metadata().expect("there");
        let mode = metadata.permissions().mode();
        let bytes = if metadata.is_symlink() {
            std::fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
        } else if metadata.is_dir() {
            collect(root, &path, out);
            Vec::new()
        } else {
            std::fs::read(&path).expect("readable")
        };
        out.insert(name, (mode, bytes));
    }
}

/// Panics with the names alone if two trees differ.
fn assert_same(
    one: &BTreeMap<String, (u32, Vec<u8>)>,
    other: &BTreeMap<String, (u32, Vec<u8>)>,
    when: &str,
) {
    let text = |entry: Option<&(u32, Vec<u8>)>| {
        entry.map(|(mode, bytes)| format!("{mode:o} {}", String::from_utf8_lossy(bytes)))
    };
    for name in one.keys().chain(other.keys()) {
        assert_eq!(text(one.get(name)), text(other.get(name)), "{name} {when}");
    }
}
