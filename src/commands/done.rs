//! `git ap done`: an objective is handed in, judged, and perhaps its wave merged.

use anyhow::Result;

use super::session::{Team, Teller, Workshop, what_next};
use super::{Ctx, Exit, merge, page, run};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::{Next, Phase, next};
use crate::execute::session::Handle;
use crate::execute::submit::{Manner, Verdict, submit};
use crate::report::Templates;
use crate::store;
use crate::ui::{Format, count_of, failure_of};

/// Say that an objective is done
///
/// Every commit of its branch is held against its scope, then its gates run. In its worktree no
/// name is needed. In a session begun by `git ap run`, the last one goes on to merge the wave.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap done                        in the objective's worktree
  git ap done T1 T2                  each is judged alone
  git ap done --commit -m \"feat: x\"  commit what is there first
  git ap done T3 --no-change         there was nothing to do")]
pub struct Args {
    /// Objectives, as `T1` or `jwt/T1`
    #[arg(value_name = "OBJECTIVE")]
    pub objectives: Vec<String>,
    /// Commit what is not committed yet
    #[arg(long)]
    pub commit: bool,
    /// The message of that commit
    #[arg(short, long, value_name = "MESSAGE", requires = "commit")]
    pub message: Option<String>,
    /// The objective changed nothing, and that is right
    #[arg(long)]
    pub no_change: bool,
}

/// Hands objectives in.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("done", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let mut named = Vec::new();
    if args.objectives.is_empty() {
        named.push(workshop.objective_named(None)?);
    }
    for name in &args.objectives {
        named.push(workshop.objective_named(Some(name))?);
    }
    let mut teller = Teller::new(ctx);
    let outcome = all(ctx, &workshop, args, &named, &mut teller);
    teller.end(outcome)
}

fn all(
    ctx: &Ctx,
    workshop: &Workshop,
    args: &Args,
    named: &[(PlanId, ObjectiveId)],
    teller: &mut Teller<'_>,
) -> Result<Exit> {
    let templates = page::templates(&workshop.project)?;
    let manner = Manner {
        commit: args.commit,
        message: args.message.clone(),
        no_change: args.no_change,
        ..Manner::default()
    };
    let mut failures = Vec::new();
    for (plan, objective) in named {
        teller.session(plan);
        let mut handle = workshop.session(plan)?;
        let outcome = submit(&mut handle, objective, &manner, &templates, teller);
        if let Err(failure) = told(ctx, &handle, objective, outcome)? {
            failures.push(failure);
        }
    }
    // Each was told; the worst decides the exit code.
    if let Some(worst) = failures.into_iter().max_by_key(|f| severity(f.kind)) {
        return Err(worst.into());
    }
    let plans: std::collections::BTreeSet<&PlanId> = named.iter().map(|(plan, _)| plan).collect();
    for plan in plans {
        let own: Vec<&ObjectiveId> =
            named.iter().filter(|(p, _)| p == plan).map(|(_, objective)| objective).collect();
        goes_on(ctx, workshop, (plan, &own), &templates, teller)?;
    }
    Ok(Exit::DONE)
}

/// The order in which exit codes count (DESIGN §6).
fn severity(kind: Kind) -> u8 {
    match kind {
        Kind::Usage => 7,
        Kind::Bug => 6,
        Kind::Violation => 5,
        Kind::Gate => 4,
        Kind::Plan => 3,
        Kind::Worker => 2,
        Kind::User | Kind::Repository | Kind::Conflict | Kind::Io => 1,
    }
}

/// Tells what came of one objective; the failure of it, where there is one.
fn told(
    ctx: &Ctx,
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    outcome: Result<Verdict>,
) -> Result<Result<(), Failure>> {
    let say = |text: &str| -> Result<()> {
        if ctx.ui.format == Format::Human {
            ctx.ui.answer(text)?;
        }
        Ok(())
    };
    let slug = handle.session.plan().slug();
    let failure = match outcome {
        Ok(Verdict::Merged) => {
            say(&format!("{objective} is merged already"))?;
            return Ok(Ok(()));
        }
        Ok(Verdict::Accepted { tip, files, derived, already }) => {
            let again = if already { " already" } else { "" };
            let short = tip.get(..10).unwrap_or(&tip);
            say(&format!(
                "{objective} is accepted{again}: {} changed at {short}",
                count_of(files, "file")
            ))?;
            for path in derived {
                ctx.ui
                    .note(&format!("{path} is made by a command: your change of it will not land"));
            }
            return Ok(Ok(()));
        }
        Ok(Verdict::NoChange) => {
            let message = format!("objective {objective} changes nothing");
            Failure::new(Kind::User, message)
                .hint("if that is right, say `git ap done --no-change`")
        }
        Ok(Verdict::Uncommitted(violations)) => {
            let told: Vec<String> = violations.iter().map(|v| v.message(objective)).collect();
            let message = format!("nothing was committed: {}", told.join("; "));
            let hint = "take the change back (`git restore`), or ask the owner for the path";
            Failure::new(Kind::Violation, message).hint(hint)
        }
        Ok(Verdict::Violated(violations)) => {
            let message = format!("{objective} is out of its scope: {}", violations.join("; "));
            Failure::new(Kind::Violation, message).hint(format!(
                "take it out of the branch's history (`git rebase -i`), or ask for the path, then `git ap done {slug}/{objective}`"
            ))
        }
        Ok(Verdict::Red(red)) => {
            let message = format!(
                "{objective} is not accepted: `{}` {}\n{}",
                red.command,
                red.ended.describe(),
                red.ended.tail.join("\n")
            );
            Failure::new(Kind::Gate, message.trim_end().to_owned()).hint(format!(
                "mend it, then `git ap done {slug}/{objective}` (all of its output: {})",
                red.log.display()
            ))
        }
        // Not a matter of this objective.
        Err(error) if error.downcast_ref::<crate::execute::narrate::Interrupted>().is_some() => {
            return Err(error);
        }
        Err(error) => failure_of(&error),
    };
    Ok(Err(failure))
}

/// In a session that `run` began, the last one goes on: it merges, and starts what comes next.
/// Where that was interrupted after the merge, saying `done` again starts it.
fn goes_on(
    ctx: &Ctx,
    workshop: &Workshop,
    (plan, own): (&PlanId, &[&ObjectiveId]),
    templates: &Templates,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let mut handle = workshop.session(plan)?;
    let merged =
        |id: &&ObjectiveId| handle.session.objective(id).is_some_and(|o| o.phase == Phase::Merged);
    let goes_on = match next(&handle.session) {
        Next::Merge { .. } => true,
        Next::Start { .. } => own.iter().all(merged),
        _ => false,
    };
    let driven = handle.session.driven(store::is_alive).is_some();
    if handle.session.approval.by_run && goes_on && !driven {
        let team = Team::read(&workshop.project, None)?;
        if team.can_work() {
            // Workers are started by `run` alone.
            if matches!(next(&handle.session), Next::Merge { .. }) {
                merge::merge(ctx, &mut handle, &[], templates, teller)?;
            }
            if ctx.ui.format == Format::Human {
                ctx.ui.note(&format!("next: `git ap run {}`", plan.slug()));
            }
            return Ok(());
        }
        drop(handle);
        let manner = run::Manner {
            team: &team,
            jobs: 0,
            only: &[],
            wave: None,
            red_base: true,
            keep_going: false,
        };
        return run::advance(ctx, workshop, plan, &manner, templates, teller);
    }
    if ctx.ui.format == Format::Human {
        ctx.ui.note(&format!("next: {}", what_next(&handle.session)));
    }
    Ok(())
}
