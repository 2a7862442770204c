//! Which of the ranked files a plan is about: cut where the scores drop, not at a number.

use std::collections::BTreeSet;

use super::Ground;
use crate::analysis::language::Role;
use crate::analysis::lexicon::Field;
use crate::analysis::search::Ranked;
use crate::domain::plan::TaskType;
use crate::domain::tree::Mode;

/// The most files a plan is about.
const MOST: usize = 24;
/// Below this share of the best score nothing is chosen.
const FLOOR: f64 = 0.3;
/// A score that falls to this share of the one before it ends the list.
const DROP: f64 = 0.72;
/// Without a drop: from which share of the best score on files are chosen, how many of them,
/// and how close to the best any further one has to be.
struct Flat {
    share: f64,
    many: usize,
    beyond: f64,
}
const FLAT: Flat = Flat { share: 0.5, many: 8, beyond: 0.75 };
/// A mistake is in few places.
const FLAT_BUG: Flat = Flat { share: 0.65, many: 5, beyond: 0.9 };
/// A file that only speaks of the subject, and neither bears its name, nor defines it, nor is
/// tied by an import to one that ranks above it, needs this share of the best score.
const ONLY_SPEAKS: f64 = 0.6;
/// Configuration is rarely what has to be changed unless it stands out.
const CONFIG: f64 = 0.7;
/// A text is part of a feature if it speaks of nearly all of it.
const DOCS: (f64, f64, usize) = (0.35, 0.75, 3);
/// Something is new if no file holds this much of its words, and no name this much.
const UNKNOWN: (f64, f64) = (0.25, 0.34);

/// What a plan is about.
pub(super) enum Choice {
    /// Nothing that is there.
    Nothing,
    /// These files, best first.
    Files {
        /// What is to be changed.
        code: Vec<usize>,
        /// Texts that should follow.
        docs: Vec<usize>,
        /// Whether a part of it alone would leave the code broken.
        whole: bool,
    },
}

pub(super) fn choose(ground: &Ground<'_>) -> Choice {
    let analysis = ground.analysis;
    let best = analysis.ranked.first().map_or(1.0, |r| r.score).max(f64::MIN_POSITIVE);
    let mut candidates: Vec<&Ranked> =
        analysis.ranked.iter().filter(|r| is_candidate(ground, r, best)).collect();
    keep_related(ground, &mut candidates);
    let Some(first) = candidates.first() else { return Choice::Nothing };
    let unknown = first.coverage < UNKNOWN.0 && analysis.existence.share < UNKNOWN.1;
    if analysis.task_type == TaskType::Feature && unknown && !first.mentioned {
        return Choice::Nothing;
    }
    let scores: Vec<f64> = candidates.iter().map(|r| r.score / first.score).collect();
    let named = candidates.iter().take_while(|r| r.mentioned).count();
    let flat = if analysis.task_type == TaskType::Bug { FLAT_BUG } else { FLAT };
    let count = cut(&scores, &flat).max(named).min(MOST);
    let mut code: Vec<usize> = candidates[..count].iter().map(|r| r.file).collect();
    let users = users_of_named(ground, &code);
    let whole = !users.is_empty();
    code.extend(users);
    Choice::Files { code, docs: docs(ground, &candidates[..count]), whole }
}

/// How many of these falling scores, the first of which is 1, belong together.
fn cut(scores: &[f64], flat: &Flat) -> usize {
    let tail = scores.iter().take_while(|score| **score >= FLOOR).count();
    let deepest = (1..scores.len().min(tail + 1).min(MOST))
        .map(|at| (scores[at] / scores[at - 1], at))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    match deepest {
        Some((ratio, at)) if ratio <= DROP => at,
        _ => {
            let near = |share: f64| scores.iter().take_while(|score| **score >= share).count();
            near(flat.share).min(flat.many).max(near(flat.beyond)).max(1)
        }
    }
}

