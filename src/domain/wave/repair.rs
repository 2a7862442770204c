//! Mending waves that an author set: what breaks no rule stays, and as few as possible move.

use std::collections::BTreeSet;

use super::schedule::{EXACT, Problem, groups, schedule, solve};
use super::{Constraints, Cycle, order};

/// How many choices of what to move are tried for one group before everything in it that may
/// move does.
const TRIES: usize = 4_000;
/// How many looks at pairs the choice of what to move may take in a group that is too large to
/// be searched to the end. Without it a crowd in one wave would double the work with every member.
const LOOKS: usize = 4_000_000;

/// Waves for all objectives in which nobody stands before what it needs or beside whom it meets.
///
/// There are no more waves than the author's or, where that is more, than are needed. Within
/// that, as few objectives as possible leave the wave that their author gave them: exactly so
/// where at most fourteen are tied to each other, and as far as a bounded search finds above.
/// What moves goes to a later wave where it can; of two that cannot stay together, the user
/// moves rather than what it needs, and else the one that comes later in the plan.
pub fn repair(constraints: &Constraints) -> Result<Vec<u32>, Cycle> {
    let sequence = order(&constraints.depends_on)?;
    let count = sequence.len();
    let free =
        Problem { constraints, fixed: vec![None; count], release: vec![1; count], last: None };
    let needed = schedule(&free, &sequence);
    let author = constraints.fixed.iter().flatten();
    let last = needed.iter().chain(author).max().copied().unwrap_or(1);
    let mut settled = constraints.fixed.clone();
    for group in groups(constraints) {
        let order: Vec<usize> = sequence.iter().copied().filter(|o| group.contains(o)).collect();
        let group = Group { constraints, order, last };
        group.settle(&mut settled);
    }
    let problem = Problem { constraints, fixed: settled, release: vec![1; count], last: None };
    let mut waves = schedule(&problem, &sequence);
    put_back(constraints, &mut waves);
    Ok(waves)
}

/// Gives everyone who moved the author's wave back where nothing is in the way of that any more:
/// then whoever moved has a reason that can be seen.
fn put_back(constraints: &Constraints, waves: &mut [u32]) {
    let mut users = vec![Vec::new(); waves.len()];
    for (user, needs) in constraints.depends_on.iter().enumerate() {
        for need in needs {
            users[*need].push(user);
        }
    }
    let mut meets = vec![Vec::new(); waves.len()];
    for (a, b) in &constraints.conflicts {
        meets[*a].push(*b);
        meets[*b].push(*a);
    }
    loop {
        let back = (0..waves.len()).find_map(|one| {
            let wave = constraints.fixed[one].filter(|wave| *wave != waves[one])?;
            let free = constraints.depends_on[one].iter().all(|need| waves[*need] < wave)
                && users[one].iter().all(|user| waves[*user] > wave)
                && meets[one].iter().all(|other| waves[*other] != wave);
            free.then_some((one, wave))
        });
        let Some((one, wave)) = back else { return };
        waves[one] = wave;
    }
}

/// What is left of a bounded search. Steps are counted, never time: the same plan is always
/// mended in the same way.
struct Budget {
    tries: usize,
    looks: usize,
}

impl Budget {
    fn look(&mut self, cost: usize) {
        self.looks = self.looks.saturating_sub(cost);
    }

    fn is_spent(&self) -> bool {
        self.tries == 0 || self.looks == 0
    }
}

/// How many of the pairs have nobody in common, as far as taking them in turn finds: at least one
/// of each has to move.
fn pairs_apart(broken: &[(usize, usize)]) -> usize {
    let mut seen = BTreeSet::new();
    let apart = broken.iter().filter(|(a, b)| {
        let new = !seen.contains(a) && !seen.contains(b);
        if new {
            seen.extend([*a, *b]);
        }
        new
    });
    apart.count()
}

/// Objectives that are tied to each other, dependencies before their users.
struct Group<'a> {
    constraints: &'a Constraints,
    order: Vec<usize>,
    /// The last wave that they may have.
    last: u32,
}

