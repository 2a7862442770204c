//! Whether each pattern of a scope reaches anything: something that may be touched, and
//! something that is there.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Prover;
use crate::domain::document::closest;
use crate::domain::finding::{Code, Finding};
use crate::domain::overlap::Language;
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern, Tail};
use crate::domain::scope::{Rules, Scope};

impl Prover<'_> {
    pub(super) fn reach(&mut self, scopes: &[Scope], rules: &Rules) {
        for (i, scope) in scopes.iter().enumerate() {
            self.forbidden(i, scope, rules);
            if !self.plan.objectives[i].creates {
                self.matches_nothing(i, scope);
            }
        }
    }

    /// Patterns of which nothing may be touched; if that is all of them, nothing is left.
    fn forbidden(&mut self, index: usize, scope: &Scope, rules: &Rules) {
        let mut found = Vec::new();
        for pattern in &scope.touch {
            if permits_something(scope, rules, pattern) {
                continue;
            }
            match scope.permitted(rules, pattern).example() {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let place = self.pattern_place(index, "touch", pattern);
                    let alone = Language::new(std::slice::from_ref(pattern), &[]);
                    if alone.example() == Ok(None) {
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
                            by_whom(scope, rules, pattern)
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
        if !scope.touch.is_empty() && found.len() == scope.touch.len() {
            let message = format!("{} may touch nothing: all of its scope is forbidden", scope.id);
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

    fn matches_nothing(&mut self, index: usize, scope: &Scope) {
        for pattern in &scope.touch {
            if pattern.forms().iter().any(|form| first_match(form, self.facts.tracked).is_some()) {
                continue;
            }
            let message = format!("`{pattern}` matches no tracked file");
            let help = match self.meant(pattern) {
                Some(better) => format!("did you mean `{better}`?"),
                None => "correct it, or write `creates = true` if the files are to be made".into(),
            };
            let finding = Finding::warning(Code::ScopeMatchesNothing, message)
                .help(help)
                .objectives([scope.id.clone()])
                .patterns([pattern.as_str().to_owned()])
                .at(self.pattern_place(index, "touch", pattern));
            self.findings.push(finding);
        }
    }

    /// What was probably meant by a pattern that matches nothing: everything below what it
    /// names, or a path with nearly its name.
    fn meant(&self, pattern: &Pattern) -> Option<String> {
        let below = format!("{}/", pattern.as_str());
        if let Ok(below) = Pattern::parse(&below)
            && below.forms().iter().any(|form| first_match(form, self.facts.tracked).is_some())
        {
            return Some(below.as_str().to_owned());
        }
        let [form] = pattern.forms() else { return None };
        if !form.is_literal() {
            return None;
        }
        let lead = form.literal_lead();
        let wanted = std::str::from_utf8(&lead).ok()?;
        let near = self.near(wanted)?;
        Some(if form.tail() == Tail::Below { format!("{near}/") } else { near })
    }

    /// A tracked path or directory with nearly this name in the deepest directory of it that
    /// exists, or the only one of exactly its last name elsewhere.
    fn near(&self, wanted: &str) -> Option<String> {
        let (mut parent, mut rest) = (String::new(), wanted);
        let (name, siblings) = loop {
            let (name, after) = rest.split_once('/').unwrap_or((rest, ""));
            let siblings = self.children(&parent);
            if after.is_empty() || !siblings.contains(name) {
                break (name, siblings);
            }
            parent = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            rest = after;
        };
        let join = |name: &str| {
            if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
        };
        if let Some(near) = closest(name, siblings.iter().map(String::as_str)) {
            let tail = rest.split_once('/').map_or(String::new(), |(_, t)| format!("/{t}"));
            let whole = format!("{}{tail}", join(near));
            let exists = !tail.is_empty() && self.exists(&whole);
            return Some(if tail.is_empty() || exists { whole } else { join(near) });
        }
        let last = wanted.rsplit('/').next()?;
        let mut same = self.facts.tracked.iter().filter(|p| p.file_name() == last.as_bytes());
        let only = same.next()?;
        if same.next().is_none() { only.to_str().map(str::to_owned) } else { None }
    }

    fn exists(&self, path: &str) -> bool {
        let Some(path) = RepoPath::new(path) else { return false };
        let from = self.facts.tracked.partition_point(|p| *p < path);
        let behind = &self.facts.tracked[from..];
        behind.first() == Some(&path)
            || behind
                .iter()
                .take_while(|p| p.as_bytes().starts_with(path.as_bytes()))
                .any(|p| p.is_below(&path))
    }

    /// The names directly below a directory (the root: "").
    fn children(&self, directory: &str) -> BTreeSet<String> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let names = self.facts.tracked.iter().filter_map(|path| {
            let rest = path.as_bytes().strip_prefix(prefix.as_bytes())?;
            let name = rest.split(|b| *b == b'/').next()?;
            std::str::from_utf8(name).ok().map(str::to_owned)
        });
        names.collect()
    }
}

/// Whether a plain example of the pattern is not forbidden, which nearly always settles it; if
/// not, the exact decision has to.
fn permits_something(scope: &Scope, rules: &Rules, pattern: &Pattern) -> bool {
    let examples = pattern.forms().iter().filter_map(NormalForm::example);
    let forbidden =
        |path: &RepoPath| rules.global_forbid.iter().chain(&scope.forbid).any(|p| p.matches(path));
    examples.into_iter().any(|path| pattern.matches(&path) && !forbidden(&path))
}

/// The list that forbids a whole pattern, if a single pattern of one does.
fn by_whom(scope: &Scope, rules: &Rules, pattern: &Pattern) -> String {
    let lists = [(&rules.global_forbid, "`global_forbid`"), (&scope.forbid, "its `forbid`")];
    for (list, name) in lists {
        let alone = list.iter().find(|one| {
            let left = Language::new(std::slice::from_ref(pattern), std::slice::from_ref(*one));
            left.example() == Ok(None)
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
