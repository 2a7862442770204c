//! Where git looks for hooks, and writing there.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::git::{Git, Repository};
use crate::store::Steps;

/// Where our hooks have to be for git to run them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In this directory, which every worktree uses.
    Shared(PathBuf),
    /// The configuration names a directory inside a worktree: another one for each worktree,
    /// perhaps tracked, perhaps not there. Ours come before it by each worktree's own
    /// configuration.
    PerWorktree {
        /// The directory of our hooks.
        ours: PathBuf,
    },
}

/// Where git looks if nothing is configured.
pub(super) fn default_directory(repository: &Repository) -> PathBuf {
    repository.common_dir().join("hooks")
}

/// Where our own directory is.
pub(super) fn own_directory(repository: &Repository) -> PathBuf {
    repository.common_dir().join("ap/hooks")
}

impl Place {
    /// The place for a repository; a directory outside of it is refused with the way out.
    pub(super) fn of(repository: &Repository) -> Result<Self> {
        // The usual case needs no process.
        if repository.configured("core.hooksPath").is_none() {
            return Ok(Self::Shared(default_directory(repository)));
        }
        let Some((scope, value)) = configured(&repository.git())? else {
            // Ours alone is left: the project has taken its own setting away.
            return Ok(Self::Shared(default_directory(repository)));
        };
        let root = repository.main_root()?;
        let directory = lexical(&root.join(&value));
        let common = repository.common_dir();
        if value.is_absolute() && directory.starts_with(&common) {
            return Ok(Self::Shared(directory));
        }
        if directory.starts_with(&root) && !directory.starts_with(&common) {
            return Ok(Self::PerWorktree { ours: own_directory(repository) });
        }
        let message = format!(
            "`core.hooksPath` is {} ({scope} configuration), outside this repository: a hook there would be in force everywhere",
            directory.display()
        );
        let hint = "git config --local core.hooksPath \"$(git rev-parse --path-format=absolute --git-common-dir)/hooks\"";
        Err(Failure::new(Kind::Repository, message).hint(hint).into())
    }
}

/// The setting that counts without those of single worktrees, with its scope.
fn configured(git: &Git) -> Result<Option<(String, PathBuf)>> {
    let args = ["config", "--show-scope", "--path", "-z", "--get-all", "core.hooksPath"];
    let Some(output) = git.answered(args)? else { return Ok(None) };
    let fields: Vec<&str> = output.split('\0').collect();
    let mut pairs = fields.chunks_exact(2).filter(|pair| pair[0] != "worktree");
    let last = pairs.next_back().map(|pair| (pair[0].to_owned(), PathBuf::from(pair[1])));
    Ok(last.filter(|(_, value)| !value.as_os_str().is_empty()))
}

/// The project's own hook, in the directory that it has configured, as this worktree sees it.
pub(super) fn configured_hook(repository: &Repository, name: &str) -> Result<Option<PathBuf>> {
    let Some((_, value)) = configured(&repository.git())? else { return Ok(None) };
    let file = repository.worktree()?.join(value).join(name);
    Ok(is_executable(&file).then_some(file))
}

/// Whether git would run a file as a hook.
pub(super) fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

fn lexical(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out.canonicalize().unwrap_or(out)
}

/// Gives a file these contents and this mode; whoever reads it sees the old or the new.
#[expect(clippy::disallowed_methods, reason = "hooks are not below a worktree's root")]
pub(super) fn write(file: &Path, bytes: &[u8], mode: u32, steps: &Steps) -> Result<()> {
    let writing = || format!("cannot write {}", file.display());
    let same_mode = fs::symlink_metadata(file)
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o777 == mode);
    if same_mode && fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    steps.pass("write-hook", &file.display().to_string())?;
    let directory = file.parent().with_context(writing)?;
    fs::create_dir_all(directory).with_context(writing)?;
    let mut new = tempfile::Builder::new()
        .prefix(".git-ap-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(directory)
        .with_context(writing)?;
    new.write_all(bytes).with_context(writing)?;
    new.as_file().set_permissions(fs::Permissions::from_mode(mode)).with_context(writing)?;
    new.persist(file).with_context(writing)?;
    Ok(())
}

/// Removes a file; it is no error if there is none.
#[expect(clippy::disallowed_methods, reason = "hooks are not below a worktree's root")]
pub(super) fn remove(file: &Path, steps: &Steps) -> Result<()> {
    if fs::symlink_metadata(file).is_err() {
        return Ok(());
    }
    steps.pass("remove-hook", &file.display().to_string())?;
    match fs::remove_file(file) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Gives a file another name; nothing may be there.
#[expect(clippy::disallowed_methods, reason = "hooks are not below a worktree's root")]
pub(super) fn rename(from: &Path, to: &Path, steps: &Steps) -> Result<()> {
    steps.pass("rename-hook", &from.display().to_string())?;
    fs::rename(from, to).with_context(|| format!("cannot rename {}", from.display()))
}
