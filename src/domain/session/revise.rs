//! Changing the plan of a running session: objectives that have not begun may be added, changed
//! and taken out; what has begun stays as it was agreed.

use std::collections::BTreeSet;

use super::foreseen::foreseen;
use super::{Phase, Place, Session};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, TooComplex, candidates, meet};
use crate::domain::plan::{Objective, Plan};
use crate::domain::scope::{Languages, Rules, Scope};
use crate::domain::wave::{Constraints, Cycle, assign};

/// What a new plan comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Every objective with its wave, in the order of the new plan.
    pub objectives: Vec<Place>,
    /// What is different, a sentence each.
    pub lines: Vec<String>,
}

/// What the change from `old` to `new` comes to. Refused where it changes something that has
/// begun. `scopes` and `rules` are those of the new plan.
///
/// An author's wave of an objective that has not begun is kept where it can be; the others get
/// the earliest wave after what they need in which they meet nobody.
pub fn revised(
    session: &Session,
    old: &Plan,
    new: &Plan,
    scopes: &[Scope],
    rules: &Rules,
) -> Result<Revision, Failure> {
    require_same_whole(session, old, new)?;
    let mut lines = Vec::new();
    for standing in &session.objectives {
        let id = &standing.id;
        let (was, is) = (old.objective(id), new.objective(id));
        let begun = standing.phase != Phase::Planned;
        match (was, is) {
            (Some(_), None) if begun => return Err(begun_already(standing.phase, id, "taken out")),
            (Some(was), Some(is)) if begun && !same_but_for_wave(was, is) => {
                return Err(begun_already(standing.phase, id, "changed"));
            }
            (Some(_), None) => lines.push(format!("{id} is taken out")),
            (Some(was), Some(is)) if !same_but_for_wave(was, is) => {
                lines.push(format!("{id} is changed: {}", is.title));
            }
            _ => {}
        }
    }
    let objectives = places(session, old, new, scopes, rules)?;
    for place in &objectives {
        let id = &place.objective;
        match session.objective(id) {
            None => {
                let title = new.objective(id).map_or("", |o| o.title.as_str());
                lines.push(format!("{id} is added in wave {}: {title}", place.wave));
            }
            Some(known) if known.wave != place.wave => {
                lines.push(format!("{id} moves from wave {} to wave {}", known.wave, place.wave));
            }
            Some(_) => {}
        }
    }
    if old.contracts != new.contracts {
        lines.push("the contracts are changed".to_owned());
    }
    Ok(Revision { objectives, lines })
}

fn begun_already(phase: Phase, id: &ObjectiveId, what: &str) -> Failure {
    let message = format!("objective {id} is {} and cannot be {what}", phase.as_str());
    let hint = format!(
        "leave it as it was agreed; `git ap scope grant {id} PATTERN` widens it, `git ap drop {id}` gives it up"
    );
    Failure::new(Kind::User, message).hint(hint)
}

/// The wave is where the session has it, whatever the text says.
fn same_but_for_wave(a: &Objective, b: &Objective) -> bool {
    Objective { wave: None, ..a.clone() } == Objective { wave: None, ..b.clone() }
}

/// What is no objective's counts for those that have begun as well.
fn require_same_whole(session: &Session, old: &Plan, new: &Plan) -> Result<(), Failure> {
    let begun = session.objectives.iter().any(|o| o.phase != Phase::Planned);
    let changed = [
        ("id", old.id != new.id),
        ("target", old.target != new.target),
        ("base", old.base != new.base),
        ("type", old.task_type != new.task_type),
        ("derived", begun && old.derived != new.derived),
        ("shared", begun && old.shared != new.shared),
    ];
    let Some((key, _)) = changed.iter().find(|(_, changed)| *changed) else { return Ok(()) };
    let message = format!("`{key}` cannot be changed while the session runs");
    Err(Failure::new(Kind::User, message).hint("leave it as it was agreed"))
}

