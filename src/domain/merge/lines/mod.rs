//! One file merged by lines, from any number of sides. Two sides meet as they do in
//! `git merge-file`; what a shared file allows beyond that is written at [`Group::kept`].

use std::collections::BTreeSet;
use std::ops::Range;

use super::hunks::hunks;
use super::newline::LastLine;
use super::{Insertions, Label, listed};
use crate::domain::path::RepoPath;

/// git's limit for a file that it merges by lines (`MAX_XDIFF_SIZE`, xdiff-interface.h).
const MOST_BYTES: usize = 1024 * 1024 * 1023;
/// How far git looks for a NUL (`FIRST_FEW_BYTES`, xdiff-interface.c).
const FIRST_FEW_BYTES: usize = 8000;

/// Sides that cannot be merged by lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineClash {
    /// The line of the base, from 1, where they meet first; one more than it has at its end.
    pub line: usize,
    /// Who meets there, sorted.
    pub sides: Vec<Label>,
    /// Why.
    pub reason: LineReason,
}

/// Why sides cannot be merged by lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineReason {
    /// They changed the same lines or lines side by side.
    Lines,
    /// A version is binary, as git decides it: a NUL in its first 8000 bytes.
    Binary,
    /// A version is larger than the 1023 MiB that git merges.
    TooLarge,
}

impl LineClash {
    /// The clash in a sentence. The path is quoted for a terminal.
    pub fn message(&self, path: &RepoPath) -> String {
        let who = listed(&self.sides);
        match self.reason {
            LineReason::Lines => {
                let line = self.line;
                format!("{who} change `{path}` at the same place, line {line} before the changes")
            }
            LineReason::Binary => {
                format!("{who} change `{path}`, a binary file, which cannot be merged by lines")
            }
            LineReason::TooLarge => {
                format!("{who} change `{path}`, which is too large to be merged by lines")
            }
        }
    }
}

/// Merges what `sides` made of `base`, the integration branch first if it is one of them and
/// then the objectives by id.
///
/// Changes of different sides that do not touch are all applied. Touching means, as for
/// `git merge-file`: a common line, or lines side by side with none between them that all kept.
/// Where they touch, what all made the same is taken once; the rest meets, unless
/// `insertions` lets it be ([`Insertions::Keep`]): then lines that several sides insert at one
/// place are all kept, in the order of the sides. The same insertion of two sides is kept once,
/// as git takes the same change of two branches once: each of them is whole in the result.
///
/// With [`Insertions::Conflict`] a last line without a newline differs from the same line with
/// one, as in git. With [`Insertions::Keep`] it does not; whether the file ends with a newline
/// is merged for itself, and two sides that append to a file without one both land, each on a
/// line of its own.
///
/// Time and memory are bounded whatever the content: more than 400,000 lines between the first
/// and the last difference count as one change.
pub fn merge_lines(
    base: &[u8],
    sides: &[(Label, &[u8])],
    insertions: Insertions,
) -> Result<Vec<u8>, LineClash> {
    let changed: Vec<&(Label, &[u8])> = sides.iter().filter(|(_, text)| *text != base).collect();
    let Some((_, first)) = changed.first() else {
        return Ok(base.to_vec());
    };
    if changed.iter().all(|(_, text)| text == first) {
        return Ok(first.to_vec());
    }
    let (labels, texts): (Vec<&Label>, Vec<&[u8]>) = changed.iter().map(|(l, t)| (l, *t)).unzip();
    refuse_unmergeable(base, &labels, &texts)?;
    match insertions {
        Insertions::Conflict => Sides::new(base, &texts, labels).merged(insertions),
        Insertions::Keep => {
            let last = LastLine::of(base, &texts);
            let base = last.complete(base);
            let texts: Vec<_> = texts.iter().map(|text| last.complete(text)).collect();
            let texts: Vec<&[u8]> = texts.iter().map(AsRef::as_ref).collect();
            let mut merged = Sides::new(&base, &texts, labels).merged(insertions)?;
            last.restore(&mut merged);
            Ok(merged)
        }
    }
}

/// What has no lines, or more than can be counted.
fn refuse_unmergeable(base: &[u8], labels: &[&Label], sides: &[&[u8]]) -> Result<(), LineClash> {
    let all = || sides.iter().copied().chain([base]);
    let is_binary = |text: &[u8]| text[..text.len().min(FIRST_FEW_BYTES)].contains(&0);
    let reason = if all().any(|text| text.len() > MOST_BYTES) {
        LineReason::TooLarge
    } else if all().any(is_binary) {
        LineReason::Binary
    } else {
        return Ok(());
    };
    Err(LineClash { line: 1, sides: sorted(labels.iter().copied()), reason })
}

fn sorted<'a>(labels: impl Iterator<Item = &'a Label>) -> Vec<Label> {
    labels.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// A change of one side: these lines of the base become those of the side.
#[derive(Clone, Debug)]
struct Change {
    base: Range<usize>,
    side: usize,
    lines: Range<usize>,
}

impl Change {
    fn is_insertion(&self) -> bool {
        self.base.is_empty()
    }
}

/// The versions as lines, each with its end.
struct Sides<'a> {
    labels: Vec<&'a Label>,
    base: Vec<&'a [u8]>,
    texts: Vec<Vec<&'a [u8]>>,
}

