//! Saving what would be lost with a worktree or a branch, under `refs/ap/backup/`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::link::{Linked, linked_of};
use super::remove::REMOVING;
use super::{inside, os_str};
use crate::domain::path::RepoPath;
use crate::git::{Git, RefUpdate, Repository};
use crate::store::Steps;

/// Saves everything of a worktree that is in no commit, ignored files aside, as a commit on its
/// `HEAD` under `refs/ap/backup/<name>`; where the index has something that neither `HEAD` nor
/// the files have, that is a second parent, as `git stash` does it. The worktree and its index
/// stay as they are. Returns the ref; none: there was nothing. The same contents again give the
/// same ref.
///
/// Repositories inside are left out: `remove` refuses to drop what they alone have. So is what
/// was brought into the worktree, by its quoted paths: it may be a secret, and is elsewhere.
pub fn save_all(
    repository: &Repository,
    worktree: &Path,
    name: &str,
    brought: &[String],
    steps: &Steps,
) -> Result<Option<String>> {
    let linked = linked_of(repository, worktree)?;
    steps.pass("save-worktree", &worktree.display().to_string())?;
    let Some(found) = look(linked, worktree, brought)? else { return Ok(None) };
    let message = format!("what was in {} and in no commit\n", worktree.display());
    keep(repository, name, &found, &message, steps).map(Some)
}

/// The tree that everything in a worktree would make, ignored files aside; none: nothing is
/// there that no commit has, in the index neither. The worktree and its index stay as they are.
pub fn contents(repository: &Repository, worktree: &Path) -> Result<Option<String>> {
    Ok(look(linked_of(repository, worktree)?, worktree, &[])?.map(|found| found.tree))
}

/// The sign in the gates' worktree with the tree of what was left there by what was run.
const LEFT: &str = "ap-gate-left";

/// Remembers what is left in the gates' worktree by what was run there: that is nobody's work.
pub fn leave(repository: &Repository, worktree: &Path, steps: &Steps) -> Result<()> {
    let left = contents(repository, worktree)?.unwrap_or_default();
    super::put_sign(worktree, LEFT, &left, steps)
}

/// Saves what somebody put into the gates' worktree since something was run there, as
/// [`save_all`] does.
pub fn save_foreign(
    repository: &Repository,
    worktree: &Path,
    name: &str,
    steps: &Steps,
) -> Result<Option<String>> {
    let left = super::sign(worktree, LEFT)?.unwrap_or_default();
    let now = contents(repository, worktree)?;
    if now.is_none_or(|now| now == left) {
        return Ok(None);
    }
    save_all(repository, worktree, name, &[], steps)
}

/// What a worktree holds that is in no commit.
struct Found {
    /// Of the files.
    tree: String,
    /// The commit that is checked out.
    head: String,
    /// Of the index, where that has something that neither of them has.
    staged: Option<String>,
}

fn look(linked: Linked, worktree: &Path, brought: &[String]) -> Result<Option<Found>> {
    // What is there is half of what was saved before the removal began.
    if linked.git_dir.join(REMOVING).exists() || is_unfilled(&linked, worktree)? {
        return Ok(None);
    }
    let saving = || format!("cannot save what is in {}", worktree.display());
    let folder = tempfile::tempdir().context("cannot make a folder for an index")?;
    let copy = folder.path().join("index");
    let has_index = copy_index(&linked.git_dir.join("index"), &copy)?;
    let git = linked.git.env("GIT_INDEX_FILE", copy.as_os_str());
    // Paths are given to git below, some of them to be left out.
    let git = git.env("GIT_LITERAL_PATHSPECS", "0");
    if !has_index {
        git.output(["read-tree", "HEAD"]).with_context(saving)?;
    }
    let head = git.line(["rev-parse", "--verify", "HEAD"])?;
    let head_tree = git.line(["rev-parse", "--verify", "HEAD^{tree}"])?;
    let staged = staged_tree(&git).with_context(saving)?;
    stage_everything(&git, worktree).with_context(saving)?;
    leave_out(&git, brought).with_context(saving)?;
    let tree = git.line(["write-tree"]).with_context(saving)?;
    let staged = staged.filter(|staged| *staged != head_tree && *staged != tree);
    let is_clean = tree == head_tree && staged.is_none();
    Ok((!is_clean).then_some(Found { tree, head, staged }))
}

