//! Which of the ranked files a plan is about.
//!
//! Past changes say how much room work needs: however sure the first file is, a change reaches
//! files that no clue points at strongly, so that a number of files covers more of them at an
//! equal share of the tree than any threshold of the score. The shape of the scores decides where
//! that is not so: where the request names its files, and where nothing more speaks for a file.

use std::collections::BTreeSet;

use super::{Ground, newcomer};
use crate::analysis::language::{Role, tells_changes};
use crate::analysis::lexicon::Field;
use crate::analysis::request::Mention;
use crate::analysis::search::Ranked;
use crate::domain::config::Breadth;
use crate::domain::plan::TaskType;
use crate::domain::tree::Mode;

/// Beside a file that the request names with its path, others need this share of its likelihood:
/// who says where to work means it.
const BESIDE: f64 = 0.03;
/// A plan is about at most this part of what people write, as a fraction, but may always be about
/// a few files.
const PART: (usize, usize) = (1, 3);
/// See [`PART`].
const FEW: usize = 4;
/// Something is new if no file holds this much of its words, and no name this much.
const UNKNOWN: (f64, f64) = (0.25, 0.34);
/// Files that may have to know of something new.
const AWARE: usize = 5;

/// What a plan is about.
pub(super) enum Choice {
    /// Something that is not there yet, and the files that may have to know of it, best first.
    New {
        /// The name of what is new.
        topic: String,
        /// Which, best first.
        aware: Vec<usize>,
        /// Files in which every change is told, beside them.
        told: Vec<usize>,
    },
    /// These files, best first.
    Files {
        /// Which.
        files: Vec<usize>,
        /// Files in which every change is told, beside them.
        told: Vec<usize>,
        /// Whether a part of it alone would leave the code broken.
        whole: bool,
    },
}

/// The most files that a plan is about.
fn most(breadth: Breadth) -> usize {
    match breadth {
        Breadth::Narrow => 5,
        Breadth::Normal => 10,
        Breadth::Wide => 20,
    }
}

pub(super) fn choose(ground: &Ground<'_>, breadth: Breadth) -> Choice {
    let analysis = ground.analysis;
    let mut files: Vec<&Ranked> =
        analysis.ranked.iter().filter(|ranked| is_candidate(ground, ranked)).collect();
    keep_beside(ground, &mut files);
    let Some(first) = files.first().copied() else {
        let topic = newcomer::topic(ground, false).unwrap_or_else(|| "feature".to_owned());
        return Choice::New { topic, aware: Vec::new(), told: Vec::new() };
    };
    let unknown = first.coverage < UNKNOWN.0 && analysis.existence.share < UNKNOWN.1;
    let named = files.iter().filter(|ranked| ranked.mentioned).count();
    let written = analysis.facts.iter().filter(|fact| fact.role != Role::Generated).count();
    let room = (written * PART.0 / PART.1).max(FEW);
    let most = most(breadth).min(room).max(named);
    let listed: Vec<usize> = files.iter().take(most).map(|ranked| ranked.file).collect();
    let is_told = |file: &usize| tells_changes(ground.path(*file));
    let told = listed.iter().copied().filter(is_told).collect();
    let files = files.into_iter().map(|ranked| ranked.file).filter(|file| !is_told(file));
    let mut files: Vec<usize> = files.take(most).collect();
    let fresh = analysis.task_type == TaskType::Feature && unknown && named == 0;
    if files.is_empty() || fresh {
        // Without a word that names it, what is new is a change of what is there.
        if let Some(topic) = newcomer::topic(ground, !files.is_empty()) {
            let works = |file: &usize| analysis.facts[*file].role != Role::Config;
            files.retain(works);
            files.truncate(AWARE);
            return Choice::New { topic, aware: files, told };
        }
    }
    let users = users_of_named(ground, &files);
    let whole = !users.is_empty();
    files.extend(users);
    Choice::Files { files, told, whole }
}

/// Takes out what hardly has to do with the paths that the request names.
fn keep_beside(ground: &Ground<'_>, files: &mut Vec<&Ranked>) {
    let path = |mention: &Mention| match mention {
        Mention::Path(path) if path.contains('/') => Some(path.clone()),
        _ => None,
    };
    let paths: Vec<String> = ground.analysis.request.mentions.iter().filter_map(path).collect();
    let named = |ranked: &&Ranked| {
        let text = ground.text(ranked.file);
        ranked.mentioned && paths.iter().any(|path| text.ends_with(path.as_str()))
    };
    if let Some(best) = files.iter().find(|ranked| named(ranked)).map(|ranked| ranked.score) {
        files.retain(|ranked| ranked.mentioned || ranked.score >= BESIDE * best);
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
    users.take(most(Breadth::Wide)).collect()
}

fn is_candidate(ground: &Ground<'_>, ranked: &Ranked) -> bool {
    let analysis = ground.analysis;
    let file = &analysis.files[ranked.file];
    matches!(file.mode, Mode::File | Mode::Executable)
        && ground.is_free(&file.path)
        && (ranked.mentioned || analysis.facts[ranked.file].role != Role::Generated)
}
