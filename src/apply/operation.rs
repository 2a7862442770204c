//! Carrying out an operation of a session. Each can be carried out again after a crash at any
//! of its steps and ends in the same state; what would be lost is saved first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Undone, landing};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Operation, Phase, Session, Standing};
use crate::git::worktrees::{self, Checkout};
use crate::git::{RefUpdate, Repository};
use crate::store::Steps;

struct Operator<'a> {
    repository: &'a Repository,
    session: &'a Session,
    surroundings: &'a Surroundings,
    steps: &'a Steps,
}

/// What an operation needs to know beside the session.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where the gates' worktree is, or would be.
    pub gate: PathBuf,
    /// Where the worktree for conflicts is, or would be.
    pub sync: PathBuf,
}

/// Carries out an operation of `session`, or the rest of it.
pub fn operation(
    repository: &Repository,
    session: &Session,
    surroundings: &Surroundings,
    operation: &Operation,
    steps: &Steps,
) -> Result<(), Undone> {
    let at = Operator { repository, session, surroundings, steps };
    match operation {
        Operation::Approve(approval) => {
            at.moved(&session.integration_branch(), None, Some(&approval.pin), "approved", &[])
        }
        Operation::Start { objective, branch, worktree, start, afresh, .. } => {
            if *afresh {
                at.removed(objective)?;
            }
            at.started(objective, branch, Path::new(worktree), start)
        }
        Operation::Merge { wave, from, to, .. } => {
            let candidate = at.gone(&session.candidate_ref())?;
            let why = format!("wave {wave}");
            at.moved(&session.integration_branch(), Some(from), Some(to), &why, &candidate)
        }
        Operation::Amend { from, to, .. } => at.moved(
            &session.integration_branch(),
            Some(from),
            Some(to),
            "the plan is amended",
            &[],
        ),
        Operation::Undo { wave, from, to } => {
            let why = format!("wave {wave} taken back");
            at.moved(&session.integration_branch(), Some(from), Some(to), &why, &[])
        }
        Operation::Sync { from, to, .. } => {
            at.moved(&session.integration_branch(), Some(from), Some(to), "sync", &[])?;
            Ok(at.without_sync_worktree()?)
        }
        Operation::Drop { objective, .. } => Ok(at.removed(objective)?),
        Operation::Land { target, from, to, integration_from, integration_to } => {
            let integration =
                RefUpdate::update(session.integration_branch(), integration_from, integration_to);
            landing::land(repository, session, &[integration], (target, from, to), steps)
        }
        Operation::Clean { .. } => Ok(at.cleaned()?),
    }
}

