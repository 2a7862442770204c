//! Which keys a table may have and what their values may be, as data: the same rows check a
//! file, name the nearest key, make the JSON schema and the commented scaffold.

use super::slip::closest;
use super::{Entry, Node, Value};
use crate::domain::finding::{Code, Finding, Lines};

/// The keys of a table.
#[derive(Debug)]
pub struct Shape {
    /// What the table is called in messages.
    pub name: &'static str,
    /// Its keys, in the order in which they are documented.
    pub fields: &'static [Field],
}

/// One key of a table.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What its value may be.
    pub kind: FieldKind,
    /// Whether it has to be there.
    pub required: bool,
    /// The value that counts where it is not, as TOML; empty: none.
    pub default: &'static str,
    /// What it means, in a line.
    pub doc: &'static str,
}

impl Field {
    /// A key that may be left out; `default` counts then.
    pub const fn optional(
        name: &'static str,
        kind: FieldKind,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { name, kind, required: false, default, doc }
    }

    /// A key that has to be there.
    pub const fn required(name: &'static str, kind: FieldKind, doc: &'static str) -> Self {
        Self { name, kind, required: true, default: "", doc }
    }
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// Text.
    Text,
    /// Text that is not empty or blank.
    NonEmptyText,
    /// A list of texts.
    Texts,
    /// A list of at least one text.
    NonEmptyTexts,
    /// A whole number within inclusive bounds.
    Integer(i64, i64),
    /// A number that is not negative.
    Number,
    /// Yes or no.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A table.
    Table(&'static Shape),
    /// A list of tables.
    Tables(&'static Shape),
    /// A list of at least one table.
    NonEmptyTables(&'static Shape),
    /// A table of texts by names of the author's choice.
    TextMap,
    /// A table of anything.
    Anything,
}

/// Holds a table against a shape. Returns a finding for each key that is unknown, missing or has
/// a value of the wrong kind, in the order of the text; none: the typed readers cannot fail.
pub fn check(text: &str, node: &Node, shape: &Shape) -> Vec<Finding> {
    let mut checker = Checker { text, lines: Lines::of(text), findings: Vec::new() };
    checker.newer_schema(node);
    if checker.findings.is_empty() {
        checker.table(node, shape, shape.name);
    }
    let mut findings = checker.findings;
    findings.sort_by_key(|f| f.place.as_ref().map_or(0, |p| p.span.start));
    findings
}

struct Checker<'a> {
    text: &'a str,
    lines: Lines,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn report(&mut self, span: std::ops::Range<usize>, message: String, help: String) {
        let place = self.lines.place(self.text, span);
        self.findings.push(Finding::error(Code::BadField, message).help(help).at(Some(place)));
    }

    /// A file of a later version may have other keys: that alone is said.
    fn newer_schema(&mut self, node: &Node) {
        let Some(schema) = node.get("schema") else { return };
        let own = i64::from(crate::domain::plan::SCHEMA);
        match schema.as_integer() {
            Some(version) if version > own => self.report(
                schema.span.clone(),
                format!("`schema` {version} is newer than this git ap understands ({own})"),
                "update git ap".into(),
            ),
            Some(version) if version != own => self.report(
                schema.span.clone(),
                format!("there is no `schema` {version}"),
                format!("write `schema = {own}`"),
            ),
            _ => {}
        }
    }

    fn table(&mut self, node: &Node, shape: &Shape, called: &str) {
        let Value::Table(entries) = &node.value else {
            let help = "write its keys and values".to_owned();
            let message = format!("{called} is a table, not {}", node.value.kind());
            return self.report(node.span.clone(), message, help);
        };
        for entry in entries {
            match shape.fields.iter().find(|f| f.name == entry.key) {
                Some(field) => self.value(&entry.node, field.kind, field.name),
                None => self.unknown(entry, shape, called),
            }
        }
        for field in shape.fields.iter().filter(|f| f.required) {
            if !entries.iter().any(|e| e.key == field.name) {
                let span = node.span.start..self.end_of_line(node.span.start).min(node.span.end);
                let message = format!("{called} has no `{}`", field.name);
                self.report(span, message, format!("add {}", example(field)));
            }
        }
    }

    fn end_of_line(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |i| from + i)
    }

    fn unknown(&mut self, entry: &Entry, shape: &Shape, called: &str) {
        let names = shape.fields.iter().map(|f| f.name);
        let help = match closest(&entry.key, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match elsewhere(&entry.key, shape) {
                Some(table) => format!("`{}` belongs into {table}", entry.key),
                None => format!(
                    "{called} has {}",
                    shape.fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", ")
                ),
            },
        };
        let message = format!("`{}` is no key of {called}", entry.key);
        self.report(entry.key_span.clone(), message, help);
    }

