//! Rust: `use`, `mod`, `include!`, and the paths that the code spells out.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::Statement;
use super::walk::{Act, Found, Visit, field, field_of, text_of, unquoted};

pub(super) const ACTS: &[(&str, Act)] = &[
    ("line_comment", Act::Skip),
    ("block_comment", Act::Skip),
    ("string_literal", Act::Skip),
    ("raw_string_literal", Act::Skip),
    ("char_literal", Act::Skip),
    ("visibility_modifier", Act::Skip),
    ("function_item", Act::Define),
    ("function_signature_item", Act::Define),
    ("struct_item", Act::Define),
    ("enum_item", Act::Define),
    ("union_item", Act::Define),
    ("trait_item", Act::Define),
    ("type_item", Act::Define),
    ("associated_type", Act::Define),
    ("const_item", Act::Define),
    ("static_item", Act::Define),
    ("macro_definition", Act::Define),
    ("mod_item", Act::Scope),
    ("use_declaration", Act::Import),
    ("extern_crate_declaration", Act::Bind),
    ("macro_invocation", Act::Call),
    ("attribute_item", Act::Detail),
    ("scoped_identifier", Act::Path),
    ("scoped_type_identifier", Act::Path),
    // Inside of a macro's arguments there are tokens, no paths.
    ("identifier", Act::Use),
    ("crate", Act::Use),
    ("super", Act::Use),
    ("self", Act::Use),
    ("metavariable", Act::Use),
];

/// How deep the braces of one `use` may nest.
const DEPTH: usize = 32;
/// Crates that no repository holds.
const STANDARD: &[&str] = &["alloc", "core", "proc_macro", "std"];

/// Reads one Rust file.
pub(super) struct Visitor<'a> {
    text: &'a str,
    /// The modules written out around the current node, and where each ends.
    modules: Vec<(&'a str, usize)>,
    /// What `#[path]` said of the module that comes next.
    paths: Vec<&'a str>,
    /// Names that `use` brought in, with the paths that they stand for.
    names: BTreeMap<String, String>,
    /// Paths spelled out in the code.
    inline: BTreeSet<String>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            modules: Vec::new(),
            paths: Vec::new(),
            names: BTreeMap::new(),
            inline: BTreeSet::new(),
        }
    }

    /// `mod name;` or `mod name { … }`.
    fn module(&mut self, node: Node<'_>, found: &mut Found) {
        self.leave(node);
        let name = field(self.text, node, "name");
        found.define(name);
        let paths = std::mem::take(&mut self.paths);
        if field_of(node, "body").is_some() {
            self.modules.push((name, node.end_byte()));
            return;
        }
        let mut child = |target: String| {
            found.imports.push(Statement { target, symbols: Vec::new(), child: true });
        };
        if paths.is_empty() {
            let around = self.modules.iter().take(DEPTH).map(|(name, _)| *name);
            child(around.chain([name]).collect::<Vec<_>>().join("/"));
        }
        for path in paths {
            child(format!("./{path}"));
        }
    }

    /// Forgets the modules that end before a node.
    fn leave(&mut self, node: Node<'_>) {
        while self.modules.last().is_some_and(|(_, end)| *end <= node.start_byte()) {
            self.modules.pop();
        }
    }

    /// A path as one would write it outside of the modules around it.
    fn outside(&self, path: &str) -> String {
        let around = self.modules.len().min(DEPTH);
        let mut rest = path;
        let mut up = 0;
        while let Some(tail) = rest.strip_prefix("super") {
            if !(tail.is_empty() || tail.starts_with("::")) {
                break;
            }
            up += 1;
            rest = tail.trim_start_matches("::");
        }
        if up == 0 && rest != "self" && !rest.starts_with("self::") {
            return path.to_owned();
        }
        if up == 0 {
            rest = rest["self".len()..].trim_start_matches("::");
        }
        let mut parts: Vec<&str> = Vec::new();
        if up > around {
            parts.resize(up - around, "super");
        } else {
            parts.push("self");
            parts.extend(self.modules[..around - up].iter().map(|(name, _)| *name));
        }
        parts.extend((!rest.is_empty()).then_some(rest));
        parts.join("::")
    }

    fn use_tree(&mut self, node: Node<'_>, prefix: &str, depth: usize, found: &mut Found) {
        if depth > DEPTH {
            return;
        }
        match node.kind() {
            "use_list" => {
                for child in node.named_children(&mut node.walk()) {
                    self.use_tree(child, prefix, depth + 1, found);
                }
            }
            "scoped_use_list" => {
                let path = joined(prefix, &self.path(field_of(node, "path")));
                if let Some(list) = field_of(node, "list") {
                    self.use_tree(list, &path, depth + 1, found);
                }
            }
            "use_wildcard" => {
                let path = joined(prefix, &self.path(node.named_child(0)));
                found.import(self.outside(&path), Vec::new());
            }
            "use_as_clause" => {
                let path = joined(prefix, &self.path(field_of(node, "path")));
                self.used(&path, Some(field(self.text, node, "alias")), found);
            }
            "identifier" | "scoped_identifier" | "self" | "crate" | "super" => {
                let path = joined(prefix, &self.path(Some(node)));
                self.used(&path, None, found);
            }
            _ => {}
        }
    }

    fn used(&mut self, path: &str, alias: Option<&str>, found: &mut Found) {
        let path = self.outside(path);
        let last = path.rsplit("::").next().unwrap_or_default().to_owned();
        self.names.insert(alias.unwrap_or(&last).to_owned(), path.clone());
        found.import(path, vec![last]);
    }

    fn path(&self, node: Option<Node<'_>>) -> String {
        node.map(|node| spelled(text_of(self.text, node))).unwrap_or_default()
    }

    /// A path in the code; `self` alone is a value.
    fn inline(&mut self, node: Node<'_>, path: &str) {
        let first = path.split("::").next().unwrap_or_default();
        let lower = first.starts_with(|c: char| c.is_lowercase() || c == '_');
        if lower && first != path && !STANDARD.contains(&first) {
            self.leave(node);
            self.inline.insert(self.outside(path));
        }
    }

    /// A path that begins with a token of a macro's arguments.
    fn token(&mut self, node: Node<'_>) {
        let after = self.text.get(node.end_byte()..).unwrap_or_default();
        let before = self.text.get(..node.start_byte()).unwrap_or_default();
        if after.starts_with("::") && !before.ends_with("::") {
            let length = after.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':')));
            let end = node.end_byte() + length.unwrap_or(after.len());
            let path = self.text.get(node.start_byte()..end).unwrap_or_default();
            // `$crate` of a macro is the crate that defines it.
            let path = path.strip_prefix('$').filter(|p| p.starts_with("crate::")).unwrap_or(path);
            self.inline(node, path.trim_end_matches(':'));
        }
    }
}

