//! Which tracked file an import means, by the rules of its language. What resolves to no
//! tracked file is a dependency from elsewhere and gives no edge.

use std::collections::BTreeMap;

use super::Statement;
use super::layout::{Layout, join, normalise, parent};
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::{Language, Role};

/// Files that a statement in file `from` means, with the names that it uses of each.
pub(super) fn targets(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    from: usize,
    language: Language,
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let Some(path) = layout.path(from) else { return Vec::new() };
    let symbols = || statement.symbols.clone();
    match language {
        Language::Rust => rust(layout, path, statement).into_iter().collect(),
        Language::Python => python(layout, path, statement),
        Language::JavaScript | Language::TypeScript | Language::Vue | Language::Svelte => {
            web(layout, path, &statement.target).map(|to| (to, symbols())).into_iter().collect()
        }
        Language::Go if statement.target == "." => package(layout, facts, from, path, statement),
        Language::Go => go(layout, facts, statement),
        Language::Java | Language::Kotlin | Language::Scala => java(layout, path, statement),
        Language::C | Language::Cpp => included(layout, path, &statement.target)
            .map(|to| (to, Vec::new()))
            .into_iter()
            .collect(),
        Language::Ruby => match statement.target.strip_prefix("::") {
            Some(constant) => constants(layout, facts, constant).into_iter().collect(),
            None => ruby(layout, path, &statement.target)
                .map(|to| (to, symbols()))
                .into_iter()
                .collect(),
        },
        _ => Vec::new(),
    }
}

/// The directory in which the modules below a Rust file lie: `src` for `src/lib.rs`, `src/a`
/// for both `src/a.rs` and `src/a/mod.rs`.
fn rust_children(path: &str) -> String {
    let directory = parent(path).unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or(path);
    let root = matches!(name, "mod.rs" | "lib.rs" | "main.rs")
        // A file directly in `tests` or `src/bin` is a crate of its own.
        || matches!(directory.rsplit('/').next(), Some("tests" | "benches" | "examples" | "bin"));
    if root { directory.to_owned() } else { path.trim_end_matches(".rs").to_owned() }
}

/// `mod x;` and `use a::b::C`: the longest leading part that is a file.
fn rust(layout: &Layout<'_>, path: &str, statement: &Statement) -> Option<(usize, Vec<String>)> {
    let children = rust_children(path);
    if statement.child && statement.target.starts_with("./") {
        let file = normalise(parent(path).unwrap_or_default(), &statement.target)?;
        return layout.file(&file).map(|to| (to, Vec::new()));
    }
    if statement.child {
        return rust_module(layout, &join(&children, &statement.target)).map(|to| (to, Vec::new()));
    }
    let mut parts: Vec<&str> = statement.target.split("::").collect();
    let first = *parts.first()?;
    let base = match first {
        "crate" => crate_source(layout, path)?,
        "self" => children,
        "super" => {
            let mut directory = parent(&children).unwrap_or_default().to_owned();
            while parts.get(1) == Some(&"super") {
                parts.remove(1);
                directory = parent(&directory).unwrap_or_default().to_owned();
            }
            directory
        }
        name => {
            if let Some(directory) = layout.crates.get(name) {
                join(directory, "src")
            } else {
                // Since edition 2018 a path may begin with a child module as well.
                parts.insert(0, "self");
                children
            }
        }
    };
    let rest = &parts[1..];
    let found = (1..=rest.len())
        .rev()
        .find_map(|n| rust_module(layout, &join(&base, &rest[..n].join("/"))).map(|to| (to, n)));
    let (to, used) = match found {
        Some(found) => found,
        // An item of the parent module itself.
        None if first == "super" => {
            let root = || ["lib.rs", "main.rs"].iter().find_map(|f| layout.file(&join(&base, f)));
            (rust_module(layout, &base).or_else(root)?, 0)
        }
        None if first == "crate" || layout.crates.contains_key(first) => {
            let root = ["lib.rs", "main.rs"].iter().find_map(|f| layout.file(&join(&base, f)))?;
            (root, 0)
        }
        None => return None,
    };
    // The first name behind the module is what is used of it: a type before its function.
    let symbol = rest.get(used).filter(|_| !statement.symbols.is_empty());
    Some((to, symbol.map(|symbol| (*symbol).to_owned()).into_iter().collect()))
}

fn rust_module(layout: &Layout<'_>, path: &str) -> Option<usize> {
    layout.file(&format!("{path}.rs")).or_else(|| layout.file(&format!("{path}/mod.rs")))
}

/// The source directory of the crate that a file belongs to.
fn crate_source(layout: &Layout<'_>, path: &str) -> Option<String> {
    let mut directory = parent(path)?;
    loop {
        let root = ["lib.rs", "main.rs"].iter().any(|f| layout.file(&join(directory, f)).is_some());
        if root {
            return Some(directory.to_owned());
        }
        directory = parent(directory)?;
    }
}

