//! Which of many paths a commit has. A directory is read when the first path asks for it, so that
//! one path costs its own directories, and every path of a tree each of them once.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use super::Repository;
use crate::domain::path::RepoPath;

/// What a commit has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A file, a symbolic link or a submodule.
    Leaf,
    /// A directory with something in it.
    Directory,
}

/// The tree of a commit.
pub struct Tracked<'r> {
    repository: &'r gix::Repository,
    commit: String,
    root: gix::ObjectId,
    directories: Vec<Directory>,
    /// The directories that were read, by path.
    read: HashMap<Vec<u8>, usize>,
    /// The directory of the path before: the next is often beside it.
    last: Option<(Vec<u8>, Option<usize>)>,
}

/// The entries of one tree, by name.
type Directory = Vec<(Vec<u8>, Kept, gix::ObjectId)>;

impl std::fmt::Debug for Tracked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracked").field("commit", &self.commit).finish_non_exhaustive()
    }
}

impl Repository {
    /// The tree of a commit, to look paths up in.
    pub fn tracked(&self, commit: &str) -> Result<Tracked<'_>> {
        let reading = || format!("cannot read the tree of {commit}");
        let object = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        Ok(Tracked {
            repository: &self.gix,
            commit: commit.to_owned(),
            root: object.tree_id().with_context(reading)?.detach(),
            directories: Vec::new(),
            read: HashMap::new(),
            last: None,
        })
    }
}

impl Tracked<'_> {
    /// What the commit has at `path`, if anything.
    pub fn at(&mut self, path: &RepoPath) -> Result<Option<Kept>> {
        let bytes = path.as_bytes();
        let cut = bytes.iter().rposition(|b| *b == b'/');
        let (parent, name) = cut.map_or((&bytes[..0], bytes), |i| (&bytes[..i], &bytes[i + 1..]));
        let directory = match &self.last {
            Some((last, directory)) if last == parent => *directory,
            _ => {
                let directory = self.directory(parent)?;
                self.last = Some((parent.to_vec(), directory));
                directory
            }
        };
        Ok(directory.and_then(|at| self.entry(at, name)).map(|(kept, _)| kept))
    }

    /// The position of a directory (empty: the root), which is read if it was not before. The
    /// parts of a path can be many: no recursion.
    fn directory(&mut self, path: &[u8]) -> Result<Option<usize>> {
        let mut at = self.step(self.root, b"")?;
        if path.is_empty() {
            return Ok(Some(at));
        }
        let slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(i, _)| i);
        let mut from = 0;
        for end in slashes.chain([path.len()]) {
            match self.entry(at, &path[from..end]) {
                Some((Kept::Directory, id)) => at = self.step(id, &path[..end])?,
                Some((Kept::Leaf, _)) | None => return Ok(None),
            }
            from = end + 1;
        }
        Ok(Some(at))
    }

    /// The directory at `path`, which has this id.
    fn step(&mut self, id: gix::ObjectId, path: &[u8]) -> Result<usize> {
        if let Some(known) = self.read.get(path) {
            return Ok(*known);
        }
        self.directories.push(self.load(id)?);
        let at = self.directories.len() - 1;
        self.read.insert(path.to_vec(), at);
        Ok(at)
    }

    fn entry(&self, directory: usize, name: &[u8]) -> Option<(Kept, gix::ObjectId)> {
        let entries = &self.directories[directory];
        let at = entries.binary_search_by(|(own, ..)| own.as_slice().cmp(name)).ok()?;
        Some((entries[at].1, entries[at].2))
    }

    fn load(&self, id: gix::ObjectId) -> Result<Directory> {
        let reading = || format!("cannot read the tree of {}", self.commit);
        let tree = self.repository.find_tree(id).with_context(reading)?;
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry = entry.with_context(reading)?;
            let kept = if entry.mode().is_tree() { Kept::Directory } else { Kept::Leaf };
            entries.push((entry.filename().to_vec(), kept, entry.object_id()));
        }
        // A tree orders its directories as if their names ended in `/`.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }
}
