//! `git ap status`: who does what, where, and what comes next.

mod watch;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::commands::session::{Purpose, Workshop, what_next};
use crate::commands::{Ctx, Exit};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Failing, Phase, Request, Session, Standing};
use crate::execute::session::{Agreed, look};
use crate::git::{Repository, worktrees};
use crate::store;
use crate::ui::{Format, count_of, text};

/// Who does what, where, and what comes next
///
/// With `--watch` it goes on until the session has landed, whoever works on it: a line an objective
/// of the current wave with what its worker says, and how long it will probably take. That is the
/// median of what similar objectives took in this repository, along the waves; where none is
/// known, nothing is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap status
  git ap status jwt
  git ap status --watch                 until it has landed, from another terminal
  git ap status --watch --format json   the same as events, one a line
  git ap status --format json")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Go on until the session has landed
    #[arg(short, long)]
    pub watch: bool,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    plan: PlanId,
    approved: bool,
    request: String,
    target: Option<String>,
    integration: Option<String>,
    pin: Option<String>,
    wave: Option<u32>,
    waves: u32,
    objectives: Vec<Row>,
    at_work: Option<String>,
    red: Option<String>,
    /// The gate that is red on the candidate.
    red_gate: Option<Failing>,
    /// The gates that were red before the current wave.
    red_before: Vec<Failing>,
    conflict: Option<String>,
    landed: Option<String>,
    next: String,
}

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    wave: u32,
    phase: &'static str,
    worker: String,
    /// How often a worker was given it.
    tries: usize,
    /// Whether one is at it.
    busy: bool,
    retries: u32,
    worktree: Option<String>,
    branch: Option<String>,
    commits: usize,
    uncommitted: usize,
    ports: Option<u16>,
    said: Vec<String>,
    /// Its gate that did not pass, where it failed because of one.
    gate: Option<Failing>,
    requests: Vec<serde_json::Value>,
    #[serde(skip)]
    asked: Vec<String>,
    depends_on: Vec<String>,
}

/// Prints how a session stands.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("status", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Look)?;
    if args.watch {
        watch::watch(ctx, &workshop, &id)?;
        if ctx.ui.format == Format::Json {
            return Ok(Exit::DONE);
        }
    }
    let session = look(&workshop.project.repository, &id)?.filter(|s| !s.was_taken_back());
    let document = match &session {
        Some(session) => running(&workshop.project.repository, session)?,
        None => planned(&workshop, &id)?,
    };
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&document)?;
        return Ok(Exit::DONE);
    }
    ctx.ui.answer(&shown(&document))?;
    for note in notes(&document) {
        ctx.ui.note(&note);
    }
    ctx.ui.note(&format!("next: {}", document.next));
    Ok(Exit::DONE)
}

fn running(repository: &Repository, session: &Session) -> Result<Document> {
    let agreed = Agreed::of(repository, session)?;
    let worktrees = worktrees::list(repository)?;
    let heads: BTreeMap<_, _> = worktrees.iter().map(|w| (w.path.clone(), w.prunable)).collect();
    let mut objectives = Vec::new();
    for standing in &session.objectives {
        objectives.push(row(repository, session, &agreed, standing, &heads)?);
    }
    let claim = session.claim.as_ref().filter(|(_, holder)| store::is_alive(holder));
    let waves = session.objectives.iter().map(|o| o.wave).max().unwrap_or(0);
    let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    Ok(Document {
        schema: SCHEMA,
        plan: session.plan().clone(),
        approved: true,
        request: agreed.plan.request.clone(),
        target: Some(short(&session.approval.target)),
        integration: Some(session.integration.clone()),
        pin: Some(session.approval.pin.clone()),
        wave: session.current_wave(),
        waves,
        objectives,
        at_work: claim.map(|(what, holder)| format!("process {}: {what}", holder.pid)),
        red: session.red.as_ref().map(|red| {
            let names: Vec<&str> = red.blamed.iter().map(ObjectiveId::as_str).collect();
            let blame = if names.is_empty() {
                String::new()
            } else {
                format!(", because of {}", names.join(", "))
            };
            let before = if red.before { ", and was red before the wave" } else { "" };
            format!(
                "`{}` fails on the candidate {}{blame}{before}",
                red.gate.command, red.candidate
            )
        }),
        red_gate: session.red.as_ref().map(|red| red.gate.clone()),
        red_before: session.red_now().map(|base| base.red.clone()).unwrap_or_default(),
        conflict: session.stopped.as_ref().map(|stopped| stopped.worktree.clone()),
        landed: session.landed.as_ref().map(|landing| landing.commit.clone()),
        next: what_next(session),
    })
}

