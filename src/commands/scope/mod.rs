//! `git ap scope`: who may touch what.

mod who;

use anyhow::Result;

use super::{Ctx, Exit};

/// Say who may touch a path
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap scope who src/auth/login.rs
  git ap scope who --plan jwt src/new.rs docs/
  git ls-files -z | git ap scope who --stdin -z --format json")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Say which objective may change a path, and by which rule
    Who(who::Args),
}

/// Runs a verb of `git ap scope`.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Who(args) => who::run(ctx, args),
    }
}
