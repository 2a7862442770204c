//! The request's words, ready to be looked for: every identifier of a codebase is split and
//! compared once, however often it occurs.

use std::collections::{BTreeSet, HashMap};

use aho_corasick::AhoCorasick;

use super::index::Names;
use super::request::{Mention, Request, Term};
use super::words::{self, is_function_word, stem};

/// Shortest word that may stand for a longer one that begins with it (`auth`, `config`).
const ABBREVIATION: usize = 4;
/// From which strength on a match says that the word itself is meant.
pub const RELATED: f64 = 0.3;
/// Letters of a word that every form of it begins with.
const BEGINNING: usize = 3;
/// Strengths are multiples of one part in this many, so that their sums are exact in any order.
const PARTS: f64 = 1024.0;
/// How many different identifiers one thread remembers.
const MEMORY: usize = 200_000;

/// Where in a file a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// In the file's own name.
    Name,
    /// In a directory above it.
    Directory,
    /// In a name that it defines.
    Definition,
    /// Anywhere in its text.
    Text,
}

/// How many fields there are.
pub const FIELDS: usize = 4;

/// How often something occurs, by field.
pub type Tally = [f64; FIELDS];

/// Occurrences in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Words of each field.
    pub lengths: [u32; FIELDS],
    /// For each term that occurs, how often.
    pub terms: Vec<(usize, Tally)>,
    /// For each phrase that occurs, how often.
    pub phrases: Vec<(usize, Tally)>,
    /// For each mentioned name that occurs, how often.
    pub names: Vec<(usize, Tally)>,
    /// Names defined here that hold a term, in order; for the reasons.
    pub telling: Vec<String>,
}

impl Counts {
    /// Puts everything into the order of the request.
    pub fn sort(&mut self) {
        for list in [&mut self.terms, &mut self.phrases, &mut self.names] {
            list.sort_unstable_by_key(|(key, _)| *key);
        }
    }
}

/// What to look for.
pub struct Lexicon {
    stems: HashMap<String, usize>,
    /// Terms that others may abbreviate or that may abbreviate others.
    long: Vec<(String, usize)>,
    /// Phrase by its two terms.
    phrases: HashMap<(usize, usize), usize>,
    /// Phrase by its words written as one.
    joined: HashMap<String, usize>,
    /// Mention by its normal form.
    names: HashMap<String, usize>,
    parts: Vec<(usize, usize)>,
}

/// What an identifier holds.
#[derive(Clone, Default)]
struct Content {
    tokens: u32,
    /// Position inside the identifier, term, and how well it matches.
    hits: Vec<(u32, usize, f64)>,
    phrases: Vec<usize>,
    name: Option<usize>,
}

impl Lexicon {
    /// The words, phrases and names of a request.
    pub fn new(request: &Request) -> Self {
        let mut lexicon = Self {
            stems: HashMap::new(),
            long: Vec::new(),
            phrases: HashMap::new(),
            joined: HashMap::new(),
            names: HashMap::new(),
            parts: Vec::new(),
        };
        // What every text is full of tells none from another.
        let telling = |(_, term): &(usize, &Term)| !is_function_word(&term.word);
        for (index, term) in request.terms.iter().enumerate().filter(telling) {
            lexicon.stems.insert(term.stem.clone(), index);
        }
        for (index, term) in request.subject() {
            let plain = term.stem.bytes().all(|b| b.is_ascii_lowercase());
            if plain && term.stem.len() >= ABBREVIATION {
                lexicon.long.push((term.stem.clone(), index));
            }
        }
        for (index, phrase) in request.phrases.iter().enumerate() {
            lexicon.phrases.insert((phrase.first, phrase.second), index);
            let (first, second) = (&request.terms[phrase.first], &request.terms[phrase.second]);
            lexicon.joined.insert(stem(&format!("{}{}", first.word, second.word)), index);
            lexicon.parts.push((phrase.first, phrase.second));
        }
        for (index, mention) in request.mentions.iter().enumerate() {
            if let Mention::Name { normal, .. } = mention {
                lexicon.names.insert(normal.clone(), index);
            }
        }
        lexicon
    }

