//! Whose is a directory: decided for every path that could ever be below it, not for the files
//! that happen to be there.

use super::explain::{Rule, RuleKind};
use super::{Languages, Rules, Scope};
use crate::domain::overlap::{Case, Language, TooComplex, meet};
use crate::domain::path::RepoPath;
use crate::domain::pattern::{Pattern, limit};

/// Who may change what is below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Below<'a> {
    /// The rule for all that takes the whole directory, if one kind of them does.
    pub taken: Option<RuleKind>,
    /// The scopes that have something there.
    pub parts: Vec<Part<'a>>,
    /// The rules that speak of it. What every directory could have below it (`**/.env`) is left
    /// out.
    pub rules: Vec<Rule<'a>>,
}

/// What one scope has below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The position of the scope.
    pub scope: usize,
    /// Whether it has everything there, save what counts for all.
    pub whole: bool,
    /// Its patterns that meet the directory.
    pub patterns: Vec<&'a Pattern>,
}

/// Who may change what is below `directory` (none: anywhere). `languages` are those of the same
/// scopes.
///
/// Fails where a pattern is too complex to decide, with its name.
pub fn below<'a>(
    directory: Option<&RepoPath>,
    scopes: &'a [Scope],
    rules: &'a Rules,
    languages: &Languages<'_>,
) -> Result<Below<'a>, TooComplex> {
    let place = Place { all: Pattern::below(directory), directory };
    if directory.is_some_and(|d| d.as_bytes().len() > limit::BYTES) {
        return Err(TooComplex { pattern: place.all.as_str().to_owned() });
    }
    let here = Language::new(std::slice::from_ref(&place.all), &[]);
    let mut found = Below { taken: place.taken(rules)?, parts: Vec::new(), rules: Vec::new() };
    for kind in [RuleKind::GlobalForbid, RuleKind::Derived, RuleKind::Shared] {
        let list = common(rules, kind);
        for (item, pattern) in list.iter().enumerate() {
            if speaks_of(pattern) && place.meets(pattern)? {
                found.rules.push(Rule { kind, scope: None, item, pattern });
            }
        }
    }
    for (position, scope) in scopes.iter().enumerate() {
        for (kind, list) in [
            (RuleKind::Forbid, &scope.forbid),
            (RuleKind::Touch, &scope.touch),
            (RuleKind::Read, &scope.read),
        ] {
            for (item, pattern) in list.iter().enumerate() {
                if place.meets(pattern)? {
                    found.rules.push(Rule { kind, scope: Some(position), item, pattern });
                }
            }
        }
        let touched =
            found.rules.iter().filter(|r| r.kind == RuleKind::Touch && r.scope == Some(position));
        let patterns: Vec<&Pattern> = touched.map(|r| r.pattern).collect();
        if !patterns.is_empty() && meet(languages.get(position), &here, Case::Exact)?.is_some() {
            let whole = place.is_whole(scope, rules)?;
            found.parts.push(Part { scope: position, whole, patterns });
        }
    }
    found.rules.sort_by_key(|r| (r.kind, r.scope, r.item));
    Ok(found)
}

fn common(rules: &Rules, kind: RuleKind) -> &[Pattern] {
    match kind {
        RuleKind::GlobalForbid => &rules.global_forbid,
        RuleKind::Derived => &rules.derived,
        RuleKind::Shared => &rules.shared,
        RuleKind::Forbid | RuleKind::Touch | RuleKind::Read => &[],
    }
}

/// Whether a pattern names a place, rather than a kind of file wherever it is.
fn speaks_of(pattern: &Pattern) -> bool {
    pattern.forms().iter().any(|form| !form.literal_lead().is_empty())
}

/// Everything below a directory.
struct Place<'d> {
    all: Pattern,
    directory: Option<&'d RepoPath>,
}

