//! Every command that changes a session is killed, or made to fail, at each of its steps; given
//! again, it ends where it would have ended undisturbed.
//!
//! By default it is killed at the first step of each name and made to fail at the last one,
//! where that is another one; `GIT_AP_KILL_ALL=1` does both at every step. Installing and removing hooks has a test of its own kind, in `hooks::killed`.

mod scenarios;
mod scene;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Repo;
use scene::Scene;

/// A repository up to just before a command.
struct Story {
    repo: Repo,
    command: Vec<&'static str>,
    /// The exit code of the command if nothing disturbs it.
    code: i32,
    /// What it may also exit with when all was done already.
    again: &'static [i32],
    template: tempfile::TempDir,
}

impl Story {
    fn new(repo: Repo, command: &[&'static str], code: i32) -> Self {
        let template = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
        copy(folder(&repo), template.path());
        Self { repo, command: command.to_vec(), code, again: &[], template }
    }

    /// A command that has nothing to do any more may say so with one of these.
    fn or_again(self, codes: &'static [i32]) -> Self {
        Self { again: codes, ..self }
    }

    /// Everything as it was before the command, at the same place: paths are kept as absolute
    /// ones.
    fn restore(&self) {
        for entry in std::fs::read_dir(folder(&self.repo)).expect("readable") {
            std::fs::remove_dir_all(entry.expect("readable").path()).expect("removable");
        }
        copy(self.template.path(), folder(&self.repo));
    }

    fn run(&self, failpoint: &str) -> crate::support::Run<'_> {
        let tmp = self.repo.beside("tmp");
        let run = self.repo.ap(&self.command).env("TMPDIR", &tmp.to_string_lossy());
        run.env("GIT_AP_FAILPOINT", failpoint)
    }

    /// The steps of the undisturbed command, each with a name to tell kinds of steps apart.
    fn steps(&self) -> Vec<String> {
        let said = self.run("trace").exits(self.code).stderr();
        let mut steps = Vec::new();
        for line in said.lines().filter_map(|line| line.strip_prefix("step ")) {
            let (number, rest) = line.split_once(' ').expect("a number and a name");
            assert_eq!(number, (steps.len() + 1).to_string(), "another process has steps: {said}");
            let (name, detail) = rest.split_once(' ').unwrap_or((rest, ""));
            let journal = name.starts_with("journal");
            steps.push(if journal { format!("{name} {detail}") } else { name.to_owned() });
        }
        steps
    }

    /// Disturbs the command at its steps, one at a time.
    fn survives(&self) {
        let steps = self.steps();
        assert!(!steps.is_empty(), "{:?} has no step", self.command);
        let expected = Scene::of(&self.repo);
        let mut wrong = String::new();
        for (number, what) in chosen(&steps) {
            let wrong_here = self.disturbed(number, what, &expected);
            if !wrong_here.is_empty() {
                let name = &steps[number - 1];
                let _ = writeln!(wrong, "*#{number}={what} ({name})\n{wrong_here}");
            }
        }
        let list = steps.join("\n");
        assert!(wrong.is_empty(), "git ap {}\n{list}\n\n{wrong}", self.command.join(" "));
    }

    /// Disturbs the command at one step and gives it again; what is then not as expected.
    fn disturbed(&self, number: usize, what: &str, expected: &Scene) -> String {
        self.restore();
        let run = self.run(&format!("*#{number}={what}"));
        if what == "kill" {
            run.dies();
        } else {
            drop(run.ends());
        }
        let again = self.run("").ends();
        let mut differences = Scene::of(&self.repo).differences(expected);
        if again.code() != self.code && !self.again.contains(&again.code()) {
            let _ = writeln!(differences, "exit code {}: {}", again.code(), again.stderr());
        }
        differences
    }
}

/// The steps to disturb, from 1, and how.
fn chosen(steps: &[String]) -> Vec<(usize, &'static str)> {
    let all = 1..=steps.len();
    if std::env::var_os("GIT_AP_KILL_ALL").is_some() {
        return all.flat_map(|number| [(number, "kill"), (number, "fail")]).collect();
    }
    let (mut first, mut last) = (BTreeMap::new(), BTreeMap::new());
    for number in all {
        first.entry(&steps[number - 1]).or_insert(number);
        last.insert(&steps[number - 1], number);
    }
    let repeated = last.into_values().filter(|number| !first.values().any(|n| n == number));
    let failed: Vec<_> = repeated.map(|number| (number, "fail")).collect();
    first.into_values().map(|number| (number, "kill")).chain(failed).collect()
}

/// The folder that holds a repository, its worktrees and its private home.
fn folder(repo: &Repo) -> &Path {
    repo.root().parent().expect("it has a home beside it")
}

fn copy(from: &Path, to: &Path) {
    let from: PathBuf = from.join(".");
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp is there");
    assert!(status.success());
}
