//! The answer for each path: what is there, then what the rules say of it.

use anyhow::Result;

use super::asked::Asked;
use super::law::Law;
use super::places::Places;
use super::row::{Found, Row, RuleRow, rule_of, words};
use crate::commands::project::Project;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::overlap::TooComplex;
use crate::domain::path::RepoPath;
use crate::domain::reservation::Holders;
use crate::domain::scope::{
    Below, Index, Languages, Part, Rule, RuleKind, Rules, Say, Scope, Scratch, below,
};
use crate::git::{Kept, worktrees};

/// How many of many objectives are named in a line.
const NAMED: usize = 8;

/// What is known of a path before the rules are asked.
pub(super) struct Known<'a> {
    found: Found,
    /// Who has what is below it, if it is a directory.
    below: Option<Below<'a>>,
    /// Who of another session holds something below it, if it is a directory.
    held_below: Option<String>,
}

/// Looks up what is there, and decides directories.
pub(super) fn known<'a>(
    project: &Project,
    law: &'a Law,
    holders: &Holders,
    paths: &[Asked],
) -> Result<Vec<Known<'a>>> {
    let commit = project.repository.head()?.commit;
    let mut tracked = project.repository.tracked(&commit)?;
    let languages = Languages::new(&law.scopes, &law.rules);
    let known = |asked: &Asked| {
        let found = match &asked.path {
            Some(path) => found(project, tracked.at(path)?, path, asked.directory),
            None => Found { directory: true, exists: true, tracked: true },
        };
        if !found.directory {
            return Ok(Known { found, below: None, held_below: None });
        }
        let path = asked.path.as_ref();
        let below = below(path, &law.scopes, &law.rules, &languages).map_err(too_complex)?;
        let held_below =
            if holders.is_empty() { None } else { holders.below(path).map_err(too_complex)? };
        Ok(Known { found, below: Some(below), held_below: held_below.map(holder) })
    };
    paths.iter().map(known).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn too_complex(error: TooComplex) -> Failure {
    Failure::new(Kind::Plan, format!("`{}` is too complex to decide", error.pattern))
}

fn holder((session, objective): &(PlanId, ObjectiveId)) -> String {
    format!("{session}/{objective}")
}

fn found(project: &Project, kept: Option<Kept>, path: &RepoPath, directory: bool) -> Found {
    match kept {
        Some(Kept::Leaf) if !directory => Found { directory, exists: true, tracked: true },
        Some(Kept::Directory) => Found { directory: true, exists: true, tracked: true },
        Some(Kept::Leaf) | None => {
            let place = project.root.join(worktrees::os_path(path));
            let there = std::fs::symlink_metadata(place).ok();
            let is_directory = there.as_ref().is_some_and(std::fs::Metadata::is_dir);
            Found {
                directory: directory || is_directory,
                exists: there.is_some() && (is_directory || !directory),
                tracked: false,
            }
        }
    }
}

/// Answers for one path after the other.
pub(super) struct Looker<'a> {
    law: &'a Law,
    index: Index<'a>,
    holders: &'a Holders,
    held: Index<'a>,
    places: Option<Places<'a>>,
    /// The position of the objective of this worktree.
    own: Option<usize>,
    /// Whether people read the answer.
    in_words: bool,
    scratch: Scratch,
}

impl<'a> Looker<'a> {
    pub(super) fn new(
        law: &'a Law,
        holders: &'a Holders,
        places: Option<Places<'a>>,
        own: Option<&ObjectiveId>,
        in_words: bool,
    ) -> Self {
        let (scopes, rules): (&'a [Scope], &'a Rules) = (&law.scopes, &law.rules);
        Self {
            law,
            index: Index::new(scopes, rules),
            holders,
            held: holders.index(),
            places,
            own: own.and_then(|own| scopes.iter().position(|s| s.id == *own)),
            in_words,
            scratch: Scratch::default(),
        }
    }

    /// The answer for a path.
    pub(super) fn row<'r>(&mut self, asked: &'r Asked, known: &Known<'a>) -> Row<'r>
    where
        'a: 'r,
    {
        let row = Row::new(asked.path.as_ref(), known.found, self.reserved(asked, known));
        match (&known.below, &asked.path) {
            (Some(below), _) => self.directory(row, below),
            (None, Some(path)) => self.file(row, path),
            (None, None) => row,
        }
    }

    fn reserved(&mut self, asked: &Asked, known: &Known<'_>) -> Option<String> {
        let path = asked.path.as_ref().filter(|_| !known.found.directory);
        match path {
            Some(_) if self.holders.is_empty() => None,
            Some(path) => self.holders.of(&self.held, path, &mut self.scratch).map(holder),
            None => known.held_below.clone(),
        }
    }

