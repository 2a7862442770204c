//! The record of a session: what `.ap/sessions/<id>/session.toml` holds and the accomplishment
//! report is made from. It is for whoever asks later who did what, when, and under which plan.

mod lessons;
mod paths;
mod read;
mod render;
mod shape;
mod tries;
mod workers;

pub use lessons::Lesson;
use paths::unquoted;
pub use read::read;
pub use render::to_toml;
pub use shape::SESSION;
pub use tries::Try;
use tries::{tries, worker};
pub use workers::{Performance, performance, performances};

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::base64;
use super::commit_message::{self, Trailer};
use super::id::{ObjectiveId, PlanId};
use super::path::RepoPath;
use super::plan::{Plan, SCHEMA, TaskType};
use super::session::{MergedWave, Phase, Red, Request, Session, Standing};

/// How many changed paths of an objective are named; of the others there is a count.
pub const TOUCHED: usize = 200;

/// Who works on objectives as long as no worker is recorded.
pub const HUMAN: &str = "human";

/// A session as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The version of the file, [`SCHEMA`].
    pub schema: u32,
    /// The plan that was carried out.
    pub plan: PlanId,
    /// What the owner asked for.
    pub request: String,
    /// Which kind of change that is.
    #[serde(rename = "type")]
    pub task_type: TaskType,
    /// The short name of the branch on which it lands.
    pub target: String,
    /// The commit that holds plan and policy as approved.
    pub pin: String,
    /// The commit that the plan was made against.
    pub base: String,
    /// When it was approved, RFC 3339.
    pub approved: String,
    /// When it landed, RFC 3339; none: it has not.
    pub landed: Option<String>,
    /// Tips of the target that were merged on the way, oldest first.
    pub synced: Vec<String>,
    /// The merged waves, in their order.
    #[serde(rename = "wave")]
    pub waves: Vec<Wave>,
    /// The objectives, in the order of the plan.
    #[serde(rename = "objective")]
    pub objectives: Vec<Objective>,
    /// The tries of workers, by objective in the order of the plan.
    #[serde(rename = "try")]
    pub tries: Vec<Try>,
    /// Gates that were red before a wave was merged, in their order, each once.
    #[serde(rename = "red")]
    pub reds: Vec<RedGate>,
    /// What objectives asked for beyond their scopes, in their order.
    #[serde(rename = "asked")]
    pub requests: Vec<Asked>,
}

/// What an objective asked for while it was worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Who asked.
    pub objective: ObjectiveId,
    /// When, RFC 3339.
    pub time: String,
    /// For what, as patterns.
    pub patterns: Vec<String>,
    /// What for, in words.
    pub why: String,
    /// What became of it: `open`, `waiting`, `granted`, `denied` or `withdrawn`.
    pub state: String,
    /// The same in a sentence without the objective's name.
    pub said: String,
}

/// A gate that was red on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedGate {
    /// Of which wave.
    pub wave: u32,
    /// What was run.
    pub command: String,
    /// Objectives without which it was green.
    pub blamed: Vec<ObjectiveId>,
    /// How it failed, in words.
    pub how: String,
    /// The last lines of its output.
    pub output: Vec<String>,
    /// Whether it was red before the wave: then no objective is blamed.
    pub before: bool,
}

/// A merged wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wave {
    /// Its number.
    pub number: u32,
    /// Its commit.
    pub commit: String,
    /// When it was merged, RFC 3339.
    pub merged: String,
    /// The gates that passed on it.
    pub gates: Vec<String>,
    /// What was merged.
    pub objectives: Vec<ObjectiveId>,
}

