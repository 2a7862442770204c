//! A plan from a worker: it is asked with all that is known, what it answers is held against the
//! same proof as any plan, and what is wrong with it is sent back once.

mod changes;
mod findings;
pub mod question;
mod workplace;

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::domain::event::EventKind;
use crate::domain::finding::{Finding, Severity};
use crate::domain::path::quote;
use crate::domain::plan::{self, Plan, Reading};
use crate::domain::team::stream::{self, Activity, Said};
use crate::domain::team::{Manner, Worker};
use crate::execute::narrate::{Interrupted, Reporter};
use crate::git::Repository;
use crate::store::Steps;
use crate::worker::policy::Policy;
use crate::worker::{self, Around, Ended, Heard, Launch};

use changes::commands_beside;
use workplace::Workplace;

/// How often a worker is asked for one plan.
const TRIES: usize = 2;
/// How many activities of one try are told; an agent in a loop would fill any log.
const TOLD: usize = 5_000;
/// How many of the last lines of its standard error are shown when it failed.
const ERRORS: usize = 5;

/// What the note of an answer that was cut begins with.
const TOO_MUCH: &str = "the planner said more than is read";

/// What a worker is asked for a plan with.
pub struct Asking<'a> {
    /// Who is asked.
    pub worker: &'a Worker,
    /// What it is asked.
    pub question: &'a str,
    /// The built-in plan: its head is settled, and its commands are not the worker's.
    pub start: &'a Plan,
    /// The repository that it gets a copy of.
    pub repository: &'a Repository,
    /// The commit of that copy.
    pub commit: &'a str,
    /// The steps that making the copy passes.
    pub steps: &'a Steps,
    /// The variables that there are.
    pub known: &'a dyn Fn(&str) -> Option<OsString>,
    /// What is wrong with a plan that could be read.
    pub prove: &'a dyn Fn(&Reading, &Plan) -> Result<Vec<Finding>>,
    /// Where what happens is told.
    pub reporter: &'a Reporter,
    /// How much of the whole command is done while it works.
    pub percent: u8,
}

impl std::fmt::Debug for Asking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking").field("worker", &self.worker.id).finish_non_exhaustive()
    }
}

/// What asking came to.
#[derive(Debug)]
pub struct Asked {
    /// Its plan; none: there is none that can be taken.
    pub plan: Option<Plan>,
    /// What a reader of the plan should know of how it came about.
    pub notes: Vec<String>,
    /// What the worker said when it failed: for whoever waits, not for the plan's pages.
    pub said: Vec<String>,
}

/// Asks a worker for a plan. It works in a copy of the commit that is taken away afterwards,
/// whatever happens. Where it brings no plan that can be taken, the notes say why.
///
/// Fails with [`Interrupted`] where the command was stopped.
pub fn plan(asking: &Asking<'_>) -> Result<Asked> {
    let mut talk = Talk { asking, notes: Vec::new(), said: Vec::new() };
    let outcome = talk.hold();
    asking.reporter.checkpoint()?;
    let id = &asking.worker.id;
    let plan = match outcome {
        Ok(Ok(plan)) => Some(plan),
        Ok(Err(why)) => {
            talk.give_up(&why);
            None
        }
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            let why = format!("could not be asked: {}", one_line(&format!("{error:#}")));
            talk.give_up(&why);
            None
        }
    };
    if plan.is_some() {
        let made = format!("this plan was made by the worker {id}, not by the built-in planner");
        talk.notes.insert(0, made);
    }
    Ok(Asked { plan, notes: talk.notes, said: talk.said })
}

/// A conversation with one worker.
struct Talk<'a> {
    asking: &'a Asking<'a>,
    notes: Vec<String>,
    said: Vec<String>,
}

/// Why there is no plan, as what follows the worker's name.
type NoPlan = String;

