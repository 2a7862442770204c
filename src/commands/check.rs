//! `git ap check`: prove a plan, or hold changes against a scope.

use std::ffi::OsString;

/// Prove that the scopes of a plan cannot collide
///
/// Exit code 0: proved. 3: the plan has errors. 4: a change lies outside its scope.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap check                                    the plan that is not finished
  git ap check jwt                                any unique part of a plan's id
  git ap check .ap/plans/x/plan.toml              a file
  git ap check --fix jwt                          move what collides to another wave
  git ap check --staged                           what is staged, in an objective's worktree
  git ap check --range main..HEAD --objective T1  every commit of a range
  git ap check --format sarif > check.sarif       for code scanning")]
#[command(group(clap::ArgGroup::new("changes").args(["range", "staged"])))]
pub struct Args {
    /// A part of a plan's id, or a path
    #[arg(value_name = "PLAN|FILE")]
    pub plan: Option<OsString>,
    /// Move objectives that collide to another wave, in plan.toml
    #[arg(long, conflicts_with = "changes")]
    pub fix: bool,
    /// Show what --fix would change, change nothing
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// Check the commits of a range
    #[arg(long, value_name = "A..B", requires = "objective")]
    pub range: Option<String>,
    /// The objective that the changes belong to
    #[arg(long, value_name = "ID", requires = "changes")]
    pub objective: Option<String>,
    /// Check what is staged
    #[arg(long)]
    pub staged: bool,
}
