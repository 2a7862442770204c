//! `git ap schema`: the shape of the files and outputs, for editors and other programs.

/// Print the JSON Schema of a file or an output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap schema                     the names
  git ap schema plan > plan.schema.json")]
pub struct Args {
    /// Which one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}
