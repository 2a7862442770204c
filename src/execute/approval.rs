//! Approving a plan: the pin holds plan and policy as the owner saw them, and the integration
//! branch begins there.

use std::path::Path;

use anyhow::Result;

use super::place::place;
use super::session::{Agreed, Tools, all};
use crate::domain::commit_message;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::plan::Plan;
use crate::domain::session::{Approval, Place, branch};
use crate::domain::tree::{Mode, Side};
use crate::domain::workplace::free_slug;
use crate::git::{Repository, Signing};
use crate::report::{PinView, Templates};
use crate::store::layout;

/// What the owner approves.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The plan and the policy, as they will be pinned.
    pub agreed: Agreed,
    /// The wave of each objective, by its position in the plan.
    pub waves: Vec<u32>,
    /// The files that the pin holds, with their contents.
    pub files: Vec<(RepoPath, Vec<u8>)>,
    /// Whether `run` begins the session.
    pub by_run: bool,
}

/// The full name of the branch on which a plan lands, and its tip.
pub fn target(repository: &Repository, plan: &Plan) -> Result<(String, String)> {
    let name = match &plan.target {
        Some(name) => name.clone(),
        None => repository.head()?.branch.ok_or_else(|| {
            Failure::new(Kind::Repository, "HEAD is detached: on which branch shall it land?")
                .hint("add `target = \"main\"` to the plan")
        })?,
    };
    let full = format!("refs/heads/{name}");
    let tip = repository.reference(&full)?.ok_or_else(|| {
        let message = format!("the plan's target `{name}` is no branch of this repository");
        Failure::new(Kind::Repository, message).hint(format!("git branch {name}"))
    })?;
    Ok((full, repository.commit(&tip)?))
}

/// Makes the pin and decides on everything else that an approval holds. Nothing refers to the
/// pin yet.
pub fn decide(tools: Tools<'_>, asked: &Asked, templates: &Templates) -> Result<Approval> {
    let repository = tools.repository;
    let plan = &asked.agreed.plan;
    let (target, target_tip) = target(repository, plan)?;
    let prefix = &asked.agreed.config.branch_prefix;
    require_free_names(repository, prefix, plan)?;
    if asked.agreed.config.review_on_target {
        require_reviewed(repository, asked, &target, &target_tip)?;
    }
    let mut edits = Vec::new();
    for (path, bytes) in &asked.files {
        if repository.file_at(&target_tip, path)?.as_ref() != Some(bytes) {
            let id = repository.store_blob(bytes)?;
            edits.push((path.clone(), Some(Side { mode: Mode::File, id })));
        }
    }
    let pin = if edits.is_empty() {
        target_tip.clone()
    } else {
        let tree = repository.tree_with(Some(&target_tip), &edits)?;
        let objectives = plan.objectives.iter().zip(&asked.waves);
        let view = PinView {
            plan: &plan.id,
            request: &plan.request,
            objectives: objectives.map(|(o, wave)| (&o.id, o.title.as_str(), *wave)).collect(),
        };
        let text = templates.pin_message(&view)?;
        let message = commit_message::complete(&text, &commit_message::pin(&plan.id));
        repository.commit_tree(&tree, &[&target_tip], &message, signing(&asked.agreed))?
    };
    let places = plan.objectives.iter().zip(&asked.waves);
    Ok(Approval {
        plan: plan.id.clone(),
        pin,
        target,
        target_tip,
        prefix: prefix.clone(),
        slug: slug(repository, asked)?,
        by_run: asked.by_run,
        objectives: places
            .map(|(o, wave)| Place { objective: o.id.clone(), wave: *wave })
            .collect(),
    })
}

/// Whether and how the commits of a session are signed.
pub fn signing(agreed: &Agreed) -> Signing {
    use crate::domain::config::Sign;
    match agreed.config.commits.sign {
        Sign::Auto => Signing::AsConfigured,
        Sign::Always => Signing::Always,
        Sign::Never => Signing::Never,
    }
}

/// A branch `ap` makes every branch below `ap/` impossible, and a branch below one of ours
/// makes ours impossible.
fn require_free_names(repository: &Repository, prefix: &str, plan: &Plan) -> Result<()> {
    for (index, _) in prefix.match_indices('/').chain([(prefix.len(), "")]) {
        let name = &prefix[..index];
        if repository.has_reference(&format!("refs/heads/{name}"))? {
            let message = format!(
                "the branch `{name}` is in the way: the session's branches are `{prefix}/…`"
            );
            // The branch that the plan lands on keeps its name: the plan says it.
            let hint = if plan.target.as_deref() == Some(name) {
                format!(
                    "set `branch_prefix = \"{name}-sessions\"` in .ap/config.toml, which `git ap init` writes"
                )
            } else {
                format!(
                    "git branch -m {name} {name}-branch, or set `branch_prefix` in .ap/config.toml"
                )
            };
            return Err(Failure::new(Kind::Repository, message).hint(hint).into());
        }
    }
    let integration = branch(prefix, &plan.id, "integration");
    let below = repository.references(&branch(prefix, &plan.id, ""))?;
    if let Some((name, _)) = below.first() {
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        let message = if *name == integration {
            format!("the branch `{short}` exists already: the plan was approved in another clone")
        } else {
            format!("the branch `{short}` is in the way of the session's own")
        };
        let hint = format!("git branch -m {short} old/{}", plan.id);
        return Err(Failure::new(Kind::Repository, message).hint(hint).into());
    }
    Ok(())
}

/// With `plan.review = "target"`, only what the target holds can be approved.
fn require_reviewed(repository: &Repository, asked: &Asked, target: &str, tip: &str) -> Result<()> {
    for (path, bytes) in &asked.files {
        if repository.file_at(tip, path)?.as_ref() != Some(bytes) {
            let short = target.strip_prefix("refs/heads/").unwrap_or(target);
            let message = format!(
                "`{path}` is not what `{short}` holds, and only that can be approved (`plan.review`)"
            );
            let hint = format!("have {path} reviewed and merged into {short} first");
            return Err(Failure::new(Kind::User, message).hint(hint).into());
        }
    }
    Ok(())
}

/// The slug of the session's folder: not that of another session, nor of a folder that exists.
fn slug(repository: &Repository, asked: &Asked) -> Result<String> {
    let plan = &asked.agreed.plan;
    let taken: Vec<String> = all(repository)?
        .into_iter()
        .filter(|s| !s.cleaned && *s.plan() != plan.id)
        .map(|s| s.approval.slug)
        .collect();
    // Refuse a template that cannot be filled now, not at the first start.
    let template = &asked.agreed.config.worktrees.path;
    place(repository, template, plan.id.slug(), "gate")?;
    let is_taken = |slug: &str| {
        taken.iter().any(|t| t == slug)
            || place(repository, template, slug, "gate")
                .is_ok_and(|gate| gate.parent().is_some_and(Path::exists))
    };
    Ok(free_slug(plan.id.slug(), is_taken))
}

/// The paths of a plan's files.
pub fn plan_files(plan: &Plan) -> [RepoPath; 3] {
    [layout::plan(&plan.id), layout::plan_page(&plan.id), layout::analysis_page(&plan.id)]
}
