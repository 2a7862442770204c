//! Many paths against the scopes of a whole plan. The index finds the few patterns that match a
//! path; what they come to is decided as [`Scope::judge`] does.

use super::trie::{Trie, Walk};
use super::{RuleKind, Rules, Scope, Verdict, decide};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;

/// The patterns of several scopes and of what counts for all of them.
#[derive(Debug)]
pub struct Index<'a> {
    scopes: Vec<&'a Scope>,
    rules: &'a Rules,
    trie: Trie<'a, Slot>,
}

/// Where a pattern stands. The order is that of an explanation: as the rules decide, and inside
/// a kind by objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) kind: RuleKind,
    /// The position of the scope; 0 for what counts for all.
    pub(super) scope: usize,
    /// The position in the list.
    pub(super) item: usize,
    /// The position of the normal form that matched.
    pub(super) form: usize,
}

/// Room to work in, for one path after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    walk: Walk,
    pub(super) slots: Vec<Slot>,
}

/// What every scope says of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// What a scope says that has no pattern of its own for it.
    pub common: Verdict<'a>,
    /// The scopes that say something else, by position.
    pub own: Vec<(usize, Verdict<'a>)>,
}

impl<'a> Index<'a> {
    /// An index of these scopes, which keep their positions.
    pub fn new(scopes: impl IntoIterator<Item = &'a Scope>, rules: &'a Rules) -> Self {
        let mut index = Self { scopes: scopes.into_iter().collect(), rules, trie: Trie::new() };
        for kind in RuleKind::ALL {
            let count = if kind.is_common() { 1 } else { index.scopes.len() };
            for scope in 0..count {
                for (item, pattern) in index.list(kind, scope).iter().enumerate() {
                    for (form, normal) in pattern.forms().iter().enumerate() {
                        index.trie.insert(normal, Slot { kind, scope, item, form });
                    }
                }
            }
        }
        index
    }

    /// The scopes, by position.
    pub fn scopes(&self) -> &[&'a Scope] {
        &self.scopes
    }

    fn list(&self, kind: RuleKind, scope: usize) -> &'a [Pattern] {
        match kind {
            RuleKind::GlobalForbid => &self.rules.global_forbid,
            RuleKind::Forbid => &self.scopes[scope].forbid,
            RuleKind::Derived => &self.rules.derived,
            RuleKind::Shared => &self.rules.shared,
            RuleKind::Touch => &self.scopes[scope].touch,
            RuleKind::Read => &self.scopes[scope].read,
        }
    }

    pub(super) fn pattern(&self, slot: Slot) -> &'a Pattern {
        &self.list(slot.kind, slot.scope)[slot.item]
    }

    /// What every scope says of `path`. `scratch` is left with the patterns that match it.
    pub fn judge(&self, path: &RepoPath, scratch: &mut Scratch) -> Answer<'a> {
        let slots = &mut scratch.slots;
        slots.clear();
        self.trie.each(path, &mut scratch.walk, |slot| slots.push(slot));
        slots.sort_unstable();
        // The first form of a pattern speaks for it.
        slots.dedup_by_key(|slot| Slot { form: 0, ..*slot });
        self.decided(slots)
    }

    fn decided(&self, slots: &[Slot]) -> Answer<'a> {
        let first = |kind: RuleKind, scope: usize| {
            let slot = slots.iter().find(|s| s.kind == kind && s.scope == scope)?;
            Some(self.pattern(*slot))
        };
        let common = decide(|kind| if kind.is_common() { first(kind, 0) } else { None });
        let speaks = |s: &&Slot| matches!(s.kind, RuleKind::Forbid | RuleKind::Touch);
        let mut scopes: Vec<usize> = slots.iter().filter(speaks).map(|s| s.scope).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let verdict = |scope: usize| {
            (scope, decide(|kind| first(kind, if kind.is_common() { 0 } else { scope })))
        };
        let own = scopes.into_iter().map(verdict).filter(|(_, v)| *v != common).collect();
        Answer { common, own }
    }
}

