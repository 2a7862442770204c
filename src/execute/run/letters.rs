//! What workers say while they are at work: their letters are taken from their inboxes, what they
//! ask for is done as if it had been asked for outside, and it is replied. What lies in an inbox
//! is the word of that objective's worker alone.

use std::collections::VecDeque;

use anyhow::Result;

use super::floor::{AtWork, Floor, in_words};
use super::held::held;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::id::ObjectiveId;
use crate::domain::letter::{Letter, Reply};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::response;
use crate::domain::session::{Asked, Request};
use crate::execute::listener::Listener;
use crate::execute::narrate::Interrupted;
use crate::execute::post::{self, Posted};
use crate::execute::session::Handle;
use crate::git::worktrees;
use crate::report::Templates;
use crate::store::{Inbox, Name, Taken};
use crate::worker::sandbox;

/// How often a worker may ask for something.
const ASKS: usize = 500;
/// How many of its letters that are none are told.
const TOLD: usize = 5;
/// How many replies are kept for whoever has not read them yet.
const KEPT: usize = 64;

/// What a worker has said in letters.
#[derive(Debug)]
pub(super) struct Letters {
    inbox: Inbox,
    percent: u8,
    asks: usize,
    refused: usize,
    replied: VecDeque<Name>,
    /// How it ends, in its own words: the last of these counts.
    end: Option<Letter>,
    /// Whether it was given something that its sandbox keeps closed.
    outgrown: bool,
}

impl Letters {
    /// No letters yet, in an inbox that was made for the worker.
    pub(super) fn new(inbox: Inbox) -> Self {
        let (replied, end) = (VecDeque::new(), None);
        Self { inbox, percent: 0, asks: 0, refused: 0, replied, end, outgrown: false }
    }

    /// The last message of the worker, with what it said of the end in letters.
    pub(super) fn with_end(&self, message: &str) -> String {
        match self.end.as_ref().and_then(Letter::in_response) {
            Some(end) if message.trim().is_empty() => end,
            Some(end) => format!("{}\n\n{end}", message.trim_end()),
            None => message.to_owned(),
        }
    }

    /// Whether it only ended so that it can be started again with what it was given: that is no
    /// failure. `message` is its last one.
    pub(super) fn is_to_go_on(&self, message: &str) -> bool {
        self.outgrown && response::read(message).blocked.is_some()
    }

    fn reply(&mut self, name: &Name, reply: &Reply) -> Result<()> {
        self.inbox.reply(name, &reply.bytes())?;
        self.replied.push_back(name.clone());
        if self.replied.len() > KEPT
            && let Some(oldest) = self.replied.pop_front()
        {
            self.inbox.forget(&oldest);
        }
        Ok(())
    }

    /// Whether one more letter that is none is worth telling.
    fn is_worth_telling(&mut self) -> bool {
        self.refused += 1;
        self.refused <= TOLD
    }
}

impl Floor<'_, '_> {
    /// Takes the letters of all who are at work. `handle` is the session, where it is in hand.
    pub(super) fn read_letters(
        &mut self,
        mut handle: Option<&mut Handle<'_>>,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let (open, templates) = (self.open, self.templates);
        for at_work in &mut self.at_work {
            let taken = match at_work.letters.inbox.take() {
                Ok(taken) => taken,
                Err(error) => {
                    if at_work.letters.is_worth_telling() {
                        listener.note(&format!("{}: {}", at_work.objective, in_words(&error)));
                    }
                    continue;
                }
            };
            for one in taken {
                let Some((name, letter)) = letter(at_work, one, listener)? else { continue };
                let reply = match handle.as_deref_mut() {
                    Some(handle) => reply(handle, at_work, &letter, templates, listener),
                    None => reply(&mut open()?, at_work, &letter, templates, listener),
                };
                at_work.letters.reply(&name, &reply?)?;
            }
        }
        Ok(())
    }
}

