//! One path on several sides, as far as modes and object ids decide it: what is left over has
//! to be merged by lines.

use super::{ClashReason, Label};
use crate::domain::tree::{Mode, Side};

/// What several sides make of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    /// One of the versions, or nothing there.
    Whole(Option<Side>),
    /// The contents have to be merged by lines; the file gets this mode.
    Lines(Mode),
}

/// Merges what `sides` made of `base`, or says which of them meet and why. Mode and content
/// are merged each for itself, as `git merge` does: what only one side changed wins.
pub(super) fn merge(
    base: Option<&Side>,
    sides: &[(Label, Option<&Side>)],
) -> Result<Merged, (Vec<Label>, ClashReason)> {
    let changed: Vec<_> = sides.iter().filter(|(_, side)| *side != base).collect();
    let Some((_, first)) = changed.first() else {
        return Ok(Merged::Whole(base.cloned()));
    };
    if changed.iter().all(|(_, side)| side == first) {
        return Ok(Merged::Whole(first.cloned()));
    }
    let labels = || changed.iter().map(|(label, _)| label.clone()).collect();
    let deleted: Vec<Label> =
        changed.iter().filter(|(_, side)| side.is_none()).map(|(label, _)| label.clone()).collect();
    if !deleted.is_empty() {
        return Err((labels(), ClashReason::Deleted(deleted)));
    }
    let present = || changed.iter().filter_map(|(_, side)| *side);
    let kind = Kind::of(present().next());
    if present().any(|side| Kind::of(Some(side)) != kind) {
        return Err((labels(), ClashReason::NoLines));
    }
    let Some(mode) = agreed(base.map(|b| &b.mode), present().map(|side| &side.mode)) else {
        return Err((labels(), ClashReason::Modes));
    };
    match agreed(base.map(|b| &b.id), present().map(|side| &side.id)) {
        Some(id) => Ok(Merged::Whole(Some(Side { mode: *mode, id: id.clone() }))),
        None if kind == Kind::Lines && [Kind::Lines, Kind::Nothing].contains(&Kind::of(base)) => {
            Ok(Merged::Lines(*mode))
        }
        None => Err((labels(), ClashReason::NoLines)),
    }
}

/// What is at a path, as far as it decides whether contents can be merged.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nothing,
    Lines,
    Link,
    Submodule,
}

impl Kind {
    fn of(side: Option<&Side>) -> Self {
        match side.map(|side| side.mode) {
            None => Self::Nothing,
            Some(Mode::File | Mode::Executable) => Self::Lines,
            Some(Mode::Symlink) => Self::Link,
            Some(Mode::Submodule) => Self::Submodule,
        }
    }
}

/// The one value that was changed to, or the base's if nobody changed it; none if two differ.
fn agreed<'a, T: PartialEq>(
    base: Option<&'a T>,
    sides: impl Iterator<Item = &'a T>,
) -> Option<&'a T> {
    let mut changed = sides.filter(|value| Some(*value) != base);
    match changed.next() {
        None => base,
        Some(first) => changed.all(|value| value == first).then_some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;

    fn side(text: &str) -> Option<Side> {
        let (mode, id) = text.split_once(' ')?;
        let mode = match mode {
            "f" => Mode::File,
            "x" => Mode::Executable,
            "l" => Mode::Symlink,
            "s" => Mode::Submodule,
            other => panic!("{other}"),
        };
        Some(Side { mode, id: id.to_owned() })
    }

    /// Base, integration, T1: what comes of them, in words.
    fn merged(base: &str, ours: &str, theirs: &str) -> String {
        let (base, ours, theirs) = (side(base), side(ours), side(theirs));
        let label = Label::Objective(ObjectiveId::parse("T1").expect("valid"));
        let sides = [(Label::Integration, ours.as_ref()), (label, theirs.as_ref())];
        match merge(base.as_ref(), &sides) {
            Ok(Merged::Whole(None)) => "nothing".into(),
            Ok(Merged::Whole(Some(side))) => format!("{} {}", side.mode.as_str(), side.id),
            Ok(Merged::Lines(mode)) => format!("{} by lines", mode.as_str()),
            Err((labels, reason)) => {
                assert_eq!(labels.len(), 2, "both sides are named");
                format!("{reason:?}")
            }
        }
    }

    #[test]
    fn what_one_side_changed_wins_and_the_rest_meets() {
        for (base, ours, theirs, expected) in [
            ("f 1", "f 1", "f 2", "100644 2"),
            ("f 1", "f 2", "f 1", "100644 2"),
            ("f 1", "f 2", "f 2", "100644 2"),
            ("f 1", "f 2", "f 3", "100644 by lines"),
            ("f 1", "x 1", "f 2", "100755 2"),
            ("f 1", "x 2", "f 3", "100755 by lines"),
            ("x 1", "x 2", "f 3", "100644 by lines"),
            ("f 1", "x 2", "x 3", "100755 by lines"),
            ("f 1", "x 2", "x 2", "100755 2"),
            ("f 1", "", "", "nothing"),
            ("f 1", "", "f 1", "nothing"),
            ("f 1", "", "f 2", "Deleted([Integration])"),
            ("", "f 1", "f 1", "100644 1"),
            ("", "f 1", "", "100644 1"),
            ("", "f 1", "f 2", "100644 by lines"),
            ("", "f 1", "x 1", "Modes"),
            ("", "f 1", "l 1", "NoLines"),
            ("l 1", "l 2", "l 3", "NoLines"),
            ("l 1", "l 1", "l 3", "120000 3"),
            ("s 1", "s 2", "s 3", "NoLines"),
            ("s 1", "s 2", "s 2", "160000 2"),
            ("l 1", "f 2", "f 3", "NoLines"),
            // Both made a file of the link, and one left its content alone.
            ("l 1", "f 1", "f 3", "100644 3"),
            ("l 1", "l 2", "f 1", "NoLines"),
            ("l 1", "f 1", "x 1", "Modes"),
            ("f 1", "l 2", "x 1", "NoLines"),
        ] {
            assert_eq!(merged(base, ours, theirs), expected, "{base}, {ours}, {theirs}");
        }
    }
}
