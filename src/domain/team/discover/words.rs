//! Capabilities from names and descriptions: the words that objectives are assigned by, looked
//! for in what a worker says. Nothing else would ever match an objective.

use super::Told;
use crate::domain::team::Worker;

/// A word that an objective can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The word, its parts joined by `_`.
    pub word: String,
    /// Whether it is a proper name, as languages have: in a sentence it then counts with a capital
    /// letter that does not only begin the sentence (`Go`, not `go on`).
    pub proper: bool,
}

/// What objectives can be about, and how words are compared.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The words.
    pub words: &'a [Wanted],
    /// A word in small letters without the endings that change nothing.
    pub stem: &'a dyn Fn(&str) -> String,
}

/// A word of a text.
struct Token<'t> {
    text: &'t str,
    begins: bool,
}

/// The capabilities that a worker speaks of and its entry lacks, each with where it does.
pub(super) fn capabilities(
    worker: &Worker,
    told: &Told,
    vocabulary: &Vocabulary<'_>,
) -> Vec<(String, String)> {
    let known: Vec<String> = worker.capabilities.iter().map(|c| normal(c)).collect();
    let wanted = vocabulary.words.iter().filter(|wanted| !known.contains(&normal(&wanted.word)));
    let found =
        wanted.filter_map(|wanted| Some((wanted.word.clone(), why(wanted, told, vocabulary)?)));
    found.collect()
}

/// As assignments compare capabilities.
fn normal(word: &str) -> String {
    word.to_lowercase().replace(['-', ' '], "_")
}

/// Where a worker speaks of something.
fn why(wanted: &Wanted, told: &Told, vocabulary: &Vocabulary<'_>) -> Option<String> {
    let modes = told.modes.iter().map(|mode| ("mode", mode));
    let named = modes.chain(told.commands.iter().map(|command| ("command", command)));
    let named = named.map(|(what, named)| (what, named.name.as_str(), named.about.as_str()));
    let tools = told.tools.iter().map(|tool| ("tool", tool.name.as_str(), tool.about.as_str()));
    for (what, name, about) in tools.chain(named) {
        if in_name(wanted, name, vocabulary) {
            return Some(format!("{what} `{name}`: its name"));
        }
        let sentence = first_sentence(about);
        if in_text(wanted, sentence, vocabulary) {
            let shown: String = sentence.chars().take(80).collect();
            return Some(format!("{what} `{name}`: \"{shown}\""));
        }
    }
    let properties = told.tools.iter().flat_map(|t| t.properties.iter().map(move |p| (t, p)));
    for (tool, property) in properties {
        if let Some(choice) = property.choices.iter().find(|c| in_name(wanted, c, vocabulary)) {
            let (tool, property) = (&tool.name, &property.name);
            return Some(format!("tool `{tool}`: its `{property}` can be `{choice}`"));
        }
    }
    None
}

/// Whether a name has the word in it.
fn in_name(wanted: &Wanted, name: &str, vocabulary: &Vocabulary<'_>) -> bool {
    let whole = plain(name);
    let parts = parts(name);
    holds(&whole, wanted, vocabulary) || holds(&parts, wanted, vocabulary)
}

fn in_text(wanted: &Wanted, text: &str, vocabulary: &Vocabulary<'_>) -> bool {
    if !wanted.proper {
        return holds(&plain(text), wanted, vocabulary);
    }
    let named = |token: &Token<'_>| {
        let capital = token.text.starts_with(char::is_uppercase) && !token.begins;
        let odd = token.text.chars().skip(1).any(|c| c.is_uppercase() || !c.is_alphanumeric());
        (capital || odd) && token.text.to_lowercase() == wanted.word
    };
    tokens(text).iter().any(named)
}

/// Whether these words, in small letters, have the wanted ones in a row.
fn holds(words: &[String], wanted: &Wanted, vocabulary: &Vocabulary<'_>) -> bool {
    if wanted.proper {
        return words.contains(&wanted.word);
    }
    let stems: Vec<String> = words.iter().map(|word| (vocabulary.stem)(word)).collect();
    let parts: Vec<String> = wanted.word.split('_').map(vocabulary.stem).collect();
    stems.windows(parts.len()).any(|row| row == parts)
}

/// The words of a text in small letters.
pub(super) fn plain(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.text.to_lowercase()).collect()
}

/// The words of a name, also where only a capital letter begins one.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    for token in tokens(name) {
        let mut part = String::new();
        let mut before = ' ';
        for c in token.text.chars() {
            if c.is_uppercase() && before.is_lowercase() && !part.is_empty() {
                out.push(std::mem::take(&mut part));
            }
            part.extend(c.to_lowercase());
            before = c;
        }
        out.push(part);
    }
    out
}

/// The words of a text: letters and digits, and the signs that languages have at their end.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    let mut begins = true;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = c.is_alphanumeric() || matches!(c, '+' | '#') && start.is_some();
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                out.push(Token { text: &text[from..at], begins });
                (start, begins) = (None, false);
            }
            (None, false) | (Some(_), true) => {}
        }
        if matches!(c, '.' | '!' | '?' | ':' | '\n') {
            begins = true;
        }
    }
    out
}

/// A description begins with what it describes; what follows speaks of anything.
fn first_sentence(about: &str) -> &str {
    let line = about.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    line.split_once(". ").map_or(line, |(first, _)| first)
}
