//! What was measured here: how long objectives and merges took, in recorded sessions and in this
//! one, and what of this one is left.

use super::seconds;
use crate::domain::estimate::{Outlook, Sample, Todo};
use crate::domain::plan::Plan;
use crate::domain::record::Record;
use crate::domain::session::{Holder, Phase, Session, Standing};

/// How long the objectives of recorded sessions took: the tries at one together; where no worker
/// tried, from its beginning to its end.
pub fn known(records: &[Record]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for record in records {
        let done = record.objectives.iter();
        for objective in done.filter(|o| matches!(o.phase, Phase::Accepted | Phase::Merged)) {
            let tries = record.tries.iter().filter(|t| t.objective == objective.id);
            let tries = tries.map(|t| seconds(Some(&t.began), t.ended.as_deref()));
            let whole = seconds(objective.began.as_deref(), objective.ended.as_deref());
            samples.extend(together(tries, whole).map(|seconds| Sample {
                worker: objective.worker.clone(),
                complexity: None,
                estimate: objective.estimated,
                seconds,
            }));
        }
    }
    samples
}

/// How long the merges of recorded sessions took, from the last objective of a wave on.
pub fn merges_known(records: &[Record]) -> Vec<u64> {
    let mut merges = Vec::new();
    for record in records {
        for wave in &record.waves {
            let of = record.objectives.iter().filter(|o| wave.objectives.contains(&o.id));
            let last = of.filter_map(|o| o.ended.as_deref()).max();
            merges.extend(seconds(last, Some(&wave.merged)));
        }
    }
    merges
}

/// What is left of a session, and what it has measured itself. None: somebody has to decide
/// something, and nobody knows how long that takes.
pub fn outlook(
    session: &Session,
    plan: &Plan,
    now: &str,
    is_alive: &dyn Fn(&Holder) -> bool,
) -> Option<(Outlook, Vec<Sample>)> {
    let stuck = |o: &Standing| matches!(o.phase, Phase::Failed | Phase::Violated);
    let open = session.objectives.iter().filter(|o| !o.phase.is_settled());
    let asks = |o: &Standing| session.pending(&o.id).next().is_some();
    if session.red.is_some() || session.stopped.is_some() {
        return None;
    }
    let mut waves: Vec<(u32, Vec<Todo>)> = Vec::new();
    for standing in open {
        if stuck(standing) || (asks(standing) && standing.phase != Phase::Waiting) {
            return None;
        }
        let todo = todo(standing, plan, now, is_alive)?;
        match waves.iter_mut().find(|(wave, _)| *wave == standing.wave) {
            Some((_, todos)) => todos.push(todo),
            None => waves.push((standing.wave, vec![todo])),
        }
    }
    // What is accepted is still to be merged.
    for standing in session.objectives.iter().filter(|o| o.phase == Phase::Accepted) {
        if !waves.iter().any(|(wave, _)| *wave == standing.wave) {
            waves.push((standing.wave, Vec::new()));
        }
    }
    let waves = waves.into_iter().map(|(_, todos)| todos).collect();
    let samples = session.objectives.iter().filter_map(|standing| sample(standing, plan)).collect();
    Some((Outlook { waves, hands: 0, merges: merges(session) }, samples))
}

fn todo(
    standing: &Standing,
    plan: &Plan,
    now: &str,
    is_alive: &dyn Fn(&Holder) -> bool,
) -> Option<Todo> {
    let objective = plan.objective(&standing.id)?;
    let last = standing.attempts.last();
    let spent = match (standing.phase, last) {
        (Phase::Working, Some(a)) if a.returned.is_none() && is_alive(&a.holder) => {
            seconds(Some(&a.began), Some(now))
        }
        (Phase::Working, None) => seconds(standing.began.as_deref(), Some(now)),
        _ => None,
    };
    Some(Todo {
        worker: last.map(|attempt| attempt.worker.clone()),
        complexity: objective.complexity,
        estimate: u64::from(objective.estimate_minutes),
        priority: objective.priority,
        spent,
    })
}

fn sample(standing: &Standing, plan: &Plan) -> Option<Sample> {
    if !matches!(standing.phase, Phase::Accepted | Phase::Merged) {
        return None;
    }
    let objective = plan.objective(&standing.id)?;
    let tries = standing.attempts.iter().map(|attempt| {
        let returned = attempt.returned.as_ref().map(|returned| returned.time.as_str());
        seconds(Some(&attempt.began), returned)
    });
    let whole = seconds(standing.began.as_deref(), standing.ended.as_deref());
    let last = standing.attempts.last();
    Some(Sample {
        worker: last.map_or("human", |attempt| attempt.worker.as_str()).to_owned(),
        complexity: Some(objective.complexity),
        estimate: Some(u64::from(objective.estimate_minutes)),
        seconds: together(tries, whole)?,
    })
}

/// The tries that are known together, else the whole time.
fn together(tries: impl Iterator<Item = Option<u64>>, whole: Option<u64>) -> Option<u64> {
    let known: Vec<u64> = tries.flatten().collect();
    if known.is_empty() { whole } else { Some(known.iter().fold(0, |a, b| a.saturating_add(*b))) }
}

fn merges(session: &Session) -> Vec<u64> {
    let of = |wave: &crate::domain::session::MergedWave| {
        let ended = session.of_wave(wave.wave).filter_map(|o| o.ended.as_deref()).max();
        seconds(ended, Some(&wave.time))
    };
    session.waves.iter().filter_map(of).collect()
}
