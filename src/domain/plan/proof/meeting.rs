//! Whether two objectives of a wave can touch the same path, read what the other changes, or
//! meet on a disk that ignores case.

use std::collections::{BTreeMap, BTreeSet};

use super::Prover;
use super::separate::{Separation, separation};
use super::tracked::Owned;
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::{Code, Finding, Severity};
use crate::domain::overlap::{
    Case, Language, Meeting, broadest, candidates, crossing, meet_within,
};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::{Languages, Rules, Scope};

/// The pairs of objectives whose effective scopes meet, lower position first.
pub(super) type Meetings = BTreeMap<(usize, usize), Meeting>;

/// So many pairs of objectives that meet are told one by one, and as many that differ in case.
const MAX_TOLD: usize = 5_000;

/// So many read hazards are told.
const MAX_HAZARDS: usize = 500;

/// For how many overlaps a line that separates them is looked for.
const MAX_SEPARATED: usize = 20;
/// A plan of which more pairs meet is too complex: it is no longer about two scopes that collide.
const MAX_MEETINGS: usize = 20_000;

/// Pairs of objectives, lower position first.
pub(super) type Close = BTreeSet<(usize, usize)>;

impl Prover<'_> {
    /// The pairs of objectives that could meet on some disk: all others are disjoint, also byte
    /// by byte.
    pub(super) fn close(&mut self, scopes: &[Scope]) -> Close {
        candidates(&touched(scopes), Case::Folded).unwrap_or_else(|stuck| {
            self.all_meet(scopes, &stuck.pattern);
            Close::new()
        })
    }

    /// Far too many pairs meet: that is told of the pattern that reaches furthest.
    fn all_meet(&mut self, scopes: &[Scope], pattern: &str) {
        let has = |s: &&Scope| s.touch.iter().chain(&s.read).any(|p| p.as_str() == pattern);
        if let Some(scope) = scopes.iter().find(has) {
            self.too_complex(&scope.id, pattern);
        }
    }

    /// Decides every pair that could stand in one wave.
    pub(super) fn meetings(
        &mut self,
        close: &Close,
        scopes: &[Scope],
        languages: &Languages<'_>,
    ) -> Meetings {
        let mut meetings = Meetings::new();
        for &(a, b) in close {
            let apart = match (self.plan.objectives[a].wave, self.plan.objectives[b].wave) {
                (Some(x), Some(y)) => x != y,
                _ => false,
            };
            if apart || scopes[a].id == scopes[b].id {
                continue;
            }
            if meetings.len() == MAX_MEETINGS {
                self.all_meet(scopes, &broadest(&touched(scopes)).pattern);
                break;
            }
            match meet_within(languages.get(a), languages.get(b), Case::Exact, &self.effort) {
                Ok(Some(meeting)) => drop(meetings.insert((a, b), meeting)),
                Ok(None) => {}
                Err(stuck) => {
                    self.too_complex(&scopes[a].id, &stuck.pattern);
                    if self.effort.is_spent() {
                        break;
                    }
                }
            }
        }
        meetings
    }

    pub(super) fn overlaps(
        &mut self,
        waves: &[u32],
        scopes: &[Scope],
        rules: &Rules,
        meetings: &Meetings,
    ) -> Result<(), Failure> {
        let owned = Owned::new(self.facts.tracked, scopes, rules);
        let together = |pair: &(usize, usize)| waves[pair.0] == waves[pair.1] && waves[pair.0] != 0;
        let told = meetings.iter().filter(|(pair, _)| together(pair));
        let untold = told.clone().skip(MAX_TOLD).count();
        if untold > 0 {
            let message = format!("{untold} more pairs of objectives overlap");
            let finding = Finding::error(Code::ScopeOverlap, message)
                .help("give what many of them touch to one, or list it under `[[shared]]`");
            self.findings.push(finding);
        }
        for (at, ((a, b), meeting)) in told.take(MAX_TOLD).enumerate() {
            let (one, two) = (&scopes[*a], &scopes[*b]);
            let (tracked, count) = owned.both(*a, *b);
            let witness = tracked.unwrap_or(&meeting.left);
            let patterns = [confirmed(one, rules, witness)?, confirmed(two, rules, witness)?];
            let kind = if count == 0 { "a new file such as " } else { "" };
            let below = self.meant_below(patterns, witness);
            let message = format!(
                "{} and {} can both change {kind}{witness} in wave {}",
                one.id, two.id, waves[*a]
            );
            let mut finding = Finding::error(Code::ScopeOverlap, message)
                .help(below.unwrap_or_else(|| {
                    // A proof for each of thousands would cost more than finding them.
                    let proved = at < MAX_SEPARATED;
                    let separation = if proved {
                        separation(one, two, rules, self.facts.tracked, &self.effort)
                    } else {
                        Separation::Waves
                    };
                    separation.to_string()
                }))
                .objectives([one.id.clone(), two.id.clone()])
                .patterns(patterns.map(|p| p.as_str().to_owned()))
                .at(self.pattern_place(*a, "touch", patterns[0]));
            let other = self.pattern_place(*b, "touch", patterns[1]);
            finding.related.extend(other.map(|p| (p, format!("{} has it here", two.id))));
            finding.wave = Some(waves[*a]);
            finding.witness_exists = Some(count > 0);
            finding.tracked_count = Some(count);
            finding.witness = Some(witness.clone());
            self.findings.push(finding);
        }
        Ok(())
    }

    /// The scopes meet only where one names a directory that exists without its slash: the
    /// other could put a file in its place.
    fn meant_below(&self, patterns: [&Pattern; 2], witness: &RepoPath) -> Option<String> {
        let named = patterns.iter().find(|p| p.as_str().as_bytes() == witness.as_bytes())?;
        let directory = [witness.as_bytes(), b"/"].concat();
        let from = self.facts.tracked.partition_point(|p| p.as_bytes() < directory.as_slice());
        let is_directory = self.facts.tracked.get(from).is_some_and(|p| p.is_below(witness));
        is_directory.then(|| {
            format!("write `{named}/` for what is below the directory: without the slash it is also a file of that name")
        })
    }

    pub(super) fn case(
        &mut self,
        close: &Close,
        waves: &[u32],
        scopes: &[Scope],
        languages: &Languages<'_>,
        meetings: &Meetings,
    ) {
        let severity = level(self.facts.config.case_is_error);
        let same_wave = |(a, b): &(usize, usize)| waves[*a] == waves[*b] && waves[*a] != 0;
        let new = |pair: &(usize, usize)| same_wave(pair) && !meetings.contains_key(pair);
        let mut told = 0;
        for &(a, b) in close.iter().filter(|pair| new(pair)) {
            if self.effort.is_spent() {
                break;
            }
            if told == MAX_TOLD {
                let message =
                    "not every pair is held against a disk that ignores case: there are too many";
                let finding = Finding::new(Code::ScopeCase, severity, message);
                self.findings.push(finding.help("correct those that are told, and check again"));
                break;
            }
            let (one, two) = (&scopes[a], &scopes[b]);
            match meet_within(languages.get(a), languages.get(b), Case::Folded, &self.effort) {
                Ok(Some(meeting)) => {
                    let message = format!(
                        "on a disk that ignores case, {} of {} is {} of {}",
                        meeting.left, one.id, meeting.right, two.id
                    );
                    let pattern = one.touch.iter().find(|p| p.matches(&meeting.left));
                    let others = two.touch.iter().find(|p| p.matches(&meeting.right));
                    let mut finding = Finding::new(Code::ScopeCase, severity, message)
                        .help("use one spelling, or put them into different waves")
                        .objectives([one.id.clone(), two.id.clone()])
                        .patterns(pattern.iter().chain(&others).map(|p| p.as_str().to_owned()))
                        .at(pattern.and_then(|p| self.pattern_place(a, "touch", p)));
                    finding.wave = Some(waves[a]);
                    finding.witness = Some(meeting.left);
                    self.findings.push(finding);
                    told += 1;
                }
                Ok(None) => {}
                Err(stuck) => self.too_complex(&one.id, &stuck.pattern),
            }
        }
    }

    pub(super) fn read_hazards(
        &mut self,
        waves: &[u32],
        scopes: &[Scope],
        rules: &Rules,
        languages: &Languages<'_>,
    ) {
        let severity = level(self.facts.config.read_hazards_are_errors);
        let reads: Vec<&[Pattern]> = scopes.iter().map(|s| s.read.as_slice()).collect();
        let close = crossing(&reads, &touched(scopes), Case::Exact).unwrap_or_else(|stuck| {
            self.all_meet(scopes, &stuck.pattern);
            Close::new()
        });
        let same_wave = |x: usize, y: usize| x != y && waves[x] == waves[y] && waves[x] != 0;
        let already = self.findings.len();
        for (reader, writer) in close.into_iter().filter(|(x, y)| same_wave(*x, *y)) {
            if self.effort.is_spent() {
                break;
            }
            if self.findings.len() - already >= MAX_HAZARDS {
                let message = "not everything that an objective reads is held against the others: there is too much";
                let finding = Finding::new(Code::ReadHazard, severity, message);
                self.findings.push(finding.help("correct those that are told, and check again"));
                break;
            }
            self.hazard(
                severity,
                waves[reader],
                (reader, &scopes[reader]),
                (&scopes[writer], rules),
                languages.get(writer),
            );
        }
    }

    fn hazard(
        &mut self,
        severity: Severity,
        wave: u32,
        (index, reader): (usize, &Scope),
        (writer, rules): (&Scope, &Rules),
        changed: &Language,
    ) {
        for pattern in &reader.read {
            let reads = Language::new(std::slice::from_ref(pattern), &[]);
            match meet_within(&reads, changed, Case::Exact, &self.effort) {
                Ok(Some(meeting)) => {
                    let both = |p: &&RepoPath| pattern.matches(p) && writer.owns(rules, p);
                    let tracked = self.facts.tracked.iter().find(both);
                    let path = tracked.unwrap_or(&meeting.left).clone();
                    let message = format!(
                        "{} reads {path}, which {} can change in wave {wave}",
                        reader.id, writer.id
                    );
                    let help = format!(
                        "add `{}` to `depends_on` of {}, or take `{pattern}` out of its `read`",
                        writer.id, reader.id
                    );
                    let mut finding = Finding::new(Code::ReadHazard, severity, message)
                        .help(help)
                        .objectives([reader.id.clone(), writer.id.clone()])
                        .patterns([pattern.as_str().to_owned()])
                        .at(self.pattern_place(index, "read", pattern));
                    finding.wave = Some(wave);
                    finding.witness_exists = Some(tracked.is_some());
                    finding.witness = Some(path);
                    self.findings.push(finding);
                    return;
                }
                Ok(None) => {}
                Err(stuck) => self.too_complex(&reader.id, &stuck.pattern),
            }
        }
    }
}

fn touched(scopes: &[Scope]) -> Vec<&[Pattern]> {
    scopes.iter().map(|s| s.touch.as_slice()).collect()
}

pub(super) fn level(error: bool) -> Severity {
    if error { Severity::Error } else { Severity::Warning }
}

/// The pattern by which a scope has a path, confirmed by a matcher of other making. A path that
/// the two judge differently is never shown as a proof.
fn confirmed<'a>(scope: &'a Scope, rules: &Rules, path: &RepoPath) -> Result<&'a Pattern, Failure> {
    let pattern = scope.touch.iter().find(|p| p.matches(path));
    let agreed = pattern.filter(|p| scope.owns(rules, path) && p.second_opinion(path));
    agreed.ok_or_else(|| {
        let message = format!("two matchers disagree about {path} in the scope of {}", scope.id);
        Failure::new(Kind::Bug, message).hint("please report the plan that shows it")
    })
}
