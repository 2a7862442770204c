//! JavaScript, TypeScript and their dialects: `import`, `export … from`, `require`, and
//! modules that are named in calls.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("comment", Act::Skip),
    ("string", Act::Skip),
    ("regex", Act::Skip),
    ("jsx_text", Act::Skip),
    ("statement_block", Act::Body),
    ("function_declaration", Act::Define),
    ("generator_function_declaration", Act::Define),
    ("class_declaration", Act::Define),
    ("abstract_class_declaration", Act::Define),
    ("method_definition", Act::Define),
    ("interface_declaration", Act::Define),
    ("type_alias_declaration", Act::Define),
    ("enum_declaration", Act::Define),
    ("internal_module", Act::Define),
    ("function_signature", Act::Define),
    ("abstract_method_signature", Act::Define),
    ("variable_declarator", Act::DefineOuter),
    ("assignment_expression", Act::Detail),
    ("import_statement", Act::Import),
    ("export_statement", Act::Bind),
    ("call_expression", Act::Call),
    ("new_expression", Act::Use),
    ("member_expression", Act::Path),
    ("nested_type_identifier", Act::Path),
];

/// Reads one file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    /// Names that stand for a whole module, with the statement that brought them in.
    modules: BTreeMap<&'a str, usize>,
    /// The names that the declaration around a `require` takes of it, and where that ends.
    taken: Option<(usize, Vec<String>)>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, modules: BTreeMap::new(), taken: None }
    }

    fn string(&self, node: Option<Node<'_>>) -> Option<&'a str> {
        node.and_then(|node| unquoted(text_of(self.text, node)))
    }

    fn import(&mut self, node: Node<'_>, found: &mut Found) {
        let Some(clause) = node.named_child(0) else { return };
        // `import x = require("y")` has its source one level deeper.
        let source = field_of(node, "source");
        let Some(source) = self.string(source.or_else(|| field_of(clause, "source"))) else {
            return;
        };
        let mut symbols = Vec::new();
        for part in clause.named_children(&mut clause.walk()) {
            match part.kind() {
                "named_imports" => self.names(part, &mut symbols),
                "namespace_import" => {
                    let name = part.named_child(0).map_or("", |name| text_of(self.text, name));
                    self.modules.insert(name, found.imports.len());
                }
                _ => {}
            }
        }
        found.import(source, symbols);
    }

    /// The names of `{ a, b as c }`.
    fn names(&self, list: Node<'_>, symbols: &mut Vec<String>) {
        for specifier in list.named_children(&mut list.walk()) {
            let name = field(self.text, specifier, "name");
            if !name.is_empty() && name != "default" {
                symbols.push(name.to_owned());
            }
        }
    }

    fn export(&self, node: Node<'_>, found: &mut Found) {
        let Some(source) = self.string(field_of(node, "source")) else { return };
        let mut symbols = Vec::new();
        for part in node.named_children(&mut node.walk()) {
            if part.kind() == "export_clause" {
                self.names(part, &mut symbols);
            }
        }
        found.import(source, symbols);
    }

    fn call(&mut self, node: Node<'_>, found: &mut Found) {
        let function = field(self.text, node, "function");
        if !matches!(function, "import" | "require" | "require.resolve") {
            return;
        }
        let first = field_of(node, "arguments").and_then(|list| list.named_child(0));
        if let Some(source) = self.string(first) {
            let taken = self.taken.take().filter(|(end, _)| node.end_byte() <= *end);
            found.import(source, taken.map(|(_, symbols)| symbols).unwrap_or_default());
        }
    }

    /// `new URL("./worker.js", import.meta.url)`.
    fn address(&self, node: Node<'_>, found: &mut Found) {
        if field(self.text, node, "constructor") == "URL"
            && let Some(list) = field_of(node, "arguments")
            && list.named_child(1).is_some_and(|n| text_of(self.text, n) == "import.meta.url")
            && let Some(path) = self.string(list.named_child(0))
            && path.starts_with('.')
        {
            found.import(path, Vec::new());
        }
    }

    fn declared(&mut self, node: Node<'_>, found: &mut Found) {
        let Some(name) = field_of(node, "name") else { return };
        if name.kind() == "identifier" {
            if !found.is_local(node) {
                found.define(text_of(self.text, name));
            }
        } else if name.kind() == "object_pattern"
            && let Some(value) = field_of(node, "value")
        {
            let mut symbols = Vec::new();
            for part in name.named_children(&mut name.walk()) {
                symbols.push(match part.kind() {
                    "pair_pattern" => field(self.text, part, "key").to_owned(),
                    "shorthand_property_identifier_pattern" => text_of(self.text, part).to_owned(),
                    _ => continue,
                });
            }
            self.taken = Some((value.end_byte(), symbols));
        }
    }

    /// `exports.name = function …` and `Type.prototype.name = …`.
    fn assigned(&self, node: Node<'_>, found: &mut Found) {
        let (Some(left), Some(right)) = (field_of(node, "left"), field_of(node, "right")) else {
            return;
        };
        let function = matches!(right.kind(), "function_expression" | "arrow_function" | "class");
        if function && left.kind() == "member_expression" {
            found.define(field(self.text, left, "property"));
        }
    }

    fn member(&self, node: Node<'_>, found: &mut Found) {
        let of = field_of(node, "object").or_else(|| field_of(node, "module"));
        let Some(statement) = of.and_then(|of| self.modules.get(text_of(self.text, of))) else {
            return;
        };
        let name = field_of(node, "property").or_else(|| field_of(node, "name"));
        let symbol = name.map_or("", |name| text_of(self.text, name)).to_owned();
        let symbols = &mut found.imports[*statement].symbols;
        if !symbols.contains(&symbol) && symbols.len() < super::SYMBOLS {
            symbols.push(symbol);
        }
    }
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Define => found.define(field(self.text, node, "name")),
            Act::DefineOuter => self.declared(node, found),
            Act::Body => found.enter_body(node),
            Act::Detail if !found.is_local(node) => self.assigned(node, found),
            Act::Import => {
                self.import(node, found);
                return false;
            }
            Act::Bind => self.export(node, found),
            Act::Call => self.call(node, found),
            Act::Use => self.address(node, found),
            Act::Path if !self.modules.is_empty() => self.member(node, found),
            _ => {}
        }
        true
    }

    fn finish(self, _found: &mut Found) {}
}
