//! Writing below a worktree's root: whole or not at all, never through a link that leads out
//! of it.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::steps::Steps;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::tree::Mode;

/// Writes files below one root.
#[derive(Debug)]
pub struct Writer<'a> {
    root: PathBuf,
    steps: &'a Steps,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file has new contents.
    Written,
    /// It had these contents already.
    Unchanged,
}

impl<'a> Writer<'a> {
    /// A writer below `root`, which must be absolute.
    pub fn new(root: impl Into<PathBuf>, steps: &'a Steps) -> Self {
        Self { root: root.into(), steps }
    }

    /// The steps that its writes pass.
    pub fn steps(&self) -> &'a Steps {
        self.steps
    }

    /// Where a path is on the disk.
    pub fn locate(&self, path: &RepoPath) -> PathBuf {
        self.root.join(os_path(path))
    }

    /// What is at a path, not following a link: what a commit would hold of it. Fails by name on
    /// what git cannot hold.
    pub fn contents(&self, path: &RepoPath) -> Result<(Mode, Vec<u8>)> {
        self.stays_inside(path)?;
        let file = self.locate(path);
        let reading = || format!("cannot read {path} to save it");
        let metadata = fs::symlink_metadata(&file).with_context(reading)?;
        if metadata.is_symlink() {
            let target = fs::read_link(&file).with_context(reading)?;
            return Ok((Mode::Symlink, target.into_os_string().into_encoded_bytes()));
        }
        if !metadata.is_file() {
            let message = format!("`{path}` is no file, so it cannot be saved");
            let hint = format!("move {path} away and run the command again");
            return Err(Failure::new(Kind::Repository, message).hint(hint).into());
        }
        let mode = if is_executable(&metadata) { Mode::Executable } else { Mode::File };
        Ok((mode, fs::read(&file).with_context(reading)?))
    }

    /// Gives a file these contents, making its directories. Another process sees the old
    /// contents or the new, and after a crash one of the two is there.
    pub fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<Outcome> {
        let file = self.locate(path);
        self.stays_inside(path)?;
        if fs::symlink_metadata(&file).is_ok_and(|m| m.is_file())
            && fs::read(&file).is_ok_and(|old| old == bytes)
        {
            remove_leftover(&temporary_path(&file));
            return Ok(Outcome::Unchanged);
        }
        self.steps.pass("write-file", &path.to_lossy())?;
        let directory = file.parent().context("a file below a root has a parent")?;
        make_directories(directory, path)?;
        let shown = || format!("cannot write {path}");
        let temporary = Temporary::beside(&file).with_context(shown)?;
        (&temporary.file).write_all(bytes).with_context(shown)?;
        set_mode(&temporary.file, &file).with_context(shown)?;
        temporary.file.sync_all().with_context(shown)?;
        self.steps.pass("rename-file", &path.to_lossy())?;
        temporary.rename(&file).with_context(shown)?;
        sync_directory(directory).with_context(shown)?;
        self.steps.pass("written-file", &path.to_lossy())?;
        Ok(Outcome::Written)
    }

    /// Makes a symbolic link where nothing is, making its directories.
    #[cfg(unix)]
    pub fn link(&self, path: &RepoPath, target: &Path) -> Result<()> {
        self.stays_inside(path)?;
        self.steps.pass("link-file", &path.to_lossy())?;
        let file = self.locate(path);
        make_directories(file.parent().context("a file below a root has a parent")?, path)?;
        std::os::unix::fs::symlink(target, &file).with_context(|| format!("cannot link {path}"))
    }

    /// Removes a file. Returns whether there was one.
    #[expect(clippy::disallowed_methods, reason = "this is the place that owns removals")]
    pub fn remove(&self, path: &RepoPath) -> Result<bool> {
        self.stays_inside(path)?;
        self.steps.pass("remove-file", &path.to_lossy())?;
        match fs::remove_file(self.locate(path)) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e).with_context(|| format!("cannot remove {path}")),
        }
    }

    /// Removes a directory if it is empty. Returns whether it did.
    pub fn remove_empty_directory(&self, path: &RepoPath) -> Result<bool> {
        self.stays_inside(path)?;
        self.steps.pass("remove-directory", &path.to_lossy())?;
        match fs::remove_dir(self.locate(path)) {
            Ok(()) => Ok(true),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                Ok(false)
            }
            Err(e) => Err(e).with_context(|| format!("cannot remove {path}")),
        }
    }

    /// A repository may hold `.ap` as a link to anywhere: what git ap writes stays in the
    /// worktree.
    fn stays_inside(&self, path: &RepoPath) -> Result<()> {
        let mut at = path.clone();
        let mut parents = Vec::new();
        while let Some(parent) = at.parent() {
            parents.push(parent.clone());
            at = parent;
        }
        for parent in parents.iter().rev() {
            let Ok(metadata) = fs::symlink_metadata(self.locate(parent)) else { break };
            let hint = format!("move {parent} away and run the command again");
            if metadata.is_symlink() {
                let message = format!("`{parent}` is a symbolic link: nothing was written there");
                return Err(Failure::new(Kind::Repository, message).hint(hint).into());
            }
            if !metadata.is_dir() {
                let message = format!("`{parent}` is a file, but {path} needs a directory there");
                return Err(Failure::new(Kind::Repository, message).hint(hint).into());
            }
        }
        Ok(())
    }
}

/// Gives a file that git handed to us other contents.
#[expect(clippy::disallowed_methods, reason = "this is the place that owns writes")]
pub fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

#[expect(clippy::disallowed_methods, reason = "this is the place that owns new directories")]
fn make_directories(directory: &Path, path: &RepoPath) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make a directory for {path}"))
}

