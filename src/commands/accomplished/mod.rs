//! What a session has accomplished, gathered from its journal and from git, for the report and
//! for the record that lands with it.

mod known;

pub use known::{Known, chosen, known};

use anyhow::{Context as _, Result};

use super::project::Project;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::plan::{self, Plan};
use crate::domain::record::{self, Facts, Record, Work};
use crate::domain::session::{Session, Standing};
use crate::git::Repository;
use crate::report::Templates;
use crate::store::layout;

/// The plan of a session as it was approved: the pin's.
pub fn plan(repository: &Repository, session: &Session) -> Result<Plan> {
    let (pin, path) = (session.agreed(), layout::plan(session.plan()));
    let bytes = repository.file_at(pin, &path)?;
    let text = bytes.with_context(|| format!("the pin {pin} holds no {path}"))?;
    let text = String::from_utf8(text).with_context(|| format!("{path} of {pin} is not UTF-8"))?;
    plan::read(&text).plan.ok_or_else(|| {
        let failure = Failure::new(Kind::Plan, format!("{path} of the pin {pin} has errors"));
        failure.hint(format!("git show {pin}:{path}")).into()
    })
}

/// What git knows about the objectives of a session: those that have begun and whose commits are
/// still there.
pub fn facts(repository: &Repository, session: &Session) -> Result<Facts> {
    let mut facts = Facts::default();
    for standing in &session.objectives {
        if let Some(work) = work(repository, session, standing)? {
            facts.objectives.insert(standing.id.clone(), work);
        }
    }
    Ok(facts)
}

fn work(repository: &Repository, session: &Session, standing: &Standing) -> Result<Option<Work>> {
    let Some(place) = &standing.place else { return Ok(None) };
    let merged = session.waves.iter().rev().find_map(|wave| {
        let tip = wave.tips.iter().find(|tip| tip.objective == standing.id)?;
        Some((tip.commit.as_str(), wave.from.as_str()))
    });
    let (recorded, integration) = match merged {
        Some((tip, from)) => (Some(tip), from),
        None => (standing.tip.as_deref(), session.integration.as_str()),
    };
    let tip = match recorded {
        Some(tip) => repository.commit(tip),
        None => repository.commit(&place.branch),
    };
    // After `clean`, a wave that was squashed is all that is left of its objectives.
    let (Ok(tip), Ok(start)) = (tip, repository.commit(&place.start)) else { return Ok(None) };
    // It may have taken over the integration branch: what came with that is others' work.
    let from = match repository.commit(integration) {
        Ok(integration) => repository
            .merge_base(&integration, &tip)?
            .context("an objective begins at the integration branch")?,
        Err(_) => start,
    };
    let commits = repository.commits_between(&from, &tip)?;
    let changes = repository.changes(Some(&from), &tip)?;
    let (lines_added, lines_removed) = repository.lines_changed(&from, &tip)?;
    Ok(Some(Work {
        commits: commits.len() as u64,
        paths: changes.into_iter().map(|change| change.path).collect(),
        lines_added,
        lines_removed,
        authors: repository.authors_between(&from, &tip)?,
        tip: Some(tip),
    }))
}

/// The record of a session as it is now, under the plan of its pin. `landed`: the time at which
/// it lands, for a record that is written before that.
pub fn record(project: &Project, session: &Session, landed: Option<&str>) -> Result<Record> {
    let plan = plan(&project.repository, session)?;
    let facts = facts(&project.repository, session)?;
    let facts = Facts { landed: landed.map(str::to_owned), ..facts };
    Ok(record::record(session, &plan, &facts))
}

/// The files of a record, `session.toml` and `accomplishment.md`, for whoever lands the session.
pub fn record_files(templates: &Templates, record: &Record) -> Result<Vec<(RepoPath, Vec<u8>)>> {
    let page = templates.accomplishment_md(record)?;
    Ok(vec![
        (layout::accomplishment(&record.plan), page.into_bytes()),
        (layout::session(&record.plan), record::to_toml(record).into_bytes()),
    ])
}
