//! The inbox of an objective: where its worker, which may write nothing else of the git
//! directory, leaves letters for the `run` that watches it. What lies there is hostile. Replies
//! lie beside it, where the worker can only read.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::domain::id::ObjectiveId;
use crate::domain::letter::LIMIT;

/// How many entries of an inbox are looked at, at once.
const LOOKED_AT: usize = 256;
/// How many letters are taken, at once.
const TAKEN: usize = 32;
/// What the name of a letter ends with; one that is being written has another.
const SUFFIX: &str = ".json";
/// The longest name of a letter.
const NAME: usize = 64;

/// The inbox of an objective, and where replies are.
#[derive(Clone, Debug)]
pub struct Inbox {
    letters: PathBuf,
    replies: PathBuf,
}

/// A letter by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// What lay in an inbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name, where a reply can be given; none: it is no name of a letter.
    pub name: Option<Name>,
    /// Its bytes, or why it was not read.
    pub bytes: Result<Vec<u8>, &'static str>,
}

impl Name {
    fn parse(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok().filter(|name| name.len() <= NAME)?;
        let stem = name.strip_suffix(SUFFIX)?;
        let plain = !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then(|| Self(name.to_owned()))
    }
}

impl Inbox {
    /// The inbox of an objective of a session, whose folder this is.
    pub fn of(folder: &Path, objective: &ObjectiveId) -> Self {
        let name = objective.as_str();
        Self {
            letters: folder.join("inbox").join(name),
            replies: folder.join("replies").join(name),
        }
    }

    /// The directory that the worker writes to.
    pub fn directory(&self) -> &Path {
        &self.letters
    }

    /// Makes an empty inbox for a worker that is about to start: what another one left there is
    /// not its word.
    pub fn make(&self) -> Result<()> {
        for directory in [&self.letters, &self.replies] {
            remove_all(directory)?;
            make(directory)?;
        }
        Ok(())
    }

    /// Takes away what lies there; nobody reads or writes it any more.
    pub fn remove(&self) -> Result<()> {
        remove_all(&self.letters)?;
        remove_all(&self.replies)
    }

    /// Leaves a letter, whole or not at all. None: there is no inbox.
    pub fn leave(&self, bytes: &[u8]) -> Result<Option<Name>> {
        let leaving = || "cannot leave a letter in the inbox".to_owned();
        let new = tempfile::Builder::new().prefix(".").rand_bytes(16).tempfile_in(&self.letters);
        let mut file = match new {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            new => new.with_context(leaving)?,
        };
        file.write_all(bytes).with_context(leaving)?;
        let stem = file.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = format!("{}{SUFFIX}", stem.trim_start_matches('.'));
        let name = Name::parse(name.as_bytes()).context("a random name is a plain one")?;
        let kept = file.persist_noclobber(self.letters.join(&name.0));
        kept.map_err(|error| error.error).with_context(leaving)?;
        Ok(Some(name))
    }

    /// Takes a letter back. Returns whether it was still there.
    #[expect(clippy::disallowed_methods, reason = "a letter is nothing that a crash could spoil")]
    pub fn take_back(&self, name: &Name) -> bool {
        fs::remove_file(self.letters.join(&name.0)).is_ok()
    }

    /// Takes what lies in the inbox out of it, the oldest first, a bounded number at once. Links
    /// are not followed, nothing is waited for, and what cannot be removed is not taken.
    pub fn take(&self) -> Result<Vec<Taken>> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let directory = match rustix::fs::open(&self.letters, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(rustix::io::Errno::NOENT) => return Ok(Vec::new()),
            Err(error) => return Err(error).context("the inbox is no directory any more"),
        };
        let mut found: Vec<(i64, i64, Vec<u8>)> = Vec::new();
        for entry in Dir::read_from(&directory).context("cannot read the inbox")?.take(LOOKED_AT) {
            let entry = entry.context("cannot read the inbox")?;
            let name = entry.file_name().to_bytes();
            // One that is being written, or a directory, which no letter is.
            if name.starts_with(b".") || entry.file_type() == FileType::Directory {
                continue;
            }
            let stat = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW);
            let Ok(stat) = stat else { continue };
            found.push((stat.st_mtime, stat.st_mtime_nsec.cast_signed(), name.to_owned()));
        }
        found.sort();
        let taken = found.into_iter().take(TAKEN);
        Ok(taken.filter_map(|(.., name)| take_one(&directory, &name)).collect())
    }

    /// Replies to a letter.
    pub fn reply(&self, name: &Name, bytes: &[u8]) -> Result<()> {
        let replying = || format!("cannot reply in {}", self.replies.display());
        let new = tempfile::Builder::new().prefix(".").tempfile_in(&self.replies);
        let mut file = new.with_context(replying)?;
        file.write_all(bytes).with_context(replying)?;
        file.persist(self.replies.join(&name.0))
            .map_err(|error| error.error)
            .with_context(replying)?;
        Ok(())
    }

    /// Takes a reply away that was read, or will not be.
    #[expect(clippy::disallowed_methods, reason = "a reply is nothing that a crash could spoil")]
    pub fn forget(&self, name: &Name) {
        // Whoever removed it first has done the same.
        drop(fs::remove_file(self.replies.join(&name.0)));
    }

    /// The reply to a letter, if there is one.
    pub fn replied(&self, name: &Name) -> Result<Option<Vec<u8>>> {
        match File::open(self.replies.join(&name.0)) {
            Ok(file) => Ok(Some(read(file).context("cannot read the reply")?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("cannot read the reply"),
        }
    }
}

fn take_one(directory: &OwnedFd, name: &[u8]) -> Option<Taken> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, name, flags, Mode::empty());
    rustix::fs::unlinkat(directory, name, AtFlags::empty()).ok()?;
    let regular = |file: &File| file.metadata().is_ok_and(|metadata| metadata.is_file());
    let bytes = match file.map(File::from) {
        Ok(file) if regular(&file) => match read(file) {
            Ok(bytes) if bytes.len() > LIMIT => Err("it is too long"),
            Ok(bytes) => Ok(bytes),
            Err(_) => Err("it cannot be read"),
        },
        Ok(_) | Err(_) => Err("it is no regular file"),
    };
    Some(Taken { name: Name::parse(name), bytes })
}

