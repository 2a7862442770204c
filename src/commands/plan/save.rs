//! Writing a plan's files: what changes is decided first, as actions that a dry run prints; a
//! plan that was there and differs goes to a backup before.

use std::fmt::Write as _;

use anyhow::Result;

use crate::apply::{Outcome, apply};
use crate::commands::page;
use crate::commands::project::{PlanFile, Project};
use crate::commands::show::scope_line;
use crate::commands::{Ctx, Narrator, check};
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase};
use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;
use crate::domain::plan::{Plan, Proof};
use crate::store::layout;
use crate::ui::{count_of, text};

/// A plan with everything that was decided about it, ready to be written.
#[derive(Debug)]
pub(super) struct Ready {
    /// Its text, and what was read from it.
    pub file: PlanFile,
    /// What was proved.
    pub proof: Proof,
    /// The page of its analysis, if there was one.
    pub analysis: Option<String>,
}

impl Ready {
    pub(super) fn plan(&self) -> Result<&Plan, Failure> {
        self.file.require()
    }
}

/// What has to change for the plan to be there.
pub(super) fn actions(project: &Project, ready: &Ready, commit: bool) -> Result<Vec<Action>> {
    let plan = ready.plan()?;
    let id = &plan.id;
    let mut files = vec![(layout::plan(id), ready.file.reading.text.clone().into_bytes())];
    let page = page::page(project, &ready.file, plan, &ready.proof)?;
    files.push((layout::plan_page(id), page.into_bytes()));
    if let Some(analysis) = &ready.analysis {
        files.push((layout::analysis_page(id), analysis.clone().into_bytes()));
    }
    let there = |path: &RepoPath| std::fs::read(project.root.join(&*path.to_lossy())).ok();
    let differing =
        |(path, bytes): &&(RepoPath, Vec<u8>)| there(path).is_some_and(|old| old != *bytes);
    let replaced: Vec<RepoPath> = files.iter().filter(differing).map(|(p, _)| p.clone()).collect();
    if !replaced.is_empty() && is_approved(project, id)? {
        let message = format!("the plan {id} is approved: it cannot be replaced");
        let hint = "give the new plan another `id`";
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let mut actions = Vec::new();
    // Only what a person may have written needs saving; the pages are made from it.
    if replaced.contains(&layout::plan(id)) {
        actions.push(Action::Backup { name: format!("plan/{id}"), paths: replaced });
    }
    let paths: Vec<RepoPath> = files.iter().map(|(path, _)| path.clone()).collect();
    let changed = files.into_iter().filter(|(path, bytes)| there(path).as_ref() != Some(bytes));
    actions.extend(changed.map(|(path, bytes)| Action::WriteFile { path, bytes }));
    if commit {
        let message = format!("chore(ap): plan {}\n\nAP-Plan: {id}\n", id.slug());
        actions.push(Action::CommitFiles { paths, message });
    }
    Ok(actions)
}

/// Whether a session of the plan has begun: its integration branch exists.
fn is_approved(project: &Project, id: &PlanId) -> Result<bool> {
    let prefix = &project.config()?.branch_prefix;
    project.repository.has_reference(&format!("refs/heads/{prefix}/{id}/integration"))
}

/// Carries out the actions, telling what happens.
pub(super) fn write(
    ctx: &Ctx,
    project: &Project,
    actions: &[Action],
    narrator: &mut Narrator<'_>,
) -> Result<Vec<Outcome>> {
    narrator.event(EventKind::PhaseStart { phase: Phase::AutoDocumentation }, 97)?;
    let outcomes = apply(&project.repository, &project.root, &Project::steps(ctx)?, actions)?;
    narrator.event(EventKind::PhaseComplete { phase: Phase::AutoDocumentation }, 99)?;
    Ok(outcomes)
}

/// What a dry run prints for people: the actions, then the plan itself.
pub(super) fn preview(ctx: &Ctx, ready: &Ready, actions: &[Action]) -> Result<()> {
    for action in actions {
        ctx.ui.note(&format!("would {}", action.describe()));
    }
    Ok(ctx.ui.answer(&ready.file.reading.text)?)
}

/// Says what was made, what was found and what comes next.
pub(super) fn report(
    ctx: &Ctx,
    ready: &Ready,
    actions: &[Action],
    outcomes: &[Outcome],
) -> Result<()> {
    let plan = ready.plan()?;
    let (id, slug) = (&plan.id, plan.id.slug());
    let waves = ready.proof.wave_count();
    let mut out = format!(
        "{id}\n{}, {} in {}\n",
        plan.task_type.as_str(),
        count_of(plan.objectives.len(), "objective"),
        count_of(waves, "wave")
    );
    let mut order: Vec<usize> = (0..plan.objectives.len()).collect();
    order.sort_by_key(|i| (ready.proof.waves[*i], *i));
    for index in order {
        let objective = &plan.objectives[index];
        writeln!(
            out,
            "\n  wave {}  {}  {}\n             {}",
            ready.proof.waves[index],
            objective.id,
            text::one_line(&objective.title),
            scope_line(objective)
        )
        .expect("writing to a string cannot fail");
    }
    ctx.ui.answer(&out)?;
    if !ready.proof.findings.is_empty() {
        check::show_beside(ctx, &ready.file, &ready.proof);
    }
    told(ctx, plan, actions, outcomes);
    let folder = layout::plan_folder(id);
    if !ready.proof.valid() {
        ctx.ui.note(&format!("next: mend it with `git ap plan --edit {slug}`, or let `git ap check --fix {slug}` move waves"));
    } else if outcomes.iter().any(|o| *o != Outcome::Unchanged) {
        ctx.ui.note(&format!(
            "next: review {folder}/plan.md, change it with `git ap plan --edit {slug}`"
        ));
    }
    Ok(())
}

/// What was written, and how to take it back.
fn told(ctx: &Ctx, plan: &Plan, actions: &[Action], outcomes: &[Outcome]) {
    let folder = layout::plan_folder(&plan.id);
    if outcomes.iter().all(|o| *o == Outcome::Unchanged) {
        return ctx.ui.note(&format!("{folder} holds this plan already: nothing was changed"));
    }
    let written = actions.iter().zip(outcomes).filter(|(action, outcome)| {
        matches!(action, Action::WriteFile { .. }) && **outcome == Outcome::Done
    });
    let written = written.count();
    if written > 0 {
        ctx.ui.note(&format!("{} written to {folder}/", count_of(written, "file")));
    }
    let mut undo = format!("rm -r {folder}");
    for outcome in outcomes {
        match outcome {
            Outcome::BackedUp(reference) => {
                undo = format!("git restore --source={reference} --worktree {folder}");
                ctx.ui.note(&format!("what was there before is saved as {reference}"));
            }
            Outcome::Committed(commit) => {
                "git reset --soft HEAD^".clone_into(&mut undo);
                ctx.ui.note(&format!("committed as {}", commit.get(..10).unwrap_or(commit)));
            }
            Outcome::Done | Outcome::Unchanged => {}
        }
    }
    ctx.ui.note(&format!("to take it back: `{undo}`"));
}
