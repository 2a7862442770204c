//! `git ap plan --edit` and `--render`: a plan that exists, changed by a person.

use std::io::Write as _;

use anyhow::{Context as _, Result};

use super::Args;
use super::from::prove;
use super::save;
use crate::commands::page;
use crate::commands::project::Project;
use crate::commands::{Ctx, Exit, check};
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::plan;
use crate::git::shell;
use crate::ui::findings::Subject;

/// Opens a copy of the plan in the editor and takes the result over when it is a plan.
pub(super) fn run(ctx: &Ctx, project: &Project, args: &Args) -> Result<Exit> {
    let id = project.plan_id(args.plan_name().as_deref())?;
    let file = project.plan(&id)?;
    let mut copy = tempfile::Builder::new()
        .prefix(&format!("{}-", id.slug()))
        .suffix(".toml")
        .tempfile()
        .context("cannot make a copy of the plan to edit")?;
    copy.write_all(file.reading.text.as_bytes()).context("cannot write the copy of the plan")?;
    copy.flush().context("cannot write the copy of the plan")?;
    let editor = project.repository.editor()?;
    if !shell::edit(&editor, copy.path())? {
        let message = format!("the editor `{editor}` failed: the plan is as it was");
        return Err(Failure::new(Kind::User, message).into());
    }
    let text = crate::store::read_text(copy.path(), "the edited copy")?.unwrap_or_default();
    if text == file.reading.text {
        ctx.ui.note("the plan is as it was");
        return Ok(Exit::DONE);
    }
    let reading = plan::read(&text);
    let same_id = reading.plan.as_ref().is_some_and(|p| p.id == id);
    if !same_id {
        // What was typed is not lost: the copy stays where it is.
        let (_, kept) = copy.keep().context("cannot keep the edited copy")?;
        let shown = kept.to_string_lossy().into_owned();
        let edited =
            crate::commands::project::PlanFile { shown: shown.clone(), path: None, reading };
        check::show(ctx, &edited.reading.findings, &edited, Subject::default())?;
        let what = if edited.reading.plan.is_some() { "has another `id`" } else { "has errors" };
        let message =
            format!("the edited plan {what}: the plan is as it was, your text is in {shown}");
        return Err(Failure::new(Kind::Plan, message)
            .hint(format!("git ap plan --from {shown}"))
            .into());
    }
    let ready = prove(project, &text)?;
    let actions = save::actions(project, &ready, args.commit)?;
    if args.dry_run {
        save::preview(ctx, &ready, &actions)?;
    } else {
        let steps = Project::steps(ctx)?;
        let outcomes = crate::apply::apply(&project.repository, &project.root, &steps, &actions)?;
        save::report(ctx, &ready, &actions, &outcomes)?;
    }
    Ok(if ready.proof.valid() { Exit::DONE } else { Kind::Plan.into() })
}

/// Makes the page of a plan anew.
pub(super) fn render(ctx: &Ctx, project: &Project, args: &Args) -> Result<Exit> {
    let id = project.plan_id(args.plan_name().as_deref())?;
    let file = project.plan(&id)?;
    let mut actions = page::written(project, &file)?;
    if args.commit {
        let paths = actions.iter().filter_map(|action| match action {
            Action::WriteFile { path, .. } => Some(path.clone()),
            _ => None,
        });
        let message = format!("chore(ap): render plan {}\n\nAP-Plan: {id}\n", id.slug());
        let paths = paths.collect();
        actions.push(Action::CommitFiles { paths, message });
    }
    if args.dry_run {
        for action in &actions {
            ctx.ui.note(&format!("would {}", action.describe()));
        }
        return Ok(Exit::DONE);
    }
    let steps = Project::steps(ctx)?;
    let outcomes = crate::apply::apply(&project.repository, &project.root, &steps, &actions)?;
    let changed = outcomes.iter().any(|o| *o != crate::apply::Outcome::Unchanged);
    let shown = crate::store::layout::plan_page(&id);
    ctx.ui.note(&if changed {
        format!("{shown} written")
    } else {
        format!("{shown} is up to date")
    });
    Ok(Exit::DONE)
}
