//! What a check found, in the four forms that somebody reads: a person, a program, a code
//! scanner, a pull request. All four say the same.

mod github;
mod human;
mod json;
mod sarif;

pub use github::github;
pub use human::{Look, human};
pub use json::{Document, document};
pub use sarif::sarif;

use crate::domain::finding::{Code, Finding, Severity};
use crate::domain::plan::Move;

/// The file that findings point into, as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Where it is, relative to the repository's root, `/`-separated.
    pub path: &'a str,
    /// All of it.
    pub text: &'a str,
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The plan's id; none where changes were checked, or where the file has no readable one.
    pub plan: Option<&'a str>,
    /// How many objectives it has.
    pub objectives: usize,
    /// How many waves.
    pub waves: u32,
    /// Who was moved to mend it; none: nobody asked for that.
    pub moves: Option<&'a [Move]>,
}

/// Whether nothing that was found stops the plan.
pub fn is_valid(findings: &[Finding]) -> bool {
    findings.iter().all(|f| f.severity != Severity::Error)
}

/// Where a finding is, for formats that point at a file: a place in the source, or the changed
/// file itself where a change is what was found.
struct Location<'a> {
    path: std::borrow::Cow<'a, str>,
    path_bytes: &'a [u8],
    line: usize,
    column: usize,
    /// The column behind the last character, on the same line.
    end_column: usize,
    /// Whether line and column are known.
    exact: bool,
}

fn location<'a>(finding: &'a Finding, source: Option<Source<'a>>) -> Option<Location<'a>> {
    if finding.code == Code::ScopeViolation
        && let Some(path) = &finding.witness
    {
        return Some(whole_file(path.to_lossy(), path.as_bytes()));
    }
    let source = source?;
    let Some(place) = &finding.place else {
        return Some(whole_file(source.path.into(), source.path.as_bytes()));
    };
    Some(Location {
        path: source.path.into(),
        path_bytes: source.path.as_bytes(),
        line: place.line,
        column: place.column,
        end_column: end_column(place, source.text),
        exact: true,
    })
}

fn whole_file<'a>(path: std::borrow::Cow<'a, str>, path_bytes: &'a [u8]) -> Location<'a> {
    Location { path, path_bytes, line: 1, column: 1, end_column: 1, exact: false }
}

/// The column behind the part of a place that lies on its first line; never less than one
/// behind the column of its start.
fn end_column(place: &crate::domain::finding::Place, text: &str) -> usize {
    let marked = text.get(first_line(text, place.span.clone())).unwrap_or_default();
    place.column + marked.chars().count().max(1)
}

/// The part of a byte range of `text` that lies on the line where it begins. Offsets that are
/// beyond the end or inside a character are moved back.
fn first_line(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.floor_char_boundary(span.end.min(text.len())).max(start);
    let marked = &text[start..end];
    start..start + marked.find('\n').unwrap_or(marked.len())
}

#[cfg(test)]
mod sample {
    use super::*;
    use crate::domain::finding::Place;
    use crate::domain::id::ObjectiveId;
    use crate::domain::path::RepoPath;

    pub(super) const TEXT: &str =
        "schema = 1\ntouch = [\"src/**\"]\nread = []\ntouch = [\"src/auth/\"] # é!\n";

    pub(super) fn source() -> Source<'static> {
        Source { path: ".ap/plans/a b/plan.toml", text: TEXT }
    }

    /// An overlap with everything that a finding can have, a warning behind a
    /// character of two bytes, and one without a place.
    pub(super) fn findings() -> Vec<Finding> {
        let place = |start, end| Place::of(TEXT, start..end);
        let id = |s| ObjectiveId::parse(s).expect("valid");
        let first = TEXT.find("\"src/**\"").expect("there");
        let second = TEXT.find("\"src/auth/\"").expect("there");
        let mut overlap = Finding::error(Code::ScopeOverlap, "T1 and T2 may both change files")
            .help("give `src/auth/` to one of them")
            .at(Some(place(first, first + 8)))
            .objectives([id("T1"), id("T2")])
            .patterns(["src/**".into(), "src/auth/".into()]);
        overlap.wave = Some(1);
        overlap.witness = RepoPath::new("src/auth/login.rs");
        overlap.witness_exists = Some(true);
        overlap.tracked_count = Some(4);
        overlap.related = vec![(place(second, second + 11), "T2 claims it here".into())];
        let comment = TEXT.find('!').expect("there");
        let odd = Finding::warning(Code::BadField, "50% of:\x1b[31m this\nis, odd")
            .at(Some(place(comment, comment + 1)));
        vec![overlap, odd, Finding::warning(Code::StaleRender, "`plan.md` is old")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_lie_outside_are_moved_inside() {
        let text = "aé\nb";
        for (span, expected) in [(0..9, 0..3), (2..3, 1..3), (50..60, 5..5), (4..4, 4..4)] {
            assert_eq!(first_line(text, span.clone()), expected, "{span:?}");
        }
    }

    #[test]
    fn warnings_stop_nothing() {
        assert!(is_valid(&[]));
        assert!(is_valid(&sample::findings()[1..]));
        assert!(!is_valid(&sample::findings()));
    }
}
