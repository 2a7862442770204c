//! Modules where no manifest makes any: the directories of a repository without one, and those
//! inside a module that is too big to be one thing.

use std::collections::BTreeMap;

use super::{Module, is_source};
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
    super::count(files, facts, &mut found, |directory| made.contains_key(directory));
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
            match tree.inside.get_mut(own) {
                Some(count) => *count += 1,
                None => drop(tree.inside.insert(own.to_owned(), 1)),
            }
        }
        for (own, count) in &tree.inside {
            let mut directory = own.as_str();
            // Names of hostile depth are not followed all the way up.
            for _ in 0..64 {
                let below = tree.below.entry(directory.to_owned()).or_default();
                let first = *below == 0;
                *below += count;
                if directory.is_empty() || made.contains_key(directory) {
                    break;
                }
                let above = directory.rsplit_once('/').map_or("", |(head, _)| head);
                if first {
                    let children = tree.children.entry(above.to_owned()).or_default();
                    children.push(directory.to_owned());
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

#[cfg(test)]
mod tests {
    use crate::analysis::analyze;
    use crate::analysis::source::memory::Memory;

    /// The directory modules of a codebase with so many files in each of these directories.
    fn areas(manifests: &[&str], directories: &[(&str, usize)]) -> Vec<String> {
        let mut files: Vec<(String, String)> =
            manifests.iter().map(|m| ((*m).to_owned(), "module x".to_owned())).collect();
        for (directory, count) in directories {
            files.extend(
                (0..*count).map(|n| (format!("{directory}/f{n}.go"), "package x\n".into())),
            );
        }
        let analysis = analyze(&Memory::new(&files), "x", &|_| {}).expect("memory can be read");
        let modules = analysis.inventory.modules.iter().filter(|m| m.manifest.is_none());
        modules.map(|m| format!("{} {}", m.directory, m.files)).collect()
    }

    #[test]
    fn directories_divide_what_no_manifest_divides() {
        type Row =
            (&'static [&'static str], &'static [(&'static str, usize)], &'static [&'static str]);
        let table: [Row; 6] = [
            // Without any manifest, the parts below the way down to the sources.
            (
                &[],
                &[("src/app", 3), ("src/web/page", 3), ("src/x", 2)],
                &["src/app 3", "src/web 3"],
            ),
            // One manifest is enough for a small module,
            (&["go.mod"], &[("a", 30), ("b", 30)], &[]),
            // and none for a big one, which is divided again where a part is big.
            (
                &["go.mod"],
                &[("a", 50), ("b/c", 60), ("b/d", 60), ("e", 2)],
                &["a 50", "b/c 60", "b/d 60"],
            ),
            // A manifest inside is a module of its own.
            (&["go.mod", "a/go.mod"], &[("a", 90), ("b", 50), ("c", 50)], &["b 50", "c 50"]),
            (&["go.mod"], &[("a", 100)], &[]),
            (&[], &[], &[]),
        ];
        for (manifests, directories, expected) in table {
            assert_eq!(areas(manifests, directories), expected, "{directories:?}");
        }
    }
}
