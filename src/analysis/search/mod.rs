//! Which files a request is about, with reasons: BM25F (Robertson, Zaragoza: "The Probabilistic
//! Relevance Framework", 2009) over names, directories, definitions and text, the messages of past
//! commits, what changed lately, and what changes together.

mod around;
mod clue;
mod existence;
mod past;
mod reason;
mod text;
mod weight;

use super::corpus::{Corpus, FileFacts};
use super::imports::Graph;
use super::language::Role;
use super::lexicon::{FIELDS, Lexicon, Tally};
use super::parallel;
use super::request::{Mention, Request};
use crate::domain::tree::Entry;

use around::{Alone, Surroundings, surroundings};
use clue::{Around, CLUES, Clue, Clues, rarity, scaled};
pub use past::Past;
use reason::Reasons;

/// How many files are ranked; what is further down says nothing.
const KEPT: usize = 200;
/// How many of the best files may gain from what is around them.
const NEAR: usize = 400;

/// What speaks for a file without its past.
const OWN: [Clue; 6] =
    [Clue::Text, Clue::Path, Clue::Phrases, Clue::Names, Clue::Scope, Clue::Called];

/// A file with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Its index among the source's files.
    pub file: usize,
    /// How likely it has to be changed, as a share of the best file's likelihood: from 0 to 1.
    pub score: f64,
    /// The weight of the request's words that occur in it, from 0 to 1.
    pub coverage: f64,
    /// Why it is here.
    pub why: Vec<String>,
    /// The words of the request that brought it here, best first.
    pub words: Vec<String>,
    /// Whether the request names it.
    pub mentioned: bool,
    /// Whether its path or a name that it defines holds a word of the request.
    pub named: bool,
}

/// The search over one corpus.
pub struct Search<'a> {
    request: &'a Request,
    lexicon: &'a Lexicon,
    corpus: &'a Corpus,
    files: &'a [Entry],
    past: &'a Past<'a>,
    /// Rarity of each term, phrase and mention.
    terms: Vec<f64>,
    phrases: Vec<f64>,
    names: Vec<f64>,
    lengths: Tally,
    /// What a file needs to hold to hold everything.
    whole: f64,
}

impl<'a> Search<'a> {
    /// Prepares the rarities.
    pub fn new(
        request: &'a Request,
        lexicon: &'a Lexicon,
        corpus: &'a Corpus,
        files: &'a [Entry],
        past: &'a Past<'a>,
    ) -> Self {
        let mut search = Self {
            request,
            lexicon,
            corpus,
            files,
            past,
            terms: vec![0.0; request.terms.len()],
            phrases: vec![0.0; request.phrases.len()],
            names: vec![0.0; request.mentions.len()],
            lengths: [1.0; FIELDS],
            whole: 0.0,
        };
        let mut total = 0.0;
        let mut lengths = [0.0; FIELDS];
        for fact in search.searched() {
            total += 1.0;
            for (sum, length) in lengths.iter_mut().zip(fact.counts.lengths) {
                *sum += f64::from(length);
            }
            for (term, tally) in &fact.counts.terms {
                // What is only abbreviated here does not make the word itself frequent.
                search.terms[*term] += tally.iter().sum::<f64>().min(1.0);
            }
            for (phrase, _) in &fact.counts.phrases {
                search.phrases[*phrase] += 1.0;
            }
            for (name, _) in &fact.counts.names {
                search.names[*name] += 1.0;
            }
        }
        // A word that no file holds tells no more than one that a single file holds: in a small
        // codebase a request's plain words would outweigh everything that is found.
        for list in [&mut search.terms, &mut search.phrases, &mut search.names] {
            for df in list {
                *df = rarity(df.max(1.0), total);
            }
        }
        search.lengths = lengths.map(|sum: f64| (sum / total.max(1.0)).max(1.0));
        search.whole = (0..request.terms.len()).map(|t| search.worth(t)).sum::<f64>().max(1e-9);
        search
    }

    /// The facts of the files that people write.
    fn searched(&self) -> impl Iterator<Item = &'a FileFacts> + use<'a> {
        self.corpus.facts.iter().filter(|fact| fact.role != Role::Generated)
    }

    fn worth(&self, term: usize) -> f64 {
        self.request.terms[term].weight * self.terms[term]
    }

    /// The files that have to do with the request, best first; files of equal score by path.
    pub fn ranked(&self, graph: &Graph) -> Vec<Ranked> {
        let clues = self.clues();
        let mut alone: Vec<(f64, usize)> =
            self.searched().filter_map(|fact| self.alone(&clues, fact)).collect();
        let order = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        alone.sort_by(order);
        let shares = shares(&alone);
        let near = self.surroundings(&shares, graph);
        let lent = |file: usize| near.around.get(&file).map_or(0.0, weight_of);
        let mut found: Vec<(f64, usize)> =
            alone.iter().take(NEAR).map(|(score, file)| (score + lent(*file), *file)).collect();
        found.sort_by(order);
        let reasons = Reasons { search: self, clues: &clues, near: &near };
        shares_of(&found)
            .take(KEPT)
            .map(|(share, file)| reasons.ranked(file, (share * 10_000.0).round() / 10_000.0))
            .filter(|ranked| !ranked.why.is_empty())
            .collect()
    }

