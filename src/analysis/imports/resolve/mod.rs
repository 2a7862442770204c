//! Which tracked file an import means, by the rules of its language and by what manifests say.
//! What resolves to no tracked file is a dependency from elsewhere and gives no edge; what could
//! mean several resolves to none.

mod aliases;
mod go;
mod java;
mod python;
mod ruby;
mod rust;
mod web;

use super::Statement;
use super::layout::{Layout, normalise, parent};
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::Language;

pub(super) use go::Modules;
pub(super) use python::Roots;
pub(super) use rust::Crates;
pub(super) use web::Packages;

/// What a statement means.
#[derive(Default)]
pub(super) struct Targets {
    /// Files, with the names that the statement uses of each.
    pub(super) files: Vec<(usize, Vec<String>)>,
    /// Whether no text says in so many words that it means them.
    pub(super) approximate: bool,
}

impl<I: IntoIterator<Item = (usize, Vec<String>)>> From<I> for Targets {
    fn from(files: I) -> Self {
        Self { files: files.into_iter().collect(), approximate: false }
    }
}

/// Files that a statement in file `from` means, with the names that it uses of each.
pub(super) fn targets(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    from: usize,
    language: Language,
    statement: &Statement,
) -> Targets {
    let Some(path) = layout.path(from) else { return Targets::default() };
    let symbols = || statement.symbols.clone();
    match language {
        Language::Rust => rust::target(layout, path, statement).into(),
        Language::Python => python::targets(layout, path, statement).into(),
        Language::JavaScript | Language::TypeScript | Language::Vue | Language::Svelte => {
            web::target(layout, path, &statement.target).map_or_else(Targets::default, |meant| {
                Targets { files: vec![(meant.file, symbols())], approximate: meant.approximate }
            })
        }
        Language::Go if statement.target == "." => {
            go::siblings(layout, facts, from, path, statement).into()
        }
        Language::Go => go::package(layout, facts, path, statement).into(),
        Language::Java | Language::Kotlin | Language::Scala => {
            java::targets(layout, path, statement).into()
        }
        Language::C | Language::Cpp => {
            included(layout, path, &statement.target).map(|to| (to, Vec::new())).into()
        }
        Language::Ruby => match statement.target.strip_prefix("::") {
            Some(constant) => ruby::constants(layout, facts, constant).into(),
            None => {
                ruby::required(layout, path, &statement.target).map(|to| (to, symbols())).into()
            }
        },
        _ => Targets::default(),
    }
}

/// `"a/b.h"` is looked for beside the file first; `<a/b.h>` only where headers are offered.
fn included(layout: &Layout<'_>, path: &str, target: &str) -> Option<usize> {
    if let Some(system) = target.strip_prefix('<') {
        let header = system.trim_end_matches('>');
        return layout.by_suffix_near(&format!("include/{header}"), path);
    }
    let beside = normalise(parent(path).unwrap_or_default(), target)?;
    layout.file(&beside).or_else(|| layout.by_suffix_near(target, path))
}

#[cfg(test)]
mod tests;
