//! Changing the plan of a running session: `git ap plan --edit` and `git ap plan --add`. What has
//! begun stays; the rest is amended by a commit on the integration branch.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{Args, edit, from};
use crate::commands::session::{Purpose, Workshop, commands, what_next};
use crate::commands::survey::{analysis, options};
use crate::commands::{Ctx, Events, Exit, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::path::shell_word;
use crate::domain::plan::{self, Objective, Plan, SCHEMA};
use crate::execute::amend;
use crate::execute::replan::{Revised, replan, revise};
use crate::execute::session::{Handle, look};
use crate::planner::builtin;
use crate::ui::Format;

/// Whether a plan's session has begun and is not finished: then its plan is amended.
pub(super) fn is_running(workshop: &Workshop, id: &PlanId) -> Result<bool> {
    let session = look(&workshop.project.repository, id)?;
    Ok(session.is_some_and(|s| !s.was_taken_back() && !s.is_finished()))
}

/// Edits the agreed plan.
pub(super) fn edit(ctx: &Ctx, workshop: &Workshop, args: &Args, id: &PlanId) -> Result<Exit> {
    workshop.require_owner("plan --edit")?;
    refuse_commit(args)?;
    let text = amend::text(&workshop.session(id)?)?;
    let again = format!("git ap plan --edit {}", id.slug());
    edit::in_editor(ctx, &workshop.project, (id, &text), Some(&again), |edited| {
        amended(ctx, workshop, args, id, edited)
    })
}

/// Amended plans are committed on the integration branch, and nowhere else.
fn refuse_commit(args: &Args) -> Result<(), Failure> {
    if !args.commit {
        return Ok(());
    }
    let message = "the plan is approved: a change of it is committed on the integration branch";
    Err(Failure::new(Kind::Usage, message).hint("leave out `--commit`"))
}

/// Adds objectives to a plan, from a request or from a file.
pub(super) fn add(ctx: &Ctx, args: &Args) -> Result<Exit> {
    let workshop = Workshop::open(ctx)?;
    workshop.require_owner("plan --add")?;
    let id = workshop.plan_named(args.to.as_deref(), Purpose::Change)?;
    let running = is_running(&workshop, &id)?;
    let (text, commit) = if running {
        refuse_commit(args)?;
        let handle = workshop.session(&id)?;
        (amend::text(&handle)?, handle.session.integration.clone())
    } else {
        let file = workshop.project.plan(&id)?;
        file.require()?;
        (file.reading.text, workshop.project.repository.head()?.commit)
    };
    let old = plan::read(&text).plan.context("the plan can be read")?;
    let more = match &args.from {
        Some(file) => without_known(&old, given(ctx, &old, file)?),
        None => planned(ctx, &workshop, args, &id, &commit)?,
    };
    let more = plan::renamed(&old, &more, |_| args.from.is_some());
    let whole = || {
        let mut whole = old.clone();
        whole.objectives.extend(more.objectives.iter().cloned());
        whole.contracts.extend(more.contracts.iter().cloned());
        plan::to_toml(&whole)
    };
    let text = plan::with_objectives(&text, &more).unwrap_or_else(whole);
    if running {
        amended(ctx, &workshop, args, &id, &text)
    } else {
        edit::take_over(ctx, &workshop.project, args, &id, &text)
    }
}

/// Objectives that somebody else wrote: a whole plan, or tables `[[objective]]` alone.
fn given(ctx: &Ctx, old: &Plan, file: &Path) -> Result<Plan> {
    let (text, shown) = from::read(ctx, file)?;
    if let Some(plan) = plan::read_answer(&text).plan {
        return Ok(plan);
    }
    let (alone, _) = plan::read_answer_under(&text, old);
    alone.plan.ok_or_else(|| {
        let why = alone.findings.first().map_or("cannot be read", |f| f.message.as_str());
        let failure = Failure::new(Kind::Plan, format!("{shown}: {why}"));
        failure
            .hint("write a plan, or tables `[[objective]]` with `id`, `title` and `touch`")
            .into()
    })
}

/// What a file brings that is not there already, word for word: given again, it adds nothing.
fn without_known(old: &Plan, mut more: Plan) -> Plan {
    let same = |o: &Objective| {
        let there = old.objective(&o.id).map(|old| Objective { wave: None, ..old.clone() });
        there == Some(Objective { wave: None, ..o.clone() })
    };
    more.objectives.retain(|o| !same(o));
    more.contracts.retain(|contract| !old.contracts.contains(contract));
    more
}

/// Objectives for a request, made from the code as the session has it.
fn planned(ctx: &Ctx, workshop: &Workshop, args: &Args, id: &PlanId, commit: &str) -> Result<Plan> {
    let request = args.request_text();
    let config = workshop.project.config()?.clone();
    let options = options(id.clone(), commit, None, &config);
    // The repository is opened again: the work runs beside the display.
    let repository = crate::git::Repository::discover(&workshop.project.root)?;
    let commit = commit.to_owned();
    ctx.narrate(
        Events::Beside,
        move |reporter| {
            let analysis = analysis(&repository, &commit, &request, reporter, 90)?;
            let mut plan = builtin::plan(&analysis, &options).plan;
            // Where there is room among those that run is found out later.
            for objective in &mut plan.objectives {
                objective.wave = None;
            }
            Ok(plan)
        },
        |plan, _| Ok(plan),
    )
}

/// Makes a new text of the plan the one that counts, if the owner says yes.
fn amended(ctx: &Ctx, workshop: &Workshop, args: &Args, id: &PlanId, text: &str) -> Result<Exit> {
    let mut handle = workshop.session(id)?;
    let new = revise(&handle, text)?;
    if new.lines.is_empty() {
        ctx.ui.note("the plan is as it was");
        return Ok(Exit::DONE);
    }
    if args.dry_run {
        return preview(ctx, id, &new);
    }
    confirm(ctx, &handle, &new)?;
    let templates = page::templates(&workshop.project)?;
    replan(&mut handle, &new, &templates)?;
    let commit = handle.session.agreed().to_owned();
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&document(id, &new, Some(&commit)))?;
        return Ok(Exit::DONE);
    }
    ctx.ui.answer(&new.lines.join("\n"))?;
    ctx.ui.note(&format!("the plan is amended in {}", commit.get(..10).unwrap_or(&commit)));
    ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    Ok(Exit::DONE)
}