    /// A counter, for one thread.
    pub fn counter(&self) -> Counter<'_> {
        let plain = Content { tokens: 1, ..Content::default() };
        Counter { lexicon: self, memory: HashMap::new(), contents: vec![plain, Content::default()] }
    }

    /// Whether there are phrases to look for.
    pub fn has_phrases(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// How the words begin that are looked for: the letters that no ending changes.
    fn beginnings(&self) -> BTreeSet<String> {
        let names = self.names.keys().map(String::as_str);
        let words = self.stems.keys().map(|stem| stem.trim_end_matches(['y', 'e']));
        let begins = |word: &str| word.chars().take(BEGINNING).collect::<String>();
        words.chain(names).map(begins).filter(|b| !b.is_empty() && b.is_ascii()).collect()
    }

    /// Which of `names` hold anything of the request.
    pub fn matching(&self, names: &Names) -> Matches {
        let mut matches = Matches { of: vec![0; names.count() as usize], contents: Vec::new() };
        let mut look = |number: u32| {
            let of = &mut matches.of[number as usize];
            if *of != 0 {
                return;
            }
            let content = self.content(names.get(number));
            if content.hits.is_empty() && content.name.is_none() {
                *of = NOTHING;
                return;
            }
            matches.contents.push(content);
            *of = u32::try_from(matches.contents.len()).unwrap_or(NOTHING);
        };
        let text = names.text();
        // A name that holds a word of the request holds how the word begins.
        let beginnings = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(self.beginnings())
            .expect("a few short words are no large automaton");
        for found in beginnings.find_overlapping_iter(text) {
            look(names.at(found.start()));
        }
        // How letters beyond ASCII change with their case is not looked at here.
        let mut place = 0;
        while let Some(found) = text.as_bytes()[place..].iter().position(|b| !b.is_ascii()) {
            let number = names.at(place + found);
            look(number);
            place = names.end(number);
        }
        matches
    }

    /// The terms that occur in a name, each once.
    pub fn terms_in(&self, name: &str) -> BTreeSet<usize> {
        words::identifiers(name)
            .flat_map(|identifier| self.content(identifier).hits)
            .filter(|(_, _, strength)| *strength >= RELATED)
            .map(|(_, term, _)| term)
            .collect()
    }

    /// The term that a lower-case word is or abbreviates, and how well.
    fn matched(&self, word: &str) -> Option<(usize, f64)> {
        let stem = stem(word);
        if let Some(term) = self.stems.get(&stem) {
            return Some((*term, 1.0));
        }
        if stem.len() < ABBREVIATION {
            return None;
        }
        let related = self.long.iter().filter_map(|(term, index)| {
            let (short, long) = if term.len() < stem.len() { (term, &stem) } else { (&stem, term) };
            // The longer the common part, the likelier that it is the same word.
            let close = |s: &String, l: &String| {
                let (s, l) = (u32::try_from(s.len()).ok()?, u32::try_from(l.len()).ok()?);
                let strength = 0.6 * (f64::from(s) / f64::from(l)).sqrt();
                Some((strength * PARTS).round() / PARTS)
            };
            if long.starts_with(short.as_str()) {
                Some((*index, close(short, long)?))
            } else {
                None
            }
        });
        related
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .filter(|(_, s)| *s >= RELATED)
    }

    fn content(&self, identifier: &str) -> Content {
        let mut content = Content::default();
        for chunk in words::chunks(identifier) {
            let pieces = words::pieces(chunk);
            // `samesite` is the phrase of `SameSite` although nothing marks where it splits.
            if let [only] = pieces.as_slice()
                && let Some(phrase) = self.joined.get(&stem(&only.to_lowercase()))
            {
                let (first, second) = self.parts[*phrase];
                content
                    .hits
                    .extend([(content.tokens, first, 1.0), (content.tokens + 1, second, 1.0)]);
                content.tokens += 2;
                continue;
            }
            for piece in pieces {
                if let Some((term, strength)) = self.matched(&piece.to_lowercase()) {
                    content.hits.push((content.tokens, term, strength));
                }
                content.tokens += 1;
            }
        }
        if !self.names.is_empty() {
            content.name = self.names.get(&words::normal(identifier)).copied();
        }
        content.phrases = self.phrases_in(&content.hits);
        content
    }

    fn phrases_in(&self, hits: &[(u32, usize, f64)]) -> Vec<usize> {
        hits.windows(2)
            .filter(|pair| pair[0].0 + 1 == pair[1].0)
            .filter_map(|pair| self.phrases.get(&(pair[0].1, pair[1].1)).copied())
            .collect()
    }
}

