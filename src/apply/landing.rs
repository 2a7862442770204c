//! Moving the branch on which a session lands, and the files of the worktree that has it
//! checked out. Local changes are never overwritten.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::Undone;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, shell_word};
use crate::domain::session::Session;
use crate::domain::tree::Change;
use crate::git::worktrees;
use crate::git::{Git, RefUpdate, Repository, Saved};
use crate::store::{Steps, Writer, layout};

/// Moves the target from one commit to another together with other references, and brings the
/// files of the worktree that has it checked out along.
pub(super) fn land(
    repository: &Repository,
    session: &Session,
    others: &[RefUpdate],
    (target, from, to): (&str, &str, &str),
    steps: &Steps,
) -> Result<(), Undone> {
    let found = repository.reference(target)?;
    if found.as_deref() == Some(to) {
        return Ok(());
    }
    if found.as_deref() != Some(from) {
        let short = target.strip_prefix("refs/heads/").unwrap_or(target);
        let message = format!("`{short}` was moved by somebody else meanwhile");
        let failure = Failure::new(Kind::Conflict, message).hint("git ap land");
        return Err(Undone::Nothing(failure.into()));
    }
    let worktree = worktrees::having(repository, target)?;
    if let Some(worktree) = &worktree {
        let landing = Landing { repository, session, worktree, from, to, steps };
        landing.require_room().map_err(Undone::Nothing)?;
        landing.make_way()?;
        landing.update_files()?;
    }
    // Those that were moved before a crash stay as they are.
    let open = |u: &&RefUpdate| repository.reference(&u.name).is_ok_and(|found| found != u.new);
    let mut updates: Vec<RefUpdate> = others.iter().filter(open).cloned().collect();
    updates.push(RefUpdate::update(target, from, to));
    Ok(repository.update_references(&updates, "git ap: landed", steps)?)
}

struct Landing<'a> {
    repository: &'a Repository,
    session: &'a Session,
    worktree: &'a Path,
    from: &'a str,
    to: &'a str,
    steps: &'a Steps,
}

