//! Which files a request is about: BM25F (Robertson, Zaragoza: "The Probabilistic Relevance
//! Framework", 2009) over names, directories, definitions and text, with reasons.

use std::collections::BTreeMap;

use super::corpus::{Corpus, FileFacts};
use super::imports::Graph;
use super::language::Role;
use super::lexicon::{FIELDS, Field, Lexicon, RELATED, Tally};
use super::request::{Mention, Request};
use super::task::Existence;
use crate::domain::tree::Entry;

/// Everything that can be tuned.
mod weight {
    use super::{FIELDS, Role};

    /// One occurrence in a file's name, a directory, a definition, the text.
    pub(super) const FIELD: [f64; FIELDS] = [10.0, 4.0, 3.0, 1.5];
    /// How much a field's length counts against it.
    pub(super) const LENGTH: [f64; FIELDS] = [0.3, 0.3, 0.6, 0.75];
    /// From where on more occurrences say little more.
    pub(super) const SATURATION: f64 = 4.0;
    /// Two neighbouring words of the request that are neighbours here, beside a term.
    pub(super) const PHRASE: f64 = 0.8;
    /// A name of the request that is defined here, is the file's name, is used here.
    pub(super) const DEFINES: f64 = 14.0;
    /// See [`DEFINES`].
    pub(super) const NAMED: f64 = 9.0;
    /// See [`DEFINES`].
    pub(super) const USES: f64 = 3.0;
    /// A path of the request that is this file.
    pub(super) const MENTIONED: f64 = 60.0;
    /// A path of the request that is a directory above this file, beside the words' score.
    pub(super) const BELOW: f64 = 3.0;
    /// The part of a score that does not depend on how many of the words are here.
    pub(super) const ANY: f64 = 0.4;
    /// What a file gains from the best one that it imports or is imported by.
    pub(super) const NEIGHBOUR: f64 = 0.12;
    /// How many of the best files lend to their neighbours.
    pub(super) const LENDERS: usize = 12;

    /// How likely a file of that part is what has to be changed.
    pub(super) fn role(role: Role) -> f64 {
        match role {
            Role::Source => 1.0,
            Role::Config => 0.6,
            Role::Test => 0.45,
            Role::Docs | Role::Example => 0.4,
            Role::Asset => 0.3,
            Role::Generated => 0.0,
        }
    }
}

/// A file with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Its index among the source's files.
    pub file: usize,
    /// From 0 to 1: the share of the best file's.
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
    /// Rarity of each term and phrase.
    terms: Vec<f64>,
    phrases: Vec<f64>,
    lengths: Tally,
    /// What a file needs to hold to hold everything.
    whole: f64,
}

/// A usize as a number to calculate with; counts beyond 2³² do not occur.
fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

impl<'a> Search<'a> {
    /// Prepares the rarities.
    pub fn new(
        request: &'a Request,
        lexicon: &'a Lexicon,
        corpus: &'a Corpus,
        files: &'a [Entry],
    ) -> Self {
        let mut search = Self {
            request,
            lexicon,
            corpus,
            files,
            terms: vec![0.0; request.terms.len()],
            phrases: vec![0.0; request.phrases.len()],
            lengths: [1.0; FIELDS],
            whole: 0.0,
        };
        let searched: Vec<&FileFacts> =
            corpus.facts.iter().filter(|f| f.role != Role::Generated).collect();
        let total = number(searched.len());
        let mut lengths = [0.0; FIELDS];
        for fact in &searched {
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
        }
        // A word that no file holds tells no more than one that a single file holds: in a small
        // codebase a request's plain words would outweigh everything that is found.
        let rarity = |df: &f64| {
            let df = df.max(1.0);
            (1.0 + (total - df + 0.5).max(0.0) / (df + 0.5)).ln()
        };
        search.terms = search.terms.iter().map(rarity).collect();
        search.phrases = search.phrases.iter().map(rarity).collect();
        search.lengths = lengths.map(|sum: f64| (sum / total.max(1.0)).max(1.0));
        search.whole = (0..request.terms.len()).map(|t| search.worth(t)).sum::<f64>().max(1e-9);
        search
    }

    fn worth(&self, term: usize) -> f64 {
        self.request.terms[term].weight * self.terms[term]
    }

