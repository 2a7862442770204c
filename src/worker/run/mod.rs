//! Running a worker's command to its end. Many can run beside each other on one runtime: nothing
//! here blocks, and each tells its lines as they come.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Pid;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

use super::{group, leftover};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::quote;

/// How long a worker has between the request to end and its end.
const GRACE: Duration = Duration::from_secs(5);
/// The same where the owner waits for it after Ctrl-C.
const GRACE_OF_STOP: Duration = Duration::from_secs(2);
/// How long output is waited for that was written before the end.
const DRAIN: Duration = Duration::from_secs(2);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(20);
/// The longest line of output that is handed on as one, in bytes: the last message of an agent
/// may stand in one.
const LINE: u64 = 8 * 1024 * 1024;
/// The same for standard error.
const ERROR_LINE: u64 = 16 * 1024;
/// How many lines may wait to be handed on; beyond that the worker waits.
const WAITING: usize = 4;
/// How many of the last lines of standard error are kept.
const TAIL: usize = 20;

/// Whether work should go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It goes on.
    #[default]
    GoOn,
    /// It is asked to end.
    Stop,
    /// It ends now.
    AtOnce,
}

/// A command and what it is run with.
#[derive(Clone, Debug)]
pub struct Job {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// The working directory.
    pub directory: PathBuf,
    /// All of its variables.
    pub environment: Vec<(String, OsString)>,
    /// What it gets on standard input, before the end of it; none: nothing.
    pub input: Option<Vec<u8>>,
    /// After how long it is stopped.
    pub timeout: Duration,
    /// How many bytes of its standard output are handed on; the rest is read and dropped.
    pub limit: u64,
    /// What marks everything that it starts: one of [`leftover::mark`].
    pub mark: String,
}

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// A line of a worker, without its end; what is not UTF-8 is U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it was written to.
    pub source: Source,
    /// What it says.
    pub text: &'a str,
}

/// How a worker's command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; none: killed by a signal.
    pub code: Option<i32>,
    /// Whether it was stopped because it took too long.
    pub timed_out: bool,
    /// Whether it was stopped because somebody wanted it.
    pub stopped: bool,
    /// How long it took.
    pub took: Duration,
    /// How many bytes of its standard output were dropped.
    pub dropped: u64,
    /// The last lines of its standard error, as they came.
    pub errors: Vec<String>,
}

impl Ended {
    /// What is wrong with how it ended, in words; none: nothing.
    pub fn complaint(&self) -> Option<String> {
        match (self.timed_out, self.code) {
            (true, _) => Some(format!("took longer than {} s", self.took.as_secs())),
            (false, Some(0)) => None,
            (false, Some(code)) => Some(format!("exited with code {code}")),
            (false, None) => Some("was killed by a signal".to_owned()),
        }
    }
}