fn row(
    repository: &Repository,
    session: &Session,
    agreed: &Agreed,
    standing: &Standing,
    places: &BTreeMap<std::path::PathBuf, bool>,
) -> Result<Row> {
    let objective = agreed.objective(&standing.id)?;
    let requests = session.requests.iter().filter(|r| r.objective == standing.id);
    let last = standing.attempts.last();
    let mut row = Row {
        id: standing.id.to_string(),
        title: text::one_line(&objective.title).into_owned(),
        wave: standing.wave,
        phase: standing.phase.as_str(),
        worker: last.map_or("human", |attempt| attempt.worker.as_str()).to_owned(),
        tries: standing.attempts.len(),
        busy: last.is_some_and(|a| a.returned.is_none() && store::is_alive(&a.holder)),
        retries: standing.retries,
        worktree: None,
        branch: None,
        commits: 0,
        uncommitted: 0,
        ports: None,
        said: standing.said.clone(),
        gate: standing.gate.clone(),
        requests: requests.clone().map(crate::commands::scope::as_json).collect(),
        asked: requests.map(Request::describe).collect(),
        depends_on: objective.depends_on.iter().map(ToString::to_string).collect(),
    };
    let Some(place) = &standing.place else { return Ok(row) };
    let worktree = Path::new(&place.worktree);
    let there = places.get(worktree).is_some_and(|prunable| !prunable);
    row.worktree = there.then(|| place.worktree.clone());
    row.branch = place.branch.strip_prefix("refs/heads/").map(str::to_owned);
    row.ports = Some(place.port_base);
    if let Some(tip) = repository.reference(&place.branch)? {
        let start = repository.merge_base(&session.integration, &tip)?;
        if standing.phase == Phase::Merged {
            row.commits = repository.commits_between(&place.start, &tip)?.len();
        } else if let Some(start) = start {
            row.commits = repository.commits_between(&start, &tip)?.len();
        }
        // A commit after the judgement takes it back.
        if standing.phase == Phase::Accepted && standing.tip.as_deref() != Some(tip.as_str()) {
            row.phase = Phase::Working.as_str();
        }
    }
    // One that was only begun may still lack its files.
    if there && standing.phase != Phase::Started {
        let mut dirt = worktrees::dirty(worktree)?;
        dirt.untracked.retain(|p| !place.brought.iter().any(|b| *b == p.to_string()));
        row.uncommitted = dirt.tracked.len() + dirt.untracked.len();
    }
    Ok(row)
}

