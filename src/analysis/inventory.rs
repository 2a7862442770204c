//! What a codebase consists of: languages, modules, entry points, tests, configuration, and
//! what nobody edits by hand.

use std::collections::BTreeMap;

use super::corpus::FileFacts;
use super::gates::Gate;
use super::language::{Kind, Language, Role};
use super::manifest::Manifest;
use crate::domain::path::RepoPath;
use crate::domain::tree::Entry;

/// A part of the codebase that has a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its directory, empty for the root.
    pub directory: String,
    /// The name by which others import it.
    pub name: Option<String>,
    /// The manifest.
    pub manifest: RepoPath,
    /// Directories below it that hold source files directly, sorted.
    pub sources: Vec<String>,
    /// How many files belong to it and to no module inside it.
    pub files: usize,
}

/// What a codebase consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Files of each language, by its name; generated ones do not count.
    pub languages: BTreeMap<&'static str, usize>,
    /// Sorted by directory.
    pub modules: Vec<Module>,
    /// Files that start a program or are the face of a package, by index.
    pub entry_points: Vec<usize>,
    /// Tests, by index.
    pub tests: Vec<usize>,
    /// Source files that hold tests of their own, by index.
    pub inline_tests: Vec<usize>,
    /// Configuration, by index.
    pub config: Vec<usize>,
    /// Generated, vendored and lock files, by index.
    pub generated: Vec<usize>,
    /// Commands that the project tests itself with.
    pub gates: Vec<Gate>,
}

impl Inventory {
    /// Counts what `facts` say of `files`.
    pub fn new(
        files: &[Entry],
        facts: &[FileFacts],
        manifests: &[Manifest],
        gates: Vec<Gate>,
    ) -> Self {
        let with = |role: Role| facts.iter().filter(|f| f.role == role).map(|f| f.file).collect();
        let mut inventory = Self {
            tests: with(Role::Test),
            config: with(Role::Config),
            generated: with(Role::Generated),
            inline_tests: facts.iter().filter(|f| f.inline_tests).map(|f| f.file).collect(),
            gates,
            ..Self::default()
        };
        for fact in facts.iter().filter(|f| f.role != Role::Generated) {
            if let Some(language) = fact.language {
                *inventory.languages.entry(language.name()).or_default() += 1;
            }
        }
        inventory.modules = modules(files, facts, manifests);
        inventory.entry_points = entry_points(files, facts, manifests);
        inventory
    }

    /// The innermost module that holds `path`.
    pub fn module_of(&self, path: &str) -> Option<&Module> {
        self.modules
            .iter()
            .filter(|module| holds(&module.directory, path))
            .max_by_key(|module| module.directory.len())
    }
}

/// Whether a directory, which may be the root, is above a path.
pub fn holds(directory: &str, path: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn modules(files: &[Entry], facts: &[FileFacts], manifests: &[Manifest]) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for manifest in manifests {
        // A test's fixture or an example is no part of the product, although it has a manifest.
        let role = super::language::role(&manifest.path, None);
        if matches!(role, Role::Test | Role::Example | Role::Generated) {
            continue;
        }
        let directory = manifest.directory();
        let known = modules.entry(directory.clone()).or_insert_with(|| Module {
            directory,
            name: manifest.name.clone(),
            manifest: manifest.path.clone(),
            sources: Vec::new(),
            files: 0,
        });
        if known.name.is_none() {
            known.name.clone_from(&manifest.name);
        }
    }
    for (file, fact) in files.iter().zip(facts) {
        let path = file.path.to_lossy();
        // Walks up, so that the cost does not grow with the number of modules.
        let mut directory = path.as_ref();
        let owner = loop {
            directory = directory.rsplit_once('/').map_or("", |(head, _)| head);
            if modules.contains_key(directory) {
                break directory.to_owned();
            }
            if directory.is_empty() {
                break String::new();
            }
        };
        let Some(module) = modules.get_mut(&owner) else { continue };
        module.files += 1;
        let code = fact.language.is_some_and(|l| l.kind() == Kind::Code);
        if fact.role == Role::Source && code {
            let directory = path.rsplit_once('/').map_or("", |(head, _)| head).to_owned();
            if module.sources.last() != Some(&directory) {
                module.sources.push(directory);
            }
        }
    }
    let mut modules: Vec<Module> = modules.into_values().collect();
    for module in &mut modules {
        module.sources.sort();
        module.sources.dedup();
    }
    modules
}

fn entry_points(files: &[Entry], facts: &[FileFacts], manifests: &[Manifest]) -> Vec<usize> {
    let named: std::collections::BTreeSet<String> = manifests
        .iter()
        .flat_map(|m| m.entries.iter().map(move |entry| (m.directory(), entry)))
        .map(|(directory, entry)| {
            let entry = entry.trim_start_matches("./");
            if directory.is_empty() { entry.to_owned() } else { format!("{directory}/{entry}") }
        })
        .collect();
    facts
        .iter()
        .filter(|fact| fact.role == Role::Source)
        .filter(|fact| {
            let path = files[fact.file].path.to_lossy();
            let name = path.rsplit('/').next().unwrap_or(&path);
            let inside = path.rsplit_once('/').map_or("", |(head, _)| head);
            // `index.ts` and `__init__.py` are faces only where a package begins.
            let top = manifests.iter().any(|m| {
                let root = m.directory();
                inside == root || inside.strip_suffix("/src").unwrap_or(inside) == root
            });
            matches!(name, "main.rs" | "lib.rs" | "__main__.py")
                || named.contains(path.as_ref())
                || fact.starts_program
                || (top && name.starts_with("index.") && is_program(fact.language))
        })
        .map(|fact| fact.file)
        .collect()
}

fn is_program(language: Option<Language>) -> bool {
    language.is_some_and(|l| l.kind() == Kind::Code && !matches!(l, Language::Css | Language::Html))
}
