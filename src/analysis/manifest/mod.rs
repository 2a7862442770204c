//! What the manifests of package managers say: where modules are, what they are called, where
//! they begin, and which commands test them.

mod cargo;
mod go;
mod npm;
mod python;
mod redirect;
mod text;

use std::collections::BTreeSet;

use globset::GlobBuilder;

use crate::domain::path::RepoPath;

pub use cargo::{Cargo, Dependency, Origin};
pub use go::Go;
pub use npm::{BUILT, Npm, Offer};
pub use python::Python;
pub use redirect::{Aliases, Redirect, Says};

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
    /// Files that it names as entries, relative to its directory; not all of them are tracked.
    pub entries: Vec<String>,
    /// What it says about tests: scripts of npm and Composer, or tools that it configures
    /// (`pytest`).
    pub tools: BTreeSet<String>,
    /// Whether it is the root of a Cargo workspace, and does not belong to one above it.
    pub workspace: bool,
    /// Whether it makes a module: a `CMakeLists.txt` that only lists files for the one above
    /// does not.
    pub module: bool,
    /// How imports become files.
    pub links: Links,
    /// Patterns of the directories that belong to its workspace, relative to its own.
    members: Vec<String>,
    /// Patterns of those that do not.
    excluded: Vec<String>,
}

/// What a manifest says of how imports become files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Nothing.
    #[default]
    None,
    /// A `Cargo.toml`.
    Cargo(Box<Cargo>),
    /// A `package.json`.
    Npm(Box<Npm>),
    /// A manifest of Python.
    Python(Python),
    /// A `go.mod`.
    Go(Go),
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
            name => {
                tool_of(name)?;
                ManifestKind::Other
            }
        })
    }

    /// The build tool that reads it, in lower case: the kind of module that it makes.
    pub fn tool(&self) -> &'static str {
        match self.kind {
            ManifestKind::Cargo => "cargo",
            ManifestKind::Npm => "npm",
            ManifestKind::Python => "python",
            ManifestKind::Go => "go",
            ManifestKind::Other => tool_of(self.path.file_name()).unwrap_or("other"),
        }
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
            module: true,
            links: Links::None,
            members: Vec::new(),
            excluded: Vec::new(),
        };
        match kind {
            ManifestKind::Cargo => cargo::read(&mut manifest, text),
            ManifestKind::Npm => npm::read(&mut manifest, text),
            ManifestKind::Python => python::read(&mut manifest, text),
            ManifestKind::Go => go::read(&mut manifest, text),
            ManifestKind::Other => text::read(&mut manifest, text),
        }
        manifest
    }

    /// Whether its workspace takes in the manifest in this directory.
    pub fn has_member(&self, directory: &str) -> bool {
        if self.members.is_empty() {
            return false;
        }
        let own = self.directory();
        let below = if own.is_empty() {
            directory
        } else {
            let rest = directory.strip_prefix(&own).and_then(|rest| rest.strip_prefix('/'));
            let Some(rest) = rest else { return false };
            rest
        };
        let any = |list: &[String]| {
            let (globs, names): (Vec<&String>, Vec<&String>) =
                list.iter().partition(|pattern| pattern.contains(['*', '?', '[', '{']));
            names.into_iter().any(|name| trimmed(name) == below)
                || globs.into_iter().take(GLOBS).any(|pattern| matches(pattern, below))
        };
        any(&self.members) && !any(&self.excluded)
    }
}

/// The build tool by the name of its file.
fn tool_of(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"pom.xml" => "maven",
        b"build.gradle" | b"build.gradle.kts" | b"settings.gradle" | b"settings.gradle.kts" => {
            "gradle"
        }
        b"CMakeLists.txt" => "cmake",
        b"meson.build" => "meson",
        b"Gemfile" => "ruby",
        b"composer.json" => "composer",
        b"mix.exs" => "mix",
        b"Package.swift" => "swift",
        b"build.zig" => "zig",
        name if name.ends_with(b".gemspec") => "ruby",
        name if [&b".csproj"[..], b".fsproj", b".vbproj", b".sln"]
            .iter()
            .any(|e| name.ends_with(e)) =>
        {
            "dotnet"
        }
        _ => return None,
    })
}

