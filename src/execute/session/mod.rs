//! A session in the hands of a command: its journal, what was agreed, and the way to change it.
//! Whoever changes something holds the session's lock while it reads, decides and writes.

mod agreed;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use agreed::Agreed;

use super::place::place;
use crate::apply;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::session::{
    Approval, Entry, Operation, Phase, Session, Standing, Workplace, replay,
};
use crate::git::{Repository, worktrees};
use crate::store::{self, Journal, Lock, Steps};

/// What a session works with besides its journal.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The repository, seen from the worktree that the command was started in.
    pub repository: &'a Repository,
    /// The steps that writes pass.
    pub steps: &'a Steps,
    /// What time it is, RFC 3339.
    pub now: &'a dyn Fn() -> String,
    /// Told once it takes a while until a session can be taken in hand.
    pub waits: &'a dyn Fn(),
    /// The program that hooks call.
    pub program: &'a Path,
}

impl std::fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tools").field("repository", self.repository).finish_non_exhaustive()
    }
}

/// A session that is being changed: nobody else changes it while this lives, except where
/// [`Handle::unlocked`] lets them.
#[derive(Debug)]
pub struct Handle<'a> {
    /// What it works with.
    pub tools: Tools<'a>,
    /// Where its lines are.
    pub journal: Journal,
    /// What they say.
    pub session: Session,
    /// The plan and the policy that count.
    pub agreed: Agreed,
    /// What a crash had left open and was ended when the session was taken in hand, in a word.
    pub recovered: Option<&'static str>,
    lock: Option<Lock>,
}

/// Reads a session as it is, to look at it; an operation that a crash left open is not ended.
/// None: the plan was not approved.
pub fn look(repository: &Repository, id: &PlanId) -> Result<Option<Session>> {
    let journal = Journal::at(&repository.common_dir(), id);
    replay(&journal.lines()?).with_context(|| format!("the session {id} cannot be read"))
}

/// Every session of the repository, oldest first.
pub fn all(repository: &Repository) -> Result<Vec<Session>> {
    let ids = store::sessions(&repository.common_dir())?;
    let sessions = ids.iter().filter_map(|id| look(repository, id).transpose());
    sessions.collect()
}

/// The session and the objective whose worktree a repository was opened in. It is known by its
/// place, and by its mark where somebody moved it.
pub fn of_worktree<'s>(
    repository: &Repository,
    sessions: &'s [Session],
) -> Result<Option<(&'s Session, &'s Standing)>> {
    let root = repository.worktree()?;
    let mark = worktrees::marked(repository.git_dir())?;
    for session in sessions {
        for standing in &session.objectives {
            let Some(place) = &standing.place else { continue };
            let name = format!("{}/{}", session.plan(), standing.id);
            if mark.as_ref() == Some(&name) || Path::new(&place.worktree) == root {
                return Ok(Some((session, standing)));
            }
        }
    }
    Ok(None)
}

impl<'a> Handle<'a> {
    /// Takes the session of a plan in hand, and ends what a crash left open. None: the plan was
    /// not approved.
    pub fn open(tools: Tools<'a>, id: &PlanId) -> Result<Option<Self>> {
        let journal = Journal::at(&tools.repository.common_dir(), id);
        if !journal.folder().exists() {
            return Ok(None);
        }
        let lock = Lock::of(journal.folder(), tools.waits)?;
        let Some(session) = look(tools.repository, id)? else { return Ok(None) };
        if session.was_taken_back() {
            return Ok(None);
        }
        let agreed = Agreed::of(tools.repository, &session)?;
        let mut handle =
            Self { tools, journal, session, agreed, recovered: None, lock: Some(lock) };
        handle.recover()?;
        Ok(Some(handle))
    }

    /// Begins a session.
    pub fn approve(tools: Tools<'a>, approval: Approval) -> Result<Self> {
        let journal = Journal::at(&tools.repository.common_dir(), &approval.plan);
        let lock = Lock::of(journal.folder(), tools.waits)?;
        if look(tools.repository, &approval.plan)?.is_some_and(|s| !s.was_taken_back()) {
            let message = format!("the plan {} was approved meanwhile", approval.plan);
            return Err(Failure::new(Kind::Conflict, message).hint("git ap status").into());
        }
        let id = approval.plan.clone();
        let operation = Operation::Approve(approval);
        let entry = Entry::Intent { operation: operation.clone() };
        let intent = journal.append((tools.now)(), entry, tools.steps)?;
        let session = look(tools.repository, &id)?.context("an approval begins a session")?;
        let agreed = Agreed::of(tools.repository, &session)?;
        let mut handle =
            Self { tools, journal, session, agreed, recovered: None, lock: Some(lock) };
        handle.carry_out(intent, &operation)?;
        Ok(handle)
    }

    /// Writes one line and follows it.
    pub fn append(&mut self, entry: Entry) -> Result<u64> {
        let seq = self.journal.append((self.tools.now)(), entry, self.tools.steps)?;
        self.reload()?;
        Ok(seq)
    }

    /// Carries out an operation: what was decided is on the disk before anything changes.
    pub fn operate(&mut self, operation: &Operation) -> Result<()> {
        let intent = self.append(Entry::Intent { operation: operation.clone() })?;
        self.carry_out(intent, operation)
    }

