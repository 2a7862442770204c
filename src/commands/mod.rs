//! One verb, one file: its arguments and `run`. What all of them are given stands here.

pub mod accomplished;
mod agents_md;
pub mod analyze;
pub mod approve;
pub mod check;
pub mod clean;
pub mod clock;
pub mod completions;
pub mod config;
pub mod diff;
pub mod done;
pub mod drop;
pub mod edit;
pub mod fail;
pub mod history;
pub mod hook;
pub mod init;
pub mod land;
pub mod logs;
pub mod man;
pub mod mcp;
pub mod merge;
pub mod page;
pub mod past;
pub mod path;
pub mod plan;
pub mod project;
pub mod report;
pub mod retry;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod scope;
pub mod session;
pub mod show;
pub mod start;
pub mod status;
pub mod stop;
pub mod survey;
pub mod sync;
pub mod undo;
pub mod verify;
pub mod worker;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Stream};
use crate::domain::id::PlanId;
use crate::domain::plan::SCHEMA;
use crate::execute::narrate::{self, Beat, Interrupted, Reporter};
use crate::ui::progress::Progress;
use crate::ui::{Format, Live, Terminal, Ui, is_closed_output};
use clock::Clock;

/// The flags that every command takes.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// How to answer: for people, as JSON, or (check) as SARIF or GitHub annotations
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "human")]
    pub format: Format,
    /// Leave out everything but the answer
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Answer every question with yes
    #[arg(long, global = true)]
    pub yes: bool,
}

/// The environment of the process, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment(pub BTreeMap<OsString, OsString>);

impl Environment {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }
}

/// What the process was given by whoever started it.
#[derive(Debug)]
pub struct Process {
    /// The directory that it was started in.
    pub cwd: PathBuf,
    /// Its environment.
    pub env: Environment,
    /// Its standard streams.
    pub terminal: Terminal,
    /// The file of the program itself, for hooks to call.
    pub program: PathBuf,
}

/// Answers what a command would do to a session.
pub fn would(ctx: &Ctx, plan: &PlanId, what: &str) -> anyhow::Result<Exit> {
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&serde_json::json!({
            "schema": SCHEMA, "dry_run": true, "plan": plan, "would": what,
        }))?;
    } else {
        ctx.ui.answer(what)?;
    }
    Ok(Exit::DONE)
}

/// What a command works with: nothing else from outside reaches it.
#[derive(Debug)]
pub struct Ctx {
    /// The directory that the command is about.
    pub cwd: PathBuf,
    /// The environment.
    pub env: Environment,
    /// The time.
    pub clock: Clock,
    /// The way to whoever called.
    pub ui: Ui,
    /// The file of the program itself, for hooks to call.
    pub program: PathBuf,
    /// The step that a test wants to fail, from `GIT_AP_FAILPOINT`.
    pub failpoint: Option<String>,
}

impl Ctx {
    /// What a command started with `globals` in `process` works with. Fails where the frozen
    /// clock of a test holds no time.
    pub fn new(globals: Globals, process: Process) -> anyhow::Result<Self> {
        let clock = Clock::new(process.env.get(clock::FROZEN_BY))?;
        let failpoint = process.env.get("GIT_AP_FAILPOINT");
        Ok(Self {
            clock,
            failpoint: failpoint.map(|name| name.to_string_lossy().into_owned()),
            ui: ui(globals, process.terminal),
            cwd: process.cwd,
            env: process.env,
            program: process.program,
        })
    }

    /// Runs work that takes time with its progress shown, then `finish` with what it returned,
    /// and returns what that returns.
    ///
    /// The work gathers and decides; what it decided on is written by `finish`, so that a Ctrl-C
    /// meanwhile (exit code 130) leaves everything as it was. With [`Events::Stdout`] the answer
    /// is the stream of events, ended by `cycle_complete`, when a program reads.
    pub fn narrate<T, W, R>(
        &self,
        events: Events,
        work: W,
        finish: impl FnOnce(T, &mut Narrator<'_>) -> anyhow::Result<R>,
    ) -> anyhow::Result<R>
    where
        W: FnOnce(&Reporter) -> anyhow::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let shown = match (events, self.ui.format) {
            (Events::Stdout, _) | (Events::Beside, Format::Human) => self.ui.clone(),
            (Events::Beside, _) => Ui { quiet: true, format: Format::Human, ..self.ui.clone() },
        };
        let mut narrator = Narrator {
            progress: Progress::new(&shown),
            stream: Stream::default(),
            clock: self.clock,
        };
        let outcome = narrator.run(work).and_then(|value| finish(value, &mut narrator));
        narrator.event(EventKind::CycleComplete { success: outcome.is_ok() }, 0)?;
        drop(narrator);
        outcome.map_err(|error| {
            if error.is::<Interrupted>() {
                let failure = Failure::new(Kind::User, "interrupted: nothing was changed");
                return error.context(failure);
            }
            error
        })
    }

