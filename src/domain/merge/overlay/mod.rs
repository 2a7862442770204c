//! The net changes of several objectives laid over the integration tree. Paths that only one
//! side changed are taken by their object ids; no content is read for them.

use super::entry::{Merged, merge};
use super::places::{Placed, Places, entry_at};
use super::{Clash, ClashReason, Insertions, Label};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::Rules;
use crate::domain::tree::{Change, Entry, Mode, Side};

/// What an objective brings: the difference between the tree it started from and its tip.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// Whose changes they are.
    pub objective: ObjectiveId,
    /// The changes; each path once.
    pub changes: Vec<Change>,
}

/// What the merged tree gets at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Which path.
    pub path: RepoPath,
    /// What is there then; none: nothing.
    pub new: Option<Side>,
}

/// A file whose contents have to be merged by lines, with [`super::merge_lines`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToMerge {
    /// Which path.
    pub path: RepoPath,
    /// What the objectives started from; none: they added it, merge from an empty file.
    pub base: Option<Side>,
    /// What the integration branch holds. It is the first side, if it is not the base.
    pub ours: Option<Side>,
    /// What the objectives made of it, by id: the sides after the first.
    pub theirs: Vec<(ObjectiveId, Option<Side>)>,
    /// What each of `theirs` started from, where that is not the same for all: then they are
    /// merged one after the other, each from its own start. Empty: all started from `base`.
    pub starts: Vec<Option<Side>>,
    /// [`Insertions::Keep`] where the path is shared.
    pub insertions: Insertions,
    /// The mode that the merged file gets.
    pub mode: Mode,
}

/// A wave as changes to the integration tree. Everything is sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// What is known without reading a file.
    pub edits: Vec<Edit>,
    /// What has to be merged by lines.
    pub merges: Vec<ToMerge>,
    /// Changes of derived paths, which never land: a command makes these files anew.
    pub dropped: Vec<(ObjectiveId, RepoPath)>,
}

/// A change on its way into the tree.
struct Landing<'a> {
    objective: &'a ObjectiveId,
    change: &'a Change,
}

enum Decision {
    /// The integration tree has it already.
    Nothing,
    Edit(Option<Side>),
    Merge(ToMerge),
}

/// Lays the changes over `integration` (the whole tree, sorted by path), or returns every path
/// that cannot be merged, sorted. The order of the contributions has no influence.
///
/// Whether a path is in its objective's scope is not asked here (that is
/// [`crate::domain::guard::guard`]); that no two objectives changed the same path unless it is
/// shared is proved again (DESIGN §8, "Merge").
pub fn overlay(
    contributions: &[Contribution],
    integration: &[Entry],
    rules: &Rules,
) -> Result<Overlay, Vec<Clash>> {
    debug_assert!(integration.is_sorted_by(|a, b| a.path < b.path), "sorted by path");
    let mut out = Overlay::default();
    let mut clashes = Vec::new();
    let mut placed = Vec::new();
    let landing = landing(contributions, rules, &mut out.dropped);
    for group in landing.chunk_by(|a, b| a.change.path == b.change.path) {
        let path = &group[0].change.path;
        let current = entry_at(integration, path.as_bytes())
            .map(|entry| Side { mode: entry.mode, id: entry.id.clone() });
        let decided = decide(group, current.as_ref(), matches(&rules.shared, path));
        let present = match &decided {
            Ok(Decision::Nothing) => current.is_some(),
            Ok(Decision::Edit(new)) => new.is_some(),
            Ok(Decision::Merge(_)) => true,
            // Refused once: what it would meet besides is not known, and is not said.
            Err(_) => false,
        };
        placed.push(Placed { path: path.clone(), present, by: labels(group) });
        match decided {
            Ok(Decision::Nothing) => {}
            Ok(Decision::Edit(new)) => out.edits.push(Edit { path: path.clone(), new }),
            Ok(Decision::Merge(merge)) => out.merges.push(merge),
            Err((sides, reason)) => clashes.push(Clash::new(path, sides, reason)),
        }
    }
    clashes.extend(Places { placed: &placed, integration }.clashes());
    if clashes.is_empty() {
        return Ok(out);
    }
    clashes.sort();
    Err(clashes)
}

/// What may land, by path and then by objective; what is derived goes to `dropped`.
fn landing<'a>(
    contributions: &'a [Contribution],
    rules: &Rules,
    dropped: &mut Vec<(ObjectiveId, RepoPath)>,
) -> Vec<Landing<'a>> {
    let mut landing = Vec::new();
    for Contribution { objective, changes } in contributions {
        for change in changes {
            if matches(&rules.derived, &change.path) {
                dropped.push((objective.clone(), change.path.clone()));
            } else {
                landing.push(Landing { objective, change });
            }
        }
    }
    dropped.sort_by(|(a_id, a), (b_id, b)| (a, a_id).cmp(&(b, b_id)));
    landing.sort_by(|a, b| (&a.change.path, a.objective).cmp(&(&b.change.path, b.objective)));
    landing
}

