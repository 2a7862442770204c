//! A list in a TOML file that a person wrote grows, and keeps its layout and its comments.

use toml_edit::{Array, Value};

/// Adds an item that looks like the one before it: on a line of its own where that has one. A
/// comment behind that one stays there.
pub(super) fn push(array: &mut Array, text: &str) {
    let comma = array.is_empty() || array.trailing_comma();
    let last = array.iter().last().map(Value::decor);
    let before = last.and_then(|decor| decor.prefix()?.as_str()).unwrap_or_default().to_owned();
    let behind = if comma { Some(array.trailing()) } else { last.and_then(|decor| decor.suffix()) };
    let behind = behind.and_then(|behind| behind.as_str()).unwrap_or_default().to_owned();
    let (comment, rest) = match behind.split_once('\n') {
        Some((comment, rest)) if comment.contains('#') => (comment, format!("\n{rest}")),
        Some(_) | None => ("", behind.clone()),
    };
    let gap = match before.rsplit_once('\n') {
        Some((_, indent)) => format!("\n{indent}"),
        None if !comment.is_empty() => "\n  ".to_owned(),
        None if array.is_empty() => String::new(),
        None => " ".to_owned(),
    };
    let mut value = Value::from(text);
    value.decor_mut().set_prefix(format!("{comment}{gap}"));
    if comma {
        array.set_trailing(rest);
    } else {
        if let Some(last) = array.iter_mut().last() {
            last.decor_mut().set_suffix("");
        }
        value.decor_mut().set_suffix(rest);
    }
    array.push_formatted(value);
}
