//! Where the system's notices are not used: the whole tree is looked at every now and then.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use crate::domain::path::RepoPath;

/// What is heard of the worktree's directories.
#[derive(Debug)]
pub(super) enum Heard {}

/// The directories whose changes are heard of: none.
#[derive(Debug)]
pub(super) enum Notices {}

impl Notices {
    pub(super) fn open(_worktree: &Path, _most: usize) -> Result<Self, String> {
        Err("changes are looked for every few seconds on this system".to_owned())
    }

    pub(super) fn walk(
        &mut self,
        _from: Vec<Option<RepoPath>>,
        _ignored: impl FnMut(&[RepoPath]) -> HashSet<RepoPath>,
    ) -> Result<(), String> {
        match *self {}
    }

    pub(super) fn hear(&mut self, _wait: Duration, _take: impl FnMut(Heard)) -> Result<(), String> {
        match *self {}
    }
}
