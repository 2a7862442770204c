//! Asking for more scope while an objective is worked on, and answering that: proved against
//! everything that runs or is reserved.

mod answer;

use anyhow::{Context as _, Result};

use answer::give;
pub use answer::{deny, grant, moved_back, settle, would_grant};

use super::listener::Listener;
use super::reservations;
use super::session::{Handle, look};
use crate::domain::config::Grant;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::Case;
use crate::domain::pattern::Pattern;
use crate::domain::session::{
    Against, Answer, Asked, Entry, Holding, Phase, Request, Weighed, postponed, waits as waits_for,
};
use crate::report::Templates;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The objective may touch all of it as it is.
    May,
    /// It has been recorded; what became of it so far.
    Request(Request),
}

impl Handle<'_> {
    fn weigh(&self, objective: &ObjectiveId, wanted: &[Pattern]) -> Result<Weighed> {
        let (_, reserved) = reservations::read(self.tools.repository)?;
        Ok(self.against(&reserved).weigh(objective, wanted)?)
    }

    /// Refuses an objective that was dropped and whose scope somebody was given meanwhile.
    pub(super) fn require_still_free(&self, objective: &ObjectiveId) -> Result<()> {
        let scope = self.agreed.scope(objective).context("an objective of the plan")?;
        let Some((holder, witness)) = self.against(&[]).held_here(scope)? else { return Ok(()) };
        let message =
            format!("{objective} cannot be worked on again: `{witness}` is held by {holder} now");
        let hint = format!("wait until {holder} is merged, or drop it: `git ap drop {holder}`");
        Err(Failure::new(Kind::Conflict, message).hint(hint).into())
    }

    /// What a request is weighed against.
    pub(super) fn against<'s>(
        &'s self,
        reserved: &'s [crate::domain::reservation::Reservation],
    ) -> Against<'s> {
        Against {
            session: &self.session,
            plan: &self.agreed.plan,
            scopes: &self.agreed.scopes,
            rules: &self.agreed.rules,
            reserved,
            case: if self.tools.repository.ignores_case() { Case::Folded } else { Case::Exact },
        }
    }

    fn request(&self, seq: u64) -> Result<&Request> {
        let found = self.session.requests.iter().find(|r| r.seq == seq);
        found.with_context(|| format!("the journal has no request {seq}"))
    }
}

/// Patterns as somebody typed them.
pub fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let parsed = texts.iter().map(|text| {
        Pattern::parse(text).map_err(|error| {
            Failure::new(Kind::Usage, format!("`{text}` is no pattern: {}", error.message))
                .hint(error.help)
        })
    });
    parsed.collect()
}

