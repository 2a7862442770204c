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
        let wanted = wanted(ground.scopes, past.calibration, self.facts.tracked);
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
            for one in wanted.iter().filter(|one| one.scope == index) {
                let another = |s: &Scope| s.touch.iter().any(|p| p.matches(one.path));
                let known = told.contains(one.path) || ground.scopes.iter().any(another);
                if told.len() == NAMED || known || !ground.is_free(index, one.path) {
                    continue;
                }
                let help = self.addition(index, one.path);
                self.narrow(index, one.path, one.message(), help);
                told.push(one.path.clone());
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

/// A path that a past objective turned out to need beyond the scope that it began with.
struct Wanted<'c> {
    /// The position of a scope that overlaps with that one.
    scope: usize,
    /// The pattern of the past scope that shows it.
    pattern: String,
    past: &'c Calibration,
    path: &'c RepoPath,
    refused: bool,
}

impl Wanted<'_> {
    fn message(&self) -> String {
        let what = if self.refused { "was refused" } else { "needed more and changed" };
        format!(
            "a past objective with `{}` in its scope {what} `{}` (session {})",
            self.pattern, self.path, self.past.session
        )
    }
}

/// What past objectives with an overlapping scope were refused, or changed beyond the scope that
/// they began with: in the order given, refused ones first, each path once for a scope.
fn wanted<'c>(
    scopes: &[Scope],
    calibration: &'c [Calibration],
    tracked: &[RepoPath],
) -> Vec<Wanted<'c>> {
    let mut found: Vec<Wanted<'c>> = Vec::new();
    let mut languages: Vec<Option<Language>> = scopes.iter().map(|_| None).collect();
    for past in calibration {
        let patterns: Vec<Pattern> =
            past.patterns.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let beyond = past.touched.iter().filter(|path| {
            !patterns.iter().any(|p| p.matches(path)) && tracked.binary_search(path).is_ok()
        });
        let all: Vec<(&RepoPath, bool)> =
            past.refused.iter().map(|p| (p, true)).chain(beyond.map(|p| (p, false))).collect();
        if all.is_empty() {
            continue;
        }
        let given = Language::new(&patterns, &[]);
        for (scope, own) in scopes.iter().enumerate() {
            let touch = languages[scope].get_or_insert_with(|| Language::new(&own.touch, &[]));
            let Ok(Some(meeting)) = meet(&given, touch, Case::Exact) else { continue };
            let shows = patterns.iter().find(|p| p.matches(&meeting.left));
            let Some(pattern) = shows.map(|p| p.as_str().to_owned()) else { continue };
            let each = all.iter().map(|(path, refused)| Wanted {
                scope,
                pattern: pattern.clone(),
                past,
                path,
                refused: *refused,
            });
            found.extend(each);
        }
    }
    found.sort_by_key(|one| !one.refused);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::Config;
    use crate::domain::id::{ObjectiveId, PlanId};
    use crate::domain::plan::{Facts, learn, prove, read};

    /// The messages about a scope of `src/auth/` beside a scope of `web/`, where a past objective
    /// with these patterns changed and was refused these paths.
    fn told(patterns: &[&str], touched: &[&str], refused: &[&str]) -> Vec<String> {
        let text = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n\
                    [[objective]]\nid = \"T1\"\ntitle = \"t\"\ntouch = [\"src/auth/\"]\nread = [\"docs/\"]\n\
                    [[objective]]\nid = \"T2\"\ntitle = \"t\"\ntouch = [\"web/\"]\n";
        let paths = |texts: &[&str]| -> Vec<RepoPath> {
            texts.iter().map(|t| RepoPath::new(*t).expect("git can hold it")).collect()
        };
        let calibration = [Calibration {
            session: PlanId::parse("20250101-000000-old").expect("an id"),
            objective: ObjectiveId::parse("T7").expect("an id"),
            patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
            touched: paths(touched),
            refused: paths(refused),
        }];
        let tracked = paths(&["docs/a", "src/auth/x", "src/core", "tests/auth", "web/y"]);
        let (config, reading, history) = (Config::default(), read(text), History::default());
        let facts = Facts { config: &config, tracked: &tracked };
        let plan = reading.plan.as_ref().expect("a plan");
        let proof = prove(&reading, plan, facts).expect("the matchers agree");
        let past = Past { history: &history, calibration: &calibration };
        let learned = learn(proof, &reading, plan, facts, past);
        learned.findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_past_objectives_wanted_is_told() {
        let refused = "a past objective with `src/**` in its scope was refused `tests/auth` \
                       (session 20250101-000000-old)";
        let needed = "a past objective with `src/auth/x` in its scope needed more and changed \
                      `src/core` (session 20250101-000000-old)";
        for (patterns, touched, paths, expected) in [
            (&["src/**"][..], &[][..], &["tests/auth"][..], &[refused][..]),
            (&["src/auth/x"], &["src/core", "src/auth/x", "gone"], &[], &[needed]),
            (&["src/**"], &["src/core"], &[], &[]),
            // No overlap; another objective has it; it is read; nobody may have it.
            (&["src/other"], &[], &["tests/auth"], &[]),
            (&["src/**"], &[], &["web/z", "docs/new", "secrets/k", "src/auth/n"], &[]),
            (&["not a\\pattern"], &[], &["tests/auth"], &[]),
        ] {
            assert_eq!(told(patterns, touched, paths), expected, "{patterns:?} {paths:?}");
        }
        let many: Vec<String> = (0..9).map(|i| format!("new/{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(told(&["src/auth/"], &[], &many).len(), NAMED);
    }
}
