//! `git ap worker discover`: each worker is started and asked what it can do, without an
//! objective; what follows from that for `.ap/team.toml` is shown, and written on consent.

mod ask;
mod show;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::list::obstacle;
use crate::analysis::language::{Kind as LanguageKind, Language};
use crate::analysis::words::stem;
use crate::apply::{Outcome, apply};
use crate::commands::project::Project;
use crate::commands::session::Team;
use crate::commands::{Ctx, Events, Exit};
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::{Complexity, TaskType};
use crate::domain::registration::unified;
use crate::domain::team::discover::{
    Edit, Proposal, Told, Vocabulary, Wanted, propose, with_proposals,
};
use crate::domain::team::{self, Transport, Worker};
use crate::store::{self, layout};
use crate::ui::Format;

use ask::Question;

/// Ask workers what they can do, and propose that for .ap/team.toml
///
/// Each enabled worker, or each that is named, is started as `git ap run` would start it, but in
/// an empty directory and without an objective: no turn of a model is spent. A server of MCP lists
/// its tools, an agent of ACP its modes and commands; a plain command is only looked for. What is
/// proposed is a guess with its reason: capabilities are added, a tool and its arguments only where
/// there are none. Exit code 6 where one could not be asked, or where its entry does not fit it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap worker discover --dry-run      what they say, and what would change
  git ap worker discover codex --yes    one of them, and its entry is written
  git ap worker discover --dry-run --format json")]
pub(super) struct Args {
    /// The ids of workers in .ap/team.toml; none: all that are enabled
    #[arg(value_name = "ID")]
    workers: Vec<String>,
    /// After how many seconds one is not waited for any more
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Show what would change, change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What became of the question to a worker.
enum Answer {
    /// It was not asked, which is right: why.
    Passed(String),
    /// It could not be asked, or did not tell: why.
    Silent(String),
    /// It told this.
    Told(Box<Told>),
}

/// A worker, what it told, and what is proposed for it.
struct Row {
    /// Its position in the file.
    index: usize,
    worker: Worker,
    answer: Answer,
    proposal: Proposal,
}

impl Row {
    /// Whether something about it has to be looked at.
    fn is_bad(&self) -> bool {
        let trouble = match &self.answer {
            Answer::Told(told) => told.trouble.is_some(),
            Answer::Silent(_) => true,
            Answer::Passed(_) => false,
        };
        trouble || !self.proposal.findings.is_empty()
    }
}

/// Asks the workers.
pub(super) fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("worker discover", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let (shown, text, team) = Team::read_unfinished(&project)?;
    for id in &args.workers {
        team::find(team.workers(), id, &shown)?;
    }
    let rows = rows(ctx, &project, &team, args)?;
    let bad = rows.iter().any(Row::is_bad);
    let exit = if bad { Kind::Worker.into() } else { Exit::DONE };
    let text = text.unwrap_or_default();
    let edits: Vec<Edit<'_>> = rows
        .iter()
        .filter(|row| !row.proposal.is_empty())
        .map(|row| Edit { index: row.index, proposal: &row.proposal })
        .collect();
    let new = if edits.is_empty() { Some(text.clone()) } else { with_proposals(&text, &edits) };
    let new = new.ok_or_else(|| {
        let message = format!("what is proposed does not fit into {shown} as it is written");
        Failure::new(Kind::User, message).hint(format!("write each worker of {shown} as a table"))
    })?;
    let answer = show::Answered { rows: &rows, difference: unified(&shown, &text, &new) };
    if answer.difference.is_empty() || args.dry_run {
        answer.show(ctx, None)?;
        return Ok(exit);
    }
    if ctx.ui.format == Format::Human {
        answer.show(ctx, None)?;
    }
    let again = again(args);
    if !consent(ctx, &shown, &again)? {
        ctx.ui.note("nothing was written");
        return Ok(exit);
    }
    let backup = write(ctx, &project, (&shown, &again), &text, new)?;
    match ctx.ui.format {
        Format::Human => ctx.ui.note(&format!("{shown} was written; as it was: {backup}")),
        _ => answer.show(ctx, Some(&backup))?,
    }
    Ok(exit)
}

/// Who is asked, with what each told and what is proposed.
fn rows(ctx: &Ctx, project: &Project, team: &Team, args: &Args) -> Result<Vec<Row>> {
    let main = project.repository.main_root()?;
    let timeout = Duration::from_secs(args.timeout);
    let mut rows = Vec::new();
    let mut questions = Vec::new();
    for (index, worker) in team.workers().iter().enumerate() {
        let named = args.workers.contains(&worker.id);
        if !named && !args.workers.is_empty() {
            continue;
        }
        let answer = match no_question(ctx, worker, &main, named) {
            Some(answer) => answer,
            None => match ask::question(ctx, project, worker, timeout) {
                Ok(question) => {
                    questions.push((rows.len(), question));
                    Answer::Silent(String::new())
                }
                Err(error) => Answer::Silent(format!("cannot be asked: {error:#}")),
            },
        };
        rows.push(Row { index, worker: worker.clone(), answer, proposal: Proposal::default() });
    }
    for (at, answer) in asked(ctx, questions)? {
        rows[at].answer = match answer {
            Ok(told) => Answer::Told(Box::new(told)),
            Err(why) => Answer::Silent(format!("it {why}")),
        };
    }
    let words = vocabulary();
    let vocabulary = Vocabulary { words: &words, stem: &stem };
    for row in &mut rows {
        if let Answer::Told(told) = &row.answer {
            row.proposal = propose(&row.worker, told, &vocabulary);
        }
    }
    Ok(rows)
}

/// Why a worker is not asked, if it is not.
fn no_question(ctx: &Ctx, worker: &Worker, main: &Path, named: bool) -> Option<Answer> {
    if worker.transport == Transport::Human {
        return Some(Answer::Passed("it is a person".to_owned()));
    }
    // Whoever names one wants it asked.
    let wanted = Worker { enabled: worker.enabled || named, ..worker.clone() };
    let why = obstacle(&wanted, &ctx.env, main)?;
    Some(if wanted.enabled { Answer::Silent(why) } else { Answer::Passed(why) })
}

/// The answers to these questions, which are asked beside each other.
fn asked(
    ctx: &Ctx,
    questions: Vec<(usize, Question)>,
) -> Result<Vec<(usize, Result<Told, String>)>> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let work = move |reporter: &crate::execute::narrate::Reporter| ask::all(questions, reporter);
    ctx.narrate(Events::Beside, work, |answers, _| Ok(answers))
}

