//! Python: dotted names are paths below a root, and roots are where manifests say that packages
//! are, or what lies above a package.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Statement;
use super::super::layout::{Layout, join, normalise, parent, shared};
use crate::analysis::manifest::{Links, Manifest};

/// Where packages are found.
#[derive(Default)]
pub(in crate::analysis::imports) struct Roots {
    /// By the directory of a manifest, what it says.
    declared: BTreeMap<String, Vec<String>>,
    /// Packages that lie in a directory of another name.
    packages: Vec<(String, String)>,
    /// What lies above an uppermost `__init__.py`, by the names that can be imported from there.
    found: BTreeMap<String, BTreeSet<String>>,
}

impl Roots {
    /// What the manifests and the files say of packages.
    pub(in crate::analysis::imports) fn new(layout: &Layout<'_>, manifests: &[Manifest]) -> Self {
        let mut roots = Self::default();
        for manifest in manifests {
            let Links::Python(python) = &manifest.links else { continue };
            let own = manifest.directory();
            let listed = python.roots.iter().filter_map(|root| normalise(&own, root));
            roots.declared.entry(own.clone()).or_default().extend(listed);
            let packages = python.packages.iter();
            let packages = packages.filter_map(|(n, d)| Some((n.clone(), normalise(&own, d)?)));
            roots.packages.extend(packages);
        }
        // The projects' own directories and `src` are roots unless they say something else.
        for (directory, listed) in &mut roots.declared {
            if listed.is_empty() {
                listed.push(join(directory, "src"));
            }
            listed.push(directory.clone());
        }
        for package in layout.called("__init__.py").filter_map(|file| parent(layout.path(file)?)) {
            let root = parent(package).unwrap_or_default();
            if layout.file(&join(root, "__init__.py")).is_some() {
                continue;
            }
            let beside = layout.in_directory(root).iter().filter_map(|file| layout.path(*file));
            let modules = beside.filter_map(|path| path.rsplit('/').next()?.strip_suffix(".py"));
            for name in modules.chain(package.rsplit('/').next()) {
                roots.found.entry(name.to_owned()).or_default().insert(root.to_owned());
            }
        }
        roots
    }

    /// Directories from which a file's imports are looked for, in the order of Python: its own
    /// root, those of the projects that it belongs to, those that are usual.
    fn of(&self, layout: &Layout<'_>, path: &str) -> Vec<String> {
        let mut own = parent(path).unwrap_or_default();
        while !own.is_empty() && layout.file(&join(own, "__init__.py")).is_some() {
            own = parent(own).unwrap_or_default();
        }
        let mut roots = vec![own.to_owned()];
        let mut directory = parent(path).unwrap_or_default();
        loop {
            roots.extend(self.declared.get(directory).into_iter().flatten().cloned());
            if directory.is_empty() {
                break;
            }
            directory = parent(directory).unwrap_or_default();
        }
        roots.extend(["", "src", "lib"].map(str::to_owned));
        roots
    }

    /// Where a module would be in the package that a manifest puts elsewhere.
    fn moved(&self, below: &str) -> Option<String> {
        let within = self.packages.iter().filter_map(|(name, directory)| {
            let name = name.replace('.', "/");
            let rest = below.strip_prefix(&name)?;
            let rest = rest.strip_prefix('/').or_else(|| rest.is_empty().then_some(""))?;
            Some((name.len(), join(directory, rest).trim_end_matches('/').to_owned()))
        });
        within.max_by_key(|(length, _)| *length).map(|(_, path)| path)
    }
}

/// Files with the names that are used of each.
type Files = Vec<(usize, Vec<String>)>;

/// What `import a.b` and `from a.b import c` mean.
pub(super) fn targets(layout: &Layout<'_>, path: &str, statement: &Statement) -> Files {
    let bare = statement.target.trim_start_matches('.');
    let dots = statement.target.len() - bare.len();
    let below = bare.replace('.', "/");
    if dots > 0 {
        let mut directory = parent(path).unwrap_or_default();
        for _ in 1..dots {
            directory = parent(directory).unwrap_or_default();
        }
        return found(layout, join(directory, &below).trim_end_matches('/'), statement);
    }
    let roots = layout.roots.of(layout, path).into_iter().map(|root| join(&root, &below));
    for base in layout.roots.moved(&below).into_iter().chain(roots) {
        let found = found(layout, &base, statement);
        if !found.is_empty() {
            return found;
        }
    }
    // A package of another project, if there is one that is nearest.
    let near: Vec<(usize, Files)> = layout
        .roots
        .found
        .get(bare.split('.').next().unwrap_or_default())
        .into_iter()
        .flatten()
        .map(|root| (shared(root, path), found(layout, &join(root, &below), statement)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    let nearest = near.iter().map(|(near, _)| *near).max();
    let mut best = near.into_iter().filter(|(near, _)| Some(*near) == nearest);
    match (best.next(), best.next()) {
        (Some((_, found)), None) => found,
        _ => Vec::new(),
    }
}

/// The files of a module and of those of its names that are modules themselves.
fn found(layout: &Layout<'_>, base: &str, statement: &Statement) -> Files {
    let mut found = Vec::new();
    let mut items = Vec::new();
    for symbol in &statement.symbols {
        // `from package import module` means the module's file.
        match module(layout, &join(base, symbol)) {
            Some(module) => found.push((module, Vec::new())),
            None => items.push(symbol.clone()),
        }
    }
    if (statement.symbols.is_empty() || !items.is_empty())
        && let Some(module) = module(layout, base)
    {
        found.push((module, items));
    }
    found
}

fn module(layout: &Layout<'_>, base: &str) -> Option<usize> {
    layout
        .file(&format!("{base}.py"))
        .or_else(|| layout.file(&join(base, "__init__.py")))
        .or_else(|| layout.file(&format!("{base}.pyi")))
}
