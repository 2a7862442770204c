//! One run of the program, compared with what is expected of it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::Repo;

/// A run that has not begun.
#[must_use = "nothing runs until it is compared with something"]
pub struct Run<'a> {
    repo: &'a Repo,
    command: Command,
    stdin: Option<Vec<u8>>,
    stdout: Option<Stdio>,
    shown: String,
    directory: PathBuf,
}

/// A run that is over.
pub struct Done {
    output: Output,
    shown: String,
    directory: PathBuf,
}

impl<'a> Run<'a> {
    pub(super) fn new<S: AsRef<std::ffi::OsStr>>(
        repo: &'a Repo,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::of(repo, Command::new(assert_cmd::cargo::cargo_bin!("git-ap")), arguments)
    }

    pub(super) fn of<S: AsRef<std::ffi::OsStr>>(
        repo: &'a Repo,
        mut command: Command,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        repo.clean(&mut command).args(arguments).current_dir(repo.root());
        let shown = format!("{command:?}");
        Self { repo, command, stdin: None, stdout: None, shown, directory: repo.root().to_owned() }
    }

    /// With a variable set.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this on standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// With its answer going somewhere else than into the test.
    pub fn stdout_to(mut self, place: impl Into<Stdio>) -> Self {
        self.stdout = Some(place.into());
        self
    }

    /// The command itself, for whoever watches it.
    pub fn command(self) -> Command {
        self.command
    }

    /// In another directory.
    pub fn at(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self.command.current_dir(&self.directory);
        self
    }

    /// Runs it, and panics with all that is known if the exit code is another.
    pub fn exits(mut self, code: i32) -> Done {
        let done = self.finish();
        assert!(
            done.output.status.code() == Some(code),
            "expected exit code {code}\n{}\n{}",
            done.describe(),
            self.repo.git(["status", "--short"])
        );
        done
    }

    /// Runs it, and panics unless it ends by itself with a refusal: neither done nor a bug.
    pub fn refused(mut self) -> Done {
        let done = self.finish();
        let code = done.output.status.code();
        assert!(code.is_some_and(|code| (1..70).contains(&code)), "{}", done.describe());
        done
    }

    /// Runs it, and panics unless it ends by itself, in whatever way but with a bug.
    pub fn ends(mut self) -> Done {
        let done = self.finish();
        let code = done.output.status.code();
        assert!(code.is_some_and(|code| (0..70).contains(&code)), "{}", done.describe());
        done
    }

    /// Runs it, and panics if it was not killed.
    pub fn dies(mut self) {
        let done = self.finish();
        assert_eq!(done.output.status.code(), None, "it was not killed\n{}", done.describe());
    }

    fn finish(&mut self) -> Done {
        use std::io::Write as _;
        let piped = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let answer = self.stdout.take().unwrap_or_else(Stdio::piped);
        self.command.stdin(piped).stdout(answer).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program is built");
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.take(), child.stdin.take()) {
            std::thread::spawn(move || pipe.write_all(&bytes).ok());
        }
        let output = child.wait_with_output().expect("it ends");
        Done { output, shown: self.shown.clone(), directory: self.directory.clone() }
    }
}

impl Done {
    /// Its exit code; -1: it was killed.
    pub fn code(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    /// What it printed as its answer.
    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("the answer is UTF-8")
    }

    /// What it said beside it.
    pub fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("what it says is UTF-8")
    }

    /// Panics unless the answer is exactly this.
    pub fn answers(self, expected: &str) -> Self {
        assert_eq!(self.stdout(), expected, "{}", self.describe());
        self
    }

    /// Panics unless the answer holds this.
    pub fn answers_with(self, part: &str) -> Self {
        assert!(self.stdout().contains(part), "no {part:?} in the answer\n{}", self.describe());
        self
    }

    /// Panics unless it said this.
    pub fn says(self, part: &str) -> Self {
        assert!(self.stderr().contains(part), "it did not say {part:?}\n{}", self.describe());
        self
    }

    /// The answer as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|e| panic!("{e}\n{}", self.describe()))
    }

    /// The second word of each line of the answer that begins with a commit: what `verify` calls
    /// its class.
    pub fn classes(&self) -> Vec<String> {
        let lines = self.stdout();
        let classes = lines.lines().filter(|line| !line.starts_with(' '));
        classes.filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned)).collect()
    }

    fn describe(&self) -> String {
        format!(
            "{}\nin {}\n{}\n--- stdout\n{}\n--- stderr\n{}",
            self.shown,
            self.directory.display(),
            self.output.status,
            String::from_utf8_lossy(&self.output.stdout),
            String::from_utf8_lossy(&self.output.stderr)
        )
    }
}
