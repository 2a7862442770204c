//! The name that is shown where two components meet: the least one that both match and that a
//! component of a path can have.

use super::Case;
use super::effort::{Effort, Exhausted};
use super::shapes::set;
use super::word::{Word, is_name, readability, swap_case};
use crate::domain::automaton::Validity;
use crate::domain::pattern::{ByteSet, Component, Token};

/// What one step of a pattern takes: a component of some shape, or any.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    One(&'a Component),
    Any,
}

impl Step<'_> {
    fn len(self) -> usize {
        match self {
            Self::One(component) => component.len(),
            Self::Any => 1,
        }
    }

    fn token(self, at: usize) -> Option<Token> {
        match self {
            Self::One(component) => component.token(at),
            Self::Any => (at == 0).then_some(Token::Many),
        }
    }

    fn literal(&self) -> Option<&[u8]> {
        match self {
            Self::One(component) => component.literal(),
            Self::Any => None,
        }
    }

    fn matches(self, name: &[u8]) -> bool {
        match self {
            Self::One(component) => component.matches(name),
            Self::Any => true,
        }
    }
}

/// The least name that both match.
pub(super) fn least(
    a: Step<'_>,
    b: Step<'_>,
    case: Case,
    effort: &Effort,
) -> Result<Option<Word>, Exhausted> {
    effort.spend(1)?;
    match (a.literal(), b.literal(), case) {
        (Some(x), Some(y), _) => {
            let same = match case {
                Case::Exact => x == y,
                Case::Folded => x.eq_ignore_ascii_case(y),
            };
            Ok((same && is_name(x)).then(|| Word::new(x.to_vec(), y.to_vec())))
        }
        (Some(x), None, Case::Exact) => {
            Ok((b.matches(x) && is_name(x)).then(|| Word::new(x.to_vec(), x.to_vec())))
        }
        (None, Some(y), Case::Exact) => {
            Ok((a.matches(y) && is_name(y)).then(|| Word::new(y.to_vec(), y.to_vec())))
        }
        _ if differ_at_end(a, b, case) => Ok(None),
        _ => Table::new(a, b, case, effort)?.run(),
    }
}

/// Whether the two exclude each other before the first star from an end.
fn differ_at_end(a: Step<'_>, b: Step<'_>, case: Case) -> bool {
    let apart = |x: Token, y: Token| match case {
        Case::Exact => !set(x).meets(set(y)),
        Case::Folded => !set(x).folded().meets(set(y)),
    };
    let common = 0..a.len().min(b.len());
    let from_start = common.clone().map(|i| (a.token(i), b.token(i)));
    let from_end = common.map(|i| (a.token(a.len() - 1 - i), b.token(b.len() - 1 - i)));
    let differ = |pairs: &mut dyn Iterator<Item = (Option<Token>, Option<Token>)>| {
        let both = pairs.filter_map(|(x, y)| x.zip(y));
        let mut single = both.take_while(|(x, y)| *x != Token::Many && *y != Token::Many);
        single.any(|(x, y)| x != y && apart(x, y))
    };
    differ(&mut { from_start }) || differ(&mut { from_end })
}

const ORDER: [Validity; 7] = [
    Validity::Start,
    Validity::Dot,
    Validity::DotDot,
    Validity::DotG,
    Validity::DotGi,
    Validity::DotGit,
    Validity::Inside,
];

/// For each place in both components, and for what was read so far, the least way there. Every
/// move leads forward, or at two stars from another state to `Inside`, which is the last.
struct Table<'a> {
    a: Step<'a>,
    b: Step<'a>,
    case: Case,
    best: Vec<Option<Word>>,
    effort: &'a Effort,
}

impl<'a> Table<'a> {
    fn new(a: Step<'a>, b: Step<'a>, case: Case, effort: &'a Effort) -> Result<Self, Exhausted> {
        let cells = (a.len() + 1) * (b.len() + 1) * ORDER.len();
        effort.allow(cells)?;
        let mut best = vec![None; cells];
        best[0] = Some(Word::default());
        Ok(Self { a, b, case, best, effort })
    }

