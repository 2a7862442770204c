//! Laying the net changes of several objectives upon one tree. The scopes make meetings
//! impossible; this does not rely on it and proves it again on the paths themselves.

use std::collections::BTreeMap;

use super::Insertions;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::Rules;
use crate::domain::tree::{Change, Entry, Mode, Side};

/// What one objective changed from its start to its tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Whose change it is.
    pub objective: ObjectiveId,
    /// The change, sorted by path.
    pub changes: Vec<Change>,
}

/// What the merged tree gets at a path; none: nothing is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub path: RepoPath,
    /// What.
    pub new: Option<Side>,
}

/// A version of a file that is to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Their {
    /// Whose version it is.
    pub objective: ObjectiveId,
    /// What it was made from; none: nothing was there.
    pub base: Option<Side>,
    /// What it is.
    pub new: Side,
}

/// A file whose lines have to be merged, one version after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToMerge {
    /// Where.
    pub path: RepoPath,
    /// What the integration tree has; none: nothing.
    pub ours: Option<Side>,
    /// The versions, by the objectives' ids.
    pub theirs: Vec<Their>,
    /// Whether lines added at one place are kept.
    pub insertions: Insertions,
}

/// What has to be done for the merged tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Paths that are taken as they are, sorted.
    pub edits: Vec<Edit>,
    /// Files whose lines have to be merged, sorted.
    pub merges: Vec<ToMerge>,
    /// Changes of derived paths, which do not land.
    pub dropped: Vec<(ObjectiveId, RepoPath)>,
}

/// Why a path cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Several objectives changed it.
    Several,
    /// Their changes of its lines meet, from this line on.
    Lines(usize),
    /// It is no text, and several changed it.
    Binary,
    /// One deleted what another changed.
    DeletedAndChanged,
    /// It is a link or a submodule, or became one, and several changed it.
    Kind,
    /// It would be a file where this other path needs a directory.
    Directory(RepoPath),
}

/// A path that cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Which one.
    pub path: RepoPath,
    /// Who changed it; with one alone, the integration branch is the other side.
    pub objectives: Vec<ObjectiveId>,
    /// Why.
    pub reason: Reason,
}

impl Clash {
    /// The clash in a sentence.
    pub fn message(&self) -> String {
        let who: Vec<&str> = self.objectives.iter().map(ObjectiveId::as_str).collect();
        let who = match who.as_slice() {
            [one] => format!("{one} and the integration branch"),
            several => several.join(" and "),
        };
        let path = &self.path;
        match &self.reason {
            Reason::Several => format!("{who} both changed `{path}`"),
            Reason::Lines(line) => {
                format!("{who} changed the same lines of `{path}`, at line {line}")
            }
            Reason::Binary => format!("{who} changed `{path}`, which is no text"),
            Reason::DeletedAndChanged => {
                format!("of {who}, one deleted `{path}` and one changed it")
            }
            Reason::Kind => format!("{who} changed what `{path}` is"),
            Reason::Directory(other) => {
                format!("{who}: `{path}` would be a file where `{other}` needs a directory")
            }
        }
    }
}

/// Lays contributions upon a tree, whose entries are sorted by path. The order of the
/// contributions does not matter. All clashes are found, in the order of their paths.
pub fn overlay(
    contributions: &[Contribution],
    integration: &[Entry],
    rules: &Rules,
) -> Result<Overlay, Vec<Clash>> {
    let mut by_id: Vec<&Contribution> = contributions.iter().collect();
    by_id.sort_by(|a, b| a.objective.cmp(&b.objective));
    let mut by_path: BTreeMap<&RepoPath, Vec<(&ObjectiveId, &Change)>> = BTreeMap::new();
    let (mut out, mut clashes) = (Overlay::default(), Vec::new());
    for contribution in by_id {
        for change in &contribution.changes {
            if any(&rules.derived, &change.path) {
                out.dropped.push((contribution.objective.clone(), change.path.clone()));
            } else {
                by_path.entry(&change.path).or_default().push((&contribution.objective, change));
            }
        }
    }
    for (path, changes) in by_path {
        let ours = at(integration, path);
        match one_path(path, &changes, ours, any(&rules.shared, path)) {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Edit(new)) => out.edits.push(Edit { path: path.clone(), new }),
            Ok(Outcome::Merge(merge)) => out.merges.push(merge),
            Err(reason) => clashes.push(clash(path, &changes, reason)),
        }
    }
    clashes.extend(directories(&out, integration, contributions));
    if clashes.is_empty() {
        return Ok(out);
    }
    clashes.sort_by(|a, b| a.path.cmp(&b.path));
    Err(clashes)
}

enum Outcome {
    Same,
    Edit(Option<Side>),
    Merge(ToMerge),
}

