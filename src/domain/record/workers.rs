//! What the records of sessions say about who worked in them: the assignment prefers who did
//! well here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Objective, Record, Try, minutes};
use crate::domain::session::Phase;

/// What a worker did, over any number of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Performance {
    /// Who.
    pub worker: String,
    /// In how many sessions.
    pub sessions: u32,
    /// Objectives that it brought to their end.
    pub done: u32,
    /// Objectives that it did not: another worker did, or nobody. One that was interrupted, or is
    /// still open, is neither.
    pub failed: u32,
    /// How often it was tried again.
    pub retries: u32,
    /// How often a change outside the scope was found.
    pub violations: u32,
    /// Files that it changed in what it brought to its end.
    pub files: u64,
    /// Lines that it added there.
    pub lines_added: u64,
    /// Lines that it removed there.
    pub lines_removed: u64,
    /// How long it worked on what it brought to its end, in minutes.
    pub minutes: u64,
    /// The median of that by objective; none: nothing is known. Of two in the middle the smaller.
    pub median_minutes: Option<u64>,
}

impl Performance {
    /// Of 1,000 objectives, how many it would bring to their end. With few behind it, it is near
    /// 500: one failure more and one success more than there were are counted (Laplace's rule of
    /// succession).
    pub fn per_mille(&self) -> u32 {
        let (done, all) = (u64::from(self.done) + 1, u64::from(self.done + self.failed) + 2);
        u32::try_from(done * 1_000 / all).unwrap_or(1_000)
    }
}

/// What a worker did in these sessions. Of somebody who took part in none, nothing.
pub fn performance(worker: &str, records: &[Record]) -> Performance {
    let all = performances(records);
    let own = all.into_iter().find(|performance| performance.worker == worker);
    own.unwrap_or_else(|| Performance { worker: worker.to_owned(), ..Performance::default() })
}

/// What everybody did who took part in these sessions, by name.
pub fn performances(records: &[Record]) -> Vec<Performance> {
    let mut found: BTreeMap<&str, (Performance, Vec<u64>)> = BTreeMap::new();
    for record in records {
        let mut took_part = BTreeSet::new();
        for objective in &record.objectives {
            for share in shares(objective, &record.tries) {
                let (sum, times) = found.entry(share.worker).or_default();
                share.add_to(sum, times);
                took_part.insert(share.worker);
            }
        }
        for worker in took_part {
            found.entry(worker).or_default().0.sessions += 1;
        }
    }
    let finished = found.into_iter().map(|(worker, (mut sum, mut times))| {
        times.sort_unstable();
        worker.clone_into(&mut sum.worker);
        sum.median_minutes = times.get(times.len().saturating_sub(1) / 2).copied();
        sum
    });
    finished.collect()
}

/// What one worker had to do with one objective.
struct Share<'a> {
    worker: &'a str,
    objective: &'a Objective,
    outcome: Outcome,
    retries: u32,
    violations: u32,
    minutes: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Neither,
}

impl Share<'_> {
    fn add_to(&self, sum: &mut Performance, times: &mut Vec<u64>) {
        sum.retries += self.retries;
        sum.violations += self.violations;
        match self.outcome {
            Outcome::Done => {
                sum.done += 1;
                sum.files += self.objective.files;
                sum.lines_added += self.objective.lines_added;
                sum.lines_removed += self.objective.lines_removed;
                sum.minutes += self.minutes.unwrap_or(0);
                times.extend(self.minutes);
            }
            Outcome::Failed => sum.failed += 1,
            Outcome::Neither => {}
        }
    }
}

/// Who had to do with an objective that has begun.
fn shares<'a>(objective: &'a Objective, tries: &'a [Try]) -> Vec<Share<'a>> {
    let own: Vec<&Try> = tries.iter().filter(|t| t.objective == objective.id).collect();
    let mut workers: Vec<&str> = Vec::new();
    for one in &own {
        if !workers.contains(&one.worker.as_str()) {
            workers.push(&one.worker);
        }
    }
    let share = |worker: &'a str| {
        let tries: Vec<&&Try> = own.iter().filter(|t| t.worker == worker).collect();
        let counted = tries.iter().filter(|t| t.how != "interrupted").count();
        let gave_up = tries.iter().any(|t| t.how == "failed" || t.violations > 0);
        let again = u32::try_from(counted.saturating_sub(1)).unwrap_or(u32::MAX);
        let times: Vec<u64> =
            tries.iter().filter_map(|t| minutes(Some(&t.began), t.ended.as_deref())).collect();
        Share {
            worker,
            objective,
            outcome: if counted == 0 {
                Outcome::Neither
            } else {
                outcome(objective, objective.worker == worker, gave_up)
            },
            retries: again,
            violations: tries.iter().map(|t| t.violations).sum(),
            minutes: (!times.is_empty()).then(|| times.iter().sum()),
        }
    };
    let is_tried = workers.contains(&objective.worker.as_str());
    let mut shares: Vec<Share<'_>> = workers.into_iter().map(share).collect();
    if !is_tried && objective.began.is_some() {
        shares.push(by_people(objective, own.is_empty()));
    }
    shares
}

