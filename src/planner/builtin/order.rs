//! In which order parts are worked on: who imports comes after what it imports. Circles are
//! broken where they are weakest, and it is said where.

use std::collections::BTreeMap;

use super::Ground;
use super::groups::{Group, Part, coupling};
use crate::analysis::gates::best;
use crate::domain::wave::{Constraints, assign, order};

/// For each part, the parts that it needs, sorted.
pub(super) type Dependencies = Vec<Vec<usize>>;

/// Finds the dependencies, without circles.
///
/// Who uses something that the request is about needs it as it will be, and comes later. Who uses
/// anything else can rely on it as it is, if a command of the project would show that it is not:
/// then both run at once, and the names are a contract.
pub(super) fn arrange(
    ground: &Ground<'_>,
    groups: &mut [Group],
    notes: &mut Vec<String>,
) -> Dependencies {
    let checked = best(&ground.analysis.inventory.gates, "").is_some();
    let mut weights: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (user, group) in groups.iter().enumerate() {
        for (provider, other) in groups.iter().enumerate() {
            if user == provider {
                continue;
            }
            let describes = group.part == Part::Docs && other.part != Part::Docs;
            let follows = describes || (other.part == Part::New && group.part != Part::New);
            let weight = coupling(ground, &group.files, &other.files);
            let waits = !checked || changes(ground, &group.files, &other.files);
            if follows || (weight > 0 && waits) {
                weights.insert((user, provider), if follows { usize::MAX } else { weight });
            }
        }
    }
    loop {
        let dependencies = listed(groups.len(), &weights);
        let Err(cycle) = order(&dependencies) else { return dependencies };
        let circle = cycle.0;
        let weakest = circle
            .iter()
            .enumerate()
            .map(|(at, user)| (*user, circle[(at + 1) % circle.len()]))
            .min_by_key(|pair| (weights.get(pair).copied().unwrap_or(usize::MAX), *pair));
        let Some(pair) = weakest.filter(|pair| weights.contains_key(pair)) else {
            // Every step of a circle is a dependency; without one there is nothing to order.
            return vec![Vec::new(); groups.len()];
        };
        weights.remove(&pair);
        notes.push(format!(
            "{} and {} import each other; the weaker direction ({} uses {}) does not order them",
            groups[pair.0].place, groups[pair.1].place, groups[pair.0].place, groups[pair.1].place
        ));
    }
}

/// Whether `from` imports a name of `to` that the request is about, or all that it has.
fn changes(ground: &Ground<'_>, from: &[usize], to: &[usize]) -> bool {
    let edges = from.iter().flat_map(|file| ground.analysis.graph.of(*file));
    edges
        .filter(|edge| to.contains(&edge.to))
        .any(|edge| edge.symbols.iter().any(|symbol| ground.is_asked(symbol)))
}

fn listed(count: usize, weights: &BTreeMap<(usize, usize), usize>) -> Dependencies {
    let mut dependencies = vec![Vec::new(); count];
    for (user, provider) in weights.keys() {
        dependencies[*user].push(*provider);
    }
    dependencies
}

/// The wave of each part, from 1: as few as the dependencies allow.
pub(super) fn waves(dependencies: &Dependencies) -> Vec<u32> {
    let constraints = Constraints {
        depends_on: dependencies.clone(),
        fixed: vec![None; dependencies.len()],
        ..Constraints::default()
    };
    assign(&constraints).unwrap_or_else(|_| vec![1; dependencies.len()])
}

/// The parts by wave, then by rank, with everything renumbered.
pub(super) fn sorted(
    groups: Vec<Group>,
    dependencies: &Dependencies,
    waves: &[u32],
) -> (Vec<Group>, Dependencies, Vec<u32>) {
    let mut places: Vec<usize> = (0..groups.len()).collect();
    places.sort_by_key(|i| (waves[*i], groups[*i].rank, *i));
    let mut renumbered = vec![0; places.len()];
    for (new, old) in places.iter().enumerate() {
        renumbered[*old] = new;
    }
    let needs = |old: &usize| {
        let mut needs: Vec<usize> = dependencies[*old].iter().map(|n| renumbered[*n]).collect();
        needs.sort_unstable();
        needs
    };
    let dependencies = places.iter().map(needs).collect();
    let waves = places.iter().map(|old| waves[*old]).collect();
    let mut slots: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let groups = places.iter().filter_map(|old| slots[*old].take()).collect();
    (groups, dependencies, waves)
}
