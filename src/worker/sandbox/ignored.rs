//! What git ignores in a worktree: outputs of builds and tests, which a worker may write. A
//! directory that is not there yet is made when an ignore file names it, because the sandbox
//! cannot open what does not exist.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::places::{BLANKS, Seen};
use crate::domain::path::RepoPath;
use crate::git::{Git, worktrees};

/// Directories that build tools and test runners make. Ignore files name some without the slash
/// that would say that it is a directory.
const OUTPUTS: [&str; 36] = [
    ".cache",
    ".dart_tool",
    ".eggs",
    ".gradle",
    ".hypothesis",
    ".mypy_cache",
    ".next",
    ".nox",
    ".nuxt",
    ".nyc_output",
    ".output",
    ".parcel-cache",
    ".pytest_cache",
    ".ruff_cache",
    ".svelte-kit",
    ".terraform",
    ".tox",
    ".turbo",
    ".venv",
    ".vite",
    "_build",
    "build",
    "coverage",
    "deps",
    "dist",
    "htmlcov",
    "log",
    "logs",
    "node_modules",
    "obj",
    "out",
    "output",
    "target",
    "tmp",
    "vendor",
    "venv",
];

/// An ignore file that names more directories than this is a list of what any tool could make:
/// of that only [`OUTPUTS`] and what the main worktree has are made. Empty directories are not
/// harmless everywhere (setuptools takes them for packages).
const FEW: usize = 12;

/// Files whose directory is one that tools build in.
const MANIFESTS: [&str; 9] = [
    "Cargo.toml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "go.mod",
    "mix.exs",
    "package.json",
    "pom.xml",
    "pyproject.toml",
];

/// What git ignores in a worktree and what it would ignore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ignored {
    /// Directories that are there.
    pub directories: Vec<RepoPath>,
    /// Files that are there.
    pub files: Vec<RepoPath>,
    /// Directories that are to be made.
    pub missing: Vec<RepoPath>,
    /// Files that are to be made, empty.
    pub blank: Vec<RepoPath>,
}

/// Looks into a worktree. `tracked` are the paths of its commit, sorted; `main` is the worktree
/// that shows which of the directories tools make here.
pub(super) fn ignored(
    worktree: &Path,
    main: Option<&Path>,
    tracked: &[RepoPath],
    look: impl Fn(&RepoPath) -> Seen,
) -> Result<Ignored> {
    let mut found = Ignored::default();
    for path in worktrees::ignored(worktree)? {
        match look(&path) {
            Seen::Directory if !is_tracked(&path, tracked) => found.directories.push(path),
            Seen::File => found.files.push(path),
            // A link leads to somebody else's files.
            Seen::Directory | Seen::Other | Seen::Nothing => {}
        }
    }
    let in_main =
        |path: &RepoPath| main.is_some_and(|main| main.join(worktrees::os_path(path)).is_dir());
    let manifests = manifests(tracked);
    let (mut wanted, mut blank) = (BTreeSet::new(), BTreeSet::new());
    for file in tracked.iter().filter(|path| path.file_name() == b".gitignore") {
        if look(file) != Seen::File {
            continue;
        }
        // One that cannot be read ignores nothing.
        let Ok(text) = std::fs::read(worktree.join(worktrees::os_path(file))) else { continue };
        let base = file.parent();
        let names = named(&text);
        let blanks = names.iter().filter(|name| name.is_blank());
        blank.extend(blanks.map(|name| below(base.as_ref(), &name.path)));
        let few = names.len() <= FEW;
        for name in &names {
            wanted.extend(name.places(base.as_ref(), &manifests, few, in_main));
        }
    }
    let is_free = |path: &RepoPath| {
        look(path) == Seen::Nothing && !is_tracked(path, tracked) && is_reached(path, &look)
    };
    wanted.retain(is_free);
    blank.retain(is_free);
    // With the slash, git takes what is not there for a directory.
    let line = |path: &RepoPath, end: &str| [path.as_bytes(), end.as_bytes()].concat();
    let lines = wanted.iter().chain(&found.directories).map(|path| line(path, "/"));
    let agreed = agreed(worktree, lines.chain(blank.iter().map(|path| line(path, ""))))?;
    wanted.retain(|path| agreed.contains(&line(path, "/")));
    found.directories.retain(|path| agreed.contains(&line(path, "/")));
    blank.retain(|path| agreed.contains(path.as_bytes()));
    found.missing = wanted.into_iter().collect();
    found.blank = blank.into_iter().collect();
    Ok(found)
}

fn manifests(tracked: &[RepoPath]) -> Vec<&RepoPath> {
    let is = |path: &&RepoPath| MANIFESTS.iter().any(|name| name.as_bytes() == path.file_name());
    tracked.iter().filter(is).collect()
}

/// Whether something of a directory is tracked, or it is itself.
fn is_tracked(path: &RepoPath, tracked: &[RepoPath]) -> bool {
    let from = tracked.partition_point(|other| other < path);
    // What is below stands behind it, with names between that begin like it.
    let near = tracked[from..].iter();
    near.take_while(|other| other.as_bytes().starts_with(path.as_bytes()))
        .any(|other| other == path || other.is_below(path))
}

/// Whether nothing but directories, or nothing at all, leads to a path.
fn is_reached(path: &RepoPath, look: impl Fn(&RepoPath) -> Seen) -> bool {
    let above = std::iter::successors(path.parent(), RepoPath::parent);
    above.map(|path| look(&path)).all(|seen| matches!(seen, Seen::Directory | Seen::Nothing))
}

