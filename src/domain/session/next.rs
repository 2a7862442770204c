//! What a session needs next. `run`, the last `done` and `status` ask the same.

use super::{Asked, Phase, Session, Standing};
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
    /// These failed, went out of their scope or wait for more of it, and the owner has to say how
    /// to go on.
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
    let mut objectives = of(&[Phase::Planned, Phase::Started]);
    objectives.extend(of(&[Phase::Waiting]).into_iter().filter(|o| may_go_on(session, o)));
    if !objectives.is_empty() {
        return Next::Start { wave, objectives };
    }
    let objectives = of(&[Phase::Working, Phase::Submitted]);
    if !objectives.is_empty() {
        return Next::Work { wave, objectives };
    }
    let objectives = of(&[Phase::Failed, Phase::Violated, Phase::Waiting]);
    if !objectives.is_empty() {
        return Next::Decide { wave, objectives };
    }
    Next::Merge { wave }
}

/// Whether one that waits has nothing to wait for but to be started: everything that it asked
/// for is decided, or will be granted once it is free.
fn may_go_on(session: &Session, objective: &ObjectiveId) -> bool {
    session.pending(objective).all(|request| match &request.state {
        Asked::Waiting { holder, consented } => {
            let merged = |o: &Standing| matches!(o.phase, Phase::Merged | Phase::Dropped);
            *consented
                && (holder.session.is_some()
                    || session.objective(&holder.objective).is_none_or(merged))
        }
        _ => false,
    })
}
