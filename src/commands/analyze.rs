//! `git ap analyze`: what the code says about a request, without a plan.

/// Show which files a request is about, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap analyze add JWT authentication
  git ap analyze --format json add JWT | jq '.files[].path'")]
pub struct Args {
    /// What to do, in words
    #[arg(value_name = "REQUEST", required = true)]
    pub request: Vec<String>,
}

impl Args {
    /// The request, its words joined by a space.
    pub fn request_text(&self) -> String {
        self.request.join(" ")
    }
}