impl Place<'_> {
    /// Everything there that these patterns do not match.
    fn without<'p>(&self, lists: impl IntoIterator<Item = &'p [Pattern]>) -> Language {
        let except: Vec<Pattern> = lists.into_iter().flatten().cloned().collect();
        Language::new(std::slice::from_ref(&self.all), &except)
    }

    /// Whether the literal lead of the pattern leads there, or away from there: most patterns of
    /// a plan are about another place.
    fn may_meet(&self, pattern: &Pattern) -> bool {
        let Some(directory) = self.directory else { return true };
        pattern.forms().iter().any(|form| {
            let lead = form.literal_lead();
            let (own, other) = (directory.components(), lead.split(|b| *b == b'/'));
            lead.is_empty() || own.zip(other).all(|(own, other)| own == other)
        })
    }

    fn meets(&self, pattern: &Pattern) -> Result<bool, TooComplex> {
        if !self.may_meet(pattern) {
            return Ok(false);
        }
        let own = Language::new(std::slice::from_ref(pattern), &[]);
        Ok(meet(&own, &self.without([]), Case::Exact)?.is_some())
    }

    fn taken(&self, rules: &Rules) -> Result<Option<RuleKind>, TooComplex> {
        for kind in [RuleKind::GlobalForbid, RuleKind::Derived, RuleKind::Shared] {
            let list = common(rules, kind);
            if !list.is_empty() && self.without([list]).example()?.is_none() {
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }

    fn is_whole(&self, scope: &Scope, rules: &Rules) -> Result<bool, TooComplex> {
        let common = [&*rules.global_forbid, &*rules.derived, &*rules.shared];
        let others = self.without(common.into_iter().chain([&*scope.touch]));
        if others.example()?.is_some() {
            return Ok(false);
        }
        let except: Vec<Pattern> = common.into_iter().flatten().cloned().collect();
        let refused = Language::new(&scope.forbid, &except);
        Ok(meet(&refused, &self.without([]), Case::Exact)?.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|t| Pattern::parse(t).expect("valid")).collect()
    }

    fn scope(id: &str, touch: &[&str], forbid: &[&str]) -> Scope {
        let id = ObjectiveId::parse(id).expect("valid");
        Scope { id, touch: patterns(touch), read: Vec::new(), forbid: patterns(forbid) }
    }

    #[test]
    fn a_directory_is_whole_or_parted_on_every_path_that_could_be() {
        let rules = Rules {
            global_forbid: patterns(&["**/.env", "target/"]),
            derived: patterns(&["gen/*/", "gen/*"]),
            shared: patterns(&["src/lib.rs", "log/"]),
        };
        let scopes = [
            scope("T1", &["src/auth/", "src/lib.rs"], &["src/auth/keys/"]),
            scope("T2", &["src/*.rs", "web"], &[]),
            scope("T3", &["docs/*", "docs/*/**", "gen/"], &[]),
        ];
        let languages = Languages::new(&scopes, &rules);
        for (directory, expected) in [
            ("src/auth", "T1 part"),
            ("src/auth/a", "T1 whole"),
            ("src/auth/keys", ""),
            ("src", "T1 part T2 part"),
            ("web", "T2 whole"),
            ("web/deep/er", "T2 whole"),
            ("docs", "T3 whole"),
            ("gen", "derived"),
            ("gen/x", "derived"),
            ("log", "shared"),
            ("target/debug", "global_forbid"),
            ("nobody", ""),
        ] {
            let path = RepoPath::new(directory).expect("valid");
            let found = below(Some(&path), &scopes, &rules, &languages).expect("simple");
            let parts = found.parts.iter().map(|part| {
                let how = if part.whole { "whole" } else { "part" };
                format!("{} {how}", scopes[part.scope].id)
            });
            let taken = found.taken.map(|kind| kind.as_str().to_owned());
            let said: Vec<String> = taken.into_iter().chain(parts).collect();
            assert_eq!(said.join(" "), expected, "{directory}");
        }
        let all = below(None, &scopes, &rules, &languages).expect("simple");
        assert_eq!(all.parts.len(), 3);
        assert!(all.rules.iter().all(|r| r.pattern.as_str() != "**/.env"));
    }
}
