//! A codebase and a request, turned into facts: what there is, which files the request is
//! about and why, who imports whom. Deterministic, and without a model.

pub mod corpus;
pub mod document;
pub mod gates;
pub mod generated;
pub mod history;
pub mod imports;
pub mod index;
pub mod inventory;
pub mod language;
pub mod lexicon;
pub mod manifest;
pub mod owners;
mod parallel;
mod progress;
pub mod request;
pub mod search;
mod settings;
pub mod source;
pub mod syntax;
pub mod task;
mod uncertain;
pub mod words;
mod yaml;

use anyhow::Result;

use corpus::FileFacts;
use imports::Graph;
use inventory::Inventory;
use lexicon::Lexicon;
use manifest::Manifest;
use owners::Owners;
use progress::{Both, Commits};
use request::Request;
use search::{Past, Ranked, Search};
use settings::Settings;
use source::Source;
use task::Existence;

pub use document::Document;

use crate::domain::history::History;
use crate::domain::plan::TaskType;
use crate::domain::tree::Entry;

/// How often who waits for the history is told how far it is.
const WAITING: std::time::Duration = std::time::Duration::from_millis(20);

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

/// How many of the best files are read once more, for what only their text can tell.
const CLOSER: usize = 300;

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
    /// Whom to ask about a path.
    pub owners: Owners,
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
    let commits = Commits::default();
    // Git reads the history while the files are read here.
    let (corpus, history) = std::thread::scope(|scope| {
        let commits = &commits;
        let waiting = std::thread::current();
        let history = scope.spawn(move || {
            let history = source.history(&|done, total| commits.tell(done, total));
            commits.finish();
            waiting.unpark();
            history
        });
        let both = Both::new(commits, progress);
        let corpus = corpus::read(source, &settings.marked, &lexicon, &|files| both.files(files));
        while corpus.is_ok() && !(commits.finished() || history.is_finished()) {
            both.waiting();
            std::thread::park_timeout(WAITING);
        }
        match history.join() {
            Ok(history) => (corpus, history),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let mut corpus = corpus?;
    let mut notes = Vec::new();
    let history = history.unwrap_or_else(|error| {
        notes.push(format!("the history was not looked at: {error:#}"));
        History::default()
    });
    progress(Progress { done: 91, total: 100, text: "resolving imports" });
    let (graph, past) = std::thread::scope(|scope| {
        let past = scope.spawn(|| Past::new(&request, &history, files));
        let layout = imports::Layout::new(files, &settings.manifests, &settings.redirects);
        let graph = imports::graph(&layout, &corpus.facts);
        progress(Progress { done: 95, total: 100, text: "ranking files" });
        match past.join() {
            Ok(past) => (graph, past),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let best = Search::new(&request, &lexicon, &corpus, files, &past).best(CLOSER);
    corpus::closer(source, &lexicon, &mut corpus.facts, &best)?;
    let search = Search::new(&request, &lexicon, &corpus, files, &past);
    let ranked = search.ranked(&graph);
    let existence = search.existence();
    let (task_type, task_reason) = task::decide(&request.instruction, &existence);
    let tests = corpus.facts.iter().any(|fact| fact.role == language::Role::Test);
    let gates = settings.gates(tests);
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
        owners: settings.owners,
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

#[cfg(test)]
mod tests;
