//! Where the files of git ap are, relative to a worktree's root.

use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("ids hold no byte that a path could not")
}

/// The owner's policy.
pub fn config() -> RepoPath {
    path(".ap/config.toml")
}

/// Who can work.
pub fn team() -> RepoPath {
    path(".ap/team.toml")
}

/// The folder of overriding templates.
pub fn templates() -> RepoPath {
    path(".ap/templates")
}

/// The folder of all plans.
pub fn plans() -> RepoPath {
    path(".ap/plans")
}

/// The folder of a plan.
pub fn plan_folder(id: &PlanId) -> RepoPath {
    path(&format!(".ap/plans/{id}"))
}

/// The plan itself.
pub fn plan(id: &PlanId) -> RepoPath {
    path(&format!(".ap/plans/{id}/plan.toml"))
}

/// The plan for a reader.
pub fn plan_page(id: &PlanId) -> RepoPath {
    path(&format!(".ap/plans/{id}/plan.md"))
}

/// What was found out before planning.
pub fn analysis_page(id: &PlanId) -> RepoPath {
    path(&format!(".ap/plans/{id}/analysis.md"))
}

/// The folder of all records.
pub fn sessions() -> RepoPath {
    path(".ap/sessions")
}

/// The record of a session.
pub fn session(id: &PlanId) -> RepoPath {
    path(&format!(".ap/sessions/{id}/session.toml"))
}

/// The record for a reader.
pub fn accomplishment(id: &PlanId) -> RepoPath {
    path(&format!(".ap/sessions/{id}/accomplishment.md"))
}

/// What was read of the files, below the common git directory.
pub fn index_cache() -> RepoPath {
    path("ap/cache/index")
}

/// What was read of the history, below the common git directory.
pub fn history_cache() -> RepoPath {
    path("ap/cache/history")
}