impl Group<'_> {
    /// Writes a wave for everyone who moves into `settled`.
    fn settle(&self, settled: &mut [Option<u32>]) {
        let broken = self.broken();
        let fixed = self.order.iter().filter(|o| self.constraints.fixed[**o].is_some()).count();
        let mut left = if fixed <= EXACT {
            Budget { tries: TRIES * 4, looks: usize::MAX }
        } else {
            Budget { tries: TRIES, looks: LOOKS }
        };
        for size in pairs_apart(&broken)..=fixed {
            let mut moved = Vec::new();
            if let Some(found) = self.freed(&broken, &mut moved, size, 0, &mut left) {
                for (at, objective) in self.order.iter().enumerate() {
                    if moved.contains(objective) {
                        settled[*objective] = Some(found[at]);
                    }
                }
                return;
            }
            if left.is_spent() {
                break;
            }
        }
        self.settle_one_by_one(settled);
    }

    /// Pairs that cannot both stay where their author put them, the one that rather moves first.
    fn broken(&self) -> Vec<(usize, usize)> {
        let fixed = |o: usize| self.constraints.fixed[o];
        let mut broken = Vec::new();
        for (at, &one) in self.order.iter().enumerate() {
            for &need in &self.constraints.depends_on[one] {
                if let (Some(own), Some(before)) = (fixed(one), fixed(need))
                    && own <= before
                {
                    broken.push((one, need));
                }
            }
            for &other in &self.order[..at] {
                let same = fixed(one).is_some() && fixed(one) == fixed(other);
                if same && self.constraints.conflict(one, other) {
                    broken.push((one.max(other), one.min(other)));
                }
            }
        }
        broken.sort_unstable_by(|a, b| b.cmp(a));
        broken.dedup();
        broken
    }

    /// Tries to move `more` objectives beside `moved`. Where that is enough, they are in `moved`
    /// and the waves of the group come back, in its order.
    fn freed(
        &self,
        broken: &[(usize, usize)],
        moved: &mut Vec<usize>,
        more: usize,
        from: usize,
        left: &mut Budget,
    ) -> Option<Vec<u32>> {
        left.look(broken.len() * (moved.len() + 1) + 1);
        if left.is_spent() {
            return None;
        }
        let open = broken.iter().find(|(a, b)| !moved.contains(a) && !moved.contains(b));
        let choices: Vec<(usize, usize)> = match open {
            Some(&(a, b)) if more > 0 => vec![(a, from), (b, from)],
            Some(_) => return None,
            None if more == 0 => {
                left.tries -= 1;
                return self.placed(moved);
            }
            // Nothing is broken between those that stay, but there is no room: somebody else has
            // to go as well. The last ones first, each set of them once.
            None => {
                let rest = self.order.iter().rev().enumerate().skip(from);
                let may = rest
                    .filter(|(_, o)| self.constraints.fixed[**o].is_some() && !moved.contains(o));
                may.map(|(at, o)| (*o, at + 1)).collect()
            }
        };
        for (choice, next) in choices {
            moved.push(choice);
            if let Some(found) = self.freed(broken, moved, more - 1, next, left) {
                return Some(found);
            }
            moved.pop();
            if left.is_spent() {
                return None;
            }
        }
        None
    }

    /// The waves of the group if these move: later than they were if there is room, else
    /// wherever there is.
    fn placed(&self, moved: &[usize]) -> Option<Vec<u32>> {
        let author = &self.constraints.fixed;
        let fixed: Vec<Option<u32>> = author
            .iter()
            .enumerate()
            .map(|(o, wave)| if moved.contains(&o) { None } else { *wave })
            .collect();
        let later = |o: usize| if moved.contains(&o) { author[o].unwrap_or(1) } else { 1 };
        let releases = [(0..author.len()).map(later).collect(), vec![1; author.len()]];
        releases.into_iter().find_map(|release| {
            let last = Some(self.last);
            let problem =
                Problem { constraints: self.constraints, fixed: fixed.clone(), release, last };
            solve(&problem, &self.order, true).map(|found| found.waves)
        })
    }

    /// For groups that are too large to look for the fewest: each keeps its wave if it can, in
    /// the order of waves, and moves to the next free one if not.
    fn settle_one_by_one(&self, settled: &mut [Option<u32>]) {
        let constraints = self.constraints;
        let mut depth = vec![0u32; constraints.depends_on.len()];
        for &o in &self.order {
            let needs = constraints.depends_on[o].iter().map(|n| depth[*n] + 1);
            depth[o] = needs.max().unwrap_or(0).max(constraints.fixed[o].unwrap_or(1));
        }
        let mut sequence = self.order.clone();
        sequence.sort_by_key(|o| (depth[*o], *o));
        let mut placed: Vec<(usize, u32)> = Vec::new();
        for o in sequence {
            let needs = placed.iter().filter(|(p, _)| constraints.depends_on[o].contains(p));
            let after = needs.map(|(_, wave)| wave + 1).max().unwrap_or(1);
            let mut wave = after.max(constraints.fixed[o].unwrap_or(1));
            let met = placed.iter().filter(|(p, _)| constraints.conflict(*p, o));
            let taken: BTreeSet<u32> = met.map(|(_, wave)| *wave).collect();
            while taken.contains(&wave) {
                wave += 1;
            }
            settled[o] = Some(wave);
            placed.push((o, wave));
        }
    }
}
