//! Files where other paths need a directory: disjoint scopes do not exclude them, and git
//! cannot hold them (DESIGN §4.2).

use std::collections::BTreeMap;

use super::{Clash, ClashReason, Label};
use crate::domain::path::RepoPath;
use crate::domain::tree::Entry;

/// A path that the wave decides about, and who changed it.
pub(super) struct Placed {
    pub(super) path: RepoPath,
    /// Whether the result has a file there.
    pub(super) present: bool,
    pub(super) by: Vec<Label>,
}

/// The result as it is known: what was decided, over the integration tree. Both sorted by path.
pub(super) struct Places<'a> {
    pub(super) placed: &'a [Placed],
    pub(super) integration: &'a [Entry],
}

/// The entry of a tree at a path.
pub(super) fn entry_at<'a>(tree: &'a [Entry], path: &[u8]) -> Option<&'a Entry> {
    let at = tree.binary_search_by(|entry| entry.path.as_bytes().cmp(path)).ok()?;
    Some(&tree[at])
}

impl<'a> Places<'a> {
    /// Every file of the result that stands where another path needs a directory; one clash for
    /// each file and each set of sides below it.
    ///
    /// Both trees are possible ones, so a pair that meets has a path that is new: only these
    /// look up (for a file) and down (into the integration tree). A path that was refused on the
    /// way up need not look down, so no entry is visited twice.
    pub(super) fn clashes(&self) -> Vec<Clash> {
        let mut met: BTreeMap<(RepoPath, Vec<Label>, Vec<Label>), RepoPath> = BTreeMap::new();
        let is_new = |p: &&Placed| entry_at(self.integration, p.path.as_bytes()).is_none();
        for new in self.placed.iter().filter(|p| p.present).filter(is_new) {
            if let Some((file, by)) = self.file_above(&new.path) {
                met.entry((file, by, new.by.clone())).or_insert_with(|| new.path.clone());
            } else if let Some(below) = self.first_below(&new.path) {
                let by = self.placed_at(below.path.as_bytes()).map(|p| p.by.clone());
                let by = by.unwrap_or_else(|| vec![Label::Integration]);
                met.entry((new.path.clone(), new.by.clone(), by))
                    .or_insert_with(|| below.path.clone());
            }
        }
        met.into_iter()
            .map(|((file, file_of, below_of), below)| {
                let sides = [file_of.as_slice(), &below_of].concat();
                Clash::new(&file, sides, ClashReason::FileAndDirectory { file_of, below, below_of })
            })
            .collect()
    }

    fn placed_at(&self, path: &[u8]) -> Option<&'a Placed> {
        let at = self.placed.binary_search_by(|p| p.path.as_bytes().cmp(path)).ok()?;
        Some(&self.placed[at])
    }

    /// The outermost directory of `path` that is a file in the result, and whose it is.
    fn file_above(&self, path: &RepoPath) -> Option<(RepoPath, Vec<Label>)> {
        let bytes = path.as_bytes();
        let slashes = (0..bytes.len()).filter(|at| bytes[*at] == b'/');
        slashes.map(|at| &bytes[..at]).find_map(|above| {
            let by = match self.placed_at(above) {
                Some(placed) => placed.present.then(|| placed.by.clone()),
                None => entry_at(self.integration, above).map(|_| vec![Label::Integration]),
            }?;
            let above = RepoPath::new(above).expect("the directory of a path is a path");
            Some((above, by))
        })
    }

    /// The first entry of the integration tree below `path` that stays.
    fn first_below(&self, path: &RepoPath) -> Option<&'a Entry> {
        let mut lead = path.as_bytes().to_vec();
        lead.push(b'/');
        let from = self.integration.partition_point(|e| e.path.as_bytes() < lead.as_slice());
        self.integration[from..]
            .iter()
            .take_while(|entry| entry.path.as_bytes().starts_with(&lead))
            .find(|entry| self.placed_at(entry.path.as_bytes()).is_none_or(|p| p.present))
    }
}
