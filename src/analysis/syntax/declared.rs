//! Which names a file defines. A line scanner that knows how declarations begin in the
//! C-like, Python-like and ML-like families: approximate, but the same for every file.

use crate::analysis::language::Language;

/// How many names of one file are kept.
const LIMIT: usize = 4000;

/// Words that may stand before the one that declares.
const MODIFIERS: &[&str] = &[
    "abstract",
    "async",
    "declare",
    "default",
    "export",
    "extern",
    "final",
    "inline",
    "internal",
    "open",
    "override",
    "private",
    "protected",
    "pub",
    "public",
    "sealed",
    "static",
    "unsafe",
    "virtual",
];
/// Words after which a name is declared, wherever the line is indented.
const DECLARERS: &[&str] = &[
    "#define",
    "class",
    "def",
    "defmodule",
    "enum",
    "fn",
    "fun",
    "func",
    "function",
    "interface",
    "macro_rules!",
    "message",
    "mod",
    "module",
    "namespace",
    "object",
    "protocol",
    "record",
    "service",
    "struct",
    "trait",
    "type",
    "union",
];
/// Words that declare a value; inside a body they name locals, which nobody looks for.
const BINDERS: &[&str] = &["const", "let", "static", "val", "var"];

/// The names that `text` defines, in the order of the lines, each once per line.
pub(super) fn defined(language: Language, text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut go_block = false;
    for line in text.lines() {
        if names.len() >= LIMIT {
            break;
        }
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if language == Language::Go {
            // `const (` and `var (` and `type (` open a block of declarations.
            if go_block && line.starts_with(')') {
                go_block = false;
            } else if ["const (", "var (", "type ("].iter().any(|open| line.starts_with(open)) {
                go_block = true;
            } else if go_block && line.starts_with('\t') && !line.starts_with("\t\t") {
                names.extend(leading_name(body));
            }
        }
        names.extend(declared(language, body, indent));
    }
    names
}

/// The name that a line declares.
fn declared(language: Language, body: &str, indent: usize) -> Option<&str> {
    let mut rest = body;
    let mut modified = false;
    // A declaration has few modifiers: the bound keeps hostile lines cheap.
    for _ in 0..8 {
        let (word, tail) = next_word(rest)?;
        if DECLARERS.binary_search(&word).is_ok() {
            return name_after(language, tail);
        }
        let binds = BINDERS.binary_search(&word).is_ok()
            && match word {
                "let" => !is_item(language),
                "static" => is_item(language),
                _ => true,
            };
        if binds && (indent == 0 || modified || is_item(language)) {
            return name_after(language, tail).filter(|name| !is_keyword(name));
        }
        if MODIFIERS.binary_search(&word).is_err() {
            break;
        }
        modified = true;
        rest = skip_group(tail);
    }
    if modified && has_methods(language) {
        return method_name(rest);
    }
    let constant = indent == 0 && matches!(language, Language::Python | Language::Ruby);
    let name = leading_name(body)?;
    let after = body[name.len()..].trim_start();
    let assigned = after.starts_with(':') || (after.starts_with('=') && !after.starts_with("=="));
    (constant && assigned && !is_keyword(name)).then_some(name)
}

/// In Rust a `const` or `static` is an item at any depth; `let` has no name that is sought.
fn is_item(language: Language) -> bool {
    language == Language::Rust
}

fn has_methods(language: Language) -> bool {
    matches!(language, Language::Java | Language::CSharp | Language::TypeScript | Language::Php)
}

fn is_keyword(name: &str) -> bool {
    matches!(name, "if" | "else" | "try" | "for" | "while" | "return" | "mut" | "fn" | "unsafe")
}

/// The first word, which for preprocessor lines and macros includes `#` and `!`.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '#' | '!')))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Skips `(crate)` of `pub(crate)` and the `"C"` of `extern "C"`.
fn skip_group(text: &str) -> &str {
    let trimmed = text.trim_start();
    if let Some(inner) = trimmed.strip_prefix('(') {
        return inner.split_once(')').map_or(trimmed, |(_, rest)| rest);
    }
    if let Some(inner) = trimmed.strip_prefix('"') {
        return inner.split_once('"').map_or(trimmed, |(_, rest)| rest);
    }
    trimmed
}

/// The name behind a declarer: past a Go receiver, a generator's star, a Ruby `self.`.
fn name_after(language: Language, tail: &str) -> Option<&str> {
    let mut rest = tail.trim_start();
    if language == Language::Go {
        rest = skip_group(rest).trim_start();
    }
    rest = rest.trim_start_matches('*').trim_start();
    rest = rest.strip_prefix("self.").or_else(|| rest.strip_prefix("mut ")).unwrap_or(rest);
    leading_name(rest)
}

fn leading_name(text: &str) -> Option<&str> {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(text.len());
    let name = &text[..end];
    name.chars().next().is_some_and(|c| !c.is_numeric()).then_some(name)
}

/// `name` of `ReturnType name(`.
fn method_name(text: &str) -> Option<&str> {
    let (head, _) = text.split_once('(')?;
    let name = head.trim_end().rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    (!name.is_empty() && !head.contains('=')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found() {
        assert!(MODIFIERS.is_sorted() && DECLARERS.is_sorted() && BINDERS.is_sorted());
        let table: [(Language, &str, &[&str]); 10] = [
            (
                Language::Rust,
                "pub(crate) async fn a() {\n    let x = 1;\n    const B: u8 = 1;\nmacro_rules! c {\npub unsafe extern \"C\" fn d()\nimpl E {}",
                &["a", "B", "c", "d"],
            ),
            (
                Language::Python,
                "class A:\n    def b(self):\n        c = 1\nD = 2\nE: int = 3\nif x == 1:\nf == 2",
                &["A", "b", "D", "E"],
            ),
            (
                Language::Go,
                "func (c *Context) JSON(code int) {\n\tx := 1\n}\nfunc New() {}\nconst (\n\tA = 1\n\tB\n)\ntype R struct {",
                &["JSON", "New", "A", "B", "R"],
            ),
            (
                Language::TypeScript,
                "export default class A {}\nexport const b = 1\n  const local = 1\nexport async function c() {}\nfunction* g() {}\nexport type T = string\n  private handle(x: string) {",
                &["A", "b", "c", "g", "T", "handle"],
            ),
            (Language::Java, "  public static void main(String[] a) {\n  int x = f(1);", &["main"]),
            (Language::Ruby, "  def self.go\nNAME = 1", &["go", "NAME"]),
            (Language::C, "#define MAX 1\nstruct node {", &["MAX", "node"]),
            (Language::Rust, "", &[]),
            (Language::Rust, "pub pub pub pub pub pub pub pub pub pub fn x()", &[]),
            (Language::Rust, "fn", &[]),
        ];
        for (language, text, expected) in table {
            assert_eq!(defined(language, text), expected, "{text}");
        }
    }
}
