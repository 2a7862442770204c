//! `git ap run`: the next thing, and the next, until somebody is needed.

use anyhow::Result;
use serde_json::json;

use super::session::{Consent, Purpose, Team, Teller, Workshop, what_next};
use super::{Ctx, Exit, land, merge, page, start, would};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase as Stage};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::SCHEMA;
use crate::domain::record::performances;
use crate::domain::session::{Next, Phase, left, next};
use crate::domain::team::Worker;
use crate::execute::baseline::baseline;
use crate::execute::listener::Listener as _;
use crate::execute::postpone::{fail_blamed, pass_over};
use crate::execute::room::require_room;
use crate::execute::run::{self, Crew, Held};
use crate::execute::session::{Agreed, Handle};
use crate::execute::start::start_all;
use crate::report::Templates;
use crate::ui::Format;

/// Do the next thing, and the next, until somebody is needed
///
/// Approves the plan (if you say yes), makes the worktrees of a wave, and once everything in it
/// is done merges it and goes on. It ends with everything merged on the integration branch; it
/// lands nothing unless `--land` says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap run                 the next thing of the session that is not finished
  git ap run jwt --prepare   approve and make the worktrees, nothing else
  git ap run --yes --land    go on to the end, where nobody is needed
  git ap run --keep-going    what fails waits, with what needs it; all else is done")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Args {
    /// A part of a plan's id
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// Only make the worktrees of the wave
    #[arg(long, conflicts_with = "land")]
    pub prepare: bool,
    /// Land when everything is merged
    #[arg(long)]
    pub land: bool,
    /// Give work to this worker of the team alone
    #[arg(long, value_name = "ID")]
    pub worker: Option<String>,
    /// Only these objectives; their wave is not merged
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with_all = ["land", "prepare"])]
    pub objective: Vec<String>,
    /// Stop when this wave is merged
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub wave: Option<u32>,
    /// Leave what fails, or waits for people, to a later wave and do everything else
    #[arg(long)]
    pub keep_going: bool,
    /// Begin a wave although its gates are red before it
    #[arg(long)]
    pub red_base: bool,
    /// Say what would be done, do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs a session as far as it goes.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("run", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Change)?;
    if args.dry_run {
        return dry(ctx, &workshop, &id, args);
    }
    let mut teller = Teller::new(ctx);
    teller.session(&id);
    let outcome = through(ctx, &workshop, &id, args, &mut teller);
    teller.end(outcome)
}

