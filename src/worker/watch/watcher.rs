//! The thread that watches: it gathers what it hears of, looks at it when it has been quiet for
//! a moment, and tells what is still out of scope at the second look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::mpsc::Sender;

use super::look::{From, Look};
use super::notices::{Heard, Notices};
use super::{Held, Limits, Seen, editors};
use crate::domain::guard::{Violation, guard};
use crate::domain::path::RepoPath;
use crate::domain::tree::Change;

/// How long after the first news it is looked, and how long after that again.
const QUIET: Duration = Duration::from_millis(300);
/// How often it is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);
/// How long it is waited for a git that writes in the worktree.
const BUSY: Duration = Duration::from_secs(10);
/// Of how many paths is kept that something happened to them; with more, the whole tree is
/// looked at.
const PENDING: usize = 1_000;
/// How many violations are told.
const TOLD: usize = 1_000;

/// Who watches.
pub(super) struct Watcher {
    look: Look,
    notices: Option<Notices>,
    limits: Limits,
    held: Arc<Mutex<Arc<Held>>>,
    stop: Arc<AtomicBool>,
    out: Sender<Seen>,
    news: News,
    /// What was out of scope at the last look, and since when.
    suspects: BTreeMap<RepoPath, Instant>,
    told: BTreeSet<RepoPath>,
    worse: BTreeSet<String>,
}

/// What has happened since the last look.
#[derive(Debug, Default)]
struct News {
    paths: BTreeSet<RepoPath>,
    /// Directories that have come, whose changes are not heard of yet.
    directories: BTreeSet<RepoPath>,
    /// Anything may have happened.
    all: bool,
    /// Directories may have come that were not heard of, or are not ignored any more.
    walk: bool,
    since: Option<Instant>,
}

impl News {
    fn note(&mut self, heard: Heard) {
        self.since.get_or_insert_with(Instant::now);
        match heard {
            Heard::Path(path) => {
                self.walk |= path.file_name() == b".gitignore";
                self.path(path);
            }
            Heard::Directory(path) => {
                self.directories.insert(path.clone());
                self.path(path);
            }
            Heard::Lost => (self.all, self.walk) = (true, true),
        }
        if self.directories.len() > PENDING {
            self.walk = true;
        }
        if self.walk {
            self.directories.clear();
        }
    }

    fn path(&mut self, path: RepoPath) {
        if !self.all {
            self.paths.insert(path);
        }
        if self.paths.len() > PENDING {
            self.all = true;
            self.paths.clear();
        }
    }
}

impl Watcher {
    /// A watcher that misses nothing from now on.
    pub(super) fn begin(
        mut look: Look,
        worktree: &Path,
        limits: Limits,
        (held, stop): (Arc<Mutex<Arc<Held>>>, Arc<AtomicBool>),
        out: Sender<Seen>,
    ) -> Result<Self> {
        let facts = Arc::clone(&held.lock().unwrap_or_else(PoisonError::into_inner));
        look.find_start(&facts)?;
        let opened = Notices::open(worktree, limits.directories);
        let (suspects, told, worse) = Default::default();
        let (notices, news) = (None, News::default());
        let mut watcher =
            Self { look, notices, limits, held, stop, out, news, suspects, told, worse };
        match opened {
            Ok(notices) => {
                watcher.notices = Some(notices);
                watcher.walk(vec![None]);
            }
            Err(why) => watcher.poll_instead(&why),
        }
        Ok(watcher)
    }

    /// Watches until it is asked to stop, nobody listens or the worktree is gone.
    pub(super) fn run(mut self) {
        let (mut looked, mut cost) = (Instant::now(), Duration::ZERO);
        while !self.stop.load(Ordering::Relaxed) && !self.out.is_closed() && self.look.is_there() {
            self.hear();
            if self.notices.is_none() && looked.elapsed() >= self.limits.pause {
                self.news.all = true;
                self.news.since.get_or_insert(looked);
            }
            let quiet = |since: &Instant| since.elapsed() >= QUIET;
            let is_due = self.news.since.as_ref().is_some_and(quiet);
            let waits =
                self.look.is_busy() && self.news.since.is_some_and(|since| since.elapsed() < BUSY);
            let again = self.suspects.values().any(quiet);
            // Looking at all of a large tree leaves the machine to others for a while.
            let has_rested = looked.elapsed() >= 2 * cost;
            if (is_due || again) && !waits && has_rested {
                let begun = Instant::now();
                if let Err(error) = self.look_again() {
                    self.tell_worse(format!("the worktree cannot be looked at: {error:#}"));
                    // What is the matter may pass.
                    self.news.all = true;
                    self.news.since = Some(Instant::now() + self.limits.pause);
                }
                (looked, cost) = (Instant::now(), begun.elapsed());
            }
        }
    }

