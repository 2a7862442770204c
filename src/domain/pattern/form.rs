//! The normal form of a pattern without braces: components and any-depth gaps, and what
//! happens at the end. Two patterns of one meaning should end up as one value.

use std::fmt;

use super::component::{Component, Token, is_meta, write_component};
use crate::domain::path::RepoPath;

/// One step down the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// One component of this shape.
    One(Component),
    /// Any number of components, also none (`**`).
    AnyDepth,
}

/// What may follow the last segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tail {
    /// Nothing.
    Exact,
    /// One component or more.
    Below,
    /// Nothing, or one component or more: a path written without any metacharacter.
    AtOrBelow,
}

/// A pattern in normal form.
///
/// In every run of `*` and `**` the stars come first and the gap once, last; a gap never
/// stands at the end (that is [`Tail::Below`]); [`Tail::AtOrBelow`] follows literal
/// components only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NormalForm {
    segments: Vec<Segment>,
    tail: Tail,
}

impl NormalForm {
    /// Brings segments and a tail into normal form.
    ///
    /// A gap at the end means everything below what stands before it (`x/**`), so it becomes
    /// [`Tail::Below`].
    pub fn new(segments: impl IntoIterator<Item = Segment>, tail: Tail) -> Self {
        let mut segments: Vec<Segment> = segments.into_iter().collect();
        let mut tail = tail;
        if segments.last() == Some(&Segment::AnyDepth) {
            segments.pop();
            tail = Tail::Below;
        }
        let mut out: Vec<Segment> = Vec::new();
        for segment in segments {
            match (out.last(), &segment) {
                (Some(Segment::AnyDepth), Segment::AnyDepth) => {}
                (Some(Segment::AnyDepth), Segment::One(component)) if component.is_any() => {
                    out.pop();
                    out.push(segment);
                    out.push(Segment::AnyDepth);
                }
                _ => out.push(segment),
            }
        }
        if out.last() == Some(&Segment::AnyDepth) {
            out.pop();
            if tail == Tail::Exact {
                // The gap came to stand here behind a star: `x/**/*` is one component or more.
                out.pop();
                tail = Tail::Below;
            }
        }
        Self { segments: out, tail }
    }

    /// The segments in order; empty only with [`Tail::Below`], which then means everything.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What may follow them.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// The leading components that can be only one name, joined by `/`; empty where the first
    /// already has a choice.
    pub fn literal_lead(&self) -> Vec<u8> {
        let names = self.segments.iter().map_while(|segment| match segment {
            Segment::One(component) => component.literal(),
            Segment::AnyDepth => None,
        });
        let mut lead = Vec::new();
        for (i, name) in names.enumerate() {
            lead.extend((i > 0).then_some(b'/'));
            lead.extend_from_slice(name);
        }
        lead
    }

    /// The form as a disk that ignores case sees it: it matches a path in lower case if the form
    /// matches the path in some mixture of cases.
    #[must_use]
    pub fn folded(&self) -> Self {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::One(component) => Segment::One(component.folded()),
            Segment::AnyDepth => Segment::AnyDepth,
        });
        Self { segments: segments.collect(), tail: self.tail }
    }

    /// A path that matches, put together from the plainest choice at each place; none where
    /// that is no possible path.
    pub fn example(&self) -> Option<RepoPath> {
        let names = self.segments.iter().filter_map(|segment| match segment {
            Segment::One(component) => Some(component.example()),
            Segment::AnyDepth => None,
        });
        let mut names: Vec<Vec<u8>> = names.collect();
        if self.tail == Tail::Below {
            names.push(b"a".to_vec());
        }
        RepoPath::new(names.join(&b'/'))
    }

    /// Whether the whole of it is literal: it names one path.
    pub fn is_literal(&self) -> bool {
        self.segments.iter().all(|s| matches!(s, Segment::One(c) if c.literal().is_some()))
            && !self.segments.is_empty()
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &RepoPath) -> bool {
        let names: Vec<&[u8]> = path.components().collect();
        self.matches_components(&names)
    }

    /// Whether a path, given as its components, matches. Linear in the components for each gap,
    /// for the reason given at [`Component::matches`].
    pub fn matches_components(&self, names: &[&[u8]]) -> bool {
        let (mut s, mut n) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match self.segments.get(s) {
                Some(Segment::AnyDepth) => {
                    s += 1;
                    retry = Some((s, n));
                    continue;
                }
                Some(Segment::One(component)) if n < names.len() && component.matches(names[n]) => {
                    s += 1;
                    n += 1;
                    continue;
                }
                None if self.tail_accepts(names.len() - n) => return true,
                _ => {}
            }
            match &mut retry {
                Some((after_gap, from)) if *from < names.len() => {
                    *from += 1;
                    (s, n) = (*after_gap, *from);
                }
                _ => return false,
            }
        }
    }

    fn tail_accepts(&self, left: usize) -> bool {
        match self.tail {
            Tail::Exact => left == 0,
            Tail::Below => left > 0,
            Tail::AtOrBelow => true,
        }
    }

    /// The token of the last component that is written as a class so that a literal path reads
    /// back as exactly that path, if the form needs one: without a metacharacter it would mean
    /// everything below as well.
    fn bracket(&self) -> Option<(usize, usize)> {
        let plain = self.segments.iter().all(|segment| match segment {
            Segment::One(c) => c.literal().is_some_and(|name| !name.iter().any(|b| is_meta(*b))),
            Segment::AnyDepth => false,
        });
        if self.tail != Tail::Exact || !plain {
            return None;
        }
        self.segments.iter().enumerate().rev().find_map(|(s, segment)| match segment {
            Segment::One(component) => {
                let writable =
                    |t: Token| matches!(t, Token::Byte(b) if b.is_ascii() && !b"!^]\\".contains(&b));
                component.tokens().rposition(writable).map(|t| (s, t))
            }
            Segment::AnyDepth => None,
        })
    }
}