fn document(id: &PlanId, new: &Revised, commit: Option<&str>) -> serde_json::Value {
    json!({
        "schema": SCHEMA, "plan": id, "dry_run": commit.is_none(), "commit": commit,
        "changes": new.lines, "objectives": new.objectives,
    })
}

fn preview(ctx: &Ctx, id: &PlanId, new: &Revised) -> Result<Exit> {
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&document(id, new, None))?;
    } else {
        let lines: Vec<String> = new.lines.iter().map(|l| format!("would be: {l}")).collect();
        ctx.ui.answer(&lines.join("\n"))?;
    }
    Ok(Exit::DONE)
}

/// Shows what changes and what the new plan would run, and asks.
fn confirm(ctx: &Ctx, handle: &Handle<'_>, new: &Revised) -> Result<()> {
    for line in &new.lines {
        ctx.ui.note(line);
    }
    let before = commands(&handle.agreed);
    for line in commands(&new.agreed).iter().filter(|line| !before.contains(line)) {
        ctx.ui.note(line);
    }
    let id = handle.session.plan();
    match ctx.ui.confirm(&format!("amend the plan {id}?"))? {
        Some(true) => Ok(()),
        Some(false) => {
            let failure = Failure::new(Kind::User, "the plan was not amended: nothing was changed");
            Err(failure.hint(format!("git ap show {}", shell_word(id.slug()))).into())
        }
        None => {
            let message = format!("nobody said yes to amending the plan {id}");
            Err(Failure::new(Kind::User, message).hint("add `--yes`").into())
        }
    }
}
