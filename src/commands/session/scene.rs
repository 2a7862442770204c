//! A session as it goes on, for whoever looks at it: its journal is followed, and how long it
//! will take is told from what was measured here.

use std::path::Path;

use anyhow::Result;

use super::{Team, Workshop};
use crate::commands::clock::Clock;
use crate::domain::estimate::{self, Sample};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::Plan;
use crate::domain::session::{Session, replay};
use crate::domain::team::Worker;
use crate::domain::view::{self, Facts, View, known, merges_known, outlook};
use crate::execute::session::Agreed;
use crate::git::Shared;
use crate::store::{self, Journal};

/// A session that is looked at.
pub struct Scene {
    journal: Journal,
    /// How long the journal was when it was read last.
    length: u64,
    /// The session as it was then.
    pub session: Session,
    repository: Shared,
    /// The commit of the plan that counts, and the plan.
    agreed: String,
    plan: Plan,
    jobs: usize,
    team: usize,
    samples: Vec<Sample>,
    merges: Vec<u64>,
    clock: Clock,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl Scene {
    /// The scene of a session; none: the plan is not approved.
    pub fn of(workshop: &Workshop, id: &PlanId, clock: Clock) -> Result<Option<Self>> {
        let repository = &workshop.project.repository;
        let journal = Journal::at(&repository.common_dir(), id);
        let length = length(&journal.file());
        let session = replay(&journal.lines()?)?.filter(|session| !session.was_taken_back());
        let Some(session) = session else { return Ok(None) };
        let agreed = Agreed::of(repository, &session)?;
        // Without a team, people work; without records, nothing is known yet.
        let team = Team::read(&workshop.project, None).unwrap_or_default();
        let records = workshop.project.tree().and_then(|tree| workshop.project.records(&tree));
        let records = records.unwrap_or_default();
        Ok(Some(Self {
            journal,
            length,
            agreed: session.agreed().to_owned(),
            session,
            repository: repository.shared(),
            plan: agreed.plan,
            jobs: agreed.config.jobs,
            team: hands(team.workers()),
            samples: known(&records),
            merges: merges_known(&records),
            clock,
        }))
    }

    /// Reads the journal again if it has grown. Returns whether it had.
    pub fn follow(&mut self) -> Result<bool> {
        let length = length(&self.journal.file());
        if length == self.length {
            return Ok(false);
        }
        let Some(session) = replay(&self.journal.lines()?)? else { return Ok(false) };
        if session.agreed() != self.agreed {
            self.plan = Agreed::of(&self.repository.open(), &session)?.plan;
            session.agreed().clone_into(&mut self.agreed);
        }
        self.length = length;
        self.session = session;
        Ok(true)
    }

    /// The folder of the session's running state.
    pub fn folder(&self) -> &Path {
        self.journal.folder()
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Seconds until everything is merged, by what was measured here; none where nobody can say.
    pub fn remaining(&self) -> Option<f64> {
        let now = self.clock.rfc3339();
        let (mut outlook, mut samples) =
            outlook(&self.session, &self.plan, &now, &store::is_alive)?;
        outlook.hands = match (self.jobs, self.team) {
            (0, hands) | (hands, 0) => hands,
            (jobs, team) => jobs.min(team),
        };
        outlook.merges.extend(&self.merges);
        samples.extend(self.samples.iter().cloned());
        estimate::remaining(&outlook, &samples)
    }

    /// The session at a glance. `activity` is what a worker is doing, `doing` what is done beside
    /// the objectives.
    pub fn view(&self, activity: &dyn Fn(&ObjectiveId) -> Option<String>, doing: &str) -> View {
        let facts = Facts {
            plan: &self.plan,
            now: &self.clock.rfc3339(),
            is_alive: &store::is_alive,
            activity,
            doing,
            remaining: self.remaining(),
        };
        view::view(&self.session, &facts)
    }
}

/// How many objectives a team can have at once.
fn hands(workers: &[Worker]) -> usize {
    let all = workers.iter().filter(|worker| worker.can_work());
    all.map(|worker| usize::try_from(worker.max_concurrent).unwrap_or(usize::MAX))
        .fold(0, usize::saturating_add)
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}
