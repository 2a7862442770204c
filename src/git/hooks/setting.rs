//! The setting that makes git look into our directory of hooks in one worktree, and the
//! extension that a setting of one worktree needs (git-worktree(1), "CONFIGURATION FILE").

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::effect::{read, remove_config_leftover, replace_config, shown};
use super::place::{decode_bytes, encode, encode_bytes, own};
use super::record::Record;
use super::shim::digest;
use crate::git::Git;
use crate::store::Steps;

/// Where a worktree's own `core.hooksPath` is kept while ours is in its place.
pub(super) const KEPT: &str = "ap.hooksPath";
const HOOKS_PATH: &str = "core.hooksPath";
const EXTENSION: &str = "extensions.worktreeConfig";
/// What git takes from the common configuration for every worktree once the extension is on,
/// though only the main one is meant.
const MAIN_ALONE: [&str; 2] = ["core.bare", "core.worktree"];

/// A change of a configuration file, told by what changed alone: the rest may hold secrets.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    purpose: Purpose,
    /// Relative to the common git directory.
    file: String,
    existed: bool,
    /// Digests of all of the file.
    before: String,
    after: String,
    splices: Vec<Splice>,
}

/// Bytes that took the place of others.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Splice {
    at: usize,
    removed: String,
    inserted: String,
}

/// What a change is for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
enum Purpose {
    /// A worktree looks into our directory.
    Directory,
    /// What only the main worktree is meant by stands in its own configuration.
    MainAlone,
    /// Worktrees have configurations of their own.
    Extension,
}

enum Change<'a> {
    Set(&'a str, &'a OsStr),
    Unset(&'a str),
}

/// The configuration of one repository, being changed.
pub(super) struct Settings<'a> {
    pub common: &'a Path,
    pub record: &'a mut Record,
    pub steps: &'a Steps,
}

