//! The rules of the overlay, one by one. Random trees are in `tests/it/merge_agrees/`.

use super::*;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("valid")
}

fn side(id: &str) -> Option<Side> {
    let (mode, id) = match id.split_at_checked(1)? {
        ("x", id) => (Mode::Executable, id),
        ("l", id) => (Mode::Symlink, id),
        ("s", id) => (Mode::Submodule, id),
        (_, id) => (Mode::File, id),
    };
    Some(Side { mode, id: id.to_owned() })
}

/// `path old new`, `-` for nothing; the sides with their mode in front, a file without.
fn contribution(id: &str, changes: &[&str]) -> Contribution {
    let side = |text: &str| side(text.trim_start_matches('-'));
    let changes = changes.iter().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        Change { path: path(words[0]), old: side(words[1]), new: side(words[2]) }
    });
    Contribution { objective: ObjectiveId::parse(id).expect("valid"), changes: changes.collect() }
}

fn tree(files: &[&str]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = files
        .iter()
        .map(|line| {
            let (name, id) = line.split_once(' ').expect("a path and an id");
            let Side { mode, id } = side(id).expect("an id");
            Entry { path: path(name), mode, id }
        })
        .collect();
    entries.sort();
    entries
}

fn rules() -> Rules {
    let parse = |text: &str| vec![Pattern::parse(text).expect("valid")];
    Rules { global_forbid: Vec::new(), derived: parse("*.lock"), shared: parse("shared*") }
}

/// The result, a line for each thing; the same for every order of the contributions.
fn laid(contributions: &[Contribution], integration: &[&str]) -> Vec<String> {
    let integration = tree(integration);
    let result = overlay(contributions, &integration, &rules());
    let mut turned = contributions.to_vec();
    turned.reverse();
    assert_eq!(overlay(&turned, &integration, &rules()), result, "the order has no influence");
    let overlay = match result {
        Ok(overlay) => overlay,
        Err(clashes) => return clashes.iter().map(Clash::message).collect(),
    };
    let show = |side: &Option<Side>| {
        side.as_ref().map_or("-".to_owned(), |s| format!("{} {}", s.mode.as_str(), s.id))
    };
    let edits = overlay.edits.iter().map(|e| format!("{}: {}", e.path, show(&e.new)));
    let merges = overlay.merges.iter().map(|m| {
        let theirs: Vec<String> =
            m.theirs.iter().map(|(id, side)| format!("{id} {}", show(side))).collect();
        format!(
            "{}: {} | {} | {} | {:?} {}",
            m.path,
            show(&m.base),
            show(&m.ours),
            theirs.join(", "),
            m.insertions,
            m.mode.as_str()
        )
    });
    let dropped = overlay.dropped.iter().map(|(id, path)| format!("{path} of {id} dropped"));
    edits.chain(merges).chain(dropped).collect()
}

#[test]
fn what_only_one_side_changed_is_taken() {
    let t1 = contribution("T1", &["a f1 f2", "b f1 -", "c - f9", "d/e x1 l2", "s s1 s2"]);
    let t2 = contribution("T2", &["z f1 x1"]);
    assert_eq!(
        laid(&[t1, t2], &["a f1", "b f1", "d/e x1", "k f1", "s s1", "z f1"]),
        ["a: 100644 2", "b: -", "c: 100644 9", "d/e: 120000 2", "s: 160000 2", "z: 100755 1"]
    );
}

#[test]
fn what_is_there_already_changes_nothing() {
    let t1 = contribution("T1", &["a f1 f2", "b f1 -", "c - f9"]);
    assert_eq!(laid(&[t1], &["a f2", "c f9"]), [""; 0]);
}