/// The new contents of a file until they take its place. The name is the same each time, so
/// that what a killed process left is used up by the next one; the lock keeps two living ones
/// apart.
struct Temporary {
    file: fs::File,
    path: PathBuf,
}

impl Temporary {
    fn beside(target: &Path) -> std::io::Result<Self> {
        let path = temporary_path(target);
        loop {
            if fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink()) {
                remove_leftover(&path);
            }
            let file = fs::File::options().write(true).create(true).truncate(false).open(&path)?;
            file.lock()?;
            // Whoever held the lock may have renamed the file away meanwhile.
            if same_file(&file.metadata()?, &path) {
                file.set_len(0)?;
                return Ok(Self { file, path });
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place that owns renames")]
    fn rename(&self, target: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename the name is gone, or somebody else's.
        if self.file.metadata().is_ok_and(|own| same_file(&own, &self.path)) {
            remove_leftover(&self.path);
        }
    }
}

fn temporary_path(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.git-ap"))
}

/// Removes what a killed process may have left; that there is nothing is the usual case.
#[expect(clippy::disallowed_methods, reason = "this is the place that owns removals")]
fn remove_leftover(path: &Path) {
    drop(fs::remove_file(path));
}

#[cfg(unix)]
fn same_file(open: &fs::Metadata, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(named) = fs::symlink_metadata(path) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn same_file(_open: &fs::Metadata, path: &Path) -> bool {
    path.exists()
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}

/// A file that is replaced keeps its mode; a new one has what the user's umask leaves of it.
#[cfg(unix)]
fn set_mode(file: &fs::File, target: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match fs::symlink_metadata(target) {
        Ok(old) if old.is_file() => {
            file.set_permissions(fs::Permissions::from_mode(old.permissions().mode() & 0o777))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _target: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A rename is on the disk once its directory is (fsync(2), "Notes").
#[cfg(unix)]
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn os_path(path: &RepoPath) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(path.as_bytes()))
}

#[cfg(not(unix))]
fn os_path(path: &RepoPath) -> PathBuf {
    PathBuf::from(path.to_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("valid")
    }

    #[test]
    fn a_file_is_written_whole_once() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let steps = Steps::default();
        let writer = Writer::new(root.path(), &steps);
        assert_eq!(writer.write(&path("a/b/c"), b"1").expect("writable"), Outcome::Written);
        assert_eq!(writer.write(&path("a/b/c"), b"1").expect("writable"), Outcome::Unchanged);
        assert_eq!(fs::read(root.path().join("a/b/c")).expect("there"), b"1");
        assert_eq!(fs::read_dir(root.path().join("a/b")).expect("there").count(), 1);
        assert!(writer.remove(&path("a/b/c")).expect("removable"));
        assert!(!writer.remove(&path("a/b/c")).expect("removable"));
        assert!(writer.remove_empty_directory(&path("a/b")).expect("removable"));
    }

    #[test]
    fn a_failed_step_leaves_the_old_file() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let none = Steps::default();
        Writer::new(root.path(), &none).write(&path("f"), b"old").expect("writable");
        for step in ["write-file", "rename-file"] {
            let steps = Steps::new(Some(&format!("{step}=fail"))).expect("readable");
            assert!(Writer::new(root.path(), &steps).write(&path("f"), b"new").is_err());
            assert_eq!(fs::read(root.path().join("f")).expect("there"), b"old");
            assert_eq!(fs::read_dir(root.path()).expect("there").count(), 1, "no leftover");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_new_one_is_an_ordinary_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().expect("a temporary directory");
        let steps = Steps::default();
        let writer = Writer::new(root.path(), &steps);
        let mode = |name: &str| {
            let metadata = fs::metadata(root.path().join(name)).expect("there");
            metadata.permissions().mode() & 0o777
        };
        drop(fs::File::create(root.path().join("ordinary")).expect("writable"));
        writer.write(&path("f"), b"1").expect("writable");
        assert_eq!(mode("f"), mode("ordinary"), "what the umask leaves");
        let private = fs::Permissions::from_mode(0o740);
        fs::set_permissions(root.path().join("f"), private).expect("settable");
        writer.write(&path("f"), b"2").expect("writable");
        assert_eq!(mode("f"), 0o740);
    }

    #[test]
    fn what_a_killed_process_left_is_used_up() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let steps = Steps::default();
        let writer = Writer::new(root.path(), &steps);
        let leave = || fs::File::create(root.path().join(".f.git-ap")).expect("writable");
        for outcome in [Outcome::Written, Outcome::Unchanged] {
            drop(leave());
            assert_eq!(writer.write(&path("f"), b"new").expect("writable"), outcome);
            assert_eq!(fs::read(root.path().join("f")).expect("there"), b"new");
            assert_eq!(fs::read_dir(root.path()).expect("there").count(), 1, "no leftover");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_not_followed() {
        let (root, outside) =
            (tempfile::tempdir().expect("dir"), tempfile::tempdir().expect("dir"));
        std::os::unix::fs::symlink(outside.path(), root.path().join(".ap")).expect("linked");
        let steps = Steps::default();
        let writer = Writer::new(root.path(), &steps);
        assert!(writer.write(&path(".ap/plans/x"), b"1").is_err());
        assert!(writer.remove(&path(".ap/plans/x")).is_err());
        assert_eq!(fs::read_dir(outside.path()).expect("there").count(), 0);
        writer.write(&path("f"), b"1").expect("writable");
        let error = writer.write(&path("f/g"), b"1").expect_err("a file is no directory");
        assert!(error.to_string().contains("`f` is a file"), "{error}");
    }
}
