//! Running the git executable: for what the user's own configuration governs.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::domain::error::{Failure, Kind};
use crate::domain::path::is_printable;

/// The oldest git that has what is used here (`merge-tree --write-tree`).
const OLDEST: (u32, u32) = (2, 38);

/// Git, to be run in a directory.
#[derive(Clone, Debug)]
pub struct Git {
    directory: PathBuf,
    variables: Vec<(String, OsString)>,
    reading: bool,
    elsewhere: bool,
}

/// The variables that say which repository it is, and how this one is used: git exports some of
/// them to a hook, and a git that is started for another repository would take them for its own.
/// What `git rev-parse --local-env-vars` prints (`local_repo_env` in git's environment.c), what
/// older versions of it print, and the quarantine of a push (git-receive-pack(1)).
pub const LOCAL_VARIABLES: [&str; 17] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// What a git that ended has printed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it succeeded.
    pub success: bool,
    /// Its standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Its standard error, byte for byte.
    pub stderr: Vec<u8>,
}

impl Git {
    /// Git in `directory`.
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            variables: Vec::new(),
            reading: true,
            elsewhere: false,
        }
    }

    /// Git in another worktree or repository than the one that this process was started in:
    /// what git's environment says about the first does not count there.
    pub fn elsewhere(directory: &Path) -> Self {
        Self { elsewhere: true, ..Self::at(directory) }
    }

    /// The same as the user would run it, for what starts the user's own programs: a hook, an
    /// editor or a signing program gets the user's language and locks.
    #[must_use]
    pub fn as_user(mut self) -> Self {
        self.reading = false;
        self
    }

    /// The same with a variable set.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Refuses a git that is missing or older than 2.38, by name.
    pub fn require(&self) -> Result<()> {
        let text = self.line(["version"])?;
        match version(&text) {
            Some(found) if found < OLDEST => {
                let message = format!("{text} is too old: git ap needs 2.38 or later");
                Err(Failure::new(Kind::Repository, message).hint("update git").into())
            }
            _ => Ok(()),
        }
    }

    /// What git prints, byte for byte.
    pub fn output<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Vec<u8>> {
        self.fed(args, None)
    }

    /// The first line of what git prints.
    pub fn line<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String> {
        let output = self.output(args)?;
        let text = String::from_utf8_lossy(&output);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// What git prints when it is given `input`.
    pub fn fed<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: Option<&[u8]>,
    ) -> Result<Vec<u8>> {
        let args: Vec<S> = args.into_iter().collect();
        let output = self.run(&args, input)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(&args, &output).into()) }
    }

    /// All that git prints when it is given `input`, also when it fails.
    pub fn answer<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: Option<&[u8]>,
    ) -> Result<Answer> {
        let args: Vec<S> = args.into_iter().collect();
        let output = self.run(&args, input)?;
        let success = output.status.success();
        Ok(Answer { success, stdout: output.stdout, stderr: output.stderr })
    }

    /// What git prints where it answers by its exit code too: `None` for 1, which means no.
    pub fn answered<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Option<String>> {
        let args: Vec<S> = args.into_iter().collect();
        let output = self.run(&args, None)?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            Some(1) => Ok(None),
            _ => Err(failed(&args, &output).into()),
        }
    }

    /// What a merge prints, and whether it was clean (`git merge-tree` exits 1 on conflicts).
    pub(super) fn merged<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<(bool, Vec<u8>)> {
        let args: Vec<S> = args.into_iter().collect();
        let output = self.run(&args, None)?;
        match output.status.code() {
            Some(0) => Ok((true, output.stdout)),
            Some(1) => Ok((false, output.stdout)),
            _ => Err(failed(&args, &output).into()),
        }
    }

    fn run<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&[u8]>) -> Result<Output> {
        let mut command = self.command();
        command.args(args);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let failure = Failure::new(Kind::Repository, format!("cannot start git: {error}"));
            failure.hint("install git 2.38 or later")
        })?;
        // The pipe is fed beside the reading, or two full pipes would wait for each other.
        let output = std::thread::scope(|scope| {
            if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), input) {
                // Git that ends early says why on its standard error; that counts, not the pipe.
                scope.spawn(move || pipe.write_all(bytes).ok());
            }
            child.wait_with_output()
        });
        output.context("cannot read what git prints")
    }

    /// Hands what git prints to `take`, one field at a time, each without the NUL behind it: for
    /// what may be long and of which little is kept. Stops git where `take` fails.
    pub fn fields<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let args: Vec<S> = args.into_iter().collect();
        let mut command = self.command();
        command.args(&args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start git")?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(stdout)) = pipes else { bail!("git has no pipes") };
        let (taken, output) = std::thread::scope(|scope| {
            // As above: the pipes are fed and emptied beside each other.
            scope.spawn(move || stdin.write_all(input).ok());
            let mut errors = child.stderr.take();
            let said = scope.spawn(move || {
                let mut said = Vec::new();
                errors.as_mut().map(|pipe| pipe.read_to_end(&mut said));
                said
            });
            let taken = each_field(BufReader::new(stdout), &mut take);
            if taken.is_err() {
                // It may have ended by itself.
                child.kill().ok();
            }
            let status = child.wait();
            (taken, status.map(|status| (status, said.join().unwrap_or_default())))
        });
        taken?;
        let (status, stderr) = output.context("cannot wait for git")?;
        if status.success() {
            return Ok(());
        }
        Err(failed(&args, &Output { status, stdout: Vec::new(), stderr }).into())
    }

    /// Runs git with the terminal, for what asks the user; returns whether it succeeded.
    pub fn interactive<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<bool> {
        let status = self.command().args(args).status().context("cannot start git")?;
        Ok(status.success())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place that owns starting git")]
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.directory);
        if self.elsewhere {
            for name in LOCAL_VARIABLES {
                command.env_remove(name);
            }
        }
        if self.reading {
            // Messages are parsed and shown in one language; reads take no locks from the user.
            command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
            // A commit is what its id says: whoever can write a reference could otherwise
            // replace it by one that changes less (git-replace(1)).
            command.env("GIT_NO_REPLACE_OBJECTS", "1");
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn failed<S: AsRef<OsStr>>(args: &[S], output: &Output) -> Failure {
    // Past `-c name=value`.
    let mut words = args.iter().map(|a| a.as_ref().to_string_lossy());
    let verb = words.find(|w| *w != "-c" && !w.contains('=')).unwrap_or_default();
    Failure::new(Kind::Repository, format!("`git {verb}` failed: {}", said(&output.stderr)))
}

/// What git said on its standard error, in one printable line.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(4);
    let joined = lines.collect::<Vec<_>>().join("; ");
    let clean: String = joined.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    if clean.is_empty() { "it said nothing".to_owned() } else { clean }
}

