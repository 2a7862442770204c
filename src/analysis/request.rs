//! A request, read: which words it is about, and which files and names it mentions exactly.

use std::collections::BTreeSet;

use super::task::{self, Instruction};
use super::words::{self, is_function_word, stem};

/// How much of a request is read, in bytes; the rest cannot change a plan.
pub const REQUEST_LIMIT: usize = 16 * 1024;
/// How many different words of it count.
const TERM_LIMIT: usize = 64;

/// How much a word counts beside its rarity in the code.
mod weight {
    /// A word of the subject.
    pub(super) const SUBJECT: f64 = 1.0;
    /// A word that every sentence has, or the instruction itself (`add`, `fix`).
    pub(super) const FUNCTION: f64 = 0.05;
    /// A word inside a name that was written as in code.
    pub(super) const NAMED: f64 = 1.6;
    /// A word that tells how something goes wrong (`crash`), not what.
    pub(super) const COMPLAINT: f64 = 0.3;
    /// A word of the second sentence: the first names the subject. Each further one counts less,
    /// by this part of the second's weight, and none less than the last number.
    pub(super) const LATER: (f64, f64, f64) = (0.5, 0.5, 0.1);
}

/// A word to search for.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// As it was written, in lower case.
    pub word: String,
    /// As it is compared.
    pub stem: String,
    /// How much it counts in code, beside its rarity.
    pub weight: f64,
    /// How much it counts in the message of a commit, where what is done says as much as to what:
    /// fixes come with other files than features.
    pub spoken: f64,
}

/// Two terms that stand beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    /// Index of the first term.
    pub first: usize,
    /// Index of the second.
    pub second: usize,
}

/// Something that the request names exactly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mention {
    /// A path or the end of one, without a slash at either end.
    Path(String),
    /// A name as code spells it.
    Name {
        /// As written.
        text: String,
        /// As it is compared, see [`words::normal`].
        normal: String,
    },
}

/// A request, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The text, cut at [`REQUEST_LIMIT`].
    pub text: String,
    /// What it tells to do.
    pub instruction: Instruction,
    /// The words, in the order of their first use.
    pub terms: Vec<Term>,
    /// Neighbours among them.
    pub phrases: Vec<Phrase>,
    /// Files and names that it mentions.
    pub mentions: Vec<Mention>,
}

impl Request {
    /// Reads a request. Any text is one; an empty one has no terms.
    pub fn read(text: &str) -> Self {
        let text = bounded(text.trim(), REQUEST_LIMIT);
        let instruction = Instruction::read(text);
        let mentions = mentions(text);
        let mut reader =
            TermReader { instruction: &instruction, terms: Vec::new(), phrases: BTreeSet::new() };
        for (number, sentence) in sentences(text).enumerate() {
            reader.sentence(sentence, number);
        }
        let (terms, phrases) = (reader.terms, reader.phrases.into_iter().collect());
        Self { text: text.to_owned(), terms, phrases, mentions, instruction }
    }

    /// The first line, without a Conventional Commit prefix, cut at `limit` characters at a
    /// word's end, and without control characters: what a title can be made of.
    pub fn headline(&self, limit: usize) -> String {
        let line = self.text.lines().next().unwrap_or_default();
        let line = task::without_prefix(line);
        let clean: String =
            line.chars().filter(|c| crate::domain::path::is_printable(*c)).collect();
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        if clean.chars().count() <= limit {
            return clean.trim_end_matches('.').to_owned();
        }
        let cut: String = clean.chars().take(limit + 1).collect();
        cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head).to_owned() + "…"
    }

    /// The terms that are about the subject, with their indices.
    pub fn subject(&self) -> impl Iterator<Item = (usize, &Term)> {
        self.terms.iter().enumerate().filter(|(index, _)| self.is_subject(*index))
    }

    /// Whether a term is about the subject, and no part of every sentence.
    pub fn is_subject(&self, term: usize) -> bool {
        self.terms[term].weight > weight::FUNCTION
    }

    /// Whether one of the words is the subject of the request.
    pub fn speaks_of(&self, wanted: &[&str]) -> bool {
        self.subject().any(|(_, term)| wanted.contains(&term.word.as_str()))
    }
}

/// The longest beginning of `text` of at most `limit` bytes that ends between characters.
fn bounded(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split(". ")).filter(|sentence| !sentence.trim().is_empty())
}

struct TermReader<'a> {
    instruction: &'a Instruction,
    terms: Vec<Term>,
    phrases: BTreeSet<Phrase>,
}

impl TermReader<'_> {
    fn sentence(&mut self, sentence: &str, number: usize) {
        let first = number == 0;
        let (second, less, least) = weight::LATER;
        let behind = f64::from(u32::try_from(number).unwrap_or(u32::MAX)) - 1.0;
        let place =
            if first { weight::SUBJECT } else { (second / (1.0 + less * behind)).max(least) };
        let mut before: Option<usize> = None;
        for written in words::identifiers(sentence) {
            let named = looks_like_code(written);
            for piece in words::chunks(written).flat_map(words::pieces) {
                let word = piece.to_lowercase();
                let instructing = first && self.instruction.word.as_deref() == Some(&word);
                let weight = if instructing || is_function_word(&word) {
                    weight::FUNCTION
                } else if task::is_complaint(&word) {
                    weight::COMPLAINT
                } else if named {
                    weight::NAMED * place
                } else {
                    place
                };
                let spoken = if is_function_word(&word) { weight } else { weight.max(place) };
                let Some(term) = self.term(word, weight, spoken) else { return };
                if weight > weight::FUNCTION {
                    if let Some(first) = before
                        && first != term
                    {
                        self.phrases.insert(Phrase { first, second: term });
                    }
                    before = Some(term);
                } else if instructing {
                    before = None;
                }
            }
        }
    }

    /// The index of a word, which is new if there is room.
    fn term(&mut self, word: String, weight: f64, spoken: f64) -> Option<usize> {
        let stem = stem(&word);
        if let Some(known) = self.terms.iter().position(|term| term.stem == stem) {
            let term = &mut self.terms[known];
            // The instruction may also be a subject further on: "add an add button".
            term.weight = term.weight.max(weight);
            term.spoken = term.spoken.max(spoken);
            return Some(known);
        }
        if self.terms.len() == TERM_LIMIT {
            return None;
        }
        self.terms.push(Term { word, stem, weight, spoken });
        Some(self.terms.len() - 1)
    }
}

