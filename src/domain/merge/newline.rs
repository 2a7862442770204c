//! A last line without a newline. Where insertions are kept, it must not glue two of them
//! together, nor make two added lines look like two changes of the line before them.

use std::borrow::Cow;

const LF: &[u8] = b"\n";
const CRLF: &[u8] = b"\r\n";

/// How the last line of several versions of a file ends, and how that of their merge shall.
pub(super) struct LastLine {
    /// What ends a line in a version that shows nothing itself.
    fallback: &'static [u8],
    /// Whether the merge ends with a newline.
    ended: bool,
    /// Whether a version ends with a carriage return alone: then it is content.
    bare_return: bool,
}

impl LastLine {
    /// Reads it off the versions. Whether the file ends with a newline is merged like a line of
    /// its own: a side that changed it wins, and two cannot change it differently. An empty
    /// side has no say; with an empty base, one side that has a newline decides.
    pub(super) fn of(base: &[u8], sides: &[&[u8]]) -> Self {
        let all = || std::iter::once(base).chain(sides.iter().copied());
        let before = base.ends_with(LF);
        let changed = sides.iter().any(|side| !side.is_empty() && side.ends_with(LF) != before);
        Self {
            fallback: all().find_map(line_end).unwrap_or(LF),
            ended: before != changed,
            bare_return: all().any(|text| text.ends_with(b"\r")),
        }
    }

    /// The version with its last line ended, as its other lines are.
    pub(super) fn complete<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if text.is_empty() || text.ends_with(LF) {
            return Cow::Borrowed(text);
        }
        // A carriage return at the very end is content; one more would make another line of it.
        let end = if text.ends_with(b"\r") { LF } else { line_end(text).unwrap_or(self.fallback) };
        Cow::Owned([text, end].concat())
    }

    /// Gives the merge of completed versions the end that it shall have.
    pub(super) fn restore(&self, merged: &mut Vec<u8>) {
        if self.ended || !merged.ends_with(LF) {
            return;
        }
        let end = if merged.ends_with(CRLF) && !self.bare_return { CRLF } else { LF };
        merged.truncate(merged.len() - end.len());
    }
}

/// What ends the last line that is ended.
fn line_end(text: &[u8]) -> Option<&'static [u8]> {
    let at = text.iter().rposition(|byte| *byte == b'\n')?;
    Some(if text[..at].ends_with(b"\r") { CRLF } else { LF })
}
