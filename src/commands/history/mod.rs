//! `git ap history`: the sessions of a repository, how long they took and how they went.

mod one;
mod workers;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::accomplished::{self, Known, chosen, known};
use super::project::Project;
use super::report::recorded as record_of;
use super::{Ctx, Exit};
use crate::domain::id::PlanId;
use crate::domain::plan::{SCHEMA, TaskType};
use crate::domain::record::{Record, duration, minutes};
use crate::domain::session::{Asked, Phase, Session};
use crate::store::layout;
use crate::ui::{Format, count_of, text};

/// List the sessions of this repository, newest first, or look closer at one
///
/// Of one session: what each objective declared, what it touched, what it was refused and what
/// it asked for. The next plan learns from that.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap history                    running sessions, and those that HEAD has the record of
  git ap history jwt                what the objectives of a session touched and asked for
  git ap history --workers          what each worker did in all of them
  git ap history --format json      the same for a program")]
pub struct Args {
    /// A part of a plan's id: only this session, with its objectives
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// By worker: what each brought to its end, how long that took and how it went
    #[arg(long)]
    pub workers: bool,
}

/// A session in a line.
#[derive(Debug, Serialize)]
struct Row {
    plan: PlanId,
    #[serde(rename = "type")]
    task_type: Option<TaskType>,
    objectives: usize,
    done: usize,
    dropped: usize,
    approved: String,
    landed: Option<String>,
    /// From approval to landing, or until now.
    minutes: Option<u64>,
    violations: u64,
    retries: u64,
    /// What objectives asked for beyond their scopes, and how much of it they were given.
    asked: usize,
    granted: usize,
    denied: usize,
    /// The commit on the target that landed it.
    commit: Option<String>,
}

/// Sums over all sessions.
#[derive(Debug, Default, Serialize)]
struct Totals {
    sessions: usize,
    landed: usize,
    objectives: usize,
    done: usize,
    dropped: usize,
    minutes: u64,
    violations: u64,
    retries: u64,
}

/// Prints the sessions.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("history", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let all = known(&project)?;
    if args.workers {
        return workers::show(ctx, &project, &all, args.plan.as_deref());
    }
    if let Some(name) = &args.plan {
        return one::show(ctx, &record_of(&project, chosen(&project, &all, Some(name))?)?);
    }
    warn_of_unreadable(ctx, &all);
    let brought = brought(&project, &all)?;
    let now = ctx.clock.rfc3339();
    let rows: Vec<Row> =
        all.iter().filter_map(|known| row(&project, known, &brought, &now)).collect();
    let totals = totals(&rows);
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({ "schema": SCHEMA, "sessions": rows, "totals": totals }))?;
    } else if rows.is_empty() {
        ctx.ui.answer("no session yet: `git ap run` begins one")?;
    } else {
        ctx.ui.answer(&format!("{}\n{}", table(&rows), summary(&totals)))?;
    }
    Ok(Exit::DONE)
}

fn warn_of_unreadable(ctx: &Ctx, all: &[Known]) {
    for failure in all.iter().filter_map(|known| known.record.as_ref()?.as_ref().err()) {
        ctx.ui.warn(&format!("{failure} ({})", failure.hint.as_deref().unwrap_or_default()));
    }
}

/// The commits that brought the records which `HEAD` has, by plan; asked only for sessions whose
/// journal does not say how they landed.
fn brought(project: &Project, all: &[Known]) -> Result<BTreeMap<PlanId, String>> {
    let landed = |known: &Known| known.session.as_ref().is_some_and(|s| s.landed.is_some());
    let open = all.iter().filter(|known| !landed(known));
    let records: Vec<&Record> = open.filter_map(|k| k.record.as_ref()?.as_ref().ok()).collect();
    let Some(oldest) = records.iter().min_by_key(|record| &record.plan) else {
        return Ok(BTreeMap::new());
    };
    // No session landed before its plan was made.
    let (folder, base) = (layout::sessions(), Some(oldest.base.as_str()));
    let files = project.repository.brought_below(&folder, "HEAD", base)?;
    let commit = |record: &&Record| {
        let commit = files.get(&*layout::session(&record.plan).to_lossy())?;
        Some((record.plan.clone(), commit.clone()))
    };
    Ok(records.iter().filter_map(commit).collect())
}

