//! What a plan's scopes hold in the commit that it was planned against, and whom to ask: what a
//! reviewer wants beside patterns. That commit never changes, so neither does the page.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern};
use crate::domain::plan::Objective;

/// Files whose owners are looked up, for each objective.
const ASKED: usize = 500;

/// The files and owners of the commit that a plan was made for.
#[derive(Clone, Debug, Default)]
pub struct Today {
    files: Vec<RepoPath>,
    owners: Owners,
}

/// A pattern of a scope.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Place<'a> {
    pattern: &'a str,
    /// The file or directory that it means, if it means one that is there.
    path: Option<String>,
    /// What it matches, in words; none where nothing is known.
    holds: Option<String>,
}

/// Somebody to ask, and about how many files.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Owner {
    name: String,
    files: usize,
}

impl<'a> Place<'a> {
    /// A pattern of which nothing else is known.
    pub(super) fn unknown(pattern: &'a str) -> Self {
        Self { pattern, ..Self::default() }
    }
}

impl Today {
    /// Of these files.
    pub fn new(mut files: Vec<RepoPath>, owners: Owners) -> Self {
        files.sort_unstable();
        Self { files, owners }
    }

    /// The file that says who owns what.
    pub(super) fn owners_file(&self) -> Option<String> {
        self.owners.source.as_ref().map(|path| path.to_lossy().into_owned())
    }

    /// The patterns that an objective may change, with what they match.
    pub(super) fn places<'a>(&self, objective: &'a Objective) -> Vec<Place<'a>> {
        objective.touch.iter().map(|pattern| self.place(pattern)).collect()
    }

    fn place<'a>(&self, pattern: &'a str) -> Place<'a> {
        let Ok(parsed) = Pattern::parse(pattern) else {
            return Place::unknown(pattern);
        };
        let files = self.matched(&parsed).len();
        let literal = only_name(&parsed);
        let is_there = |path: &RepoPath| self.files.binary_search(path).is_ok();
        let file = literal.as_ref().is_some_and(is_there);
        let holds = match files {
            0 => Some("new".to_owned()),
            1 if file => None,
            1 => Some("1 file".to_owned()),
            n => Some(format!("{n} files")),
        };
        let path = literal.filter(|_| files > 0);
        let path = path.and_then(|path| path.to_str().map(str::to_owned));
        Place { pattern, path, holds }
    }

    fn matched(&self, pattern: &Pattern) -> Vec<&RepoPath> {
        let of_form = |form: &NormalForm| {
            // Paths are sorted bytewise, so those that begin alike stand together.
            let lead = form.literal_lead();
            let start = self.files.partition_point(|file| file.as_bytes() < lead.as_slice());
            let near = self.files[start..].iter();
            let near = near.take_while(|file| file.as_bytes().starts_with(&lead));
            near.filter(|file| form.matches(file)).collect::<Vec<_>>()
        };
        let mut files: Vec<&RepoPath> = pattern.forms().iter().flat_map(of_form).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Who owns what an objective may change, those of most files first.
    pub(super) fn owners(&self, objective: &Objective) -> Vec<Owner> {
        if self.owners.is_empty() {
            return Vec::new();
        }
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        let patterns: Vec<Pattern> =
            objective.touch.iter().filter_map(|p| Pattern::parse(p).ok()).collect();
        for pattern in &patterns {
            let files = self.matched(pattern);
            // What is not there yet will have an owner too.
            let name = pattern.as_str();
            let new = if name.ends_with('/') { format!("{name}x") } else { name.to_owned() };
            let new = RepoPath::new(new).filter(|_| files.is_empty());
            for file in files.into_iter().take(ASKED).chain(&new) {
                for owner in self.owners.of(file) {
                    *found.entry(owner).or_default() += 1;
                }
            }
        }
        let mut owners: Vec<Owner> =
            found.into_iter().map(|(name, files)| Owner { name: name.to_owned(), files }).collect();
        owners.sort_by(|a, b| b.files.cmp(&a.files).then(a.name.cmp(&b.name)));
        owners
    }
}

/// The one file or directory that a pattern names, if it leaves no choice.
fn only_name(pattern: &Pattern) -> Option<RepoPath> {
    let [form] = pattern.forms() else { return None };
    let lead = RepoPath::new(form.literal_lead())?;
    (lead.components().count() == form.segments().len()).then_some(lead)
}
