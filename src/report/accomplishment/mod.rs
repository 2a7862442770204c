//! A record as its template sees it: what was done, by whom and how it went, in words.

use std::collections::BTreeSet;

use serde::Serialize;

use super::markdown::verbatim;
use super::plan::title;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::record::{Objective, Record, RedGate, duration};
use crate::domain::session::Phase;
use crate::domain::team::stream::Usage;

/// Files of an objective that are named.
const FILES: usize = 40;

#[derive(Serialize)]
pub(super) struct View<'a> {
    request_line: String,
    request_more: bool,
    request_lines: Vec<&'a str>,
    plan: &'a str,
    task_type: &'static str,
    state: &'static str,
    target: &'a str,
    approved: &'a str,
    landed: Option<&'a str>,
    took: Option<String>,
    counts: String,
    changed: String,
    violations: String,
    retries: String,
    objectives: Vec<Row<'a>>,
    waves: Vec<WaveRow<'a>>,
    reds: Vec<RedRow<'a>>,
    synced: &'a [String],
    dropped: Vec<Row<'a>>,
    authors: Vec<String>,
    commands: Vec<Command>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    outcome: String,
    touch: &'a [String],
    asked: Vec<String>,
    worker: &'a str,
    time: Option<String>,
    claim: Option<&'a str>,
    used: Option<String>,
    work: Option<String>,
    gates: &'a [String],
    retries: Option<String>,
    violations: Option<String>,
    after: &'static str,
    said: &'a [String],
    output: Vec<String>,
    backups: &'a [String],
    files: Vec<String>,
    more: Option<String>,
}

#[derive(Serialize)]
struct WaveRow<'a> {
    number: u32,
    commit: &'a str,
    merged: &'a str,
    objectives: Vec<&'a str>,
    gates: &'a [String],
}

#[derive(Serialize)]
struct RedRow<'a> {
    wave: u32,
    command: &'a str,
    how: &'a str,
    blame: String,
    output: Vec<String>,
}

#[derive(Serialize)]
struct Command {
    command: String,
    what: &'static str,
}

impl<'a> View<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        let (request_line, request_more) = title(&record.request);
        let is_dropped = |o: &&Objective| o.phase == Phase::Dropped;
        let sum = |of: fn(&Objective) -> u32| record.objectives.iter().map(of).map(u64::from).sum();
        let wave = |wave: &'a crate::domain::record::Wave| WaveRow {
            number: wave.number,
            commit: &wave.commit,
            merged: &wave.merged,
            objectives: wave.objectives.iter().map(ObjectiveId::as_str).collect(),
            gates: &wave.gates,
        };
        Self {
            request_line,
            request_more,
            request_lines: record.request.lines().filter(|l| !l.trim().is_empty()).collect(),
            plan: record.plan.as_str(),
            task_type: record.task_type.as_str(),
            state: state(record),
            target: &record.target,
            approved: &record.approved,
            landed: record.landed.as_deref(),
            took: record.minutes().map(duration),
            counts: counts(record),
            changed: changed(record),
            violations: match sum(|o| o.violations) {
                0 => "none found".to_owned(),
                n => format!("found {}", times(n)),
            },
            retries: match sum(|o| o.retries) {
                0 => "never".to_owned(),
                n => times(n),
            },
            objectives: record.objectives.iter().map(|o| row(record, o)).collect(),
            waves: record.waves.iter().map(wave).collect(),
            reds: record.reds.iter().map(red).collect(),
            synced: &record.synced,
            dropped: record.objectives.iter().filter(is_dropped).map(|o| row(record, o)).collect(),
            authors: record.authors(),
            commands: commands(record),
        }
    }
}

fn state(record: &Record) -> &'static str {
    let open = |o: &Objective| !matches!(o.phase, Phase::Merged | Phase::Dropped);
    match (&record.landed, record.objectives.iter().any(open)) {
        (Some(_), _) => "landed",
        (None, false) => "merged, not landed",
        (None, true) => "at work",
    }
}

/// How many objectives there are, and where they stand.
fn counts(record: &Record) -> String {
    let mut phases: Vec<(Phase, usize)> = Vec::new();
    for objective in &record.objectives {
        match phases.iter_mut().find(|(phase, _)| *phase == objective.phase) {
            Some((_, count)) => *count += 1,
            None => phases.push((objective.phase, 1)),
        }
    }
    let said: Vec<String> =
        phases.iter().map(|(phase, count)| format!("{count} {}", phase.as_str())).collect();
    format!("{}: {}", record.objectives.len(), said.join(", "))
}

/// What the objectives changed together; a file that two of them changed is one file.
fn changed(record: &Record) -> String {
    let kept = || record.objectives.iter().filter(|o| o.phase != Phase::Dropped);
    let named: BTreeSet<&RepoPath> = kept().flat_map(|o| &o.touched).collect();
    let unnamed: u64 = kept().map(|o| o.touched_more).sum();
    let files = count(named.len() as u64 + unnamed, "file");
    let at_most = if unnamed == 0 { "" } else { "at most " };
    let (added, removed) =
        (kept().map(|o| o.lines_added).sum(), kept().map(|o| o.lines_removed).sum());
    format!("{at_most}{files}, {}", lines(added, removed))
}

