//! The team of a project: who can be given work.

use std::path::Path;

use anyhow::Result;

use crate::commands::project::Project;
use crate::domain::team::stream::Limits;
use crate::domain::team::{self, Worker};
use crate::store::{self, layout};

/// The workers of the project, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Team(Vec<Worker>);

impl Team {
    /// The file of the team as messages call it, its text, and its workers, of which servers may
    /// lack the tool that takes an objective: they are to be asked for it.
    pub fn read_unfinished(project: &Project) -> Result<(String, Option<String>, Self)> {
        let shown = layout::team().to_lossy().into_owned();
        let file = project.repository.main_root()?.join(Path::new(&shown));
        let text = store::read_text(&file, &shown)?;
        let workers = match &text {
            Some(text) => team::read_unfinished(text).require(&shown)?,
            None => Vec::new(),
        };
        Ok((shown, text, Self(workers)))
    }

    /// The team of the main worktree: no other can add to it. With `only`, that worker alone;
    /// one that is not there is refused by name.
    pub fn read(project: &Project, only: Option<&str>) -> Result<Self> {
        let shown = layout::team().to_lossy().into_owned();
        let file = project.repository.main_root()?.join(Path::new(&shown));
        let text = store::read_text(&file, &shown)?.unwrap_or_else(|| "schema = 1\n".to_owned());
        let workers = team::read(&text).require(&shown)?;
        Ok(Self(match only {
            Some(id) => vec![team::find(&workers, id, &shown)?.clone()],
            None => workers,
        }))
    }

    /// Whether anybody of it can be given work.
    pub fn can_work(&self) -> bool {
        self.0.iter().any(Worker::can_work)
    }

    /// Limits that a worker cannot be held to, a sentence each.
    pub fn unheeded(&self, policy: Limits) -> Vec<String> {
        let told = self.0.iter().filter(|worker| worker.can_work()).filter_map(|worker| {
            let why = worker.limits.or(policy).unheeded(worker.tells())?;
            Some(format!("{}: {why}", worker.id))
        });
        told.collect()
    }

    /// The workers.
    pub fn workers(&self) -> &[Worker] {
        &self.0
    }

    /// The worker of that id, which may plan.
    pub fn planner(&self) -> Result<&Worker> {
        use anyhow::Context as _;
        let worker = self.0.first().context("the team was read for one worker")?;
        worker.require_planner()?;
        Ok(worker)
    }
}
