//! Hooks as plain files in a directory that every worktree uses. What was there gets another
//! name and is run after ours.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::place::{is_executable, remove, rename, write};
use super::{Memory, NAMES, memory, remember, shim};
use crate::git::Repository;
use crate::store::Steps;

/// How many hooks that were put in front of ours one after the other are kept apart.
const KEPT: usize = 9;

/// The name of the file that a hook had at its n-th installation, from 1.
fn before(directory: &Path, name: &str, n: usize) -> PathBuf {
    let suffix = if n == 1 { String::new() } else { format!("-{n}") };
    directory.join(format!("{name}.before-git-ap{suffix}"))
}

fn exists(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok()
}

pub(super) fn install(
    repository: &Repository,
    directory: &Path,
    program: &Path,
    steps: &Steps,
) -> Result<()> {
    if !directory.exists() {
        let memory = Memory { made_directory: true, ..memory(repository)? };
        remember(repository, &memory, steps)?;
    }
    for name in NAMES {
        let file = directory.join(name);
        if exists(&file) && !shim::is_ours(&file) {
            let free = (1..=KEPT).map(|n| before(directory, name, n)).find(|f| !exists(f));
            let free = free.with_context(|| format!("too many hooks `{name}` were kept"))?;
            rename(&file, &free, steps)?;
        }
        write(&file, &shim::text(name, program), 0o755, steps)?;
    }
    Ok(())
}

/// The hook that was there before, the last one first; `depth` skips those that ran already.
pub(super) fn chained(directory: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let kept = (1..=KEPT).rev().map(|n| before(directory, name, n)).filter(|f| exists(f));
    kept.filter(|f| is_executable(f)).nth(depth)
}

pub(super) fn uninstall(directory: &Path, memory: &Memory, steps: &Steps) -> Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    for name in NAMES {
        let file = directory.join(name);
        if shim::is_ours(&file) {
            let last = (1..=KEPT).rev().map(|n| before(directory, name, n)).find(|f| exists(f));
            match last {
                // Renaming over ours leaves no moment without a hook.
                Some(last) => rename(&last, &file, steps)?,
                None => remove(&file, steps)?,
            }
        }
        restore_moved(directory, name, steps)?;
    }
    if memory.made_directory {
        // Somebody may have put something else there meanwhile.
        drop(fs::remove_dir(directory));
    }
    Ok(())
}

/// A hook manager that was installed over ours has given ours another name, to call it: the
/// hook that ours had replaced takes that place.
fn restore_moved(directory: &Path, name: &str, steps: &Steps) -> Result<()> {
    let entries = fs::read_dir(directory).context("cannot read the hooks")?;
    let mut moved: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.context("cannot read the hooks")?.path();
        let own = path.file_name().is_some_and(|f| {
            f.to_string_lossy().strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        });
        if own && shim::is_ours(&path) {
            moved.push(path);
        }
    }
    moved.sort();
    for path in moved {
        let last = (1..=KEPT).rev().map(|n| before(directory, name, n)).find(|f| exists(f));
        match last {
            Some(last) => rename(&last, &path, steps)?,
            None => remove(&path, steps)?,
        }
    }
    Ok(())
}
