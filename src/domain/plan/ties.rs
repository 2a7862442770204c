//! What ties objectives to each other beside the order that their author gave them: scopes that
//! meet, what one reads and another changes, what one uses and another provides.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, Proof};
use crate::domain::finding::{Code, Severity};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, Effort, Language, candidates, meet, meet_within};
use crate::domain::path::RepoPath;
use crate::domain::scope::Languages;
use crate::domain::wave::{self, Constraints, Cycle};

/// What holds two objectives apart, whatever their waves.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// Pairs whose scopes meet, with a path; none: it cannot be decided.
    meet: BTreeMap<(usize, usize), Option<RepoPath>>,
    /// A reader and who changes what it reads, with a path.
    read: BTreeMap<(usize, usize), RepoPath>,
    /// A user and the provider of what it uses.
    uses: BTreeSet<(usize, usize)>,
}

impl Ties {
    pub(super) fn of(plan: &Plan, proof: &Proof) -> Self {
        let mut ties = Self::default();
        let languages = Languages::new(&proof.scopes, &proof.rules);
        let touched: Vec<_> = proof.scopes.iter().map(|s| s.touch.as_slice()).collect();
        let effort = Effort::for_many();
        for (a, b) in candidates(&touched, Case::Exact).unwrap_or_default() {
            // A pair that cannot be decided is kept apart.
            match meet_within(languages.get(a), languages.get(b), Case::Exact, &effort) {
                Ok(None) => {}
                Ok(Some(met)) => drop(ties.meet.insert((a, b), Some(met.left))),
                Err(_) => drop(ties.meet.insert((a, b), None)),
            }
        }
        let stops = |code: Code| {
            let of = proof.findings.iter().filter(move |f| f.code == code);
            of.filter(|f| f.severity == Severity::Error)
        };
        if proof.hazards_stop {
            ties.add_reads(proof, &languages);
        }
        let position = |id: &ObjectiveId| plan.objectives.iter().position(|o| o.id == *id);
        for finding in stops(Code::ContractOrder) {
            if let [user, provider] = finding.objectives.as_slice()
                && let (Some(user), Some(provider)) = (position(user), position(provider))
            {
                ties.uses.insert((user, provider));
            }
        }
        ties.prefer_tracked(proof, position);
        ties
    }

    /// Where a finding shows a file that exists, that is the better example.
    fn prefer_tracked(&mut self, proof: &Proof, position: impl Fn(&ObjectiveId) -> Option<usize>) {
        for finding in proof.findings.iter().filter(|f| f.code == Code::ScopeOverlap) {
            let at: Vec<usize> = finding.objectives.iter().filter_map(&position).collect();
            if let ([a, b], Some(witness)) = (at.as_slice(), &finding.witness) {
                self.meet.insert((*a.min(b), *a.max(b)), Some(witness.clone()));
            }
        }
    }

    fn add_reads(&mut self, proof: &Proof, languages: &Languages<'_>) {
        for (reader, scope) in proof.scopes.iter().enumerate().filter(|(_, s)| !s.read.is_empty()) {
            let reads = Language::new(&scope.read, &[]);
            for writer in (0..proof.scopes.len()).filter(|writer| *writer != reader) {
                if let Ok(Some(met)) = meet(&reads, languages.get(writer), Case::Exact) {
                    self.read.insert((reader, writer), met.left);
                }
            }
        }
    }

    /// What the waves are mended under.
    pub(super) fn constraints(&self, proof: &Proof) -> Constraints {
        let mut constraints = proof.constraints.clone();
        constraints.conflicts = self.meet.keys().copied().collect();
        constraints.conflicts.extend(self.read.keys().map(|(a, b)| (*a.min(b), *a.max(b))));
        constraints
    }

    /// The mended waves. Who uses what another provides may stand beside it, and not before it:
    /// the user is wished to where the provider is, and what that breaks is mended again.
    pub(super) fn mended(&self, constraints: &Constraints) -> Result<Vec<u32>, Cycle> {
        let mut wished = constraints.clone();
        let mut waves = wave::repair(&wished)?;
        // A circle of uses has no such order: it is given up, and stays among the findings.
        for _ in 0..constraints.fixed.len() {
            let early = self.uses.iter().find(|(user, provider)| waves[*user] < waves[*provider]);
            let Some(&(user, provider)) = early else { break };
            wished.fixed[user] = Some(waves[provider]);
            waves = wave::repair(&wished)?;
        }
        Ok(waves)
    }

    /// Why an objective cannot stand in the wave that its author gave it, true of the waves that
    /// all have in the end.
    pub(super) fn reason(
        &self,
        plan: &Plan,
        constraints: &Constraints,
        waves: &[u32],
        index: usize,
    ) -> String {
        let id = |i: usize| &plan.objectives[i].id;
        let Some(wished) = constraints.fixed[index] else {
            return "it had no wave, and would get another one now".to_owned();
        };
        let mut why = Vec::new();
        for &need in constraints.depends_on[index].iter().filter(|need| waves[**need] >= wished) {
            why.push(format!("it depends on {} in wave {}", id(need), waves[need]));
        }
        for (user, provider) in self.uses.iter().filter(|(user, _)| *user == index) {
            if waves[*provider] > constraints.fixed[*user].unwrap_or(0) {
                let (provider, wave) = (id(*provider), waves[*provider]);
                why.push(format!("it uses what {provider} provides in wave {wave}"));
            }
        }
        for other in (0..waves.len()).filter(|o| *o != index && waves[*o] == wished) {
            let pair = (index.min(other), index.max(other));
            match (self.meet.get(&pair), self.read.get(&(index, other))) {
                (Some(Some(path)), _) => why.push(format!("it meets {} at `{path}`", id(other))),
                (Some(None), _) => {
                    why.push(format!("whether it meets {} cannot be decided", id(other)));
                }
                (None, Some(path)) => {
                    why.push(format!("it reads `{path}`, which {} changes", id(other)));
                }
                (None, None) => {
                    let path = self.read.get(&(other, index));
                    why.extend(
                        path.map(|path| format!("it changes `{path}`, which {} reads", id(other))),
                    );
                }
            }
        }
        let users = (0..waves.len()).filter(|o| constraints.depends_on[*o].contains(&index));
        for user in users.filter(|user| waves[*user] <= wished) {
            why.push(format!("{} needs it in wave {}", id(user), waves[user]));
        }
        if why.is_empty() {
            why.push("others had to move before it".to_owned());
        }
        why.truncate(3);
        why.join(", and ")
    }
}
