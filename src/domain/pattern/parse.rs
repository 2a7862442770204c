//! Pattern text to normal forms. Braces are counted before they are expanded and every byte
//! keeps its place in the source, so that a hostile pattern costs little and a refusal points.

use std::ops::Range;

use super::PatternError;
use super::bytes::ByteSet;
use super::class;
use super::component::{Component, Token};
use super::form::{NormalForm, Segment, Tail};

/// How large a pattern may be before it is refused as too complex.
pub mod limit {
    /// Bytes of text.
    pub const BYTES: usize = 4096;
    /// Alternatives that its braces expand to.
    pub const ALTERNATIVES: usize = 1000;
    /// Braces inside braces.
    pub const DEPTH: usize = 32;
    /// Bytes of all alternatives together.
    pub const EXPANDED_BYTES: usize = 256 * 1024;
}

/// A piece of text before expansion, with the source bytes that it came from.
#[derive(Clone, Debug)]
enum Piece {
    /// A byte that stands for itself, or `*`, `?`, `/`.
    Byte(u8, usize),
    /// A class.
    Class(u16, Range<usize>),
    /// Alternatives.
    Brace(Vec<Vec<Piece>>),
}

/// A piece after expansion, small because hostile braces make many: places fit because the text
/// is limited, and a class is kept by its place among all of the text.
#[derive(Clone, Copy)]
enum Flat {
    Byte(u8, u16),
    Class { class: u16, start: u16, end: u16 },
}

const _: () = assert!(limit::BYTES < u16::MAX as usize);

fn small(place: usize) -> u16 {
    u16::try_from(place).expect("a longer text was refused")
}

impl Flat {
    fn start(self) -> usize {
        match self {
            Self::Byte(_, at) | Self::Class { start: at, .. } => at.into(),
        }
    }

    fn end(self) -> usize {
        match self {
            Self::Byte(_, at) => usize::from(at) + 1,
            Self::Class { end, .. } => end.into(),
        }
    }

    fn is(self, byte: u8) -> bool {
        matches!(self, Self::Byte(own, _) if own == byte)
    }
}

pub(super) fn wrong(
    span: Range<usize>,
    message: impl Into<String>,
    help: impl Into<String>,
) -> PatternError {
    PatternError { message: message.into(), help: help.into(), span, too_complex: false }
}

fn too_complex(source: &str, message: impl Into<String>) -> PatternError {
    PatternError {
        message: message.into(),
        help: "write several shorter patterns, or the directory that holds them all".into(),
        span: 0..source.len(),
        too_complex: true,
    }
}

/// Parses `source` into its normal forms: sorted, without repetition, never empty.
pub(super) fn parse(source: &str) -> Result<Vec<NormalForm>, PatternError> {
    if source.is_empty() {
        let help = "write a path such as `src/`, or `**` for everything";
        return Err(wrong(0..0, "the pattern is empty", help));
    }
    if source.len() > limit::BYTES {
        let message = format!("the pattern has more than {} bytes", limit::BYTES);
        return Err(too_complex(source, message));
    }
    if source.starts_with('!') {
        let help = "name what is excluded under `forbid`; a file whose name begins with `!` is written `{!}name`";
        return Err(wrong(0..1, "a pattern cannot begin with `!`", help));
    }
    let mut parser = Parser { source, bytes: source.as_bytes(), at: 0, classes: Vec::new() };
    let pieces = parser.sequence(0)?;
    let (count, bytes) = size(&pieces);
    if count > limit::ALTERNATIVES || bytes > limit::EXPANDED_BYTES {
        let message = format!(
            "the braces stand for more than {} alternatives or {} bytes",
            limit::ALTERNATIVES,
            limit::EXPANDED_BYTES
        );
        return Err(too_complex(source, message));
    }
    let mut forms = Vec::with_capacity(count);
    for flat in expand(&pieces) {
        forms.push(form(source, &flat, &parser.classes)?);
    }
    forms.sort();
    forms.dedup();
    Ok(forms)
}

struct Parser<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The classes so far, in the order of the text.
    classes: Vec<ByteSet>,
}

