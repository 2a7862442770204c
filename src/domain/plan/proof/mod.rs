//! Proving a plan: that its parts name each other rightly, that its scopes hold something, and
//! that no two objectives of a wave can ever touch the same path.

use super::{Plan, Reading};
use crate::domain::config::Config;
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::{Code, Finding, Severity};
use crate::domain::overlap::Effort;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::{Languages, Rules, Scope};
use crate::domain::wave::Constraints;

mod learn;
mod meant;
mod meeting;
mod mention;
mod narrow;
mod reach;
mod separate;
mod structure;
mod tracked;

pub use learn::{Calibration, Past, learn};

/// What a plan is held against.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The owner's policy.
    pub config: &'a Config,
    /// Every tracked path, sorted.
    pub tracked: &'a [RepoPath],
}

/// What is known about a plan once it has been checked.
#[derive(Debug)]
pub struct Proof {
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// The wave of each objective, from 1, by its position in the plan; 0 where a cycle leaves
    /// none.
    pub waves: Vec<u32>,
    /// The scope of each objective, by its position in the plan; patterns that cannot be read
    /// are missing and among the findings.
    pub scopes: Vec<Scope>,
    /// What counts for all of them.
    pub rules: Rules,
    /// What the waves were computed from.
    pub constraints: Constraints,
    /// Whether the policy takes a read hazard for an error.
    pub hazards_stop: bool,
}

impl Proof {
    /// Whether nothing stops the plan.
    pub fn valid(&self) -> bool {
        self.findings.iter().all(|f| f.severity != Severity::Error)
    }

    /// How many waves there are.
    pub fn wave_count(&self) -> usize {
        let waves: std::collections::BTreeSet<_> = self.waves.iter().filter(|w| **w > 0).collect();
        waves.len()
    }
}

/// Proves `plan`, which was read from `reading`. Fails only with a bug of git ap itself: when
/// two independent matchers disagree about a path that is about to be shown.
pub fn prove(reading: &Reading, plan: &Plan, facts: Facts<'_>) -> Result<Proof, Failure> {
    let mut prover = Prover {
        reading,
        plan,
        facts,
        findings: reading.findings.clone(),
        effort: Effort::for_many(),
    };
    let rules = prover.rules();
    let scopes = prover.scopes();
    let mut constraints = prover.constraints();
    let languages = Languages::new(&scopes, &rules);
    let close = prover.close(&scopes);
    let meetings = prover.meetings(&close, &scopes, &languages);
    constraints.conflicts.extend(meetings.keys());
    let waves = prover.waves(&constraints);
    prover.dependency_order(&waves);
    prover.contracts(&waves);
    prover.integration_points();
    prover.reach(&scopes, &rules);
    prover.overlaps(&waves, &scopes, &rules, &meetings)?;
    prover.case(&close, &waves, &scopes, &languages, &meetings);
    prover.read_hazards(&waves, &scopes, &rules, &languages);
    prover.mentions(&scopes, &rules);
    let hazards_stop = facts.config.read_hazards_are_errors;
    let mut findings = prover.findings;
    sort(&mut findings);
    Ok(Proof { findings, waves, scopes, rules, constraints, hazards_stop })
}

/// Puts findings in the order of the text; those of one rule at one place stay as they came.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|f| {
        (f.place.as_ref().map_or(usize::MAX, |p| p.span.start), f.severity, f.code)
    });
}

/// The scopes of a plan and what counts for all of them, without a proof: for whoever holds
/// changes against a plan that was proved when it was approved.
///
/// Fails on a pattern that cannot be read, because a scope without it would be another one.
pub fn scopes(
    reading: &Reading,
    plan: &Plan,
    config: &Config,
) -> Result<(Vec<Scope>, Rules), Failure> {
    let facts = Facts { config, tracked: &[] };
    let mut prover =
        Prover { reading, plan, facts, findings: Vec::new(), effort: Effort::for_many() };
    let (rules, scopes) = (prover.rules(), prover.scopes());
    match prover.findings.into_iter().next() {
        None => Ok((scopes, rules)),
        Some(finding) => Err(Failure::new(Kind::Plan, finding.message)),
    }
}

struct Prover<'a> {
    reading: &'a Reading,
    plan: &'a Plan,
    facts: Facts<'a>,
    findings: Vec<Finding>,
    /// What all exact decisions may cost together.
    effort: Effort,
}

impl Prover<'_> {
    fn rules(&mut self) -> Rules {
        let mut rules =
            Rules { global_forbid: self.facts.config.global_forbid.clone(), ..Rules::default() };
        for (i, derived) in self.plan.derived.iter().enumerate() {
            rules.derived.extend(self.patterns("derived", i, "paths", &derived.paths));
        }
        for (i, shared) in self.plan.shared.iter().enumerate() {
            rules.shared.extend(self.patterns("shared", i, "paths", &shared.paths));
        }
        rules
    }

    fn scopes(&mut self) -> Vec<Scope> {
        let plan = self.plan;
        let scopes = plan.objectives.iter().enumerate().map(|(i, o)| Scope {
            id: o.id.clone(),
            touch: self.patterns("objective", i, "touch", &o.touch),
            read: self.patterns("objective", i, "read", &o.read),
            forbid: self.patterns("objective", i, "forbid", &o.forbid),
        });
        scopes.collect()
    }

    fn patterns(&mut self, table: &str, index: usize, key: &str, texts: &[String]) -> Vec<Pattern> {
        let mut good = Vec::with_capacity(texts.len());
        for (item, text) in texts.iter().enumerate() {
            match Pattern::parse(text) {
                Ok(pattern) => good.push(pattern),
                Err(error) => {
                    let code = if error.too_complex { Code::TooComplex } else { Code::BadPattern };
                    let inner = Some(&error.span).filter(|_| !error.too_complex);
                    let place = self.reading.item_place(table, index, key, item, inner);
                    let ids =
                        (table == "objective").then(|| self.plan.objectives[index].id.clone());
                    let finding = Finding::error(code, error.message)
                        .help(error.help)
                        .objectives(ids)
                        .patterns([text.clone()])
                        .at(place);
                    self.findings.push(finding);
                }
            }
        }
        good
    }
}
