//! Our scripts in a directory of hooks, and whatever was there before. Other tools move what
//! they find aside as well, so ours may be found under another name: there the one that was
//! before ours belongs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::effect::{self, move_hook, remove_hook, shown, suffixed, write_script};
use super::shim::{Whose, whose};
use crate::store::Steps;

/// What the hook that was there before is called while ours is there.
const BEFORE: &str = ".before-git-ap";

/// A directory of hooks.
pub(super) struct Directory<'a> {
    path: &'a Path,
    steps: &'a Steps,
}

/// What putting a script there did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// Whether anything changed.
    pub changed: bool,
    /// Where files are that would have been lost otherwise; git does not run them.
    pub aside: Vec<PathBuf>,
}

/// What taking a script away did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Ours was not there.
    Nothing,
    /// Ours is gone.
    Removed,
    /// Ours is gone, and the one that was there before is back.
    Restored,
    /// Somebody else's is there, and stays; so does what was there before ours, if anything.
    Theirs,
}

/// What is there under one hook's name.
struct Found {
    file: PathBuf,
    front: Whose,
    /// The one that was there before ours, if it is under the name that we gave it.
    before: Option<PathBuf>,
    /// Ours under names that others gave it.
    copies: Vec<PathBuf>,
}

/// The name that the hook before ours has beside `file`.
pub(super) fn before(file: &Path) -> PathBuf {
    suffixed(file, BEFORE)
}

impl<'a> Directory<'a> {
    pub(super) fn new(path: &'a Path, steps: &'a Steps) -> Self {
        Self { path, steps }
    }

    /// Puts a script in front of whatever is there under this name.
    pub(super) fn put(&self, name: &str, script: &[u8]) -> Result<Put> {
        let found = self.find(name)?;
        let mut put = Put::default();
        effect::remove_leftover(&found.file)?;
        match found.front {
            Whose::Ours | Whose::Nobody => self.remove_copies(&found.copies, &mut put)?,
            Whose::Edited => {
                self.set_aside(&found.file, &mut put)?;
                self.remove_copies(&found.copies, &mut put)?;
            }
            Whose::Theirs => {
                let (first, rest) = self.give_back(&found, &mut put)?;
                if let (None, Some(before)) = (first, &found.before) {
                    // Theirs has replaced ours with all that it ran.
                    self.set_aside(before, &mut put)?;
                }
                self.remove_copies(rest, &mut put)?;
                move_hook(&found.file, &before(&found.file), self.steps)?;
            }
        }
        let same = effect::read(&found.file)?.is_some_and(|bytes| bytes == script);
        if !(same && is_executable(&found.file)) {
            write_script(&found.file, script, self.steps)?;
            put.changed = true;
        }
        Ok(put)
    }

    /// Takes our script of this name away, and puts back what was there before it. `Put` says
    /// what was kept aside.
    pub(super) fn take_out(&self, name: &str) -> Result<(Taken, Put)> {
        let found = self.find(name)?;
        let mut put = Put::default();
        effect::remove_leftover(&found.file)?;
        if found.front == Whose::Theirs {
            let (_, rest) = self.give_back(&found, &mut put)?;
            self.remove_copies(rest, &mut put)?;
            let was_there = put.changed || found.before.is_some();
            return Ok((if was_there { Taken::Theirs } else { Taken::Nothing }, put));
        }
        self.remove_copies(&found.copies, &mut put)?;
        if found.front == Whose::Edited {
            self.set_aside(&found.file, &mut put)?;
        }
        let taken = match (&found.before, found.front) {
            (Some(before), _) => {
                move_hook(before, &found.file, self.steps)?;
                Taken::Restored
            }
            (None, Whose::Ours) => {
                remove_hook(&found.file, self.steps)?;
                Taken::Removed
            }
            (None, Whose::Edited) => Taken::Removed,
            (None, Whose::Nobody | Whose::Theirs) => Taken::Nothing,
        };
        Ok((taken, put))
    }

    /// Ours under names that others gave it: whoever moved it there takes it for the hook that
    /// was before theirs.
    pub(super) fn copies(&self, name: &str) -> Result<Vec<PathBuf>> {
        Ok(self.find(name)?.copies)
    }

