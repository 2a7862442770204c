//! Import statements as one file's text has them, before anybody asks which files they mean.

use std::collections::{BTreeMap, BTreeSet};

use super::Statement;
use crate::analysis::language::Language;

/// How many statements of one file are kept.
const LIMIT: usize = 2000;
/// How many lines one statement may take.
const LINES: usize = 200;

/// The import statements of a text, in its order.
pub(super) fn statements(language: Language, text: &str) -> Vec<Statement> {
    let mut found = match language {
        Language::Rust => rust(text),
        Language::Python => python(text),
        Language::JavaScript | Language::TypeScript | Language::Vue | Language::Svelte => web(text),
        Language::Go => go(text),
        Language::Java | Language::Kotlin | Language::Scala => virtual_machine(text),
        Language::C | Language::Cpp => includes(text),
        Language::Ruby => ruby(text),
        _ => Vec::new(),
    };
    found.truncate(LIMIT);
    found
}

/// Joins lines from `first` on until one holds `end`.
fn joined<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, end: &[char]) -> String {
    let mut whole = first.to_owned();
    for _ in 0..LINES {
        if whole.contains(end) {
            break;
        }
        let Some(line) = lines.next() else { break };
        whole.push(' ');
        whole.push_str(line.split("//").next().unwrap_or_default().trim());
    }
    whole
}

fn rust(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let body = without_visibility(line.trim_start());
        if let Some(name) =
            body.strip_prefix("mod ").and_then(|rest| rest.trim_end().strip_suffix(';'))
        {
            out.push(Statement {
                target: name.trim().to_owned(),
                symbols: Vec::new(),
                child: true,
            });
        } else if let Some(tree) = body.strip_prefix("use ") {
            let whole = joined(tree, &mut lines, &[';']);
            let tree = whole.split(';').next().unwrap_or_default();
            use_tree("", tree, 0, &mut out);
        }
    }
    out
}

fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest = rest.trim_start();
    if rest.starts_with('(') {
        rest.split_once(')').map_or(rest, |(_, r)| r.trim_start())
    } else {
        rest
    }
}

/// Flattens `a::{b::C, d}` into the paths `a::b::C` and `a::d`. The last part of a path is
/// its symbol as well: only the files tell whether it is a module or an item.
fn use_tree(prefix: &str, tree: &str, depth: usize, out: &mut Vec<Statement>) {
    if depth > 16 || out.len() > LIMIT {
        return;
    }
    for branch in split_outside_braces(tree) {
        let branch = branch.trim();
        if let Some((head, rest)) = branch.split_once('{') {
            let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
            use_tree(&format!("{prefix}{}", head.trim()), inner, depth + 1, out);
            continue;
        }
        let path = branch.split(" as ").next().unwrap_or_default().trim();
        if path.is_empty() {
            continue;
        }
        let whole = if path == "self" {
            prefix.trim_end_matches("::").to_owned()
        } else {
            format!("{prefix}{path}")
        };
        let last = whole.rsplit("::").next().unwrap_or_default();
        let symbols = if last == "*" { Vec::new() } else { vec![last.to_owned()] };
        out.push(Statement::new(whole.trim_end_matches("::*").trim_start_matches("::"), symbols));
    }
}

fn split_outside_braces(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn python(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let body = line.trim_start();
        if let Some(list) = body.strip_prefix("import ") {
            for name in list.split('#').next().unwrap_or_default().split(',') {
                let name = name.split(" as ").next().unwrap_or_default().trim();
                if is_dotted(name) {
                    out.push(Statement::new(name, Vec::new()));
                }
            }
        } else if let Some(rest) = body.strip_prefix("from ")
            && let Some((module, names)) = rest.split_once(" import ")
        {
            let whole = if names.contains('(') && !names.contains(')') {
                joined(names, &mut lines, &[')'])
            } else {
                names.to_owned()
            };
            let whole = whole.split('#').next().unwrap_or_default();
            let symbols = names_in(whole.trim_matches(|c: char| "() ".contains(c)));
            if is_dotted(module.trim()) {
                out.push(Statement::new(module.trim(), symbols));
            }
        }
    }
    out
}

