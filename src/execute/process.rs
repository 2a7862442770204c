//! Running one command line that the owner wrote: in its own process group, within a time, its
//! output kept. Nothing of the group outlives it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anyhow::{Context as _, Result};
use rustix::process::Pid;

use super::interrupt;
use super::narrate::Interrupted;
use crate::git::LOCAL_VARIABLES;
use crate::worker::group;

/// How long a process has between the request to end and its end.
const GRACE: Duration = Duration::from_secs(5);
/// The same where the owner waits for it after Ctrl-C: less than `narrate` waits for its work.
const GRACE_OF_STOP: Duration = Duration::from_secs(2);
/// How long output is waited for that was written before the end. A process that left the group
/// may hold the pipe open and write on.
const DRAIN: Duration = Duration::from_secs(5);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How many of the last lines are kept to be shown.
const TAIL: usize = 40;
/// The longest line that is shown as one, in bytes.
const LINE: u64 = 64 * 1024;
/// How many lines may wait to be shown; beyond that the command waits.
const WAITING: usize = 1024;

/// Variables that are another's: the place of other builds, and the objective in whose worktree
/// we may have been started ourselves.
const NOT_INHERITED: [&str; 5] =
    ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "AP_PLAN", "AP_OBJECTIVE", "AP_PORT_BASE"];
/// What our own variables begin with; a failpoint is not meant for a gate that runs git ap.
const OURS: &[u8] = b"GIT_AP_";

/// A command line and where it runs.
#[derive(Clone, Debug)]
pub struct Line {
    /// For `sh -c`.
    pub command: String,
    /// The working directory.
    pub directory: PathBuf,
    /// Variables beside those that the process inherits.
    pub environment: Vec<(String, OsString)>,
    /// After how long it is stopped.
    pub timeout: Duration,
    /// The file that keeps its output, whole.
    pub log: Option<PathBuf>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; none: killed by a signal.
    pub code: Option<i32>,
    /// Whether it was stopped because it took too long.
    pub timed_out: bool,
    /// How long it took.
    pub took: Duration,
    /// Its last lines of output, as they came.
    pub tail: Vec<String>,
}

impl Ended {
    /// Whether it ended well.
    pub fn is_green(&self) -> bool {
        self.code == Some(0) && !self.timed_out
    }

    /// How it ended, in words.
    pub fn describe(&self) -> String {
        match (self.timed_out, self.code) {
            (true, _) => format!("took longer than {} s and was stopped", self.took.as_secs()),
            (false, Some(code)) => format!("exited with code {code}"),
            (false, None) => "was killed by a signal".to_owned(),
        }
    }
}

/// What ends a command before its time.
#[derive(Clone, Debug, Default)]
pub enum Stops {
    /// Ctrl-C or SIGTERM.
    #[default]
    BySignal,
    /// Whoever started it; the number says how often it was asked for.
    ByUs(Arc<AtomicU8>),
}

/// Runs a command line to its end. Each line of output goes to `on_line`. On Ctrl-C or SIGTERM
/// its group is asked to end, two seconds later or at the second signal it is killed, and the
/// error is [`Interrupted`].
pub fn run(line: &Line, on_line: impl FnMut(&str)) -> Result<Ended> {
    run_with(line, on_line, &Stops::BySignal)
}

/// The same, where something else may stop it as a signal does.
pub(super) fn run_with(line: &Line, on_line: impl FnMut(&str), stops: &Stops) -> Result<Ended> {
    match stops {
        Stops::BySignal => {
            let mut signals = interrupt::subscribe();
            signals.mark_unchanged();
            run_until(line, on_line, || {
                let signalled = signals.has_changed().unwrap_or(false);
                if signalled {
                    signals.mark_unchanged();
                }
                signalled
            })
        }
        Stops::ByUs(asked) => {
            let mut heard = 0;
            run_until(line, on_line, || {
                let now = asked.load(Ordering::Relaxed);
                std::mem::replace(&mut heard, now) < now
            })
        }
    }
}

