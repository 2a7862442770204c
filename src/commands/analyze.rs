//! `git ap analyze`: what the code says about a request, without a plan.

use anyhow::Result;

use super::project::Project;
use super::survey::{Uncommitted, analysis, options};
use super::{Ctx, Events, Exit, page};
use crate::analysis::Document;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::execute::narrate::Reporter;
use crate::planner::builtin;
use crate::ui::Format;

/// Show which files a request is about, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap analyze add JWT authentication
  git ap analyze --format json add JWT | jq '.files[].path'")]
pub struct Args {
    /// What to do, in words
    #[arg(value_name = "REQUEST", required = true)]
    pub request: Vec<String>,
}

impl Args {
    /// The request, its words joined by a space.
    pub fn request_text(&self) -> String {
        self.request.join(" ")
    }
}

/// Analyses a request and prints what was seen.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("analyze", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let request = args.request_text();
    if request.trim().is_empty() {
        let failure = Failure::new(Kind::Usage, "the request is empty");
        return Err(failure.hint("git ap analyze \"what should be done\"").into());
    }
    let config = project.config()?.clone();
    let id = PlanId::new(&ctx.clock.stamp(), &request).map_err(anyhow::Error::msg)?;
    let work = move |reporter: &Reporter| {
        let commit = project.repository.head()?.commit;
        let uncommitted = Uncommitted::begin(&project.repository);
        let analysis = analysis(&project.repository, &commit, &request, reporter, 95)?;
        // The strategy and the files that matter are those of the plan that would be made.
        let draft = builtin::plan(&analysis, &options(id, &commit, None, &config));
        let document = Document::new(&analysis, &commit, &draft.files, &draft.plan.strategy)
            .with_notes(&draft.notes)
            .with_uncommitted(&uncommitted.paths()?);
        // The process ends soon; giving back a million pieces of memory first would be felt.
        std::mem::forget(analysis);
        Ok((project, request, document))
    };
    let (project, request, document) = ctx.narrate(Events::Beside, work, |done, _| Ok(done))?;
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&document)?;
    } else {
        ctx.ui.answer(&page::templates(&project)?.analysis_text(&document, &request)?)?;
    }
    Ok(Exit::DONE)
}
