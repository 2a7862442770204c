//! How wide text is on a terminal, and text that is not wider than it may be.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns of a text; styles of our own take none.
pub(super) fn width(text: &str) -> usize {
    if text.contains('\x1b') {
        anstream::adapter::strip_str(text).to_string().width()
    } else {
        text.width()
    }
}

/// A text in at most so many columns, with `end` where something was cut off.
pub(super) fn cut(text: &str, columns: usize, end: &str) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(end.width());
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    if columns >= end.width() {
        out.push_str(end);
    }
    out
}

/// A text in exactly so many columns.
pub(super) fn fill(text: &str, columns: usize, end: &str) -> String {
    let mut out = cut(text, columns, end);
    let missing = columns.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// A text in a terminal that shows nothing but ASCII.
pub(super) fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_wider_than_it_may_be() {
        let table = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 4, "日…"),
            ("日本語", 6, "日本語"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ];
        for (text, columns, expected) in table {
            assert_eq!(cut(text, columns, "…"), expected, "{text} in {columns}");
            assert_eq!(width(&fill(text, columns, "…")), columns, "{text} in {columns}");
        }
        assert_eq!(width("\x1b[1mab\x1b[0m"), 2);
        assert_eq!(ascii("é日a"), "??a");
    }
}