/// Whether nothing was checked out yet, and nothing was put there.
fn is_unfilled(linked: &Linked, worktree: &Path) -> Result<bool> {
    if linked.git_dir.join("index").exists() {
        return Ok(false);
    }
    let reading = || format!("cannot read {}", worktree.display());
    for entry in fs::read_dir(worktree).with_context(reading)? {
        if entry.with_context(reading)?.file_name() != ".git" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies an index with its time: git takes a file for unchanged if its entry is older than the
/// index, and looks into it otherwise (Documentation/technical/racy-git in git).
/// Returns whether there is one.
fn copy_index(index: &Path, copy: &Path) -> Result<bool> {
    let copying = || format!("cannot copy {}", index.display());
    let Ok(metadata) = fs::metadata(index) else { return Ok(false) };
    fs::copy(index, copy).with_context(copying)?;
    let file = fs::File::options().append(true).open(copy).with_context(copying)?;
    file.set_modified(metadata.modified().with_context(copying)?).with_context(copying)?;
    Ok(true)
}

/// The tree of an index as it is; none where a merge left it with conflicts, whose sides are
/// commits.
fn staged_tree(git: &Git) -> Result<Option<String>> {
    if !git.output(["ls-files", "--unmerged", "-z"])?.is_empty() {
        return Ok(None);
    }
    git.line(["write-tree"]).map(Some)
}

/// Puts every file of the worktree into the index that `git` uses.
fn stage_everything(git: &Git, worktree: &Path) -> Result<()> {
    show_hidden(git, worktree)?;
    // What would make git refuse, or look only where somebody else tells it to.
    let settings = ["core.safecrlf=false", "core.splitIndex=false", "core.fsmonitor=false"];
    let mut args: Vec<_> =
        settings.iter().flat_map(|s| ["-c".into(), os_str(s.as_bytes())]).collect();
    args.extend(["add", "--all", "--", "."].map(|a| os_str(a.as_bytes())));
    for path in inside::untracked(git)? {
        args.push(os_str(&[b":(exclude,top,literal)", path.as_bytes()].concat()));
    }
    git.output(args).map(drop)
}

/// Takes what was brought out of the index that `git` uses; what `HEAD` has is no such thing.
fn leave_out(git: &Git, brought: &[String]) -> Result<()> {
    if brought.is_empty() {
        return Ok(());
    }
    let args = ["diff-index", "--cached", "--diff-filter=A", "--name-only", "-z", "HEAD", "--"];
    let added = git.output(args)?;
    let mut rows = Vec::new();
    for path in added.split(|b| *b == 0).filter_map(RepoPath::new) {
        if brought.contains(&path.to_string()) {
            rows.extend_from_slice(path.as_bytes());
            rows.push(0);
        }
    }
    git.fed(["update-index", "--force-remove", "-z", "--stdin"], Some(&rows)).map(drop)
}

/// Takes the flags away by which an index passes files over, where the file is there. What a
/// sparse checkout left out is not.
fn show_hidden(git: &Git, worktree: &Path) -> Result<()> {
    let rows = git.output(["ls-files", "-v", "-z", "--full-name"])?;
    let mut hidden = Vec::new();
    for row in rows.split(|b| *b == 0) {
        // `S`: skip-worktree; a small letter: assume-unchanged (git-ls-files(1), `-v`).
        let [tag, b' ', path @ ..] = row else { continue };
        let is_hidden = *tag == b'S' || tag.is_ascii_lowercase();
        let path = RepoPath::new(path).filter(|_| is_hidden);
        if path.is_some_and(|p| worktree.join(super::os_path(&p)).symlink_metadata().is_ok()) {
            hidden.extend_from_slice(&row[2..]);
            hidden.push(0);
        }
    }
    for flag in ["--no-assume-unchanged", "--no-skip-worktree"] {
        if !hidden.is_empty() {
            git.fed(["update-index", flag, "-z", "--stdin"], Some(&hidden))?;
        }
    }
    Ok(())
}

/// Keeps a commit, and with it all that it reaches, under `refs/ap/backup/<name>`.
pub fn keep_commit(
    repository: &Repository,
    name: &str,
    commit: &str,
    steps: &Steps,
) -> Result<String> {
    first_free(repository, name, |found| Ok(found == commit), || Ok(commit.to_owned()), steps)
}

fn keep(
    repository: &Repository,
    name: &str,
    found: &Found,
    message: &str,
    steps: &Steps,
) -> Result<String> {
    let is_same = |backup: &str| {
        let parents = repository.parents(backup)?;
        let staged = parents.get(1).map(|id| repository.tree_of(id)).transpose()?;
        Ok(repository.tree_of(backup)? == found.tree
            && parents.first() == Some(&found.head)
            && staged == found.staged)
    };
    let make = || {
        let mut parents = vec![found.head.clone()];
        if let Some(staged) = &found.staged {
            let message = "what was in the index and in no commit\n";
            parents.push(repository.commit_as_git_ap(staged, &[&found.head], message)?);
        }
        let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
        repository.commit_as_git_ap(&found.tree, &parents, message)
    };
    first_free(repository, name, is_same, make, steps)
}

/// The backup of this name, or of `<name>-2` and so on, that is the same; else one is made at
/// the first of these names that is free.
fn first_free(
    repository: &Repository,
    name: &str,
    is_same: impl Fn(&str) -> Result<bool>,
    make: impl FnOnce() -> Result<String>,
    steps: &Steps,
) -> Result<String> {
    for n in 1..1000 {
        let suffix = if n == 1 { String::new() } else { format!("-{n}") };
        let reference = format!("refs/ap/backup/{name}{suffix}");
        match repository.reference(&reference)? {
            Some(found) if is_same(&found)? => return Ok(reference),
            Some(_) => {}
            None => {
                let update = RefUpdate::create(&reference, make()?);
                repository.update_references(&[update], "git ap: backup", steps)?;
                return Ok(reference);
            }
        }
    }
    anyhow::bail!("a thousand backups are called {name}: delete some of refs/ap/backup")
}
