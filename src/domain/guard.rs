//! Changed paths against the scope of the objective that changed them. The hook, the merge and
//! the server ask this and nothing else.

use std::cell::OnceCell;

use super::id::ObjectiveId;
use super::path::RepoPath;
use super::scope::{Index, Rules, Scope, Scratch, Verdict};
use super::tree::{Change, Mode};

/// A change that its objective may not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path.
    pub path: RepoPath,
    /// What was done to it, as [`Change::verb`].
    pub verb: &'static str,
    /// Why it may not.
    pub reason: Reason,
}

/// Why a change is a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The path belongs to another objective.
    Owned(ObjectiveId),
    /// No objective may touch it, by this pattern.
    GloballyForbidden(String),
    /// The objective's `forbid` names it, by this pattern.
    Forbidden(String),
    /// It is in no scope.
    Outside,
    /// It would be a file where another objective, by this pattern, needs a directory.
    BlocksDirectory(ObjectiveId, String),
}

/// What a guard says of a set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// What may not be, in the order of the paths.
    pub violations: Vec<Violation>,
    /// Derived paths that were changed: they pass, and will not land.
    pub derived: Vec<RepoPath>,
}

/// Holds changes against the scope of `objective`. `others` are the other objectives of the
/// plan: the first of them, by id, that owns a path is named as its owner.
pub fn guard(changes: &[Change], objective: &Scope, others: &[Scope], rules: &Rules) -> Guarded {
    let mut others = Others::new(others.iter().filter(|o| o.id != objective.id), rules);
    let mut out = Guarded::default();
    for change in changes {
        match objective.judge(rules, &change.path) {
            Verdict::Touch(_) | Verdict::Shared(_) => {
                if let Some(reason) = others.blocked_directory(change) {
                    out.violations.push(violation(change, reason));
                }
            }
            Verdict::Derived(_) => out.derived.push(change.path.clone()),
            Verdict::GloballyForbidden(pattern) => {
                let reason = Reason::GloballyForbidden(pattern.as_str().to_owned());
                out.violations.push(violation(change, reason));
            }
            Verdict::Forbidden(pattern) => {
                let reason = others
                    .owner(&change.path)
                    .unwrap_or_else(|| Reason::Forbidden(pattern.as_str().to_owned()));
                out.violations.push(violation(change, reason));
            }
            Verdict::Outside => {
                let reason = others.owner(&change.path).unwrap_or(Reason::Outside);
                out.violations.push(violation(change, reason));
            }
        }
    }
    out.violations.sort_by(|a, b| a.path.cmp(&b.path));
    out.derived.sort();
    out
}

fn violation(change: &Change, reason: Reason) -> Violation {
    Violation { path: change.path.clone(), verb: change.verb(), reason }
}

/// The other objectives, by id. What finds theirs among many paths is made when the first change
/// asks for it: most commits are small and right.
struct Others<'a> {
    scopes: Vec<&'a Scope>,
    rules: &'a Rules,
    index: OnceCell<Index<'a>>,
    scratch: Scratch,
    /// The literal leads of their patterns, sorted, each with the positions of the objective and
    /// of the pattern.
    leads: OnceCell<Vec<(Vec<u8>, usize, usize)>>,
}

impl<'a> Others<'a> {
    fn new(scopes: impl Iterator<Item = &'a Scope>, rules: &'a Rules) -> Self {
        let mut scopes: Vec<&Scope> = scopes.collect();
        scopes.sort_by(|a, b| a.id.cmp(&b.id));
        let (index, leads) = (OnceCell::new(), OnceCell::new());
        Self { scopes, rules, index, scratch: Scratch::default(), leads }
    }

    fn owner(&mut self, path: &RepoPath) -> Option<Reason> {
        let index = self.index.get_or_init(|| Index::new(self.scopes.iter().copied(), self.rules));
        let (owner, _) = index.judge(path, &mut self.scratch).owner()?;
        Some(Reason::Owned(self.scopes[owner].id.clone()))
    }

    /// A non-directory at a proper component-prefix of the literal lead of another's pattern makes
    /// it impossible for the other to have anything there (DESIGN §4.2).
    fn blocked_directory(&self, change: &Change) -> Option<Reason> {
        let new = change.new.as_ref()?;
        // Every mode that a tree entry can have here is a non-directory; a submodule's directory
        // belongs to another repository.
        match new.mode {
            Mode::File | Mode::Executable | Mode::Symlink | Mode::Submodule => {}
        }
        let leads = self.leads.get_or_init(|| leads(&self.scopes));
        let directory = [change.path.as_bytes(), b"/"].concat();
        let from = leads.partition_point(|(lead, ..)| *lead < directory);
        let below = leads[from..].iter().take_while(|(lead, ..)| lead.starts_with(&directory));
        let (_, scope, pattern) = below.min_by_key(|(_, scope, pattern)| (*scope, *pattern))?;
        let other = self.scopes[*scope];
        let pattern = other.touch[*pattern].as_str().to_owned();
        Some(Reason::BlocksDirectory(other.id.clone(), pattern))
    }
}

