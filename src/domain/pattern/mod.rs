//! The pattern language of scopes. A pattern is parsed into a normal form of our own, and
//! everything else (matching, overlap, printing) is built from that form alone, so that there
//! is one meaning.

use std::fmt;
use std::ops::Range;

mod bytes;
mod class;
mod component;
mod form;
mod literal;
mod parse;
mod second;

pub use bytes::ByteSet;
pub use component::{Component, Token};
pub use form::{NormalForm, Segment, Tail};
pub use literal::{directory, literal};
pub use parse::limit;

use super::path::RepoPath;

/// A pattern as written, with the normal forms that its braces expand to.
///
/// Equality is that of the text; two texts with one meaning have equal [`Pattern::forms`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: String,
    forms: Vec<NormalForm>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// Fails with the place inside `source` and what to write; [`PatternError::too_complex`]
    /// tells a pattern beyond the [`limit`]s from a wrong one.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let forms = parse::parse(source)?;
        Ok(Self { source: source.to_owned(), forms })
    }

    /// The pattern for everything below a directory, or for everything. Its text is for looking
    /// at: a name that is no text, or has a metacharacter, has no such pattern in writing.
    pub fn below(directory: Option<&RepoPath>) -> Self {
        let names = directory.into_iter().flat_map(RepoPath::components);
        let segments =
            names.map(|n| Segment::One(Component::new(n.iter().copied().map(Token::Byte))));
        let source = directory.map_or_else(|| "**".to_owned(), |d| format!("{d}/"));
        Self { source, forms: vec![NormalForm::new(segments, Tail::Below)] }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// What it means: sorted, without repetition, never empty. It matches what any of them
    /// matches.
    pub fn forms(&self) -> &[NormalForm] {
        &self.forms
    }

    /// Whether it matches a path.
    pub fn matches(&self, path: &RepoPath) -> bool {
        let names: Vec<&[u8]> = path.components().collect();
        self.matches_components(&names)
    }

    /// Whether it matches a path, given as its components: for whoever asks many patterns.
    pub fn matches_components(&self, names: &[&[u8]]) -> bool {
        self.forms.iter().any(|form| form.matches_components(names))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Why a pattern cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// What is wrong, in plain words.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// Which bytes of the pattern it is about.
    pub span: Range<usize>,
    /// Whether the pattern is only too large to be decided.
    pub too_complex: bool,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for PatternError {}
