//! What the past says about a plan: files that a scope will need and does not have, and files
//! that everybody adds to.

use super::narrow::Ground;
use super::{Facts, Proof, Prover};
use crate::domain::finding::{Code, Finding};
use crate::domain::history::{Evidence, History, everybody_adds_to};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::overlap::{Case, Effort, meet};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{Pattern, literal};
use crate::domain::plan::{Plan, Reading, toml_string};
use crate::domain::scope::Rules;

/// What is known of earlier work.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// What commits changed.
    pub history: &'a History,
    /// What earlier objectives were given, and what they needed.
    pub calibration: &'a [Calibration],
}

/// What an earlier objective was given, and what it needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// The plan that it was part of.
    pub session: PlanId,
    /// Which objective of it.
    pub objective: ObjectiveId,
    /// What it was allowed to change when it began, as patterns.
    pub patterns: Vec<String>,
    /// What it changed.
    pub touched: Vec<RepoPath>,
    /// What it wanted to change and was not allowed to.
    pub refused: Vec<RepoPath>,
}

/// The same proof with what the past has to say: warnings about scopes that are too narrow, and
/// a better way out of overlaps on a file that everybody adds to.
///
/// This is for people who look at a plan. It never changes whether a plan is valid, so whoever
/// only decides that can do without.
pub fn learn(
    proof: Proof,
    reading: &Reading,
    plan: &Plan,
    facts: Facts<'_>,
    past: Past<'_>,
) -> Proof {
    let mut prover =
        Prover { reading, plan, facts, findings: proof.findings, effort: Effort::for_many() };
    prover.propose_shared(&proof.scopes, &proof.rules, past.history);
    let ground = Ground::new(&proof.scopes, &proof.rules, past.history);
    prover.too_narrow(&ground, past);
    super::sort(&mut prover.findings);
    Proof { findings: prover.findings, ..proof }
}

impl Prover<'_> {
    /// Where two scopes meet on one tracked file that everybody adds to, and nowhere else, the
    /// help is to share it.
    fn propose_shared(
        &mut self,
        scopes: &[crate::domain::scope::Scope],
        rules: &Rules,
        history: &History,
    ) {
        let open = |f: &&mut Finding| f.code == Code::ScopeOverlap && f.tracked_count == Some(1);
        for finding in self.findings.iter_mut().filter(open) {
            let Some(witness) = &finding.witness else { continue };
            let Some(evidence) = everybody_adds_to(history, witness) else { continue };
            let scope = |id: &ObjectiveId| scopes.iter().find(|s| s.id == *id);
            let [one, two] = finding.objectives.as_slice() else { continue };
            let (Some(one), Some(two)) = (scope(one), scope(two)) else { continue };
            let path = literal(witness);
            let Ok(pattern) = Pattern::parse(&path) else { continue };
            let mut shared = rules.clone();
            shared.shared.push(pattern);
            let apart = meet(&one.effective(&shared), &two.effective(&shared), Case::Exact);
            if apart == Ok(None) {
                let other =
                    finding.help.take().map_or(String::new(), |help| format!("; or {help}"));
                finding.help = Some(format!("{}{other}", share(&path, evidence)));
            }
        }
    }
}

/// How to share a file, and why that is the way.
fn share(path: &str, evidence: Evidence) -> String {
    format!(
        "everybody adds to it ({} commits changed it together with files of {} directories): \
         add `[[shared]]` with `paths = [{}]`",
        evidence.commits,
        evidence.directories,
        toml_string(path)
    )
}
