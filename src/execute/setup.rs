//! What a new worktree gets besides what is committed: copies of and links to untracked files,
//! and the owner's set-up commands.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::process::{self, Line};
use crate::domain::config::Worktrees;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, is_printable};
use crate::domain::pattern::Pattern;
use crate::git::{Git, worktrees};
use crate::store::{self, Steps, Writer};

/// The file whose lines add to `worktree.copy`.
const INCLUDE: &str = ".worktreeinclude";
/// The name of a copy until it is whole.
const PART: &str = ".git-ap-copy";

/// What was brought into a worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Files that were copied or linked, sorted. They are never committed.
    pub paths: Vec<RepoPath>,
    /// What was asked for and is not there, or cannot be brought: a sentence each.
    pub notes: Vec<String>,
}

/// Copies and links what the policy and `.worktreeinclude` ask for from the main worktree into
/// another. Only files that git does not track are brought, and nothing that is there already
/// is touched. What cannot be brought is a note.
///
/// Fails on a pattern of the policy that cannot be read, and where the disk refuses.
pub fn bring(main: &Path, worktree: &Path, policy: &Worktrees, steps: &Steps) -> Result<Brought> {
    let mut brought = Brought::default();
    let mut wanted = Vec::new();
    for (texts, how) in [(&policy.copy, How::Copy), (&policy.link, How::Link)] {
        for text in texts {
            let pattern = Pattern::parse(text).map_err(|e| {
                Failure::new(Kind::Plan, format!("`{text}` cannot be brought: {}", e.message))
                    .hint(e.help)
            })?;
            wanted.push((pattern, how));
        }
    }
    wanted.extend(included(main, &mut brought)?.into_iter().map(|p| (p, How::Copy)));
    if wanted.is_empty() {
        return Ok(brought);
    }
    let untracked = listed(main, "--others")?;
    let tracked = [listed(main, "--cached")?, listed(worktree, "--cached")?];
    let into = Bringer { main, worktree, tracked: &tracked[1], steps };
    for (pattern, how) in wanted {
        let text = pattern.as_str();
        // A link stands for a whole directory where the pattern names one.
        let whole = RepoPath::new(text.trim_end_matches('/')).filter(|p| {
            let below = |paths: &BTreeSet<RepoPath>| paths.iter().any(|other| other.is_below(p));
            how == How::Link && below(&untracked) && !tracked.iter().any(below)
        });
        let paths = match whole {
            Some(directory) => vec![directory],
            None => untracked.iter().filter(|p| pattern.matches(p)).cloned().collect(),
        };
        if paths.is_empty() {
            brought.notes.push(format!("no untracked file matches `{text}`: none was brought"));
        }
        for path in paths {
            match into.bring(&path, how)? {
                Ok(()) => brought.paths.push(path),
                Err(why) => brought.notes.push(format!("{path} was not brought: {why}")),
            }
        }
    }
    brought.paths.sort();
    brought.paths.dedup();
    Ok(brought)
}

/// The patterns of the include file. Other programs read it too, as they would `.gitignore`, so
/// a line that means nothing here is a note.
fn included(main: &Path, brought: &mut Brought) -> Result<Vec<Pattern>> {
    let Some(text) = store::read_text(&main.join(INCLUDE), INCLUDE)? else {
        return Ok(Vec::new());
    };
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let mut patterns = Vec::new();
    for line in lines {
        match Pattern::parse(&as_pattern(line)) {
            Ok(pattern) => patterns.push(pattern),
            Err(e) => brought.notes.push(format!("{INCLUDE}: `{line}` is left out: {}", e.message)),
        }
    }
    Ok(patterns)
}

/// A line of `.worktreeinclude` as a pattern: as in a `.gitignore`, a name without a slash is
/// meant at any depth, and a leading slash means the root.
fn as_pattern(line: &str) -> String {
    match line.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if line.starts_with('!') => line.to_owned(),
        None if line.trim_end_matches('/').contains('/') => line.to_owned(),
        None => format!("**/{line}"),
    }
}

/// Files of a worktree as `git ls-files` lists them.
fn listed(worktree: &Path, which: &str) -> Result<BTreeSet<RepoPath>> {
    let output = Git::elsewhere(worktree).output(["ls-files", "-z", "--full-name", which])?;
    let paths = output.split(|b| *b == 0).filter(|p| !p.is_empty());
    // A nested repository ends with a slash and is no path: what belongs to it stays there.
    Ok(paths.filter_map(RepoPath::new).collect())
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Copy,
    Link,
}

