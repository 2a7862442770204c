//! A path that two sides have in common, as each of them spells it, and which of several is
//! shown.

use crate::domain::automaton::Validity;

/// A path or a part of one. Of two the lesser is shown: the shorter one, then the one that is
/// easier to read, then the first in the order of bytes. What precedes or follows both leaves
/// that order as it is, so a least whole is made of least parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    length: usize,
    unreadable: usize,
    /// As the left side spells it.
    pub(super) left: Vec<u8>,
    /// As the right side does; only letters of another case differ.
    pub(super) right: Vec<u8>,
}

impl Word {
    /// A word that both sides spell as given.
    pub(super) fn new(left: Vec<u8>, right: Vec<u8>) -> Self {
        let unreadable = left.iter().chain(&right).map(|b| readability(*b)).sum();
        Self { length: left.len(), unreadable, left, right }
    }

    /// The word with one more byte.
    #[must_use]
    pub(super) fn and(&self, (x, y): (u8, u8)) -> Self {
        let mut longer = Self {
            length: self.length + 1,
            unreadable: self.unreadable + readability(x) + readability(y),
            left: Vec::with_capacity(self.length + 1),
            right: Vec::with_capacity(self.length + 1),
        };
        longer.left.extend_from_slice(&self.left);
        longer.right.extend_from_slice(&self.right);
        longer.left.push(x);
        longer.right.push(y);
        longer
    }

    /// The path with one more component.
    #[must_use]
    pub(super) fn below(&self, name: &Word) -> Self {
        let slash: &[u8] = if self.left.is_empty() { b"" } else { b"/" };
        Self {
            length: self.length + slash.len() + name.length,
            unreadable: self.unreadable + name.unreadable,
            left: [&self.left, slash, &name.left].concat(),
            right: [&self.right, slash, &name.right].concat(),
        }
    }

    /// Whether a word that is longer by a pair of bytes could be less than `other`, as far as
    /// length and readability tell.
    pub(super) fn may_improve(&self, letter: (u8, u8), other: &Self) -> bool {
        let unreadable = self.unreadable + readability(letter.0) + readability(letter.1);
        (self.length + 1, unreadable) <= (other.length, other.unreadable)
    }
}

/// How gladly a byte is shown in an example: 0 for a letter, more for anything stranger.
pub(super) fn readability(byte: u8) -> usize {
    match byte {
        b'/' | b'a'..=b'z' => 0,
        b'0'..=b'9' | b'.' | b'_' | b'-' => 1,
        b'A'..=b'Z' => 2,
        0x21..=0x7e => 3,
        b' ' => 4,
        0x80.. => 6,
        _ => 5,
    }
}

/// The letter in its other case; any other byte as it is.
pub(super) fn swap_case(byte: u8) -> u8 {
    if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { byte }
}

/// Whether bytes can be a component of a path.
pub(super) fn is_name(bytes: &[u8]) -> bool {
    let end = bytes.iter().try_fold(Validity::Start, |state, byte| state.next(*byte));
    end.is_some_and(Validity::accepts)
}
