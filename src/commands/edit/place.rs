//! Where a file is that somebody names: from the root of a worktree, links followed as the system
//! follows them, whether it is there already or not.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use crate::domain::path::RepoPath;

/// The longest name of a file that is looked up, in bytes (`PATH_MAX` of Linux).
const LONGEST: usize = 4_096;
/// How many links are followed (`path_resolution(7)`).
const LINKS: usize = 40;
/// How many entries of a directory are compared without regard to case.
const ENTRIES: usize = 20_000;

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the worktree: where its name leads to, and the last link on the way, if it is one. An
    /// edit may change the one or replace the other.
    Inside(Vec<RepoPath>),
    /// Elsewhere, absolute and without links.
    Outside(PathBuf),
    /// Nowhere that a file could be, in words.
    Nowhere(&'static str),
}

/// Where a file is whose name is understood from `directory`. `root` is the worktree's, absolute
/// and without links; with `folded` the disk knows names without regard to case.
pub fn place(root: &Path, directory: &Path, named: &[u8], folded: bool) -> Place {
    if named.is_empty() {
        return Place::Nowhere("it has no name");
    }
    if named.contains(&0) || named.len() > LONGEST {
        return Place::Nowhere("no file can have that name");
    }
    let whole = directory.join(OsStr::from_bytes(named));
    let Some(real) = resolved(&whole, folded) else {
        return Place::Nowhere("its links lead in a circle");
    };
    let Ok(below) = real.strip_prefix(root) else { return Place::Outside(real) };
    let Some(path) = RepoPath::new(below.as_os_str().as_bytes()) else {
        return Place::Nowhere(if below.as_os_str().is_empty() {
            "it is the worktree itself"
        } else {
            "it is git's own"
        });
    };
    let mut paths = vec![path];
    // The link itself, in the directory that it is really in.
    if let (Some(parent), Some(name)) = (whole.parent(), whole.file_name())
        && let Some(parent) = resolved(parent, folded)
        && let Ok(link) = parent.join(name).strip_prefix(root)
        && let Some(link) = RepoPath::new(link.as_os_str().as_bytes())
        && !folded
        && link != paths[0]
    {
        paths.push(link);
    }
    Place::Inside(paths)
}

/// A path without links, `.` and `..`, as `path_resolution(7)` has it; what is not there is taken
/// as it is written. None: too many links.
fn resolved(path: &Path, folded: bool) -> Option<PathBuf> {
    let mut left: VecDeque<OsString> = parts(path);
    let mut real = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        match part.as_bytes() {
            b"/" => real = PathBuf::from("/"),
            b"." => {}
            b".." => {
                real.pop();
            }
            _ => {
                let next = real.join(if folded { on_disk(&real, &part) } else { part });
                match std::fs::read_link(&next) {
                    Ok(target) => {
                        links += 1;
                        if links > LINKS {
                            return None;
                        }
                        for part in parts(&target).into_iter().rev() {
                            left.push_front(part);
                        }
                    }
                    Err(_) => real = next,
                }
            }
        }
    }
    Some(real)
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |part: Component<'_>| match part {
        Component::RootDir => OsString::from_vec(b"/".to_vec()),
        part => part.as_os_str().to_owned(),
    };
    path.components().map(part).collect()
}

/// The name as the directory has it.
fn on_disk(directory: &Path, name: &OsStr) -> OsString {
    let wanted = name.to_string_lossy().to_lowercase();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().take(ENTRIES);
    let mut found = None;
    for entry in entries.map(|entry| entry.file_name()) {
        if entry == name {
            return entry;
        }
        if entry.to_string_lossy().to_lowercase() == wanted {
            found = Some(entry);
        }
    }
    found.unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(place: &Place) -> String {
        match place {
            Place::Inside(paths) => {
                paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            Place::Outside(_) => "outside".to_owned(),
            Place::Nowhere(why) => format!("! {why}"),
        }
    }

    #[test]
    fn every_name_is_somewhere() {
        let keep = tempfile::tempdir().expect("a temporary directory");
        let base = keep.path().canonicalize().expect("there");
        let root = base.join("w");
        let make = |path: &str| std::fs::DirBuilder::new().recursive(true).create(root.join(path));
        make("src/auth").and_then(|()| make("src/web")).expect("writable");
        let link = |target: &Path, name: &str| {
            std::os::unix::fs::symlink(target, root.join(name)).expect("linked");
        };
        link(Path::new("../web"), "src/auth/web");
        link(Path::new("b"), "a");
        link(Path::new("a"), "b");
        link(&base, "out");
        link(&root.join("src/web/app"), "src/auth/app");
        let absolute = |path: &str| root.join(path).display().to_string();
        let long = "x".repeat(LONGEST + 1);
        for (from, named, expected) in [
            ("", "src/auth/x", "src/auth/x"),
            ("src", "auth/x", "src/auth/x"),
            ("src/auth", "../web/./x", "src/web/x"),
            ("src/auth", "../../../x", "outside"),
            ("src/auth", "../../../../../../../../../../../../x", "outside"),
            ("", "src/auth/web/x", "src/web/x"),
            ("", "src/auth/web/../x", "src/x"),
            ("", "src/auth/app", "src/web/app src/auth/app"),
            ("", "new/deep/x", "new/deep/x"),
            ("", "new/../src/x", "src/x"),
            ("", "out/x", "outside"),
            ("", "out/w/src/x", "src/x"),
            ("", "a", "! its links lead in a circle"),
            ("", "", "! it has no name"),
            ("", "x\0y", "! no file can have that name"),
            ("", &long, "! no file can have that name"),
            ("", ".", "! it is the worktree itself"),
            ("", ".git/config", "! it is git's own"),
            ("", "src/.GIT/config", "! it is git's own"),
            ("", "/etc/passwd", "outside"),
            ("", &absolute("src/x"), "src/x"),
            ("", &absolute("src/../../x"), "outside"),
            ("", "//etc//passwd", "outside"),
            ("", "~/x", "~/x"),
            ("", "odd \u{e9}\n", "\"odd \u{e9}\\n\""),
        ] {
            let found = place(&root, &root.join(from), named.as_bytes(), false);
            assert_eq!(shown(&found), expected, "{from} {named:?}");
        }
        let bytes = place(&root, &root, b"src/\xff", false);
        assert_eq!(shown(&bytes), "\"src/\\377\"");
    }

    #[test]
    fn a_disk_that_knows_no_case_is_asked_for_the_name() {
        let keep = tempfile::tempdir().expect("a temporary directory");
        let root = keep.path().canonicalize().expect("there");
        let make = std::fs::DirBuilder::new().recursive(true).create(root.join("src/Auth"));
        make.expect("writable");
        for (named, expected) in [
            ("SRC/auth/New.rs", "src/Auth/New.rs"),
            ("src/Auth/x", "src/Auth/x"),
            ("lib/x", "lib/x"),
        ] {
            assert_eq!(shown(&place(&root, &root, named.as_bytes(), true)), expected, "{named}");
        }
    }
}
