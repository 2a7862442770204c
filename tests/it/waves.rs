//! Waves against slow ways of finding them that share nothing with the search: on random plans
//! they are the fewest, and a repair moves as few objectives as can be.
//!
//! `GIT_AP_WAVE_PLANS=1000 cargo test --release --test it waves -- --nocapture` takes more plans.

use std::collections::BTreeSet;
use std::io::Write as _;

use git_ap::domain::wave::{Constraints, assign, order, repair};

fn meets(constraints: &Constraints, a: usize, b: usize) -> bool {
    constraints.conflicts.contains(&(a.min(b), a.max(b)))
}

/// A small generator of numbers: the same seed gives the same plans.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A plan of a density of its own; dependencies go from later to earlier names, shuffled.
fn random(random: &mut Random, count: usize) -> Constraints {
    let (conflict, depend) = (random.below(80), random.below(40));
    let mut names: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        names.swap(at, random.below(at + 1));
    }
    let mut depends_on = vec![Vec::new(); count];
    let mut conflicts = BTreeSet::new();
    for a in 0..count {
        for b in 0..a {
            if random.chance(depend) {
                depends_on[names[a]].push(names[b]);
            }
            if random.chance(conflict) {
                conflicts.insert((names[a].min(names[b]), names[a].max(names[b])));
            }
        }
    }
    Constraints { depends_on, conflicts, fixed: vec![None; count] }
}

/// The fewest waves, by trying every set of objectives as the next wave, from every set that can
/// be done: no bound, no largest sets, nothing of the search. None: more than `limit` tries.
fn fewest(constraints: &Constraints, limit: usize) -> Option<u32> {
    let count = constraints.depends_on.len();
    let all = (1u32 << count) - 1;
    let (mut level, mut waves, mut tries) = (BTreeSet::from([0u32]), 0, 0);
    while !level.contains(&all) {
        let mut next = BTreeSet::new();
        for &done in &level {
            let ready: Vec<usize> = (0..count)
                .filter(|o| done & 1 << o == 0)
                .filter(|o| constraints.depends_on[*o].iter().all(|n| done & 1 << n != 0))
                .collect();
            let mut sets = vec![done];
            for objective in ready {
                let apart = |set: &&u32| {
                    (0..count).all(|other| {
                        let new = **set & !done & 1 << other != 0;
                        !new || !meets(constraints, objective, other)
                    })
                };
                let more: Vec<u32> =
                    sets.iter().filter(apart).map(|set| set | 1 << objective).collect();
                sets.extend(more);
                tries += sets.len();
                if tries > limit {
                    return None;
                }
            }
            next.extend(sets);
        }
        level = next;
        waves += 1;
    }
    Some(waves)
}

fn assert_valid(constraints: &Constraints, waves: &[u32], what: &str) {
    for (user, needs) in constraints.depends_on.iter().enumerate() {
        for need in needs {
            assert!(waves[user] > waves[*need], "{what}: {user} needs {need}: {waves:?}");
        }
    }
    for (a, b) in &constraints.conflicts {
        assert_ne!(waves[*a], waves[*b], "{what}: {a} meets {b}: {waves:?}");
    }
    assert!(waves.iter().all(|w| *w > 0), "{what}: {waves:?}");
}