/// The same; `stop` says whether there was a signal since it was asked last.
fn run_until(
    line: &Line,
    mut on_line: impl FnMut(&str),
    stop: impl FnMut() -> bool,
) -> Result<Ended> {
    let starting = || format!("cannot start `{}` in {}", line.command, line.directory.display());
    let mut log = line.log.as_deref().map(open_log).transpose()?;
    let begun = Instant::now();
    let mut child = command(line).spawn().with_context(starting)?;
    let leader = Pid::from_child(&child);
    let (sender, lines) = sync_channel(WAITING);
    if let Some(pipe) = child.stdout.take() {
        read(pipe, sender.clone());
    }
    if let Some(pipe) = child.stderr.take() {
        read(pipe, sender);
    }
    let mut kept = Kept { tail: VecDeque::new(), log: log.as_mut(), on_line: &mut on_line };
    let asked = follow(leader, &lines, &mut kept, line.timeout, stop);
    // Whatever the command left behind in its group ends with it, and with that the pipes. The
    // leader was not waited for yet, so the number is still that of its group.
    group::kill(leader);
    let status = child.wait().context("cannot wait for a command")?;
    group::await_gone(leader);
    let took = begun.elapsed();
    let asked = asked?;
    if asked == Some(Why::Stopped) {
        return Err(Interrupted::by_ctrl_c().into());
    }
    let until = Instant::now() + DRAIN;
    while let Ok(text) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        kept.keep(&text)?;
    }
    let timed_out = asked == Some(Why::TooLong);
    Ok(Ended { code: status.code(), timed_out, took, tail: kept.tail.into() })
}

/// Why a command was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It took too long.
    TooLong,
    /// The owner wants it.
    Stopped,
}

struct Kept<'a> {
    tail: VecDeque<String>,
    log: Option<&'a mut File>,
    on_line: &'a mut dyn FnMut(&str),
}

impl Kept<'_> {
    /// Takes a line with its end: the log gets every byte, a reader gets text without colours.
    fn keep(&mut self, line: &[u8]) -> Result<()> {
        if let Some(log) = &mut self.log {
            log.write_all(line).context("cannot write a log")?;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text));
        let text = strip_str(&text).to_string();
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        (self.on_line)(&text);
        self.tail.push_back(text);
        Ok(())
    }
}

/// Follows a command to its end, and returns why it was asked to end, if it was.
fn follow(
    leader: Pid,
    lines: &Receiver<Vec<u8>>,
    kept: &mut Kept<'_>,
    timeout: Duration,
    mut stop: impl FnMut() -> bool,
) -> Result<Option<Why>> {
    let begun = Instant::now();
    let mut asked: Option<(Why, Instant)> = None;
    while !group::has_ended(leader)? {
        match lines.recv_timeout(TICK) {
            Ok(line) => kept.keep(&line)?,
            Err(RecvTimeoutError::Timeout) => {}
            // Both pipes are closed: the end is near, or it works on in silence.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK / 10),
        }
        let stopped = stop();
        match asked {
            None if stopped || begun.elapsed() >= timeout => {
                let why = if stopped { Why::Stopped } else { Why::TooLong };
                group::terminate(leader);
                asked = Some((why, Instant::now()));
            }
            Some((_, since)) if stopped => {
                group::kill(leader);
                asked = Some((Why::Stopped, since));
            }
            Some((why, since)) => {
                let grace = if why == Why::Stopped { GRACE_OF_STOP } else { GRACE };
                if since.elapsed() >= grace {
                    group::kill(leader);
                }
            }
            None => {}
        }
    }
    Ok(asked.map(|(why, _)| why))
}

