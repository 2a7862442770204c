//! The sessions that a repository knows of: those with a journal, and those whose record `HEAD`
//! holds. A session in both is one.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::commands::project::Project;
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::Finding;
use crate::domain::id::PlanId;
use crate::domain::record::{self, Record};
use crate::domain::session::{Session, replay};
use crate::store::{self, Journal, layout};

/// A session, from one or both of its sources.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its plan.
    pub plan: PlanId,
    /// What its journal says.
    pub session: Option<Session>,
    /// What its record in `HEAD` says; an error says why that cannot be read.
    pub record: Option<Result<Record, Failure>>,
}

impl Known {
    /// When it was approved, RFC 3339; none where its one source cannot be read.
    pub fn approved(&self) -> Option<&str> {
        let recorded = self.record.as_ref().and_then(|r| r.as_ref().ok());
        let session = self.session.as_ref().map(|s| s.approved.as_str());
        session.or_else(|| recorded.map(|r| r.approved.as_str()))
    }

    /// Whether nothing is left to do but to clean up.
    pub fn is_finished(&self) -> bool {
        self.session.as_ref().is_none_or(Session::is_finished)
    }
}

/// All sessions, newest first.
pub fn known(project: &Project) -> Result<Vec<Known>> {
    let mut found: BTreeMap<PlanId, Known> = BTreeMap::new();
    let common = project.repository.common_dir();
    for plan in store::sessions(&common)? {
        if let Some(session) = replay(&Journal::at(&common, &plan).lines()?)? {
            let known = Known { plan: plan.clone(), session: Some(session), record: None };
            found.insert(plan, known);
        }
    }
    let head = project.repository.head()?.commit;
    for name in project.repository.directories_at(&head, &layout::sessions())? {
        let Ok(plan) = PlanId::parse(&name) else { continue };
        let Some(bytes) = project.repository.file_at(&head, &layout::session(&plan))? else {
            continue;
        };
        let empty = Known { plan: plan.clone(), session: None, record: None };
        found.entry(plan.clone()).or_insert(empty).record = Some(readable(&plan, bytes));
    }
    let mut all: Vec<Known> = found.into_values().collect();
    let began = |known: &Known| known.approved().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    all.sort_by_cached_key(|known| std::cmp::Reverse((began(known), known.plan.clone())));
    Ok(all)
}

fn readable(plan: &PlanId, bytes: Vec<u8>) -> Result<Record, Failure> {
    let path = layout::session(plan);
    let wrong = |what: String| {
        Failure::new(Kind::Plan, format!("{path}{what}")).hint(format!("git show HEAD:{path}"))
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong(" is not UTF-8".to_owned()))?;
    let first = |findings: Vec<Finding>| {
        let first = findings.into_iter().next();
        let place = first.as_ref().and_then(|f| f.place.as_ref());
        let at = place.map(|p| format!(":{}:{}", p.line, p.column)).unwrap_or_default();
        wrong(format!("{at}: {}", first.map_or("cannot be read".to_owned(), |f| f.message)))
    };
    let record = record::read(&text).map_err(first)?;
    if record.plan == *plan {
        Ok(record)
    } else {
        Err(wrong(format!(" is the record of {}", record.plan)))
    }
}

/// The session that a name means: a unique part of its plan's id. No name: that of this worktree;
/// else the only one that is not finished; else the last finished one.
pub fn chosen<'k>(
    project: &Project,
    all: &'k [Known],
    name: Option<&str>,
) -> Result<&'k Known, Failure> {
    let Some(first) = all.first() else {
        let failure = Failure::new(Kind::User, "there is no session in this repository yet");
        return Err(failure.hint("git ap run"));
    };
    let Some(name) = name else {
        if let Some(here) = all.iter().find(|known| is_here(project, known)) {
            return Ok(here);
        }
        let open: Vec<&Known> = all.iter().filter(|known| !known.is_finished()).collect();
        return match open.as_slice() {
            [] => Ok(first),
            [one] => Ok(one),
            several => Err(ambiguous("several sessions are not finished", several)),
        };
    };
    if let Some(exact) = all.iter().find(|known| known.plan.as_str() == name) {
        return Ok(exact);
    }
    let matching: Vec<&Known> =
        all.iter().filter(|known| !name.is_empty() && known.plan.as_str().contains(name)).collect();
    match matching.as_slice() {
        [one] => Ok(one),
        [] => {
            let message = format!("there is no session `{name}`");
            Err(Failure::new(Kind::User, message).hint("git ap history"))
        }
        several => Err(ambiguous(&format!("`{name}` means several sessions"), several)),
    }
}

fn ambiguous(what: &str, several: &[&Known]) -> Failure {
    let names: Vec<&str> = several.iter().map(|known| known.plan.as_str()).collect();
    let failure = Failure::new(Kind::User, format!("{what}: {}", names.join(", ")));
    failure.hint("name one, or a part of its id")
}

/// Whether the command runs in a worktree of the session.
fn is_here(project: &Project, known: &Known) -> bool {
    let Some(session) = &known.session else { return false };
    let mut places = session.objectives.iter().filter_map(|o| o.place.as_ref());
    places.any(|place| std::path::Path::new(&place.worktree) == project.root)
}