impl Parser<'_> {
    /// Reads pieces up to the end, or inside braces up to `,` or `}`, which are left to read.
    fn sequence(&mut self, depth: usize) -> Result<Vec<Piece>, PatternError> {
        let mut pieces = Vec::new();
        while let Some(&byte) = self.bytes.get(self.at) {
            let at = self.at;
            match byte {
                b',' | b'}' if depth > 0 => break,
                b'}' => {
                    let help = "write `{a,b}`, or `[}]` for the character itself";
                    return Err(wrong(at..at + 1, "this brace was never opened", help));
                }
                b'{' => pieces.push(self.brace(depth)?),
                b'[' => pieces.push(self.class()?),
                b'\\' => {
                    let help = "separate components with `/`; a special character is written as a class, as in `[*]`";
                    return Err(wrong(at..at + 1, "a pattern has no backslash", help));
                }
                0 => return Err(wrong(at..at + 1, "a path has no NUL byte", "remove it")),
                _ => {
                    self.at += 1;
                    pieces.push(Piece::Byte(byte, at));
                }
            }
        }
        Ok(pieces)
    }

    fn brace(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let open = self.at;
        if depth >= limit::DEPTH {
            let message = format!("braces stand more than {} deep", limit::DEPTH);
            return Err(too_complex(self.source, message));
        }
        self.at += 1;
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(self.sequence(depth + 1)?);
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    return Ok(Piece::Brace(alternatives));
                }
                None => {
                    let help = "close it with `}`, or write `[{]` for the character itself";
                    return Err(wrong(open..open + 1, "this brace is never closed", help));
                }
            }
        }
    }

    fn class(&mut self) -> Result<Piece, PatternError> {
        let open = self.at;
        let Some(length) = self.bytes[open..].iter().position(|b| *b == b']') else {
            let help = "close it with `]`, or write `[[]` for the character itself";
            return Err(wrong(open..open + 1, "this class is never closed", help));
        };
        let close = open + length;
        let negated = matches!(self.bytes[open + 1], b'!' | b'^');
        let inner = open + 1 + usize::from(negated)..close;
        let set = class::members(self.source, open, inner)?;
        self.at = close + 1;
        let class = small(self.classes.len());
        self.classes.push(if negated { set.complement() } else { set });
        Ok(Piece::Class(class, open..close + 1))
    }
}

/// How many alternatives the pieces expand to and how many bytes those have together, both
/// held at `usize::MAX` rather than wrapped.
fn size(pieces: &[Piece]) -> (usize, usize) {
    let (mut count, mut bytes) = (1usize, 0usize);
    for piece in pieces {
        let (c, b) = match piece {
            Piece::Byte(..) | Piece::Class(..) => (1, 1),
            Piece::Brace(alternatives) => {
                alternatives.iter().map(|a| size(a)).fold((0usize, 0usize), |(c, b), (x, y)| {
                    (c.saturating_add(x), b.saturating_add(y))
                })
            }
        };
        bytes = bytes.saturating_mul(c).saturating_add(b.saturating_mul(count));
        count = count.saturating_mul(c);
    }
    (count, bytes)
}

fn expand(pieces: &[Piece]) -> Vec<Vec<Flat>> {
    let mut out = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Byte(byte, at) => push_all(&mut out, Flat::Byte(*byte, small(*at))),
            Piece::Class(class, span) => {
                let (start, end) = (small(span.start), small(span.end));
                push_all(&mut out, Flat::Class { class: *class, start, end });
            }
            Piece::Brace(alternatives) => {
                let tails: Vec<Vec<Flat>> = alternatives.iter().flat_map(|a| expand(a)).collect();
                out = out
                    .iter()
                    .flat_map(|head| tails.iter().map(move |tail| [head.as_slice(), tail].concat()))
                    .collect();
            }
        }
    }
    out
}

fn push_all(all: &mut [Vec<Flat>], flat: Flat) {
    for one in all {
        one.push(flat);
    }
}

/// Builds the form of one alternative.
fn form(source: &str, flat: &[Flat], classes: &[ByteSet]) -> Result<NormalForm, PatternError> {
    let (Some(first), Some(last)) = (flat.first(), flat.last()) else {
        let help = "give each alternative at least a name";
        return Err(wrong(0..source.len(), "an alternative of the pattern is empty", help));
    };
    let components: Vec<&[Flat]> = flat.split(|f| f.is(b'/')).collect();
    if first.is(b'/') {
        let help = "paths are relative to the repository's root: leave out the leading `/`";
        return Err(wrong(first.start()..first.end(), "the pattern is absolute", help));
    }
    let directory = last.is(b'/');
    let names = &components[..components.len() - usize::from(directory)];
    let mut segments = Vec::with_capacity(names.len());
    let mut from = first.start();
    for name in names {
        segments.push(segment(source, name, from, classes)?);
        from = name.last().map_or(from, |f| f.end());
    }
    let literal = flat.iter().all(|f| match f {
        Flat::Byte(byte, _) => !matches!(byte, b'*' | b'?'),
        Flat::Class { .. } => false,
    });
    let tail = match (directory, literal) {
        (true, _) => Tail::Below,
        (false, true) => Tail::AtOrBelow,
        (false, false) => Tail::Exact,
    };
    Ok(NormalForm::new(segments, tail))
}

