//! Who plans: the built-in planner, or a worker of the team that the command or the
//! configuration names.

use anyhow::Result;

use super::Args;
use crate::analysis::Analysis;
use crate::commands::project::{Project, Tree};
use crate::commands::session::Team;
use crate::commands::{Ctx, Environment};
use crate::domain::error::Failure;
use crate::domain::pattern::Pattern;
use crate::domain::plan::{Facts, Plan, prove};
use crate::domain::team::{BUILT_IN, Worker};
use crate::execute::narrate::Reporter;
use crate::planner::asked::question::{About, Reader, question};
use crate::planner::asked::{self, Asked, Asking};
use crate::store::Steps;

/// A worker that is asked, with what it is started from.
#[derive(Debug)]
pub(super) struct Planner {
    worker: Worker,
    environment: Environment,
    failpoint: Option<String>,
}

/// The worker that is to be asked; none: the built-in planner. Refuses by name one that is not
/// there or cannot plan.
pub(super) fn chosen(ctx: &Ctx, project: &Project, args: &Args) -> Result<Option<Planner>> {
    let configured = || project.config().map(|config| config.planner.clone());
    let name = match &args.planner {
        Some(name) => name.clone(),
        None => configured()?,
    };
    if args.prompt || name.is_empty() || name == BUILT_IN {
        return Ok(None);
    }
    let worker = Team::read(project, Some(&name)).and_then(|team| team.planner().cloned());
    let worker = worker.map_err(|error| match error.downcast::<Failure>() {
        Ok(failure) if args.planner.is_none() => {
            let message = format!("`plan.planner`: {}", failure.message);
            Failure { message, ..failure }.into()
        }
        Ok(failure) => failure.into(),
        Err(error) => error,
    })?;
    let (environment, failpoint) = (ctx.env.clone(), ctx.failpoint.clone());
    Ok(Some(Planner { worker, environment, failpoint }))
}

/// Asks a worker for a plan.
pub(super) fn ask(
    project: &Project,
    tree: &Tree,
    planner: &Planner,
    about: About<'_>,
    reporter: &Reporter,
    percent: u8,
) -> Result<Asked> {
    let config = project.config()?;
    asked::plan(&Asking {
        worker: &planner.worker,
        question: &question(about, Reader::Worker)?,
        start: about.plan,
        repository: &project.repository,
        commit: &tree.commit,
        steps: &Steps::new(planner.failpoint.as_deref())?,
        known: &|name| planner.environment.get(name).map(ToOwned::to_owned),
        prove: &|reading, plan| {
            Ok(prove(reading, plan, Facts { config, tracked: &tree.paths })?.findings)
        },
        reporter,
        percent,
    })
}

/// The best files of an analysis that a plan's objectives may change, by index.
pub(super) fn files(plan: &Plan, analysis: &Analysis) -> Vec<usize> {
    let touched = plan.objectives.iter().flat_map(|objective| &objective.touch);
    let patterns: Vec<Pattern> = touched.filter_map(|p| Pattern::parse(p).ok()).collect();
    let ranked = analysis.ranked.iter().map(|ranked| ranked.file);
    ranked
        .filter(|file| {
            let path = &analysis.files[*file].path;
            patterns.iter().any(|pattern| pattern.matches(path))
        })
        .take(FILES)
        .collect()
}

/// How many files a plan is said to be about.
const FILES: usize = 50;
