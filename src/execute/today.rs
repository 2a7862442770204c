//! The files and owners of the commit that a plan was made for, for its page.

use crate::analysis::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::plan::Plan;
use crate::git::Repository;
use crate::report::Today;

/// What the commit that a plan was made for holds; none where the plan names no commit, or one
/// that this clone does not have.
pub fn today(repository: &Repository, plan: &Plan) -> Option<Today> {
    let base = plan.base.as_deref()?;
    let files = repository.entries(base).ok()?;
    let files: Vec<RepoPath> = files.into_iter().map(|entry| entry.path).collect();
    let place = Owners::places().find(|place| files.binary_search(place).is_ok());
    let owners = place.and_then(|place| {
        let bytes = repository.file_at(base, &place).ok()??;
        Some(Owners::read(&place, &String::from_utf8_lossy(&bytes)))
    });
    Some(Today::new(files, owners.unwrap_or_default()))
}