impl Settings<'_> {
    /// Makes git look into our directory in the worktree with this configuration file. Returns
    /// whether anything changed.
    pub(super) fn put(&mut self, config: &Path) -> Result<bool> {
        let on = self.turn_on()?;
        let own = own(self.common);
        let now = self.value(config, HOOKS_PATH)?;
        if now.as_deref() == Some(own.as_os_str().as_bytes()) {
            return Ok(on);
        }
        let mut changes = vec![Change::Set(HOOKS_PATH, own.as_os_str())];
        if let Some(now) = &now {
            changes.push(Change::Set(KEPT, OsStr::from_bytes(now)));
        }
        self.edit(Purpose::Directory, config, &changes)?;
        Ok(true)
    }

    /// Takes our setting out of every worktree's configuration.
    pub(super) fn take_out(&mut self) -> Result<()> {
        let own = own(self.common);
        for config in self.configs()? {
            let ours = |value: &Vec<u8>| value == own.as_os_str().as_bytes();
            if !self.value(&config, HOOKS_PATH)?.as_ref().is_some_and(ours) {
                continue;
            }
            let kept = self.value(&config, KEPT)?;
            let mut changes = vec![Change::Unset(HOOKS_PATH)];
            if let Some(kept) = &kept {
                changes = vec![Change::Set(HOOKS_PATH, OsStr::from_bytes(kept))];
                changes.push(Change::Unset(KEPT));
            }
            self.undo(Purpose::Directory, &config, &changes)?;
        }
        Ok(())
    }

    /// Turns the extension off, if we turned it on and nobody else uses it. Returns whether it
    /// stays on for somebody else.
    pub(super) fn turn_off(&mut self) -> Result<bool> {
        let main = self.common.join("config.worktree");
        let common = self.common.join("config");
        let did = |purpose| self.record.edits.iter().any(|e| e.purpose == purpose);
        let (moved, turned_on) = (did(Purpose::MainAlone), did(Purpose::Extension));
        let on = self.is_on()?;
        if on && !turned_on {
            return Ok(false);
        }
        let mut back = Vec::new();
        for key in MAIN_ALONE.into_iter().filter(|_| moved) {
            back.extend(self.value(&main, key)?.map(|value| (key, value)));
        }
        if on {
            for config in self.configs()? {
                let ours = |key: &[u8]| {
                    moved && config == main && MAIN_ALONE.iter().any(|k| k.as_bytes() == key)
                };
                if self.keys(&config)?.iter().any(|key| !ours(key)) {
                    return Ok(true);
                }
            }
            let mut changes = vec![Change::Unset(EXTENSION)];
            changes.extend(back.iter().map(|(k, v)| Change::Set(k, OsStr::from_bytes(v))));
            self.undo(Purpose::Extension, &common, &changes)?;
        }
        if !back.is_empty() {
            let changes: Vec<Change<'_>> = back.iter().map(|(k, _)| Change::Unset(k)).collect();
            self.undo(Purpose::MainAlone, &main, &changes)?;
        }
        Ok(false)
    }

    fn turn_on(&mut self) -> Result<bool> {
        if self.is_on()? {
            return Ok(false);
        }
        let common = self.common.join("config");
        let mut moved = Vec::new();
        for key in MAIN_ALONE {
            // That it is not bare holds for all.
            if key != "core.bare" || self.is_true(&common, key)? {
                moved.extend(self.value(&common, key)?.map(|value| (key, value)));
            }
        }
        if !moved.is_empty() {
            let set = moved.iter().map(|(key, value)| Change::Set(key, OsStr::from_bytes(value)));
            let changes: Vec<Change<'_>> = set.collect();
            // Without the extension nobody reads it yet.
            self.edit(Purpose::MainAlone, &self.common.join("config.worktree"), &changes)?;
        }
        let mut changes = vec![Change::Set(EXTENSION, OsStr::new("true"))];
        changes.extend(moved.iter().map(|(key, _)| Change::Unset(key)));
        self.edit(Purpose::Extension, &common, &changes)?;
        Ok(true)
    }

    fn is_on(&self) -> Result<bool> {
        self.is_true(&self.common.join("config"), EXTENSION)
    }

    fn is_true(&self, file: &Path, key: &str) -> Result<bool> {
        let (get, key) = (OsStr::new("--get"), OsStr::new(key));
        let args = [OsStr::new("config"), OsStr::new("--file"), file.as_os_str()];
        let args = args.into_iter().chain([OsStr::new("--type=bool"), get, key]);
        let answer = self.git().answer(args, None)?;
        Ok(answer.success && answer.stdout == b"true\n")
    }

    /// Removes what killed changes may have left beside the files that are changed here.
    pub(super) fn remove_leftovers(&self) -> Result<()> {
        remove_config_leftover(&self.common.join("config"))?;
        self.places()?.iter().try_for_each(|config| remove_config_leftover(config))
    }

    /// The configurations of all worktrees, also of those whose files are gone.
    fn configs(&self) -> Result<Vec<PathBuf>> {
        let places = self.places()?.into_iter();
        Ok(places.filter(|config| config.is_file()).collect())
    }

    /// Where they are, or would be.
    fn places(&self) -> Result<Vec<PathBuf>> {
        let mut configs = vec![self.common.join("config.worktree")];
        let folder = self.common.join("worktrees");
        if folder.is_dir() {
            let reading = || format!("cannot read {}", shown(&folder));
            for entry in folder.read_dir().with_context(reading)? {
                configs.push(entry.with_context(reading)?.path().join("config.worktree"));
            }
        }
        configs.sort();
        Ok(configs)
    }

    /// Changes a file, after writing down what is changed.
    fn edit(&mut self, purpose: Purpose, file: &Path, changes: &[Change<'_>]) -> Result<()> {
        let before = read(file)?;
        let states = self.changed(before.as_deref().unwrap_or_default(), changes)?;
        let name = encode(file.strip_prefix(self.common).unwrap_or(file));
        let edit = Edit::through(purpose, name, before.is_some(), &states);
        let same = |e: &&Edit| e.purpose == purpose && e.file == edit.file;
        let known = self.record.edits.iter().find(same);
        if edit.before == edit.after && known.is_some_and(|known| known.after == edit.after) {
            // Done by one that was killed: what it found is what is to be given back.
            return Ok(());
        }
        let common = self.common;
        self.record.edits.retain(|e| {
            let again = e.purpose == purpose && e.file == edit.file;
            let there = decode_bytes(&e.file).is_some_and(|name| {
                common.join(OsStr::from_bytes(&name)).parent().is_some_and(Path::is_dir)
            });
            there && !again
        });
        self.record.edits.push(edit);
        self.record.edits.sort_by(|a, b| (a.purpose, &a.file).cmp(&(b.purpose, &b.file)));
        self.record.save(self.common, self.steps)?;
        replace_config(file, before.as_deref(), states.last().map(Vec::as_slice), self.steps)
    }

    /// Gives a file back the bytes that it had, if it is as we left it; else makes the `changes`.
    fn undo(&mut self, purpose: Purpose, file: &Path, changes: &[Change<'_>]) -> Result<()> {
        let Some(now) = read(file)? else { return Ok(()) };
        let name = encode(file.strip_prefix(self.common).unwrap_or(file));
        let known = self.record.edits.iter().find(|e| e.purpose == purpose && e.file == name);
        let restored = known.and_then(|edit| Some((edit.existed, edit.undone(&now)?)));
        let after = if let Some((existed, restored)) = restored {
            existed.then_some(restored)
        } else {
            let after = self.changed(&now, changes)?.pop().unwrap_or_default();
            let empty = after.iter().all(u8::is_ascii_whitespace);
            // An empty file that git made with the worktree, or we: git reads none as empty.
            (!empty || known.is_some_and(|edit| edit.existed)).then_some(after)
        };
        replace_config(file, Some(&now), after.as_deref(), self.steps)
    }

    /// A configuration file with these contents, and what git makes of it with each change.
    fn changed(&self, bytes: &[u8], changes: &[Change<'_>]) -> Result<Vec<Vec<u8>>> {
        let mut copy = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
        copy.write_all(bytes).context("cannot write a temporary file")?;
        let file = copy.path();
        let mut states = vec![bytes.to_vec()];
        for change in changes {
            let mut args = vec![OsStr::new("config"), OsStr::new("--file"), file.as_os_str()];
            match change {
                Change::Set(key, value) => {
                    args.extend([OsStr::new("--replace-all"), OsStr::new(key), value]);
                }
                Change::Unset(key) => args.extend([OsStr::new("--unset-all"), OsStr::new(key)]),
            }
            self.git().output(args)?;
            states.push(read(file)?.with_context(|| format!("{} is gone", shown(file)))?);
        }
        Ok(states)
    }

    /// The value of a key in one file, as it is written there.
    fn value(&self, file: &Path, key: &str) -> Result<Option<Vec<u8>>> {
        if !file.is_file() {
            return Ok(None);
        }
        let (get, key) = (OsStr::new("--get"), OsStr::new(key));
        let args = [OsStr::new("config"), OsStr::new("--file"), file.as_os_str()];
        let args = args.into_iter().chain([OsStr::new("--null"), get, key]);
        let answer = self.git().answer(args, None)?;
        Ok(answer.stdout.strip_suffix(b"\0").filter(|_| answer.success).map(<[u8]>::to_vec))
    }

    fn keys(&self, file: &Path) -> Result<Vec<Vec<u8>>> {
        let args = ["config", "--null", "--name-only", "--list", "--file"].map(OsStr::new);
        let listed = self.git().output(args.into_iter().chain([file.as_os_str()]))?;
        Ok(listed.split(|b| *b == 0).filter(|key| !key.is_empty()).map(<[u8]>::to_vec).collect())
    }

    fn git(&self) -> Git {
        Git::elsewhere(self.common)
    }
}

impl Edit {
    /// The change from the first state of a file to the last.
    fn through(purpose: Purpose, file: String, existed: bool, states: &[Vec<u8>]) -> Self {
        let digest_of = |state: Option<&Vec<u8>>| digest(state.map_or(&[], Vec::as_slice));
        let splices = states.windows(2).map(|pair| Splice::between(&pair[0], &pair[1]));
        Self {
            purpose,
            file,
            existed,
            before: digest_of(states.first()),
            after: digest_of(states.last()),
            splices: splices.collect(),
        }
    }

    /// The contents before this change, if `now` are those after it; empty if there was no file.
    fn undone(&self, now: &[u8]) -> Option<Vec<u8>> {
        if digest(now) != self.after {
            return None;
        }
        let step = |state: Vec<u8>, splice: &Splice| splice.undone(&state);
        let before = self.splices.iter().rev().try_fold(now.to_vec(), step)?;
        (digest(&before) == self.before).then_some(before)
    }
}

impl Splice {
    fn between(before: &[u8], after: &[u8]) -> Self {
        let same = |(one, other): &(&u8, &u8)| one == other;
        let at = before.iter().zip(after).take_while(same).count();
        let (old, new) = (&before[at..], &after[at..]);
        let end = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
        let removed = encode_bytes(&old[..old.len() - end]);
        Self { at, removed, inserted: encode_bytes(&new[..new.len() - end]) }
    }

    fn undone(&self, now: &[u8]) -> Option<Vec<u8>> {
        let (removed, inserted) = (decode_bytes(&self.removed)?, decode_bytes(&self.inserted)?);
        let head = now.get(..self.at)?;
        let tail = now.get(self.at..)?.strip_prefix(inserted.as_slice())?;
        Some([head, &removed, tail].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_undone_to_the_byte_or_not_at_all() {
        let table: [(Option<&[u8]>, &[u8]); 6] = [
            (None, b"[core]\n\thooksPath = /x\n"),
            (Some(b""), b"[core]\n\thooksPath = /x\n"),
            (Some(b"[core]\n\tbare = true\n[a]\n"), b"[core]\n[a]\n[extensions]\n\tx = true\n"),
            (Some(b"aXa"), b"aXaXa"),
            (Some(b"aaaa"), b"aa"),
            (Some(b"\xff%\n\n"), b"\xff%\n"),
        ];
        for (before, after) in table {
            let states = [before.unwrap_or_default().to_vec(), after.to_vec()];
            let file = "f".to_owned();
            let edit = Edit::through(Purpose::Directory, file, before.is_some(), &states);
            assert_eq!(edit.undone(after), before.map(<[u8]>::to_vec).or(Some(Vec::new())));
            assert_eq!(edit.undone(&[after, b"more"].concat()), None, "{edit:?}");
        }
    }

    #[test]
    fn secrets_around_a_change_are_not_written_down() {
        let before = b"[core]\n\tbare = true\n[http]\n\textraheader = secret\n[a]\n".to_vec();
        let middle = [before.as_slice(), b"[extensions]\n\tworktreeConfig = true\n"].concat();
        let after = [b"[core]\n", &middle[20..]].concat();
        let states = [before.clone(), middle, after.clone()];
        let edit = Edit::through(Purpose::Extension, "config".into(), true, &states);
        assert!(!format!("{edit:?}").contains("secret"), "{edit:?}");
        assert_eq!(edit.undone(&after), Some(before));
    }
}
