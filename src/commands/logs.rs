//! `git ap logs`: what the worker of an objective says.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::session::Workshop;
use super::{Ctx, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
use crate::domain::session::Standing;
use crate::execute::gates;
use crate::execute::session::look;
use crate::store::{self, Journal};
use crate::ui::{Format, text};

/// How often a log that is followed is looked at.
const PACE: Duration = Duration::from_millis(200);
/// How much of a log is read at once.
const PART: usize = 1 << 16;

/// Show what the worker of an objective says
///
/// All of its output, as it came; characters that would act on a terminal are written out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap logs T1               what its last worker has printed
  git ap logs T1 -f            and what it prints from now on
  git ap logs jwt/T1 --try 1   what the first one has printed
  git ap logs T1 --response    the last message alone")]
pub struct Args {
    /// The objective, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// Go on until the worker is back
    #[arg(short, long)]
    pub follow: bool,
    /// The worker that had this turn, from 1; left out: the last one
    #[arg(long = "try", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub attempt: Option<u32>,
    /// Its last message
    #[arg(long, conflicts_with_all = ["follow", "attempt"])]
    pub response: bool,
}

/// Prints a log.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("logs", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(args.objective.as_deref())?;
    let repository = &workshop.project.repository;
    let standing = || -> Result<Option<Standing>> {
        let session = look(repository, &plan)?;
        Ok(session.and_then(|session| session.objective(&objective).cloned()))
    };
    let tries = standing()?.map_or(0, |standing| standing.attempts.len());
    let number = args.attempt.map_or(tries, |n| usize::try_from(n).unwrap_or(usize::MAX));
    if number == 0 || number > tries {
        let message = match tries {
            0 => format!("no worker was given {objective} yet"),
            n => format!("{objective} was tried {n} times, not {number}"),
        };
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    let journal = Journal::at(&repository.common_dir(), &plan);
    let folder = gates::logs(journal.folder(), objective.as_str());
    let name =
        if args.response { "response.md".to_owned() } else { format!("worker-{number}.log") };
    let mut log = Log::open(folder.join(name))?;
    let at_work = || -> Result<bool> {
        let last = standing()?.and_then(|standing| standing.attempts.into_iter().nth(number - 1));
        Ok(last.is_some_and(|a| a.returned.is_none() && store::is_alive(&a.holder)))
    };
    if ctx.ui.format == Format::Json {
        let mut lines: Vec<String> = Vec::new();
        log.each(|line| {
            lines.push(line.to_owned());
            Ok(())
        })?;
        ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": plan, "objective": objective, "try": number,
            "at_work": at_work()?, "lines": lines,
        }))?;
        return Ok(Exit::DONE);
    }
    loop {
        // Asked first: what is written until then is read below.
        let goes_on = args.follow && at_work()?;
        log.each(|line| Ok(ctx.ui.answer(&text::clean(line))?))?;
        if !goes_on {
            return Ok(Exit::DONE);
        }
        std::thread::sleep(PACE);
    }
}

/// A log that may still grow.
struct Log {
    path: PathBuf,
    read: u64,
    /// What was read of a line that has no end yet.
    rest: Vec<u8>,
}

impl Log {
    fn open(path: PathBuf) -> Result<Self> {
        if path.exists() {
            return Ok(Self { path, read: 0, rest: Vec::new() });
        }
        let message = format!("there is no {}", path.display());
        Err(Failure::new(Kind::Io, message).hint("git ap status").into())
    }

    /// Hands on each line that was written since the last time.
    fn each(&mut self, mut line: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let reading = || format!("cannot read {}", self.path.display());
        let mut file = File::open(&self.path).with_context(reading)?;
        file.seek(SeekFrom::Start(self.read)).with_context(reading)?;
        let mut part = vec![0; PART];
        loop {
            let count = file.read(&mut part).with_context(reading)?;
            if count == 0 {
                return Ok(());
            }
            self.read += count as u64;
            self.rest.extend(&part[..count]);
            let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let whole: Vec<u8> = self.rest.drain(..=end).collect();
            for text in String::from_utf8_lossy(&whole).lines() {
                line(text)?;
            }
        }
    }
}
