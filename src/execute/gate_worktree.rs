//! The worktree in which gates run: always at a commit without a branch, set up like those of
//! the objectives, and nobody's place to work.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::gates::{self, Setting};
use super::listener::Listener;
use super::place::place;
use super::process::{self, Line, Stops};
use super::session::Handle;
use super::setup;
use crate::domain::environment::port_base;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::Derived;
use crate::domain::tree::{Mode, Side};
use crate::git::Git;
use crate::git::worktrees::{self, Checkout};
use crate::store::Writer;

/// The gates' worktree at a commit.
#[derive(Debug)]
pub struct GateWorktree {
    path: PathBuf,
    commit: String,
    environment: Vec<(String, OsString)>,
}

impl GateWorktree {
    /// The worktree with a commit checked out, made and set up if it is not there. What somebody
    /// has changed in it is saved first.
    pub fn at(handle: &Handle<'_>, commit: &str, listener: &mut dyn Listener) -> Result<Self> {
        let (tools, agreed) = (handle.tools, &handle.agreed);
        let policy = &agreed.config.worktrees;
        let path = place(tools.repository, &policy.path, &handle.session.approval.slug, "gate")?;
        let environment = environment(handle)?;
        let fresh = worktrees::sign(&path, worktrees::GATE_SIGN)?.is_none();
        if fresh {
            let checkout = Checkout::Detached(commit.to_owned());
            worktrees::add(tools.repository, &path, &checkout, tools.steps)?;
        } else {
            let name = format!("{}/gate", handle.session.plan());
            worktrees::save_foreign(tools.repository, &path, &name, tools.steps)?;
        }
        worktrees::move_to(&path, commit, tools.steps)?;
        if policy.submodules {
            worktrees::fill_submodules(&path, tools.steps)?;
        }
        let main = tools.repository.main_root()?;
        let brought = setup::bring(&main, &path, policy, tools.steps)?;
        if fresh {
            for note in &brought.notes {
                listener.note(note);
            }
            let log = gates::logs(handle.journal.folder(), "gate").join("setup.log");
            setup::run(&policy.setup, &path, &environment, &log, &mut |line| {
                listener.output("setup", line);
            })?;
            worktrees::put_sign(&path, worktrees::GATE_SIGN, "", tools.steps)?;
        }
        Ok(Self { path, commit: commit.to_owned(), environment })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Remembers what is left here by what was run: that is nobody's work.
    pub fn leave(&self, handle: &Handle<'_>) -> Result<()> {
        worktrees::leave(handle.tools.repository, &self.path, handle.tools.steps)
    }

    /// What gates run with here.
    pub fn setting(&self, handle: &Handle<'_>, what: &str) -> Setting {
        let policy = &handle.agreed.config.gates;
        Setting {
            directory: self.path.clone(),
            environment: self.environment.clone(),
            timeout: Duration::from_mins(policy.timeout_minutes),
            retries: policy.retries,
            logs: gates::logs(handle.journal.folder(), what),
            commit: Some(self.commit.clone()),
            stops: Stops::BySignal,
        }
    }

    /// Runs the command of derived files and returns what it made of them, as the entries of a
    /// tree. Whatever else it changed is left where it is and does not land.
    pub fn derive(
        &self,
        handle: &Handle<'_>,
        derived: &Derived,
        listener: &mut dyn Listener,
    ) -> Result<Vec<(RepoPath, Option<Side>)>> {
        let command = &derived.command;
        let log = gates::logs(handle.journal.folder(), "derived").join("derived.log");
        let line = Line {
            command: command.clone(),
            directory: self.path.clone(),
            environment: self.environment.clone(),
            timeout: Duration::from_mins(handle.agreed.config.gates.timeout_minutes),
            log: Some(log.clone()),
        };
        let ended = process::run(&line, |text| listener.output(command, text))?;
        if !ended.is_green() {
            let message = format!(
                "`{command}`, which makes {}, {}",
                derived.paths.join(", "),
                ended.describe()
            );
            let hint = format!("see {}, or look into {}", log.display(), self.path.display());
            return Err(Failure::new(Kind::Gate, message).hint(hint).into());
        }
        let patterns: Vec<Pattern> =
            derived.paths.iter().filter_map(|p| Pattern::parse(p).ok()).collect();
        let dirt = worktrees::dirty(&self.path)?;
        let changed = dirt.tracked.into_iter().chain(dirt.untracked);
        let named = changed.filter(|path| patterns.iter().any(|p| p.matches(path)));
        named.map(|path| Ok((path.clone(), self.entry(handle, &path)?))).collect()
    }

    /// A file as a commit of it would have it: git's filters are applied.
    fn entry(&self, handle: &Handle<'_>, path: &RepoPath) -> Result<Option<Side>> {
        let writer = Writer::new(&self.path, handle.tools.steps);
        if std::fs::symlink_metadata(writer.locate(path)).is_err() {
            return Ok(None);
        }
        let (mode, bytes) = writer.contents(path)?;
        if mode == Mode::Symlink {
            let id = handle.tools.repository.store_blob(&bytes)?;
            return Ok(Some(Side { mode, id }));
        }
        let mut name = OsString::from("--path=");
        name.push(worktrees::os_path(path));
        let args = ["hash-object", "-w", "--stdin"].map(OsString::from);
        let id = Git::elsewhere(&self.path)
            .as_user()
            .fed(args.into_iter().chain([name]), Some(&bytes))?;
        Ok(Some(Side { mode, id: String::from_utf8_lossy(&id).trim().to_owned() }))
    }
}

fn environment(handle: &Handle<'_>) -> Result<Vec<(String, OsString)>> {
    let sessions = super::session::all(handle.tools.repository)?;
    let open = sessions.iter().filter(|s| !s.cleaned).flat_map(|s| &s.objectives);
    let taken = open.filter_map(|o| o.place.as_ref()).map(|p| p.port_base).collect();
    let own = [
        ("AP_PLAN".to_owned(), handle.session.plan().to_string()),
        ("AP_PORT_BASE".to_owned(), port_base(&taken)?.to_string()),
    ];
    let policy = handle.agreed.config.worktrees.env.iter().cloned();
    Ok(policy.chain(own).map(|(name, value)| (name, OsString::from(value))).collect())
}

/// The commands that have to pass on a wave's commit: the owner's gates, and the checks of the
/// contracts whose sides are all merged with it.
pub fn wave_commands(handle: &Handle<'_>, merged: &[ObjectiveId]) -> Vec<String> {
    let mut commands = handle.agreed.config.gates.wave.clone();
    for contract in &handle.agreed.plan.contracts {
        let all = contract.consumers.iter().chain([&contract.provider]);
        if let Some(check) = &contract.check
            && all.into_iter().all(|id| merged.contains(id))
            && !commands.contains(check)
        {
            commands.push(check.clone());
        }
    }
    commands
}