/// Builds one segment; `from` is where to point if the component is empty.
fn segment(
    source: &str,
    name: &[Flat],
    from: usize,
    classes: &[ByteSet],
) -> Result<Segment, PatternError> {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        let span = from..(from + 2).min(source.len());
        return Err(wrong(span, "a component is empty (`//`)", "write a single `/`"));
    };
    let span = first.start()..last.end().max(first.start());
    let plain: Option<Box<[u8]>> = name
        .iter()
        .map(|f| match f {
            Flat::Byte(byte, _) => Some(*byte),
            Flat::Class { .. } => None,
        })
        .collect();
    match plain.as_deref() {
        Some(b".") => {
            let help = "paths are relative to the repository's root already: leave it out";
            return Err(wrong(span, "`.` is no component of a path", help));
        }
        Some(b"..") => {
            let help = "write the path from the repository's root";
            return Err(wrong(span, "`..` is no component of a path", help));
        }
        Some(b"**") => return Ok(Segment::AnyDepth),
        _ => {}
    }
    if let Some(bytes) = &plain
        && !bytes.iter().any(|b| matches!(b, b'*' | b'?'))
    {
        return Ok(Segment::One(Component::name(bytes.clone())));
    }
    if let Some(i) = name.windows(2).position(|pair| pair[0].is(b'*') && pair[1].is(b'*')) {
        let span = name[i].start()..name[i + 1].end().max(name[i].start());
        let help =
            "`**` stands alone between slashes, as in `src/**/test_*`; inside a name write `*`";
        return Err(wrong(span, "`**` inside a component", help));
    }
    let tokens = name.iter().map(|f| match f {
        Flat::Byte(b'*', _) => Token::Many,
        Flat::Byte(b'?', _) => Token::One(ByteSet::component()),
        Flat::Byte(byte, _) => Token::Byte(*byte),
        Flat::Class { class, .. } => Token::One(classes[usize::from(*class)]),
    });
    Ok(Segment::One(Component::new(tokens)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_point_and_say_what_to_write() {
        for (text, span, message) in [
            ("", 0..0, "the pattern is empty"),
            ("/src", 0..1, "the pattern is absolute"),
            ("./src", 0..1, "`.` is no component of a path"),
            ("src/../a", 4..6, "`..` is no component of a path"),
            ("src//a", 3..5, "a component is empty (`//`)"),
            ("src//", 3..5, "a component is empty (`//`)"),
            ("src\\a", 3..4, "a pattern has no backslash"),
            ("a\0b", 1..2, "a path has no NUL byte"),
            ("!src", 0..1, "a pattern cannot begin with `!`"),
            ("src/a**", 5..7, "`**` inside a component"),
            ("src/***", 4..6, "`**` inside a component"),
            ("a[é]", 2..4, "a class holds ASCII characters only"),
            ("a[]", 1..3, "this class has no character"),
            ("a[!]", 1..4, "this class has no character"),
            ("a[b", 1..2, "this class is never closed"),
            ("a[b/c]", 3..4, "a class cannot hold `/`"),
            ("a[z-a]", 2..5, "this range is reversed"),
            ("a{b,c", 1..2, "this brace is never closed"),
            ("a}b", 1..2, "this brace was never opened"),
            ("{a,}", 0..4, "an alternative of the pattern is empty"),
            ("{a,./b}", 3..4, "`.` is no component of a path"),
            ("x/{*,a}*", 3..8, "`**` inside a component"),
        ] {
            let error = match parse(text) {
                Err(error) => error,
                // `{*,a}*` expands to `**` standing alone, which is a component of its own.
                Ok(_) if text == "x/{*,a}*" => continue,
                Ok(forms) => panic!("{text:?} was read as {forms:?}"),
            };
            assert_eq!((error.span.clone(), error.message.as_str()), (span, message), "{text:?}");
            assert!(!error.help.is_empty() && !error.too_complex, "{text:?}");
        }
    }

    #[test]
    fn hostile_sizes_are_too_complex_at_once() {
        let deep = format!("{}a{}", "{".repeat(50), "}".repeat(50));
        let wide = "{a,b,c,d}".repeat(12);
        let many =
            format!("{{{}}}", (0..1200).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
        let long = "a".repeat(1 << 20);
        for text in [deep, wide, many, long] {
            let error = parse(&text).expect_err("beyond the limits");
            assert!(error.too_complex, "{}", error.message);
        }
    }
}
