//! `git ap check`: prove a plan, or hold changes against a scope.

pub(super) use changes::ends;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::past::Learned;
use super::project::{PlanFile, Project};
use super::{Ctx, Exit, page};
use crate::domain::config;
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::{Code, Finding};
use crate::domain::plan::{Move, Plan, Proof};
use crate::domain::team;
use crate::store::{self, layout};
use crate::ui::Format;
use crate::ui::findings::{self, Look, Source, Subject};

mod changes;
mod fix;

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

/// Proves a plan, or holds changes against it. What was found decides the exit code.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    let every = [Format::Human, Format::Json, Format::Sarif, Format::Github];
    ctx.require_format("check", &every)?;
    let project = Project::open(ctx)?;
    // What is mended must be what was read.
    let _lock = args.fix.then(|| project.lock()).transpose()?;
    let file = match target(ctx, &project, args.plan.as_deref())? {
        Target::Plan(id) => project.plan(&id)?,
        Target::File(path) => project.plan_at(&path)?,
        Target::Settings(file, check) => return settings(ctx, &file, check),
    };
    let Some(plan) = &file.reading.plan else {
        show(ctx, &file.reading.findings, &file, Subject::default())?;
        return Ok(Kind::Plan.into());
    };
    let tree = project.tree()?;
    if args.range.is_some() || args.staged {
        return changes::run(ctx, &project, args, &file, &tree);
    }
    if args.fix {
        let proof = project.prove(&file.reading, plan, &tree)?;
        let fixed = fix::fix(ctx, &project, &file, plan, &proof, args.dry_run)?;
        let (file, moves) =
            fixed.as_ref().map_or((&file, [].as_slice()), |fixed| (&fixed.file, &fixed.moves));
        return answer(ctx, &project, &tree, file, Some(moves));
    }
    answer(ctx, &project, &tree, &file, None)
}

/// Proves the plan as it is now and prints what was found.
fn answer(
    ctx: &Ctx,
    project: &Project,
    tree: &super::project::Tree,
    file: &PlanFile,
    moves: Option<&[Move]>,
) -> Result<Exit> {
    let plan = file.require()?;
    let proof = project.prove(&file.reading, plan, tree)?;
    let Learned { proof, note } = project.learned(file, tree, proof)?;
    if let Some(note) = note {
        ctx.ui.note(&note);
    }
    let mut found = proof.findings.clone();
    found.extend(unknown_base(project, file, plan)?);
    found.extend(page::stale(project, file, plan, &proof)?);
    show(ctx, &found, file, Subject { moves, ..subject(plan, &proof) })?;
    Ok(if findings::is_valid(&found) { Exit::DONE } else { Kind::Plan.into() })
}

/// A finding if the commit that a plan was made against is not in this repository. In a shallow
/// clone that says nothing.
pub(super) fn unknown_base(
    project: &Project,
    file: &PlanFile,
    plan: &Plan,
) -> Result<Option<Finding>> {
    let Some(base) = &plan.base else { return Ok(None) };
    if project.repository.commit(base).is_ok() || project.repository.is_shallow()? {
        return Ok(None);
    }
    let finding =
        Finding::warning(Code::BadField, format!("`base` {base} is no commit of this repository"))
            .help("write a full commit id, as `git rev-parse HEAD` prints it, or leave `base` out")
            .at(file.reading.top_place("base"));
    Ok(Some(finding))
}

fn subject<'a>(plan: &'a Plan, proof: &Proof) -> Subject<'a> {
    Subject {
        plan: Some(plan.id.as_str()),
        objectives: plan.objectives.len(),
        waves: u32::try_from(proof.wave_count()).unwrap_or(u32::MAX),
        moves: None,
    }
}

/// Prints findings in the form that was asked for.
pub(super) fn show(
    ctx: &Ctx,
    found: &[Finding],
    file: &PlanFile,
    subject: Subject<'_>,
) -> Result<()> {
    print(ctx, found, Source { path: &file.shown, text: &file.reading.text }, subject)
}

fn print(ctx: &Ctx, found: &[Finding], source: Source<'_>, subject: Subject<'_>) -> Result<()> {
    match ctx.ui.format {
        Format::Human => {
            let look = Look { color: ctx.ui.terminal.stdout_color, width: ctx.ui.width() };
            ctx.ui.styled(&findings::human(found, Some(source), subject, look))?;
        }
        Format::Json => ctx.ui.json(&findings::document(found, subject))?,
        Format::Sarif => ctx.ui.json(&findings::sarif(found, Some(source)))?,
        Format::Github => ctx.ui.answer(&findings::github(found, Some(source)))?,
    }
    Ok(())
}

/// Shows what was proved beside an answer that is something else: on standard error.
pub(super) fn show_beside(ctx: &Ctx, file: &PlanFile, proof: &Proof) {
    let Some(plan) = &file.reading.plan else { return };
    let look = Look { color: ctx.ui.terminal.stderr_color, width: ctx.ui.width() };
    let source = Source { path: &file.shown, text: &file.reading.text };
    ctx.ui.note_styled(&findings::human(&proof.findings, Some(source), subject(plan, proof), look));
}

enum Target {
    Plan(crate::domain::id::PlanId),
    File(PathBuf),
    Settings(PathBuf, fn(&str) -> Vec<Finding>),
}

/// What a name means: a file if there is one of that name, else a part of a plan's id.
fn target(ctx: &Ctx, project: &Project, name: Option<&std::ffi::OsStr>) -> Result<Target> {
    let Some(name) = name else {
        return Ok(Target::Plan(project.plan_id(None)?));
    };
    let mut file = ctx.cwd.join(name);
    if file.is_dir() {
        file.push("plan.toml");
    }
    if file.is_file() {
        let at = |path: crate::domain::path::RepoPath| -> bool {
            same_file(&file, &project.root.join(&*path.to_lossy()))
        };
        if at(layout::config()) {
            return Ok(Target::Settings(file, |text| config::read(text).findings));
        }
        if at(layout::team()) {
            return Ok(Target::Settings(file, team::check));
        }
        return Ok(Target::File(file));
    }
    let shown = name.to_string_lossy();
    if shown.contains('/') || shown.ends_with(".toml") || shown.ends_with(".json") {
        let failure = Failure::new(Kind::User, format!("there is no file `{shown}`"));
        return Err(failure.hint("git ap check PLAN, with a part of the plan's id").into());
    }
    Ok(Target::Plan(project.plan_id(Some(&shown))?))
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Checks a file of settings.
fn settings(ctx: &Ctx, file: &Path, check: fn(&str) -> Vec<Finding>) -> Result<Exit> {
    let shown = file.to_string_lossy();
    let Some(text) = store::read_text(file, &shown)? else {
        return Err(Failure::new(Kind::User, format!("there is no file `{shown}`")).into());
    };
    let found = check(&text);
    print(ctx, &found, Source { path: &shown, text: &text }, Subject::default())?;
    Ok(if findings::is_valid(&found) { Exit::DONE } else { Kind::Plan.into() })
}
