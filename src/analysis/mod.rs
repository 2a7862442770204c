//! A codebase and a request, turned into facts: what there is, which files the request is
//! about and why, who imports whom. Deterministic, and without a model.

pub mod corpus;
pub mod definitions;
pub mod document;
pub mod gates;
pub mod generated;
pub mod history;
pub mod imports;
pub mod inventory;
pub mod language;
pub mod lexicon;
pub mod manifest;
pub mod request;
pub mod search;
pub mod source;
pub mod task;
pub mod words;

use anyhow::{Context as _, Result};

use corpus::FileFacts;
use generated::Marked;
use imports::Graph;
use inventory::Inventory;
use lexicon::Lexicon;
use manifest::{Manifest, ManifestKind};
use request::Request;
use search::{Ranked, Search};
use source::Source;
use task::Existence;

pub use document::Document;

use crate::domain::history::History;
use crate::domain::plan::TaskType;
use crate::domain::tree::{Entry, Mode};

/// How far an analysis has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// What is being done, as `reading files`.
    pub text: &'a str,
}

/// Everything that is known of a codebase with regard to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The request, read.
    pub request: Request,
    /// Every tracked file, in the order of the source.
    pub files: Vec<Entry>,
    /// What is known of each, in the same order.
    pub facts: Vec<FileFacts>,
    /// What there is.
    pub inventory: Inventory,
    /// The manifests, by path.
    pub manifests: Vec<Manifest>,
    /// Who imports whom.
    pub graph: Graph,
    /// The files that the request is about, best first.
    pub ranked: Vec<Ranked>,
    /// Which kind of change the request asks for.
    pub task_type: TaskType,
    /// Why that was concluded.
    pub task_reason: String,
    /// How much of what the request names exists.
    pub existence: Existence,
    /// The commits that were looked at.
    pub history: History,
    /// What the reader of a report should know: what was left out, and why.
    pub notes: Vec<String>,
}

/// Analyses the files of `source` for a request. `progress` is called from this thread.
///
/// # Errors
///
/// When a file cannot be read, naming it.
pub fn analyze(
    source: &dyn Source,
    request: &str,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Analysis> {
    let request = Request::read(request);
    let lexicon = Lexicon::new(&request);
    let files = source.files();
    let settings = Settings::read(source)?;
    // Git reads the history while the files are read here.
    let (corpus, history) = std::thread::scope(|scope| {
        let history = scope.spawn(|| source.history());
        let corpus = corpus::read(source, &settings.marked, &lexicon, progress);
        match history.join() {
            Ok(history) => (corpus, history),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let corpus = corpus?;
    let mut notes = Vec::new();
    let history = history.unwrap_or_else(|error| {
        notes.push(format!("the history was not looked at: {error:#}"));
        History::default()
    });
    progress(Progress { done: 91, total: 100, text: "resolving imports" });
    let layout = imports::Layout::new(files, &settings.manifests);
    let graph = imports::graph(&layout, &corpus.facts);
    progress(Progress { done: 95, total: 100, text: "ranking files" });
    let search = Search::new(&request, &lexicon, &corpus, files, &history);
    let ranked = search.ranked(&graph);
    let existence = search.existence();
    let (task_type, task_reason) = task::decide(&request.instruction, &existence);
    let tests: Vec<String> = tests(files, &corpus.facts);
    let locks = settings.root_locks(files);
    let gates = gates::detect(&settings.manifests, settings.makefile.as_deref(), &locks, &tests);
    let inventory = Inventory::new(files, &corpus.facts, &settings.manifests, gates);
    if history.is_shallow() {
        notes.push(format!(
            "the clone is shallow: only its {} commits were looked at",
            history.commits().len()
        ));
    }
    if corpus.unread > 0 {
        notes.push(format!(
            "{} files were not read: the limit of one analysis is reached",
            corpus.unread
        ));
    }
    progress(Progress { done: 100, total: 100, text: "ranking files" });
    Ok(Analysis {
        files: files.to_vec(),
        facts: corpus.facts,
        manifests: settings.manifests,
        request,
        inventory,
        graph,
        ranked,
        task_type,
        task_reason,
        existence,
        history,
        notes,
    })
}

fn tests(files: &[Entry], facts: &[FileFacts]) -> Vec<String> {
    facts
        .iter()
        .filter(|fact| fact.role == language::Role::Test)
        .map(|fact| files[fact.file].path.to_lossy().into_owned())
        .collect()
}

/// The files that say how to see the others; read before them.
struct Settings {
    manifests: Vec<Manifest>,
    marked: Marked,
    makefile: Option<String>,
}

impl Settings {
    fn read(source: &dyn Source) -> Result<Self> {
        let mut manifests = Vec::new();
        let mut attributes = Vec::new();
        let mut makefile = None;
        for file in source.files() {
            if !matches!(file.mode, Mode::File | Mode::Executable) {
                continue;
            }
            let kind = Manifest::kind_of(&file.path);
            let marks = file.path.file_name() == b".gitattributes";
            let makes = file.path.as_bytes() == b"Makefile";
            let foreign = language::role(&file.path, None) == language::Role::Generated;
            if foreign || (kind.is_none() && !marks && !makes) {
                continue;
            }
            let content = source
                .read(file)
                .with_context(|| format!("reading `{}` at {}", file.path, file.id))?;
            let text = String::from_utf8_lossy(&content).into_owned();
            if let Some(kind) = kind {
                manifests.push(Manifest::read(&file.path, kind, &text));
            } else if marks {
                let directory = file.path.parent();
                attributes
                    .push((directory.map(|d| d.to_lossy().into_owned()).unwrap_or_default(), text));
            } else {
                makefile = Some(text);
            }
        }
        Ok(Self { manifests, marked: Marked::read(&attributes), makefile })
    }

    /// Lock files at the root, if any manifest may have one.
    fn root_locks<'a>(&self, files: &'a [Entry]) -> Vec<&'a str> {
        if !self.manifests.iter().any(|m| m.kind == ManifestKind::Npm) {
            return Vec::new();
        }
        let names = files.iter().filter_map(|file| file.path.to_str());
        names.filter(|path| language::LOCK_FILES.contains(path)).collect()
    }
}

#[cfg(test)]
mod tests;
