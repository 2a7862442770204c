//! What one component of a path may look like: the part of a pattern between two slashes.

use std::fmt;

use super::bytes::ByteSet;

/// One place of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    /// Exactly this byte.
    Byte(u8),
    /// Any one byte of the set (`?` is the set of all).
    One(ByteSet),
    /// Any number of bytes, also none.
    Many,
}

impl Token {
    fn accepts(self, byte: u8) -> bool {
        match self {
            Token::Byte(own) => own == byte,
            Token::One(set) => set.contains(byte),
            Token::Many => false,
        }
    }
}

/// A component's tokens in normal form: sets of one byte are bytes, and in a run of `*` and `?`
/// the single places come first and the star once, last.
///
/// Nearly every component is a plain name, so those are kept as their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Component(Kind);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Name(Box<[u8]>),
    /// At least one token is no byte.
    Shape(Box<[Token]>),
}

impl Component {
    /// Brings tokens into normal form.
    pub fn new(tokens: impl IntoIterator<Item = Token>) -> Self {
        let any = Token::One(ByteSet::component());
        let mut out: Vec<Token> = Vec::new();
        for token in tokens {
            let token = match token {
                Token::One(set) if set.len() == 1 => {
                    Token::Byte(set.iter().next().expect("a set of length one has a byte"))
                }
                other => other,
            };
            match (out.last(), token) {
                (Some(Token::Many), Token::Many) => {}
                (Some(Token::Many), token) if token == any => {
                    out.pop();
                    out.extend([any, Token::Many]);
                }
                (_, token) => out.push(token),
            }
        }
        let name: Option<Box<[u8]>> = out
            .iter()
            .map(|token| match token {
                Token::Byte(byte) => Some(*byte),
                Token::One(_) | Token::Many => None,
            })
            .collect();
        Self(name.map_or_else(|| Kind::Shape(out.into()), Kind::Name))
    }

    /// The component that is one name.
    pub fn name(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(Kind::Name(bytes.into()))
    }

    /// How many tokens it has.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kind::Name(bytes) => bytes.len(),
            Kind::Shape(tokens) => tokens.len(),
        }
    }

    /// Whether it has none: then it matches no name of a path.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token at a place, if the component is so long.
    pub fn token(&self, at: usize) -> Option<Token> {
        match &self.0 {
            Kind::Name(bytes) => bytes.get(at).map(|byte| Token::Byte(*byte)),
            Kind::Shape(tokens) => tokens.get(at).copied(),
        }
    }

    /// The tokens in order.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = Token> + ExactSizeIterator {
        (0..self.len()).map(|at| self.token(at).expect("the range ends with the last token"))
    }

    /// Whether it is `*` alone.
    pub fn is_any(&self) -> bool {
        matches!(&self.0, Kind::Shape(tokens) if **tokens == [Token::Many])
    }

    /// The bytes, if it can only be one name.
    pub fn literal(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Name(bytes) => Some(bytes),
            Kind::Shape(_) => None,
        }
    }

    /// The component as a disk that ignores case sees it: letters in lower case, and both cases
    /// in a set that has one. It matches a name in lower case if the component matches the name
    /// in some mixture of cases.
    #[must_use]
    pub fn folded(&self) -> Self {
        match &self.0 {
            Kind::Name(bytes) => Self::name(bytes.to_ascii_lowercase()),
            Kind::Shape(_) => Self::new(self.tokens().map(|token| match token {
                Token::Byte(byte) => Token::Byte(byte.to_ascii_lowercase()),
                Token::One(set) => Token::One(set.folded()),
                Token::Many => Token::Many,
            })),
        }
    }

    /// A name that matches, with `a` wherever that is a choice.
    pub(super) fn example(&self) -> Vec<u8> {
        let byte = |token: Token| match token {
            Token::Byte(byte) => byte,
            Token::One(set) if set.contains(b'a') => b'a',
            Token::One(set) => set.iter().find(u8::is_ascii_graphic).unwrap_or(b'a'),
            Token::Many => b'a',
        };
        self.tokens().map(byte).collect()
    }

    /// Whether a name matches. Linear in the name for each star (the star remembers only its
    /// last choice, which suffices because a later star can take over whatever is left).
    pub fn matches(&self, name: &[u8]) -> bool {
        let tokens = match &self.0 {
            Kind::Name(own) => return **own == *name,
            Kind::Shape(tokens) => tokens,
        };
        let (mut t, mut n) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match tokens.get(t) {
                Some(Token::Many) => {
                    t += 1;
                    retry = Some((t, n));
                    continue;
                }
                Some(token) if n < name.len() && token.accepts(name[n]) => {
                    t += 1;
                    n += 1;
                    continue;
                }
                None if n == name.len() => return true,
                _ => {}
            }
            match &mut retry {
                Some((after_star, from)) if *from < name.len() => {
                    *from += 1;
                    (t, n) = (*after_star, *from);
                }
                _ => return false,
            }
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_component(f, self, None)
    }
}