fn is_dotted(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'))
}

/// The names of a comma-separated list, without their aliases.
fn names_in(list: &str) -> Vec<String> {
    list.split(',')
        .map(|name| name.trim().trim_start_matches("type "))
        .filter_map(|name| name.split_whitespace().next())
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$')))
        .map(str::to_owned)
        .collect()
}

fn web(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let body = line.trim_start();
        let opens = body.starts_with("import ") || body.starts_with("import{");
        let exports = body.starts_with("export {")
            || body.starts_with("export * ")
            || body.starts_with("export type {");
        if (opens || exports) && !body.starts_with("import(") {
            let whole = joined(body, &mut lines, &['\'', '"', ';']);
            let clause = whole.split(" from").next().unwrap_or_default();
            let specifier = match whole.rfind(" from").or_else(|| whole.rfind("}from")) {
                Some(at) => first_string(&whole[at..]),
                None if opens => first_string(&whole),
                None => None,
            };
            if let Some(specifier) = specifier {
                out.push(Statement::new(specifier, clause_symbols(clause)));
            }
            continue;
        }
        for call in ["require(", "import("] {
            for (at, _) in body.match_indices(call).take(4) {
                let argument = body[at + call.len()..].trim_start();
                if argument.starts_with(['\'', '"'])
                    && let Some(specifier) = first_string(argument)
                {
                    let symbols =
                        if call == "require(" { clause_symbols(&body[..at]) } else { Vec::new() };
                    out.push(Statement::new(specifier, symbols));
                }
            }
        }
    }
    out
}

fn first_string(text: &str) -> Option<&str> {
    let start = text.find(['\'', '"'])?;
    let quote = text[start..].chars().next()?;
    let inner = &text[start + 1..];
    inner.find(quote).map(|end| &inner[..end]).filter(|s| !s.is_empty())
}

/// The names in the braces of `import a, { b, c as d }` or `const { b } =`.
fn clause_symbols(clause: &str) -> Vec<String> {
    let Some((_, rest)) = clause.split_once('{') else { return Vec::new() };
    names_in(rest.split('}').next().unwrap_or_default())
}

fn go(text: &str) -> Vec<Statement> {
    let mut packages: BTreeMap<String, String> = BTreeMap::new();
    let mut block = false;
    for line in text.lines() {
        let body = line.trim();
        let entry = if block {
            if body.starts_with(')') {
                block = false;
            }
            body
        } else if let Some(rest) = body.strip_prefix("import ") {
            block = rest.trim_start().starts_with('(');
            rest
        } else {
            if body.starts_with("func ") {
                break;
            }
            continue;
        };
        if let Some(path) = first_string(entry) {
            let alias = entry.split('"').next().unwrap_or_default().trim();
            let last = path.rsplit('/').next().unwrap_or(path);
            let name = if matches!(alias, "" | "_" | ".") { last } else { alias };
            packages.insert(name.to_owned(), path.to_owned());
        }
    }
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (at, _) in text.match_indices('.') {
        let package = text[..at]
            .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()
            .unwrap_or_default();
        let tail = &text[at + 1..];
        let end = tail.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(tail.len());
        if tail[..end].starts_with(|c: char| c.is_uppercase()) && packages.contains_key(package) {
            used.entry(package).or_default().insert(&tail[..end]);
        }
    }
    packages
        .iter()
        .map(|(name, path)| {
            let symbols = used.get(name.as_str()).into_iter().flatten();
            Statement::new(path.as_str(), symbols.map(|s| (*s).to_owned()).collect())
        })
        .collect()
}

