//! `git ap plan <request>`: from words to a proved plan. The work gathers and decides; what it
//! decided on is written when it is over.

use anyhow::Result;

use super::Args;
use super::from::prove;
use super::save::{self, Ready};
use crate::analysis::Document;
use crate::commands::project::Project;
use crate::commands::survey::{Uncommitted, analysis, options};
use crate::commands::{Ctx, Events, Exit, page};
use crate::domain::config::Breadth;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase};
use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;
use crate::domain::plan::{self, shape};
use crate::domain::record::{Lesson, Record};
use crate::execute::narrate::Reporter;
use crate::planner::builtin::{self, Options};
use crate::planner::learned::learn;
use crate::store;
use crate::ui::Format;

/// The longest request that is taken, in bytes.
const MAX_REQUEST: usize = 256 * 1024;

pub(super) fn run(ctx: &Ctx, project: Project, args: &Args) -> Result<Exit> {
    let request = args.request_text();
    if request.len() > MAX_REQUEST {
        let message = format!("the request has more than {} KiB", MAX_REQUEST >> 10);
        return Err(Failure::new(Kind::User, message)
            .hint("say what is to be done more briefly")
            .into());
    }
    let breadth = args.breadth(project.config()?);
    let id = fresh_id(ctx, &project, &request)?;
    let work = move |reporter: &Reporter| {
        reporter.session(id.as_str());
        let made = make(&project, &id, &request, breadth, reporter)?;
        Ok((project, made))
    };
    let quiet = args.dry_run || args.prompt;
    let events = if quiet { Events::Beside } else { Events::Stdout };
    let ((project, made), written) = ctx.narrate(events, work, |(project, made), narrator| {
        if quiet {
            return Ok(((project, made), None));
        }
        let _lock = project.lock()?;
        let made = renamed_if_taken(&project, made)?;
        narrator.session(made.ready.plan()?.id.as_str());
        let actions = save::actions(&project, &made.ready, args.commit)?;
        let outcomes = save::write(ctx, &project, &actions, narrator)?;
        Ok(((project, made), Some((actions, outcomes))))
    })?;
    for note in &made.notes {
        ctx.ui.note(note);
    }
    if args.prompt {
        ctx.ui.answer(&chat(&made)?)?;
        return Ok(Exit::DONE);
    }
    match (&written, ctx.ui.format) {
        (None, Format::Json) => ctx.ui.json(made.ready.plan()?)?,
        (None, _) => {
            let actions = save::actions(&project, &made.ready, args.commit)?;
            save::preview(ctx, &made.ready, &actions)?;
        }
        (Some((actions, outcomes)), Format::Human) => {
            save::report(ctx, &made.ready, actions, outcomes)?;
        }
        (Some(_), _) => {}
    }
    Ok(if made.ready.proof.valid() { Exit::DONE } else { Kind::Plan.into() })
}

/// A plan with what a reader should know of how it came about.
struct Made {
    ready: Ready,
    notes: Vec<String>,
}

/// Another command may have taken the id while this one was planning.
fn renamed_if_taken(project: &Project, mut made: Made) -> Result<Made> {
    let mut plan = made.ready.plan()?.clone();
    let free = free_id(project, &plan.id)?;
    if free != plan.id {
        plan.id = free;
        let analysis = made.ready.analysis.take();
        made.ready = Ready { analysis, ..prove(project, &plan::to_toml(&plan))? };
    }
    Ok(made)
}

/// An id that no plan of this worktree has, with a slug that is not taken either.
fn fresh_id(ctx: &Ctx, project: &Project, request: &str) -> Result<PlanId> {
    free_id(project, &PlanId::new(&ctx.clock.stamp(), request).map_err(anyhow::Error::msg)?)
}

fn free_id(project: &Project, first: &PlanId) -> Result<PlanId> {
    let plans = store::list(&project.root)?;
    let taken = |id: &PlanId| plans.ids().iter().any(|other| other.slug() == id.slug());
    let mut ids = std::iter::once(first.clone()).chain((2..).map(|n| first.numbered(n)));
    Ok(ids.find(|id| !taken(id)).unwrap_or_else(|| first.clone()))
}