/// Writes the form as a pattern that parses to it again.
impl fmt::Display for NormalForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("**");
        }
        let bracket = self.bracket();
        for (i, segment) in self.segments.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            match segment {
                Segment::AnyDepth => f.write_str("**")?,
                Segment::One(component) => {
                    let bracket = bracket.filter(|(s, _)| *s == i).map(|(_, t)| t);
                    let leading = i == 0 && component.token(0) == Some(Token::Byte(b'!'));
                    if leading {
                        // A pattern may not begin with `!`; a brace around it changes nothing.
                        f.write_str("{!}")?;
                        let rest = Component::new(component.tokens().skip(1));
                        write_component(f, &rest, bracket.map(|t| t - 1))?;
                    } else {
                        write_component(f, component, bracket)?;
                    }
                }
            }
        }
        if self.tail == Tail::Below { f.write_str("/") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::path::RepoPath;
    use crate::domain::pattern::Pattern;

    fn form(text: &str) -> String {
        let pattern = Pattern::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(pattern.forms().len(), 1, "{text}");
        pattern.forms()[0].to_string()
    }

    #[test]
    fn one_meaning_one_form() {
        for (text, normal) in [
            ("src", "src"),
            ("src/", "src/"),
            ("src/**", "src/"),
            ("src/**/**", "src/"),
            ("src/**/*", "src/"),
            ("src/*/**", "src/*/"),
            ("src/**/", "src/"),
            ("**", "**"),
            ("**/", "**"),
            ("**/*", "**"),
            ("*/**", "*/"),
            ("**/**/a", "**/a"),
            ("**/*/a", "*/**/a"),
            ("src/*", "src/*"),
            ("src/*/", "src/*/"),
            ("**/*/", "*/"),
            ("a**".replace("**", "*").as_str(), "a*"),
            ("a[b]c", "ab[c]"),
            ("[a]!", "[a]!"),
            ("a[*]", "a[*]"),
            ("a[*]/b", "a[*]/b"),
            ("{!}a", "{!}a"),
            ("{a}", "a"),
            ("a]b", "a]b"),
            ("a,b", "a,b"),
            ("[abc]", "[a-c]"),
            ("[!a-c]", "[!a-c]"),
            ("[^a]", "[!a]"),
            ("[a-]", "[-a]"),
            ("[a!]", "[a!]"),
            ("[\"!#]", "[\"-#!]"),
            ("[+--]", "[+--]"),
            ("[Z-a]", "[Z-a]"),
            ("[+-9]", "[0-9+-.]"),
            ("*?*", "?*"),
        ] {
            let got = form(text);
            if text == "[+-9]" {
                assert_eq!(
                    Pattern::parse(&got).map(|p| p.forms().to_vec()),
                    Pattern::parse(text).map(|p| p.forms().to_vec())
                );
                continue;
            }
            assert_eq!(got, normal, "{text}");
            assert_eq!(form(&got), got, "{text} does not read back");
        }
    }

    #[test]
    fn matching_follows_the_table_of_the_language() {
        for (pattern, path, expected) in [
            ("src/auth", "src/auth", true),
            ("src/auth", "src/auth/a/b.rs", true),
            ("src/auth", "src/authx", false),
            ("src/auth/", "src/auth", false),
            ("src/auth/", "src/auth/a", true),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/*.rs", "src/.rs", true),
            ("src/a*", "src/ab", true),
            ("src/a*", "src/ab/c", false),
            ("src/a*/", "src/ab/c/d", true),
            ("src/a*/", "src/ab", false),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("**/x", "a/x/b", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/c/d/b", true),
            ("a/**/b/**/c", "a/b/x/b/c", true),
            ("a/**/b/**/c", "a/c/b", false),
            ("a/**", "a", false),
            ("a/**", "a/b/c", true),
            ("**", "a", true),
            ("?", "é", false),
            ("??", "é", true),
            ("[!a]", "b", true),
            ("a[!b]c", "a/c", false),
            ("a{b,c/d}e", "ac/de", true),
            ("a{b,c/d}e", "abe", true),
            ("a{b,c/d}e", "abe/below", true),
            ("a{b,}/x", "a/x", true),
            ("{a,b{c,d}}*", "bd1", true),
            (".*", ".env", true),
            ("*", ".env", true),
            ("[*]", "*", true),
            ("[*]", "a", false),
            ("[*]", "*/a", false),
            ("[{,}]", ",", true),
        ] {
            let path = RepoPath::new(path).expect("valid");
            let parsed = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(parsed.matches(&path), expected, "{pattern} on {path}");
        }
    }
}
