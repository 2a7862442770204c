//! A part of a text file between two markers, each on a line of its own.

use std::ops::Range;

use super::FILE;
use crate::domain::error::{Failure, Kind};

/// A section that is kept in a file of somebody else.
#[derive(Debug)]
pub(super) struct Section {
    /// What it holds, in words.
    pub(super) name: &'static str,
    /// The line before it.
    pub(super) begin: &'static str,
    /// The line behind it.
    pub(super) end: &'static str,
}

impl Section {
    /// What stands between the markers; none where there are none.
    pub(super) fn inner<'t>(&self, text: &'t [u8]) -> Result<Option<&'t [u8]>, Failure> {
        Ok(self.place(text)?.map(|range| &text[range]))
    }

    /// The text with this between the markers, in the line ends of its first line.
    pub(super) fn put(&self, text: &[u8], body: &str) -> Result<Vec<u8>, Failure> {
        let body = match line_end(text) {
            "\r\n" => body.replace('\n', "\r\n"),
            _ => body.to_owned(),
        };
        self.put_bytes(text, body.as_bytes())
    }

    /// The same with bytes that are taken as they are. Where there is no section, it comes
    /// behind everything else.
    pub(super) fn put_bytes(&self, text: &[u8], body: &[u8]) -> Result<Vec<u8>, Failure> {
        if let Some(range) = self.place(text)? {
            return Ok([&text[..range.start], body, &text[range.end..]].concat());
        }
        let end = line_end(text);
        let mut out = text.to_vec();
        if !text.is_empty() {
            let whole = if text.ends_with(b"\n") { "" } else { end };
            out.extend_from_slice(format!("{whole}{end}").as_bytes());
        }
        out.extend_from_slice(format!("{}{end}", self.begin).as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(format!("{}{end}", self.end).as_bytes());
        Ok(out)
    }

    /// Where the bytes between the markers are.
    fn place(&self, text: &[u8]) -> Result<Option<Range<usize>>, Failure> {
        let (begins, ends) = (lines(text, self.begin), lines(text, self.end));
        let wrong = match (begins.as_slice(), ends.as_slice()) {
            ([], []) => return Ok(None),
            ([begin], [end]) if begin.end <= end.start => return Ok(Some(begin.end..end.start)),
            ([_], [_]) => format!("`{}` stands before `{}`", self.end, self.begin),
            ([_, _, ..], _) => format!("`{}` stands there more than once", self.begin),
            (_, [_, _, ..]) => format!("`{}` stands there more than once", self.end),
            (_, []) => format!("`{}` is missing", self.end),
            ([], _) => format!("`{}` is missing", self.begin),
        };
        let message =
            format!("the section with {} of `{FILE}` cannot be found: {wrong}", self.name);
        let hint = format!("edit `{FILE}`: leave one of each marker, or none");
        Err(Failure::new(Kind::User, message).hint(hint))
    }
}

/// The places of the lines that are this marker, with their ends.
fn lines(text: &[u8], marker: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive(|b| *b == b'\n') {
        if line.trim_ascii() == marker.as_bytes() {
            found.push(at..at + line.len());
        }
        at += line.len();
    }
    found
}

/// How the first line of a text ends.
fn line_end(text: &[u8]) -> &'static str {
    let first = text.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r\n") { "\r\n" } else { "\n" }
}
