//! An analysis as its template sees it.

use serde::Serialize;

use super::plan::title;
use crate::analysis::Document;
use crate::analysis::document::PathText;

/// Rows of the table of files.
const FILES: usize = 25;
/// Examples named for a count.
const EXAMPLES: usize = 5;

#[derive(Serialize)]
pub(super) struct View<'a> {
    request_line: String,
    document: &'a Document,
    files: Vec<File<'a>>,
    languages: Vec<Language>,
    modules: Vec<Module<'a>>,
    counts: Vec<Count<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    score: String,
    path: &'a str,
    why: &'a [String],
}

#[derive(Serialize)]
struct Language {
    name: &'static str,
    files: usize,
}

#[derive(Serialize)]
struct Module<'a> {
    directory: &'a str,
    name: &'a str,
    manifest: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct Count<'a> {
    label: &'static str,
    total: usize,
    examples: Vec<&'a str>,
}

impl<'a> View<'a> {
    pub(super) fn new(document: &'a Document, request: &str) -> Self {
        let known = &document.inventory;
        let file = |file: &'a crate::analysis::document::File| File {
            score: format!("{:.2}", file.score),
            path: &file.path.path,
            why: &file.why,
        };
        let mut languages: Vec<Language> =
            known.languages.iter().map(|(name, files)| Language { name, files: *files }).collect();
        languages.sort_by(|a, b| b.files.cmp(&a.files).then(a.name.cmp(b.name)));
        let module = |module: &'a crate::analysis::document::Module| Module {
            directory: if module.directory.is_empty() { "." } else { &module.directory },
            name: module.name.as_deref().unwrap_or_default(),
            manifest: module.manifest.as_ref().map_or("", |path| &path.path),
            files: module.files,
        };
        let counts = [
            ("Entry points", &known.entry_points),
            ("Tests", &known.tests),
            ("Configuration", &known.config),
            ("Generated or copied", &known.generated),
        ];
        Self {
            request_line: title(request).0,
            document,
            files: document.files.iter().take(FILES).map(file).collect(),
            languages,
            modules: known.modules.iter().map(module).collect(),
            counts: counts.into_iter().map(|(label, paths)| count(label, paths)).collect(),
        }
    }
}

fn count<'a>(label: &'static str, paths: &'a [PathText]) -> Count<'a> {
    let examples = paths.iter().take(EXAMPLES).map(|path| path.path.as_str()).collect();
    Count { label, total: paths.len(), examples }
}
