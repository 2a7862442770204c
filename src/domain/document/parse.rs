//! Text to tree. Which of TOML and JSON a text is, or that it stands in a fenced block of a
//! Markdown answer, is found out from the text.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::Value as JsonValue;
use toml::de::{DeTable, DeValue};

use super::fences::fenced;
use super::{Entry, Node, Value};

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
}

/// How much is let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// What the specifications say.
    Strict,
    /// JSON may have comments, commas behind the last value, and lines inside a string.
    Loose,
}

/// Parses a text that is TOML, JSON, or Markdown with one of them in a fence. Returns the root
/// table, with places in the whole text, and which of them it was.
///
/// A text whose first character is `{` is JSON. Otherwise it is TOML if it parses as that; if
/// not, the first fenced block that parses to a table with `objective` or `schema` in it counts.
/// The error is that of the fence if there is one, else that of the text as TOML.
pub fn parse(text: &str) -> Result<(Node, Syntax), SyntaxError> {
    if begins_as_json(text) {
        return parse_as(text, 0..text.len(), Syntax::Json, Manner::Strict)
            .map(|node| (node, Syntax::Json));
    }
    let toml = match parse_as(text, 0..text.len(), Syntax::Toml, Manner::Strict) {
        Ok(node) => return Ok((node, Syntax::Toml)),
        Err(error) => error,
    };
    fenced(text, Manner::Strict)
        .unwrap_or_else(|| if looks_like_a_plan(text) { Err(toml) } else { Err(no_plan(text)) })
}

pub(super) fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// That a text holds no plan at all.
pub(super) fn no_plan(text: &str) -> SyntaxError {
    let message = "this holds no plan: neither TOML nor JSON, nor a fenced block of one";
    SyntaxError { message: message.to_owned(), span: 0..text.find('\n').unwrap_or(text.len()) }
}

pub(super) fn looks_like_a_plan(block: &str) -> bool {
    block.contains("objective") || block.contains("schema")
}

/// Parses a part of a text; places are those in the whole.
pub(super) fn parse_as(
    text: &str,
    range: Range<usize>,
    syntax: Syntax,
    manner: Manner,
) -> Result<Node, SyntaxError> {
    let offset = range.start;
    let part = &text[range];
    match syntax {
        Syntax::Toml => parse_toml(part, offset),
        Syntax::Json => parse_json(part, offset, manner),
    }
}

pub(super) fn shifted(span: &Range<usize>, offset: usize) -> Range<usize> {
    span.start + offset..span.end + offset
}

fn parse_toml(text: &str, offset: usize) -> Result<Node, SyntaxError> {
    let table = DeTable::parse(text).map_err(|error| SyntaxError {
        message: error.message().trim().replace('\n', ", "),
        span: shifted(&error.span().unwrap_or(0..0), offset),
    })?;
    let span = shifted(&table.span(), offset);
    Ok(Node { value: toml_table(table.get_ref(), offset), span })
}

fn toml_table(table: &DeTable<'_>, offset: usize) -> Value {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        key_span: shifted(&key.span(), offset),
        node: Node {
            value: toml_value(value.get_ref(), offset),
            span: shifted(&value.span(), offset),
        },
    });
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|e| e.key_span.start);
    Value::Table(entries)
}

fn toml_value(value: &DeValue<'_>, offset: usize) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or(Value::Other("a number"), Value::Float)
        }
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| Node {
                    value: toml_value(item.get_ref(), offset),
                    span: shifted(&item.span(), offset),
                })
                .collect(),
        ),
        DeValue::Table(table) => toml_table(table, offset),
    }
}

fn parse_json(text: &str, offset: usize, manner: Manner) -> Result<Node, SyntaxError> {
    let loose = manner == Manner::Loose;
    let options = jsonc_parser::ParseOptions {
        allow_comments: loose,
        allow_loose_object_property_names: false,
        allow_trailing_commas: loose,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = offset + text.len() - body.len();
    let parsed =
        jsonc_parser::parse_to_ast(body, &jsonc_parser::CollectOptions::default(), &options)
            .map_err(|error| SyntaxError {
                message: error.kind().to_string(),
                span: error.range().start + offset..error.range().end + offset,
            })?;
    let root = parsed
        .value
        .ok_or_else(|| SyntaxError { message: "there is no value".into(), span: offset..offset })?;
    let node = Json { text: body, offset, manner }.node(&root)?;
    if !loose {
        strictly_json(body, offset)?;
    }
    Ok(node)
}

/// The parser that knows places takes any Unicode white space between tokens; RFC 8259 §2 has
/// four kinds. A parser that knows no places, but the rules, has the last word.
fn strictly_json(text: &str, offset: usize) -> Result<(), SyntaxError> {
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) else { return Ok(()) };
    let above = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line: usize = above.map(str::len).sum();
    let at = text.floor_char_boundary((line + error.column().saturating_sub(1)).min(text.len()));
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or_default();
    Err(SyntaxError { message: format!("this is no JSON: {what}"), span: at + offset..at + offset })
}

/// A JSON text on its way to a tree.
struct Json<'a> {
    text: &'a str,
    offset: usize,
    manner: Manner,
}

