//! What a sandboxed process may write, as a value: decided before anything is started, shown by a
//! dry run, and handed to the helper in a file.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::domain::error::{Failure, Kind};
use crate::domain::path::{quote, unquote};
use crate::domain::plan::SCHEMA;

/// Why something may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A pattern of `touch` leads there.
    Touch,
    /// It is shared.
    Shared,
    /// A command makes it.
    Derived,
    /// git ignores it.
    Ignored,
    /// Temporary files.
    Temporary,
    /// Requests of the worker.
    Inbox,
    /// What the worker's program keeps in its home.
    State,
}

impl Why {
    /// Every reason with its word.
    pub const NAMES: [(&'static str, Why); 7] = [
        ("touch", Why::Touch),
        ("shared", Why::Shared),
        ("derived", Why::Derived),
        ("ignored", Why::Ignored),
        ("temporary", Why::Temporary),
        ("inbox", Why::Inbox),
        ("state", Why::State),
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, why)| *why == self).map_or("", |(name, _)| name)
    }
}

/// A directory with everything below it, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where, absolute and without links.
    pub path: PathBuf,
    /// Why it may be written.
    pub why: Why,
    /// The pattern that needs it; empty: there is none.
    pub pattern: String,
}

/// What a process may write; everything may be read and executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The worktree, absolute and without links.
    pub worktree: PathBuf,
    /// Directories with everything below.
    pub directories: Vec<Place>,
    /// Single files, which are written in place.
    pub files: Vec<Place>,
    /// Those of the directories and files that are not there yet.
    pub missing: Vec<PathBuf>,
    /// Where temporary files go.
    pub temporary: Option<PathBuf>,
    /// Whether shared memory may be written: semaphores are there (`shm_overview(7)`). Not where
    /// the repository is there too.
    pub shared_memory: bool,
}

/// Where shared memory is.
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

impl Rules {
    /// Whether all of the worktree may be written: the scope has something at its root. The link
    /// to the git directory can be replaced then; the git directory itself cannot be changed.
    pub fn is_whole(&self) -> bool {
        self.directories.iter().any(|place| place.path == self.worktree)
    }

    /// Whether a path may be written.
    pub fn may_write(&self, path: &Path) -> bool {
        self.directories.iter().any(|place| path.starts_with(&place.path))
            || self.files.iter().any(|place| place.path == path)
    }

    /// What these rules come to, as `2 directories and 1 file`.
    pub fn count(&self) -> String {
        let count = |n: usize, one: &str, many: &str| match n {
            1 => format!("1 {one}"),
            n => format!("{n} {many}"),
        };
        let directories = count(self.directories.len(), "directory", "directories");
        match self.files.len() {
            0 => directories,
            n => format!("{directories} and {}", count(n, "file", "files")),
        }
    }

    /// Refuses rules that would open what a worker must never write.
    pub(super) fn require_away_from(&self, kept: &[PathBuf]) -> Result<(), Failure> {
        for place in &self.directories {
            // All of the worktree itself may be opened.
            let other = |kept: &&PathBuf| place.path != self.worktree || **kept != self.worktree;
            let held = kept.iter().filter(other).find(|kept| kept.starts_with(&place.path));
            let Some(held) = held else { continue };
            let (path, held) = (shown(&place.path), shown(held));
            let message = format!(
                "the sandbox cannot be closed: `{path}` ({}) may be written, and it holds `{held}`",
                place.why.as_str()
            );
            let hint = "move one of them out of the other, or set `[run] sandbox = \"off\"`";
            return Err(Failure::new(Kind::Repository, message).hint(hint));
        }
        Ok(())
    }

    /// The rules as a document. Paths are written as git quotes them, so that none is lost.
    pub fn json(&self) -> Value {
        let text = |path: &Path| quote(path.as_os_str().as_bytes()).into_owned();
        let place = |place: &Place| {
            let mut row = json!({"path": text(&place.path), "why": place.why.as_str()});
            if !place.pattern.is_empty() {
                row["pattern"] = json!(place.pattern);
            }
            row
        };
        let places = |places: &[Place]| places.iter().map(place).collect::<Vec<_>>();
        json!({
            "schema": SCHEMA,
            "worktree": text(&self.worktree),
            "directories": places(&self.directories),
            "files": places(&self.files),
            "missing": self.missing.iter().map(|path| text(path)).collect::<Vec<_>>(),
            "temporary": self.temporary.as_deref().map(text),
            "shared_memory": self.shared_memory,
        })
    }

