//! The only place that opens a repository or starts git. Everything leaves it as owned values
//! of the domain.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};

mod ancestry;
mod changes;
mod command;
mod commit;
mod compose;
mod history;
pub mod hooks;
mod log;
mod objects;
mod references;
pub mod shell;
mod tracked;
pub mod worktrees;

pub use ancestry::{Merged, Person};
pub use changes::Commit;
pub use command::{Answer, Git, LOCAL_VARIABLES};
pub use commit::Saved;
pub use compose::Signing;
pub use objects::Reader;
pub use references::RefUpdate;
pub use tracked::{Kept, Tracked};

/// An open repository, seen from one of its worktrees.
pub struct Repository {
    gix: gix::Repository,
    places: Vec<(&'static str, PathBuf)>,
}

/// What `HEAD` points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The commit, as a full object id.
    pub commit: String,
    /// The short name of the branch; none: detached.
    pub branch: Option<String>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("git_dir", &self.gix.git_dir()).finish_non_exhaustive()
    }
}

/// A repository that any thread can open once more, at no cost.
#[derive(Clone)]
pub struct Shared {
    gix: gix::ThreadSafeRepository,
    places: Vec<(&'static str, PathBuf)>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// The repository, for this thread.
    pub fn open(&self) -> Repository {
        let mut gix = self.gix.to_thread_local();
        gix.objects.ignore_replacements = true;
        Repository { gix, places: self.places.clone() }
    }
}

impl Repository {
    /// Opens the repository that `directory` belongs to, as git would: `GIT_DIR` and its
    /// companions count.
    ///
    /// Refuses by name what cannot work: no repository there, or references in the reftable
    /// format.
    pub fn discover(directory: &Path) -> Result<Self> {
        let opened = gix::discover_with_environment_overrides(directory);
        let mut gix = opened.map_err(|error| why_not_opened(directory, error))?;
        let storage = gix.config_snapshot().string("extensions.refStorage");
        if storage.is_some_and(|s| s.eq_ignore_ascii_case(b"reftable")) {
            return Err(reftable().into());
        }
        // As `GIT_NO_REPLACE_OBJECTS` for the git executable.
        gix.objects.ignore_replacements = true;
        Ok(Self { gix, places: inherited_places() })
    }

    /// The same repository for other threads.
    pub fn shared(&self) -> Shared {
        Shared { gix: self.gix.clone().into_sync(), places: self.places.clone() }
    }