/// Reads what was taken. What needs no reply from the journal is done here.
fn letter(
    at_work: &mut AtWork,
    taken: Taken,
    listener: &mut dyn Listener,
) -> Result<Option<(Name, Letter)>> {
    let objective = at_work.objective.to_string();
    let letters = &mut at_work.letters;
    let letter = match taken.bytes.and_then(|bytes| Letter::read(&bytes)) {
        Ok(letter) => letter,
        Err(why) => {
            if letters.is_worth_telling() {
                listener.note(&format!("{objective}: a letter in its inbox was not read: {why}"));
            }
            if let Some(name) = taken.name {
                let failure = Failure::new(Kind::Usage, format!("the letter was not read: {why}"));
                letters.reply(&name, &failure.into())?;
            }
            return Ok(None);
        }
    };
    let told = match &letter {
        Letter::Progress { percent, note } => {
            letters.percent = letters.percent.max(*percent);
            Some((ActivityType::Progress, format!("{}% - {note}", letters.percent)))
        }
        Letter::Submit { summary } => {
            Some((ActivityType::Log, format!("says that it is done: {summary}")))
        }
        Letter::Blocked { why, .. } => {
            Some((ActivityType::Log, format!("says that it is blocked: {why}")))
        }
        Letter::Request { .. } | Letter::Withdraw {} => None,
    };
    if let Some((activity_type, text)) = told {
        listener.event(EventKind::WorkerActivity { source: objective, activity_type, text });
    }
    let Some(name) = taken.name.filter(|_| letter.wants_reply()) else { return Ok(None) };
    letters.asks += 1;
    if letters.asks > ASKS {
        let failure = Failure::new(Kind::User, "this worker has asked too often");
        letters.reply(&name, &failure.into())?;
        return Ok(None);
    }
    Ok(match letter {
        Letter::Submit { .. } | Letter::Blocked { .. } => {
            letters.end = Some(letter);
            letters.reply(&name, &Reply::Heard)?;
            None
        }
        letter => Some((name, letter)),
    })
}

/// Does what a letter asks for, and says what became of it. A refusal is a reply too.
fn reply(
    handle: &mut Handle<'_>,
    at_work: &mut AtWork,
    letter: &Letter,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Reply> {
    let objective = at_work.objective.clone();
    let requests = match post::answer(handle, &objective, letter, templates, listener) {
        Ok(Posted::Requests(requests, _)) => requests,
        Ok(Posted::May) => return Ok(Reply::May),
        Ok(Posted::Heard) => return Ok(Reply::Heard),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            let failure = error.downcast_ref::<Failure>().cloned();
            let failure = failure.unwrap_or_else(|| Failure::new(Kind::Io, in_words(&error)));
            return Ok(failure.into());
        }
    };
    for request in &requests {
        listener.note(&format!("{objective} {}", request.describe()));
    }
    // Whoever asked goes on at once: by then the watcher must know what was given.
    if let (Some(watch), Some(held)) = (&at_work.watch, held(handle, &objective)) {
        watch.hold(held);
    }
    let note = outgrown(handle, &objective, &requests)?;
    at_work.letters.outgrown |= note.is_some();
    Ok(Reply::Requests { numbers: requests.iter().map(|request| request.seq).collect(), note })
}

/// What the asker should know where it was given what its sandbox, which was closed before, does
/// not open.
fn outgrown(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    requests: &[Request],
) -> Result<Option<String>> {
    if !sandbox::in_force(handle.agreed.config.sandbox)?.is_on() {
        return Ok(None);
    }
    let folder = handle.journal.folder().join("prompts").join(objective.as_str());
    let rules = sandbox::read(&folder.join(sandbox::FILE))?;
    let granted = requests.iter().filter(|request| request.state == Asked::Granted);
    let closed = |text: &&String| {
        let forms = Pattern::parse(text).map(|pattern| pattern.forms().to_vec());
        forms.unwrap_or_default().iter().any(|form| {
            let lead = RepoPath::new(form.literal_lead());
            let place = lead.map_or_else(
                || rules.worktree.clone(),
                |lead| rules.worktree.join(worktrees::os_path(&lead)),
            );
            !rules.may_write(&place)
        })
    };
    let closed: Vec<String> = granted
        .flat_map(|request| &request.patterns)
        .filter(closed)
        .map(|pattern| format!("`{pattern}`"))
        .collect();
    Ok((!closed.is_empty()).then(|| {
        format!(
            "the sandbox that {objective} runs in was closed before and keeps {} read-only: finish \
             what can be finished without it, then end with STATUS=BLOCKED; the next try can write \
             there",
            closed.join(", ")
        )
    }))
}
