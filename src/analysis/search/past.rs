//! What past commits say: files of commits whose messages resemble the request, files whose
//! commits spoke of its words, files that changed lately.

use std::collections::HashMap;

use super::clue::{number, rarity, scaled};
use super::weight;
use crate::analysis::request::Request;
use crate::domain::history::History;
use crate::domain::tree::Entry;

/// A commit that resembles the request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Similar {
    /// Its position in the history.
    pub(super) commit: usize,
    /// From 0 to 1: the share of the most similar one's.
    pub(super) score: f64,
}

/// The past of the files of one commit.
pub struct Past<'a> {
    pub(super) history: &'a History,
    /// For each path of the history, the file of that name.
    file_of: Vec<Option<usize>>,
    /// For each file, its path in the history.
    path_of: Vec<Option<usize>>,
    /// The commits that resemble the request, best first.
    pub(super) similar: Vec<Similar>,
    /// By file, each from 0 to 1.
    pub(super) alike: Vec<f64>,
    pub(super) spoken: Vec<f64>,
    /// One list for each of [`weight::HALF`].
    pub(super) changed: [Vec<f64>; weight::HALF.len()],
}

/// A message, as far as the request's words occur in it.
struct Message {
    commit: usize,
    words: f64,
    /// Term, how often, and whether in the first line.
    terms: Vec<(usize, f64, bool)>,
}

impl<'a> Past<'a> {
    /// Reads `history` for a request; `files` are sorted by path.
    pub fn new(request: &Request, history: &'a History, files: &[Entry]) -> Self {
        let place = |path| files.binary_search_by(|file| file.path.cmp(path)).ok();
        let file_of: Vec<Option<usize>> = history.paths().iter().map(place).collect();
        let mut path_of = vec![None; files.len()];
        for (path, file) in file_of.iter().enumerate() {
            if let Some(file) = file {
                path_of[*file] = Some(path);
            }
        }
        let mut past = Self {
            history,
            file_of,
            path_of,
            similar: Vec::new(),
            alike: vec![0.0; files.len()],
            spoken: vec![0.0; files.len()],
            changed: [const { Vec::new() }; weight::HALF.len()],
        };
        let messages = past.messages(request);
        let rarities = rarities(&messages, request);
        past.similar = similar(&messages, &rarities, request);
        past.alike = past.alike();
        past.spoken = past.spoken(&messages, &rarities, request);
        past.changed = weight::HALF.map(|half| past.changed(half));
        past
    }

