//! Killed before and after each of its steps, and run again, a command ends as if nothing had
//! happened.

use super::*;

/// A repository in a folder that can be put back as it was.
struct Stage {
    repo: Repo,
    copy: PathBuf,
    /// Where the command runs.
    at: PathBuf,
}

impl Stage {
    fn new(repo: Repo, at: PathBuf) -> Self {
        let copy = repo.beside("copy");
        let stage = Self { repo, copy, at };
        std::fs::create_dir(&stage.copy).expect("writable");
        for name in stage.folders() {
            copy_all(&stage.repo.beside(name), &stage.copy.join(name));
        }
        stage
    }

    fn folders(&self) -> impl Iterator<Item = &'static str> {
        let names = ["repo", "repo.ap", "bare.git"].into_iter();
        names.filter(|name| self.repo.beside(name).exists() || self.copy.join(name).exists())
    }

    fn reset(&self) {
        for name in self.folders() {
            drop(std::fs::remove_dir_all(self.repo.beside(name)));
            copy_all(&self.copy.join(name), &self.repo.beside(name));
        }
    }

    fn tree(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut all = BTreeMap::new();
        for name in self.folders() {
            let files = tree(&self.repo.beside(name)).into_iter();
            all.extend(files.map(|(path, entry)| (format!("{name}/{path}"), entry)));
        }
        all
    }

    fn run(&self, verb: &str, failpoint: &str) -> crate::support::Run<'_> {
        self.repo.ap(["hook", verb]).at(&self.at).env("GIT_AP_FAILPOINT", failpoint)
    }

    /// Kills and fails `verb` at each step, and compares what a second run makes of it. Returns
    /// how many steps there are.
    fn sweep(&self, verb: &str, prepare: impl Fn()) -> usize {
        prepare();
        let start = self.tree();
        let traced = self.run(verb, "trace").exits(0).stderr();
        let steps = numbers(&traced);
        let end = self.tree();
        for (step, name) in &steps {
            // A failure runs destructors and clean-up on its way; only a lock has any.
            let ways: &[&str] =
                if name.ends_with("config") { &["kill", "fail"] } else { &["kill"] };
            for what in ways {
                self.reset();
                prepare();
                assert_same(&start, &self.tree(), "at the start");
                let run = self.run(verb, &format!("*#{step}={what}"));
                if *what == "kill" {
                    run.dies();
                } else {
                    run.exits(1);
                }
                self.run(verb, "").exits(0);
                assert_same(&end, &self.tree(), &format!("{verb}: {what} at {step}"));
            }
            // Whatever became of the first command, the opposite one finds its way too.
            self.reset();
            prepare();
            self.run(verb, &format!("*#{step}=kill")).dies();
            self.run(if verb == "install" { "uninstall" } else { "install" }, "").exits(0);
            assert_same(&start, &self.tree(), &format!("{verb} taken back: kill at {step}"));
        }
        steps.len()
    }

    fn sweep_both(&self) {
        let steps = self.sweep("install", || {});
        assert!(steps > 12, "{steps}");
        self.reset();
        let steps = self.sweep("uninstall", || drop(self.run("install", "").exits(0)));
        assert!(steps > 8, "{steps}");
        self.reset();
        let before = self.tree();
        self.run("install", "").exits(0);
        self.run("uninstall", "").exits(0);
        assert_same(&before, &self.tree(), "there and back");
    }
}

/// The steps of a trace. Hooks that are forwarded are all alike: one stands for them.
fn numbers(traced: &str) -> Vec<(usize, String)> {
    let alike = ["applypatch", "p4-", "post-checkout", "post-merge", "post-rewrite", "pre-auto-gc"];
    let alike = alike.iter().chain(&["pre-rebase", "prepare-commit-msg", "sendemail-validate"]);
    let steps = traced.lines().filter_map(|line| line.strip_prefix("step "));
    let steps = steps.filter(|step| !alike.clone().any(|name| step.contains(name)));
    let read = |step: &str| {
        let (number, rest) = step.split_once(' ')?;
        Some((number.parse().ok()?, rest.split(' ').next()?.to_owned()))
    };
    steps.map(|step| read(step).expect("a number and a name")).collect()
}

fn copy_all(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp is there");
    assert!(status.success());
}

#[test]
fn hooks_in_the_git_directory() {
    let repo = Repo::with(&["--template="]);
    repo.commit("first");
    let hooks = repo.root().join(".git/deep/hooks");
    repo.git(["config".as_ref(), "core.hooksPath".as_ref(), hooks.as_os_str()]);
    let root = repo.root().to_owned();
    Stage::new(repo, root).sweep_both();
}

#[test]
fn hooks_in_front_of_others() {
    let repo = Repo::with(&["--template="]);
    repo.commit("first");
    let hooks = repo.root().join(".git/hooks");
    executable(&hooks.join("pre-commit"), "#!/bin/sh\n");
    set_mode(&hooks.join("pre-commit"), 0o711);
    std::os::unix::fs::symlink("nowhere", hooks.join("pre-push")).expect("linked");
    let root = repo.root().to_owned();
    Stage::new(repo, root).sweep_both();
}

#[test]
fn hooks_by_setting_in_two_worktrees() {
    let repo = Repo::with(&["--template="]);
    repo.commit("first");
    executable(&repo.root().join(".husky/_/pre-commit"), "#!/bin/sh\n");
    repo.git(["config", "core.hooksPath", ".husky/_"]);
    objective(&repo, "T1");
    let root = repo.root().to_owned();
    Stage::new(repo, root).sweep_both();
}

#[test]
fn hooks_by_setting_in_a_worktree_of_a_bare_repository() {
    let repo = Repo::with(&["--template="]);
    repo.commit("first");
    let bare = repo.beside("bare.git").to_str().expect("text").to_owned();
    let linked = repo.beside("repo.ap").to_str().expect("text").to_owned();
    repo.git(["clone", "--quiet", "--bare", repo.root().to_str().expect("text"), &bare]);
    repo.git(["--git-dir", &bare, "worktree", "add", "--quiet", &linked, "main"]);
    repo.git(["--git-dir", &bare, "config", "core.hooksPath", ".husky/_"]);
    let linked = PathBuf::from(linked);
    Stage::new(repo, linked).sweep_both();
}
