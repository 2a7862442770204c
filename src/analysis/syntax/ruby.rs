//! Ruby: what is required, and the constants that are used, which an autoloader may find.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("comment", Act::Skip),
    ("heredoc_body", Act::Skip),
    ("class", Act::Scope),
    ("module", Act::Scope),
    ("method", Act::Define),
    ("singleton_method", Act::Define),
    ("assignment", Act::DefineOuter),
    ("call", Act::Call),
    ("constant", Act::Use),
    ("scope_resolution", Act::Use),
];

/// How deep the scope of a constant may lie.
const DEPTH: usize = 16;

/// Reads one Ruby file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    /// The classes and modules around the current node, and where each ends.
    around: Vec<(&'a str, usize)>,
    /// Constants, with the scope that each is used in.
    constants: BTreeSet<(String, &'a str)>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, around: Vec::new(), constants: BTreeSet::new() }
    }

    fn leave(&mut self, node: Node<'_>) {
        while self.around.last().is_some_and(|(_, end)| *end <= node.start_byte()) {
            self.around.pop();
        }
    }

    fn call(&self, node: Node<'_>, found: &mut Found) {
        let method = field(self.text, node, "method");
        let at = match method {
            "require" | "require_relative" | "load" => 0,
            "autoload" => 1,
            _ => return,
        };
        let list = field_of(node, "arguments");
        let Some(path) = list
            .and_then(|list| list.named_child(at))
            .and_then(|node| unquoted(text_of(self.text, node)))
            .filter(|path| !path.contains("#{"))
        else {
            return;
        };
        let symbols = list
            .filter(|_| at == 1)
            .and_then(|list| list.named_child(0))
            .map(|name| text_of(self.text, name).trim_start_matches(':').to_owned());
        let target =
            if method == "require_relative" { format!("./{path}") } else { path.to_owned() };
        found.import(target, symbols.into_iter().collect());
    }

    /// Whether the constant was read whole.
    fn constant(&mut self, node: Node<'_>) -> bool {
        let name = text_of(self.text, node);
        if name.contains(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))) {
            return false;
        }
        self.leave(node);
        if self.around.len() > DEPTH {
            return true;
        }
        let around: Vec<&str> = self.around.iter().map(|(name, _)| *name).collect();
        self.constants.insert((around.join("::"), name));
        true
    }
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Scope => {
                self.leave(node);
                let name = field(self.text, node, "name");
                found.define(name.rsplit("::").next().unwrap_or(name));
                self.around.push((name, node.end_byte()));
            }
            Act::Define => found.define(field(self.text, node, "name")),
            Act::DefineOuter => {
                let left = field_of(node, "left").filter(|l| l.kind() == "constant");
                found.define(left.map_or("", |left| text_of(self.text, left)));
            }
            Act::Call => self.call(node, found),
            Act::Use => return !self.constant(node),
            _ => {}
        }
        true
    }

    fn finish(self, found: &mut Found) {
        let own: BTreeSet<&str> = found.definitions.iter().map(String::as_str).collect();
        let targets: Vec<String> = self
            .constants
            .iter()
            .filter(|(_, name)| !own.contains(name))
            .map(|(around, name)| format!("::{around}/{}", name.trim_start_matches("::")))
            .collect();
        for target in targets {
            found.import(target, Vec::new());
        }
    }
}