/// An objective asks for more than its scope.
pub fn ask(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[String],
    why: &str,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Answered> {
    let standing = handle.standing(objective)?;
    if !standing.phase.is_at_work() {
        let message = format!("objective {objective} is {}, not at work", standing.phase.as_str());
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    let parsed = patterns(wanted)?;
    let policy = handle.agreed.config.grant;
    let same = |r: &&Request| r.patterns == wanted;
    let asked = handle.session.pending(objective).find(same).map(|r| r.seq);
    let seq = match asked {
        Some(seq) => seq,
        None => match answer(handle, objective, &parsed)? {
            None => return Ok(Answered::May),
            Some(answer) => {
                let seq = handle.append(Entry::ScopeRequested {
                    objective: objective.clone(),
                    patterns: wanted.to_vec(),
                    why: why.to_owned(),
                    answer,
                })?;
                tell_asked(handle.request(seq)?, listener);
                seq
            }
        },
    };
    let open = handle.request(seq)?.state == Asked::Open;
    if open && policy == Grant::Free && handle.require_unclaimed().is_ok() {
        give(handle, objective, wanted, &[seq], templates, listener)?;
    }
    Ok(Answered::Request(handle.request(seq)?.clone()))
}

/// An objective asks no longer for what is not decided. Returns what that was.
pub fn withdraw(handle: &mut Handle<'_>, objective: &ObjectiveId) -> Result<Vec<Request>> {
    let asked: Vec<Request> = handle.session.pending(objective).cloned().collect();
    if asked.is_empty() {
        let message = format!("objective {objective} asks for nothing that is undecided");
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    // The last one first: each takes back what it has moved itself.
    for request in asked.iter().rev() {
        let moves = moved_back(handle, request)?;
        handle.append(Entry::ScopeWithdrawn { request: request.seq, moves })?;
    }
    debug_assert!(handle.standing(objective).is_ok_and(|o| o.phase != Phase::Waiting));
    asked.iter().map(|r| handle.request(r.seq).cloned()).collect()
}

/// What is answered to a request at once; none: all of it may be touched as it is.
fn answer(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[Pattern],
) -> Result<Option<Answer>> {
    Ok(Some(match handle.weigh(objective, wanted)? {
        Weighed::May => return Ok(None),
        Weighed::Never(reason) => Answer::Denied { reason },
        _ if handle.agreed.config.grant == Grant::Never => {
            Answer::Denied { reason: "the policy is `scope.grant = \"never\"`".to_owned() }
        }
        Weighed::Free => Answer::Open,
        Weighed::Held { holder, witness } => {
            waits(handle, objective, wanted, holder, witness.to_string())?
        }
    }))
}

fn tell_asked(request: &Request, listener: &mut dyn Listener) {
    let (objective, patterns) = (request.objective.to_string(), request.patterns.clone());
    listener.event(EventKind::ScopeRequest {
        objective: objective.clone(),
        patterns: patterns.clone(),
        why: request.why.clone(),
    });
    match &request.state {
        Asked::Denied { reason } => {
            let reason = reason.clone();
            listener.event(EventKind::ScopeDenied { objective, patterns, reason });
        }
        Asked::Waiting { .. } => {
            listener.event(EventKind::ObjectiveWaiting { objective, reason: request.describe() });
        }
        _ => {}
    }
}

/// The answer to an objective that asks for what somebody holds: it moves behind them, and those
/// that need its result behind it. One that they wait for cannot wait for them.
fn waits(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[Pattern],
    holder: Holding,
    witness: String,
) -> Result<Answer> {
    let consented = handle.agreed.config.grant == Grant::Free;
    let Holding { session: None, objective: owner } = &holder else {
        if let Some(reason) = circle(handle, &holder)? {
            return Ok(Answer::Denied { reason });
        }
        return Ok(Answer::Waits { holder, witness, consented, moves: Vec::new() });
    };
    let (mut plan, mut scopes) = handle.against(&[]).foreseen()?;
    if waits_for(&handle.session, &plan, owner, objective) {
        let reason = format!("{owner} holds `{witness}`, and waits for {objective} itself");
        return Ok(Answer::Denied { reason });
    }
    let needs = handle.against(&[]).holders(objective, wanted)?;
    for own in plan.objectives.iter_mut().filter(|o| o.id == *objective) {
        own.depends_on.extend(needs.iter().cloned());
    }
    for own in scopes.iter_mut().filter(|s| s.id == *objective) {
        own.touch.extend(wanted.iter().cloned());
    }
    let moving = std::slice::from_ref(objective);
    let moves = postponed(&handle.session, &plan, &scopes, &handle.agreed.rules, moving)?;
    Ok(Answer::Waits { holder, witness, consented, moves })
}

/// Why waiting for another session would never end, if something of that one waits for this one:
/// what a session holds is free once it has landed, and it lands when nothing of it waits.
fn circle(handle: &Handle<'_>, holder: &Holding) -> Result<Option<String>> {
    let Some(other) = &holder.session else { return Ok(None) };
    let Some(session) = look(handle.tools.repository, other)? else { return Ok(None) };
    let own = handle.session.plan();
    let waits = session.requests.iter().find(|request| {
        matches!(&request.state, Asked::Waiting { holder, .. } if holder.session.as_ref() == Some(own))
    });
    Ok(waits.map(|request| {
        let asker = &request.objective;
        format!("{holder} holds it, and {asker} of that session waits for {own} itself")
    }))
}
