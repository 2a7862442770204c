//! Gates: commands of the owner that must pass. The first one that does not ends them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::listener::Listener;
use super::process::{Ended, Line, Stops, run_with};
use crate::domain::event::EventKind;
use crate::domain::path::RepoPath;
use crate::domain::session::Failing;
use crate::git::worktrees;

/// What gates are run with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where.
    pub directory: PathBuf,
    /// Variables beside those that are inherited.
    pub environment: Vec<(String, OsString)>,
    /// After how long one is stopped.
    pub timeout: Duration,
    /// How often a red one is tried again.
    pub retries: u32,
    /// The folder that keeps their output.
    pub logs: PathBuf,
    /// The commit that each of them judges: tracked files that an earlier one has changed are
    /// put back. None: they take the files as they are.
    pub commit: Option<String>,
    /// What ends one before its time.
    pub stops: Stops,
}

/// What happens to a gate, while it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// It begins.
    Begins(&'a str),
    /// It says something.
    Says(&'a str, &'a str),
    /// It ended, and how.
    Ends(&'a str, &'a Ended),
    /// These tracked files were changed before it, and were put back.
    PutBack(&'a str, &'a [RepoPath]),
}

/// A gate that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Red {
    /// The command.
    pub command: String,
    /// How it ended.
    pub ended: Ended,
    /// The file with all of its output.
    pub log: PathBuf,
}

impl Red {
    /// The same as it is remembered.
    pub fn failing(&self) -> Failing {
        Failing::new(&self.command, &self.ended.describe(), &self.ended.tail)
    }
}

/// Runs commands in their order. Returns the first that does not pass, after as many more tries
/// as it has; none: all passed.
pub fn check(
    commands: &[String],
    setting: &Setting,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Red>> {
    for (number, command) in commands.iter().enumerate() {
        let red = one(number + 1, command, setting, progress)?;
        if red.is_some() {
            return Ok(red);
        }
    }
    Ok(None)
}

/// Runs every one of the commands, and returns those that do not pass.
pub fn check_all(
    commands: &[String],
    setting: &Setting,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Red>> {
    let mut reds = Vec::new();
    for (number, command) in commands.iter().enumerate() {
        reds.extend(one(number + 1, command, setting, progress)?);
    }
    Ok(reds)
}

/// Runs one command until it passes or has no tries left; how it ended if it does not pass.
fn one(
    number: usize,
    command: &str,
    setting: &Setting,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Red>> {
    let log = setting.logs.join(format!("gate-{number}.log"));
    let line = Line {
        command: command.to_owned(),
        directory: setting.directory.clone(),
        environment: setting.environment.clone(),
        timeout: setting.timeout,
        log: Some(log.clone()),
    };
    let mut tries = 0;
    loop {
        if let Some(commit) = &setting.commit {
            let changed = worktrees::put_back(&setting.directory, commit)?;
            if !changed.is_empty() {
                progress(Progress::PutBack(command, &changed));
            }
        }
        progress(Progress::Begins(command));
        let ended =
            run_with(&line, |text| progress(Progress::Says(command, text)), &setting.stops)?;
        progress(Progress::Ends(command, &ended));
        if ended.is_green() {
            return Ok(None);
        }
        if tries == setting.retries {
            return Ok(Some(Red { command: command.to_owned(), ended, log }));
        }
        tries += 1;
    }
}

/// Tells a listener what happens to a gate, and of what it is one: `base`, a wave, an objective,
/// `landing`.
pub fn tell(place: &str, progress: Progress<'_>, listener: &mut dyn Listener) {
    tell_as("", place, progress, listener);
}

/// The same where others run beside it: its lines begin with its place.
pub fn tell_beside(place: &str, progress: Progress<'_>, listener: &mut dyn Listener) {
    tell_as(&format!("{place}: "), place, progress, listener);
}

fn tell_as(before: &str, place: &str, progress: Progress<'_>, listener: &mut dyn Listener) {
    let place = place.to_owned();
    match progress {
        Progress::Begins(command) => {
            listener.event(EventKind::GateStart { command: command.to_owned(), place });
            listener.note(&format!("{before}gate: {command}"));
        }
        Progress::PutBack(command, paths) => {
            let first = &paths[0];
            let more = match paths.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            listener.note(&format!(
                "{before}put back before `{command}`, for it would not land: {first}{more}"
            ));
        }
        Progress::Says(command, line) => listener.output(command, line),
        Progress::Ends(command, ended) => listener.event(EventKind::GateComplete {
            command: command.to_owned(),
            place,
            passed: ended.is_green(),
            seconds: ended.took.as_secs_f64(),
        }),
    }
}

/// The folder of the logs of something that a session ran.
pub fn logs(session_folder: &Path, what: &str) -> PathBuf {
    session_folder.join("logs").join(what)
}
