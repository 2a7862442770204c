//! Merging a wave: judged again, composed, its gates run on exactly the commit that lands, and
//! made visible in one transaction. Anything red moves nothing.

use anyhow::Result;

use super::candidate::{self, Composed, Share};
use super::gate_worktree::{GateWorktree, wave_commands};
use super::gates;
use super::listener::Listener;
use super::postpone::{open_of, postpone, require_accepted};
use super::session::Handle;
use super::sync::target_name;
use crate::domain::commit_message::{self, Trailer};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, Phase as Stage};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::plan::Plan;
use crate::domain::session::{Entry, Operation, Phase, Standing};
use crate::git::{RefUpdate, Repository, Signing};
use crate::report::{Done as Finished, Templates, Tests, WaveView};

/// A merged wave.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its number.
    pub wave: u32,
    /// Its commit.
    pub commit: String,
    /// The objectives that were merged.
    pub objectives: Vec<ObjectiveId>,
    /// Paths that it changed.
    pub files: usize,
    /// Changes of derived paths that were dropped.
    pub dropped: Vec<(ObjectiveId, RepoPath)>,
    /// The gates that passed.
    pub gates: Vec<String>,
}

/// A candidate commit with what it was made of.
#[derive(Debug)]
struct Candidate {
    commit: String,
    composed: Composed,
}

/// A wave that is being merged.
struct Wave<'t> {
    number: u32,
    templates: &'t Templates,
    commands: Vec<String>,
}

