//! What every command about a session begins with: the project, the session that a name means,
//! and the tools to change it.

mod approval;
mod board;
mod naming;
mod scene;
mod team;
mod teller;
mod words;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use approval::{Consent, commands};
pub use board::Board;
pub use naming::Purpose;
pub use scene::Scene;
pub use team::Team;
pub use teller::{Notes, Teller};
pub use words::Words;

use super::Ctx;
use super::project::Project;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::shell_word;
use crate::domain::session::{Next, Session, next};
use crate::execute::session::{Handle, Tools, of_worktree};
use crate::execute::{amend, reservations};
use crate::git::worktrees;
use crate::store::Steps;
use crate::ui::Ui;

/// What is said where a command has to wait for another one.
const WAITS: &str = "another `git ap` works on this session at the moment: waiting for it";

/// A project with what is needed to change its sessions.
pub struct Workshop {
    /// The project.
    pub project: Project,
    steps: Steps,
    now: Box<dyn Fn() -> String>,
    waits: Box<dyn Fn()>,
    program: PathBuf,
    ui: Ui,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("project", &self.project).finish_non_exhaustive()
    }
}

impl Workshop {
    /// The workshop of the project that the command runs in.
    pub fn open(ctx: &Ctx) -> Result<Self> {
        let (clock, ui) = (ctx.clock, ctx.ui.clone());
        let (project, steps) = (Project::open(ctx)?, Project::steps(ctx)?);
        Ok(Self {
            project,
            steps,
            now: Box::new(move || clock.rfc3339()),
            waits: Box::new(move || ui.note(WAITS)),
            program: ctx.program.clone(),
            ui: ctx.ui.clone(),
        })
    }

    /// What a session is changed with.
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            repository: &self.project.repository,
            steps: &self.steps,
            now: &*self.now,
            waits: &*self.waits,
            program: &self.program,
        }
    }

    /// The session of a plan, in hand; refuses a plan that was not approved.
    pub fn session(&self, id: &PlanId) -> Result<Handle<'_>> {
        if let Some(handle) = self.begun(id)? {
            return Ok(handle);
        }
        let message = format!("the plan {id} is not approved yet");
        let hint = format!("git ap approve {}", id.slug());
        Err(Failure::new(Kind::User, message).hint(hint).into())
    }

    /// The session of a plan, in hand, if it was approved.
    pub fn begun(&self, id: &PlanId) -> Result<Option<Handle<'_>>> {
        let Some(handle) = Handle::open(self.tools(), id)? else { return Ok(None) };
        if let Some(command) = handle.recovered {
            self.ui.note(&format!("a `git ap {command}` that was interrupted has been completed"));
        }
        reservations::settle(&handle)?;
        amend::follow(&handle)?;
        Ok(Some(handle))
    }

    /// Refuses where the plan of the working tree is no longer the one that was agreed: it would
    /// look as if the new one counted.
    pub fn require_unchanged(&self, handle: &Handle<'_>) -> Result<()> {
        let id = handle.session.plan();
        let Ok(file) = self.project.plan(id) else { return Ok(()) };
        let digest = self.project.repository.blob_id(file.reading.text.as_bytes())?;
        // One that was agreed before an amendment is not another plan.
        if digest == handle.agreed.digest || amend::was_agreed(handle, &file.reading.text)? {
            return Ok(());
        }
        let message = format!("{id} is approved, and {} is another plan now", file.shown);
        let pin = handle.session.agreed();
        let hint = format!(
            "git restore --source={} --worktree {}, or give the new plan another `id`",
            pin.get(..10).unwrap_or(pin),
            file.shown
        );
        Err(Failure::new(Kind::User, message).hint(hint).into())
    }

    /// Refuses a command that only the owner may give in the worktree of an objective, where a
    /// worker could give it to itself (DESIGN §2).
    pub fn require_owner(&self, verb: &str) -> Result<()> {
        let marked = worktrees::git_dir(&self.project.root)?
            .is_some_and(|git_dir| git_dir.join(worktrees::MARK).exists());
        if !marked && self.own_objective()?.is_none() {
            return Ok(());
        }
        let message = format!("`git ap {verb}` cannot be given from an objective's worktree");
        let root = self.project.repository.main_root()?;
        let hint = format!("cd {}", shell_word(&root.to_string_lossy()));
        Err(Failure::new(Kind::User, message).hint(hint).into())
    }

    /// Refuses what would remove the worktree that the command stands in.
    pub fn require_outside(&self, handle: &Handle<'_>, objective: &ObjectiveId) -> Result<()> {
        let own = handle.standing(objective)?.place.as_ref();
        own.map_or(Ok(()), |own| self.require_not_in(Path::new(&own.worktree)))
    }

    /// The same for a worktree that is no objective's.
    pub fn require_not_in(&self, worktree: &Path) -> Result<()> {
        if worktree != self.project.root {
            return Ok(());
        }
        let message = "this worktree would be removed under your feet";
        let root = self.project.repository.main_root()?;
        let hint = format!("cd {}", shell_word(&root.to_string_lossy()));
        Err(Failure::new(Kind::User, message).hint(hint).into())
    }

    /// The session and the objective whose worktree the command runs in.
    pub fn own_objective(&self) -> Result<Option<(PlanId, ObjectiveId)>> {
        let sessions = crate::execute::session::all(&self.project.repository)?;
        let own = of_worktree(&self.project.repository, &sessions)?;
        Ok(own.map(|(session, standing)| (session.plan().clone(), standing.id.clone())))
    }
}

