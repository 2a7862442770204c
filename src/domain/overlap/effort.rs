//! How much may be spent on one question, or on many together. What would cost more is not
//! decided but said to be too complex.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Case;
use super::word::Word;
use crate::domain::pattern::NormalForm;

/// The steps that are left, shared by everything that is asked with it. What was decided about
/// two patterns is remembered with it: objectives that overlap often share patterns.
#[derive(Debug)]
pub struct Effort {
    left: Cell<usize>,
    /// What is known byte by byte, and with folded case; none: it is not kept.
    known: Option<[RefCell<Known>; 2]>,
}

/// The least path of two patterns, if there is any.
type Known = HashMap<NormalForm, HashMap<NormalForm, Option<Word>>>;

/// The steps are used up, or one question alone would need too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The steps for a single question.
const ONE: usize = 2_000_000;
/// What keeping an answer counts for: it takes memory.
const KEPT: usize = 10;
/// The largest table of one question.
const TABLE: usize = 1_000_000;

impl Effort {
    /// Enough for one question of any reasonable size.
    pub fn for_one() -> Self {
        Self { left: Cell::new(ONE), known: None }
    }

    /// Enough for all questions of one plan: a second or so of a common machine.
    pub fn for_many() -> Self {
        Self { left: Cell::new(2 * ONE), known: Some(<[_; 2]>::default()) }
    }

    /// Whether nothing is left, so that nothing more can be decided.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// What was decided about two patterns before, or what `decide` finds out now.
    pub(super) fn once(
        &self,
        (a, b): (&NormalForm, &NormalForm),
        case: Case,
        decide: impl FnOnce() -> Result<Option<Word>, Exhausted>,
    ) -> Result<Option<Word>, Exhausted> {
        let Some([exact, folded]) = &self.known else { return decide() };
        let known = match case {
            Case::Exact => exact,
            Case::Folded => folded,
        };
        if let Some(found) = known.borrow().get(a).and_then(|with_a| with_a.get(b)) {
            return Ok(found.clone());
        }
        let found = decide()?;
        self.spend(KEPT)?;
        let mut known = known.borrow_mut();
        if !known.contains_key(a) {
            known.insert(a.clone(), HashMap::new());
        }
        let with_a = known.get_mut(a).expect("it was put there");
        with_a.insert(b.clone(), found.clone());
        Ok(found)
    }

    /// Takes steps away.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Exhausted> {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Exhausted)
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