/// The waves: what is merged is over, what has begun stays where it is.
fn places(
    session: &Session,
    old: &Plan,
    new: &Plan,
    scopes: &[Scope],
    rules: &Rules,
) -> Result<Vec<Place>, Failure> {
    let over = |id: &ObjectiveId| {
        session.objective(id).is_some_and(|o| matches!(o.phase, Phase::Merged | Phase::Dropped))
    };
    let merged = session.waves.iter().map(|w| w.wave).max().unwrap_or(0);
    let open: Vec<usize> =
        (0..new.objectives.len()).filter(|i| !over(&new.objectives[*i].id)).collect();
    let position = |id: &ObjectiveId| open.iter().position(|i| new.objectives[*i].id == *id);
    let (then, wider) = foreseen(session, new, scopes, rules, Case::Exact)?;
    let met = conflicts(&open, scopes, rules)?;
    let at_work = |at: usize| {
        let standing = session.objective(&new.objectives[open[at]].id);
        standing.is_some_and(|o| o.phase.is_at_work())
    };
    let added = |at: usize| session.objective(&new.objectives[open[at]].id).is_none();
    let depends_on = open.iter().enumerate().map(|(at, i)| {
        let needs = then.objectives[*i].depends_on.iter().filter_map(position);
        let mut needs: Vec<usize> = needs.collect();
        // What is added does not begin beside somebody who is at work on the same, in any wave.
        if added(at) {
            let beside = met.iter().filter_map(|(a, b)| match () {
                () if *a == at => Some(*b),
                () if *b == at => Some(*a),
                () => None,
            });
            needs.extend(beside.filter(|other| at_work(*other)));
        }
        needs.sort_unstable();
        needs.dedup();
        needs
    });
    let fixed = open.iter().map(|i| {
        let objective = &new.objectives[*i];
        let wished = wished(session, old, objective)?;
        Some(wished.max(merged + 1) - merged)
    });
    let mut constraints = Constraints {
        depends_on: depends_on.collect(),
        fixed: fixed.collect(),
        conflicts: conflicts(&open, &wider, rules)?,
    };
    let added: Vec<bool> = (0..open.len()).map(added).collect();
    let waves = fitted(&mut constraints, &met, &added).map_err(|cycle| {
        let ids: Vec<&str> = cycle.0.iter().map(|i| new.objectives[open[*i]].id.as_str()).collect();
        let message = format!("these wait for each other: {}", ids.join(", "));
        Failure::new(Kind::Plan, message).hint("remove one of them from `depends_on`")
    })?;
    let placed = new.objectives.iter().enumerate().map(|(index, objective)| {
        let wave = match open.iter().position(|i| *i == index) {
            Some(at) => waves[at] + merged,
            None => session.objective(&objective.id).map_or(1, |o| o.wave),
        };
        Place { objective: objective.id.clone(), wave }
    });
    Ok(placed.collect())
}

/// The waves. One that its author wants for what is added does not count where it is before what
/// that has to come after, or where it takes what somebody there waits for. `met` is who meets
/// whom as things are: that is left to the proof.
fn fitted(
    constraints: &mut Constraints,
    met: &BTreeSet<(usize, usize)>,
    added: &[bool],
) -> Result<Vec<u32>, Cycle> {
    loop {
        let waves = assign(constraints)?;
        let is_unfit = |at: &usize| {
            let late = constraints.depends_on[*at].iter().any(|need| waves[*need] >= waves[*at]);
            let mut awaited = constraints.conflicts.difference(met);
            let beside = awaited.any(|(a, b)| (a == at || b == at) && waves[*a] == waves[*b]);
            added[*at] && constraints.fixed[*at].is_some() && (late || beside)
        };
        match (0..added.len()).find(is_unfit) {
            Some(at) => constraints.fixed[at] = None,
            None => return Ok(waves),
        }
    }
}

/// The wave that an objective has or that its author wants; none: it is computed. One that is
/// agreed and not changed stays where the session has it.
fn wished(session: &Session, old: &Plan, objective: &Objective) -> Option<u32> {
    let Some(standing) = session.objective(&objective.id) else { return objective.wave };
    let before = old.objective(&objective.id);
    let rewritten = before.is_some_and(|before| before.wave != objective.wave);
    if standing.phase == Phase::Planned && rewritten {
        return objective.wave;
    }
    Some(standing.wave)
}

/// Pairs of positions in `open` whose scopes meet.
fn conflicts(
    open: &[usize],
    scopes: &[Scope],
    rules: &Rules,
) -> Result<BTreeSet<(usize, usize)>, Failure> {
    let own: Vec<Scope> = open.iter().filter_map(|i| scopes.get(*i)).cloned().collect();
    let languages = Languages::new(&own, rules);
    let touched: Vec<_> = own.iter().map(|s| s.touch.as_slice()).collect();
    let mut conflicts = BTreeSet::new();
    let stuck = |e: TooComplex| {
        Failure::new(Kind::Plan, format!("`{}` is too complex to compare", e.pattern))
    };
    for (a, b) in candidates(&touched, Case::Exact).map_err(stuck)? {
        let met = meet(languages.get(a), languages.get(b), Case::Exact).map_err(stuck)?;
        if met.is_some() {
            conflicts.insert((a, b));
        }
    }
    Ok(conflicts)
}
