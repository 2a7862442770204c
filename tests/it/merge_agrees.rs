//! The merge of a wave against git itself and against naive models, on random files and trees.
//!
//! `GIT_AP_MERGE_CASES` sets how many files and trees git is asked about (the default suits a
//! test run), `GIT_AP_SEED` repeats one run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use git_ap::domain::id::ObjectiveId;
use git_ap::domain::merge::{
    ClashReason, Contribution, Insertions, Label, Overlay, ToMerge, merge_lines, overlay,
};
use git_ap::domain::path::RepoPath;
use git_ap::domain::scope::Rules;
use git_ap::domain::tree::{Change, Entry, Mode, Side};

use crate::oracle::random::{Random, say};
use crate::support::Repo;

const DEFAULT_CASES: usize = 300;

fn cases() -> usize {
    std::env::var("GIT_AP_MERGE_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(DEFAULT_CASES)
}

/// git with nothing of the machine's configuration.
fn git(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("HOME", directory)
        .current_dir(directory)
        .args(arguments)
        .output()
        .expect("git is installed")
}

fn objective(n: usize) -> ObjectiveId {
    ObjectiveId::parse(&format!("T{n}")).expect("valid")
}

fn labelled(sides: &[Vec<u8>]) -> Vec<(Label, &[u8])> {
    (1..).zip(sides).map(|(n, text)| (Label::Objective(objective(n)), text.as_slice())).collect()
}

/// Which lines a file is made of.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    /// Three different ones: what was inserted where is a matter of taste.
    Few,
    /// Every line of the base once, inserted ones unlike all others.
    Distinct,
}

fn line(random: &mut Random, lines: Lines) -> String {
    match lines {
        Lines::Few => (*random.pick(&["a", "b", "}"])).into(),
        Lines::Distinct => format!("new {}", random.below(1 << 30)),
    }
}

fn base(random: &mut Random, lines: Lines, most: usize) -> Vec<String> {
    let name = random.below(1 << 30);
    (0..random.below(most + 1))
        .map(|n| match lines {
            Lines::Few => line(random, lines),
            Lines::Distinct => format!("line {n} of {name}"),
        })
        .collect()
}

/// A version with some lines replaced, inserted and deleted.
fn edited(random: &mut Random, base: &[String], lines: Lines) -> Vec<String> {
    let mut text = base.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        match random.below(3) {
            0 if at < text.len() => text[at] = line(random, lines),
            1 if at < text.len() => drop(text.remove(at)),
            _ => text.insert(at, line(random, lines)),
        }
    }
    text
}

