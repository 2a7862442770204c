//! Why a path is whose: every rule that has a say, in the order in which they decide.

use super::index::{Index, Scratch};
use super::{Answer, Verdict};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;

/// A kind of rule, in the order in which they decide (DESIGN §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// No objective may touch it.
    GlobalForbid,
    /// One objective may not touch it.
    Forbid,
    /// A command makes it.
    Derived,
    /// Any objective may touch it.
    Shared,
    /// One objective may change it.
    Touch,
    /// One objective relies on it; decides nothing.
    Read,
}

impl RuleKind {
    /// Every kind, in order.
    pub const ALL: [RuleKind; 6] =
        [Self::GlobalForbid, Self::Forbid, Self::Derived, Self::Shared, Self::Touch, Self::Read];

    /// The key under which such a rule is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GlobalForbid => "global_forbid",
            Self::Forbid => "forbid",
            Self::Derived => "derived",
            Self::Shared => "shared",
            Self::Touch => "touch",
            Self::Read => "read",
        }
    }

    /// Whether it counts for every objective.
    pub fn is_common(self) -> bool {
        match self {
            Self::GlobalForbid | Self::Derived | Self::Shared => true,
            Self::Forbid | Self::Touch | Self::Read => false,
        }
    }
}

/// A pattern and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Which kind of rule.
    pub kind: RuleKind,
    /// The position of the scope that it belongs to; none: it counts for all.
    pub scope: Option<usize>,
    /// Its position in that list.
    pub item: usize,
    /// The pattern.
    pub pattern: &'a Pattern,
}

/// A rule that has a say about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say<'a> {
    /// The rule.
    pub rule: Rule<'a>,
    /// The alternative of its braces that matched; none where it has only one.
    pub alternative: Option<String>,
    /// Whether it decides for its objective, or for any if it counts for all.
    pub decides: bool,
}

impl<'a> Index<'a> {
    /// Every rule that has a say about `path`, in the order in which they decide.
    pub fn explain(&self, path: &RepoPath, scratch: &mut Scratch) -> (Answer<'a>, Vec<Say<'a>>) {
        let answer = self.judge(path, scratch);
        let says = scratch.slots.iter().map(|slot| {
            let pattern = self.pattern(*slot);
            let scope = (!slot.kind.is_common()).then_some(slot.scope);
            let decides = match scope {
                Some(scope) => is_by(answer.of(scope), slot.kind, pattern),
                None => (0..self.scopes().len()).any(|i| is_by(answer.of(i), slot.kind, pattern)),
            };
            let several = pattern.forms().len() > 1;
            let alternative = several.then(|| pattern.forms()[slot.form].to_string());
            Say {
                rule: Rule { kind: slot.kind, scope, item: slot.item, pattern },
                alternative,
                decides,
            }
        });
        let says = says.collect();
        (answer, says)
    }
}

/// Whether a verdict came from this pattern of this kind of rule: the very pattern, as the same
/// text may stand in a list twice.
fn is_by(verdict: Verdict<'_>, kind: RuleKind, pattern: &Pattern) -> bool {
    let (by, from) = match verdict {
        Verdict::GloballyForbidden(by) => (by, RuleKind::GlobalForbid),
        Verdict::Forbidden(by) => (by, RuleKind::Forbid),
        Verdict::Derived(by) => (by, RuleKind::Derived),
        Verdict::Shared(by) => (by, RuleKind::Shared),
        Verdict::Touch(by) => (by, RuleKind::Touch),
        Verdict::Outside => return false,
    };
    from == kind && std::ptr::eq(by, pattern)
}