impl Landing<'_> {
    fn git(&self) -> Git {
        Git::elsewhere(self.worktree)
    }

    fn changes(&self) -> Result<Vec<Change>> {
        self.repository.changes(Some(self.from), self.to)
    }

    /// Whether a path is one of the session's own plan files, which may be replaced.
    fn is_own(&self, path: &RepoPath) -> bool {
        path.is_below(&layout::plan_folder(self.session.plan()))
    }

    /// The paths that landing changes and that have local changes, staged or untracked, other
    /// than what landing brings.
    fn in_the_way(&self) -> Result<Vec<RepoPath>> {
        let dirt = worktrees::dirty(self.worktree)?;
        let dirty: BTreeSet<RepoPath> = dirt.tracked.into_iter().chain(dirt.untracked).collect();
        let blocks = |path: &RepoPath, other: &RepoPath| {
            path == other || path.is_below(other) || other.is_below(path)
        };
        let changes = self.changes()?;
        let mut blocking = Vec::new();
        for path in dirty {
            let touched = changes.iter().any(|c| blocks(&c.path, &path));
            if touched && !self.is_as_landed(&path)? {
                blocking.push(path);
            }
        }
        Ok(blocking)
    }

    /// Whether the file in the worktree is what the landed commit has there.
    fn is_as_landed(&self, path: &RepoPath) -> Result<bool> {
        let writer = Writer::new(self.worktree, self.steps);
        let Ok((_, bytes)) = writer.contents(path) else {
            let gone = std::fs::symlink_metadata(writer.locate(path)).is_err();
            return Ok(gone && self.repository.file_at(self.to, path)?.is_none());
        };
        Ok(self.repository.file_at(self.to, path)?.as_ref() == Some(&bytes))
    }

    /// Files where landing adds one, or a directory of one, that the target does not track, each
    /// with what has to move for it. Git takes those that it ignores for outputs and overwrites
    /// them (git-read-tree(1), `-u`); here they are somebody's until the owner says otherwise.
    fn ignored_in_the_way(&self) -> Result<Vec<(RepoPath, RepoPath)>> {
        let mut found = Vec::new();
        for change in self.changes()?.into_iter().filter(|change| change.old.is_none()) {
            for path in self.obstacles(&change.path)? {
                if !self.is_own(&path) && !self.is_as_landed(&path)? {
                    let moving = if path.is_below(&change.path) { &change.path } else { &path };
                    found.push((path.clone(), moving.clone()));
                }
            }
        }
        Ok(found)
    }

    /// What lies where a file is to be added: something in place of one of its directories,
    /// itself, or untracked files in a directory of its name.
    fn obstacles(&self, path: &RepoPath) -> Result<Vec<RepoPath>> {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        for end in slashes.chain([bytes.len()]) {
            let Some(part) = RepoPath::new(&bytes[..end]) else { continue };
            let place = self.worktree.join(worktrees::os_path(&part));
            let Ok(metadata) = std::fs::symlink_metadata(&place) else { return Ok(Vec::new()) };
            if !metadata.is_dir() {
                let tracked = self.repository.file_at(self.from, &part)?.is_some();
                return Ok(if tracked { Vec::new() } else { vec![part] });
            }
        }
        let git = self.git().env("GIT_LITERAL_PATHSPECS", "1");
        let args = ["ls-files", "--others", "-z", "--full-name", "--"].map(OsString::from);
        let rows = git.output(args.into_iter().chain([worktrees::os_path(path)]))?;
        let rows = rows.split(|b| *b == 0).map(|row| row.strip_suffix(b"/").unwrap_or(row));
        Ok(rows.filter_map(RepoPath::new).collect())
    }

    /// Refuses where local changes would be overwritten.
    fn require_room(&self) -> Result<()> {
        self.require_no_conflicts()?;
        let mut blocking = self.in_the_way()?;
        blocking.retain(|path| !self.is_own(path));
        if let Some(first) = blocking.first() {
            let hint = "commit them, or put them aside with `git stash -u`, then `git ap land`";
            return Err(self.no_room(first, blocking.len(), "local changes", hint).into());
        }
        let blocking = self.ignored_in_the_way()?;
        let Some((first, moving)) = blocking.first() else { return Ok(()) };
        let place = self.worktree.join(worktrees::os_path(moving)).display().to_string();
        let kept = format!("{place}.kept");
        let hint = format!("mv {} {}", shell_word(&place), shell_word(&kept));
        Err(self.no_room(first, blocking.len(), "files that git ignores", &hint).into())
    }

    fn no_room(&self, first: &RepoPath, count: usize, what: &str, hint: &str) -> Failure {
        let more = match count - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let message = format!(
            "landing would overwrite {what} in {}: `{first}`{more}; nothing was changed",
            self.worktree.display()
        );
        Failure::new(Kind::Conflict, message).hint(hint)
    }

    /// Git updates no files beside an index with conflicts.
    fn require_no_conflicts(&self) -> Result<()> {
        if self.git().output(["ls-files", "--unmerged", "-z"])?.is_empty() {
            return Ok(());
        }
        let place = self.worktree.display().to_string();
        let message = format!("{place} has conflicts that are not resolved; nothing was changed");
        let hint = format!("git -C {} status", shell_word(&place));
        Err(Failure::new(Kind::Conflict, message).hint(hint).into())
    }

    /// Puts away what git would not overwrite: the session's own plan files, after a backup
    /// where they differ from what lands, and files that already are what lands.
    fn make_way(&self) -> Result<()> {
        let writer = Writer::new(self.worktree, self.steps);
        let own: Vec<RepoPath> =
            self.in_the_way()?.into_iter().filter(|path| self.is_own(path)).collect();
        let mut saved = Vec::new();
        for path in &own {
            if let Ok((mode, bytes)) = writer.contents(path) {
                saved.push(Saved { path: path.clone(), mode, bytes });
            }
        }
        if !saved.is_empty() {
            let name = format!("plan/{}", self.session.plan());
            self.repository.backup(&name, &saved, self.steps)?;
        }
        let changed: BTreeSet<RepoPath> = self.changes()?.into_iter().map(|c| c.path).collect();
        let dirt = worktrees::dirty(self.worktree)?;
        for path in dirt.untracked.iter().chain(&dirt.tracked) {
            if changed.contains(path) && (own.contains(path) || self.is_as_landed(path)?) {
                self.put_back(&writer, path)?;
            }
        }
        Ok(())
    }

    /// Gives index and worktree what the target has at a path.
    fn put_back(&self, writer: &Writer<'_>, path: &RepoPath) -> Result<()> {
        self.steps.pass("make-way", &path.to_lossy())?;
        let git = self.git().env("GIT_LITERAL_PATHSPECS", "1");
        let name = worktrees::os_path(path);
        if self.repository.file_at(self.from, path)?.is_some() {
            let args = ["checkout", "--quiet", self.from, "--"].map(OsString::from);
            return git.output(args.into_iter().chain([name])).map(drop);
        }
        let args = ["rm", "--quiet", "--cached", "--force", "--ignore-unmatch", "--"];
        git.output(args.map(OsString::from).into_iter().chain([name]))?;
        writer.remove(path).map(drop)
    }

    /// A two-tree merge as `git checkout` does it (git-read-tree(1)): it keeps local changes
    /// elsewhere and refuses to overwrite any. Done again, it finds everything in place.
    fn update_files(&self) -> Result<(), Undone> {
        self.steps.pass("update-files", &self.worktree.display().to_string())?;
        let git = self.git().as_user();
        // Entries whose times alone changed would look like local changes. That some do differ
        // is the answer 1, and no failure.
        git.answered(["update-index", "-q", "--refresh"])?;
        // It looks at everything before it writes anything, and no branch has moved yet.
        git.output(["read-tree", "-m", "-u", self.from, self.to]).map_err(|error| {
            let place = self.worktree.display().to_string();
            let message =
                format!("the files in {place} cannot be updated, so nothing landed: {error}");
            let hint = format!("git -C {} status", shell_word(&place));
            Undone::Nothing(Failure::new(Kind::Conflict, message).hint(hint).into())
        })?;
        Ok(self.steps.pass("updated-files", &self.worktree.display().to_string())?)
    }
}