/// What became of an objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objective {
    /// Its id.
    pub id: ObjectiveId,
    /// What it was to do.
    pub title: String,
    /// Its wave.
    pub wave: u32,
    /// Where it stands.
    pub phase: Phase,
    /// Who worked on it.
    pub worker: String,
    /// The commit that it started from.
    pub start: Option<String>,
    /// The tip of its branch.
    pub tip: Option<String>,
    /// Its commits.
    pub commits: u64,
    /// The files that it changed.
    pub files: u64,
    /// Lines that it added.
    pub lines_added: u64,
    /// Lines that it removed.
    pub lines_removed: u64,
    /// When it began, RFC 3339.
    pub began: Option<String>,
    /// When it was accepted, RFC 3339.
    pub ended: Option<String>,
    /// From its beginning to its end.
    pub minutes: Option<u64>,
    /// How many minutes its plan estimated.
    pub estimated: Option<u64>,
    /// How often it was tried again.
    pub retries: u32,
    /// How often work outside its scope was found.
    pub violations: u32,
    /// Patterns of what it was allowed to change.
    pub touch: Vec<String>,
    /// Those of them that it was given while it was worked on.
    pub granted: Vec<String>,
    /// Paths that it changed and was not allowed to: nothing of them landed.
    #[serde(serialize_with = "path_texts")]
    pub refused: Vec<RepoPath>,
    /// What it changed, sorted; at most [`TOUCHED`].
    #[serde(serialize_with = "path_texts")]
    pub touched: Vec<RepoPath>,
    /// How many more that are.
    pub touched_more: u64,
    /// Who wrote its commits, as `Name <mail>`.
    pub authors: Vec<String>,
    /// The gates that it passed alone.
    pub gates: Vec<String>,
    /// Why it failed or was refused, a sentence each.
    pub said: Vec<String>,
    /// The last lines of its gate, where it failed because of one.
    pub output: Vec<String>,
    /// Where its work is kept that was dropped or begun anew.
    pub backups: Vec<String>,
}

/// What git knows about a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// By objective.
    pub objectives: BTreeMap<ObjectiveId, Work>,
    /// When the session lands, RFC 3339, for a record that is written before the target moves.
    pub landed: Option<String>,
}

/// What git knows about an objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// The tip of its branch.
    pub tip: Option<String>,
    /// Its commits.
    pub commits: u64,
    /// What they change together, sorted.
    pub paths: Vec<RepoPath>,
    /// Lines added.
    pub lines_added: u64,
    /// Lines removed.
    pub lines_removed: u64,
    /// Names and mail addresses of who wrote them, sorted, each once.
    pub authors: Vec<(String, String)>,
}

/// The record of a session under its plan.
pub fn record(session: &Session, plan: &Plan, facts: &Facts) -> Record {
    let approval = &session.approval;
    let target = &approval.target;
    let nothing = Work::default();
    let of = |standing: &Standing| {
        let work = facts.objectives.get(&standing.id).unwrap_or(&nothing);
        objective(session, standing, plan, work)
    };
    let asked = |request: &Request| Asked {
        objective: request.objective.clone(),
        time: request.time.clone(),
        patterns: request.patterns.clone(),
        why: request.why.clone(),
        state: request.state.as_str().to_owned(),
        said: request.describe(),
    };
    Record {
        schema: SCHEMA,
        plan: approval.plan.clone(),
        request: plan.request.clone(),
        task_type: plan.task_type,
        target: target.strip_prefix("refs/heads/").unwrap_or(target).to_owned(),
        pin: approval.pin.clone(),
        base: plan.base.clone().unwrap_or_else(|| approval.target_tip.clone()),
        approved: session.approved.clone(),
        landed: session.landed.as_ref().map(|l| l.time.clone()).or_else(|| facts.landed.clone()),
        synced: session.synced.clone(),
        waves: session.waves.iter().map(wave).collect(),
        objectives: session.objectives.iter().map(of).collect(),
        tries: session.objectives.iter().flat_map(tries).collect(),
        reds: session.reds.iter().map(red).collect(),
        requests: session.requests.iter().map(asked).collect(),
    }
}

fn red(red: &Red) -> RedGate {
    RedGate {
        wave: red.wave,
        command: red.gate.command.clone(),
        blamed: red.blamed.clone(),
        how: red.gate.how.clone(),
        output: red.gate.output.clone(),
        before: red.before,
    }
}

