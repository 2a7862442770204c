//! Rust: modules are files by their names, crates are what manifests say.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Statement;
use super::super::layout::{Layout, join, normalise, parent};
use crate::analysis::manifest::{Cargo, Dependency, Links, Manifest, Origin};

/// The crates of a codebase.
#[derive(Default)]
pub(in crate::analysis::imports) struct Crates {
    /// By the directory of their manifests.
    packages: BTreeMap<String, Package>,
    /// Where the library of a name begins; nothing where there are several.
    known: BTreeMap<String, Option<String>>,
}

#[derive(Default)]
struct Package {
    /// Files that the manifest names as the beginning of a target.
    declared: BTreeSet<String>,
    /// Directories whose files are no targets unless the manifest says so.
    manual: Vec<&'static str>,
    /// What its code can name, and where that begins; nothing for what is no part of the
    /// codebase.
    names: BTreeMap<String, Option<String>>,
}

/// A `Cargo.toml` with its directory.
struct Read<'m> {
    directory: String,
    package: Option<&'m str>,
    workspace: bool,
    cargo: &'m Cargo,
}

impl Crates {
    /// What the manifests say of crates.
    pub(in crate::analysis::imports) fn new(layout: &Layout<'_>, manifests: &[Manifest]) -> Self {
        let read = manifests.iter().filter_map(|manifest| match &manifest.links {
            Links::Cargo(cargo) => Some(Read {
                directory: manifest.directory(),
                package: manifest.name.as_deref(),
                workspace: manifest.workspace,
                cargo,
            }),
            _ => None,
        });
        let read: BTreeMap<String, Read<'_>> =
            read.map(|read| (read.directory.clone(), read)).collect();
        let mut crates = Self::default();
        for manifest in read.values() {
            let Some((name, root)) = library(layout, manifest) else { continue };
            let several = |known: &mut Option<String>| *known = None;
            crates.known.entry(name).and_modify(several).or_insert(Some(root));
        }
        for manifest in read.values().filter(|manifest| manifest.package.is_some()) {
            crates.packages.insert(manifest.directory.clone(), package(layout, &read, manifest));
        }
        crates
    }

    /// The package that a file belongs to, with its directory.
    fn package_of(&self, path: &str) -> Option<(&str, &Package)> {
        let mut directory = parent(path).unwrap_or_default();
        loop {
            if let Some((directory, package)) = self.packages.get_key_value(directory) {
                return Some((directory, package));
            }
            if directory.is_empty() {
                return None;
            }
            directory = parent(directory).unwrap_or_default();
        }
    }

    /// Whether a file is the beginning of a crate.
    fn is_root(&self, path: &str) -> bool {
        self.package_of(path).map_or_else(
            || {
                // Without a manifest, what lies directly in these is a crate of its own.
                let above = parent(path).unwrap_or_default();
                matches!(above.rsplit('/').next(), Some("tests" | "benches" | "examples" | "bin"))
            },
            |(directory, package)| package.begins(directory, path),
        )
    }

    /// The directory in which the modules of a file's crate lie, and the file with which that
    /// crate begins, if it is certain.
    fn source(&self, layout: &Layout<'_>, path: &str) -> Option<(String, Option<usize>)> {
        if self.is_root(path) {
            return Some((parent(path).unwrap_or_default().to_owned(), layout.file(path)));
        }
        let mut directory = parent(path)?;
        loop {
            let here = |name: &&str| layout.file(&join(directory, name));
            let face = ["lib.rs", "main.rs"].iter().find_map(here);
            let files = layout.in_directory(directory).iter().copied();
            let begins = |path: &str| path.rsplit('.').next() == Some("rs") && self.is_root(path);
            let mut roots = files.filter(|file| layout.path(*file).is_some_and(begins));
            let root = roots.next();
            if face.is_some() || root.is_some() {
                let alone = root.filter(|_| roots.next().is_none());
                return Some((directory.to_owned(), face.or(alone)));
            }
            if directory.is_empty() {
                return None;
            }
            directory = parent(directory).unwrap_or_default();
        }
    }

