//! A new plan for a running session: proved as it would stand, then amended.

use anyhow::Result;

use super::amend::{self, New, not_toml};
use super::session::{Agreed, Handle};
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::Severity;
use crate::domain::plan::{self, Facts, Move, Plan};
use crate::domain::session::{Amendment, Place, revised};
use crate::report::Templates;

/// A new plan as it would be agreed.
#[derive(Clone, Debug)]
pub struct Revised {
    /// Its text, with the waves that count.
    pub text: String,
    /// Every objective with its wave.
    pub objectives: Vec<Place>,
    /// What is different, a sentence each; none: nothing is.
    pub lines: Vec<String>,
    /// What it comes to.
    pub agreed: Agreed,
}

/// What a new text of the plan comes to. Refused where it changes what has begun, or has errors.
pub fn revise(handle: &Handle<'_>, text: &str) -> Result<Revised> {
    let repository = handle.tools.repository;
    let config = &handle.agreed.config;
    let agreed = Agreed::from_text(repository, text, config.clone())?;
    let old = &handle.agreed.plan;
    let revision = revised(&handle.session, old, &agreed.plan, &agreed.scopes, &agreed.rules)?;
    if revision.lines.is_empty() {
        let (objectives, lines) = (revision.objectives, revision.lines);
        return Ok(Revised { text: text.to_owned(), objectives, lines, agreed });
    }
    let text =
        placed(&agreed.plan, &revision.objectives, text).ok_or_else(|| not_toml(repository))?;
    require_proved(handle, &text)?;
    let agreed = Agreed::from_text(repository, &text, config.clone())?;
    Ok(Revised { text, objectives: revision.objectives, lines: revision.lines, agreed })
}

/// The text with the wave of every objective written down: in a running session nothing about
/// them is left to be computed.
fn placed(plan: &Plan, objectives: &[Place], text: &str) -> Option<String> {
    let moves = plan.objectives.iter().zip(objectives).enumerate();
    let moves = moves.filter(|(_, (objective, place))| objective.wave != Some(place.wave));
    let moves: Vec<Move> = moves
        .map(|(index, (objective, place))| Move {
            index,
            id: objective.id.clone(),
            from: objective.wave,
            to: place.wave,
            why: String::new(),
        })
        .collect();
    plan::with_moves(text, &moves)
}

fn require_proved(handle: &Handle<'_>, text: &str) -> Result<()> {
    let repository = handle.tools.repository;
    let reading = plan::read(text);
    let Some(plan) = &reading.plan else {
        let why = reading.findings.first().map_or("cannot be read", |f| f.message.as_str());
        return Err(Failure::new(Kind::Plan, why.to_owned()).into());
    };
    let entries = repository.entries(&handle.session.integration)?;
    let tracked: Vec<_> = entries.into_iter().map(|e| e.path).collect();
    let facts = Facts { config: &handle.agreed.config, tracked: &tracked };
    let proof = plan::prove(&reading, plan, facts)?;
    match proof.findings.iter().find(|f| f.severity == Severity::Error) {
        None => Ok(()),
        Some(first) => {
            let failure = Failure::new(Kind::Plan, first.message.clone());
            let hint = first.help.clone().unwrap_or_else(|| "change the plan".to_owned());
            Err(failure.hint(hint).into())
        }
    }
}

/// Makes a new plan the one that counts.
pub fn replan(handle: &mut Handle<'_>, new: &Revised, templates: &Templates) -> Result<()> {
    let amendment = Amendment::Objectives { objectives: new.objectives.clone() };
    let lines = new.lines.clone();
    amend::amend(handle, &New { text: &new.text, amendment, lines }, templates)
}
