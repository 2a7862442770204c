//! Trees and file contents, read from the object database.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};

use super::{Repository, Shared};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, quote};
use crate::domain::tree::{Entry, Mode};

pub(super) fn mode(mode: gix::objs::tree::EntryMode) -> Option<Mode> {
    use gix::objs::tree::EntryKind;
    Some(match mode.kind() {
        EntryKind::Tree => return None,
        EntryKind::Blob => Mode::File,
        EntryKind::BlobExecutable => Mode::Executable,
        EntryKind::Link => Mode::Symlink,
        EntryKind::Commit => Mode::Submodule,
    })
}

/// An object id as text. One of the other hash is refused: gix takes it for a mistake of its
/// caller and panics.
pub(super) fn object_id(repository: &gix::Repository, hex: &str) -> Result<gix::ObjectId> {
    let shown = || format!("`{}` is no object id of this repository", quote(hex.as_bytes()));
    let id = gix::ObjectId::from_hex(hex.as_bytes()).with_context(shown)?;
    if id.kind() == repository.object_hash() { Ok(id) } else { bail!(shown()) }
}

/// Why an object is not there. A partial clone fetches on demand, which gix does not do.
fn missing(repository: &gix::Repository, id: gix::ObjectId) -> anyhow::Error {
    let config = repository.config_snapshot();
    let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
    let mut remotes = sections.map(|section| section.value("promisor"));
    let partial = remotes.any(|v| v.is_some_and(|v| !v.eq_ignore_ascii_case(b"false")));
    if !partial {
        return anyhow::anyhow!("the repository lacks the object {id}");
    }
    let message = format!("this partial clone lacks the contents of a file (object {id})");
    let hint = "git fetch --refetch --no-filter";
    Failure::new(Kind::Repository, message).hint(hint).into()
}

/// A path as git has it in a tree. A tree that holds one that git would never check out is
/// refused by name.
pub(super) fn repo_path(bytes: &[u8]) -> Result<RepoPath> {
    match RepoPath::new(bytes) {
        Some(path) => Ok(path),
        None => bail!("a tree holds {}, which is no path for git", quote(bytes)),
    }
}

impl Repository {
    /// Every file of a commit's tree, submodules and symbolic links too, sorted by path.
    pub fn entries(&self, commit: &str) -> Result<Vec<Entry>> {
        let reading = || format!("cannot read the tree of {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        let tree = commit.tree().with_context(reading)?;
        let files = tree.traverse().breadthfirst.files().with_context(reading)?;
        let mut entries = Vec::with_capacity(files.len());
        for file in files {
            let Some(mode) = mode(file.mode) else { continue };
            entries.push(Entry {
                path: repo_path(&file.filepath)?,
                mode,
                id: file.oid.to_string(),
            });
        }
        entries.sort();
        Ok(entries)
    }

    /// How many files a checkout of a commit has, and how many bytes they take on a disk with
    /// blocks of this size. Filters and submodules are not counted, nor is what a partial clone
    /// lacks.
    pub fn checkout_size(&self, commit: &str, block: u64) -> Result<(u64, u64)> {
        let mut entries = self.entries(commit)?;
        entries.retain(|entry| entry.mode != Mode::Submodule);
        let mut known: HashMap<&str, u64> = HashMap::new();
        let mut bytes = 0_u64;
        for entry in &entries {
            let size = if let Some(size) = known.get(entry.id.as_str()) {
                *size
            } else {
                let id = object_id(&self.gix, &entry.id)?;
                let header = self.gix.try_find_header(id);
                let header = header.with_context(|| format!("cannot read {}", entry.path))?;
                let size = header.map_or(0, |header| header.size());
                known.insert(&entry.id, size);
                size
            };
            bytes = bytes.saturating_add(size.div_ceil(block).saturating_mul(block));
        }
        Ok((entries.len() as u64, bytes))
    }

    /// The contents of a file as a commit has it; `None` if it has no such file.
    pub fn file_at(&self, commit: &str, path: &RepoPath) -> Result<Option<Vec<u8>>> {
        let reading = || format!("cannot read {path} of {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        let mut at = commit.tree().with_context(reading)?;
        let mut names = path.components().peekable();
        while let Some(name) = names.next() {
            let entry = at.iter().find_map(|e| e.ok().filter(|e| e.filename() == name));
            let Some(entry) = entry else { return Ok(None) };
            let (mode, id) = (entry.mode(), entry.object_id());
            match names.peek() {
                None if mode.is_blob() => {
                    let mut blob = self.gix.find_object(id).with_context(reading)?;
                    return Ok(Some(std::mem::take(&mut blob.data)));
                }
                Some(_) if mode.is_tree() => {
                    at = self.gix.find_tree(id).with_context(reading)?;
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Shared {
    /// A reader for one thread, which keeps its caches between reads.
    pub fn reader(&self) -> Reader {
        let mut repository = self.open().gix;
        repository.object_cache_size_if_unset(4 * 1024 * 1024);
        Reader(repository)
    }
}

/// Reads file contents on one thread.
pub struct Reader(gix::Repository);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader {
    /// The contents of a blob; `None` if it has more than `limit` bytes, which is found out
    /// before it is unpacked.
    pub fn blob(&self, id: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let reading = || format!("cannot read the file with object id {id}");
        let id = object_id(&self.0, id)?;
        let Some(header) = self.0.try_find_header(id).with_context(reading)? else {
            return Err(missing(&self.0, id));
        };
        if header.size() > limit {
            return Ok(None);
        }
        let mut object = self.0.find_object(id).with_context(reading)?;
        Ok(Some(std::mem::take(&mut object.data)))
    }
}
