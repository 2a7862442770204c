//! What changes in a small file, as lines that come and go.

use std::fmt::Write as _;

use gix_imara_diff::{Algorithm, Diff, InternedInput};

/// How many lines around a change are shown.
const AROUND: u32 = 2;

/// The lines that go (`-`) and come (`+`), with a few around them.
pub fn difference(old: &str, new: &str) -> String {
    let input = InternedInput::new(old, new);
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut out = String::new();
    let mut shown = 0;
    let mut line = |sign: char, text: Option<&&str>| {
        if let Some(text) = text {
            writeln!(out, "{sign}{text}").expect("a string can be written to");
        }
    };
    let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
    for hunk in diff.hunks() {
        let from = hunk.before.start.saturating_sub(AROUND).max(shown);
        (from..hunk.before.start).for_each(|n| line(' ', before.get(at(n))));
        hunk.before.clone().for_each(|n| line('-', before.get(at(n))));
        hunk.after.clone().for_each(|n| line('+', after.get(at(n))));
        shown = hunk.before.end;
        let next = diff
            .hunks()
            .map(|h| h.before.start)
            .find(|start| *start >= shown && *start != hunk.before.start);
        let until = next.unwrap_or(u32::MAX).min(shown + AROUND);
        (shown..until).for_each(|n| line(' ', before.get(at(n))));
        shown = shown.max(until);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_come_and_go_are_shown_with_those_around() {
        for (old, new, expected) in [
            ("", "a\nb\n", "+a\n+b\n"),
            ("a\n", "", "-a\n"),
            ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\nx\n4\n5\n6\n", " 2\n 3\n+x\n 4\n 5\n"),
            ("1\n2\n3\n", "x\n2\ny\n", "-1\n+x\n 2\n-3\n+y\n"),
            ("a\n", "a\n", ""),
        ] {
            assert_eq!(difference(old, new), expected, "{old:?} {new:?}");
        }
    }
}
