//! What a codebase consists of: languages, modules, entry points, tests, configuration, and
//! what nobody edits by hand.

mod areas;
mod entries;

use std::collections::BTreeMap;

use super::corpus::FileFacts;
use super::gates::Gate;
use super::language::{Kind, Role, foreign_root};
use super::manifest::Manifest;
use crate::domain::path::RepoPath;
use crate::domain::tree::Entry;

/// The kind of a module that no manifest makes.
pub const DIRECTORY: &str = "directory";

/// A part of the codebase: what a manifest makes one, or a directory where none does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its directory, empty for the root.
    pub directory: String,
    /// The build tool of its manifest (`cargo`, `npm`, …), or [`DIRECTORY`].
    pub kind: &'static str,
    /// The name by which others import it.
    pub name: Option<String>,
    /// The manifest, if one makes it.
    pub manifest: Option<RepoPath>,
    /// Directories below it that hold source files directly, sorted.
    pub sources: Vec<String>,
    /// How many files belong to it and to no module inside it that has a manifest.
    pub files: usize,
    /// Lines of its source files.
    pub lines: u64,
}

/// Files and lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many files.
    pub files: usize,
    /// Their lines; none are counted of files that were not read.
    pub lines: u64,
}

/// What a codebase consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Files and lines of each language, by its name; generated ones do not count.
    pub languages: BTreeMap<&'static str, Amount>,
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
    /// Generated files and lock files, by index.
    pub generated: Vec<usize>,
    /// Trees that were copied from elsewhere, with how many files they hold.
    pub vendored: BTreeMap<String, usize>,
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
            inline_tests: facts.iter().filter(|f| f.inline_tests).map(|f| f.file).collect(),
            gates,
            ..Self::default()
        };
        for fact in facts {
            if fact.role == Role::Generated {
                let path = files[fact.file].path.to_lossy();
                match foreign_root(&path) {
                    Some(root) => *inventory.vendored.entry(root.to_owned()).or_default() += 1,
                    None => inventory.generated.push(fact.file),
                }
            } else if let Some(language) = fact.language {
                let amount = inventory.languages.entry(language.name()).or_default();
                amount.files += 1;
                amount.lines += u64::from(fact.lines);
            }
        }
        inventory.modules = modules(files, facts, manifests);
        inventory.entry_points = entries::entry_points(files, facts, manifests);
        inventory
    }

    /// The innermost module that has a manifest and holds `path`.
    pub fn module_of(&self, path: &str) -> Option<&Module> {
        self.holding(path, |module| module.manifest.is_some())
    }

    /// The innermost module of either kind that holds `path`.
    pub fn area_of(&self, path: &str) -> Option<&Module> {
        self.holding(path, |_| true)
    }

    fn holding(&self, path: &str, wanted: impl Fn(&Module) -> bool) -> Option<&Module> {
        // Walks up, so that the cost does not grow with the number of modules.
        let at = |directory: &str| {
            let at = self.modules.binary_search_by(|m| m.directory.as_str().cmp(directory));
            at.ok().map(|at| &self.modules[at]).filter(|module| wanted(module))
        };
        let directory = path.rsplit_once('/').map_or("", |(head, _)| head);
        innermost(directory, |directory| at(directory).is_some()).and_then(at)
    }
}

/// Whether a directory, which may be the root, is above a path.
pub fn holds(directory: &str, path: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn modules(files: &[Entry], facts: &[FileFacts], manifests: &[Manifest]) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for manifest in manifests.iter().filter(|manifest| manifest.module) {
        // A test's fixture or an example is no part of the product, although it has a manifest.
        let role = super::language::role(&manifest.path, None);
        if matches!(role, Role::Test | Role::Example | Role::Generated) {
            continue;
        }
        let directory = manifest.directory();
        let known = modules.entry(directory.clone()).or_insert_with(|| Module {
            kind: manifest.tool(),
            name: manifest.name.clone(),
            manifest: Some(manifest.path.clone()),
            ..Module::at(directory)
        });
        if known.name.is_none() {
            known.name.clone_from(&manifest.name);
        }
    }
    let areas = areas::areas(files, facts, &modules);
    count(files, facts, &mut modules, |_| false);
    let mut modules: Vec<Module> = modules.into_values().chain(areas).collect();
    modules.sort_by(|a, b| a.directory.cmp(&b.directory));
    for module in &mut modules {
        module.sources.sort();
        module.sources.dedup();
    }
    modules
}

impl Module {
    fn at(directory: String) -> Self {
        Self {
            directory,
            kind: DIRECTORY,
            name: None,
            manifest: None,
            sources: Vec::new(),
            files: 0,
            lines: 0,
        }
    }

    fn count(&mut self, path: &str, fact: &FileFacts) {
        self.files += 1;
        if is_source(fact) {
            self.lines += u64::from(fact.lines);
            let directory = path.rsplit_once('/').map_or("", |(head, _)| head);
            if self.sources.last().is_none_or(|last| last != directory) {
                self.sources.push(directory.to_owned());
            }
        }
    }
}

/// Whether a file is a part of the program, written by people.
fn is_source(fact: &FileFacts) -> bool {
    fact.role == Role::Source && fact.language.is_some_and(|l| l.kind() == Kind::Code)
}

/// Counts each file for the innermost of `modules` above it, unless one of the others is nearer.
fn count(
    files: &[Entry],
    facts: &[FileFacts],
    modules: &mut BTreeMap<String, Module>,
    other: impl Fn(&str) -> bool,
) {
    // Files of one directory stand together, and all belong to the same module.
    let mut before: Option<(String, Option<String>)> = None;
    for (file, fact) in files.iter().zip(facts) {
        let path = file.path.to_lossy();
        let directory = path.rsplit_once('/').map_or("", |(head, _)| head);
        if before.as_ref().is_none_or(|(known, _)| known != directory) {
            let above = innermost(directory, |d| modules.contains_key(d) || other(d));
            let owner = above.filter(|above| modules.contains_key(*above)).map(str::to_owned);
            before = Some((directory.to_owned(), owner));
        }
        let owner = before.as_ref().and_then(|(_, owner)| owner.as_ref());
        if let Some(module) = owner.and_then(|owner| modules.get_mut(owner)) {
            module.count(&path, fact);
        }
    }
}

/// The innermost of a directory and those above it of which this is true; empty is the root.
fn innermost(mut directory: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    loop {
        if known(directory) {
            return Some(directory);
        }
        if directory.is_empty() {
            return None;
        }
        directory = directory.rsplit_once('/').map_or("", |(head, _)| head);
    }
}
