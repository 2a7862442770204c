//! The sandbox on the real kernel: what a worker's command can write, and what it cannot. Every
//! command that is to fail inside is shown to succeed outside, or it would prove nothing.

mod tools;
mod working;
mod wrapped;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git_ap::worker::sandbox::{Support, support};

use crate::session::{place, planned, planned_with};
use crate::support::{Repo, Run};

/// Whether the kernel can; where it cannot, the test says that it did not run.
pub fn possible(test: &str) -> bool {
    match support() {
        Support::Landlock(_) => true,
        Support::None(why) => {
            skipped(test, why);
            false
        }
    }
}

/// Says that a test did not run, also where the output of tests is kept back.
pub fn skipped(test: &str, why: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "skipped: {test}: {why}").expect("stderr is open");
}

/// A started session, seen from the worktree of T1.
pub struct Scene {
    pub repo: Repo,
    pub here: PathBuf,
}

impl Scene {
    pub fn new() -> Self {
        Self::of(planned())
    }

    pub fn of(repo: Repo) -> Self {
        repo.ap(["start", "--yes"]).exits(0);
        let here = place(&repo, "T1");
        Self { repo, here }
    }

    /// A shell script in the worktree of T1. `$MAIN` and `$OTHER` are the other worktrees.
    fn shell(&self, run: Run<'_>) -> (i32, String) {
        let main = self.repo.root().display().to_string();
        let other = place(&self.repo, "T2").display().to_string();
        let done = run.at(&self.here).env("MAIN", &main).env("OTHER", &other).ends();
        (done.code(), done.stderr())
    }

    pub fn outside(&self, script: &str) -> (i32, String) {
        self.shell(self.repo.program("sh", ["-c", &failing_with_one(script)]))
    }

    pub fn inside(&self, script: &str) -> (i32, String) {
        let script = failing_with_one(script);
        self.shell(self.repo.ap(["sandbox", "-q", "--", "sh", "-c", &script]))
    }

    /// Panics unless each script fails inside and changes nothing but what may be written, and
    /// succeeds outside and changes something else, one after the other.
    pub fn is_kept_from(&self, scripts: &[&str]) {
        let before = self.everything();
        for script in scripts {
            let (code, said) = self.inside(script);
            assert_ne!(code, 0, "it succeeded inside: {script}\n{said}");
            let changed = different(&before, &self.everything());
            assert_eq!(changed, [""; 0], "it changed something inside: {script}\n{said}");
        }
        let mut before = before;
        for script in scripts {
            let (code, said) = self.outside(script);
            assert_eq!(code, 0, "it fails outside too: {script}\n{said}");
            let after = self.everything();
            assert_ne!(different(&before, &after), [""; 0], "outside: {script}\n{said}");
            before = after;
        }
    }

    /// Panics unless the script succeeds inside.
    pub fn may(&self, script: &str) {
        let (code, said) = self.inside(script);
        assert_eq!(code, 0, "{script}\n{said}");
    }

    /// Every file outside of what T1 may change with what it holds and how many names it has, of
    /// all worktrees, the git directory and the home.
    fn everything(&self) -> BTreeMap<String, (Vec<u8>, u64)> {
        let mut found = BTreeMap::new();
        let around = self.repo.root().parent().expect("a parent");
        collect(around, &mut found);
        let own = self.here.join("src/auth").display().to_string();
        found.retain(|path, _| !path.starts_with(&own));
        found
    }
}

/// git exits with 128 and 255, which would look like a bug of ours.
fn failing_with_one(script: &str) -> String {
    format!("( {script}\n) || exit 1")
}

fn collect(directory: &Path, found: &mut BTreeMap<String, (Vec<u8>, u64)>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let metadata = path.symlink_metadata().expect("it exists");
        let (mut bytes, mut names) = (Vec::new(), 0);
        if metadata.is_dir() {
            collect(&path, found);
        } else if metadata.is_symlink() {
            bytes =
                std::fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes();
        } else if metadata.is_file() {
            bytes = std::fs::read(&path).expect("readable");
            names = std::os::unix::fs::MetadataExt::nlink(&metadata);
        }
        found.insert(path.display().to_string(), (bytes, names));
    }
}