    fn value(&mut self, node: &Node, kind: FieldKind, name: &str) {
        match kind {
            FieldKind::Text if node.as_str().is_none() => {
                self.wrong(node, name, "a string", "\"…\"");
            }
            FieldKind::NonEmptyText => match node.as_str() {
                None => self.wrong(node, name, "a string", "\"…\""),
                Some(text) if text.trim().is_empty() => {
                    let help = format!("write `{name} = \"…\"`");
                    self.report(node.span.clone(), format!("`{name}` is empty"), help);
                }
                Some(_) => {}
            },
            FieldKind::Texts | FieldKind::NonEmptyTexts => {
                self.texts(node, name, matches!(kind, FieldKind::NonEmptyTexts));
            }
            FieldKind::Integer(low, high) => self.integer(node, name, low, high),
            FieldKind::Number => {
                let number = node.as_number();
                if !number.is_some_and(|n| n.is_finite() && n >= 0.0) {
                    self.wrong(node, name, "a number that is not negative", "1.5");
                }
            }
            FieldKind::Boolean if node.as_bool().is_none() => {
                self.wrong(node, name, "`true` or `false`", "true");
            }
            FieldKind::Choice(words) => self.choice(node, name, words),
            FieldKind::Table(shape) => self.table(node, shape, shape.name),
            FieldKind::Tables(shape) | FieldKind::NonEmptyTables(shape) => {
                self.tables(node, name, shape, matches!(kind, FieldKind::NonEmptyTables(_)));
            }
            FieldKind::TextMap => {
                if !matches!(node.value, Value::Table(_)) {
                    self.wrong(node, name, "a table of strings", "{ NAME = \"value\" }");
                }
                for entry in node.entries().iter().filter(|e| e.node.as_str().is_none()) {
                    self.wrong(&entry.node, &entry.key, "a string", "\"…\"");
                }
            }
            FieldKind::Anything if !matches!(node.value, Value::Table(_)) => {
                self.wrong(node, name, "a table", "{ key = \"value\" }");
            }
            FieldKind::Text | FieldKind::Boolean | FieldKind::Anything => {}
        }
    }

    fn wrong(&mut self, node: &Node, name: &str, expected: &str, example: &str) {
        let message = format!("`{name}` is {expected}, not {}", node.value.kind());
        self.report(node.span.clone(), message, format!("write `{name} = {example}`"));
    }

    fn texts(&mut self, node: &Node, name: &str, non_empty: bool) {
        let Value::Array(items) = &node.value else {
            let help = match node.as_str() {
                Some(_) => format!("write `{name} = [{}]`", &self.text[node.span.clone()]),
                None => format!("write `{name} = [\"…\"]`"),
            };
            let message = format!("`{name}` is a list of strings, not {}", node.value.kind());
            return self.report(node.span.clone(), message, help);
        };
        if items.is_empty() && non_empty {
            let help = format!("write `{name} = [\"…\"]`");
            self.report(node.span.clone(), format!("`{name}` is empty"), help);
        }
        for item in items.iter().filter(|i| i.as_str().is_none()) {
            let message = format!("`{name}` holds strings, not {}", item.value.kind());
            self.report(item.span.clone(), message, "put it in quotes".into());
        }
    }

    fn tables(&mut self, node: &Node, name: &str, shape: &Shape, non_empty: bool) {
        let Value::Array(items) = &node.value else {
            let help = format!("write `[[{name}]]` before each");
            let message = format!("`{name}` is a list of tables, not {}", node.value.kind());
            return self.report(node.span.clone(), message, help);
        };
        if items.is_empty() && non_empty {
            let help = format!("write `[[{name}]]` and its keys");
            self.report(node.span.clone(), format!("`{name}` is empty"), help);
        }
        for item in items {
            self.table(item, shape, shape.name);
        }
    }

    fn integer(&mut self, node: &Node, name: &str, low: i64, high: i64) {
        match node.as_integer() {
            None => self.wrong(node, name, "a whole number", &low.to_string()),
            Some(n) if n < low || n > high => {
                let help = format!("write a number from {low} to {high}");
                self.report(node.span.clone(), format!("`{name}` cannot be {n}"), help);
            }
            Some(_) => {}
        }
    }

    fn choice(&mut self, node: &Node, name: &str, words: &'static [&'static str]) {
        let Some(word) = node.as_str() else {
            return self.wrong(node, name, "a string", &format!("\"{}\"", words[0]));
        };
        if words.contains(&word) {
            return;
        }
        let help = match closest(word, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", quoted_list(words)),
        };
        self.report(node.span.clone(), format!("`{name}` cannot be `{word}`"), help);
    }
}

