//! The rule of the crate's layers, held against its sources: arrows point down, `domain` does
//! no IO, and nothing but `ui` prints.

use std::path::Path;

/// The layers from the top; modules of one row may use each other.
const LAYERS: [&[&str]; 6] = [
    &["main"],
    &["cli"],
    &["commands"],
    &["planner", "execute", "apply"],
    &["analysis", "worker", "git", "store", "report"],
    &["domain"],
];

/// What `domain` may not name.
const IO: [&str; 16] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "gix::",
    "git2::",
    "tokio::",
    "tempfile::",
    "File::open",
    "TcpStream",
    "handlebars::",
];

/// What only `ui`, the trace of the failpoint seam and a panic may do.
const PRINTS: [&str; 6] = ["println!", "print!", "eprintln!", "eprint!", "stdout()", "stderr()"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// Whether code of `from` may use `to`.
fn allowed(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    if to == "ui" {
        return from == "main" || from == "commands";
    }
    if from == "ui" {
        return to == "domain";
    }
    match (layer(from), layer(to)) {
        (Some(from), Some(to)) => from <= to,
        _ => false,
    }
}

/// What is wrong with a source, as `path:line: what`.
fn complaints(path: &str, source: &str) -> Vec<String> {
    let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let mut found = Vec::new();
    if module == "lib" {
        return found;
    }
    let code = code_only(source);
    for (line, to) in uses(&code) {
        if !allowed(module, &to) {
            found.push(format!("{path}:{line}: `{module}` may not use `{to}`"));
        }
    }
    for (number, line) in code.lines().enumerate() {
        let number = number + 1;
        if module == "domain" {
            for io in IO.iter().filter(|io| line.contains(**io)) {
                found.push(format!("{path}:{number}: `domain` may not use `{io}`"));
            }
        }
        let named = |p: &str| line.match_indices(p).any(|(at, _)| !ends_in_name(&line[..at]));
        let prints = PRINTS.iter().filter(|p| named(p));
        if !matches!(module, "ui" | "main") && path != "store/steps.rs" {
            found.extend(prints.map(|p| format!("{path}:{number}: only `ui` may use `{p}`")));
        }
    }
    found
}

/// The source with comments, the contents of strings and test modules blanked out, line for
/// line.
fn code_only(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source.char_indices().peekable();
    let bytes = source.as_bytes();
    while let Some((i, c)) = rest.next() {
        let next = bytes.get(i + 1).copied();
        match c {
            '/' if next == Some(b'/') => while rest.next_if(|(_, c)| *c != '\n').is_some() {},
            'r' if matches!(next, Some(b'"' | b'#')) && !ends_in_name(&out) => {
                let hashes = source[i + 1..].bytes().take_while(|b| *b == b'#').count();
                if bytes.get(i + 1 + hashes) != Some(&b'"') {
                    out.push(c);
                    continue;
                }
                let close = format!("\"{}", "#".repeat(hashes));
                let from = i + 2 + hashes;
                let length = source[from..].find(&close).unwrap_or(source.len() - from);
                let end = from + length + close.len();
                while let Some((_, c)) = rest.next_if(|(at, _)| *at < end) {
                    if c == '\n' {
                        out.push('\n');
                    }
                }
            }
            '"' => {
                let mut escaped = false;
                for (_, c) in rest.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                    }
                    if c == '"' && !escaped {
                        break;
                    }
                    escaped = c == '\\' && !escaped;
                }
            }
            '\'' => {
                // A character, not a lifetime: it closes within a few bytes.
                let escape = next == Some(b'\\');
                let length = if escape { 12 } else { 6 };
                let end = source[i + 1..]
                    .char_indices()
                    .take(length)
                    .find(|(n, c)| *c == '\'' && *n > 0 && !(escape && *n == 1))
                    .map(|(n, _)| i + 1 + n);
                let character =
                    end.filter(|end| escape || source[i + 1..*end].chars().count() == 1);
                if let Some(end) = character {
                    while rest.next_if(|(at, _)| *at <= end).is_some() {}
                }
            }
            c => out.push(c),
        }
    }
    without_tests(&out)
}

