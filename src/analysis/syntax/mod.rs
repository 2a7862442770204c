//! What the text of one file says by its language's grammar: the names that it defines and
//! the files and packages that it imports. Where there is no grammar, or the text does not
//! follow it, a line scanner answers, and the answer is marked approximate.

mod declared;
mod go;
mod grammar;
mod java;
mod native;
mod python;
mod ruby;
mod rust;
mod scan;
mod script;
mod walk;
mod web;

use super::language::Language;
use grammar::Grammar;
use walk::{Found, Table};

/// Longer texts are data more often than programs; they are read line by line.
const TEXT_LIMIT: usize = 512 << 10;
/// How many names of one file are kept.
const NAMES: usize = 4000;
/// How many attributes of one imported module are kept.
const SYMBOLS: usize = 40;
/// How many statements of one file are kept.
const STATEMENTS: usize = 2000;

/// An import as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// What is imported, in the spelling of its language: `crate::a::b`, `..pkg.mod`,
    /// `./x.js`, `example.org/m/render`, `a/b.h`, `<a/b.h>`. A lone `.` in Go and Java is the
    /// package that the file belongs to; `::A/B` in Ruby is the constant `B` inside of `A`.
    pub target: String,
    /// The names that are used of it, where the text says so.
    pub symbols: Vec<String>,
    /// A `mod x;` of Rust: the target is a child, or a file if it begins with `./`.
    pub child: bool,
}

impl Statement {
    fn new(target: impl Into<String>, symbols: Vec<String>) -> Self {
        Self { target: target.into(), symbols, child: false }
    }
}

/// What one text says. Follows from the language and the text alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// The names that it defines, sorted, each once.
    pub definitions: Vec<String>,
    /// What it imports, in the order of the text; what is used without an import comes last.
    pub imports: Vec<Statement>,
    /// Whether it was read line by line and not by a grammar.
    pub approximate: bool,
    /// Whether it holds tests beside its code (Rust's `#[cfg(test)]`).
    pub inline_tests: bool,
    /// Whether it starts a program: `package main`, `if __name__ == "__main__"`, `#!`.
    pub starts_program: bool,
}

/// Reads texts, one at a time; keeps the parsers that it has made. One for each thread.
#[derive(Default)]
pub struct Reader {
    tables: [Option<Table>; Grammar::COUNT],
}

impl Reader {
    /// A reader that has made no parser yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `text` says as a file of `language`. Takes time in proportion to the text's
    /// length, whatever it holds; never fails.
    pub fn read(&mut self, language: Language, text: &str) -> Syntax {
        let mut syntax = self.parsed(language, text).unwrap_or_else(|| by_line(language, text));
        syntax.definitions.sort_unstable();
        syntax.definitions.dedup();
        syntax.definitions.truncate(NAMES);
        syntax.imports.truncate(STATEMENTS);
        syntax.inline_tests = language == Language::Rust && text.contains("#[cfg(test)]");
        syntax.starts_program = starts_program(language, text);
        syntax
    }

    /// What the grammar that fits best says; `None` where none does.
    fn parsed(&mut self, language: Language, text: &str) -> Option<Syntax> {
        if text.len() > TEXT_LIMIT {
            return None;
        }
        let within = script::inside(language, text);
        let text = within.as_deref().unwrap_or(text);
        let mut best: Option<Found> = None;
        for grammar in grammar::candidates(language, text) {
            let table = self.tables[*grammar as usize].get_or_insert_with(|| Table::new(*grammar));
            let found = table.read(text);
            let better = match (&found, &best) {
                (Some(found), Some(best)) => found.wrong < best.wrong,
                (found, _) => found.is_some(),
            };
            if better {
                best = found;
            }
            if best.as_ref().is_some_and(|best| best.wrong == 0) {
                break;
            }
        }
        // What the grammar could not read is most of it: it is another language, or a dialect.
        let best = best.filter(|best| best.wrong <= text.len() / 2)?;
        Some(Syntax { definitions: best.definitions, imports: best.imports, ..Syntax::default() })
    }
}

fn by_line(language: Language, text: &str) -> Syntax {
    Syntax {
        definitions: declared::defined(language, text).into_iter().map(str::to_owned).collect(),
        imports: scan::statements(language, text),
        approximate: true,
        ..Syntax::default()
    }
}

fn starts_program(language: Language, text: &str) -> bool {
    match language {
        Language::Go => text.lines().any(|line| line.trim_end() == "package main"),
        Language::Python => text.lines().any(|line| line.starts_with("if __name__ == ")),
        Language::Java => text.contains("public static void main("),
        _ => text.starts_with("#!"),
    }
}

#[cfg(test)]
mod tests;