fn planned(workshop: &Workshop, id: &PlanId) -> Result<Document> {
    let file = workshop.project.plan(id)?;
    let plan = file.require()?;
    let proof = workshop.project.prove(&file.reading, plan, &workshop.project.tree()?)?;
    let objectives = plan.objectives.iter().zip(&proof.waves).map(|(objective, wave)| Row {
        id: objective.id.to_string(),
        title: text::one_line(&objective.title).into_owned(),
        wave: *wave,
        phase: Phase::Planned.as_str(),
        worker: "human".to_owned(),
        tries: 0,
        busy: false,
        retries: 0,
        worktree: None,
        branch: None,
        commits: 0,
        uncommitted: 0,
        ports: None,
        said: Vec::new(),
        gate: None,
        requests: Vec::new(),
        asked: Vec::new(),
        depends_on: objective.depends_on.iter().map(ToString::to_string).collect(),
    });
    let next = if proof.valid() { "git ap start" } else { "git ap check" };
    Ok(Document {
        schema: SCHEMA,
        plan: id.clone(),
        approved: false,
        request: plan.request.clone(),
        target: plan.target.clone(),
        integration: None,
        pin: None,
        wave: None,
        waves: proof.waves.iter().copied().max().unwrap_or(0),
        objectives: objectives.collect(),
        at_work: None,
        red: None,
        red_gate: None,
        red_before: Vec::new(),
        conflict: None,
        landed: None,
        next: format!("{next} {}", id.slug()),
    })
}

fn shown(document: &Document) -> String {
    let state = match (&document.landed, document.approved, document.wave) {
        (Some(commit), ..) => format!("landed as {}", commit.get(..10).unwrap_or(commit)),
        (None, false, _) => "not approved yet".to_owned(),
        (None, true, Some(wave)) => format!("wave {wave} of {}", document.waves),
        (None, true, None) => "everything is merged".to_owned(),
    };
    let mut out = format!("{}: {state}\n", document.plan);
    writeln!(out, "{}", text::one_line(&document.request)).expect(INFALLIBLE);
    let width = document.objectives.iter().map(|o| o.id.len()).max().unwrap_or(0);
    let mut wave = 0;
    let mut rows: Vec<&Row> = document.objectives.iter().collect();
    rows.sort_by_key(|o| o.wave);
    for row in rows {
        if row.wave != wave {
            wave = row.wave;
            writeln!(out, "\n  wave {wave}").expect(INFALLIBLE);
        }
        let mut facts = Vec::new();
        if row.busy {
            facts.push(format!("with {}", row.worker));
        }
        if row.commits > 0 {
            facts.push(count_of(row.commits, "commit"));
        }
        if row.uncommitted > 0 {
            facts.push(format!("{} uncommitted", count_of(row.uncommitted, "file")));
        }
        let facts =
            if facts.is_empty() { String::new() } else { format!("  ({})", facts.join(", ")) };
        let line = format!("    {:<width$}  {:<9}  {}{facts}", row.id, row.phase, row.title);
        writeln!(out, "{}", line.trim_end()).expect(INFALLIBLE);
        if let (Some(worktree), false) = (&row.worktree, row.phase == "merged") {
            writeln!(out, "    {:<width$}  {:<9}  {worktree}", "", "").expect(INFALLIBLE);
        }
        for said in &row.said {
            writeln!(out, "    {:<width$}  {:<9}  ! {}", "", "", text::one_line(said))
                .expect(INFALLIBLE);
        }
        for line in row.gate.iter().flat_map(|gate| &gate.output) {
            writeln!(out, "    {:<width$}  {:<9}    {}", "", "", text::one_line(line))
                .expect(INFALLIBLE);
        }
        for asked in &row.asked {
            writeln!(out, "    {:<width$}  {:<9}  ? {}", "", "", text::one_line(asked))
                .expect(INFALLIBLE);
        }
    }
    out
}

/// A sentence with the end of what a command printed below it.
fn with_lines(sentence: String, lines: impl Iterator<Item = String>) -> String {
    std::iter::once(sentence).chain(lines).collect::<Vec<_>>().join("\n  ")
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn notes(document: &Document) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(document.at_work.clone());
    for red in &document.red_before {
        let red_before = format!("red before the wave already: {}", red.describe());
        notes.push(with_lines(red_before, red.output.iter().cloned()));
    }
    let ends_with = document.red_gate.iter().flat_map(|gate| gate.output.iter().cloned());
    notes.extend(document.red.clone().map(|red| with_lines(red, ends_with)));
    if let Some(place) = &document.conflict {
        notes.push(format!("a conflict with the target is to be resolved in {place}"));
    }
    notes
}
