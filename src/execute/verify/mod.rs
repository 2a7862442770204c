//! What the commits of a range are, found out from git objects alone: a server that has nothing
//! but the repository can hold everybody to the plans that its branch reaches.

mod record;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use record::is_learned;

use super::candidate::laid;
use super::judge::judge;
use super::session::Agreed;
use super::sync::by_hand;
use crate::domain::config::MergeStyle;
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::merge::Contribution;
use crate::domain::path::RepoPath;
use crate::domain::scope::Scope;
use crate::domain::tree::Change;
use crate::git::{Commit, Repository};
use crate::store::layout;

/// What a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It brings a plan or the policy: only files below `.ap/`.
    Plan,
    /// It changes what was agreed while the session runs.
    Amendment,
    /// It holds a session's record.
    Record,
    /// Work of one objective.
    Objective,
    /// A merged wave.
    Wave,
    /// The target, merged into a session.
    Sync,
    /// A whole session in one commit.
    Landing,
    /// Nothing that a plan speaks of.
    Unplanned,
}

impl Class {
    /// The word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Amendment => "amendment",
            Self::Record => "record",
            Self::Objective => "objective",
            Self::Wave => "wave",
            Self::Sync => "sync",
            Self::Landing => "landing",
            Self::Unplanned => "unplanned",
        }
    }
}

/// A commit and what was found about it.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// What it is.
    pub class: Class,
    /// The plan that it belongs to.
    pub plan: Option<PlanId>,
    /// The objective.
    pub objective: Option<ObjectiveId>,
    /// What may not be, a sentence each.
    pub violations: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// Classifies every commit of `from..to`, parents before children, and holds each to what it
/// claims to be.
pub fn verify(repository: &Repository, from: &str, to: &str) -> Result<Vec<Verified>> {
    let commits = repository.commits_between(from, to)?;
    let mut found: BTreeMap<String, Verified> = BTreeMap::new();
    // Waves first: they say whose the commits below them are.
    for commit in &commits {
        let message = repository.message(&commit.id)?;
        if let Some(wave) = claim(&message, "AP-Wave").filter(|w| !w.is_empty()) {
            let verified = Verifier { repository, commit, message: &message };
            verified.wave(&wave, &mut found)?;
        }
    }
    for commit in &commits {
        if found.contains_key(&commit.id) {
            continue;
        }
        let message = repository.message(&commit.id)?;
        let verified = Verifier { repository, commit, message: &message }.other()?;
        found.insert(commit.id.clone(), verified);
    }
    Ok(commits.iter().filter_map(|commit| found.remove(&commit.id)).collect())
}

/// The last value of a trailer in the last paragraph of a message.
fn claim(message: &str, key: &str) -> Option<String> {
    let last = message.trim_end().rsplit("\n\n").next()?;
    let mut values = last.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
    });
    values.next_back()
}

struct Verifier<'a> {
    repository: &'a Repository,
    commit: &'a Commit,
    message: &'a str,
}