    fn id(&self, scope: usize) -> &'a str {
        self.law.scopes[scope].id.as_str()
    }

    fn file<'r>(&mut self, mut row: Row<'r>, path: &RepoPath) -> Row<'r>
    where
        'a: 'r,
    {
        let answer = match &self.places {
            Some(places) => {
                let (answer, says) = self.index.explain(path, &mut self.scratch);
                row.rules = Some(says.into_iter().map(|say| self.rule(places, say)).collect());
                answer
            }
            None => self.index.judge(path, &mut self.scratch),
        };
        (row.rule, row.pattern) = rule_of(answer.foremost());
        if let Some((owner, _)) = answer.owner() {
            row.owner = Some(self.id(owner));
            row.wave = self.law.waves[owner];
        }
        row.may_touch = answer.may_touch(self.law.scopes.len()).map(|i| self.id(i)).collect();
        row.allowed = self.own.map(|own| answer.of(own).passes());
        if self.in_words {
            row.words = words(&answer, |scope| self.law.name(scope));
        }
        row
    }

    fn rule(&self, places: &Places<'_>, say: Say<'a>) -> RuleRow<'a> {
        RuleRow {
            objective: say.rule.scope.map(|scope| self.id(scope)),
            rule: say.rule.kind.as_str(),
            pattern: say.rule.pattern.as_str(),
            alternative: say.alternative,
            source: places.source(&say.rule),
            decides: say.decides,
        }
    }

    fn directory<'r>(&self, mut row: Row<'r>, below: &Below<'a>) -> Row<'r>
    where
        'a: 'r,
    {
        let first = |kind| below.rules.iter().find(|r| r.kind == kind).map(|r| r.pattern.as_str());
        row.may_touch = below.parts.iter().map(|part| self.id(part.scope)).collect();
        match (below.taken, below.parts.as_slice()) {
            (Some(kind), _) => {
                (row.rule, row.pattern) = (kind.as_str(), first(kind));
                if kind != RuleKind::GlobalForbid {
                    row.may_touch = self.law.scopes.iter().map(|s| s.id.as_str()).collect();
                }
            }
            (None, []) => {}
            (None, [one]) => {
                row.rule = if one.whole { "touch" } else { "part" };
                row.pattern = one.patterns.first().map(|p| p.as_str());
                row.wave = self.law.waves[one.scope];
                row.owner = one.whole.then(|| self.id(one.scope));
            }
            (None, _) => row.rule = "split",
        }
        row.allowed = self.own.map(|own| {
            let free = below.taken.is_some_and(|kind| kind != RuleKind::GlobalForbid);
            free || below.parts.iter().any(|part| part.scope == own && part.whole)
        });
        if let Some(places) = &self.places {
            let says = below.rules.iter().map(|rule| {
                let say = Say { rule: *rule, alternative: None, decides: decides(below, rule) };
                self.rule(places, say)
            });
            row.rules = Some(says.collect());
        }
        if self.in_words {
            row.words = self.directory_in_words(below, row.pattern);
        }
        row
    }

    fn directory_in_words(&self, below: &Below<'_>, pattern: Option<&str>) -> String {
        let by = pattern.map_or(String::new(), |pattern| format!(", `{pattern}`"));
        match (below.taken, below.parts.as_slice()) {
            (Some(RuleKind::GlobalForbid), _) => format!("nobody (forbidden to all{by})"),
            (Some(RuleKind::Derived), _) => format!("a command makes it (derived{by})"),
            (Some(_), _) => format!("every objective (shared{by})"),
            (None, []) => "nobody (it is in no scope)".to_owned(),
            (None, [one]) if one.whole => {
                format!("{} ({})", self.law.name(one.scope), patterns(one))
            }
            (None, [one]) => {
                let name = self.law.name(one.scope);
                format!("in part {name} ({}), the rest nobody", patterns(one))
            }
            (None, parts) => {
                let part = |part: &Part<'_>| {
                    let all = if part.whole { "all of it: " } else { "" };
                    format!("{} ({all}{})", self.law.name(part.scope), patterns(part))
                };
                let named: Vec<String> = parts.iter().take(NAMED).map(part).collect();
                let more = match parts.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    n => format!(" and {n} more"),
                };
                format!("split between {}{more}", named.join(", "))
            }
        }
    }
}

/// Whether a rule decides for something below a directory.
fn decides(below: &Below<'_>, rule: &Rule<'_>) -> bool {
    match (rule.kind, rule.scope) {
        (RuleKind::Read, _) => false,
        (RuleKind::Touch, Some(scope)) => below.parts.iter().any(|part| part.scope == scope),
        (kind, _) => below.taken.is_none_or(|taken| taken == kind),
    }
}

fn patterns(part: &Part<'_>) -> String {
    let texts: Vec<String> = part.patterns.iter().take(NAMED).map(|p| format!("`{p}`")).collect();
    let more = if part.patterns.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", texts.join(", "))
}
