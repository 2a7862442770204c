//! Everything about the search that can be tuned. Found on the development set of a benchmark of
//! past commits: by hand where a number shapes one clue, by logistic regression over the files of
//! each case and a search around what it found where clues are weighed against each other.

use super::clue::{Around, CLUES, Clues};
use crate::analysis::language::Role;
use crate::analysis::lexicon::FIELDS;

/// One occurrence in a file's name, a directory, a definition, the text.
pub(super) const FIELD: [f64; FIELDS] = [10.0, 4.0, 3.0, 1.5];
/// How much a field's length counts against it.
pub(super) const LENGTH: [f64; FIELDS] = [0.3, 0.3, 0.6, 0.75];
/// From where on more occurrences say little more.
pub(super) const SATURATION: f64 = 4.0;
/// The part of a text's score that does not depend on how many of the words are there.
pub(super) const ANY: f64 = 0.6;
/// From where on more uses of a name say little more.
pub(super) const USES: f64 = 2.0;

/// BM25 over messages: saturation, and how much a message's length counts against it.
pub(super) const MESSAGE: (f64, f64) = (1.2, 0.75);
/// How much more a word says in the first line of a message.
pub(super) const SUBJECT: f64 = 1.0;
/// How many of the commits that resemble the request have a say, how much more the closest, and
/// after how many commits half of it is forgotten.
pub(super) const ALIKE: (usize, f64, f64) = (30, 1.5, 2000.0);
/// A commit of n files says this power of n less about each.
pub(super) const SHARED: f64 = 0.3;
/// Commits of more files say nothing about the words of any of them, nor about pairs.
pub(super) const SPOKEN: usize = 20;
/// From where on more commits that speak of a word say little more: at least, and by how often a
/// file changes.
pub(super) const SPOKEN_SATURATION: (f64, f64) = (0.48, 0.72);
/// After how many commits half of a change is forgotten.
pub(super) const HALF: [f64; 3] = [8.0, 60.0, 600.0];
/// How often a file changes counts by this power of its share of the most changed file's.
pub(super) const OFTEN: f64 = 0.4;

/// How many of the best files lend to others, and after how many commits half of what changed
/// with them is forgotten.
pub(super) const LENDERS: usize = 10;
/// See [`LENDERS`].
pub(super) const LENT_HALF: f64 = 300.0;
/// Commits that are added to those of a lender, so that one commit is no rule.
pub(super) const LENT_DOUBT: f64 = 1.5;

/// What each clue counts.
pub(super) const CLUE: Clues = [
    2.68,  // Text
    0.79,  // Path
    0.96,  // Phrases
    3.18,  // Names
    1.17,  // Scope
    0.99,  // Called
    -1.93, // Silent
    1.03,  // Alike
    1.82,  // Spoken
    0.69,  // Recent
    1.02,  // Lately
    0.08,  // Often
];
const _: () = assert!(CLUES == CLUE.len());

/// What a part counts by itself.
pub(super) fn role(role: Role) -> f64 {
    match role {
        Role::Source => -0.15,
        Role::Test => 0.69,
        Role::Docs => -0.57,
        Role::Config => 0.38,
        Role::Example | Role::Asset | Role::Generated => -0.05,
    }
}

/// The same where there is no history, which would tell which tests and texts change with what:
/// then the source comes first.
pub(super) fn role_without_past(role: Role) -> f64 {
    match role {
        Role::Source => 0.0,
        Role::Config => -0.5,
        Role::Test => -0.8,
        Role::Docs | Role::Example => -0.9,
        Role::Asset | Role::Generated => -1.2,
    }
}

/// What the files around one count, beside its own score.
pub(super) const AROUND: Around =
    Around { together: 1.44, tied: 0.77, paired: 0.55, imported: 0.37 };

/// The request names the file with its path, only with its name, or a directory above it.
pub(super) const MENTIONED: [f64; 3] = [4.0, 1.0, 0.5];
