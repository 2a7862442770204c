//! The fewest waves. Each objective comes after what it needs and never together with one whose
//! scope it meets; a wave holds any number that do not.
//!
//! Two facts make it small. Objectives that are tied by no conflict and no dependency, not even
//! through others, never bear on each other: each tied group is scheduled alone. And an objective
//! that can stand in an earlier wave does no harm there: it is enough to look at waves to which
//! nothing that is ready can be added. So the search goes wave by wave over the sets of what is
//! done, the largest sets alone.

use std::collections::HashMap;

use super::Constraints;

/// Groups of at most this many objectives are always searched to the end.
pub(super) const EXACT: usize = 14;
/// The largest group that is searched at all: a set is a word.
const WORD: usize = 64;
/// How many steps the search of a larger group may take before the best guess is kept.
const STEPS: usize = 60_000;

/// What has to be scheduled, objectives by their position.
#[derive(Clone, Debug)]
pub(super) struct Problem<'a> {
    /// Who needs whom, and who meets whom.
    pub constraints: &'a Constraints,
    /// Waves that do not change.
    pub fixed: Vec<Option<u32>>,
    /// The first wave that each may stand in, from 1.
    pub release: Vec<u32>,
    /// The last wave that counts as a schedule; none: any.
    pub last: Option<u32>,
}

/// Waves for every objective, from 1, the last one as early as it is found to be possible.
/// Dependencies must be without a cycle; `order` has them before their users. What is fixed stays
/// even where it breaks a rule.
pub(super) fn schedule(problem: &Problem<'_>, order: &[usize]) -> Vec<u32> {
    let mut waves: Vec<u32> = problem.fixed.iter().map(|w| w.unwrap_or(0)).collect();
    for group in groups(problem.constraints) {
        let order: Vec<usize> = order.iter().copied().filter(|o| group.contains(o)).collect();
        let free = order.iter().filter(|o| problem.fixed[**o].is_none()).count();
        if free == 0 {
            continue;
        }
        // Where what is fixed leaves no room for what it needs, that is found and said elsewhere.
        let best = solve(problem, &order, true).or_else(|| solve(problem, &order, false));
        let best = best.unwrap_or_else(|| guessed(problem, &order));
        for (at, objective) in order.iter().enumerate() {
            waves[*objective] = best.waves[at];
        }
    }
    waves
}

/// The best schedule of a group, given in an order with dependencies before their users. With
/// `due`, each comes before what is fixed and needs it. None where none was found.
pub(super) fn solve(problem: &Problem<'_>, order: &[usize], due: bool) -> Option<Found> {
    let guess = guessed(problem, order);
    let fits = problem.last.is_none_or(|last| guess.last <= last);
    let good = fits && (!due || is_in_time(problem, order, &guess));
    let free = order.iter().filter(|o| problem.fixed[**o].is_none()).count();
    if good && guess.last <= bound(problem, order) || free > WORD {
        return good.then_some(guess);
    }
    let limit = match problem.last {
        _ if good => guess.last,
        Some(last) => last + 1,
        None => guess.last + u32::try_from(free).unwrap_or(u32::MAX) + 1,
    };
    let steps = if free <= EXACT { usize::MAX } else { STEPS };
    let found = Search::new(problem, order, steps, due).below(limit);
    found.or_else(|| good.then_some(guess))
}

/// Whether everything stands before what is fixed and needs it.
fn is_in_time(problem: &Problem<'_>, order: &[usize], found: &Found) -> bool {
    let wave = |o: &usize| {
        let at = order.iter().position(|other| other == o);
        at.map_or(0, |at| found.waves[at])
    };
    let fixed = order.iter().filter(|o| problem.fixed[**o].is_some());
    fixed.into_iter().all(|user| {
        let needs = problem.constraints.depends_on[*user].iter();
        let free = needs.filter(|need| problem.fixed[**need].is_none());
        free.into_iter().all(|need| wave(need) < wave(user))
    })
}

/// The waves of a group, in the order of its members, and the last one that is not fixed.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// In the order in which the group was given.
    pub waves: Vec<u32>,
    /// The last wave of those that were not fixed.
    pub last: u32,
}

