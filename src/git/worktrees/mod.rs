//! Linked worktrees: made, filled, looked into, saved and removed. Each step can be taken again
//! after a crash; nothing that somebody put into one is lost.

mod add;
mod inside;
mod link;
mod remove;
mod restore;
mod save;

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use add::{add, fill, fill_submodules, is_filled, move_to, place, put_back};
pub use remove::{discard, is_going, remove, require_removable};
pub use restore::restore;
pub use save::{contents, keep_commit, leave, save_all, save_foreign};

use super::objects::repo_path;
use super::{Git, Repository};
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, shell_word};
use crate::store::Steps;

/// What a worktree has checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checkout {
    /// A branch, made at a commit where it does not exist.
    Branch {
        /// Its short name.
        name: String,
        /// The commit, as a full id.
        start: String,
    },
    /// A commit without a branch.
    Detached(String),
}

/// A worktree as git lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// Its root.
    pub path: PathBuf,
    /// The commit that is checked out; none: no commit yet.
    pub head: Option<String>,
    /// The full name of the branch; none: detached.
    pub branch: Option<String>,
    /// Why it is locked; empty: nobody said why; none: it is not.
    pub locked: Option<String>,
    /// Whether its files are gone.
    pub prunable: bool,
}

/// What a worktree holds that is in no commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dirt {
    /// Tracked paths that differ from `HEAD`, staged or not, sorted.
    pub tracked: Vec<RepoPath>,
    /// Files that git does not know, sorted.
    pub untracked: Vec<RepoPath>,
    /// How many files git ignores there; a directory that is ignored as a whole counts as one.
    pub ignored: usize,
    /// What was begun and not ended: a merge, a rebase and the like.
    pub operation: Option<&'static str>,
}

impl Dirt {
    /// Whether something would be lost with the worktree.
    pub fn is_clean(&self) -> bool {
        self.tracked.is_empty() && self.untracked.is_empty()
    }
}

/// The worktrees of a repository, the main one first.
pub fn list(repository: &Repository) -> Result<Vec<Worktree>> {
    let output = repository.git().output(["worktree", "list", "--porcelain", "-z"])?;
    let mut found: Vec<Worktree> = Vec::new();
    for row in output.split(|b| *b == 0).filter(|row| !row.is_empty()) {
        let cut = row.iter().position(|b| *b == b' ').unwrap_or(row.len());
        let (key, value) = (&row[..cut], row.get(cut + 1..).unwrap_or_default());
        let text = || String::from_utf8_lossy(value).into_owned();
        if key == b"worktree" {
            let path = PathBuf::from(os_str(value));
            let (head, branch, locked) = (None, None, None);
            found.push(Worktree { path, head, branch, locked, prunable: false });
            continue;
        }
        let Some(worktree) = found.last_mut() else { continue };
        match key {
            b"HEAD" => worktree.head = Some(text()).filter(|id| !id.bytes().all(|b| b == b'0')),
            b"branch" => worktree.branch = Some(text()),
            b"locked" => worktree.locked = Some(text()),
            b"prunable" => worktree.prunable = true,
            _ => {}
        }
    }
    Ok(found)
}

/// The worktree that git has at a place.
fn registered(repository: &Repository, path: &Path) -> Result<Option<Worktree>> {
    Ok(list(repository)?.into_iter().find(|w| same(&w.path, path)))
}

/// The worktree that has a branch, by its full name, checked out.
pub fn having(repository: &Repository, branch: &str) -> Result<Option<PathBuf>> {
    let worktrees = list(repository)?.into_iter();
    let mut having = worktrees.filter(|w| w.branch.as_deref() == Some(branch) && !w.prunable);
    Ok(having.next().map(|w| w.path))
}

/// Refuses where a branch, by its full name, is checked out in another place than its own:
/// somebody moved the worktree, or made one for it.
pub fn require_not_elsewhere(repository: &Repository, branch: &str, place: &Path) -> Result<()> {
    let worktrees = list(repository)?;
    let has = |w: &&Worktree| w.branch.as_deref() == Some(branch) && !w.prunable;
    let Some(found) = worktrees.iter().find(|w| has(w) && !same(&w.path, place)) else {
        return Ok(());
    };
    let own = place.display().to_string();
    let mut failure = checked_out(branch, &found.path, &format!(" instead of {own}"));
    if worktrees.first() != Some(found) {
        let shown = found.path.display().to_string();
        let (from, to) = (shell_word(&shown), shell_word(&own));
        failure = failure.hint(format!("git worktree move {from} {to}"));
    }
    Err(failure.into())
}