fn ends_in_name(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Blanks out `#[cfg(test)] mod … { … }`.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let body = out[start..].find(['{', ';']).map_or(out.len(), |n| start + n);
        let mut end = (body + 1).min(out.len());
        if out.as_bytes().get(body) == Some(&b'{') {
            let mut depth = 1;
            while depth > 0 && end < out.len() {
                match out.as_bytes()[end] {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    _ => {}
                }
                end += 1;
            }
        }
        let lines: String = out[start..end].chars().filter(|c| *c == '\n').collect();
        out.replace_range(start..end, &lines);
    }
    out
}

/// The top-level modules that code names after `crate::` or `git_ap::`, with their lines; groups
/// in braces are opened.
fn uses(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate::", "git_ap::"] {
        for (at, _) in code.match_indices(root) {
            if ends_in_name(&code[..at]) {
                continue;
            }
            let rest = &code[at + root.len()..];
            let line = |offset: usize| code[..at + root.len() + offset].matches('\n').count() + 1;
            if let Some(group) = rest.strip_prefix('{') {
                let mut depth = 0;
                let mut expects = true;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => expects = true,
                        c if expects && depth == 0 && (c.is_alphanumeric() || c == '_') => {
                            found.push((line(1 + i), name(&group[i..])));
                            expects = false;
                        }
                        _ => {}
                    }
                }
            } else {
                found.push((line(0), name(rest)));
            }
        }
    }
    found.sort();
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn sources(folder: &Path, prefix: &str, out: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("readable").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, &format!("{prefix}{file}/"), out);
        } else if path.extension().is_some_and(|e| e == "rs") && file != "tests.rs" {
            let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
            out.push((format!("{prefix}{file}"), text));
        }
    }
}

#[test]
fn arrows_point_down_and_the_domain_is_pure() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    assert!(all.len() > 80, "the sources are found: {}", all.len());
    let found: Vec<String> = all.iter().flat_map(|(path, text)| complaints(path, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_rule_can_be_broken() {
    for (path, source, expected) in [
        ("domain/x.rs", "use crate::git::Repository;", "domain/x.rs:1: `domain` may not use `git`"),
        (
            "git/x.rs",
            "\nuse crate::{domain::a, commands::{b, c}};",
            "git/x.rs:2: `git` may not use `commands`",
        ),
        ("store/x.rs", "fn f() { crate::ui::g() }", "store/x.rs:1: `store` may not use `ui`"),
        ("ui/x.rs", "use crate::git::X;", "ui/x.rs:1: `ui` may not use `git`"),
        ("cli.rs", "use crate::ui::X;", "cli.rs:1: `cli` may not use `ui`"),
        (
            "analysis/x.rs",
            "use crate::planner::X;",
            "analysis/x.rs:1: `analysis` may not use `planner`",
        ),
        (
            "domain/x.rs",
            "fn f() { std::fs::read(\"a\") }",
            "domain/x.rs:1: `domain` may not use `std::fs`",
        ),
        (
            "domain/x.rs",
            "use std::time::SystemTime;",
            "domain/x.rs:1: `domain` may not use `SystemTime`",
        ),
        ("store/x.rs", "fn f() { println!(\"a\") }", "store/x.rs:1: only `ui` may use `println!`"),
        (
            "commands/x.rs",
            "fn f() { std::io::stdout() }",
            "commands/x.rs:1: only `ui` may use `stdout()`",
        ),
        (
            "apply.rs",
            "mod a { use crate::{\n  commands as c,\n}; }",
            "apply.rs:2: `apply` may not use `commands`",
        ),
    ] {
        let found = complaints(path, source);
        assert!(found.iter().any(|f| f == expected), "{source:?}: {found:?}");
    }
    for (path, source) in [
        (
            "domain/x.rs",
            "//! std::fs and crate::git\nfn f() { \"std::fs crate::ui println!\"; r#\"crate::git\"#; '\"'; }",
        ),
        (
            "domain/x.rs",
            "use crate::domain::y;\n#[cfg(test)]\nmod tests { fn f() { std::fs::read(\"a\") } }",
        ),
        ("commands/x.rs", "use crate::{domain, git::Repository, ui::Ui, planner::x};"),
        ("store/x.rs", "use crate::domain::x;"),
    ] {
        assert_eq!(complaints(path, source), [""; 0], "{source:?}");
    }
}
