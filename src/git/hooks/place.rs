//! Where git looks for hooks in each worktree, leaving our own setting out of account, and what
//! that means for where ours can stand.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};

use super::effect::shown;
use crate::domain::error::{Failure, Kind};
use crate::git::{Git, Repository};

/// The file in an objective's git directory that marks it as one. `hooks/guard.sh` looks for it.
const MARKER: &str = "ap-objective";

/// A worktree with its own git directory, both absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worktree {
    pub root: PathBuf,
    pub git_dir: PathBuf,
}

/// A repository as an installation sees it.
#[derive(Debug)]
pub(super) struct Layout {
    /// The git directory that all worktrees share.
    pub common: PathBuf,
    /// The worktree that was asked about.
    pub here: Worktree,
    /// Every worktree that is there, the main one first, if there is one.
    pub all: Vec<Worktree>,
}

/// What a hooks path means for one worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// All worktrees look into this directory of the git directory: ours can stand there.
    Shared(PathBuf),
    /// It belongs to the worktree, or to its history: ours stand in a directory of their own.
    Own,
}

/// A value of `core.hooksPath`, with the scope that it comes from.
struct Setting {
    scope: String,
    path: PathBuf,
}

impl Worktree {
    fn of(repository: &gix::Repository) -> Result<Option<Self>> {
        let Some(root) = repository.workdir() else { return Ok(None) };
        let Ok(root) = root.canonicalize() else { return Ok(None) };
        let git_dir = repository.git_dir().canonicalize();
        let git_dir = git_dir.with_context(|| format!("cannot find git's {}", shown(&root)))?;
        Ok(Some(Self { root, git_dir }))
    }

    /// Whether an objective is worked on here.
    pub(super) fn is_objective(&self) -> bool {
        is_objective(&self.git_dir)
    }

    /// The configuration of this worktree alone (git-worktree(1), "CONFIGURATION FILE").
    pub(super) fn config(&self) -> PathBuf {
        self.git_dir.join("config.worktree")
    }
}

impl Layout {
    /// The layout of an open repository, seen from its worktree.
    pub(super) fn of(repository: &Repository) -> Result<Self> {
        Self::read(&repository.gix)
    }

    /// The layout of the repository that has a worktree with this root, whatever repository this
    /// process was started for.
    pub(super) fn at(root: &Path) -> Result<Self> {
        let opened = gix::open_opts(root, gix::open::Options::isolated());
        let opened = opened.with_context(|| format!("cannot open the worktree {}", shown(root)))?;
        Self::read(&opened)
    }

    fn read(repository: &gix::Repository) -> Result<Self> {
        let common = repository.common_dir().canonicalize();
        let common = common.context("cannot find the git directory")?;
        let Some(here) = Worktree::of(repository)? else {
            let failure = Failure::new(Kind::Repository, "a bare repository has no worktree");
            return Err(failure.hint("git worktree add ../work && cd ../work").into());
        };
        let mut all = Vec::new();
        let each = repository.worktrees_including_main().context("cannot list the worktrees")?;
        for worktree in each {
            // One that cannot be opened has no hooks either.
            let Ok(worktree) = worktree else { continue };
            all.extend(Worktree::of(&worktree)?);
        }
        if !all.contains(&here) {
            all.push(here.clone());
        }
        Ok(Self { common, here, all })
    }

    /// The worktrees in which ours are to fire: where this was asked, the main one, and those of
    /// objectives.
    pub(super) fn guarded(&self) -> Vec<&Worktree> {
        let wanted = |w: &&Worktree| {
            w.git_dir == self.common || w.git_dir == self.here.git_dir || w.is_objective()
        };
        self.all.iter().filter(wanted).collect()
    }

    /// The directory of git ap for the hooks of worktrees that have no room for them.
    pub(super) fn own(&self) -> PathBuf {
        own(&self.common)
    }

    /// Where ours can stand for a worktree; refused where its hooks are outside the repository.
    pub(super) fn room(&self, worktree: &Worktree) -> Result<Room> {
        let setting = self.settings(worktree)?.pop();
        let named = setting.as_ref().map_or_else(|| self.common.join("hooks"), |s| s.path.clone());
        let path = resolved(&worktree.root.join(&named));
        if path.starts_with(&self.common) && named.is_absolute() {
            return Ok(Room::Shared(path));
        }
        let inside = |root: &Path| path.starts_with(root);
        if inside(&self.common) || self.all.iter().any(|w| inside(&w.root)) {
            return Ok(Room::Own);
        }
        Err(outside(setting.as_ref(), &named).into())
    }

    /// The directory in which git would look for the hooks of a worktree without our setting.
    pub(super) fn before(&self, worktree: &Worktree) -> Result<PathBuf> {
        let setting = self.settings(worktree)?.pop();
        let named = setting.map_or_else(|| self.common.join("hooks"), |s| s.path);
        // Relative to where git runs hooks (git-config(1), `core.hooksPath`).
        Ok(worktree.root.join(named))
    }

