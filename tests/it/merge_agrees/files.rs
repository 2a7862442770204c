//! One file from several sides: against `git merge-file`, one side after the other, and every
//! order of them.

use git_ap::domain::merge::{Insertions, Label, merge_lines};

use super::{Lines, base, cases, edited, git, objective, text};
use crate::oracle::random::{Random, say};

fn labelled(sides: &[Vec<u8>]) -> Vec<(Label, &[u8])> {
    (1..).zip(sides).map(|(n, text)| (Label::Objective(objective(n)), text.as_slice())).collect()
}

/// The lines as a file; one in eight lacks the last newline.
fn file(random: &mut Random, lines: &[String], end: &str) -> Vec<u8> {
    let mut text = lines.join(end) + if lines.is_empty() { "" } else { end };
    if random.one_in(8) {
        text.truncate(text.len().saturating_sub(end.len()));
    }
    text.into_bytes()
}

/// A base and `count` versions of it; one in three goes on from the version before.
fn versions(random: &mut Random, lines: Lines, count: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let end = if random.one_in(5) { "\r\n" } else { "\n" };
    let before = base(random, lines, 12);
    let mut last = before.clone();
    let sides = (0..count)
        .map(|_| {
            let from = if random.one_in(3) { &last } else { &before };
            last = edited(random, from, lines);
            file(random, &last, end)
        })
        .collect();
    (file(random, &before, end), sides)
}

#[test]
fn two_sides_merge_as_git_merges_them() {
    let mut random = Random::announced("merge of two sides");
    let folder = tempfile::tempdir().expect("a temporary directory");
    let [mut clean, mut met, mut in_steps] = [0; 3];
    for case in 0..cases() {
        let lines = if case % 2 == 0 { Lines::Few } else { Lines::Distinct };
        let (base, sides) = versions(&mut random, lines, 2);
        for (name, text) in [("base", &base), ("one", &sides[0]), ("two", &sides[1])] {
            std::fs::write(folder.path().join(name), text).expect("writable");
        }
        let ask = |style: &[&str]| {
            let output = git(
                folder.path(),
                &[&["merge-file", "-p", "-q"], style, &["one", "base", "two"]].concat(),
            );
            let code = output.status.code().expect("it ends by itself");
            assert!(code < 128, "{}", String::from_utf8_lossy(&output.stderr));
            (code == 0).then_some(output.stdout)
        };
        let ours = merge_lines(&base, &labelled(&sides), Insertions::Conflict).ok();
        let theirs = ask(&["--diff3"]);
        let shown = || {
            let [base, one, two] = [&base, &sides[0], &sides[1]].map(|t| text(t));
            format!("base {base:?}\none  {one:?}\ntwo  {two:?}")
        };
        match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => {
                clean += 1;
                assert_eq!(text(ours), text(theirs), "{}", shown());
            }
            (None, None) => met += 1,
            // Both made the same of these lines, in different steps. git sees that too unless
            // it is asked to show the base (`--diff3` leaves conflicts as they are found).
            (Some(_), None) => {
                in_steps += 1;
                assert_eq!(ours, ask(&[]), "{}", shown());
            }
            (None, Some(theirs)) => panic!("git merges to {:?}\n{}", text(theirs), shown()),
        }
    }
    say(&format!(
        "merge of two sides: {clean} clean, {met} met, {in_steps} the same in different steps"
    ));
    assert!(clean > cases() / 20 && met > cases() / 20, "both are tried: {clean}, {met}");
}

#[test]
fn many_sides_merge_the_same_in_every_order_and_as_one_after_the_other() {
    let mut random = Random::announced("merge of many sides");
    let mut clean = 0;
    for case in 0..4_000 {
        let lines = if case % 2 == 0 { Lines::Few } else { Lines::Distinct };
        let count = 2 + random.below(4);
        let (base, sides) = versions(&mut random, lines, count);
        let labelled = labelled(&sides);
        let conflict = merge_lines(&base, &labelled, Insertions::Conflict);
        let mut turned = labelled.clone();
        for at in (1..turned.len()).rev() {
            turned.swap(at, random.below(at + 1));
        }
        assert_eq!(merge_lines(&base, &turned, Insertions::Conflict), conflict);
        let keep = merge_lines(&base, &labelled, Insertions::Keep);
        let kept_in_turn = merge_lines(&base, &turned, Insertions::Keep);
        assert_eq!(kept_in_turn.is_ok(), keep.is_ok(), "{base:?} {sides:?}");
        let Ok(merged) = conflict else { continue };
        clean += 1;
        if lines == Lines::Distinct {
            assert_eq!(keep.as_ref().ok(), Some(&merged), "keeping changes nothing else");
            let one_by_one = labelled.iter().try_fold(base.clone(), |so_far, side| {
                let pair = [(Label::Integration, so_far.as_slice()), side.clone()];
                merge_lines(&base, &pair, Insertions::Conflict)
            });
            assert_eq!(one_by_one.as_ref(), Ok(&merged), "{base:?} {sides:?}");
        }
    }
    assert!(clean > 200, "{clean} were clean");
}

#[test]
fn kept_insertions_are_whole_and_in_the_order_of_the_sides() {
    let mut random = Random::announced("kept insertions");
    for _ in 0..2_000 {
        let before = base(&mut random, Lines::Distinct, 6);
        let end = *random.pick(&["\n", "\r\n"]);
        let mut written = Vec::new();
        for side in 1..=1 + random.below(4) {
            let mut after = before.clone();
            for n in 0..=random.below(3) {
                after.insert(random.below(after.len() + 1), format!("{n} of T{side}"));
            }
            written.push(after);
        }
        let sides: Vec<Vec<u8>> = written.iter().map(|l| file(&mut random, l, end)).collect();
        let base = file(&mut random, &before, end);
        let merged = merge_lines(&base, &labelled(&sides), Insertions::Keep)
            .unwrap_or_else(|clash| panic!("{clash:?}: {before:?} {written:?}"));
        let merged = text(&merged);
        let merged: Vec<&str> = merged.lines().collect();
        let added: usize = written.iter().map(|lines| lines.len() - before.len()).sum();
        assert_eq!(merged.len(), before.len() + added, "{written:?} became {merged:?}");
        for lines in &written {
            let mut rest = merged.iter();
            assert!(lines.iter().all(|line| rest.any(|m| m == line)), "{lines:?} in {merged:?}");
        }
        let between = merged.split(|line| line.starts_with("line "));
        for place in between {
            assert!(place.is_sorted_by_key(|line| line.rsplit('T').next()), "{merged:?}");
        }
    }
}
