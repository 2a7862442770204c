//! What the installation does to the disk. Each effect is a step that a test can make fail or
//! kill, and each can be done again.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::domain::path::{quote, shell_word};
use crate::store::Steps;

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    quote(path.as_os_str().as_bytes()).into_owned()
}

/// Writes a script that git can run. Its mode does not depend on the umask: a hook that another
/// user of a shared repository cannot run is skipped by git, silently.
pub(super) fn write_script(file: &Path, bytes: &[u8], steps: &Steps) -> Result<()> {
    let writing = || format!("cannot write the hook {}", shown(file));
    steps.pass("write-hook", &shown(file))?;
    let new = beside(file);
    write_new(&new, bytes, Some(0o755)).with_context(writing)?;
    steps.pass("rename-hook", &shown(file))?;
    rename(&new, file).with_context(writing)?;
    steps.pass("written-hook", &shown(file))
}

/// Gives a file another name in its directory; a file that had that name is replaced.
pub(super) fn move_hook(from: &Path, to: &Path, steps: &Steps) -> Result<()> {
    steps.pass("move-hook", &format!("{} to {}", shown(from), shown(to)))?;
    let moving = || format!("cannot move the hook {} to {}", shown(from), shown(to));
    rename(from, to).with_context(moving)?;
    steps.pass("moved-hook", &shown(to))
}

/// Removes a file that is ours.
pub(super) fn remove_hook(file: &Path, steps: &Steps) -> Result<()> {
    steps.pass("remove-hook", &shown(file))?;
    remove(file).with_context(|| format!("cannot remove the hook {}", shown(file)))?;
    steps.pass("removed-hook", &shown(file))
}

/// Removes what a killed installation may have left beside `file`.
pub(super) fn remove_leftover(file: &Path) -> Result<()> {
    let left = beside(file);
    remove(&left).with_context(|| format!("cannot remove {}", shown(&left)))
}

/// Removes what a killed change of a configuration file may have left: the new contents, and
/// the lock if it is ours.
pub(super) fn remove_config_leftover(file: &Path) -> Result<()> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let (new, lock) = (beside(&file), suffixed(&file, ".lock"));
    let lock = if same_file(&new, &lock) { remove(&lock) } else { Ok(()) };
    lock.and_then(|()| remove(&new)).with_context(|| format!("cannot remove {}", shown(&new)))
}

/// Makes a directory with those above it.
#[expect(clippy::disallowed_methods, reason = "hooks stand outside the worktree")]
pub(super) fn make_directory(directory: &Path, steps: &Steps) -> Result<()> {
    steps.pass("make-hooks-directory", &shown(directory))?;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", shown(directory)))
}

/// Removes a directory that nothing is in any more.
pub(super) fn remove_empty_directory(directory: &Path, steps: &Steps) -> Result<()> {
    steps.pass("remove-hooks-directory", &shown(directory))?;
    match fs::remove_dir(directory) {
        Ok(()) => Ok(()),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Ok(()),
        Err(e) => Err(e).with_context(|| format!("cannot remove {}", shown(directory))),
    }
}

/// Replaces a configuration file of git from `before` to `after` under git's own lock; `None` is
/// no file. Fails if it changed meanwhile, or if another git holds the lock.
pub(super) fn replace_config(
    file: &Path,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    steps: &Steps,
) -> Result<()> {
    // git follows a link too, and locks beside where it leads.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let writing = || format!("cannot write {}", shown(&file));
    steps.pass("write-config", &shown(&file))?;
    let lock = suffixed(&file, ".lock");
    let new = beside(&file);
    remove_config_leftover(&file)?;
    let mode = fs::metadata(&file).ok().map(|m| m.permissions().mode() & 0o777);
    write_new(&new, after.unwrap_or_default(), mode).with_context(writing)?;
    if let Err(error) = take_lock(&new, &lock, after.unwrap_or_default(), mode) {
        remove(&new).with_context(writing)?;
        return Err(locked(&file, &lock, error));
    }
    let unchanged = steps.pass("rename-config", &shown(&file)).and_then(|()| {
        let message = || format!("`{}` was changed meanwhile", shown(&file));
        let failure = || Failure::new(Kind::Conflict, message()).hint("run the command again");
        if read(&file)?.as_deref() == before { Ok(()) } else { Err(failure().into()) }
    });
    if let Err(error) = unchanged {
        remove(&lock).and_then(|()| remove(&new)).with_context(writing)?;
        return Err(error);
    }
    let replaced = match after {
        Some(_) => rename(&lock, &file),
        None => remove(&file).and_then(|()| remove(&lock)),
    };
    replaced.and_then(|()| remove(&new)).with_context(writing)?;
    steps.pass("written-config", &shown(&file))
}

/// Takes git's lock. It is there with its whole contents or not at all, and known again by being
/// the same file as `new`, where the disk has hard links.
fn take_lock(new: &Path, lock: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    match fs::hard_link(new, lock) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => create(lock, bytes, mode),
        linked => linked,
    }
}

/// All of a file; `None` if there is none.
pub(super) fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e).with_context(|| format!("cannot read {}", shown(file))),
    }
}

fn locked(file: &Path, lock: &Path, error: std::io::Error) -> anyhow::Error {
    if error.kind() != ErrorKind::AlreadyExists {
        return anyhow::Error::new(error).context(format!("cannot lock {}", shown(file)));
    }
    let message = format!("another git is changing `{}`", shown(file));
    let word = lock.to_string_lossy();
    let hint = format!("if no git is running: rm {}", shell_word(&word));
    Failure::new(Kind::Repository, message).hint(hint).into()
}

/// The name for the new contents of a file: the same each time, so that what a killed process
/// left is used up by the next.
fn beside(file: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".git-ap");
    file.with_file_name(name)
}

/// A path with something behind its last component.
pub(super) fn suffixed(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn write_new(file: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    remove(file)?;
    create(file, bytes, mode)
}

fn create(file: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    // Without a mode it is what the umask leaves.
    let narrow = if mode.is_some() { 0o600 } else { 0o666 };
    let mut new = fs::File::options().write(true).create_new(true).mode(narrow).open(file)?;
    new.write_all(bytes)?;
    if let Some(mode) = mode {
        new.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    new.sync_all()
}

#[expect(clippy::disallowed_methods, reason = "hooks and git's configuration: each is a step")]
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::rename(from, to)?;
    // A rename is on the disk once its directory is (fsync(2), "Notes").
    to.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[expect(clippy::disallowed_methods, reason = "hooks and git's configuration: each is a step")]
fn remove(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    let id = |path| fs::symlink_metadata(path).map(|m| (m.dev(), m.ino())).ok();
    id(one).is_some_and(|one| Some(one) == id(other))
}
