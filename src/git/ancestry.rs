//! How commits are related, and what they say.

use anyhow::{Context as _, Result};

use super::Repository;
use super::objects::repo_path;
use crate::domain::path::RepoPath;

/// What a merge of two commits comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The tree.
    Tree(String),
    /// The paths that conflict, and the tree with marks in them.
    Conflicts {
        /// Which paths, sorted.
        paths: Vec<RepoPath>,
        /// The tree.
        tree: String,
    },
}

/// A person as a commit names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The mail address.
    pub mail: String,
}

impl Repository {
    /// Whether `ancestor` is `commit` or can be reached from it.
    pub fn is_ancestor(&self, ancestor: &str, commit: &str) -> Result<bool> {
        Ok(ancestor == commit || self.merge_base(ancestor, commit)?.as_deref() == Some(ancestor))
    }

    /// A best common ancestor of two commits; none: their histories have nothing in common.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>> {
        let (one, other) = (self.commit(one)?, self.commit(other)?);
        let output =
            self.git().output(["rev-list", "--max-count=1", &one, &format!("^{other}")])?;
        if output.is_empty() {
            return Ok(Some(one));
        }
        let found = self.git().answered(["merge-base", &one, &other])?;
        Ok(found.map(|text| text.lines().next().unwrap_or_default().to_owned()))
    }

    /// Merges two commits without a worktree, as `git merge` would with its standard strategy
    /// and without moving files after directories that somebody else renamed.
    pub fn merge_commits(&self, ours: &str, theirs: &str) -> Result<Merged> {
        let config = ["-c", "merge.directoryRenames=false", "merge-tree", "--write-tree"];
        let args = ["-z", "--name-only", "--no-messages", ours, theirs];
        let (clean, output) = self.git().merged(config.iter().chain(&args))?;
        let mut fields = output.split(|b| *b == 0).filter(|f| !f.is_empty());
        let tree = fields.next().context("git merged into no tree")?;
        if clean {
            return Ok(Merged::Tree(String::from_utf8_lossy(tree).into_owned()));
        }
        let mut paths = fields.map(repo_path).collect::<Result<Vec<RepoPath>>>()?;
        paths.sort();
        Ok(Merged::Conflicts { paths, tree: String::from_utf8_lossy(tree).into_owned() })
    }

    /// The whole message of a commit; bytes that are not UTF-8 are replaced.
    pub fn message(&self, commit: &str) -> Result<String> {
        let reading = || format!("cannot read the commit {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        let message = commit.message_raw().with_context(reading)?;
        Ok(String::from_utf8_lossy(message).into_owned())
    }

    /// The parents of a commit, as full ids.
    pub fn parents(&self, commit: &str) -> Result<Vec<String>> {
        let reading = || format!("cannot read the commit {commit}");
        let commit = self.gix.find_commit(self.id(commit)?).with_context(reading)?;
        Ok(commit.parent_ids().map(|id| id.to_string()).collect())
    }

    /// Who commits here, as git's configuration and the environment say.
    pub fn committer(&self) -> Result<Person> {
        let text = self.git().line(["var", "GIT_COMMITTER_IDENT"])?;
        let (name, rest) = text.split_once(" <").context("git printed no identity")?;
        let (mail, _) = rest.split_once('>').context("git printed no identity")?;
        Ok(Person { name: name.to_owned(), mail: mail.to_owned() })
    }
}