/// The texts of a list.
fn texts(value: Option<&toml::Value>) -> Vec<String> {
    let list = value.and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(|item| item.as_str()).map(str::to_owned).collect()
}

/// Patterns of one list that are looked at.
const GLOBS: usize = 50;

fn trimmed(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_end_matches('/')
}

fn matches(pattern: &str, directory: &str) -> bool {
    GlobBuilder::new(trimmed(pattern))
        .literal_separator(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(directory))
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
            ("pyproject.toml", "[tool.poetry]\nname = \"p\"", Some("p")),
            ("setup.cfg", "[metadata]\nname = q\n[x]\nname = r", Some("q")),
            ("setup.py", "setup(\n    name='s',\n)", Some("s")),
            ("go.mod", "module example.org/m\n\ngo 1.22", Some("example.org/m")),
            (
                "pom.xml",
                "<project>\n<parent><artifactId>p</artifactId></parent>\n<artifactId>core</artifactId>",
                Some("core"),
            ),
            ("pom.xml", "<project/>", None),
            ("settings.gradle", "rootProject.name = 'g'", Some("g")),
            ("CMakeLists.txt", "cmake_minimum_required(VERSION 3)\nproject(lib C)", Some("lib")),
            ("src/CMakeLists.txt", "add_library(core STATIC a.c)", Some("core")),
            ("meson.build", "project('m', 'c')", Some("m")),
            ("a.gemspec", "Gem::Specification.new do |s|\n  s.name = \"gem\"", Some("gem")),
            ("composer.json", "{\"name\": \"v/p\"}", Some("v/p")),
            ("mix.exs", "def project do\n [app: :shop,\n", Some("shop")),
            ("Package.swift", "let package = Package(\n  name: \"Kit\",", Some("Kit")),
            ("src/App/App.csproj", "<Project/>", Some("App")),
            ("package.json", "{ broken", None),
            ("Cargo.toml", "[workspace]\nmembers = []", None),
        ];
        for (path, text, name) in table {
            assert_eq!(read(path, text).name.as_deref(), name, "{path}");
        }
        assert!(read("Cargo.toml", "[workspace]\nmembers = []").workspace);
        assert!(!read("src/CMakeLists.txt", "target_sources(core PRIVATE a.c)").module);
    }

    #[test]
    fn scripts_and_entries_are_read() {
        let npm = read(
            "package.json",
            r#"{"main": "a.js", "bin": {"x": "b.js"}, "exports": {".": {"import": "./c.js"}}, "scripts": {"lint": "x", "test": "echo \"Error: no test specified\" && exit 1"}}"#,
        );
        assert_eq!(npm.entries, ["a.js", "b.js", "./c.js"]);
        assert_eq!(npm.tools.into_iter().collect::<Vec<_>>(), ["lint"]);
        let python = read("pyproject.toml", "[project.scripts]\nx = \"pkg.cli:main\"");
        assert_eq!(
            python.entries,
            ["pkg/cli.py", "pkg/cli/__init__.py", "src/pkg/cli.py", "src/pkg/cli/__init__.py"]
        );
        let deep = format!("{{\"exports\": {}1{}}}", "{\"a\":".repeat(90), "}".repeat(90));
        assert!(read("package.json", &deep).entries.is_empty());
    }

    #[test]
    fn workspaces_have_members() {
        let cargo = read(
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\", \"./x/\"]\nexclude = [\"crates/c\"]",
        );
        let maven =
            read("core/pom.xml", "<modules>\n<module>a</module><module>b/c</module></modules>");
        let gradle = read("settings.gradle", "include ':app', \":lib:core\"\n");
        let table = [
            (&cargo, "crates/a", true),
            (&cargo, "crates/a/b", false),
            (&cargo, "crates/c", false),
            (&cargo, "x", true),
            (&maven, "core/a", true),
            (&maven, "core/b/c", true),
            (&maven, "a", false),
            (&gradle, "lib/core", true),
            (&gradle, "lib", false),
        ];
        for (manifest, directory, expected) in table {
            assert_eq!(manifest.has_member(directory), expected, "{directory}");
        }
    }
}
