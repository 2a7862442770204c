//! Which paths are asked for: as git takes them, relative to the current directory.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Component, Path};

use anyhow::{Context as _, Result};

use super::Args;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, quote, unquote};

/// A path that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Where; none: the root.
    pub(super) path: Option<RepoPath>,
    /// Whether it was written as a directory.
    pub(super) directory: bool,
}

/// Where paths are relative to.
pub(super) struct Base<'a> {
    /// The root of the worktree, without symbolic links.
    root: &'a Path,
    /// The current directory below it, without a `/` at its end.
    prefix: Vec<u8>,
}

impl<'a> Base<'a> {
    /// Paths are relative to `cwd`, or to the root where that is not in the worktree.
    pub(super) fn new(root: &'a Path, cwd: &Path) -> Self {
        let real = cwd.canonicalize().unwrap_or_else(|_| cwd.to_owned());
        let below = real.strip_prefix(root).unwrap_or(Path::new(""));
        Self { root, prefix: below.as_os_str().as_encoded_bytes().to_vec() }
    }

    /// Every path that the command was given: its arguments, then its standard input.
    pub(super) fn paths(&self, args: &Args) -> Result<Vec<Asked>> {
        let mut paths = Vec::new();
        for path in &args.paths {
            paths.push(self.argument(path)?);
        }
        if args.stdin {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            let end = if args.nul { 0 } else { b'\n' };
            for text in bytes.split(|b| *b == end).filter(|text| !text.is_empty()) {
                // As git does where it reads names by line.
                let quoted = !args.nul && text.first() == Some(&b'"');
                let path = if quoted { unquote(text).map(|t| self.plain(&t)) } else { None };
                paths.push(path.unwrap_or_else(|| self.plain(text))?);
            }
        }
        if paths.is_empty() && !args.stdin {
            let failure = Failure::new(Kind::Usage, "whose? no path was given");
            return Err(failure.hint("git ap scope who PATH, or --stdin").into());
        }
        Ok(paths)
    }

    /// A path of the command line: `:/x` is one from the root (`git help glossary`, "pathspec").
    fn argument(&self, given: &OsStr) -> Result<Asked> {
        let text = given.as_encoded_bytes();
        let top = text.strip_prefix(b":/").or_else(|| text.strip_prefix(b":(top)"));
        match top {
            Some(top) => joined(b"", top, text),
            None => self.plain(text),
        }
    }

    fn plain(&self, text: &[u8]) -> Result<Asked> {
        // What `git ls-files` prints needs nothing done to it.
        if self.prefix.is_empty()
            && let Some(path) = RepoPath::new(text)
        {
            return Ok(Asked { path: Some(path), directory: false });
        }
        if text.first() == Some(&b'/') {
            let inside = self.inside(text).ok_or_else(|| outside(text))?;
            return joined(b"", &inside, text);
        }
        joined(&self.prefix, text, text)
    }

    /// An absolute path from the root of the worktree. The file need not exist, nor its
    /// directory: the symbolic links of what does are followed.
    fn inside(&self, text: &[u8]) -> Option<Vec<u8>> {
        let path = crate::git::worktrees::os_path_of(text);
        let path = Path::new(&path);
        let slash: &[u8] = if text.ends_with(b"/") { b"/" } else { b"" };
        let end = |below: &Path| [below.as_os_str().as_encoded_bytes(), slash].concat();
        if let Ok(below) = path.strip_prefix(self.root) {
            return Some(end(below));
        }
        let clean = !path.components().any(|c| c == Component::ParentDir);
        let above = path.ancestors().filter(|_| clean).find_map(|above| {
            let real = above.parent()?.canonicalize().ok()?.join(above.file_name()?);
            Some((real, path.strip_prefix(above).ok()?))
        });
        let (real, rest) = above?;
        let whole = real.join(rest);
        whole.strip_prefix(self.root).ok().map(end)
    }
}

/// `text` below `prefix`, with `.` and `..` worked out as git does: by their names alone.
fn joined(prefix: &[u8], text: &[u8], given: &[u8]) -> Result<Asked> {
    let mut names: Vec<&[u8]> = prefix.split(|b| *b == b'/').filter(|n| !n.is_empty()).collect();
    let mut last: &[u8] = b".";
    for name in text.split(|b| *b == b'/') {
        last = name;
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop().ok_or_else(|| outside(given))?;
            }
            name => names.push(name),
        }
    }
    let directory = matches!(last, b"" | b"." | b"..");
    if names.is_empty() {
        return Ok(Asked { path: None, directory });
    }
    let path = RepoPath::new(names.join(&b'/')).ok_or_else(|| {
        let message = format!("`{}` is no path of a repository", quote(given));
        Failure::new(Kind::Usage, message).hint("`.git` and a NUL are in no path")
    })?;
    Ok(Asked { path: Some(path), directory })
}

fn outside(given: &[u8]) -> Failure {
    Failure::new(Kind::Usage, format!("`{}` is outside of the worktree", quote(given)))
        .hint("write it relative to the current directory, or `:/x` from the root")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_as_they_are_for_git() {
        let root = Path::new("/nowhere/repo");
        let base = |prefix: &str| Base { root, prefix: prefix.as_bytes().to_vec() };
        for (prefix, given, path) in [
            ("", "src/a", "src/a"),
            ("", "src/", "src/ directory"),
            ("", "./src//a", "src/a"),
            ("", ".", " directory"),
            ("src/auth", "login.rs", "src/auth/login.rs"),
            ("src/auth", "../web", "src/web"),
            ("src/auth", "..", "src directory"),
            ("src/auth", ":/x", "x"),
            ("src/auth", ":(top)x/", "x/ directory"),
            ("src/auth", ":/", " directory"),
            ("src", ":x", "src/:x"),
            ("src", "/nowhere/repo/a/b", "a/b"),
            ("src", "/nowhere/repo/a/", "a/ directory"),
            ("src", "/nowhere/repo", " directory"),
            ("src", "../..", "`../..` is outside of the worktree"),
            ("src", "/nowhere/else", "`/nowhere/else` is outside of the worktree"),
            ("src", "/nowhere/repository", "`/nowhere/repository` is outside of the worktree"),
            ("src", "../.git/x", "`../.git/x` is no path of a repository"),
        ] {
            let said = match base(prefix).argument(OsStr::new(given)) {
                Err(error) => error.to_string(),
                Ok(asked) => {
                    let path = asked.path.as_ref().map_or(String::new(), ToString::to_string);
                    format!("{path}{}", if asked.directory { " directory" } else { "" })
                }
            };
            let expected = path.replace("/ directory", " directory");
            assert_eq!(said, expected, "{given} in {prefix}");
        }
    }
}
