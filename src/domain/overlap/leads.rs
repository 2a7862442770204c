//! Which components could match a common name, for many at once: those whose leads, the places
//! before the first star, fit one upon the other. Two sorted lists are walked together place by
//! place, so that components with different leads never meet.

use std::borrow::Cow;
use std::ops::Range;

use super::shapes::set;
use crate::domain::pattern::{Component, Token};

/// What has tokens: a name or a component.
pub(super) trait Tokens {
    /// The token at a place, if it is so long.
    fn token(&self, at: usize) -> Option<Token>;
}

impl<T> Tokens for (Cow<'_, [u8]>, T) {
    fn token(&self, at: usize) -> Option<Token> {
        self.0.get(at).map(|byte| Token::Byte(*byte))
    }
}

impl<T> Tokens for (Cow<'_, Component>, T) {
    fn token(&self, at: usize) -> Option<Token> {
        self.0.token(at)
    }
}

/// Up to so many pairs are not parted further: comparing them one by one costs less.
const FEW: usize = 16;
/// Nor after so many places, so that long components cannot nest the walk without end.
const DEEP: usize = 48;

/// Calls `found` for every pair of one of `a` and one of `b` whose leads fit, and perhaps for
/// others; no other pair matches a common name. Both lists are sorted by their tokens, and no
/// pair comes twice.
pub(super) fn fitting<A: Tokens, B: Tokens>(a: &[A], b: &[B], found: &mut impl FnMut(&A, &B)) {
    from(a, b, 0, found);
}

fn from<A: Tokens, B: Tokens>(a: &[A], b: &[B], at: usize, found: &mut impl FnMut(&A, &B)) {
    if at == DEEP || a.len() * b.len() <= FEW {
        return every(a, b, found);
    }
    let others = groups(b, at);
    for (token, range) in groups(a, at) {
        let ours = &a[range];
        for (other, range) in &others {
            let theirs = &b[range.clone()];
            match (token, *other) {
                (None, None) | (Some(Token::Many), _) | (_, Some(Token::Many)) => {
                    every(ours, theirs, found);
                }
                (Some(x), Some(y)) if x == y || set(x).meets(set(y)) => {
                    from(ours, theirs, at + 1, found);
                }
                (None | Some(_), None | Some(_)) => {}
            }
        }
    }
}

fn every<A, B>(a: &[A], b: &[B], found: &mut impl FnMut(&A, &B)) {
    for x in a {
        for y in b {
            found(x, y);
        }
    }
}

/// The runs of a sorted list that have one token at a place, or end before it.
fn groups<T: Tokens>(sorted: &[T], at: usize) -> Vec<(Option<Token>, Range<usize>)> {
    let mut groups: Vec<(Option<Token>, Range<usize>)> = Vec::new();
    for (i, one) in sorted.iter().enumerate() {
        let token = one.token(at);
        match groups.last_mut() {
            Some((last, range)) if *last == token => range.end = i + 1,
            _ => groups.push((token, i..i + 1)),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::pattern::ByteSet;

    /// `?` is a set of `a` and `b`, `*` a star.
    fn components<'t>(texts: &[&'t str]) -> Vec<(Cow<'static, Component>, &'t str)> {
        let mut set = ByteSet::of(b'a');
        set.insert(b'b');
        let token = move |byte: u8| match byte {
            b'*' => Token::Many,
            b'?' => Token::One(set),
            byte => Token::Byte(byte),
        };
        let made = texts.iter().map(|t| (Cow::Owned(Component::new(t.bytes().map(token))), *t));
        let mut made: Vec<_> = made.collect();
        made.sort();
        made
    }

    #[test]
    fn only_leads_that_fit_come_together() {
        let one = ["mod1_*", "mod2_*", "xz*", "?c*", "*z", "q?", "mod1_"];
        let two = ["mod1_*.py", "mod2_?", "xz?", "?cq*", "mod*", "y*"];
        let mut found = BTreeSet::new();
        fitting(&components(&one), &components(&two), &mut |x, y| {
            assert!(found.insert((x.1, y.1)), "{} and {} came twice", x.1, y.1);
        });
        let mut expected: BTreeSet<_> = [
            ("mod1_*", "mod1_*.py"),
            ("mod1_*", "mod*"),
            ("mod2_*", "mod2_?"),
            ("mod2_*", "mod*"),
            ("xz*", "xz?"),
            ("?c*", "?cq*"),
            ("mod1_", "mod1_*.py"),
            ("mod1_", "mod*"),
        ]
        .into_iter()
        .collect();
        expected.extend(two.iter().map(|y| ("*z", *y)));
        // Small groups are handed on whole: what must be there is, and what is parted early is
        // not.
        assert!(found.is_superset(&expected), "{found:?}");
        assert!(!found.contains(&("mod1_*", "xz?")) && !found.contains(&("xz*", "mod1_*.py")));
    }
}
