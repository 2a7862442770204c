//! Why a file is where it is, in words.

use std::collections::BTreeMap;

use super::around::{Surroundings, Tie};
use super::clue::{Clue, Clues};
use super::{Named, Ranked, Search, weight};
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::Role;
use crate::analysis::lexicon::Field;
use crate::analysis::request::Mention;
use crate::domain::path::is_printable;

/// A clue that adds less than this is no reason to give.
const TOLD: f64 = 0.25;
/// Characters of a commit's first line in a reason.
const SUBJECT: usize = 60;
/// How many commits back "lately" is.
const LATELY: usize = 60;
/// A file that changed in fewer of those did not change often.
const OFTEN: usize = 6;
/// Words named in one reason.
const WORDS: usize = 4;

/// What the reasons are made of.
pub(super) struct Reasons<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) clues: &'a [Clues],
    pub(super) near: &'a Surroundings,
}

impl Reasons<'_> {
    /// A file with its score, told.
    pub(super) fn ranked(&self, file: usize, score: f64) -> Ranked {
        let search = self.search;
        let fact = &search.corpus.facts[file];
        let mut parts: Vec<(f64, usize, Field)> = Vec::new();
        for (term, tally) in &fact.counts.terms {
            let (gain, field) = search.gain(fact, tally);
            parts.push((search.worth(*term) * gain, *term, field));
        }
        parts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // Rarity is relative: in a small codebase even the telling words are in every file.
        let telling = 0.1 * parts.first().map_or(0.0, |part| part.0);
        parts.retain(|(gain, term, _)| *gain > telling && search.request.is_subject(*term));
        let mut why = Vec::new();
        let mention = search.mention(file);
        let mentioned = matches!(mention, Some(Named::Path | Named::Name));
        match mention {
            Some(Named::Above) => why.push("below a directory that the request names".to_owned()),
            Some(_) => why.push("named in the request".to_owned()),
            None => {}
        }
        let defines = self.names(fact, &mut why);
        self.words(fact, &parts, &mut why);
        let named = parts.iter().any(|(_, _, field)| *field != Field::Text) || defines;
        self.past(file, &mut why);
        self.ties(file, &mut why);
        let words = parts.iter().take(WORDS).map(|(_, t, _)| search.request.terms[*t].word.clone());
        let (words, coverage) = (words.collect(), search.coverage(fact));
        Ranked { file, score, coverage, why, words, mentioned, named }
    }

    /// The exact names; returns whether one is defined here.
    fn names(&self, fact: &FileFacts, why: &mut Vec<String>) -> bool {
        let mut defines = false;
        for (index, tally) in &fact.counts.names {
            let Mention::Name { text, .. } = &self.search.request.mentions[*index] else {
                continue;
            };
            let here = tally[Field::Definition as usize] > 0.0;
            defines |= here;
            let verb = match tally[Field::Name as usize] > 0.0 {
                _ if here => "defines",
                true => "named",
                false => "uses",
            };
            why.push(format!("{verb} {text}"));
        }
        defines
    }

    fn words(&self, fact: &FileFacts, parts: &[(f64, usize, Field)], why: &mut Vec<String>) {
        let mut grouped: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
        for (_, term, field) in parts {
            let rank = match field {
                Field::Name | Field::Directory => 0,
                Field::Definition => 1,
                Field::Text => 2,
            };
            grouped.entry(rank).or_default().push(&self.search.request.terms[*term].word);
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
            let words: Vec<&str> = words.into_iter().take(WORDS).collect();
            why.push(format!("{label}: {}", words.join(", ")));
        }
    }

    /// The defined names that hold most of the request, at most three.
    fn telling<'f>(&self, fact: &'f FileFacts) -> Vec<&'f str> {
        let search = self.search;
        let mut names: Vec<(f64, &str)> = fact
            .counts
            .telling
            .iter()
            .map(|name| (search.share(search.lexicon.terms_in(name)), name.as_str()))
            .filter(|(share, _)| *share > 0.0)
            .collect();
        names
            .sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
        names.into_iter().take(3).map(|(_, name)| name).collect()
    }

    /// Whether a clue adds enough to be told.
    fn tells(&self, file: usize, clue: Clue) -> bool {
        self.clues[file][clue as usize] * weight::CLUE[clue as usize] >= TOLD
    }

    fn past(&self, file: usize, why: &mut Vec<String>) {
        let past = &self.search.past;
        let commits = past.commits(file);
        if self.tells(file, Clue::Alike) {
            let alike: Vec<usize> = past
                .similar
                .iter()
                .map(|similar| similar.commit)
                .filter(|commit| commits.binary_search(commit).is_ok())
                .collect();
            if let Some(best) = alike.first() {
                let commit = &past.history.commits()[*best];
                let id: String = commit.id.chars().take(8).collect();
                let more = match alike.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                why.push(format!("past commits like it: {id} {}{more}", quoted(&commit.subject)));
            }
        } else if self.tells(file, Clue::Spoken) {
            why.push("past commits of it speak of the same words".to_owned());
        }
        let lately = commits.partition_point(|commit| *commit < LATELY);
        if lately >= OFTEN && self.tells(file, Clue::Lately) {
            why.push(format!("changed in {lately} of the last {LATELY} commits"));
        }
    }

    fn ties(&self, file: usize, why: &mut Vec<String>) {
        let Some(ties) = self.near.ties.get(&file) else { return };
        let name = |other: usize| self.search.files[other].path.to_string();
        let strongest = ties
            .iter()
            .filter_map(|(other, tie)| match tie {
                Tie::Changes(share) => Some((*share, *other)),
                Tie::Pair | Tie::Imports | Tie::Imported => None,
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((share, other)) = strongest {
            why.push(format!("changes with {} ({:.0}%)", name(other), share * 100.0));
        }
        let is_test = self.search.corpus.facts[file].role == Role::Test;
        if let Some((other, _)) = ties.iter().find(|(_, tie)| *tie == Tie::Pair) {
            why.push(format!("{} {}", if is_test { "tests" } else { "tested by" }, name(*other)));
        }
        let import = ties.iter().find(|(_, tie)| matches!(tie, Tie::Imports | Tie::Imported));
        if let Some((other, tie)) = import {
            let verb = if *tie == Tie::Imports { "imports" } else { "imported by" };
            why.push(format!("{verb} {}", name(*other)));
        }
    }
}

/// A commit's first line, shortened, without what a terminal would act on.
fn quoted(subject: &str) -> String {
    let clean: String = subject.chars().filter(|c| is_printable(*c)).collect();
    let short: String = clean.chars().take(SUBJECT).collect();
    let more = if short.len() < clean.len() { "…" } else { "" };
    format!("\"{}{more}\"", short.trim_end())
}

impl Search<'_> {
    /// The share that some terms have of everything that the request names.
    pub(super) fn share(&self, terms: impl IntoIterator<Item = usize>) -> f64 {
        (terms.into_iter().map(|t| self.worth(t)).sum::<f64>() / self.whole).min(1.0)
    }
}
