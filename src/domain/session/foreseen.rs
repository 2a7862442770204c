//! The plan as it will stand once everything that is waited for has been given: whoever moves or
//! adds an objective has to leave room for that.

use std::collections::BTreeSet;

use super::{Asked, Phase, Place, Session};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, Language, meet};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::Plan;
use crate::domain::scope::{Languages, Rules, Scope};

/// The plan and the scopes in which every objective that waits has what it waits for, and depends
/// on everybody who holds a part of it.
pub fn foreseen(
    session: &Session,
    plan: &Plan,
    scopes: &[Scope],
    rules: &Rules,
    case: Case,
) -> Result<(Plan, Vec<Scope>), Failure> {
    let (mut then, mut wider) = (plan.clone(), scopes.to_vec());
    for request in session.requests.iter().filter(|r| matches!(r.state, Asked::Waiting { .. })) {
        // They were read as patterns when they were asked for.
        let wanted: Vec<Pattern> =
            request.patterns.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let Some(own) = scopes.iter().find(|s| s.id == request.objective) else { continue };
        let asked = Scope { touch: wanted.clone(), ..own.clone() };
        let needs = holders(session, scopes, rules, &asked, case)?;
        for objective in then.objectives.iter_mut().filter(|o| o.id == request.objective) {
            objective.depends_on.extend(needs.iter().map(|(id, _)| id.clone()));
        }
        for scope in wider.iter_mut().filter(|s| s.id == request.objective) {
            scope.touch.extend(wanted.iter().cloned());
        }
    }
    Ok((then, wider))
}

/// Everybody of this session who holds a part of a scope, with a path of it: those of the same
/// wave, and those that are at work and not merged.
pub(super) fn holders(
    session: &Session,
    scopes: &[Scope],
    rules: &Rules,
    asked: &Scope,
    case: Case,
) -> Result<Vec<(ObjectiveId, RepoPath)>, Failure> {
    let wave = session.objective(&asked.id).map(|o| o.wave);
    let language = asked.effective(rules);
    let mut found = Vec::new();
    for other in scopes.iter().filter(|s| s.id != asked.id) {
        let Some(standing) = session.objective(&other.id) else { continue };
        let beside = Some(standing.wave) == wave || standing.phase.is_at_work();
        if is_over(standing.phase) || !beside {
            continue;
        }
        if let Some(met) = met(&language, &other.effective(rules), case)? {
            found.push((other.id.clone(), met));
        }
    }
    Ok(found)
}

/// Whether objectives can be where `places` puts them: they meet nobody there, and what they need
/// is in an earlier wave. The others are where the session has them.
pub(super) fn has_room(
    session: &Session,
    places: &[Place],
    plan: &Plan,
    scopes: &[Scope],
    rules: &Rules,
    case: Case,
) -> Result<bool, Failure> {
    let (then, wider) = foreseen(session, plan, scopes, rules, case)?;
    let languages = Languages::new(&wider, rules);
    let wave = |id: &ObjectiveId| {
        let place = places.iter().find(|place| place.objective == *id).map(|place| place.wave);
        let standing = session.objective(id).filter(|o| !is_over(o.phase));
        place.or(standing.map(|o| o.wave))
    };
    for place in places {
        let id = &place.objective;
        let needs = then.objective(id).map_or(&[][..], |o| o.depends_on.as_slice());
        if needs.iter().any(|need| wave(need).is_some_and(|at| at >= place.wave)) {
            return Ok(false);
        }
        let Some(own) = wider.iter().position(|s| s.id == *id) else { continue };
        for (index, other) in wider.iter().enumerate() {
            let beside = other.id != *id && wave(&other.id) == Some(place.wave);
            if beside && met(languages.get(own), languages.get(index), case)?.is_some() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether `waiting` cannot go on before `on` is merged, because it needs it, also through others.
/// `then` is the plan as it is foreseen.
pub fn waits(session: &Session, then: &Plan, waiting: &ObjectiveId, on: &ObjectiveId) -> bool {
    let (mut open, mut seen) = (vec![waiting.clone()], BTreeSet::new());
    while let Some(id) = open.pop() {
        if id == *on {
            return true;
        }
        if !seen.insert(id.clone()) {
            continue;
        }
        let needs = then.objective(&id).map_or(&[][..], |o| o.depends_on.as_slice());
        let merged =
            |o: &ObjectiveId| session.objective(o).is_some_and(|s| s.phase == Phase::Merged);
        open.extend(needs.iter().filter(|need| !merged(need)).cloned());
    }
    false
}

fn is_over(phase: Phase) -> bool {
    matches!(phase, Phase::Merged | Phase::Dropped)
}

fn met(left: &Language, right: &Language, case: Case) -> Result<Option<RepoPath>, Failure> {
    let found = meet(left, right, case).map_err(|error| {
        Failure::new(Kind::Plan, format!("`{}` is too complex to compare", error.pattern))
            .hint("ask for a simpler pattern, or for the paths themselves")
    })?;
    Ok(found.map(|met| met.left))
}