fn leads(scopes: &[&Scope]) -> Vec<(Vec<u8>, usize, usize)> {
    let mut leads = Vec::new();
    for (position, scope) in scopes.iter().enumerate() {
        for (item, pattern) in scope.touch.iter().enumerate() {
            let forms = pattern.forms().iter();
            leads.extend(forms.map(|form| (form.literal_lead(), position, item)));
        }
    }
    leads.sort();
    leads
}

impl Violation {
    /// Whether somebody could give the objective the path: nothing forbids it.
    pub fn can_be_asked_for(&self) -> bool {
        matches!(self.reason, Reason::Owned(_) | Reason::Outside)
    }

    /// The violation in a sentence: what, whose, why. The path is quoted for a terminal.
    pub fn message(&self, objective: &ObjectiveId) -> String {
        let head = format!("objective {objective} may not {} {}", self.verb, self.path);
        match &self.reason {
            Reason::Owned(owner) => format!("{head}: it belongs to {owner}"),
            Reason::GloballyForbidden(pattern) => {
                format!("{head}: no objective may touch `{pattern}`")
            }
            Reason::Forbidden(pattern) => format!("{head}: its `forbid` names `{pattern}`"),
            Reason::Outside => format!("{head}: it is in no scope"),
            Reason::BlocksDirectory(owner, pattern) => {
                format!("{head}: {owner} needs a directory there for `{pattern}`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pattern::Pattern;
    use crate::domain::tree::Side;

    fn scope(id: &str, touch: &[&str], forbid: &[&str]) -> Scope {
        let patterns =
            |list: &[&str]| list.iter().map(|p| Pattern::parse(p).expect("valid")).collect();
        Scope {
            id: ObjectiveId::parse(id).expect("valid"),
            touch: patterns(touch),
            read: Vec::new(),
            forbid: patterns(forbid),
        }
    }

    fn add(path: &str) -> Change {
        Change {
            path: RepoPath::new(path).expect("valid"),
            old: None,
            new: Some(Side { mode: Mode::File, id: "1".into() }),
        }
    }

    #[test]
    fn each_reason_is_told_apart() {
        let rules = Rules {
            global_forbid: vec![Pattern::parse("**/.env").expect("valid")],
            derived: vec![Pattern::parse("Cargo.lock").expect("valid")],
            shared: vec![Pattern::parse("src/lib.rs").expect("valid")],
        };
        let t1 = scope("T1", &["src/*", "src/auth/"], &["src/auth/keys/"]);
        let t2 = scope("T2", &["web/", "src/api/v1/*.rs", "src/auth/keys/"], &[]);
        let table = [
            ("src/auth/a.rs", None),
            ("src/lib.rs", None),
            ("Cargo.lock", None),
            (
                "src/.env",
                Some("objective T1 may not add src/.env: no objective may touch `**/.env`"),
            ),
            ("web/a.ts", Some("objective T1 may not add web/a.ts: it belongs to T2")),
            ("src/auth/keys/k", Some("objective T1 may not add src/auth/keys/k: it belongs to T2")),
            ("docs/a", Some("objective T1 may not add docs/a: it is in no scope")),
            (
                "src/api",
                Some(
                    "objective T1 may not add src/api: T2 needs a directory there for `src/api/v1/*.rs`",
                ),
            ),
            ("a\nb", Some("objective T1 may not add \"a\\nb\": it is in no scope")),
        ];
        for (path, expected) in table {
            let guarded = guard(&[add(path)], &t1, &[t1.clone(), t2.clone()], &rules);
            let message = guarded.violations.first().map(|v| v.message(&t1.id));
            assert_eq!(message.as_deref(), expected, "{path}");
            assert_eq!(guarded.derived.len(), usize::from(path == "Cargo.lock"));
        }
        let alone = guard(&[add("src/auth/keys/k")], &t1, &[], &rules);
        assert_eq!(alone.violations[0].reason, Reason::Forbidden("src/auth/keys/".into()));
    }

    #[test]
    fn a_deletion_blocks_no_directory() {
        let t1 = scope("T1", &["src/*"], &[]);
        let t2 = scope("T2", &["src/api/"], &[]);
        let mut change = add("src/api");
        std::mem::swap(&mut change.old, &mut change.new);
        assert_eq!(guard(&[change], &t1, &[t2], &Rules::default()), Guarded::default());
    }
}
