//! Worktrees that were placed are made ready beside each other: their files are checked out, they
//! get what is brought, the owner's set-up runs, and git is shown to run our hooks there. A set-up
//! takes minutes where it fetches and builds; several of them need not wait for each other.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::listener::Listener;
use super::session::Handle;
use super::{gates, setup, start};
use crate::domain::config::Worktrees;
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::session::Entry;
use crate::git::{Shared, hooks, worktrees};
use crate::store::{Lock, Steps};
use setup::Brought;

/// The longest that is waited for news before it is looked whether a thread is still there.
const PACE: Duration = Duration::from_millis(100);
/// How many lines may wait to be told; beyond that the commands wait.
const BACKLOG: usize = 1024;

/// A worktree and what makes it ready, for any thread.
struct Order {
    objective: ObjectiveId,
    worktree: PathBuf,
    /// The worktree that files are brought from.
    main: PathBuf,
    policy: Worktrees,
    environment: Vec<(String, OsString)>,
    log: PathBuf,
    /// Whether the hooks of all worktrees are to be seen to, not only its own.
    everywhere: bool,
    repository: Shared,
    program: PathBuf,
    steps: Steps,
}

impl Order {
    fn carry_out(&self, on_line: &mut dyn FnMut(&str)) -> Result<Brought> {
        let steps = &self.steps;
        worktrees::fill(&self.worktree, steps)?;
        if self.policy.submodules {
            worktrees::fill_submodules(&self.worktree, steps)?;
        }
        let brought = setup::bring(&self.main, &self.worktree, &self.policy, steps)?;
        if !self.policy.setup.is_empty() {
            steps.pass("set-up", self.objective.as_str())?;
            let (commands, environment) = (&self.policy.setup, &self.environment);
            setup::run(commands, &self.worktree, environment, &self.log, on_line)?;
        }
        // After the set-up: what a project's own hook manager does there must not undo it.
        {
            let repository = self.repository.open();
            let _lock = Lock::acquire(&repository.common_dir())?;
            if self.everywhere {
                hooks::install(&repository, &self.program, steps)?;
            }
            hooks::install_in(&self.worktree, &self.program, steps)?;
        }
        hooks::prove(&self.worktree)?;
        Ok(brought)
    }
}

/// What a thread says.
enum News {
    /// A line that a set-up command wrote.
    Line(String),
    /// It has ended, however that came.
    Ended(ObjectiveId),
}

/// Says that a thread has ended, also where it panics.
struct Ends(SyncSender<News>, ObjectiveId);

impl Drop for Ends {
    fn drop(&mut self) {
        // Nobody listens any more where everything was given up.
        drop(self.0.send(News::Ended(self.1.clone())));
    }
}

/// The worktrees that are being made ready. When it is dropped, those that have begun are waited
/// for: the session is held until then.
pub struct Preparing {
    at_once: usize,
    begun: bool,
    waiting: VecDeque<Order>,
    threads: Vec<(ObjectiveId, JoinHandle<Result<Brought>>)>,
    sender: SyncSender<News>,
    news: Receiver<News>,
}

impl Default for Preparing {
    fn default() -> Self {
        let (sender, news) = sync_channel(BACKLOG);
        let at_once = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        let (waiting, threads) = (VecDeque::new(), Vec::new());
        Self { at_once, begun: false, waiting, threads, sender, news }
    }
}

impl Preparing {
    /// Whether all of them are ready.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.threads.is_empty()
    }

    /// Begins to make the worktree of an objective ready.
    pub fn begin(&mut self, handle: &Handle<'_>, objective: &ObjectiveId) -> Result<()> {
        let tools = handle.tools;
        let policy = handle.agreed.config.worktrees.clone();
        let everywhere = !self.begun || !policy.setup.is_empty();
        self.begun = true;
        self.waiting.push_back(Order {
            objective: objective.clone(),
            worktree: handle.worktree(objective)?,
            main: tools.repository.main_root()?,
            policy,
            environment: start::environment(handle, objective)?,
            log: gates::logs(handle.journal.folder(), objective.as_str()).join("setup.log"),
            everywhere,
            repository: tools.repository.shared(),
            program: tools.program.to_owned(),
            steps: tools.steps.clone(),
        });
        self.take_up()
    }

    /// Has as many worked on as may be.
    fn take_up(&mut self) -> Result<()> {
        while self.threads.len() < self.at_once
            && let Some(order) = self.waiting.pop_front()
        {
            let objective = order.objective.clone();
            let (sender, ends) =
                (self.sender.clone(), Ends(self.sender.clone(), objective.clone()));
            let thread = std::thread::Builder::new().name(format!("prepare {objective}"));
            let thread = thread.spawn(move || {
                let _ends = ends;
                order.carry_out(&mut |line| drop(sender.send(News::Line(line.to_owned()))))
            });
            self.threads.push((objective, thread.context("cannot start a thread")?));
        }
        Ok(())
    }

    /// Waits at most so long for one that is ready, and writes down that it is. None: none is yet.
    ///
    /// Where one fails, those that were not begun are given up; the others are still to be
    /// waited for.
    pub fn next(
        &mut self,
        wait: Duration,
        handle: &mut Handle<'_>,
        listener: &mut dyn Listener,
    ) -> Result<Option<ObjectiveId>> {
        let until = Instant::now() + wait;
        while !self.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left) {
                Ok(News::Line(line)) => {
                    listener.output("setup", &line);
                    if left.is_zero() {
                        break;
                    }
                }
                Ok(News::Ended(objective)) => {
                    let ready = self.ended(&objective, handle, listener);
                    if ready.is_err() {
                        self.give_up();
                    }
                    return ready.map(|()| Some(objective));
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(None)
    }

    /// Leaves those that were not begun to the next start.
    pub fn give_up(&mut self) {
        self.waiting.clear();
    }

    /// Waits for all that are left; the first failure, if there is one.
    pub fn finish(
        &mut self,
        handle: &mut Handle<'_>,
        listener: &mut dyn Listener,
    ) -> Result<Vec<ObjectiveId>> {
        let (mut ready, mut failed) = (Vec::new(), None);
        while !self.is_empty() {
            match self.next(PACE, handle, listener) {
                Ok(one) => ready.extend(one),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(ready), Err)
    }

    fn ended(
        &mut self,
        objective: &ObjectiveId,
        handle: &mut Handle<'_>,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let at = self.threads.iter().position(|(id, _)| id == objective);
        let (_, thread) = self.threads.swap_remove(at.context("one that ended was begun")?);
        let brought = thread.join().map_err(|_| {
            anyhow!("making the worktree of {objective} ready ended in a panic: please report it")
        });
        self.take_up()?;
        let brought = brought??;
        for note in &brought.notes {
            listener.note(note);
        }
        let paths = brought.paths.iter().map(ToString::to_string).collect();
        handle.append(Entry::Ready { objective: objective.clone(), brought: paths })?;
        listener.event(EventKind::ObjectiveStart {
            objective: objective.to_string(),
            worktree: handle.worktree(objective)?.display().to_string(),
        });
        Ok(())
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        // Who has something to say must not wait for somebody to hear it.
        self.news = sync_channel(1).1;
        for (_, thread) in self.threads.drain(..) {
            // What became of it was not written down: the next start looks again.
            drop(thread.join());
        }
    }
}
