//! Patterns for paths that exist: the inverse of reading a pattern. What a path holds that
//! the pattern language gives a meaning is written so that it means itself.

use crate::domain::path::RepoPath;

/// The pattern that matches this path and, if nothing in it had to be written as a class,
/// everything below it.
///
/// Metacharacters become classes (`[*]`), a leading `!` a brace (`{!}`). Bytes that patterns
/// cannot hold, a backslash and what is not UTF-8, become `?`, which matches any one byte: the
/// pattern is then wider than the path by names that differ in nothing else.
pub fn literal(path: &RepoPath) -> String {
    let mut out = String::with_capacity(path.as_bytes().len());
    for chunk in path.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '!' if out.is_empty() => out.push_str("{!}"),
                '*' | '?' | '[' | '{' | '}' => {
                    out.push('[');
                    out.push(c);
                    out.push(']');
                }
                '\\' => out.push('?'),
                c => out.push(c),
            }
        }
        out.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    out
}

/// The pattern for everything below a directory.
pub fn directory(path: &RepoPath) -> String {
    format!("{}/", literal(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pattern::Pattern;

    #[test]
    fn every_path_has_a_pattern_that_matches_it() {
        let table: [(&[u8], &str); 11] = [
            (b"src/a.rs", "src/a.rs"),
            (b"app/[id]/page.tsx", "app/[[]id]/page.tsx"),
            (b"a*b?c", "a[*]b[?]c"),
            (b"**/x", "[*][*]/x"),
            (b"{a,b}", "[{]a,b[}]"),
            (b"!a", "{!}a"),
            (b"a/!b", "a/!b"),
            (b"a\\b", "a?b"),
            (b"a\xff\xfeb", "a??b"),
            ("größe".as_bytes(), "größe"),
            (b"]a", "]a"),
        ];
        for (bytes, expected) in table {
            let path = RepoPath::new(bytes.to_vec()).expect("a valid path");
            assert_eq!(literal(&path), expected);
            let pattern = Pattern::parse(&literal(&path)).expect("a valid pattern");
            assert!(pattern.matches(&path), "{expected} does not match {path}");
            let below = [bytes, b"/x"].concat();
            let below = RepoPath::new(below).expect("a valid path");
            let pattern = Pattern::parse(&directory(&path)).expect("a valid pattern");
            assert!(pattern.matches(&below) && !pattern.matches(&path), "{expected}/");
        }
    }
}