    /// The files that most speaks for by itself, best first.
    pub fn best(&self, many: usize) -> Vec<usize> {
        let clues = self.clues();
        let mut alone: Vec<(f64, usize)> =
            self.searched().filter_map(|fact| self.alone(&clues, fact)).collect();
        alone.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        alone.into_iter().take(many).map(|(_, file)| file).collect()
    }

    fn surroundings(&self, shares: &[Alone], graph: &Graph) -> Surroundings {
        surroundings(shares, self.past, graph, self.files, &self.corpus.facts)
    }

    /// What a file is worth by itself; nothing if nothing speaks for it.
    fn alone(&self, clues: &[Clues], fact: &FileFacts) -> Option<(f64, usize)> {
        let own = &clues[fact.file];
        let mention = self.mention(fact.file);
        let speaks = |clue: Clue| own[clue as usize] > 0.0;
        let heard = [Clue::Text, Clue::Alike, Clue::Spoken, Clue::Lately, Clue::Names];
        let any = mention.is_some() || heard.into_iter().any(speaks);
        let named = mention.map_or(0.0, |mention| weight::MENTIONED[mention as usize]);
        let known = !self.past.history.commits().is_empty();
        let role = if known { weight::role } else { weight::role_without_past };
        let score = clue::worth(own) + role(fact.role) + named;
        any.then_some((score, fact.file))
    }

    /// What speaks for each file by itself.
    fn clues(&self) -> Vec<Clues> {
        let mut clues = vec![[0.0; CLUES]; self.files.len()];
        let wanted = self.scope_terms();
        let mut threads = vec![(); parallel::threads()];
        let values = parallel::each(&self.corpus.facts, &mut threads, |(), fact| {
            if fact.role == Role::Generated {
                return [0.0; OWN.len()];
            }
            [
                self.text(fact),
                self.path(fact),
                self.phrases(fact),
                self.uses(fact),
                text::in_scope(&wanted, fact),
                self.called(fact),
            ]
        });
        for (at, clue) in OWN.into_iter().enumerate() {
            let list: Vec<f64> = values.iter().map(|values| values[at]).collect();
            clues.iter_mut().zip(scaled(list)).for_each(|(own, value)| own[clue as usize] = value);
        }
        let [recent, lately, often] = &self.past.changed;
        let past = [
            (Clue::Alike, &self.past.alike),
            (Clue::Spoken, &self.past.spoken),
            (Clue::Recent, recent),
            (Clue::Lately, lately),
            (Clue::Often, often),
        ];
        for (clue, values) in past {
            clues.iter_mut().zip(values).for_each(|(own, value)| own[clue as usize] = *value);
        }
        for own in &mut clues {
            own[Clue::Silent as usize] = f64::from(u8::from(own[Clue::Text as usize] == 0.0));
        }
        clues
    }

    /// How the request names a file, if it does.
    fn mention(&self, file: usize) -> Option<Named> {
        let path = self.files[file].path.to_lossy();
        let named = |mention: &Mention| {
            let Mention::Path(wanted) = mention else { return None };
            let ends = path.strip_suffix(wanted.as_str());
            let whole = ends.is_some_and(|head| head.is_empty() || head.ends_with('/'));
            match (whole, wanted.contains('/')) {
                (true, true) => Some(Named::Path),
                (true, false) => Some(Named::Name),
                _ => format!("/{path}").contains(&format!("/{wanted}/")).then_some(Named::Above),
            }
        };
        self.request.mentions.iter().filter_map(named).min()
    }
}

/// How a request names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    /// With a path, or the end of one.
    Path,
    /// With its name alone.
    Name,
    /// With a directory above it.
    Above,
}

fn weight_of(around: &Around) -> f64 {
    let weight = weight::AROUND;
    weight.together * around.together
        + weight.tied * around.tied
        + weight.paired * around.paired
        + weight.imported * around.imported
}

/// Scores, greatest first, as likelihoods: shares of the greatest.
fn shares_of(scores: &[(f64, usize)]) -> impl Iterator<Item = (f64, usize)> + '_ {
    let best = scores.first().map_or(0.0, |(score, _)| *score);
    scores.iter().map(move |(score, file)| ((score - best).exp(), *file))
}

fn shares(scores: &[(f64, usize)]) -> Vec<Alone> {
    let best = scores.first().map_or(0.0, |(score, _)| *score);
    let alone = |(score, file): &(f64, usize)| Alone { file: *file, share: (score - best).exp() };
    scores.iter().take(NEAR).map(alone).collect()
}
