//! The gates of a wave on the commit that it goes out from, before anybody works on it: what is
//! red there already is nobody's fault, and told before work is spent on it.

use std::path::PathBuf;

use anyhow::Result;

use super::gate_worktree::GateWorktree;
use super::gates;
use super::listener::Listener;
use super::session::Handle;
use super::start::{is_begun, sync_first};
use super::sync::target_name;
use crate::domain::error::{Failure, Kind};
use crate::domain::session::{Entry, Failing};
use crate::report::Templates;

/// Gates that are red before a wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedBase {
    /// The wave.
    pub wave: u32,
    /// The commit that it goes out from.
    pub commit: String,
    /// The gates.
    pub red: Vec<Failing>,
    /// Where to look at them.
    pub place: PathBuf,
}

/// Runs the gates of the current wave on what it goes out from, if nobody has begun with it and
/// the policy wants it. What passed there before, or when the last wave was merged, is not run
/// again; what did not, is. None: nothing is red, or nothing was to be run.
pub fn baseline(
    handle: &mut Handle<'_>,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Option<RedBase>> {
    let policy = &handle.agreed.config.gates;
    let commands = policy.wave.clone();
    let wanted = policy.baseline && !commands.is_empty();
    let Some(wave) = handle.session.current_wave() else { return Ok(None) };
    if !wanted || handle.session.stopped.is_some() || is_begun(handle) {
        return Ok(None);
    }
    handle.require_unclaimed()?;
    sync_first(handle, templates, listener)?;
    let commit = handle.session.integration.clone();
    let open = unknown(handle, &commit, &commands);
    if open.is_empty() {
        return Ok(None);
    }
    let short = commit.get(..10).unwrap_or(&commit).to_owned();
    listener.note(&format!("the gates run on {short}, before wave {wave} begins"));
    handle.tools.steps.pass("baseline", &commit)?;
    let (reds, place) = handle.unlocked("the gates run before a wave begins", |handle| {
        let worktree = GateWorktree::at(handle, &commit, listener)?;
        let setting = worktree.setting(handle, "base");
        let reds = gates::check_all(&open, &setting, &mut |progress| {
            gates::tell("base", progress, listener);
        })?;
        worktree.leave(handle)?;
        Ok((reds, worktree.path().to_owned()))
    })?;
    let red: Vec<Failing> = reds.iter().map(gates::Red::failing).collect();
    let names = |red: &[Failing]| red.iter().map(|red| red.command.clone()).collect::<Vec<_>>();
    let known = handle.session.baseline_on(&commit);
    if known.is_none_or(|known| known.wave != wave || names(&known.red) != names(&red)) {
        handle.append(Entry::Baseline {
            wave,
            commit: commit.clone(),
            commands,
            red: red.clone(),
        })?;
    }
    Ok((!red.is_empty()).then_some(RedBase { wave, commit, red, place }))
}

/// Those of the commands of which it is not known that they pass on a commit.
fn unknown(handle: &Handle<'_>, commit: &str, commands: &[String]) -> Vec<String> {
    let session = &handle.session;
    let merged = session.waves.last().filter(|wave| wave.commit == commit);
    let known = session.baseline_on(commit);
    let passed = |command: &&String| {
        let at_merge = merged.is_some_and(|wave| wave.gates.contains(command));
        let before = known.is_some_and(|known| {
            let red = known.red.iter().any(|red| red.command == **command);
            known.commands.contains(command) && !red
        });
        at_merge || before
    };
    commands.iter().filter(|command| !passed(command)).cloned().collect()
}

impl RedBase {
    /// What is red, in a sentence, and the end of what it printed.
    pub fn describe(&self) -> String {
        let short = self.commit.get(..10).unwrap_or(&self.commit);
        let told = self.red.iter().map(|red| {
            let lines = red.output.iter().rev().take(10).rev().cloned();
            let all = std::iter::once(red.describe()).chain(lines);
            all.collect::<Vec<_>>().join("\n")
        });
        format!(
            "red on {short} already, before wave {} begins: {}",
            self.wave,
            told.collect::<Vec<_>>().join("\n")
        )
    }

    /// The refusal to begin with the wave.
    pub fn refusal(&self, handle: &Handle<'_>) -> Failure {
        let slug = handle.session.plan().slug();
        let hint = format!(
            "look into {}; mend it on `{}`, then `git ap sync {slug}` and `git ap run {slug}`; or \
             leave it to the objectives: `git ap run {slug} --red-base`",
            self.place.display(),
            target_name(handle),
        );
        Failure::new(Kind::Gate, format!("nothing was begun: {}", self.describe())).hint(hint)
    }
}
