//! What a worker is started with: the prompt for its objective, its command, its surroundings.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Crew;
use crate::domain::id::ObjectiveId;
use crate::domain::prompt::prompt_in;
use crate::domain::session::{How, Request, Standing};
use crate::domain::team::Worker;
use crate::execute::gates;
use crate::execute::session::Handle;
use crate::execute::start::environment;
use crate::worker::{Around, Job, launch};

/// The most bytes of its output that are kept; a disk is not to be filled by a loop.
const KEPT: u64 = 1 << 30;

/// A command that is ready to be run, and where what it says goes.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) job: Job,
    pub(super) log: PathBuf,
    /// How it is called, for whoever watches.
    pub(super) shown: String,
}

/// Makes the command of a worker for an objective. Fails by name where the team's entry cannot be
/// started as it stands.
pub(super) fn ready(
    handle: &Handle<'_>,
    crew: &Crew<'_>,
    objective: &ObjectiveId,
    worker: &Worker,
) -> Result<Ready> {
    let standing = handle.standing(objective)?;
    let folder = handle.journal.folder().join("prompts").join(objective.as_str());
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let prompt = prompt(handle, standing)?;
    let own: Vec<(String, String)> = environment(handle, objective)?
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.into_string().ok()?)))
        .collect();
    let minutes = handle.agreed.objective(objective)?.timeout_minutes;
    let around = Around {
        prompt: &prompt,
        folder: &folder,
        worktree: &handle.worktree(objective)?,
        known: crew.known,
        own: &own,
        timeout: Duration::from_secs(u64::from(minutes) * 60),
    };
    let launch = launch(worker, &worker.working(), around)?;
    let number = standing.attempts.len() + 1;
    let logs = gates::logs(handle.journal.folder(), objective.as_str());
    std::fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
    Ok(Ready {
        job: Job { limit: KEPT, ..launch.job },
        log: logs.join(format!("worker-{number}.log")),
        shown: launch.shown,
    })
}

/// The prompt of an objective, with what became of those who tried before.
pub(super) fn prompt(handle: &Handle<'_>, standing: &Standing) -> Result<String> {
    let mut plan = handle.agreed.plan.clone();
    let session = &handle.session;
    let waves: Vec<u32> = plan
        .objectives
        .iter()
        .map(|o| session.objective(&o.id).map_or(1, |standing| standing.wave))
        .collect();
    let index = plan.objectives.iter().position(|o| o.id == standing.id);
    let index = index.with_context(|| format!("the agreed plan has no {}", standing.id))?;
    plan.objectives[index].notes.extend(before(standing));
    let requests: Vec<String> = session
        .requests
        .iter()
        .filter(|request| request.objective == standing.id)
        .map(Request::describe)
        .collect();
    let forbid = &handle.agreed.config.global_forbid;
    Ok(prompt_in(&plan, &waves, index, forbid, &requests))
}

/// What a worker should know of those before it.
fn before(standing: &Standing) -> Vec<String> {
    let Some(last) = standing.attempts.last() else { return Vec::new() };
    let mut notes = vec![
        "Somebody worked on this before: what they did is in the worktree. Look at it and go on \
         from there."
            .to_owned(),
    ];
    if let Some(How::Failed { why }) = last.returned.as_ref().map(|returned| &returned.how) {
        notes.push(format!("They came back with: {why}"));
    }
    notes.extend(standing.said.iter().map(|said| format!("It was not accepted: {said}")));
    notes
}
