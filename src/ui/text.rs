//! Text on its way to a terminal. Plans, paths and file contents are hostile: whatever could
//! move the cursor, recolour the screen or hide words leaves here as a visible escape.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::domain::path::is_printable;

/// `text` with everything that is not printable escaped; new lines and tabs stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_printable(c) || matches!(c, '\n' | '\t'))
}

/// `text` on one line: new lines and tabs are escaped as well.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, is_printable)
}

/// `text` with every line but the first indented by two, so that no line of foreign text can
/// pass for one of ours.
pub fn indented(text: &str) -> String {
    clean(text.trim_end()).replace('\n', "\n  ")
}

/// JSON with everything that is not printable written as `\uXXXX`. The value stays the same:
/// in compact JSON such characters stand inside strings alone.
pub fn json(compact: &str) -> Cow<'_, str> {
    // Nearly every answer is ASCII, and bytes are looked at faster than characters.
    let plain = |bytes: &[u8]| bytes.iter().fold(true, |all, b| all & (b' '..=b'~').contains(b));
    if plain(compact.as_bytes()) || compact.chars().all(is_printable) {
        return Cow::Borrowed(compact);
    }
    let mut out = String::with_capacity(compact.len() + 16);
    for c in compact.chars() {
        if is_printable(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        }
    }
    Cow::Owned(out)
}

/// `text` with each character that is not printable replaced by a printable one of as many
/// bytes, so that byte offsets into it stay true. Only new lines stay.
pub fn same_length(text: &str) -> Cow<'_, str> {
    let keep = |c: char| is_printable(c) || c == '\n';
    if text.chars().all(keep) {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match (c, c.len_utf8()) {
        ('\t', _) => " ",
        (_, 1) => "?",
        (_, 2) => "\u{b7}",
        (_, 3) => "\u{fffd}",
        _ => "\u{fffd}?",
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if keep(c) {
            out.push(c);
        } else {
            out.push_str(stand_in(c));
        }
    }
    Cow::Owned(out)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&keep) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if keep(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// Lines under their heads, columns aligned.
pub fn aligned(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let columns = head.len();
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let joined = lines.iter().map(|line| {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
        padded.collect::<String>().trim_end().to_owned() + "\n"
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b[2Jb\u{202e}c\r\u{9b}31m\u{e0041}é\n\tend";

    #[test]
    fn nothing_that_moves_the_cursor_is_left() {
        assert_eq!(clean(HOSTILE), "a\\u{1b}[2Jb\\u{202e}c\\r\\u{9b}31m\\u{e0041}é\n\tend");
        assert_eq!(one_line("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(indented("a\nerror: b\n"), "a\n  error: b");
        assert!(matches!(clean("plain\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_its_value() {
        let compact = serde_json::to_string(HOSTILE).expect("a string");
        let escaped = json(&compact);
        assert!(escaped.chars().all(is_printable), "{escaped}");
        let back: String = serde_json::from_str(&escaped).expect("still JSON");
        assert_eq!(back, HOSTILE);
    }

    #[test]
    fn stand_ins_keep_every_offset() {
        let shown = same_length(HOSTILE);
        assert_eq!(shown.len(), HOSTILE.len());
        assert!(shown.chars().all(|c| is_printable(c) || c == '\n'), "{shown:?}");
        assert_eq!(shown.find("end"), HOSTILE.find("end"));
    }
}
