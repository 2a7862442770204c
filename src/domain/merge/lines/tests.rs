//! The rules of the line merge, one by one. How it agrees with git is tested on random files in
//! `tests/it/merge_agrees/`.

use super::*;
use crate::domain::id::ObjectiveId;

fn label(name: &str) -> Label {
    match name {
        "integration" => Label::Integration,
        id => Label::Objective(ObjectiveId::parse(id).expect("valid")),
    }
}

fn merged(base: &[u8], sides: &[&[u8]], insertions: Insertions) -> Result<Vec<u8>, LineClash> {
    let sides: Vec<(Label, &[u8])> =
        (1..).zip(sides).map(|(n, text)| (label(&format!("T{n}")), *text)).collect();
    merge_lines(base, &sides, insertions)
}

/// The merge as text, or `line: sides` of the clash. `|` stands for a newline.
fn shown(base: &str, sides: &[&str], insertions: Insertions) -> String {
    let bytes = |text: &str| text.replace('|', "\n").into_bytes();
    let sides: Vec<Vec<u8>> = sides.iter().map(|side| bytes(side)).collect();
    let sides: Vec<&[u8]> = sides.iter().map(Vec::as_slice).collect();
    match merged(&bytes(base), &sides, insertions) {
        Ok(text) => String::from_utf8(text).expect("UTF-8 in, UTF-8 out").replace('\n', "|"),
        Err(clash) => format!("{}: {}", clash.line, listed(&clash.sides)),
    }
}

/// Both ways to treat insertions.
fn both(base: &str, sides: &[&str]) -> (String, String) {
    (shown(base, sides, Insertions::Conflict), shown(base, sides, Insertions::Keep))
}

#[test]
fn changes_that_do_not_touch_are_all_applied() {
    for (base, sides, expected) in [
        ("a|b|c|", &["A|b|c|", "a|b|C|"][..], "A|b|C|"),
        ("a|b|c|d|e|", &["A|b|c|d|e|", "a|b|C|d|e|", "a|b|c|d|E|"], "A|b|C|d|E|"),
        ("a|b|c|", &["x|a|b|c|", "a|b|c|y|"], "x|a|b|c|y|"),
        ("a|b|c|", &["b|c|", "a|b|"], "b|"),
        ("a|b|c", &["A|b|c", "a|b|C"], "A|b|C"),
        ("a\r|b\r|c\r|", &["A\r|b\r|c\r|", "a\r|b\r|C\r|"], "A\r|b\r|C\r|"),
        ("a|b|c|", &["A|b|c|", "a|b|c|", "a|b|c|"], "A|b|c|"),
        ("a|b|c|", &[], "a|b|c|"),
        ("a|b|c|", &["a|b|c|", "", ""], ""),
    ] {
        assert_eq!(both(base, sides), (expected.into(), expected.into()), "{base} {sides:?}");
    }
}

#[test]
fn the_same_change_counts_once() {
    for (base, sides, expected) in [
        ("a|b|c|", &["a|B|c|", "a|B|c|", "a|b|c|d|"][..], "a|B|c|d|"),
        ("a|b|c|", &["a|B|c|", "a|B|c|", "A|b|c|"], "1: T1, T2 and T3"),
        ("a|b|c|", &["a|B|c|", "a|B|c|", "a|X|c|"], "2: T1, T2 and T3"),
        ("a|b|", &["a|x|b|", "a|x|b|", "a|b|z|"], "a|x|b|z|"),
        ("a|b|c|d|", &["a|d|", "a|d|", "a|b|c|D|"], "2: T1, T2 and T3"),
        // In different steps: the diffs of the two do not line up, what they made does. git says
        // the same, unless it is asked for the base (`--diff3`).
        ("c|c|a|", &["x|b|c|a|", "x|b|c|a|a|c|"], "x|b|c|a|a|c|"),
        ("c|c|a|a|b|", &["c|c|a|b|", "c|x|c|c|a|b|"], "c|x|c|c|a|b|"),
    ] {
        assert_eq!(both(base, sides), (expected.into(), expected.into()), "{base} {sides:?}");
    }
}

#[test]
fn insertions_at_one_place_meet_or_are_kept_in_the_order_of_the_sides() {
    for (base, sides, conflict, keep) in [
        ("a|b|", &["a|x|b|", "a|y|b|"][..], "2: T1 and T2", "a|x|y|b|"),
        ("a|b|", &["a|y|b|", "a|x|b|"], "2: T1 and T2", "a|y|x|b|"),
        ("a|", &["a|x|", "a|y|", "a|z|"], "2: T1, T2 and T3", "a|x|y|z|"),
        ("a|", &["a|x|", "a|y|", "a|x|"], "2: T1, T2 and T3", "a|x|y|"),
        ("", &["x|", "y|"], "1: T1 and T2", "x|y|"),
        // Whole insertions are compared, not their lines.
        ("a|", &["a|x|y|", "a|x|z|"], "2: T1 and T2", "a|x|y|x|z|"),
        // Two places.
        ("a|b|", &["a|x|b|", "a|b|y|"], "a|x|b|y|", "a|x|b|y|"),
    ] {
        assert_eq!(both(base, sides), (conflict.into(), keep.into()), "{base} {sides:?}");
    }
}