    /// The files that a commit changed and that are still there.
    pub(super) fn files(&self, commit: usize) -> impl Iterator<Item = usize> + '_ {
        self.history.commits()[commit].paths.iter().filter_map(|path| self.file_of[*path])
    }

    /// The commits that changed a file, newest first.
    pub(super) fn commits(&self, file: usize) -> &[usize] {
        self.path_of[file].map_or(&[], |path| self.history.commits_of(path))
    }

    fn messages(&self, request: &Request) -> Vec<Message> {
        let stems: HashMap<&str, usize> =
            request.terms.iter().enumerate().map(|(i, term)| (term.stem.as_str(), i)).collect();
        let commits = self.history.commits().iter().enumerate();
        let alive = commits.filter(|(at, _)| self.files(*at).next().is_some());
        let read = |(commit, facts): (usize, &crate::domain::history::Commit)| {
            let mut terms: Vec<(usize, f64, bool)> = Vec::new();
            let mut words = 0;
            for (line, text) in facts.words.split('\n').enumerate() {
                for word in text.split_ascii_whitespace() {
                    words += 1;
                    let Some(term) = stems.get(word) else { continue };
                    match terms.iter_mut().find(|(known, ..)| known == term) {
                        Some((_, count, _)) => *count += 1.0,
                        None => terms.push((*term, 1.0, line == 0)),
                    }
                }
            }
            Message { commit, words: number(words), terms }
        };
        alive.map(read).collect()
    }

    fn alike(&self) -> Vec<f64> {
        let (most, closeness, half) = weight::ALIKE;
        let mut out = vec![0.0; self.path_of.len()];
        for similar in self.similar.iter().take(most) {
            let age = number(similar.commit) / half;
            let all = number(self.history.commits()[similar.commit].paths.len());
            let say = similar.score.powf(closeness) * (-age).exp2() / all.powf(weight::SHARED);
            for file in self.files(similar.commit) {
                out[file] += say;
            }
        }
        scaled(out)
    }

    /// BM25 over the messages of all commits of a file as if they were one text.
    fn spoken(&self, messages: &[Message], rarities: &[f64], request: &Request) -> Vec<f64> {
        let mut commits = vec![0.0; self.path_of.len()];
        let mut counts: HashMap<(usize, usize), f64> = HashMap::new();
        for message in messages {
            let all = self.history.commits()[message.commit].paths.len();
            if all > weight::SPOKEN {
                continue;
            }
            for file in self.files(message.commit) {
                commits[file] += 1.0;
                for (term, ..) in &message.terms {
                    *counts.entry((file, *term)).or_default() += 1.0 / number(all).sqrt();
                }
            }
        }
        let changed = commits.iter().filter(|count| **count > 0.0).count().max(1);
        let average = (commits.iter().sum::<f64>() / number(changed)).max(1.0);
        let mut counts: Vec<((usize, usize), f64)> = counts.into_iter().collect();
        // Sums of floats depend on their order.
        counts.sort_by_key(|(key, _)| *key);
        let mut out = vec![0.0; self.path_of.len()];
        let (least, by_size) = weight::SPOKEN_SATURATION;
        for ((file, term), count) in counts {
            let worth = request.terms[term].spoken * rarities[term];
            out[file] += worth * count / (count + least + by_size * commits[file] / average);
        }
        scaled(out)
    }

    fn changed(&self, half: f64) -> Vec<f64> {
        let mut out = vec![0.0; self.path_of.len()];
        for commit in 0..self.history.commits().len() {
            let all = number(self.history.commits()[commit].paths.len().max(1));
            let say = (-number(commit) / half).exp2() / all.powf(weight::SHARED);
            for file in self.files(commit) {
                out[file] += say;
            }
        }
        scaled(out).into_iter().map(|share| share.powf(weight::OFTEN)).collect()
    }
}

fn rarities(messages: &[Message], request: &Request) -> Vec<f64> {
    let mut holding = vec![0.0; request.terms.len()];
    for (term, ..) in messages.iter().flat_map(|message| &message.terms) {
        holding[*term] += 1.0;
    }
    holding.into_iter().map(|df: f64| rarity(df.max(1.0), number(messages.len()))).collect()
}

/// The messages that hold words of the request, best first.
fn similar(messages: &[Message], rarities: &[f64], request: &Request) -> Vec<Similar> {
    let average = messages.iter().map(|m| m.words).sum::<f64>() / number(messages.len()).max(1.0);
    let (saturation, by_length) = weight::MESSAGE;
    let score = |message: &Message| {
        let length = 1.0 - by_length + by_length * message.words / average.max(1.0);
        let gain = |(term, count, first): &(usize, f64, bool)| {
            let worth = request.terms[*term].spoken * rarities[*term];
            let part = count * (saturation + 1.0) / (count + saturation * length);
            worth * (part + if *first { weight::SUBJECT } else { 0.0 })
        };
        message.terms.iter().map(gain).sum::<f64>()
    };
    let mut found: Vec<Similar> = messages
        .iter()
        .map(|message| Similar { commit: message.commit, score: score(message) })
        .filter(|similar| similar.score > 0.0)
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.commit.cmp(&b.commit)));
    let best = found.first().map_or(1.0, |similar| similar.score);
    found.truncate(weight::ALIKE.0);
    for similar in &mut found {
        similar.score /= best;
    }
    found
}
