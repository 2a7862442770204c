//! The directories for temporary files of workers: each objective has one, and none stays when
//! nobody is at work any more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Phase, Standing};
use crate::execute::session::Handle;
use crate::store::{self, Inbox};

/// The variables that there are.
type Known<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The directory for temporary files of an objective's workers: one finds what the one before it
/// left there.
pub(super) fn temporary(
    handle: &Handle<'_>,
    known: Known<'_>,
    objective: &ObjectiveId,
) -> Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
    let path = place(handle, known, objective)?;
    let making = || format!("cannot make {}", path.display());
    match std::fs::DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => return Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(making),
    }
    let there = std::fs::symlink_metadata(&path).with_context(making)?;
    let ours = there.is_dir()
        && there.uid() == rustix::process::geteuid().as_raw()
        && there.permissions().mode() & 0o777 == 0o700;
    if !ours {
        let message = format!("{} belongs to somebody else", path.display());
        let hint = "remove it, or set `TMPDIR` to a directory of your own";
        return Err(Failure::new(Kind::Io, message).hint(hint).into());
    }
    Ok(path)
}

/// Another repository may have a plan of the same id.
fn place(handle: &Handle<'_>, known: Known<'_>, objective: &ObjectiveId) -> Result<PathBuf> {
    let folder = known("TMPDIR").filter(|folder| Path::new(folder).is_absolute());
    let repository = handle.tools.repository;
    let whose = repository.blob_id(repository.common_dir().as_os_str().as_encoded_bytes())?;
    let name = format!("git-ap-{}-{}-{objective}", &whose[..8], handle.session.plan());
    Ok(Path::new(&folder.unwrap_or_else(|| "/tmp".into())).join(name))
}

#[expect(clippy::disallowed_methods, reason = "what a worker leaves there nobody relies on")]
fn remove_all(folder: &Path) -> std::io::Result<()> {
    std::fs::remove_dir_all(folder)
}

/// Takes away the temporary files of objectives at which no worker is, but for those that wait for
/// another one and go on by themselves; and the inboxes of those that are settled.
pub fn without_temporary(handle: &Handle<'_>, known: Known<'_>) {
    let is_idle = |o: &&Standing| {
        let busy = o
            .attempts
            .last()
            .is_some_and(|attempt| attempt.returned.is_none() && store::is_alive(&attempt.holder));
        let goes_on = o.phase == Phase::Waiting && !handle.session.cleaned;
        !o.attempts.is_empty() && !busy && !goes_on
    };
    for standing in handle.session.objectives.iter().filter(is_idle) {
        // What cannot be removed stays for whoever cleans up temporary files.
        drop(place(handle, known, &standing.id).map(|folder| remove_all(&folder)));
        if standing.phase.is_settled() {
            drop(Inbox::of(handle.journal.folder(), &standing.id).remove());
        }
    }
}
