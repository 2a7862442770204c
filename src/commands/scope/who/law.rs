//! What counts: the plan and the policy that were agreed for a session, else those of the
//! working tree.

use anyhow::{Context as _, Result};

use super::places::Places;
use crate::commands::project::{Project, Tree};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::{self, Plan, Reading};
use crate::domain::scope::{Rules, Scope};
use crate::domain::session::Session;
use crate::execute::session::{Agreed, look};
use crate::store::{self, layout};

/// The scopes that count.
pub(super) struct Law {
    id: PlanId,
    pub(super) plan: Plan,
    pub(super) scopes: Vec<Scope>,
    pub(super) rules: Rules,
    /// The wave of each objective, where it is known.
    pub(super) waves: Vec<Option<u32>>,
    /// The commit that has them; none: the working tree.
    pub(super) agreed: Option<String>,
}

/// The texts that they are written in.
pub(super) struct Text {
    reading: Reading,
    config: Option<String>,
    plan_file: String,
}

impl Law {
    /// What counts for a plan.
    pub(super) fn of(project: &Project, id: &PlanId) -> Result<Self> {
        let session = look(&project.repository, id)?.filter(|s| !s.was_taken_back());
        if let Some(session) = session {
            let agreed = Agreed::of(&project.repository, &session)?;
            return Ok(Self {
                id: id.clone(),
                waves: waves_of(&session, &agreed.plan),
                plan: agreed.plan,
                scopes: agreed.scopes,
                rules: agreed.rules,
                agreed: Some(session.agreed().to_owned()),
            });
        }
        let file = project.plan(id)?;
        let plan = file.require()?.clone();
        let (scopes, rules) = plan::scopes(&file.reading, &plan, project.config()?)?;
        let waves = waves(project, &file.reading, &plan)?;
        Ok(Self { id: id.clone(), plan, scopes, rules, waves, agreed: None })
    }

    /// The texts, to point into.
    pub(super) fn text(&self, project: &Project) -> Result<Text> {
        let plan_file = layout::plan(&self.id).to_lossy().into_owned();
        let config = layout::config();
        let (plan, config) = if let Some(commit) = &self.agreed {
            let text = |path| -> Result<Option<String>> {
                let bytes = project.repository.file_at(commit, path)?;
                let text = bytes.map(String::from_utf8).transpose();
                text.with_context(|| format!("{path} of {commit} is not UTF-8"))
            };
            (text(&layout::plan(&self.id))?, text(&config)?)
        } else {
            let shown = config.to_lossy();
            let text = store::read_text(&project.root.join(&*shown), &shown)?;
            (Some(project.plan(&self.id)?.reading.text), text)
        };
        let plan = plan.with_context(|| format!("`{plan_file}` is gone"))?;
        Ok(Text { reading: plan::read(&plan), config, plan_file })
    }

    /// An objective as people are told of it.
    pub(super) fn name(&self, scope: usize) -> String {
        let id = &self.scopes[scope].id;
        match self.waves.get(scope).copied().flatten() {
            Some(wave) => format!("{id} in wave {wave}"),
            None => id.to_string(),
        }
    }
}

impl Text {
    /// Where rules are written.
    pub(super) fn places<'a>(&'a self, law: &'a Law) -> Places<'a> {
        let config = layout::config().to_lossy().into_owned();
        let plan = (&law.plan, &self.reading);
        Places::new(plan, self.plan_file.clone(), self.config.as_deref(), config)
    }
}

/// The waves that a session goes by.
fn waves_of(session: &Session, plan: &Plan) -> Vec<Option<u32>> {
    let wave = |id: &ObjectiveId| session.objectives.iter().find(|o| o.id == *id).map(|o| o.wave);
    plan.objectives.iter().map(|o| wave(&o.id).or(o.wave)).collect()
}

/// The waves of a plan: as written, and computed where it leaves them out.
fn waves(project: &Project, reading: &Reading, plan: &Plan) -> Result<Vec<Option<u32>>> {
    if plan.objectives.iter().all(|o| o.wave.is_some()) {
        return Ok(plan.objectives.iter().map(|o| o.wave).collect());
    }
    let nothing = Tree { commit: String::new(), paths: Vec::new() };
    let proof = project.prove(reading, plan, &nothing)?;
    Ok(proof.waves.iter().map(|wave| (*wave > 0).then_some(*wave)).collect())
}
