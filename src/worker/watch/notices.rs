//! The system's notices of changed directories (inotify(7)), of every directory of a worktree
//! that git does not ignore. Reads are not asked for: a build opens every file there is.

use std::collections::{HashMap, HashSet};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::domain::path::RepoPath;
use crate::git::worktrees::os_path;

/// How many bytes of notices are read at once.
const BUFFER: usize = 64 * 1024;
/// How many times that is done before what was heard is looked at.
const READS: usize = 64;

/// What is heard of the worktree's directories.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Something happened to this path.
    Path(RepoPath),
    /// A directory has come to this path.
    Directory(RepoPath),
    /// Some notices were lost.
    Lost,
}

/// The directories whose changes are heard of.
#[derive(Debug)]
pub(super) struct Notices {
    queue: OwnedFd,
    worktree: PathBuf,
    /// By the number of their watch; none: the root.
    directories: HashMap<i32, Option<RepoPath>>,
    most: usize,
}

impl Notices {
    /// Notices of no directory yet. Says in words why there can be none.
    pub(super) fn open(worktree: &Path, most: usize) -> Result<Self, String> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let queue = queue.map_err(|error| refused(error, "fs.inotify.max_user_instances"))?;
        let worktree = worktree.to_owned();
        Ok(Self { queue, worktree, directories: HashMap::new(), most })
    }

    /// Waits for changes in these directories and in all below them, but in those that
    /// `ignored` names. A directory that cannot be read, or is gone, is passed over. Says in words
    /// why there are too many.
    pub(super) fn walk(
        &mut self,
        from: Vec<Option<RepoPath>>,
        mut ignored: impl FnMut(&[RepoPath]) -> HashSet<RepoPath>,
    ) -> Result<(), String> {
        let mut level = from;
        while !level.is_empty() {
            let mut next = Vec::new();
            for directory in level {
                if self.add(directory.as_ref())? {
                    next.extend(self.below(directory.as_ref()));
                }
            }
            let ignored = ignored(&next);
            next.retain(|directory| !ignored.contains(directory));
            level = next.into_iter().map(Some).collect();
        }
        Ok(())
    }

    fn place(&self, directory: Option<&RepoPath>) -> PathBuf {
        directory.map_or_else(|| self.worktree.clone(), |d| self.worktree.join(os_path(d)))
    }

    /// Waits for changes in one directory; returns whether it is there.
    fn add(&mut self, directory: Option<&RepoPath>) -> Result<bool, String> {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::MOVE
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW
            | WatchFlags::EXCL_UNLINK;
        match inotify::add_watch(&self.queue, self.place(directory), flags) {
            Ok(number) => {
                self.directories.insert(number, directory.cloned());
                if self.directories.len() > self.most {
                    return Err(format!("the worktree has more than {} directories", self.most));
                }
                Ok(true)
            }
            Err(error @ (Errno::NOSPC | Errno::NOMEM)) => {
                Err(refused(error, "fs.inotify.max_user_watches"))
            }
            // It is gone again, is another's, or was replaced by something else.
            Err(_) => Ok(false),
        }
    }

    /// The directories in a directory; symbolic links are none.
    fn below(&self, directory: Option<&RepoPath>) -> Vec<RepoPath> {
        let Ok(entries) = std::fs::read_dir(self.place(directory)) else { return Vec::new() };
        let directories = entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
        directories.filter_map(|e| path_in(directory, e.file_name().as_bytes())).collect()
    }

    /// Waits for notices, no longer than `wait`, and hands them on. Returns in words why there
    /// can be no more.
    pub(super) fn hear(
        &mut self,
        wait: Duration,
        mut take: impl FnMut(Heard),
    ) -> Result<(), String> {
        let seconds = wait.as_secs().try_into().unwrap_or(1);
        let wait = Timespec { tv_sec: seconds, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&self.queue, PollFlags::IN)], Some(&wait)) {
            Ok(0) | Err(Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(format!("notices of changes cannot be waited for: {error}")),
        }
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut reader = Reader::new(&self.queue, &mut buffer);
        let mut reads = 0;
        loop {
            if reader.is_buffer_empty() {
                reads += 1;
                if reads > READS {
                    return Ok(());
                }
            }
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(error) => return Err(format!("notices of changes cannot be read: {error}")),
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                take(Heard::Lost);
            }
            if flags.contains(ReadFlags::IGNORED) {
                self.directories.remove(&event.wd());
                continue;
            }
            let Some(directory) = self.directories.get(&event.wd()) else { continue };
            let name = event.file_name().map(std::ffi::CStr::to_bytes).unwrap_or_default();
            let Some(path) = path_in(directory.as_ref(), name) else { continue };
            let came = flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO);
            if came && flags.contains(ReadFlags::ISDIR) {
                take(Heard::Directory(path));
            } else {
                take(Heard::Path(path));
            }
        }
    }
}

/// A name in a directory as a path; none where it is git's own.
fn path_in(directory: Option<&RepoPath>, name: &[u8]) -> Option<RepoPath> {
    match directory {
        Some(directory) => RepoPath::new([directory.as_bytes(), b"/", name].concat()),
        None => RepoPath::new(name),
    }
}

fn refused(error: Errno, limit: &str) -> String {
    match error {
        Errno::NOSPC | Errno::MFILE => format!("the system's limit `{limit}` is reached"),
        error => format!("the system gives no notices of changes: {error}"),
    }
}