fn quoted_list(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// How a missing key would be written.
fn example(field: &Field) -> String {
    let value = match field.kind {
        FieldKind::Text | FieldKind::NonEmptyText => "\"…\"".to_owned(),
        FieldKind::Texts | FieldKind::NonEmptyTexts => "[\"…\"]".to_owned(),
        FieldKind::Integer(low, _) => low.max(1).to_string(),
        FieldKind::Number => "1.0".to_owned(),
        FieldKind::Boolean => "true".to_owned(),
        FieldKind::Choice(words) => {
            return format!("`{} = \"…\"`, one of {}", field.name, quoted_list(words));
        }
        FieldKind::Table(_) => return format!("`[{}]`", field.name),
        FieldKind::Tables(_) | FieldKind::NonEmptyTables(_) => {
            return format!("`[[{}]]`", field.name);
        }
        FieldKind::TextMap | FieldKind::Anything => "{}".to_owned(),
    };
    format!("`{} = {value}`", field.name)
}

/// The table below `shape` that has a key of that name, as it is written.
fn elsewhere(key: &str, shape: &Shape) -> Option<String> {
    shape.fields.iter().find_map(|field| {
        let (inner, written) = match field.kind {
            FieldKind::Table(inner) => (inner, format!("`[{}]`", field.name)),
            FieldKind::Tables(inner) | FieldKind::NonEmptyTables(inner) => {
                (inner, format!("`[[{}]]`", field.name))
            }
            _ => return None,
        };
        inner.fields.iter().any(|f| f.name == key).then_some(written)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    static INNER: Shape = Shape {
        name: "[[thing]]",
        fields: &[
            Field {
                name: "touch",
                kind: FieldKind::NonEmptyTexts,
                required: true,
                default: "",
                doc: "d",
            },
            Field {
                name: "wave",
                kind: FieldKind::Integer(1, 9),
                required: false,
                default: "",
                doc: "d",
            },
            Field {
                name: "size",
                kind: FieldKind::Choice(&["low", "high"]),
                required: false,
                default: "",
                doc: "d",
            },
        ],
    };
    static OUTER: Shape = Shape {
        name: "the file",
        fields: &[
            Field {
                name: "schema",
                kind: FieldKind::Integer(1, 1),
                required: true,
                default: "",
                doc: "d",
            },
            Field {
                name: "thing",
                kind: FieldKind::Tables(&INNER),
                required: false,
                default: "",
                doc: "d",
            },
        ],
    };

    fn findings(text: &str) -> Vec<String> {
        let (node, _) = super::super::parse(text).expect("valid TOML");
        let found = check(text, &node, &OUTER);
        let line = |f: &Finding| {
            let place = f.place.as_ref().expect("each has a place");
            let help = f.help.as_deref().expect("each has a fix");
            format!("{}:{} {}; {help}", place.line, place.column, f.message)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn each_mistake_is_told_where_it_is_with_what_to_write() {
        let text = "schema = 1\nwave = 2\nthings = []\n[[thing]]\ntuoch = [\"a\"]\nwave = 10\nsize = \"hihg\"\n[[thing]]\ntouch = \"a/\"\n[[thing]]\ntouch = [1]\nsize = 2\n[[thing]]\ntouch = []\n";
        assert_eq!(
            findings(text),
            [
                "2:1 `wave` is no key of the file; `wave` belongs into `[[thing]]`",
                "3:1 `things` is no key of the file; did you mean `thing`?",
                "4:1 [[thing]] has no `touch`; add `touch = [\"…\"]`",
                "5:1 `tuoch` is no key of [[thing]]; did you mean `touch`?",
                "6:8 `wave` cannot be 10; write a number from 1 to 9",
                "7:8 `size` cannot be `hihg`; did you mean `high`?",
                "9:9 `touch` is a list of strings, not a string; write `touch = [\"a/\"]`",
                "11:10 `touch` holds strings, not an integer; put it in quotes",
                "12:8 `size` is a string, not an integer; write `size = \"low\"`",
                "14:9 `touch` is empty; write `touch = [\"…\"]`",
            ]
        );
    }

    #[test]
    fn a_newer_file_is_refused_by_name_alone() {
        assert_eq!(
            findings("schema = 2\nunheard = true\n"),
            ["1:10 `schema` 2 is newer than this git ap understands (1); update git ap"]
        );
        assert_eq!(findings("schema = 0\n"), ["1:10 there is no `schema` 0; write `schema = 1`"]);
    }
}
