//! Who gets an objective (DESIGN §8): the kind of worker that it names, else the enabled worker
//! whose capabilities fit best, then the least loaded, then the one with the best record here;
//! ties by id. One without capabilities fits anything, last.

use std::cmp::Reverse;

use super::Worker;

/// The kind of worker that leaves the choice to the assignment.
pub const AUTO: &str = "auto";

/// What of an objective decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The kind of worker that it names, or [`AUTO`].
    pub agent_type: String,
    /// What it is about, as capabilities say it: the languages of its scope, the kind of task,
    /// how demanding it is.
    pub about: Vec<String>,
}

/// A worker of the team with what it does at the moment and what it did here before.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The worker.
    pub worker: &'a Worker,
    /// Objectives that it is at.
    pub busy: u32,
    /// Of 1,000 objectives in this repository, how many it would bring to their end, from what is
    /// recorded; 500 where nothing is.
    pub record: u32,
}

/// What the assignment came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// The candidate at this position, and why, in words.
    To(usize, String),
    /// All who could take it are busy.
    Wait,
    /// Nobody of the team can take it: why, in words.
    Nobody(String),
}

/// Who takes an objective. `not` are workers that had their turn, `again` is one that should go
/// on with what it began.
pub fn assign(
    wanted: &Wanted,
    candidates: &[Candidate<'_>],
    not: &[String],
    again: Option<&str>,
) -> Assignment {
    let named = wanted.agent_type != AUTO;
    let can = |c: &Candidate<'_>| {
        c.worker.can_work()
            && (!named || c.worker.agent_type == wanted.agent_type)
            && !not.contains(&c.worker.id)
    };
    let mut fitting: Vec<(usize, &Candidate<'_>)> =
        candidates.iter().enumerate().filter(|(_, candidate)| can(candidate)).collect();
    if let Some(again) = again
        && fitting.iter().any(|(_, candidate)| candidate.worker.id == again)
    {
        fitting.retain(|(_, candidate)| candidate.worker.id == again);
    }
    if fitting.is_empty() {
        return Assignment::Nobody(if named {
            format!("no enabled worker has `agent_type = \"{}\"`", wanted.agent_type)
        } else if not.is_empty() {
            "the team has no enabled worker".to_owned()
        } else {
            "the team has no other worker".to_owned()
        });
    }
    fitting.retain(|(_, candidate)| candidate.busy < candidate.worker.max_concurrent);
    let load = |c: &Candidate<'_>| c.busy * 1_000 / c.worker.max_concurrent.max(1);
    let order = |(_, c): &(usize, &Candidate<'_>)| {
        let fit = fit(c.worker, wanted);
        (Reverse(fit), load(c), Reverse(c.record), c.worker.id.clone())
    };
    let Some((at, best)) = fitting.iter().min_by_key(|found| order(found)) else {
        return Assignment::Wait;
    };
    Assignment::To(*at, reason(best, wanted, &fitting, again))
}

/// How well a worker fits: more is better.
fn fit(worker: &Worker, wanted: &Wanted) -> usize {
    match (worker.capabilities.is_empty(), shared(worker, wanted).len()) {
        (true, _) => 1,
        (false, 0) => 0,
        (false, n) => 1 + n,
    }
}

/// What a worker is good at and the objective is about.
fn shared<'w>(worker: &'w Worker, wanted: &Wanted) -> Vec<&'w str> {
    let about: Vec<String> = wanted.about.iter().map(|word| plain(word)).collect();
    let fits = |capability: &&String| about.contains(&plain(capability));
    worker.capabilities.iter().filter(fits).map(String::as_str).collect()
}

/// A capability without what people write differently.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', ' '], "_")
}