/// What an objective asked for beyond its scope, a sentence each.
fn asked(record: &Record, objective: &Objective) -> Vec<String> {
    let own = record.requests.iter().filter(|r| r.objective == objective.id);
    own.map(|r| if r.why.is_empty() { r.said.clone() } else { format!("{} ({})", r.said, r.why) })
        .collect()
}

/// What the last worker of an objective said that it did: its claim, beside what git shows.
fn claim<'a>(record: &'a Record, objective: &Objective) -> Option<&'a str> {
    let last = record.tries.iter().rfind(|one| one.objective == objective.id)?;
    Some(last.claim.as_str()).filter(|claim| !claim.is_empty())
}

/// What the tries at an objective used together, as far as they said.
fn used(record: &Record, objective: &Objective) -> Option<String> {
    let own = record.tries.iter().filter(|one| one.objective == objective.id);
    own.map(|one| one.usage).reduce(Usage::with)?.describe()
}

/// The end of what a gate printed, as lines of an indented block.
fn output(lines: &[String]) -> Vec<String> {
    lines.iter().filter(|line| !line.trim().is_empty()).map(|line| verbatim(line)).collect()
}

fn red(red: &RedGate) -> RedRow<'_> {
    let names: Vec<&str> = red.blamed.iter().map(ObjectiveId::as_str).collect();
    RedRow {
        wave: red.wave,
        command: &red.command,
        how: if red.how.is_empty() { "did not pass" } else { &red.how },
        blame: match names.as_slice() {
            _ if red.before => "it was red before the wave".to_owned(),
            [] => "no single objective turned it".to_owned(),
            names => format!("it passed without {}", names.join(", or without ")),
        },
        output: output(&red.output),
    }
}

fn row<'a>(record: &'a Record, objective: &'a Objective) -> Row<'a> {
    let o = objective;
    let files: Vec<String> =
        o.touched.iter().take(FILES).map(|path| path.quoted().into_owned()).collect();
    let more = o.files.saturating_sub(files.len() as u64);
    Row {
        id: o.id.as_str(),
        title: &o.title,
        outcome: outcome(o),
        touch: &o.touch,
        asked: asked(record, o),
        worker: &o.worker,
        time: o.minutes.map(duration),
        claim: claim(record, o),
        used: used(record, o),
        work: (o.commits > 0 || o.files > 0).then(|| {
            let (commits, files) = (count(o.commits, "commit"), count(o.files, "file"));
            format!("{commits}, {files}, {}", lines(o.lines_added, o.lines_removed))
        }),
        gates: &o.gates,
        retries: (o.retries > 0).then(|| times(o.retries.into())),
        violations: (o.violations > 0).then(|| times(o.violations.into())),
        after: match o.phase {
            Phase::Accepted | Phase::Merged => "nothing outside it landed",
            _ => "and kept out of the merge",
        },
        said: &o.said,
        output: output(&o.output),
        backups: &o.backups,
        more: match (&o.start, &o.tip) {
            _ if more == 0 => None,
            (Some(start), Some(tip)) => {
                Some(format!("and {more} more: `git diff --stat {start} {tip}`"))
            }
            _ => Some(format!("and {more} more")),
        },
        files,
    }
}

fn outcome(objective: &Objective) -> String {
    let wave = objective.wave;
    match objective.phase {
        Phase::Planned => format!("Not begun; wave {wave}."),
        Phase::Started | Phase::Working => format!("Worked on in wave {wave}."),
        Phase::Submitted => format!("Handed in, not judged yet; wave {wave}."),
        Phase::Accepted => format!("Accepted, not merged yet; wave {wave}."),
        Phase::Merged if objective.files == 0 => {
            format!("Merged in wave {wave}, without a change.")
        }
        Phase::Merged => format!("Merged in wave {wave}."),
        Phase::Waiting => format!("Waits for what another objective holds; wave {wave}."),
        Phase::Failed => format!("Failed in wave {wave}."),
        Phase::Violated => format!("Refused in wave {wave}: it worked outside its scope."),
        Phase::Dropped => format!("Dropped from wave {wave}: nothing of it was merged."),
    }
}

/// Commands that show what this report only sums up. Ids and commits are words without a
/// character that a shell reads.
fn commands(record: &Record) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut add = |command: String, what| commands.push(Command { command, what });
    if let Some(last) = record.waves.last() {
        let range = format!("{}..{}", record.pin, last.commit);
        add(format!("git log --graph --oneline {range}"), "every commit of the session");
        add(format!("git diff --stat {range}"), "what they changed together");
        add(format!("git ap verify {range}"), "each of them held against its scope again");
    }
    let grep = format!("git log --grep='^AP-Plan: {}$'", record.plan);
    add(grep, "the commits that name the plan, wherever they are");
    add(
        format!("git show {}:.ap/plans/{}/plan.md", record.pin, record.plan),
        "the plan as approved",
    );
    commands
}

fn count(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn lines(added: u64, removed: u64) -> String {
    format!("{} added, {removed} removed", count(added, "line"))
}

#[cfg(test)]
mod tests;
