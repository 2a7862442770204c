//! A path inside a repository. Everything that compares paths compares these, so that what
//! reaches the decisions is always a path that git itself could hold.

use std::borrow::Cow;
use std::fmt;

/// A path relative to the repository's root: bytes, `/`-separated, never empty.
///
/// Components are non-empty and none of `.`, `..` or `.git` in any case (the rule of git's
/// `verify_path`); there is no NUL. Ordering is bytewise, as everywhere in this crate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// Returns the path, or `None` where git could not hold it.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        is_valid(&bytes).then_some(Self(bytes))
    }

    /// The raw bytes, without a trailing slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, with U+FFFD where it is not UTF-8. For looking at, not for comparing.
    pub fn to_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The path as text if it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The components, in order.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/')
    }

    /// The last component.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().expect("a split yields at least one item")
    }

    /// The part before the last `/`, or `None` for a path at the root.
    pub fn parent(&self) -> Option<RepoPath> {
        let cut = self.0.iter().rposition(|b| *b == b'/')?;
        Some(Self(self.0[..cut].to_vec()))
    }

    /// Whether this path lies below `directory` (a path does not lie below itself).
    pub fn is_below(&self, directory: &RepoPath) -> bool {
        self.0.len() > directory.0.len()
            && self.0.starts_with(&directory.0)
            && self.0[directory.0.len()] == b'/'
    }

    /// The path quoted for a terminal or a log: printable text as it is, everything else in
    /// the C style that `git status` uses (`core.quotePath`), so that a hostile name cannot
    /// move the cursor or start a new line.
    pub fn quoted(&self) -> Cow<'_, str> {
        quote(&self.0)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.quoted())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({})", self.quoted())
    }
}

/// Whether a character may reach a terminal as it is: no control character, and none of the
/// invisible ones that reorder or hide text (Unicode bidirectional controls and separators).
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Quotes bytes as git quotes a path: unchanged where every character is printable and none
/// is `"` or `\`, otherwise inside double quotes with `\n`, `\"`, `\303` and the like.
pub fn quote(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.chars().all(|c| is_printable(c) && c != '"' && c != '\\')
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if is_printable(c) => out.push(c),
                c => {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        push_octal(&mut out, byte);
                    }
                }
            }
        }
        for byte in chunk.invalid() {
            push_octal(&mut out, *byte);
        }
    }
    out.push('"');
    Cow::Owned(out)
}

/// What [`quote`] or git made of a path: the bytes between the quotes without their escapes
/// (`git help config`, `core.quotePath`). None where it is not quoted rightly; a text that does not
/// begin with `"` is not quoted.
pub fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut out = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => return None,
            b'\\' => {
                let (byte, length) = unescaped(rest)?;
                out.push(byte);
                rest = &rest[length..];
            }
            byte => out.push(*byte),
        }
    }
    Some(out)
}

/// The byte of an escape behind its backslash, and how long it is.
fn unescaped(escape: &[u8]) -> Option<(u8, usize)> {
    let plain = match escape.first()? {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        byte @ (b'"' | b'\\') => *byte,
        _ => {
            let digits = escape.get(..3)?;
            let octal = digits.iter().try_fold(0_u16, |sum, digit| {
                (b'0'..=b'7').contains(digit).then(|| sum * 8 + u16::from(digit - b'0'))
            });
            return Some((u8::try_from(octal?).ok()?, 3));
        }
    };
    Some((plain, 1))
}

fn push_octal(out: &mut String, byte: u8) {
    use fmt::Write as _;
    write!(out, "\\{byte:03o}").expect("writing to a string cannot fail");
}

/// Text as one word of a POSIX shell, for a command that somebody is told to type: a file's name
/// must not become a command of its own.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&b);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    // A leading dash would be an option, in quotes as well.
    let dot = if text.starts_with('-') { "./" } else { "" };
    Cow::Owned(format!("'{dot}{}'", text.replace('\'', "'\\''")))
}

