//! `refs/ap/reservations`: one commit, one blob a session, changed by compare-and-swap, so that
//! two processes never both think that they hold a scope.

use anyhow::{Context as _, Result};

use super::session::{Agreed, Handle};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::Case;
use crate::domain::path::RepoPath;
use crate::domain::reservation::{Hold, Reservation, meeting};
use crate::domain::scope::Scope;
use crate::domain::session::{Phase, Session};
use crate::domain::tree::{Mode, Side};
use crate::git::{RefUpdate, Repository, Signing};

/// Where reservations are.
pub const REFERENCE: &str = "refs/ap/reservations";

/// How often a swap that somebody else won is tried again.
const TRIES: usize = 20;

/// Every reservation, sorted by session, with the commit that holds them.
pub fn read(repository: &Repository) -> Result<(Option<String>, Vec<Reservation>)> {
    let Some(commit) = repository.reference(REFERENCE)? else { return Ok((None, Vec::new())) };
    let mut all = Vec::new();
    for entry in repository.entries(&commit)? {
        let text = repository.file_at(&commit, &entry.path)?.context("an entry has contents")?;
        all.push(Reservation::read(&text, &entry.path.to_lossy())?);
    }
    Ok((Some(commit), all))
}

/// What a session should hold: the scopes of its objectives from their start until it lands.
fn due(session: &Session, agreed: &Agreed, also: Option<&ObjectiveId>) -> Vec<Hold> {
    if session.is_finished() {
        return Vec::new();
    }
    let held = session.objectives.iter().filter(|o| {
        let begun = !matches!(o.phase, Phase::Planned | Phase::Dropped);
        begun || also == Some(&o.id)
    });
    held.filter_map(|o| Some(Hold::of(agreed.scope(&o.id)?, &agreed.rules))).collect()
}

/// Reserves the scope of an objective that is about to start. Refused, naming the holder, where
/// another session holds a path of it.
pub fn reserve(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<()> {
    let holds = due(&handle.session, &handle.agreed, Some(objective));
    let scope = handle.agreed.scope(objective).context("an objective of the plan")?;
    let wanted = Hold::of(scope, &handle.agreed.rules);
    swap(handle, holds, Some(("cannot start", &wanted)))
}

/// Reserves a wider scope for an objective that is at work, before it is given. Refused, naming
/// the holder, where another session holds a path of it.
pub fn widen(handle: &Handle<'_>, scope: &Scope) -> Result<()> {
    let wanted = Hold::of(scope, &handle.agreed.rules);
    let mut holds = due(&handle.session, &handle.agreed, None);
    holds.retain(|hold| hold.objective != scope.id);
    holds.push(wanted.clone());
    swap(handle, holds, Some(("cannot be given that", &wanted)))
}

/// Holds what the session should hold now, and nothing else.
pub fn settle(handle: &Handle<'_>) -> Result<()> {
    let holds = due(&handle.session, &handle.agreed, None);
    swap(handle, holds, None)
}

/// Replaces what the session of `handle` holds. Refused where `wanted` meets what another one
/// holds: what its objective cannot do then is said in words.
fn swap(handle: &Handle<'_>, holds: Vec<Hold>, wanted: Option<(&str, &Hold)>) -> Result<()> {
    let (repository, session) = (handle.tools.repository, handle.session.plan());
    let steps = handle.tools.steps;
    let own = Reservation::new(session.clone(), holds);
    let path = RepoPath::new(format!("{session}.json")).context("an id is a file's name")?;
    for _ in 0..TRIES {
        let (commit, all) = read(repository)?;
        if let Some((what, wanted)) = wanted {
            let case = if repository.ignores_case() { Case::Folded } else { Case::Exact };
            if let Some(held) = meeting(session, wanted, &all, case)? {
                let message = format!(
                    "objective {} {what}: `{}` is held by {} of {}",
                    wanted.objective, held.witness, held.objective, held.session
                );
                let hint = format!(
                    "wait until it has landed, or look with `git ap status {}`",
                    held.session.slug()
                );
                return Err(Failure::new(Kind::Conflict, message).hint(hint).into());
            }
        }
        let found = all.iter().find(|r| r.session == *session);
        if found == Some(&own) || found.is_none() && own.holds.is_empty() {
            return Ok(());
        }
        let new = if own.holds.is_empty() {
            None
        } else {
            let id = repository.store_blob(own.to_text().as_bytes())?;
            Some(Side { mode: Mode::File, id })
        };
        let tree = repository.tree_with(commit.as_deref(), &[(path.clone(), new)])?;
        let parents: Vec<&str> = commit.iter().map(String::as_str).collect();
        let message = format!("reservations of {session}\n");
        let made = repository.commit_tree(&tree, &parents, &message, Signing::Never)?;
        let update = RefUpdate { name: REFERENCE.to_owned(), old: commit.clone(), new: Some(made) };
        match repository.update_references(&[update], "git ap: reservations", steps) {
            Ok(()) => return Ok(()),
            // Somebody else was faster: look again at what they hold.
            Err(_) if repository.reference(REFERENCE)? != commit => {}
            Err(error) => return Err(error),
        }
    }
    let message = format!("`{REFERENCE}` changes faster than it can be followed");
    Err(Failure::new(Kind::Conflict, message).hint("run the command again").into())
}