/// The paths that only one has, or that are not the same in both.
fn different<V: PartialEq>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> Vec<String> {
    let paths = one.keys().chain(other.keys()).filter(|path| one.get(*path) != other.get(*path));
    paths.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn outside_of_its_directories_a_worker_changes_nothing() {
    if !possible("outside_of_its_directories_a_worker_changes_nothing") {
        return;
    }
    Scene::new().is_kept_from(&[
        // The rest of its own worktree.
        "echo x > README.md",
        "echo x >> src/web/app.rs",
        "sed -i s/one/x/ src/web/app.rs",
        "mv src/auth/login.rs src/web/login.rs",
        "echo x > src/auth/a && mv src/auth/a src/web/a",
        "mv src/web/app.rs src/auth/app.rs",
        "ln README.md src/auth/second",
        "ln src/auth/app.rs src/web/third",
        "ln -s /etc/hostname docs/link",
        "rm src/web/a",
        "mkdir docs/new",
        "cp README.md NEW.md",
        "ln -sfn ../web src/auth/way && echo x > src/auth/way/new.rs",
        "python3 -c 'open(\"docs/guide.md\", \"a\").write(\"x\")'",
        "python3 -c 'import os; os.truncate(\"docs/guide.md\", 1)'",
        "truncate -s 0 docs/guide.md",
        "python3 -c 'import os; os.rename(\"docs/guide.md\", \"docs/other.md\")'",
        "python3 -c 'import os; os.mkfifo(\"docs/pipe\")'",
        // git, by its program and by its files.
        "git config user.name x",
        "git add src/auth",
        "git commit -q -m x --allow-empty --no-verify",
        "git branch other",
        "git tag x",
        "echo 'exit 0' > \"$MAIN/.git/hooks/pre-commit\"",
        "rm \"$MAIN/.git/hooks/commit-msg\"",
        "echo x > \"$MAIN/.git/new\"",
        "echo >> \"$(git rev-parse --git-dir)/HEAD\"",
        // Other worktrees.
        "echo x > \"$OTHER/src/web/app.rs\"",
        "echo x > \"$MAIN/README.md\"",
        "sed -i s/one/x/ \"$MAIN/src/auth/login.rs\"",
        "rm \"$MAIN/docs/guide.md\"",
        "ln \"$MAIN/src/lib.rs\" src/auth/main.rs",
        "git -C \"$MAIN\" commit -q -m x --allow-empty --no-verify",
        // Its own home, and its link to the git directory.
        "echo x > \"$HOME/.profile\"",
        "echo 'gitdir: /nowhere' > .git",
        "mv .git src/auth/gone",
    ]);
}

#[test]
fn inside_of_them_it_changes_what_it_likes() {
    if !possible("inside_of_them_it_changes_what_it_likes") {
        return;
    }
    let scene = Scene::new();
    for script in [
        "echo x > src/auth/new.rs && echo y >> src/auth/new.rs",
        "sed -i s/one/two/ src/auth/login.rs && grep -q two src/auth/login.rs",
        "mkdir -p src/auth/deep/er && mv src/auth/new.rs src/auth/deep/er/new.rs",
        "mv src/auth/deep/er src/auth/er && ln src/auth/er/new.rs src/auth/hard",
        "ln -s login.rs src/auth/soft && rm src/auth/soft src/auth/hard",
        "python3 -c 'open(\"src/auth/p.py\", \"w\").write(\"x\")' && rm -r src/auth/er",
        "truncate -s 0 src/auth/p.py && mkfifo src/auth/pipe && rm src/auth/pipe",
        // A shared file, in place.
        "echo 'mod auth;' >> src/lib.rs && grep -q auth src/lib.rs",
        // Temporary files, and devices.
        "f=$(mktemp) && echo x > \"$f\" && grep -q x \"$f\" && case $f in \"$TMPDIR\"/*) ;; *) exit 1;; esac",
        "echo x > /dev/null && echo x > /dev/full; test $? -ne 0",
        "cat <<here | grep -q x\nx\nhere",
        "python3 -c 'import multiprocessing; multiprocessing.Lock()'",
        // Everything can be read and run.
        "cat \"$MAIN/README.md\" \"$OTHER/src/web/app.rs\" /etc/passwd > /dev/null && ls / > /dev/null",
        "git status --porcelain | grep -q src/auth/p.py",
        "git diff --stat && git log -1 --format=%s | grep -q . && git show HEAD:README.md",
    ] {
        scene.may(script);
    }
    // What `git status` would have written, it has not: the index is as it was.
    let status = scene.repo.git_at(&scene.here, ["status", "--porcelain"]).exits(0);
    status.answers(" M src/auth/login.rs\n M src/lib.rs\n?? src/auth/p.py\n");
}

#[test]
fn it_reaches_no_process_outside() {
    if !possible("it_reaches_no_process_outside") {
        return;
    }
    if !matches!(support(), Support::Landlock(6..)) {
        skipped("it_reaches_no_process_outside", "Landlock ABI 6 is needed");
        return;
    }
    let scene = Scene::new();
    let mut sleeper = std::process::Command::new("sleep").arg("60").spawn().expect("started");
    let script = format!("kill -9 {}", sleeper.id());
    let (code, said) = scene.inside(&script);
    assert_ne!(code, 0, "{said}");
    assert_eq!(sleeper.try_wait().expect("it is ours"), None);
    scene.may("sleep 60 & kill $! && ! wait $!");
    let (code, said) = scene.outside(&script);
    assert_eq!(code, 0, "{said}");
    sleeper.wait().expect("it is ours");
}

#[test]
fn a_scope_at_the_root_opens_the_worktree_and_nothing_else() {
    if !possible("a_scope_at_the_root_opens_the_worktree_and_nothing_else") {
        return;
    }
    let more = "\n[[objective]]\nid = \"T4\"\ntitle = \"Readme\"\ntouch = [\"README.md\"]\n";
    let repo = planned_with(more, "");
    repo.ap(["start", "--yes"]).exits(0);
    let here = place(&repo, "T4");
    let scene = Scene { repo, here };
    scene.may("sed -i s/readme/read/ README.md && echo x > src/web/app.rs");
    scene.is_kept_from(&[
        "echo x > \"$OTHER/README.md\"",
        "echo x > \"$MAIN/README.md\"",
        "git config user.name x",
        "echo x > \"$MAIN/.git/new\"",
    ]);
    let shown = scene.repo.ap(["sandbox", "--dry-run"]).at(&scene.here).exits(0);
    shown.answers_with("all of the worktree among them").answers_with("  ./  (touch README.md)");
}

#[test]
fn its_exit_code_is_the_commands() {
    if !possible("its_exit_code_is_the_commands") {
        return;
    }
    let scene = Scene::new();
    for (script, expected) in [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)] {
        let run = scene.repo.ap(["sandbox", "--", "sh", "-c", script]).at(&scene.here);
        let expected_words = "writes are kept to ";
        run.exits(expected).says(expected_words).answers("");
    }
    let run = scene.repo.ap(["sandbox", "--", "no-such-program"]).at(&scene.here);
    run.exits(1).says("cannot run `no-such-program`: No such file or directory");
}

