//! How much may be spent on one question, or on many together. What would cost more is not
//! decided but said to be too complex.

use std::cell::Cell;

/// The steps that are left, shared by everything that is asked with it.
#[derive(Debug)]
pub struct Effort {
    left: Cell<usize>,
}

/// The steps are used up, or one question alone would need too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The steps for a single question.
const ONE: usize = 4_000_000;
/// The largest table of one question.
const TABLE: usize = 1_000_000;

impl Effort {
    /// Enough for one question of any reasonable size.
    pub fn for_one() -> Self {
        Self { left: Cell::new(ONE) }
    }

    /// Enough for all questions of one plan: a second or so of a common machine.
    pub fn for_many() -> Self {
        Self { left: Cell::new(4 * ONE) }
    }

    /// Takes steps away.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Exhausted> {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Exhausted)
            }
        }
    }

    /// Takes away what making a table of so many cells costs; fails also where one table alone
    /// is too large.
    pub(super) fn allow(&self, cells: usize) -> Result<(), Exhausted> {
        if cells > TABLE {
            return Err(Exhausted);
        }
        self.spend(cells / 8)
    }

    /// What is left of these steps for one question.
    pub(super) fn left(&self) -> usize {
        self.left.get().min(ONE)
    }
}
