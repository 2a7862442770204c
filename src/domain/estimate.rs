//! How long what is left of a session will probably take: from how long objectives took in this
//! repository, along the waves, with as many at once as there are hands.

use std::cmp::Reverse;

use super::plan::{Complexity, Priority};

/// How long an objective took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Who did it.
    pub worker: String,
    /// How demanding it was, where that is known.
    pub complexity: Option<Complexity>,
    /// What its plan had thought, in minutes.
    pub estimate: Option<u64>,
    /// How long it was worked on, in seconds.
    pub seconds: u64,
}

/// An objective that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// Who has it, or had it last.
    pub worker: Option<String>,
    /// How demanding it is.
    pub complexity: Complexity,
    /// What the plan thinks, in minutes.
    pub estimate: u64,
    /// Its turn among those of its wave.
    pub priority: Priority,
    /// For how long somebody is at it, in seconds; none: nobody is.
    pub spent: Option<u64>,
}

/// What is left of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What is not done, wave by wave; a wave that is done and not merged has nothing.
    pub waves: Vec<Vec<Todo>>,
    /// How many are worked on at once; 0: all of a wave.
    pub hands: usize,
    /// How long the merges of waves took, with their gates, in seconds.
    pub merges: Vec<u64>,
}

/// Seconds until the last wave is merged; none where nothing here has been measured yet.
///
/// An objective takes the median of what the most similar ones took: of the same worker and
/// complexity, else of the same worker, else of the same complexity, else of all; each scaled by
/// what the plans had thought of both. For one that is worked on, only those count that took longer
/// than it has by now. A wave takes as long as its objectives, longest first, on as many hands as
/// there are, and the median of the merges so far.
pub fn remaining(outlook: &Outlook, samples: &[Sample]) -> Option<f64> {
    if samples.is_empty() {
        return None;
    }
    let mut merges: Vec<f64> = outlook.merges.iter().map(|seconds| as_float(*seconds)).collect();
    let merge = median(&mut merges).unwrap_or(0.0);
    let waves = outlook.waves.iter();
    Some(waves.map(|wave| wave_seconds(wave, outlook.hands, samples) + merge).sum())
}

/// How long a wave is worked on: who is at it goes on, and each next one goes to the hand that is
/// free first.
fn wave_seconds(wave: &[Todo], hands: usize, samples: &[Sample]) -> f64 {
    let mut begun: Vec<f64> = Vec::new();
    let mut open: Vec<(&Todo, f64)> = Vec::new();
    for todo in wave {
        let left = expected(todo, samples);
        if todo.spent.is_some() { begun.push(left) } else { open.push((todo, left)) }
    }
    open.sort_by_key(|(todo, _)| Reverse((todo.priority, todo.estimate)));
    let hands = if hands == 0 { wave.len() } else { hands };
    begun.resize(begun.len().max(hands).max(1), 0.0);
    for (_, seconds) in open {
        let first = begun.iter_mut().min_by(|a, b| a.total_cmp(b));
        *first.expect("there is at least one hand") += seconds;
    }
    begun.into_iter().fold(0.0, f64::max)
}

/// Seconds that an objective still takes.
fn expected(todo: &Todo, samples: &[Sample]) -> f64 {
    let of_worker = |s: &&Sample| Some(&s.worker) == todo.worker.as_ref();
    let as_hard = |s: &&Sample| s.complexity == Some(todo.complexity);
    let similar: [Vec<&Sample>; 4] = [
        samples.iter().filter(of_worker).filter(as_hard).collect(),
        samples.iter().filter(of_worker).collect(),
        samples.iter().filter(as_hard).collect(),
        samples.iter().collect(),
    ];
    let group = similar.into_iter().find(|group| !group.is_empty()).unwrap_or_default();
    let spent = as_float(todo.spent.unwrap_or(0));
    let scaled = group.into_iter().map(|sample| match sample.estimate {
        Some(thought) if thought > 0 && todo.estimate > 0 => {
            as_float(sample.seconds) * as_float(todo.estimate) / as_float(thought)
        }
        _ => as_float(sample.seconds),
    });
    let mut longer: Vec<f64> =
        scaled.filter(|seconds| todo.spent.is_none() || *seconds > spent).collect();
    // It takes longer than any before it: nobody can say more than that it may end at once.
    median(&mut longer).map_or(0.0, |seconds| seconds - spent)
}