#[test]
fn where_integration_moved_lines_are_merged_or_the_sides_meet() {
    for (change, integration, expected) in [
        ("a f1 f2", "a f3", "a: 100644 1 | 100644 3 | T1 100644 2 | Conflict 100644"),
        ("a f1 x2", "a f3", "a: 100644 1 | 100644 3 | T1 100755 2 | Conflict 100755"),
        ("a f1 x1", "a f3", "a: 100755 3"),
        ("a f1 f2", "a x1", "a: 100755 2"),
        ("a - f2", "a f3", "a: - | 100644 3 | T1 100644 2 | Conflict 100644"),
        ("a - x3", "a f3", "integration and T1 give `a` different modes"),
        ("a f1 -", "a f3", "`a` is deleted by T1 and changed by integration"),
        ("a f1 f2", "b f1", "`a` is deleted by integration and changed by T1"),
        (
            "a l1 l2",
            "a l3",
            "integration and T1 change `a`, a link or a submodule, which cannot be merged by lines",
        ),
    ] {
        let t1 = contribution("T1", &[change]);
        assert_eq!(laid(&[t1], &[integration]), [expected], "{change} on {integration}");
    }
}

#[test]
fn two_objectives_at_one_path_meet_unless_it_is_shared() {
    for (one, two, integration, expected) in [
        ("a f1 f2", "a f1 f3", "a f1", "T1 and T2 change `a`, which is not shared"),
        ("a f1 f2", "a f1 f2", "a f1", "a: 100644 2"),
        ("a f1 -", "a f1 f2", "a f1", "T1 and T2 change `a`, which is not shared"),
        // One of them started later, and both came to the same.
        ("a f1 f3", "a f2 f3", "a f2", "a: 100644 3"),
        (
            "shared f1 f2",
            "shared f1 f3",
            "shared f1",
            "shared: 100644 1 | 100644 1 | T1 100644 2, T2 100644 3 | Keep 100644",
        ),
        (
            "shared f1 f2",
            "shared f1 f3",
            "shared f4",
            "shared: 100644 1 | 100644 4 | T1 100644 2, T2 100644 3 | Keep 100644",
        ),
        (
            "shared - f2",
            "shared - f3",
            "a f1",
            "shared: - | - | T1 100644 2, T2 100644 3 | Keep 100644",
        ),
        ("shared - f2", "shared - f2", "a f1", "shared: 100644 2"),
        ("shared f1 f2", "shared f2 f3", "shared f2", "shared: 100644 3"),
        ("shared f1 x1", "shared f1 f3", "shared f1", "shared: 100755 3"),
        (
            "shared f1 f3",
            "shared f2 f4",
            "shared f2",
            "shared: 100644 1 | 100644 2 | T1 100644 3, T2 100644 4 | Keep 100644",
        ),
        ("shared f1 -", "shared f1 f2", "shared f1", "`shared` is deleted by T1 and changed by T2"),
    ] {
        let (one, two) = (contribution("T1", &[one]), contribution("T2", &[two]));
        assert_eq!(laid(&[one, two], &[integration]), [expected]);
    }
}

#[test]
fn sides_that_started_from_different_versions_are_merged_one_after_the_other() {
    for (one, two, integration, expected) in [
        // Everything that anybody changed of the mode stays, whoever comes last.
        ("shared f1 x1", "shared f2 f4", "shared f2", "shared: 100755 4"),
        ("shared f2 f4", "shared f1 x1", "shared f2", "shared: 100755 4"),
        (
            "shared f1 x3",
            "shared f2 f4",
            "shared f2",
            "shared: 100644 1 | 100644 2 | T1 100755 3, T2 100644 4 | Keep 100755",
        ),
        (
            "shared f2 f4",
            "shared f1 x3",
            "shared f2",
            "shared: 100644 2 | 100644 2 | T1 100644 4, T2 100755 3 | Keep 100755",
        ),
        (
            "shared f1 x3",
            "shared f5 f4",
            "shared f2",
            "shared: 100644 1 | 100644 2 | T1 100755 3, T2 100644 4 | Keep 100755",
        ),
        ("shared f1 x1", "shared f2 x2", "shared f2", "shared: 100755 2"),
        // The mode alone is left of what another side made of the content.
        (
            "shared f1 f3",
            "shared f2 x2",
            "shared f2",
            "shared: 100644 1 | 100644 2 | T1 100644 3, T2 100755 2 | Keep 100755",
        ),
        (
            "shared f1 f3",
            "shared f2 -",
            "shared f2",
            "T1 and T2 change `shared`, and started from different versions of it",
        ),
        (
            "shared f2 -",
            "shared f1 f3",
            "shared f2",
            "T1 and T2 change `shared`, and started from different versions of it",
        ),
    ] {
        let (first, second) = (contribution("T1", &[one]), contribution("T2", &[two]));
        assert_eq!(laid(&[first, second], &[integration]), [expected], "{one}, {two}");
    }
}

