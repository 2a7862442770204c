//! Making a plan for a request: the code is analysed, the built-in planner divides the work, and
//! a worker may be asked to do it better. Nothing is written here.

use anyhow::Result;

use super::from::prove;
use super::planner::{self, Planner};
use super::save::Ready;
use crate::analysis::{Analysis, Document};
use crate::commands::page;
use crate::commands::project::Project;
use crate::commands::survey::{Uncommitted, analysis, options};
use crate::domain::config::Breadth;
use crate::domain::event::{EventKind, Phase};
use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;
use crate::domain::plan;
use crate::domain::record::{Lesson, Record};
use crate::execute::narrate::Reporter;
use crate::planner::asked::question::{About, Reader, question};
use crate::planner::builtin::{self, Draft, Options};
use crate::planner::learned::learn;

/// How much of the command is done once the code is read.
const READ: u8 = 85;
/// The same where a worker is asked next: how long that takes nobody can tell.
const READ_TO_ASK: u8 = 1;

/// What is wanted beside a plan for the request.
#[derive(Debug)]
pub(super) struct Wanted {
    /// How much room the built-in plan gives.
    pub breadth: Breadth,
    /// Who is asked; none: nobody.
    pub planner: Option<Planner>,
    /// Whether the question to a chat is wanted, and not the plan.
    pub prompt: bool,
}

/// A plan with what a reader should know of how it came about.
#[derive(Debug)]
pub(super) struct Made {
    /// The plan, proved.
    pub ready: Ready,
    /// What its reader should know.
    pub notes: Vec<String>,
    /// What a worker said that failed.
    pub said: Vec<String>,
    /// The question to a chat, if it was wanted.
    pub question: Option<String>,
}

/// Makes a plan. The same commit, request and configuration give the same plan, byte for byte,
/// unless a worker makes it.
pub(super) fn make(
    project: &Project,
    id: &PlanId,
    request: &str,
    wanted: &Wanted,
    reporter: &Reporter,
) -> Result<Made> {
    let head = project.repository.head()?;
    let uncommitted = Uncommitted::begin(&project.repository);
    let read = if wanted.planner.is_some() { READ_TO_ASK } else { READ };
    let analysis = analysis(&project.repository, &head.commit, request, reporter, read)?;
    reporter.report(EventKind::PhaseStart { phase: Phase::Planning }, read);
    let config = project.config()?;
    let options = Options {
        breadth: wanted.breadth,
        ..options(id.clone(), &head.commit, head.branch.clone(), config)
    };
    let mut draft = builtin::plan(&analysis, &options);
    let tree = project.tree()?;
    let lessons: Vec<Lesson> = project.records(&tree)?.iter().flat_map(Record::lessons).collect();
    let learned = learn(&mut draft.plan, &lessons, &tree.paths, config);
    draft.notes.extend(learned);
    let changed = uncommitted.paths()?;
    let document = |draft: &Draft| {
        Document::new(&analysis, &head.commit, &draft.files, &draft.plan.strategy)
            .with_notes(&draft.notes)
            .with_uncommitted(&changed)
    };
    let mut said = Vec::new();
    if let Some(planner) = &wanted.planner {
        let built_in = valid(project, &draft)?;
        let about = About {
            document: &document(&draft),
            plan: built_in.plan()?,
            text: &built_in.file.reading.text,
            forbidden: &options.global_forbid,
        };
        let asked = planner::ask(project, &tree, planner, about, reporter, read)?;
        draft = with_answer(draft, asked.plan, asked.notes, &analysis);
        said = asked.said;
    }
    let document = document(&draft);
    let mut ready = proved(project, &draft, document.coordination_points.len(), reporter)?;
    ready.analysis = Some(page::templates(project)?.analysis_md(&document, request)?);
    let question = wanted.prompt.then(|| {
        let (plan, text) = (ready.plan()?, &ready.file.reading.text);
        let forbidden = &options.global_forbid;
        question(About { document: &document, plan, text, forbidden }, Reader::Chat)
    });
    let mut notes = draft.notes;
    if draft.plan.request.len() < request.trim().len() {
        let kept = draft.plan.request.len() >> 10;
        notes.push(format!(
            "the request was cut after {kept} KiB: what is behind was not looked at"
        ));
    }
    notes.extend(not_planned(&changed));
    Ok(Made { ready, notes, said, question: question.transpose()? })
}

/// The built-in plan as it would be written.
fn valid(project: &Project, draft: &Draft) -> Result<Ready> {
    let ready = prove(project, &plan::to_toml(&draft.plan))?;
    repaired(project, ready, &Reporter::silent())
}

/// The draft with a worker's plan in place of its own, if there is one, and what is to be known
/// of it first.
fn with_answer(
    draft: Draft,
    answer: Option<plan::Plan>,
    notes: Vec<String>,
    analysis: &Analysis,
) -> Draft {
    let Some(plan) = answer else {
        return Draft { notes: [notes, draft.notes].concat(), ..draft };
    };
    let files = planner::files(&plan, analysis);
    Draft { plan, files, notes: [notes, analysis.notes.clone()].concat() }
}

/// Proves a draft, and tells what there is.
fn proved(project: &Project, draft: &Draft, points: usize, reporter: &Reporter) -> Result<Ready> {
    reporter.report(EventKind::CoordinationPoints { count: points }, 92);
    reporter.report(EventKind::ScopeStrategy { text: draft.plan.strategy.clone() }, 92);
    let count = draft.plan.objectives.len();
    reporter.report(EventKind::ObjectivesCreated { count }, 93);
    reporter.report(EventKind::PhaseComplete { phase: Phase::Planning }, 93);
    reporter.checkpoint()?;
    reporter.report(EventKind::PhaseStart { phase: Phase::Validation }, 93);
    let ready = repaired(project, prove(project, &plan::to_toml(&draft.plan))?, reporter)?;
    let waves = u32::try_from(ready.proof.wave_count()).unwrap_or(u32::MAX);
    reporter.report(EventKind::WavesCreated { count: waves }, 95);
    let (valid, findings) = (ready.proof.valid(), ready.proof.findings.len());
    reporter.report(EventKind::ScopeValidated { valid, findings }, 96);
    reporter.report(EventKind::PhaseComplete { phase: Phase::Validation }, 96);
    Ok(ready)
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
