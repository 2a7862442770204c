//! What a wave puts on the integration branch: the changes of its objectives laid over one
//! tree ([`overlay()`]), and the few files that more than one side changed merged by lines
//! ([`merge_lines`]). Neither depends on the order in which objectives finished.

mod clash;
mod entry;
mod hunks;
mod lines;
mod newline;
mod overlay;
mod places;

use std::fmt;

pub use clash::{Clash, ClashReason};
pub use lines::{LineClash, LineReason, merge_lines};
pub use overlay::{Contribution, Edit, Overlay, ToMerge, overlay};

use super::id::ObjectiveId;

/// Whose version of a file it is. The integration branch comes before every objective.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// What the integration branch holds now.
    Integration,
    /// What an objective's branch holds.
    Objective(ObjectiveId),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integration => f.write_str("integration"),
            Self::Objective(id) => id.fmt(f),
        }
    }
}

/// What becomes of lines that several sides insert at one place (DESIGN §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertions {
    /// All are kept, in the order of the sides: for shared paths.
    Keep,
    /// They meet, as in git: for every other path.
    Conflict,
}

/// Names in a sentence: `T1`, `T1 and T2`, `T1, T2 and T3`.
fn listed(names: &[impl fmt::Display]) -> String {
    let words: Vec<String> = names.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}
