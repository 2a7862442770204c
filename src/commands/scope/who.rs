//! `git ap scope who`: which objective may change a path, and by which rule.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::commands::session::{Purpose, Workshop};
use crate::commands::{Ctx, Exit};
use crate::domain::base64;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::path::{RepoPath, quote};
use crate::domain::plan::SCHEMA;
use crate::domain::reservation::Reservation;
use crate::domain::scope::{Rules, Scope, Verdict};
use crate::execute::reservations;
use crate::execute::session::{Agreed, look};
use crate::ui::Format;

/// Say which objective may change a path, and by which rule
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope who src/auth/login.rs
  git ap scope who --plan jwt src/new.rs docs/
  git diff --name-only -z main | git ap scope who --stdin -z")]
pub(super) struct Args {
    /// Paths from the repository's root, whether they exist or not
    #[arg(value_name = "PATH")]
    paths: Vec<std::ffi::OsString>,
    /// Read paths from standard input, one a line
    #[arg(long)]
    stdin: bool,
    /// On standard input, paths end with a NUL
    #[arg(short = 'z', requires = "stdin")]
    nul: bool,
    /// A part of a plan's id
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    plan: PlanId,
    paths: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    owner: Option<String>,
    rule: &'static str,
    pattern: Option<String>,
    may_touch: Vec<String>,
    reserved_by: Option<String>,
}

/// Answers for each path.
pub(super) fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("scope", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let paths = paths(args)?;
    let id = workshop.plan_named(args.plan.as_deref(), Purpose::Look)?;
    let repository = &workshop.project.repository;
    let session = look(repository, &id)?.filter(|s| !s.was_taken_back());
    let agreed = if let Some(session) = &session {
        Agreed::of(repository, session)?
    } else {
        let file = workshop.project.plan(&id)?;
        let config = workshop.project.config()?.clone();
        Agreed::from_text(repository, &file.reading.text, config)?
    };
    let (_, mut held) = reservations::read(repository)?;
    held.retain(|r| r.session != id);
    let row = |path: &RepoPath| row(path, &agreed.scopes, &agreed.rules, &held);
    let rows: Vec<Row> = paths.iter().map(row).collect();
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&Document { schema: SCHEMA, plan: id, paths: rows })?;
        return Ok(Exit::DONE);
    }
    let lines: Vec<String> = rows.iter().map(line).collect();
    ctx.ui.answer(&lines.join("\n"))?;
    Ok(Exit::DONE)
}

fn paths(args: &Args) -> Result<Vec<RepoPath>> {
    let mut texts: Vec<Vec<u8>> =
        args.paths.iter().map(|p| p.as_encoded_bytes().to_vec()).collect();
    if args.stdin {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        let end = if args.nul { 0 } else { b'\n' };
        let given = bytes.split(|b| *b == end).filter(|p| !p.is_empty());
        texts.extend(given.map(<[u8]>::to_vec));
    }
    if texts.is_empty() && !args.stdin {
        let failure = Failure::new(Kind::Usage, "whose? no path was given");
        return Err(failure.hint("git ap scope who PATH, or --stdin").into());
    }
    let path = |text: Vec<u8>| {
        let trimmed = text.strip_suffix(b"/").unwrap_or(&text).to_vec();
        let trimmed = trimmed.strip_prefix(b"./").map_or(trimmed.clone(), <[u8]>::to_vec);
        RepoPath::new(trimmed).ok_or_else(|| {
            let message = format!("`{}` is no path of a repository", quote(&text));
            anyhow::Error::from(
                Failure::new(Kind::Usage, message).hint("write it from the repository's root"),
            )
        })
    };
    texts.into_iter().map(path).collect()
}

fn row(path: &RepoPath, scopes: &[Scope], rules: &Rules, held: &[Reservation]) -> Row {
    let mut may_touch = Vec::new();
    let (mut owner, mut rule, mut pattern) = (None, "outside", None);
    for scope in scopes {
        let verdict = scope.judge(rules, path);
        if verdict.passes() {
            may_touch.push(scope.id.to_string());
        }
        let (name, by) = match verdict {
            Verdict::Touch(by) => ("touch", Some(by)),
            Verdict::Shared(by) => ("shared", Some(by)),
            Verdict::Derived(by) => ("derived", Some(by)),
            Verdict::GloballyForbidden(by) => ("global_forbid", Some(by)),
            Verdict::Forbidden(by) => ("forbid", Some(by)),
            Verdict::Outside => ("outside", None),
        };
        // What the first objective that has a say has to say; an owner comes before all.
        if name == "touch" && owner.is_none() {
            owner = Some(scope.id.to_string());
            (rule, pattern) = (name, by);
        } else if owner.is_none() && pattern.is_none() {
            (rule, pattern) = (name, by);
        }
    }
    let reserved = held.iter().find_map(|r| Some((r, r.holder(path)?)));
    Row {
        path: path.to_lossy().into_owned(),
        path_bytes: path.to_str().is_none().then(|| base64::encode(path.as_bytes())),
        owner,
        rule,
        pattern: pattern.map(|p| p.as_str().to_owned()),
        may_touch,
        reserved_by: reserved.map(|(r, objective)| format!("{}/{objective}", r.session)),
    }
}

fn line(row: &Row) -> String {
    let pattern = row.pattern.as_deref().unwrap_or_default();
    let who = match (row.rule, &row.owner) {
        ("touch", Some(owner)) => format!("{owner} (`{pattern}`)"),
        ("shared", _) => format!("every objective (shared, `{pattern}`)"),
        ("derived", _) => format!("a command makes it (derived, `{pattern}`)"),
        ("global_forbid", _) => format!("nobody (`{pattern}` is forbidden to all)"),
        ("forbid", _) => format!("nobody (`forbid` names `{pattern}`)"),
        _ => "nobody (it is in no scope)".to_owned(),
    };
    let reserved = match &row.reserved_by {
        Some(holder) => format!(", reserved by {holder}"),
        None => String::new(),
    };
    format!("{}: {who}{reserved}", quote(row.path.as_bytes()))
}
