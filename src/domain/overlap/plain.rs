//! Where two patterns meet when nothing is left out: decided on their components, without
//! automata over bytes. Nearly every question of a plan ends here.

use super::Case;
use super::effort::{Effort, Exhausted};
use super::name::{Step, least};
use super::word::Word;
use crate::domain::pattern::{NormalForm, Segment, Tail};

/// The least path that both match, or `None` as a proof that there is none.
pub(super) fn meeting(
    a: &NormalForm,
    b: &NormalForm,
    case: Case,
    effort: &Effort,
) -> Result<Option<Word>, Exhausted> {
    if leads_differ(a, b, case) {
        return Ok(None);
    }
    effort.spend(1)?;
    effort.once((a, b), case, || decide(a, b, case, effort))
}

fn decide(
    a: &NormalForm,
    b: &NormalForm,
    case: Case,
    effort: &Effort,
) -> Result<Option<Word>, Exhausted> {
    let (rows, columns) = (a.segments().len() + 2, b.segments().len() + 2);
    effort.allow(rows * columns)?;
    let mut best: Vec<Option<Word>> = vec![None; rows * columns];
    best[0] = Some(Word::default());
    let mut found: Option<Word> = None;
    // Every move leads forward on at least one side and back on none.
    for p in 0..rows {
        for q in 0..columns {
            let Some(word) = best[p * columns + q].take() else { continue };
            if accepts(a, p) && accepts(b, q) && found.as_ref().is_none_or(|old| word < *old) {
                found = Some(word.clone());
            }
            for (one, to) in moves(a, p).into_iter().flatten() {
                for (two, other) in moves(b, q).into_iter().flatten() {
                    if (to, other) == (p, q) {
                        continue;
                    }
                    let Some(name) = least(one, two, case, effort)? else { continue };
                    effort.spend(word.left.len() / 16)?;
                    let longer = word.below(&name);
                    let cell = &mut best[to * columns + other];
                    if cell.as_ref().is_none_or(|old| longer < *old) {
                        *cell = Some(longer);
                    }
                }
            }
        }
    }
    Ok(found)
}

fn names(form: &NormalForm) -> impl Iterator<Item = &[u8]> {
    form.segments().iter().map_while(|segment| match segment {
        Segment::One(component) => component.literal(),
        Segment::AnyDepth => None,
    })
}

/// Whether both begin with names, and those differ somewhere.
fn leads_differ(a: &NormalForm, b: &NormalForm, case: Case) -> bool {
    let differ = |(x, y): (&[u8], &[u8])| match case {
        Case::Exact => x != y,
        Case::Folded => !x.eq_ignore_ascii_case(y),
    };
    names(a).zip(names(b)).any(differ)
}

/// What can follow position `at`, and the position behind it. The positions are those of the
/// segments, the end, and one for everything below the end.
fn moves(form: &NormalForm, at: usize) -> [Option<(Step<'_>, usize)>; 2] {
    let end = form.segments().len();
    let one = |at: usize| match form.segments().get(at) {
        Some(Segment::One(component)) => Some((Step::One(component), at + 1)),
        // A gap never follows a gap, nor stands at the end.
        Some(Segment::AnyDepth) | None => None,
    };
    match form.segments().get(at) {
        Some(Segment::AnyDepth) => [Some((Step::Any, at)), one(at + 1)],
        Some(Segment::One(_)) => [one(at), None],
        None if at > end || form.tail() != Tail::Exact => [Some((Step::Any, end + 1)), None],
        None => [None, None],
    }
}

fn accepts(form: &NormalForm, at: usize) -> bool {
    let end = form.segments().len();
    at > end || (at == end && form.tail() != Tail::Below)
}
