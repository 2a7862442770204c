//! Python: `import` wherever it stands, modules loaded by name, and the attributes that are
//! used of an imported module.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("comment", Act::Skip),
    ("string", Act::Skip),
    ("future_import_statement", Act::Skip),
    ("function_definition", Act::Scope),
    ("class_definition", Act::Scope),
    ("assignment", Act::DefineOuter),
    ("type_alias_statement", Act::DefineOuter),
    ("import_statement", Act::Import),
    ("import_from_statement", Act::Bind),
    ("call", Act::Call),
    ("attribute", Act::Path),
];

/// Reads one Python file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    /// Names that stand for a whole module, with the statement that brought them in.
    modules: BTreeMap<&'a str, usize>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, modules: BTreeMap::new() }
    }

    /// `import a.b, c as d`.
    fn import(&mut self, node: Node<'_>, found: &mut Found) {
        for child in node.children_by_field_name("name", &mut node.walk()) {
            let aliased = child.kind() == "aliased_import";
            let name =
                if aliased { field(self.text, child, "name") } else { text_of(self.text, child) };
            let bound = if aliased { field(self.text, child, "alias") } else { name };
            let name = dotted(name);
            if name.is_empty() {
                continue;
            }
            if !bound.contains('.') {
                self.modules.insert(bound, found.imports.len());
            }
            found.import(name, Vec::new());
        }
    }

    /// `from a import b, c as d`.
    fn from(&self, node: Node<'_>, found: &mut Found) {
        let module = dotted(field(self.text, node, "module_name"));
        let mut symbols = Vec::new();
        for child in node.children_by_field_name("name", &mut node.walk()) {
            symbols.push(match child.kind() {
                "aliased_import" => dotted(field(self.text, child, "name")),
                _ => dotted(text_of(self.text, child)),
            });
        }
        symbols.retain(|symbol| !symbol.is_empty());
        if !module.is_empty() {
            found.import(module, symbols);
        }
    }

    /// `importlib.import_module("a.b")` and `__import__("a.b")`.
    fn call(&self, node: Node<'_>, found: &mut Found) {
        let function = field(self.text, node, "function");
        if !matches!(function, "importlib.import_module" | "import_module" | "__import__") {
            return;
        }
        let first = field_of(node, "arguments").and_then(|list| list.named_child(0));
        if let Some(name) = first.and_then(|first| unquoted(text_of(self.text, first)))
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        {
            found.import(name, Vec::new());
        }
    }

    fn assigned(&self, node: Node<'_>, found: &mut Found) {
        let Some(left) = field_of(node, "left") else { return };
        match left.kind() {
            "identifier" | "type" => found.define(text_of(self.text, left)),
            "pattern_list" | "tuple_pattern" => {
                for name in left.named_children(&mut left.walk()) {
                    if name.kind() == "identifier" {
                        found.define(text_of(self.text, name));
                    }
                }
            }
            _ => {}
        }
    }
}

/// A dotted name without blanks.
fn dotted(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect()
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Scope => {
                found.define(field(self.text, node, "name"));
                found.enter_body(node);
            }
            Act::DefineOuter if !found.is_local(node) => self.assigned(node, found),
            Act::Import => {
                self.import(node, found);
                return false;
            }
            Act::Bind => {
                self.from(node, found);
                return false;
            }
            Act::Call => self.call(node, found),
            Act::Path if !self.modules.is_empty() => {
                let object = field(self.text, node, "object");
                if let Some(statement) = self.modules.get(object) {
                    let symbol = field(self.text, node, "attribute").to_owned();
                    let symbols = &mut found.imports[*statement].symbols;
                    if !symbols.contains(&symbol) && symbols.len() < super::SYMBOLS {
                        symbols.push(symbol);
                    }
                }
            }
            _ => {}
        }
        true
    }

    fn finish(self, _found: &mut Found) {}
}
