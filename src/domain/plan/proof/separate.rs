//! How two scopes that meet could be kept apart: a `forbid` line for one of them, where that is
//! proved to separate them and costs the one little; else different waves.

use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, Effort, meet_within};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{Pattern, literal};
use crate::domain::plan::toml_string;
use crate::domain::scope::{Rules, Scope};

/// How many files both may have for each of them to be named.
const FEW: usize = 5;

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Separation {
    /// This objective leaves something to the other: its whole new `forbid` list.
    Forbid(ObjectiveId, Vec<String>),
    /// Nothing small keeps them apart.
    Waves,
}

impl std::fmt::Display for Separation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forbid(id, list) => {
                let list: Vec<String> = list.iter().map(|p| toml_string(p)).collect();
                let list = list.join(", ");
                write!(
                    f,
                    "add `forbid = [{list}]` to {id}, or let `git ap check --fix` put them into different waves"
                )
            }
            Self::Waves => write!(
                f,
                "narrow one of them, or let `git ap check --fix` put them into different waves"
            ),
        }
    }
}

/// The shortest way to keep two scopes apart that is proved to do so. The one that has more
/// tracked files gives way; it keeps something, and of its tracked files more than half, or all
/// but a few, unless what it leaves lies below what it names.
pub(super) fn separation(
    one: &Scope,
    two: &Scope,
    rules: &Rules,
    tracked: &[RepoPath],
    effort: &Effort,
) -> Separation {
    let owned = |scope: &Scope| tracked.iter().filter(|path| scope.owns(rules, path)).count();
    let mut sides = [(owned(one), one, two), (owned(two), two, one)];
    sides.sort_by(|(a, x, _), (b, y, _)| b.cmp(a).then_with(|| x.id.cmp(&y.id)));
    for (before, gives, keeps) in sides {
        for list in [written(gives, keeps, effort), named(gives, keeps, rules, tracked)] {
            let Some(list) = list else { continue };
            let mut less = gives.clone();
            less.forbid.extend(list.iter().filter_map(|text| Pattern::parse(text).ok()));
            let left = less.effective(rules);
            let theirs = keeps.effective(rules);
            let apart = meet_within(&left, &theirs, Case::Exact, effort) == Ok(None);
            let something = matches!(left.example(), Ok(Some(_)));
            let after = owned(&less);
            let small = after * 2 > before || (after > 0 && before - after <= FEW);
            if apart && something && (small || before == 0 || is_inner(&list, gives)) {
                let texts = gives.forbid.iter().map(|p| p.as_str().to_owned());
                return Separation::Forbid(gives.id.clone(), texts.chain(list).collect());
            }
        }
    }
    Separation::Waves
}

/// Whether a list names less than a scope on its face: places below those that it names.
fn is_inner(list: &[String], scope: &Scope) -> bool {
    let lead = |pattern: &Pattern| {
        pattern.forms().iter().map(|form| form.literal_lead().len()).min().unwrap_or(0)
    };
    let outer = scope.touch.iter().map(lead).max().unwrap_or(0);
    let inner = list.iter().filter_map(|text| Pattern::parse(text).ok()).map(|p| lead(&p)).min();
    inner.is_some_and(|inner| inner > outer)
}

/// What the other has written and that meets this one, if it is a line or two.
fn written(gives: &Scope, keeps: &Scope, effort: &Effort) -> Option<Vec<String>> {
    let alone =
        |touch: &Pattern| Scope { touch: vec![touch.clone()], forbid: Vec::new(), ..keeps.clone() };
    let none = Rules::default();
    let own = gives.effective(&none);
    let meets = |p: &&Pattern| {
        meet_within(&own, &alone(p).effective(&none), Case::Exact, effort) != Ok(None)
    };
    if keeps.touch.len() > 100 {
        return None;
    }
    let list: Vec<String> =
        keeps.touch.iter().filter(meets).map(|p| p.as_str().to_owned()).collect();
    (list.len() <= FEW).then_some(list)
}

/// The tracked files that both have, by name, if they are few.
fn named(gives: &Scope, keeps: &Scope, rules: &Rules, tracked: &[RepoPath]) -> Option<Vec<String>> {
    let both = |path: &&RepoPath| gives.owns(rules, path) && keeps.owns(rules, path);
    let list: Vec<String> = tracked.iter().filter(both).map(literal).take(FEW + 1).collect();
    (!list.is_empty() && list.len() <= FEW).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(id: &str, touch: &[&str], forbid: &[&str]) -> Scope {
        let parse = |texts: &[&str]| {
            texts.iter().map(|text| Pattern::parse(text).expect("valid")).collect::<Vec<_>>()
        };
        Scope {
            id: ObjectiveId::parse(id).expect("valid"),
            touch: parse(touch),
            read: Vec::new(),
            forbid: parse(forbid),
        }
    }

    fn proposed(one: (&[&str], &[&str]), two: (&[&str], &[&str])) -> String {
        let tracked: Vec<RepoPath> =
            ["src/a.rs", "src/auth/k.rs", "src/auth/l.rs", "src/b.rs", "src/c.rs", "src/d.rs"]
                .iter()
                .map(|path| RepoPath::new(*path).expect("a path"))
                .collect();
        let (one, two) = (scope("A", one.0, one.1), scope("B", two.0, two.1));
        let there = separation(&one, &two, &Rules::default(), &tracked, &Effort::for_many());
        let back = separation(&two, &one, &Rules::default(), &tracked, &Effort::for_many());
        assert_eq!(there, back, "whoever is asked first");
        match there {
            Separation::Forbid(id, list) => format!("{id}: {}", list.join(" ")),
            Separation::Waves => "waves".to_owned(),
        }
    }

    #[test]
    fn the_larger_gives_way_and_keeps_the_most() {
        assert_eq!(proposed((&["src/"], &[]), (&["src/auth/"], &[])), "A: src/auth/");
        assert_eq!(proposed((&["src/auth/"], &[]), (&["src/"], &[])), "B: src/auth/");
        assert_eq!(
            proposed((&["src/"], &["src/a.rs"]), (&["**/k.rs", "docs/"], &[])),
            "A: src/a.rs **/k.rs"
        );
        // Nothing there yet: what is written decides.
        assert_eq!(proposed((&["new/"], &[]), (&["new/x/"], &[])), "A: new/x/");
    }

    #[test]
    fn nobody_loses_everything() {
        assert_eq!(proposed((&["src/"], &[]), (&["src/"], &[])), "waves");
        assert_eq!(proposed((&["src/*.rs"], &[]), (&["src/?.rs"], &[])), "waves");
        assert_eq!(proposed((&["src/a.rs"], &[]), (&["src/a.rs"], &[])), "waves");
    }
}