/// How many plans; `GIT_AP_WAVE_PLANS` asks for more.
fn plans(few: usize) -> usize {
    let asked = std::env::var("GIT_AP_WAVE_PLANS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(few)
}

#[test]
fn up_to_fourteen_the_waves_are_the_fewest() {
    for seed in 1..=plans(300) as u64 {
        let mut numbers = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let count = 2 + numbers.below(13);
        let constraints = random(&mut numbers, count);
        let waves = assign(&constraints).expect("no cycle");
        assert_valid(&constraints, &waves, &format!("seed {seed}"));
        let best = fewest(&constraints, usize::MAX).expect("no limit");
        assert_eq!(waves.iter().max(), Some(&best), "seed {seed}: {constraints:?}");
    }
}

#[test]
fn up_to_twenty_the_waves_are_nearly_always_the_fewest() {
    let (asked, mut equal, mut known) = (plans(25), 0, 0);
    for seed in 1..=asked as u64 {
        let mut numbers = Random(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let count = 15 + numbers.below(6);
        let constraints = random(&mut numbers, count);
        let waves = assign(&constraints).expect("no cycle");
        assert_valid(&constraints, &waves, &format!("seed {seed}"));
        // Plans with hardly a tie have too many sets for the slow way; their chains say it all.
        let Some(best) = fewest(&constraints, 4_000_000 + 1_000 * asked * asked.min(100)) else {
            continue;
        };
        known += 1;
        let last = *waves.iter().max().expect("not empty");
        assert!(last <= best + 1, "seed {seed}: {last} instead of {best}");
        equal += usize::from(last == best);
    }
    let _ = writeln!(
        std::io::stderr(),
        "{equal} of {known} plans with the fewest waves, {asked} plans"
    );
    assert!(known * 4 >= asked * 3, "only {known} of {asked} plans could be decided");
    assert!(equal * 100 >= known * 95, "{equal} of {known}");
}

#[test]
fn repair_moves_what_it_must_and_nothing_else() {
    for seed in 1..=plans(200) as u64 {
        let mut numbers = Random(seed.wrapping_mul(0xa076_1d64_78bd_642f));
        let count = 2 + numbers.below(9);
        let mut constraints = random(&mut numbers, count);
        let free = assign(&constraints).expect("no cycle");
        let most = *free.iter().max().expect("not empty");
        for fixed in &mut constraints.fixed {
            *fixed = numbers
                .chance(90)
                .then(|| 1 + u32::try_from(numbers.below(most as usize + 1)).expect("small"));
        }
        let what = format!("seed {seed}: {constraints:?}");
        let waves = repair(&constraints).expect("no cycle");
        assert_valid(&constraints, &waves, &what);
        let author = constraints.fixed.iter().flatten().max().copied().unwrap_or(1);
        assert!(*waves.iter().max().expect("not empty") <= author.max(most), "{what}");
        let moved: Vec<usize> = (0..count)
            .filter(|o| constraints.fixed[*o].is_some_and(|wave| wave != waves[*o]))
            .collect();
        // Nobody could have stayed: put back alone, it breaks a rule.
        for &one in &moved {
            let wave = constraints.fixed[one].expect("it moved");
            let breaks = (0..count).any(|other| {
                let together = meets(&constraints, one, other) && waves[other] == wave;
                let early = constraints.depends_on[one].contains(&other) && waves[other] >= wave;
                let late = constraints.depends_on[other].contains(&one) && waves[other] <= wave;
                together || early || late
            });
            assert!(breaks, "{what}: {one} moved to {waves:?} for nothing");
        }
        // What is mended stays as it is.
        let mended =
            Constraints { fixed: waves.iter().map(|w| Some(*w)).collect(), ..constraints.clone() };
        assert_eq!(repair(&mended), Ok(waves.clone()), "{what}");
        assert_eq!(moved.len(), fewest_moves(&constraints, author.max(most)), "{what}");
    }
}

/// The fewest objectives that have to leave their wave, by trying every choice of waves.
fn fewest_moves(constraints: &Constraints, last: u32) -> usize {
    fn place(
        constraints: &Constraints,
        order: &[usize],
        waves: &mut Vec<u32>,
        last: u32,
        left: usize,
    ) -> bool {
        let Some((&one, rest)) = order.split_first() else { return true };
        for wave in 1..=last {
            let moved = usize::from(constraints.fixed[one].is_some_and(|fixed| fixed != wave));
            let early = constraints.depends_on[one].iter().any(|need| waves[*need] >= wave);
            let together = (0..waves.len()).any(|o| waves[o] == wave && meets(constraints, o, one));
            if moved > left || early || together {
                continue;
            }
            waves[one] = wave;
            if place(constraints, rest, waves, last, left - moved) {
                return true;
            }
            waves[one] = 0;
        }
        false
    }
    let order = order(&constraints.depends_on).expect("no cycle");
    let count = order.len();
    let mut waves = vec![0; count];
    (0..=count)
        .find(|moves| place(constraints, &order, &mut waves, last, *moves))
        .expect("moving everybody is enough")
}