    /// The values of `core.hooksPath` in a worktree without ours, the one that counts last.
    fn settings(&self, worktree: &Worktree) -> Result<Vec<Setting>> {
        let own = self.own();
        let is_own = |s: &Setting| resolved(&worktree.root.join(&s.path)) == own;
        let mut settings = hooks_paths(worktree, "core.hooksPath")?;
        if settings.iter().any(|s| s.scope == "worktree" && is_own(s)) {
            // What was set for this worktree before us was kept beside our setting.
            let kept = hooks_paths(worktree, super::setting::KEPT)?;
            settings.extend(kept.into_iter().filter(|s| s.scope == "worktree"));
        }
        settings.retain(|s| s.scope != "command" && !is_own(s));
        Ok(settings)
    }
}

/// Whether a worktree with this git directory is marked as an objective's.
pub(super) fn is_objective(git_dir: &Path) -> bool {
    git_dir.join(MARKER).symlink_metadata().is_ok()
}

/// The directory of git ap for hooks, in this common git directory.
pub(super) fn own(common: &Path) -> PathBuf {
    common.join("ap/hooks")
}

fn hooks_paths(worktree: &Worktree, key: &str) -> Result<Vec<Setting>> {
    let args = ["config", "--show-scope", "--null", "--type=path", "--get-all", key];
    let answer = Git::elsewhere(&worktree.root).answer(args, None)?;
    if !answer.success && !answer.stderr.is_empty() {
        let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        let message = format!("git cannot read `{key}`: {said}");
        return Err(Failure::new(Kind::Repository, message).hint("git config --list").into());
    }
    let mut words = answer.stdout.split(|b| *b == 0);
    let mut settings = Vec::new();
    while let (Some(scope), Some(path)) = (words.next(), words.next()) {
        // git would look for `/pre-commit` (`strbuf_git_path` in its path.c).
        let path = if path.is_empty() { b"/" } else { path };
        let path = PathBuf::from(OsString::from_vec(path.to_vec()));
        settings.push(Setting { scope: String::from_utf8_lossy(scope).into_owned(), path });
    }
    Ok(settings)
}

fn outside(setting: Option<&Setting>, named: &Path) -> Failure {
    let folder = "\"$(git rev-parse --path-format=absolute --git-common-dir)";
    let Some(setting) = setting else {
        let message = format!("`{}` is a link that leads out of the repository", shown(named));
        let hint = format!("git config --local core.hooksPath {folder}/own-hooks\"");
        return Failure::new(Kind::Repository, message).hint(hint);
    };
    let message = format!(
        "`core.hooksPath` ({}) is `{}`, outside this repository: git ap leaves it alone, and git \
         looks for hooks nowhere else",
        setting.scope,
        shown(named)
    );
    let scope = if setting.scope == "worktree" { "worktree" } else { "local" };
    let hint = format!("git config --{scope} core.hooksPath {folder}/hooks\"");
    Failure::new(Kind::Repository, message).hint(hint)
}

/// A path without links, `.` and `..`, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            other => {
                out.push(other);
                if let Ok(real) = out.canonicalize() {
                    out = real;
                }
            }
        }
    }
    out
}

/// A path as text that TOML can hold: bytes that are no printable ASCII, and `%`, as `%XX`.
pub(super) fn encode(path: &Path) -> String {
    encode_bytes(path.as_os_str().as_bytes())
}

pub(super) fn encode_bytes(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'%' => out.push(char::from(*byte)),
            byte => write!(out, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
    out
}

/// What [`encode_bytes`] made text of; `None` for text that it did not make.
pub(super) fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        out.push(u8::from_str_radix(code, 16).ok()?);
        out.extend_from_slice(rest.as_bytes());
    }
    Some(out)
}

/// What [`encode`] made text of.
pub(super) fn decode(text: &str) -> Option<PathBuf> {
    decode_bytes(text).map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_through_text_unchanged() {
        for (bytes, text) in [
            (b"a/b c".as_slice(), "a/b c"),
            (b"", ""),
            (b"100%\xff\n", "100%25%FF%0A"),
            ("é".as_bytes(), "%C3%A9"),
        ] {
            assert_eq!(encode_bytes(bytes), text);
            assert_eq!(decode_bytes(text).as_deref(), Some(bytes));
        }
        for wrong in ["%", "%1", "%zz", "a%é"] {
            assert_eq!(decode_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_path_is_resolved_as_far_as_it_exists() {
        let keep = tempfile::tempdir().expect("a temporary directory");
        let root = keep.path().canonicalize().expect("there");
        for folder in ["real", "real/in"] {
            std::fs::create_dir(root.join(folder)).expect("writable");
        }
        std::os::unix::fs::symlink("real/in", root.join("link")).expect("linked");
        for (path, expected) in [
            ("link/x/y", "real/in/x/y"),
            ("link/../z", "real/z"),
            ("none/../link/./q", "real/in/q"),
            ("none/deeper", "none/deeper"),
        ] {
            assert_eq!(resolved(&root.join(path)), root.join(expected), "{path}");
        }
    }
}
