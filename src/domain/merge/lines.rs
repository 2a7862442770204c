//! Merging two versions of a file by lines, as diff3 does: changes that do not touch are both
//! made. Contents are bytes; a line ends at a line feed.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// What happens to lines that both sides put at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertions {
    /// Both are kept, ours first; the same lines once.
    Keep,
    /// They clash, unless they are the same.
    Conflict,
}

/// Two changes that meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineClash {
    /// From this line of the base on, counted from 1.
    At(usize),
    /// One of the versions is no text: it has a NUL, as git tells binary files.
    Binary,
}

/// git looks for a NUL in so many bytes at the beginning (`buffer_is_binary`).
const LOOKED_AT: usize = 8000;

/// A text as lines without their ends, and whether the last one has its end.
struct Text<'a> {
    lines: Vec<&'a [u8]>,
    ended: bool,
}

impl<'a> Text<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let ended = bytes.is_empty() || bytes.ends_with(b"\n");
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines =
            if bytes.is_empty() { Vec::new() } else { body.split(|b| *b == b'\n').collect() };
        Self { lines, ended }
    }
}

/// A change of one side: these lines of the base become those lines of the side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

fn hunks(base: &Text<'_>, side: &Text<'_>) -> Vec<Hunk> {
    let mut input: InternedInput<&[u8]> = InternedInput::default();
    input.update_before(base.lines.iter().copied());
    input.update_after(side.lines.iter().copied());
    let diff = Diff::compute(Algorithm::Myers, &input);
    let range = |r: Range<u32>| r.start as usize..r.end as usize;
    diff.hunks().map(|h| Hunk { base: range(h.before), side: range(h.after) }).collect()
}

/// Merges what `ours` and `theirs` made of `base`.
///
/// Changes clash where they overlap or touch without a line between them, as for
/// `git merge-file`; the same change of both sides is made once. With [`Insertions::Keep`],
/// lines that both sides only add at one place are kept, ours before theirs.
pub fn merge_lines(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    insertions: Insertions,
) -> Result<Vec<u8>, LineClash> {
    if ours == theirs || base == theirs {
        return Ok(ours.to_vec());
    }
    if base == ours {
        return Ok(theirs.to_vec());
    }
    if [base, ours, theirs].iter().any(|t| t[..t.len().min(LOOKED_AT)].contains(&0)) {
        return Err(LineClash::Binary);
    }
    let (base, ours, theirs) = (Text::new(base), Text::new(ours), Text::new(theirs));
    let (left, right) = (hunks(&base, &ours), hunks(&base, &theirs));
    let mut merged: Vec<&[u8]> = Vec::new();
    let (mut at, mut l, mut r) = (0, 0, 0);
    while l < left.len() || r < right.len() {
        let (a, b) = (left.get(l), right.get(r));
        let (hunk, lines) = match (a, b) {
            (Some(a), Some(b)) if meet(a, b) => {
                let (own, other) = (&ours.lines[a.side.clone()], &theirs.lines[b.side.clone()]);
                merged.extend(&base.lines[at..a.base.start.min(b.base.start)]);
                if a.base == b.base && own == other {
                    merged.extend(own);
                } else if insertions == Insertions::Keep && a.base == b.base && a.base.is_empty() {
                    merged.extend(own);
                    merged.extend(other);
                } else {
                    return Err(LineClash::At(a.base.start.min(b.base.start) + 1));
                }
                at = a.base.end;
                (l, r) = (l + 1, r + 1);
                continue;
            }
            (Some(a), b) if b.is_none_or(|b| a.base.start < b.base.start) => {
                l += 1;
                (a, &ours.lines[a.side.clone()])
            }
            (_, Some(b)) => {
                r += 1;
                (b, &theirs.lines[b.side.clone()])
            }
            (_, None) => break,
        };
        merged.extend(&base.lines[at..hunk.base.start]);
        merged.extend(lines);
        at = hunk.base.end;
    }
    merged.extend(&base.lines[at..]);
    // The side that changed whether the last line ends decides.
    let ended = if ours.ended == base.ended { theirs.ended } else { ours.ended };
    let ended = ended || base.lines.is_empty() && (ours.ended || theirs.ended);
    Ok(joined(&merged, ended))
}

fn meet(a: &Hunk, b: &Hunk) -> bool {
    a.base.start <= b.base.end && b.base.start <= a.base.end
}

fn joined(lines: &[&[u8]], ended: bool) -> Vec<u8> {
    let mut out = lines.join(&b'\n');
    if ended && !lines.is_empty() {
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str, keep: Insertions) -> Result<String, LineClash> {
        let bytes = merge_lines(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), keep)?;
        Ok(String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn what_does_not_touch_is_both_made() {
        let table = [
            ("1\n2\n3\n4\n", "A\n2\n3\n4\n", "1\n2\n3\nB\n", Ok("A\n2\n3\nB\n")),
            ("1\n2\n3\n", "1\n3\n", "1\n2\n3\n4\n", Ok("1\n3\n4\n")),
            ("1\n2\n3\n", "1\n3\n", "1\n2\n4\n", Err(LineClash::At(2))),
            ("1\n2\n3\n", "X\n2\n3\n", "1\nY\n3\n", Err(LineClash::At(1))),
            ("1\n2\n3\n", "1\nX\n3\n", "1\nX\n3\n", Ok("1\nX\n3\n")),
            ("1\n2\n3\n4\n5\n", "1\nX\n3\n4\n5\n", "1\nX\n3\nY\n5\n", Ok("1\nX\n3\nY\n5\n")),
            ("1\n", "1\nA\n", "1\nB\n", Err(LineClash::At(2))),
            // Only the end of the last line differs there: both changes are made.
            ("1", "1\n", "0\n1", Ok("0\n1\n")),
            ("a\0", "b\0", "c\0", Err(LineClash::Binary)),
        ];
        for (base, ours, theirs, expected) in table {
            let expected = expected.map(str::to_owned);
            assert_eq!(
                merged(base, ours, theirs, Insertions::Conflict),
                expected,
                "{base:?} {ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn insertions_at_one_place_are_kept_where_that_is_asked() {
        let table = [
            ("1\n", "1\nA\n", "1\nB\n", Ok("1\nA\nB\n")),
            ("1\n", "1\nA\n", "1\nA\n", Ok("1\nA\n")),
            ("1", "1\nA", "1\nB", Ok("1\nA\nB")),
            ("", "A\n", "B\n", Ok("A\nB\n")),
            ("", "A", "B", Ok("A\nB")),
            ("1\r\n", "1\r\nA\r\n", "1\r\nB\r\n", Ok("1\r\nA\r\nB\r\n")),
            ("1\n2\n", "X\n2\n", "Y\n2\n", Err(LineClash::At(1))),
            ("1\n2\n", "1\nA\n2\n", "X\n2\n", Err(LineClash::At(1))),
            ("1\n2\n", "1\nA\n2\n", "2\n", Err(LineClash::At(1))),
        ];
        for (base, ours, theirs, expected) in table {
            let expected = expected.map(str::to_owned);
            let found = merged(base, ours, theirs, Insertions::Keep);
            assert_eq!(found, expected, "{base:?} {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn large_files_of_equal_lines_take_no_time() {
        let base = "x\n".repeat(400_000);
        let ours = format!("{base}a\n");
        let theirs = format!("b\n{base}");
        let found = merged(&base, &ours, &theirs, Insertions::Conflict).expect("far apart");
        assert_eq!(found.len(), base.len() + 4);
    }
}
