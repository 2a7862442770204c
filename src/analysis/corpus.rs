//! Reads every file that people write, once, and keeps of each what the later steps ask for:
//! how often the request's words occur and where, what it defines, what it imports.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use foldhash::fast::RandomState;

use super::Progress;
use super::generated::{Marked, is_binary, looks_generated};
use super::imports::{self, Statement};
use super::index::{Blob, Index, Key, Names};
use super::language::{Kind, Language, Role, role};
use super::lexicon::{Counts, Field, Lexicon, Matches};
use super::progress::READING;
use super::source::{FILE_LIMIT, Source};
use super::{parallel, syntax, words};
use crate::domain::tree::{Entry, Mode};

/// How much is read in all, in bytes.
const TOTAL_LIMIT: u64 = 200 << 20;
/// Files between two looks at the total; the same for every run, so that where reading stops
/// does not depend on timing.
const BATCH: usize = 2048;

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
    /// The names that it defines, sorted, each once; only where imports are resolved by them.
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

/// Reads the files of `source` that no earlier analysis has read, and counts what `lexicon` looks
/// for in all of them. Phrases that span several identifiers are counted by [`closer`].
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
    let mut facts = by_names(files, marked, lexicon);
    let mut queue: Vec<usize> =
        (0..files.len()).filter(|index| worth_reading(&files[*index], &facts[*index])).collect();
    // If the limit is reached, it is what people read and not what they wrote that is missed.
    queue.sort_by_key(|index| (facts[*index].role, *index));
    let mut index = Index::read(source.recall());
    let keys: Vec<Key> = queue.iter().map(|at| key(&files[*at], &facts[*at])).collect();
    let done = learn(source, &facts, &queue, &keys, &mut index, progress)?;
    if let Some(bytes) = index.to_bytes(&keys) {
        source.remember(&bytes);
    }
    let looked = Looked { index: &index, matches: lexicon.matching(&index.names) };
    looked.count(&mut facts, &queue[..done], &keys);
    Ok(Corpus { facts, unread: queue.len() - done })
}

/// The key of a file in the index. Where it has no object id, as a text in memory, its place.
fn key(file: &Entry, fact: &FileFacts) -> Key {
    let known = Key::of(file, fact.language);
    known.unwrap_or_else(|| Key::of_place(fact.file))
}

