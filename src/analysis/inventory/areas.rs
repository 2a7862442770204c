//! Modules where no manifest makes any: the directories of a repository without one, and those
//! inside a module that is too big to be one thing.

use std::collections::BTreeMap;

use super::{Module, innermost, is_source};
use crate::analysis::corpus::FileFacts;
use crate::domain::tree::Entry;

/// A module with more source files is divided.
const BIG: usize = 80;
/// A directory with fewer is no module.
const SMALL: usize = 3;
/// How far down big directories are divided again.
const DEPTH: usize = 6;

/// The directories that are modules, in no order.
pub(super) fn areas(
    files: &[Entry],
    facts: &[FileFacts],
    made: &BTreeMap<String, Module>,
) -> Vec<Module> {
    let tree = Tree::new(files, facts, made);
    let mut found: BTreeMap<String, Module> = BTreeMap::new();
    let without = (!made.contains_key("")).then_some(("", 0));
    let big = made.keys().map(|directory| (directory.as_str(), BIG));
    for (directory, limit) in without.into_iter().chain(big) {
        for area in tree.divided(directory, limit) {
            found.insert(area.clone(), Module::at(area));
        }
    }
    for (file, fact) in files.iter().zip(facts) {
        let path = file.path.to_lossy();
        let known = |directory: &str| found.contains_key(directory) || made.contains_key(directory);
        let owner = innermost(&path, known).map(str::to_owned);
        if let Some(module) = owner.and_then(|owner| found.get_mut(&owner)) {
            module.count(&path, fact);
        }
    }
    // One that is divided completely holds nothing of its own.
    found.into_values().filter(|module| module.lines > 0).collect()
}

/// Directories with the source files below them that belong to the same manifest.
struct Tree {
    /// Source files below a directory.
    below: BTreeMap<String, usize>,
    /// Source files directly in it.
    inside: BTreeMap<String, usize>,
    children: BTreeMap<String, Vec<String>>,
}

impl Tree {
    fn new(files: &[Entry], facts: &[FileFacts], made: &BTreeMap<String, Module>) -> Self {
        let mut tree =
            Self { below: BTreeMap::new(), inside: BTreeMap::new(), children: BTreeMap::new() };
        for (file, _) in files.iter().zip(facts).filter(|(_, fact)| is_source(fact)) {
            let path = file.path.to_lossy();
            let own = path.rsplit_once('/').map_or("", |(head, _)| head);
            *tree.inside.entry(own.to_owned()).or_default() += 1;
            let mut directory = own;
            // Names of hostile depth are not followed all the way up, only counted where they
            // are.
            for _ in 0..64 {
                let count = tree.below.entry(directory.to_owned()).or_default();
                *count += 1;
                let first = *count == 1;
                if directory.is_empty() || made.contains_key(directory) {
                    break;
                }
                let above = directory.rsplit_once('/').map_or("", |(head, _)| head);
                if first {
                    let child = directory.to_owned();
                    tree.children.entry(above.to_owned()).or_default().push(child);
                }
                directory = above;
            }
        }
        tree
    }

    /// The parts of a directory with more than `limit` source files, and of its parts.
    fn divided(&self, directory: &str, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![(directory.to_owned(), limit, 0)];
        while let Some((directory, limit, depth)) = open.pop() {
            if of(&self.below, &directory) <= limit || depth > DEPTH {
                continue;
            }
            let top = self.descended(directory);
            let parts: Vec<&String> = self
                .children
                .get(&top)
                .into_iter()
                .flatten()
                .filter(|child| of(&self.below, child) >= SMALL)
                .collect();
            // One part alone divides nothing from the rest unless there is a rest.
            if parts.len() < 2 && of(&self.inside, &top) == 0 {
                continue;
            }
            for part in parts {
                found.push(part.clone());
                open.push((part.clone(), BIG, depth + 1));
            }
        }
        found
    }

    /// The first directory downwards in which something lies or which has several parts: not
    /// `src` or `src/main/java/org` on the way there.
    fn descended(&self, mut directory: String) -> String {
        for _ in 0..64 {
            let alone = self.children.get(&directory).filter(|children| children.len() == 1);
            let Some([only]) = alone.map(Vec::as_slice) else { break };
            if of(&self.inside, &directory) > 0 {
                break;
            }
            directory.clone_from(only);
        }
        directory
    }
}

fn of(counts: &BTreeMap<String, usize>, directory: &str) -> usize {
    counts.get(directory).copied().unwrap_or(0)
}