fn matches(patterns: &[Pattern], path: &RepoPath) -> bool {
    patterns.iter().any(|pattern| pattern.matches(path))
}

fn labels(group: &[Landing<'_>]) -> Vec<Label> {
    group.iter().map(|landing| Label::Objective(landing.objective.clone())).collect()
}

/// What becomes of a path that the objectives of `group` changed and that is `current` on the
/// integration branch; or the sides that meet there, and why.
fn decide(
    group: &[Landing<'_>],
    current: Option<&Side>,
    shared: bool,
) -> Result<Decision, (Vec<Label>, ClashReason)> {
    let same = |group: &[&Landing<'_>]| {
        group.windows(2).all(|pair| pair[0].change.new == pair[1].change.new)
    };
    let all: Vec<&Landing<'_>> = group.iter().collect();
    if !shared && !same(&all) {
        return Err((labels(group), ClashReason::ChangedByTwo));
    }
    let pending: Vec<&Landing<'_>> =
        all.into_iter().filter(|landing| landing.change.new.as_ref() != current).collect();
    let Some(first) = pending.first() else {
        return Ok(Decision::Nothing);
    };
    let base = first.change.old.as_ref();
    if same(&pending) && pending.iter().any(|landing| landing.change.old.as_ref() == current) {
        return Ok(Decision::Edit(first.change.new.clone()));
    }
    if pending.iter().any(|landing| landing.change.old.as_ref() != base) {
        return staggered(group, &pending, current, shared);
    }
    let mut sides = vec![(Label::Integration, current)];
    sides.extend(
        pending.iter().map(|landing| {
            (Label::Objective(landing.objective.clone()), landing.change.new.as_ref())
        }),
    );
    Ok(match merge(base, &sides)? {
        Merged::Whole(new) if new.as_ref() == current => Decision::Nothing,
        Merged::Whole(new) => Decision::Edit(new),
        Merged::Lines(mode) => Decision::Merge(ToMerge {
            path: first.change.path.clone(),
            base: base.cloned(),
            ours: current.cloned(),
            theirs: pending
                .iter()
                .map(|landing| (landing.objective.clone(), landing.change.new.clone()))
                .collect(),
            starts: Vec::new(),
            insertions: if shared { Insertions::Keep } else { Insertions::Conflict },
            mode,
        }),
    })
}

/// Sides that started from different versions of a file. An n-way merge has one base; from two
/// of them, a line that both sides have because one started later would count as inserted twice.
/// So each is merged from its own start with what came before it, mode and content alike.
fn staggered(
    group: &[Landing<'_>],
    pending: &[&Landing<'_>],
    current: Option<&Side>,
    shared: bool,
) -> Result<Decision, (Vec<Label>, ClashReason)> {
    let mut so_far = current.cloned();
    let mut by_lines = false;
    for landing in pending {
        let own = Label::Objective(landing.objective.clone());
        let sides = [(Label::Integration, so_far.as_ref()), (own, landing.change.new.as_ref())];
        let merged = merge(landing.change.old.as_ref(), &sides).map_err(|met| {
            // With the integration branch itself, or with what another objective made of it.
            let alone = so_far.as_ref() == current;
            if alone { met } else { (labels(group), ClashReason::DifferentStarts) }
        })?;
        match merged {
            // No content has the empty id, so what comes later differs from it, as it does from
            // lines that are not merged yet.
            Merged::Lines(mode) => {
                by_lines = true;
                so_far = Some(Side { mode, id: String::new() });
            }
            Merged::Whole(Some(side)) if matches!(side.mode, Mode::File | Mode::Executable) => {
                so_far = Some(side);
            }
            Merged::Whole(_) => return Err((labels(group), ClashReason::DifferentStarts)),
        }
    }
    let Some(Side { mode, .. }) = so_far else {
        return Err((labels(group), ClashReason::DifferentStarts));
    };
    if !by_lines {
        return Ok(if so_far.as_ref() == current {
            Decision::Nothing
        } else {
            Decision::Edit(so_far)
        });
    }
    Ok(Decision::Merge(ToMerge {
        path: pending[0].change.path.clone(),
        base: pending[0].change.old.clone(),
        ours: current.cloned(),
        theirs: pending
            .iter()
            .map(|landing| (landing.objective.clone(), landing.change.new.clone()))
            .collect(),
        starts: pending.iter().map(|landing| landing.change.old.clone()).collect(),
        insertions: if shared { Insertions::Keep } else { Insertions::Conflict },
        mode,
    }))
}

#[cfg(test)]
mod tests;