/// Says where something is kept and how to bring it back: into a worktree of its own, which
/// meets nothing that is there.
pub fn how_to_get_back(project: &Project, reference: &str) -> Result<String> {
    let parts: Vec<&str> = reference.rsplit('/').take(2).collect();
    let [name, plan] = parts.as_slice() else { return Ok(format!("kept as {reference}")) };
    let slug = PlanId::parse(plan).map_or_else(|_| (*plan).to_owned(), |id| id.slug().to_owned());
    let root = project.repository.main_root()?;
    let folder = root.file_name().unwrap_or_default().to_string_lossy();
    let place = root.with_file_name(format!("{folder}-{slug}-{name}"));
    let place = place.to_string_lossy();
    Ok(format!(
        "kept as {reference}; to bring it back: `git worktree add -b {slug}-{name} {} {reference}`",
        shell_word(&place)
    ))
}

/// What to type next, in a line.
pub fn what_next(session: &Session) -> String {
    let slug = session.plan().slug();
    let list =
        |ids: &[ObjectiveId]| ids.iter().map(ObjectiveId::as_str).collect::<Vec<_>>().join(" ");
    if let Some(busy) = session.driven(crate::store::is_alive) {
        return format!("`git ap logs {slug}/{busy} -f` (workers are at work)");
    }
    match next(session) {
        Next::Start { .. } => format!("git ap start {slug}"),
        Next::Work { objectives, .. } => {
            let first = objectives.first().map_or("", ObjectiveId::as_str);
            format!(
                "work in `git ap path {slug}/{first}`, commit, and say `git ap done` there{}",
                if objectives.len() > 1 {
                    format!(" ({} are at work)", list(&objectives))
                } else {
                    String::new()
                }
            )
        }
        Next::Decide { wave, objectives } => {
            let asks = |id: &&ObjectiveId| session.pending(id).next().is_some();
            let stuck = objectives.iter().find(|id| !asks(id)).map(|id| go_on(slug, id));
            let asking = objectives.iter().find(asks).map(|id| grant_or_deny(slug, id));
            let ways: Vec<String> = stuck.into_iter().chain(asking).collect();
            format!("{} (wave {wave} waits for {})", ways.join("; "), list(&objectives))
        }
        Next::Resolve => {
            let place = session.stopped.as_ref().map_or("", |s| s.worktree.as_str());
            format!("resolve the conflict in {place}, then `git ap sync --continue` (or `--abort`)")
        }
        Next::Merge { .. } => format!("git ap merge {slug}"),
        Next::Land => format!("git ap land {slug}"),
        Next::Clean => format!("git ap clean {slug}"),
        Next::Over => "nothing: the session is over".to_owned(),
    }
}

/// The ways to answer an objective that asks for scope.
fn grant_or_deny(slug: &str, id: &ObjectiveId) -> String {
    format!("`git ap scope grant {slug}/{id}` or `git ap scope deny {slug}/{id}`")
}

/// The ways to go on with an objective that is stuck, or without it.
fn go_on(slug: &str, id: &ObjectiveId) -> String {
    format!(
        "`git ap retry {slug}/{id}`, `git ap drop {slug}/{id}` or `git ap merge {slug} --without {id}`"
    )
}