    /// Every file that holds anything of the request, best first; files of equal score by
    /// path.
    pub fn ranked(&self, graph: &Graph) -> Vec<Ranked> {
        let mut found: Vec<(f64, Ranked)> = self
            .corpus
            .facts
            .iter()
            .filter(|fact| fact.role != Role::Generated)
            .filter_map(|fact| self.rank(fact))
            .collect();
        let order = |a: &(f64, Ranked), b: &(f64, Ranked)| {
            b.0.total_cmp(&a.0).then(a.1.file.cmp(&b.1.file))
        };
        found.sort_by(order);
        self.lend(&mut found, graph);
        found.sort_by(order);
        let best = found.first().map_or(1.0, |(score, _)| *score);
        found
            .into_iter()
            .map(|(score, ranked)| Ranked {
                score: (score / best * 1000.0).round() / 1000.0,
                ..ranked
            })
            .filter(|ranked| ranked.score >= 0.001)
            .collect()
    }

    fn rank(&self, fact: &FileFacts) -> Option<(f64, Ranked)> {
        let mut score = 0.0;
        let mut covered = 0.0;
        let mut parts: Vec<(f64, usize, Field)> = Vec::new();
        for (term, tally) in &fact.counts.terms {
            let (gain, field) = self.gain(fact, tally);
            score += self.worth(*term) * gain;
            covered += self.worth(*term) * tally.iter().sum::<f64>().min(1.0);
            parts.push((self.worth(*term) * gain, *term, field));
        }
        for (phrase, tally) in &fact.counts.phrases {
            score += weight::PHRASE * self.phrases[*phrase] * self.gain(fact, tally).0;
        }
        let coverage = (covered / self.whole).min(1.0);
        score *= weight::ANY + (1.0 - weight::ANY) * coverage;
        let mut why = Vec::new();
        let mentioned = self.add_mentions(fact, &mut score, &mut why);
        if !mentioned {
            score *= self.prior(fact.role);
        }
        parts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // Rarity is relative: in a small codebase even the telling words are in every file.
        let telling = 0.1 * parts.first().map_or(0.0, |part| part.0);
        parts.retain(|(gain, term, _)| *gain > telling && self.request.is_subject(*term));
        self.explain(fact, &parts, &mut why);
        let named = parts.iter().any(|(_, _, field)| *field != Field::Text)
            || why.iter().any(|reason| reason.starts_with("defines"));
        let words = parts.iter().take(4).map(|(_, t, _)| self.request.terms[*t].word.clone());
        let words: Vec<String> = words.collect();
        let (file, empty) = (fact.file, why.is_empty());
        let ranked = Ranked { file, score: 0.0, coverage, why, words, mentioned, named };
        (score > 0.0 && !empty).then_some((score, ranked))
    }

    /// BM25F: fields are weighed before saturation, so that a word in the name and in the
    /// text is one word found twice. Also the field that gave most.
    fn gain(&self, fact: &FileFacts, tally: &Tally) -> (f64, Field) {
        let fields = [Field::Name, Field::Directory, Field::Definition, Field::Text];
        let mut sum = 0.0;
        let mut best = (0.0, Field::Text);
        for (i, field) in fields.into_iter().enumerate() {
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

    /// Adds what the request names exactly; returns whether this file is one of those paths.
    fn add_mentions(&self, fact: &FileFacts, score: &mut f64, why: &mut Vec<String>) -> bool {
        let path = self.files[fact.file].path.to_lossy();
        let mut mentioned = false;
        for mention in &self.request.mentions {
            let Mention::Path(wanted) = mention else { continue };
            let ends = path.strip_suffix(wanted.as_str());
            if ends.is_some_and(|head| head.is_empty() || head.ends_with('/')) {
                *score += weight::MENTIONED;
                mentioned = true;
                why.push("named in the request".to_owned());
            } else if format!("/{path}").contains(&format!("/{wanted}/")) {
                *score += weight::BELOW;
                why.push(format!("below {wanted}/"));
            }
        }
        for (index, tally) in &fact.counts.names {
            let Mention::Name { text, .. } = &self.request.mentions[*index] else { continue };
            if tally[Field::Definition as usize] > 0.0 {
                *score += weight::DEFINES;
                why.push(format!("defines {text}"));
            } else if tally[Field::Name as usize] > 0.0 {
                *score += weight::NAMED;
                why.push(format!("named {text}"));
            } else {
                *score += weight::USES;
                why.push(format!("uses {text}"));
            }
        }
        mentioned
    }

    fn prior(&self, role: Role) -> f64 {
        let asked = match role {
            Role::Test => self.request.speaks_of(&["test", "tests", "testing", "spec", "specs"]),
            Role::Docs => self.request.speaks_of(&[
                "docs",
                "doc",
                "documentation",
                "readme",
                "changelog",
                "guide",
            ]),
            Role::Example => self.request.speaks_of(&[
                "example",
                "examples",
                "demo",
                "playground",
                "benchmark",
                "benchmarks",
            ]),
            Role::Config => {
                self.request.speaks_of(&["ci", "workflow", "build", "dependency", "dependencies"])
            }
            Role::Source | Role::Asset | Role::Generated => false,
        };
        if asked { 1.0 } else { weight::role(role) }
    }

    fn explain(&self, fact: &FileFacts, parts: &[(f64, usize, Field)], why: &mut Vec<String>) {
        let mut grouped: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
        for (_, term, field) in parts {
            let rank = match field {
                Field::Name | Field::Directory => 0,
                Field::Definition => 1,
                Field::Text => 2,
            };
            grouped.entry(rank).or_default().push(&self.request.terms[*term].word);
        }
        for (rank, words) in grouped {
            let label = ["path", "defines", "text"][usize::from(rank)];
            if rank == 1 {
                let names: Vec<&str> = self.telling(fact);
                if !names.is_empty() {
                    why.push(format!("{label} {}", names.join(", ")));
                    continue;
                }
            }
            let words: Vec<&str> = words.into_iter().take(4).collect();
            why.push(format!("{label}: {}", words.join(", ")));
        }
    }

    /// The defined names that hold most of the request, at most three.
    fn telling<'f>(&self, fact: &'f FileFacts) -> Vec<&'f str> {
        let mut names: Vec<(f64, &str)> = fact
            .counts
            .telling
            .iter()
            .map(|name| (self.share(self.lexicon.terms_in(name)), name.as_str()))
            .filter(|(share, _)| *share > 0.0)
            .collect();
        names
            .sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
        names.into_iter().take(3).map(|(_, name)| name).collect()
    }

