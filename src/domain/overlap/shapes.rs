//! Whether two components match a common name, without saying which.

use crate::domain::pattern::{ByteSet, Component, Token};

/// Whether some name matches both components; `reached` is room to work in.
pub(super) fn components_meet(a: &Component, b: &Component, reached: &mut Vec<bool>) -> bool {
    let width = b.len() + 1;
    reached.clear();
    reached.resize((a.len() + 1) * width, false);
    reached[0] = true;
    for i in 0..=a.len() {
        let x = a.token(i);
        for j in 0..=b.len() {
            if !reached[i * width + j] {
                continue;
            }
            let y = b.token(j);
            // A star may end here, or take what the other side has.
            if x.is_some() && (x == Some(Token::Many) || y == Some(Token::Many)) {
                reached[(i + 1) * width + j] = true;
            }
            if y.is_some() && (x == Some(Token::Many) || y == Some(Token::Many)) {
                reached[i * width + j + 1] = true;
            }
            if let (Some(x), Some(y)) = (x, y)
                && x != Token::Many
                && y != Token::Many
                && set(x).meets(set(y))
            {
                reached[(i + 1) * width + j + 1] = true;
            }
        }
    }
    reached[a.len() * width + b.len()]
}

/// Whether two components exclude each other before the first star from an end.
pub(super) fn differ_at_end(
    a: impl Iterator<Item = Token>,
    b: impl Iterator<Item = Token>,
) -> bool {
    let single = |pair: &(Token, Token)| pair.0 != Token::Many && pair.1 != Token::Many;
    a.zip(b).take_while(single).any(|(x, y)| x != y && !set(x).meets(set(y)))
}

/// The bytes that a token can stand for.
pub(super) fn set(token: Token) -> ByteSet {
    match token {
        Token::Byte(byte) => ByteSet::of(byte),
        Token::One(set) => set,
        Token::Many => ByteSet::component(),
    }
}