    fn carry_out(&mut self, intent: u64, operation: &Operation) -> Result<()> {
        let effect = apply::operation(
            self.tools.repository,
            &self.session,
            &self.surroundings()?,
            operation,
            self.tools.steps,
        );
        match effect {
            Ok(()) => self.append(Entry::Outcome { intent, done: true }).map(drop),
            Err(apply::Undone::Nothing(error)) => {
                // Refused before anything changed: it is as if it had not been tried.
                self.append(Entry::Outcome { intent, done: false })?;
                Err(error)
            }
            // What of a worktree is there is taken up by the next start: nobody has worked in it,
            // and nobody else should be held up by a filter that fails.
            Err(apply::Undone::Perhaps(error))
                if matches!(operation, Operation::Start { afresh: false, .. }) =>
            {
                self.append(Entry::Outcome { intent, done: false })?;
                Err(error)
            }
            Err(apply::Undone::Perhaps(error)) => Err(error),
        }
    }

    /// Where the worktrees are that are no objective's, and what else operations need to know.
    pub fn surroundings(&self) -> Result<apply::Surroundings> {
        let policy = &self.agreed.config.worktrees;
        let place =
            |name| place(self.tools.repository, &policy.path, &self.session.approval.slug, name);
        Ok(apply::Surroundings { gate: place("gate")?, sync: place("sync")? })
    }

    /// Ends what a killed process left open.
    fn recover(&mut self) -> Result<()> {
        if let Some((intent, operation)) = self.session.open.clone() {
            self.carry_out(intent, &operation)
                .context("a command that was interrupted cannot be ended")?;
            self.recovered = Some(operation.name());
        }
        let dead = |holder| !store::is_alive(holder);
        if self.session.claim.as_ref().is_some_and(|(_, holder)| dead(holder)) {
            self.append(Entry::Released)?;
        }
        Ok(())
    }

    /// Refuses while somebody else does something that takes time.
    pub fn require_unclaimed(&self) -> Result<(), Failure> {
        let Some((what, holder)) = &self.session.claim else { return Ok(()) };
        if *holder == store::this_process() {
            return Ok(());
        }
        let message = format!("process {} is at work on this session: {what}", holder.pid);
        Err(Failure::new(Kind::Conflict, message).hint("wait for it, or look with `git ap status`"))
    }

    /// Does something that takes time without keeping others from the journal. Nobody else
    /// claims the session meanwhile; what they may have written is read again afterwards.
    pub fn unlocked<T>(&mut self, what: &str, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.require_unclaimed()?;
        self.append(Entry::Claimed { what: what.to_owned(), holder: store::this_process() })?;
        let done = self.released(work)?;
        self.append(Entry::Released)?;
        done
    }

    /// Does something that takes time while others may change the session, and reads again what
    /// they have written. Fails where it cannot be taken in hand again; else what came of it.
    pub fn released<T>(&mut self, work: impl FnOnce(&Self) -> T) -> Result<T> {
        self.lock = None;
        let done = work(self);
        self.lock = Some(Lock::of(self.journal.folder(), self.tools.waits)?);
        self.reload()?;
        Ok(done)
    }

    fn reload(&mut self) -> Result<()> {
        let session = look(self.tools.repository, &self.agreed.plan.id)?;
        // Only an approval that is taken back leaves none; what was read then stays.
        if let Some(session) = session {
            let amended = session.agreed() != self.session.agreed();
            self.session = session;
            if amended {
                self.agreed = Agreed::of(self.tools.repository, &self.session)?;
            }
        }
        Ok(())
    }

    /// The objective of that id.
    pub fn standing(&self, id: &ObjectiveId) -> Result<&Standing, Failure> {
        self.session.objective(id).ok_or_else(|| {
            let ids: Vec<&str> = self.session.objectives.iter().map(|o| o.id.as_str()).collect();
            let message = format!("the plan {} has no objective `{id}`", self.agreed.plan.id);
            Failure::new(Kind::User, message).hint(format!("name one of {}", ids.join(", ")))
        })
    }

    /// Where an objective is worked on; refuses one that was not started.
    pub fn workplace(&self, id: &ObjectiveId) -> Result<&Workplace, Failure> {
        let standing = self.standing(id)?;
        let slug = self.session.plan().slug();
        match (&standing.place, standing.phase) {
            (Some(place), _) => Ok(place),
            (None, Phase::Dropped) => {
                let message = format!("objective {id} was dropped");
                Err(Failure::new(Kind::User, message).hint(format!("git ap retry {slug}/{id}")))
            }
            (None, _) => {
                let message = format!("objective {id} was not started yet");
                Err(Failure::new(Kind::User, message)
                    .hint(format!("git ap start {slug} --objective {id}")))
            }
        }
    }

    /// Where an objective's worktree is.
    pub fn worktree(&self, id: &ObjectiveId) -> Result<PathBuf, Failure> {
        Ok(PathBuf::from(&self.workplace(id)?.worktree))
    }

    /// Refuses where the integration branch is not where the journal left it: somebody else
    /// moved it, and what they did was not judged.
    pub fn require_integration(&self) -> Result<()> {
        let name = self.session.integration_branch();
        let found = self.tools.repository.reference(&name)?;
        if found.as_deref() == Some(self.session.integration.as_str()) {
            return Ok(());
        }
        let short = name.strip_prefix("refs/heads/").unwrap_or(&name);
        let message = format!(
            "the branch `{short}` was moved by somebody else: it should be at {}",
            self.session.integration
        );
        let hint = format!("git branch -f {short} {}", self.session.integration);
        Err(Failure::new(Kind::Repository, message).hint(hint).into())
    }

    /// The same, and refuses where it cannot be moved because somebody has it checked out.
    pub fn require_movable_integration(&self) -> Result<()> {
        self.require_integration()?;
        worktrees::require_nowhere(self.tools.repository, &self.session.integration_branch())
    }
}
