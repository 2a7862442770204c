//! An analysis as its template sees it: the document of `analyze --format json`, and what a
//! reviewer wants of it at a glance.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::plan::title;
use crate::analysis::Document;
use crate::analysis::document::{CoordinationPoint, Gate, PathText};
use crate::analysis::inventory::holds;
use crate::analysis::language::{self, Kind};
use crate::domain::path::RepoPath;

/// Rows of the table of files.
const FILES: usize = 25;
/// Rows of it that are there whatever their score is.
const BEST: usize = 8;
/// The score from which on a file is worth a further row.
const WORTH: f64 = 0.05;
/// Rows of the table of modules.
const MODULES: usize = 12;
/// Rows of the table of languages; the others are summed up.
const LANGUAGES: usize = 8;
/// Rows of the table of what files use of each other.
const MEETINGS: usize = 25;
/// Rows of the table of gates.
const GATES: usize = 12;
/// Examples named for a count.
const EXAMPLES: usize = 3;
/// Names listed in one cell.
const NAMES: usize = 8;

#[derive(Serialize)]
pub(super) struct View<'a> {
    request_line: String,
    document: &'a Document,
    /// What a path's link begins with; empty where nothing is linked.
    up: &'static str,
    /// The day of the oldest commit that was looked at.
    since: Option<String>,
    files: Vec<File<'a>>,
    files_in_all: usize,
    files_left: usize,
    owned: bool,
    meetings: Vec<Meeting<'a>>,
    meetings_left: usize,
    uncertain: Vec<String>,
    languages: Vec<Language>,
    modules: Vec<Module<'a>>,
    modules_left: usize,
    gates: Vec<GateRow<'a>>,
    gates_left: usize,
    counts: Vec<Count<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    score: String,
    path: &'a str,
    why: &'a [String],
    chosen: bool,
    owners: &'a [String],
}

/// What others use of one file.
#[derive(Serialize)]
struct Meeting<'a> {
    path: &'a str,
    symbols: Vec<&'a str>,
    symbols_left: usize,
    users: Vec<&'a str>,
    users_left: usize,
}

#[derive(Serialize)]
struct Language {
    name: String,
    files: usize,
    lines: u64,
}

#[derive(Serialize)]
struct Module<'a> {
    directory: &'a str,
    kind: &'static str,
    name: &'a str,
    manifest: &'a str,
    files: usize,
    lines: u64,
    /// How many of the files that the request is about.
    found: usize,
}

#[derive(Serialize)]
struct GateRow<'a> {
    command: &'a str,
    kind: &'static str,
    source: &'a str,
    from_ci: bool,
}

#[derive(Serialize)]
struct Count<'a> {
    label: &'static str,
    total: usize,
    examples: Vec<&'a str>,
}

impl<'a> View<'a> {
    /// `up` leads from the page to the repository's root, empty where nothing is linked.
    pub(super) fn new(document: &'a Document, request: &str, up: &'static str) -> Self {
        let known = &document.inventory;
        let file = |file: &'a crate::analysis::document::File| File {
            score: format!("{:.2}", file.score),
            path: &file.path.path,
            why: &file.why,
            chosen: file.chosen,
            owners: &file.owners,
        };
        let shown = document.files.iter().take(FILES).enumerate();
        let shown = shown.filter(|(row, file)| *row < BEST || file.chosen || file.score >= WORTH);
        let files: Vec<File<'a>> = shown.map(|(_, one)| file(one)).collect();
        let meetings = meetings(&document.coordination_points);
        let modules = modules(document, &files);
        let gates = gates(document, &files);
        let counts = [
            ("Entry points", &known.entry_points),
            ("Tests", &known.tests),
            ("Configuration", &known.config),
            ("Generated files and lock files", &known.generated),
        ];
        let mut counts: Vec<Count<'a>> =
            counts.into_iter().map(|(label, paths)| count(label, paths)).collect();
        counts.push(Count {
            label: "Trees copied from elsewhere",
            total: known.vendored.len(),
            examples: known.vendored.iter().take(EXAMPLES).map(|v| v.directory.as_str()).collect(),
        });
        counts.retain(|count| count.total > 0);
        Self {
            request_line: title(request).0,
            document,
            up,
            since: document.history.since.and_then(day),
            files_in_all: document.files.len(),
            files_left: document.files.len() - files.len(),
            owned: files.iter().any(|file| !file.owners.is_empty()),
            files,
            meetings_left: meetings.len().saturating_sub(MEETINGS),
            meetings: meetings.into_iter().take(MEETINGS).collect(),
            uncertain: uncertain(document),
            languages: languages(document),
            modules_left: modules.len().saturating_sub(MODULES),
            modules: modules.into_iter().take(MODULES).collect(),
            gates_left: known.gates.len() - gates.len(),
            gates,
            counts,
        }
    }
}

/// The day of a time in seconds since 1970, UTC.
fn day(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%Y-%m-%d").to_string())
}