#[test]
fn elsewhere_there_is_no_scope_to_keep_to() {
    let scene = Scene::new();
    scene
        .repo
        .ap(["sandbox", "--", "true"])
        .exits(1)
        .says("this is the worktree of no objective")
        .says("cd \"$(git ap path T1)\"");
    let refused = scene.repo.ap(["--format", "json", "sandbox", "--dry-run"]).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "user");
    scene.repo.ap(["sandbox"]).exits(2);
}

#[test]
fn a_workers_own_directories_are_open_to_it() {
    if !possible("a_workers_own_directories_are_open_to_it") {
        return;
    }
    let scene = Scene::new();
    let script = "echo x > \"$HOME/.agent/x\" && echo x > \"$HOME/.codex/x\"";
    let team = "schema = 1\n[[worker]]\nid = \"mine\"\npreset = \"codex\"\nstate = [\".agent/\"]\n";
    scene.repo.write(".ap/team.toml", team);
    for (worker, code) in [("mine", 0), ("codex", 1), ("pi", 1)] {
        let words = ["sandbox", "-q", "--worker", worker, "--", "sh", "-c"];
        let script = failing_with_one(script);
        scene.repo.ap(words.iter().chain(&[&*script])).at(&scene.here).exits(code);
    }
    let unknown = scene.repo.ap(["sandbox", "--worker", "mime", "--", "true"]).at(&scene.here);
    unknown.exits(1).says("there is no worker `mime`").says("did you mean `mine`?");
    let shown = scene.repo.ap(["sandbox", "--worker", "mine", "--dry-run"]).at(&scene.here);
    shown.exits(0).answers_with("/home/.agent/  (state)\n").answers_with("/.codex/  (state)\n");
}

#[test]
fn who_ends_it_ends_the_command_and_leaves_nothing() {
    if !possible("who_ends_it_ends_the_command_and_leaves_nothing") {
        return;
    }
    let scene = Scene::new();
    let temporary = scene.repo.beside("temporary");
    std::fs::create_dir(&temporary).expect("writable");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("git-ap"));
    let script = "echo $$ > src/auth/pid.part && mv src/auth/pid.part src/auth/pid; exec sleep 60";
    scene.repo.clean(&mut command).env("TMPDIR", &temporary).current_dir(&scene.here);
    let mut child =
        command.args(["sandbox", "-q", "--", "sh", "-c", script]).spawn().expect("built");
    let file = scene.here.join("src/auth/pid");
    let pid = loop {
        match std::fs::read_to_string(&file) {
            Ok(pid) => break pid.trim().to_owned(),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
        assert!(child.try_wait().expect("it is ours").is_none(), "it ended too early");
    };
    assert_eq!(scene.outside(&format!("kill {}", child.id())).0, 0);
    assert_eq!(child.wait().expect("it is ours").code(), Some(143));
    assert!(!Path::new("/proc").join(pid).exists(), "the command is still there");
    assert_eq!(std::fs::read_dir(&temporary).expect("there").count(), 0);
}
