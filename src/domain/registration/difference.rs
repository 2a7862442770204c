//! What changes in a small file, as lines that come and go.

use std::fmt::Write as _;

use gix_imara_diff::{Algorithm, Diff, Hunk, InternedInput};

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

/// How many lines around a change a unified diff has.
const CONTEXT: u32 = 3;

/// The same as a unified diff of the file at `path`, as `git apply` takes it; empty where nothing
/// changes.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut groups: Vec<Vec<Hunk>> = Vec::new();
    for hunk in diff.hunks() {
        match groups.last_mut() {
            // Changes whose surroundings meet stand in one hunk.
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| hunk.before.start - last.before.end <= 2 * CONTEXT) =>
            {
                group.push(hunk);
            }
            Some(_) | None => groups.push(vec![hunk]),
        }
    }
    let groups: String = groups.iter().map(|group| hunk_of(group, &before, &after)).collect();
    if groups.is_empty() { groups } else { format!("--- a/{path}\n+++ b/{path}\n{groups}") }
}

/// One hunk with its head.
fn hunk_of(group: &[Hunk], before: &[&str], after: &[&str]) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return String::new() };
    let end = u32::try_from(before.len()).unwrap_or(u32::MAX);
    let lead = first.before.start.min(CONTEXT);
    let tail = (end - last.before.end).min(CONTEXT);
    let (from, from_new) = (first.before.start - lead, first.after.start - lead);
    let (until, until_new) = (last.before.end + tail, last.after.end + tail);
    let head = |start: u32, end: u32| match end - start {
        // Of no lines, the place is the line before them.
        0 => format!("{start},0"),
        count => format!("{},{count}", start + 1),
    };
    let mut out = format!("@@ -{} +{} @@\n", head(from, until), head(from_new, until_new));
    let mut lines = |sign: char, of: &[&str], range: std::ops::Range<u32>| {
        let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        for line in of.get(at(range.start)..at(range.end)).unwrap_or_default() {
            let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
            write!(out, "{sign}{line}{end}").expect("a string can be written to");
        }
    };
    let mut at = from;
    for hunk in group {
        lines(' ', before, at..hunk.before.start);
        lines('-', before, hunk.before.clone());
        lines('+', after, hunk.after.clone());
        at = hunk.before.end;
    }
    lines(' ', before, at..until);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unified_diff_has_places_and_says_where_a_line_has_no_end() {
        let diff = unified("f", "1\n2\n3\n4\n5", "1\n2\n3\n4\n5\n6\n");
        let expected = "--- a/f\n+++ b/f\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n-5\n\\ No newline at end of \
                        file\n+5\n+6\n";
        assert_eq!(diff, expected);
        assert_eq!(unified("f", "1\n", "1\n"), "");
    }

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
