//! Running a worker's process to its end. Many can run beside each other on one runtime: nothing
//! here blocks, and each tells its lines as they come.

mod follow;
mod read;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Pid;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use follow::{Following, Why};
use read::Read;

use super::{group, leftover};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::quote;
use crate::domain::team::stream::{Activity, Said, Usage};
use crate::domain::team::word::Word;

/// How long output is waited for that was written before the end.
const DRAIN: Duration = Duration::from_secs(2);
/// The longest line of output that is handed on as one, in bytes: the last message of an agent
/// may stand in one.
pub(super) const LINE: u64 = 8 * 1024 * 1024;
/// The same for standard error.
const ERROR_LINE: u64 = 16 * 1024;
/// How many lines may wait to be handed on; beyond that the worker waits.
const WAITING: usize = 4;
/// How long one that is spoken with has to answer the first messages: some take their time to
/// start, beside others.
pub(super) const HELLO: Duration = Duration::from_mins(2);
/// How many activities may wait to be told; one that does more is told less of.
const DOINGS: usize = 256;

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

/// What is heard of a worker while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// It printed this.
    Line(Line<'a>),
    /// It does this.
    Does(Activity),
    /// It has used so much so far.
    Used(Usage),
}

/// What a conversation came to.
#[derive(Clone, Debug)]
pub(super) struct Conclusion {
    /// Its last word.
    pub(super) word: Word,
    /// What was said until then.
    pub(super) said: Said,
}

/// What is noticed of whoever is spoken with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It does this.
    Does(Activity),
    /// It has used so much so far.
    Uses(Usage),
}

impl From<Doing> for Heard<'_> {
    fn from(doing: Doing) -> Self {
        match doing {
            Doing::Does(activity) => Self::Does(activity),
            Doing::Uses(usage) => Self::Used(usage),
        }
    }
}

/// What whoever speaks with a process gets.
#[derive(Debug)]
pub(super) struct Pipes {
    /// Its standard input, which is closed when this goes.
    pub(super) input: ChildStdin,
    /// The lines of its standard output with their ends; one without is too long, or the last.
    pub(super) lines: mpsc::Receiver<Vec<u8>>,
    /// Becomes true when the work is to be cancelled.
    pub(super) cancel: watch::Receiver<bool>,
    /// Where what it does is told.
    pub(super) does: mpsc::Sender<Doing>,
}

/// Waits until the work is to be cancelled.
pub(super) async fn wanted(cancel: &mut watch::Receiver<bool>) {
    if cancel.wait_for(|cancel| *cancel).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A conversation that can be had with a process.
pub(super) type Talk =
    Box<dyn FnOnce(Pipes) -> Pin<Box<dyn Future<Output = Conclusion> + Send>> + Send>;

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
    /// Its last word, where it was spoken to over a protocol.
    pub word: Option<Word>,
}

impl Ended {
    /// What is wrong with how it ended, in words; none: nothing.
    pub fn complaint(&self) -> Option<String> {
        match (self.timed_out, &self.word, self.code) {
            (true, ..) => Some(format!("took longer than {} s", self.took.as_secs())),
            // What became of a server after its answer says nothing.
            (false, Some(word), _) => word.complaint(),
            (false, None, Some(0)) => None,
            (false, None, Some(code)) => Some(format!("exited with code {code}")),
            (false, None, None) => Some("was killed by a signal".to_owned()),
        }
    }
}

