//! What an agent is told that asks for leave over its protocol. Where it names the paths that it
//! wants to change, the scope decides; whatever it is told, the sandbox, the watcher and the
//! merge judge what it does.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::domain::guard::guard;
use crate::domain::path::{RepoPath, quote};
use crate::domain::scope::{Rules, Scope};
use crate::domain::team::Approve;
use crate::domain::tree::{Change, Mode, Side};

/// What an agent asks leave for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To look at something.
    Look,
    /// To change these files; none: it does not say which.
    Change(Vec<PathBuf>),
    /// To run a command, or something else that paths do not tell.
    Act,
}

/// What leave is given by.
#[derive(Clone, Debug)]
pub struct Policy {
    approve: Approve,
    /// The worktree, by each name that it may have.
    roots: Vec<PathBuf>,
    /// Directories outside of it that are its own.
    own: Vec<PathBuf>,
    /// What an objective may change, and the scopes of all; none: nothing may be changed.
    law: Option<Arc<Law>>,
}

/// What an objective is held against.
#[derive(Clone, Debug)]
pub struct Law {
    /// Its scope.
    pub scope: Scope,
    /// The scopes of the plan.
    pub others: Vec<Scope>,
    /// What counts for all.
    pub rules: Rules,
}

impl Policy {
    /// That of a worker at an objective; `temporary` is its directory for temporary files.
    pub fn of_work(approve: Approve, worktree: &Path, temporary: &Path, law: Law) -> Self {
        Self { approve, roots: names(worktree), own: names(temporary), law: Some(Arc::new(law)) }
    }

    /// That of one who is only asked something: it may look at everything and change nothing.
    pub fn of_question() -> Self {
        Self { approve: Approve::Never, roots: Vec::new(), own: Vec::new(), law: None }
    }

    /// Whether leave is given; else why not.
    pub(super) fn allows(&self, wish: &Wish) -> Result<(), String> {
        let Some(law) = &self.law else {
            return match wish {
                Wish::Look => Ok(()),
                Wish::Change(_) | Wish::Act => Err("it was only asked a question".to_owned()),
            };
        };
        match (self.approve, wish) {
            (Approve::Always, _) | (Approve::InScope, Wish::Look | Wish::Act) => Ok(()),
            (Approve::Never, _) => Err("its `approve` is \"never\"".to_owned()),
            (Approve::InScope, Wish::Change(paths)) => {
                paths.iter().try_for_each(|path| self.judge(law, path))
            }
        }
    }

    /// Whether the scope allows a path to be changed.
    fn judge(&self, law: &Law, path: &Path) -> Result<(), String> {
        let Some(path) = plain(path) else { return Err(outside(path)) };
        let whole = if path.is_absolute() { Some(path.as_path()) } else { None };
        if whole.is_some_and(|path| self.own.iter().any(|own| path.starts_with(own))) {
            return Ok(());
        }
        let inside = match whole {
            None => Some(path.as_path()),
            Some(path) => self.roots.iter().find_map(|root| path.strip_prefix(root).ok()),
        };
        let bytes = inside.map(|path| path.as_os_str().as_encoded_bytes());
        let Some(path) = bytes.and_then(RepoPath::new) else { return Err(outside(&path)) };
        // What it will hold is not known yet, only that it is another content.
        let side = |id: &str| Some(Side { mode: Mode::File, id: id.to_owned() });
        let change = Change { path, old: side("before"), new: side("after") };
        let guarded = guard(&[change], &law.scope, &law.others, &law.rules);
        match guarded.violations.first() {
            Some(violation) => Err(violation.message(&law.scope.id)),
            None => Ok(()),
        }
    }
}

fn outside(path: &Path) -> String {
    let shown: String = path.to_string_lossy().chars().take(200).collect();
    format!("{} is not in its worktree", quote(shown.as_bytes()))
}

/// A directory as it is called, and as it is really called.
fn names(directory: &Path) -> Vec<PathBuf> {
    let real = directory.canonicalize().ok().filter(|real| real != directory);
    std::iter::once(directory.to_owned()).chain(real).collect()
}

/// A path without `.` and `..`; none where it climbs out of what it begins with.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                out.push(component);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;
    use crate::domain::pattern::Pattern;

    fn policy(approve: Approve) -> Policy {
        let scope = |id: &str, touch: &str| Scope {
            id: ObjectiveId::parse(id).expect("an id"),
            touch: vec![Pattern::parse(touch).expect("a pattern")],
            read: Vec::new(),
            forbid: Vec::new(),
        };
        let law = Law {
            scope: scope("T1", "src/"),
            others: vec![scope("T1", "src/"), scope("T2", "web/")],
            rules: Rules::default(),
        };
        Policy::of_work(approve, Path::new("/tree"), Path::new("/own"), law)
    }

    #[test]
    fn where_a_path_is_known_the_scope_decides() {
        let policy = policy(Approve::InScope);
        for (paths, why) in [
            (vec!["/tree/src/a.rs"], None),
            (vec!["src/a.rs", "/own/x"], None),
            (vec!["./src/../src/a.rs"], None),
            (vec![], None),
            (
                vec!["src/a.rs", "web/a.ts"],
                Some("objective T1 may not change web/a.ts: it belongs to T2"),
            ),
            (
                vec!["/tree/README.md"],
                Some("objective T1 may not change README.md: it is in no scope"),
            ),
            (vec!["/etc/passwd"], Some("/etc/passwd is not in its worktree")),
            (vec!["src/../../x"], Some("src/../../x is not in its worktree")),
            (vec!["/tree/../own2/x"], Some("/own2/x is not in its worktree")),
            (vec!["/tree"], Some("/tree is not in its worktree")),
            (vec!["/treesrc/a"], Some("/treesrc/a is not in its worktree")),
        ] {
            let wish = Wish::Change(paths.iter().map(PathBuf::from).collect());
            let answer = policy.allows(&wish).err();
            assert_eq!(answer.as_deref(), why, "{paths:?}");
        }
    }

    #[test]
    fn the_owner_may_say_never_or_always() {
        let change = Wish::Change(vec!["/etc/passwd".into()]);
        for (policy, expected) in [
            (policy(Approve::InScope), [true, false, true]),
            (policy(Approve::Never), [false, false, false]),
            (policy(Approve::Always), [true, true, true]),
            (Policy::of_question(), [true, false, false]),
        ] {
            let wishes = [Wish::Look, change.clone(), Wish::Act];
            assert_eq!(wishes.map(|wish| policy.allows(&wish).is_ok()), expected, "{policy:?}");
        }
    }
}
