//! Turns parts into patterns: single files where existing ones are changed, a directory where
//! new ones are likely and nobody else has anything there. What comes out is disjoint as
//! languages, not only on the files of today.

use std::collections::BTreeSet;

use super::Ground;
use super::groups::{Group, Part, home};
use crate::analysis::language::{Language, Role};
use crate::domain::path::RepoPath;
use crate::domain::plan::TaskType;
use crate::domain::tree::Mode;
use crate::planner::scopes::{directory, literal};

/// How many exceptions a directory may need before its files are named one by one.
const EXCEPTIONS: usize = 5;
/// A directory is a part's own if it has at most this many sources, or this many times what
/// was chosen.
const BREADTH: (usize, usize) = (4, 2);
/// Files of one directory that mean the directory, and the share of it that they must be, as
/// a fraction.
const MOSTLY: (usize, usize, usize) = (3, 3, 5);

/// The scope of a part.
#[derive(Clone, Debug, Default)]
pub(super) struct Territory {
    pub(super) touch: Vec<String>,
    pub(super) forbid: Vec<String>,
    pub(super) creates: bool,
    /// The directory that it has as a whole.
    pub(super) directory: Option<RepoPath>,
}

/// Gives every part its scope.
pub(super) fn settle(ground: &Ground<'_>, groups: &[Group]) -> Vec<Territory> {
    let mut directories: Vec<Option<RepoPath>> = Vec::new();
    for group in groups {
        let wanted = wanted(ground, groups, group);
        // The first to want a directory has it; the other names its files.
        let taken = wanted.as_ref().is_some_and(|w| directories.iter().flatten().any(|d| d == w));
        directories.push(wanted.filter(|_| !taken));
    }
    let mut out = Vec::new();
    let mut claimed: BTreeSet<String> = BTreeSet::new();
    for (index, group) in groups.iter().enumerate() {
        let own = directories[index].clone();
        let forbid = own.as_ref().map_or_else(Vec::new, |directory| {
            exceptions(ground, groups, &directories, index, directory)
        });
        let own = own.filter(|_| forbid.len() <= EXCEPTIONS || group.part == Part::Module);
        directories[index].clone_from(&own);
        let others: Vec<&RepoPath> = directories
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .filter_map(|(_, directory)| directory.as_ref())
            .collect();
        out.push(territory(ground, group, own.map(|own| (own, forbid)), &others, &mut claimed));
    }
    out
}

/// The directory that a part should have as a whole, if any.
fn wanted(ground: &Ground<'_>, groups: &[Group], group: &Group) -> Option<RepoPath> {
    let home = match group.part {
        Part::Module => return RepoPath::new(group.place.trim_end_matches('/').as_bytes()),
        Part::New | Part::Docs => return None,
        Part::Code => home(ground, &group.files)?,
    };
    // What spans modules has no directory of its own: the one above them holds everything.
    let module = ground.module(group.files[0]);
    if group.files.iter().any(|file| ground.module(*file) != module) {
        return None;
    }
    let sources = ground
        .below(Some(&home))
        .filter(|file| ground.analysis.facts[*file].role == Role::Source)
        .count();
    let chosen = group.files.len();
    let mostly = chosen >= MOSTLY.0 && chosen * MOSTLY.2 >= sources * MOSTLY.1;
    let narrow = sources <= BREADTH.0.max(BREADTH.1 * chosen);
    // Where something new has a place of its own, that is where new files go.
    let placed = groups.iter().any(|group| group.part == Part::New);
    let grows =
        !placed && matches!(ground.analysis.task_type, TaskType::Feature | TaskType::Refactor);
    // The face of a package lies at its top: what holds an entry point holds everything.
    let top = module == home.to_lossy()
        || ground.analysis.inventory.entry_points.iter().any(|entry| {
            ground.path(*entry).parent().as_ref() == Some(&home) && !group.files.contains(entry)
        });
    (mostly || (grows && narrow && !top)).then_some(home)
}