    /// Gives the first copy's name to the hook that was before ours, for that is what would be
    /// there without us. Returns that copy, and those that are left.
    fn give_back<'f>(
        &self,
        found: &'f Found,
        put: &mut Put,
    ) -> Result<(Option<&'f PathBuf>, &'f [PathBuf])> {
        let (Some(before), Some((first, rest))) = (&found.before, found.copies.split_first())
        else {
            return Ok((None, &found.copies));
        };
        move_hook(before, first, self.steps)?;
        put.changed = true;
        Ok((Some(first), rest))
    }

    fn remove_copies(&self, copies: &[PathBuf], put: &mut Put) -> Result<()> {
        for copy in copies {
            remove_hook(copy, self.steps)?;
            put.changed = true;
        }
        Ok(())
    }

    /// Gives a file a name that nobody has, and that git does not run.
    fn set_aside(&self, file: &Path, put: &mut Put) -> Result<()> {
        let name = file.file_name().unwrap_or_default();
        let plain = if name.as_encoded_bytes().ends_with(BEFORE.as_bytes()) { "" } else { BEFORE };
        let free = (1..1000).find_map(|n| {
            let name = suffixed(file, &format!("{plain}.{n}"));
            name.symlink_metadata().is_err().then_some(name)
        });
        let free = free.with_context(|| format!("no name is left to keep {}", shown(file)))?;
        move_hook(file, &free, self.steps)?;
        put.changed = true;
        put.aside.push(free);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Found> {
        let file = self.path.join(name);
        let before = before(&file);
        let mut copies = Vec::new();
        let reading = || format!("cannot read {}", shown(self.path));
        for entry in self.path.read_dir().with_context(reading)? {
            let other = entry.with_context(reading)?.file_name();
            let behind = other.as_encoded_bytes().strip_prefix(name.as_bytes());
            if behind.is_some_and(|behind| behind.starts_with(b".")) {
                let other = self.path.join(other);
                if whose(&other)? == Whose::Ours {
                    copies.push(other);
                }
            }
        }
        copies.sort();
        let is_there = before.symlink_metadata().is_ok() && !copies.contains(&before);
        let front = whose(&file)?;
        Ok(Found { file, front, before: is_there.then_some(before), copies })
    }
}

