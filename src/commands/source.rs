//! The tracked files of a commit as the analysis reads them.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::analysis::source::{FILE_LIMIT, Source};
use crate::domain::tree::Entry;
use crate::git::{Objects, Reader, Repository};

/// Files beyond this many bytes are not even unpacked: they are data, not text.
const UNPACKED_LIMIT: u64 = 8 * 1024 * 1024;

/// The files of one commit.
#[derive(Debug)]
pub struct CommitFiles {
    entries: Vec<Entry>,
    objects: Objects,
    /// Readers that no thread holds at the moment; each keeps its caches.
    idle: Mutex<Vec<Reader>>,
}

impl CommitFiles {
    /// The files of the tree of `commit`.
    pub fn new(repository: &Repository, commit: &str) -> Result<Self> {
        Ok(Self {
            entries: repository.entries(commit)?,
            objects: repository.objects(),
            idle: Mutex::default(),
        })
    }
}

impl Source for CommitFiles {
    fn files(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, file: &Entry) -> Result<Vec<u8>> {
        // A reader that a panicking thread left behind is as good as any.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = idle().pop().unwrap_or_else(|| self.objects.reader());
        let bytes = reader.blob(&file.id, UNPACKED_LIMIT);
        idle().push(reader);
        let mut bytes = bytes?.unwrap_or_default();
        bytes.truncate(FILE_LIMIT);
        Ok(bytes)
    }
}