fn dry(ctx: &Ctx, workshop: &Workshop, id: &PlanId, args: &Args) -> Result<Exit> {
    let repository = &workshop.project.repository;
    let session = crate::execute::session::look(repository, id)?;
    let Some(session) = session.filter(|s| !s.was_taken_back()) else {
        let asked = workshop.asked(ctx, id, true)?;
        let places = asked.agreed.plan.objectives.iter().zip(&asked.waves);
        let first = places.filter(|(_, wave)| **wave == 1).map(|(o, _)| o.id.as_str());
        let first: Vec<&str> = first.collect();
        let text = format!("would approve {id} and start {}", first.join(", "));
        return would(ctx, id, &text);
    };
    let team = Team::read(&workshop.project, args.worker.as_deref())?;
    if !team.can_work() {
        return would(ctx, id, &format!("would go on with: {}", what_next(&session)));
    }
    let only: Vec<ObjectiveId> =
        args.objective.iter().map(|text| start::objective_id(text)).collect::<Result<_, _>>()?;
    let known = |name: &str| ctx.env.get(name).map(ToOwned::to_owned);
    let agreed = Agreed::of(repository, &session)?;
    if args.keep_going {
        let left = left(&session, &agreed.plan);
        let (stuck, all) = (left.in_the_way(&session), left.is_all(&session));
        if !stuck.is_empty() && !all && ctx.ui.format == Format::Human {
            let ids: Vec<&str> = stuck.iter().map(ObjectiveId::as_str).collect();
            ctx.ui.answer(&format!("{} would wait for a later wave", ids.join(", ")))?;
        }
    }
    let past = performances(&workshop.project.records(&workshop.project.tree()?)?);
    let crew = Crew {
        workers: team.workers(),
        past: &past,
        jobs: agreed.config.jobs,
        only: &only,
        known: &known,
    };
    let given = run::foreseen(repository, &session, &agreed, &crew)?;
    if ctx.ui.format == Format::Json {
        let given = given.iter().map(|given| {
            json!({
                "objective": given.objective, "worker": given.worker, "reason": given.reason,
                "prompt": given.prompt,
            })
        });
        ctx.ui.json(&json!({
            "schema": SCHEMA, "dry_run": true, "plan": id, "next": what_next(&session),
            "would_give": given.collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::DONE);
    }
    if given.is_empty() {
        return would(ctx, id, &format!("would go on with: {}", what_next(&session)));
    }
    for given in &given {
        let line = match &given.worker {
            Some(worker) => format!("{} to {worker} ({})", given.objective, given.reason),
            None => format!("{} to nobody yet: {}", given.objective, given.reason),
        };
        ctx.ui.answer(&line)?;
        if ctx.ui.verbose {
            ctx.ui.answer(&crate::ui::text::indented(&given.prompt))?;
        }
    }
    if !ctx.ui.verbose {
        ctx.ui.note("`-v` shows the prompts");
    }
    Ok(Exit::DONE)
}

fn through(
    ctx: &Ctx,
    workshop: &Workshop,
    id: &PlanId,
    args: &Args,
    teller: &mut Teller<'_>,
) -> Result<Exit> {
    let templates = page::templates(&workshop.project)?;
    let team = Team::read(&workshop.project, args.worker.as_deref())?;
    let only = args.objective.iter().map(|text| start::objective_id(text));
    let only: Vec<ObjectiveId> = only.collect::<Result<_, Failure>>()?;
    let consent = Consent::Asked { by_run: !args.prepare };
    let mut handle = workshop.approved(ctx, id, consent, teller)?;
    for objective in &only {
        handle.standing(objective)?;
    }
    if args.prepare {
        require_room(&handle, &[])?;
        require_green(&mut handle, args.red_base, &templates, teller)?;
        let objectives = start::due(&handle);
        start_all(&mut handle, &objectives, &templates, teller)?;
        if ctx.ui.format == Format::Human {
            start::show(ctx, &handle, &objectives)?;
        }
        return Ok(Exit::DONE);
    }
    let jobs = handle.agreed.config.jobs;
    drop(handle);
    let (wave, red_base, keep_going) = (args.wave, args.red_base, args.keep_going);
    let manner = Manner { team: &team, jobs, only: &only, wave, red_base, keep_going };
    if team.can_work() {
        teller.show(workshop, id)?;
    }
    advance(ctx, workshop, id, &manner, &templates, teller)?;
    let mut handle = workshop.session(id)?;
    if args.land && next(&handle.session) == Next::Land {
        land::land(ctx, &workshop.project, &mut handle, false, &templates, teller)?;
    }
    Ok(Exit::DONE)
}

/// How far `run` goes, and with whom.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// Who can be given work.
    pub team: &'a Team,
    /// The most workers at once; 0: as many as the team allows.
    pub jobs: usize,
    /// Only these objectives; empty: all.
    pub only: &'a [ObjectiveId],
    /// Not beyond this wave.
    pub wave: Option<u32>,
    /// Whether a wave begins although its gates are red before it.
    pub red_base: bool,
    /// Whether what nobody can go on with is left to a later wave.
    pub keep_going: bool,
}

/// Does what comes next until somebody is needed or everything is merged.
pub fn advance(
    ctx: &Ctx,
    workshop: &Workshop,
    id: &PlanId,
    manner: &Manner<'_>,
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let human = ctx.ui.format == Format::Human;
    let known = |name: &str| ctx.env.get(name).map(ToOwned::to_owned);
    let workers = manner.team.workers();
    let past = if workers.iter().any(Worker::can_work) {
        performances(&workshop.project.records(&workshop.project.tree()?)?)
    } else {
        Vec::new()
    };
    let (jobs, only) = (manner.jobs, manner.only);
    let crew = Crew { workers, past: &past, jobs, only, known: &known };
    let open = || workshop.session(id);
    for note in manner.team.unheeded(open()?.agreed.config.limits) {
        teller.note(&note);
    }
    loop {
        let current = open()?.session.current_wave();
        if manner.wave.is_some_and(|last| current.is_none_or(|current| current > last)) {
            return Ok(());
        }
        let mut handle = open()?;
        require_room(&handle, only)?;
        require_green(&mut handle, manner.red_base, templates, teller)?;
        drop(handle);
        if crew.can_work() && current.is_some() {
            teller.event(EventKind::PhaseStart { phase: Stage::Execution });
            let held = run::work(&crew, &open, templates, teller)?;
            teller.event(EventKind::PhaseComplete { phase: Stage::Execution });
            require_none_held(id, &held)?;
        }
        let mut handle = open()?;
        run::tidy(&handle)?;
        if manner.keep_going && only.is_empty() && pass_over(&mut handle, teller)? {
            continue;
        }
        match next(&handle.session) {
            _ if !manner.only.is_empty() => return only_these(&handle, manner.only),
            Next::Start { objectives, .. } => {
                start_all(&mut handle, &objectives, templates, teller)?;
                if human {
                    start::show(ctx, &handle, &objectives)?;
                }
                return Ok(());
            }
            Next::Merge { .. } => {
                let merged = merge::merge(ctx, &mut handle, &[], templates, teller);
                let red = |error: &anyhow::Error| {
                    error.downcast_ref::<Failure>().is_some_and(|f| f.kind == Kind::Gate)
                };
                match merged {
                    Err(error) if manner.keep_going && red(&error) => {
                        if !fail_blamed(&mut handle, teller)? {
                            return Err(error);
                        }
                        teller.note(&format!("{error:#}"));
                    }
                    merged => merged?,
                }
            }
            Next::Work { objectives, .. } => {
                if human {
                    start::show(ctx, &handle, &objectives)?;
                }
                return Ok(());
            }
            Next::Decide { wave, objectives } => {
                if manner.keep_going {
                    return Err(left_over(&handle).into());
                }
                return Err(undecided(&handle, Some(wave), &objectives).into());
            }
            Next::Resolve => {
                let message = "a conflict with the target waits to be resolved";
                let hint = what_next(&handle.session);
                return Err(Failure::new(Kind::Worker, message).hint(hint).into());
            }
            Next::Land => {
                let commit = handle.session.integration.clone();
                teller.event(EventKind::IntegrationComplete { commit });
                if human {
                    ctx.ui.note(&format!(
                        "everything is merged; next: {}",
                        what_next(&handle.session)
                    ));
                }
                return Ok(());
            }
            Next::Clean | Next::Over => {
                if human {
                    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
                }
                return Ok(());
            }
        }
    }
}

/// Before a wave begins, its gates are run on what it goes out from; `on`: what is red there is
/// told, and it begins all the same.
fn require_green(
    handle: &mut Handle<'_>,
    on: bool,
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let Some(red) = baseline(handle, templates, teller)? else { return Ok(()) };
    if on {
        teller.note(&red.describe());
        return Ok(());
    }
    Err(red.refusal(handle).into())
}

/// `git ap stop` in another terminal ends the run too.
fn require_none_held(id: &PlanId, held: &Held) -> Result<(), Failure> {
    let who = match held {
        Held::All => "the workers".to_owned(),
        Held::Some(held) if held.is_empty() => return Ok(()),
        Held::Some(held) => held.iter().map(ObjectiveId::as_str).collect::<Vec<_>>().join(", "),
    };
    let message = format!("stopped in another terminal: {who}");
    Err(Failure::new(Kind::Worker, message).hint(format!("git ap run {}", id.slug())))
}

/// With `--objective`, the wave is not merged: what became of these is all that is told.
fn only_these(handle: &Handle<'_>, only: &[ObjectiveId]) -> Result<()> {
    let stuck: Vec<ObjectiveId> = only
        .iter()
        .filter(|id| {
            let phase = handle.session.objective(id).map(|standing| standing.phase);
            matches!(phase, Some(Phase::Failed | Phase::Violated | Phase::Waiting))
        })
        .cloned()
        .collect();
    if stuck.is_empty() { Ok(()) } else { Err(undecided(handle, None, &stuck).into()) }
}

/// What is left once everything else is done: those about which the owner has to decide, and
/// those that need their results.
fn left_over(handle: &Handle<'_>) -> Failure {
    let left = left(&handle.session, &handle.agreed.plan);
    let mut failure = undecided(handle, None, &left.stuck);
    let (session, slug) = (&handle.session, handle.session.plan().slug());
    if let Some(id) = left.stuck.first().filter(|id| session.pending(id).next().is_none()) {
        failure.hint = Some(format!(
            "`git ap retry {slug}/{id}` or `git ap drop {slug}/{id}`, then `git ap run {slug}`"
        ));
    }
    if !left.behind.is_empty() {
        let behind: Vec<&str> = left.behind.iter().map(ObjectiveId::as_str).collect();
        failure.message = format!("{}; behind them: {}", failure.message, behind.join(", "));
    }
    failure
}

/// Objectives about which the owner has to decide; out of scope is what is told first.
fn undecided(handle: &Handle<'_>, wave: Option<u32>, objectives: &[ObjectiveId]) -> Failure {
    let session = &handle.session;
    let violated = |id: &&ObjectiveId| {
        session.objective(id).is_some_and(|standing| standing.phase == Phase::Violated)
    };
    let ids =
        |list: &[&ObjectiveId]| list.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let all: Vec<&ObjectiveId> = objectives.iter().collect();
    let out: Vec<&ObjectiveId> = objectives.iter().filter(violated).collect();
    let waits = match wave {
        Some(wave) => format!("wave {wave} waits for a decision about {}", ids(&all)),
        None => format!("the owner decides about {}", ids(&all)),
    };
    let hint = what_next(session);
    if out.is_empty() {
        return Failure::new(Kind::Worker, waits).hint(hint);
    }
    let said: Vec<&str> = out
        .iter()
        .filter_map(|id| session.objective(id))
        .flat_map(|standing| standing.said.iter().map(String::as_str))
        .collect();
    let message = format!("{} out of scope: {}; {waits}", ids(&out), said.join("; "));
    Failure::new(Kind::Violation, message).hint(hint)
}
