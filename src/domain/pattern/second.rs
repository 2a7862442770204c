//! A second opinion on matching, by a library that shares no code with ours. It confirms a path
//! before it is shown as a proof, and the tests hold the two against each other.

use globset::{GlobBuilder, GlobMatcher};

use super::component::Token;
use super::form::{NormalForm, Segment, Tail};
use super::{ByteSet, Component, Pattern};
use crate::domain::path::RepoPath;

impl Pattern {
    /// Whether the pattern matches a path, as globset sees it. Slow: each call builds the globs.
    pub fn second_opinion(&self, path: &RepoPath) -> bool {
        self.forms.iter().any(|form| second_opinion(form, path))
    }
}

fn second_opinion(form: &NormalForm, path: &RepoPath) -> bool {
    globs(form).iter().any(|glob| {
        // Paths are bytes; globset takes an OsStr, which on Unix is bytes too.
        matches(glob, path.as_bytes())
    })
}

#[cfg(unix)]
fn matches(glob: &GlobMatcher, path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    glob.is_match(std::ffi::OsStr::from_bytes(path))
}

#[cfg(not(unix))]
fn matches(glob: &GlobMatcher, path: &[u8]) -> bool {
    glob.is_match(String::from_utf8_lossy(path).as_ref())
}

/// The form in globset's language: its classes would match `/` and its `**` needs neighbours,
/// so both are written out.
fn globs(form: &NormalForm) -> Vec<GlobMatcher> {
    let segments = form.segments().iter().map(|segment| match segment {
        Segment::AnyDepth => "**".to_owned(),
        Segment::One(component) => glob_of(component),
    });
    let exact = segments.collect::<Vec<_>>().join("/");
    let below = if exact.is_empty() { "**".to_owned() } else { format!("{exact}/**") };
    let texts = match form.tail() {
        Tail::Exact => vec![exact],
        Tail::Below => vec![below],
        Tail::AtOrBelow => vec![exact, below],
    };
    let build = |text: String| {
        let glob = GlobBuilder::new(&text).literal_separator(true).backslash_escape(true).build();
        glob.expect("a normal form is written in globset's language").compile_matcher()
    };
    texts.into_iter().map(build).collect()
}

fn glob_of(component: &Component) -> String {
    let mut out: Vec<u8> = Vec::new();
    for token in component.tokens() {
        match token {
            Token::Byte(byte) if b"*?[]{}!,\\".contains(&byte) => out.extend([b'\\', byte]),
            Token::Byte(byte) => out.push(byte),
            Token::One(set) if set == ByteSet::component() => out.push(b'?'),
            Token::One(set) => class(&mut out, set),
            Token::Many => out.push(b'*'),
        }
    }
    String::from_utf8(out).expect("patterns are text")
}

fn class(out: &mut Vec<u8>, set: ByteSet) {
    let negated = set.iter().any(|b| b >= 0x80);
    let mut named = if negated { set.complement() } else { set };
    out.extend_from_slice(if negated { b"[!" } else { b"[" });
    if negated {
        named.insert(b'/');
    }
    for (first, last) in named.runs() {
        // As a range even for one byte: a range has no special characters at its ends.
        out.extend([first, b'-', last]);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_matchers_agree() {
        let paths = [
            "a",
            "b",
            "a/b",
            "src/a.rs",
            "src/x/y.rs",
            "src",
            "src]x",
            "a-b",
            "!a",
            "a,b",
            "é",
            "^",
            "x/!/y",
            "src/x",
        ];
        let patterns = [
            "a",
            "a/",
            "**",
            "**/a",
            "*/b",
            "src/*.rs",
            "src/**/*.rs",
            "src?x",
            "src[!a]x",
            "[]-a]",
            "a[-]b",
            "a[+--]b",
            "{!}a",
            "a[,]b",
            "[a-c]",
            "[!a-c]*",
            "??",
            "src/**/x",
            "[\"-#!]a",
            "x/[!a]/y",
            "[Z-a]",
        ];
        for pattern in patterns.iter().filter_map(|p| Pattern::parse(p).ok()) {
            for path in paths {
                let path = RepoPath::new(path).expect("valid");
                assert_eq!(
                    pattern.second_opinion(&path),
                    pattern.matches(&path),
                    "{pattern} on {path}"
                );
            }
        }
    }
}
