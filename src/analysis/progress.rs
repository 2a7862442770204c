//! How far an analysis has come while files and history are read at the same time: as far as
//! the slower of the two, because that is what one waits for.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Progress;

/// The share of an analysis that reading takes, in percent; the rest was measured to be ranking
/// and imports.
pub(super) const READING: usize = 90;

/// How many commits were read, of how many; told by the thread that reads them.
#[derive(Debug, Default)]
pub(super) struct Commits {
    done: AtomicUsize,
    /// 0: not known yet.
    total: AtomicUsize,
    finished: AtomicBool,
}

impl Commits {
    pub(super) fn tell(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// All that are wanted are there, or none can be read.
    pub(super) fn finish(&self) {
        let total = self.total.load(Ordering::Relaxed).max(1);
        self.tell(total, total);
        self.finished.store(true, Ordering::Release);
    }

    /// Whether nothing more is to come.
    pub(super) fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    fn read(&self) -> (usize, usize) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }
}

/// Tells of files and commits together.
pub(super) struct Both<'a> {
    commits: &'a Commits,
    progress: &'a dyn Fn(Progress<'_>),
    /// What was told last, in percent, and how many commits.
    last: Cell<Option<(usize, usize)>>,
}

impl<'a> Both<'a> {
    pub(super) fn new(commits: &'a Commits, progress: &'a dyn Fn(Progress<'_>)) -> Self {
        Self { commits, progress, last: Cell::new(None) }
    }

    /// Files have come this far.
    pub(super) fn files(&self, files: Progress<'_>) {
        let (done, total) = self.commits.read();
        let history = done * READING / total.max(1);
        self.last.set(Some((files.done.min(history), done)));
        if history < files.done && total > 0 {
            let text = format!("reading the history, {done} of {total} commits");
            (self.progress)(Progress { done: history, total: 100, text: &text });
        } else {
            (self.progress)(Progress { done: files.done.min(history), ..files });
        }
    }

    /// All files are read; told where more of the history is than the last time.
    pub(super) fn waiting(&self) {
        let (done, total) = self.commits.read();
        let told = (done * READING / total.max(1), done);
        if total > 0 && self.last.get().is_none_or(|last| told.0 > last.0) {
            self.files(Progress { done: READING, total: 100, text: "reading the history" });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_slower_of_the_two_counts() {
        let told = RefCell::new(Vec::new());
        let progress = |p: Progress<'_>| told.borrow_mut().push(format!("{} {}", p.done, p.text));
        let commits = Commits::default();
        let both = Both::new(&commits, &progress);
        let files = |done| both.files(Progress { done, total: 100, text: "files" });
        files(10);
        commits.tell(500, 1000);
        files(20);
        files(60);
        commits.tell(501, 1000);
        both.waiting();
        commits.tell(600, 1000);
        both.waiting();
        both.waiting();
        commits.finish();
        both.waiting();
        assert_eq!(
            *told.borrow(),
            [
                "0 files",
                "20 files",
                "45 reading the history, 500 of 1000 commits",
                "54 reading the history, 600 of 1000 commits",
                "90 reading the history"
            ]
        );
    }
}
