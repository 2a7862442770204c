//! Where programs and packages begin: what manifests name, what languages and build tools take
//! for a beginning, and scripts that can be executed.

use std::collections::{BTreeSet, HashSet};

use super::Role;
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::{Kind, Language};
use crate::analysis::manifest::{BUILT, Manifest, ManifestKind};
use crate::domain::tree::{Entry, Mode};

/// Files that start a program or are the face of a package, by index.
pub(super) fn entry_points(
    files: &[Entry],
    facts: &[FileFacts],
    manifests: &[Manifest],
) -> Vec<usize> {
    let tracked: HashSet<&str> = files.iter().filter_map(|file| file.path.to_str()).collect();
    let named: BTreeSet<String> =
        manifests.iter().flat_map(|manifest| entries(manifest, &tracked)).collect();
    let roots: BTreeSet<String> = manifests.iter().map(Manifest::directory).collect();
    let cargo: BTreeSet<String> = manifests
        .iter()
        .filter(|m| m.kind == ManifestKind::Cargo)
        .map(Manifest::directory)
        .collect();
    let begins = |fact: &&FileFacts| {
        let file = &files[fact.file];
        // A script without an ending has no language: it is one because it can be executed.
        let script = fact.language.is_none() && file.mode == Mode::Executable && fact.lines > 0;
        if fact.role != Role::Source {
            return script && fact.role == Role::Asset;
        }
        let path = file.path.to_lossy();
        let (inside, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let above =
            |end: &str| inside.strip_suffix(end).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        // `index.ts` is a face only where a package begins.
        let top = roots.contains(inside) || above("src").is_some_and(|root| roots.contains(root));
        let binary = fact.language == Some(Language::Rust)
            && above("src/bin").is_some_and(|r| cargo.contains(r));
        matches!(name, "main.rs" | "lib.rs" | "__main__.py")
            || named.contains(path.as_ref())
            || fact.starts_program
            || binary
            || (top && name.starts_with("index.") && is_program(fact.language))
    };
    facts.iter().filter(begins).map(|fact| fact.file).collect()
}

/// The tracked files that a manifest names, or that what it names is built from.
fn entries(manifest: &Manifest, tracked: &HashSet<&str>) -> Vec<String> {
    let directory = manifest.directory();
    let at = |below: &str| {
        if directory.is_empty() { below.to_owned() } else { format!("{directory}/{below}") }
    };
    let mut found = Vec::new();
    for entry in &manifest.entries {
        let entry = entry.trim_start_matches("./");
        let path = at(entry);
        if tracked.contains(path.as_str()) {
            found.push(path);
            continue;
        }
        let Some((_, rest)) = entry.split_once('/').filter(|(f, _)| BUILT.contains(f)) else {
            continue;
        };
        let stem = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
        let stem = stem.strip_suffix(".d").unwrap_or(stem);
        let sources = ["ts", "tsx", "mts", "js", "mjs", "jsx"];
        let made = sources.iter().map(|ending| at(&format!("src/{stem}.{ending}")));
        found.extend(made.into_iter().find(|path| tracked.contains(path.as_str())));
    }
    found
}

fn is_program(language: Option<Language>) -> bool {
    language.is_some_and(|l| l.kind() == Kind::Code && !matches!(l, Language::Css | Language::Html))
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyze;
    use crate::analysis::source::memory::Memory;

    #[test]
    fn programs_and_packages_have_a_beginning() {
        let files = [
            ("Cargo.toml", "[package]\nname = \"x\"\n[lib]\npath = \"src/face.rs\""),
            ("app/Main.java", "class Main { public static void main(String[] a) {} }"),
            ("app/Other.java", "class Other {}"),
            ("cmd/tool/main.go", "package main\n"),
            ("pkg/__main__.py", ""),
            ("pkg/cli.py", "def main(): pass"),
            ("pkg/other.py", ""),
            ("pyproject.toml", "[project.scripts]\nx = \"pkg.cli:main\""),
            ("src/bin/extra.rs", "fn main() {}"),
            ("src/face.rs", ""),
            ("src/other.rs", ""),
            ("tests/main.rs", ""),
            (
                "web/package.json",
                r#"{"main": "./dist/index.cjs", "exports": {"./x": "./lib/x.d.ts"}}"#,
            ),
            ("web/run.sh", "#!/bin/sh\n"),
            ("web/src/index.ts", ""),
            ("web/src/deep/index.ts", ""),
            ("web/src/x.ts", ""),
        ];
        let analysis = analyze(&Memory::new(&files), "x", &|_| {}).expect("it can be read");
        let found: Vec<String> = analysis
            .inventory
            .entry_points
            .iter()
            .map(|file| analysis.files[*file].path.to_lossy().into_owned())
            .collect();
        assert_eq!(
            found,
            [
                "app/Main.java",
                "cmd/tool/main.go",
                "pkg/__main__.py",
                "pkg/cli.py",
                "src/bin/extra.rs",
                "src/face.rs",
                "web/run.sh",
                "web/src/index.ts",
                "web/src/x.ts",
            ]
        );
    }
}
