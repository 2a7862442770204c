//! `git ap worker`: who is in the team, who could be, what they can do, and whether one works.

mod discover;
mod list;
mod presets;
mod trial;

use anyhow::Result;

use super::{Ctx, Exit};

/// Say who is in the team, and try one of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap worker list          who is in .ap/team.toml, and whether it is found here
  git ap worker presets       the agents that `preset` in .ap/team.toml knows
  git ap worker discover      ask each what it can do, and propose that for .ap/team.toml
  git ap worker test codex    give it a harmless objective in a scratch repository")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List the workers of .ap/team.toml
    List(list::Args),
    /// List the agents that are known by name
    Presets(presets::Args),
    /// Ask workers what they can do, and propose that for .ap/team.toml
    Discover(discover::Args),
    /// Give a worker a harmless objective in a scratch repository, and say what worked
    Test(trial::Args),
}

/// Runs a verb of `git ap worker`.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list::run(ctx, args),
        Verb::Presets(args) => presets::run(ctx, args),
        Verb::Discover(args) => discover::run(ctx, args),
        Verb::Test(args) => trial::run(ctx, args),
    }
}
