//! The hooks of git ap in a repository: beside whatever is there, where git really runs them,
//! and taken away so that everything is as it was.

mod place;
mod plain;
mod shim;
mod worktree;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

pub use shim::NAMES;

use super::{Git, Repository};
use crate::domain::error::{Failure, Kind};
use crate::store::Steps;
use place::Place;

/// The variable that names the file into which a hook writes that it was fired.
pub const PROOF: &str = "GIT_AP_HOOK_PROOF";

/// The variable that counts how often a hook has come back to itself through others.
pub const DEPTH: &str = "GIT_AP_HOOK_DEPTH";

/// What was done, to be taken back exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// Whether the directory of the hooks was made.
    made_directory: bool,
    /// The repository's configuration before and after the extension for configurations of
    /// worktrees was turned on; none: it was on.
    configuration: Option<(String, String)>,
}

/// What is at a hook's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HookState {
    /// The hook.
    pub name: &'static str,
    /// Whether ours is there.
    pub installed: bool,
    /// The file that is run after ours.
    pub chained: Option<PathBuf>,
}

/// Installs the hooks. Doing it again changes nothing, or puts ours in front again.
pub fn install(repository: &Repository, program: &Path, steps: &Steps) -> Result<Vec<HookState>> {
    match Place::of(repository)? {
        Place::Shared(directory) => plain::install(repository, &directory, program, steps)?,
        Place::PerWorktree { ours } => {
            worktree::install(repository, &ours, program, steps)?;
            worktree::point(repository, &repository.worktree()?, &ours, steps)?;
            worktree::point(repository, &repository.main_root()?, &ours, steps)?;
        }
    }
    states(repository)
}

/// Installs the hooks in a linked worktree too, where hooks are a matter of each worktree.
pub fn install_in(repository: &Repository, worktree: &Path, steps: &Steps) -> Result<()> {
    match Place::of(repository)? {
        Place::Shared(_) => Ok(()),
        Place::PerWorktree { ours } => worktree::point(repository, worktree, &ours, steps),
    }
}

/// Takes the hooks away. What was there before is there again, and nothing else is touched.
pub fn uninstall(repository: &Repository, steps: &Steps) -> Result<()> {
    let memory = memory(repository)?;
    plain::uninstall(&place::default_directory(repository), &memory, steps)?;
    if let Ok(Place::Shared(directory)) = Place::of(repository) {
        plain::uninstall(&directory, &memory, steps)?;
    }
    worktree::uninstall(repository, &memory, steps)?;
    forget(repository, steps)
}

/// What is at the place of each hook.
pub fn states(repository: &Repository) -> Result<Vec<HookState>> {
    let directory = match Place::of(repository)? {
        Place::Shared(directory) => directory,
        Place::PerWorktree { ours } => ours,
    };
    let state = |name: &'static str| -> Result<HookState> {
        let installed = shim::is_ours(&directory.join(name));
        Ok(HookState { name, installed, chained: chained(repository, name, 0)? })
    };
    NAMES.into_iter().map(state).collect()
}

/// The executable file of a hook that was there before ours. `depth` counts how often the hook
/// has come back to ours: a hook manager may call what it found, which may be ours.
pub fn chained(repository: &Repository, name: &str, depth: usize) -> Result<Option<PathBuf>> {
    match Place::of(repository)? {
        Place::Shared(directory) => Ok(plain::chained(&directory, name, depth)),
        Place::PerWorktree { .. } if depth > 0 => Ok(None),
        Place::PerWorktree { .. } => place::configured_hook(repository, name),
    }
}

/// Proves that git fires each hook in a worktree, by having git run it there.
pub fn prove(worktree: &Path) -> Result<()> {
    for name in NAMES {
        let file = tempfile::NamedTempFile::new().context("cannot make a file for a proof")?;
        let git = Git::elsewhere(worktree).as_user().env(PROOF, file.path());
        let run = git.output(["hook", "run", "--ignore-missing", name]);
        let said = std::fs::read_to_string(file.path()).context("cannot read a proof")?;
        if said.lines().any(|line| line == name) {
            continue;
        }
        let why = run.err().map(|e| format!(": {e}")).unwrap_or_default();
        let message = format!("git does not run our `{name}` hook in {}{why}", worktree.display());
        return Err(Failure::new(Kind::Repository, message).hint("git ap hook status").into());
    }
    Ok(())
}

fn memory_file(repository: &Repository) -> PathBuf {
    repository.common_dir().join("ap/hooks.json")
}

fn memory(repository: &Repository) -> Result<Memory> {
    match std::fs::read(memory_file(repository)) {
        Ok(text) => serde_json::from_slice(&text).context("ap/hooks.json cannot be read"),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Memory::default()),
        Err(e) => Err(e).context("cannot read ap/hooks.json"),
    }
}

fn remember(repository: &Repository, memory: &Memory, steps: &Steps) -> Result<()> {
    let text = serde_json::to_vec(memory).context("plain data")?;
    place::write(&memory_file(repository), &text, 0o644, steps)
}

fn forget(repository: &Repository, steps: &Steps) -> Result<()> {
    place::remove(&memory_file(repository), steps)
}
