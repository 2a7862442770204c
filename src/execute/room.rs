//! Whether the disk has room for the worktrees of a wave: that is found out before the first of
//! them is made.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::gate_worktree::wave_commands;
use super::place::place;
use super::session::Handle;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::room::{Free, Room};
use crate::domain::session::Phase;

/// Refuses, with figures, where the worktrees that are to be made for the current wave do not fit
/// on the disk: those of these objectives, or of all where none is named, and the gates'.
pub fn require_room(handle: &Handle<'_>, only: &[ObjectiveId]) -> Result<()> {
    let Some(wave) = handle.session.current_wave() else { return Ok(()) };
    let due = handle
        .session
        .of_wave(wave)
        .filter(|o| o.phase == Phase::Planned && (only.is_empty() || only.contains(&o.id)));
    let due: Vec<&ObjectiveId> = due.map(|o| &o.id).collect();
    let Some(first) = due.first() else { return Ok(()) };
    let policy = &handle.agreed.config.worktrees;
    let (repository, slug) = (handle.tools.repository, &handle.session.approval.slug);
    let gate = place(repository, &policy.path, slug, "gate")?;
    let merged: Vec<ObjectiveId> = handle.session.objectives.iter().map(|o| o.id.clone()).collect();
    let gated = !wave_commands(handle, &merged).is_empty() && !gate.exists();
    let path = place(repository, &policy.path, slug, first.as_str())?;
    let Some(folder) = path.ancestors().find(|folder| folder.is_dir()) else { return Ok(()) };
    // A file system that does not say how much is free is not doubted.
    let Ok(free) = free(folder) else { return Ok(()) };
    let (files, bytes) = repository.checkout_size(&handle.session.integration, free.block)?;
    let room = Room { worktrees: due.len() as u64 + u64::from(gated), files, bytes };
    match room.lacks(free) {
        None => Ok(()),
        Some(why) => {
            let message = format!("nothing was begun: wave {wave} {why} in {}", folder.display());
            let hint = format!(
                "make room there, set `worktree.path` to another disk, or work on a part of the wave: `git ap run {} --objective {first}`",
                handle.session.plan().slug()
            );
            Err(Failure::new(Kind::Io, message).hint(hint).into())
        }
    }
}

/// What of a file system is free for us.
fn free(folder: &Path) -> Result<Free> {
    let stat = rustix::fs::statvfs(folder).context("cannot ask how much is free")?;
    Ok(Free {
        block: stat.f_frsize.max(1),
        bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        // Some file systems make them as they are needed, and say that there are none.
        files: (stat.f_files > 0).then_some(stat.f_favail),
    })
}