/// A path behind `lead` as one word of a shell. One that cannot be printed is written with
/// escapes in `$'…'`, which POSIX has since 2024 and bash and zsh had before.
pub fn shell_path(lead: &str, path: &RepoPath) -> String {
    let text = path.to_lossy();
    if text.as_bytes() == path.as_bytes() && text.chars().all(is_printable) {
        return shell_word(&format!("{lead}{text}")).into_owned();
    }
    let mut word = format!("$'{lead}");
    for byte in path.as_bytes() {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => word.push(char::from(*byte)),
            _ => {
                let digit = |shift: u32| char::from(b'0' + (byte >> shift & 7));
                word.extend(['\\', digit(6), digit(3), digit(0)]);
            }
        }
    }
    word + "'"
}

/// Whether git could hold `bytes` as a path of a tree.
pub fn is_valid(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.split(|b| *b == b'/').all(is_valid_component)
}

fn is_valid_component(component: &[u8]) -> bool {
    !component.is_empty()
        && component != b"."
        && component != b".."
        && !component.eq_ignore_ascii_case(b".git")
        && !component.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_one_word_of_a_shell() {
        for (path, word) in [
            (&b"a/b"[..], ":/a/b"),
            (b"a b", "':/a b'"),
            (b"\xc3\xa9", "':/\u{e9}'"),
            (b"b/\xffb\nad", "$':/b/\\377b\\012ad'"),
            (b"it's\t\\", "$':/it\\'s\\011\\\\'"),
        ] {
            let path = RepoPath::new(path).expect("git can hold it");
            assert_eq!(shell_path(":/", &path), word);
        }
    }

    #[test]
    fn only_paths_that_git_can_hold_are_paths() {
        for good in ["a", "a/b", ".a", "..a", ".gitignore", ".g", "a b/c\nd", "é"] {
            assert!(RepoPath::new(good).is_some(), "{good:?}");
        }
        assert!(RepoPath::new(b"a/\xff".to_vec()).is_some());
        for bad in ["", "/a", "a/", "a//b", ".", "a/..", "./a", ".git", "a/.GIT/b", "a\0b"] {
            assert!(RepoPath::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn below_means_a_component_boundary() {
        let path = |s: &str| RepoPath::new(s).expect("valid");
        assert!(path("src/foo/a").is_below(&path("src/foo")));
        assert!(!path("src/foobar/a").is_below(&path("src/foo")));
        assert!(!path("src/foo").is_below(&path("src/foo")));
    }

    #[test]
    fn a_name_in_a_command_stays_one_word() {
        for (text, word) in [
            ("a/b-c.toml", "a/b-c.toml"),
            ("a b", "'a b'"),
            ("$(rm x)", "'$(rm x)'"),
            ("it's", "'it'\\''s'"),
            ("-rf", "'./-rf'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn hostile_names_are_quoted() {
        assert_eq!(quote(b"src/a.rs"), "src/a.rs");
        assert_eq!(quote("src/é".as_bytes()), "src/é");
        assert_eq!(quote(b"a\x1b[2Jb"), "\"a\\033[2Jb\"");
        assert_eq!(quote(b"a\nb\xff"), "\"a\\nb\\377\"");
        assert_eq!(quote("a\u{202e}b".as_bytes()), "\"a\\342\\200\\256b\"");
    }

    #[test]
    fn what_was_quoted_is_read_back() {
        for hostile in [&b"a\x1b[2Jb"[..], b"a\nb\xff\t\r", b"say \"x\"\\", b"\xe2\x80\xae"] {
            assert_eq!(unquote(quote(hostile).as_bytes()), Some(hostile.to_vec()));
        }
        assert_eq!(unquote(br#""\a\b\v\f\377""#), Some(b"\x07\x08\x0b\x0c\xff".to_vec()));
        for bad in [&br#""a"#[..], b"a", br#"""#, br#""\""#, br#""\400""#, br#""\8""#, br#""a"b""#]
        {
            assert_eq!(unquote(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
