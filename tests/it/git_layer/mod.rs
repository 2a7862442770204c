//! The git layer, through the library, on real repositories: what is opened and what is
//! refused, what is read, and what is written with everything else left alone.

mod reading;
mod refusals;
mod writing;

use std::path::Path;

use git_ap::domain::error::Failure;
use git_ap::domain::path::RepoPath;
use git_ap::git::Repository;

use crate::support::Repo;

/// A repository that the library can commit in, whatever this machine's own configuration is:
/// the library runs in the test's process, so the fixture's environment does not reach it.
fn repo(arguments: &[&str]) -> Repo {
    let repo = Repo::with(arguments);
    for (key, value) in [
        ("user.name", "A. Thor"),
        ("user.email", "author@example.com"),
        ("commit.gpgSign", "false"),
        ("core.hooksPath", ".git/hooks"),
        ("core.autocrlf", "false"),
    ] {
        repo.git(["config", key, value]);
    }
    repo
}

fn open(directory: &Path) -> Repository {
    Repository::discover(directory).expect("it can be opened")
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
