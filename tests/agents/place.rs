//! A repository and a home of their own, in which `git ap run` drives agents.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::home;
use crate::way::search_path;

/// The plan of the tests.
pub const PLAN: &str = "20251008-104131-wave";

/// A repository and a home, both gone with it.
#[derive(Debug)]
pub struct Place {
    folder: tempfile::TempDir,
    /// The port of the model.
    model: u16,
    /// Where the programs of its agents are.
    programs: Vec<PathBuf>,
}

impl Place {
    /// A repository with these files, in one commit.
    pub fn new(model: u16, programs: &[PathBuf], files: &[(&str, &str)]) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self { folder, model, programs: programs.to_vec() };
        std::fs::create_dir_all(place.home().join("tmp")).expect("writable");
        home::furnish(&place.home(), &place.repo(), model);
        place.write("README.md", "readme\n");
        for (file, text) in files {
            place.write(file, text);
        }
        for words in [
            &["init", "-q", "-b", "main"][..],
            &["config", "user.name", "Test"],
            &["config", "user.email", "test@example.com"],
            &["add", "."],
            &["commit", "-qm", "first"],
        ] {
            place.run("git", words)?;
        }
        Ok(place)
    }

    /// The repository.
    pub fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file of the repository.
    pub fn write(&self, file: &str, text: &str) {
        let file = self.repo().join(file);
        std::fs::create_dir_all(file.parent().expect("in the repository")).expect("writable");
        std::fs::write(file, text).expect("writable");
    }

    /// Takes a plan and a team of these entries over.
    pub fn take(&self, plan: &str, entries: &[String]) -> Result<(), String> {
        let file = self.folder.path().join("plan.toml");
        std::fs::write(&file, plan).expect("writable");
        self.ap(&["plan", "--from", file.to_str().expect("UTF-8")])?;
        self.write(".ap/team.toml", &format!("schema = 1\n{}", entries.concat()));
        Ok(())
    }

    /// Runs git ap.
    pub fn ap(&self, arguments: &[&str]) -> Result<String, String> {
        self.run(env!("CARGO_BIN_EXE_git-ap"), arguments)
    }

    /// A program in the repository with the home, and nothing else of the environment.
    pub fn command<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.repo()).env_clear().stdin(Stdio::null());
        command.env("PATH", search_path(&self.programs)).env("HOME", &home).env("TERM", "xterm");
        command.env("TMPDIR", home.join("tmp")).env("LANG", "C.UTF-8").env("GEMINI_API_KEY", "k");
        command.env("GOOGLE_GEMINI_BASE_URL", format!("http://127.0.0.1:{}", self.model));
        command
    }

    /// Runs it. What it printed; as the error, with what it said beside, where it failed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(program, arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(format!("{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr)))
    }

    /// What a file of the integration branch holds, without the space around it.
    pub fn merged(&self, file: &str) -> Result<String, String> {
        let text = self.run("git", &["show", &format!("ap/{PLAN}/integration:{file}")])?;
        Ok(text.trim().to_owned())
    }
}
