//! Whose turn it is, and who takes it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use anyhow::Result;

use super::floor::Floor;
use super::{Crew, came_back};
use crate::analysis::language::Language;
use crate::domain::id::ObjectiveId;
use crate::domain::pattern::Pattern;
use crate::domain::record::Performance;
use crate::domain::session::{Again, Phase, Standing, Turn, again, next, turn};
use crate::domain::team::Worker;
use crate::domain::team::assign::{Assignment, Candidate, Wanted, assign};
use crate::execute::session::{Agreed, Handle};
use crate::git::Repository;
use crate::store;

/// Something that can be done.
pub(super) enum Step {
    /// Whoever watched its worker is dead.
    Orphan(ObjectiveId),
    /// What a worker left is to be judged.
    Judge(ObjectiveId),
    /// It is tried again.
    Again(ObjectiveId),
    /// This worker gets it, and why.
    Give(ObjectiveId, usize, String),
    /// No worker takes it, and why.
    People(ObjectiveId, String),
}

/// Who has no record here.
const UNKNOWN: u32 = 500;

impl Floor<'_, '_> {
    /// The next thing that can be done; none: it is waited.
    pub(super) fn step(&self, handle: &Handle<'_>) -> Result<Option<Step>> {
        let session = &handle.session;
        let Some(wave) = session.current_wave() else { return Ok(None) };
        if matches!(next(session), crate::domain::session::Next::Resolve) {
            return Ok(None);
        }
        let mut standings: Vec<&Standing> = session.of_wave(wave).collect();
        standings.retain(|o| self.crew.only.is_empty() || self.crew.only.contains(&o.id));
        let order = |o: &&Standing| {
            let objective = handle.agreed.objective(&o.id).ok();
            let rank = objective.map(|o| (o.priority, o.estimate_minutes));
            (Reverse(rank), o.id.clone())
        };
        standings.sort_by_key(order);
        for standing in standings {
            if let Some(step) = self.step_of(handle, standing)? {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    fn step_of(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Option<Step>> {
        let id = standing.id.clone();
        let here = self.at_work.iter().any(|at_work| at_work.objective == id)
            || self.given.iter().any(|given| given.objective == id)
            || self.gating.iter().any(|gating| *gating.objective() == id);
        let held = self.all_held || self.held.contains(&id);
        if here || held || self.people.contains(&id) {
            return Ok(None);
        }
        let alive = |holder: &_| *holder != store::this_process() && store::is_alive(holder);
        let mut start = false;
        match turn(standing, alive) {
            Turn::AtWork | Turn::Rest => {
                let goes_on = standing.phase == Phase::Waiting && is_due(handle, &id);
                if !goes_on {
                    return Ok(None);
                }
                start = true;
            }
            Turn::Orphaned => return Ok(Some(Step::Orphan(id))),
            Turn::Judge => return Ok(Some(Step::Judge(id))),
            Turn::Reconsider => return self.reconsider(handle, standing),
            Turn::Start => start = true,
            Turn::Dispatch => {}
        }
        if !start && standing.attempts.is_empty() && !came_back::is_untouched(handle, &id)? {
            let why = "somebody has begun to work in its worktree".to_owned();
            return Ok(Some(Step::People(id, why)));
        }
        let given = self.given.iter().filter(|given| given.to.is_some()).count();
        if self.crew.jobs > 0 && self.at_work.len() + given >= self.crew.jobs {
            return Ok(None);
        }
        Ok(match self.assigned(handle, standing)? {
            Assignment::To(at, reason) => Some(Step::Give(id, at, reason)),
            Assignment::Wait => None,
            Assignment::Nobody(why) => Some(Step::People(id, why)),
        })
    }

    /// One that failed is tried again, where somebody may.
    fn reconsider(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Option<Step>> {
        if handle.session.pending(&standing.id).next().is_some() {
            return Ok(None);
        }
        let retries = handle.agreed.objective(&standing.id)?.retries;
        let can = match again(standing, retries) {
            Again::Nobody => false,
            Again::Same(_) => true,
            Again::Another(_) => !matches!(self.assigned(handle, standing)?, Assignment::Nobody(_)),
        };
        Ok(can.then(|| Step::Again(standing.id.clone())))
    }

    /// Who gets an objective.
    fn assigned(&self, handle: &Handle<'_>, standing: &Standing) -> Result<Assignment> {
        let busy = |worker: &Worker| {
            let at = self.at_work.iter().filter(|at_work| at_work.worker == worker.id).count();
            let to = self.given.iter().filter_map(|given| given.to.as_ref());
            let given = to.filter(|(to, _)| self.crew.workers[*to].id == worker.id).count();
            u32::try_from(at + given).unwrap_or(u32::MAX)
        };
        let key = (handle.session.integration.clone(), standing.id.clone());
        let known = self.about.borrow().get(&key).cloned();
        let about = if let Some(about) = known {
            about
        } else {
            let about = about(handle.tools.repository, &key.0, &handle.agreed, &standing.id)?;
            self.about.borrow_mut().insert(key, about.clone());
            about
        };
        self.crew.assigned(&handle.agreed, standing, about, &busy)
    }
}

impl Crew<'_> {
    /// Who of the crew gets an objective that is about this, where each is so busy.
    pub(super) fn assigned(
        &self,
        agreed: &Agreed,
        standing: &Standing,
        about: Vec<String>,
        busy: &dyn Fn(&Worker) -> u32,
    ) -> Result<Assignment> {
        let objective = agreed.objective(&standing.id)?;
        let record = |worker: &Worker| {
            let past = self.past.iter().find(|past| past.worker == worker.id);
            past.map_or(UNKNOWN, Performance::per_mille)
        };
        let candidates: Vec<Candidate<'_>> = self
            .workers
            .iter()
            .map(|worker| Candidate { worker, busy: busy(worker), record: record(worker) })
            .collect();
        let wanted = Wanted { agent_type: objective.agent_type.clone(), about };
        let (not, prefer) = match again(standing, objective.retries) {
            Again::Same(worker) => (Vec::new(), Some(worker)),
            Again::Another(not) => {
                let last = standing.attempts.last().map(|attempt| attempt.worker.clone());
                let last = last.filter(|last| !not.contains(last));
                (not, last)
            }
            Again::Nobody => (Vec::new(), None),
        };
        Ok(assign(&wanted, &candidates, &not, prefer.as_deref()))
    }
}

/// What an objective is about, as capabilities say it: the languages of the files in its scope,
/// the kind of task, how demanding it is.
pub(super) fn about(
    repository: &Repository,
    commit: &str,
    agreed: &Agreed,
    objective: &ObjectiveId,
) -> Result<Vec<String>> {
    let objective = agreed.objective(objective)?;
    let patterns: Vec<Pattern> =
        objective.touch.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
    let files = repository.entries(commit)?;
    let touched = files.iter().map(|entry| &entry.path);
    let touched = touched.filter(|path| patterns.iter().any(|pattern| pattern.matches(path)));
    let mut about: BTreeSet<String> =
        touched.filter_map(Language::of).map(|language| language.name().to_owned()).collect();
    about.insert(agreed.plan.task_type.as_str().to_owned());
    about.insert(format!("{}_complexity", objective.complexity.as_str()));
    Ok(about.into_iter().collect())
}

/// Whether one that waits may go on now.
fn is_due(handle: &Handle<'_>, id: &ObjectiveId) -> bool {
    use crate::domain::session::Next;
    matches!(next(&handle.session), Next::Start { objectives, .. } if objectives.contains(id))
}
