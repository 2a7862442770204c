//! What a check found: a code that tools can rely on, plain words, the place in the file and,
//! where one exists, the fix.

use std::ops::Range;

use serde::Serialize;

use super::id::ObjectiveId;

/// Names the rule that a finding comes from. The words are part of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A value or key of the file is wrong.
    BadField,
    /// A pattern cannot be read.
    BadPattern,
    /// A pattern is beyond the size limits.
    TooComplex,
    /// Two objectives have the same id.
    DuplicateId,
    /// An objective is named that does not exist.
    UnknownDependency,
    /// Objectives wait for each other.
    DependencyCycle,
    /// An objective stands in a wave before one that it depends on.
    DependencyOrder,
    /// Two scopes of one wave can meet.
    ScopeOverlap,
    /// Everything that a scope may touch is forbidden.
    ScopeNothingLeft,
    /// A pattern lies wholly in forbidden ground.
    ScopeForbidden,
    /// A pattern matches no tracked file.
    ScopeMatchesNothing,
    /// Two scopes meet only on a disk that ignores case.
    ScopeCase,
    /// An objective reads what another of its wave changes.
    ReadHazard,
    /// Files that change together with a scope are outside it.
    TooNarrow,
    /// A user of an interface stands in a wave before its provider.
    ContractOrder,
    /// An interface is used that nobody names.
    MissingIntegrationPoint,
    /// The request names a path that no scope covers.
    UncoveredPath,
    /// `plan.md` shows another plan than `plan.toml`.
    StaleRender,
    /// A change lies outside the scope of its objective.
    ScopeViolation,
}

impl Code {
    /// Every code with a line that says what it means.
    pub const ALL: [(Code, &'static str); 19] = [
        (Code::BadField, "a value or key of the file is wrong"),
        (Code::BadPattern, "a pattern cannot be read"),
        (Code::TooComplex, "a pattern is beyond the size limits"),
        (Code::DuplicateId, "two objectives have the same id"),
        (Code::UnknownDependency, "an objective is named that does not exist"),
        (Code::DependencyCycle, "objectives wait for each other"),
        (Code::DependencyOrder, "an objective stands in a wave before one that it depends on"),
        (Code::ScopeOverlap, "two scopes of one wave can meet"),
        (Code::ScopeNothingLeft, "everything that a scope may touch is forbidden"),
        (Code::ScopeForbidden, "a pattern lies wholly in forbidden ground"),
        (Code::ScopeMatchesNothing, "a pattern matches no tracked file"),
        (Code::ScopeCase, "two scopes meet on a disk that ignores case"),
        (Code::ReadHazard, "an objective reads what another of its wave changes"),
        (Code::TooNarrow, "files that change together with a scope are outside it"),
        (Code::ContractOrder, "a user of an interface stands in a wave before its provider"),
        (Code::MissingIntegrationPoint, "an interface is used that nobody names"),
        (Code::UncoveredPath, "the request names a path that no scope covers"),
        (Code::StaleRender, "`plan.md` shows another plan than `plan.toml`"),
        (Code::ScopeViolation, "a change lies outside the scope of its objective"),
    ];

    /// The word that stands for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadField => "bad-field",
            Self::BadPattern => "bad-pattern",
            Self::TooComplex => "too-complex",
            Self::DuplicateId => "duplicate-id",
            Self::UnknownDependency => "unknown-dependency",
            Self::DependencyCycle => "dependency-cycle",
            Self::DependencyOrder => "dependency-order",
            Self::ScopeOverlap => "scope-overlap",
            Self::ScopeNothingLeft => "scope-nothing-left",
            Self::ScopeForbidden => "scope-forbidden",
            Self::ScopeMatchesNothing => "scope-matches-nothing",
            Self::ScopeCase => "scope-case",
            Self::ReadHazard => "read-hazard",
            Self::TooNarrow => "too-narrow",
            Self::ContractOrder => "contract-order",
            Self::MissingIntegrationPoint => "missing-integration-point",
            Self::UncoveredPath => "uncovered-path",
            Self::StaleRender => "stale-render",
            Self::ScopeViolation => "scope-violation",
        }
    }
}

/// Whether a finding stops the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The plan cannot be approved.
    Error,
    /// Somebody should look.
    Warning,
}

