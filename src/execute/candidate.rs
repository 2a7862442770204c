//! The candidate of a wave: the commit that would land, made without touching any branch. The
//! gates run on exactly this commit.

use anyhow::{Context as _, Result};

use super::approval::signing;
use super::judge::{Judgement, judge};
use super::session::Handle;
use crate::domain::config::MergeStyle;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::merge::{
    Clash, Contribution, Insertions, LineClash, Overlay, Reason, ToMerge, merge_lines, overlay,
};
use crate::domain::path::RepoPath;
use crate::domain::scope::Rules;
use crate::domain::session::{Standing, Tip};
use crate::domain::tree::{Mode, Side};
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
    let overlay = overlay(contributions, &entries, rules).map_err(|clashes| refused(&clashes))?;
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
    let mut clashes = Vec::new();
    for merge in &overlay.merges {
        match merged(repository, merge)? {
            Ok(side) if Some(&side) == merge.ours.as_ref() => {}
            Ok(side) => edits.push((merge.path.clone(), Some(side))),
            Err(clash) => clashes.push(clash),
        }
    }
    if clashes.is_empty() { Ok((edits, overlay.dropped)) } else { Err(refused(&clashes).into()) }
}

fn refused(clashes: &[Clash]) -> Failure {
    let told: Vec<String> = clashes.iter().map(Clash::message).collect();
    let hint = match clashes.iter().flat_map(|c| &c.objectives).max() {
        Some(last) => format!(
            "change it on one branch and say `git ap done` there, or leave one out: `git ap merge --without {last}`"
        ),
        None => "git ap status".to_owned(),
    };
    Failure::new(Kind::Conflict, format!("the wave cannot be merged: {}", told.join("; ")))
        .hint(hint)
}

/// Merges the versions of one file, one after the other.
fn merged(repository: &Repository, merge: &ToMerge) -> Result<Result<Side, Clash>> {
    let reader = repository.objects().reader();
    let contents = |side: Option<&Side>| -> Result<Vec<u8>> {
        let Some(side) = side else { return Ok(Vec::new()) };
        reader.blob(&side.id, LARGEST)?.with_context(|| format!("{} is too large", merge.path))
    };
    let mut ours = contents(merge.ours.as_ref())?;
    let mut mode = merge.ours.as_ref().map(|s| s.mode);
    let objectives = || merge.theirs.iter().map(|t| t.objective.clone()).collect();
    let clash = |reason| Clash { path: merge.path.clone(), objectives: objectives(), reason };
    for their in &merge.theirs {
        let (base, theirs) = (contents(their.base.as_ref())?, contents(Some(&their.new))?);
        // Two files made from nothing are two changes of the same lines, unless lines are kept.
        if their.base.is_none() && mode.is_some() && merge.insertions == Insertions::Conflict {
            return Ok(Err(clash(Reason::Several)));
        }
        ours = match merge_lines(&base, &ours, &theirs, merge.insertions) {
            Ok(bytes) => bytes,
            Err(LineClash::At(line)) => return Ok(Err(clash(Reason::Lines(line)))),
            Err(LineClash::Binary) => return Ok(Err(clash(Reason::Binary))),
        };
        // Of two modes, the one that a side changed counts.
        let base_mode = their.base.as_ref().map(|s| s.mode);
        if mode.is_none() || base_mode != Some(their.new.mode) {
            mode = Some(their.new.mode);
        }
    }
    let id = repository.store_blob(&ours)?;
    Ok(Ok(Side { mode: mode.unwrap_or(Mode::File), id }))
}

/// The largest file whose lines are merged, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

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