/// Those of the paths that git would ignore, all rules taken together.
fn agreed(worktree: &Path, paths: impl Iterator<Item = Vec<u8>>) -> Result<BTreeSet<Vec<u8>>> {
    let input: Vec<u8> = paths.flat_map(|path| [path, vec![0]].concat()).collect();
    if input.is_empty() {
        return Ok(BTreeSet::new());
    }
    // It names those that it ignores; where there are none, its exit code is 1.
    let answer =
        Git::elsewhere(worktree).answer(["check-ignore", "-z", "--stdin"], Some(&input))?;
    let rows = answer.stdout.split(|byte| *byte == 0).filter(|row| !row.is_empty());
    Ok(rows.map(<[u8]>::to_vec).collect())
}

/// A directory that an ignore file names, without any metacharacter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    path: RepoPath,
    /// Only beside the ignore file; else anywhere below.
    anchored: bool,
    /// The line says that it is a directory.
    directory: bool,
}

impl Named {
    /// Whether it is a file that is to be made, empty.
    fn is_blank(&self) -> bool {
        !self.directory && BLANKS.iter().any(|blank| blank.as_bytes() == self.path.as_bytes())
    }

    /// Where it is to be made.
    fn places(
        &self,
        base: Option<&RepoPath>,
        manifests: &[&RepoPath],
        few: bool,
        in_main: impl Fn(&RepoPath) -> bool,
    ) -> Vec<RepoPath> {
        let output = OUTPUTS.iter().any(|name| name.as_bytes() == self.path.file_name());
        let beside = below(base, &self.path);
        let mut out = Vec::new();
        if in_main(&beside) || output || (self.directory && (few || self.anchored)) {
            out.push(beside);
        }
        if !self.anchored {
            let below_base = manifests.iter().filter(|path| base.is_none_or(|b| path.is_below(b)));
            let deeper = below_base.map(|path| below(path.parent().as_ref(), &self.path));
            out.extend(deeper.filter(|path| in_main(path)));
        }
        out
    }
}

fn below(base: Option<&RepoPath>, path: &RepoPath) -> RepoPath {
    let Some(base) = base else { return path.clone() };
    let bytes = [base.as_bytes(), b"/", path.as_bytes()].concat();
    RepoPath::new(bytes).expect("two paths joined are a path")
}

/// The directories that the lines of an ignore file name (gitignore(5), "PATTERN FORMAT").
fn named(text: &[u8]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end();
        if line.is_empty() || b"#!".contains(&line[0]) || line.iter().any(|b| b"*?[\\".contains(b))
        {
            continue;
        }
        let (line, directory) = line.strip_suffix(b"/").map_or((line, false), |line| (line, true));
        let (path, rooted) = line.strip_prefix(b"/").map_or((line, false), |line| (line, true));
        let Some(path) = RepoPath::new(path) else { continue };
        let anchored = rooted || path.parent().is_some();
        let one = Named { path, anchored, directory };
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &str) -> Vec<RepoPath> {
        let words = texts.split_whitespace();
        words.map(|text| RepoPath::new(text).expect("a path")).collect()
    }

    #[test]
    fn lines_that_name_a_directory() {
        for (line, expected) in [
            ("target/", Some(("target", false, true))),
            ("/target", Some(("target", true, false))),
            ("/target/\r", Some(("target", true, true))),
            ("node_modules  ", Some(("node_modules", false, false))),
            ("web/static/gen/", Some(("web/static/gen", true, true))),
            ("# target/", None),
            ("!target/", None),
            ("*.log", None),
            ("build-?/", None),
            ("[Bb]in/", None),
            ("\\#x/", None),
            ("../x/", None),
            ("/", None),
            ("", None),
            (".git/", None),
            ("a//b/", None),
        ] {
            let named = named(line.as_bytes());
            let one = named.first().map(|n| (n.path.to_lossy(), n.anchored, n.directory));
            let one = one.as_ref().map(|(path, anchored, dir)| (&**path, *anchored, *dir));
            assert_eq!(one, expected, "{line}");
        }
        assert_eq!(named(b"a/\nb/\na/\n").len(), 2);
    }

    #[test]
    fn where_a_directory_is_made() {
        let tracked = paths("Cargo.toml app/package.json app/web/package.json lib/x.rs");
        let manifests = manifests(&tracked);
        // A line in the root's ignore file (or that of `app`), whether it names few, what main
        // has, and what is made.
        for (base, line, few, main, expected) in [
            ("", "gen/", true, "", "gen"),
            ("", "gen/", false, "", ""),
            ("", "gen/", false, "gen", "gen"),
            ("", "/gen/", false, "", "gen"),
            ("", "gen", true, "", ""),
            ("", "gen", true, "gen", "gen"),
            ("", "target", false, "", "target"),
            (
                "",
                "node_modules",
                true,
                "app/node_modules lib/node_modules",
                "node_modules app/node_modules",
            ),
            ("", "/node_modules", true, "app/node_modules", "node_modules"),
            ("app", "dist/", true, "app/web/dist dist", "app/dist app/web/dist"),
        ] {
            let base = RepoPath::new(base);
            let named = named(line.as_bytes());
            let main = paths(main);
            let places =
                named[0].places(base.as_ref(), &manifests, few, |path| main.contains(path));
            let places: BTreeSet<RepoPath> = places.into_iter().collect();
            assert_eq!(places, paths(expected).into_iter().collect(), "{line}");
        }
    }

    #[test]
    fn what_is_tracked_is_no_output() {
        let tracked = paths("build-x build/keep lib/a vendor");
        for (path, expected) in [
            ("build", true),
            ("buil", false),
            ("build-x", true),
            ("build-", false),
            ("build-x/a", false),
            ("lib", true),
            ("vendor", true),
            ("zoo", false),
        ] {
            assert_eq!(is_tracked(&paths(path)[0], &tracked), expected, "{path}");
        }
    }
}