impl Operator<'_> {
    /// Moves one branch in a transaction with others. It may have been moved already, by the
    /// same operation before a crash.
    fn moved(
        &self,
        name: &str,
        from: Option<&str>,
        to: Option<&str>,
        why: &str,
        others: &[RefUpdate],
    ) -> Result<(), Undone> {
        let found = self.repository.reference(name)?;
        if found.as_deref() == to {
            return Ok(());
        }
        if found.as_deref() != from {
            let short = name.strip_prefix("refs/heads/").unwrap_or(name);
            let message = format!("`{short}` was moved by somebody else meanwhile");
            let failure = Failure::new(Kind::Conflict, message).hint("git ap status");
            return Err(Undone::Nothing(failure.into()));
        }
        let own = RefUpdate {
            name: name.to_owned(),
            old: from.map(str::to_owned),
            new: to.map(str::to_owned),
        };
        let updates: Vec<RefUpdate> = others.iter().cloned().chain([own]).collect();
        let why = format!("git ap: {why}");
        Ok(self.repository.update_references(&updates, &why, self.steps)?)
    }

    /// The deletion of a reference, if it is there.
    fn gone(&self, name: &str) -> Result<Vec<RefUpdate>> {
        let found = self.repository.reference(name)?;
        Ok(found.map(|old| RefUpdate::delete(name, old)).into_iter().collect())
    }

    fn started(
        &self,
        objective: &ObjectiveId,
        branch: &str,
        worktree: &Path,
        start: &str,
    ) -> Result<(), Undone> {
        let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        let checkout = Checkout::Branch { name: short.to_owned(), start: start.to_owned() };
        worktrees::place(self.repository, worktree, &checkout, self.steps)?;
        let name = format!("{}/{objective}\n", self.session.plan());
        Ok(worktrees::mark(worktree, &name, self.steps)?)
    }

    /// Takes away the worktree and the branch of an objective. What nobody else has is saved.
    fn removed(&self, objective: &ObjectiveId) -> Result<()> {
        let standing = self.session.objective(objective).context("an objective of the plan")?;
        for reference in saved(self.repository, self.session, standing, self.steps)? {
            self.steps.pass("saved", &reference)?;
        }
        let Some(place) = &standing.place else { return Ok(()) };
        worktrees::remove(self.repository, Path::new(&place.worktree), self.steps)?;
        let branch = self.gone(&place.branch)?;
        self.repository.update_references(&branch, "git ap: branch removed", self.steps)
    }

    fn without_sync_worktree(&self) -> Result<()> {
        let Some(stopped) = &self.session.stopped else { return Ok(()) };
        let path = Path::new(&stopped.worktree);
        if path.exists() {
            let name = format!("{}/sync", self.session.plan());
            worktrees::save_all(self.repository, path, &name, &[], self.steps)?;
        }
        worktrees::remove(self.repository, Path::new(&stopped.worktree), self.steps)
    }

    fn cleaned(&self) -> Result<()> {
        let mut folders = BTreeSet::new();
        for standing in &self.session.objectives {
            self.removed(&standing.id)?;
            let worktree = standing.place.as_ref().map(|p| PathBuf::from(&p.worktree));
            folders.extend(worktree.and_then(|w| w.parent().map(Path::to_owned)));
        }
        self.without_sync_worktree()?;
        let gate = &self.surroundings.gate;
        if worktrees::git_dir(gate)?.is_some() {
            let name = format!("{}/gate", self.session.plan());
            worktrees::save_foreign(self.repository, gate, &name, self.steps)?;
        }
        for place in [gate, &self.surroundings.sync] {
            worktrees::remove(self.repository, place, self.steps)?;
            folders.extend(place.parent().map(Path::to_owned));
        }
        // Only folders that are there for this session, and the one around them.
        let slug = &self.session.approval.slug;
        let ends = |folder: &Path, end: &str| {
            folder.file_name().is_some_and(|name| name.to_string_lossy().ends_with(end))
        };
        for folder in folders.iter().filter(|folder| ends(folder, slug)) {
            let around = folder.parent().is_some_and(|parent| ends(parent, ".ap"));
            worktrees::remove_empty_folders(folder, if around { 2 } else { 1 }, self.steps)?;
        }
        integration_saved(self.repository, self.session, self.steps)?;
        let mut references = self.gone(&self.session.candidate_ref())?;
        references.extend(self.gone(&self.session.integration_branch())?);
        self.repository.update_references(&references, "git ap: session cleaned up", self.steps)
    }
}

/// Saves what only an objective's worktree or branch has: uncommitted and untracked files, and
/// commits that are not merged. Refuses a worktree with a repository inside that no backup can
/// hold, and a branch that is checked out in another place. Returns the refs; the same work
/// again gives the same refs.
pub fn saved(
    repository: &Repository,
    session: &Session,
    standing: &Standing,
    steps: &Steps,
) -> Result<Vec<String>> {
    let Some(place) = &standing.place else { return Ok(Vec::new()) };
    let name = format!("{}/{}", session.plan(), standing.id);
    let worktree = Path::new(&place.worktree);
    let mut references = Vec::new();
    worktrees::require_removable(repository, worktree)?;
    worktrees::require_not_elsewhere(repository, &place.branch, worktree)?;
    // Nobody has worked yet in one that was never filled.
    let is_new = standing.phase == Phase::Started && !worktrees::is_filled(repository, worktree)?;
    if worktree.exists() && !is_new {
        references.extend(worktrees::save_all(repository, worktree, &name, &place.brought, steps)?);
    }
    // What was committed on a detached HEAD is on no branch.
    let heads = [repository.reference(&place.branch)?, worktrees::head_of(repository, worktree)?];
    for tip in heads.into_iter().flatten().chain(worktrees::own_references(worktree)?) {
        let safe = repository.is_ancestor(&tip, &session.integration)?
            || references.iter().any(|r| {
                let saved = repository.reference(r).ok().flatten();
                saved.is_some_and(|saved| repository.is_ancestor(&tip, &saved).unwrap_or(false))
            });
        if !safe {
            references.push(worktrees::keep_commit(repository, &name, &tip, steps)?);
        }
    }
    references.dedup();
    Ok(references)
}

/// Saves the integration branch where the target does not reach it, as after a squashed landing,
/// or one that was taken back. Returns the ref; none: nothing would be lost.
pub fn integration_saved(
    repository: &Repository,
    session: &Session,
    steps: &Steps,
) -> Result<Option<String>> {
    let Some(tip) = repository.reference(&session.integration_branch())? else { return Ok(None) };
    let reached = match repository.reference(&session.approval.target)? {
        Some(target) => repository.is_ancestor(&tip, &target)?,
        None => false,
    };
    // The pin holds copies of files and nobody's work.
    if reached || tip == session.approval.pin {
        return Ok(None);
    }
    let name = format!("{}/integration", session.plan());
    worktrees::keep_commit(repository, &name, &tip, steps).map(Some)
}
