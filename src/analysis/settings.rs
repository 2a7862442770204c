//! The files that say how to see the others; read before them.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::gates::{self, Gate};
use super::generated::Marked;
use super::language::{self, Role};
use super::manifest::{Manifest, Redirect};
use super::owners::{self, Owners};
use super::source::Source;
use crate::domain::path::RepoPath;
use crate::domain::tree::{Entry, Mode};

/// Manifests, attributes, owners, task files and CI of one commit.
pub(super) struct Settings {
    pub manifests: Vec<Manifest>,
    pub redirects: Vec<Redirect>,
    pub marked: Marked,
    pub owners: Owners,
    tasks: Vec<(String, String)>,
    ci: Vec<(String, String)>,
    /// Names of the files at the root.
    root: BTreeSet<String>,
}

/// What a file is read for.
enum Use {
    Manifest(super::manifest::ManifestKind),
    Redirect,
    Attributes,
    Owners(usize),
    Tasks,
    Ci,
}

impl Settings {
    pub(super) fn read(source: &dyn Source) -> Result<Self> {
        let mut settings = Self {
            manifests: Vec::new(),
            redirects: Vec::new(),
            marked: Marked::default(),
            owners: Owners::default(),
            tasks: Vec::new(),
            ci: Vec::new(),
            root: BTreeSet::new(),
        };
        let mut attributes = Vec::new();
        let mut owned = None;
        for file in source.files() {
            if file.path.parent().is_none() {
                settings.root.insert(file.path.to_lossy().into_owned());
            }
            let Some(what) = use_of(file) else { continue };
            let content = source
                .read(file)
                .with_context(|| format!("reading `{}` at {}", file.path, file.id))?;
            let text = String::from_utf8_lossy(&content).into_owned();
            match what {
                Use::Manifest(kind) => {
                    settings.manifests.push(Manifest::read(&file.path, kind, &text));
                }
                Use::Redirect => settings.redirects.push(Redirect::read(&file.path, &text)),
                Use::Attributes => {
                    let directory = file.path.parent();
                    let directory = directory.map(|d| d.to_lossy().into_owned());
                    attributes.push((directory.unwrap_or_default(), text));
                }
                Use::Owners(place) => {
                    let better = owned.as_ref().is_none_or(|(known, _)| place < *known);
                    if better {
                        owned = Some((place, Owners::read(&file.path, &text)));
                    }
                }
                Use::Tasks => settings.tasks.push((named(&file.path), text)),
                Use::Ci => settings.ci.push((named(&file.path), text)),
            }
        }
        settings.marked = Marked::read(&attributes);
        settings.owners = owned.map(|(_, owners)| owners).unwrap_or_default();
        Ok(settings)
    }

    /// The commands that the project tests itself with.
    pub(super) fn gates(&self, tests: bool) -> Vec<Gate> {
        gates::detect(&gates::Known {
            manifests: &self.manifests,
            tasks: &self.tasks,
            ci: &self.ci,
            root: &self.root,
            tests,
        })
    }
}

fn named(path: &RepoPath) -> String {
    path.to_lossy().into_owned()
}

fn use_of(file: &Entry) -> Option<Use> {
    if !matches!(file.mode, Mode::File | Mode::Executable) {
        return None;
    }
    if let Some(place) = owners::place(&file.path) {
        return Some(Use::Owners(place));
    }
    if gates::is_ci(&file.path) {
        return Some(Use::Ci);
    }
    if matches!(file.path.as_bytes(), b"Makefile" | b"justfile" | b"Justfile") {
        return Some(Use::Tasks);
    }
    let foreign = || language::role(&file.path, None) == Role::Generated;
    if file.path.file_name() == b".gitattributes" {
        return (!foreign()).then_some(Use::Attributes);
    }
    if Redirect::is_one(&file.path) {
        return (!foreign()).then_some(Use::Redirect);
    }
    Manifest::kind_of(&file.path).filter(|_| !foreign()).map(Use::Manifest)
}
