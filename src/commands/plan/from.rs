//! `git ap plan --from`: a plan that somebody else made, taken over as it is.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use toml_edit::{Item, Value};

use super::Args;
use super::save::{self, Ready};
use crate::commands::project::{PlanFile, Project};
use crate::commands::{Ctx, Events, Exit, check};
use crate::domain::document::Syntax;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase};
use crate::domain::plan::{self, Plan};
use crate::store::{self, layout};
use crate::ui::Format;
use crate::ui::findings::Subject;

/// The most that is read from standard input, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

pub(super) fn run(ctx: &Ctx, project: &Project, args: &Args, from: &Path) -> Result<Exit> {
    let (text, shown) = read(ctx, from)?;
    let given = PlanFile { reading: plan::read_answer(&text), shown, path: None };
    let Some(plan) = given.reading.plan.clone() else {
        check::show(ctx, &given.reading.findings, &given, Subject::default())?;
        ctx.ui.note("nothing was written");
        return Ok(Kind::Plan.into());
    };
    let unknown = check::unknown_base(project, &given, &plan)?;
    if let Some(finding) = unknown {
        check::show(ctx, &[finding], &given, Subject::default())?;
        ctx.ui.note("nothing was written");
        return Ok(Kind::Plan.into());
    }
    let _lock = project.lock()?;
    let text = completed(project, &given, &plan)?;
    let ready = prove(project, &text)?;
    let valid = ready.proof.valid();
    let actions = save::actions(project, &ready, args.commit)?;
    if args.dry_run {
        match ctx.ui.format {
            Format::Json => ctx.ui.json(ready.plan()?)?,
            _ => save::preview(ctx, &ready, &actions)?,
        }
        return Ok(if valid { Exit::DONE } else { Kind::Plan.into() });
    }
    ctx.narrate(
        Events::Stdout,
        |_| Ok(()),
        |(), narrator| {
            narrator.event(EventKind::PhaseStart { phase: Phase::Validation }, 50)?;
            let findings = ready.proof.findings.len();
            narrator.event(EventKind::ScopeValidated { valid, findings }, 90)?;
            let outcomes = save::write(ctx, project, &actions, narrator)?;
            if ctx.ui.format == Format::Human {
                save::report(ctx, &ready, &actions, &outcomes)?;
            }
            Ok(())
        },
    )?;
    Ok(if valid { Exit::DONE } else { Kind::Plan.into() })
}

pub(super) fn read(ctx: &Ctx, from: &Path) -> Result<(String, String)> {
    if from == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .context("cannot read the plan from standard input")?;
        if bytes.len() as u64 > LIMIT {
            let message = format!("the plan on standard input has more than {} MiB", LIMIT >> 20);
            return Err(Failure::new(Kind::User, message).into());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the plan on standard input is not UTF-8 at byte {at}");
            let failure = Failure::new(Kind::User, message);
            // What PowerShell's `>` writes (byte order marks of UTF-16).
            match error.as_bytes() {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                    failure.hint("it is UTF-16: save it as UTF-8")
                }
                _ => failure.hint("save it as UTF-8"),
            }
        })?;
        return Ok((text, "standard input".to_owned()));
    }
    let shown = from.to_string_lossy().into_owned();
    match store::read_text(&ctx.cwd.join(from), &shown)? {
        Some(text) => Ok((text, shown)),
        None => Err(Failure::new(Kind::User, format!("there is no file `{shown}`")).into()),
    }
}

/// The text of the plan with its target and base filled in. A TOML text stays as its author
/// wrote it otherwise; JSON and fenced blocks are written anew as TOML.
fn completed(project: &Project, given: &PlanFile, plan: &Plan) -> Result<String> {
    let head = project.repository.head()?;
    // The same plan given again is the same plan: what was filled in stays.
    let there = project.plan(&plan.id).ok().and_then(|file| file.reading.plan);
    let (old_target, old_base) = there.map_or((None, None), |old| (old.target, old.base));
    let Some(target) = plan.target.clone().or(old_target).or(head.branch) else {
        let failure =
            Failure::new(Kind::Repository, "HEAD is detached: on which branch shall it land?");
        return Err(failure.hint("add `target = \"main\"` to the plan").into());
    };
    let base = match plan.base.as_ref().or(old_base.as_ref()) {
        Some(base) => project.repository.commit(base)?,
        None => head.commit,
    };
    let whole = Plan { target: Some(target.clone()), base: Some(base.clone()), ..plan.clone() };
    let text = plan::edited(&given.reading.text, |document| {
        if plan.target.is_none() {
            document.insert("target", Item::Value(Value::from(target)));
        }
        if plan.base.as_ref() != Some(&base) {
            document.insert("base", Item::Value(Value::from(base)));
        }
        Some(())
    });
    if given.reading.syntax == Some(Syntax::Toml)
        && let Some(text) = text.filter(|text| plan::read(text).plan.as_ref() == Some(&whole))
    {
        return Ok(text);
    }
    Ok(plan::to_toml(&whole))
}

/// Reads and proves the text that is going to be written.
pub(super) fn prove(project: &Project, text: &str) -> Result<Ready> {
    let reading = plan::read(text);
    let id = reading.plan.as_ref().map(|p| p.id.clone()).context("a completed plan is a plan")?;
    let path = layout::plan(&id);
    let file = PlanFile { shown: path.to_lossy().into_owned(), path: Some(path), reading };
    let tree = project.tree()?;
    let proof = project.prove(&file.reading, file.require()?, &tree)?;
    // Where the history cannot be read, `check` says so.
    let proof = project.learned(&file, &tree, proof)?.proof;
    Ok(Ready { file, proof, analysis: None })
}