/// At most one byte more than a letter may have.
fn read(file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "an inbox is nothing that a crash could spoil")]
fn remove_all(directory: &Path) -> Result<()> {
    let removing = || format!("cannot empty {}", directory.display());
    let there = match fs::symlink_metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there.with_context(removing)?,
    };
    // A link is removed, not followed (std::fs::remove_dir_all does not either).
    let removed =
        if there.is_dir() { fs::remove_dir_all(directory) } else { fs::remove_file(directory) };
    removed.with_context(removing)
}

#[expect(clippy::disallowed_methods, reason = "an inbox is nothing that a crash could spoil")]
fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(folder: &Path) -> Inbox {
        Inbox::of(folder, &ObjectiveId::parse("T1").expect("an id"))
    }

    #[test]
    fn a_letter_is_taken_once_and_replied_to() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let inbox = inbox(folder.path());
        assert_eq!(inbox.leave(b"x").expect("no inbox is no error"), None);
        assert_eq!(inbox.take().expect("readable"), []);
        inbox.make().expect("writable");
        let name = inbox.leave(b"one").expect("writable").expect("there is an inbox");
        let taken = inbox.take().expect("readable");
        assert_eq!(taken, [Taken { name: Some(name.clone()), bytes: Ok(b"one".to_vec()) }]);
        assert_eq!(inbox.take().expect("readable"), []);
        assert!(!inbox.take_back(&name));
        assert_eq!(inbox.replied(&name).expect("readable"), None);
        inbox.reply(&name, b"two").expect("writable");
        assert_eq!(inbox.replied(&name).expect("readable"), Some(b"two".to_vec()));
        inbox.forget(&name);
        assert_eq!(inbox.replied(&name).expect("readable"), None);
        let name = inbox.leave(b"three").expect("writable").expect("there is an inbox");
        assert!(inbox.take_back(&name));
        inbox.leave(b"four").expect("writable");
        inbox.make().expect("writable");
        assert_eq!(inbox.take().expect("readable"), []);
        inbox.remove().expect("removable");
        assert!(!inbox.directory().exists());
    }

    #[expect(clippy::disallowed_methods, reason = "what a worker does is not a step of ours")]
    fn put(inbox: &Inbox, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(inbox.directory().join(name), bytes).expect("writable");
    }

    #[test]
    fn what_is_no_letter_is_taken_away_unread() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let inbox = inbox(folder.path());
        inbox.make().expect("writable");
        let at = |name: &str| inbox.directory().join(name);
        let outside = folder.path().join("secret");
        File::create(&outside).and_then(|mut f| f.write_all(b"secret")).expect("writable");
        std::os::unix::fs::symlink(&outside, at("link.json")).expect("linked");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.json"), Mode::from_raw_mode(0o600))
            .expect("made");
        put(&inbox, "long.json", vec![b' '; LIMIT + 1]);
        put(&inbox, "odd name", "x");
        fs::create_dir(at("directory.json")).expect("made");
        put(&inbox, ".half", "x");
        let mut taken = inbox.take().expect("readable");
        taken.sort_by(|a, b| a.name.cmp(&b.name));
        let named = |name: &str, why| Taken { name: Name::parse(name.as_bytes()), bytes: Err(why) };
        let odd = Taken { name: None, bytes: Ok(b"x".to_vec()) };
        let expected = [
            odd,
            named("link.json", "it is no regular file"),
            named("long.json", "it is too long"),
            named("pipe.json", "it is no regular file"),
        ];
        assert_eq!(taken, expected);
        assert_eq!(inbox.take().expect("readable"), [], "nothing is taken twice");
        assert_eq!(fs::read_to_string(&outside).expect("there"), "secret");
        // The inbox itself may have been replaced.
        inbox.remove().expect("removable");
        std::os::unix::fs::symlink(folder.path(), inbox.directory()).expect("linked");
        assert!(inbox.take().is_err());
        inbox.make().expect("a link is removed");
        assert!(outside.exists() && inbox.directory().is_dir());
    }

    #[test]
    fn a_flood_is_taken_in_parts() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let inbox = inbox(folder.path());
        inbox.make().expect("writable");
        for n in 0..100 {
            put(&inbox, &format!("{n}.json"), "x");
        }
        assert_eq!(inbox.take().expect("readable").len(), TAKEN);
        assert_eq!(inbox.take().expect("readable").len(), TAKEN);
    }
}