impl Verifier<'_> {
    fn is(&self, class: Class) -> Verified {
        Verified {
            commit: self.commit.id.clone(),
            subject: self.commit.subject.clone(),
            class,
            plan: claim(self.message, "AP-Plan").and_then(|id| PlanId::parse(&id).ok()),
            objective: None,
            violations: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The plan that was agreed before a commit, as its first parent has it.
    fn agreed(&self, plan: &PlanId, parent: &str) -> Result<Option<Agreed>> {
        let path = layout::plan(plan);
        if self.repository.file_at(parent, &path)?.is_none() {
            return Ok(None);
        }
        Agreed::at(self.repository, parent, &path).map(Some)
    }

    /// A wave: its commits are in scope, and its tree is what laying their changes upon the
    /// first parent gives.
    fn wave(&self, wave: &str, found: &mut BTreeMap<String, Verified>) -> Result<()> {
        let mut own = self.is(Class::Wave);
        let parent = self.commit.parents.first();
        let agreed = match (&own.plan, parent) {
            (Some(plan), Some(parent)) => self.agreed(plan, parent)?,
            _ => None,
        };
        let (Some(agreed), Some(parent)) = (agreed, parent) else {
            own.violations.push(format!(
                "it claims to be wave {wave}, but its first parent has no such plan"
            ));
            found.insert(own.commit.clone(), own);
            return Ok(());
        };
        if claim(self.message, "AP-Scope").is_some_and(|digest| digest != agreed.digest) {
            own.violations.push("it was merged under another plan than its parent has".to_owned());
        }
        if self.commit.parents.len() == 1 {
            self.squashed(&mut own, &agreed, parent)?;
        } else {
            self.merged(&mut own, &agreed, parent, found)?;
        }
        found.insert(own.commit.clone(), own);
        Ok(())
    }

    fn merged(
        &self,
        own: &mut Verified,
        agreed: &Agreed,
        parent: &str,
        found: &mut BTreeMap<String, Verified>,
    ) -> Result<()> {
        let mut contributions: Vec<Contribution> = Vec::new();
        for tip in &self.commit.parents[1..] {
            let Some(objective) = self.whose(agreed, tip, &contributions)? else {
                own.violations.push(format!("nothing says whose work {} is", short(tip)));
                continue;
            };
            let judged = judge(self.repository, agreed, &objective, parent, tip)?;
            for commit in &judged.commits {
                let mut verified = Verifier { commit, ..*self }.is(Class::Objective);
                verified.plan.clone_from(&own.plan);
                verified.objective = Some(objective.clone());
                let head = format!("commit {}: ", short(&commit.id));
                let told = judged.violations.iter().filter_map(|v| v.strip_prefix(&head));
                verified.violations = told.map(str::to_owned).collect();
                found.insert(commit.id.clone(), verified);
            }
            // Where waves are squashed it is the net change that is judged, and no commit.
            let net = judged.violations.into_iter().filter(|v| !v.starts_with("commit "));
            own.violations.extend(net);
            contributions.push(Contribution { objective, changes: judged.changes });
        }
        match laid(self.repository, parent, &contributions, &agreed.rules) {
            Ok(composed) => {
                let tree = self.repository.tree_of(&self.commit.id)?;
                let differing = self.repository.tree_changes(&composed.tree, &tree)?;
                differing_paths(own, agreed, &differing);
            }
            Err(error) => own.violations.push(format!("{error:#}")),
        }
        Ok(())
    }

    /// The objective of a tip: the one that its commits name, else the only one that they fit.
    fn whose(
        &self,
        agreed: &Agreed,
        tip: &str,
        taken: &[Contribution],
    ) -> Result<Option<ObjectiveId>> {
        let message = self.repository.message(tip)?;
        let slug = agreed.plan.id.slug();
        let named = claim(&message, "AP-Objective")
            .and_then(|name| ObjectiveId::parse(name.strip_prefix(&format!("{slug}/"))?).ok())
            .filter(|id| agreed.scope(id).is_some());
        if named.is_some() {
            return Ok(named);
        }
        let parent = &self.commit.parents[0];
        for scope in &agreed.scopes {
            let free = taken.iter().all(|c| c.objective != scope.id);
            if free && judge(self.repository, agreed, &scope.id, parent, tip)?.violations.is_empty()
            {
                return Ok(Some(scope.id.clone()));
            }
        }
        Ok(None)
    }

    /// A wave, or a whole session, in one commit: each path is in the scope of some objective.
    fn squashed(&self, own: &mut Verified, agreed: &Agreed, parent: &str) -> Result<()> {
        if own.class == Class::Wave && agreed.config.merge_style != MergeStyle::Squash {
            let one = claim(self.message, "AP-Wave").unwrap_or_default();
            own.notes.push(format!(
                "wave {one} has no branch as a parent: nothing was changed, or it was squashed"
            ));
        }
        for change in self.repository.changes(Some(parent), &self.commit.id)? {
            let path = &change.path;
            if is_own(path) && own.class == Class::Landing {
                continue;
            }
            if agreed.rules.derived.iter().any(|p| p.matches(path)) {
                own.notes.push(format!("`{path}` is derived, not proven"));
                continue;
            }
            let passes = |scope: &Scope| scope.judge(&agreed.rules, path).passes();
            let kept = own.class == Class::Landing && agreed.config.agents_md && is_learned(path);
            if kept && !agreed.scopes.iter().any(passes) {
                self.learned(own, parent)?;
            } else if !agreed.scopes.iter().any(passes) {
                own.violations.push(format!("`{path}` is in no scope of the plan"));
            }
        }
        Ok(())
    }

    /// Anything that no wave has merged.
    fn other(&self) -> Result<Verified> {
        if claim(self.message, "AP-Sync").is_some() && self.commit.parents.len() == 2 {
            return self.sync();
        }
        if self.commit.parents.len() > 1 {
            return Ok(self.is(Class::Unplanned));
        }
        let parent = self.commit.parents.first().map(String::as_str);
        let changes = self.repository.changes(parent, &self.commit.id)?;
        let outside = changes.iter().filter(|c| !is_own(&c.path)).count();
        let recorded = claim(self.message, "AP-Record").is_some();
        let sessions = layout::sessions();
        if !changes.is_empty() && outside == 0 {
            let class = if changes.iter().all(|c| c.path.is_below(&sessions)) {
                Class::Record
            } else if claim(self.message, "AP-Amend").is_some() {
                Class::Amendment
            } else {
                Class::Plan
            };
            let mut own = self.is(class);
            if class == Class::Amendment {
                self.amendment(&mut own, &changes)?;
            }
            return Ok(own);
        }
        let is_record = |c: &Change| is_learned(&c.path) || c.path.is_below(&sessions);
        if recorded && !changes.is_empty() && changes.iter().all(is_record) {
            return self.recorded(parent, &changes);
        }
        if recorded {
            return self.landing(parent);
        }
        let mut own = self.is(Class::Unplanned);
        if claim(self.message, "AP-Objective").is_some() {
            own.notes.push("it names an objective, but no wave has merged it".to_owned());
        } else if own.plan.is_some() {
            own.notes.push("it names a plan, but changes more than files of git ap".to_owned());
        }
        own.plan = None;
        Ok(own)
    }

    /// A change of what was agreed: of a plan that its parent has, and of nothing else.
    fn amendment(&self, own: &mut Verified, changes: &[Change]) -> Result<()> {
        let parent = self.commit.parents.first();
        let (Some(plan), Some(parent)) = (own.plan.clone(), parent) else {
            own.violations.push("it amends a plan and does not say which".to_owned());
            return Ok(());
        };
        if self.agreed(&plan, parent)?.is_none() {
            own.violations.push(format!("its first parent has no plan {plan} to amend"));
        }
        let folder = layout::plan_folder(&plan);
        for change in changes.iter().filter(|c| !c.path.is_below(&folder)) {
            own.violations.push(format!("`{}` is no file of the plan that it amends", change.path));
        }
        let scope = claim(self.message, "AP-Scope").unwrap_or_default();
        match self.agreed(&plan, &self.commit.id)? {
            Some(agreed) if agreed.digest == scope => {}
            _ => own.violations.push("its plan is not the one that it names".to_owned()),
        }
        Ok(())
    }

    /// A session in one commit. The plan may have come with it: then it was not reviewed here.
    fn landing(&self, parent: Option<&str>) -> Result<Verified> {
        let mut own = self.is(Class::Landing);
        let (Some(plan), Some(parent)) = (own.plan.clone(), parent) else {
            own.class = Class::Unplanned;
            return Ok(own);
        };
        let before = self.agreed(&plan, parent)?;
        let came_along = before.is_none();
        let agreed = match before {
            Some(agreed) => Some(agreed),
            None => self.agreed(&plan, &self.commit.id)?,
        };
        let Some(agreed) = agreed else {
            own.violations.push(format!("there is no plan {plan}"));
            return Ok(own);
        };
        if came_along {
            own.notes.push("its plan came with it".to_owned());
        }
        self.squashed(&mut own, &agreed, parent)?;
        Ok(own)
    }

    /// A merge of the target: what git makes of it, but for the paths that conflicted.
    fn sync(&self) -> Result<Verified> {
        let mut own = self.is(Class::Sync);
        let [ours, theirs] = self.commit.parents.as_slice() else { return Ok(own) };
        let tree = self.repository.tree_of(&self.commit.id)?;
        let made = by_hand(self.repository, (ours, theirs), &tree)?;
        let resolved = made.resolved.iter().map(|path| format!("`{path}` was resolved by hand"));
        own.notes.extend(resolved);
        let beyond = made.beyond.iter();
        own.violations
            .extend(beyond.map(|path| format!("`{path}` is not what merging the target gives")));
        Ok(own)
    }
}

/// Paths in which a wave's tree is not what its parents come to.
fn differing_paths(own: &mut Verified, agreed: &Agreed, differing: &[Change]) {
    for change in differing {
        let path = &change.path;
        if agreed.rules.derived.iter().any(|p| p.matches(path)) {
            own.notes.push(format!("`{path}` is derived, not proven"));
        } else {
            own.violations.push(format!("`{path}` is not what the merged branches come to"));
        }
    }
}

/// Whether a path is one of git ap's own.
fn is_own(path: &RepoPath) -> bool {
    path.components().next() == Some(b".ap")
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