fn python(layout: &Layout<'_>, path: &str, statement: &Statement) -> Vec<(usize, Vec<String>)> {
    let bare = statement.target.trim_start_matches('.');
    let dots = statement.target.len() - bare.len();
    let below = bare.replace('.', "/");
    let here = parent(path).unwrap_or_default();
    let bases: Vec<String> = if dots == 0 {
        let beside = std::iter::once(here.to_owned());
        layout.python_roots.iter().cloned().chain(beside).map(|root| join(&root, &below)).collect()
    } else {
        let mut directory = here;
        for _ in 1..dots {
            directory = parent(directory).unwrap_or_default();
        }
        vec![join(directory, &below).trim_end_matches('/').to_owned()]
    };
    for base in bases {
        let mut found = Vec::new();
        let mut items = Vec::new();
        for symbol in &statement.symbols {
            // `from package import module` means the module's file.
            match python_module(layout, &join(&base, symbol)) {
                Some(module) => found.push((module, Vec::new())),
                None => items.push(symbol.clone()),
            }
        }
        if (statement.symbols.is_empty() || !items.is_empty())
            && let Some(module) = python_module(layout, &base)
        {
            found.push((module, items));
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn python_module(layout: &Layout<'_>, base: &str) -> Option<usize> {
    layout
        .file(&format!("{base}.py"))
        .or_else(|| layout.file(&join(base, "__init__.py")))
        .or_else(|| layout.file(&format!("{base}.pyi")))
}

/// Endings that bundlers and Node try, in an order that prefers sources.
const WEB_ENDINGS: &[&str] = &[
    "",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    ".vue",
    ".svelte",
    ".d.ts",
    "/index.ts",
    "/index.tsx",
    "/index.js",
    "/index.jsx",
    "/index.mjs",
    "/index.vue",
];

fn web(layout: &Layout<'_>, path: &str, specifier: &str) -> Option<usize> {
    let specifier = specifier.split(['?', '#']).next().unwrap_or_default();
    if specifier.starts_with('.') {
        let base = normalise(parent(path).unwrap_or_default(), specifier)?;
        return web_file(layout, &base);
    }
    // A package of the same repository, with or without a path inside it.
    let (name, below) = layout
        .packages
        .keys()
        .filter_map(|name| {
            let rest = specifier.strip_prefix(name.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (name, rest.trim_start_matches('/')))
        })
        .max_by_key(|(name, _)| name.len())?;
    let directory = layout.packages.get(name)?;
    let candidates = if below.is_empty() {
        ["src/index", "index", "lib/index"].map(|base| join(directory, base)).to_vec()
    } else {
        vec![join(directory, below), join(directory, &format!("src/{below}"))]
    };
    candidates.iter().find_map(|base| web_file(layout, base))
}

fn web_file(layout: &Layout<'_>, base: &str) -> Option<usize> {
    let found = WEB_ENDINGS.iter().find_map(|ending| layout.file(&format!("{base}{ending}")));
    // TypeScript writes the ending that its output will have.
    found.or_else(|| {
        let swaps =
            [(".js", ".ts"), (".js", ".tsx"), (".mjs", ".mts"), (".cjs", ".cts"), (".jsx", ".tsx")];
        swaps.iter().find_map(|(written, source)| {
            layout.file(&format!("{}{source}", base.strip_suffix(written)?))
        })
    })
}

/// A Go import means a package, a directory of files; of these, the ones that define what is
/// used of it.
fn go(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let within = layout.go_modules.iter().filter_map(|(module, directory)| {
        let rest = statement.target.strip_prefix(module.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some((module.len(), directory, rest))
    });
    // Of nested modules the innermost holds the package.
    let Some((_, directory, rest)) = within.max_by_key(|(length, ..)| *length) else {
        return Vec::new();
    };
    let directory = join(directory, rest.trim_start_matches('/'));
    let directory = directory.trim_end_matches('/');
    layout
        .in_directory(directory)
        .iter()
        .filter_map(|file| facts.get(*file))
        .filter(|file| file.language == Some(Language::Go) && file.role != Role::Test)
        .filter_map(|file| {
            let used: Vec<String> = statement
                .symbols
                .iter()
                .filter(|symbol| file.definitions.binary_search(symbol).is_ok())
                .cloned()
                .collect();
            (!used.is_empty()).then_some((file.file, used))
        })
        .collect()
}

/// The files of its own package that a Go file uses: those that alone define a name which
/// the file uses and does not define. Several that define it may be methods, or files for
/// different systems; then nothing is certain.
fn package(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    from: usize,
    path: &str,
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let test = facts.get(from).is_some_and(|file| file.role == Role::Test);
    let siblings: Vec<&FileFacts> = layout
        .in_directory(parent(path).unwrap_or_default())
        .iter()
        .filter_map(|file| facts.get(*file))
        .filter(|file| file.language == Some(Language::Go) && file.file != from)
        .filter(|file| test || file.role != Role::Test)
        .collect();
    let mut used: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for symbol in &statement.symbols {
        let mut definers =
            siblings.iter().filter(|file| file.definitions.binary_search(symbol).is_ok());
        if let (Some(only), None) = (definers.next(), definers.next()) {
            used.entry(only.file).or_default().push(symbol.clone());
        }
    }
    used.into_iter().collect()
}

/// `a.b.C`, a member of it, `a.b.*` with the classes that may be meant, or `.a.b`, the
/// package of the file itself.
fn java(layout: &Layout<'_>, path: &str, statement: &Statement) -> Vec<(usize, Vec<String>)> {
    let target = statement.target.as_str();
    let package = target.strip_prefix('.').or_else(|| target.strip_suffix(".*"));
    let Some(package) = package else {
        let found = virtual_machine(layout, path, target);
        return found.map(|to| (to, statement.symbols.clone())).into_iter().collect();
    };
    let directory = package.replace('.', "/");
    let classes = statement.symbols.iter().filter_map(|class| {
        let to = class_file(layout, path, &join(&directory, class))?;
        Some((to, vec![class.clone()]))
    });
    // `import static a.B.*` means members of one class.
    let whole = target.ends_with(".*").then(|| class_file(layout, path, &directory)).flatten();
    classes.chain(whole.map(|to| (to, Vec::new()))).collect()
}

fn virtual_machine(layout: &Layout<'_>, from: &str, target: &str) -> Option<usize> {
    let path = target.replace('.', "/");
    // `import static a.B.c` names a member of the class before it.
    [path.as_str(), parent(&path).unwrap_or_default()]
        .into_iter()
        .filter(|base| !base.is_empty())
        .find_map(|base| class_file(layout, from, base))
}

fn class_file(layout: &Layout<'_>, from: &str, base: &str) -> Option<usize> {
    ["java", "kt", "scala"]
        .iter()
        .find_map(|ending| layout.by_suffix_near(&format!("{base}.{ending}"), from))
}

/// `"a/b.h"` is looked for beside the file first; `<a/b.h>` only where headers are offered.
fn included(layout: &Layout<'_>, path: &str, target: &str) -> Option<usize> {
    if let Some(system) = target.strip_prefix('<') {
        let header = system.trim_end_matches('>');
        return layout.by_suffix_near(&format!("include/{header}"), path);
    }
    let beside = normalise(parent(path).unwrap_or_default(), target)?;
    layout.file(&beside).or_else(|| layout.by_suffix_near(target, path))
}

/// The file that an autoloader would find for a constant: `app/models/a/b.rb` or `lib/a/b.rb`
/// for `A::B`, where there is one such file and it defines that name.
fn constants(layout: &Layout<'_>, facts: &[FileFacts], used: &str) -> Option<(usize, Vec<String>)> {
    let (around, name) = used.split_once('/')?;
    let scopes: Vec<&str> = around.split("::").filter(|scope| !scope.is_empty()).collect();
    let last = name.rsplit("::").next()?;
    (0..=scopes.len()).rev().find_map(|depth| {
        let parts = scopes[..depth].iter().copied().chain(name.split("::"));
        let suffix = format!("{}.rb", parts.map(underscored).collect::<Vec<_>>().join("/"));
        let file = layout.by_suffix(&suffix)?;
        let root = layout.path(file)?.strip_suffix(&suffix)?.trim_end_matches('/');
        let loaded = root.rsplit('/').next() == Some("lib")
            || parent(root).is_some_and(|above| above.rsplit('/').next() == Some("app"));
        let defined = facts
            .get(file)?
            .definitions
            .binary_search_by(|definition| definition.as_str().cmp(last))
            .is_ok();
        (loaded && defined).then(|| (file, vec![last.to_owned()]))
    })
}

/// `http_server` of `HTTPServer`, as `ActiveSupport::Inflector#underscore` writes it.
fn underscored(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1);
        let word = before.is_some_and(|b| b.is_lowercase() || b.is_numeric())
            || (before.is_some_and(char::is_uppercase) && after.is_some_and(|a| a.is_lowercase()));
        if letter.is_uppercase() && word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn ruby(layout: &Layout<'_>, path: &str, target: &str) -> Option<usize> {
    if target.starts_with("./") {
        let base = normalise(parent(path).unwrap_or_default(), target)?;
        return layout.file(&base).or_else(|| layout.file(&format!("{base}.rb")));
    }
    layout.by_suffix(&format!("lib/{}.rb", target.trim_end_matches(".rb")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_written_as_an_autoloader_writes_them() {
        for (name, file) in
            [("User", "user"), ("HTTPServer", "http_server"), ("V2Api", "v2_api"), ("A", "a")]
        {
            assert_eq!(underscored(name), file);
        }
    }
}