    /// Says what happens to a session while a command works on it.
    pub fn narrator(&self) -> Narrator<'_> {
        Narrator { progress: Progress::new(&self.ui), stream: Stream::default(), clock: self.clock }
    }

    /// The same for a command that shows more than a line of it.
    pub fn narrator_without_line(&self) -> Narrator<'_> {
        let progress = Progress::without_line(&self.ui);
        Narrator { progress, stream: Stream::default(), clock: self.clock }
    }

    /// Refuses a `--format` that `verb` cannot answer in.
    pub fn require_format(&self, verb: &str, formats: &[Format]) -> Result<(), Failure> {
        let name = |format: Format| {
            let value = clap::ValueEnum::to_possible_value(&format);
            value.expect("no format is skipped").get_name().to_owned()
        };
        if formats.contains(&self.ui.format) {
            return Ok(());
        }
        let given = name(self.ui.format);
        let known = formats.iter().copied().map(name).collect::<Vec<_>>().join("|");
        let message = format!("`git ap {verb}` has no answer as `{given}`");
        Err(Failure::new(Kind::Usage, message).hint(format!("git ap {verb} --format {known}")))
    }
}

/// Where events go when a program reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// To standard output: they are the answer.
    Stdout,
    /// Nowhere: the answer is one document.
    Beside,
}

/// Says what happens while a command writes what it decided on.
#[derive(Debug)]
pub struct Narrator<'a> {
    progress: Progress<'a>,
    stream: Stream,
    clock: Clock,
}

impl Narrator<'_> {
    /// Says what happened; `percent` is how much of the whole command is done.
    pub fn event(&mut self, kind: EventKind, percent: u8) -> anyhow::Result<()> {
        self.event_of(self.clock.rfc3339(), kind, percent)
    }

    /// Says what happened at that time, RFC 3339.
    pub fn event_of(&mut self, time: String, kind: EventKind, percent: u8) -> anyhow::Result<()> {
        let event = self.stream.event(kind, percent, time, self.clock.elapsed());
        self.progress.event(&event)
    }

    /// Names the plan in every event from here on.
    pub fn session(&mut self, id: &str) {
        self.stream.set_session(id);
    }

    /// From here on the time that is left is this, in seconds; none: nobody can say.
    pub fn set_remaining(&mut self, seconds: Option<f64>) {
        self.stream.set_remaining(seconds, self.clock.elapsed());
    }

    fn run<T, W>(&mut self, work: W) -> anyhow::Result<T>
    where
        W: FnOnce(&Reporter) -> anyhow::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let now = || (self.clock.rfc3339(), self.clock.elapsed());
        let progress = &mut self.progress;
        let outcome = narrate::narrate(&mut self.stream, work, now, |beat| match beat {
            Beat::Event(event) => progress.event(event),
            Beat::Tick => {
                progress.tick();
                Ok(())
            }
        });
        outcome.flatten()
    }
}

/// The way to whoever called, as the flags and the streams have it.
pub fn ui(globals: Globals, terminal: Terminal) -> Ui {
    Ui {
        format: globals.format,
        quiet: globals.quiet,
        verbose: globals.verbose,
        yes: globals.yes,
        terminal,
        live: Live::default(),
    }
}

/// The exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Everything was done.
    pub const DONE: Exit = Exit(0);

    /// The exit code of an error: its failure's kind, 130 for Ctrl-C, 141 for a pipe that its
    /// reader closed (128 and SIGPIPE, as for every program that is killed by it).
    pub fn of_error(error: &anyhow::Error) -> Self {
        if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
            return Self(interrupted.exit_code());
        }
        if is_closed_output(error) {
            return Self(141);
        }
        crate::ui::failure_of(error).kind.into()
    }

    /// The exit code of a hook that was run for git.
    pub fn of_hook(code: u8) -> Self {
        Self(code)
    }

    /// The number.
    pub fn code(self) -> u8 {
        self.0
    }
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        Self(kind.exit_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_by_error() {
        let pipe = || anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        let failure = |kind| anyhow::Error::from(Failure::new(kind, "m"));
        let table = [
            (pipe().context("asking a worker"), 1),
            (failure(Kind::Usage), 2),
            (failure(Kind::Plan).context("x"), 3),
            (failure(Kind::Bug), 70),
            (anyhow::anyhow!("x"), 1),
            (anyhow::Error::from(Interrupted::by_ctrl_c()).context("x"), 130),
        ];
        for (error, code) in table {
            assert_eq!(Exit::of_error(&error).code(), code, "{error:#}");
        }
    }

    fn ctx(format: Format) -> Ctx {
        let process = Process {
            cwd: PathBuf::from("/"),
            env: Environment::default(),
            terminal: Terminal::default(),
            program: PathBuf::from("git-ap"),
        };
        Ctx::new(Globals { format, ..Globals::default() }, process).expect("nothing is frozen")
    }

    #[test]
    fn a_format_that_cannot_be_is_refused_with_those_that_can() {
        let formats = [Format::Human, Format::Json];
        assert_eq!(ctx(Format::Json).require_format("plan", &formats), Ok(()));
        let refused = ctx(Format::Sarif).require_format("plan", &formats);
        let expected = Failure::new(Kind::Usage, "`git ap plan` has no answer as `sarif`")
            .hint("git ap plan --format human|json");
        assert_eq!(refused, Err(expected));
    }

    #[test]
    fn what_the_work_returns_comes_back() {
        let work = |reporter: &Reporter| {
            reporter.activity("x", 5);
            Ok(7)
        };
        let value = ctx(Format::Human).narrate(Events::Beside, work, |value, _| Ok(value));
        assert_eq!(value.expect("it ends"), 7);
        let work = |_: &Reporter| Err::<(), _>(anyhow::anyhow!("no"));
        let failed = ctx(Format::Human).narrate(Events::Beside, work, |(), _| Ok(()));
        assert_eq!(failed.expect_err("it fails").to_string(), "no");
    }
}