/// Who uses a name that a request wants in another form has to follow, however little else it
/// has to do with the subject.
fn users_of_named(ground: &Ground<'_>, chosen: &[usize]) -> Vec<usize> {
    let analysis = ground.analysis;
    if analysis.task_type != TaskType::Refactor {
        return Vec::new();
    }
    let defines = Field::Definition as usize;
    let named: BTreeSet<usize> = chosen
        .iter()
        .flat_map(|file| &analysis.facts[*file].counts.names)
        .filter(|(_, tally)| tally[defines] > 0.0)
        .map(|(name, _)| *name)
        .collect();
    let users = analysis.ranked.iter().map(|r| r.file).filter(|file| {
        let facts = &analysis.facts[*file];
        matches!(facts.role, Role::Source | Role::Test | Role::Example)
            && facts.counts.names.iter().any(|(name, _)| named.contains(name))
            && ground.is_free(ground.path(*file))
            && !chosen.contains(file)
    });
    users.take(MOST.saturating_sub(chosen.len())).collect()
}

/// Takes out what [`ONLY_SPEAKS`] of the subject.
fn keep_related(ground: &Ground<'_>, candidates: &mut Vec<&Ranked>) {
    let best = candidates.first().map_or(1.0, |r| r.score);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let graph = &ground.analysis.graph;
    candidates.retain(|r| {
        let tied = || {
            let imported = graph.of(r.file).map(|edge| edge.to);
            let importing = graph.into(r.file).map(|edge| edge.from);
            imported.chain(importing).any(|file| kept.contains(&file))
        };
        let related = r.named || r.mentioned || r.score >= ONLY_SPEAKS * best || tied();
        if related {
            kept.insert(r.file);
        }
        related
    });
}

fn is_candidate(ground: &Ground<'_>, ranked: &Ranked, best: f64) -> bool {
    let analysis = ground.analysis;
    let file = &analysis.files[ranked.file];
    if !matches!(file.mode, Mode::File | Mode::Executable) || !ground.is_free(&file.path) {
        return false;
    }
    let request = &analysis.request;
    ranked.mentioned
        || match analysis.facts[ranked.file].role {
            Role::Source => true,
            Role::Test => request.speaks_of(&["test", "tests", "spec", "specs"]),
            Role::Docs => {
                request.speaks_of(&["docs", "doc", "documentation", "readme", "changelog", "guide"])
            }
            Role::Example => request.speaks_of(&["example", "examples", "demo", "playground"]),
            Role::Config => ranked.score >= CONFIG * best,
            Role::Asset | Role::Generated => false,
        }
}

/// Texts that describe what a feature adds to.
fn docs(ground: &Ground<'_>, chosen: &[&Ranked]) -> Vec<usize> {
    let analysis = ground.analysis;
    if !matches!(analysis.task_type, TaskType::Feature | TaskType::Enhancement) {
        return Vec::new();
    }
    let history = |name: &[u8]| name.to_ascii_uppercase().starts_with(b"CHANGE");
    analysis
        .ranked
        .iter()
        .filter(|r| r.score >= DOCS.0 && r.coverage >= DOCS.1)
        .filter(|r| analysis.facts[r.file].role == Role::Docs)
        .filter(|r| {
            !history(ground.path(r.file).file_name()) && ground.is_free(ground.path(r.file))
        })
        .filter(|r| !chosen.iter().any(|c| c.file == r.file))
        .take(DOCS.2)
        .map(|r| r.file)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{FLAT, cut};

    #[test]
    fn the_list_ends_where_the_scores_drop() {
        let table: [(&[f64], usize); 7] = [
            (&[1.0], 1),
            (&[1.0, 0.4, 0.39], 1),
            (&[1.0, 0.65, 0.27], 2),
            (&[1.0, 0.74, 0.63, 0.59, 0.5, 0.34], 5),
            (&[1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], 6),
            (&[1.0; 40], 24),
            (&[1.0, 0.1], 1),
        ];
        for (scores, expected) in table {
            assert_eq!(cut(scores, &FLAT).min(super::MOST), expected, "{scores:?}");
        }
    }
}
