//! Whether the plan covers what its request names.

use std::collections::BTreeSet;

use super::Prover;
use super::reach::first_match;
use crate::domain::finding::{Code, Finding};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::scope::{Rules, Scope};

/// So many paths of a request are looked at.
const NAMED: usize = 100;

impl Prover<'_> {
    /// Paths that the request names and that no objective may touch or read: those that exist,
    /// and those that look like paths of new files.
    pub(super) fn mentions(&mut self, scopes: &[Scope], rules: &Rules) {
        let tracked = self.facts.tracked;
        let named: BTreeSet<RepoPath> = words(&self.plan.request)
            .filter_map(|w| RepoPath::new(w.trim_end_matches('/')))
            .collect();
        let mut left = NAMED;
        for path in named {
            let below = below(&path, tracked);
            let exists = !below.is_empty() || tracked.binary_search(&path).is_ok();
            if !(exists || looks_new(&path, tracked)) || left == 0 {
                continue;
            }
            left -= 1;
            let inside = RepoPath::new([path.as_bytes(), b"/a"].concat());
            let covers = |pattern: &Pattern| {
                let new = || inside.as_ref().is_some_and(|inside| pattern.matches(inside));
                pattern.matches(&path)
                    || pattern.forms().iter().any(|form| first_match(form, below).is_some())
                    || !exists && new()
            };
            let lists = scopes.iter().flat_map(|s| [&s.touch, &s.read]);
            if lists.chain([&rules.shared, &rules.derived]).flatten().any(covers) {
                continue;
            }
            let message = if exists {
                format!("the request names {path}, but no objective touches or reads it")
            } else {
                format!(
                    "the request names {path}, which is not there, and no objective may make it"
                )
            };
            let forbidden = rules.global_forbid.iter().find(|p| p.matches(&path));
            let help = match forbidden {
                Some(pattern) => {
                    format!("`{pattern}` of `global_forbid` keeps every objective out")
                }
                None if exists => "add it to an objective's `touch` or `read`".to_owned(),
                None => "add it to an objective's `touch`, with `creates = true`".to_owned(),
            };
            let finding = Finding::warning(Code::UncoveredPath, message)
                .help(help)
                .at(self.reading.top_place("request"));
            self.findings.push(Finding {
                witness: Some(path),
                witness_exists: Some(exists),
                ..finding
            });
        }
    }
}

/// What is tracked below a directory, of sorted paths.
fn below<'a>(directory: &RepoPath, tracked: &'a [RepoPath]) -> &'a [RepoPath] {
    let prefix = [directory.as_bytes(), b"/"].concat();
    let from = tracked.partition_point(|p| p.as_bytes() < prefix.as_slice());
    let length = tracked[from..].partition_point(|p| p.as_bytes().starts_with(&prefix));
    &tracked[from..from + length]
}

/// Whether text that names nothing looks like the path of a new file: it ends like a file's name
/// and begins with no host's name, or it begins in a directory that is there. `and/or` and
/// `example.com/x.html` do not.
fn looks_new(path: &RepoPath, tracked: &[RepoPath]) -> bool {
    let Some(text) = path.to_str().filter(|text| text.contains('/')) else { return false };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/@+".contains(&b);
    let first = text.split('/').next().unwrap_or(text);
    let Some((_, last)) = text.rsplit_once('/') else { return false };
    let ends = last.rsplit_once('.').is_some_and(|(stem, end)| {
        let letters = end.len() <= 5 && end.bytes().all(|b| b.is_ascii_alphanumeric());
        !stem.is_empty() && letters && end.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let host = first.trim_start_matches('.').contains('.');
    let directory = RepoPath::new(first).is_some_and(|first| !below(&first, tracked).is_empty());
    text.bytes().all(plain) && ((ends && !host) || directory)
}

/// The words of a request that could be paths: they hold a `/` or a `.` inside.
fn words(request: &str) -> impl Iterator<Item = &str> {
    let breaks = |c: char| c.is_whitespace() || "`\"'()[]{}<>,;:".contains(c);
    let trimmed = request.split(breaks).map(|w| w.trim_end_matches(['.', '?', '!']));
    trimmed.map(|w| w.trim_start_matches("./")).filter(|w| w.contains('/') || w.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_words() {
        let tracked: Vec<RepoPath> = ["Makefile", "docs/a.md", "src/a.rs"]
            .map(|p| RepoPath::new(p).expect("git can hold it"))
            .into();
        for (request, expected) in [
            ("add src/new.rs and docs/guide/", &["src/new.rs", "docs/guide"][..]),
            ("make `web/app.ts`, please.", &["web/app.ts"]),
            ("see https://example.com/x.html or example.com/x.html", &[]),
            ("reads and/or writes, TCP/IP, 3/4 and 1.5/2.5", &[]),
            ("Makefile/x", &[]),
            ("old.c and v1.2", &[]),
            (".github/workflows/ci.yml", &[".github/workflows/ci.yml"]),
            ("src/../etc/passwd.txt src//x.rs", &[]),
        ] {
            let found: Vec<String> = words(request)
                .filter_map(|w| RepoPath::new(w.trim_end_matches('/')))
                .filter(|path| looks_new(path, &tracked))
                .map(|path| path.to_string())
                .collect();
            assert_eq!(found, expected, "{request}");
        }
    }
}