/// Refuses where a branch, by its full name, is checked out anywhere: moved, it would leave the
/// files there behind.
pub fn require_nowhere(repository: &Repository, branch: &str) -> Result<()> {
    match having(repository, branch)? {
        Some(worktree) => Err(checked_out(branch, &worktree, "").into()),
        None => Ok(()),
    }
}

fn checked_out(branch: &str, worktree: &Path, more: &str) -> Failure {
    let shown = worktree.display().to_string();
    let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let message = format!("the branch `{short}` is checked out in {shown}{more}");
    let hint = format!("git -C {} switch --detach", shell_word(&shown));
    Failure::new(Kind::User, message).hint(hint)
}

/// Git for a linked worktree of this repository, with its private git directory: it goes on
/// naming that directory, whatever the worktree's file `.git` comes to say.
///
/// Fails where that file is gone or leads elsewhere.
pub fn addressed(repository: &Repository, worktree: &Path) -> Result<(Git, PathBuf)> {
    let linked = link::linked_of(repository, worktree)?;
    let git = linked.git.env("GIT_DIR", linked.git_dir.as_os_str());
    Ok((git.env("GIT_WORK_TREE", worktree.as_os_str()), linked.git_dir))
}

/// The private git directory of a worktree; none where there is no worktree.
pub fn git_dir(worktree: &Path) -> Result<Option<PathBuf>> {
    let file = worktree.join(".git");
    match fs::symlink_metadata(&file) {
        Err(_) => Ok(None),
        Ok(metadata) if metadata.is_dir() => Ok(Some(file)),
        Ok(_) => {
            let reading = || format!("cannot read {}", file.display());
            let text = fs::read(&file).with_context(reading)?;
            let target = text.strip_prefix(b"gitdir: ").with_context(reading)?;
            let target = target.strip_suffix(b"\n").unwrap_or(target);
            Ok(Some(worktree.join(PathBuf::from(os_str(target)))))
        }
    }
}

/// The name of the file in a worktree's git directory that says whose it is. The hook's shim
/// looks for it where the program itself is missing.
pub const MARK: &str = "ap-objective";

/// The sign in the git directory of the gates' worktree that its set-up is done.
pub const GATE_SIGN: &str = "ap-gate-ready";

/// Marks a worktree as an objective's.
pub fn mark(worktree: &Path, text: &str, steps: &Steps) -> Result<()> {
    put_sign(worktree, MARK, text, steps)
}

/// Whose worktree a git directory belongs to, if it is marked: `<plan>/<objective>`.
pub fn marked(git_dir: &Path) -> Result<Option<String>> {
    match fs::read_to_string(git_dir.join(MARK)) {
        Ok(text) => Ok(Some(text.trim_end().to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).context("cannot read the mark of a worktree"),
    }
}

/// Puts a text into a worktree's git directory, as a sign that something was done.
pub fn put_sign(worktree: &Path, name: &str, text: &str, steps: &Steps) -> Result<()> {
    let shown = worktree.display().to_string();
    let git_dir = git_dir(worktree)?.with_context(|| format!("`{shown}` is no worktree"))?;
    let file = git_dir.join(name);
    if fs::read(&file).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    steps.pass("mark-worktree", &shown)?;
    let writing = || format!("cannot write {}", file.display());
    // The name is the same each time: what a killed process left is used up by the next one.
    let mut builder = tempfile::Builder::new();
    builder.prefix(name).suffix(".new").rand_bytes(0);
    remove::remove_file(&git_dir.join(format!("{name}.new")))?;
    let mut new = builder.tempfile_in(&git_dir).with_context(writing)?;
    new.write_all(text.as_bytes()).with_context(writing)?;
    new.persist(&file).with_context(writing)?;
    Ok(())
}

/// The text of such a sign, if it is there.
pub fn sign(worktree: &Path, name: &str) -> Result<Option<String>> {
    let Some(git_dir) = git_dir(worktree)? else { return Ok(None) };
    match fs::read_to_string(git_dir.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| format!("cannot read {name}")),
    }
}

/// The commit that a worktree has checked out; none: there is no such worktree.
pub fn head_of(repository: &Repository, worktree: &Path) -> Result<Option<String>> {
    Ok(registered(repository, worktree)?.and_then(|w| w.head))
}

/// The commits that only references of a worktree's own reach, which go with it (git-worktree(1),
/// "REFS"); none where there is no worktree.
pub fn own_references(worktree: &Path) -> Result<Vec<String>> {
    if git_dir(worktree)?.is_none() {
        return Ok(Vec::new());
    }
    let args = ["for-each-ref", "--format=%(objecttype) %(objectname)"];
    let own = ["refs/worktree/", "refs/bisect/", "refs/rewritten/"];
    let rows = link::followed(worktree)?.output(args.iter().chain(&own))?;
    let rows = String::from_utf8_lossy(&rows).into_owned();
    Ok(rows.lines().filter_map(|row| row.strip_prefix("commit ")).map(str::to_owned).collect())
}

