//! The analysis as a JSON document: what `analyze --format json` prints (DESIGN.md §6).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Analysis;
use super::uncertain::uncertain;
use crate::domain::base64;
use crate::domain::path::RepoPath;
use crate::domain::plan::{SCHEMA, TaskType};

/// How many files a document lists.
const FILES: usize = 50;

/// A path: as text, and as base64 of its bytes where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathText {
    /// For looking at.
    pub path: String,
    /// The exact bytes, where `path` is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
}

impl From<&RepoPath> for PathText {
    fn from(path: &RepoPath) -> Self {
        let path_bytes = path.to_str().is_none().then(|| base64::encode(path.as_bytes()));
        Self { path: path.to_lossy().into_owned(), path_bytes }
    }
}

/// A file with its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct File {
    /// Which file.
    #[serde(flatten)]
    pub path: PathText,
    /// From 0 to 1: the share of the best file's.
    pub score: f64,
    /// Why it is here.
    pub why: Vec<String>,
    /// Whether the work that would be planned is about it.
    pub chosen: bool,
    /// Whom to ask, as CODEOWNERS writes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Its directory, empty for the root.
    pub directory: String,
    /// The build tool of its manifest, or `directory`.
    pub kind: &'static str,
    /// The name by which others import it.
    pub name: Option<String>,
    /// Its manifest, if one makes it a module.
    pub manifest: Option<PathText>,
    /// How many files belong to it.
    pub files: usize,
    /// Lines of its source files.
    pub lines: u64,
}

/// A tree that was copied from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vendored {
    /// Its directory.
    pub directory: String,
    /// How many files it holds.
    pub files: usize,
}

/// A command that the project tests itself with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// The directory of the module that it tests.
    pub module: String,
    /// `test`, `types` or `lint`.
    pub kind: &'static str,
    /// The command.
    pub command: String,
    /// The file that says so.
    pub source: String,
    /// Whether only a CI file names it.
    pub from_ci: bool,
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// Files of each language.
    pub languages: BTreeMap<&'static str, usize>,
    /// Lines of each language.
    pub lines: BTreeMap<&'static str, u64>,
    /// Parts with a manifest, and directories where no manifest divides.
    pub modules: Vec<Module>,
    /// Where programs and packages begin.
    pub entry_points: Vec<PathText>,
    /// Tests.
    pub tests: Vec<PathText>,
    /// Configuration.
    pub config: Vec<PathText>,
    /// What nobody edits by hand.
    pub generated: Vec<PathText>,
    /// What others wrote.
    pub vendored: Vec<Vendored>,
    /// Commands that the project tests itself with.
    pub gates: Vec<Gate>,
}

/// An import between two files that the request is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoordinationPoint {
    /// Who imports.
    pub from: String,
    /// What is imported.
    pub to: String,
    /// The names that are used.
    pub symbols: Vec<String>,
    /// The same in words.
    pub text: String,
}

/// The history that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Past {
    /// How many commits; merges and commits of very many files are not among them.
    pub commits: usize,
    /// How many people wrote them.
    pub authors: usize,
    /// When the oldest was committed, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Whether the clone ends before the history does.
    pub shallow: bool,
}

impl Past {
    fn new(analysis: &Analysis) -> Self {
        let commits = analysis.history.commits();
        let authors: BTreeSet<&str> = commits.iter().map(|commit| commit.author.as_str()).collect();
        Self {
            commits: commits.len(),
            authors: authors.len(),
            since: commits.iter().map(|commit| commit.time).min(),
            shallow: analysis.history.is_shallow(),
        }
    }
}

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// The version of the format.
    pub schema: u32,
    /// The commit that was analysed.
    pub base: String,
    /// Which kind of change is asked for.
    pub task_type: TaskType,
    /// Why that was concluded.
    pub task_reason: String,
    /// What there is.
    pub inventory: Inventory,
    /// What the request is about, best first.
    pub files: Vec<File>,
    /// Imports among the chosen files.
    pub coordination_points: Vec<CoordinationPoint>,
    /// How the work would be split, in a sentence.
    pub strategy: String,
    /// What the planner assumed or decided against.
    pub notes: Vec<String>,
    /// What the analysis does not know, or knows only nearly.
    pub uncertain: Vec<String>,
    /// The commits that were looked at.
    pub history: Past,
    /// The file that says who owns what; none where there is none.
    pub owners: Option<PathText>,
    /// What differs from the commit in the working tree, and so was not analysed.
    pub uncommitted: Vec<PathText>,
}

