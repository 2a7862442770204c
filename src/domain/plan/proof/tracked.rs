//! Which tracked paths each objective owns: asked for every pair that overlaps, so found out
//! once for each objective.

use std::cell::OnceCell;

use super::reach::matching;
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::{Rules, Scope};

/// The tracked paths by the objectives that own them, as sets of bits.
pub(super) struct Owned<'a> {
    tracked: &'a [RepoPath],
    /// Their components.
    names: OnceCell<Vec<Vec<&'a [u8]>>>,
    scopes: &'a [Scope],
    rules: &'a Rules,
    /// What no objective owns, whatever its scope says.
    special: OnceCell<Vec<u64>>,
    by: Vec<OnceCell<Vec<u64>>>,
}

impl<'a> Owned<'a> {
    /// Of these tracked paths, which are sorted.
    pub(super) fn new(tracked: &'a [RepoPath], scopes: &'a [Scope], rules: &'a Rules) -> Self {
        let by = scopes.iter().map(|_| OnceCell::new()).collect();
        let (names, special) = (OnceCell::new(), OnceCell::new());
        Self { tracked, names, scopes, rules, special, by }
    }

    /// The first path that both own, and how many there are.
    pub(super) fn both(&self, one: usize, other: usize) -> (Option<&'a RepoPath>, usize) {
        let words = self.by(one).iter().zip(self.by(other)).map(|(a, b)| a & b);
        let count = words.clone().map(|word| word.count_ones() as usize).sum();
        let first = words.enumerate().find(|(_, word)| *word != 0);
        let first = first.map(|(at, word)| at * 64 + word.trailing_zeros() as usize);
        (first.map(|at| &self.tracked[at]), count)
    }

    fn by(&self, index: usize) -> &[u64] {
        self.by[index].get_or_init(|| {
            let scope = &self.scopes[index];
            let mut bits = self.matched(scope.touch.iter());
            let special = self.special.get_or_init(|| {
                let Rules { global_forbid, derived, shared } = self.rules;
                self.matched(global_forbid.iter().chain(derived).chain(shared))
            });
            let forbidden = self.matched(scope.forbid.iter());
            for (word, (special, own)) in bits.iter_mut().zip(special.iter().zip(forbidden)) {
                *word &= !(special | own);
            }
            bits
        })
    }

    fn matched<'p>(&self, patterns: impl Iterator<Item = &'p Pattern>) -> Vec<u64> {
        let split = |path: &'a RepoPath| path.components().collect();
        let names = self.names.get_or_init(|| self.tracked.iter().map(split).collect());
        let mut bits = vec![0_u64; self.tracked.len().div_ceil(64)];
        for form in patterns.flat_map(Pattern::forms) {
            for at in matching(form, self.tracked) {
                if bits[at / 64] & (1 << (at % 64)) == 0 && form.matches_components(&names[at]) {
                    bits[at / 64] |= 1 << (at % 64);
                }
            }
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;

    #[test]
    fn paths_of_both_are_those_that_each_owns() {
        let patterns = |texts: &[&str]| -> Vec<Pattern> {
            texts.iter().map(|t| Pattern::parse(t).expect("valid")).collect()
        };
        let scope = |id: &str, touch: &[&str], forbid: &[&str]| Scope {
            id: ObjectiveId::parse(id).expect("valid"),
            touch: patterns(touch),
            read: Vec::new(),
            forbid: patterns(forbid),
        };
        let scopes = [
            scope("A", &["src/", "**/*.md"], &["src/gen/"]),
            scope("B", &["**/*[0-9].*", "src/x"], &[]),
            scope("C", &["docs/"], &[]),
        ];
        let rules = Rules {
            global_forbid: patterns(&["**/7*"]),
            derived: patterns(&["src/lock1.x"]),
            shared: patterns(&["src/shared2.rs"]),
        };
        let names = (0..200).flat_map(|i| [format!("src/f{i}.rs"), format!("src/gen/{i}.rs")]);
        let other = ["7a1.md", "docs/1.md", "src/lock1.x", "src/shared2.rs", "src/x", "z9.md"];
        let names = names.chain(other.map(str::to_owned));
        let mut tracked: Vec<RepoPath> = names.filter_map(RepoPath::new).collect();
        tracked.sort();
        let owned = Owned::new(&tracked, &scopes, &rules);
        for (a, b) in [(0, 1), (1, 0), (0, 2), (1, 2), (2, 2)] {
            let both = |p: &&RepoPath| scopes[a].owns(&rules, p) && scopes[b].owns(&rules, p);
            let expected: Vec<&RepoPath> = tracked.iter().filter(both).collect();
            assert_eq!(owned.both(a, b), (expected.first().copied(), expected.len()), "{a} {b}");
        }
        assert_eq!(owned.both(0, 1).1, 203);
    }
}
