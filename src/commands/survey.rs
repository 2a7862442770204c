//! The facts that planning starts from: the files of a commit, analysed for a request, and what
//! the planner has to keep to.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::analysis::history::SEARCHED;
use crate::analysis::source::{FILE_LIMIT, Source};
use crate::analysis::{self, Analysis, Progress};
use crate::domain::config::Config;
use crate::domain::event::{EventKind, Phase};
use crate::domain::history::History;
use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;
use crate::domain::tree::Entry;
use crate::execute::narrate::Reporter;
use crate::git::{Reader, Repository, Shared};
use crate::planner::builtin::Options;
use crate::store::{Steps, Writer, layout};

/// The most objectives that a plan is divided into.
const MAX_OBJECTIVES: usize = 10;

/// Files beyond this many bytes are not even unpacked: they are data, not text.
const UNPACKED_LIMIT: u64 = 8 * 1024 * 1024;

/// The files of one commit.
#[derive(Debug)]
pub struct CommitFiles {
    repository: Shared,
    commit: String,
    /// The git directory that all worktrees share.
    directory: PathBuf,
    entries: Vec<Entry>,
    /// Readers that no thread holds at the moment; each keeps its caches.
    idle: Mutex<Vec<Reader>>,
}

impl CommitFiles {
    /// The files of the tree of `commit`.
    pub fn new(repository: &Repository, commit: &str) -> Result<Self> {
        Ok(Self {
            repository: repository.shared(),
            commit: commit.to_owned(),
            directory: repository.common_dir(),
            entries: repository.entries(commit)?,
            idle: Mutex::default(),
        })
    }
}

impl Source for CommitFiles {
    fn files(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, file: &Entry) -> Result<Vec<u8>> {
        // A reader that a panicking thread left behind is as good as any.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = idle().pop().unwrap_or_else(|| self.repository.reader());
        let bytes = reader.blob(&file.id, UNPACKED_LIMIT);
        idle().push(reader);
        let mut bytes = bytes?.unwrap_or_default();
        bytes.truncate(FILE_LIMIT);
        Ok(bytes)
    }

    fn recall(&self) -> Option<Vec<u8>> {
        std::fs::read(self.directory.join(&*layout::index_cache().to_lossy())).ok()
    }

    fn remember(&self, index: &[u8]) {
        // Nothing depends on this write, so it is none of the steps of the command.
        let steps = Steps::default();
        Writer::new(&self.directory, &steps).write(&layout::index_cache(), index).ok();
    }

    fn history(&self, told: &dyn Fn(usize, usize)) -> Result<History> {
        analysis::history::load(&self.repository.open(), &self.commit, SEARCHED, told)
    }
}

/// Analyses a commit for a request, reporting progress up to `percent` of the command.
pub fn analysis(
    repository: &Repository,
    commit: &str,
    request: &str,
    reporter: &Reporter,
    percent: u8,
) -> Result<Analysis> {
    reporter.report(EventKind::PhaseStart { phase: Phase::Analytic }, 0);
    let files = CommitFiles::new(repository, commit)?;
    reporter.checkpoint()?;
    let progress = |step: Progress<'_>| {
        let done = step.done * usize::from(percent) / step.total.max(1);
        reporter.activity(step.text, u8::try_from(done).unwrap_or(percent));
    };
    let analysis = analysis::analyze(&files, request, &progress)?;
    reporter.checkpoint()?;
    let (files, modules) = (analysis.files.len(), analysis.inventory.modules.len());
    reporter.report(EventKind::CodebaseAnalyzed { files, modules }, percent);
    let determined = EventKind::TaskTypeDetermined {
        task_type: analysis.task_type,
        reason: analysis.task_reason.clone(),
    };
    reporter.report(determined, percent);
    reporter.report(EventKind::PhaseComplete { phase: Phase::Analytic }, percent);
    Ok(analysis)
}

/// Looks for what is not committed, and so not analysed, while something else goes on.
#[derive(Debug)]
pub struct Uncommitted(std::thread::JoinHandle<Result<Vec<RepoPath>>>);

impl Uncommitted {
    /// Begins to look.
    pub fn begin(repository: &Repository) -> Self {
        let shared = repository.shared();
        Self(std::thread::spawn(move || shared.open().uncommitted()))
    }

    /// What was found, sorted; plans are not counted.
    pub fn paths(self) -> Result<Vec<RepoPath>> {
        let found = self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut paths = found?;
        paths.retain(|path| !path.as_bytes().starts_with(b".ap/"));
        Ok(paths)
    }
}

/// What the planner needs to know besides the code.
pub fn options(id: PlanId, commit: &str, target: Option<String>, config: &Config) -> Options {
    let forbid = config.global_forbid.iter().map(|p| p.as_str().to_owned());
    Options {
        id,
        base: commit.to_owned(),
        target,
        global_forbid: forbid.collect(),
        max_objectives: MAX_OBJECTIVES,
        breadth: config.breadth,
    }
}
