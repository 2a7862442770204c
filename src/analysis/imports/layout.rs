//! How a codebase is laid out, as far as imports need to know: which path is which file, and
//! which names its packages answer to.

use std::collections::HashMap;

use super::resolve::{Crates, Modules, Packages, Roots};
use crate::analysis::manifest::{Manifest, Redirect};
use crate::domain::tree::Entry;

/// Lookups over the files of a source.
pub struct Layout<'a> {
    paths: HashMap<&'a str, usize>,
    names: HashMap<&'a str, Vec<usize>>,
    directories: HashMap<&'a str, Vec<usize>>,
    texts: Vec<Option<&'a str>>,
    pub(super) crates: Crates,
    pub(super) packages: Packages,
    pub(super) modules: Modules,
    pub(super) roots: Roots,
}

impl<'a> Layout<'a> {
    /// The layout of `files`, with what the manifests among them and the files that redirect
    /// imports say.
    pub fn new(files: &'a [Entry], manifests: &[Manifest], redirects: &[Redirect]) -> Self {
        let texts: Vec<Option<&str>> = files.iter().map(|file| file.path.to_str()).collect();
        let mut layout = Self {
            paths: HashMap::new(),
            names: HashMap::new(),
            directories: HashMap::new(),
            texts,
            crates: Crates::default(),
            packages: Packages::new(manifests, redirects),
            modules: Modules::new(manifests, redirects),
            roots: Roots::default(),
        };
        for index in 0..layout.texts.len() {
            let Some(path) = layout.texts[index] else { continue };
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            layout.paths.insert(path, index);
            layout.names.entry(name).or_default().push(index);
            layout.directories.entry(directory).or_default().push(index);
        }
        layout.crates = Crates::new(&layout, manifests);
        layout.roots = Roots::new(&layout, manifests);
        layout
    }

    /// The files of a name, wherever they are.
    pub(super) fn called(&self, name: &str) -> impl Iterator<Item = usize> + '_ {
        self.names.get(name).into_iter().flatten().copied()
    }

    /// The file at a path.
    pub(super) fn file(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied()
    }

    /// The path of a file, if it is UTF-8.
    pub(super) fn path(&self, file: usize) -> Option<&'a str> {
        self.texts.get(file).copied().flatten()
    }

    /// The files directly in a directory.
    pub(super) fn in_directory(&self, directory: &str) -> &[usize] {
        self.directories.get(directory).map_or(&[], Vec::as_slice)
    }

    /// The one file whose path ends with these components, or `None` if there are several.
    pub(super) fn by_suffix(&self, suffix: &str) -> Option<usize> {
        let mut matching = self.ending_with(suffix);
        let first = matching.next()?;
        matching.next().is_none().then_some(first)
    }

    /// The file whose path ends with these components; of several the one that shares most
    /// directories with `from`, or `None` if that is not one alone.
    pub(super) fn by_suffix_near(&self, suffix: &str, from: &str) -> Option<usize> {
        let mut best: Option<(usize, usize)> = None;
        let mut alone = true;
        for file in self.ending_with(suffix) {
            let near = self.path(file).map_or(0, |path| shared(path, from));
            match best {
                Some((most, _)) if near < most => {}
                Some((most, _)) if near == most => alone = false,
                _ => (best, alone) = (Some((near, file)), true),
            }
        }
        best.filter(|_| alone).map(|(_, file)| file)
    }

    fn ending_with<'s>(&'s self, suffix: &'s str) -> impl Iterator<Item = usize> + 's {
        let name = suffix.rsplit('/').next().unwrap_or_default();
        self.called(name).filter(move |file| {
            self.path(*file).is_some_and(|path| {
                path.strip_suffix(suffix).is_some_and(|head| head.is_empty() || head.ends_with('/'))
            })
        })
    }
}

/// How many leading directories two paths have in common.
pub(super) fn shared(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(a, b)| a == b).count()
}

/// The part before the last slash; `None` at the root.
pub(super) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(directory, _)| directory)
}

/// Joins a directory, which may be the root, and a path below it.
pub(super) fn join(directory: &str, below: &str) -> String {
    if directory.is_empty() { below.to_owned() } else { format!("{directory}/{below}") }
}

/// Resolves `.` and `..` in `directory/path`; `None` where it leaves the repository.
pub(super) fn normalise(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
