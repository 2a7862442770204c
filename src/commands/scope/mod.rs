//! `git ap scope`: who may touch what, and changing that while objectives are worked on.

mod answer;
mod request;
mod who;

use anyhow::Result;

pub(super) use request::wanted;
use serde_json::json;

use super::{Ctx, Exit};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Asked, Request};
use crate::ui::{Format, text};

/// Say who may touch a path, and widen the scope of an objective that is worked on
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope who src/auth/login.rs
  git ap scope request docs/auth.md --why \"the API is described there\"
  git ap scope grant jwt/T1
  git ls-files -z | git ap scope who --stdin -z --format json")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Say which objective may change a path, and by which rules
    Who(who::Args),
    /// Ask for more than the scope of an objective that is worked on
    Request(request::Args),
    /// Give an objective what it asked for, or other paths that nobody holds
    Grant(answer::Grant),
    /// Do not give an objective what it asked for
    Deny(answer::Deny),
}

/// Runs a verb of `git ap scope`.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Who(args) => who::run(ctx, args),
        Verb::Request(args) => request::run(ctx, args),
        Verb::Grant(args) => answer::grant(ctx, args),
        Verb::Deny(args) => answer::deny(ctx, args),
    }
}

/// A request as JSON.
pub(super) fn as_json(request: &Request) -> serde_json::Value {
    let reason = match &request.state {
        Asked::Denied { reason } => Some(reason),
        _ => None,
    };
    let holder = match &request.state {
        Asked::Waiting { holder, .. } => Some(holder),
        _ => None,
    };
    json!({
        "number": request.seq,
        "objective": request.objective,
        "patterns": request.patterns,
        "why": request.why,
        "time": request.time,
        "state": request.state.as_str(),
        "consented": matches!(request.state, Asked::Waiting { consented: true, .. }),
        "reason": reason,
        "holder": holder,
    })
}

fn show_requests(
    ctx: &Ctx,
    plan: &PlanId,
    objective: &ObjectiveId,
    requests: &[Request],
    may: bool,
) -> Result<()> {
    if ctx.ui.format == Format::Json {
        let requests: Vec<_> = requests.iter().map(as_json).collect();
        return ctx.ui.json(&json!({
            "schema": SCHEMA, "plan": plan, "objective": objective, "may": may,
            "requests": requests,
        }));
    }
    let lines: Vec<String> = requests
        .iter()
        .map(|r| text::one_line(&format!("{objective} {}", r.describe())).into_owned())
        .collect();
    if !lines.is_empty() {
        ctx.ui.answer(&lines.join("\n"))?;
    }
    Ok(())
}
