//! What belongs to nobody alone: lock files, which a command makes anew, and the lists in
//! which every new module needs a line.

use std::collections::BTreeMap;

use super::Ground;
use super::groups::{Group, Part};
use super::territory::Territory;
use crate::analysis::gates::plain;
use crate::analysis::language::tells_changes;
use crate::domain::path::{RepoPath, quote};
use crate::domain::pattern::Pattern;
use crate::domain::plan::{Derived, Objective, Shared};
use crate::planner::scopes::literal;

/// Lock file, the manifest that it follows, and what makes it anew, without running anything
/// of the packages.
const LOCKS: &[(&str, &str, &str)] = &[
    ("Cargo.lock", "Cargo.toml", "cargo update --workspace --offline"),
    ("package-lock.json", "package.json", "npm install --package-lock-only --ignore-scripts"),
    ("pnpm-lock.yaml", "package.json", "pnpm install --lockfile-only --ignore-scripts"),
    ("yarn.lock", "package.json", "yarn install --mode update-lockfile"),
    ("go.sum", "go.mod", "go mod tidy"),
    ("poetry.lock", "pyproject.toml", "poetry lock"),
    ("uv.lock", "pyproject.toml", "uv lock"),
    ("Gemfile.lock", "Gemfile", "bundle lock"),
    ("composer.lock", "composer.json", "composer update --lock --no-scripts"),
];

/// Fewer commits than this say nothing about what changes together.
const COMMITS: usize = 4;

/// Files in which every new module of their directory needs a line.
const LISTS: &[&[u8]] =
    &[b"lib.rs", b"mod.rs", b"__init__.py", b"index.ts", b"index.js", b"index.tsx", b"index.mjs"];

/// Lock files whose manifest lies in the scope of an objective.
pub(super) fn derived(
    ground: &Ground<'_>,
    objectives: &[Objective],
    notes: &mut Vec<String>,
) -> Vec<Derived> {
    let touched: Vec<Pattern> =
        objectives.iter().flat_map(|o| &o.touch).filter_map(|p| Pattern::parse(p).ok()).collect();
    let manifests: Vec<String> = ground
        .analysis
        .manifests
        .iter()
        .filter(|m| touched.iter().any(|pattern| pattern.matches(&m.path)))
        .map(|m| m.path.to_lossy().into_owned())
        .collect();
    let mut out = Vec::new();
    for file in &ground.analysis.files {
        let name = file.path.file_name();
        let Some((_, manifest, command)) = LOCKS.iter().find(|(lock, ..)| lock.as_bytes() == name)
        else {
            continue;
        };
        let directory = file.path.parent().map(|d| d.to_lossy().into_owned()).unwrap_or_default();
        let follows = manifests.iter().any(|path| {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let member = directory.is_empty()
                || above == directory
                || above.strip_prefix(&directory).is_some_and(|rest| rest.starts_with('/'));
            name == *manifest && member
        });
        if !follows {
            continue;
        }
        let command = match (directory.as_str(), plain(&directory)) {
            ("", _) => (*command).to_owned(),
            (_, Some(directory)) => format!("cd {directory} && {command}"),
            (_, None) => {
                notes.push(format!(
                    "no command is known that a shell could run in the directory of {}",
                    file.path
                ));
                continue;
            }
        };
        out.push(Derived { paths: vec![literal(&file.path)], command });
    }
    out
}

/// Files in which changes are told that changed in at least half of the commits that changed the
/// files of a part: the rule by which the check calls a scope too narrow.
pub(super) fn told_with(ground: &Ground<'_>, groups: &[Group]) -> Vec<usize> {
    let history = &ground.analysis.history;
    let places = |group: &Group| -> Vec<usize> {
        let place = |file: usize| history.paths().binary_search(ground.path(file)).ok();
        group.all().filter_map(place).collect()
    };
    let mut told = Vec::new();
    for group in groups {
        let together = history.changed_together(&places(group));
        let half = together.of.div_ceil(2).max(COMMITS);
        for (at, _) in together.others.iter().take_while(|(_, count)| *count >= half) {
            let path = &history.paths()[*at];
            let file = ground.analysis.files.binary_search_by(|file| file.path.cmp(path));
            told.extend(file.ok().filter(|_| tells_changes(path) && ground.is_free(path)));
        }
    }
    told.sort_unstable();
    told.dedup();
    told
}

/// Lists that more than one objective will add a line to: the nearest one above each
/// directory in which new files are likely.
pub(super) fn shared(
    ground: &Ground<'_>,
    groups: &[Group],
    territories: &[Territory],
    told: &[usize],
    notes: &mut Vec<String>,
) -> Vec<Shared> {
    let mut users: BTreeMap<RepoPath, usize> = BTreeMap::new();
    for (group, territory) in groups.iter().zip(territories) {
        if !territory.creates || group.part == Part::Docs {
            continue;
        }
        let Some(inside) = territory
            .directory
            .clone()
            .or_else(|| group.files.first().and_then(|file| ground.path(*file).parent()))
        else {
            continue;
        };
        // Its own list is its own affair; the one above it is everybody's.
        let mut above = if territory.directory.is_some() { inside.parent() } else { Some(inside) };
        while let Some(directory) = above {
            let list = LISTS.iter().find_map(|name| {
                let path = RepoPath::new([directory.as_bytes(), b"/", name].concat())?;
                ground.exists(&path).then_some(path)
            });
            if let Some(list) = list {
                *users.entry(list).or_default() += 1;
                break;
            }
            above = directory.parent();
        }
    }
    let lists = users.into_iter().filter(|(_, count)| *count > 1).map(|(path, _)| path);
    let owned = |path: &RepoPath| {
        groups.iter().any(|group| group.all().any(|file| ground.path(file) == path))
    };
    let mut paths: Vec<RepoPath> = lists.filter(|path| ground.is_free(path)).collect();
    for file in told.iter().filter(|_| groups.len() > 1) {
        let path = ground.path(*file);
        let history = &ground.analysis.history;
        let changed = history.paths().binary_search(path);
        let commits = changed.map_or(0, |at| history.commits_of(at).len());
        notes.push(format!(
            "{} is shared: every objective may add lines to it, as {commits} past commits did",
            quote(path.as_bytes())
        ));
        paths.push(path.clone());
    }
    paths.retain(|path| !owned(path));
    paths.into_iter().map(|path| Shared { paths: vec![literal(&path)] }).collect()
}