    /// Where the crate begins that `name` is in a file: `Err` where the manifest says that it is
    /// no part of the codebase, `Ok(None)` where no manifest says anything.
    fn named(&self, path: &str, name: &str) -> Result<Option<&str>, Foreign> {
        match self.package_of(path).and_then(|(_, package)| package.names.get(name)) {
            Some(Some(root)) => Ok(Some(root)),
            Some(None) => Err(Foreign),
            None => Ok(None),
        }
    }
}

/// A crate from elsewhere.
struct Foreign;

impl Package {
    /// Whether a file of this package, which lies in `directory`, is the beginning of a target:
    /// the manifest says so, or its place does ("Target auto-discovery" of the Cargo book).
    fn begins(&self, directory: &str, path: &str) -> bool {
        if self.declared.contains(path) {
            return true;
        }
        let below = if directory.is_empty() { path } else { &path[directory.len() + 1..] };
        let parts: Vec<&str> = below.split('/').collect();
        let kind = match parts.as_slice() {
            ["build.rs"] | ["src", "lib.rs" | "main.rs"] => return true,
            ["src", "bin", _] | ["src", "bin", _, "main.rs"] => "bins",
            [kind, _] | [kind, _, "main.rs"] => *kind,
            _ => return false,
        };
        matches!(kind, "bins" | "tests" | "benches" | "examples") && !self.manual.contains(&kind)
    }
}

fn package(
    layout: &Layout<'_>,
    manifests: &BTreeMap<String, Read<'_>>,
    manifest: &Read<'_>,
) -> Package {
    let at = |path: &String| normalise(&manifest.directory, path);
    let declared = manifest.cargo.roots.iter().chain(&manifest.cargo.library).filter_map(at);
    let mut package = Package {
        declared: declared.filter(|path| layout.file(path).is_some()).collect(),
        manual: manifest.cargo.manual.clone(),
        names: BTreeMap::new(),
    };
    for (name, dependency) in &manifest.cargo.dependencies {
        let (name, root) = dependency_of(layout, manifests, manifest, name, dependency);
        package.names.insert(name, root);
    }
    package.names.extend(library(layout, manifest).map(|(name, root)| (name, Some(root))));
    package
}

/// The name of a package's library and the file in which it begins.
fn library(layout: &Layout<'_>, manifest: &Read<'_>) -> Option<(String, String)> {
    let path = manifest.cargo.library.as_deref().unwrap_or("src/lib.rs");
    let root = normalise(&manifest.directory, path).filter(|root| layout.file(root).is_some())?;
    let name = manifest.cargo.library_name.as_deref().or(manifest.package)?;
    Some((name.replace('-', "_"), root))
}

/// By which name code uses a dependency, and where that begins.
fn dependency_of(
    layout: &Layout<'_>,
    manifests: &BTreeMap<String, Read<'_>>,
    manifest: &Read<'_>,
    name: &str,
    dependency: &Dependency,
) -> (String, Option<String>) {
    let root = workspace_of(manifests, manifest);
    let mut renamed = dependency.package.as_deref();
    let mut directory = match &dependency.origin {
        Origin::Path(path) => normalise(&manifest.directory, path),
        Origin::Workspace => {
            let inherited = root.and_then(|root| {
                let (_, entry) = root.cargo.inherited.iter().find(|(known, _)| known == name)?;
                Some((root, entry))
            });
            renamed = renamed.or(inherited.and_then(|(_, entry)| entry.package.as_deref()));
            inherited.and_then(|(root, entry)| match &entry.origin {
                Origin::Path(path) => normalise(&root.directory, path),
                Origin::Workspace | Origin::Elsewhere => None,
            })
        }
        Origin::Elsewhere => None,
    };
    if directory.is_none() && !matches!(dependency.origin, Origin::Path(_)) {
        let package = renamed.unwrap_or(name);
        directory = root.and_then(|root| {
            let (_, path) = root.cargo.patched.iter().find(|(known, _)| known == package)?;
            normalise(&root.directory, path)
        });
    }
    let found = directory.and_then(|directory| library(layout, manifests.get(&directory)?));
    let plain = name.replace('-', "_");
    match found {
        Some((library, root)) => (if renamed.is_some() { plain } else { library }, Some(root)),
        None => (plain, None),
    }
}

