//! Which lines differ. The diff is git's (Myers with git's heuristics, insertions slid down as
//! far as they go), so that what is merged here is what `git merge-file` would merge.

use std::ops::Range;

use gix_imara_diff::{Algorithm, Diff, Interner, NoSliderHeuristic, Token};

/// The most lines, of base and side together, that are compared line by line when two sides are
/// merged: head and tail that are equal do not count. git's heuristics keep the time near the
/// power 1.5 of the lines: the worst of what was tried (lines drawn from a hundred) took 1.3 s for
/// 400,000. Beyond it everything between head and tail counts as one change.
const MOST_LINES: usize = 400_000;

/// Lines of the base that a side replaced, and what it replaced them with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) base: Range<usize>,
    pub(super) side: Range<usize>,
}

/// For each side the hunks that make it from `base`, in order. Two hunks of one side never
/// touch: there is a common line between them.
pub(super) fn hunks(base: &[&[u8]], sides: &[Vec<&[u8]>]) -> Vec<Vec<Hunk>> {
    // The hash is seeded at random, but tokens are numbered as lines come: no influence.
    let mut interner = Interner::new(base.len());
    let base = tokens(&mut interner, base);
    let sides: Vec<_> = sides.iter().map(|side| tokens(&mut interner, side)).collect();
    let distinct = interner.num_tokens();
    let most = most_lines(sides.len());
    sides.iter().map(|side| compare(&base, side, distinct, most)).collect()
}

fn tokens<'a>(interner: &mut Interner<&'a [u8]>, lines: &[&'a [u8]]) -> Vec<Token> {
    lines.iter().map(|line| interner.intern(*line)).collect()
}

/// Many sides share the time of two (it grows with the power 1.5 of the lines, so the lines
/// shrink a little more slowly than the sides grow).
fn most_lines(sides: usize) -> usize {
    MOST_LINES / sides.isqrt().max(1)
}

fn compare(base: &[Token], side: &[Token], distinct: u32, most: usize) -> Vec<Hunk> {
    let head = base.iter().zip(side).take_while(|(a, b)| a == b).count();
    let (rest_base, rest_side) = (&base[head..], &side[head..]);
    let tail =
        rest_base.iter().rev().zip(rest_side.iter().rev()).take_while(|(a, b)| a == b).count();
    if rest_base.len() + rest_side.len() - 2 * tail > most {
        return vec![Hunk { base: head..base.len() - tail, side: head..side.len() - tail }];
    }
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, base, side, distinct);
    diff.postprocess_with(base, side, NoSliderHeuristic);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Hunk { base: range(hunk.before), side: range(hunk.after) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &str, side: &str) -> Vec<Hunk> {
        let lines =
            |text: &'static str| text.split_inclusive('\n').map(str::as_bytes).collect::<Vec<_>>();
        let (base, side) = (base.to_owned().leak(), side.to_owned().leak());
        hunks(&lines(base), &[lines(side)]).remove(0)
    }

    #[test]
    fn insertions_slide_down() {
        let hunk = |base, side| Hunk { base, side };
        assert_eq!(of("a\nb\n", "a\na\nb\n"), [hunk(1..1, 1..2)]);
        assert_eq!(of("{\n}\n", "{\n}\n{\n}\n"), [hunk(2..2, 2..4)]);
        assert_eq!(of("a\nb\nc\n", "x\nb\ny\n"), [hunk(0..1, 0..1), hunk(2..3, 2..3)]);
        assert_eq!(of("", "a\n"), [hunk(0..0, 0..1)]);
        assert_eq!(of("a\n", ""), [hunk(0..1, 0..0)]);
    }

    #[test]
    fn too_much_is_one_change_between_head_and_tail() {
        let tokens = |numbers: &[u32]| numbers.iter().copied().map(Token).collect::<Vec<_>>();
        let base = tokens(&[0, 1, 2, 3, 4, 0]);
        let side = tokens(&[0, 5, 2, 3, 6, 0]);
        assert_eq!(compare(&base, &side, 7, 8).len(), 2);
        assert_eq!(compare(&base, &side, 7, 7), [Hunk { base: 1..5, side: 1..5 }]);
        // Equal lines at both ends are counted once.
        let (short, long) = (tokens(&[0; 3]), tokens(&[0; 5]));
        assert_eq!(compare(&short, &long, 1, 1), [Hunk { base: 3..3, side: 3..5 }]);
    }
}
