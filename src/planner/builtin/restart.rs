//! A request to start over is divided by modules: what is rewritten is a whole, and the only
//! seams that will survive are those between modules.

use super::Ground;
use super::groups::{Group, Part};
use crate::analysis::inventory::holds;
use crate::analysis::language::Role;
use crate::analysis::words;

/// A module takes part if it holds a file that scores this much.
const TAKES_PART: f64 = 0.5;

/// One part for each module that the request is about; `None` if the codebase has no modules
/// below its root.
pub(super) fn groups(ground: &Ground<'_>, most: usize) -> Option<Vec<Group>> {
    let analysis = ground.analysis;
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (rank, ranked) in analysis.ranked.iter().enumerate() {
        let source = analysis.facts[ranked.file].role == Role::Source;
        let module = ground.module(ranked.file);
        if !source || (ranked.score < TAKES_PART && !is_called(ground, module)) {
            continue;
        }
        if !module.is_empty() && !found.iter().any(|(_, known)| *known == module) {
            found.push((rank, module));
        }
    }
    // A request that calls modules by their names means these, and not who works with them.
    let called: Vec<(usize, &str)> =
        found.iter().copied().filter(|(_, module)| is_called(ground, module)).collect();
    if !called.is_empty() {
        found = called;
    }
    // A module inside another is rewritten with it.
    let all: Vec<&str> = found.iter().map(|(_, module)| *module).collect();
    found.retain(|(_, module)| !all.iter().any(|other| other != module && holds(other, module)));
    found.truncate(most);
    if found.is_empty() {
        return None;
    }
    let group = |(rank, module): (usize, &str)| Group {
        part: Part::Module,
        files: (0..analysis.files.len())
            .filter(|file| holds(module, &ground.text(*file)))
            .filter(|file| analysis.facts[*file].role != Role::Generated)
            .filter(|file| ground.is_free(ground.path(*file)))
            .collect(),
        tests: Vec::new(),
        new: Vec::new(),
        place: format!("{module}/"),
        rank,
    };
    Some(found.into_iter().map(group).collect())
}

/// Whether a word of the request is the name of a module's directory.
fn is_called(ground: &Ground<'_>, module: &str) -> bool {
    let name = module.rsplit('/').next().unwrap_or_default();
    let stems: Vec<String> = words::identifiers(name)
        .flat_map(words::chunks)
        .flat_map(words::pieces)
        .map(|piece| words::stem(&piece.to_lowercase()))
        .collect();
    ground.analysis.request.subject().any(|(_, term)| stems.contains(&term.stem))
}