fn one_path(
    path: &RepoPath,
    changes: &[(&ObjectiveId, &Change)],
    ours: Option<Side>,
    shared: bool,
) -> Result<Outcome, Reason> {
    let (_, first) = changes[0];
    let agreed = changes.iter().all(|(_, c)| c.new == first.new);
    if agreed && first.new == ours {
        return Ok(Outcome::Same);
    }
    if agreed && changes.iter().all(|(_, c)| c.old == ours) {
        return Ok(Outcome::Edit(first.new.clone()));
    }
    if !agreed && !shared {
        return Err(Reason::Several);
    }
    let gone = |side: &Option<Side>| side.is_none();
    let ours_deleted = ours.is_none() && changes.iter().any(|(_, c)| c.old.is_some());
    if ours_deleted || changes.iter().any(|(_, c)| gone(&c.new)) {
        return Err(Reason::DeletedAndChanged);
    }
    let is_file = |side: &Side| matches!(side.mode, Mode::File | Mode::Executable);
    let sides = changes.iter().flat_map(|(_, c)| [c.old.as_ref(), c.new.as_ref()]);
    if !sides.chain([ours.as_ref()]).flatten().all(is_file) {
        return Err(Reason::Kind);
    }
    let theirs = changes.iter().filter_map(|(id, c)| {
        Some(Their { objective: (*id).clone(), base: c.old.clone(), new: c.new.clone()? })
    });
    Ok(Outcome::Merge(ToMerge {
        path: path.clone(),
        ours,
        theirs: theirs.collect(),
        insertions: if shared { Insertions::Keep } else { Insertions::Conflict },
    }))
}

fn any(patterns: &[Pattern], path: &RepoPath) -> bool {
    patterns.iter().any(|p| p.matches(path))
}

fn at(entries: &[Entry], path: &RepoPath) -> Option<Side> {
    let index = entries.binary_search_by(|e| e.path.cmp(path)).ok()?;
    Some(Side { mode: entries[index].mode, id: entries[index].id.clone() })
}

/// Files where the merged tree needs directories. What a contribution puts somewhere is held
/// against what is there and stays, and against what others put there.
fn directories(
    overlay: &Overlay,
    integration: &[Entry],
    contributions: &[Contribution],
) -> Vec<Clash> {
    let edits = overlay.edits.iter().map(|e| (&e.path, e.new.is_some()));
    let touched: BTreeMap<&RepoPath, bool> =
        edits.chain(overlay.merges.iter().map(|m| (&m.path, true))).collect();
    // Whether the merged tree has a file there.
    let is_file = |path: &RepoPath| match touched.get(path) {
        Some(stays) => *stays,
        None => at(integration, path).is_some(),
    };
    let mut found: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
    for path in touched.iter().filter(|(_, stays)| **stays).map(|(path, _)| *path) {
        let mut above = path.parent();
        while let Some(directory) = above {
            if is_file(&directory) {
                found.insert(directory.clone(), path.clone());
            }
            above = directory.parent();
        }
        // Sorted bytewise, what is below `a` need not follow `a` directly: `a-b` lies between.
        let mut below = path.as_bytes().to_vec();
        below.push(b'/');
        let from = integration.partition_point(|e| e.path.as_bytes() < below.as_slice());
        let entries = integration[from..].iter().take_while(|e| e.path.is_below(path));
        if let Some(entry) = entries.into_iter().find(|e| is_file(&e.path)) {
            found.insert(path.clone(), entry.path.clone());
        }
    }
    let who = |paths: [&RepoPath; 2]| -> Vec<ObjectiveId> {
        let mut ids: Vec<ObjectiveId> = contributions
            .iter()
            .filter(|c| c.changes.iter().any(|change| paths.contains(&&change.path)))
            .map(|c| c.objective.clone())
            .collect();
        ids.sort();
        ids
    };
    let clashes = found.into_iter().map(|(path, other)| Clash {
        objectives: who([&path, &other]),
        reason: Reason::Directory(other),
        path,
    });
    clashes.collect()
}

