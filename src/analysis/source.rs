//! Where an analysis reads from. A trait, so that the analysis knows nothing of git and its
//! tests need no repository.

use crate::domain::history::History;
use crate::domain::tree::Entry;

/// The most that is looked at of one file, in bytes; what lies behind is not read.
pub const FILE_LIMIT: usize = 1 << 20;

/// The tracked files of one commit.
pub trait Source: Sync {
    /// Every file, sorted by path, each path once.
    fn files(&self) -> &[Entry];

    /// The content of a file, cut at [`FILE_LIMIT`]. Never asked for a submodule.
    ///
    /// # Errors
    ///
    /// When the object cannot be read (a partial clone that is offline, a damaged repository).
    fn read(&self, file: &Entry) -> anyhow::Result<Vec<u8>>;

    /// What [`Source::remember`] kept the last time; nothing where nothing is kept.
    fn recall(&self) -> Option<Vec<u8>> {
        None
    }

    /// Keeps what was read for the next time. It only saves time: where that is not possible,
    /// nothing happens.
    fn remember(&self, _index: &[u8]) {}

    /// The history that led to these files; an empty one where there is none to read. `told`
    /// hears how many commits were read, of how many.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn history(&self, told: &dyn Fn(usize, usize)) -> anyhow::Result<History> {
        told(0, 0);
        Ok(History::default())
    }
}

#[cfg(test)]
pub(crate) mod memory {
    //! A codebase in memory.

    use std::collections::BTreeMap;

    use super::Source;
    use crate::domain::path::RepoPath;
    use crate::domain::tree::{Entry, Mode};

    /// Files with their contents.
    pub(crate) struct Memory {
        entries: Vec<Entry>,
        contents: BTreeMap<RepoPath, Vec<u8>>,
    }

    impl Memory {
        pub(crate) fn new<P: AsRef<[u8]>, C: AsRef<[u8]>>(files: &[(P, C)]) -> Self {
            let contents: BTreeMap<RepoPath, Vec<u8>> = files
                .iter()
                .map(|(path, content)| {
                    let path = RepoPath::new(path.as_ref().to_vec()).expect("a valid path");
                    (path, content.as_ref().to_vec())
                })
                .collect();
            let entries = contents
                .keys()
                .map(|path| Entry { path: path.clone(), mode: Mode::File, id: String::new() })
                .collect();
            Self { entries, contents }
        }
    }

    impl Source for Memory {
        fn files(&self) -> &[Entry] {
            &self.entries
        }

        fn read(&self, file: &Entry) -> anyhow::Result<Vec<u8>> {
            Ok(self.contents.get(&file.path).cloned().unwrap_or_default())
        }
    }
}