/// Merges the current wave; objectives of `without` wait for a later one. None: everything is
/// merged already.
pub fn merge(
    handle: &mut Handle<'_>,
    without: &[ObjectiveId],
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Option<Done>> {
    handle.require_unclaimed()?;
    handle.require_movable_integration()?;
    require_no_conflict(handle)?;
    postpone(handle, without, listener)?;
    let Some(number) = handle.session.current_wave() else { return Ok(None) };
    let open = open_of(handle, number);
    require_accepted(handle, number, &open)?;
    let shares = judged(handle, &open)?;
    let merged = merged_with(handle, &shares);
    let wave = Wave { number, templates, commands: wave_commands(handle, &merged) };
    let tips = candidate::tips(&shares);
    let from = handle.session.integration.clone();
    listener.event(EventKind::PhaseStart { phase: Stage::Integration });
    let what = format!("merging wave {number}");
    let outcome = handle.unlocked(&what, |handle| wave.made(handle, &shares, listener));
    let candidate = match outcome.and_then(|made| wave.green(handle, made, &from, &shares)) {
        Ok(candidate) => candidate,
        Err(error) => {
            let reason = failure_text(&error);
            listener.event(EventKind::WaveRolledBack { wave: number, reason });
            return Err(error);
        }
    };
    handle.operate(&Operation::Merge {
        wave: number,
        from,
        to: candidate.commit.clone(),
        tips,
        gates: wave.commands.clone(),
    })?;
    listener.event(EventKind::WaveComplete { wave: number, commit: candidate.commit.clone() });
    listener.event(EventKind::PhaseComplete { phase: Stage::Integration });
    Ok(Some(Done {
        wave: number,
        commit: candidate.commit,
        objectives: shares.into_iter().map(|s| s.objective).collect(),
        files: candidate.composed.files,
        dropped: candidate.composed.dropped,
        gates: wave.commands,
    }))
}

/// Refuses while a merge of the target waits to be resolved.
pub fn require_no_conflict(handle: &Handle<'_>) -> Result<(), Failure> {
    let Some(stopped) = &handle.session.stopped else { return Ok(()) };
    let message =
        format!("a conflict with the target waits to be resolved in {}", stopped.worktree);
    let hint = "git ap sync --continue, or git ap sync --abort";
    Err(Failure::new(Kind::Conflict, message).hint(hint))
}

/// The branches as they are now. What was accepted and changed since is worked on again; what
/// lies outside of its scope is violated.
fn judged(handle: &mut Handle<'_>, open: &[Standing]) -> Result<Vec<Share>> {
    let standings: Vec<&Standing> = open.iter().collect();
    let shares = candidate::shares(handle, &standings)?;
    let mut said = Vec::new();
    for share in &shares {
        if !share.judgement.violations.is_empty() {
            said.extend(share.judgement.violations.iter().cloned());
            handle.append(share.judgement.violated(&share.objective, &share.tip))?;
        }
    }
    if !said.is_empty() {
        let message = format!("nothing was merged: {}", said.join("; "));
        let hint = "take the change out of the branch's history, for example with `git rebase -i`, and say `git ap done` there";
        return Err(Failure::new(Kind::Violation, message).hint(hint).into());
    }
    for (standing, share) in open.iter().zip(&shares) {
        if standing.tip.as_deref() != Some(share.tip.as_str()) {
            let message =
                format!("objective {} has commits that were not judged yet", share.objective);
            let hint = format!("git ap done {}/{}", handle.session.plan().slug(), share.objective);
            return Err(Failure::new(Kind::Worker, message).hint(hint).into());
        }
    }
    Ok(shares)
}

/// Every objective that is merged once these are.
fn merged_with(handle: &Handle<'_>, shares: &[Share]) -> Vec<ObjectiveId> {
    let before = handle.session.objectives.iter().filter(|o| o.phase == Phase::Merged);
    before.map(|o| o.id.clone()).chain(shares.iter().map(|s| s.objective.clone())).collect()
}

fn tips_hold(repository: &Repository, handle: &Handle<'_>, shares: &[Share]) -> Result<bool> {
    for share in shares {
        let branch = handle.session.objective_branch(&share.objective);
        if repository.reference(&branch)?.as_deref() != Some(share.tip.as_str()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A gate that does not pass, on which candidate, and without whom it would.
struct RedWave {
    candidate: String,
    red: gates::Red,
    blamed: Vec<ObjectiveId>,
    place: String,
    /// Whether the gate was red before the wave.
    before: bool,
}

impl Wave<'_> {
    /// The candidate, if its gates passed and nobody has gone on while they ran.
    fn green(
        &self,
        handle: &mut Handle<'_>,
        made: Result<Candidate, RedWave>,
        from: &str,
        shares: &[Share],
    ) -> Result<Candidate> {
        let candidate = match made {
            Ok(candidate) => candidate,
            Err(red) => return Err(red_gate(handle, self, &red)?.into()),
        };
        if handle.session.integration == from && tips_hold(handle.tools.repository, handle, shares)?
        {
            return Ok(candidate);
        }
        let number = self.number;
        let message = format!("wave {number} changed while its gates ran: nothing was merged");
        let hint = format!("git ap merge {}", handle.session.plan().slug());
        Err(Failure::new(Kind::Conflict, message).hint(hint).into())
    }

    /// The candidate with its gates passed, or the gate that did not.
    fn made(
        &self,
        handle: &Handle<'_>,
        shares: &[Share],
        listener: &mut dyn Listener,
    ) -> Result<Result<Candidate, RedWave>> {
        let candidate = self.build(handle, shares, listener)?;
        let Some((red, place)) = self.gated(handle, &candidate.commit, listener)? else {
            return Ok(Ok(candidate));
        };
        // What was red before the wave is nobody's fault of those in it.
        let before = handle.session.red_before(self.number, &red.command).is_some();
        let blamed = if before { Vec::new() } else { self.blame(handle, shares, listener)? };
        if !blamed.is_empty() && shares.len() > 1 {
            // The worktree is left as the owner wants to look at it: at the red candidate.
            GateWorktree::at(handle, &candidate.commit, listener)?;
        }
        Ok(Err(RedWave { candidate: candidate.commit, red, blamed, place, before }))
    }

    fn build(
        &self,
        handle: &Handle<'_>,
        shares: &[Share],
        listener: &mut dyn Listener,
    ) -> Result<Candidate> {
        let repository = handle.tools.repository;
        let mut composed = candidate::compose(handle, shares)?;
        if !handle.agreed.plan.derived.is_empty() {
            let parents = [handle.session.integration.as_str()];
            let message = "before what is derived was made\n";
            let provisional =
                repository.commit_tree(&composed.tree, &parents, message, Signing::Never)?;
            let worktree = GateWorktree::at(handle, &provisional, listener)?;
            let mut edits = Vec::new();
            for derived in &handle.agreed.plan.derived {
                edits.extend(worktree.derive(handle, derived, listener)?);
            }
            worktree.leave(handle)?;
            composed.tree = repository.tree_with(Some(&provisional), &edits)?;
            composed.files += edits.len();
        }
        let message = self.message(handle, shares, &composed)?;
        let commit = candidate::commit(handle, &composed.tree, shares, &message)?;
        Ok(Candidate { commit, composed })
    }

    fn message(
        &self,
        handle: &Handle<'_>,
        shares: &[Share],
        composed: &Composed,
    ) -> Result<String> {
        let agreed = &handle.agreed;
        let waves = handle.session.objectives.iter().map(|o| o.wave).max().unwrap_or(1);
        let view = WaveView {
            plan: &agreed.plan.id,
            task_type: agreed.plan.task_type,
            request: &agreed.plan.request,
            wave: self.number,
            waves,
            objectives: shares.iter().map(|s| finished(&agreed.plan, s)).collect(),
            modified: composed.files,
            tests: if self.commands.is_empty() { Tests::NotRun } else { Tests::Passed },
        };
        let text = self.templates.wave_message(&view)?;
        let trailers = commit_message::wave(handle.session.plan(), self.number, &agreed.digest);
        let trailers = commit_message::with_co_authors(trailers, co_authors(handle, shares)?);
        Ok(commit_message::complete(&text, &trailers))
    }

    /// Runs the gates on a commit; the first that does not pass, and where to look at it.
    fn gated(
        &self,
        handle: &Handle<'_>,
        commit: &str,
        listener: &mut dyn Listener,
    ) -> Result<Option<(gates::Red, String)>> {
        if self.commands.is_empty() {
            return Ok(None);
        }
        handle.tools.steps.pass("gates", commit)?;
        let worktree = GateWorktree::at(handle, commit, listener)?;
        let setting = worktree.setting(handle, &format!("wave-{}", self.number));
        let what = format!("wave {}", self.number);
        let red = gates::check(&self.commands, &setting, &mut |progress| {
            if let gates::Progress::Ends(command, ended) = &progress {
                contracts_checked(&handle.agreed.plan, command, ended.is_green(), listener);
            }
            gates::tell(&what, progress, listener);
        })?;
        worktree.leave(handle)?;
        Ok(red.map(|red| (red, worktree.path().display().to_string())))
    }

    /// The objectives without each of which the gates pass. A wave of one has no doubt.
    fn blame(
        &self,
        handle: &Handle<'_>,
        shares: &[Share],
        listener: &mut dyn Listener,
    ) -> Result<Vec<ObjectiveId>> {
        let changed: Vec<&Share> =
            shares.iter().filter(|s| !s.judgement.changes.is_empty()).collect();
        if !handle.agreed.config.gates.blame || changed.len() < 2 {
            return Ok(changed.into_iter().map(|s| s.objective.clone()).collect());
        }
        let mut blamed = Vec::new();
        for suspect in changed {
            let id = &suspect.objective;
            listener.note(&format!("is it {id}? the gates run without it"));
            let others: Vec<Share> =
                shares.iter().filter(|s| s.objective != *id).cloned().collect();
            // What cannot be built without it proves nothing.
            let Ok(candidate) = self.build(handle, &others, listener) else { continue };
            if self.gated(handle, &candidate.commit, listener)?.is_none() {
                blamed.push(id.clone());
            }
        }
        Ok(blamed)
    }
}

/// Tells of the contracts that a command checks.
fn contracts_checked(plan: &Plan, command: &str, passed: bool, listener: &mut dyn Listener) {
    for contract in plan.contracts.iter().filter(|c| c.check.as_deref() == Some(command)) {
        listener.event(EventKind::ContractChecked {
            provider: contract.provider.to_string(),
            consumers: contract.consumers.iter().map(ToString::to_string).collect(),
            description: contract.description.clone(),
            passed,
        });
    }
}

/// An error as a sentence for whoever watches.
fn failure_text(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.message.clone(),
        None => format!("{error:#}"),
    }
}

/// An objective as a message names it.
fn finished<'a>(plan: &'a Plan, share: &'a Share) -> Finished<'a> {
    Finished {
        id: &share.objective,
        title: plan.objective(&share.objective).map_or("", |o| o.title.as_str()),
        commits: share.judgement.commits.len() as u64,
        files: share.judgement.changes.len() as u64,
    }
}

/// Who worked on what is merged: the authors of its commits who do not make the merge, and who
/// is configured.
fn co_authors(handle: &Handle<'_>, shares: &[Share]) -> Result<Vec<Trailer>> {
    let repository = handle.tools.repository;
    let mut authors = Vec::new();
    for share in shares {
        authors.extend(repository.authors_between(&share.judgement.start, &share.tip)?);
    }
    let took_part = |o: &Standing| shares.iter().any(|share| share.objective == o.id);
    let workers = handle.session.co_authors(took_part);
    let committer = repository.committer()?;
    let configured = &handle.agreed.config.commits.co_authors;
    Ok(commit_message::co_authors(&committer.mail, &authors, &workers, configured))
}

/// Keeps the red candidate to look at, and says what is red, because of whom, and how to go on.
fn red_gate(handle: &mut Handle<'_>, wave: &Wave<'_>, red: &RedWave) -> Result<Failure> {
    let tools = handle.tools;
    let reference = handle.session.candidate_ref();
    let old = tools.repository.reference(&reference)?;
    if old.as_deref() != Some(red.candidate.as_str()) {
        let update = RefUpdate { name: reference.clone(), old, new: Some(red.candidate.clone()) };
        tools.repository.update_references(&[update], "git ap: red candidate", tools.steps)?;
    }
    let failing = red.red.failing();
    handle.append(Entry::GateRed {
        wave: wave.number,
        candidate: red.candidate.clone(),
        command: failing.command.clone(),
        blamed: red.blamed.clone(),
        how: failing.how.clone(),
        output: failing.output.clone(),
        before: red.before,
    })?;
    let slug = handle.session.plan().slug();
    let names: Vec<&str> = red.blamed.iter().map(ObjectiveId::as_str).collect();
    let blame = match names.as_slice() {
        _ if red.before => {
            "; it was red before the wave already: no objective is blamed".to_owned()
        }
        [] => String::new(),
        _ if wave_of_one(handle, wave.number) => String::new(),
        names => format!("; it passes without {}", names.join(", or without ")),
    };
    let tail = failing.output.iter().rev().take(10).rev().cloned().collect::<Vec<_>>();
    let message = format!(
        "wave {} is red, nothing was merged: {}{blame}\n{}",
        wave.number,
        failing.describe(),
        tail.join("\n")
    );
    let one = names.first().copied().unwrap_or("ID");
    let look = format!("look into {} (candidate {reference}), then ", red.place);
    let ways = format!(
        "`git ap retry {slug}/{one}`, `git ap drop {slug}/{one}` or `git ap merge {slug} --without {one}`"
    );
    let hint = if red.before {
        let target = target_name(handle);
        format!("{look}mend it on `{target}` and `git ap sync {slug}`, or {ways}")
    } else {
        format!("{look}{ways}")
    };
    Ok(Failure::new(Kind::Gate, message.trim_end().to_owned()).hint(hint))
}

fn wave_of_one(handle: &Handle<'_>, wave: u32) -> bool {
    handle.session.of_wave(wave).filter(|o| o.phase == Phase::Accepted).count() == 1
}
