//! Go: imports with the names that are used of each package, and the names that a file uses
//! of the package that it belongs to.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("comment", Act::Skip),
    ("interpreted_string_literal", Act::Skip),
    ("raw_string_literal", Act::Skip),
    ("import_spec", Act::Import),
    ("block", Act::Body),
    ("function_declaration", Act::Define),
    ("method_declaration", Act::Define),
    ("type_spec", Act::DefineOuter),
    ("type_alias", Act::DefineOuter),
    ("const_spec", Act::DefineOuter),
    ("var_spec", Act::DefineOuter),
    ("short_var_declaration", Act::Bind),
    ("range_clause", Act::Bind),
    ("parameter_declaration", Act::Detail),
    ("variadic_parameter_declaration", Act::Detail),
    ("selector_expression", Act::Path),
    ("qualified_type", Act::Path),
    ("identifier", Act::Use),
    ("type_identifier", Act::Use),
];

/// Names that every file knows; they must be sorted.
const BUILT_IN: &[&str] = &[
    "any", "append", "bool", "byte", "cap", "close", "copy", "delete", "error", "float64", "int",
    "int32", "int64", "len", "make", "new", "panic", "rune", "string", "uint", "uint32", "uint64",
    "uint8",
];

/// Reads one Go file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    /// The names of the imported packages, with their statements.
    packages: BTreeMap<&'a str, usize>,
    /// Names that stand alone.
    used: Vec<&'a str>,
    /// Names that are local somewhere in the file.
    bound: Vec<&'a str>,
    selected: Vec<(usize, &'a str)>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            packages: BTreeMap::new(),
            used: Vec::new(),
            bound: Vec::new(),
            selected: Vec::new(),
        }
    }

    fn import(&mut self, node: Node<'_>, found: &mut Found) {
        let Some(path) = unquoted(field(self.text, node, "path")) else { return };
        let alias = field(self.text, node, "name");
        let name = if matches!(alias, "" | "_" | ".") { package_name(path) } else { alias };
        self.packages.insert(name, found.imports.len());
        found.import(path, Vec::new());
    }

    /// The names on the left of `:=`, or of a `range`.
    fn bind(&mut self, node: Node<'_>) {
        let Some(left) = field_of(node, "left") else { return };
        for name in left.named_children(&mut left.walk()) {
            if name.kind() == "identifier" {
                self.bound.push(text_of(self.text, name));
            }
        }
    }

    fn declared(&mut self, node: Node<'_>, found: &mut Found) {
        let local = found.is_local(node);
        for name in node.children_by_field_name("name", &mut node.walk()) {
            let name = text_of(self.text, name);
            if local {
                self.bound.push(name);
            } else if name != "_" && name != "," {
                found.define(name);
            }
        }
    }

    /// `package.Name`, as a value or as a type; whether it was one.
    fn select(&mut self, node: Node<'_>) -> bool {
        let (package, name) = if node.kind() == "qualified_type" {
            ("package", "name")
        } else {
            ("operand", "field")
        };
        let package = field(self.text, node, package);
        let Some(statement) = self.packages.get(package) else { return false };
        self.selected.push((*statement, field(self.text, node, name)));
        true
    }
}

/// The name that a package most likely has: its last part, but for a version.
fn package_name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let version = last.strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok());
    let last = if version { parts.next().unwrap_or(last) } else { last };
    // `gopkg.in/yaml.v3` is package `yaml`.
    last.split_once(".v").map_or(last, |(name, _)| name)
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Define => found.define(field(self.text, node, "name")),
            Act::DefineOuter => self.declared(node, found),
            Act::Body => found.enter_body(node),
            Act::Import => {
                self.import(node, found);
                return false;
            }
            Act::Bind => self.bind(node),
            Act::Detail => {
                for name in node.children_by_field_name("name", &mut node.walk()) {
                    self.bound.push(text_of(self.text, name));
                }
            }
            Act::Path => return !self.select(node),
            Act::Use => self.used.push(text_of(self.text, node)),
            _ => {}
        }
        true
    }

    fn finish(mut self, found: &mut Found) {
        self.selected.sort_unstable();
        self.selected.dedup();
        for (statement, name) in self.selected {
            found.imports[statement].symbols.push(name.to_owned());
        }
        for names in [&mut self.used, &mut self.bound] {
            names.sort_unstable();
            names.dedup();
        }
        let mut own: Vec<&str> = found.definitions.iter().map(String::as_str).collect();
        own.sort_unstable();
        let others = self.used.into_iter().filter(|name| {
            *name != "_"
                && BUILT_IN.binary_search(name).is_err()
                && self.bound.binary_search(name).is_err()
                && own.binary_search(name).is_err()
        });
        let symbols: Vec<String> = others.map(str::to_owned).collect();
        if !symbols.is_empty() {
            found.import(".", symbols);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_called_by_its_last_part() {
        assert!(BUILT_IN.is_sorted());
        let table = [
            ("fmt", "fmt"),
            ("x.org/m/render", "render"),
            ("x.org/m/v2", "m"),
            ("gopkg.in/yaml.v3", "yaml"),
        ];
        for (path, name) in table {
            assert_eq!(package_name(path), name);
        }
    }
}
