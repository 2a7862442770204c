//! `git ap scope request`: an objective that is worked on asks for more than its scope.

use anyhow::Result;

use super::{show_requests, steered};
use crate::commands::session::{Notes, Workshop};
use crate::commands::{Ctx, Exit, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::session::{Asked, Entry, Phase, Request};
use crate::execute::request::{Answered, ask};
use crate::planner::scopes::literal;
use crate::ui::Format;

/// Ask for more than the scope of an objective that is worked on
///
/// What is free is granted by the owner of the plan, or at once with `scope.grant = "free"`.
/// What another objective holds is waited for. What is forbidden is denied. Exit code 0: it may
/// be touched now. 6: the objective waits for somebody. 1: it is denied.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope request docs/auth.md --why \"the API is described there\"
  git ap scope request --objective jwt/T1 src/config.rs
  git ap scope request --withdraw          ask no longer, go on with what there is")]
pub(super) struct Args {
    /// Paths or patterns, from the repository's root
    #[arg(value_name = "PATTERN", required_unless_present = "withdraw")]
    patterns: Vec<String>,
    /// Who asks, as `T1` or `jwt/T1`; left out: the objective of this worktree
    #[arg(long, value_name = "OBJECTIVE")]
    objective: Option<String>,
    /// What it is needed for
    #[arg(short = 'm', long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Ask no longer for what is not decided
    #[arg(long, conflicts_with = "patterns")]
    withdraw: bool,
}

/// Records what is asked for, and answers.
pub(super) fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("scope request", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = asking(&workshop, args.objective.as_deref())?;
    if args.withdraw {
        return withdraw(ctx, &workshop, &plan, &objective);
    }
    let mut handle = workshop.session(&plan)?;
    let templates = page::templates(&workshop.project)?;
    let answered = ask(
        &mut handle,
        &objective,
        &wanted(&workshop, &args.patterns),
        &args.why,
        &templates,
        &mut Notes(ctx),
    )?;
    let Answered::Request(request) = answered else {
        if ctx.ui.format == Format::Json {
            show_requests(ctx, &plan, &objective, &[], true)?;
        } else {
            ctx.ui.answer(&format!("{objective} may touch all of that as it is"))?;
        }
        return Ok(Exit::DONE);
    };
    show_requests(ctx, &plan, &objective, std::slice::from_ref(&request), false)?;
    if ctx.ui.format == Format::Human {
        say_how_to_go_on(ctx, &plan, &objective, &request);
    }
    Ok(match request.state {
        Asked::Granted => Exit::DONE,
        Asked::Denied { .. } | Asked::Withdrawn => Kind::User.into(),
        Asked::Open | Asked::Waiting { .. } => Kind::Worker.into(),
    })
}

/// What was typed as patterns: the name of a file that would be read as something else is written
/// so that it stands for itself.
fn wanted(workshop: &Workshop, typed: &[String]) -> Vec<String> {
    let root = &workshop.project.root;
    let meant = typed.iter().map(|text| {
        let path = RepoPath::new(text.as_bytes()).filter(|_| root.join(text).exists());
        match path {
            Some(path) if !Pattern::parse(text).is_ok_and(|p| p.matches(&path)) => literal(&path),
            _ => text.clone(),
        }
    });
    meant.collect()
}

/// The objective that asks. One that is worked on here asks for itself alone.
fn asking(workshop: &Workshop, name: Option<&str>) -> Result<(PlanId, ObjectiveId)> {
    let named = workshop.objective_named(name)?;
    match workshop.own_objective()? {
        Some(own) if own != named => {
            let message = format!("this is the worktree of {}: it asks for itself alone", own.1);
            let hint = format!("git ap scope request PATTERN, as {}", own.1);
            Err(Failure::new(Kind::User, message).hint(hint).into())
        }
        _ => Ok(named),
    }
}

fn say_how_to_go_on(ctx: &Ctx, plan: &PlanId, objective: &ObjectiveId, request: &Request) {
    let name = format!("{}/{objective}", plan.slug());
    match &request.state {
        Asked::Open => ctx.ui.note(&format!(
            "the owner answers with `git ap scope grant {name}` or `git ap scope deny {name}`"
        )),
        Asked::Waiting { .. } => ctx.ui.note(&format!(
            "it goes on from their result; to go on without: `git ap scope request --withdraw --objective {name}`"
        )),
        _ => {}
    }
}

fn withdraw(
    ctx: &Ctx,
    workshop: &Workshop,
    plan: &PlanId,
    objective: &ObjectiveId,
) -> Result<Exit> {
    let mut handle = workshop.session(plan)?;
    let asked: Vec<Request> = handle.session.pending(objective).cloned().collect();
    if asked.is_empty() {
        let message = format!("objective {objective} asks for nothing that is undecided");
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    // The last one first: each takes back what it has moved itself.
    for request in asked.iter().rev() {
        let moves = crate::execute::request::moved_back(&handle, request)?;
        handle.append(Entry::ScopeWithdrawn { request: request.seq, moves })?;
    }
    debug_assert!(handle.standing(objective).is_ok_and(|o| o.phase != Phase::Waiting));
    let seqs: Vec<u64> = asked.iter().map(|r| r.seq).collect();
    let now = steered(&handle, &seqs);
    show_requests(ctx, plan, objective, &now, false)?;
    Ok(Exit::DONE)
}