    /// Gathers what there is to be heard, and waits in new directories too.
    fn hear(&mut self) {
        let Some(notices) = &mut self.notices else {
            std::thread::sleep(TICK);
            return;
        };
        if let Err(why) = notices.hear(TICK, |heard| self.news.note(heard)) {
            self.poll_instead(&why);
        } else if std::mem::take(&mut self.news.walk) {
            self.walk(vec![None]);
            self.news.all = true;
        } else if !self.news.directories.is_empty() {
            let new: Vec<RepoPath> =
                std::mem::take(&mut self.news.directories).into_iter().collect();
            let ignored = self.look.ignored(&new);
            self.walk(new.into_iter().filter(|d| !ignored.contains(d)).map(Some).collect());
        }
    }

    fn walk(&mut self, from: Vec<Option<RepoPath>>) {
        let Some(notices) = &mut self.notices else { return };
        if let Err(why) = notices.walk(from, |directories| self.look.ignored(directories)) {
            self.poll_instead(&why);
        }
    }

    fn poll_instead(&mut self, why: &str) {
        self.notices = None;
        let pause = self.limits.pause.as_secs_f32();
        self.tell_worse(format!("{why}: changes are looked for every {pause} s"));
        self.news.all = true;
        self.news.since.get_or_insert_with(Instant::now);
    }

    fn tell_worse(&mut self, text: String) {
        if self.worse.len() < TOLD && self.worse.insert(text.clone()) {
            // With a full channel nobody listens, and the violations in it count more.
            self.out.try_send(Seen::Worse(text)).ok();
        }
    }

    /// Looks at what is new and at what was out of scope the last time.
    fn look_again(&mut self) -> Result<()> {
        let held = Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner));
        self.look.find_start(&held)?;
        let now = Instant::now();
        let mut paths = std::mem::take(&mut self.news.paths);
        paths.extend(self.suspects.keys().cloned());
        let paths = topmost(&paths);
        let asked = if std::mem::take(&mut self.news.all) { None } else { Some(paths.as_slice()) };
        self.news.since = None;
        let mut found: BTreeMap<RepoPath, Violation> = BTreeMap::new();
        let (look, out, told) = (&self.look, &self.out, &self.told);
        look.differing(From::Start, asked, &mut |changes| {
            let refused = refused(&changes, &held);
            for change in changes {
                if !refused.contains_key(&change.path) {
                    out.try_send(Seen::Changed(change.path)).ok();
                }
            }
            let room = TOLD.saturating_sub(found.len());
            let new = refused.into_iter().filter(|(path, _)| !told.contains(path));
            found.extend(new.take(room));
        })?;
        if !found.is_empty() && look.has_moved() {
            // What the integration branch has there now is being taken over.
            let paths: Vec<RepoPath> = found.keys().cloned().collect();
            let mut own = BTreeSet::new();
            look.differing(From::Integration, Some(&paths), &mut |changes| {
                own.extend(changes.into_iter().map(|change| change.path));
            })?;
            found.retain(|path, _| own.contains(path));
        }
        self.judge(found, now);
        Ok(())
    }

    /// Tells what was out of scope at a look before too, and keeps the rest in mind.
    fn judge(&mut self, found: BTreeMap<RepoPath, Violation>, now: Instant) {
        let before = std::mem::take(&mut self.suspects);
        for (path, violation) in found {
            let since = before.get(&path).copied().unwrap_or(now);
            if now.duration_since(since) < QUIET {
                self.suspects.insert(path, since);
            } else if self.told.len() < TOLD {
                self.told.insert(path);
                // Fails where nobody listens any more; then it ends.
                self.out.blocking_send(Seen::Violation(violation)).ok();
            }
        }
    }
}

/// The paths that are below no other of them. Asked for a path in another repository, git says
/// nothing of that repository itself.
fn topmost(paths: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let above = |path: &RepoPath| std::iter::successors(path.parent(), RepoPath::parent);
    paths.iter().filter(|p| !above(p).any(|a| paths.contains(&a))).cloned().collect()
}

/// Those of the changes that may not be, by their paths.
fn refused(changes: &[Change], held: &Held) -> BTreeMap<RepoPath, Violation> {
    let is_no_change = |change: &Change| {
        change.old.is_none()
            && (editors::is_passing(change.path.file_name()) || is_brought(&change.path, held))
    };
    let changes: Vec<Change> = changes.iter().filter(|c| !is_no_change(c)).cloned().collect();
    let guarded = guard(&changes, &held.scope, &held.others, &held.rules);
    guarded.violations.into_iter().map(|v| (v.path.clone(), v)).collect()
}

/// Whether a path was brought into the worktree, or is in a directory that was.
fn is_brought(path: &RepoPath, held: &Held) -> bool {
    let above = std::iter::successors(Some(path.clone()), RepoPath::parent);
    !held.brought.is_empty() && above.into_iter().any(|p| held.brought.contains(&p.to_string()))
}
