//! Whether the plan covers what its request names.

use std::collections::BTreeSet;

use super::Prover;
use crate::domain::finding::{Code, Finding};
use crate::domain::path::RepoPath;
use crate::domain::scope::Scope;

impl Prover<'_> {
    /// Tracked paths that the request names and that no objective may touch or read.
    pub(super) fn mentions(&mut self, scopes: &[Scope]) {
        let named: BTreeSet<RepoPath> = words(&self.plan.request)
            .filter_map(|w| RepoPath::new(w.trim_end_matches('/')))
            .collect();
        for path in named {
            let from = self.facts.tracked.partition_point(|p| *p < path);
            let below = self.facts.tracked[from..]
                .iter()
                .take_while(|p| p.as_bytes().starts_with(path.as_bytes()));
            let files: Vec<&RepoPath> =
                below.filter(|p| **p == path || p.is_below(&path)).collect();
            let covered = |p: &&RepoPath| {
                scopes
                    .iter()
                    .any(|s| s.touch.iter().chain(&s.read).any(|pattern| pattern.matches(p)))
            };
            if files.is_empty() || files.iter().any(covered) {
                continue;
            }
            let message = format!("the request names {path}, but no objective touches or reads it");
            let finding = Finding::warning(Code::UncoveredPath, message)
                .help("add it to an objective's `touch` or `read`")
                .at(self.reading.top_place("request"));
            self.findings.push(Finding {
                witness: Some(path),
                witness_exists: Some(true),
                ..finding
            });
        }
    }
}

/// The words of a request that could be paths: they hold a `/` or a `.` inside.
fn words(request: &str) -> impl Iterator<Item = &str> {
    let breaks = |c: char| c.is_whitespace() || "`\"'()[]{}<>,;:".contains(c);
    let trimmed = request.split(breaks).map(|w| w.trim_end_matches(['.', '?', '!']));
    trimmed.map(|w| w.trim_start_matches("./")).filter(|w| w.contains('/') || w.contains('.'))
}
