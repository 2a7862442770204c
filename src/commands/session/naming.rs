//! Which session, and which objective of it, a name on the command line means.

use anyhow::Result;

use super::Workshop;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::Session;
use crate::execute::session;
use crate::store;

/// What the session is wanted for: it decides which one is meant where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To change an unfinished one.
    Change,
    /// To look at one, or to land: with none unfinished, the last finished.
    Look,
}

/// Every plan that could be meant.
struct Known {
    sessions: Vec<Session>,
    /// Plans of this worktree without a session.
    plans: Vec<PlanId>,
}

impl Known {
    fn ids(&self) -> Vec<PlanId> {
        let mut ids: Vec<PlanId> = self.sessions.iter().map(|s| s.plan().clone()).collect();
        ids.extend(self.plans.iter().cloned());
        ids.sort();
        ids
    }

    /// The session with an objective of that name, the newest first.
    fn having(&self, objective: &str) -> Option<&PlanId> {
        let has = |s: &&Session| s.objectives.iter().any(|o| o.id.as_str() == objective);
        self.sessions.iter().rev().find(has).map(Session::plan)
    }

    fn unfinished(&self) -> Vec<PlanId> {
        let open = self.sessions.iter().filter(|s| !s.is_finished());
        open.map(|s| s.plan().clone()).chain(self.plans.iter().cloned()).collect()
    }
}

impl Workshop {
    fn known(&self) -> Result<Known> {
        let mut sessions = session::all(&self.project.repository)?;
        sessions.retain(|s| !s.was_taken_back());
        let mut plans = store::list(&self.project.root)?.ids().to_vec();
        plans.retain(|id| sessions.iter().all(|s| s.plan() != id));
        Ok(Known { sessions, plans })
    }

    /// The plan that a name means: a unique part of its id. Without a name: the session of this
    /// worktree, else the only unfinished one.
    pub fn plan_named(&self, name: Option<&str>, purpose: Purpose) -> Result<PlanId> {
        let known = self.known()?;
        if let Some(name) = name {
            return Ok(named(&known, name)?);
        }
        if let Some((plan, _)) = self.own_objective()? {
            return Ok(plan);
        }
        let unfinished = known.unfinished();
        match unfinished.as_slice() {
            [one] => return Ok(one.clone()),
            [] => {}
            several => return Err(ambiguous(several).into()),
        }
        let last = known.sessions.iter().filter(|s| s.is_finished()).max_by_key(|s| {
            let time = s.landed.as_ref().map(|l| l.time.clone());
            (time, s.plan().clone())
        });
        match (last, purpose) {
            (Some(last), Purpose::Look) => Ok(last.plan().clone()),
            (Some(last), Purpose::Change) => {
                let message = format!("every session is finished; the last was {}", last.plan());
                let hint = "git ap plan \"what should be done\"";
                Err(Failure::new(Kind::User, message).hint(hint).into())
            }
            (None, _) => {
                // Where there is no commit, a plan cannot be made either.
                self.project.repository.head()?;
                let failure = Failure::new(Kind::User, "there is no plan in this repository");
                Err(failure.hint("git ap plan \"what should be done\"").into())
            }
        }
    }

    /// The finished sessions that have not been cleaned up.
    pub fn finished(&self) -> Result<Vec<PlanId>> {
        let sessions = self.known()?.sessions.into_iter();
        let finished = sessions.filter(|s| s.is_finished() && !s.cleaned);
        Ok(finished.map(|s| s.plan().clone()).collect())
    }

    /// The plan and the objective that a name means: `T1`, `jwt/T1`, or nothing in the
    /// objective's own worktree.
    pub fn objective_named(&self, name: Option<&str>) -> Result<(PlanId, ObjectiveId)> {
        let (plan, objective) = match name {
            None => {
                return self.own_objective()?.ok_or_else(|| {
                    let message = "which objective? this is no objective's worktree";
                    Failure::new(Kind::Usage, message).hint("name one, as `T1` or `jwt/T1`").into()
                });
            }
            Some(name) => match name.rsplit_once('/') {
                Some((plan, objective)) => (Some(plan), objective),
                None => (None, name),
            },
        };
        let id = ObjectiveId::parse(objective).map_err(|why| {
            Failure::new(Kind::Usage, format!("`{objective}` is no objective's id")).hint(why)
        })?;
        Ok((self.plan_named(plan, Purpose::Change)?, id))
    }
}

fn named(known: &Known, name: &str) -> Result<PlanId, Failure> {
    let ids = known.ids();
    let list = |ids: &[PlanId]| ids.iter().map(PlanId::as_str).collect::<Vec<_>>().join(", ");
    if let Some(exact) = ids.iter().find(|id| id.as_str() == name) {
        return Ok(exact.clone());
    }
    let matching: Vec<PlanId> =
        ids.iter().filter(|id| !name.is_empty() && id.as_str().contains(name)).cloned().collect();
    match matching.as_slice() {
        [one] => Ok(one.clone()),
        [] if ids.is_empty() => {
            let failure = Failure::new(Kind::User, "there is no plan in this repository");
            Err(failure.hint("git ap plan \"what should be done\""))
        }
        [] if let Some(plan) = known.having(name) => {
            let message = format!("`{name}` is an objective of {plan}, and here a plan is named");
            let hint = format!("`git ap start` and `git ap run` take `--objective {name}`");
            Err(Failure::new(Kind::User, message).hint(hint))
        }
        [] => {
            let message = format!("there is no plan `{name}`; there is {}", list(&ids));
            Err(Failure::new(Kind::User, message).hint("name one, or a part of its id"))
        }
        several => {
            // A slug that is a part of another one still names its plan.
            let slugs: Vec<&PlanId> = several.iter().filter(|id| id.slug() == name).collect();
            if let [one] = slugs.as_slice() {
                return Ok((*one).clone());
            }
            let message = format!("`{name}` means several plans: {}", list(several));
            Err(Failure::new(Kind::User, message).hint("name more of the id"))
        }
    }
}

fn ambiguous(ids: &[PlanId]) -> Failure {
    let list = ids.iter().map(PlanId::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("{} sessions are unfinished: {list}", ids.len());
    Failure::new(Kind::User, message).hint("name one, or a part of its id")
}