/// A path without blanks, comments and the leading `::`.
fn spelled(text: &str) -> String {
    let text = text.trim_start_matches("::");
    if text.contains(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '#'))) {
        let plain = |c: &char| c.is_alphanumeric() || matches!(c, '_' | ':');
        return text
            .lines()
            .map(|l| l.split("//").next().unwrap_or_default())
            .collect::<String>()
            .chars()
            .filter(plain)
            .collect();
    }
    text.replace("r#", "")
}

fn joined(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "" | "self") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}::{path}"),
    }
}

impl<'a> Visit<'a> for Visitor<'a> {
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool {
        match act {
            Act::Define => found.define(field(self.text, node, "name")),
            Act::Scope => self.module(node, found),
            Act::Import => {
                self.leave(node);
                if let Some(tree) = field_of(node, "argument") {
                    self.use_tree(tree, "", 0, found);
                }
                return false;
            }
            Act::Bind => {
                let name = field(self.text, node, "name");
                let alias = field(self.text, node, "alias");
                self.used(name, Some(alias).filter(|alias| !alias.is_empty()), found);
                return false;
            }
            Act::Detail => {
                let text = text_of(self.text, node);
                if let Some((_, value)) = text.split_once("path")
                    && let Some(value) = value.trim_start().strip_prefix('=')
                    && let Some(value) = value.trim_start().strip_prefix('"')
                {
                    self.paths.extend(value.split('"').next());
                }
                return false;
            }
            Act::Call if field(self.text, node, "macro") == "include" => {
                let text = text_of(self.text, node);
                let argument = text.split_once(['(', '[', '{']).map_or("", |(_, rest)| rest);
                let literal = argument.trim_end_matches([')', ']', '}', ';']).trim();
                if let Some(path) = unquoted(literal) {
                    let target = format!("./{path}");
                    found.imports.push(Statement { target, symbols: Vec::new(), child: true });
                }
            }
            Act::Path => {
                let text = text_of(self.text, node);
                if text.contains(['<', '(']) {
                    return true;
                }
                self.inline(node, &spelled(text));
                return false;
            }
            Act::Use => self.token(node),
            _ => {}
        }
        true
    }

    fn finish(self, found: &mut Found) {
        let mut seen: BTreeSet<String> = found.imports.iter().map(|s| s.target.clone()).collect();
        for path in self.inline {
            let (first, rest) = path.split_once("::").unwrap_or((&path, ""));
            let whole = match self.names.get(first) {
                Some(meant) => format!("{meant}::{rest}"),
                None => path,
            };
            let last = whole.rsplit("::").next().unwrap_or_default().to_owned();
            let standard = STANDARD.contains(&whole.split("::").next().unwrap_or_default());
            if !standard && seen.insert(whole.clone()) {
                found.import(whole, vec![last]);
            }
        }
    }
}
