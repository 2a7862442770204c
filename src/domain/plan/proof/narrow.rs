//! Scopes that are too narrow: files that earlier commits changed together with those of a
//! scope, or that an earlier objective with such a scope wanted, and that nobody has now.

use std::collections::BTreeSet;

use super::Prover;
use super::learn::{Calibration, Past};
use super::reach::matching;
use crate::domain::finding::{Code, Finding};
use crate::domain::history::History;
use crate::domain::overlap::{Case, Language, meet};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{Pattern, literal};
use crate::domain::plan::toml_string;
use crate::domain::scope::{Rules, Scope};

/// Fewer commits than this say nothing about what changes together.
const COMMITS: usize = 4;
/// How many files are named for one objective: the strongest.
const NAMED: usize = 3;
/// A help line is written out with the whole scope up to this many bytes.
const LINE: usize = 160;
/// Patterns are matched against this many paths in all, which takes about a second. For a plan
/// that needs more, nothing is said about what changed together.
const MATCHES: usize = 10_000_000;

/// Which paths of a history are whose.
pub(super) struct Ground<'a> {
    scopes: &'a [Scope],
    rules: &'a Rules,
    /// For each scope the paths that it names and that are not special, as positions in the
    /// history, ascending.
    own: Vec<Vec<usize>>,
    /// Every path that any scope names.
    named: Vec<bool>,
}

impl<'a> Ground<'a> {
    /// Holds every scope against the paths of a history.
    pub(super) fn new(scopes: &'a [Scope], rules: &'a Rules, history: &History) -> Self {
        let paths = history.paths();
        let forms = |scope: &'a Scope| scope.touch.iter().flat_map(Pattern::forms);
        let work: usize = scopes.iter().flat_map(forms).map(|f| matching(f, paths).len()).sum();
        let paths = if work > MATCHES { &[] } else { paths };
        let mut named = vec![false; history.paths().len()];
        let mut own = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let matched = forms(scope)
                .flat_map(|form| matching(form, paths).filter(|at| form.matches(&paths[*at])));
            let mine: BTreeSet<usize> = matched.collect();
            for at in &mine {
                named[*at] = true;
            }
            let owned = |at: &usize| scope.owns(rules, &paths[*at]);
            own.push(mine.into_iter().filter(owned).collect());
        }
        Self { scopes, rules, own, named }
    }

    /// Whether a path is one that this objective could be given: nobody's yet, not special, and
    /// nothing that its author left to reading or forbade.
    fn is_free(&self, index: usize, path: &RepoPath) -> bool {
        let scope = &self.scopes[index];
        let matches = |list: &[Pattern]| list.iter().any(|p| p.matches(path));
        let rules = [&self.rules.global_forbid, &self.rules.derived, &self.rules.shared];
        !rules.into_iter().any(|list| matches(list))
            && !matches(&scope.forbid)
            && !matches(&scope.read)
    }
}