#[expect(clippy::disallowed_methods, reason = "this is the place that runs the owner's commands")]
fn command(line: &Line) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("sh");
    command.arg("-c").arg(&line.command).current_dir(&line.directory).process_group(0);
    for name in LOCAL_VARIABLES.iter().chain(&NOT_INHERITED) {
        command.env_remove(name);
    }
    // What is inherited is this process's own environment; names alone are looked at.
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(OURS) {
            command.env_remove(name);
        }
    }
    command.envs(line.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads lines, with their ends, on a thread of its own; one that does not end is cut. The
/// thread is not waited for: it ends with the pipe or with whoever takes the lines.
fn read(pipe: impl Read + Send + 'static, lines: SyncSender<Vec<u8>>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

/// A log that grows from where it ends; its directories are made.
#[expect(clippy::disallowed_methods, reason = "a log grows line by line")]
pub(super) fn open_log(path: &Path) -> Result<File> {
    let opening = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(opening)?;
    }
    File::options().create(true).append(true).open(path).with_context(opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &str, timeout: u64) -> Line {
        Line {
            command: command.to_owned(),
            directory: std::env::temp_dir(),
            environment: vec![("AP_X".to_owned(), "given".into())],
            timeout: Duration::from_millis(timeout),
            log: None,
        }
    }

    #[test]
    fn what_it_says_and_how_it_ends() {
        let mut seen = Vec::new();
        let ended = run(&line("echo one; echo $AP_X >&2; exit 3", 10_000), |l| {
            seen.push(l.to_owned());
        });
        let ended = ended.expect("it runs");
        seen.sort();
        assert_eq!(seen, ["given", "one"]);
        assert_eq!((ended.code, ended.timed_out, ended.is_green()), (Some(3), false, false));
        assert_eq!(ended.describe(), "exited with code 3");
        assert!(run(&line("true", 10_000), |_| {}).expect("it runs").is_green());
    }

    #[test]
    fn colours_stay_in_the_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let mut red = line("printf '\\033[31mred\\033[0m\\n'", 10_000);
        red.log = Some(log.clone());
        let mut seen = Vec::new();
        let ended = run(&red, |l| seen.push(l.to_owned())).expect("it runs");
        assert_eq!((seen, ended.tail), (vec!["red".to_owned()], vec!["red".to_owned()]));
        assert_eq!(std::fs::read(log).expect("a log"), b"\x1b[31mred\x1b[0m\n");
    }

    #[test]
    fn too_long_is_stopped_with_everything_it_started() {
        let begun = Instant::now();
        let ended = run(&line("sleep 60 & echo $!; wait", 300), |_| {}).expect("it runs");
        assert!(ended.timed_out && begun.elapsed() < Duration::from_secs(20));
        let pid = ended.tail.first().expect("it said its number").clone();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }

    #[test]
    fn a_child_that_stays_behind_ends_too() {
        let ended = run(&line("sleep 60 & echo $!", 10_000), |_| {}).expect("it runs");
        assert!(ended.is_green() && ended.took < Duration::from_secs(30));
    }
    /// `stop` as if signals came at these milliseconds.
    fn signals(at: &[u64]) -> impl FnMut() -> bool {
        let (begun, mut at) = (Instant::now(), at.to_vec());
        move || {
            let due = at.first().is_some_and(|ms| begun.elapsed() >= Duration::from_millis(*ms));
            if due {
                at.remove(0);
            }
            due
        }
    }

    #[test]
    fn the_owner_stops_it_and_it_may_tidy_up() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let tidy = "trap 'sleep 0.3; touch tidied; exit 0' TERM; sleep 60 & wait";
        let line = Line { directory: folder.path().to_owned(), ..line(tidy, 60_000) };
        let error = run_until(&line, |_| {}, signals(&[300])).expect_err("it was stopped");
        assert!(error.is::<Interrupted>(), "{error:#}");
        assert!(folder.path().join("tidied").exists());
    }

    #[test]
    fn one_that_does_not_listen_is_killed_at_once_by_the_second_signal() {
        let deaf = "trap '' TERM; sleep 60 & echo $!; wait; sleep 60";
        for (at, least, most) in [(&[200, 400][..], 0, 2_000), (&[200], 2_000, 10_000)] {
            let mut pid = String::new();
            let begun = Instant::now();
            let error = run_until(&line(deaf, 60_000), |l| l.clone_into(&mut pid), signals(at));
            assert!(error.expect_err("it was stopped").is::<Interrupted>());
            let took = begun.elapsed();
            let bounds = Duration::from_millis(least)..Duration::from_millis(most);
            assert!(bounds.contains(&took), "{at:?}: {took:?}");
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(!pid.is_empty() && (stat.is_empty() || stat.contains(") Z ")), "{stat}");
        }
    }
}
