//! What speaks for a file, one number a clue, so that they can be weighed against each other.

use super::weight;

/// What can speak for a file by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// The request's words in its names and its text.
    Text,
    /// The request's words in its path.
    Path,
    /// Neighbouring words of the request that are neighbours here.
    Phrases,
    /// Names that the request spells as code does.
    Names,
    /// The scope that the request names before a colon, as in `fix(auth):`.
    Scope,
    /// The request has its name as a word.
    Called,
    /// No word of the request is in it.
    Silent,
    /// Commits whose messages resemble the request changed it.
    Alike,
    /// Commits that changed it spoke of the request's words.
    Spoken,
    /// It changed in the last commits.
    Recent,
    /// It changed in the commits before those as well.
    Lately,
    /// It changes often.
    Often,
}

/// How many clues there are.
pub(super) const CLUES: usize = 12;

/// What speaks for one file; each clue from 0 to 1.
pub(super) type Clues = [f64; CLUES];

/// What the files around one say for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Around {
    /// It changes together with the best files.
    pub(super) together: f64,
    /// It changes together with one of them.
    pub(super) tied: f64,
    /// It is the test of one of them, or what one of them tests.
    pub(super) paired: f64,
    /// It imports one of them, or one of them imports it.
    pub(super) imported: f64,
}

/// What a file's own clues are worth together.
pub(super) fn worth(clues: &Clues) -> f64 {
    clues.iter().zip(weight::CLUE).map(|(clue, weight)| clue * weight).sum()
}

/// Scales values so that the greatest is 1; where there is none, all stay 0.
pub(super) fn scaled(mut values: Vec<f64>) -> Vec<f64> {
    let most = values.iter().copied().fold(0.0, f64::max);
    if most > 0.0 {
        for value in &mut values {
            *value /= most;
        }
    }
    values
}

/// A usize as a number to calculate with; counts beyond 2³² do not occur.
pub(super) fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// How rare something is that `df` of `total` have, as BM25 counts it.
pub(super) fn rarity(df: f64, total: f64) -> f64 {
    (1.0 + (total - df + 0.5).max(0.0) / (df + 0.5)).ln()
}
