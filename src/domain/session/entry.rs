//! The lines of a session's journal: state changes and nothing else. What changes references
//! or worktrees is written down before it is done, with everything that was decided, so that
//! whoever comes after a crash can end it or take it back.

use serde::{Deserialize, Serialize};

use super::{Failing, How};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::team::stream::Usage;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The version of the journal, [`crate::domain::plan::SCHEMA`].
    pub schema: u32,
    /// From 1, without gaps.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// An operation is about to change references or worktrees.
    Intent {
        /// Which one, with all that was decided.
        operation: Operation,
    },
    /// The operation of an intent is over.
    Outcome {
        /// The number of the intent's line.
        intent: u64,
        /// Whether it was carried out; else nothing of it is left.
        done: bool,
    },
    /// An objective's worktree is set up and its hooks fire.
    Ready {
        /// Whose.
        objective: ObjectiveId,
        /// Files that were copied or linked into it and are never committed, quoted as git
        /// quotes a path.
        brought: Vec<String>,
    },
    /// Somebody says that an objective is done.
    Submitted {
        /// Which one.
        objective: ObjectiveId,
        /// The tip of its branch.
        tip: String,
        /// Which process runs its gates; none: nobody, as yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        judge: Option<Holder>,
    },
    /// The guard and the gates of an objective found nothing.
    Accepted {
        /// Which one.
        objective: ObjectiveId,
        /// The tip that was judged.
        tip: String,
        /// The gates that passed.
        gates: Vec<String>,
    },
    /// A commit of an objective lies outside its scope.
    Violated {
        /// Which one.
        objective: ObjectiveId,
        /// The tip that was judged.
        tip: String,
        /// What may not be, a sentence each.
        violations: Vec<String>,
        /// The paths that it may not touch, quoted as git quotes a path.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// An objective has failed.
    Failed {
        /// Which one.
        objective: ObjectiveId,
        /// Why, in words.
        reason: String,
        /// Whether `run` found that out of what a worker left, and may let it be tried again.
        #[serde(default, skip_serializing_if = "is_false")]
        by_run: bool,
        /// The gate that did not pass, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gate: Option<Failing>,
    },
    /// An objective is worked on again.
    Retried {
        /// Which one.
        objective: ObjectiveId,
        /// Whether `run` decided that; else the owner did, and every worker may try once more.
        #[serde(default, skip_serializing_if = "is_false")]
        by_run: bool,
    },
    /// A worker is about to be started in an objective's worktree.
    Dispatched {
        /// Which objective.
        objective: ObjectiveId,
        /// Which worker.
        worker: String,
        /// Why it gets the objective, in words.
        reason: String,
        /// How commits name it, as `Name <mail>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        co_author: Option<String>,
        /// What marks every process that it starts.
        mark: String,
        /// The process that watches it.
        holder: Holder,
    },
    /// The worker of an objective is no longer at work.
    Returned {
        /// Which objective.
        objective: ObjectiveId,
        /// How it came back.
        #[serde(flatten)]
        how: How,
        /// What it used, as far as it says.
        #[serde(default, skip_serializing_if = "Usage::is_unknown")]
        usage: Usage,
        /// What it says that it did, on one line; empty: nothing.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        claim: String,
    },
    /// Somebody wants workers to be stopped.
    StopAsked {
        /// Whose worker; none: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        objective: Option<ObjectiveId>,
    },
    /// Objectives of a wave wait for a later one, and with them those that need their results:
    /// one line, so that none of them moves alone.
    Postponed {
        /// Which ones, with the waves that they now belong to.
        moves: Vec<Place>,
    },
    /// A process does something that takes time; nobody else does it meanwhile.
    Claimed {
        /// What it does, in words.
        what: String,
        /// Which process.
        holder: Holder,
    },
    /// It does so no longer.
    Released,
    /// A gate of a wave's candidate is red.
    GateRed {
        /// The wave.
        wave: u32,
        /// The candidate.
        candidate: String,
        /// The command that failed.
        command: String,
        /// Objectives without which it is green.
        blamed: Vec<ObjectiveId>,
        /// How it failed, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        how: String,
        /// The last lines of its output.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        output: Vec<String>,
        /// Whether it was red before the wave.
        #[serde(default, skip_serializing_if = "is_false")]
        before: bool,
    },
    /// The gates of a wave were run on the commit that it goes out from.
    Baseline {
        /// The wave.
        wave: u32,
        /// The commit.
        commit: String,
        /// The commands that were run.
        commands: Vec<String>,
        /// Those of them that did not pass.
        red: Vec<Failing>,
    },
    /// Merging the target into the integration branch met a conflict, to be resolved in a
    /// worktree.
    SyncStopped {
        /// The integration tip.
        integration: String,
        /// The target's tip.
        target: String,
        /// Where it is to be resolved.
        worktree: String,
    },
    /// The sync that had stopped was given up.
    SyncAborted,
    /// An objective asks for more than its scope. The number of the line is the request's name.
    ScopeRequested {
        /// Who asks.
        objective: ObjectiveId,
        /// For what, as patterns.
        patterns: Vec<String>,
        /// What for, in words.
        why: String,
        /// What was answered at once.
        answer: Answer,
    },
    /// The owner agrees that an objective that waits gets what it asked for once it is free.
    ScopeConsented {
        /// The number of the request's line.
        request: u64,
    },
    /// A request is not granted.
    ScopeDenied {
        /// The number of the request's line.
        request: u64,
        /// Why, in words.
        reason: String,
        /// Objectives that no longer wait, with the waves that they go back to.
        moves: Vec<Place>,
    },
    /// An objective asks no longer for something.
    ScopeWithdrawn {
        /// The number of the request's line.
        request: u64,
        /// Objectives that no longer wait, with the waves that they go back to.
        moves: Vec<Place>,
    },
    /// An objective that waited goes on from what the integration branch has now.
    Resumed {
        /// Which one.
        objective: ObjectiveId,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What was answered to a request at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It is free: the owner of the plan decides.
    Open,
    /// Somebody holds it: the objective waits, and moves behind them.
    Waits {
        /// Who.
        holder: super::Holding,
        /// A path that both could change, quoted as git quotes a path.
        witness: String,
        /// Whether the policy grants it as soon as it is free.
        consented: bool,
        /// The objective and those that need its result, with the waves that they now belong to.
        moves: Vec<Place>,
    },
    /// It is forbidden.
    Denied {
        /// Why, in words.
        reason: String,
    },
}

/// A process, so that it is told apart from another one that has its number later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// When it began, in the system's own unit.
    pub started: u64,
    /// Which boot of the machine, as the system names it.
    pub boot: String,
}