/// Reads what the index does not know yet, until the limit; returns how many of the queue are
/// known now.
fn learn(
    source: &dyn Source,
    facts: &[FileFacts],
    queue: &[usize],
    keys: &[Key],
    index: &mut Index,
    progress: &dyn Fn(Progress<'_>),
) -> Result<usize> {
    let told = |done: usize| {
        let text = format!("reading files, {done} of {}", queue.len());
        progress(Progress { done: done * READING / queue.len().max(1), total: 100, text: &text });
    };
    let mut readers: Vec<Reader> = (0..parallel::threads()).map(Reader::new).collect();
    let mut total = 0_u64;
    let mut done = 0;
    for (batch, keys) in queue.chunks(BATCH).zip(keys.chunks(BATCH)) {
        if total >= TOTAL_LIMIT {
            break;
        }
        told(done);
        let new = batch.iter().zip(keys).filter(|(_, key)| !index.holds(key));
        let new: Vec<(usize, Key)> = new.map(|(at, key)| (*at, *key)).collect();
        read_batch(source, facts, &new, &mut readers, index)?;
        total += keys.iter().filter_map(|key| index.size(key)).map(u64::from).sum::<u64>();
        done += batch.len();
    }
    told(done);
    Ok(done)
}

/// Reads files on several threads and adds them to the index, in their order.
fn read_batch(
    source: &dyn Source,
    facts: &[FileFacts],
    batch: &[(usize, Key)],
    readers: &mut [Reader],
    index: &mut Index,
) -> Result<()> {
    let outcomes = parallel::each(batch, readers, |reader, (at, _)| {
        (reader.number, reader.read(source, &facts[*at]))
    });
    for ((_, key), (reader, outcome)) in batch.iter().zip(outcomes) {
        let blob = readers[reader].numbered(outcome?, &mut index.names);
        index.add(*key, &blob);
    }
    Ok(())
}

/// Counts the phrases of the request in the whole text of some files, also those that span
/// identifiers.
///
/// # Errors
///
/// When a file cannot be read, naming it.
pub fn closer(
    source: &dyn Source,
    lexicon: &Lexicon,
    facts: &mut [FileFacts],
    files: &[usize],
) -> Result<()> {
    if !lexicon.has_phrases() {
        return Ok(());
    }
    let text = Field::Text as usize;
    let files: Vec<usize> = files.iter().copied().filter(|file| facts[*file].read).collect();
    let mut counters: Vec<_> = (0..parallel::threads()).map(|_| lexicon.counter()).collect();
    let outcomes = parallel::each(&files, &mut counters, |counter, file| {
        let mut counts = Counts::default();
        counter.text(&content(source, *file)?, &mut counts);
        anyhow::Ok((*file, counts))
    });
    for outcome in outcomes {
        let (file, counts) = outcome?;
        let phrases = &mut facts[file].counts.phrases;
        for (phrase, tally) in counts.phrases {
            match phrases.iter_mut().find(|(known, _)| *known == phrase) {
                Some((_, known)) => known[text] = tally[text],
                None => phrases.push((phrase, tally)),
            }
        }
    }
    Ok(())
}

fn content(source: &dyn Source, file: usize) -> Result<String> {
    let file = &source.files()[file];
    let mut content =
        source.read(file).with_context(|| format!("reading `{}` at {}", file.path, file.id))?;
    content.truncate(FILE_LIMIT);
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// What the paths of the files say.
fn by_names(files: &[Entry], marked: &Marked, lexicon: &Lexicon) -> Vec<FileFacts> {
    let mut counters: Vec<_> = (0..parallel::threads()).map(|_| lexicon.counter()).collect();
    let numbers: Vec<usize> = (0..files.len()).collect();
    parallel::each(&numbers, &mut counters, |counter, number| {
        let mut fact = by_name(*number, &files[*number], marked);
        counter.path(&files[*number].path.to_lossy(), &mut fact.counts);
        fact.counts.sort();
        fact
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

/// The index with what of it the request looks for.
struct Looked<'a> {
    index: &'a Index,
    matches: Matches,
}

impl Looked<'_> {
    /// Fills the facts of the files of `queue`, whose keys these are.
    fn count(&self, facts: &mut [FileFacts], queue: &[usize], keys: &[Key]) {
        let work: Vec<(&usize, &Key)> = queue.iter().zip(keys).collect();
        let known: &[FileFacts] = facts;
        let mut threads = vec![(); parallel::threads()];
        let filled =
            parallel::each(&work, &mut threads, |(), (at, key)| self.fact(&known[**at], key));
        for fact in filled {
            let file = fact.file;
            facts[file] = fact;
        }
    }

    fn fact(&self, known: &FileFacts, key: &Key) -> FileFacts {
        let mut fact = FileFacts { read: true, ..known.clone() };
        let counts = &mut fact.counts;
        let found = self.index.blob(key, |name, times| {
            self.matches.add(name, times, Field::Text, counts);
        });
        let Some(blob) = found else { return known.clone() };
        counts.lengths[Field::Text as usize] = blob.words;
        counts.lengths[Field::Definition as usize] = blob.defined_words;
        for name in &blob.definitions {
            if self.matches.add(*name, 1, Field::Definition, counts)
                && counts.telling.len() < TELLING
            {
                counts.telling.push(self.index.names.get(*name).to_owned());
            }
        }
        if fact.language.is_some_and(imports::resolves_by_definition) {
            let name = |number: &u32| self.index.names.get(*number).to_owned();
            fact.definitions = blob.definitions.iter().map(name).collect();
        }
        fact.lines = blob.lines;
        fact.imports = blob.imports;
        fact.approximate = blob.approximate;
        fact.inline_tests = blob.inline_tests;
        fact.starts_program = blob.starts_program;
        if blob.binary && fact.role == Role::Source {
            fact.role = Role::Asset;
        }
        if blob.generated {
            fact.role = Role::Generated;
        }
        fact.counts.sort();
        fact
    }
}

/// How many names that hold a word of the request are kept of one file.
const TELLING: usize = 64;
/// A longer run of letters is no name that anybody would ask for.
const NAME: usize = 100;

/// One thread's tools: parsers, and the names that it has met.
#[derive(Default)]
struct Reader {
    /// Which of the readers it is.
    number: usize,
    syntax: syntax::Reader,
    /// Each name with its own number, and of how many words it is.
    met: HashMap<Box<str>, (u32, u32), RandomState>,
    names: Vec<Box<str>>,
    /// How often each name occurs in the file that is being read, and which do.
    times: Vec<u32>,
    here: Vec<u32>,
    /// The number of each name in the index, as far as it was asked for.
    numbers: Vec<u32>,
}

impl Reader {
    fn new(number: usize) -> Self {
        Self { number, ..Self::default() }
    }

    /// The own number of a name, and how many words it has.
    fn meet(&mut self, name: &str) -> (u32, u32) {
        if let Some(known) = self.met.get(name) {
            return *known;
        }
        let words = words::chunks(name).map(|chunk| words::pieces(chunk).len()).sum::<usize>();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let entry = (count(self.names.len()), count(words));
        self.met.insert(Box::from(name), entry);
        self.names.push(Box::from(name));
        self.times.push(0);
        entry
    }

    /// What a file says, its names by their own numbers.
    fn read(&mut self, source: &dyn Source, known: &FileFacts) -> Result<Blob> {
        let file = &source.files()[known.file];
        let mut content =
            source.read(file).with_context(|| format!("reading `{}` at {}", file.path, file.id))?;
        content.truncate(FILE_LIMIT);
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let mut blob = Blob { size, ..Blob::default() };
        if is_binary(&content) {
            blob.binary = true;
            return Ok(blob);
        }
        let text = String::from_utf8_lossy(&content);
        blob.lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        if looks_generated(&text) {
            blob.generated = true;
            return Ok(blob);
        }
        for name in words::identifiers(&text).filter(|name| name.len() <= NAME) {
            let (number, words) = self.meet(name);
            let times = &mut self.times[number as usize];
            if *times == 0 {
                self.here.push(number);
            }
            *times += 1;
            blob.words = blob.words.saturating_add(words);
        }
        let taken = |number: u32| (number, std::mem::take(&mut self.times[number as usize]));
        blob.identifiers = self.here.drain(..).map(taken).collect();
        if let Some(language) = known.language.filter(|l| l.kind() == Kind::Code) {
            let syntax = self.syntax.read(language, &text);
            for name in syntax.definitions.iter().filter(|name| name.len() <= NAME) {
                let (number, words) = self.meet(name);
                blob.definitions.push(number);
                blob.defined_words = blob.defined_words.saturating_add(words);
            }
            blob.imports = syntax.imports;
            blob.approximate = syntax.approximate;
            blob.inline_tests = syntax.inline_tests;
            blob.starts_program = syntax.starts_program;
        }
        Ok(blob)
    }

    /// The same with the numbers that its names have in `names`.
    fn numbered(&mut self, mut blob: Blob, names: &mut Names) -> Blob {
        // In the order of the text, so that the same files give the same numbers, whoever read
        // them.
        let found = blob.identifiers.iter().map(|(own, _)| own);
        for own in found.chain(&blob.definitions) {
            let at = *own as usize;
            if at >= self.numbers.len() {
                self.numbers.resize(at + 1, u32::MAX);
            }
            if self.numbers[at] == u32::MAX {
                self.numbers[at] = names.number(&self.names[at]);
            }
        }
        for (name, _) in &mut blob.identifiers {
            *name = self.numbers[*name as usize];
        }
        blob.identifiers.sort_unstable();
        for name in &mut blob.definitions {
            *name = self.numbers[*name as usize];
        }
        blob
    }
}
