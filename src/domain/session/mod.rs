//! One plan's execution: what its journal says has happened, and what comes next. Everything
//! here follows from the lines of the journal alone.

mod attempt;
mod entry;
mod failing;
mod foreseen;
mod left;
mod next;
mod postpone;
mod replay;
mod request;
mod revise;

pub use attempt::{Again, Attempt, How, Returned, Turn, again, turn};
pub use entry::{Amendment, Answer, Approval, Entry, Holder, Line, Operation, Place, Tip};
pub use failing::{Baseline, Failing};
pub use foreseen::{foreseen, waits};
pub use left::{Left, left};
pub use next::{Next, next};
pub use postpone::postponed;
pub use replay::{advance, replay};
pub use request::{Against, Asked, Holding, Request, Weighed};
pub use revise::{Revision, revised};

use super::id::{ObjectiveId, PlanId};

/// Where an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing has begun.
    Planned,
    /// It has a worktree that is not set up yet.
    Started,
    /// Somebody works on it.
    Working,
    /// Somebody says that it is done.
    Submitted,
    /// It was judged and may be merged.
    Accepted,
    /// Its wave is merged.
    Merged,
    /// Given up by its worker.
    Failed,
    /// Work lies outside its scope.
    Violated,
    /// It has asked for what somebody else holds, and waits for their result.
    Waiting,
    /// Given up by the owner.
    Dropped,
}

impl Phase {
    /// The word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Started => "started",
            Self::Working => "working",
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::Merged => "merged",
            Self::Failed => "failed",
            Self::Violated => "violated",
            Self::Waiting => "waiting",
            Self::Dropped => "dropped",
        }
    }

    /// Whether nothing is left to do for its wave to merge.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Accepted | Self::Merged | Self::Dropped)
    }

    /// Whether there is a worktree to work in.
    pub fn is_at_work(self) -> bool {
        matches!(
            self,
            Self::Started
                | Self::Working
                | Self::Submitted
                | Self::Accepted
                | Self::Failed
                | Self::Violated
                | Self::Waiting
        )
    }
}

/// What is known of an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its id.
    pub id: ObjectiveId,
    /// Its wave, from 1.
    pub wave: u32,
    /// Where it stands.
    pub phase: Phase,
    /// Its branch and worktree, once started.
    pub place: Option<Workplace>,
    /// The tip that was last judged.
    pub tip: Option<String>,
    /// What it was judged to be, or why it failed: a sentence each.
    pub said: Vec<String>,
    /// The gates that it passed.
    pub gates: Vec<String>,
    /// How often it was tried again.
    pub retries: u32,
    /// How often work outside its scope was found.
    pub violations: u32,
    /// When it began, RFC 3339.
    pub began: Option<String>,
    /// When it was accepted, RFC 3339.
    pub ended: Option<String>,
    /// Paths that it wanted to change and was not let, quoted as git quotes a path.
    pub refused: Vec<String>,
    /// Where its work was kept when it was dropped or begun anew.
    pub backups: Vec<String>,
    /// The tries of workers, first one first.
    pub attempts: Vec<Attempt>,
    /// The first try that counts: what was before the owner's `retry` does not.
    pub tries_from: usize,
    /// Whether what the last worker left was judged.
    pub judged: bool,
    /// Which process runs its gates; it counts while the objective is handed in.
    pub judge: Option<Holder>,
    /// Whether it was `run` that found out that it failed.
    pub by_run: bool,
    /// Its gate that did not pass, where it failed because of one.
    pub gate: Option<Failing>,
}

impl Standing {
    /// Which process runs its gates, or did so when it died; none: nobody, or they have ended.
    pub fn judge(&self) -> Option<&Holder> {
        self.judge.as_ref().filter(|_| self.phase == Phase::Submitted)
    }
}

/// Where an objective is worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Workplace {
    /// The full name of its branch.
    pub branch: String,
    /// Its worktree, absolute.
    pub worktree: String,
    /// The commit that it started from.
    pub start: String,
    /// The first port of its block.
    pub port_base: u16,
    /// Files that were copied or linked into the worktree, quoted as git quotes a path.
    pub brought: Vec<String>,
}

