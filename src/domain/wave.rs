//! Which objectives run together. An objective comes after what it depends on, and never
//! together with one whose scope it meets.

use std::collections::BTreeSet;

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

/// Waves for all objectives, from 1: those that the author set stay, the others get the
/// earliest wave after their dependencies in which nobody's scope meets theirs. Those with the
/// longest chain of dependents choose first, so that few waves are needed.
pub fn assign(constraints: &Constraints) -> Result<Vec<u32>, Cycle> {
    let order = order(&constraints.depends_on)?;
    let count = constraints.depends_on.len();
    let mut chain = vec![0u32; count];
    for &objective in order.iter().rev() {
        for &need in &constraints.depends_on[objective] {
            chain[need] = chain[need].max(chain[objective] + 1);
        }
    }
    let mut waves: Vec<Option<u32>> = constraints.fixed.clone();
    let mut left: BTreeSet<usize> = (0..count).filter(|i| waves[*i].is_none()).collect();
    while !left.is_empty() {
        let free = left
            .iter()
            .copied()
            .filter(|i| constraints.depends_on[*i].iter().all(|need| !left.contains(need)));
        let next = free
            .min_by_key(|i| (std::cmp::Reverse(chain[*i]), *i))
            .expect("without a cycle one objective always waits for nobody");
        let needs = constraints.depends_on[next].iter().filter_map(|need| waves[*need]);
        let mut wave = needs.max().map_or(1, |w| w + 1);
        let taken =
            |wave: u32| (0..count).any(|o| waves[o] == Some(wave) && constraints.conflict(o, next));
        while taken(wave) {
            wave += 1;
        }
        waves[next] = Some(wave);
        left.remove(&next);
    }
    Ok(waves.into_iter().map(|w| w.unwrap_or(1)).collect())
}

/// Moves as few objectives as it can so that no author's wave stands before a dependency or
/// together with a conflict: in order of waves, each keeps its wave if that is possible and
/// moves to the next free one if not. Returns the waves of all objectives.
pub fn repair(constraints: &Constraints) -> Result<Vec<u32>, Cycle> {
    let wished = assign(constraints)?;
    let mut sequence = order(&constraints.depends_on)?;
    // The order is by dependencies first; among independent ones, earlier waves choose first.
    let mut depth = vec![0u32; wished.len()];
    for &o in &sequence {
        let needs = constraints.depends_on[o].iter().map(|n| depth[*n] + 1);
        depth[o] = needs.max().unwrap_or(0).max(wished[o]);
    }
    sequence.sort_by_key(|o| (depth[*o], *o));
    let mut waves = vec![0u32; wished.len()];
    let mut placed: Vec<usize> = Vec::new();
    for o in sequence {
        let after = constraints.depends_on[o].iter().map(|n| waves[*n] + 1).max().unwrap_or(1);
        let mut wave = after.max(wished[o]);
        while placed.iter().any(|p| waves[*p] == wave && constraints.conflict(*p, o)) {
            wave += 1;
        }
        waves[o] = wave;
        placed.push(o);
    }
    Ok(waves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(depends_on: &[&[usize]], conflicts: &[(usize, usize)]) -> Constraints {
        Constraints {
            depends_on: depends_on.iter().map(|d| d.to_vec()).collect(),
            conflicts: conflicts.iter().copied().collect(),
            fixed: vec![None; depends_on.len()],
        }
    }

    #[test]
    fn the_earliest_wave_that_is_free() {
        assert_eq!(assign(&constraints(&[&[], &[], &[0, 1]], &[])), Ok(vec![1, 1, 2]));
        assert_eq!(assign(&constraints(&[&[], &[], &[]], &[(0, 1), (1, 2)])), Ok(vec![1, 2, 1]));
        let mut author = constraints(&[&[], &[], &[]], &[(0, 1)]);
        author.fixed = vec![None, Some(1), Some(3)];
        assert_eq!(assign(&author), Ok(vec![2, 1, 3]));
    }

    #[test]
    fn a_cycle_is_drawn_whole() {
        let cycle = order(&[vec![1], vec![2], vec![0], vec![0, 3]]);
        assert_eq!(cycle, Err(Cycle(vec![3])));
        let cycle = order(&[vec![1], vec![2], vec![0]]);
        assert_eq!(cycle, Err(Cycle(vec![0, 1, 2])));
    }

    #[test]
    fn a_graph_shows_no_edge_that_others_imply() {
        assert_eq!(essential(&[vec![], vec![0], vec![0, 1]]), [(0, 1), (1, 2)]);
        assert_eq!(essential(&[vec![1], vec![0]]), [(0, 1), (1, 0)]);
    }

    #[test]
    fn repair_keeps_what_is_valid() {
        let mut author = constraints(&[&[], &[], &[0]], &[(0, 1)]);
        author.fixed = vec![Some(1), Some(1), Some(1)];
        assert_eq!(repair(&author), Ok(vec![1, 2, 2]));
        author.fixed = vec![Some(2), Some(1), Some(5)];
        assert_eq!(repair(&author), Ok(vec![2, 1, 5]));
    }
}