impl Json<'_> {
    /// RFC 8259 §7: control characters stand in a string as escapes only. The parser lets them
    /// pass.
    fn no_control(&self, range: jsonc_parser::common::Range) -> Result<(), SyntaxError> {
        let raw = &self.text[range.start..range.end];
        match raw.bytes().position(|b| b < 0x20) {
            Some(at) if self.manner == Manner::Strict => {
                let at = range.start + at + self.offset;
                let message = "a control character in a string is written as an escape".to_owned();
                Err(SyntaxError { message, span: at..at + 1 })
            }
            _ => Ok(()),
        }
    }

    fn node(&self, json: &JsonValue<'_>) -> Result<Node, SyntaxError> {
        let range = match json {
            JsonValue::StringLit(lit) => lit.range,
            JsonValue::NumberLit(lit) => lit.range,
            JsonValue::BooleanLit(lit) => lit.range,
            JsonValue::Object(object) => object.range,
            JsonValue::Array(array) => array.range,
            JsonValue::NullKeyword(null) => null.range,
        };
        let value = match json {
            JsonValue::StringLit(lit) => {
                self.no_control(lit.range)?;
                Value::String(lit.value.to_string())
            }
            JsonValue::NumberLit(lit) => json_number(lit.value),
            JsonValue::BooleanLit(lit) => Value::Boolean(lit.value),
            JsonValue::NullKeyword(_) => Value::Other("null"),
            JsonValue::Array(array) => {
                let items = array.elements.iter().map(|item| self.node(item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            JsonValue::Object(object) => self.table(object)?,
        };
        Ok(Node { value, span: range.start + self.offset..range.end + self.offset })
    }

    fn table(&self, object: &jsonc_parser::ast::Object<'_>) -> Result<Value, SyntaxError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
        let mut known: HashSet<&str> = HashSet::with_capacity(object.properties.len());
        for property in &object.properties {
            let range = match &property.name {
                jsonc_parser::ast::ObjectPropName::String(lit) => lit.range,
                jsonc_parser::ast::ObjectPropName::Word(lit) => lit.range,
            };
            self.no_control(range)?;
            let key = property.name.as_str().to_owned();
            let key_span = range.start + self.offset..range.end + self.offset;
            if !known.insert(property.name.as_str()) {
                let message = "this key stands here twice".to_owned();
                return Err(SyntaxError { message, span: key_span });
            }
            entries.push(Entry { key, key_span, node: self.node(&property.value)? });
        }
        Ok(Value::Table(entries))
    }
}

fn json_number(text: &str) -> Value {
    if let Ok(number) = text.parse() {
        return Value::Integer(number);
    }
    text.parse().map_or(Value::Other("a number"), Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place_in_the_whole_text() {
        let toml = "schema = 1\n[[objective]]\ntouch = [\"é/\", 'b']\n";
        let json = "{\"schema\": 1, \"objective\": [{\"touch\": [\"é/\", \"b\"]}]}";
        let fenced = format!("Here is the plan:\n\n```toml\n{toml}```\nDone.\n");
        for text in [toml, json, &fenced] {
            let (root, _) = parse(text).expect("valid");
            let touch =
                root.get("objective").expect("there").items()[0].get("touch").expect("there");
            let first = &touch.items()[0];
            assert_eq!(&text[first.span.clone()], "\"é/\"", "{text}");
            assert_eq!(&text[first.inside(text, &(2..3))], "/");
            assert_eq!(touch.items()[1].as_str(), Some("b"));
        }
    }

    #[test]
    fn errors_point_into_the_text() {
        for (text, at) in [
            ("schema = ", 9),
            ("{\"schema\": 1,}", 13),
            ("{\"a\": 1, \"a\": 2}", 9),
            ("Plan:\n```toml\nschema = 1\nobjective = [\n```\n", 38),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.span.start.abs_diff(at) <= 1, "{text:?}: {error:?}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{{\"a\":{}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn nested_fences_are_opened_and_two_plans_are_not_chosen_from() {
        let nested = "````markdown\nThe plan:\n```toml\nschema = 1\n```\n````\n";
        let (root, _) = parse(nested).expect("the inner block is a plan");
        assert_eq!(&nested[root.get("schema").expect("there").span.clone()], "1");
        let two = "A:\n```toml\nschema = 1\n```\nor B:\n```toml\nschema = 1\n```\n";
        let error = parse(two).expect_err("which one is meant?");
        assert!(error.message.contains("the first begins in line 3"), "{error:?}");
        assert_eq!(two[..error.span.start].matches('\n').count(), 6);
        for prose in ["", "Sorry, I cannot do that.", "[]", "null"] {
            let error = parse(prose);
            assert!(
                prose.is_empty() || error.is_err_and(|e| e.message.contains("no plan")),
                "{prose}"
            );
        }
    }

    #[test]
    fn the_fence_with_the_plan_is_found() {
        let text =
            "```sh\ngit ap plan\n```\n~~~~\nschema = 1\nrequest = \"\"\"\n```\n\"\"\"\n~~~~\n";
        let (root, syntax) = parse(text).expect("the second block is a plan");
        assert_eq!(syntax, Syntax::Toml);
        assert_eq!(root.get("request").and_then(Node::as_str), Some("```\n"));
    }
}