/// What a directory's owner may not change in it, as patterns.
fn exceptions(
    ground: &Ground<'_>,
    groups: &[Group],
    directories: &[Option<RepoPath>],
    owner: usize,
    own: &RepoPath,
) -> Vec<String> {
    let mut forbid = BTreeSet::new();
    for (index, group) in groups.iter().enumerate().filter(|(index, _)| *index != owner) {
        let inner = directories[index].as_ref().filter(|d| d.is_below(own));
        forbid.extend(inner.map(directory));
        for file in group.all().map(|file| ground.path(file)) {
            let covered = inner.is_some_and(|d| file.is_below(d));
            if file.is_below(own) && !covered {
                forbid.insert(literal(file));
            }
        }
    }
    // A module that is rewritten is rewritten with what was generated in it.
    let kept = groups[owner].part != Part::Module;
    for file in ground.below(Some(own)).filter(|_| kept) {
        let entry = &ground.analysis.files[file];
        let foreign =
            ground.analysis.facts[file].role == Role::Generated || entry.mode == Mode::Submodule;
        if foreign && ground.is_free(&entry.path) {
            forbid.insert(literal(&entry.path));
            if forbid.len() > EXCEPTIONS {
                break;
            }
        }
    }
    forbid.into_iter().collect()
}

fn territory(
    ground: &Ground<'_>,
    group: &Group,
    owned: Option<(RepoPath, Vec<String>)>,
    others: &[&RepoPath],
    claimed: &mut BTreeSet<String>,
) -> Territory {
    let (own, forbid) = owned.map_or((None, Vec::new()), |(d, forbid)| (Some(d), forbid));
    let outside = |file: &usize| own.as_ref().is_none_or(|d| !ground.path(*file).is_below(d));
    let mut touch: BTreeSet<String> =
        group.all().filter(outside).map(|file| literal(ground.path(file))).collect();
    touch.extend(own.as_ref().map(directory));
    let mut creates = own.is_some() && ground.analysis.task_type == TaskType::Feature;
    let mut fresh: Vec<String> = group.new.clone();
    if group.part == Part::Code {
        let paths = new_paths(ground, group, own.as_ref());
        let free = |path: &&RepoPath| !others.iter().any(|directory| path.is_below(directory));
        fresh.extend(paths.iter().filter(free).map(literal));
    }
    for pattern in fresh {
        if claimed.insert(pattern.clone()) {
            touch.insert(pattern);
            creates = true;
        }
    }
    Territory { touch: touch.into_iter().collect(), forbid, creates, directory: own }
}

/// Files that the work will probably add: a test where the part has none, and a file for what
/// a feature brings where no directory is the part's own.
fn new_paths(ground: &Ground<'_>, group: &Group, own: Option<&RepoPath>) -> Vec<RepoPath> {
    let mut paths: Vec<RepoPath> = Vec::new();
    let task = ground.analysis.task_type;
    let Some(best) = group.files.first() else { return paths };
    if group.tests.is_empty() && task != TaskType::Refactor {
        paths.extend(new_test(ground, *best));
    }
    if task == TaskType::Feature && own.is_none() && group.rank == 0 {
        paths.extend(new_source(ground, *best));
    }
    paths.retain(|path| {
        ground.is_free(path)
            && !ground.exists(path)
            && own.is_none_or(|directory| !path.is_below(directory))
    });
    paths
}

fn new_source(ground: &Ground<'_>, beside: usize) -> Option<RepoPath> {
    let language = ground.analysis.facts[beside].language?;
    let text = ground.text(beside);
    let (directory, name) = text.rsplit_once('/').map_or(("", text.as_str()), |(d, n)| (d, n));
    let (_, extension) = name.rsplit_once('.')?;
    let topic = super::newcomer::in_style(language, &super::newcomer::topic(ground, true)?);
    let separator = if directory.is_empty() { "" } else { "/" };
    RepoPath::new(format!("{directory}{separator}{topic}.{extension}"))
}

/// Where a test of a file would be by the conventions of its language, if they are certain.
fn new_test(ground: &Ground<'_>, file: usize) -> Option<RepoPath> {
    let facts = &ground.analysis.facts[file];
    let text = ground.text(file);
    let (directory, name) = text.rsplit_once('/').map_or(("", text.as_str()), |(d, n)| (d, n));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    if facts.role != Role::Source {
        return None;
    }
    match facts.language? {
        Language::Go => RepoPath::new(text.strip_suffix(".go").map(|s| format!("{s}_test.go"))?),
        Language::Python => {
            let is_test = |i: &&usize| ground.path(**i).file_name().starts_with(b"test_");
            let beside = ground.analysis.inventory.tests.iter().find(is_test)?;
            let tests = ground.path(*beside).parent()?;
            RepoPath::new(format!("{}/test_{}.py", tests.to_lossy(), stem.trim_matches('_')))
        }
        Language::Ruby if directory.starts_with("lib") => {
            RepoPath::new(format!("spec{}/{stem}_spec.rb", directory.strip_prefix("lib")?))
        }
        _ => None,
    }
}
