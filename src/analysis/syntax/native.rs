//! C and C++: what is included, and what is declared.

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("comment", Act::Skip),
    ("string_literal", Act::Skip),
    ("preproc_include", Act::Import),
    ("preproc_def", Act::Define),
    ("preproc_function_def", Act::Define),
    ("namespace_definition", Act::Define),
    ("alias_declaration", Act::Define),
    ("concept_definition", Act::Define),
    ("struct_specifier", Act::Scope),
    ("union_specifier", Act::Scope),
    ("enum_specifier", Act::Scope),
    ("class_specifier", Act::Scope),
    ("function_definition", Act::Detail),
    ("declaration", Act::DefineOuter),
    ("field_declaration", Act::DefineOuter),
    ("type_definition", Act::Bind),
    ("compound_statement", Act::Body),
];

/// How many declarators may stand around a name: pointers, arrays, parentheses.
const DEPTH: usize = 32;

/// Reads one file of C or C++.
pub(super) struct Visitor<'a> {
    text: &'a str,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The name that a declarator declares, and whether that is a function.
    fn declared(&self, declarator: Node<'_>) -> Option<(&'a str, bool)> {
        let mut node = declarator;
        let mut function = false;
        for _ in 0..DEPTH {
            match node.kind() {
                "identifier" | "field_identifier" | "type_identifier" | "operator_name"
                | "destructor_name" => return Some((text_of(self.text, node), function)),
                // `Class::method` and `name<int>` have their names in a field.
                "qualified_identifier" | "template_function" => {
                    node = field_of(node, "name")?;
                    continue;
                }
                "function_declarator" => function = true,
                // A pointer to a function is a value.
                "parenthesized_declarator" => function = false,
                _ => {}
            }
            let inner = field_of(node, "declarator");
            node = inner.or_else(|| node.named_child(0))?;
        }
        None
    }

    fn include(&self, node: Node<'_>, found: &mut Found) {
        let path = field(self.text, node, "path");
        if let Some(path) = unquoted(path) {
            found.import(path, Vec::new());
        } else if path.starts_with('<') && path.ends_with('>') {
            found.import(path, Vec::new());
        }
    }
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Import => {
                self.include(node, found);
                return false;
            }
            Act::Define => found.define(field(self.text, node, "name")),
            Act::Scope if field_of(node, "body").is_some() => {
                found.define(field(self.text, node, "name"));
            }
            Act::Detail => {
                let declarator = field_of(node, "declarator");
                if let Some((name, true)) = declarator.and_then(|d| self.declared(d)) {
                    found.define(name);
                }
            }
            Act::DefineOuter if !found.is_local(node) => {
                for declarator in node.children_by_field_name("declarator", &mut node.walk()) {
                    if let Some((name, true)) = self.declared(declarator) {
                        found.define(name);
                    }
                }
            }
            Act::Bind => {
                for declarator in node.children_by_field_name("declarator", &mut node.walk()) {
                    if let Some((name, _)) = self.declared(declarator) {
                        found.define(name);
                    }
                }
            }
            Act::Body => found.enter_body(node),
            _ => {}
        }
        true
    }

    fn finish(self, _found: &mut Found) {}
}
