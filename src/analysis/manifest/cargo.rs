//! `Cargo.toml`: where the targets of a package begin, and which crates its code can name. The
//! rules are those of the Cargo book, "Cargo Targets" and "Specifying Dependencies".

use toml::{Table, Value};

use super::{Links, Manifest, texts};

/// What a `Cargo.toml` says of crates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cargo {
    /// Where its library begins, if it says so.
    pub library: Option<String>,
    /// The name of its library, if it says so.
    pub library_name: Option<String>,
    /// Where its other targets begin, as far as it says so.
    pub roots: Vec<String>,
    /// Kinds of targets that are only what it lists: `bins`, `tests`, `benches`, `examples`.
    pub manual: Vec<&'static str>,
    /// What its code can use, by the name in the manifest.
    pub dependencies: Vec<(String, Dependency)>,
    /// What members of its workspace can take over.
    pub inherited: Vec<(String, Dependency)>,
    /// Packages of a registry in whose place a directory is used.
    pub patched: Vec<(String, String)>,
    /// The directory of its workspace, if it says so.
    pub workspace: Option<String>,
}

/// A crate that a manifest asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The name of its package where that is another than the name in the manifest.
    pub package: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a crate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A directory, relative to that of the manifest.
    Path(String),
    /// What the workspace says of the same name.
    Workspace,
    /// A registry or another repository.
    Elsewhere,
}

/// Sections with dependencies, in a manifest and in each of its `target` tables.
const SECTIONS: &[&str] = &[
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];
/// Targets that are listed, beside the library.
const TARGETS: &[&str] = &["bin", "test", "bench", "example"];
/// What takes files for targets by their places, and which.
const AUTOMATIC: &[(&str, &str)] = &[
    ("autobins", "bins"),
    ("autotests", "tests"),
    ("autobenches", "benches"),
    ("autoexamples", "examples"),
];

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let Ok(table) = text.parse::<Table>() else { return };
    let package = table.get("package");
    manifest.name = text_of(package, "name");
    let library = table.get("lib");
    let mut cargo = Cargo {
        library: text_of(library, "path"),
        library_name: text_of(library, "name"),
        workspace: text_of(package, "workspace"),
        ..Cargo::default()
    };
    for target in TARGETS {
        let listed = table.get(*target).and_then(Value::as_array).into_iter().flatten();
        let paths: Vec<String> = listed.filter_map(|item| text_of(Some(item), "path")).collect();
        if *target == "bin" {
            manifest.entries.extend(paths.iter().cloned());
        }
        cargo.roots.extend(paths);
    }
    manifest.entries.extend(cargo.library.clone());
    cargo.roots.extend(text_of(package, "build"));
    for (key, kind) in AUTOMATIC {
        let set = package.and_then(|package| package.get(*key)).and_then(Value::as_bool);
        cargo.manual.extend((set == Some(false)).then_some(*kind));
    }
    if let Some(workspace) = table.get("workspace") {
        manifest.workspace = true;
        manifest.members = texts(workspace.get("members"));
        manifest.excluded = texts(workspace.get("exclude"));
        cargo.inherited = dependencies(workspace.get("dependencies"));
    }
    let own = SECTIONS.iter().map(|section| table.get(*section));
    cargo.dependencies = own.flat_map(dependencies).collect();
    let systems = table.get("target").and_then(Value::as_table).into_iter().flatten();
    for (_, system) in systems {
        let sections = SECTIONS.iter().map(|section| system.get(section));
        cargo.dependencies.extend(sections.flat_map(dependencies));
    }
    let registries = table.get("patch").and_then(Value::as_table).into_iter().flatten();
    for (_, registry) in registries {
        for (name, dependency) in dependencies(Some(registry)) {
            if let Origin::Path(path) = dependency.origin {
                cargo.patched.push((dependency.package.unwrap_or(name), path));
            }
        }
    }
    manifest.links = Links::Cargo(Box::new(cargo));
}

fn text_of(table: Option<&Value>, key: &str) -> Option<String> {
    table?.get(key)?.as_str().map(str::to_owned)
}

/// The entries of one section.
fn dependencies(section: Option<&Value>) -> Vec<(String, Dependency)> {
    let entries = section.and_then(Value::as_table).into_iter().flatten();
    entries
        .map(|(name, entry)| {
            let path = text_of(Some(entry), "path");
            let inherits = entry.get("workspace").and_then(Value::as_bool) == Some(true);
            let origin = match path {
                Some(path) => Origin::Path(path),
                None if inherits => Origin::Workspace,
                None => Origin::Elsewhere,
            };
            (name.clone(), Dependency { package: text_of(Some(entry), "package"), origin })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::manifest::ManifestKind;
    use crate::domain::path::RepoPath;

    fn cargo(text: &str) -> Cargo {
        let path = RepoPath::new("Cargo.toml").expect("a path");
        match Manifest::read(&path, ManifestKind::Cargo, text).links {
            Links::Cargo(cargo) => *cargo,
            links => panic!("{links:?}"),
        }
    }

    #[test]
    fn targets_are_where_the_manifest_says() {
        let read = cargo(
            "[package]\nname = \"a\"\nbuild = \"b.rs\"\nworkspace = \"../..\"\n\
             autotests = false\n\
             [lib]\nname = \"x\"\npath = \"x.rs\"\n[[bin]]\nname = \"m\"\npath = \"m/n.rs\"\n\
             [[test]]\nname = \"t\"\npath = \"tests/all.rs\"\n[[bin]]\nname = \"z\"",
        );
        assert_eq!(read.library.as_deref(), Some("x.rs"));
        assert_eq!(read.library_name.as_deref(), Some("x"));
        assert_eq!(read.roots, ["m/n.rs", "tests/all.rs", "b.rs"]);
        assert_eq!(read.manual, ["tests"]);
        assert_eq!(read.workspace.as_deref(), Some("../.."));
    }

    #[test]
    fn dependencies_say_where_they_come_from() {
        let path = |path: &str| Origin::Path(path.to_owned());
        let table = [
            ("[dependencies]\nx = \"1\"", "x", None, Origin::Elsewhere),
            ("[dependencies]\nx = { path = \"../x\" }", "x", None, path("../x")),
            (
                "[dev-dependencies.x]\npackage = \"y\"\npath = \"y\"\nversion = \"1\"",
                "x",
                Some("y"),
                path("y"),
            ),
            ("[build-dependencies]\nx.workspace = true", "x", None, Origin::Workspace),
            (
                "[target.'cfg(unix)'.dependencies]\nx = { git = \"u\" }",
                "x",
                None,
                Origin::Elsewhere,
            ),
        ];
        for (text, name, package, origin) in table {
            let package = package.map(str::to_owned);
            let expected = (name.to_owned(), Dependency { package, origin });
            assert_eq!(cargo(text).dependencies, [expected], "{text}");
        }
        let root = cargo(
            "[workspace.dependencies]\nx = { path = \"x\" }\n\
             [patch.crates-io]\ny = { path = \"z\", package = \"w\" }\nq = { git = \"u\" }",
        );
        assert_eq!(root.inherited.len(), 1);
        assert_eq!(root.patched, [("w".to_owned(), "z".to_owned())]);
    }
}