impl Document {
    /// The document of an analysis of the commit `base`; `chosen` are the files, by index,
    /// between which imports are listed, and `strategy` is the plan's.
    pub fn new(analysis: &Analysis, base: &str, chosen: &[usize], strategy: &str) -> Self {
        Self {
            schema: SCHEMA,
            base: base.to_owned(),
            task_type: analysis.task_type,
            task_reason: analysis.task_reason.clone(),
            inventory: Inventory::new(analysis),
            files: files(analysis, chosen),
            coordination_points: coordination_points(analysis, chosen),
            strategy: strategy.to_owned(),
            notes: Vec::new(),
            // What was not read at all is what one must know first.
            uncertain: [analysis.notes.clone(), uncertain(analysis, chosen)].concat(),
            history: Past::new(analysis),
            owners: analysis.owners.source.as_ref().map(PathText::from),
            uncommitted: Vec::new(),
        }
    }

    /// The document with what its planner noted beside what the analysis did.
    #[must_use]
    pub fn with_notes(mut self, notes: &[String]) -> Self {
        let new = notes.iter().filter(|note| !self.uncertain.contains(note));
        self.notes = new.cloned().collect();
        self
    }

    /// The document with what is not committed, and so not in it.
    #[must_use]
    pub fn with_uncommitted(mut self, paths: &[RepoPath]) -> Self {
        self.uncommitted = paths.iter().map(PathText::from).collect();
        self
    }
}

fn files(analysis: &Analysis, chosen: &[usize]) -> Vec<File> {
    let file = |ranked: &super::search::Ranked| {
        let path = &analysis.files[ranked.file].path;
        File {
            path: path.into(),
            score: ranked.score,
            why: ranked.why.clone(),
            chosen: chosen.contains(&ranked.file),
            owners: analysis.owners.of(path).into_iter().map(str::to_owned).collect(),
        }
    };
    analysis.ranked.iter().take(FILES).map(file).collect()
}

impl Inventory {
    fn new(analysis: &Analysis) -> Self {
        let known = &analysis.inventory;
        let paths = |indices: &[usize]| {
            indices.iter().map(|index| (&analysis.files[*index].path).into()).collect()
        };
        let module = |module: &super::inventory::Module| Module {
            directory: module.directory.clone(),
            kind: module.kind,
            name: module.name.clone(),
            manifest: module.manifest.as_ref().map(PathText::from),
            files: module.files,
            lines: module.lines,
        };
        let gate = |gate: &super::gates::Gate| Gate {
            module: gate.module.clone(),
            kind: gate.kind.as_str(),
            command: gate.command.clone(),
            source: gate.source.clone(),
            from_ci: gate.from_ci,
        };
        let vendored = |(directory, files): (&String, &usize)| Vendored {
            directory: directory.clone(),
            files: *files,
        };
        Self {
            languages: known.languages.iter().map(|(name, amount)| (*name, amount.files)).collect(),
            lines: known.languages.iter().map(|(name, amount)| (*name, amount.lines)).collect(),
            modules: known.modules.iter().map(module).collect(),
            entry_points: paths(&known.entry_points),
            tests: paths(&known.tests),
            config: paths(&known.config),
            generated: paths(&known.generated),
            vendored: known.vendored.iter().map(vendored).collect(),
            gates: known.gates.iter().map(gate).collect(),
        }
    }
}

fn coordination_points(analysis: &Analysis, chosen: &[usize]) -> Vec<CoordinationPoint> {
    let chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    let inside =
        |edge: &&super::imports::Edge| chosen.contains(&edge.from) && chosen.contains(&edge.to);
    let point = |edge: &super::imports::Edge| {
        let from = analysis.files[edge.from].path.to_lossy().into_owned();
        let to = analysis.files[edge.to].path.to_lossy().into_owned();
        let names = if edge.symbols.is_empty() {
            String::new()
        } else {
            format!(" {} of", edge.symbols.join(", "))
        };
        CoordinationPoint {
            text: format!("{from} uses{names} {to}"),
            from,
            to,
            symbols: edge.symbols.clone(),
        }
    };
    analysis.graph.edges.iter().filter(inside).map(point).collect()
}
