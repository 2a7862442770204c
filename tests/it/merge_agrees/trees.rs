//! Whole trees: disjoint changes against a naive model, one objective on a branch that moved
//! against `git merge-tree`.

use std::collections::BTreeMap;

use git_ap::domain::merge::{
    Clash, ClashReason, Contribution, Label, Overlay, ToMerge, merge_lines, overlay,
};
use git_ap::domain::path::RepoPath;
use git_ap::domain::scope::Rules;
use git_ap::domain::tree::{Change, Entry, Mode, Side};

use super::{Lines, base, cases, edited, git, line, objective, text};
use crate::oracle::random::{Random, say};
use crate::support::Repo;

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
        0 | 1 => Mode::Symlink,
        2 | 3 => Mode::Executable,
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
        for tip in &tips[1..] {
            for Change { path, .. } in changes(&start, tip) {
                let path = path.to_lossy().into_owned();
                match tip.get(&path) {
                    Some(file) => expected.insert(path, file.clone()),
                    None => expected.remove(&path),
                };
            }
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
                let file_and_directory =
                    |c: &Clash| matches!(c.reason, ClashReason::FileAndDirectory { .. });
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
