//! Changing what was agreed while a session runs: a commit on the integration branch that holds
//! the new plan, and from then on the new plan counts.

use anyhow::{Context as _, Result};

use super::approval::signing;
use super::reservations;
use super::session::{Agreed, Handle};
use super::today::today;
use crate::apply;
use crate::domain::action::Action;
use crate::domain::commit_message;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::plan;
use crate::domain::session::{Amendment, Operation, Place};
use crate::domain::tree::{Mode, Side};
use crate::git::Repository;
use crate::report::{AmendView, Templates};
use crate::store::{self, layout};

/// The plan's text as it is agreed now.
pub fn text(handle: &Handle<'_>) -> Result<String> {
    let path = layout::plan(handle.session.plan());
    let commit = handle.session.agreed();
    let bytes = handle.tools.repository.file_at(commit, &path)?;
    let bytes = bytes.with_context(|| format!("{commit} holds no {path}"))?;
    String::from_utf8(bytes).with_context(|| format!("{path} of {commit} is not UTF-8"))
}

/// A new plan for a running session.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Its text.
    pub text: &'a str,
    /// What it changes.
    pub amendment: Amendment,
    /// The same in words, a line each, for the commit's message.
    pub lines: Vec<String>,
}

/// Commits a new plan on the integration branch; from then on it counts. Reservations follow.
pub fn amend(handle: &mut Handle<'_>, new: &New<'_>, templates: &Templates) -> Result<()> {
    handle.require_unclaimed()?;
    handle.require_movable_integration()?;
    let from = handle.session.integration.clone();
    let repository = handle.tools.repository;
    let edits = files(handle, new, templates, &from)?;
    let tree = repository.tree_with(Some(&from), &edits)?;
    let plan = handle.session.plan().clone();
    let objective = match &new.amendment {
        Amendment::Grant { objective, .. } => Some(objective),
        Amendment::Objectives { .. } => None,
    };
    let view = AmendView { plan: &plan, objective, lines: &new.lines };
    let message = templates.amend_message(&view)?;
    let digest = repository.blob_id(new.text.as_bytes())?;
    let message =
        commit_message::complete(&message, &commit_message::amendment(&plan, objective, &digest));
    let to = repository.commit_tree(&tree, &[&from], &message, signing(&handle.agreed))?;
    handle.operate(&Operation::Amend { from, to, amendment: new.amendment.clone() })?;
    reservations::settle(handle)?;
    follow(handle)
}

/// Brings the plan of the main worktree along after an amendment, where it is what was agreed
/// before and git does not track it there: whoever reads it sees what counts.
pub fn follow(handle: &Handle<'_>) -> Result<()> {
    if handle.session.amendments.is_empty() || handle.session.is_finished() {
        return Ok(());
    }
    let (repository, root) = (handle.tools.repository, handle.tools.repository.main_root()?);
    let id = handle.session.plan();
    let path = layout::plan(id);
    let shown = path.to_lossy().into_owned();
    let Some(text) = store::read_text(&root.join(&shown), &shown)? else { return Ok(()) };
    let now = repository.blob_id(text.as_bytes())?;
    let tracked =
        || -> Result<bool> { Ok(repository.file_at(&repository.head()?.commit, &path)?.is_some()) };
    if now == handle.agreed.digest || !was_agreed(handle, &text)? || tracked()? {
        return Ok(());
    }
    let mut actions = Vec::new();
    // The plan last: it says whether this is done.
    for path in [layout::plan_page(id), path] {
        let bytes = repository.file_at(handle.session.agreed(), &path)?;
        actions.extend(bytes.map(|bytes| Action::WriteFile { path, bytes }));
    }
    apply::apply(repository, &root, handle.tools.steps, &actions).map(drop)
}

/// Whether a plan's text was agreed at some time.
pub fn was_agreed(handle: &Handle<'_>, text: &str) -> Result<bool> {
    let path = layout::plan(handle.session.plan());
    for commit in handle.session.ever_agreed() {
        let agreed = handle.tools.repository.file_at(commit, &path)?;
        if agreed.as_deref() == Some(text.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The plan and its page, as the commit holds them.
fn files(
    handle: &Handle<'_>,
    new: &New<'_>,
    templates: &Templates,
    from: &str,
) -> Result<Vec<(RepoPath, Option<Side>)>> {
    let repository = handle.tools.repository;
    let id = handle.session.plan();
    let (path, page) = (layout::plan(id), layout::plan_page(id));
    let mut edits = vec![(path, new.text.as_bytes().to_vec())];
    if repository.file_at(from, &page)?.is_some() {
        edits.push((page, self::page(handle, new, templates)?.into_bytes()));
    }
    let stored = edits.into_iter().map(|(path, bytes)| {
        let id = repository.store_blob(&bytes)?;
        Ok((path, Some(Side { mode: Mode::File, id })))
    });
    stored.collect()
}

/// The page of a new plan.
pub fn page(handle: &Handle<'_>, new: &New<'_>, templates: &Templates) -> Result<String> {
    let repository = handle.tools.repository;
    let agreed = Agreed::from_text(repository, new.text, handle.agreed.config.clone())?;
    let placed = match &new.amendment {
        Amendment::Objectives { objectives } => objectives.clone(),
        Amendment::Grant { .. } => places(handle),
    };
    let wave = |id: &ObjectiveId| placed.iter().find(|p| p.objective == *id).map_or(1, |p| p.wave);
    let waves: Vec<u32> = agreed.plan.objectives.iter().map(|o| wave(&o.id)).collect();
    let today = today(repository, &agreed.plan);
    templates.plan_md(&agreed.plan, &agreed.digest, &waves, today.as_ref())
}

/// The objectives with the waves that they have now.
pub fn places(handle: &Handle<'_>) -> Vec<Place> {
    let standings = handle.session.objectives.iter();
    standings.map(|o| Place { objective: o.id.clone(), wave: o.wave }).collect()
}

/// The text with `wave` written where objectives have moved since the plan was approved, so that
/// who reads the plan sees the waves that count.
pub fn with_waves(handle: &Handle<'_>, text: &str) -> Result<String> {
    let moved =
        handle.agreed.plan.objectives.iter().enumerate().filter_map(|(index, objective)| {
            let wave = handle.session.objective(&objective.id)?.wave;
            (objective.wave.is_some_and(|old| old != wave)).then(|| plan::Move {
                index,
                id: objective.id.clone(),
                from: objective.wave,
                to: wave,
                why: String::new(),
            })
        });
    let changes: Vec<plan::Move> = moved.collect();
    if changes.is_empty() {
        return Ok(text.to_owned());
    }
    plan::with_moves(text, &changes).ok_or_else(|| not_toml(handle.tools.repository).into())
}

/// The agreed plan is always TOML: `plan` and `approve` write nothing else.
pub fn not_toml(repository: &Repository) -> Failure {
    let message = "the agreed plan is not TOML with a list `objective`";
    Failure::new(Kind::Repository, message)
        .hint(format!("look at it in {}", repository.common_dir().display()))
}
