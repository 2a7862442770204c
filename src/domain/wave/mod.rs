//! Which objectives run together. An objective comes after what it depends on, and never
//! together with one whose scope it meets.

mod repair;
mod schedule;

use std::collections::BTreeSet;

pub use repair::repair;
use schedule::{Problem, schedule};

/// What decides about waves, objectives by their position in the plan.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    /// For each objective the ones that it depends on.
    pub depends_on: Vec<Vec<usize>>,
    /// Pairs whose scopes meet, lower position first.
    pub conflicts: BTreeSet<(usize, usize)>,
    /// Waves that the author set, from 1.
    pub fixed: Vec<Option<u32>>,
}

/// A cycle of dependencies: each waits for the next, the last for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Constraints {
    fn conflict(&self, a: usize, b: usize) -> bool {
        self.conflicts.contains(&(a.min(b), a.max(b)))
    }
}

/// The objectives in an order in which each comes after its dependencies, or a shortest cycle.
pub fn order(depends_on: &[Vec<usize>]) -> Result<Vec<usize>, Cycle> {
    let mut waiting: Vec<usize> = depends_on.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); depends_on.len()];
    for (objective, needs) in depends_on.iter().enumerate() {
        for need in needs {
            dependents[*need].push(objective);
        }
    }
    let mut ready: BTreeSet<usize> = (0..depends_on.len()).filter(|i| waiting[*i] == 0).collect();
    let mut order = Vec::with_capacity(depends_on.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for &dependent in &dependents[next] {
            waiting[dependent] -= 1;
            if waiting[dependent] == 0 {
                ready.insert(dependent);
            }
        }
    }
    if order.len() == depends_on.len() { Ok(order) } else { Err(shortest_cycle(depends_on)) }
}

fn shortest_cycle(depends_on: &[Vec<usize>]) -> Cycle {
    let from = |start: usize| -> Option<Vec<usize>> {
        let mut came_from = vec![None; depends_on.len()];
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for &need in &depends_on[at] {
                if need == start {
                    let mut cycle = vec![at];
                    while let Some(before) = came_from[*cycle.last().expect("never empty")] {
                        cycle.push(before);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if came_from[need].is_none() {
                    came_from[need] = Some(at);
                    queue.push_back(need);
                }
            }
        }
        None
    };
    let cycles = (0..depends_on.len()).filter_map(from);
    Cycle(cycles.min_by_key(Vec::len).expect("there is a cycle where no order exists"))
}

/// The dependencies as edges from provider to user, without those that a chain of others
/// implies (the transitive reduction), sorted. What lies on a cycle stays.
pub fn essential(depends_on: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let reaches = |from: usize, to: usize| -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut left = vec![from];
        while let Some(at) = left.pop() {
            for &need in &depends_on[at] {
                if need == to {
                    return true;
                }
                if seen.insert(need) {
                    left.push(need);
                }
            }
        }
        false
    };
    let cyclic = order(depends_on).is_err();
    let mut edges = Vec::new();
    for (user, needs) in depends_on.iter().enumerate() {
        for &need in needs {
            let implied = needs.iter().any(|other| *other != need && reaches(*other, need));
            if cyclic || !implied {
                edges.push((need, user));
            }
        }
    }
    edges.sort_unstable();
    edges
}

/// Waves for all objectives, from 1: those that the author set stay, the others get waves after
/// their dependencies in which nobody's scope meets theirs, so that the last one is as early as a
/// good search finds: the earliest possible where at most fourteen objectives are tied to each
/// other. Where it makes no difference, the longest chains and then the first in the plan choose
/// first.
pub fn assign(constraints: &Constraints) -> Result<Vec<u32>, Cycle> {
    let order = order(&constraints.depends_on)?;
    let problem = Problem {
        constraints,
        fixed: constraints.fixed.clone(),
        release: vec![1; order.len()],
        last: None,
    };
    Ok(schedule(&problem, &order))
}

#[cfg(test)]
mod tests;
