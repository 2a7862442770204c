//! What the best files say for others: what changes with them, what tests them, what imports them.

use std::collections::{BTreeMap, HashMap};

use super::clue::{Around, number};
use super::past::Past;
use super::weight;
use crate::analysis::corpus::FileFacts;
use crate::analysis::imports::Graph;
use crate::analysis::language::{Role, test_subject};
use crate::analysis::words::normal;
use crate::domain::tree::Entry;

/// How many of the best files may be the other half of a test.
const PAIRS: usize = 60;
/// From this share of a file's commits on another is said to change with it.
const TOLD: f64 = 0.15;

/// A file, by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    pub(super) file: usize,
    /// Its share of the best file's likelihood, from 0 to 1.
    pub(super) share: f64,
}

/// Why a file gains from another one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tie {
    /// It changed in this share of the other's commits.
    Changes(f64),
    /// It tests the other, or the other way round.
    Pair,
    Imports,
    Imported,
}

/// What the files around each say, and the strongest reasons for it.
#[derive(Default)]
pub(super) struct Surroundings {
    pub(super) around: HashMap<usize, Around>,
    /// By file: the other file and what ties them.
    pub(super) ties: BTreeMap<usize, Vec<(usize, Tie)>>,
}

/// What the best of `ranked`, best first, say for other files.
pub(super) fn surroundings(
    ranked: &[Alone],
    past: &Past<'_>,
    graph: &Graph,
    files: &[Entry],
    facts: &[FileFacts],
) -> Surroundings {
    let mut out = Surroundings::default();
    let lenders: Vec<Alone> = ranked.iter().take(weight::LENDERS).copied().collect();
    changes(&lenders, past, &mut out);
    imports(&lenders, graph, &mut out);
    pairs(ranked, files, facts, &mut out);
    out
}

/// A share as a weight: a file that is half as likely says more than half as much.
fn say(alone: Alone) -> f64 {
    alone.share.sqrt()
}

fn changes(lenders: &[Alone], past: &Past<'_>, out: &mut Surroundings) {
    let total: f64 = lenders.iter().map(|lender| say(*lender)).sum();
    for lender in lenders {
        let mut all = 0.0;
        let mut with: BTreeMap<usize, f64> = BTreeMap::new();
        for commit in past.commits(lender.file) {
            if past.history.commits()[*commit].paths.len() > weight::SPOKEN {
                continue;
            }
            let counts = (-number(*commit) / weight::LENT_HALF).exp2();
            all += counts;
            for file in past.files(*commit).filter(|file| *file != lender.file) {
                *with.entry(file).or_default() += counts;
            }
        }
        for (file, counts) in with {
            let share = counts / (all + weight::LENT_DOUBT);
            let lent = say(*lender) * share;
            let around = out.around.entry(file).or_default();
            around.together += lent / total.max(f64::MIN_POSITIVE);
            if lent > around.tied {
                around.tied = lent;
            }
            if share >= TOLD {
                out.ties.entry(file).or_default().push((lender.file, Tie::Changes(counts / all)));
            }
        }
    }
}

fn imports(lenders: &[Alone], graph: &Graph, out: &mut Surroundings) {
    for lender in lenders {
        let imported = graph.of(lender.file).map(|edge| (edge.to, Tie::Imported));
        let importing = graph.into(lender.file).map(|edge| (edge.from, Tie::Imports));
        // What everybody imports says nothing about any of them.
        let degree = number(graph.of(lender.file).count() + graph.fan_in(lender.file));
        for (file, tie) in imported.chain(importing) {
            let spread = degree.max(number(graph.of(file).count() + graph.fan_in(file)));
            let lent = say(*lender) / spread.max(1.0).sqrt();
            let around = out.around.entry(file).or_default();
            around.imported = around.imported.max(lent);
            out.ties.entry(file).or_default().push((lender.file, tie));
        }
    }
}

/// What a file is called without what marks it as a test.
fn subject(file: &Entry) -> String {
    let name = String::from_utf8_lossy(file.path.file_name()).into_owned();
    let stem = name.split_once('.').map_or(name.as_str(), |(stem, _)| stem);
    normal(test_subject(&name).unwrap_or(stem))
}

fn pairs(ranked: &[Alone], files: &[Entry], facts: &[FileFacts], out: &mut Surroundings) {
    let mut called: HashMap<String, Vec<Alone>> = HashMap::new();
    for alone in ranked.iter().take(PAIRS) {
        called.entry(subject(&files[alone.file])).or_default().push(*alone);
    }
    let is_test = |file: usize| facts[file].role == Role::Test;
    let testable = |file: usize| matches!(facts[file].role, Role::Source | Role::Test);
    for alone in ranked.iter().filter(|alone| testable(alone.file)) {
        let Some(others) = called.get(&subject(&files[alone.file])) else { continue };
        let other = others
            .iter()
            .filter(|other| testable(other.file) && is_test(other.file) != is_test(alone.file))
            .max_by(|a, b| a.share.total_cmp(&b.share).then(b.file.cmp(&a.file)));
        if let Some(other) = other {
            out.around.entry(alone.file).or_default().paired = say(*other);
            out.ties.entry(alone.file).or_default().push((other.file, Tie::Pair));
        }
    }
}