/// Whether a word is spelled as only code spells words: `snake_case`, `camelCase`, `ABC_D`.
fn looks_like_code(word: &str) -> bool {
    let inner = word.trim_matches('_');
    let chars: Vec<char> = inner.chars().collect();
    inner.contains('_')
        || chars.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase())
}

/// What the request names: in backticks, as a path, as a flag, or spelled as in code.
fn mentions(text: &str) -> Vec<Mention> {
    let mut found = BTreeSet::new();
    for (number, part) in text.split('`').enumerate() {
        // Every second part of a text split at backticks stood inside them.
        let quoted = number % 2 == 1 && !part.contains('\n');
        for word in part.split_whitespace() {
            let bare = word.trim_matches(|c: char| {
                !(c.is_alphanumeric()
                    || matches!(c, '_' | '/' | '.' | '-' | '*' | '[' | ']' | '{' | '}'))
            });
            let bare = bare.trim_end_matches(['.', ':', ',']);
            if let Some(path) = as_path(bare) {
                found.insert(Mention::Path(path));
            } else if bare.starts_with("--")
                || quoted
                || bare.split(['.', ':', '(']).any(looks_like_code)
            {
                found.extend(as_names(bare));
            }
        }
    }
    found.into_iter().collect()
}

/// A word as a path: it has a slash, or ends like a file that a language knows.
fn as_path(word: &str) -> Option<String> {
    if word.contains("://") || word.contains("::") {
        return None;
    }
    let trimmed = word.trim_start_matches("./").trim_matches('/');
    let path = crate::domain::path::RepoPath::new(trimmed)?;
    let known = super::language::Language::of(&path).is_some();
    let slashed = trimmed.contains('/') || (word.ends_with('/') && word.len() > 1);
    (known || slashed).then(|| trimmed.to_owned())
}

/// The last name of a qualified one: `crate::auth::Login`, `http.Server()`, `--max-count`.
fn as_names(word: &str) -> Option<Mention> {
    let text = word.rsplit(['.', ':']).find(|part| !part.is_empty())?;
    let text = text.trim_end_matches("()");
    let normal = words::normal(text);
    (normal.chars().count() >= 3).then(|| Mention::Name { text: text.to_owned(), normal })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(request: &str) -> Vec<(String, f64)> {
        let request = Request::read(request);
        request.subject().map(|(_, term)| (term.word.clone(), term.weight)).collect()
    }

    #[test]
    fn the_subject_is_weighed_and_the_instruction_is_not() {
        assert_eq!(
            words_of("Add token refresh to the login"),
            [("token", 1.0), ("refresh", 1.0), ("login", 1.0)].map(|(w, n)| (w.to_owned(), n))
        );
        assert_eq!(words_of("Fix SameSite"), [("same".to_owned(), 1.6), ("site".to_owned(), 1.6)]);
        assert_eq!(words_of("ログイン"), [("ログイン".to_owned(), 1.0)]);
        assert!(words_of("").is_empty());
    }

    #[test]
    fn neighbours_are_phrases() {
        let request = Request::read("Improve css modules in the session cookie");
        let pairs: Vec<_> = request
            .phrases
            .iter()
            .map(|p| (request.terms[p.first].word.as_str(), request.terms[p.second].word.as_str()))
            .collect();
        assert_eq!(pairs, [("css", "modules"), ("modules", "session"), ("session", "cookie")]);
    }

    #[test]
    fn files_and_names_are_mentioned() {
        let name =
            |text: &str, normal: &str| Mention::Name { text: text.into(), normal: normal.into() };
        let path = |text: &str| Mention::Path(text.into());
        let table = [
            ("Change src/foo.rs.", vec![path("src/foo.rs")]),
            ("In ./src/auth/ and app.py", vec![path("app.py"), path("src/auth")]),
            (
                "Rename `Login` to AuthError",
                vec![name("AuthError", "autherror"), name("Login", "login")],
            ),
            ("Add a --max-count flag", vec![name("--max-count", "maxcount")]),
            ("Use crate::auth::verify_token", vec![name("verify_token", "verifytoken")]),
            ("See https://example.org/a.rs", vec![]),
            ("and/or", vec![path("and/or")]),
            ("nothing here", vec![]),
        ];
        for (request, expected) in table {
            assert_eq!(Request::read(request).mentions, expected, "{request}");
        }
    }

    #[test]
    fn a_headline_is_short_and_harmless() {
        assert_eq!(Request::read("feat(auth): add login\nmore").headline(60), "add login");
        assert_eq!(Request::read("a\u{1b}[2Jb\u{202e}c").headline(60), "a[2Jbc");
        assert_eq!(Request::read("one two three").headline(8), "one two…");
    }

    #[test]
    fn endless_requests_are_cut() {
        let request = Request::read(&"é ".repeat(100_000));
        assert!(request.text.len() <= REQUEST_LIMIT);
        let many: Vec<String> = (0..1000).map(|n| format!("word{n}")).collect();
        assert!(Request::read(&many.join(" ")).terms.len() <= TERM_LIMIT);
    }
}