fn median(of: &mut [f64]) -> Option<f64> {
    of.sort_by(f64::total_cmp);
    let (low, high) = (of.len().saturating_sub(1) / 2, of.len() / 2);
    Some(f64::midpoint(*of.get(low)?, *of.get(high)?))
}

/// Seconds and minutes are far below what a float holds exactly; a forged record may hold anything.
fn as_float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(worker: &str, complexity: Option<Complexity>, estimate: u64, seconds: u64) -> Sample {
        Sample { worker: worker.into(), complexity, estimate: Some(estimate), seconds }
    }

    fn todo(worker: &str, estimate: u64, spent: Option<u64>) -> Todo {
        Todo {
            worker: Some(worker.into()).filter(|name: &String| !name.is_empty()),
            complexity: Complexity::Medium,
            estimate,
            priority: Priority::Medium,
            spent,
        }
    }

    #[test]
    fn an_objective_takes_as_long_as_the_most_similar_ones() {
        let samples = [
            sample("ann", Some(Complexity::High), 30, 600),
            sample("ann", Some(Complexity::Medium), 30, 100),
            sample("bob", Some(Complexity::Medium), 30, 40),
            sample("bob", None, 30, 60),
            sample("cai", Some(Complexity::High), 0, 7),
        ];
        let table = [
            ("the same worker and complexity", todo("ann", 30, None), 100.0),
            ("twice as much in the plan's eyes", todo("ann", 60, None), 200.0),
            ("the same worker, else", todo("cai", 30, None), 7.0),
            ("the same complexity, else", todo("new", 30, None), 70.0),
            ("nobody yet", todo("", 30, None), 70.0),
            ("at work", todo("ann", 30, Some(30)), 70.0),
            ("overdue", todo("ann", 30, Some(100)), 0.0),
            ("longer than some", todo("new", 30, Some(50)), 50.0),
        ];
        for (what, todo, seconds) in table {
            assert!((expected(&todo, &samples) - seconds).abs() < 1e-9, "{what}: {todo:?}");
        }
    }

    #[test]
    fn waves_follow_each_other_and_hands_share_a_wave() {
        let samples = [sample("w", None, 10, 60)];
        let one = |estimate| todo("w", estimate, None);
        let table = [
            (vec![], 0, 0.0),
            (vec![vec![]], 0, 5.0),
            (vec![vec![one(10), one(10)]], 0, 65.0),
            (vec![vec![one(10), one(10)]], 1, 125.0),
            (vec![vec![one(10), one(10), one(20)]], 2, 125.0),
            (vec![vec![one(10)], vec![one(20)]], 4, 190.0),
            (vec![vec![todo("w", 10, Some(50)), one(10)]], 1, 75.0),
            (vec![vec![todo("w", 10, Some(50)), todo("w", 10, Some(20))]], 1, 45.0),
        ];
        for (waves, hands, seconds) in table {
            let outlook = Outlook { waves, hands, merges: vec![1, 5, 9] };
            assert_eq!(remaining(&outlook, &samples), Some(seconds), "{outlook:?}");
        }
    }

    #[test]
    fn nothing_known_is_nothing_said() {
        let outlook = Outlook { waves: vec![vec![todo("w", 10, None)]], ..Outlook::default() };
        assert_eq!(remaining(&outlook, &[]), None);
        let forged = [sample("w", None, 0, u64::MAX), sample("w", None, u64::MAX, 0)];
        assert!(remaining(&outlook, &forged).is_some_and(f64::is_finite));
    }
}