/// Brings files from the main worktree into another.
struct Bringer<'a> {
    main: &'a Path,
    worktree: &'a Path,
    /// What the other worktree's commit holds: that is the objective's to change or delete.
    tracked: &'a BTreeSet<RepoPath>,
    steps: &'a Steps,
}

/// Why a file cannot be brought, in words.
type Refusal = &'static str;

impl Bringer<'_> {
    fn bring(&self, path: &RepoPath, how: How) -> Result<Result<(), Refusal>> {
        if let Some(why) = self.obstacle(path) {
            return Ok(Err(why));
        }
        let name = worktrees::os_path(path);
        let (from, to) = (self.main.join(&name), self.worktree.join(&name));
        if fs::symlink_metadata(&to).is_ok() {
            return Ok(Ok(()));
        }
        let reading = || format!("cannot read {path}");
        let writer = Writer::new(self.worktree, self.steps);
        let metadata = fs::symlink_metadata(&from).with_context(reading)?;
        if how == How::Link {
            writer.link(path, &from)?;
        } else if metadata.is_symlink() {
            writer.link(path, &fs::read_link(&from).with_context(reading)?)?;
        } else if metadata.is_file() {
            self.copy(path, &from, &to)?;
        } else {
            return Ok(Err("it is no file"));
        }
        Ok(Ok(()))
    }

    /// What of the other worktree is in the way.
    fn obstacle(&self, path: &RepoPath) -> Option<Refusal> {
        if self.tracked.contains(path) {
            return Some("the worktree's own commit has it");
        }
        let mut at = path.parent();
        while let Some(parent) = at {
            match fs::symlink_metadata(self.worktree.join(worktrees::os_path(&parent))) {
                Ok(m) if m.is_symlink() => return Some("it is behind a symbolic link there"),
                Ok(m) if !m.is_dir() => return Some("a file is there where it needs a directory"),
                _ => {}
            }
            at = parent.parent();
        }
        None
    }

    /// Copies a file, with its mode from the start: it may be a secret. It has its name only
    /// when it is whole, and what a killed process left under the other name is used up.
    #[expect(clippy::disallowed_methods, reason = "a copied file is not held in memory")]
    fn copy(&self, path: &RepoPath, from: &Path, to: &Path) -> Result<()> {
        let copying = || format!("cannot copy {path}");
        self.steps.pass("copy-file", &path.to_lossy())?;
        let folder = to.parent().context("a file below a root has a parent")?;
        fs::create_dir_all(folder).with_context(copying)?;
        let part = folder.join(PART);
        match fs::remove_file(&part) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e).with_context(copying),
            _ => {}
        }
        let mut source = fs::File::open(from).with_context(copying)?;
        let permissions = source.metadata().with_context(copying)?.permissions();
        let mut file = fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .with_context(copying)?;
        io::copy(&mut source, &mut file).with_context(copying)?;
        file.set_permissions(permissions).with_context(copying)?;
        file.sync_all().with_context(copying)?;
        self.steps.pass("copied-file", &path.to_lossy())?;
        fs::rename(&part, to).with_context(copying)
    }
}

/// Runs the owner's set-up commands in a worktree. One that fails ends them, with its last
/// lines in the failure.
pub fn run(
    commands: &[String],
    worktree: &Path,
    environment: &[(String, OsString)],
    log: &Path,
    on_line: &mut dyn FnMut(&str),
) -> Result<()> {
    for command in commands {
        let line = Line {
            command: command.clone(),
            directory: worktree.to_owned(),
            environment: environment.to_vec(),
            timeout: Duration::from_hours(1),
            log: Some(log.to_owned()),
        };
        let ended = process::run(&line, &mut *on_line)?;
        if !ended.is_green() {
            let last = &ended.tail[ended.tail.len().saturating_sub(5)..];
            let last: Vec<String> = last.iter().map(|line| clean(line)).collect();
            let said =
                if last.is_empty() { String::new() } else { format!(": {}", last.join("; ")) };
            let message = format!("the set-up command `{command}` {}{said}", ended.describe());
            let hint = format!("see {}, mend it, and run the command again", log.display());
            return Err(Failure::new(Kind::Gate, message).hint(hint).into());
        }
    }
    Ok(())
}

/// A line of a program's output as it may stand in a message.
fn clean(line: &str) -> String {
    line.chars()
        .map(|c| if is_printable(c) { c } else { ' ' })
        .collect::<String>()
        .trim()
        .to_owned()
}
