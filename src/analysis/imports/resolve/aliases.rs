//! Names that `tsconfig.json` and its relatives give to files, by the reference of TypeScript:
//! `paths`, `baseUrl`, `extends`, and the files that one refers to.

use std::collections::BTreeMap;

use super::super::layout::{Layout, join, normalise, parent};
use super::web::{Meant, above, file, matches};
use crate::analysis::manifest::{Aliases, Redirect, Says};

/// How many files one is put together from.
const DEPTH: usize = 8;

/// The names that hold for the files below each directory.
#[derive(Default)]
pub(super) struct Aliasing {
    directories: BTreeMap<String, Vec<Names>>,
}

/// What one `tsconfig.json` comes to. Paths are those of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    base: Option<String>,
    paths: Vec<(String, Vec<String>)>,
}

impl Aliasing {
    /// Puts together what the files say. `package` knows the directory of a package.
    pub(super) fn new(redirects: &[Redirect], package: impl Fn(&str) -> Option<String>) -> Self {
        let files: BTreeMap<String, &Aliases> = redirects
            .iter()
            .filter_map(|redirect| match &redirect.says {
                Says::Aliases(aliases) => Some((redirect.path.to_str()?.to_owned(), aliases)),
                Says::Work(_) => None,
            })
            .collect();
        let parts = Parts { files: &files, package: &package };
        let mut directories: BTreeMap<String, Vec<Names>> = BTreeMap::new();
        for (path, aliases) in &files {
            let directory = parent(path).unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default();
            if !matches!(name, "tsconfig.json" | "jsconfig.json") {
                continue;
            }
            let parts_of_it = aliases.references.iter().filter_map(|reference| {
                let reference = normalise(directory, reference)?;
                (parent(&reference).unwrap_or_default() == directory).then_some(reference)
            });
            for part in std::iter::once(path.clone()).chain(parts_of_it) {
                let names = parts.names(&part, directory, DEPTH);
                if names != Names::default() {
                    directories.entry(directory.to_owned()).or_default().push(names);
                }
            }
        }
        Self { directories }
    }

    /// What a name means in a file. The nearest directory that gives it a meaning counts; if
    /// another is nearer, its word is not certain.
    pub(super) fn of(&self, layout: &Layout<'_>, path: &str, name: &str) -> Option<Meant> {
        let mut nearest = true;
        for directory in above(path) {
            let Some(listed) = self.directories.get(directory) else { continue };
            let found = listed.iter().find_map(|names| names.meaning(layout, name));
            if let Some(found) = found {
                return Some(Meant { approximate: found.approximate || !nearest, ..found });
            }
            nearest = false;
        }
        None
    }
}

impl Names {
    fn meaning(&self, layout: &Layout<'_>, name: &str) -> Option<Meant> {
        let fitting = self.paths.iter().filter_map(|(pattern, files)| {
            let star = matches(pattern, name)?;
            let lead = pattern.find('*').unwrap_or(pattern.len());
            Some(((!pattern.contains('*'), lead), star, files))
        });
        let best = fitting.max_by_key(|(rank, ..)| *rank);
        let named = best.and_then(|(_, star, files)| {
            files.iter().find_map(|path| file(layout, &path.replace('*', star)))
        });
        named.or_else(|| file(layout, &normalise(self.base.as_deref()?, name)?))
    }
}

/// The files, and who knows where packages are.
struct Parts<'a> {
    files: &'a BTreeMap<String, &'a Aliases>,
    package: &'a dyn Fn(&str) -> Option<String>,
}

impl Parts<'_> {
    /// What a file and those that it extends come to; `leaf` is the directory of the first.
    fn names(&self, path: &str, leaf: &str, depth: usize) -> Names {
        let Some(aliases) = self.files.get(path).filter(|_| depth > 0) else {
            return Names::default();
        };
        let directory = parent(path).unwrap_or_default();
        let placed = |from: &str, path: &str| match path.strip_prefix("${configDir}") {
            Some(rest) => normalise(leaf, rest),
            None => normalise(from, path),
        };
        let mut names = Names::default();
        for extended in aliases.extends.iter().filter_map(|path| self.extended(directory, path)) {
            let other = self.names(&extended, leaf, depth - 1);
            names.base = names.base.or(other.base);
            if names.paths.is_empty() {
                names.paths = other.paths;
            }
        }
        if let Some(base) = &aliases.base {
            // What is said from outside the repository says nothing about it.
            let Some(base) = placed(directory, base) else { return Names::default() };
            names.base = Some(base);
        }
        if let Some(paths) = &aliases.paths {
            let from = names.base.clone().unwrap_or_else(|| directory.to_owned());
            let files = |list: &Vec<String>| list.iter().filter_map(|p| placed(&from, p)).collect();
            names.paths = paths.iter().map(|(name, list)| (name.clone(), files(list))).collect();
        }
        names
    }

    /// The file that `extends` means: a path, or one inside of a package.
    fn extended(&self, directory: &str, path: &str) -> Option<String> {
        let base = if path.starts_with('.') {
            normalise(directory, path)?
        } else {
            let at = path.find('/').filter(|_| !path.starts_with('@'));
            let at = at.or_else(|| path.match_indices('/').nth(1).map(|(at, _)| at));
            let (name, below) = path.split_at(at.unwrap_or(path.len()));
            normalise(&(self.package)(name)?, below)?
        };
        let candidates = [base.clone(), format!("{base}.json"), join(&base, "tsconfig.json")];
        candidates.into_iter().find(|path| self.files.contains_key(path))
    }
}
