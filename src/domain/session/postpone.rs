//! Moving an objective out of its wave: the first later one in which it meets nobody, with
//! everything that waits for it behind it.

use super::{Phase, Place, Session};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, meet};
use crate::domain::plan::Plan;
use crate::domain::scope::{Languages, Rules, Scope};

/// The new waves of objectives that move, in the order in which they have to be told.
pub fn postponed(
    session: &Session,
    plan: &Plan,
    scopes: &[Scope],
    rules: &Rules,
    moving: &[ObjectiveId],
) -> Result<Vec<Place>, Failure> {
    let mut waves: Vec<(ObjectiveId, u32)> =
        session.objectives.iter().map(|o| (o.id.clone(), o.wave)).collect();
    let gone = |id: &ObjectiveId| {
        let phase = session.objective(id).map(|o| o.phase);
        matches!(phase, Some(Phase::Merged | Phase::Dropped))
    };
    let languages = Languages::new(scopes, rules);
    let index = |id: &ObjectiveId| scopes.iter().position(|s| s.id == *id);
    let mut moved: Vec<Place> = Vec::new();
    let mut open: Vec<ObjectiveId> = moving.to_vec();
    open.sort();
    while !open.is_empty() {
        let id = open.remove(0);
        let own = index(&id).ok_or_else(|| unknown(&id))?;
        let at = waves.iter().find(|(o, _)| *o == id).map_or(1, |(_, wave)| *wave);
        let depends = plan.objective(&id).map(|o| o.depends_on.clone()).unwrap_or_default();
        let after = waves.iter().filter(|(o, _)| depends.contains(o) && !gone(o));
        let mut wave = after.map(|(_, wave)| wave + 1).max().unwrap_or(0);
        wave = wave.max(if moving.contains(&id) { at + 1 } else { at });
        loop {
            let mut others = waves.iter().filter(|(o, w)| *w == wave && *o != id && !gone(o));
            let meets = others.try_fold(false, |met, (other, _)| {
                if met {
                    return Ok(true);
                }
                let other = index(other).ok_or_else(|| unknown(other))?;
                let found = meet(languages.get(own), languages.get(other), Case::Exact);
                found.map(|m| m.is_some()).map_err(|e| {
                    Failure::new(Kind::Plan, format!("`{}` is too complex to compare", e.pattern))
                })
            })?;
            if !meets {
                break;
            }
            wave += 1;
        }
        for entry in waves.iter_mut().filter(|(o, _)| *o == id) {
            entry.1 = wave;
        }
        if wave != at {
            moved.push(Place { objective: id.clone(), wave });
        }
        // Whoever needs its result waits longer now.
        for other in plan.objectives.iter().filter(|o| o.depends_on.contains(&id) && !gone(&o.id)) {
            let late = waves.iter().any(|(o, w)| *o == other.id && *w <= wave);
            if late && !open.contains(&other.id) {
                open.push(other.id.clone());
            }
        }
    }
    Ok(moved)
}

fn unknown(id: &ObjectiveId) -> Failure {
    Failure::new(Kind::Bug, format!("the agreed plan has no objective {id}"))
}
