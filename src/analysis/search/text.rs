//! What the words of a request say for a file: in its names, its text, its place.

use super::Search;
use super::clue::number;
use super::weight;
use crate::analysis::corpus::FileFacts;
use crate::analysis::lexicon::{Field, Tally};
use crate::analysis::task;

const ALL: [Field; 4] = [Field::Name, Field::Directory, Field::Definition, Field::Text];

impl Search<'_> {
    /// BM25F over all fields, less where only few of the words are there.
    pub(super) fn text(&self, fact: &FileFacts) -> f64 {
        let gain = |(term, tally): &(usize, Tally)| self.worth(*term) * self.gain(fact, tally).0;
        let score: f64 = fact.counts.terms.iter().map(gain).sum();
        score * (weight::ANY + (1.0 - weight::ANY) * self.coverage(fact))
    }

    /// The weight of the request's words that occur in a file, from 0 to 1.
    pub(super) fn coverage(&self, fact: &FileFacts) -> f64 {
        let part =
            |(term, tally): &(usize, Tally)| self.worth(*term) * tally.iter().sum::<f64>().min(1.0);
        (fact.counts.terms.iter().map(part).sum::<f64>() / self.whole).min(1.0)
    }

    /// The weight of the words that are in the path.
    pub(super) fn path(&self, fact: &FileFacts) -> f64 {
        let part = |(term, tally): &(usize, Tally)| {
            let there = tally[Field::Name as usize].max(tally[Field::Directory as usize]).min(1.0);
            self.worth(*term) * there
        };
        fact.counts.terms.iter().map(part).sum()
    }

    /// The weight of the phrases, a second time less than the first.
    pub(super) fn phrases(&self, fact: &FileFacts) -> f64 {
        let part = |(phrase, tally): &(usize, Tally)| {
            let times = (1.0 + tally.iter().sum::<f64>()).log2();
            self.phrases[*phrase] * times / (1.0 + times)
        };
        fact.counts.phrases.iter().map(part).sum()
    }

    /// The weight of the exact names that are used or defined.
    pub(super) fn uses(&self, fact: &FileFacts) -> f64 {
        let part = |(name, tally): &(usize, Tally)| {
            let times: f64 = tally.iter().sum();
            self.names[*name] * times / (times + weight::USES)
        };
        fact.counts.names.iter().map(part).sum()
    }

    /// 1 where the request has the file's name, without its ending, as a word.
    pub(super) fn called(&self, fact: &FileFacts) -> f64 {
        let name = self.files[fact.file].path.file_name();
        let Ok(name) = std::str::from_utf8(name) else { return 0.0 };
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let text = &self.request.text;
        let called = stem.len() > 3 && holds_word(text, stem) && !holds_word(text, name);
        f64::from(u8::from(called))
    }

    /// The terms of the part of the codebase that the request begins with, if it does.
    pub(super) fn scope_terms(&self) -> Vec<usize> {
        let Some(scope) = task::scope(&self.request.text) else { return Vec::new() };
        let wanted = self.lexicon.terms_in(scope).into_iter();
        wanted.filter(|term| self.request.is_subject(*term)).collect()
    }

    /// BM25F: fields are weighed before saturation, so that a word in the name and in the
    /// text is one word found twice. Also the field that gave most.
    pub(super) fn gain(&self, fact: &FileFacts, tally: &Tally) -> (f64, Field) {
        let mut sum = 0.0;
        let mut best = (0.0, Field::Text);
        for (i, field) in ALL.into_iter().enumerate() {
            let relative = f64::from(fact.counts.lengths[i]) / self.lengths[i];
            let norm = 1.0 - weight::LENGTH[i] + weight::LENGTH[i] * relative;
            // The second occurrence says less than the first, and the hundredth nothing: without
            // this, long files about everything win over the file that bears the name.
            let part = weight::FIELD[i] * (1.0 + tally[i] / norm.max(0.1)).log2();
            sum += part;
            // A name outweighs any number of uses as a reason to give.
            let telling = if field == Field::Text { part * 0.2 } else { part };
            if telling > best.0 {
                best = (telling, field);
            }
        }
        (sum / (weight::SATURATION + sum), best.1)
    }
}

/// Whether a text holds a word that no letter, digit or underscore continues.
fn holds_word(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

/// How many of the words before the request's first colon a file's path has.
pub(super) fn in_scope(wanted: &[usize], fact: &FileFacts) -> f64 {
    let there = |term: &&usize| {
        let tally = fact.counts.terms.iter().find(|(known, _)| known == *term);
        tally.is_some_and(|(_, t)| t[Field::Name as usize].max(t[Field::Directory as usize]) >= 1.0)
    };
    number(wanted.iter().filter(there).count())
}

#[cfg(test)]
mod tests {
    use super::holds_word;

    #[test]
    fn words_end_where_letters_end() {
        for (text, word, expected) in [
            ("the walk is long", "walk", true),
            ("walker", "walk", false),
            ("sidewalk, walk", "walk", true),
            ("walk_dir", "walk", false),
            ("größe", "gr", false),
            ("", "walk", false),
        ] {
            assert_eq!(holds_word(text, word), expected, "{text}");
        }
    }
}
