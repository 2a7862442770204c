//! What a session teaches about scopes: what its objectives were given or wanted beyond what
//! they declared. Plans that touch the same files learn from it.

use super::{Objective, Record};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;

/// What one objective teaches.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The plan that it belonged to.
    pub plan: PlanId,
    /// The objective.
    pub objective: ObjectiveId,
    /// What its plan let it touch at first.
    pub declared: Vec<Pattern>,
    /// What it was given while it was worked on, and used.
    pub granted: Vec<Pattern>,
    /// What it changed and was not allowed to.
    pub refused: Vec<RepoPath>,
}

impl Record {
    /// What its objectives teach, in the order of the plan; those that never left what they
    /// declared teach nothing. What the owner denied is no lesson.
    pub fn lessons(&self) -> Vec<Lesson> {
        let lessons = self.objectives.iter().map(|objective| self.lesson(objective));
        lessons.filter(|lesson| !lesson.granted.is_empty() || !lesson.refused.is_empty()).collect()
    }

    fn lesson(&self, objective: &Objective) -> Lesson {
        let read = |texts: &mut dyn Iterator<Item = &String>| -> Vec<Pattern> {
            texts.filter_map(|text| Pattern::parse(text).ok()).collect()
        };
        let used = |pattern: &Pattern| {
            objective.touched_more > 0 || objective.touched.iter().any(|p| pattern.matches(p))
        };
        let mut granted = read(&mut objective.granted.iter());
        granted.retain(used);
        // A path that was refused first and given later is no refusal.
        let given = |path: &RepoPath| granted.iter().any(|pattern| pattern.matches(path));
        Lesson {
            plan: self.plan.clone(),
            objective: objective.id.clone(),
            declared: read(&mut objective.touch.iter().filter(|p| !objective.granted.contains(p))),
            refused: objective.refused.iter().filter(|path| !given(path)).cloned().collect(),
            granted,
        }
    }
}
