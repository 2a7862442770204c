//! A TOML or JSON text as one neutral tree in which every value knows its place. All files of
//! git ap are read through it, so that a finding can point wherever the value came from.

use std::ops::Range;

mod answer;
mod fences;
mod parse;
mod schema;
mod shape;
mod slip;

pub use answer::{Answer, parse_answer};
pub use parse::{Syntax, SyntaxError, parse};
pub use shape::{Field, FieldKind, Shape, check};
pub use slip::closest;

/// A value and the bytes of the text that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is.
    pub span: Range<usize>,
}

/// What a value is. Dates, null and the like are [`Value::Other`]: no file of git ap has them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
    /// Values in order.
    Array(Vec<Node>),
    /// Values by name, in the order of the text.
    Table(Vec<Entry>),
    /// Something that no file of git ap holds, with its name.
    Other(&'static str),
}

/// A named value of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name is.
    pub key_span: Range<usize>,
    /// The value.
    pub node: Node,
}

impl Value {
    /// The kind of value, with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "a boolean",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

impl Node {
    /// The value of that name, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<f64> {
        match &self.value {
            #[expect(clippy::cast_precision_loss, reason = "it is read as a floating-point number")]
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The bytes of `text` that hold the bytes `inner` of this string's value. Where the text
    /// writes the value with escapes, the place of the whole string.
    pub fn inside(&self, text: &str, inner: &Range<usize>) -> Range<usize> {
        let (Some(value), Some(raw)) = (self.as_str(), text.get(self.span.clone())) else {
            return self.span.clone();
        };
        let Some(lead) = raw.find(value).filter(|_| !value.is_empty()) else {
            return self.span.clone();
        };
        let start = self.span.start + lead;
        start + inner.start..start + inner.end.max(inner.start)
    }
}
