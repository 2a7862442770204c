//! Running one command line that the owner wrote: in its own process group, within a time, its
//! output kept. Nothing of the group outlives it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::interrupt;
use super::narrate::Interrupted;
use crate::git::LOCAL_VARIABLES;

/// How long a process has between the request to end and its end.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How many of the last lines are kept to be shown.
const TAIL: usize = 40;
/// The longest line that is kept whole, in bytes.
const LINE: u64 = 64 * 1024;

/// Variables that say where other builds keep their results: a gate must not meet those.
const BUILD_PLACES: [&str; 4] =
    ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "GOCACHE_DIR", "GIT_AP_FAILPOINT"];

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

/// Runs a command line to its end. Each line of output goes to `on_line`. On Ctrl-C or SIGTERM
/// its group is killed and the error is [`Interrupted`].
pub fn run(line: &Line, mut on_line: impl FnMut(&str)) -> Result<Ended> {
    let starting = || format!("cannot start `{}`", line.command);
    let mut log = line.log.as_deref().map(open_log).transpose()?;
    let mut signals = interrupt::subscribe();
    signals.mark_unchanged();
    let begun = Instant::now();
    let mut child = command(line).spawn().with_context(starting)?;
    let (sender, lines) = channel();
    let out = child.stdout.take().map(|pipe| read(pipe, sender.clone()));
    let err = child.stderr.take().map(|pipe| read(pipe, sender));
    let mut kept = Kept { tail: VecDeque::new(), log: log.as_mut(), on_line: &mut on_line };
    let outcome = follow(&mut child, &lines, &mut kept, line.timeout, || {
        signals.has_changed().unwrap_or(false)
    });
    // Whatever the command left behind in its group ends with it, and with that the pipes.
    kill_group(child.id(), rustix::process::Signal::KILL);
    let (code, timed_out) = outcome?;
    while let Ok(text) = lines.recv_timeout(GRACE) {
        kept.keep(&text)?;
    }
    let tail = kept.tail.into();
    for reader in [out, err].into_iter().flatten() {
        // A process that left the group may hold the pipe open; its lines are not waited for.
        if reader.is_finished() {
            drop(reader.join());
        }
    }
    Ok(Ended { code, timed_out, took: begun.elapsed(), tail })
}

struct Kept<'a> {
    tail: VecDeque<String>,
    log: Option<&'a mut File>,
    on_line: &'a mut dyn FnMut(&str),
}

impl Kept<'_> {
    fn keep(&mut self, text: &str) -> Result<()> {
        if let Some(log) = &mut self.log {
            writeln!(log, "{text}").context("cannot write a log")?;
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(text.to_owned());
        (self.on_line)(text);
        Ok(())
    }
}

/// The exit code, and whether it was stopped for its time.
fn follow(
    child: &mut Child,
    lines: &Receiver<String>,
    kept: &mut Kept<'_>,
    timeout: Duration,
    interrupted: impl Fn() -> bool,
) -> Result<(Option<i32>, bool)> {
    let begun = Instant::now();
    let mut asked: Option<Instant> = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok(text) => kept.keep(&text)?,
            Err(RecvTimeoutError::Timeout) => {}
            // Both pipes are closed: the end is near.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK / 10),
        }
        if let Some(status) = child.try_wait().context("cannot wait for a command")? {
            return Ok((status.code(), asked.is_some()));
        }
        if interrupted() {
            kill_group(child.id(), rustix::process::Signal::TERM);
            std::thread::sleep(TICK);
            kill_group(child.id(), rustix::process::Signal::KILL);
            child.wait().context("cannot wait for a command")?;
            return Err(Interrupted::by_ctrl_c().into());
        }
        match asked {
            None if begun.elapsed() >= timeout => {
                kill_group(child.id(), rustix::process::Signal::TERM);
                asked = Some(Instant::now());
            }
            Some(since) if since.elapsed() >= GRACE => {
                kill_group(child.id(), rustix::process::Signal::KILL);
            }
            _ => {}
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that runs the owner's commands")]
fn command(line: &Line) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("sh");
    command.arg("-c").arg(&line.command).current_dir(&line.directory).process_group(0);
    for name in LOCAL_VARIABLES.iter().chain(&BUILD_PLACES) {
        command.env_remove(name);
    }
    command.envs(line.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads lines on a thread of its own; bytes that are not UTF-8 are replaced, and a line that
/// does not end is cut.
fn read(pipe: impl Read + Send + 'static, lines: Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        loop {
            let mut bytes = Vec::new();
            match reader.by_ref().take(LINE).read_until(b'\n', &mut bytes) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if lines.send(String::from_utf8_lossy(text).into_owned()).is_err() {
                return;
            }
        }
    })
}

/// Sends a signal to the group of a process. That there is none any more is the usual case.
fn kill_group(leader: u32, signal: rustix::process::Signal) {
    let leader = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(leader) = leader {
        let _gone = rustix::process::kill_process_group(leader, signal);
    }
}

#[expect(clippy::disallowed_methods, reason = "a log grows line by line")]
fn open_log(path: &Path) -> Result<File> {
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
}