/// Runs a worker's process to its end, and hands on what is heard. When `stop` asks for it, or
/// when it takes too long, its standard input is closed and its group is asked to end, and killed
/// a little later. Whatever it started ends with it, also where the returned future is dropped.
///
/// Where it is spoken with, what it said is there unless it was ended before it could say a last
/// word. Fails where the command cannot be started.
pub(super) async fn attend(
    job: &Job,
    stop: watch::Receiver<Urgency>,
    talk: Option<Talk>,
    mut hear: impl FnMut(Heard<'_>),
) -> Result<(Ended, Option<Said>)> {
    let begun = Instant::now();
    let mut child = start(job, talk.is_some())?;
    let number = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let leader = number.context("a process that was started has a number")?;
    let guard = Guard { leader, mark: job.mark.clone() };
    let dropped = Arc::new(AtomicU64::new(0));
    let (sender, lines) = mpsc::channel(WAITING);
    let (also, read_along) = mpsc::channel(WAITING);
    let also = talk.is_some().then_some(also);
    if let Some(pipe) = child.stderr.take() {
        let (lines, left) = (sender.clone(), job.limit);
        let read =
            Read { pipe, source: Source::Error, longest: ERROR_LINE, left, lines, also: None };
        tokio::spawn(async move { read.counted(&AtomicU64::new(0)).await });
    }
    if let Some(pipe) = child.stdout.take() {
        let (lines, left) = (sender, job.limit);
        let read = Read { pipe, source: Source::Output, longest: LINE, left, lines, also };
        let dropped = Arc::clone(&dropped);
        tokio::spawn(async move { read.counted(&dropped).await });
    }
    let (doing, does) = mpsc::channel(DOINGS);
    let (cancel, cancelled) = watch::channel(false);
    let spoken = talk.is_some();
    let talk = match (talk, child.stdin.take()) {
        (Some(talk), Some(input)) => {
            talk(Pipes { input, lines: read_along, cancel: cancelled, does: doing })
        }
        (_, pipe) => Box::pin(feed(pipe, job.input.clone().unwrap_or_default())),
    };
    let mut following = Following {
        leader,
        timeout: job.timeout,
        stop,
        lines,
        does,
        talk,
        cancel: spoken.then_some(cancel),
        conclusion: None,
        errors: VecDeque::new(),
        hear: &mut hear,
    };
    let why = following.follow().await;
    // The leader was not waited for yet, so the number is still that of its group.
    drop(guard);
    let status = child.wait().await.context("cannot wait for a worker")?;
    let why = why?;
    let gone_by = Instant::now() + group::GONE;
    while !group::is_gone(leader) && Instant::now() < gone_by {
        sleep(group::TICK).await;
    }
    let took = begun.elapsed();
    following.drain(Instant::now() + DRAIN).await;
    let Following { conclusion, errors, .. } = following;
    let (word, said) = match conclusion {
        Some(Conclusion { word, said }) => (Some(with_code(word, status.code())), Some(said)),
        None if spoken => (Some(Word::Cancelled), None),
        None => (None, None),
    };
    let ended = Ended {
        code: status.code(),
        timed_out: why == Some(Why::TooLong),
        stopped: why == Some(Why::Stopped),
        took,
        dropped: dropped.load(Ordering::Relaxed),
        errors: errors.into(),
        word,
    };
    Ok((ended, said))
}

/// A conversation that broke off, with how the process ended.
fn with_code(word: Word, code: Option<i32>) -> Word {
    match (word, code) {
        (Word::Broken(how), Some(code)) => Word::Broken(format!("{how} (exit code {code})")),
        (word, _) => word,
    }
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
fn start(job: &Job, spoken: bool) -> Result<Child> {
    let program = job.words.first().context("a command has a program")?;
    let mut command = std::process::Command::new(program);
    command.args(&job.words[1..]).current_dir(&job.directory);
    command.env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.env(leftover::MARK, &job.mark);
    // An agent that waits for the end of an open pipe would wait for ever.
    let piped = spoken || job.input.is_some();
    command.stdin(if piped { Stdio::piped() } else { Stdio::null() });
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

/// Gives a command what it is asked, and speaks no further. One that ends without reading it all
/// does not want the rest.
async fn feed(pipe: Option<ChildStdin>, input: Vec<u8>) -> Conclusion {
    if let Some(mut pipe) = pipe {
        drop(pipe.write_all(&input).await);
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests;