impl Talk<'_> {
    fn give_up(&mut self, why: &str) {
        let id = self.asking.worker.id.clone();
        let note = format!(
            "the worker {id} was asked for a plan, but {why}: this plan is the built-in one"
        );
        self.notes.insert(0, note);
        let event = EventKind::WorkerError { worker: id, reason: why.to_owned() };
        self.asking.reporter.report(event, self.asking.percent);
    }

    fn hold(&mut self) -> Result<Result<Plan, NoPlan>> {
        let asking = self.asking;
        // Nothing of the copy may stay behind, also when the command is stopped.
        let _hold = asking.reporter.hold();
        let place = Workplace::at(asking.repository, asking.commit, asking.steps)?;
        let outcome = self.converse(&place);
        self.notes.extend(place.close());
        outcome
    }

    fn converse(&mut self, place: &Workplace<'_>) -> Result<Result<Plan, NoPlan>> {
        let mut question = self.asking.question.to_owned();
        let mut wrong = String::new();
        for number in 1..=TRIES {
            let answer = match self.ask(place, &question, number)? {
                Ok(answer) => answer,
                Err(why) => return Ok(Err(why)),
            };
            let (reading, tried) = plan::read_answer_under(&answer, self.asking.start);
            let mut found = reading.findings.clone();
            if let Some(plan) = &reading.plan {
                found.extend((self.asking.prove)(&reading, plan)?);
            }
            found.retain(|finding| finding.severity == Severity::Error);
            match &reading.plan {
                Some(plan) if found.is_empty() => {
                    self.told(plan, &tried, number);
                    let mut plan = plan.clone();
                    if plan.strategy.trim().is_empty() {
                        plan.strategy =
                            format!("as the worker {} divides it", self.asking.worker.id);
                    }
                    return Ok(Ok(plan));
                }
                _ => {}
            }
            wrong = findings::first(&found);
            let errors = if found.len() == 1 { "an error" } else { "errors" };
            self.activity(&Activity {
                kind: stream::Kind::Log,
                text: format!("the plan of {} has {errors}: {wrong}", self.asking.worker.id),
            });
            question = question::again(self.asking.question, &answer, &reading.text, &found);
        }
        Ok(Err(format!("its second answer was no valid plan either ({wrong})")))
    }

    /// What is to be known of a plan that is taken.
    fn told(&mut self, plan: &Plan, tried: &[&str], number: usize) {
        if number > 1 {
            self.notes.push("its first answer had errors, which it mended".to_owned());
        }
        if !tried.is_empty() {
            let keys: Vec<String> = tried.iter().map(|key| format!("`{key}`")).collect();
            self.notes.push(format!(
                "the planner may not change {}: what was there stayed",
                keys.join(", ")
            ));
        }
        self.notes.extend(commands_beside(plan, self.asking.start));
    }

    /// Asks once, and returns what it answered.
    fn ask(
        &mut self,
        place: &Workplace<'_>,
        question: &str,
        number: usize,
    ) -> Result<Result<String, NoPlan>> {
        let asking = self.asking;
        let own = [("AP_PLAN".to_owned(), asking.start.id.to_string())];
        let around = Around {
            prompt: question,
            folder: place.folder(),
            worktree: place.tree(),
            known: asking.known,
            own: &own,
            timeout: Duration::from_secs(asking.worker.timeout_seconds),
            policy: &Policy::of_question(),
        };
        let launch = worker::launch(asking.worker, Manner::Asked, around)?;
        let again = if number > 1 { " once more" } else { "" };
        let text = format!("asking {}{again}: {}", asking.worker.id, one_line(&launch.shown));
        asking.reporter.activity(text, asking.percent);
        let (ended, said) = self.run(&launch)?;
        if ended.stopped {
            return Err(Interrupted::by_ctrl_c().into());
        }
        let failure = said.failure.map(|why| format!("says that it failed: {}", one_line(&why)));
        if let Some(why) = ended.complaint().map(|why| format!("it {why}")).or(failure) {
            self.shown(&ended);
            return Ok(Err(why));
        }
        if said.message.trim().is_empty() {
            self.shown(&ended);
            return Ok(Err("it said nothing".to_owned()));
        }
        if ended.dropped > 0 || said.cut {
            let what = match ended.dropped {
                0 => "its end was dropped".to_owned(),
                bytes => format!("{} KiB of it were dropped", bytes.div_ceil(1024)),
            };
            self.notes.retain(|note| !note.starts_with(TOO_MUCH));
            self.notes.push(format!("{TOO_MUCH}: {what}"));
        }
        Ok(Ok(said.message))
    }

    fn run(&self, launch: &Launch) -> Result<(Ended, Said)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the event loop")?;
        let mut told = 0;
        let stop = self.asking.reporter.stop();
        let carried = worker::carry(&launch.job, &launch.way, stop, |heard| {
            if let Heard::Does(activity) = heard
                && told < TOLD
            {
                told += 1;
                self.activity(&activity);
            }
        });
        let ended = runtime.block_on(carried);
        // A process that holds a pipe open must not hold this one up.
        runtime.shutdown_background();
        ended
    }

    fn activity(&self, activity: &Activity) {
        let event = EventKind::WorkerActivity {
            source: self.asking.worker.id.clone(),
            activity_type: activity.kind.into(),
            text: activity.text.clone(),
        };
        self.asking.reporter.report(event, self.asking.percent);
    }

    /// Keeps the last lines of its standard error for whoever waits.
    fn shown(&mut self, ended: &Ended) {
        let lines = ended.errors.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = lines.map(|line| one_line(line)).collect();
        let id = &self.asking.worker.id;
        let from = lines.len().saturating_sub(ERRORS);
        self.said.extend(lines[from..].iter().map(|line| format!("{id}: {line}")));
    }
}

/// The most characters of foreign text in one line of ours.
const WIDTH: usize = 300;

/// Foreign text on one line, escaped and cut.
fn one_line(text: &str) -> String {
    let line: String = text.trim().chars().take(WIDTH).collect();
    let cut = if line.len() < text.trim().len() { "…" } else { "" };
    let plain = line.chars().all(crate::domain::path::is_printable);
    if plain { format!("{line}{cut}") } else { format!("{}{cut}", quote(line.as_bytes())) }
}