/// A merged wave.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedWave {
    /// Its number.
    pub wave: u32,
    /// The integration tip before it.
    pub from: String,
    /// Its commit.
    pub commit: String,
    /// What was merged.
    pub tips: Vec<Tip>,
    /// The gates that passed on it.
    pub gates: Vec<String>,
    /// When, RFC 3339.
    pub time: String,
}

/// A change of what was agreed, as it was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Amended {
    /// The commit on the integration branch that holds it.
    pub commit: String,
    /// What it changes.
    pub amendment: Amendment,
    /// When, RFC 3339.
    pub time: String,
}

/// A candidate whose gates are red.
#[derive(Clone, Debug, PartialEq)]
pub struct Red {
    /// Its wave.
    pub wave: u32,
    /// The candidate.
    pub candidate: String,
    /// The gate.
    pub gate: Failing,
    /// Objectives without which it is green.
    pub blamed: Vec<ObjectiveId>,
    /// Whether it was red before the wave: then no objective is blamed.
    pub before: bool,
}

/// A merge of the target that waits for somebody to resolve it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopped {
    /// The integration tip.
    pub integration: String,
    /// The target's tip.
    pub target: String,
    /// Where it is to be resolved.
    pub worktree: String,
}

/// How the session landed.
#[derive(Clone, Debug, PartialEq)]
pub struct Landing {
    /// The target's tip before.
    pub from: String,
    /// The target's tip after.
    pub commit: String,
    /// When, RFC 3339.
    pub time: String,
}

/// A session as its journal has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// What was approved.
    pub approval: Approval,
    /// When, RFC 3339.
    pub approved: String,
    /// The objectives, in the order of the plan.
    pub objectives: Vec<Standing>,
    /// The integration tip.
    pub integration: String,
    /// Changes of what was agreed, in their order.
    pub amendments: Vec<Amended>,
    /// What objectives have asked for, in their order.
    pub requests: Vec<Request>,
    /// The merged waves, in their order.
    pub waves: Vec<MergedWave>,
    /// Targets that were merged into the integration branch since the pin, last one last.
    pub synced: Vec<String>,
    /// The last candidate whose gates are red.
    pub red: Option<Red>,
    /// Every red gate of a candidate, in their order, each once.
    pub reds: Vec<Red>,
    /// What the gates were before waves began, in their order.
    pub baselines: Vec<Baseline>,
    /// A sync that waits for somebody.
    pub stopped: Option<Stopped>,
    /// How it landed.
    pub landed: Option<Landing>,
    /// Whether its worktrees and branches are gone.
    pub cleaned: bool,
    /// Who does something that takes time.
    pub claim: Option<(String, Holder)>,
    /// Where somebody asked for workers to be stopped: the line, and whose worker; none: all.
    pub stops: Vec<(u64, Option<ObjectiveId>)>,
    /// An operation that was begun and not ended, with the number of its line.
    pub open: Option<(u64, Operation)>,
    /// The number of the last line.
    pub seq: u64,
}

impl Session {
    /// The plan that is executed.
    pub fn plan(&self) -> &PlanId {
        &self.approval.plan
    }

    /// The commit whose plan and policy count: the pin, or the last amendment.
    pub fn agreed(&self) -> &str {
        self.amendments.last().map_or(&self.approval.pin, |amended| &amended.commit)
    }

    /// Every commit whose plan counted at some time: the pin and the amendments.
    pub fn ever_agreed(&self) -> impl Iterator<Item = &str> {
        let amended = self.amendments.iter().map(|amended| amended.commit.as_str());
        std::iter::once(self.approval.pin.as_str()).chain(amended)
    }

