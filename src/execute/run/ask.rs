//! What a worker is started with: the prompt for its objective, its command, its surroundings.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Crew;
use super::temporary::temporary;
use crate::domain::commit_message::one_line;
use crate::domain::config::Sandbox;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::prompt::prompt_in;
use crate::domain::session::{How, Request, Session, Standing};
use crate::domain::team::stream::Limits;
use crate::domain::team::{Manner, Worker};
use crate::execute::gates;
use crate::execute::session::{Agreed, Handle};
use crate::execute::start::environment;
use crate::git::worktrees;
use crate::store::{Inbox, Writer};
use crate::worker::policy::{Law, Policy};
use crate::worker::sandbox::{self, Site};
use crate::worker::{Around, Job, PROMPT, Way, launch, leftover};

/// The most bytes of its output that are kept; a disk is not to be filled by a loop.
const KEPT: u64 = 1 << 30;

/// A command that is ready to be run, and where what it says goes.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) job: Job,
    pub(super) way: Way,
    pub(super) log: PathBuf,
    /// How it is called, for whoever watches.
    pub(super) shown: String,
    /// What keeps it to its scope, in a line.
    pub(super) force: String,
    /// What it may use.
    pub(super) limits: Limits,
    /// Where it may leave letters.
    pub(super) inbox: Inbox,
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
    let prompt = prompt(&handle.session, &handle.agreed, standing)?;
    let file = RepoPath::new(format!("prompts/{objective}/{PROMPT}"));
    let file = file.context("an objective's id is a name")?;
    Writer::new(handle.journal.folder(), handle.tools.steps).write(&file, prompt.as_bytes())?;
    let force = sandbox::in_force(handle.agreed.config.sandbox)?;
    let mark = leftover::mark();
    let temporary = temporary(handle, crew.known, objective)?;
    let mut own: Vec<(String, String)> = environment(handle, objective)?
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.into_string().ok()?)))
        .collect();
    let at = temporary.to_str().context("a directory for temporary files is UTF-8")?;
    own.push(("TMPDIR".to_owned(), at.to_owned()));
    let minutes = handle.agreed.objective(objective)?.timeout_minutes;
    let worktree = handle.worktree(objective)?;
    // Whoever was there before may have been stopped in the midst of anything.
    worktrees::restore(handle.tools.repository, &worktree, handle.tools.steps)?;
    let law = Law {
        scope: handle.agreed.scope(objective).context("an objective of the plan")?.clone(),
        others: handle.agreed.scopes.clone(),
        rules: handle.agreed.rules.clone(),
    };
    let policy = Policy::of_work(worker.approve, &worktree, &temporary, law);
    let around = Around {
        prompt: &prompt,
        folder: &folder,
        worktree: &worktree,
        known: crew.known,
        own: &own,
        timeout: Duration::from_secs(u64::from(minutes) * 60),
        policy: &policy,
    };
    let inbox = Inbox::of(handle.journal.folder(), objective);
    inbox.make()?;
    let mut launch = launch(worker, Manner::of_work(force.is_on()), around)?;
    find_git_ap(&mut launch.job.environment, handle.tools.program);
    let mut words = launch.job.words.clone();
    let mut told = force.told(&sandbox::Rules::default());
    if worker.is_remote() {
        told = remote(worker, handle.agreed.config.sandbox)?;
    } else if force.is_on() {
        let home = launch.job.environment.iter().find(|(name, _)| name == "HOME");
        let home = home.map(|(_, home)| PathBuf::from(home)).filter(|home| home.is_dir());
        let rules = sandbox::rules(Site {
            repository: handle.tools.repository,
            worktree: &worktree,
            start: &handle.workplace(objective)?.start,
            scope: handle.agreed.scope(objective).context("an objective of the plan")?,
            law: &handle.agreed.rules,
            temporary: Some(&temporary),
            inbox: Some(inbox.directory()),
            home: home.as_deref(),
            state: &worker.state(),
        })?;
        told = force.told(&rules);
        words = sandbox::wrap(&words, &rules, handle.tools.program, &folder)?;
    }
    let number = standing.attempts.len() + 1;
    let logs = gates::logs(handle.journal.folder(), objective.as_str());
    Ok(Ready {
        job: Job { limit: KEPT, words, mark, ..launch.job },
        way: launch.way,
        log: logs.join(format!("worker-{number}.log")),
        shown: launch.shown,
        force: told,
        limits: worker.limits.or(handle.agreed.config.limits),
        inbox,
    })
}

/// Has a worker find `git-ap`, which its guard and its tools are called by: an agent that cannot
/// start its guard edits without one. Where it is on no `PATH`, our own directory is the last.
fn find_git_ap(environment: &mut Vec<(String, OsString)>, program: &Path) {
    let (Some(own), Some(name)) = (program.parent(), program.file_name()) else { return };
    let at = environment.iter().position(|(name, _)| name == "PATH");
    let mut folders: Vec<PathBuf> = match at {
        Some(at) => std::env::split_paths(&environment[at].1).collect(),
        None => Vec::new(),
    };
    if name != "git-ap" || folders.iter().any(|folder| folder.join(name).is_file()) {
        return;
    }
    folders.push(own.to_owned());
    // A directory with a colon in its name can be on no `PATH`.
    let Ok(path) = std::env::join_paths(folders) else { return };
    match at {
        Some(at) => environment[at].1 = path,
        None => environment.push(("PATH".to_owned(), path)),
    }
}

/// What keeps a server to a scope that git ap does not start: nothing. Refused where the policy
/// asks for more.
fn remote(worker: &Worker, policy: Sandbox) -> Result<String> {
    if policy == Sandbox::Scope {
        let message = format!(
            "the worker {} cannot be kept to a scope: its server is not started by git ap",
            worker.id
        );
        let hint = "give it a `command` in place of its `url`, or set `[run] sandbox = \"auto\"`";
        return Err(Failure::new(Kind::Worker, message).hint(hint).into());
    }
    Ok("nothing keeps writes to the scope: its server is not started by git ap".to_owned())
}

/// The prompt of an objective, with what became of those who tried before.
pub fn prompt(session: &Session, agreed: &Agreed, standing: &Standing) -> Result<String> {
    let mut plan = agreed.plan.clone();
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
    let forbid = &agreed.config.global_forbid;
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
    if let Some(gate) = standing.gate.as_ref().filter(|gate| !gate.output.is_empty()) {
        let output = one_line(&gate.output.join(" / "));
        notes.push(format!("The end of what that gate printed: {output}"));
    }
    notes
}
