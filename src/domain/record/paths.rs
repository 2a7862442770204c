//! Paths in a text file that holds UTF-8 alone: as they are, or quoted as `git status` does.

use crate::domain::path::RepoPath;

/// The path that a text names: one in double quotes is read as git writes it (`core.quotePath`),
/// any other is meant as it is. None: git could hold no such path.
pub(super) fn unquoted(text: &str) -> Option<RepoPath> {
    let Some(inner) = text.strip_prefix('"') else { return RepoPath::new(text) };
    let inner = inner.strip_suffix('"')?.as_bytes();
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        at += 1;
        if *byte != b'\\' {
            if *byte == b'"' {
                return None;
            }
            out.push(*byte);
            continue;
        }
        let escaped = inner.get(at)?;
        at += 1;
        match escaped {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'"' | b'\\' => out.push(*escaped),
            b'0'..=b'3' => {
                let digits = std::str::from_utf8(inner.get(at - 1..at + 2)?).ok()?;
                out.push(u8::from_str_radix(digits, 8).ok()?);
                at += 2;
            }
            _ => return None,
        }
    }
    RepoPath::new(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_survives_its_quotes() {
        let names: [&[u8]; 8] = [
            b"src/a.rs",
            b"\"a\"",
            b"a\\b",
            b"a\nb\tc\rd",
            b"\xff\x00".split_at(1).0,
            "é/\u{202e}".as_bytes(),
            b"\x1b[2J",
            b"a\x7f\x01",
        ];
        for name in names {
            let path = RepoPath::new(name).expect("a path");
            assert_eq!(unquoted(&path.quoted()), Some(path.clone()), "{path}");
        }
        for wrong in [
            "",
            "\"",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\9\"",
            "\"\\07\"",
            "\"\\400\"",
            "\"a\"b\"",
            "a//b",
            "\"\\000\"",
        ] {
            assert_eq!(unquoted(wrong), None, "{wrong}");
        }
    }
}
