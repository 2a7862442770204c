//! The history that a commit has, read once: what a commit changed never changes, so only
//! commits that are new since the last time are looked at.

mod cache;

use std::collections::HashMap;

use anyhow::Result;

use crate::domain::history::{CommitFacts, History};
use crate::git::Repository;

use cache::Cache;

/// How many commits are looked at; merges and first commits are not among them.
pub const COMMITS: usize = 2_000;

/// The last [`COMMITS`] commits that `tip` reaches.
///
/// What was read is kept below the common git directory. That only saves time: one that is
/// missing, torn or of another version is made anew, and one that cannot be written is not.
///
/// # Errors
///
/// When git cannot read the history, as in a clone that left its trees out.
pub fn load(repository: &Repository, tip: &str) -> Result<History> {
    let key = repository.history_key(tip)?;
    let shallow = repository.is_shallow()?;
    let cache = Cache::read(repository).unwrap_or_default();
    if cache.key == key {
        return Ok(History::new(cache.commits, shallow));
    }
    let ids = repository.plain_commits(tip, COMMITS)?;
    let mut known: HashMap<String, CommitFacts> =
        cache.commits.into_iter().map(|facts| (facts.id.clone(), facts)).collect();
    let new: Vec<String> = ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
    let read = repository.commit_facts(&new)?;
    known.extend(read.into_iter().map(|facts| (facts.id.clone(), facts)));
    let commits = ids.iter().filter_map(|id| known.remove(id)).collect();
    let cache = Cache { key, commits };
    // A disk that is full or that must not be written to costs time and nothing else.
    cache.write(repository).ok();
    Ok(History::new(cache.commits, shallow))
}
