//! Linked worktrees through the library, on real git: made, looked into, saved and removed,
//! with a failure at every step and nothing lost.

mod adding;
mod removing;
mod restoring;
mod saving;

use std::path::{Path, PathBuf};

use git_ap::domain::error::Failure;
use git_ap::domain::path::RepoPath;
use git_ap::git::Repository;
use git_ap::git::worktrees::{self, Checkout};
use git_ap::store::Steps;

use crate::support::Repo;

/// A repository that the library can work in, whatever this machine's own configuration is.
fn repo(files: &[&str]) -> Repo {
    let repo = Repo::new();
    for (key, value) in [
        ("user.name", "A. Thor"),
        ("user.email", "author@example.com"),
        ("commit.gpgSign", "false"),
        ("core.hooksPath", ".git/hooks"),
        ("core.autocrlf", "false"),
        ("protocol.file.allow", "always"),
    ] {
        repo.git(["config", key, value]);
    }
    for file in files {
        repo.write(file, file);
    }
    repo.commit("first");
    repo
}

fn open(repo: &Repo) -> Repository {
    Repository::discover(repo.root()).expect("it can be opened")
}

fn path(bytes: impl Into<Vec<u8>>) -> RepoPath {
    RepoPath::new(bytes).expect("a path that git can hold")
}

/// The failure inside an error; panics if it is another error, for only a failure tells a
/// person what to do.
fn failure<T: std::fmt::Debug>(result: anyhow::Result<T>) -> Failure {
    let error = result.expect_err("it is refused");
    match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => panic!("no failure with a hint: {error:#}"),
    }
}

/// What git says of another directory.
fn git_in<const N: usize>(repo: &Repo, directory: &Path, args: [&str; N]) -> String {
    let place = directory.to_str().expect("a test's directory is UTF-8");
    repo.git(["-C", place].into_iter().chain(args))
}

fn on_branch(repo: &Repo) -> Checkout {
    Checkout::Branch { name: "ap/x/T1".into(), start: repo.git(["rev-parse", "main"]) }
}

/// A filled worktree on a branch of its own.
fn added(repo: &Repo) -> PathBuf {
    let place = repo.beside("work/T1");
    worktrees::add(&open(repo), &place, &on_branch(repo), &Steps::default()).expect("added");
    place
}

/// Calls something that fails at its first step, then at its second and so on, until it no
/// longer fails. Each time `begin` makes what it works on.
fn failing<T>(begin: impl Fn() -> T, mut act: impl FnMut(&T, &Steps) -> bool) {
    for n in 1..40 {
        let on = begin();
        let steps = Steps::new(Some(&format!("*#{n}=fail"))).expect("readable");
        if act(&on, &steps) {
            assert!(n > 1, "there are steps to fail at");
            return;
        }
    }
    panic!("more steps than expected");
}
