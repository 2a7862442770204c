//! What a worker says to the `run` that watches it, where it can write nothing of the git
//! directory but its inbox: left there, and waited for what is replied.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::listener::Listener;
use super::request::{self, Answered};
use super::session::{Handle, Tools, look};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::letter::{Letter, Reply};
use crate::domain::session::{Holder, Request, Session};
use crate::report::Templates;
use crate::store::{self, Inbox, Journal, Lock};

/// How long a reply is waited for: gates may keep the other side busy, and agents do not wait
/// for ever for a tool.
const PATIENCE: Duration = Duration::from_secs(50);
/// How often it is looked for a reply.
const PACE: Duration = Duration::from_millis(10);
/// How often it is asked whether the other side is still there.
const PULSE: Duration = Duration::from_secs(1);

/// The way from an objective to the `run` that watches its worker.
#[derive(Debug)]
pub struct Post<'a> {
    tools: Tools<'a>,
    plan: &'a PlanId,
    objective: &'a ObjectiveId,
    patience: Duration,
}

/// What became of a letter that asked for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The objective may touch all of that as it is.
    May,
    /// These requests stand for it.
    Requests(Vec<Request>, Option<String>),
    /// It was heard.
    Heard,
}

/// Does what a letter asks for, and returns what became of it.
pub fn answer(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    letter: &Letter,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Posted> {
    match letter {
        Letter::Request { patterns, why } => {
            match request::ask(handle, objective, patterns, why, templates, listener)? {
                Answered::May => Ok(Posted::May),
                Answered::Request(request) => Ok(Posted::Requests(vec![request], None)),
            }
        }
        Letter::Withdraw {} => Ok(Posted::Requests(request::withdraw(handle, objective)?, None)),
        Letter::Progress { .. } | Letter::Submit { .. } | Letter::Blocked { .. } => {
            Ok(Posted::Heard)
        }
    }
}

impl<'a> Post<'a> {
    /// The way from an objective of a plan.
    pub fn new(tools: Tools<'a>, plan: &'a PlanId, objective: &'a ObjectiveId) -> Self {
        Self { tools, plan, objective, patience: PATIENCE }
    }

    /// Whether it is the only way: this process may not write the session's journal.
    fn is_needed(&self) -> bool {
        !Lock::is_possible(Journal::at(&self.tools.repository.common_dir(), self.plan).folder())
    }

    /// Says something and returns what was replied. Fails with the other side's refusal, and
    /// where nobody listens or replies in time; then nothing was said.
    pub fn say(&self, letter: &Letter) -> Result<Posted> {
        Ok(self.said(letter)?.ok_or_else(|| self.nobody())?)
    }

    /// The same for what can also be done here: it is done `directly` where nobody replies and
    /// the journal may be written.
    ///
    /// Whoever watches a worker is asked first: it may itself be at work on the session, and it
    /// has to know what was given before its worker goes on.
    pub fn say_or(
        &self,
        letter: &Letter,
        directly: impl FnOnce() -> Result<Posted>,
    ) -> Result<Posted> {
        // What could not be sent is not done here either.
        letter.bytes()?;
        match self.said(letter)? {
            Some(posted) => Ok(posted),
            None if self.is_needed() => Err(self.nobody().into()),
            None => directly(),
        }
    }

    /// What was replied; none: nobody listens, or replied in time.
    fn said(&self, letter: &Letter) -> Result<Option<Posted>> {
        let Some(listener) = self.listener()? else { return Ok(None) };
        let journal = Journal::at(&self.tools.repository.common_dir(), self.plan);
        let inbox = Inbox::of(journal.folder(), self.objective);
        let Some(name) = inbox.leave(&letter.bytes()?)? else { return Ok(None) };
        if !letter.wants_reply() {
            return Ok(Some(Posted::Heard));
        }
        let (begun, mut felt) = (Instant::now(), Instant::now());
        let mut taken_back = false;
        loop {
            if let Some(bytes) = inbox.replied(&name)? {
                return self.posted(&bytes).map(Some);
            }
            if taken_back || begun.elapsed() >= self.patience * 2 {
                return Ok(None);
            }
            if felt.elapsed() >= PULSE {
                felt = Instant::now();
                let gone = !store::is_alive(&listener);
                // One that was taken is being replied to.
                let late = gone || begun.elapsed() >= self.patience;
                taken_back = late && (inbox.take_back(&name) || gone);
            }
            std::thread::sleep(PACE);
        }
    }

    /// Who watches the worker of the objective, if anybody does.
    fn listener(&self) -> Result<Option<Holder>> {
        let session = self.session()?;
        let standing = session.objective(self.objective);
        let attempt = standing.and_then(|standing| standing.attempts.last());
        let at_work = attempt.filter(|attempt| attempt.returned.is_none());
        Ok(at_work.map(|attempt| attempt.holder.clone()).filter(store::is_alive))
    }

    fn session(&self) -> Result<Session> {
        look(self.tools.repository, self.plan)?.context("the session of an objective is there")
    }

    fn nobody(&self) -> Failure {
        let message = format!("no `git ap run` listens to {}: nothing was said", self.objective);
        let hint = format!(
            "where nothing keeps you from the git directory, ask with `git ap scope request` and end \
             with `git ap done {}/{}`; else write it into your last message",
            self.plan.slug(),
            self.objective
        );
        Failure::new(Kind::Worker, message).hint(hint)
    }

    fn posted(&self, bytes: &[u8]) -> Result<Posted> {
        let reply = Reply::read(bytes).context("the reply is none that git ap has written")?;
        Ok(match reply {
            Reply::May => Posted::May,
            Reply::Heard => Posted::Heard,
            Reply::Refused { kind, message, hint } => {
                return Err(Failure { kind, message, hint }.into());
            }
            Reply::Requests { numbers, note } => {
                let requests = self.session()?.requests.into_iter();
                let own = requests.filter(|r| numbers.contains(&r.seq));
                Posted::Requests(own.collect(), note)
            }
        })
    }
}
