//! One walk over a syntax tree, for every language: without recursion, since texts may nest
//! as deep as they are long, and without a look at the names of kinds, which are numbers here.

use std::cell::RefCell;
use std::num::NonZeroU16;
use std::ops::ControlFlow;

use tree_sitter::{Language, Node, ParseOptions, Parser, Tree};

use super::Statement;
use super::grammar::Grammar;

/// Looks at the parser's progress, one for a hundred steps of the parser, that a text may
/// take: these and one for every [`PACE`] bytes. Counted, not timed, so that the same text
/// always gives the same answer. Programs take one for 50 to 100 bytes.
const LOOKS: usize = 200;
const PACE: usize = 20;
/// How deep brackets may nest. A parser that finds an error below many open brackets tries
/// all of them again and again.
const DEPTH: usize = 300;
/// How many angles may be open in one statement of Java: each may compare or begin a list of
/// types, and the parser's memory grows with the square of their number.
const ANGLES: usize = 100;

/// What a kind of node means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing: go on with what is inside.
    Pass,
    /// Nothing, nor does anything inside.
    Skip,
    /// The name of a definition is in the field `name`.
    Define,
    /// The same, where it is not local to a body.
    DefineOuter,
    /// A body: what it defines is local to it.
    Body,
    /// An import statement.
    Import,
    /// A call, which may import.
    Call,
    /// A path or a name that is used.
    Path,
    /// A second kind of use, where a language has two.
    Use,
    /// A scope with a name.
    Scope,
    /// Something that binds a name.
    Bind,
    /// An attribute or another detail that a language looks at by itself.
    Detail,
}

/// What was found in one tree.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) definitions: Vec<String>,
    pub(super) imports: Vec<Statement>,
    /// Bytes that do not follow the grammar.
    pub(super) wrong: usize,
    /// Where the outermost body that was entered ends.
    body: usize,
}

impl Found {
    /// Notes a definition.
    pub(super) fn define(&mut self, name: &str) {
        if !name.is_empty() {
            self.definitions.push(name.to_owned());
        }
    }

    /// Notes an import.
    pub(super) fn import(&mut self, target: impl Into<String>, symbols: Vec<String>) {
        self.imports.push(Statement::new(target, symbols));
    }

    /// Whether a node is inside a body.
    pub(super) fn is_local(&self, node: Node<'_>) -> bool {
        node.start_byte() < self.body
    }

    /// Marks a node as a body.
    pub(super) fn enter_body(&mut self, node: Node<'_>) {
        self.body = self.body.max(node.end_byte());
    }
}

/// What a language does with the nodes that it listed.
pub(super) trait Visit<'a> {
    /// Looks at a node; whether to go on with what is inside.
    fn visit(&mut self, act: Act, node: Node<'_>, found: &mut Found) -> bool;

    /// Concludes, once all nodes were seen.
    fn finish(self, found: &mut Found);
}

/// The text of a node.
pub(super) fn text_of<'a>(text: &'a str, node: Node<'_>) -> &'a str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// The text of a field of a node, empty without one.
pub(super) fn field<'a>(text: &'a str, node: Node<'_>, name: &'static str) -> &'a str {
    field_of(node, name).map_or("", |child| text_of(text, child))
}

/// The field of a node that has this name.
pub(super) fn field_of<'t>(node: Node<'t>, name: &'static str) -> Option<Node<'t>> {
    node.child_by_field_id(field_id(node, name)?.get())
}

/// The numbers of the fields of one grammar, by name.
type Fields = Vec<(&'static str, Option<NonZeroU16>)>;

thread_local! {
    /// The parser's library compares a field's name with those of all fields, one by one, for
    /// every node that is asked for it.
    static FIELDS: RefCell<Vec<(Language, Fields)>> = const { RefCell::new(Vec::new()) };
}

fn field_id(node: Node<'_>, name: &'static str) -> Option<NonZeroU16> {
    FIELDS.with_borrow_mut(|known| {
        let language = node.language();
        let at = known.iter().position(|(known, _)| *known == *language).unwrap_or_else(|| {
            known.push(((*language).clone(), Vec::new()));
            known.len() - 1
        });
        let fields = &mut known[at].1;
        // The same text in the program is at the same place; two places may hold the same text.
        let same = |known: &&'static str| std::ptr::eq(*known, name);
        if let Some((_, id)) = fields.iter().find(|(known, _)| same(known)) {
            return *id;
        }
        let id = language.field_id_for_name(name);
        fields.push((name, id));
        id
    })
}

/// A string's content, without its quotes.
pub(super) fn unquoted(literal: &str) -> Option<&str> {
    let quote = literal.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = literal[1..].strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains(['\n', '\\'])).then_some(inner)
}

