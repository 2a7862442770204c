//! What an objective may edit, asked before anything is written: by an agent's hook and by its
//! tools. The guard that answers is that of the commit and of the merge.

mod place;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use place::{Place, place};

use crate::domain::guard::guard;
use crate::domain::path::{RepoPath, quote};
use crate::domain::session::{Session, Standing};
use crate::domain::tree::{Change, Mode, Side};
use crate::execute::session::{Agreed, all, of_worktree};
use crate::git::{Repository, worktrees};
use crate::planner::scopes::literal;

/// The objective whose worktree this is, with what counts for it.
#[derive(Debug)]
pub struct Own {
    /// Its session.
    pub session: Session,
    /// Where it stands.
    pub standing: Standing,
    /// What was agreed.
    pub agreed: Agreed,
    /// The root of the worktree, without links.
    pub root: PathBuf,
}

/// What is said to an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The path from the worktree's root, or as it was named where it is elsewhere; quoted.
    pub path: String,
    /// Why it may not be, in a sentence; none: it may.
    pub denied: Option<String>,
    /// The pattern to ask for, where somebody could give it.
    pub wanted: Option<String>,
    /// What to know of it although it may be.
    pub notice: Option<String>,
}

impl Own {
    /// The objective whose worktree a repository was opened in, of a session that is not over.
    pub fn of(repository: &Repository) -> Result<Option<Self>> {
        let mut open = all(repository)?;
        open.retain(|session| !session.is_finished() && !session.was_taken_back());
        let Some((session, standing)) = of_worktree(repository, &open)? else { return Ok(None) };
        Ok(Some(Self {
            session: session.clone(),
            standing: standing.clone(),
            agreed: Agreed::of(repository, session)?,
            root: repository.worktree()?,
        }))
    }

    /// Whether a worktree is an objective's of which nothing is known.
    pub fn is_lost(repository: &Repository) -> Result<bool> {
        Ok(repository.is_objective_worktree()
            && of_worktree(repository, &all(repository)?)?.is_none())
    }

    /// Whether it may edit a file, named as somebody in `directory` names it. What is outside of
    /// the worktree may be edited below `temporary` alone.
    pub fn judge(
        &self,
        repository: &Repository,
        directory: &Path,
        named: &[u8],
        temporary: Option<&Path>,
    ) -> Result<Judged> {
        let shown = quote(named).into_owned();
        let paths = match place(&self.root, directory, named, repository.ignores_case()) {
            Place::Inside(paths) => paths,
            Place::Outside(real) => {
                let temporary = temporary.and_then(|path| path.canonicalize().ok());
                let is_temporary =
                    temporary.is_some_and(|t| t.components().count() > 1 && real.starts_with(t));
                let id = &self.standing.id;
                let denied = (!is_temporary).then(|| {
                    format!("objective {id} may not change {shown}: it is outside of its worktree")
                });
                return Ok(Judged { path: shown, denied, wanted: None, notice: None });
            }
            Place::Nowhere(why) => {
                let denied = Some(format!("{shown} cannot be edited: {why}"));
                return Ok(Judged { path: shown, denied, wanted: None, notice: None });
            }
        };
        let path = paths.first().map_or(shown, ToString::to_string);
        let place = self.standing.place.as_ref().context("an objective with a worktree")?;
        let scope = self.agreed.scope(&self.standing.id).context("an objective of the plan")?;
        let changes = paths.iter().map(|path| self.change(path)).collect::<Vec<_>>();
        let held = guard(&changes, scope, &self.agreed.scopes, &self.agreed.rules);
        let mut judged = Judged { path, denied: None, wanted: None, notice: None };
        for violation in &held.violations {
            let is_brought = place.brought.iter().any(|b| *b == violation.path.to_string());
            // Ignored files are outputs: no commit ever holds them.
            if is_brought || worktrees::is_output(&self.root, &violation.path)? {
                continue;
            }
            judged.denied = Some(violation.message(&self.standing.id));
            judged.wanted = violation.can_be_asked_for().then(|| literal(&violation.path));
            return Ok(judged);
        }
        judged.notice = held
            .derived
            .first()
            .map(|path| format!("{path} is made by a command: this change of it will not land"));
        Ok(judged)
    }

    /// An edit of a path as a change.
    fn change(&self, path: &RepoPath) -> Change {
        let file = self.root.join(worktrees::os_path(path));
        let side = |id: &str| Side { mode: Mode::File, id: id.repeat(40) };
        let is_there = file.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir());
        Change { path: path.clone(), old: is_there.then(|| side("1")), new: Some(side("0")) }
    }
}
