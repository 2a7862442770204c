//! Go: an import means a package, a directory of files; which directory, its modules say.

use std::collections::BTreeMap;

use super::super::Statement;
use super::super::layout::{Layout, join, normalise, parent};
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::{Language, Role};
use crate::analysis::manifest::{Go, Links, Manifest, Redirect, Says};

/// The modules of a codebase.
#[derive(Default)]
pub(in crate::analysis::imports) struct Modules {
    /// By the directory of a `go.mod`: its module path, and what stands for others in it.
    at: BTreeMap<String, Module>,
    /// By the directory of a `go.work`: what stands for which module path for those below.
    works: BTreeMap<String, Vec<(String, String)>>,
    /// Where the module of a path is; nothing where there are several.
    known: BTreeMap<String, Option<String>>,
}

struct Module {
    path: String,
    replaced: Vec<(String, String)>,
}

impl Modules {
    /// What `go.mod` and `go.work` files say.
    pub(in crate::analysis::imports) fn new(
        manifests: &[Manifest],
        redirects: &[Redirect],
    ) -> Self {
        let mut modules = Self::default();
        for manifest in manifests {
            let (Links::Go(go), Some(path)) = (&manifest.links, &manifest.name) else { continue };
            let directory = manifest.directory();
            let several = |known: &mut Option<String>| *known = None;
            modules
                .known
                .entry(path.clone())
                .and_modify(several)
                .or_insert_with(|| Some(directory.clone()));
            let module = Module { path: path.clone(), replaced: replaced(&directory, go) };
            modules.at.insert(directory, module);
        }
        for redirect in redirects {
            let Says::Work(go) = &redirect.says else { continue };
            let directory = redirect.directory();
            let mut meant = replaced(&directory, go);
            for used in go.used.iter().filter_map(|used| normalise(&directory, used)) {
                meant.extend(modules.at.get(&used).map(|m| (m.path.clone(), used.clone())));
            }
            modules.works.insert(directory, meant);
        }
        modules
    }

    /// The directory of a package that a file imports, if it is one of the codebase.
    fn directory(&self, from: &str, target: &str) -> Option<String> {
        let own = above(from).find_map(|directory| self.at.get_key_value(directory));
        let works = above(from).find_map(|directory| self.works.get(directory));
        let own = own.into_iter().flat_map(|(directory, module)| {
            let replaced = module.replaced.iter().map(|(path, place)| (path, place));
            std::iter::once((&module.path, directory)).chain(replaced)
        });
        let works = works.into_iter().flatten().map(|(path, place)| (path, place));
        let known = self.known.iter().filter_map(|(path, place)| Some((path, place.as_ref()?)));
        // Of nested modules the innermost holds the package; of several that are called the same
        // the nearest word counts.
        let mut best: Option<(usize, String)> = None;
        for (module, place) in own.chain(works).chain(known) {
            let Some(rest) = target.strip_prefix(module.as_str()) else { continue };
            let within = rest.is_empty() || rest.starts_with('/');
            if within && best.as_ref().is_none_or(|(length, _)| module.len() > *length) {
                let directory = join(place, rest.trim_start_matches('/'));
                best = Some((module.len(), directory.trim_end_matches('/').to_owned()));
            }
        }
        best.map(|(_, directory)| directory)
    }
}

fn replaced(directory: &str, go: &Go) -> Vec<(String, String)> {
    let within =
        |(path, place): &(String, String)| Some((path.clone(), normalise(directory, place)?));
    go.replaced.iter().filter_map(within).collect()
}

/// The directories above a file, the innermost first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path).or(Some("")), |directory| {
        (!directory.is_empty()).then(|| parent(directory).unwrap_or_default())
    })
}

/// Of the files of a package that is imported, those that define what is used of it. A package
/// that is imported for what it does at its start means the files that do something then.
pub(super) fn package(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    path: &str,
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let Some(directory) = layout.modules.directory(path, &statement.target) else {
        return Vec::new();
    };
    // Tests beside a package see what its other tests show them.
    let beside = parent(path).unwrap_or_default() == directory;
    let files: Vec<&FileFacts> = layout
        .in_directory(&directory)
        .iter()
        .filter_map(|file| facts.get(*file))
        .filter(|file| file.language == Some(Language::Go))
        .filter(|file| file.role != Role::Test || beside)
        .collect();
    if statement.symbols.is_empty() {
        let init = "init".to_owned();
        let starts = files.iter().filter(|file| file.definitions.binary_search(&init).is_ok());
        let starts: Vec<usize> = starts.map(|file| file.file).collect();
        let files = match files.as_slice() {
            [only] => vec![only.file],
            _ => starts,
        };
        return files.into_iter().map(|file| (file, Vec::new())).collect();
    }
    let using = files.into_iter().filter_map(|file| {
        let used: Vec<String> = statement
            .symbols
            .iter()
            .filter(|symbol| file.definitions.binary_search(symbol).is_ok())
            .cloned()
            .collect();
        (!used.is_empty()).then_some((file.file, used))
    });
    using.collect()
}

/// The files of its own package that a file uses: those that alone define a name which the file
/// uses and does not define. Several that define it may be methods, or files for different
/// systems; then nothing is certain.
pub(super) fn siblings(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    from: usize,
    path: &str,
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let test = facts.get(from).is_some_and(|file| file.role == Role::Test);
    let siblings: Vec<&FileFacts> = layout
        .in_directory(parent(path).unwrap_or_default())
        .iter()
        .filter_map(|file| facts.get(*file))
        .filter(|file| file.language == Some(Language::Go) && file.file != from)
        .filter(|file| test || file.role != Role::Test)
        .collect();
    let mut used: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for symbol in &statement.symbols {
        let mut definers =
            siblings.iter().filter(|file| file.definitions.binary_search(symbol).is_ok());
        if let (Some(only), None) = (definers.next(), definers.next()) {
            used.entry(only.file).or_default().push(symbol.clone());
        }
    }
    used.into_iter().collect()
}
