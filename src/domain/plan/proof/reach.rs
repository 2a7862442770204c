//! Whether each pattern of a scope reaches anything: something that may be touched, and
//! something that is there.

use std::ops::Range;

use super::Prover;
use super::meant::Names;
use crate::domain::finding::{Code, Finding};
use crate::domain::overlap::{Effort, Language};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern};
use crate::domain::scope::{Rules, Scope};

impl Prover<'_> {
    pub(super) fn reach(&mut self, scopes: &[Scope], rules: &Rules) {
        let names = Names::new(self.facts.tracked);
        for (i, scope) in scopes.iter().enumerate() {
            self.forbidden(i, scope, rules);
            self.matches_nothing(i, scope, &names);
        }
    }

    /// Patterns of which nothing may be touched; if that is all of them, nothing is left.
    fn forbidden(&mut self, index: usize, scope: &Scope, rules: &Rules) {
        let mut found = Vec::new();
        for pattern in &scope.touch {
            if permits_something(scope, rules, pattern) {
                continue;
            }
            match scope.permitted(rules, pattern).example_within(&self.effort) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let place = self.pattern_place(index, "touch", pattern);
                    let alone = Language::new(std::slice::from_ref(pattern), &[]);
                    if alone.example_within(&self.effort) == Ok(None) {
                        let message = format!("`{pattern}` matches no path that git could hold");
                        let finding = Finding::error(Code::BadPattern, message)
                            .help("correct it, or remove it")
                            .objectives([scope.id.clone()])
                            .patterns([pattern.as_str().to_owned()])
                            .at(place);
                        self.findings.push(finding);
                        continue;
                    }
                    let finding = Finding::error(
                        Code::ScopeForbidden,
                        format!(
                            "all of `{pattern}` is forbidden{}",
                            by_whom(scope, rules, pattern, &self.effort)
                        ),
                    );
                    let finding = finding
                        .help("remove the pattern, or what forbids it")
                        .objectives([scope.id.clone()])
                        .patterns([pattern.as_str().to_owned()])
                        .at(place);
                    found.push(finding);
                }
                Err(stuck) => self.too_complex(&scope.id, &stuck.pattern),
            }
        }
        let all = found.len() == scope.touch.len();
        if !scope.touch.is_empty() && (all || all_dropped(scope, rules)) {
            let why = if all { "forbidden" } else { "forbidden or derived" };
            let message = format!("{} may touch nothing: all of its scope is {why}", scope.id);
            let finding = Finding::error(Code::ScopeNothingLeft, message)
                .help("give it a scope that is not forbidden, or remove the objective")
                .objectives([scope.id.clone()])
                .patterns(scope.touch.iter().map(|p| p.as_str().to_owned()))
                .at(self.reading.objective_place(index, "touch"));
            found = vec![finding];
        }
        self.findings.extend(found);
    }

    pub(super) fn too_complex(&mut self, id: &crate::domain::id::ObjectiveId, pattern: &str) {
        let known = |f: &Finding| f.code == Code::TooComplex && f.patterns == [pattern];
        if self.findings.iter().any(known) {
            return;
        }
        let place = self.plan.objectives.iter().enumerate().find_map(|(i, o)| {
            [("touch", &o.touch), ("read", &o.read), ("forbid", &o.forbid)].into_iter().find_map(
                |(key, list)| {
                    let item = list.iter().position(|p| p == pattern)?;
                    self.reading.item_place("objective", i, key, item, None)
                },
            )
        });
        let finding = Finding::error(
            Code::TooComplex,
            format!("`{pattern}` is too complex to decide what it meets"),
        );
        let finding = finding
            .help("write several shorter patterns, or the directory that holds them all")
            .objectives([id.clone()])
            .patterns([pattern.to_owned()])
            .at(place);
        self.findings.push(finding);
    }

    pub(super) fn pattern_place(
        &self,
        index: usize,
        key: &str,
        pattern: &Pattern,
    ) -> Option<crate::domain::finding::Place> {
        let objective = &self.plan.objectives[index];
        let list = match key {
            "touch" => &objective.touch,
            "read" => &objective.read,
            _ => &objective.forbid,
        };
        let item = list.iter().position(|text| text == pattern.as_str())?;
        self.reading.item_place("objective", index, key, item, None)
    }
}

/// Whether whatever the objective may change is dropped at the merge, because a command makes
/// it (DESIGN §4.3).
fn all_dropped(scope: &Scope, rules: &Rules) -> bool {
    if rules.derived.is_empty() {
        return false;
    }
    let lists = [&rules.global_forbid, &scope.forbid, &rules.derived];
    let except: Vec<Pattern> = lists.into_iter().flatten().cloned().collect();
    let examples = scope.touch.iter().flat_map(Pattern::forms).filter_map(NormalForm::example);
    let lands = |path: &RepoPath| !except.iter().any(|p| p.matches(path));
    let mut matched = examples.filter(|path| scope.touch.iter().any(|p| p.matches(path)));
    !matched.any(|path| lands(&path)) && Language::new(&scope.touch, &except).example() == Ok(None)
}

/// Whether a plain example of the pattern is not forbidden, which nearly always settles it; if
/// not, the exact decision has to.
fn permits_something(scope: &Scope, rules: &Rules, pattern: &Pattern) -> bool {
    pattern.forms().iter().filter_map(NormalForm::example).any(|path| {
        let names: Vec<&[u8]> = path.components().collect();
        let mut forbidden = rules.global_forbid.iter().chain(&scope.forbid);
        pattern.matches_components(&names) && !forbidden.any(|p| p.matches_components(&names))
    })
}

/// The list that forbids a whole pattern, if a single pattern of one does.
fn by_whom(scope: &Scope, rules: &Rules, pattern: &Pattern, effort: &Effort) -> String {
    let lists = [(&rules.global_forbid, "`global_forbid`"), (&scope.forbid, "its `forbid`")];
    for (list, name) in lists {
        let alone = list.iter().find(|one| {
            let left = Language::new(std::slice::from_ref(pattern), std::slice::from_ref(*one));
            left.example_within(effort) == Ok(None)
        });
        if let Some(one) = alone {
            return format!(" by `{one}` of {name}");
        }
    }
    String::new()
}

/// The first of some sorted paths that a form matches.
pub(super) fn first_match<'a>(form: &NormalForm, sorted: &'a [RepoPath]) -> Option<&'a RepoPath> {
    sorted[matching(form, sorted)].iter().find(|path| form.matches(path))
}

/// The stretch of some sorted paths outside of which a form matches nothing: what begins with its
/// literal lead stands together.
pub(super) fn matching(form: &NormalForm, sorted: &[RepoPath]) -> Range<usize> {
    let lead = form.literal_lead();
    let from = sorted.partition_point(|p| p.as_bytes() < lead.as_slice());
    let length = sorted[from..].partition_point(|p| p.as_bytes().starts_with(&lead));
    from..from + length
}