fn clash(path: &RepoPath, changes: &[(&ObjectiveId, &Change)], reason: Reason) -> Clash {
    let objectives = changes.iter().map(|(id, _)| (*id).clone()).collect();
    Clash { path: path.clone(), objectives, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("valid")
    }

    /// `a=1` is a file with the contents 1, `a=1@` a link; `a=` is nothing.
    fn side(text: &str) -> Option<Side> {
        let (id, mode) = match text.strip_suffix('@') {
            Some(id) => (id, Mode::Symlink),
            None => (text, Mode::File),
        };
        (!id.is_empty()).then(|| Side { mode, id: id.to_owned() })
    }

    fn tree(texts: &[&str]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = texts
            .iter()
            .map(|t| {
                let (name, text) = t.split_once('=').expect("a name and a text");
                let side = side(text).expect("something");
                Entry { path: path(name), mode: side.mode, id: side.id }
            })
            .collect();
        entries.sort();
        entries
    }

    /// `a=1>2`: from 1 to 2.
    fn from(id: &str, texts: &[&str]) -> Contribution {
        let mut changes: Vec<Change> = texts
            .iter()
            .map(|t| {
                let (name, rest) = t.split_once('=').expect("a name and two texts");
                let (old, new) = rest.split_once('>').expect("two texts");
                Change { path: path(name), old: side(old), new: side(new) }
            })
            .collect();
        changes.sort();
        Contribution { objective: ObjectiveId::parse(id).expect("valid"), changes }
    }

    fn rules() -> Rules {
        let pattern = |t: &str| vec![Pattern::parse(t).expect("valid")];
        Rules { derived: pattern("*.lock"), shared: pattern("lib"), ..Rules::default() }
    }

    /// The result in a line: edits, merges with `~`, dropped ones with `!`, or the clashes.
    fn told(tree_texts: &[&str], contributions: &[Contribution]) -> String {
        let mut reversed = contributions.to_vec();
        reversed.reverse();
        let integration = tree(tree_texts);
        let found = overlay(contributions, &integration, &rules());
        assert_eq!(found, overlay(&reversed, &integration, &rules()), "the order does not matter");
        match found {
            Err(clashes) => clashes.iter().map(Clash::message).collect::<Vec<_>>().join("; "),
            Ok(overlay) => {
                let new = |e: &Edit| e.new.as_ref().map_or(String::new(), |s| s.id.clone());
                let edits = overlay.edits.iter().map(|e| format!("{}={}", e.path, new(e)));
                let merges = overlay.merges.iter().map(|m| {
                    let ids = m.theirs.iter().map(|t| t.objective.to_string());
                    format!("~{} {:?} {}", m.path, m.insertions, ids.collect::<Vec<_>>().join(","))
                });
                let dropped = overlay.dropped.iter().map(|(id, p)| format!("!{id} {p}"));
                edits.chain(merges).chain(dropped).collect::<Vec<_>>().join("; ")
            }
        }
    }

    #[test]
    fn paths_that_meet_nothing_are_taken() {
        let base = ["a=1", "b=1", "d/x=1"];
        let one = from("T1", &["a=1>2", "n/e=>3", "x.lock=>1"]);
        let two = from("T2", &["b=1>", "d/x=1>1@"]);
        assert_eq!(told(&base, &[one, two]), "a=2; b=; d/x=1; n/e=3; !T1 x.lock");
    }

    #[test]
    fn what_moved_meanwhile_is_merged_by_lines() {
        assert_eq!(told(&["a=5"], &[from("T1", &["a=1>2"])]), "~a Conflict T1");
        assert_eq!(told(&["a=2"], &[from("T1", &["a=1>2"])]), "");
        let gone = "of T1 and the integration branch, one deleted `a` and one changed it";
        assert_eq!(told(&["a=5"], &[from("T1", &["a=1>"])]), gone);
        assert_eq!(told(&[], &[from("T1", &["a=1>2"])]), gone);
        assert_eq!(told(&[], &[from("T1", &["a=1>"])]), "");
        let kind = "T1 and the integration branch changed what `a` is";
        assert_eq!(told(&["a=5@"], &[from("T1", &["a=1@>2@"])]), kind);
    }

    #[test]
    fn several_may_change_what_is_shared_and_nothing_else() {
        let both = [from("T10", &["lib=1>2"]), from("T2", &["lib=1>3"])];
        assert_eq!(told(&["lib=1"], &both), "~lib Keep T2,T10");
        let new = [from("T1", &["lib=>2"]), from("T2", &["lib=>3"])];
        assert_eq!(told(&[], &new), "~lib Keep T1,T2");
        let both = [from("T1", &["a=1>2"]), from("T2", &["a=1>3"])];
        assert_eq!(told(&["a=1"], &both), "T1 and T2 both changed `a`");
        let same = [from("T1", &["a=1>2"]), from("T2", &["a=1>2"])];
        assert_eq!(told(&["a=1"], &same), "a=2");
        let deleted = [from("T1", &["lib=1>2"]), from("T2", &["lib=1>"])];
        assert_eq!(
            told(&["lib=1"], &deleted),
            "of T1 and T2, one deleted `lib` and one changed it"
        );
    }

    #[test]
    fn a_file_never_takes_the_place_of_a_directory_that_stays() {
        let table: [(&[&str], &[Contribution], &str); 6] = [
            (
                &["a/b=1", "a-b=1"],
                &[from("T1", &["a=>2"])],
                "T1 and the integration branch: `a` would be a file where `a/b` needs a directory",
            ),
            (&["a/b=1"], &[from("T1", &["a=>2", "a/b=1>"])], "a=2; a/b="),
            (
                &[],
                &[from("T1", &["a=>2"]), from("T2", &["a/b/c=>1"])],
                "T1 and T2: `a` would be a file where `a/b/c` needs a directory",
            ),
            (
                &["a=1"],
                &[from("T1", &["a/b=>1"])],
                "T1 and the integration branch: `a` would be a file where `a/b` needs a directory",
            ),
            (&["a=1"], &[from("T1", &["a=1>", "a/b=>1"])], "a=; a/b=1"),
            (&["a/b=1"], &[from("T1", &["a=>2"]), from("T2", &["a/b=1>"])], "a=2; a/b="),
        ];
        for (tree, contributions, expected) in table {
            assert_eq!(told(tree, contributions), expected, "{tree:?}");
        }
    }
}