impl<'a> Sides<'a> {
    fn new(base: &'a [u8], texts: &[&'a [u8]], labels: Vec<&'a Label>) -> Self {
        let lines = |text: &'a [u8]| text.split_inclusive(|byte| *byte == b'\n').collect();
        Self { labels, base: lines(base), texts: texts.iter().map(|text| lines(text)).collect() }
    }

    fn merged(&self, insertions: Insertions) -> Result<Vec<u8>, LineClash> {
        let changes = self.changes();
        let mut out = Vec::new();
        let mut rest = changes.as_slice();
        let mut at = 0;
        while !rest.is_empty() {
            let group = Group { sides: self, changes: first_group(rest) };
            rest = &rest[group.changes.len()..];
            let span = group.span();
            push(&mut out, &self.base[at..span.start]);
            let lines = group.lines(insertions).ok_or_else(|| group.clash())?;
            push(&mut out, &lines);
            at = span.end;
        }
        push(&mut out, &self.base[at..]);
        Ok(out)
    }

    /// The changes of all sides, by where they begin and end and then by side.
    fn changes(&self) -> Vec<Change> {
        let mut all = Vec::new();
        for (side, hunks) in hunks(&self.base, &self.texts).into_iter().enumerate() {
            all.extend(hunks.into_iter().map(|h| Change { base: h.base, side, lines: h.side }));
        }
        all.sort_by_key(|change| (change.base.start, change.base.end, change.side));
        all
    }

    fn text(&self, change: &Change) -> &[&'a [u8]] {
        &self.texts[change.side][change.lines.clone()]
    }
}

fn push(out: &mut Vec<u8>, lines: &[&[u8]]) {
    for line in lines {
        out.extend_from_slice(line);
    }
}

/// The first changes that touch one another, directly or through others.
fn first_group(changes: &[Change]) -> &[Change] {
    let mut end = changes[0].base.end;
    let mut count = 1;
    for change in &changes[1..] {
        if change.base.start > end {
            break;
        }
        end = end.max(change.base.end);
        count += 1;
    }
    &changes[..count]
}

/// Changes that touch one another; never empty.
struct Group<'g, 'a> {
    sides: &'g Sides<'a>,
    changes: &'g [Change],
}

impl<'a> Group<'_, 'a> {
    /// The lines of the base that it spans.
    fn span(&self) -> Range<usize> {
        let start = self.changes[0].base.start;
        let end = self.changes.iter().map(|change| change.base.end).max().unwrap_or(start);
        start..end
    }

    /// What the span becomes; none where the sides meet.
    fn lines(&self, insertions: Insertions) -> Option<Vec<&'a [u8]>> {
        let distinct = self.distinct();
        if let [only] = distinct.as_slice() {
            return Some(self.sides.text(only).to_vec());
        }
        self.unanimous().or_else(|| match insertions {
            Insertions::Conflict => None,
            Insertions::Keep => self.kept(&distinct),
        })
    }

    /// The changes, those that are the same once, as the first side's.
    fn distinct(&self) -> Vec<&Change> {
        let mut distinct: Vec<&Change> = Vec::new();
        for same_place in self.changes.chunk_by(|a, b| a.base == b.base) {
            let from = distinct.len();
            for change in same_place {
                let text = self.sides.text(change);
                if distinct[from..].iter().all(|known| self.sides.text(known) != text) {
                    distinct.push(change);
                }
            }
        }
        distinct
    }

    /// The text of the span if every side that changed something in it made the same of it, in
    /// however many steps.
    fn unanimous(&self) -> Option<Vec<&'a [u8]>> {
        let span = self.span();
        let mut changes: Vec<&Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| (change.side, change.base.start));
        let mut texts = changes.chunk_by(|a, b| a.side == b.side).map(|of_one_side| {
            let mut text = Vec::new();
            let mut at = span.start;
            for change in of_one_side {
                text.extend_from_slice(&self.sides.base[at..change.base.start]);
                text.extend_from_slice(self.sides.text(change));
                at = change.base.end;
            }
            text.extend_from_slice(&self.sides.base[at..span.end]);
            text
        });
        let first = texts.next()?;
        texts.all(|text| text == first).then_some(first)
    }

    /// What a shared file allows: insertions at one place are all kept, in the order of the
    /// sides. Anything else that meets is a conflict, as in git (DESIGN §4.3).
    fn kept(&self, distinct: &[&Change]) -> Option<Vec<&'a [u8]>> {
        if !distinct.iter().all(|change| change.is_insertion()) {
            return None;
        }
        Some(distinct.iter().flat_map(|change| self.sides.text(change)).copied().collect())
    }

    fn clash(&self) -> LineClash {
        let labels = self.changes.iter().map(|change| self.sides.labels[change.side]);
        LineClash { line: self.span().start + 1, sides: sorted(labels), reason: LineReason::Lines }
    }
}

#[cfg(test)]
mod tests;