/// What a worktree holds that is in no commit.
pub fn dirty(worktree: &Path) -> Result<Dirt> {
    let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
    // With `traditional`, every file below an ignored directory would be a row.
    let more = ["--ignore-submodules=none", "--ignored=matching"];
    let output = link::followed(worktree)?.output(args.iter().chain(&more))?;
    let mut dirt = Dirt { operation: operation(worktree)?, ..Dirt::default() };
    for row in output.split(|b| *b == 0).filter(|row| !row.is_empty()) {
        // Two letters and a space, then the path as it is (git-status(1), "Short Format").
        let path = row.get(3..).context("git printed half a line of its status")?;
        match &row[..2] {
            b"!!" => dirt.ignored += 1,
            b"??" => dirt.untracked.push(repo_path(path.strip_suffix(b"/").unwrap_or(path))?),
            _ => dirt.tracked.push(repo_path(path)?),
        }
    }
    dirt.tracked.sort();
    dirt.untracked.sort();
    Ok(dirt)
}

/// What was begun in a worktree and not ended, as `git status` tells it.
fn operation(worktree: &Path) -> Result<Option<&'static str>> {
    let Some(git_dir) = git_dir(worktree)? else { return Ok(None) };
    let signs = [
        ("MERGE_HEAD", "merge"),
        ("rebase-merge", "rebase"),
        ("rebase-apply", "rebase"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
    ];
    Ok(signs.iter().find(|(sign, _)| git_dir.join(sign).exists()).map(|(_, what)| *what))
}

/// Removes a folder and `levels - 1` of its parents as long as they are empty.
pub fn remove_empty_folders(folder: &Path, levels: usize, steps: &Steps) -> Result<()> {
    for folder in folder.ancestors().take(levels) {
        steps.pass("remove-folder", &folder.display().to_string())?;
        match fs::remove_dir(folder) {
            Ok(()) => {}
            Err(e) if matches!(e.kind(), ErrorKind::NotFound) => {}
            Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => return Ok(()),
            Err(e) => return Err(e).with_context(|| format!("cannot remove {}", folder.display())),
        }
    }
    Ok(())
}

/// Whether two paths are one place; neither need exist, but what they are in must.
fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let whole = path.canonicalize().ok();
        let above = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
        whole.or_else(above).unwrap_or_else(|| path.to_owned())
    };
    one == other || real(one) == real(other)
}

#[cfg(unix)]
fn os_str(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt as _;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_str(bytes: &[u8]) -> OsString {
    OsString::from(String::from_utf8_lossy(bytes).into_owned())
}

/// A path as an argument for git.
pub fn os_path(path: &RepoPath) -> OsString {
    os_str(path.as_bytes())
}

/// Bytes as a path of the file system.
pub fn os_path_of(bytes: &[u8]) -> OsString {
    os_str(bytes)
}

/// Whether git ignores a path of a worktree, so that no commit holds it; one that it tracks it
/// does not ignore.
pub fn is_output(worktree: &Path, path: &RepoPath) -> Result<bool> {
    // It takes a path for a pattern that may begin with magic, and no word against that.
    let row = [b"./", path.as_bytes(), b"\0"].concat();
    let asked = Git::elsewhere(worktree).answer(["check-ignore", "-z", "--stdin"], Some(&row))?;
    Ok(asked.success && !asked.stdout.is_empty())
}

/// Files that git ignores in a worktree, sorted, and in place of what is below it each directory
/// that holds nothing else, whether git ignores the directory itself or not.
pub fn ignored(worktree: &Path) -> Result<Vec<RepoPath>> {
    let args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
    let output = link::followed(worktree)?.output(args)?;
    let rows = output.split(|b| *b == 0).filter(|row| !row.is_empty());
    let paths = rows.map(|row| repo_path(row.strip_suffix(b"/").unwrap_or(row)));
    let mut paths = paths.collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The roots of all worktrees of a repository that are there, without asking git
/// (gitrepository-layout(5), `worktrees/ID/gitdir`).
pub fn roots(repository: &Repository) -> Result<Vec<PathBuf>> {
    let mut roots: Vec<PathBuf> = repository.main_root().into_iter().collect();
    let folder = repository.common_dir().join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(roots),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", folder.display()));
        }
    };
    for entry in entries {
        let git_dir = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        // One that is just being made, or removed, has no root yet, or no longer.
        let Ok(link) = fs::read(git_dir.join("gitdir")) else { continue };
        let link = git_dir.join(PathBuf::from(os_str(link.trim_ascii_end())));
        roots.extend(link.parent().and_then(|root| root.canonicalize().ok()));
    }
    Ok(roots)
}
