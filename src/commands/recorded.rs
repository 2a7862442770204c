//! The record of a session: what is committed when it lands, and what `report` prints.

use anyhow::Result;

use crate::domain::path::RepoPath;
use crate::execute::session::Handle;
use crate::report::Templates;

/// The files of the record; none where the policy wants none.
pub fn files(
    handle: &Handle<'_>,
    _templates: &Templates,
    _now: &str,
) -> Result<Vec<(RepoPath, Vec<u8>)>> {
    if !handle.agreed.config.record {
        return Ok(Vec::new());
    }
    Ok(Vec::new())
}
