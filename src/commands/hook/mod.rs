//! `git ap hook`: the git hooks that hold each commit against its objective's scope.

mod agent;
pub mod install;
pub mod run;
pub mod status;
pub mod uninstall;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Ctx, Exit};
use crate::domain::base64;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::quote;
use crate::git::Repository;

/// Install the git hooks that hold commits against scopes
///
/// `git ap start` installs them by itself. Hooks that are there already go on working: ours run
/// them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook install          put them in front of what is there
  git ap hook status           what git runs in this worktree
  git ap hook uninstall        take them away; everything is as it was")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be done about hooks.
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each one's words for its help stand at its arguments")]
pub enum Verb {
    Install(install::Args),
    Uninstall(uninstall::Args),
    Status(status::Args),
    Run(run::Args),
}

/// Runs what was asked for.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Install(args) => install::run(ctx, args),
        Verb::Uninstall(args) => uninstall::run(ctx, args),
        Verb::Status(args) => status::run(ctx, args),
        Verb::Run(args) => run::run(ctx, args),
    }
}

/// Refuses a command in an objective's worktree: who works there does not decide about what
/// holds the work against its scope.
fn refuse_in_objective(repository: &Repository, verb: &str) -> Result<(), Failure> {
    if !repository.is_objective_worktree() {
        return Ok(());
    }
    let message = format!("`git ap hook {verb}` cannot be given from an objective's worktree");
    Err(Failure::new(Kind::User, message).hint("run it in the main worktree"))
}

/// A path for people: as git would say it from `cwd` where it is below, else whole.
fn shown(ctx: &Ctx, path: &Path) -> String {
    let cwd = ctx.cwd.canonicalize().unwrap_or_else(|_| ctx.cwd.clone());
    let near = path.strip_prefix(&cwd).unwrap_or(path);
    quote(near.as_os_str().as_bytes()).into_owned()
}

/// Puts a path into a JSON object; one that is no text has its bytes beside it.
fn put_path(object: &mut Value, key: &str, path: Option<&Path>) {
    let Some(path) = path else {
        object[key] = Value::Null;
        return;
    };
    object[key] = json!(path.to_string_lossy());
    if path.to_str().is_none() {
        object[format!("{key}_bytes")] = json!(base64::encode(path.as_os_str().as_bytes()));
    }
}

/// Paths in a JSON array, as [`put_path`] puts each.
fn paths(paths: &[std::path::PathBuf]) -> Value {
    let each = paths.iter().map(|path| {
        let mut object = json!({});
        put_path(&mut object, "path", Some(path));
        object
    });
    each.collect()
}