/// How many brackets are open at most, whether they stand in code or in strings.
fn nesting(text: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => {
                open += 1;
                most = most.max(open);
            }
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// How many angles are open at most in one statement.
fn angles(text: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text {
        match byte {
            b'<' => {
                open += 1;
                most = most.max(open);
            }
            b'>' => open = open.saturating_sub(1),
            b';' | b'{' | b'}' => open = 0,
            _ => {}
        }
    }
    most
}

/// A parser and the meaning of its kinds, by their numbers.
pub(super) struct Table {
    grammar: Grammar,
    parser: Parser,
    acts: Vec<Act>,
}

impl Table {
    /// A parser for `grammar`.
    pub(super) fn new(grammar: Grammar) -> Self {
        let syntax = grammar.syntax();
        let mut parser = Parser::new();
        parser
            .set_language(&syntax)
            .expect("a compiled grammar has a version that the parser reads");
        let acts = (0..syntax.node_kind_count())
            .map(|id| {
                let id = u16::try_from(id).ok()?;
                let name = syntax.node_kind_for_id(id)?;
                let named = syntax.node_kind_is_named(id);
                let listed = grammar.acts().iter().find(|(kind, _)| *kind == name);
                listed.filter(|_| named).map(|(_, act)| *act)
            })
            .map(|act| act.unwrap_or(Act::Pass))
            .collect();
        Self { grammar, parser, acts }
    }

    /// What a text says; `None` where the parser was cut off.
    pub(super) fn read(&mut self, text: &str) -> Option<Found> {
        let tree = self.parse(text)?;
        Some(match self.grammar {
            Grammar::Rust => self.walk(&tree, super::rust::Visitor::new(text)),
            Grammar::Python => self.walk(&tree, super::python::Visitor::new(text)),
            Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx => {
                self.walk(&tree, super::web::Visitor::new(text))
            }
            Grammar::Go => self.walk(&tree, super::go::Visitor::new(text)),
            Grammar::Java => self.walk(&tree, super::java::Visitor::new(text)),
            Grammar::C | Grammar::Cpp => self.walk(&tree, super::native::Visitor::new(text)),
            Grammar::Ruby => self.walk(&tree, super::ruby::Visitor::new(text)),
        })
    }

    fn parse(&mut self, text: &str) -> Option<Tree> {
        let bytes = text.as_bytes();
        let generic = self.grammar == Grammar::Java && angles(bytes) > ANGLES;
        if generic || nesting(bytes) > DEPTH {
            return None;
        }
        let mut left = LOOKS + bytes.len() / PACE;
        let mut look = |_: &tree_sitter::ParseState| {
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut look);
        let mut input = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = self.parser.parse_with_options(&mut input, None, Some(options));
        if tree.is_none() {
            self.parser.reset();
        }
        tree
    }

    fn walk<'a>(&self, tree: &Tree, mut visitor: impl Visit<'a>) -> Found {
        let mut found = Found::default();
        let mut cursor = tree.walk();
        let mut wrong_until = 0;
        loop {
            let node = cursor.node();
            if node.is_error() && node.start_byte() >= wrong_until {
                wrong_until = node.end_byte();
                found.wrong += node.end_byte() - node.start_byte();
            }
            let act = self.acts.get(usize::from(node.kind_id())).copied().unwrap_or(Act::Pass);
            let inside = match act {
                Act::Pass => true,
                Act::Skip => false,
                act => visitor.visit(act, node, &mut found),
            };
            if inside && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    visitor.finish(&mut found);
                    return found;
                }
            }
        }
    }
}
