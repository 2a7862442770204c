//! Java: imported classes and members, and the classes that a file uses without an import
//! because they are in its package or in one that is imported whole.

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, text_of};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("line_comment", Act::Skip),
    ("block_comment", Act::Skip),
    ("string_literal", Act::Skip),
    ("package_declaration", Act::Scope),
    ("import_declaration", Act::Import),
    ("class_declaration", Act::Define),
    ("interface_declaration", Act::Define),
    ("enum_declaration", Act::Define),
    ("record_declaration", Act::Define),
    ("annotation_type_declaration", Act::Define),
    ("method_declaration", Act::Define),
    ("constructor_declaration", Act::Define),
    ("identifier", Act::Use),
    ("type_identifier", Act::Use),
];

/// Reads one Java file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    package: String,
    /// Names that begin with a capital letter.
    used: Vec<&'a str>,
    /// Packages and classes that are imported whole, by their statements.
    whole: Vec<usize>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, package: String::new(), used: Vec::new(), whole: Vec::new() }
    }

    fn import(&mut self, node: Node<'_>, found: &mut Found) {
        let mut path = String::new();
        let mut whole = false;
        for part in node.named_children(&mut node.walk()) {
            match part.kind() {
                "identifier" | "scoped_identifier" => path = dotted(text_of(self.text, part)),
                "asterisk" => whole = true,
                _ => {}
            }
        }
        if path.is_empty() {
            return;
        }
        if whole {
            self.whole.push(found.imports.len());
            found.import(format!("{path}.*"), Vec::new());
        } else {
            let symbol = path.rsplit('.').next().unwrap_or_default().to_owned();
            found.import(path, vec![symbol]);
        }
    }
}

/// A dotted name without blanks.
fn dotted(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.')).collect()
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Define => found.define(field(self.text, node, "name")),
            Act::Scope => {
                self.package = node
                    .named_children(&mut node.walk())
                    .find(|part| part.kind().ends_with("identifier"))
                    .map(|part| dotted(text_of(self.text, part)))
                    .unwrap_or_default();
                return false;
            }
            Act::Import => {
                self.import(node, found);
                return false;
            }
            Act::Use => {
                let name = text_of(self.text, node);
                if name.starts_with(char::is_uppercase) {
                    self.used.push(name);
                }
            }
            _ => {}
        }
        true
    }

    fn finish(mut self, found: &mut Found) {
        self.used.sort_unstable();
        self.used.dedup();
        let mut known: Vec<&str> = found.definitions.iter().map(String::as_str).collect();
        known.extend(found.imports.iter().flat_map(|s| &s.symbols).map(String::as_str));
        known.sort_unstable();
        let others = self.used.iter().filter(|name| known.binary_search(name).is_err());
        let symbols: Vec<String> = others.map(|name| (*name).to_owned()).collect();
        for statement in self.whole {
            found.imports[statement].symbols.clone_from(&symbols);
        }
        if !symbols.is_empty() && !self.package.is_empty() {
            found.import(format!(".{}", self.package), symbols);
        }
    }
}