/// The name holds nothing.
const NOTHING: u32 = u32::MAX;

/// Which names hold what of a request.
pub struct Matches {
    /// By a name's number: 0 where it was not looked at, [`NOTHING`], else one more than the
    /// content's place.
    of: Vec<u32>,
    contents: Vec<Content>,
}

impl Matches {
    /// Counts what the name of that number holds, so many times; returns whether it holds a word.
    pub fn add(&self, name: u32, times: u32, field: Field, counts: &mut Counts) -> bool {
        let of = self.of.get(name as usize).copied().unwrap_or(0);
        let place = of.wrapping_sub(1) as usize;
        let Some(content) = self.contents.get(place) else { return false };
        let times = f64::from(times);
        for (_, term, strength) in &content.hits {
            add(&mut counts.terms, *term, field, times * strength);
        }
        for phrase in &content.phrases {
            add(&mut counts.phrases, *phrase, field, times);
        }
        if let Some(name) = content.name {
            add(&mut counts.names, name, field, times);
        }
        !content.hits.is_empty()
    }
}

/// A lexicon that remembers what it has split.
pub struct Counter<'a> {
    lexicon: &'a Lexicon,
    /// Identifier → index into `contents`.
    memory: HashMap<String, usize>,
    /// The first is that of every single word that holds nothing, which most identifiers
    /// are; the second of the last one that was not remembered.
    contents: Vec<Content>,
}

impl Counter<'_> {
    /// Counts the words of a path.
    pub fn path(&mut self, path: &str, counts: &mut Counts) {
        let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.split_once('.').map_or(name, |(s, _)| if s.is_empty() { name } else { s });
        self.count(stem, Field::Name, counts);
        self.count(directories, Field::Directory, counts);
        // `max-count.rs` may be what the request calls `--max-count`.
        let whole = self.lexicon.names.get(&words::normal(stem)).copied();
        if let Some(name) = whole {
            add(&mut counts.names, name, Field::Name, 1.0);
        }
    }

    /// Counts the words of a text.
    pub fn text(&mut self, text: &str, counts: &mut Counts) {
        self.count(text, Field::Text, counts);
    }

    /// Counts the words of a name that the file defines.
    pub fn definition(&mut self, name: &str, counts: &mut Counts) {
        let before = counts.terms.iter().map(|(_, t)| t[Field::Definition as usize]).sum::<f64>();
        self.count(name, Field::Definition, counts);
        let after = counts.terms.iter().map(|(_, t)| t[Field::Definition as usize]).sum::<f64>();
        if after > before && counts.telling.len() < 64 {
            counts.telling.push(name.to_owned());
        }
    }

    fn count(&mut self, text: &str, field: Field, counts: &mut Counts) {
        let lexicon = self.lexicon;
        let mut position: u32 = 0;
        let mut last: Option<(u32, usize)> = None;
        for identifier in words::identifiers(text) {
            let content = self.look_up(identifier);
            for (at, term, strength) in &content.hits {
                add(&mut counts.terms, *term, field, *strength);
                // Neighbours across two identifiers; inside one they are found below.
                if *at == 0
                    && let Some((before, first)) = last
                    && before + 1 == position
                    && let Some(phrase) = lexicon.phrases.get(&(first, *term))
                {
                    add(&mut counts.phrases, *phrase, field, 1.0);
                }
                last = Some((position + at, *term));
            }
            for phrase in &content.phrases {
                add(&mut counts.phrases, *phrase, field, 1.0);
            }
            if let Some(name) = content.name {
                add(&mut counts.names, name, field, 1.0);
            }
            position = position.saturating_add(content.tokens);
        }
        counts.lengths[field as usize] = counts.lengths[field as usize].saturating_add(position);
    }

    fn look_up(&mut self, identifier: &str) -> &Content {
        if let Some(known) = self.memory.get(identifier) {
            return &self.contents[*known];
        }
        let content = self.lexicon.content(identifier);
        let plain = content.tokens <= 1 && content.hits.is_empty() && content.name.is_none();
        let full = self.memory.len() >= MEMORY;
        let index = match (plain, full) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => self.contents.len(),
        };
        if !full {
            self.memory.insert(identifier.to_owned(), index);
        }
        if index == 1 {
            self.contents[1] = content;
        } else if index > 1 {
            self.contents.push(content);
        }
        &self.contents[index]
    }
}

