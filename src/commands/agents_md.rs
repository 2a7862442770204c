//! The file `AGENTS.md` as a landing leaves it, where the owner wants its sections to be kept
//! (`docs.agents_md`).

use anyhow::Result;

use crate::domain::error::{Failure, Kind};
use crate::domain::learnings;
use crate::domain::path::RepoPath;
use crate::domain::record::Record;
use crate::git::Repository;

/// The file as it lands on a commit: with how to work, and with what the session has taught;
/// none: it is so already.
///
/// Fails where it is no plain file there, or where its sections cannot be found.
pub(super) fn learned(
    repository: &Repository,
    commit: &str,
    record: &Record,
) -> Result<Option<(RepoPath, Vec<u8>)>> {
    let path = RepoPath::new(learnings::FILE).expect("a plain name");
    let row = repository.git().line(["ls-tree", "--full-tree", commit, "--", learnings::FILE])?;
    if !row.is_empty() && !row.starts_with("100644 ") {
        let message = format!("`{}` is no plain file", learnings::FILE);
        return Err(Failure::new(Kind::Repository, message).into());
    }
    let before = repository.file_at(commit, &path)?;
    let after = learnings::with_prompt(before.as_deref())?;
    let lines = learnings::learned(record);
    let after = learnings::with_learnings(Some(&after), &record.plan, &lines)?;
    Ok((before.as_ref() != Some(&after)).then_some((path, after)))
}