fn virtual_machine(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("import ") else { continue };
        let rest = rest.strip_prefix("static ").unwrap_or(rest);
        let path = rest.split([';', ' ', '{']).next().unwrap_or_default().trim_end_matches('.');
        let symbol = path.rsplit('.').next().unwrap_or_default();
        if is_dotted(path) && symbol != "*" {
            out.push(Statement::new(path, vec![symbol.to_owned()]));
        }
    }
    out
}

fn includes(text: &str) -> Vec<Statement> {
    text.lines()
        .filter_map(|line| {
            line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")
        })
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"'))
        .map(|(path, _)| Statement::new(path, Vec::new()))
        .collect()
}

fn ruby(text: &str) -> Vec<Statement> {
    text.lines()
        .filter_map(|line| {
            let body = line.trim_start();
            if let Some(rest) = body.strip_prefix("require_relative") {
                return first_string(rest).map(|path| format!("./{path}"));
            }
            first_string(body.strip_prefix("require ")?).map(str::to_owned)
        })
        .map(|target| Statement::new(target, Vec::new()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(language: Language, text: &str) -> Vec<(String, String)> {
        statements(language, text).into_iter().map(|s| (s.target, s.symbols.join(","))).collect()
    }

    fn expected(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn imports_of_every_language() {
        type Row = (Language, &'static str, &'static [(&'static str, &'static str)]);
        let table: [Row; 8] = [
            (
                Language::Rust,
                "mod a;\npub(crate) mod b;\nuse crate::x::{Y, z::{self, W as V}};\nuse super::q::*;\nuse std::{\n    io, // why\n    fs,\n};\nfn f() {}",
                &[
                    ("a", ""),
                    ("b", ""),
                    ("crate::x::Y", "Y"),
                    ("crate::x::z", "z"),
                    ("crate::x::z::W", "W"),
                    ("super::q", ""),
                    ("std::io", "io"),
                    ("std::fs", "fs"),
                ],
            ),
            (
                Language::Python,
                "import os, a.b as c\nfrom . import d\nfrom ..e.f import (\n    G,\n    H as I,\n)\nfrom x import y  # why\n",
                &[("os", ""), ("a.b", ""), (".", "d"), ("..e.f", "G,H"), ("x", "y")],
            ),
            (
                Language::TypeScript,
                "import a from './a'\nimport type { B, C as D } from \"../b\"\nimport {\n  e,\n  f\n} from './e.js'\nimport './side'\nexport * from './g'\nconst { h } = require('./h')\nconst x = await import('./i')\nexport { local }\n",
                &[
                    ("./a", ""),
                    ("../b", "B,C"),
                    ("./e.js", "e,f"),
                    ("./side", ""),
                    ("./g", ""),
                    ("./h", "h"),
                    ("./i", ""),
                ],
            ),
            (
                Language::Go,
                "package a\nimport (\n\t\"fmt\"\n\tr \"x.org/m/render\"\n)\nfunc f() { r.JSON(r.Data{}); fmt.Println() }",
                &[("fmt", "Println"), ("x.org/m/render", "Data,JSON")],
            ),
            (
                Language::Java,
                "import a.b.C;\nimport static a.D.e;\nimport x.*;",
                &[("a.b.C", "C"), ("a.D.e", "e")],
            ),
            (Language::C, "#include \"a/b.h\"\n# include <stdio.h>\n", &[("a/b.h", "")]),
            (Language::Ruby, "require_relative 'a/b'\nrequire \"c\"", &[("./a/b", ""), ("c", "")]),
            (Language::Sql, "import x", &[]),
        ];
        for (language, text, rows) in table {
            assert_eq!(found(language, text), expected(rows), "{text}");
        }
    }

    #[test]
    fn hostile_text_is_survived() {
        let deep = format!("use {}", "a::{".repeat(10_000));
        for language in [Language::Rust, Language::Python, Language::TypeScript, Language::Go] {
            for text in [
                deep.as_str(),
                "use ;",
                "import {",
                "from  import ",
                "import '",
                "import (\n",
                "é.É",
            ] {
                statements(language, text);
            }
        }
    }
}