/// What is used of each file, in the order of the files that are used most.
fn meetings(points: &[CoordinationPoint]) -> Vec<Meeting<'_>> {
    let mut of: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for point in points {
        let (symbols, users) = of.entry(&point.to).or_default();
        symbols.extend(point.symbols.iter().map(String::as_str));
        users.insert(&point.from);
    }
    let mut all: Vec<_> = of.into_iter().collect();
    all.sort_by(|(a, (_, x)), (b, (_, y))| y.len().cmp(&x.len()).then(a.cmp(b)));
    all.into_iter()
        .map(|(path, (symbols, users))| Meeting {
            path,
            symbols_left: symbols.len().saturating_sub(NAMES),
            symbols: symbols.into_iter().take(NAMES).collect(),
            users_left: users.len().saturating_sub(EXAMPLES),
            users: users.into_iter().take(EXAMPLES).collect(),
        })
        .collect()
}

/// What the analysis is not sure of, and what it did not look at.
fn uncertain(document: &Document) -> Vec<String> {
    let mut lines = document.uncertain.clone();
    let changed = &document.uncommitted;
    if !changed.is_empty() {
        let names: Vec<String> = changed
            .iter()
            .take(EXAMPLES)
            .map(|path| format!("`{}`", path.path.replace('`', "'")))
            .collect();
        let more = match changed.len().saturating_sub(EXAMPLES) {
            0 => String::new(),
            left => format!(" and {left} more"),
        };
        lines.push(format!("uncommitted changes were not looked at: {}{more}", names.join(", ")));
    }
    let made = document.inventory.generated.len();
    let copied: usize = document.inventory.vendored.iter().map(|tree| tree.files).sum();
    let parts = [(made, "generated or lock file"), (copied, "copied file")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if !parts.is_empty() {
        lines.push(format!("left out of the search: {}", parts.join(" and ")));
    }
    lines
}

fn languages(document: &Document) -> Vec<Language> {
    let known = &document.inventory;
    let lines = |name: &str| known.lines.get(name).copied().unwrap_or(0);
    let mut all: Vec<Language> = known
        .languages
        .iter()
        .map(|(name, files)| Language {
            name: (*name).to_owned(),
            files: *files,
            lines: lines(name),
        })
        .collect();
    all.sort_by(|a, b| b.lines.cmp(&a.lines).then(a.name.cmp(&b.name)));
    if all.len() > LANGUAGES + 1 {
        let rest = all.split_off(LANGUAGES);
        all.push(Language {
            name: format!("{} others", rest.len()),
            files: rest.iter().map(|l| l.files).sum(),
            lines: rest.iter().map(|l| l.lines).sum(),
        });
    }
    all
}

/// The modules, those that the request is about first.
fn modules<'a>(document: &'a Document, files: &[File<'a>]) -> Vec<Module<'a>> {
    let all = &document.inventory.modules;
    let innermost = |path: &str| {
        let holding = all.iter().filter(|m| holds(&m.directory, path));
        holding.max_by_key(|m| m.directory.len()).map(|m| m.directory.as_str())
    };
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for directory in files.iter().filter_map(|file| innermost(file.path)) {
        *found.entry(directory).or_default() += 1;
    }
    let module = |module: &'a crate::analysis::document::Module| Module {
        directory: if module.directory.is_empty() { "." } else { &module.directory },
        kind: module.kind,
        name: module.name.as_deref().unwrap_or_default(),
        manifest: module.manifest.as_ref().map_or("", |path| &path.path),
        files: module.files,
        lines: module.lines,
        found: found.get(module.directory.as_str()).copied().unwrap_or(0),
    };
    let mut rows: Vec<Module<'a>> = all.iter().map(module).collect();
    rows.sort_by(|a, b| {
        b.found.cmp(&a.found).then(b.lines.cmp(&a.lines)).then(a.directory.cmp(b.directory))
    });
    rows
}

/// The gates of the whole, and of the modules that hold what was found.
fn gates<'a>(document: &'a Document, files: &[File<'a>]) -> Vec<GateRow<'a>> {
    let concerns = |gate: &&Gate| {
        gate.module.is_empty() || files.iter().any(|file| holds(&gate.module, file.path))
    };
    let row = |gate: &'a Gate| GateRow {
        command: &gate.command,
        kind: gate.kind,
        source: &gate.source,
        from_ci: gate.from_ci,
    };
    document.inventory.gates.iter().filter(concerns).take(GATES).map(row).collect()
}

fn count<'a>(label: &'static str, paths: &'a [PathText]) -> Count<'a> {
    let mut telling: Vec<&str> = paths.iter().map(|path| path.path.as_str()).collect();
    // Code tells a reader more than data, and both more than what is hidden.
    telling.sort_by_key(|path| {
        let language = RepoPath::new(*path).and_then(|path| language::Language::of(&path));
        (path.starts_with('.'), language.is_none_or(|l| l.kind() != Kind::Code))
    });
    let examples = telling.into_iter().take(EXAMPLES).collect();
    Count { label, total: paths.len(), examples }
}
