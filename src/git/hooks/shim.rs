//! The scripts that git runs as hooks, and how ours are told from everybody else's: each
//! carries the digest of its own text, so that one that somebody changed is not ours any more.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Hook;
use crate::domain::path::quote;

/// How the second line of each script begins; the digest follows. `hooks/lookup.sh` reads it.
const MARK: &str = "# git-ap hook ";
const MARK_END: &str = " (`git ap hook uninstall` takes it away)\n";
const FIRST: &str = "#!/bin/sh\n";

const GUARD: &str = include_str!("../../../hooks/guard.sh");
const FORWARD: &str = include_str!("../../../hooks/forward.sh");
const CHAINED: &str = include_str!("../../../hooks/chained.sh");
const LOOKUP: &str = include_str!("../../../hooks/lookup.sh");
const RUN: &str = include_str!("../../../hooks/run.sh");

/// More than any script of ours has, in bytes.
const LIMIT: u64 = 64 * 1024;

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// There is none.
    Nobody,
    /// Ours, byte for byte, of this or another version.
    Ours,
    /// Ours once; somebody changed it.
    Edited,
    /// Somebody else's, or no regular file.
    Theirs,
}

/// The script that asks `program` whether a commit or push may be. `own` says that it stands in
/// the directory of git ap, with the hooks that were there before elsewhere.
pub(super) fn guard(hook: Hook, program: &Path, own: bool) -> Vec<u8> {
    let lookup = if own { LOOKUP } else { "" };
    let body = [GUARD, "\n", CHAINED, lookup, RUN].concat();
    script(&body, hook.name(), program.as_os_str())
}

/// The script that runs the hook that git would have run, for hooks that are not ours.
pub(super) fn forward(name: &str) -> Vec<u8> {
    script(&[FORWARD, "\n", CHAINED, LOOKUP, RUN].concat(), name, OsStr::new(""))
}

fn script(body: &str, name: &str, program: &OsStr) -> Vec<u8> {
    let body = body.replace("@NAME@", &format!("'{name}'"));
    let mut text = Vec::with_capacity(body.len() + program.len() + 8);
    match body.split_once("@PROGRAM@") {
        Some((before, after)) => {
            text.extend_from_slice(before.as_bytes());
            text.extend_from_slice(&one_word(program.as_bytes()));
            text.extend_from_slice(after.as_bytes());
        }
        None => text.extend_from_slice(body.as_bytes()),
    }
    let head = format!("{FIRST}{MARK}{}{MARK_END}", digest(&text));
    [head.into_bytes(), text].concat()
}

/// Bytes as one word of a POSIX shell: in single quotes only the single quote means something.
fn one_word(bytes: &[u8]) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => word.extend_from_slice(b"'\\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}

/// Names bytes: the object id that git gives a blob of them. Accidents are told, not attacks.
pub(super) fn digest(bytes: &[u8]) -> String {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes);
    id.map_or_else(|error| format!("none: {error}"), |id| id.to_string())
}

/// Whose the file at `path` is; a symbolic link is never ours.
pub(super) fn whose(path: &Path) -> Result<Whose> {
    let reading = || format!("cannot read the hook {}", quote(path.as_os_str().as_bytes()));
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Whose::Nobody);
        }
        Err(e) => return Err(e).with_context(reading),
    };
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Ok(Whose::Theirs);
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        // One that we may not read is none that we wrote.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => return Ok(Whose::Theirs),
        Err(e) => return Err(e).with_context(reading),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).with_context(reading)?;
    Ok(whose_text(&bytes))
}

fn whose_text(bytes: &[u8]) -> Whose {
    let Some(rest) = bytes.strip_prefix(FIRST.as_bytes()) else { return Whose::Theirs };
    let Some(rest) = rest.strip_prefix(MARK.as_bytes()) else { return Whose::Theirs };
    let Some(end) = rest.iter().position(|b| *b == b'\n') else { return Whose::Edited };
    let (line, body) = rest.split_at(end + 1);
    let named = line.strip_suffix(MARK_END.as_bytes());
    if named == Some(digest(body).as_bytes()) { Whose::Ours } else { Whose::Edited }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_told_from_others_by_their_own_digest() {
        let ours = guard(Hook::PreCommit, Path::new("/usr/bin/git-ap"), false);
        let other = guard(Hook::PrePush, Path::new("/opt/it's here/git-ap"), true);
        let edited = [ours.clone(), b"echo more\n".to_vec()].concat();
        for (bytes, whose) in [
            (ours.as_slice(), Whose::Ours),
            (&other, Whose::Ours),
            (&forward("post-merge"), Whose::Ours),
            (&edited, Whose::Edited),
            (b"#!/bin/sh\n# git-ap hook ", Whose::Edited),
            (b"#!/bin/sh\nexit 1\n", Whose::Theirs),
            (b"\x7fELF\0", Whose::Theirs),
            (b"", Whose::Theirs),
        ] {
            assert_eq!(whose_text(bytes), whose, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_path_stays_one_word() {
        for (path, word) in [("/a b", "'/a b'"), ("/it's", "'/it'\\''s'"), ("/$(x)`", "'/$(x)`'")] {
            assert_eq!(one_word(path.as_bytes()), word.as_bytes());
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for script in [guard(Hook::CommitMsg, Path::new("/x"), true), forward("post-commit")] {
            let text = String::from_utf8(script).expect("text");
            assert!(!text.contains("@N") && !text.contains("@P"), "{text}");
            assert!(text.lines().nth(1).is_some_and(|line| line.starts_with(MARK)), "{text}");
        }
        assert!(LOOKUP.contains(&format!("'{MARK}'*")), "the script knows the mark");
    }
}
