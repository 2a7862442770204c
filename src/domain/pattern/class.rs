//! The characters that a class of a pattern names.

use std::ops::Range;

use super::PatternError;
use super::bytes::ByteSet;
use super::parse::wrong;

/// The bytes named between the brackets of a class that opens at `open`.
pub(super) fn members(
    source: &str,
    open: usize,
    inner: Range<usize>,
) -> Result<ByteSet, PatternError> {
    let whole = open..inner.end + 1;
    let text = &source.as_bytes()[inner.clone()];
    if text.is_empty() {
        let help = "name its characters, as in `[ab]`; `]` outside a class stands for itself";
        return Err(wrong(whole, "this class has no character", help));
    }
    if let Some(i) = text.iter().position(|b| !b.is_ascii()) {
        let at = inner.start + i;
        let length = source[at..].chars().next().map_or(1, char::len_utf8);
        let help = "write the alternatives in braces, as in `{é,è}`";
        return Err(wrong(at..at + length, "a class holds ASCII characters only", help));
    }
    let mut set = ByteSet::EMPTY;
    let mut i = 0;
    while i < text.len() {
        let first = text[i];
        let range = text.get(i + 1) == Some(&b'-') && i + 2 < text.len();
        let last = if range { text[i + 2] } else { first };
        let width = if range { 3 } else { 1 };
        let span = inner.start + i..inner.start + i + width;
        if first == b'/' || last == b'/' {
            let help = "a class stands for one character inside a component: use braces, as in `{a/b,a-b}`";
            return Err(wrong(span, "a class cannot hold `/`", help));
        }
        if first == b'\\' || last == b'\\' {
            return Err(wrong(span, "a pattern has no backslash", "a class needs no escapes"));
        }
        if first == 0 || last == 0 {
            return Err(wrong(span, "a path has no NUL byte", "remove it"));
        }
        if first > last {
            let help = format!("write `{}-{}`", char::from(last), char::from(first));
            return Err(wrong(span, "this range is reversed", help));
        }
        for byte in (first..=last).filter(|b| *b != b'/') {
            set.insert(byte);
        }
        i += width;
    }
    Ok(set)
}
