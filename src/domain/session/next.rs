//! What a session needs next. `run`, the last `done` and `status` ask the same.

use super::{Phase, Session};
use crate::domain::id::ObjectiveId;

/// The next thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// These objectives of a wave have no worktree that is ready.
    Start {
        /// The wave.
        wave: u32,
        /// Which ones.
        objectives: Vec<ObjectiveId>,
    },
    /// These are being worked on.
    Work {
        /// The wave.
        wave: u32,
        /// Which ones.
        objectives: Vec<ObjectiveId>,
    },
    /// These failed or went out of their scope, and the owner has to say how to go on.
    Decide {
        /// The wave.
        wave: u32,
        /// Which ones.
        objectives: Vec<ObjectiveId>,
    },
    /// A conflict with the target waits to be resolved.
    Resolve,
    /// All of a wave are settled.
    Merge {
        /// The wave.
        wave: u32,
    },
    /// Everything is merged.
    Land,
    /// It has landed.
    Clean,
    /// Nothing.
    Over,
}

/// What comes next.
pub fn next(session: &Session) -> Next {
    if session.cleaned {
        return Next::Over;
    }
    if session.landed.is_some() {
        return Next::Clean;
    }
    if session.stopped.is_some() {
        return Next::Resolve;
    }
    let Some(wave) = session.current_wave() else {
        return if session.waves.is_empty() { Next::Clean } else { Next::Land };
    };
    let of = |phases: &[Phase]| -> Vec<ObjectiveId> {
        let wanted = session.of_wave(wave).filter(|o| phases.contains(&o.phase));
        wanted.map(|o| o.id.clone()).collect()
    };
    let objectives = of(&[Phase::Planned, Phase::Started]);
    if !objectives.is_empty() {
        return Next::Start { wave, objectives };
    }
    let objectives = of(&[Phase::Working, Phase::Submitted]);
    if !objectives.is_empty() {
        return Next::Work { wave, objectives };
    }
    let objectives = of(&[Phase::Failed, Phase::Violated]);
    if !objectives.is_empty() {
        return Next::Decide { wave, objectives };
    }
    Next::Merge { wave }
}