    /// The root of the worktree. A bare repository has none and is refused by name.
    pub fn worktree(&self) -> Result<PathBuf> {
        let Some(root) = self.gix.workdir() else {
            let message = "this repository is bare: there is no worktree to plan in";
            let failure = Failure::new(Kind::Repository, message);
            return Err(failure.hint("git worktree add ../work && cd ../work").into());
        };
        root.canonicalize().with_context(|| format!("cannot find the worktree {}", root.display()))
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> PathBuf {
        let directory = self.gix.common_dir();
        directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
    }

    /// The root of the main worktree, from which untracked files are brought into others. A
    /// bare repository has none and is refused by name.
    pub fn main_root(&self) -> Result<PathBuf> {
        let main = self.gix.main_repo().context("cannot open the main worktree")?;
        let Some(root) = main.workdir() else {
            let message = "this repository is bare: there is no main worktree";
            return Err(Failure::new(Kind::Repository, message).into());
        };
        root.canonicalize().with_context(|| format!("cannot find {}", root.display()))
    }

    /// A text of git's configuration, as this worktree sees it.
    pub fn configured(&self, key: &str) -> Option<String> {
        self.gix.config_snapshot().string(key).map(|value| value.to_string())
    }

    /// The git directory of this worktree.
    pub fn git_dir(&self) -> &Path {
        self.gix.git_dir()
    }

    /// What `HEAD` points to. A repository without a commit is refused by name.
    pub fn head(&self) -> Result<Head> {
        let mut head = self.gix.head().context("cannot read HEAD")?;
        if head.is_unborn() {
            let message = "this repository has no commit yet";
            let failure = Failure::new(Kind::Repository, message);
            return Err(failure.hint("git commit --allow-empty -m 'first commit'").into());
        }
        let branch = head.referent_name().and_then(|name| {
            let name = name.as_bstr().to_string();
            name.strip_prefix("refs/heads/").map(str::to_owned)
        });
        let commit = head.peel_to_commit().context("HEAD points to no commit")?;
        Ok(Head { commit: commit.id.to_string(), branch })
    }

    /// The commit that a revision names, as a full object id.
    pub fn commit(&self, revision: &str) -> Result<String> {
        let unknown = || {
            let message = format!("`{revision}` names no commit of this repository");
            Failure::new(Kind::User, message).hint("git log --oneline")
        };
        let id = self.gix.rev_parse_single(revision).map_err(|_| unknown())?;
        let object = id.object().map_err(|_| unknown())?;
        Ok(object.peel_to_commit().map_err(|_| unknown())?.id.to_string())
    }

    /// Whether the history ends early (`git clone --depth`).
    pub fn is_shallow(&self) -> Result<bool> {
        self.gix.is_shallow().context("cannot tell whether the clone is shallow")
    }

    /// Whether a reference of this full name exists.
    pub fn has_reference(&self, name: &str) -> Result<bool> {
        let found = self.gix.try_find_reference(name);
        Ok(found.with_context(|| format!("cannot look up {name}"))?.is_some())
    }

    /// The editor that git would start, as a shell command (`git var GIT_EDITOR`).
    pub fn editor(&self) -> Result<String> {
        self.git().line(["var", "GIT_EDITOR"])
    }

    /// Whether the repository's files are on a disk that ignores case (`core.ignoreCase`).
    pub fn ignores_case(&self) -> bool {
        self.gix.config_snapshot().boolean("core.ignoreCase").unwrap_or(false)
    }

    /// The object id that git would give a file of these bytes.
    pub fn blob_id(&self, bytes: &[u8]) -> Result<String> {
        let id = gix::objs::compute_hash(self.gix.object_hash(), gix::objs::Kind::Blob, bytes)
            .context("cannot hash a file")?;
        Ok(id.to_string())
    }

    /// Git in this worktree. Checked once for its version by who calls it.
    pub fn git(&self) -> Git {
        let git = Git::at(self.gix.workdir().unwrap_or_else(|| self.gix.git_dir()));
        self.places.iter().fold(git, |git, (name, place)| git.env(name, place))
    }

    fn id(&self, hex: &str) -> Result<gix::ObjectId> {
        objects::object_id(&self.gix, hex)
    }
}

/// The places that git takes from the environment, made absolute: they are relative to the
/// directory in which this process was started, and git is started in the worktree's root.
/// (`GIT_INDEX_FILE` is relative to that root already.)
#[expect(clippy::disallowed_methods, reason = "git's own variables say which repository it is")]
fn inherited_places() -> Vec<(&'static str, PathBuf)> {
    let names = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];
    let places = names.into_iter().filter_map(|name| {
        let place = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some((name, std::path::absolute(place).ok()?))
    });
    places.collect()
}

/// Why gix cannot open what is there: what git itself would open, or refuses for a reason of
/// its own, must not look like "no repository".
fn why_not_opened(directory: &Path, error: gix::Error) -> anyhow::Error {
    let git = Git::at(directory);
    if git.line(["config", "--get", "extensions.refstorage"]).is_ok_and(|s| s == "reftable") {
        return reftable().into();
    }
    match git.line(["rev-parse", "--git-dir"]) {
        Ok(_) => anyhow::Error::new(error).context("cannot open the repository"),
        Err(refused) if !refused.to_string().contains("not a git repository") => {
            refused.context("cannot open the repository")
        }
        Err(_) => {
            let message = "this directory is in no git repository";
            Failure::new(Kind::Repository, message).hint("git init").into()
        }
    }
}

fn reftable() -> Failure {
    let message =
        "this repository keeps its references in the reftable format, which git ap cannot read yet";
    Failure::new(Kind::Repository, message)
        .hint("git refs migrate --ref-format=files  (git 2.48 or later moves reflogs too)")
}
