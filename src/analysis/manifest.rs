//! What the manifests of package managers say: where modules are, what they are called, and
//! which commands test them.

use std::collections::BTreeSet;

use crate::domain::path::RepoPath;

/// Which package manager reads a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestKind {
    /// `Cargo.toml`
    Cargo,
    /// `package.json`
    Npm,
    /// `pyproject.toml`, `setup.py`, `setup.cfg`
    Python,
    /// `go.mod`
    Go,
    /// Any other: Maven, Gradle, Bundler, Composer …
    Other,
}

/// A manifest, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Where it is.
    pub path: RepoPath,
    /// Whose it is.
    pub kind: ManifestKind,
    /// The name by which others import the package.
    pub name: Option<String>,
    /// Files that it names as entries, relative to its directory.
    pub entries: Vec<String>,
    /// What it says about tests: npm scripts, or tools that it configures (`pytest`).
    pub tools: BTreeSet<String>,
    /// Whether it is the root of a Cargo workspace, and does not belong to one above it.
    pub workspace: bool,
}

impl Manifest {
    /// The directory that it stands in, empty at the root.
    pub fn directory(&self) -> String {
        self.path.parent().map(|p| p.to_lossy().into_owned()).unwrap_or_default()
    }

    /// The kind of manifest that a path is by its name.
    pub fn kind_of(path: &RepoPath) -> Option<ManifestKind> {
        Some(match path.file_name() {
            b"Cargo.toml" => ManifestKind::Cargo,
            b"package.json" => ManifestKind::Npm,
            b"pyproject.toml" | b"setup.py" | b"setup.cfg" => ManifestKind::Python,
            b"go.mod" => ManifestKind::Go,
            b"pom.xml" | b"build.gradle" | b"build.gradle.kts" | b"CMakeLists.txt" | b"Gemfile"
            | b"composer.json" | b"mix.exs" | b"Package.swift" | b"build.zig" | b"meson.build" => {
                ManifestKind::Other
            }
            name if name.ends_with(b".csproj") => ManifestKind::Other,
            _ => return None,
        })
    }

    /// Reads a manifest. One that cannot be parsed still marks a module, without a name.
    pub fn read(path: &RepoPath, kind: ManifestKind, text: &str) -> Self {
        let mut manifest = Self {
            path: path.clone(),
            kind,
            name: None,
            entries: Vec::new(),
            tools: BTreeSet::new(),
            workspace: false,
        };
        match kind {
            ManifestKind::Cargo => manifest.read_cargo(text),
            ManifestKind::Npm => manifest.read_npm(text),
            ManifestKind::Python => manifest.read_python(text),
            ManifestKind::Go => {
                let line = text.lines().find_map(|line| line.strip_prefix("module "));
                manifest.name = line.map(|name| name.trim().trim_matches('"').to_owned());
            }
            ManifestKind::Other => {}
        }
        manifest
    }

    fn read_cargo(&mut self, text: &str) {
        let Ok(table) = text.parse::<toml::Table>() else { return };
        let name = table.get("package").and_then(|package| package.get("name"));
        self.name = name.and_then(|name| name.as_str()).map(str::to_owned);
        self.workspace = table.contains_key("workspace");
        for target in table.get("bin").and_then(toml::Value::as_array).into_iter().flatten() {
            self.entries.extend(target.get("path").and_then(|p| p.as_str()).map(str::to_owned));
        }
    }

    fn read_npm(&mut self, text: &str) {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return };
        self.name = value.get("name").and_then(|n| n.as_str()).map(str::to_owned);
        for key in ["main", "module", "bin", "source"] {
            match value.get(key) {
                Some(serde_json::Value::String(path)) => self.entries.push(path.clone()),
                Some(serde_json::Value::Object(bins)) => {
                    self.entries
                        .extend(bins.values().filter_map(|v| v.as_str()).map(str::to_owned));
                }
                _ => {}
            }
        }
        let scripts = value.get("scripts").and_then(|s| s.as_object());
        for (name, command) in scripts.into_iter().flatten() {
            // `npm init` writes a `test` script that only fails.
            let real = command.as_str().is_some_and(|c| !c.contains("no test specified"));
            if real {
                self.tools.insert(name.clone());
            }
        }
    }

    fn read_python(&mut self, text: &str) {
        if text.contains("pytest") {
            self.tools.insert("pytest".to_owned());
        }
        let Ok(table) = text.parse::<toml::Table>() else { return };
        let name = table.get("project").and_then(|p| p.get("name")).and_then(|n| n.as_str());
        self.name = name.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Manifest {
        let path = RepoPath::new(path).expect("a valid path");
        let kind = Manifest::kind_of(&path).expect("a manifest");
        Manifest::read(&path, kind, text)
    }

    #[test]
    fn manifests_name_their_package() {
        let table = [
            ("crates/a/Cargo.toml", "[package]\nname = \"a-b\"", Some("a-b")),
            ("package.json", "{\"name\": \"@x/y\"}", Some("@x/y")),
            ("pyproject.toml", "[project]\nname = \"flask\"", Some("flask")),
            ("go.mod", "module example.org/m\n\ngo 1.22", Some("example.org/m")),
            ("pom.xml", "<project/>", None),
            ("package.json", "{ broken", None),
            ("Cargo.toml", "[workspace]\nmembers = []", None),
        ];
        for (path, text, name) in table {
            assert_eq!(read(path, text).name.as_deref(), name, "{path}");
        }
        assert!(read("Cargo.toml", "[workspace]\nmembers = []").workspace);
    }

    #[test]
    fn scripts_and_entries_are_read() {
        let npm = read(
            "package.json",
            r#"{"main": "a.js", "bin": {"x": "b.js"}, "scripts": {"lint": "x", "test": "echo \"Error: no test specified\" && exit 1"}}"#,
        );
        assert_eq!(npm.entries, ["a.js", "b.js"]);
        assert_eq!(npm.tools.into_iter().collect::<Vec<_>>(), ["lint"]);
    }
}
