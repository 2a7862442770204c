//! `git ap scope request`: an objective that is worked on asks for more than its scope.

use anyhow::Result;

use super::show_requests;
use crate::commands::session::{Notes, Workshop};
use crate::commands::{Ctx, Exit, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::letter::Letter;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::session::{Asked, Request};
use crate::execute::post::{self, Post, Posted};
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
    let wanted = wanted(&workshop, &args.patterns);
    let post = Post::new(workshop.tools(), &plan, &objective);
    let letter = if args.withdraw {
        Letter::Withdraw {}
    } else {
        Letter::Request { patterns: wanted, why: args.why.clone() }
    };
    let answer = post.say_or(&letter, || {
        let mut handle = workshop.session(&plan)?;
        let templates = page::templates(&workshop.project)?;
        post::answer(&mut handle, &objective, &letter, &templates, &mut Notes(ctx))
    })?;
    tell(ctx, &plan, &objective, &answer)?;
    Ok(match answer {
        Posted::Requests(requests, _) if !args.withdraw => {
            requests.first().map_or(Exit::DONE, exit)
        }
        Posted::Requests(..) | Posted::May | Posted::Heard => Exit::DONE,
    })
}

/// Says what became of what was asked for.
fn tell(ctx: &Ctx, plan: &PlanId, objective: &ObjectiveId, answer: &Posted) -> Result<()> {
    let (requests, note): (&[Request], _) = match answer {
        Posted::Requests(requests, note) => (requests, note.as_deref()),
        Posted::May | Posted::Heard => (&[], None),
    };
    let may = *answer == Posted::May;
    if may && ctx.ui.format == Format::Human {
        ctx.ui.answer(&format!("{objective} may touch all of that as it is"))?;
    } else {
        show_requests(ctx, plan, objective, requests, may)?;
    }
    if ctx.ui.format == Format::Human {
        for request in requests {
            say_how_to_go_on(ctx, plan, objective, request);
        }
    }
    if let Some(note) = note {
        ctx.ui.note(note);
    }
    Ok(())
}

/// The exit code that says what became of a request.
fn exit(request: &Request) -> Exit {
    match request.state {
        Asked::Granted => Exit::DONE,
        Asked::Denied { .. } | Asked::Withdrawn => Kind::User.into(),
        Asked::Open | Asked::Waiting { .. } => Kind::Worker.into(),
    }
}

/// What was typed as patterns: the name of a file that would be read as something else is written
/// so that it stands for itself.
pub(in crate::commands) fn wanted(workshop: &Workshop, typed: &[String]) -> Vec<String> {
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
