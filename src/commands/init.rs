//! `git ap init`: a commented configuration, for who wants to change a default.

/// Write a commented configuration below .ap/
///
/// Nothing needs it: every default is built in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap init               .ap/config.toml
  git ap init --team        also .ap/team.toml
  git ap init --remove      take back what it wrote and nobody changed")]
pub struct Args {
    /// Also write .ap/team.toml
    #[arg(long, conflicts_with = "remove")]
    pub team: bool,
    /// Remove what it wrote, unless somebody changed it
    #[arg(long)]
    pub remove: bool,
    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}
