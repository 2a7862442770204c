//! `git ap plan --edit` and `--render`: a plan that exists, changed by a person.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;
use tempfile::NamedTempFile;

use super::Args;
use super::from::prove;
use super::save;
use crate::commands::page;
use crate::commands::project::{PlanFile, Project};
use crate::commands::{Ctx, Exit, check};
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::path::shell_word;
use crate::domain::plan::{self, SCHEMA};
use crate::git::shell;
use crate::ui::Format;
use crate::ui::findings::Subject;

/// Opens a copy of the plan in the editor and takes the result over when it is a plan.
pub(super) fn run(ctx: &Ctx, project: &Project, args: &Args) -> Result<Exit> {
    let id = project.plan_id(args.plan_name().as_deref())?;
    let file = project.plan(&id)?;
    in_editor(ctx, project, (&id, &file.reading.text), None, |text| {
        take_over(ctx, project, args, &id, text)
    })
}

/// Lets a text be changed in the editor and gives the result to `take`. Whatever goes wrong, what
/// was typed stays where it was typed, and is brought back with the command `again`; none: it is
/// a plan that can be taken over from there.
pub(super) fn in_editor(
    ctx: &Ctx,
    project: &Project,
    (id, original): (&PlanId, &str),
    again: Option<&str>,
    take: impl FnOnce(&str) -> Result<Exit>,
) -> Result<Exit> {
    let copy = copy_of(id, original)?;
    let editor = project.repository.editor()?;
    let edited = shell::edit(&editor, copy.path());
    let text = crate::store::read_text(copy.path(), "the edited copy");
    if matches!((&edited, &text), (Ok(true), Ok(Some(text))) if *text == *original) {
        ctx.ui.note("the plan is as it was");
        return Ok(Exit::DONE);
    }
    let outcome = match (edited, text) {
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(false), _) => Err(anyhow::anyhow!("the editor `{editor}` failed")),
        (_, Ok(None)) => Err(anyhow::anyhow!("the editor `{editor}` removed the file")),
        (Ok(true), Ok(Some(text))) => take(&text),
    };
    outcome.map_err(|error| kept(&error, copy, original, again))
}

fn copy_of(id: &PlanId, text: &str) -> Result<NamedTempFile> {
    let mut copy = tempfile::Builder::new()
        .prefix(&format!("{}-", id.slug()))
        .suffix(".toml")
        .tempfile()
        .context("cannot make a copy of the plan to edit")?;
    copy.write_all(text.as_bytes()).context("cannot write the copy of the plan")?;
    copy.flush().context("cannot write the copy of the plan")?;
    Ok(copy)
}

/// The error with the place of the edited copy, which stays there if it holds anything new.
fn kept(
    error: &anyhow::Error,
    copy: NamedTempFile,
    original: &str,
    again: Option<&str>,
) -> anyhow::Error {
    let failure = crate::ui::failure_of(error);
    let typed = std::fs::read(copy.path()).is_ok_and(|bytes| bytes != original.as_bytes());
    if !typed {
        let message = format!("{}: the plan is as it was", failure.message);
        return Failure { message, ..failure }.into();
    }
    match copy.keep() {
        Ok((_, path)) => {
            let shown = path.to_string_lossy();
            let message =
                format!("{}: the plan is as it was, your text is in {shown}", failure.message);
            let hint = match (again, failure.hint) {
                (None, _) => format!("mend it, then `git ap plan --from {}`", shell_word(&shown)),
                (Some(again), None) => format!("take it over from there with `{again}`"),
                (Some(again), Some(hint)) => {
                    format!("{hint}; take the rest over from there with `{again}`")
                }
            };
            Failure::new(failure.kind, message).hint(hint).into()
        }
        Err(error) => anyhow::Error::new(error).context("cannot keep the edited copy"),
    }
}

pub(super) fn take_over(
    ctx: &Ctx,
    project: &Project,
    args: &Args,
    id: &PlanId,
    text: &str,
) -> Result<Exit> {
    let reading = plan::read(text);
    let Some(edited) = &reading.plan else {
        let shown = "the edited plan".to_owned();
        let file = PlanFile { shown, path: None, reading };
        check::show(ctx, &file.reading.findings, &file, Subject::default())?;
        return Err(Failure::new(Kind::Plan, "the edited plan has errors").into());
    };
    if edited.id != *id {
        let message = format!("the edited plan has another `id`, {}", edited.id);
        return Err(Failure::new(Kind::Plan, message).into());
    }
    let _lock = project.lock()?;
    let ready = prove(project, text)?;
    let actions = save::actions(project, &ready, args.commit)?;
    match (args.dry_run, ctx.ui.format) {
        (true, Format::Human) => save::preview(ctx, &ready, &actions)?,
        (true, _) => ctx.ui.json(ready.plan()?)?,
        (false, format) => {
            let steps = Project::steps(ctx)?;
            let outcomes =
                crate::apply::apply(&project.repository, &project.root, &steps, &actions)?;
            if format == Format::Human {
                save::report(ctx, &ready, &actions, &outcomes)?;
            } else {
                ctx.ui.json(ready.plan()?)?;
            }
        }
    }
    Ok(if ready.proof.valid() { Exit::DONE } else { Kind::Plan.into() })
}

/// Makes the page of a plan anew.
pub(super) fn render(ctx: &Ctx, project: &Project, args: &Args) -> Result<Exit> {
    let id = project.plan_id(args.plan_name().as_deref())?;
    let _lock = project.lock()?;
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
    if ctx.ui.format == Format::Json {
        let path = shown.to_lossy();
        ctx.ui.json(&json!({ "schema": SCHEMA, "path": path, "changed": changed }))?;
        return Ok(Exit::DONE);
    }
    ctx.ui.note(&if changed {
        format!("{shown} written")
    } else {
        format!("{shown} is up to date")
    });
    Ok(Exit::DONE)
}