    fn share(&self, terms: impl IntoIterator<Item = usize>) -> f64 {
        (terms.into_iter().map(|t| self.worth(t)).sum::<f64>() / self.whole).min(1.0)
    }

    /// Lets the best files lift those that they import and that import them.
    fn lend(&self, found: &mut [(f64, Ranked)], graph: &Graph) {
        let lenders: Vec<(f64, usize)> =
            found.iter().take(weight::LENDERS).map(|(score, r)| (*score, r.file)).collect();
        let places: BTreeMap<usize, usize> =
            found.iter().enumerate().map(|(place, (_, r))| (r.file, place)).collect();
        let mut lent = std::collections::BTreeSet::new();
        for (score, lender) in lenders {
            let imported = graph.of(lender).map(|e| (e.to, "imported by"));
            let importing = graph.into(lender).map(|e| (e.from, "imports"));
            for (file, verb) in imported.chain(importing) {
                let Some(place) = places.get(&file) else { continue };
                // Each file is lifted once, by the best of its neighbours.
                if found[*place].0 < score && lent.insert(file) {
                    let role = self.prior(self.corpus.facts[file].role);
                    found[*place].0 += weight::NEIGHBOUR * role * score;
                    let why = format!("{verb} {}", self.files[lender].path);
                    found[*place].1.why.push(why);
                }
            }
        }
    }

    /// How much of what the request names is there already: the largest share of its words in
    /// one path together with one name defined there.
    pub fn existence(&self) -> Existence {
        let mut best = (0.0, String::new());
        let sources = self.corpus.facts.iter().filter(|f| f.role == Role::Source);
        for fact in sources.filter(|fact| !fact.counts.terms.is_empty()) {
            let path = &self.files[fact.file].path;
            let in_path = |(term, tally): &(usize, Tally)| {
                let named = tally[Field::Name as usize].max(tally[Field::Directory as usize]);
                (named >= RELATED).then_some(*term)
            };
            let base: std::collections::BTreeSet<usize> =
                fact.counts.terms.iter().filter_map(in_path).collect();
            let alone = self.share(base.iter().copied());
            if alone > best.0 {
                best = (alone, format!("`{path}`"));
            }
            for name in &fact.counts.telling {
                let share = self.share(base.union(&self.lexicon.terms_in(name)).copied());
                if share > best.0 {
                    best = (share, format!("`{name}` in `{path}`"));
                }
            }
        }
        let missing =
            self.request.mentions.iter().enumerate().find_map(|(i, mention)| match mention {
                Mention::Name { text, .. } => {
                    let known = |f: &FileFacts| f.counts.names.iter().any(|(index, _)| *index == i);
                    (!self.corpus.facts.iter().any(known)).then_some(text)
                }
                Mention::Path(_) => None,
            });
        let (share, place) = best;
        if let Some(name) = missing {
            return Existence {
                share: share / 2.0,
                reason: format!("nothing is called `{name}` yet"),
            };
        }
        let reason = if share > 0.0 {
            format!("closest to it is {place}, with {:.0}% of the request's words", share * 100.0)
        } else {
            "no name in the code holds a word of the request".to_owned()
        };
        Existence { share, reason }
    }
}