fn reason(
    best: &Candidate<'_>,
    wanted: &Wanted,
    fitting: &[(usize, &Candidate<'_>)],
    again: Option<&str>,
) -> String {
    let worker = best.worker;
    if again == Some(worker.id.as_str()) {
        return "it goes on with what it began".to_owned();
    }
    let kind = if wanted.agent_type == AUTO {
        match shared(worker, wanted) {
            shared if shared.is_empty() && worker.capabilities.is_empty() => {
                "takes any objective".to_owned()
            }
            shared if shared.is_empty() => "nobody who is free fits better".to_owned(),
            shared => format!("fits {}", shared.join(", ")),
        }
    } else {
        format!("the objective asks for {}", wanted.agent_type)
    };
    let equal: Vec<&Candidate<'_>> = fitting
        .iter()
        .map(|(_, candidate)| *candidate)
        .filter(|other| {
            other.worker.id != worker.id && fit(other.worker, wanted) == fit(worker, wanted)
        })
        .collect();
    let of = |c: &Candidate<'_>| c.busy * 1_000 / c.worker.max_concurrent.max(1);
    let tie = match equal.iter().map(|other| (of(other), Reverse(other.record))).min() {
        None => "",
        Some((load, _)) if load > of(best) => ", and is the least loaded",
        Some((_, Reverse(record))) if record < best.record => ", and has the best record here",
        Some(_) => ", and comes first by name",
    };
    format!("{kind}{tie}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::team;

    fn team() -> Vec<Worker> {
        let text = r#"
schema = 1
[[worker]]
id = "any"
command = ["x"]
[[worker]]
id = "rust-b"
agent_type = "codex"
command = ["x"]
capabilities = ["Rust", "unit-tests"]
max_concurrent = 2
[[worker]]
id = "rust-a"
agent_type = "codex"
command = ["x"]
capabilities = ["rust", "refactoring"]
max_concurrent = 2
[[worker]]
id = "web"
command = ["x"]
capabilities = ["typescript"]
[[worker]]
id = "off"
agent_type = "gpt4"
command = ["x"]
enabled = false
[[worker]]
id = "ann"
agent_type = "person"
transport = "human"
"#;
        team::read(text).require("team").expect("it is right")
    }

    fn given(kind: &str, about: &[&str], busy: &[(&str, u32)], not: &[&str]) -> String {
        let team = team();
        let candidates: Vec<Candidate<'_>> = team
            .iter()
            .map(|worker| {
                let busy = busy.iter().find(|(id, _)| *id == worker.id).map_or(0, |(_, n)| *n);
                Candidate { worker, busy, record: 500 }
            })
            .collect();
        let about = about.iter().map(|word| (*word).to_owned()).collect();
        let wanted = Wanted { agent_type: kind.to_owned(), about };
        let not: Vec<String> = not.iter().map(|id| (*id).to_owned()).collect();
        match assign(&wanted, &candidates, &not, None) {
            Assignment::To(at, why) => format!("{}: {why}", team[at].id),
            Assignment::Wait => "wait".to_owned(),
            Assignment::Nobody(why) => format!("nobody: {why}"),
        }
    }

    /// Kind, what it is about, who is at how many, who had a turn, and what comes of it.
    type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, u32)], &'a [&'a str], &'a str);

    #[test]
    fn the_best_fit_then_the_least_loaded_then_the_name() {
        let cases: [Case<'_>; 11] = [
            ("auto", &["rust", "refactoring"], &[], &[], "rust-a: fits rust, refactoring"),
            ("auto", &["rust"], &[], &[], "rust-a: fits rust, and comes first by name"),
            ("auto", &["rust", "unit_tests"], &[], &[], "rust-b: fits Rust, unit-tests"),
            (
                "auto",
                &["rust"],
                &[("rust-a", 1)],
                &[],
                "rust-b: fits Rust, and is the least loaded",
            ),
            ("auto", &["rust"], &[("rust-a", 2), ("rust-b", 2)], &[], "any: takes any objective"),
            ("auto", &["go"], &[], &[], "any: takes any objective"),
            (
                "auto",
                &["go"],
                &[("any", 1)],
                &[],
                "rust-a: nobody who is free fits better, and comes first by name",
            ),
            ("codex", &["go"], &[("rust-a", 2), ("rust-b", 2)], &[], "wait"),
            ("codex", &["go"], &[], &["rust-a"], "rust-b: the objective asks for codex"),
            ("gpt4", &[], &[], &[], "nobody: no enabled worker has `agent_type = \"gpt4\"`"),
            ("person", &[], &[], &[], "nobody: no enabled worker has `agent_type = \"person\"`"),
        ];
        for (kind, about, busy, not, expected) in cases {
            assert_eq!(given(kind, about, busy, not), expected, "{kind} {about:?} {busy:?}");
        }
    }

    #[test]
    fn who_began_goes_on_and_the_better_record_decides() {
        let team = team();
        let mut candidates: Vec<Candidate<'_>> =
            team.iter().map(|worker| Candidate { worker, busy: 0, record: 500 }).collect();
        let wanted = Wanted { agent_type: AUTO.to_owned(), about: vec!["rust".to_owned()] };
        candidates[1].record = 900;
        let reason = "fits Rust, and has the best record here".to_owned();
        assert_eq!(assign(&wanted, &candidates, &[], None), Assignment::To(1, reason));
        let reason = "it goes on with what it began".to_owned();
        assert_eq!(assign(&wanted, &candidates, &[], Some("web")), Assignment::To(3, reason));
    }
}
