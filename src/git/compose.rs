//! Making objects: trees that differ from another in a few paths, and commits on them. Nothing
//! points to them until a reference is updated, so that a crash here leaves nothing behind.

use anyhow::{Context as _, Result};

use super::{Repository, commit};
use crate::domain::path::RepoPath;
use crate::domain::tree::Side;

/// Who makes a commit and whether it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// As git's own configuration says (`commit.gpgSign`).
    AsConfigured,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Repository {
    /// Stores a file's contents and returns the object id.
    pub fn store_blob(&self, bytes: &[u8]) -> Result<String> {
        Ok(self.gix.write_blob(bytes).context("cannot store a file")?.to_string())
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: &str) -> Result<String> {
        let reading = || format!("cannot read the commit {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        Ok(commit.tree_id().with_context(reading)?.to_string())
    }

    /// The tree of a commit with other entries at some paths; none: nothing is there. Without a
    /// commit, the empty tree is changed. Directories that become empty vanish.
    pub fn tree_with(
        &self,
        base: Option<&str>,
        edits: &[(RepoPath, Option<Side>)],
    ) -> Result<String> {
        let making = || "cannot make a tree".to_owned();
        let tree = match base {
            Some(commit) => {
                let commit = self.gix.find_commit(self.id(commit)?).with_context(making)?;
                commit.tree().with_context(making)?
            }
            None => self.gix.empty_tree(),
        };
        let mut editor = tree.edit().with_context(making)?;
        // What goes is taken out first: a file may take the place of a directory.
        for (path, _) in edits.iter().filter(|(_, new)| new.is_none()) {
            let path = gix::bstr::BStr::new(path.as_bytes());
            editor.remove(path).with_context(making)?;
        }
        for (path, new) in edits {
            let Some(side) = new else { continue };
            let path = gix::bstr::BStr::new(path.as_bytes());
            let id = self.id(&side.id)?;
            editor.upsert(path, commit::kind(side.mode), id).with_context(making)?;
        }
        Ok(editor.write().with_context(making)?.to_string())
    }

    /// Makes a commit of a tree, with the user's identity and, where that is configured, the
    /// user's signature. Returns its id.
    pub fn commit_tree(
        &self,
        tree: &str,
        parents: &[&str],
        message: &str,
        signing: Signing,
    ) -> Result<String> {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let signs = match signing {
            Signing::AsConfigured => {
                self.gix.config_snapshot().boolean("commit.gpgSign").unwrap_or(false)
            }
            Signing::Always => true,
            Signing::Never => false,
        };
        args.push(if signs { "--gpg-sign" } else { "--no-gpg-sign" });
        args.extend(["-F", "-"]);
        let made = self.git().as_user().fed(&args, Some(message.as_bytes()))?;
        let id = String::from_utf8_lossy(&made).trim().to_owned();
        self.id(&id)?;
        Ok(id)
    }

    /// Makes a commit that nobody has to sign or answer for: a backup.
    pub(super) fn commit_as_git_ap(
        &self,
        tree: &str,
        parents: &[&str],
        message: &str,
    ) -> Result<String> {
        let mut git = self.git();
        for role in ["AUTHOR", "COMMITTER"] {
            git = git.env(&format!("GIT_{role}_NAME"), "git ap");
            git = git.env(&format!("GIT_{role}_EMAIL"), "git-ap@localhost");
        }
        let mut args = vec!["commit-tree", "--no-gpg-sign", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        args.extend(["-F", "-"]);
        let made = git.fed(&args, Some(message.as_bytes()))?;
        Ok(String::from_utf8_lossy(&made).trim().to_owned())
    }
}
