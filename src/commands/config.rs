//! `git ap config`: the configuration that is in force, and where each value comes from.

/// Show the configuration that is in force
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap config                     every key with its value and where it comes from
  git ap config check.case          one value")]
pub struct Args {
    /// One key, as `table.key`
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
}
