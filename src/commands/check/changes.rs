//! Changes held against the scope of the objective that they belong to: what is staged, or each
//! commit of a range.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Args, show, subject};
use crate::commands::project::{PlanFile, Project, Tree};
use crate::commands::{Ctx, Exit};
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::{Code, Finding};
use crate::domain::guard::{Guarded, guard};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::plan::Plan;
use crate::domain::tree::Change;
use crate::git::{Commit, Repository};
use crate::ui::count_of;

/// Holds the changes that the arguments name against the scope of an objective. Each violation
/// is a finding. What counts is the plan as it was before the changes: at the beginning of the
/// range, or in `HEAD`.
pub(super) fn run(
    ctx: &Ctx,
    project: &Project,
    args: &Args,
    file: &PlanFile,
    tree: &Tree,
) -> Result<Exit> {
    let range = args.range.as_deref().map(ends).transpose()?;
    let before = match range {
        Some((from, _)) => project.repository.commit(from)?,
        None => tree.commit.clone(),
    };
    let agreed = project.as_of(&before, file)?;
    if agreed.is_none() {
        ctx.ui.note(&format!(
            "{} is not in {}: its working copy counts",
            file.shown,
            short(&before)
        ));
    }
    let (config, file) = match &agreed {
        Some((config, file)) => (config, file),
        None => (project.config()?, file),
    };
    let plan = file.require()?;
    let proof = Project::prove_under(config, &file.reading, plan, tree)?;
    let objective = objective(args, plan)?;
    let index = plan.objectives.iter().position(|o| o.id == objective);
    let scope = index.and_then(|i| proof.scopes.get(i)).ok_or_else(|| {
        let ids: Vec<&str> = plan.objectives.iter().map(|o| o.id.as_str()).collect();
        let message = format!("{} has no objective {objective}", file.shown);
        Failure::new(Kind::User, message).hint(format!("name one of {}", ids.join(", ")))
    })?;
    let held = |changes: &[Change], prefix: &str| {
        as_findings(&guard(changes, scope, &proof.scopes, &proof.rules), &objective, prefix)
    };
    let mut found = Vec::new();
    if let Some((from, to)) = range {
        let commits = project.repository.commits_between(from, to)?;
        for commit in &commits {
            let changes = own_changes(&project.repository, commit)?;
            found.extend(held(&changes, &format!("commit {}: ", short(&commit.id))));
        }
        ctx.ui.note(&format!(
            "{} held against the scope of {objective}",
            count_of(commits.len(), "commit")
        ));
    } else {
        let changes = project.repository.staged()?;
        found.extend(held(&changes, ""));
        ctx.ui.note(&format!(
            "{} held against the scope of {objective}",
            count_of(changes.len(), "staged change")
        ));
    }
    show(ctx, &found, file, subject(plan, &proof))?;
    Ok(if found.is_empty() { Exit::DONE } else { Kind::Violation.into() })
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn objective(args: &Args, plan: &Plan) -> Result<ObjectiveId, Failure> {
    match &args.objective {
        Some(text) => ObjectiveId::parse(text).map_err(|why| {
            Failure::new(Kind::Usage, format!("`{text}` is no objective's id")).hint(why)
        }),
        None if plan.objectives.len() == 1 => Ok(plan.objectives[0].id.clone()),
        None => {
            let message = "the plan has several objectives: whose changes are these?";
            Err(Failure::new(Kind::Usage, message).hint("add `--objective ID`"))
        }
    }
}

/// The two ends of `A..B`; a missing one is `HEAD`, as for git.
pub(in crate::commands) fn ends(range: &str) -> Result<(&str, &str), Failure> {
    let wrong = || {
        Failure::new(Kind::Usage, format!("`{range}` is no range of commits")).hint("write `A..B`")
    };
    let (from, to) = range.split_once("..").ok_or_else(wrong)?;
    if to.starts_with('.') || to.contains("..") || from.starts_with('-') || to.starts_with('-') {
        return Err(wrong());
    }
    Ok((or_head(from), or_head(to)))
}

fn or_head(end: &str) -> &str {
    if end.is_empty() { "HEAD" } else { end }
}

/// What a commit itself changed: its difference from its parent; for a merge, the paths that
/// differ from every parent.
fn own_changes(repository: &Repository, commit: &Commit) -> Result<Vec<Change>> {
    let Some((first, others)) = commit.parents.split_first() else {
        if repository.is_shallow()? {
            let message = format!("the clone is shallow: what {} changed is not here", commit.id);
            let failure = Failure::new(Kind::Repository, message);
            return Err(failure.hint("git fetch --unshallow").into());
        }
        return repository.changes(None, &commit.id);
    };
    let mut own: BTreeMap<RepoPath, Change> = BTreeMap::new();
    for change in repository.changes(Some(first), &commit.id)? {
        own.insert(change.path.clone(), change);
    }
    for parent in others {
        let changed = repository.changes(Some(parent), &commit.id)?;
        own.retain(|path, _| changed.binary_search_by(|c| c.path.cmp(path)).is_ok());
    }
    Ok(own.into_values().collect())
}

fn as_findings(guarded: &Guarded, objective: &ObjectiveId, prefix: &str) -> Vec<Finding> {
    let violations = guarded.violations.iter().map(|violation| {
        let message = format!("{prefix}{}", violation.message(objective));
        let mut finding = Finding::error(Code::ScopeViolation, message)
            .help("take the change back, or give the objective the path with `git ap plan --edit`")
            .objectives([objective.clone()]);
        finding.witness = Some(violation.path.clone());
        finding
    });
    violations.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_git_writes_them() {
        assert_eq!(ends("a..b"), Ok(("a", "b")));
        assert_eq!(ends("a.."), Ok(("a", "HEAD")));
        assert_eq!(ends("..b"), Ok(("HEAD", "b")));
        for wrong in ["a", "a...b", "-x..b", "a..-x", "a..b..c"] {
            assert!(ends(wrong).is_err(), "{wrong}");
        }
    }
}
