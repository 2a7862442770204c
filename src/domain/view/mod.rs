//! A session at a glance while it runs: a line an objective of the current wave, and how far it
//! all is. Which lines there are follows from the journal; what somebody is doing just now is
//! told from outside.

mod measured;

pub use measured::{known, merges_known, outlook};

use super::id::ObjectiveId;
use super::plan::Plan;
use super::session::{Attempt, Holder, How, Phase, Request, Session, Standing};

/// How somebody who looks should take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing happens yet.
    Quiet,
    /// Somebody is at it.
    Busy,
    /// It is done.
    Good,
    /// Somebody has to do something.
    Bad,
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Where it stands, in a word.
    pub state: &'static str,
    /// How to take that.
    pub tone: Tone,
    /// Who has it, or had it last; none: nobody yet.
    pub worker: Option<String>,
    /// What is going on, or what it is about. It may hold anything.
    pub activity: String,
    /// Seconds since it was begun, or from there to its end.
    pub seconds: Option<u64>,
}

/// A session at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The wave that is worked on; none: all are merged.
    pub wave: Option<u32>,
    /// How many waves there are.
    pub waves: u32,
    /// The objectives of the wave, in the order of the plan.
    pub rows: Vec<Row>,
    /// How many of them are settled.
    pub settled: usize,
    /// How much of the whole is done.
    pub percent: u8,
    /// Seconds since the plan was approved, without what came after the landing.
    pub seconds: Option<u64>,
    /// Seconds that are probably left; none where nobody can say.
    pub remaining: Option<f64>,
    /// What is done beside the objectives: a merge, a gate. It may hold anything.
    pub doing: String,
}

/// What is told from outside.
pub struct Facts<'a> {
    /// The plan that counts.
    pub plan: &'a Plan,
    /// What time it is, RFC 3339.
    pub now: &'a str,
    /// Whether a process is there.
    pub is_alive: &'a dyn Fn(&Holder) -> bool,
    /// What the worker of an objective is doing, in its own words.
    pub activity: &'a dyn Fn(&ObjectiveId) -> Option<String>,
    /// What is done beside the objectives.
    pub doing: &'a str,
    /// Seconds that are probably left.
    pub remaining: Option<f64>,
}

impl std::fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A session as it is now.
pub fn view(session: &Session, facts: &Facts<'_>) -> View {
    let wave = session.current_wave();
    let of_wave = || wave.into_iter().flat_map(|wave| session.of_wave(wave));
    let claim = session.claim.as_ref().filter(|(_, holder)| (facts.is_alive)(holder));
    let doing = match (facts.doing, claim) {
        ("", Some((what, _))) => what.clone(),
        (doing, _) => doing.to_owned(),
    };
    let landed = session.landed.as_ref().map(|landing| landing.time.as_str());
    View {
        wave,
        waves: session.objectives.iter().map(|o| o.wave).max().unwrap_or(0),
        rows: of_wave().map(|standing| row(session, standing, facts)).collect(),
        settled: of_wave().filter(|o| o.phase.is_settled()).count(),
        percent: if session.landed.is_some() { 100 } else { session.progress() },
        seconds: seconds(Some(&session.approved), Some(landed.unwrap_or(facts.now))),
        remaining: facts.remaining,
        doing,
    }
}

fn row(session: &Session, standing: &Standing, facts: &Facts<'_>) -> Row {
    let last = standing.attempts.last();
    let busy = last.filter(|a| a.returned.is_none() && (facts.is_alive)(&a.holder));
    let title = || facts.plan.objective(&standing.id).map_or("", |o| o.title.as_str()).to_owned();
    let asked = session.pending(&standing.id).last().map(Request::describe);
    let said = || standing.said.join("; ");
    let (tone, activity) = match standing.phase {
        _ if busy.is_some() => (Tone::Busy, (facts.activity)(&standing.id).unwrap_or_else(title)),
        Phase::Planned | Phase::Started | Phase::Dropped => (Tone::Quiet, title()),
        // Whoever watched it is gone, or was told to stop.
        Phase::Working if last.is_some_and(is_interrupted) => {
            (Tone::Quiet, "stopped: `git ap run` goes on with it".to_owned())
        }
        Phase::Submitted if standing.judge().is_some_and(facts.is_alive) => {
            (Tone::Busy, "its gates run".to_owned())
        }
        Phase::Working | Phase::Submitted => (Tone::Busy, title()),
        Phase::Accepted | Phase::Merged => (Tone::Good, title()),
        Phase::Failed | Phase::Violated | Phase::Waiting => (Tone::Bad, asked.unwrap_or_else(said)),
    };
    let from = busy.map_or(standing.began.as_deref(), |attempt| Some(&attempt.began));
    let returned = last.and_then(|a| a.returned.as_ref()).map(|returned| returned.time.as_str());
    let to = match (tone, standing.phase) {
        (Tone::Busy, _) => Some(facts.now),
        (Tone::Good, _) => standing.ended.as_deref(),
        (Tone::Bad, Phase::Failed | Phase::Violated) => returned,
        _ => None,
    };
    let people = matches!(standing.phase, Phase::Working | Phase::Submitted).then_some("human");
    Row {
        id: standing.id.to_string(),
        state: standing.phase.as_str(),
        tone,
        worker: last.map(|attempt| attempt.worker.as_str()).or(people).map(str::to_owned),
        activity,
        seconds: seconds(from, to),
    }
}

fn is_interrupted(attempt: &Attempt) -> bool {
    attempt.returned.as_ref().is_none_or(|returned| returned.how == How::Interrupted)
}

/// Whole seconds between two times of RFC 3339; none where one is missing or is no time, or the
/// clock was put back meanwhile.
fn seconds(from: Option<&str>, to: Option<&str>) -> Option<u64> {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    u64::try_from(time(to?)?.as_second() - time(from?)?.as_second()).ok()
}

#[cfg(test)]
mod tests;
