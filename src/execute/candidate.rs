//! The candidate of a wave: the commit that would land, made without touching any branch. The
//! gates run on exactly this commit.

use anyhow::{Context as _, Result};

use super::approval::signing;
use super::judge::{Judgement, judge};
use super::session::Handle;
use crate::domain::config::MergeStyle;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::merge::{Clash, Contribution, Label, Overlay, ToMerge, merge_lines, overlay};
use crate::domain::path::RepoPath;
use crate::domain::scope::Rules;
use crate::domain::session::{Standing, Tip};
use crate::domain::tree::Side;
use crate::git::Repository;

/// What one objective brings to its wave.
#[derive(Clone, Debug)]
pub struct Share {
    /// The objective.
    pub objective: ObjectiveId,
    /// The tip of its branch.
    pub tip: String,
    /// What its branch was judged to be.
    pub judgement: Judgement,
}

/// The tree of a candidate and how it came about.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The tree.
    pub tree: String,
    /// Paths that differ from the integration tree.
    pub files: usize,
    /// Changes of derived paths that were dropped.
    pub dropped: Vec<(ObjectiveId, RepoPath)>,
}

/// Judges the branches of objectives again, as they are now. A violation is refused with every
/// sentence of it, and moves nothing.
pub fn shares(handle: &Handle<'_>, objectives: &[&Standing]) -> Result<Vec<Share>> {
    let repository = handle.tools.repository;
    let mut shares = Vec::new();
    for standing in objectives {
        let place = standing.place.as_ref().context("an accepted objective has a branch")?;
        let tip = repository.reference(&place.branch)?.ok_or_else(|| {
            let short = place.branch.strip_prefix("refs/heads/").unwrap_or(&place.branch);
            Failure::new(Kind::Repository, format!("the branch `{short}` is gone")).hint(format!(
                "git branch {short} {}",
                standing.tip.as_deref().unwrap_or("<commit>")
            ))
        })?;
        let judgement =
            judge(repository, &handle.agreed, &standing.id, &handle.session.integration, &tip)?;
        shares.push(Share { objective: standing.id.clone(), tip, judgement });
    }
    Ok(shares)
}

/// Lays the net changes of shares upon the integration tree.
pub fn compose(handle: &Handle<'_>, shares: &[Share]) -> Result<Composed> {
    let contributions: Vec<Contribution> = shares
        .iter()
        .map(|s| Contribution {
            objective: s.objective.clone(),
            changes: s.judgement.changes.clone(),
        })
        .collect();
    let integration = &handle.session.integration;
    laid(handle.tools.repository, integration, &contributions, &handle.agreed.rules)
}

/// Lays net changes upon the tree of a commit.
pub fn laid(
    repository: &Repository,
    integration: &str,
    contributions: &[Contribution],
    rules: &Rules,
) -> Result<Composed> {
    let entries = repository.entries(integration)?;
    let overlay = overlay(contributions, &entries, rules).map_err(|clashes| clashing(&clashes))?;
    let (edits, dropped) = edits(repository, overlay)?;
    let tree = repository.tree_with(Some(integration), &edits)?;
    Ok(Composed { tree, files: edits.len(), dropped })
}

/// What is put where.
type Edits = Vec<(RepoPath, Option<Side>)>;

fn edits(
    repository: &Repository,
    overlay: Overlay,
) -> Result<(Edits, Vec<(ObjectiveId, RepoPath)>)> {
    let mut edits: Edits = overlay.edits.into_iter().map(|e| (e.path, e.new)).collect();
    let mut told = Vec::new();
    let mut last = None;
    for merge in &overlay.merges {
        match merged(repository, merge)? {
            Ok(side) if Some(&side) == merge.ours.as_ref() => {}
            Ok(side) => edits.push((merge.path.clone(), Some(side))),
            Err(text) => {
                told.push(text);
                last = last.max(merge.theirs.iter().map(|(id, _)| id.clone()).max());
            }
        }
    }
    if told.is_empty() {
        Ok((edits, overlay.dropped))
    } else {
        Err(refused(&told, last.as_ref()).into())
    }
}

fn clashing(clashes: &[Clash]) -> Failure {
    let told: Vec<String> = clashes.iter().map(Clash::message).collect();
    refused(&told, clashes.iter().flat_map(|c| &c.objectives).max())
}

fn refused(told: &[String], last: Option<&ObjectiveId>) -> Failure {
    let hint = match last {
        Some(last) => format!(
            "change it on one branch and say `git ap done` there, or leave one out: `git ap merge --without {last}`"
        ),
        None => "git ap status".to_owned(),
    };
    let message = format!("the wave cannot be merged: {}", told.join("; "));
    Failure::new(Kind::Conflict, message).hint(hint)
}

/// Merges the versions of one file by lines, or says why they cannot be.
fn merged(repository: &Repository, merge: &ToMerge) -> Result<Result<Side, String>> {
    let reader = repository.shared().reader();
    let contents = |side: Option<&Side>| -> Result<Vec<u8>> {
        let Some(side) = side else { return Ok(Vec::new()) };
        reader.blob(&side.id, LARGEST)?.with_context(|| format!("{} is too large", merge.path))
    };
    let ours = contents(merge.ours.as_ref())?;
    let mut theirs = Vec::new();
    for (id, side) in &merge.theirs {
        theirs.push((Label::Objective(id.clone()), contents(side.as_ref())?));
    }
    let outcome = if merge.starts.is_empty() {
        let mut sides = vec![(Label::Integration, ours.as_slice())];
        if merge.ours == merge.base {
            sides.clear();
        }
        sides.extend(theirs.iter().map(|(label, text)| (label.clone(), text.as_slice())));
        merge_lines(&contents(merge.base.as_ref())?, &sides, merge.insertions)
    } else {
        let mut so_far = Ok(ours);
        for ((label, text), start) in theirs.into_iter().zip(&merge.starts) {
            let Ok(before) = so_far else { break };
            let sides = [(Label::Integration, before.as_slice()), (label, text.as_slice())];
            so_far = merge_lines(&contents(start.as_ref())?, &sides, merge.insertions);
        }
        so_far
    };
    match outcome {
        Ok(bytes) => Ok(Ok(Side { mode: merge.mode, id: repository.store_blob(&bytes)? })),
        Err(clash) => Ok(Err(clash.message(&merge.path))),
    }
}

/// The largest file whose lines are merged, in bytes.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// The tips of shares, as the journal keeps them.
pub fn tips(shares: &[Share]) -> Vec<Tip> {
    let tip = |s: &Share| Tip {
        objective: s.objective.clone(),
        commit: s.tip.clone(),
        changed: !s.judgement.changes.is_empty(),
    };
    shares.iter().map(tip).collect()
}

/// Makes the commit of a wave on the integration tip: the changed objectives' tips are its
/// further parents, by their ids, unless waves are squashed.
pub fn commit(handle: &Handle<'_>, tree: &str, shares: &[Share], message: &str) -> Result<String> {
    let mut parents = vec![handle.session.integration.as_str()];
    if handle.agreed.config.merge_style == MergeStyle::Octopus {
        let mut changed: Vec<&Share> =
            shares.iter().filter(|s| !s.judgement.commits.is_empty()).collect();
        changed.sort_by(|a, b| a.objective.cmp(&b.objective));
        parents.extend(changed.iter().map(|s| s.tip.as_str()));
    }
    handle.tools.repository.commit_tree(tree, &parents, message, signing(&handle.agreed))
}
