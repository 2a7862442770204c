//! Fenced blocks of a Markdown text, and which of them is the plan.

use std::ops::Range;

use super::Node;
use super::parse::{Manner, Syntax, SyntaxError, looks_like_a_plan, parse_as, shifted};

/// The fenced block of a text that parses to a table with `objective` or `schema` in it. None
/// where no block looks like one; the error is that of the first block that looks like one, or
/// that there are two.
pub(super) fn fenced(text: &str, manner: Manner) -> Option<Result<(Node, Syntax), SyntaxError>> {
    let mut first_error = None;
    let mut found: Vec<(Node, Syntax, Range<usize>)> = Vec::new();
    for fence in fences(text).into_iter().flat_map(|fence| with_inner(text, fence, manner)) {
        let json = text[fence.clone()].trim_start().starts_with('{');
        let syntax = if json { Syntax::Json } else { Syntax::Toml };
        match parse_as(text, fence.clone(), syntax, manner) {
            Ok(node) if node.get("objective").or_else(|| node.get("schema")).is_some() => {
                found.push((node, syntax, fence));
            }
            Err(error) if first_error.is_none() && looks_like_a_plan(&text[fence]) => {
                first_error = Some(error);
            }
            Ok(_) | Err(_) => {}
        }
    }
    // Beside a whole plan, the few keys of an example are none.
    if manner == Manner::Loose && found.iter().any(|(node, ..)| node.get("objective").is_some()) {
        found.retain(|(node, ..)| node.get("objective").is_some());
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some((first, _, _)), Some((.., fence))) => {
            let line = text[..first.span.start].matches('\n').count() + 1;
            let message = format!("a second plan; the first begins in line {line}: keep one");
            let end = fence.start + text[fence.clone()].find('\n').unwrap_or(0);
            Some(Err(SyntaxError { message, span: fence.start..end }))
        }
        (Some((node, syntax, _)), None) => Some(Ok((node, syntax))),
        (None, _) => first_error.map(Err),
    }
}

/// A fenced block, or the blocks inside it where it is a Markdown text itself: chats quote whole
/// answers.
fn with_inner(text: &str, fence: Range<usize>, manner: Manner) -> Vec<Range<usize>> {
    let inner = fences(&text[fence.clone()]);
    if inner.is_empty() || parse_as(text, fence.clone(), Syntax::Toml, manner).is_ok() {
        return vec![fence];
    }
    inner.into_iter().map(|range| shifted(&range, fence.start)).collect()
}

/// The insides of the fenced code blocks of a Markdown text (`CommonMark`: three or more backticks
/// or tildes, closed by at least as many; an unclosed one reaches to the end).
fn fences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        let marker = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = marker.map_or(0, |m| trimmed.chars().take_while(|c| *c == m).count());
        match open {
            None if length >= 3 => open = marker.map(|m| (m, length, at)),
            Some((mark, least, inside))
                if marker == Some(mark) && length >= least && trimmed.len() == length =>
            {
                found.push(inside..start);
                open = None;
            }
            _ => {}
        }
    }
    if let Some((_, _, inside)) = open {
        found.push(inside..text.len());
    }
    found
}
