//! What git says about files, as owned values: decisions are made on these, never on an open
//! repository.

use super::path::RepoPath;

/// What a tree entry is. Values follow git's modes (`git help fast-import`, "filemodify").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `100644`
    File,
    /// `100755`
    Executable,
    /// `120000`
    Symlink,
    /// `160000`, a submodule's pointer.
    Submodule,
}

impl Mode {
    /// The mode as git prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }
}

/// A file of a tree: never a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it is.
    pub path: RepoPath,
    /// What it is.
    pub mode: Mode,
    /// Its object id in hexadecimal.
    pub id: String,
}

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// What it is.
    pub mode: Mode,
    /// Its object id in hexadecimal.
    pub id: String,
}

/// A path that differs between two trees. A rename is two of these, so that both ends are
/// held against the scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Which path.
    pub path: RepoPath,
    /// What was there; none: added.
    pub old: Option<Side>,
    /// What is there now; none: deleted.
    pub new: Option<Side>,
}

impl Change {
    /// What happened to the path, in one word.
    pub fn verb(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "add",
            (_, None) => "delete",
            (Some(old), Some(new)) if old.id == new.id => "change the mode of",
            (Some(_), Some(_)) => "change",
        }
    }
}