/// A session's line; none where the one source of it cannot be read.
fn row(
    project: &Project,
    known: &Known,
    brought: &BTreeMap<PlanId, String>,
    now: &str,
) -> Option<Row> {
    let record = known.record.as_ref().and_then(|record| record.as_ref().ok());
    match (&known.session, record) {
        (Some(session), record) => {
            let task_type = record.map(|record| record.task_type);
            let planned = || accomplished::plan(&project.repository, session).ok();
            let task_type = task_type.or_else(|| planned().map(|plan| plan.task_type));
            Some(running(session, task_type, now))
        }
        (None, Some(record)) => Some(recorded(record, brought.get(&record.plan))),
        (None, None) => None,
    }
}

fn running(session: &Session, task_type: Option<TaskType>, now: &str) -> Row {
    let count = |phase| session.objectives.iter().filter(|o| o.phase == phase).count();
    let landed = session.landed.as_ref();
    let until = landed.map_or(now, |landed| landed.time.as_str());
    Row {
        plan: session.plan().clone(),
        task_type,
        objectives: session.objectives.len(),
        done: count(Phase::Merged),
        dropped: count(Phase::Dropped),
        approved: session.approved.clone(),
        landed: landed.map(|landed| landed.time.clone()),
        minutes: minutes(Some(&session.approved), Some(until)),
        violations: session.objectives.iter().map(|o| u64::from(o.violations)).sum(),
        retries: session.objectives.iter().map(|o| u64::from(o.retries)).sum(),
        asked: session.requests.len(),
        granted: session.requests.iter().filter(|r| r.state == Asked::Granted).count(),
        denied: session.requests.iter().filter(|r| r.state.is_denied()).count(),
        commit: landed.map(|landed| landed.commit.clone()),
    }
}

fn recorded(record: &Record, commit: Option<&String>) -> Row {
    Row {
        plan: record.plan.clone(),
        task_type: Some(record.task_type),
        objectives: record.objectives.len(),
        done: record.count(Phase::Merged),
        dropped: record.count(Phase::Dropped),
        approved: record.approved.clone(),
        landed: record.landed.clone(),
        minutes: record.minutes(),
        violations: record.objectives.iter().map(|o| u64::from(o.violations)).sum(),
        retries: record.objectives.iter().map(|o| u64::from(o.retries)).sum(),
        asked: record.requests.len(),
        granted: record.requests.iter().filter(|r| r.state == "granted").count(),
        denied: record.requests.iter().filter(|r| r.state == "denied").count(),
        commit: commit.cloned(),
    }
}

fn totals(rows: &[Row]) -> Totals {
    let mut totals = Totals { sessions: rows.len(), ..Totals::default() };
    for row in rows {
        totals.landed += usize::from(row.landed.is_some());
        totals.objectives += row.objectives;
        totals.done += row.done;
        totals.dropped += row.dropped;
        totals.minutes += row.minutes.unwrap_or(0);
        totals.violations += row.violations;
        totals.retries += row.retries;
    }
    totals
}

fn table(rows: &[Row]) -> String {
    let head = ["plan", "kind", "objectives", "took", "outside", "again", "granted", "landed"];
    text::aligned(&head, rows.iter().map(cells))
}

fn cells(row: &Row) -> Vec<String> {
    let dropped = match row.dropped {
        0 => String::new(),
        n => format!(", {n} dropped"),
    };
    let took = row.minutes.map_or("-".to_owned(), duration);
    vec![
        row.plan.to_string(),
        row.task_type.map_or("-", TaskType::as_str).to_owned(),
        format!("{} of {} done{dropped}", row.done, row.objectives),
        if row.landed.is_some() { took } else { format!("{took} so far") },
        row.violations.to_string(),
        row.retries.to_string(),
        match row.asked {
            0 => "-".to_owned(),
            asked => format!("{} of {asked}", row.granted),
        },
        match (&row.commit, &row.landed) {
            // As many digits as `git log --oneline` needs in a large repository.
            (Some(commit), _) => commit.chars().take(12).collect(),
            (None, Some(_)) => "yes".to_owned(),
            (None, None) => "not yet".to_owned(),
        },
    ]
}

fn summary(totals: &Totals) -> String {
    let outside = usize::try_from(totals.violations).unwrap_or(usize::MAX);
    let again = usize::try_from(totals.retries).unwrap_or(usize::MAX);
    format!(
        "{}, {} landed; {} of {} done, {} dropped; {} in all; {}, {}\n",
        count_of(totals.sessions, "session"),
        totals.landed,
        totals.done,
        count_of(totals.objectives, "objective"),
        totals.dropped,
        duration(totals.minutes),
        count_of(outside, "scope violation"),
        if again == 1 { "1 retry".to_owned() } else { format!("{again} retries") },
    )
}