    fn cell(&self, i: usize, j: usize, validity: Validity) -> usize {
        let at = ORDER.iter().position(|v| *v == validity).expect("every state is listed");
        (i * (self.b.len() + 1) + j) * ORDER.len() + at
    }

    fn run(mut self) -> Result<Option<Word>, Exhausted> {
        for i in 0..=self.a.len() {
            for j in 0..=self.b.len() {
                for validity in ORDER {
                    let cell = self.cell(i, j, validity);
                    // Nothing leads back here, so the word is not needed where it is again.
                    if let Some(word) = self.best[cell].take() {
                        self.effort.spend(1 + word.left.len() / 16)?;
                        if i == self.a.len() && j == self.b.len() {
                            self.best[cell] = Some(word);
                        } else {
                            self.moves(i, j, validity, &word);
                        }
                    }
                }
            }
        }
        let ends = ORDER.into_iter().filter(|v| v.accepts());
        let ends = ends.map(|v| self.cell(self.a.len(), self.b.len(), v));
        Ok(ends.filter_map(|cell| self.best[cell].clone()).min())
    }

    fn moves(&mut self, i: usize, j: usize, validity: Validity, word: &Word) {
        let (x, y) = (self.a.token(i), self.b.token(j));
        let (star_x, star_y) = (x == Some(Token::Many), y == Some(Token::Many));
        // A star ends without a byte.
        if star_x {
            self.reach(self.cell(i + 1, j, validity), word, None);
        }
        if star_y {
            self.reach(self.cell(i, j + 1, validity), word, None);
        }
        match (x, y) {
            (Some(Token::Many), Some(Token::Many)) => {
                // One plain letter makes any beginning a good one, and more are never needed.
                if validity != Validity::Inside {
                    self.reach(self.cell(i, j, Validity::Inside), word, Some((b'a', b'a')));
                }
            }
            (Some(x), Some(y)) => {
                let next = (i + usize::from(!star_x), j + usize::from(!star_y));
                for (letter, behind) in self.letters(set(x), set(y), validity) {
                    self.reach(self.cell(next.0, next.1, behind), word, Some(letter));
                }
            }
            (None, _) | (_, None) => {}
        }
    }

    fn reach(&mut self, cell: usize, word: &Word, letter: Option<(u8, u8)>) {
        let best = &mut self.best[cell];
        let fresh = match (letter, best.as_ref()) {
            (Some(letter), Some(old)) if !word.may_improve(letter, old) => return,
            (Some(letter), _) => word.and(letter),
            (None, _) => word.clone(),
        };
        if best.as_ref().is_none_or(|old| fresh < *old) {
            *best = Some(fresh);
        }
    }

    /// The most readable pair of bytes for each state that one of the pairs leads to.
    fn letters(&self, x: ByteSet, y: ByteSet, validity: Validity) -> Vec<((u8, u8), Validity)> {
        let mut found: Vec<((u8, u8), Validity)> = Vec::new();
        let cost = |(x, y): (u8, u8)| (readability(x) + readability(y), x, y);
        let near = match self.case {
            Case::Exact => y,
            Case::Folded => y.folded(),
        };
        for byte in x.and(near).iter() {
            let others = match self.case {
                Case::Exact => [Some(byte), None],
                Case::Folded => [Some(byte), Some(swap_case(byte))],
            };
            for other in others.into_iter().flatten().filter(|other| y.contains(*other)) {
                let Some(next) = validity.next(byte) else { continue };
                match found.iter_mut().find(|(_, v)| *v == next) {
                    Some((old, _)) if cost((byte, other)) < cost(*old) => *old = (byte, other),
                    Some(_) => {}
                    None => found.push(((byte, other), next)),
                }
            }
        }
        found
    }
}