fn add(list: &mut Vec<(usize, Tally)>, key: usize, field: Field, amount: f64) {
    if let Some((_, tally)) = list.iter_mut().find(|(known, _)| *known == key) {
        tally[field as usize] += amount;
        return;
    }
    let mut tally = [0.0; FIELDS];
    tally[field as usize] = amount;
    list.push((key, tally));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(request: &str, text: &str) -> (Vec<(String, f64)>, f64, f64) {
        let request = Request::read(request);
        let lexicon = Lexicon::new(&request);
        let mut counts = Counts::default();
        lexicon.counter().text(text, &mut counts);
        let text = Field::Text as usize;
        let mut terms: Vec<_> =
            counts.terms.iter().map(|(t, n)| (request.terms[*t].word.clone(), n[text])).collect();
        terms.sort_by(|a, b| a.0.cmp(&b.0));
        let sum = |list: &[(usize, Tally)]| list.iter().map(|(_, n)| n[text]).sum();
        (terms, sum(&counts.phrases), sum(&counts.names))
    }

    #[test]
    fn words_are_found_in_every_spelling() {
        let terms = |list: &[(&str, f64)]| {
            list.iter().map(|(w, n)| ((*w).to_owned(), *n)).collect::<Vec<_>>()
        };
        let table = [
            (
                "session cookie",
                "sessionCookie SESSION_COOKIES session cookie",
                terms(&[("cookie", 3.0), ("session", 3.0)]),
                3.0,
                0.0,
            ),
            ("SameSite", "samesite SAME_SITE", terms(&[("same", 2.0), ("site", 2.0)]), 2.0, 2.0),
            (
                "cookie, then session",
                "session cookie",
                terms(&[("cookie", 1.0), ("session", 1.0)]),
                0.0,
                0.0,
            ),
            (
                "`max_count`",
                "--max-count max_count",
                terms(&[("count", 2.0), ("max", 2.0)]),
                2.0,
                1.0,
            ),
            ("token", "nothing here", terms(&[]), 0.0, 0.0),
        ];
        for (request, text, expected, phrases, names) in table {
            assert_eq!(count(request, text), (expected, phrases, names), "{request}: {text}");
        }
    }

    #[test]
    fn an_abbreviation_counts_less() {
        let (terms, ..) = count("authentication", "auth authority");
        assert_eq!(terms.len(), 1);
        assert!(terms[0].1 > 0.1 && terms[0].1 < 1.0, "{terms:?}");
    }
}