    /// What an objective was given while it was worked on, as patterns, each once.
    pub fn granted(&self, objective: &ObjectiveId) -> Vec<String> {
        let mut granted: Vec<String> = Vec::new();
        for amended in &self.amendments {
            if let Amendment::Grant { objective: of, patterns, .. } = &amended.amendment
                && of == objective
            {
                granted.extend(
                    patterns.iter().filter(|p| !granted.contains(p)).cloned().collect::<Vec<_>>(),
                );
            }
        }
        granted
    }

    /// What an objective has asked for and nobody has decided.
    pub fn pending<'s>(&'s self, objective: &ObjectiveId) -> impl Iterator<Item = &'s Request> {
        let of = objective.clone();
        self.requests.iter().filter(move |r| r.objective == of && r.state.is_pending())
    }

    /// The full name of the integration branch.
    pub fn integration_branch(&self) -> String {
        branch(&self.approval.prefix, &self.approval.plan, "integration")
    }

    /// The full name of an objective's branch.
    pub fn objective_branch(&self, objective: &ObjectiveId) -> String {
        branch(&self.approval.prefix, &self.approval.plan, objective.as_str())
    }

    /// The ref under which a red candidate is kept.
    pub fn candidate_ref(&self) -> String {
        format!("refs/ap/{}/candidate", self.approval.plan)
    }

    /// The objective of that id.
    pub fn objective(&self, id: &ObjectiveId) -> Option<&Standing> {
        self.objectives.iter().find(|o| o.id == *id)
    }

    /// Whether there is nothing left to do but to clean up.
    pub fn is_finished(&self) -> bool {
        self.landed.is_some() || self.cleaned
    }

    /// Whether the approval was taken back before anything was merged: the plan can be approved
    /// again.
    pub fn was_taken_back(&self) -> bool {
        self.cleaned && self.waves.is_empty() && self.open.is_none()
    }

    /// The first objective whose worker a living process watches, or whose gates one runs;
    /// `is_alive` tells of one.
    pub fn driven(&self, is_alive: impl Fn(&Holder) -> bool) -> Option<&ObjectiveId> {
        let busy = |o: &&Standing| {
            let at = o.attempts.last().filter(|attempt| attempt.returned.is_none());
            at.is_some_and(|attempt| is_alive(&attempt.holder)) || o.judge().is_some_and(&is_alive)
        };
        self.objectives.iter().find(busy).map(|o| &o.id)
    }

    /// How much of the way to the last merge is done, in percent: an objective counts when it is
    /// handed to somebody, when it is accepted and when it is merged. Less than 100.
    pub fn progress(&self) -> u8 {
        let of = |standing: &Standing| match standing.phase {
            Phase::Merged | Phase::Dropped => 10,
            Phase::Accepted => 8,
            Phase::Submitted => 7,
            _ if standing.attempts.is_empty() => 0,
            _ => 1,
        };
        let all = 10 * self.objectives.len().max(1);
        let done: usize = self.objectives.iter().map(of).sum();
        u8::try_from(done * 98 / all).unwrap_or(98)
    }

    /// The workers who took part in what these objectives have, as `Name <mail>`, each once.
    pub fn co_authors<'s>(&'s self, of: impl Fn(&Standing) -> bool + 's) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        let attempts = self.objectives.iter().filter(|o| of(o)).flat_map(|o| &o.attempts);
        for person in attempts.filter_map(|attempt| attempt.co_author.as_ref()) {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }

    /// The objectives of a wave, in the order of the plan.
    pub fn of_wave(&self, wave: u32) -> impl Iterator<Item = &Standing> {
        self.objectives.iter().filter(move |o| o.wave == wave)
    }

    /// The first wave that is not merged and not given up; none when all are.
    pub fn current_wave(&self) -> Option<u32> {
        let open = |o: &&Standing| !matches!(o.phase, Phase::Merged | Phase::Dropped);
        self.objectives.iter().filter(open).map(|o| o.wave).min()
    }
}

/// The full name of a branch of a session.
pub fn branch(prefix: &str, plan: &PlanId, name: &str) -> String {
    format!("refs/heads/{prefix}/{plan}/{name}")
}

#[cfg(test)]
mod tests;