impl Prover<'_> {
    /// For each objective the files that it will probably need, at most three.
    pub(super) fn too_narrow(&mut self, ground: &Ground<'_>, past: Past<'_>) {
        let wanted = wanted(ground.scopes, past.calibration);
        for index in 0..ground.scopes.len() {
            let mut told: Vec<RepoPath> = Vec::new();
            for (path, together, of) in self.companions(ground, past.history, index) {
                if told.len() == NAMED {
                    break;
                }
                let id = &ground.scopes[index].id;
                let share = (200 * together + of) / (2 * of);
                let message = format!(
                    "`{path}` changed in {together} of the {of} commits that changed {id}'s files ({share} %)"
                );
                let mut help = self.addition(index, &path);
                if past.history.is_shallow() {
                    let known = past.history.commits().len();
                    help = format!(
                        "{help}; the clone is shallow, so only {known} commits were looked at"
                    );
                }
                self.narrow(index, &path, message, help);
                told.push(path);
            }
            for (_, calibration, pattern, path) in wanted.iter().filter(|(i, ..)| *i == index) {
                let another = |s: &Scope| s.touch.iter().any(|p| p.matches(path));
                let known = told.contains(path) || ground.scopes.iter().any(another);
                if told.len() == NAMED || known || !ground.is_free(index, path) {
                    continue;
                }
                let message = format!(
                    "a past objective with `{pattern}` in its scope was refused `{path}` (session {})",
                    calibration.session
                );
                let help = self.addition(index, path);
                self.narrow(index, path, message, help);
                told.push((*path).clone());
            }
        }
    }

    /// The tracked files that nobody has and that changed in at least half of the commits that
    /// changed an objective's files, with how many those are: strongest first.
    fn companions<'h>(
        &self,
        ground: &'h Ground<'_>,
        history: &'h History,
        index: usize,
    ) -> impl Iterator<Item = (RepoPath, usize, usize)> + use<'h> {
        let together = history.changed_together(&ground.own[index]);
        let of = together.of;
        let tracked: Vec<(usize, usize)> = together
            .others
            .into_iter()
            .take_while(|(_, count)| of >= COMMITS && count * 2 >= of)
            .filter(|(at, _)| self.facts.tracked.binary_search(&history.paths()[*at]).is_ok())
            .collect();
        let free =
            move |at: usize| !ground.named[at] && ground.is_free(index, &history.paths()[at]);
        tracked
            .into_iter()
            .filter(move |(at, _)| free(*at))
            .map(move |(at, count)| (history.paths()[at].clone(), count, of))
    }

    /// The line that gives an objective one more path.
    fn addition(&self, index: usize, path: &RepoPath) -> String {
        let objective = &self.plan.objectives[index];
        let new = literal(path);
        let all = objective.touch.iter().chain([&new]).map(|text| toml_string(text));
        let line = format!("touch = [{}]", all.collect::<Vec<_>>().join(", "));
        if line.len() <= LINE {
            format!("write `{line}`, or name it in `read` or `forbid` of {}", objective.id)
        } else {
            let new = toml_string(&new);
            format!("add `{new}` to `touch` of {}, or to its `read` or `forbid`", objective.id)
        }
    }

    fn narrow(&mut self, index: usize, path: &RepoPath, message: String, help: String) {
        let objective = &self.plan.objectives[index];
        let exists = self.facts.tracked.binary_search(path).is_ok();
        let finding = Finding::warning(Code::TooNarrow, message)
            .help(help)
            .objectives([objective.id.clone()])
            .at(self.reading.objective_place(index, "touch"));
        self.findings.push(Finding {
            witness: Some(path.clone()),
            witness_exists: Some(exists),
            ..finding
        });
    }
}

/// Paths that past objectives were refused, with the position of each scope that overlaps with
/// theirs and the pattern of theirs that does: in the order given, each path once for a scope.
fn wanted<'c>(
    scopes: &[Scope],
    calibration: &'c [Calibration],
) -> Vec<(usize, &'c Calibration, String, &'c RepoPath)> {
    let mut found = Vec::new();
    let mut languages: Vec<Option<Language>> = scopes.iter().map(|_| None).collect();
    let mut seen: BTreeSet<(usize, &RepoPath)> = BTreeSet::new();
    for one in calibration.iter().filter(|c| !c.refused.is_empty()) {
        let patterns: Vec<Pattern> =
            one.patterns.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let given = Language::new(&patterns, &[]);
        for (index, scope) in scopes.iter().enumerate() {
            let touch = languages[index].get_or_insert_with(|| Language::new(&scope.touch, &[]));
            let Ok(Some(meeting)) = meet(&given, touch, Case::Exact) else { continue };
            let Some(pattern) = patterns.iter().find(|p| p.matches(&meeting.left)) else {
                continue;
            };
            for path in one.refused.iter().filter(|path| seen.insert((index, path))) {
                found.push((index, one, pattern.as_str().to_owned(), path));
            }
        }
    }
    found
}
