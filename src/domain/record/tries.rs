//! The tries of workers at the objectives of a session.

use serde::Serialize;

use super::HUMAN;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{How, Phase, Standing};
use crate::domain::team::stream::Usage;

/// One try of a worker at an objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Try {
    /// At which objective.
    pub objective: ObjectiveId,
    /// Who.
    pub worker: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// When it came back, RFC 3339; none: it did not.
    pub ended: Option<String>,
    /// How it came back: `ended`, `failed`, `interrupted` or `exceeded`; `open`: it did not.
    pub how: String,
    /// How often a change outside the scope was found behind it.
    pub violations: u32,
    /// What it used, as far as it said.
    #[serde(flatten)]
    pub usage: Usage,
    /// What it said that it did; empty: nothing.
    pub claim: String,
}

/// Who worked on an objective last. Where a worker came back with nothing that could be taken and
/// the objective was accepted all the same, people have done it.
pub(super) fn worker(standing: &Standing) -> &str {
    let Some(last) = standing.attempts.last() else { return HUMAN };
    let how = last.returned.as_ref().map(|returned| &returned.how);
    let is_done = matches!(standing.phase, Phase::Accepted | Phase::Merged);
    match how {
        Some(How::Failed { .. } | How::Interrupted | How::Exceeded { .. }) if is_done => HUMAN,
        _ => &last.worker,
    }
}

/// The tries at an objective, the first one first.
pub(super) fn tries(standing: &Standing) -> impl Iterator<Item = Try> {
    standing.attempts.iter().map(|attempt| Try {
        objective: standing.id.clone(),
        worker: attempt.worker.clone(),
        began: attempt.began.clone(),
        ended: attempt.returned.as_ref().map(|returned| returned.time.clone()),
        how: match attempt.returned.as_ref().map(|returned| &returned.how) {
            None => "open",
            Some(How::Ended | How::Denied { .. }) => "ended",
            Some(How::Failed { .. }) => "failed",
            Some(How::Interrupted) => "interrupted",
            Some(How::Exceeded { .. }) => "exceeded",
        }
        .to_owned(),
        violations: attempt.violations,
        usage: attempt.returned.as_ref().map(|returned| returned.usage).unwrap_or_default(),
        claim: attempt.returned.as_ref().map(|back| back.claim.clone()).unwrap_or_default(),
    })
}