/// An operation on references and worktrees, with everything that was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// The plan is approved: the integration branch begins at the pin.
    Approve(Approval),
    /// An objective gets its branch and its worktree.
    Start {
        /// Which one.
        objective: ObjectiveId,
        /// The full name of its branch.
        branch: String,
        /// Its worktree, absolute.
        worktree: String,
        /// The commit that it starts from.
        start: String,
        /// The first port of its block.
        port_base: u16,
        /// Whether it starts anew and what it had is gone from branch and worktree.
        afresh: bool,
    },
    /// A wave is merged.
    Merge {
        /// Which one.
        wave: u32,
        /// The integration tip before.
        from: String,
        /// The wave's commit.
        to: String,
        /// What was merged.
        tips: Vec<Tip>,
        /// The gates that passed on `to`.
        gates: Vec<String>,
    },
    /// The last merged wave is taken back.
    Undo {
        /// Which one.
        wave: u32,
        /// The integration tip, the wave's commit.
        from: String,
        /// The integration tip before it.
        to: String,
    },
    /// The target is merged into the integration branch.
    Sync {
        /// The integration tip before.
        from: String,
        /// The merge.
        to: String,
        /// The target's tip.
        target: String,
    },
    /// An objective is given up; its branch and worktree go, its work stays as a backup.
    Drop {
        /// Which one.
        objective: ObjectiveId,
        /// Where its work is kept; none: there was none.
        backups: Vec<String>,
    },
    /// The session lands.
    Land {
        /// The full name of the target.
        target: String,
        /// The target's tip before.
        from: String,
        /// The target's tip after.
        to: String,
        /// The integration tip before the record was committed on it.
        integration_from: String,
        /// The integration tip with the record.
        integration_to: String,
    },
    /// What was agreed changes: a commit on the integration branch that changes the plan.
    Amend {
        /// The integration tip before.
        from: String,
        /// The commit.
        to: String,
        /// What it changes.
        amendment: Amendment,
    },
    /// Worktrees and branches of a finished session go.
    Clean {
        /// Where what would have been lost is kept.
        backups: Vec<String>,
    },
}

impl Operation {
    /// The command that it belongs to.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Approve(_) => "approve",
            Self::Start { .. } => "start",
            Self::Merge { .. } => "merge",
            Self::Undo { .. } => "undo",
            Self::Sync { .. } => "sync",
            Self::Drop { .. } => "drop",
            Self::Land { .. } => "land",
            Self::Amend { amendment: Amendment::Grant { .. }, .. } => "scope grant",
            Self::Amend { amendment: Amendment::Objectives { .. }, .. } => "plan",
            Self::Clean { .. } => "clean",
        }
    }
}

/// A change of what was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "amendment", rename_all = "snake_case")]
pub enum Amendment {
    /// An objective may touch more.
    Grant {
        /// Which one.
        objective: ObjectiveId,
        /// What, as patterns.
        patterns: Vec<String>,
        /// The numbers of the requests that this answers.
        requests: Vec<u64>,
    },
    /// Objectives that had not started were added, changed or taken out.
    Objectives {
        /// Every objective with its wave, in the order of the new plan.
        objectives: Vec<Place>,
    },
}

/// What was approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The plan.
    pub plan: PlanId,
    /// The commit that holds plan and policy as approved.
    pub pin: String,
    /// The full name of the branch on which the session lands.
    pub target: String,
    /// The target's tip when the plan was approved.
    pub target_tip: String,
    /// The first component of the session's branches.
    pub prefix: String,
    /// The name of its folder of worktrees.
    pub slug: String,
    /// Whether `run` began the session and the last `done` goes on.
    pub by_run: bool,
    /// The objectives with their waves, in the order of the plan.
    pub objectives: Vec<Place>,
}

/// An objective and its wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The objective.
    pub objective: ObjectiveId,
    /// Its wave, from 1.
    pub wave: u32,
}

/// An objective and the tip of its branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The objective.
    pub objective: ObjectiveId,
    /// The commit.
    pub commit: String,
    /// Whether it changed anything that lands.
    pub changed: bool,
}
