//! A real repository in a temporary directory, and the real program run in it, with nothing of
//! the machine's own configuration.

mod run;
mod schema;
mod state;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use run::Run;
pub use schema::against;
pub use state::State;
pub use terminal::Terminal;

/// What the program's clock says in tests.
pub const NOW: &str = "2025-10-08T10:41:31Z";

/// A git repository with a private home.
pub struct Repo {
    keep: tempfile::TempDir,
    root: PathBuf,
}

impl Repo {
    /// An empty repository on the branch `main`.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same with more arguments for `git init`.
    pub fn with(arguments: &[&str]) -> Self {
        let keep = tempfile::tempdir().expect("a temporary directory");
        let base = keep.path().canonicalize().expect("it exists");
        let repo = Self { root: base.join("repo"), keep };
        for folder in ["home", "tmp"] {
            std::fs::create_dir(base.join(folder)).expect("writable");
        }
        std::fs::create_dir(&repo.root).expect("writable");
        repo.git(["init", "--quiet", "--initial-branch=main"].iter().chain(arguments));
        repo
    }

    /// A repository with one commit of these files, each holding its own name.
    pub fn of(files: &[&str]) -> Self {
        let repo = Self::new();
        for file in files {
            repo.write(file, file);
        }
        repo.commit("first");
        repo
    }

    /// The root of the worktree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder beside the repository, for other worktrees.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// Writes a file, making its directories.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.root.join(path);
        std::fs::create_dir_all(file.parent().expect("below the root")).expect("writable");
        std::fs::write(file, text).expect("writable");
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        let file = self.root.join(path);
        std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    }

    /// Commits everything, and returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(["rev-parse", "HEAD"])
    }

    /// What git prints, without the last line feed; panics if it fails.
    pub fn git<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let mut command = Command::new("git");
        let output = self
            .clean(&mut command)
            .args(arguments)
            .current_dir(&self.root)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Git with these arguments in another directory, to be compared with what is expected.
    pub fn git_at<S: AsRef<std::ffi::OsStr>>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run<'_> {
        Run::of(self, Command::new("git"), arguments).at(directory)
    }

    /// The program with these arguments, to be run in the worktree's root.
    pub fn ap<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run<'_> {
        Run::new(self, arguments)
    }

    /// Another program with these arguments, in the same way.
    pub fn program<S: AsRef<std::ffi::OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run<'_> {
        Run::of(self, Command::new(program), arguments)
    }

    /// Everything that a refused command must leave as it was.
    pub fn state(&self) -> State {
        State::of(self)
    }

    /// Takes the machine's environment away from a command.
    pub(crate) fn clean<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = self.keep.path().join("home");
        // What a killed program leaves behind goes with the repository.
        let temporary = self.keep.path().join("tmp");
        command.env_clear().env("PATH", path).env("HOME", home).env("TMPDIR", temporary);
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_AUTHOR_NAME", "A. Thor"),
            ("GIT_AUTHOR_EMAIL", "author@example.com"),
            ("GIT_AUTHOR_DATE", "2025-01-01T00:00:00Z"),
            ("GIT_COMMITTER_NAME", "C. Mitter"),
            ("GIT_COMMITTER_EMAIL", "committer@example.com"),
            ("GIT_COMMITTER_DATE", "2025-01-01T00:00:00Z"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AP_NOW", NOW),
        ] {
            command.env(name, value);
        }
        command
    }
}
