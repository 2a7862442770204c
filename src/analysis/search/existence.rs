//! How much of what a request names is there already.

use std::collections::{BTreeSet, HashMap};

use super::Search;
use crate::analysis::corpus::FileFacts;
use crate::analysis::language::Role;
use crate::analysis::lexicon::{Field, RELATED, Tally};
use crate::analysis::request::Mention;
use crate::analysis::task::Existence;

impl Search<'_> {
    /// How much of what the request names is there already: the largest share of its words in
    /// one path together with one name defined there.
    pub fn existence(&self) -> Existence {
        // Names repeat from file to file.
        let mut known: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        let mut best = (0.0, String::new());
        let sources = self.corpus.facts.iter().filter(|f| f.role == Role::Source);
        for fact in sources.filter(|fact| !fact.counts.terms.is_empty()) {
            let path = &self.files[fact.file].path;
            let in_path = |(term, tally): &(usize, Tally)| {
                let named = tally[Field::Name as usize].max(tally[Field::Directory as usize]);
                (named >= RELATED).then_some(*term)
            };
            let base: BTreeSet<usize> = fact.counts.terms.iter().filter_map(in_path).collect();
            let alone = self.share(base.iter().copied());
            if alone > best.0 {
                best = (alone, format!("`{path}`"));
            }
            for name in &fact.counts.telling {
                let terms = known.entry(name).or_insert_with(|| self.lexicon.terms_in(name));
                let share = self.share(base.union(terms).copied());
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
