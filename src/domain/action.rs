//! What a command will change, decided before anything changes. A dry run prints these, a real
//! run hands them to `apply`, and each is one step that a test can make fail.

use super::path::RepoPath;

/// One change to the working tree, the refs or the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Saves files as they are now in a commit under `refs/ap/backup/<name>`.
    Backup {
        /// The last components of the ref.
        name: String,
        /// Which files, relative to the worktree's root.
        paths: Vec<RepoPath>,
    },
    /// Writes a file whole or not at all, making its directories.
    WriteFile {
        /// Where, relative to the worktree's root.
        path: RepoPath,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Removes a file; it is no error if there is none.
    RemoveFile {
        /// Which one, relative to the worktree's root.
        path: RepoPath,
    },
    /// Removes a directory if it is empty.
    RemoveEmptyDirectory {
        /// Which one, relative to the worktree's root.
        path: RepoPath,
    },
    /// Commits the named files and nothing else on the current branch.
    CommitFiles {
        /// Which files, relative to the worktree's root.
        paths: Vec<RepoPath>,
        /// The whole commit message.
        message: String,
    },
}

impl Action {
    /// The name of the step, for tests that make it fail.
    pub fn step(&self) -> &'static str {
        match self {
            Self::Backup { .. } => "backup",
            Self::WriteFile { .. } => "write-file",
            Self::RemoveFile { .. } => "remove-file",
            Self::RemoveEmptyDirectory { .. } => "remove-directory",
            Self::CommitFiles { .. } => "commit-files",
        }
    }

    /// The action in plain words, for a dry run.
    pub fn describe(&self) -> String {
        match self {
            Self::Backup { name, paths } => {
                format!("save {} files under refs/ap/backup/{name}", paths.len())
            }
            Self::WriteFile { path, bytes } => format!("write {path} ({} bytes)", bytes.len()),
            Self::RemoveFile { path } => format!("remove {path}"),
            Self::RemoveEmptyDirectory { path } => format!("remove {path}/ if it is empty"),
            Self::CommitFiles { paths, message } => {
                let subject = message.lines().next().unwrap_or_default();
                format!("commit {} files: {subject}", paths.len())
            }
        }
    }
}
