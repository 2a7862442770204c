//! Reads every file that people write, once, and keeps of each what the later steps ask for:
//! how often the request's words occur and where, what it defines, what it imports.

use anyhow::{Context as _, Result};

use super::Progress;
use super::generated::{Marked, is_binary, looks_generated};
use super::imports::Statement;
use super::language::{Kind, Language, Role, role};
use super::lexicon::{Counts, Lexicon};
use super::progress::READING;
use super::source::{FILE_LIMIT, Source};
use super::syntax;
use crate::domain::tree::{Entry, Mode};

/// How much is read in all, in bytes.
const TOTAL_LIMIT: usize = 200 << 20;
/// Files between two looks at the total; the same for every run, so that where reading stops
/// does not depend on timing.
const BATCH: usize = 512;
/// Threads that read and split.
const THREADS: usize = 2;

/// What is known of one tracked file.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub struct FileFacts {
    /// Its index among the source's files.
    pub file: usize,
    /// Its language, if its name tells.
    pub language: Option<Language>,
    /// The part that it plays.
    pub role: Role,
    /// Whether its content was read.
    pub read: bool,
    /// Lines of its text.
    pub lines: u32,
    /// Occurrences of the request's words.
    pub counts: Counts,
    /// The names that it defines, sorted, each once.
    pub definitions: Vec<String>,
    /// What it imports, as written.
    pub imports: Vec<Statement>,
    /// Whether the two were read line by line and not by a grammar.
    pub approximate: bool,
    /// Whether it holds tests beside its code (Rust's `#[cfg(test)]`).
    pub inline_tests: bool,
    /// Whether it starts a program: `package main`, `if __name__ == "__main__"`, `#!`.
    pub starts_program: bool,
}

/// The facts of all files, in the order of the source.
pub struct Corpus {
    /// One per file of the source.
    pub facts: Vec<FileFacts>,
    /// Files that were left unread because the total limit was reached.
    pub unread: usize,
}

/// Reads `source`, counting what `lexicon` looks for.
///
/// # Errors
///
/// When a file cannot be read, naming it.
pub fn read(
    source: &dyn Source,
    marked: &Marked,
    lexicon: &Lexicon,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Corpus> {
    let files = source.files();
    let mut facts: Vec<FileFacts> =
        files.iter().enumerate().map(|(index, file)| by_name(index, file, marked)).collect();
    let mut queue: Vec<usize> =
        (0..files.len()).filter(|index| worth_reading(&files[*index], &facts[*index])).collect();
    // If the limit is reached, it is what people read and not what they wrote that is missed.
    queue.sort_by_key(|index| (facts[*index].role, *index));
    let told = |done: usize| {
        let text = format!("reading files, {done} of {}", queue.len());
        progress(Progress { done: done * READING / queue.len().max(1), total: 100, text: &text });
    };
    let mut total = 0;
    let mut done = 0;
    let mut readers: Vec<Reader<'_>> = (0..THREADS).map(|_| Reader::new(lexicon)).collect();
    for batch in queue.chunks(BATCH) {
        if total >= TOTAL_LIMIT {
            break;
        }
        told(done);
        for outcome in read_batch(source, &facts, batch, &mut readers) {
            let (index, bytes, fact) = outcome?;
            total += bytes;
            facts[index] = fact;
        }
        done += batch.len();
    }
    told(done);
    for fact in facts.iter_mut().filter(|fact| !fact.read) {
        fact.counts = readers[0].count_path(&files[fact.file]);
    }
    Ok(Corpus { facts, unread: queue.len() - done })
}

type Outcome = Result<(usize, usize, FileFacts)>;

fn read_batch(
    source: &dyn Source,
    facts: &[FileFacts],
    batch: &[usize],
    readers: &mut [Reader<'_>],
) -> Vec<Outcome> {
    let share = batch.len().div_ceil(readers.len()).max(1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = batch
            .chunks(share)
            .zip(readers)
            .map(|(part, reader)| {
                scope.spawn(move || -> Vec<Outcome> {
                    part.iter().map(|index| reader.read(source, &facts[*index])).collect()
                })
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| match handle.join() {
                Ok(outcomes) => outcomes,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

fn by_name(index: usize, file: &Entry, marked: &Marked) -> FileFacts {
    let language = Language::of(&file.path);
    let role = if marked.holds(&file.path) { Role::Generated } else { role(&file.path, language) };
    FileFacts {
        file: index,
        language,
        role,
        read: false,
        lines: 0,
        counts: Counts::default(),
        definitions: Vec::new(),
        imports: Vec::new(),
        approximate: false,
        inline_tests: false,
        starts_program: false,
    }
}

fn worth_reading(file: &Entry, facts: &FileFacts) -> bool {
    matches!(file.mode, Mode::File | Mode::Executable)
        && facts.role != Role::Generated
        && (facts.role != Role::Asset || !file.path.file_name().contains(&b'.'))
}

/// One thread's tools: a lexicon with what it has already split.
struct Reader<'a> {
    lexicon: super::lexicon::Counter<'a>,
    syntax: syntax::Reader,
}

impl<'a> Reader<'a> {
    fn new(lexicon: &'a Lexicon) -> Self {
        Self { lexicon: lexicon.counter(), syntax: syntax::Reader::new() }
    }

    fn count_path(&mut self, file: &Entry) -> Counts {
        let mut counts = Counts::default();
        self.lexicon.path(&file.path.to_lossy(), &mut counts);
        counts
    }

    fn read(&mut self, source: &dyn Source, known: &FileFacts) -> Outcome {
        let file = &source.files()[known.file];
        let mut content =
            source.read(file).with_context(|| format!("reading `{}` at {}", file.path, file.id))?;
        content.truncate(FILE_LIMIT);
        let mut fact = FileFacts { counts: self.count_path(file), read: true, ..known.clone() };
        if is_binary(&content) {
            fact.role = if fact.role == Role::Source { Role::Asset } else { fact.role };
            return Ok((known.file, content.len(), fact));
        }
        let text = String::from_utf8_lossy(&content);
        fact.lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        if looks_generated(&text) {
            fact.role = Role::Generated;
            return Ok((known.file, content.len(), fact));
        }
        self.lexicon.text(&text, &mut fact.counts);
        if let Some(language) = known.language.filter(|l| l.kind() == Kind::Code) {
            let syntax = self.syntax.read(language, &text);
            for name in &syntax.definitions {
                self.lexicon.definition(name, &mut fact.counts);
            }
            fact.definitions = syntax.definitions;
            fact.imports = syntax.imports;
            fact.approximate = syntax.approximate;
            fact.inline_tests = syntax.inline_tests;
            fact.starts_program = syntax.starts_program;
        }
        Ok((known.file, content.len(), fact))
    }
}