impl<'a> Answer<'a> {
    /// What the scope at this position says.
    pub fn of(&self, scope: usize) -> Verdict<'a> {
        self.own.iter().find(|(i, _)| *i == scope).map_or(self.common, |(_, verdict)| *verdict)
    }

    /// The first scope that the path belongs to, and by which pattern.
    pub fn owner(&self) -> Option<(usize, &'a Pattern)> {
        self.own.iter().find_map(|(scope, verdict)| match verdict {
            Verdict::Touch(pattern) => Some((*scope, *pattern)),
            _ => None,
        })
    }

    /// What is said first: that somebody owns the path, then what counts for all, then that
    /// somebody may not touch it.
    pub fn foremost(&self) -> Verdict<'a> {
        match (self.owner(), self.common, self.own.first()) {
            (Some((_, pattern)), ..) => Verdict::Touch(pattern),
            (None, Verdict::Outside, Some((_, verdict))) => *verdict,
            (None, common, _) => common,
        }
    }

    /// The positions of the scopes whose change would pass, of `count` scopes.
    pub fn may_touch(&self, count: usize) -> impl Iterator<Item = usize> {
        let all = if self.common.passes() { count } else { 0 };
        let passing = self.own.iter().filter(|(_, v)| v.passes()).map(|(i, _)| *i);
        let (few, many) = if all == 0 { (Some(passing), 0) } else { (None, all) };
        let rest = (0..many).filter(|scope| self.of(*scope).passes());
        few.into_iter().flatten().chain(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;

    /// Numbers that look random and are the same every time (xorshift, Marsaglia 2003).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 >> 33).expect("31 bits") % below
        }

        fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
            of[self.roll(of.len())]
        }

        fn pattern(&mut self) -> Pattern {
            const PARTS: [&str; 24] = [
                "a", "b", "ab", "A", ".a", ".env", "*", "**", "?", "a*", "*b", "*a*", "[ab]",
                "[!a]", "[!a]*", "{a,b}", "{a,b/a}", "{a,.a}*", "?b", "??", "a?*", "é", ".*",
                "[a]",
            ];
            let length = 1 + self.roll(4);
            let parts: Vec<&str> = (0..length).map(|_| self.pick(&PARTS)).collect();
            let end = self.pick(&["", "", "/", "/**"]);
            Pattern::parse(&format!("{}{end}", parts.join("/"))).expect("made of good parts")
        }

        fn patterns(&mut self, at_most: usize) -> Vec<Pattern> {
            (0..self.roll(at_most + 1)).map(|_| self.pattern()).collect()
        }

        fn path(&mut self) -> RepoPath {
            const NAMES: [&[u8]; 13] = [
                b"a",
                b"b",
                b"ab",
                b"A",
                b".a",
                b".env",
                b"ba",
                b"aab",
                b"\xff",
                b"a\xff",
                b"\xc3\xa9",
                b"a.b",
                b"\n",
            ];
            let names: Vec<&[u8]> =
                (0..=self.roll(5)).map(|_| NAMES[self.roll(NAMES.len())]).collect();
            RepoPath::new(names.join(&b'/')).expect("made of good names")
        }

        fn scope(&mut self, number: usize) -> Scope {
            Scope {
                id: ObjectiveId::parse(&format!("T{number}")).expect("valid"),
                touch: self.patterns(5),
                read: self.patterns(1),
                forbid: self.patterns(2),
            }
        }
    }

    #[test]
    fn the_index_answers_as_each_scope_does() {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut scratch = Scratch::default();
        let mut said = [0; 6];
        for round in 0..400 {
            let rules = Rules {
                global_forbid: dice.patterns(2),
                derived: dice.patterns(1),
                shared: dice.patterns(1),
            };
            let scopes: Vec<Scope> = (0..dice.roll(5)).map(|i| dice.scope(i)).collect();
            let index = Index::new(&scopes, &rules);
            for _ in 0..50 {
                let path = dice.path();
                let answer = index.judge(&path, &mut scratch);
                for (i, scope) in scopes.iter().enumerate() {
                    let verdict = scope.judge(&rules, &path);
                    assert_eq!(answer.of(i), verdict, "round {round}: {path} in {scopes:?}");
                    let kind = match verdict {
                        Verdict::Touch(_) => 0,
                        Verdict::Shared(_) => 1,
                        Verdict::Derived(_) => 2,
                        Verdict::GloballyForbidden(_) => 3,
                        Verdict::Forbidden(_) => 4,
                        Verdict::Outside => 5,
                    };
                    said[kind] += 1;
                }
                let may: Vec<usize> = (0..scopes.len())
                    .filter(|i| scopes[*i].judge(&rules, &path).passes())
                    .collect();
                assert_eq!(answer.may_touch(scopes.len()).collect::<Vec<_>>(), may, "{path}");
                let owner = scopes.iter().position(|s| s.owns(&rules, &path));
                assert_eq!(answer.owner().map(|(i, _)| i), owner, "{path}");
            }
        }
        assert!(said.iter().all(|n| *n > 500), "each verdict was met: {said:?}");
    }
}
