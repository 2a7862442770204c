//! Which hook was there before ours. This runs in every hook, so it starts git only where git's
//! configuration decides.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::directory::{before, is_executable};
use super::place::{Layout, own};
use super::record::Record;
use super::shim::{Whose, whose};
use super::{Hook, Repository};

/// The file of the hook that git would run in this worktree if ours was not there: absolute,
/// executable, and never ours. It may lack a `#!` line: git runs such a file with `sh`
/// (`prepare_cmd` in git's run-command.c).
pub fn chained(repository: &Repository, hook: Hook) -> Result<Option<PathBuf>> {
    let common = repository.common_dir();
    let own = own(&common);
    if is_set(repository, &own) {
        let beside = runnable(&before(&own.join(hook.name())))?;
        if beside.is_some() {
            return Ok(beside);
        }
        let layout = Layout::of(repository)?;
        return runnable(&layout.before(&layout.here)?.join(hook.name()));
    }
    let recorded = Record::load(&common)?.directories().into_iter().map(|(path, _)| path);
    let directories = recorded.chain([common.join("hooks")]).filter(|path| *path != own);
    for directory in directories {
        let found = runnable(&before(&directory.join(hook.name())))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The file that is to be run for a hook at `file`: behind ours stands what was before it.
pub(super) fn runnable(file: &Path) -> Result<Option<PathBuf>> {
    if !is_executable(file) {
        return Ok(None);
    }
    // A link may lead to the hook of another name, which is ours by now.
    let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    if whose(&real)? != Whose::Ours {
        return Ok(Some(file.to_owned()));
    }
    let behind = before(&real);
    let real = behind.canonicalize().unwrap_or_else(|_| behind.clone());
    Ok((is_executable(&behind) && whose(&real)? != Whose::Ours).then_some(behind))
}

/// Whether this worktree's own configuration names our directory.
fn is_set(repository: &Repository, own: &Path) -> bool {
    let config = repository.gix.config_snapshot();
    let of_worktree =
        |meta: &gix::config::file::Metadata| meta.source == gix::config::Source::Worktree;
    let value = config.plumbing().string_filter("core.hooksPath", of_worktree);
    value.is_some_and(|value| AsRef::<[u8]>::as_ref(&value) == own.as_os_str().as_bytes())
}