/// The major and minor number in what `git version` prints.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split(['.', ' ', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Gives each field before a NUL to `take`, and what stands behind the last one.
fn each_field(mut pipe: impl BufRead, take: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut field = Vec::new();
    while pipe.read_until(0, &mut field).context("cannot read what git prints")? > 0 {
        take(field.strip_suffix(b"\0").unwrap_or(&field))?;
        field.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_they_are_printed() {
        for (text, expected) in [
            ("git version 2.47.3", Some((2, 47))),
            ("git version 2.39.3 (Apple Git-146)", Some((2, 39))),
            ("git version 2.37.0.windows.1", Some((2, 37))),
            ("git version 3.0-rc1", Some((3, 0))),
            ("git version 2.55.0-rc0", Some((2, 55))),
            ("something else", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    fn the_variables_of_a_repository_are_those_that_git_names() {
        let here = Git::at(Path::new("."));
        let named = here.output(["rev-parse", "--local-env-vars"]).expect("git is installed");
        let named = String::from_utf8(named).expect("names");
        let missing: Vec<&str> =
            named.lines().filter(|name| !LOCAL_VARIABLES.contains(name)).collect();
        assert_eq!(missing, [""; 0]);
        assert!(named.lines().count() > 10 && LOCAL_VARIABLES.is_sorted(), "{named}");
    }

    #[test]
    fn elsewhere_gets_no_variable_of_another_repository() {
        let command = Git::elsewhere(Path::new("/x")).as_user().env("GIT_DIR", "/y").command();
        let of = |name: &str| command.get_envs().find(|(n, _)| *n == name).map(|(_, value)| value);
        for name in LOCAL_VARIABLES.into_iter().filter(|name| *name != "GIT_DIR") {
            assert_eq!(of(name), Some(None), "{name}");
        }
        assert_eq!(of("GIT_DIR"), Some(Some(OsStr::new("/y"))), "what is asked for counts");
        assert_eq!(of("GIT_AUTHOR_NAME"), None);
    }

    #[test]
    fn what_git_says_cannot_move_the_cursor() {
        assert_eq!(said(b"fatal: \x1b[2Jbad\n\nhint: x\n"), "fatal:  [2Jbad; hint: x");
    }
}