/// A place in a text: byte offsets for pointing, line and column (in characters, both from 1)
/// for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Byte offsets into the file as it was read.
    pub span: Range<usize>,
    /// Line of its start, from 1.
    pub line: usize,
    /// Column of its start in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte range of `text`; offsets beyond its end, or inside a character, are
    /// moved back to the nearest character boundary. For more than a few places of one text
    /// there are [`Lines`].
    pub fn of(text: &str, span: Range<usize>) -> Self {
        Lines::of(text).place(text, span)
    }
}

/// Where the lines of a text begin, so that many places in it cost no more than a few.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// How many characters begin before each block of the text.
    before: Vec<usize>,
}

/// Bytes of a block: at most so many are counted for a column.
const BLOCK: usize = 1024;

impl Lines {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let mut before = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            before.push(before[before.len() - 1] + characters(block));
        }
        Self { starts: std::iter::once(0).chain(feeds.map(|(at, _)| at + 1)).collect(), before }
    }

    /// The place of a byte range of that text, as [`Place::of`].
    pub fn place(&self, text: &str, span: Range<usize>) -> Place {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.floor_char_boundary(span.end.min(text.len())).max(start);
        let line = self.starts.partition_point(|from| *from <= start);
        let from = self.starts[line - 1];
        let column = self.characters(text, start) - self.characters(text, from) + 1;
        Place { span: start..end, line, column }
    }

    /// How many characters begin before a byte.
    fn characters(&self, text: &str, at: usize) -> usize {
        let block = at / BLOCK;
        self.before[block] + characters(&text.as_bytes()[block * BLOCK..at])
    }
}

/// How many characters begin in these bytes of UTF-8: all bytes but the continuing ones.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub code: Code,
    /// Whether it stops the plan.
    pub severity: Severity,
    /// In plain words; may hold text of the plan, so whoever prints it escapes it.
    pub message: String,
    /// What to write or do.
    pub help: Option<String>,
    /// The wave that it is about.
    pub wave: Option<u32>,
    /// The objectives that it is about.
    pub objectives: Vec<ObjectiveId>,
    /// The patterns that it is about, as written.
    pub patterns: Vec<String>,
    /// A path that shows it.
    pub witness: Option<super::path::RepoPath>,
    /// Whether that path is tracked.
    pub witness_exists: Option<bool>,
    /// How many tracked paths show it.
    pub tracked_count: Option<usize>,
    /// Where in the file.
    pub place: Option<Place>,
    /// Other places that belong to it, with a short label each.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// A finding with nothing but a code, a severity and words.
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            help: None,
            wave: None,
            objectives: Vec::new(),
            patterns: Vec::new(),
            witness: None,
            witness_exists: None,
            tracked_count: None,
            place: None,
            related: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// The same finding with a help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The same finding about these objectives.
    #[must_use]
    pub fn objectives(mut self, ids: impl IntoIterator<Item = ObjectiveId>) -> Self {
        self.objectives.extend(ids);
        self
    }

    /// The same finding about these patterns.
    #[must_use]
    pub fn patterns(mut self, patterns: impl IntoIterator<Item = String>) -> Self {
        self.patterns.extend(patterns);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_never_split_one() {
        let text = "aé\nxéy";
        assert_eq!((Place::of(text, 0..1).line, Place::of(text, 0..1).column), (1, 1));
        let place = Place::of(text, 7..8);
        assert_eq!((place.line, place.column, &text[place.span.clone()]), (2, 3, "y"));
        assert_eq!(Place::of(text, 2..3).span, 1..3);
        assert_eq!(Place::of(text, 99..120).span, 8..8);
    }

    #[test]
    fn places_are_those_of_a_plain_count() {
        let text = format!("{}\n{}x\n\n", "é".repeat(1500), "ab\u{1f600}".repeat(700));
        let lines = Lines::of(&text);
        for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let place = lines.place(&text, at..at);
            let above = &text[..at];
            let start = above.rfind('\n').map_or(0, |i| i + 1);
            assert_eq!(place.line, above.matches('\n').count() + 1, "{at}");
            assert_eq!(place.column, above[start..].chars().count() + 1, "{at}");
        }
    }

    #[test]
    fn every_code_is_listed_under_the_name_that_json_uses() {
        for (code, _) in Code::ALL {
            let json = serde_json::to_string(&code).expect("a plain word");
            assert_eq!(json, format!("\"{}\"", code.as_str()));
        }
    }
}