/// What people had to do with an objective: all of it, or what a worker left to do, of which
/// nobody knows how long it took.
fn by_people(objective: &Objective, all: bool) -> Share<'_> {
    Share {
        worker: &objective.worker,
        objective,
        outcome: outcome(objective, true, objective.violations > 0),
        retries: if all { objective.retries } else { 0 },
        violations: if all { objective.violations } else { 0 },
        minutes: objective.minutes.filter(|_| all),
    }
}

/// What became of an objective for somebody who was the last at it, or was not.
fn outcome(objective: &Objective, is_last: bool, gave_up: bool) -> Outcome {
    match objective.phase {
        Phase::Accepted | Phase::Merged if is_last => Outcome::Done,
        Phase::Accepted | Phase::Merged | Phase::Failed | Phase::Violated => Outcome::Failed,
        // The owner gave it up, for whatever reason.
        Phase::Dropped if gave_up => Outcome::Failed,
        _ if !is_last => Outcome::Failed,
        Phase::Dropped
        | Phase::Planned
        | Phase::Started
        | Phase::Working
        | Phase::Submitted
        | Phase::Waiting => Outcome::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of one session with these objectives and tries.
    fn record(n: usize, rows: &str) -> Record {
        let hex = "a".repeat(40);
        let text = format!(
            "schema = 1\nplan = \"20251008-10413{n}-x\"\nrequest = \"x\"\ntype = \"feature\"\n\
             target = \"main\"\npin = \"{hex}\"\nbase = \"{hex}\"\napproved = \"2025-10-08T10:41:31Z\"\n{rows}"
        );
        super::super::read(&text).expect("a record")
    }

    fn objective(id: &str, worker: &str, phase: &str, more: &str) -> String {
        format!(
            "[[objective]]\nid = \"{id}\"\ntitle = \"x\"\nwave = 1\nphase = \"{phase}\"\n\
             worker = \"{worker}\"\nfiles = 3\nbegan = \"2025-10-08T10:45:00Z\"\n{more}\n"
        )
    }

    fn one_try(objective: &str, worker: &str, minutes: u32, how: &str) -> String {
        format!(
            "[[try]]\nobjective = \"{objective}\"\nworker = \"{worker}\"\n\
             began = \"2025-10-08T10:00:00Z\"\nended = \"2025-10-08T10:{minutes:02}:59Z\"\n\
             how = \"{how}\"\nviolations = {}\n",
            u32::from(how == "failed")
        )
    }

    #[test]
    fn who_brings_it_to_its_end_has_done_it() {
        let first = record(
            1,
            &[
                objective("T1", "one", "merged", ""),
                objective("T2", "two", "merged", ""),
                objective("T3", "human", "merged", "minutes = 90\nretries = 1\nviolations = 2"),
                objective("T4", "two", "failed", ""),
                objective("T5", "one", "merged", ""),
                objective("T6", "human", "merged", "minutes = 500\nretries = 1"),
                one_try("T1", "one", 10, "failed"),
                one_try("T1", "one", 20, "ended"),
                one_try("T2", "one", 5, "failed"),
                one_try("T2", "two", 7, "ended"),
                one_try("T4", "two", 1, "failed"),
                one_try("T5", "one", 2, "interrupted"),
                one_try("T5", "one", 2, "ended"),
                one_try("T6", "four", 2, "failed"),
            ]
            .concat(),
        );
        let second = record(
            2,
            &[
                objective("T1", "one", "merged", ""),
                objective("T2", "three", "dropped", ""),
                objective("T3", "human", "working", ""),
                one_try("T1", "one", 40, "ended"),
                one_try("T2", "three", 9, "ended"),
            ]
            .concat(),
        );
        let records = [first, second];
        let one = performance("one", &records);
        let expected = Performance {
            worker: "one".into(),
            sessions: 2,
            done: 3,
            failed: 1,
            retries: 1,
            violations: 2,
            files: 9,
            minutes: 74,
            median_minutes: Some(30),
            ..Performance::default()
        };
        assert_eq!(one, expected);
        let two = performance("two", &records);
        assert_eq!((two.done, two.failed, two.sessions, two.median_minutes), (1, 1, 1, Some(7)));
        let three = performance("three", &records);
        assert_eq!((three.done, three.failed, three.per_mille()), (0, 0, 500));
        let human = performance("human", &records);
        assert_eq!((human.done, human.failed, human.retries, human.violations), (2, 0, 1, 2));
        assert_eq!(human.median_minutes, Some(90));
        let names: Vec<String> = performances(&records).into_iter().map(|p| p.worker).collect();
        assert_eq!(names, ["four", "human", "one", "three", "two"]);
        assert_eq!(performance("nobody", &records).median_minutes, None);
    }

    #[test]
    fn a_few_sessions_say_little() {
        let rate =
            |done, failed| Performance { done, failed, ..Performance::default() }.per_mille();
        assert_eq!([rate(0, 0), rate(1, 0), rate(0, 1)], [500, 666, 333]);
        assert_eq!([rate(98, 0), rate(0, 98), rate(49, 49)], [990, 10, 500]);
        assert!(rate(20, 1) > rate(2, 0), "many and one failure are more than two and none");
    }
}