fn make(
    project: &Project,
    id: &PlanId,
    request: &str,
    breadth: Breadth,
    reporter: &Reporter,
) -> Result<Made> {
    let head = project.repository.head()?;
    let uncommitted = Uncommitted::begin(&project.repository);
    let analysis = analysis(&project.repository, &head.commit, request, reporter, 85)?;
    reporter.report(EventKind::PhaseStart { phase: Phase::Planning }, 85);
    let config = project.config()?;
    let options =
        Options { breadth, ..options(id.clone(), &head.commit, head.branch.clone(), config) };
    let mut draft = builtin::plan(&analysis, &options);
    let tree = project.tree()?;
    let lessons: Vec<Lesson> = project.records(&tree)?.iter().flat_map(Record::lessons).collect();
    let learned = learn(&mut draft.plan, &lessons, &tree.paths, config);
    draft.notes.extend(learned);
    let changed = uncommitted.paths()?;
    let document = Document::new(&analysis, &head.commit, &draft.files, &draft.plan.strategy)
        .with_notes(&draft.notes)
        .with_uncommitted(&changed);
    let points = document.coordination_points.len();
    reporter.report(EventKind::CoordinationPoints { count: points }, 92);
    reporter.report(EventKind::ScopeStrategy { text: draft.plan.strategy.clone() }, 92);
    let count = draft.plan.objectives.len();
    reporter.report(EventKind::ObjectivesCreated { count }, 93);
    reporter.report(EventKind::PhaseComplete { phase: Phase::Planning }, 93);
    reporter.checkpoint()?;
    reporter.report(EventKind::PhaseStart { phase: Phase::Validation }, 93);
    let mut ready = repaired(project, prove(project, &plan::to_toml(&draft.plan))?, reporter)?;
    let waves = u32::try_from(ready.proof.wave_count()).unwrap_or(u32::MAX);
    reporter.report(EventKind::WavesCreated { count: waves }, 95);
    let (valid, findings) = (ready.proof.valid(), ready.proof.findings.len());
    reporter.report(EventKind::ScopeValidated { valid, findings }, 96);
    reporter.report(EventKind::PhaseComplete { phase: Phase::Validation }, 96);
    ready.analysis = Some(page::templates(project)?.analysis_md(&document, request)?);
    let mut notes = draft.notes;
    if draft.plan.request.len() < request.trim().len() {
        let kept = draft.plan.request.len() >> 10;
        notes.push(format!(
            "the request was cut after {kept} KiB: what is behind was not looked at"
        ));
    }
    if !config.planner.is_empty() {
        notes.push(format!(
            "`plan.planner` names {}, but workers cannot plan yet: this plan is the built-in one",
            config.planner
        ));
    }
    notes.extend(not_planned(&changed));
    Ok(Made { ready, notes })
}

/// The plan with its waves in order, should the planner have left two scopes that meet in one.
fn repaired(project: &Project, ready: Ready, reporter: &Reporter) -> Result<Ready> {
    if ready.proof.valid() {
        return Ok(ready);
    }
    let moves = plan::repair(ready.plan()?, &ready.proof).unwrap_or_default();
    let Some(text) =
        plan::with_moves(&ready.file.reading.text, &moves).filter(|_| !moves.is_empty())
    else {
        return Ok(ready);
    };
    for one in &moves {
        let text = format!("{} moves to wave {}: {}", one.id, one.to, one.why);
        reporter.report(EventKind::ConflictResolved { text }, 94);
    }
    prove(project, &text)
}

/// A plan is made from the last commit; what is not committed is named, not guessed.
fn not_planned(paths: &[RepoPath]) -> Option<String> {
    let shown: Vec<String> = paths.iter().take(3).map(ToString::to_string).collect();
    let more =
        if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
    (!paths.is_empty()).then(|| {
        format!("planned from HEAD: uncommitted changes are not in it ({}{more})", shown.join(", "))
    })
}

/// What to give to a chat that should plan instead: the analysis, the built-in plan as a start,
/// and the schema of the answer.
fn chat(made: &Made) -> Result<String> {
    let plan = made.ready.plan()?;
    let schema = serde_json::to_string(&shape::PLAN.json_schema("git ap plan"))?;
    let analysis = made.ready.analysis.as_deref().unwrap_or_default();
    // A fence longer than any in what it holds: neither can end it early.
    let fence = |body: &str| {
        let longest =
            body.lines().map(|l| l.trim_start().chars().take_while(|c| *c == '`').count());
        "`".repeat(longest.max().unwrap_or(0).max(2) + 1)
    };
    let toml = &made.ready.file.reading.text;
    let (a, b) = (fence(analysis), fence(toml));
    Ok(format!(
        "Divide the request below into objectives that several workers can do at once, each with \
         its own files.\n\nRules:\n\
         - `touch` lists what an objective may change. The scopes of one wave must not be able to \
         match a common path, not even a path that does not exist yet.\n\
         - Patterns are relative to the repository's root: `src/auth/` is everything below it, \
         `*` and `?` stay within one component, `**` is any number of components.\n\
         - What needs another's result comes in a later wave and names it in `depends_on`.\n\
         - Keep `schema`, `id`, `target` and `base` as they are.\n\
         - Answer with one fenced TOML block and nothing else.\n\n\
         ## What was found in the code\n\n{a}markdown\n{analysis}{a}\n\n\
         ## A plan to start from\n\n{b}toml\n{toml}{b}\n\n\
         ## The schema of a plan\n\n```json\n{schema}\n```\n\n\
         The answer to `{}` is taken with `git ap plan --from -`.\n",
        plan.id
    ))
}