#[test]
fn derived_paths_never_land() {
    let t1 = contribution("T1", &["Cargo.lock f1 f2", "a f1 f2"]);
    let t2 = contribution("T2", &["Cargo.lock f1 f3", "b.lock - f1"]);
    assert_eq!(
        laid(&[t1, t2], &["Cargo.lock f1", "a f1"]),
        [
            "a: 100644 2",
            "Cargo.lock of T1 dropped",
            "Cargo.lock of T2 dropped",
            "b.lock of T2 dropped"
        ]
    );
}

#[test]
fn a_file_and_a_directory_cannot_be_one() {
    let t1 = |changes: &[&str]| contribution("T1", changes);
    let t2 = |changes: &[&str]| contribution("T2", changes);
    for (contributions, integration, expected) in [
        // Against the integration tree, both ways round.
        (
            vec![t1(&["a - f1"])],
            &["a-b f1", "a/b f1", "a/c f1"][..],
            "`a` of T1 is a file where `a/b` of integration needs a directory",
        ),
        (
            vec![t1(&["a/b/c - f1"])],
            &["a f1"],
            "`a` of integration is a file where `a/b/c` of T1 needs a directory",
        ),
        // Against each other.
        (
            vec![t1(&["a - f1"]), t2(&["a/b - f1", "a/c - f2"])],
            &["z f1"],
            "`a` of T1 is a file where `a/b` of T2 needs a directory",
        ),
        (
            vec![t1(&["a/b f1 -", "a - f1"]), t2(&["a/c f1 f2"])],
            &["a/b f1", "a/c f1"],
            "`a` of T1 is a file where `a/c` of T2 needs a directory",
        ),
        // What should make room is derived, so it stays.
        (
            vec![t1(&["x.lock f1 -", "x.lock/a - f1"])],
            &["x.lock f1"],
            "`x.lock` of integration is a file where `x.lock/a` of T1 needs a directory",
        ),
        // A file that must be merged stays as well.
        (
            vec![
                t1(&["shared f1 f2"]),
                t2(&["shared f1 f3"]),
                contribution("T3", &["shared/x - f1"]),
            ],
            &["shared f1"],
            "`shared` of T1 and T2 is a file where `shared/x` of T3 needs a directory",
        ),
        // The wave makes room: what was below or above is deleted, by whomever.
        (vec![t1(&["a - f1"]), t2(&["a/b f1 -"])], &["a/b f1"], "a: 100644 1\na/b: -"),
        (vec![t1(&["a f1 -", "a/b - f1"])], &["a f1"], "a: -\na/b: 100644 1"),
        // Names that only look alike.
        (vec![t1(&["a - f1"])], &["a-b/c f1", "ab f1", "b/a/c f1"], "a: 100644 1"),
    ] {
        assert_eq!(laid(&contributions, integration).join("\n"), expected);
    }
}

#[test]
fn every_clash_is_told_in_the_order_of_paths() {
    let t1 = contribution("T1", &["a f1 f2", "b f1 f2", "c - f1"]);
    let t2 = contribution("T2", &["a f1 f3", "b f1 f2", "c/d - f1"]);
    let told = laid(&[t2, t1], &["a f1", "b f1"]);
    assert_eq!(
        told,
        [
            "T1 and T2 change `a`, which is not shared",
            "`c` of T1 is a file where `c/d` of T2 needs a directory",
        ]
    );
}
