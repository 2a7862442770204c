//! `git ap verify`: what the commits of a range are, and whether each is what it claims.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use super::check::ends;
use super::{Ctx, Exit};
use crate::domain::error::Kind;
use crate::domain::plan::SCHEMA;
use crate::execute::verify::{Class, Verified, verify};
use crate::git::Repository;
use crate::ui::{Format, count_of, text};

/// Hold the commits of a range to the plans that they belong to
///
/// From git objects alone, also in a bare repository: every commit is a plan, an objective's
/// work within its scope, a wave whose tree is what was merged, a sync, a record, or unplanned.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap verify main..HEAD
  git ap verify origin/main..feature --format json")]
pub struct Args {
    /// Two ends of a range, as git writes it
    #[arg(value_name = "A..B")]
    pub range: String,
}

/// Verifies a range.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("verify", &[Format::Human, Format::Json])?;
    let (from, to) = ends(&args.range)?;
    let repository = Repository::discover(&ctx.cwd)?;
    repository.git().require()?;
    let found = verify(&repository, from, to)?;
    let violations: usize = found.iter().map(|v| v.violations.len()).sum();
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA, "range": args.range, "valid": violations == 0, "commits": found,
        }))?;
    } else {
        let lines: Vec<String> = found.iter().map(shown).collect();
        ctx.ui.answer(&lines.join("\n"))?;
        let unplanned = found.iter().filter(|v| v.class == Class::Unplanned).count();
        let unplanned = match unplanned {
            0 => String::new(),
            n => format!(", {n} unplanned"),
        };
        ctx.ui.note(&format!(
            "{}{unplanned}, {}",
            count_of(found.len(), "commit"),
            count_of(violations, "violation")
        ));
    }
    Ok(if violations == 0 { Exit::DONE } else { Kind::Violation.into() })
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn shown(verified: &Verified) -> String {
    let id = verified.commit.get(..10).unwrap_or(&verified.commit);
    let class = verified.class.as_str();
    let whose = match &verified.objective {
        Some(objective) => format!(" {objective}"),
        None => String::new(),
    };
    let mut out = format!("{id}  {class}{whose}  {}", text::one_line(&verified.subject));
    for violation in &verified.violations {
        write!(out, "\n            ! {}", text::one_line(violation)).expect(INFALLIBLE);
    }
    for note in &verified.notes {
        write!(out, "\n            {}", text::one_line(note)).expect(INFALLIBLE);
    }
    out
}