#[test]
fn an_insertion_beside_a_changed_line_meets_it() {
    for (base, sides) in [
        // Before, behind, and on both sides of a changed line.
        ("a|b|c|", &["a|x|b|c|", "a|B|c|"][..]),
        ("a|b|c|", &["a|b|x|c|", "a|B|c|"]),
        ("a|b|c|", &["a|b|x|c|", "a|B|c|", "a|y|b|c|"]),
        // Beside a deleted one.
        ("a|b|c|", &["a|x|b|c|", "a|c|"]),
        ("a|b|c|", &["a|b|x|c|", "a|y|b|c|", "a|c|"]),
        // Beside a change that inserts lines of its own.
        ("a|b|c|", &["a|b|x|c|", "a|B|y|c|"]),
        // Between lines that another side changed.
        ("a|b|c|d|", &["a|b|x|c|d|", "a|B|C|d|"]),
        ("a|b|c|d|", &["a|b|x|c|d|", "a|d|"]),
        // Between lines that two other sides changed: those meet.
        ("a|b|c|d|", &["a|b|x|c|d|", "a|B|c|d|", "a|b|C|d|"]),
    ] {
        let (conflict, kept) = both(base, sides);
        assert_eq!(kept, conflict, "{base} {sides:?}");
        assert!(conflict.starts_with("2: "), "git lets nothing touch: {conflict}");
    }
}

#[test]
fn changed_lines_that_touch_meet() {
    for (base, sides, expected) in [
        ("a|b|c|", &["a|B|c|", "a|X|c|"][..], "2: T1 and T2"),
        ("a|b|c|", &["A|b|c|", "a|B|c|"], "1: T1 and T2"),
        ("a|b|c|d|", &["a|c|d|", "a|b|X|d|"], "2: T1 and T2"),
        ("a|b|c|", &["", "a|B|c|"], "1: T1 and T2"),
        ("a|b|c|d|e|", &["A|b|c|d|e|", "a|b|C|d|e|", "a|b|X|d|e|"], "3: T2 and T3"),
    ] {
        assert_eq!(both(base, sides), (expected.into(), expected.into()), "{base} {sides:?}");
    }
}

#[test]
fn a_missing_last_newline_glues_nothing_together() {
    for (base, sides, conflict, keep) in [
        ("a", &["a|x", "a|y"][..], "1: T1 and T2", "a|x|y"),
        ("a", &["a|x|", "a|y"], "1: T1 and T2", "a|x|y|"),
        ("a", &["a|x|", "a|y|"], "1: T1 and T2", "a|x|y|"),
        ("a|", &["a|x", "a|y"], "2: T1 and T2", "a|x|y"),
        ("a|", &["a|x", "a|y|"], "2: T1 and T2", "a|x|y"),
        ("", &["x", "y"], "1: T1 and T2", "x|y"),
        ("", &["x", "y|"], "1: T1 and T2", "x|y|"),
        ("a|b", &["a|b|", "A|b"], "1: T1 and T2", "A|b|"),
        ("a|b|c", &["a|b|c|", "A|b|c"], "A|b|c|", "A|b|c|"),
        ("a|b|c|", &["a|b|c", "A|b|c|"], "A|b|c", "A|b|c"),
        ("a\r|b", &["a\r|b\r|x", "a\r|b\r|y"], "2: T1 and T2", "a\r|b\r|x\r|y"),
        ("b", &["b\r|x", "b\r|y"], "1: T1 and T2", "b\r|x\r|y"),
        ("a\r|b\r|", &["a\r|b", "a\r|b\r|x\r|"], "2: T1 and T2", "a\r|b\r|x"),
        // A carriage return alone is content.
        ("x\r", &["x\r|a\r", "x\r|b\r"], "1: T1 and T2", "x\r|a\r|b\r"),
    ] {
        assert_eq!(both(base, sides), (conflict.into(), keep.into()), "{base:?} {sides:?}");
    }
}

#[test]
fn binary_content_has_no_lines() {
    let text = |at: usize| {
        let mut text = vec![b'x'; 9000];
        text[at] = 0;
        text
    };
    let reason = |base: &[u8], one: &[u8], two: &[u8]| {
        merged(base, &[one, two], Insertions::Keep).err().map(|clash| clash.reason)
    };
    assert_eq!(reason(b"a\n", b"b\n", &text(7999)), Some(LineReason::Binary));
    assert_eq!(reason(&text(0), b"b\n", b"c\n"), Some(LineReason::Binary));
    assert_eq!(reason(b"a\n", b"b\n", &text(8000)), Some(LineReason::Lines));
    // What only one side changed, or all the same, needs no lines.
    assert_eq!(merged(&text(1), &[b"a", &text(1)], Insertions::Keep), Ok(b"a".to_vec()));
    assert_eq!(merged(&text(1), &[&text(2), &text(2)], Insertions::Keep), Ok(text(2)));
}

#[test]
fn the_integration_branch_is_named_and_paths_are_quoted() {
    let sides = [(label("T2"), &b"b\n"[..]), (label("integration"), b"c\n")];
    let clash = merge_lines(b"a\n", &sides, Insertions::Keep).expect_err("both changed it");
    let path = RepoPath::new("a\nb").expect("valid");
    assert_eq!(
        clash.message(&path),
        "integration and T2 change `\"a\\nb\"` at the same place, line 1 before the changes"
    );
}

#[test]
fn hostile_files_end_soon() {
    // Equal lines, with a difference at both ends, from two sides.
    let lines = 500_000;
    let base = b"\n".repeat(lines);
    let with = |head: &[u8], tail: &[u8]| [head, &base[..], b"\n\n\n", tail].concat();
    let clash = merged(&base, &[&with(b"x", b"y"), &with(b"z", b"y")], Insertions::Conflict);
    assert_eq!(clash.expect_err("both changed the first line").line, 1);
    // Two alphabets in no order: nothing but small differences.
    let mut state = 1_u32;
    let mut random = |count: usize| {
        let mut text = Vec::new();
        for _ in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.extend_from_slice(if state >> 31 == 0 { b"a\n" } else { b"b\n" });
        }
        text
    };
    let (base, one, two) = (random(4_000), random(4_000), random(4_000));
    assert!(merged(&base, &[&one, &two], Insertions::Conflict).is_err());
}
