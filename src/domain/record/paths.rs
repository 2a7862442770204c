//! Paths in a text file that holds UTF-8 alone: as they are, or quoted as `git status` does.

use crate::domain::path::{RepoPath, unquote};

/// The path that a text names: one that begins with a double quote is read as git writes it
/// (`core.quotePath`), any other is meant as it is. None: git could hold no such path.
pub(super) fn unquoted(text: &str) -> Option<RepoPath> {
    if text.starts_with('"') {
        RepoPath::new(unquote(text.as_bytes())?)
    } else {
        RepoPath::new(text)
    }
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
