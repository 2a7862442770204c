//! The answer to an objective that asks for more: granted, promised or denied.

use anyhow::{Context as _, Result};

use super::patterns;
use crate::domain::config::Grant;
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::id::ObjectiveId;
use crate::domain::plan;
use crate::domain::session::{Against, Amendment, Asked, Entry, Phase, Place, Request, Weighed};
use crate::execute::amend::{self, New, not_toml};
use crate::execute::listener::Listener;
use crate::execute::reservations;
use crate::execute::session::Handle;
use crate::report::Templates;

/// The owner gives an objective what it asked for, or other patterns. Returns what became of
/// it: one that waits for somebody is given it once they are merged.
pub fn grant(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[String],
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<Vec<Request>> {
    handle.require_unclaimed()?;
    require_open(handle, objective)?;
    if handle.agreed.config.grant == Grant::Never {
        let message = "the agreed policy is `scope.grant = \"never\"`";
        let hint = "change it in .ap/config.toml for the next plan";
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    }
    let pending: Vec<Request> = handle.session.pending(objective).cloned().collect();
    if !wanted.is_empty() {
        let parsed = patterns(wanted)?;
        let covers = |r: &&Request| r.patterns.iter().all(|p| wanted.contains(p));
        let answered: Vec<u64> = pending.iter().filter(covers).map(|r| r.seq).collect();
        match handle.weigh(objective, &parsed)? {
            // There is nothing to amend.
            Weighed::May if answered.is_empty() => return Ok(Vec::new()),
            Weighed::Free | Weighed::May => {}
            other => return Err(refused(objective, &other).into()),
        }
        give(handle, objective, wanted, &answered, templates, listener)?;
        return answered.iter().map(|seq| handle.request(*seq).cloned()).collect();
    }
    if pending.is_empty() {
        return Err(nothing_asked(objective).into());
    }
    let (mut free, mut seqs, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for request in &pending {
        match handle.weigh(objective, &patterns(&request.patterns)?)? {
            Weighed::Held { .. } if matches!(request.state, Asked::Waiting { .. }) => {
                later.push(request.seq);
            }
            Weighed::Free | Weighed::May => {
                free.extend(request.patterns.iter().cloned());
                seqs.push(request.seq);
            }
            other => return Err(refused(objective, &other).into()),
        }
    }
    for request in later {
        handle.append(Entry::ScopeConsented { request })?;
    }
    if !seqs.is_empty() {
        give(handle, objective, &free, &seqs, templates, listener)?;
    }
    pending.iter().map(|r| handle.request(r.seq).cloned()).collect()
}

/// What `grant` would do, in words; refuses what it would refuse.
pub fn would_grant(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[String],
) -> Result<String> {
    require_open(handle, objective)?;
    let asked: Vec<String> = match wanted {
        [] => handle.session.pending(objective).flat_map(|r| r.patterns.clone()).collect(),
        wanted => wanted.to_vec(),
    };
    if asked.is_empty() {
        return Err(nothing_asked(objective).into());
    }
    let what: Vec<String> = asked.iter().map(|p| format!("`{p}`")).collect();
    let what = what.join(", ");
    match handle.weigh(objective, &patterns(&asked)?)? {
        Weighed::May => Ok(format!("nothing: {objective} may touch {what} as it is")),
        Weighed::Free => Ok(format!("would give {objective} {what}")),
        Weighed::Held { holder, .. } if wanted.is_empty() => {
            Ok(format!("would give {objective} {what} once {holder}, which holds it, is merged"))
        }
        other => Err(refused(objective, &other).into()),
    }
}

/// Makes patterns a part of an objective's scope: reserved first, then amended.
pub(super) fn give(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    wanted: &[String],
    requests: &[u64],
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    let plan = &handle.agreed.plan;
    let index = plan.objectives.iter().position(|o| o.id == *objective);
    let index = index.context("an objective of the plan")?;
    let text = amend::with_waves(handle, &amend::text(handle)?)?;
    let text =
        plan::with_touch(&text, index, wanted).ok_or_else(|| not_toml(handle.tools.repository))?;
    let mut scope = handle.agreed.scopes[index].clone();
    scope.touch.extend(patterns(wanted)?);
    if handle.standing(objective)?.phase != Phase::Planned {
        reservations::widen(handle, &scope)?;
    }
    let told: Vec<String> = wanted.iter().map(|p| format!("`{p}`")).collect();
    let why = requests.iter().filter_map(|seq| Some(handle.request(*seq).ok()?.why.as_str()));
    let why: Vec<&str> = why.filter(|why| !why.is_empty()).collect();
    let because = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    let new = New {
        text: &text,
        amendment: Amendment::Grant {
            objective: objective.clone(),
            patterns: wanted.to_vec(),
            requests: requests.to_vec(),
        },
        lines: vec![format!("{objective} may touch {}{because}", told.join(", "))],
    };
    amend::amend(handle, &new, templates)?;
    let (objective, patterns) = (objective.to_string(), wanted.to_vec());
    listener.event(EventKind::ScopeGranted { objective, patterns });
    Ok(())
}

/// The owner does not give an objective what it asked for. One that waited for it goes on, in
/// its old wave where that is not merged yet.
pub fn deny(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    reason: &str,
    listener: &mut dyn Listener,
) -> Result<Vec<Request>> {
    handle.standing(objective)?;
    let pending: Vec<Request> = handle.session.pending(objective).cloned().collect();
    if pending.is_empty() {
        let message = format!("objective {objective} has asked for nothing that is undecided");
        return Err(Failure::new(Kind::User, message).hint("git ap status").into());
    }
    // The last one first: each takes back what it has moved itself.
    for request in pending.iter().rev() {
        let moves = moved_back(handle, request)?;
        let reason = reason.to_owned();
        handle.append(Entry::ScopeDenied {
            request: request.seq,
            reason: reason.clone(),
            moves,
        })?;
        let (objective, patterns) = (objective.to_string(), request.patterns.clone());
        listener.event(EventKind::ScopeDenied { objective, patterns, reason });
    }
    pending.iter().map(|r| handle.request(r.seq).cloned()).collect()
}

/// Where the objectives that a request moved go back to: to their old waves, if those are not
/// merged, nobody of them has begun since, and nobody was given a part of their scopes there.
pub fn moved_back(handle: &Handle<'_>, request: &Request) -> Result<Vec<Place>> {
    let session = &handle.session;
    let merged = session.waves.iter().map(|w| w.wave).max().unwrap_or(0);
    let at_rest = |place: &Place| {
        let standing = session.objective(&place.objective);
        standing.is_some_and(|o| matches!(o.phase, Phase::Planned | Phase::Waiting))
    };
    let back = request.taken_from.iter().all(|place| place.wave > merged && at_rest(place));
    let mut without = session.clone();
    without.requests.retain(|r| r.seq != request.seq);
    let against = Against { session: &without, ..handle.against(&[]) };
    let back = back && against.has_room(&request.taken_from)?;
    Ok(if back { request.taken_from.clone() } else { Vec::new() })
}

/// Gives an objective that waited what it was promised, now that it is free. Refused while it is
/// not, or while the owner of the plan has not decided.
pub fn settle(
    handle: &mut Handle<'_>,
    objective: &ObjectiveId,
    templates: &Templates,
    listener: &mut dyn Listener,
) -> Result<()> {
    let pending: Vec<Request> = handle.session.pending(objective).cloned().collect();
    for request in pending {
        let wanted = patterns(&request.patterns)?;
        let weighed = handle.weigh(objective, &wanted)?;
        let consented = matches!(request.state, Asked::Waiting { consented: true, .. });
        match weighed {
            Weighed::Free | Weighed::May if consented => {
                let seq = [request.seq];
                give(handle, objective, &request.patterns, &seq, templates, listener)?;
            }
            Weighed::Never(reason) => {
                let moves = Vec::new();
                handle.append(Entry::ScopeDenied { request: request.seq, reason, moves })?;
            }
            other => {
                let message = match other {
                    Weighed::Held { holder, witness } if consented => {
                        format!("{objective} waits for {holder}, which holds `{witness}`")
                    }
                    _ => format!("{objective} {}", request.describe()),
                };
                let slug = handle.session.plan().slug();
                let hint = format!(
                    "`git ap scope grant {slug}/{objective}` or `git ap scope deny {slug}/{objective}`"
                );
                return Err(Failure::new(Kind::Worker, message).hint(hint).into());
            }
        }
    }
    Ok(())
}

fn require_open(handle: &Handle<'_>, objective: &ObjectiveId) -> Result<(), Failure> {
    let phase = handle.standing(objective)?.phase;
    if matches!(phase, Phase::Merged | Phase::Dropped) || handle.session.is_finished() {
        let message = format!("objective {objective} is {}: nothing can be given", phase.as_str());
        return Err(Failure::new(Kind::User, message).hint("git ap status"));
    }
    Ok(())
}

fn refused(objective: &ObjectiveId, weighed: &Weighed) -> Failure {
    match weighed {
        Weighed::Held { holder, witness } => {
            let message =
                format!("{objective} cannot be given that: `{witness}` is held by {holder}");
            let hint = format!(
                "let {objective} ask for it and wait (`git ap scope request` in its worktree), or drop {}",
                holder.objective
            );
            Failure::new(Kind::Conflict, message).hint(hint)
        }
        Weighed::Never(why) => Failure::new(Kind::User, format!("it cannot be given: {why}"))
            .hint("change the policy or the plan for the next session"),
        Weighed::Free | Weighed::May => Failure::new(Kind::Bug, "a grant of what is free failed"),
    }
}

fn nothing_asked(objective: &ObjectiveId) -> Failure {
    let message = format!("objective {objective} has asked for nothing that is undecided");
    Failure::new(Kind::User, message).hint(format!("git ap scope grant {objective} PATTERN"))
}