/// The root of a package's workspace: what it names, or the nearest above it.
fn workspace_of<'a, 'm>(
    manifests: &'a BTreeMap<String, Read<'m>>,
    manifest: &'a Read<'m>,
) -> Option<&'a Read<'m>> {
    if let Some(path) = &manifest.cargo.workspace {
        return manifests.get(&normalise(&manifest.directory, path)?);
    }
    let mut directory = manifest.directory.as_str();
    loop {
        if let Some(root) = manifests.get(directory).filter(|root| root.workspace) {
            return Some(root);
        }
        if directory.is_empty() {
            return None;
        }
        directory = parent(directory).unwrap_or_default();
    }
}

/// The directory in which the modules below a file lie: `src` for `src/lib.rs`, `src/a` for both
/// `src/a.rs` and `src/a/mod.rs`.
fn children_of(layout: &Layout<'_>, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if matches!(name, "mod.rs" | "lib.rs" | "main.rs") || layout.crates.is_root(path) {
        return parent(path).unwrap_or_default().to_owned();
    }
    path.trim_end_matches(".rs").to_owned()
}

/// `mod x;` and `use a::b::C`: the longest leading part that is a file.
pub(super) fn target(
    layout: &Layout<'_>,
    path: &str,
    statement: &Statement,
) -> Option<(usize, Vec<String>)> {
    let children = children_of(layout, path);
    if statement.child && statement.target.starts_with("./") {
        let file = normalise(parent(path).unwrap_or_default(), &statement.target)?;
        return layout.file(&file).map(|to| (to, Vec::new()));
    }
    if statement.child {
        return module(layout, &join(&children, &statement.target)).map(|to| (to, Vec::new()));
    }
    let parts: Vec<&str> = statement.target.split("::").collect();
    let ups = parts.iter().take_while(|part| **part == "super").count();
    let start = match parts.first()? {
        _ if ups > 0 => Start::above(layout, &children, ups),
        &"self" => Start { directory: children, root: None },
        &"crate" => {
            let (directory, root) = layout.crates.source(layout, path)?;
            Start { directory, root }
        }
        name => Start::named(layout, path, &children, name)?,
    };
    let rest = &parts[ups.max(1)..];
    let found = (1..=rest.len()).rev().find_map(|n| {
        module(layout, &join(&start.directory, &rest[..n].join("/"))).map(|to| (to, n))
    });
    let (to, used) = match found {
        Some(found) => found,
        None => (start.root?, 0),
    };
    // The first name behind the module is what is used of it: a type before its function.
    let symbol = rest.get(used).filter(|_| !statement.symbols.is_empty());
    Some((to, symbol.map(|symbol| (*symbol).to_owned()).into_iter().collect()))
}

/// Where the rest of a path is looked for, and the file that has what is no module.
struct Start {
    directory: String,
    root: Option<usize>,
}

impl Start {
    /// The crate that begins with a file.
    fn of(layout: &Layout<'_>, root: &str) -> Option<Self> {
        let directory = parent(root).unwrap_or_default().to_owned();
        Some(Self { directory, root: Some(layout.file(root)?) })
    }

    /// A module above the one with these children; what is no module of it is an item in it.
    fn above(layout: &Layout<'_>, children: &str, ups: usize) -> Self {
        let mut directory = children;
        for _ in 0..ups {
            directory = parent(directory).unwrap_or_default();
        }
        let face = || ["lib.rs", "main.rs"].iter().find_map(|f| layout.file(&join(directory, f)));
        let root = module(layout, directory).or_else(face);
        Self { directory: directory.to_owned(), root }
    }

    /// A crate, or since edition 2018 a child module.
    fn named(layout: &Layout<'_>, path: &str, children: &str, name: &str) -> Option<Self> {
        match layout.crates.named(path, name) {
            Err(Foreign) => None,
            Ok(Some(root)) => Self::of(layout, root),
            Ok(None) => {
                let directory = join(children, name);
                let root = module(layout, &directory);
                match layout.crates.known.get(name) {
                    Some(Some(known)) if root.is_none() => Self::of(layout, known),
                    _ => Some(Self { directory, root }),
                }
            }
        }
    }
}

fn module(layout: &Layout<'_>, path: &str) -> Option<usize> {
    layout.file(&format!("{path}.rs")).or_else(|| layout.file(&format!("{path}/mod.rs")))
}
