//! `git ap sandbox`: a command that can write no more than a worker of the objective could. It is
//! also the helper that workers are started through.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use serde_json::json;

use super::session::Workshop;
use super::{Ctx, Exit};
use crate::domain::config::Sandbox;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::path::quote;
use crate::domain::team::{self, preset};
use crate::execute::session::{Agreed, all, of_worktree};
use crate::store::{self, layout};
use crate::ui::Format;
use crate::worker::sandbox::{self, InForce, Place, Rules, Site};

/// Run a command that can write no more than the objective of this worktree may
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap sandbox -- cargo test
  git ap sandbox --dry-run              what could be written, and why
  git ap sandbox --worker codex -- codex exec \"do it\"
  git ap sandbox -- sh -c 'date > README.md'")]
pub struct Args {
    /// Show what could be written, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With what a worker of the team, or a preset, keeps in its home
    #[arg(long, value_name = "ID")]
    pub worker: Option<String>,
    /// Rules that are in a file already
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "dry_run")]
    pub rules: Option<PathBuf>,
    /// The command with its arguments
    #[arg(value_name = "COMMAND", last = true, required_unless_present = "dry_run")]
    pub command: Vec<OsString>,
}

/// Runs the command. Its exit code is the answer.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    if let Some(file) = &args.rules {
        let rules = sandbox::read(file)?;
        let (program, arguments) = args.command.split_first().context("a command is required")?;
        return Err(sandbox::enter(&rules, program, arguments));
    }
    ctx.require_format("sandbox", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let home = Home::of(ctx, &workshop, args.worker.as_deref())?;
    let here = Here::find(&workshop, home)?;
    if args.dry_run {
        let force = sandbox::in_force(here.agreed.config.sandbox)?;
        return show(ctx, &here, &here.rules(&workshop, None)?, force);
    }
    let force = sandbox::in_force(Sandbox::Auto)?;
    if let InForce::Nothing(why) = force {
        let message = format!("nothing can keep the command to its scope: {why}");
        let failure = Failure::new(Kind::Repository, message);
        return Err(failure.hint("run it without `git ap sandbox`").into());
    }
    // The rules lie beside what the command may write, not in it.
    let folder = tempfile::Builder::new().prefix("git-ap-").tempdir();
    let folder = folder.context("cannot make a directory for temporary files")?;
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).context("cannot make a directory for temporary files")?;
    let rules = here.rules(&workshop, Some(&temporary))?;
    ctx.ui.note(&force.told(&rules));
    let words = sandbox::wrap(&args.command, &rules, &ctx.program, folder.path())?;
    Ok(Exit::of_hook(sandbox::attend(&words)?))
}

/// The objective whose worktree this is.
struct Here {
    worktree: PathBuf,
    name: String,
    id: ObjectiveId,
    start: String,
    agreed: Agreed,
    home: Home,
}

impl Here {
    fn find(workshop: &Workshop, home: Home) -> Result<Self> {
        let repository = &workshop.project.repository;
        let sessions = all(repository)?;
        let Some((session, standing)) = of_worktree(repository, &sessions)? else {
            let message = "this is the worktree of no objective: there is no scope to keep to";
            let hint = "cd \"$(git ap path T1)\"";
            return Err(Failure::new(Kind::User, message).hint(hint).into());
        };
        let place = standing.place.as_ref().context("an objective with a worktree has a place")?;
        Ok(Self {
            worktree: workshop.project.root.clone(),
            name: format!("{}/{}", session.plan().slug(), standing.id),
            id: standing.id.clone(),
            start: place.start.clone(),
            agreed: Agreed::of(repository, session)?,
            home,
        })
    }

    fn rules(&self, workshop: &Workshop, temporary: Option<&Path>) -> Result<Rules> {
        sandbox::rules(Site {
            repository: &workshop.project.repository,
            worktree: &self.worktree,
            start: &self.start,
            scope: self.agreed.scope(&self.id).context("an objective of the plan")?,
            law: &self.agreed.rules,
            temporary,
            inbox: None,
            home: self.home.path.as_deref(),
            state: &self.home.state,
        })
    }
}

/// What the command may write in its home.
#[derive(Default)]
struct Home {
    path: Option<PathBuf>,
    state: Vec<String>,
}

impl Home {
    /// That of a worker: of the main worktree's team, or else of a preset.
    fn of(ctx: &Ctx, workshop: &Workshop, worker: Option<&str>) -> Result<Self> {
        let Some(id) = worker else { return Ok(Self::default()) };
        let shown = layout::team().to_lossy().into_owned();
        let file = workshop.project.repository.main_root()?.join(&shown);
        let text = store::read_text(&file, &shown)?.unwrap_or_else(|| "schema = 1\n".to_owned());
        let workers = team::read(&text).require(&shown)?;
        let state = match (team::find(&workers, id, &shown), preset::preset(id)) {
            (Ok(worker), _) => worker.state(),
            (Err(_), Some(preset)) => preset.state.iter().map(|name| (*name).to_owned()).collect(),
            (Err(missing), None) => return Err(missing.into()),
        };
        Ok(Self { path: ctx.env.get("HOME").map(PathBuf::from), state })
    }
}

/// Answers what could be written, and what keeps a worker to it.
fn show(ctx: &Ctx, here: &Here, rules: &Rules, force: InForce) -> Result<Exit> {
    let told = force.told(rules);
    if ctx.ui.format == Format::Json {
        let mut document = rules.json();
        document["objective"] = json!(here.name);
        document["in_force"] = json!(told);
        document["landlock"] = match force {
            InForce::Landlock(version) => json!(version),
            InForce::Nothing(_) | InForce::Off => json!(null),
        };
        ctx.ui.json(&document)?;
        return Ok(Exit::DONE);
    }
    let mut lines = vec![format!("{}: {told}", here.name)];
    for (places, slash) in [(&rules.directories, "/"), (&rules.files, "")] {
        lines.extend(places.iter().map(|place| line(rules, place, slash)));
    }
    lines.push("  and a directory of its own for temporary files".to_owned());
    ctx.ui.answer(&lines.join("\n"))?;
    Ok(Exit::DONE)
}

fn line(rules: &Rules, place: &Place, slash: &str) -> String {
    let path = place.path.strip_prefix(&rules.worktree).unwrap_or(&place.path);
    let shown = match quote(path.as_os_str().as_encoded_bytes()) {
        root if root.is_empty() => "./".to_owned(),
        path => format!("{path}{slash}"),
    };
    let new = if rules.missing.contains(&place.path) { ", is made" } else { "" };
    let pattern = if place.pattern.is_empty() { "" } else { " " };
    format!("  {shown}  ({}{pattern}{}{new})", place.why.as_str(), place.pattern)
}