/// The objectives in groups that are tied by dependencies and conflicts, each sorted.
pub(super) fn groups(constraints: &Constraints) -> Vec<Vec<usize>> {
    let count = constraints.depends_on.len();
    let mut tied: Vec<Vec<usize>> = constraints.depends_on.clone();
    for (user, needs) in constraints.depends_on.iter().enumerate() {
        for need in needs {
            tied[*need].push(user);
        }
    }
    for (a, b) in &constraints.conflicts {
        tied[*a].push(*b);
        tied[*b].push(*a);
    }
    let mut seen = vec![false; count];
    let mut groups = Vec::new();
    for start in 0..count {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let (mut group, mut open) = (Vec::new(), vec![start]);
        while let Some(at) = open.pop() {
            group.push(at);
            for &other in &tied[at] {
                if !std::mem::replace(&mut seen[other], true) {
                    open.push(other);
                }
            }
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}

/// No schedule of the group ends before this wave: by its longest chain, and by objectives that
/// all meet each other.
fn bound(problem: &Problem<'_>, order: &[usize]) -> u32 {
    let constraints = problem.constraints;
    let mut earliest = vec![0u32; constraints.depends_on.len()];
    let mut last = 0;
    for &objective in order {
        let needs = constraints.depends_on[objective].iter().map(|n| earliest[*n] + 1);
        let own = needs.max().unwrap_or(1).max(problem.release[objective]);
        earliest[objective] = problem.fixed[objective].unwrap_or(own);
        if problem.fixed[objective].is_none() {
            last = last.max(own);
        }
    }
    let free: Vec<usize> = order.iter().copied().filter(|o| problem.fixed[*o].is_none()).collect();
    let mut crowd = 0;
    // A handful of beginnings is enough for a bound.
    for start in free.iter().take(64) {
        let mut together = vec![*start];
        for other in &free {
            if together.iter().all(|o| constraints.conflict(*o, *other)) {
                together.push(*other);
            }
        }
        crowd = crowd.max(together.len());
    }
    last.max(u32::try_from(crowd).unwrap_or(u32::MAX))
}

/// The best of several quick schedules: each takes, in the order of a priority, the earliest wave
/// that is free.
fn guessed(problem: &Problem<'_>, order: &[usize]) -> Found {
    let count = problem.constraints.depends_on.len();
    let mut chain = vec![0u32; count];
    let mut degree = vec![0usize; count];
    for &objective in order.iter().rev() {
        for &need in &problem.constraints.depends_on[objective] {
            chain[need] = chain[need].max(chain[objective] + 1);
        }
    }
    for (a, b) in &problem.constraints.conflicts {
        degree[*a] += 1;
        degree[*b] += 1;
    }
    let orders: [&dyn Fn(usize) -> (usize, usize); 3] =
        [&|o| (chain[o] as usize, 0), &|o| (chain[o] as usize, degree[o]), &|o| {
            (chain[o] as usize + degree[o], degree[o])
        }];
    let found = orders.iter().map(|priority| listed(problem, order, priority));
    found.min_by_key(|found| found.last).expect("there are priorities")
}

/// Takes one after the other that waits for nobody, the highest priority first, then the lowest
/// position.
fn listed(
    problem: &Problem<'_>,
    order: &[usize],
    priority: &dyn Fn(usize) -> (usize, usize),
) -> Found {
    let constraints = problem.constraints;
    let mut waves: HashMap<usize, u32> =
        order.iter().filter_map(|o| Some((*o, problem.fixed[*o]?))).collect();
    let mut left: Vec<usize> = order.iter().copied().filter(|o| !waves.contains_key(o)).collect();
    let mut last = 0;
    while !left.is_empty() {
        let ready = |o: &usize| constraints.depends_on[*o].iter().all(|n| waves.contains_key(n));
        let (at, next) = left
            .iter()
            .enumerate()
            .filter(|(_, o)| ready(o))
            .min_by_key(|(_, o)| (std::cmp::Reverse(priority(**o)), **o))
            .map(|(at, o)| (at, *o))
            .expect("without a cycle one objective always waits for nobody");
        let needs = constraints.depends_on[next].iter().map(|need| waves[need] + 1);
        let mut wave = needs.max().unwrap_or(1).max(problem.release[next]);
        let met: Vec<u32> = waves
            .iter()
            .filter(|(other, _)| constraints.conflict(**other, next))
            .map(|(_, wave)| *wave)
            .collect();
        while met.contains(&wave) {
            wave += 1;
        }
        waves.insert(next, wave);
        last = last.max(wave);
        left.remove(at);
    }
    Found { waves: order.iter().map(|o| waves[o]).collect(), last }
}

/// A search over sets of what is done. Bits stand for the free objectives of a group.
struct Search<'p> {
    problem: &'p Problem<'p>,
    order: &'p [usize],
    /// The free ones; bit `i` is `free[i]`.
    free: Vec<usize>,
    /// For each which free ones it needs, and which it meets.
    needs: Vec<u64>,
    meets: Vec<u64>,
    /// For each the first wave that release and fixed needs allow.
    from: Vec<u32>,
    /// For each the waves of fixed ones that it meets.
    barred: Vec<Vec<u32>>,
    /// For each the last wave before what is fixed and needs it.
    until: Vec<u32>,
    /// For each the free ones that need it.
    users: Vec<Vec<usize>>,
    steps: usize,
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem<'p>, order: &'p [usize], steps: usize, due: bool) -> Self {
        let constraints = problem.constraints;
        let free: Vec<usize> =
            order.iter().copied().filter(|o| problem.fixed[*o].is_none()).collect();
        let bit = |o: &usize| free.iter().position(|f| f == o).map_or(0, |at| 1u64 << at);
        let fixed_needs = |o: usize| {
            let needs = constraints.depends_on[o].iter();
            needs.filter_map(|n| problem.fixed[*n]).map(|wave| wave + 1).max().unwrap_or(1)
        };
        let until = |o: usize| {
            let users = order.iter().filter(|u| due && constraints.depends_on[**u].contains(&o));
            users.filter_map(|u| problem.fixed[*u]).map(|w| w.saturating_sub(1)).min()
        };
        let users = |o: usize| {
            let uses = |at: &usize| constraints.depends_on[free[*at]].contains(&o);
            (0..free.len()).filter(uses).collect::<Vec<usize>>()
        };
        let all = |of: &dyn Fn(usize) -> u64| free.iter().map(|o| of(*o)).collect::<Vec<u64>>();
        let needs = all(&|o| constraints.depends_on[o].iter().map(bit).fold(0, |a, b| a | b));
        let meets = all(&|o| free.iter().filter(|f| constraints.conflict(**f, o)).map(bit).sum());
        let barred = free.iter().map(|o| {
            let fixed = order.iter().filter(|f| constraints.conflict(**f, *o));
            fixed.filter_map(|f| problem.fixed[*f]).collect()
        });
        Self {
            needs,
            meets,
            from: free.iter().map(|o| problem.release[*o].max(fixed_needs(*o))).collect(),
            barred: barred.collect(),
            until: free.iter().map(|o| until(*o).unwrap_or(u32::MAX)).collect(),
            users: free.iter().map(|o| users(*o)).collect(),
            problem,
            order,
            steps,
            free,
        }
    }

    /// A schedule that ends before wave `limit`, the earliest of them; none where there is none,
    /// or where the steps run out.
    fn below(mut self, limit: u32) -> Option<Found> {
        let latest = self.latest(limit);
        let all = if self.free.len() == WORD { u64::MAX } else { (1 << self.free.len()) - 1 };
        // For each wave the sets that can be done after it, with the set before.
        let mut levels: Vec<HashMap<u64, u64>> = vec![HashMap::from([(0, 0)])];
        for wave in 1..limit {
            let mut sets: Vec<u64> = levels.last().expect("never empty").keys().copied().collect();
            sets.sort_unstable();
            let mut next: HashMap<u64, u64> = HashMap::new();
            for done in sets {
                if !self.in_time(all & !done, wave, &latest) {
                    continue;
                }
                let ready = self.ready(done, wave);
                let mut fillings = Vec::new();
                self.fillings(0, ready, 0, &mut fillings)?;
                for filling in fillings {
                    next.entry(done | filling).or_insert(done);
                }
            }
            if next.contains_key(&all) {
                levels.push(next);
                return Some(self.spelled(&levels, all));
            }
            levels.push(largest(next));
        }
        None
    }

    /// For each the last wave from which everything behind it still ends before `limit`.
    fn latest(&self, limit: u32) -> Vec<u32> {
        let mut latest = vec![0u32; self.free.len()];
        for at in (0..self.free.len()).rev() {
            let after = self.users[at].iter().map(|user| latest[*user].saturating_sub(1)).min();
            latest[at] = after.unwrap_or(u32::MAX).min(limit - 1).min(self.until[at]);
        }
        latest
    }

    /// Whether what is left can still be in time if it begins with `wave`.
    fn in_time(&self, left: u64, wave: u32, latest: &[u32]) -> bool {
        bits(left).all(|at| wave.max(self.from[at]) <= latest[at])
    }

    /// What may stand in a wave once `done` is done.
    fn ready(&self, done: u64, wave: u32) -> u64 {
        let may = |at: &usize| {
            done & 1 << at == 0
                && self.needs[*at] & !done == 0
                && self.from[*at] <= wave
                && !self.barred[*at].contains(&wave)
        };
        (0..self.free.len()).filter(may).map(|at| 1u64 << at).sum()
    }

    /// Every set of ready objectives that do not meet and to which none can be added: `chosen`
    /// with some of `open`, and none of `shut`, which was tried before. None: too many steps.
    fn fillings(&mut self, chosen: u64, open: u64, shut: u64, out: &mut Vec<u64>) -> Option<()> {
        self.steps = self.steps.checked_sub(1)?;
        if open == 0 {
            if shut == 0 {
                out.push(chosen);
            }
            return Some(());
        }
        // Whoever is not chosen meets somebody who is: branching on the pivot and on those that
        // it meets is enough (Bron and Kerbosch, with the pivot of Tomita).
        let pivot = bits(open | shut)
            .min_by_key(|at| (self.meets[*at] & open).count_ones())
            .expect("open is not empty");
        let branches = open & (self.meets[pivot] | 1 << pivot);
        let (mut open, mut shut) = (open, shut);
        for at in bits(branches) {
            let apart = !self.meets[at] & !(1 << at);
            self.fillings(chosen | 1 << at, open & apart, shut & apart, out)?;
            open &= !(1 << at);
            shut |= 1 << at;
        }
        Some(())
    }

    fn spelled(&self, levels: &[HashMap<u64, u64>], all: u64) -> Found {
        let mut waves: HashMap<usize, u32> = HashMap::new();
        let mut done = all;
        for (wave, level) in levels.iter().enumerate().skip(1).rev() {
            let before = level[&done];
            for at in bits(done & !before) {
                waves.insert(self.free[at], u32::try_from(wave).expect("waves are few"));
            }
            done = before;
        }
        let wave = |o: &usize| self.problem.fixed[*o].or_else(|| waves.get(o).copied());
        Found {
            waves: self.order.iter().map(|o| wave(o).expect("all is done")).collect(),
            last: u32::try_from(levels.len() - 1).expect("waves are few"),
        }
    }
}

/// Sets that no other one holds: whoever has done less is never ahead.
fn largest(sets: HashMap<u64, u64>) -> HashMap<u64, u64> {
    let mut by_size: Vec<(u64, u64)> = sets.into_iter().collect();
    by_size.sort_unstable_by_key(|(set, _)| (std::cmp::Reverse(set.count_ones()), *set));
    let mut kept: Vec<(u64, u64)> = Vec::new();
    for (set, before) in by_size {
        // Past this many, looking costs more than it saves.
        let looked = kept.iter().take(400);
        if !looked.into_iter().any(|(larger, _)| set & !larger == 0) {
            kept.push((set, before));
        }
    }
    kept.into_iter().collect()
}

fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let at = set.trailing_zeros() as usize;
            set &= set - 1;
            at
        })
    })
}