/// Runs a worker's command to its end and hands on its lines. When `stop` asks for it, or when
/// it takes too long, its standard input is closed and its group is asked to end, and killed a
/// little later. Whatever it started ends with it, also where the returned future is dropped.
///
/// Fails where the command cannot be started.
pub async fn run(
    job: &Job,
    stop: watch::Receiver<Urgency>,
    mut on_line: impl FnMut(Line<'_>),
) -> Result<Ended> {
    let begun = Instant::now();
    let mut child = start(job)?;
    let number = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let leader = number.context("a process that was started has a number")?;
    let guard = Guard { leader, mark: job.mark.clone() };
    let dropped = Arc::new(AtomicU64::new(0));
    let (sender, mut lines) = mpsc::channel(WAITING);
    if let Some(pipe) = child.stdout.take() {
        let read = read(pipe, Source::Output, LINE, job.limit, sender.clone());
        let dropped = Arc::clone(&dropped);
        tokio::spawn(async move { read.counted(&dropped).await });
    }
    if let Some(pipe) = child.stderr.take() {
        let read = read(pipe, Source::Error, ERROR_LINE, u64::MAX, sender);
        tokio::spawn(async move { read.counted(&AtomicU64::new(0)).await });
    }
    let pipe = child.stdin.take();
    let feeding = tokio::spawn(feed(pipe, job.input.clone().unwrap_or_default()));
    let mut kept = Kept { errors: VecDeque::new(), on_line: &mut on_line };
    let why = follow(leader, &mut lines, &mut kept, job.timeout, &stop, &feeding).await;
    feeding.abort();
    // The leader was not waited for yet, so the number is still that of its group.
    drop(guard);
    let status = child.wait().await.context("cannot wait for a worker")?;
    let why = why?;
    let gone_by = Instant::now() + group::GONE;
    while !group::is_gone(leader) && Instant::now() < gone_by {
        sleep(group::TICK).await;
    }
    let took = begun.elapsed();
    let until = Instant::now() + DRAIN;
    while let Ok(Some((source, line))) = timeout_at(until, lines.recv()).await {
        kept.keep(source, &line);
    }
    Ok(Ended {
        code: status.code(),
        timed_out: why == Some(Why::TooLong),
        stopped: why == Some(Why::Stopped),
        took,
        dropped: dropped.load(Ordering::Relaxed),
        errors: kept.errors.into(),
    })
}

/// Ends a worker's group, and what left it, when it goes out of scope.
struct Guard {
    leader: Pid,
    mark: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        group::kill(self.leader);
        leftover::kill(&self.mark);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that starts workers")]
fn start(job: &Job) -> Result<Child> {
    let program = job.words.first().context("a command has a program")?;
    let mut command = std::process::Command::new(program);
    command.args(&job.words[1..]).current_dir(&job.directory);
    command.env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.env(leftover::MARK, &job.mark);
    // An agent that waits for the end of an open pipe would wait for ever.
    command.stdin(if job.input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = Command::from(command);
    command.process_group(0).kill_on_drop(true);
    command.spawn().map_err(|error| {
        let shown = quote(program.as_encoded_bytes()).into_owned();
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such program on `PATH`".to_owned(),
            _ => error.to_string(),
        };
        Failure::new(Kind::Worker, format!("cannot start `{shown}`: {why}")).into()
    })
}

/// Why a worker was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It took too long.
    TooLong,
    /// Somebody wants it.
    Stopped,
}

type Lines = mpsc::Receiver<(Source, Vec<u8>)>;

/// Follows a worker to its end, and returns why it was asked to end, if it was.
async fn follow<F: FnMut(Line<'_>)>(
    leader: Pid,
    lines: &mut Lines,
    kept: &mut Kept<'_, F>,
    timeout: Duration,
    stop: &watch::Receiver<Urgency>,
    feeding: &tokio::task::JoinHandle<()>,
) -> Result<Option<Why>> {
    let begun = Instant::now();
    let mut asked: Option<(Why, Instant)> = None;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => {}
            line = lines.recv(), if open => {
                match line {
                    Some((source, line)) => kept.keep(source, &line),
                    // Both pipes are closed: the end is near, or it works on in silence.
                    None => open = false,
                }
                continue;
            }
        }
        if group::has_ended(leader)? {
            return Ok(asked.map(|(why, _)| why));
        }
        let urgency = *stop.borrow();
        match asked {
            None if urgency > Urgency::GoOn || begun.elapsed() >= timeout => {
                let why = if urgency > Urgency::GoOn { Why::Stopped } else { Why::TooLong };
                feeding.abort();
                group::terminate(leader);
                asked = Some((why, Instant::now()));
            }
            Some((why, since)) => {
                let grace = match (why, urgency) {
                    (_, Urgency::AtOnce) => Duration::ZERO,
                    (Why::Stopped, _) | (Why::TooLong, Urgency::Stop) => GRACE_OF_STOP,
                    (Why::TooLong, Urgency::GoOn) => GRACE,
                };
                if since.elapsed() >= grace {
                    group::kill(leader);
                }
                if urgency > Urgency::GoOn {
                    asked = Some((Why::Stopped, since));
                }
            }
            None => {}
        }
    }
}

struct Kept<'a, F> {
    errors: VecDeque<String>,
    on_line: &'a mut F,
}

impl<F: FnMut(Line<'_>)> Kept<'_, F> {
    fn keep(&mut self, source: Source, line: &[u8]) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text));
        (self.on_line)(Line { source, text: &text });
        if source == Source::Error {
            if self.errors.len() == TAIL {
                self.errors.pop_front();
            }
            self.errors.push_back(text.into_owned());
        }
    }
}

/// A worker that ends without reading it all does not want the rest.
async fn feed(pipe: Option<tokio::process::ChildStdin>, input: Vec<u8>) {
    if let Some(mut pipe) = pipe {
        drop(pipe.write_all(&input).await);
    }
}

struct Read<P> {
    reader: BufReader<P>,
    source: Source,
    longest: u64,
    left: u64,
    lines: mpsc::Sender<(Source, Vec<u8>)>,
}

fn read<P: AsyncRead + Unpin>(
    pipe: P,
    source: Source,
    longest: u64,
    limit: u64,
    lines: mpsc::Sender<(Source, Vec<u8>)>,
) -> Read<P> {
    Read { reader: BufReader::new(pipe), source, longest, left: limit, lines }
}

impl<P: AsyncRead + Unpin> Read<P> {
    /// Reads to the end and counts what is dropped: all that comes behind the limit.
    async fn counted(mut self, dropped: &AtomicU64) {
        loop {
            let mut line = Vec::new();
            let mut part = (&mut self.reader).take(self.longest);
            let Ok(count @ 1..) = part.read_until(b'\n', &mut line).await else { return };
            let count = count as u64;
            if count > self.left {
                self.left = 0;
                dropped.fetch_add(count, Ordering::Relaxed);
            } else {
                self.left -= count;
                if self.lines.send((self.source, line)).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