/// Writes a component; the token at `bracket` is written as a class even where it need not be.
pub(super) fn write_component(
    f: &mut fmt::Formatter<'_>,
    component: &Component,
    bracket: Option<usize>,
) -> fmt::Result {
    let mut pending = Vec::new();
    for (i, token) in component.tokens().enumerate() {
        match token {
            Token::Byte(byte) if bracket != Some(i) && !is_meta(byte) => {
                pending.push(byte);
                continue;
            }
            _ => write_bytes(f, &mut pending)?,
        }
        match token {
            Token::Byte(byte) => write!(f, "[{}]", char::from(byte))?,
            Token::One(set) if set == ByteSet::component() => f.write_str("?")?,
            Token::One(set) => write_class(f, set)?,
            Token::Many => f.write_str("*")?,
        }
    }
    write_bytes(f, &mut pending)
}

/// Patterns are text, so the literal bytes between two places are text as well.
fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &mut Vec<u8>) -> fmt::Result {
    f.write_str(&String::from_utf8_lossy(bytes))?;
    bytes.clear();
    Ok(())
}

/// Whether a byte means something outside a class.
pub(super) fn is_meta(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'{' | b'}')
}

/// Writes a class so that it reads back as the same set: what begins with `-` first, what
/// begins with `!` or `^` not first.
fn write_class(f: &mut fmt::Formatter<'_>, set: ByteSet) -> fmt::Result {
    let negated = set.iter().any(|b| b >= 0x80);
    f.write_str(if negated { "[!" } else { "[" })?;
    let mut runs = if negated { set.complement() } else { set }.runs();
    runs.sort_by_key(|(first, _)| match first {
        b'-' => 0,
        b'!' | b'^' if !negated => 2,
        _ => 1,
    });
    for (i, (mut first, last)) in runs.into_iter().enumerate() {
        let late = i == 0 && !negated && matches!(first, b'!' | b'^');
        let moved = first;
        if late {
            first += 1;
        }
        if first == last {
            write!(f, "{}", char::from(first))?;
        } else {
            write!(f, "{}-{}", char::from(first), char::from(last))?;
        }
        if late {
            write!(f, "{}", char::from(moved))?;
        }
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(bytes: &[u8]) -> Token {
        let mut set = ByteSet::EMPTY;
        for byte in bytes {
            set.insert(*byte);
        }
        Token::One(set)
    }

    #[test]
    fn a_star_and_places_have_one_order() {
        let any = Token::One(ByteSet::component());
        let one = Component::new([Token::Many, any, Token::Many, any]);
        let two = Component::new([any, any, Token::Many]);
        assert_eq!(one, two);
        assert_eq!(one.to_string(), "??*");
        assert_eq!(Component::new([set(b"a")]).literal(), Some(&b"a"[..]));
    }

    #[test]
    fn matching() {
        let star_ab_star = Component::new([
            Token::Many,
            Token::Byte(b'a'),
            set(b"bc"),
            Token::Many,
            Token::Byte(b'z'),
        ]);
        for (name, expected) in [
            ("abz", true),
            ("xxacyyz", true),
            ("aacz", true),
            ("az", false),
            ("abzz", true),
            ("abzx", false),
            ("", false),
            ("aababz", true),
        ] {
            assert_eq!(star_ab_star.matches(name.as_bytes()), expected, "{name}");
        }
        assert!(Component::new([]).matches(b""));
        assert!(!Component::new([]).matches(b"a"));
    }
}
