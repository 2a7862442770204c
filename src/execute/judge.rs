//! The commits of an objective's branch held against its scope: every commit, so that what was
//! taken back later still counts; or, where waves are squashed, the net change.

use anyhow::{Context as _, Result};

use super::session::Agreed;
use crate::domain::config::MergeStyle;
use crate::domain::error::{Failure, Kind};
use crate::domain::guard::guard;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::session::Entry;
use crate::domain::tree::Change;
use crate::git::{Commit, Repository};

/// What a branch was judged to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The commit of the integration branch that it goes out from.
    pub start: String,
    /// Its commits that are in no integration branch, oldest first.
    pub commits: Vec<Commit>,
    /// Its net change, sorted by path.
    pub changes: Vec<Change>,
    /// What may not be, a sentence each.
    pub violations: Vec<String>,
    /// The paths that they speak of, sorted, each once.
    pub refused: Vec<RepoPath>,
    /// Derived paths that it changed: they will not land.
    pub derived: Vec<RepoPath>,
}

impl Judgement {
    fn refuse(&mut self, paths: impl Iterator<Item = RepoPath>) {
        self.refused.extend(paths);
        self.refused.sort();
        self.refused.dedup();
    }

    /// The journal's line about the violations.
    pub fn violated(&self, objective: &ObjectiveId, tip: &str) -> Entry {
        Entry::Violated {
            objective: objective.clone(),
            tip: tip.to_owned(),
            violations: self.violations.clone(),
            paths: self.refused.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Judges the branch of an objective whose tip this is, going out from an integration branch
/// whose tip `integration` is. The integration commit that the branch merged last is its start.
pub fn judge(
    repository: &Repository,
    agreed: &Agreed,
    objective: &ObjectiveId,
    integration: &str,
    tip: &str,
) -> Result<Judgement> {
    let scope = agreed.scope(objective).context("the objective is one of the plan")?;
    let start = repository.merge_base(integration, tip)?.ok_or_else(|| {
        let message = format!("the branch of {objective} has no history in common with its wave");
        Failure::new(Kind::Repository, message).hint(format!("git ap retry {objective} --afresh"))
    })?;
    let commits = repository.commits_between(&start, tip)?;
    let changes = repository.changes(Some(&start), tip)?;
    let mut judgement = Judgement { start, commits, changes, ..Judgement::default() };
    let net = guard(&judgement.changes, scope, &agreed.scopes, &agreed.rules);
    judgement.derived = net.derived;
    if agreed.config.merge_style == MergeStyle::Squash {
        judgement.violations = net.violations.iter().map(|v| v.message(objective)).collect();
        judgement.refuse(net.violations.into_iter().map(|v| v.path));
        return Ok(judgement);
    }
    let mut refused = Vec::new();
    for commit in &judgement.commits {
        let short = commit.id.get(..10).unwrap_or(&commit.id);
        let own = match own_changes(repository, commit, integration)? {
            Own::Changes(changes) => changes,
            Own::Foreign => {
                judgement.violations.push(format!(
                    "commit {short}: objective {objective} may merge the integration branch and nothing else"
                ));
                continue;
            }
        };
        let held = guard(&own, scope, &agreed.scopes, &agreed.rules);
        let told = held.violations.iter();
        judgement
            .violations
            .extend(told.map(|v| format!("commit {short}: {}", v.message(objective))));
        refused.extend(held.violations.into_iter().map(|v| v.path));
    }
    judgement.refuse(refused.into_iter());
    Ok(judgement)
}

/// What a commit of an objective's branch changed itself.
enum Own {
    Changes(Vec<Change>),
    /// It merges something else than what is new on the integration branch.
    Foreign,
}

/// A merge of the integration branch is held against that parent: what it differs in is the
/// objective's own work (DESIGN §8, "Merge").
fn own_changes(repository: &Repository, commit: &Commit, integration: &str) -> Result<Own> {
    match commit.parents.as_slice() {
        [] if repository.is_shallow()? => {
            let message = format!("the clone is shallow: what {} changed is not here", commit.id);
            let failure = Failure::new(Kind::Repository, message);
            Err(failure.hint("git fetch --unshallow").into())
        }
        [] => Ok(Own::Changes(repository.changes(None, &commit.id)?)),
        [parent] => Ok(Own::Changes(repository.changes(Some(parent), &commit.id)?)),
        [branch, merged] if takes_over(repository, branch, merged, integration)? => {
            Ok(Own::Changes(repository.changes(Some(merged), &commit.id)?))
        }
        _ => Ok(Own::Foreign),
    }
}

/// Whether a merge of `merged` into an objective's branch takes over news of the integration
/// branch: a commit of it that goes on from where the branch stands. An older one, or a side of
/// it, would take back what others have merged, although it differs from it in nothing else.
pub fn takes_over(
    repository: &Repository,
    branch: &str,
    merged: &str,
    integration: &str,
) -> Result<bool> {
    if !repository.is_ancestor(merged, integration)? {
        return Ok(false);
    }
    match repository.merge_base(integration, branch)? {
        Some(start) => Ok(start != merged && repository.is_ancestor(&start, merged)?),
        None => Ok(false),
    }
}
