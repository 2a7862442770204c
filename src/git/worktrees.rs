//! Linked worktrees: made, filled, looked into, saved and removed. Each step can be taken again
//! after a crash; nothing that somebody put into one is lost.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

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
            found.push(Worktree { path, head: None, branch: None, prunable: false });
            continue;
        }
        let Some(worktree) = found.last_mut() else { continue };
        match key {
            b"HEAD" => worktree.head = Some(text()).filter(|id| !id.bytes().all(|b| b == b'0')),
            b"branch" => worktree.branch = Some(text()),
            b"prunable" => worktree.prunable = true,
            _ => {}
        }
    }
    Ok(found)
}

/// The worktree that has a branch, by its full name, checked out.
pub fn having(repository: &Repository, branch: &str) -> Result<Option<PathBuf>> {
    let worktrees = list(repository)?.into_iter();
    let mut having = worktrees.filter(|w| w.branch.as_deref() == Some(branch) && !w.prunable);
    Ok(having.next().map(|w| w.path))
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

/// Makes a worktree and fills it, or the rest of that after a crash. A worktree that is there
/// and was filled stays as it is.
pub fn add(repository: &Repository, path: &Path, checkout: &Checkout, steps: &Steps) -> Result<()> {
    let shown = path.display().to_string();
    let found = list(repository)?.into_iter().find(|w| same(&w.path, path));
    match &found {
        Some(worktree) if worktree.prunable => {
            // Its files were removed behind git's back: there is nothing left to keep.
            repository.git().output([
                "worktree".as_ref(),
                "remove".as_ref(),
                "--force".as_ref(),
                "--force".as_ref(),
                path.as_os_str(),
            ])?;
            register(repository, path, checkout, steps)?;
        }
        Some(worktree) => {
            let wanted = match checkout {
                Checkout::Branch { name, .. } => Some(format!("refs/heads/{name}")),
                Checkout::Detached(_) => None,
            };
            if worktree.branch != wanted {
                let message = format!("the worktree `{shown}` is there with another branch");
                let hint = format!("git worktree remove {}", shell_word(&shown));
                return Err(Failure::new(Kind::Repository, message).hint(hint).into());
            }
        }
        None => {
            require_empty(path)?;
            register(repository, path, checkout, steps)?;
        }
    }
    fill(path, steps)
}

fn register(
    repository: &Repository,
    path: &Path,
    checkout: &Checkout,
    steps: &Steps,
) -> Result<()> {
    steps.pass("add-worktree", &path.display().to_string())?;
    if let Some(parent) = path.parent() {
        make_directories(parent)?;
    }
    let mut args: Vec<&OsStr> =
        ["worktree", "add", "--quiet", "--no-checkout"].map(OsStr::new).to_vec();
    // Relative links are refused by git before 2.48.
    args.splice(0..0, ["-c", "worktree.useRelativePaths=false"].map(OsStr::new));
    match checkout {
        Checkout::Branch { name, start } => {
            match repository.reference(&format!("refs/heads/{name}"))? {
                None => {
                    args.extend(["--no-track", "-b", name].map(OsStr::new));
                    args.extend([path.as_os_str(), start.as_ref()]);
                }
                // Left by the same step before a crash.
                Some(tip) if tip == *start => {
                    args.extend([path.as_os_str(), name.as_ref()]);
                }
                Some(_) => {
                    let message = format!("the branch `{name}` exists already with other commits");
                    let hint = format!("git branch -m {name} {name}-old");
                    return Err(Failure::new(Kind::Repository, message).hint(hint).into());
                }
            }
        }
        Checkout::Detached(commit) => {
            args.extend([OsStr::new("--detach"), path.as_os_str(), commit.as_ref()]);
        }
    }
    repository.git().output(args)?;
    steps.pass("added-worktree", &path.display().to_string())
}

/// Checks the files out. Git writes the index last: where there is one, that was done.
fn fill(path: &Path, steps: &Steps) -> Result<()> {
    let shown = path.display().to_string();
    let git_dir = git_dir(path)?.with_context(|| format!("`{shown}` is no worktree"))?;
    if git_dir.join("index").exists() {
        return Ok(());
    }
    steps.pass("fill-worktree", &shown)?;
    // Nobody but a killed process of ours can have begun this.
    remove_file(&git_dir.join("index.lock"))?;
    Git::elsewhere(path).as_user().output(["reset", "--hard", "--quiet"])?;
    steps.pass("filled-worktree", &shown)
}

/// Checks out the submodules of a worktree.
pub fn fill_submodules(worktree: &Path, steps: &Steps) -> Result<()> {
    steps.pass("fill-submodules", &worktree.display().to_string())?;
    let args = ["submodule", "--quiet", "update", "--init", "--recursive"];
    Git::elsewhere(worktree).as_user().output(args).map(drop)
}

/// The name of the file in a worktree's git directory that says whose it is. The hook's shim
/// looks for it where the program itself is missing.
pub const MARK: &str = "ap-objective";

/// Marks a worktree as an objective's.
pub fn mark(worktree: &Path, text: &str, steps: &Steps) -> Result<()> {
    put(worktree, MARK, text, steps)
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
    put(worktree, name, text, steps)
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

fn put(worktree: &Path, name: &str, text: &str, steps: &Steps) -> Result<()> {
    let shown = worktree.display().to_string();
    let git_dir = git_dir(worktree)?.with_context(|| format!("`{shown}` is no worktree"))?;
    let file = git_dir.join(name);
    if fs::read(&file).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    steps.pass("mark-worktree", &shown)?;
    let writing = || format!("cannot write {}", file.display());
    let mut new = tempfile::NamedTempFile::new_in(&git_dir).with_context(writing)?;
    new.write_all(text.as_bytes()).with_context(writing)?;
    new.persist(&file).with_context(writing)?;
    Ok(())
}

/// Checks another commit out in a worktree without a branch. Changes of tracked files and files
/// that git neither knows nor ignores are gone afterwards; ignored ones stay.
pub fn move_to(worktree: &Path, commit: &str, steps: &Steps) -> Result<()> {
    steps.pass("move-worktree", &worktree.display().to_string())?;
    let git = Git::elsewhere(worktree).as_user();
    if let Some(git_dir) = git_dir(worktree)? {
        // The gates' worktree is nobody's but ours, and the session is locked or claimed.
        remove_file(&git_dir.join("index.lock"))?;
    }
    git.output(["reset", "--hard", "--quiet"])?;
    git.output(["clean", "-ffdq"])?;
    git.output(["checkout", "--quiet", "--detach", "--force", commit])?;
    git.output(["clean", "-ffdq"]).map(drop)
}

/// The commit that a worktree has checked out; none: there is no such worktree.
pub fn head_of(repository: &Repository, worktree: &Path) -> Result<Option<String>> {
    let found = list(repository)?.into_iter().find(|w| same(&w.path, worktree));
    Ok(found.and_then(|w| w.head))
}

/// What a worktree holds that is in no commit.
pub fn dirty(worktree: &Path) -> Result<Dirt> {
    let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
    let more = ["--ignore-submodules=none", "--ignored=traditional"];
    let output = Git::elsewhere(worktree).output(args.iter().chain(&more))?;
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
    ];
    Ok(signs.iter().find(|(sign, _)| git_dir.join(sign).exists()).map(|(_, what)| *what))
}

/// Saves everything of a worktree that is in no commit, ignored files aside, as a commit on its
/// `HEAD` under `refs/ap/backup/<name>`. The worktree and its index stay as they are. Returns
/// the ref; none: there was nothing. The same contents again give the same ref.
pub fn save_all(
    repository: &Repository,
    worktree: &Path,
    name: &str,
    steps: &Steps,
) -> Result<Option<String>> {
    steps.pass("save-worktree", &worktree.display().to_string())?;
    let Some(tree) = contents(worktree)? else { return Ok(None) };
    let git = Git::elsewhere(worktree);
    let head = git.line(["rev-parse", "--verify", "HEAD"])?;
    let message = format!("what was in {} and in no commit\n", worktree.display());
    keep(repository, name, &Kept { tree, parent: head, message }, steps).map(Some)
}

/// The tree that everything in a worktree would make, ignored files aside; none: it is what
/// `HEAD` has. The worktree and its index stay as they are.
pub fn contents(worktree: &Path) -> Result<Option<String>> {
    if dirty(worktree)?.is_clean() {
        return Ok(None);
    }
    let git_dir = git_dir(worktree)?.context("a worktree that has changes has a git directory")?;
    let folder = tempfile::tempdir().context("cannot make a folder for an index")?;
    let index = folder.path().join("index");
    if git_dir.join("index").exists() {
        fs::copy(git_dir.join("index"), &index).context("cannot copy an index")?;
    }
    let git = Git::elsewhere(worktree).env("GIT_INDEX_FILE", index.as_os_str());
    let all = ["-c", "advice.addEmbeddedRepo=false", "add", "--all", "--ignore-errors"];
    git.output(all).with_context(|| format!("cannot save what is in {}", worktree.display()))?;
    git.line(["write-tree"]).map(Some)
}

/// Keeps a commit, and with it all that it reaches, under `refs/ap/backup/<name>`.
pub fn keep_commit(
    repository: &Repository,
    name: &str,
    commit: &str,
    steps: &Steps,
) -> Result<String> {
    for n in 1..1000 {
        let reference = backup_name(name, n);
        match repository.reference(&reference)? {
            Some(found) if found == commit => return Ok(reference),
            Some(_) => {}
            None => {
                let update = super::RefUpdate::create(&reference, commit);
                repository.update_references(&[update], "git ap: backup", steps)?;
                return Ok(reference);
            }
        }
    }
    anyhow::bail!("a thousand backups are called {name}: delete some of refs/ap/backup")
}

struct Kept {
    tree: String,
    parent: String,
    message: String,
}

fn keep(repository: &Repository, name: &str, kept: &Kept, steps: &Steps) -> Result<String> {
    for n in 1..1000 {
        let reference = backup_name(name, n);
        let Some(found) = repository.reference(&reference)? else {
            let commit = repository.commit_as_git_ap(&kept.tree, &[&kept.parent], &kept.message)?;
            let update = super::RefUpdate::create(&reference, commit);
            repository.update_references(&[update], "git ap: backup", steps)?;
            return Ok(reference);
        };
        if repository.tree_of(&found)? == kept.tree
            && repository.parents(&found)? == [kept.parent.clone()]
        {
            return Ok(reference);
        }
    }
    anyhow::bail!("a thousand backups are called {name}: delete some of refs/ap/backup")
}

fn backup_name(name: &str, n: usize) -> String {
    let suffix = if n == 1 { String::new() } else { format!("-{n}") };
    format!("refs/ap/backup/{name}{suffix}")
}

/// Removes a worktree with all its files. It is no error if there is none.
pub fn remove(repository: &Repository, path: &Path, steps: &Steps) -> Result<()> {
    let registered = list(repository)?.iter().any(|w| same(&w.path, path));
    if !registered && fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let shown = path.display().to_string();
    steps.pass("remove-worktree", &shown)?;
    if registered {
        let args = ["worktree", "remove", "--force", "--force"].map(OsStr::new);
        let removed = repository.git().output(args.into_iter().chain([path.as_os_str()]));
        // On a very long path git unregisters the worktree and leaves its files.
        let still = list(repository)?.iter().any(|w| same(&w.path, path));
        if still {
            removed?;
        }
    }
    remove_tree(path)?;
    steps.pass("removed-worktree", &shown)
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

/// Refuses a place where something else is.
fn require_empty(path: &Path) -> Result<()> {
    let empty = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) if e.kind() == ErrorKind::NotFound => true,
        Err(_) => false,
    };
    if empty {
        return Ok(());
    }
    let shown = path.display().to_string();
    let message = format!("`{shown}` is in the way of a worktree: something else is there");
    let hint = format!("mv {0} {0}.old", shell_word(&shown));
    Err(Failure::new(Kind::Repository, message).hint(hint).into())
}

#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn make_directories(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that owns worktrees")]
fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Whether two paths are one place; either need not exist.
fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
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