/// What objectives can be about (see `execute::run`): languages that are programmed in, kinds of
/// task, and how demanding they are. Formats such as JSON are spoken of by every tool.
fn vocabulary() -> Vec<Wanted> {
    let languages = Language::ALL.iter().filter(|l| l.kind() == LanguageKind::Code);
    let languages = languages.map(|l| Wanted { word: l.name().to_owned(), proper: true });
    let plain = |word: String| Wanted { word, proper: false };
    let tasks = TaskType::ALL.iter().map(|task| plain(task.as_str().to_owned()));
    let demands = Complexity::ALL.iter().map(|c| plain(format!("{}_complexity", c.as_str())));
    languages.chain(tasks).chain(demands).collect()
}

/// The command that does the same once more.
fn again(args: &Args) -> String {
    ["git ap worker discover"]
        .into_iter()
        .chain(args.workers.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Asks whether the team may be written; refused where nobody can be asked.
fn consent(ctx: &Ctx, shown: &str, again: &str) -> Result<bool> {
    if let Some(answer) = ctx.ui.confirm(&format!("write {shown}?"))? {
        return Ok(answer);
    }
    let message = format!("nobody said that {shown} may be written");
    let hint = format!("{again} --yes, or --dry-run to look at it first");
    Err(Failure::new(Kind::User, message).hint(hint).into())
}

/// Writes the team, after a backup, where it is still as it was; the name of the backup.
fn write(
    ctx: &Ctx,
    project: &Project,
    (shown, again): (&str, &str),
    old: &str,
    new: String,
) -> Result<String> {
    let main = project.repository.main_root()?;
    let path = layout::team();
    let file = main.join(Path::new(shown));
    let refuse = |why: &str, hint: &str| {
        let message = format!("{shown} {why}: nothing was written");
        Failure::new(Kind::User, message).hint(hint)
    };
    if file.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        let hint = format!("{again} --dry-run, and write it by hand");
        return Err(refuse("is a link", &hint).into());
    }
    if store::read_text(&file, shown)?.as_deref() != Some(old) {
        return Err(refuse("was changed meanwhile", again).into());
    }
    let actions = [
        Action::Backup { name: "team".to_owned(), paths: vec![path.clone()] },
        Action::WriteFile { path, bytes: new.into_bytes() },
    ];
    let done = apply(&project.repository, &main, &Project::steps(ctx)?, &actions)?;
    let backup = done.into_iter().find_map(|outcome| match outcome {
        Outcome::BackedUp(name) => Some(name),
        Outcome::Done | Outcome::Unchanged | Outcome::Committed(_) => None,
    });
    Ok(backup.unwrap_or_default())
}