/// The lines as a file; one in eight lacks the last newline.
fn file(random: &mut Random, lines: &[String], end: &str) -> Vec<u8> {
    let mut text = lines.iter().fold(String::new(), |text, line| text + line + end);
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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

/// A tree: what is at each path, with its content.
type Files = BTreeMap<String, (Mode, String)>;

fn below(directory: &str, path: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether git can hold the tree.
fn is_tree(files: &Files) -> bool {
    files.keys().all(|file| !files.keys().any(|path| below(file, path)))
}

/// Every path of one or two components of three names, `-` among them, which sorts before `/`.
fn paths() -> Vec<String> {
    let names = ["a", "a-b", "b"];
    let pairs = names.iter().flat_map(|a| names.iter().map(move |b| format!("{a}/{b}")));
    names.iter().map(ToString::to_string).chain(pairs).collect()
}

/// Puts something at a path or takes it away; what stands in the way of it goes. No content is
/// like that of another path: git 2.47 follows renames even where `-X no-renames` forbids it,
/// and a scope knows none.
fn change(random: &mut Random, files: &mut Files, path: &str) {
    let old = files.remove(path);
    if old.is_some() && random.one_in(3) {
        return;
    }
    let lines: Vec<String> = match &old {
        Some((_, content)) => content.lines().map(str::to_owned).collect(),
        None => base(random, Lines::Distinct, 6),
    };
    let mut lines = edited(random, &lines, Lines::Distinct);
    if lines.is_empty() {
        lines.push(line(random, Lines::Distinct));
    }
    let mode = match random.below(10) {
        0 => Mode::Symlink,
        1 | 2 => Mode::Executable,
        _ => old.as_ref().map_or(Mode::File, |(mode, _)| *mode),
    };
    let content = match &old {
        Some((_, content)) if random.one_in(5) => content.clone(),
        _ => lines.join("\n") + "\n",
    };
    files.retain(|other, _| !below(path, other) && !below(other, path));
    files.insert(path.to_owned(), (mode, content));
}

fn id(content: &str) -> String {
    git2::Oid::hash_object(git2::ObjectType::Blob, content.as_bytes())
        .expect("hashable")
        .to_string()
}

fn side(files: &Files, path: &str) -> Option<Side> {
    files.get(path).map(|(mode, content)| Side { mode: *mode, id: id(content) })
}

fn changes(old: &Files, new: &Files) -> Vec<Change> {
    let change = |path: String| {
        let (old, new) = (side(old, &path), side(new, &path));
        (old != new).then(|| Change { path: RepoPath::new(path).expect("valid"), old, new })
    };
    paths().into_iter().filter_map(change).collect()
}

fn entries(files: &Files) -> Vec<Entry> {
    files
        .iter()
        .map(|(path, (mode, content))| Entry {
            path: RepoPath::new(path.as_str()).expect("valid"),
            mode: *mode,
            id: id(content),
        })
        .collect()
}

/// Carries the overlay out; none if a line merge is refused.
fn applied(overlay: &Overlay, integration: &Files, known: &[&Files]) -> Option<Files> {
    let content = |id_wanted: &str| {
        let mut all = known.iter().flat_map(|files| files.values());
        all.find(|(_, content)| id(content) == id_wanted).expect("written").1.clone()
    };
    let read = |side: &Option<Side>| side.as_ref().map_or_else(String::new, |s| content(&s.id));
    let mut files = integration.clone();
    for edit in &overlay.edits {
        let path = edit.path.to_lossy().into_owned();
        match &edit.new {
            Some(side) => files.insert(path, (side.mode, content(&side.id))),
            None => files.remove(&path),
        };
    }
    for ToMerge { path, base, ours, theirs, insertions, mode, starts } in &overlay.merges {
        assert_eq!(starts.as_slice(), [], "they all started from one tree");
        let mut versions = vec![(Label::Integration, read(ours))];
        versions.extend(theirs.iter().map(|(id, s)| (Label::Objective(id.clone()), read(s))));
        let sides: Vec<(Label, &[u8])> =
            versions.iter().map(|(label, text)| (label.clone(), text.as_bytes())).collect();
        let merged = merge_lines(read(base).as_bytes(), &sides, *insertions).ok()?;
        files.insert(path.to_lossy().into_owned(), (*mode, text(&merged)));
    }
    Some(files)
}

#[test]
fn disjoint_changes_land_as_if_made_one_after_the_other() {
    let mut random = Random::announced("overlay of disjoint changes");
    let paths = paths();
    let [mut landed, mut met] = [0; 2];
    for _ in 0..3_000 {
        let mut start = Files::new();
        for _ in 0..random.below(6) {
            let path = random.pick(&paths).clone();
            change(&mut random, &mut start, &path);
        }
        // Each path belongs to one: the integration branch (0) or an objective.
        let owners: Vec<usize> = paths.iter().map(|_| random.below(4)).collect();
        let mut tips = vec![start.clone(); 4];
        for _ in 0..random.below(8) {
            let at = random.below(paths.len());
            let mut tip = tips[owners[at]].clone();
            change(&mut random, &mut tip, &paths[at]);
            let foreign = |c: &Change| {
                let changed = paths.iter().position(|p| p.as_str() == c.path.to_lossy());
                owners[changed.expect("a known path")] != owners[at]
            };
            if !changes(&start, &tip).iter().any(foreign) {
                tips[owners[at]] = tip;
            }
        }
        let mut expected = tips[0].clone();
        for change in
            tips[1..].iter().flat_map(|tip| changes(&start, tip).into_iter().map(move |c| (tip, c)))
        {
            let (tip, path) = (change.0, change.1.path.to_lossy().into_owned());
            match tip.get(&path) {
                Some(file) => expected.insert(path, file.clone()),
                None => expected.remove(&path),
            };
        }
        let contributions: Vec<Contribution> = (1..4)
            .map(|n| Contribution { objective: objective(n), changes: changes(&start, &tips[n]) })
            .collect();
        match overlay(&contributions, &entries(&tips[0]), &Rules::default()) {
            Ok(overlay) => {
                landed += 1;
                let known: Vec<&Files> = tips.iter().collect();
                assert_eq!(applied(&overlay, &tips[0], &known).as_ref(), Some(&expected));
                assert!(is_tree(&expected), "{start:?} {tips:?}");
            }
            Err(clashes) => {
                met += 1;
                let file_and_directory = |c: &git_ap::domain::merge::Clash| {
                    matches!(c.reason, ClashReason::FileAndDirectory { .. })
                };
                assert!(clashes.iter().all(file_and_directory), "{clashes:?}");
                assert!(!is_tree(&expected), "{clashes:?}: {start:?} {tips:?}");
            }
        }
    }
    assert!(landed > 500 && met > 50, "both are tried: {landed}, {met}");
}

/// Writes the tree into the repository.
fn write(repository: &git2::Repository, files: &Files) -> git2::Oid {
    let mut index = git2::Index::new().expect("in memory");
    for (path, (mode, content)) in files {
        let time = git2::IndexTime::new(0, 0);
        let entry = git2::IndexEntry {
            ctime: time,
            mtime: time,
            dev: 0,
            ino: 0,
            mode: u32::from_str_radix(mode.as_str(), 8).expect("octal"),
            uid: 0,
            gid: 0,
            file_size: 0,
            id: repository.blob(content.as_bytes()).expect("writable"),
            flags: 0,
            flags_extended: 0,
            path: path.clone().into_bytes(),
        };
        index.add(&entry).expect("a path that git can hold");
    }
    index.write_tree_to(repository).expect("a tree")
}

#[test]
fn an_objective_lands_on_a_moved_branch_as_git_merges_it() {
    let mut random = Random::announced("overlay and merge-tree");
    let repo = Repo::new();
    let repository = git2::Repository::open(repo.root()).expect("a repository");
    let paths = paths();
    let [mut clean, mut met] = [0; 2];
    for _ in 0..cases() {
        let mut trees = vec![Files::new()];
        for _ in 0..2 + random.below(4) {
            let path = random.pick(&paths).clone();
            change(&mut random, &mut trees[0], &path);
        }
        trees = vec![trees[0].clone(); 3];
        for tree in &mut trees[1..] {
            for _ in 0..=random.below(3) {
                let path = random.pick(&paths).clone();
                change(&mut random, tree, &path);
            }
        }
        let [start, integration, tip] = trees.as_slice() else { unreachable!() };
        let contribution = Contribution { objective: objective(1), changes: changes(start, tip) };
        let ours = overlay(&[contribution], &entries(integration), &Rules::default())
            .ok()
            .and_then(|overlay| applied(&overlay, integration, &[start, integration, tip]))
            .map(|files| write(&repository, &files).to_string());
        let ids: Vec<String> =
            trees.iter().map(|tree| write(&repository, tree).to_string()).collect();
        let base = format!("--merge-base={}", ids[0]);
        let merge = ["merge-tree", "--write-tree", "--no-messages"];
        let output = git(repo.root(), &[&merge[..], &[&base, &ids[1], &ids[2]]].concat());
        let theirs = match output.status.code() {
            Some(0) => Some(text(&output.stdout).trim().to_owned()),
            Some(1) => None,
            _ => panic!("{}", text(&output.stderr)),
        };
        assert_eq!(ours, theirs, "{start:#?}\n{integration:#?}\n{tip:#?}");
        *if ours.is_some() { &mut clean } else { &mut met } += 1;
    }
    say(&format!("overlay and merge-tree: {clean} clean, {met} met"));
    assert!(clean > cases() / 20 && met > cases() / 20, "both are tried: {clean}, {met}");
}