fn wave(merged: &MergedWave) -> Wave {
    Wave {
        number: merged.wave,
        commit: merged.commit.clone(),
        merged: merged.time.clone(),
        gates: merged.gates.clone(),
        objectives: merged.tips.iter().map(|tip| tip.objective.clone()).collect(),
    }
}

fn objective(session: &Session, standing: &Standing, plan: &Plan, work: &Work) -> Objective {
    let planned = plan.objective(&standing.id);
    let (began, ended) = (standing.began.clone(), standing.ended.clone());
    Objective {
        id: standing.id.clone(),
        title: planned.map_or_else(|| standing.id.to_string(), |o| o.title.clone()),
        wave: standing.wave,
        phase: standing.phase,
        worker: worker(standing).to_owned(),
        start: standing.place.as_ref().map(|place| place.start.clone()),
        tip: work.tip.clone().or_else(|| standing.tip.clone()),
        commits: work.commits,
        files: work.paths.len() as u64,
        lines_added: work.lines_added,
        lines_removed: work.lines_removed,
        minutes: minutes(began.as_deref(), ended.as_deref()),
        estimated: planned.map(|o| o.estimate_minutes.into()),
        began,
        ended,
        retries: standing.retries,
        violations: standing.violations,
        touch: planned.map(|o| o.touch.clone()).unwrap_or_default(),
        granted: session.granted(&standing.id),
        refused: standing.refused.iter().filter_map(|path| unquoted(path)).collect(),
        touched: work.paths.iter().take(TOUCHED).cloned().collect(),
        touched_more: work.paths.len().saturating_sub(TOUCHED) as u64,
        authors: work
            .authors
            .iter()
            .map(|(name, mail)| commit_message::person(name, mail))
            .collect(),
        gates: standing.gates.clone(),
        said: standing.said.clone(),
        output: standing.gate.as_ref().map(|gate| gate.output.clone()).unwrap_or_default(),
        backups: standing.backups.clone(),
    }
}

/// Whole minutes between two times of RFC 3339; none where one is missing or is no time, or the
/// clock was put back meanwhile.
pub fn minutes(from: Option<&str>, to: Option<&str>) -> Option<u64> {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let seconds = time(to?)?.as_second() - time(from?)?.as_second();
    Some(u64::try_from(seconds).ok()? / 60)
}

/// Minutes as people say them: `45 min`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(minutes: u64) -> String {
    let (large, small) = match minutes {
        0..60 => return format!("{minutes} min"),
        60..1440 => ((minutes / 60, "h"), (minutes % 60, "min")),
        _ => ((minutes / 1440, "d"), (minutes % 1440 / 60, "h")),
    };
    match small {
        (0, _) => format!("{} {}", large.0, large.1),
        (rest, unit) => format!("{} {} {rest} {unit}", large.0, large.1),
    }
}

impl Record {
    /// How many objectives are in this phase.
    pub fn count(&self, phase: Phase) -> usize {
        self.objectives.iter().filter(|o| o.phase == phase).count()
    }

    /// From approval to landing, in minutes.
    pub fn minutes(&self) -> Option<u64> {
        minutes(Some(&self.approved), self.landed.as_deref())
    }

    /// Everybody who wrote a commit, in the order of the objectives, each mail address once.
    pub fn authors(&self) -> Vec<String> {
        let all = self.objectives.iter().flat_map(|o| &o.authors);
        let named = all.map(|author| Trailer::new("Co-authored-by", author));
        let once = commit_message::once_each(named);
        once.into_iter().map(|trailer| trailer.value().to_owned()).collect()
    }
}

/// Paths in JSON: each an object with `path`, and `path_bytes` (base64) where that is not exact.
fn path_texts<S: Serializer>(paths: &[RepoPath], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(PathText))
}

struct PathText<'a>(&'a RepoPath);

impl Serialize for PathText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exact = self.0.to_str().is_some();
        let mut out = serializer.serialize_struct("PathText", if exact { 1 } else { 2 })?;
        out.serialize_field("path", &self.0.to_lossy())?;
        if !exact {
            out.serialize_field("path_bytes", &base64::encode(self.0.as_bytes()))?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests;
