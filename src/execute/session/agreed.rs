//! What was agreed: the plan and the policy as the pin has them, never as a worktree does.

use anyhow::{Context as _, Result};

use crate::domain::config::{self, Config};
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::Severity;
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::plan::{self, Objective, Plan};
use crate::domain::scope::{Rules, Scope};
use crate::domain::session::Session;
use crate::git::Repository;
use crate::store::layout;

/// The plan and the policy that count for a session.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// The plan.
    pub plan: Plan,
    /// The policy.
    pub config: Config,
    /// The scope of each objective, by its position in the plan.
    pub scopes: Vec<Scope>,
    /// What counts for all of them.
    pub rules: Rules,
    /// git's object id of the plan's text.
    pub digest: String,
}

impl Agreed {
    /// What is agreed for a session now: the pin, or its last amendment.
    pub fn of(repository: &Repository, session: &Session) -> Result<Self> {
        Self::at(repository, session.agreed(), &layout::plan(session.plan()))
    }

    /// The plan at `path` and the policy as a commit has them.
    pub fn at(repository: &Repository, commit: &str, path: &RepoPath) -> Result<Self> {
        let text = text(repository, commit, path)?
            .ok_or_else(|| Failure::new(Kind::Repository, format!("{commit} has no `{path}`")))?;
        let config = match self::text(repository, commit, &layout::config())? {
            Some(text) => {
                let reading = config::read(&text);
                if let Some(bad) = reading.findings.iter().find(|f| f.severity == Severity::Error) {
                    let shown = format!("{commit}:{}", layout::config());
                    let failure = Failure::new(Kind::Plan, format!("{shown}: {}", bad.message));
                    return Err(failure.hint(format!("git show {shown}")).into());
                }
                reading.config
            }
            None => Config::default(),
        };
        Self::from_text(repository, &text, config).with_context(|| format!("the plan in {commit}"))
    }

    /// What a plan's text and a policy come to.
    pub fn from_text(repository: &Repository, text: &str, config: Config) -> Result<Self> {
        let reading = plan::read(text);
        let plan = reading.plan.clone().ok_or_else(|| {
            let why = reading.findings.first().map_or("cannot be read", |f| f.message.as_str());
            Failure::new(Kind::Plan, why.to_owned())
        })?;
        let (scopes, rules) = plan::scopes(&reading, &plan, &config)?;
        let digest = repository.blob_id(text.as_bytes())?;
        Ok(Self { plan, config, scopes, rules, digest })
    }

    /// The scope of an objective.
    pub fn scope(&self, id: &ObjectiveId) -> Option<&Scope> {
        self.scopes.iter().find(|s| s.id == *id)
    }

    /// The objective as the plan has it.
    pub fn objective(&self, id: &ObjectiveId) -> Result<&Objective> {
        self.plan.objective(id).with_context(|| format!("the agreed plan has no objective {id}"))
    }
}

fn text(repository: &Repository, commit: &str, path: &RepoPath) -> Result<Option<String>> {
    let bytes = repository.file_at(commit, path)?;
    let text = bytes.map(String::from_utf8).transpose();
    text.with_context(|| format!("{path} of {commit} is not UTF-8"))
}
