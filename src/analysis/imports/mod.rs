//! Who imports whom: the edges along which work must be ordered. An edge that is
//! reported exists in the text; one may be missed, more so where it is marked approximate.

mod layout;
mod resolve;

use std::collections::BTreeMap;

pub use super::syntax::Statement;
pub use layout::Layout;

use super::corpus::FileFacts;
use super::language::Language;
use super::parallel;

/// Most names kept on one edge; more would say no more.
const SYMBOLS: usize = 12;

/// One file names another, by indices into the source's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who imports.
    pub from: usize,
    /// What is imported.
    pub to: usize,
    /// The names that the importing line or text uses, sorted; empty where it names none.
    pub symbols: Vec<String>,
    /// Whether the importer was read line by line, and not by a grammar, or nothing says in so
    /// many words which file is meant.
    pub approximate: bool,
}

/// The imports of a codebase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Sorted by importer, then imported; one edge a pair, never from a file to itself.
    pub edges: Vec<Edge>,
    /// For each file, the edges that lead to it.
    incoming: BTreeMap<usize, Vec<usize>>,
}

impl Graph {
    /// What `file` imports.
    pub fn of(&self, file: usize) -> impl Iterator<Item = &Edge> {
        let start = self.edges.partition_point(|edge| edge.from < file);
        self.edges[start..].iter().take_while(move |edge| edge.from == file)
    }

    /// Who imports `file`.
    pub fn into(&self, file: usize) -> impl Iterator<Item = &Edge> {
        self.incoming.get(&file).into_iter().flatten().map(|edge| &self.edges[*edge])
    }

    /// How many files import `file`.
    pub fn fan_in(&self, file: usize) -> usize {
        self.incoming.get(&file).map_or(0, Vec::len)
    }
}

/// Whether an import of a language tells a name and not the file, so that the file is found by
/// what it defines.
pub fn resolves_by_definition(language: Language) -> bool {
    matches!(language, Language::Go | Language::Ruby)
}

/// The graph of the import statements that were found in `facts`.
pub fn graph(layout: &Layout<'_>, facts: &[FileFacts]) -> Graph {
    let mut threads = vec![(); parallel::threads()];
    let edges = parallel::each(facts, &mut threads, |(), from| edges_of(layout, facts, from));
    let edges: Vec<Edge> = edges.into_iter().flatten().collect();
    let mut incoming: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, edge) in edges.iter().enumerate() {
        incoming.entry(edge.to).or_default().push(number);
    }
    Graph { edges, incoming }
}

/// What one file imports, sorted.
fn edges_of(layout: &Layout<'_>, facts: &[FileFacts], from: &FileFacts) -> Vec<Edge> {
    let Some(language) = from.language else { return Vec::new() };
    // The names, and whether any statement is certain.
    let mut targets: BTreeMap<usize, (Vec<String>, bool)> = BTreeMap::new();
    for statement in &from.imports {
        let found = resolve::targets(layout, facts, from.file, language, statement);
        for (to, symbols) in found.files.into_iter().filter(|(to, _)| *to != from.file) {
            let (names, certain) = targets.entry(to).or_default();
            names.extend(symbols);
            *certain |= !found.approximate;
        }
    }
    let edge = |(to, (mut symbols, certain)): (usize, (Vec<String>, bool))| {
        symbols.sort();
        symbols.dedup();
        symbols.truncate(SYMBOLS);
        Edge { from: from.file, to, symbols, approximate: !certain || from.approximate }
    };
    targets.into_iter().map(edge).collect()
}