    /// What [`Rules::json`] wrote. None for what it could not have written.
    pub fn read(text: &str) -> Option<Self> {
        let root: Value = serde_json::from_str(text).ok()?;
        if root.get("schema")?.as_u64()? != u64::from(SCHEMA) {
            return None;
        }
        let list = |key: &str| root.get(key)?.as_array();
        let places = |key: &str| list(key)?.iter().map(place).collect::<Option<Vec<_>>>();
        let temporary = match root.get("temporary")? {
            Value::Null => None,
            value => Some(path(value)?),
        };
        Some(Self {
            worktree: path(root.get("worktree")?)?,
            directories: places("directories")?,
            files: places("files")?,
            missing: list("missing")?.iter().map(path).collect::<Option<_>>()?,
            temporary,
            shared_memory: root.get("shared_memory")?.as_bool()?,
        })
    }
}

fn place(row: &Value) -> Option<Place> {
    let why = row.get("why")?.as_str()?;
    let pattern = row.get("pattern").and_then(Value::as_str).unwrap_or_default();
    Some(Place {
        path: path(row.get("path")?)?,
        why: Why::NAMES.iter().find(|(name, _)| *name == why)?.1,
        pattern: pattern.to_owned(),
    })
}

/// An absolute path from its text.
fn path(value: &Value) -> Option<PathBuf> {
    let text = value.as_str()?;
    let bytes = if text.starts_with('"') { unquote(text.as_bytes())? } else { text.into() };
    let path = PathBuf::from(OsString::from_vec(bytes));
    path.is_absolute().then_some(path)
}

/// A path for a message.
pub(super) fn shown(path: &Path) -> String {
    quote(path.as_os_str().as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: impl Into<PathBuf>, why: Why) -> Place {
        Place { path: path.into(), why, pattern: String::new() }
    }

    fn rules() -> Rules {
        let odd = OsString::from_vec(b"/w/T1/\"a\n\xff".to_vec());
        let touch = Place { pattern: "src/\u{1b}".to_owned(), ..at("/w/T1/src", Why::Touch) };
        Rules {
            worktree: "/w/T1".into(),
            directories: vec![touch, at("/tmp/x", Why::Temporary)],
            files: vec![at(odd, Why::Shared)],
            missing: vec!["/w/T1/src".into()],
            temporary: Some("/tmp/x".into()),
            shared_memory: true,
        }
    }

    #[test]
    fn rules_go_through_their_file_unchanged() {
        let rules = rules();
        let text = rules.json().to_string();
        assert_eq!(Rules::read(&text), Some(rules.clone()), "{text}");
        let bare = Rules { temporary: None, missing: Vec::new(), shared_memory: false, ..rules };
        assert_eq!(Rules::read(&bare.json().to_string()), Some(bare));
        for (from, to) in [
            ("\"schema\":1", "\"schema\":2"),
            ("\"/w/T1\"", "\"T1\""),
            ("\"shared\"", "\"stolen\""),
            ("\"files\"", "\"fils\""),
            ("{", "["),
        ] {
            assert!(text.contains(from), "{from}");
            assert_eq!(Rules::read(&text.replacen(from, to, 1)), None, "{to}");
        }
    }

    #[test]
    fn what_may_be_written() {
        let rules = rules();
        assert_eq!(rules.count(), "2 directories and 1 file");
        for (path, expected) in [
            ("/w/T1/src/a/b", true),
            ("/w/T1/src", true),
            ("/w/T1/srcs", false),
            ("/w/T1", false),
            ("/tmp/x/y", true),
        ] {
            assert_eq!(rules.may_write(Path::new(path)), expected, "{path}");
        }
        assert!(!rules.is_whole());
        let whole = Rules { directories: vec![at("/w/T1", Why::Touch)], ..rules };
        assert!(whole.is_whole() && whole.may_write(Path::new("/w/T1/.git")));
    }

    #[test]
    fn git_directories_and_other_worktrees_stay_closed() {
        for (directory, kept, closed) in [
            ("/w/T1/src", "/w/T2", true),
            ("/w/T1", "/w/T1", true),
            ("/w/T1", "/w/T1/inner", false),
            ("/w", "/w/T2", false),
            ("/home/me", "/home/me/repo/.git", false),
            ("/home/me/repo/.git/ap/x/inbox/T1", "/home/me/repo/.git", true),
            ("/home/me/repo/.git", "/home/me/repo/.git", false),
        ] {
            let rules = Rules { directories: vec![at(directory, Why::State)], ..rules() };
            let refused = rules.require_away_from(&[kept.into()]);
            assert_eq!(refused.is_ok(), closed, "{directory} {kept}: {refused:?}");
        }
    }
}
