//! Scopes: what an objective may change once everything that is special has been taken out.
//! Plan check, hook, merge and server all ask [`Scope::judge`], or [`Index`] for many paths.

mod below;
mod explain;
mod index;
mod names;
mod trie;

use std::cell::OnceCell;

pub use below::{Below, Part, below};
pub use explain::{Rule, RuleKind, Say};
pub use index::{Answer, Index, Scratch};

use super::id::ObjectiveId;
use super::overlap::Language;
use super::path::RepoPath;
use super::pattern::Pattern;

/// What counts for every objective of a plan (DESIGN §4.2 and §4.3).
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What no objective may touch.
    pub global_forbid: Vec<Pattern>,
    /// What a command makes.
    pub derived: Vec<Pattern>,
    /// What any objective may touch.
    pub shared: Vec<Pattern>,
}

/// The patterns of one objective.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose scope it is.
    pub id: ObjectiveId,
    /// What it may change.
    pub touch: Vec<Pattern>,
    /// What it relies on.
    pub read: Vec<Pattern>,
    /// What it may not change.
    pub forbid: Vec<Pattern>,
}

/// Whether an objective may change a path, and by which pattern that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is in the effective scope.
    Touch(&'a Pattern),
    /// It is shared: any objective may touch it.
    Shared(&'a Pattern),
    /// It is derived: a change passes and is dropped at the merge.
    Derived(&'a Pattern),
    /// No objective may touch it.
    GloballyForbidden(&'a Pattern),
    /// This objective may not touch it.
    Forbidden(&'a Pattern),
    /// It is in no scope of this objective.
    Outside,
}

impl Verdict<'_> {
    /// Whether the change may be committed.
    pub fn passes(self) -> bool {
        match self {
            Self::Touch(_) | Self::Shared(_) | Self::Derived(_) => true,
            Self::GloballyForbidden(_) | Self::Forbidden(_) | Self::Outside => false,
        }
    }
}

/// The effective scopes of several objectives as languages, each made when it is first asked
/// for: most never meet anything.
#[derive(Debug)]
pub struct Languages<'a> {
    scopes: &'a [Scope],
    rules: &'a Rules,
    made: Vec<OnceCell<Language>>,
}

impl<'a> Languages<'a> {
    /// Those of these scopes.
    pub fn new(scopes: &'a [Scope], rules: &'a Rules) -> Self {
        Self { scopes, rules, made: scopes.iter().map(|_| OnceCell::new()).collect() }
    }

    /// That of the scope at this position.
    pub fn get(&self, index: usize) -> &Language {
        self.made[index].get_or_init(|| self.scopes[index].effective(self.rules))
    }
}

/// The verdict from the first pattern of each kind of rule that matches, if one does. The order
/// stands here alone.
fn decide<'a>(first: impl Fn(RuleKind) -> Option<&'a Pattern>) -> Verdict<'a> {
    if let Some(pattern) = first(RuleKind::GlobalForbid) {
        Verdict::GloballyForbidden(pattern)
    } else if let Some(pattern) = first(RuleKind::Forbid) {
        Verdict::Forbidden(pattern)
    } else if let Some(pattern) = first(RuleKind::Derived) {
        Verdict::Derived(pattern)
    } else if let Some(pattern) = first(RuleKind::Shared) {
        Verdict::Shared(pattern)
    } else if let Some(pattern) = first(RuleKind::Touch) {
        Verdict::Touch(pattern)
    } else {
        Verdict::Outside
    }
}

impl Scope {
    /// Whether the objective may change `path`. Forbidden comes first, then derived, shared and
    /// its own scope, which is the order of the subtraction in DESIGN §4.2.
    pub fn judge<'a>(&'a self, rules: &'a Rules, path: &RepoPath) -> Verdict<'a> {
        decide(|kind| {
            let patterns = match kind {
                RuleKind::GlobalForbid => &rules.global_forbid,
                RuleKind::Forbid => &self.forbid,
                RuleKind::Derived => &rules.derived,
                RuleKind::Shared => &rules.shared,
                RuleKind::Touch => &self.touch,
                RuleKind::Read => &self.read,
            };
            patterns.iter().find(|p| p.matches(path))
        })
    }

    /// Whether `path` is in the effective scope.
    pub fn owns(&self, rules: &Rules, path: &RepoPath) -> bool {
        matches!(self.judge(rules, path), Verdict::Touch(_))
    }

    /// The effective scope as a language: `touch − (global_forbid ∪ forbid ∪ derived ∪ shared)`.
    pub fn effective(&self, rules: &Rules) -> Language {
        let lists = [&rules.global_forbid, &self.forbid, &rules.derived, &rules.shared];
        let except: Vec<Pattern> = lists.into_iter().flatten().cloned().collect();
        Language::new(&self.touch, &except)
    }

    /// What is left of one of its patterns when everything forbidden is taken out.
    pub fn permitted(&self, rules: &Rules, pattern: &Pattern) -> Language {
        let except: Vec<Pattern> =
            [&rules.global_forbid, &self.forbid].into_iter().flatten().cloned().collect();
        Language::new(std::slice::from_ref(pattern), &except)
    }
}