/// Whether git would run a file.
pub(super) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::git::hooks::Hook;
    use crate::git::hooks::shim;

    const FRONT: &str = "pre-commit";
    const KEPT: &str = "pre-commit.before-git-ap";

    fn ours() -> Vec<u8> {
        shim::guard(Hook::PreCommit, Path::new("/bin/git-ap"), false)
    }

    /// Names with what stands in for their contents: `ours`, `edited`, or anything else.
    fn lay(directory: &Path, files: &[(&str, &str)]) {
        for (name, what) in files {
            let bytes = match *what {
                "ours" => ours(),
                "edited" => [ours(), b"# more\n".to_vec()].concat(),
                other => other.as_bytes().to_vec(),
            };
            effect::write_script(&directory.join(name), &bytes, &Steps::default())
                .expect("written");
        }
    }

    fn listed(directory: &Path) -> BTreeMap<String, String> {
        let names = directory.read_dir().expect("readable").map(|e| e.expect("readable").path());
        let what = |path: &Path| match whose(path).expect("readable") {
            Whose::Ours => "ours".to_owned(),
            Whose::Edited => "edited".to_owned(),
            _ => std::fs::read_to_string(path).expect("text"),
        };
        names
            .map(|path| (path.file_name().expect("named").to_string_lossy().into(), what(&path)))
            .collect()
    }

    fn pairs(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, what)| ((*name).into(), (*what).into())).collect()
    }

    /// What is there; what it is after putting ours there; what after taking it out then; what
    /// after taking it out at once.
    type Row<'a> = [&'a [(&'a str, &'a str)]; 4];

    const LEGACY: &str = "pre-commit.legacy";
    const ASIDE: &str = "pre-commit.before-git-ap.1";
    const ROWS: &[Row<'static>] = &[
        [&[], &[(FRONT, "ours")], &[], &[]],
        [&[(FRONT, "O")], &[(FRONT, "ours"), (KEPT, "O")], &[(FRONT, "O")], &[(FRONT, "O")]],
        [&[(FRONT, "ours")], &[(FRONT, "ours")], &[], &[]],
        // pre-commit moved ours aside; there was none before ours.
        [
            &[(FRONT, "pc"), (LEGACY, "ours")],
            &[(FRONT, "ours"), (KEPT, "pc")],
            &[(FRONT, "pc")],
            &[(FRONT, "pc")],
        ],
        // The same where there was one before ours: pre-commit runs it from where it is.
        [
            &[(FRONT, "pc"), (LEGACY, "ours"), (KEPT, "O")],
            &[(FRONT, "ours"), (KEPT, "pc"), (LEGACY, "O")],
            &[(FRONT, "pc"), (LEGACY, "O")],
            &[(FRONT, "pc"), (LEGACY, "O")],
        ],
        // Somebody wrote over ours.
        [
            &[(FRONT, "X"), (KEPT, "O")],
            &[(FRONT, "ours"), (KEPT, "X"), (ASIDE, "O")],
            &[(FRONT, "X"), (ASIDE, "O")],
            &[(FRONT, "X"), (KEPT, "O")],
        ],
        // Somebody changed ours.
        [
            &[(FRONT, "edited"), (KEPT, "O")],
            &[(FRONT, "ours"), (KEPT, "O"), (ASIDE, "edited")],
            &[(FRONT, "O"), (ASIDE, "edited")],
            &[(FRONT, "O"), (ASIDE, "edited")],
        ],
        // Ours was removed, or moved away and copied around.
        [&[(KEPT, "O")], &[(FRONT, "ours"), (KEPT, "O")], &[(FRONT, "O")], &[(FRONT, "O")]],
        [
            &[(FRONT, "pc"), (LEGACY, "ours"), ("pre-commit.old", "ours"), (KEPT, "ours")],
            &[(FRONT, "ours"), (KEPT, "pc")],
            &[(FRONT, "pc")],
            &[(FRONT, "pc")],
        ],
        // Names of other hooks, and git's samples, are left alone.
        [
            &[("pre-commit.sample", "S"), ("pre-commit-msg", "M")],
            &[("pre-commit.sample", "S"), ("pre-commit-msg", "M"), (FRONT, "ours")],
            &[("pre-commit.sample", "S"), ("pre-commit-msg", "M")],
            &[("pre-commit.sample", "S"), ("pre-commit-msg", "M")],
        ],
    ];

    #[test]
    fn whatever_is_there_nothing_is_lost_and_ours_is_in_front_once() {
        for [start, put, taken, at_once] in ROWS {
            let keep = tempfile::tempdir().expect("a temporary directory");
            lay(keep.path(), start);
            let steps = Steps::default();
            let directory = Directory::new(keep.path(), &steps);
            for again in [false, true] {
                let done = directory.put(FRONT, &ours()).expect("put");
                assert_eq!(listed(keep.path()), pairs(put), "put in {start:?}");
                assert!(!again || !done.changed, "the second time changes nothing: {start:?}");
            }
            for _ in 0..2 {
                directory.take_out(FRONT).expect("taken out");
                assert_eq!(listed(keep.path()), pairs(taken), "taken out of {start:?}");
            }
            let keep = tempfile::tempdir().expect("a temporary directory");
            lay(keep.path(), start);
            Directory::new(keep.path(), &steps).take_out(FRONT).expect("taken out");
            assert_eq!(listed(keep.path()), pairs(at_once), "taken out at once of {start:?}");
        }
    }

    #[test]
    fn after_any_failed_step_the_same_call_ends_in_the_same_state() {
        for [start, put, taken, _] in ROWS {
            for out in [false, true] {
                for n in 1.. {
                    let keep = tempfile::tempdir().expect("a temporary directory");
                    lay(keep.path(), if out { put } else { start });
                    let call = |steps: &Steps| {
                        let directory = Directory::new(keep.path(), steps);
                        if out {
                            directory.take_out(FRONT).map(drop)
                        } else {
                            directory.put(FRONT, &ours()).map(drop)
                        }
                    };
                    let failing = Steps::new(Some(&format!("*#{n}=fail"))).expect("readable");
                    let done = call(&failing).is_ok();
                    call(&Steps::default()).expect("it goes on");
                    let end = if out { taken } else { put };
                    assert_eq!(listed(keep.path()), pairs(end), "{start:?} step {n}");
                    if done {
                        break;
                    }
                    assert!(n < 30, "more steps than expected");
                }
            }
        }
    }

    #[test]
    fn a_script_that_git_would_not_run_is_written_anew() {
        use std::os::unix::fs::PermissionsExt as _;
        let keep = tempfile::tempdir().expect("a temporary directory");
        lay(keep.path(), &[(FRONT, "ours")]);
        let file = keep.path().join(FRONT);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("settable");
        assert!(!is_executable(&file));
        let steps = Steps::default();
        let put = Directory::new(keep.path(), &steps).put(FRONT, &ours()).expect("put");
        assert!(put.changed && is_executable(&file));
    }
}
