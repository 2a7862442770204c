//! The target moved: it is merged into the integration branch, or somebody resolves what
//! conflicts in a worktree for that.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::approval::signing;
use super::integrate::require_no_conflict;
use super::place::place;
use super::session::Handle;
use crate::domain::commit_message;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::{RepoPath, quote, shell_path, shell_word};
use crate::domain::session::{Entry, Operation, Stopped};
use crate::git::worktrees::{self, Checkout};
use crate::git::{Git, Merged, Repository};
use crate::report::Templates;
use crate::store::layout;

/// What came of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Synced {
    /// The target had nothing new.
    Already,
    /// It was merged in this commit.
    Merged(String),
}

/// The target's short name.
pub fn target_name<'h>(handle: &'h Handle<'_>) -> &'h str {
    let target = &handle.session.approval.target;
    target.strip_prefix("refs/heads/").unwrap_or(target)
}

/// The target's tip.
pub fn target_tip(handle: &Handle<'_>) -> Result<String> {
    let target = &handle.session.approval.target;
    handle.tools.repository.reference(target)?.ok_or_else(|| {
        let message = format!("the target `{}` is gone", target_name(handle));
        let hint =
            format!("git branch {} {}", target_name(handle), handle.session.approval.target_tip);
        Failure::new(Kind::Repository, message).hint(hint).into()
    })
}

/// Merges the target into the integration branch, if it has something new.
pub fn sync(handle: &mut Handle<'_>, templates: &Templates) -> Result<Synced> {
    handle.require_unclaimed()?;
    handle.require_movable_integration()?;
    require_no_conflict(handle)?;
    let repository = handle.tools.repository;
    let target = target_tip(handle)?;
    let from = handle.session.integration.clone();
    if repository.is_ancestor(&target, &from)? {
        return Ok(Synced::Already);
    }
    match repository.merge_commits(&from, &target)? {
        Merged::Tree(tree) => {
            let message = message(handle, templates)?;
            let to = repository.commit_tree(
                &tree,
                &[&from, &target],
                &message,
                signing(&handle.agreed),
            )?;
            require_plan(handle, &to)?;
            handle.operate(&Operation::Sync { from, to: to.clone(), target })?;
            Ok(Synced::Merged(to))
        }
        Merged::Conflicts { paths, .. } => Err(stop(handle, &target, &paths)?.into()),
    }
}

fn message(handle: &Handle<'_>, templates: &Templates) -> Result<String> {
    let (target, plan) = (target_name(handle), handle.session.plan());
    let text = templates.sync_message(plan, target)?;
    Ok(commit_message::complete(&text, &commit_message::sync(plan, target)))
}

/// Leaves a worktree to resolve the conflict in.
fn stop(handle: &mut Handle<'_>, target: &str, paths: &[RepoPath]) -> Result<Failure> {
    let tools = handle.tools;
    let template = &handle.agreed.config.worktrees.path;
    let path = place(tools.repository, template, &handle.session.approval.slug, "sync")?;
    let integration = handle.session.integration.clone();
    worktrees::add(tools.repository, &path, &Checkout::Detached(integration.clone()), tools.steps)?;
    worktrees::move_to(&path, &integration, tools.steps)?;
    tools.steps.pass("merge-target", target)?;
    let config = ["-c", "merge.directoryRenames=false", "-c", "rerere.autoUpdate=false", "merge"];
    let args = ["--no-ff", "--no-commit", "--quiet", target];
    // It ends with conflicts, which is an exit code of 1.
    Git::elsewhere(&path).as_user().answered(config.iter().chain(&args))?;
    let worktree = path.to_str().context("a place is UTF-8")?.to_owned();
    handle.append(Entry::SyncStopped {
        integration,
        target: target.to_owned(),
        worktree: worktree.clone(),
    })?;
    let message = format!(
        "merging {} into the session conflicts in {}",
        target_name(handle),
        paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    let hint = format!(
        "resolve it in {}, `git add` the files, then `git ap sync --continue`, or give it up with `git ap sync --abort`",
        shell_word(&worktree)
    );
    Ok(Failure::new(Kind::Conflict, message).hint(hint))
}

/// Takes over what somebody has resolved.
pub fn resume(handle: &mut Handle<'_>, templates: &Templates) -> Result<Synced> {
    handle.require_unclaimed()?;
    handle.require_movable_integration()?;
    let Some(stopped) = handle.session.stopped.clone() else {
        return sync(handle, templates);
    };
    let path = Path::new(&stopped.worktree);
    if !path.join(".git").exists() {
        let message =
            format!("the worktree {} is gone, and the resolution with it", stopped.worktree);
        return Err(Failure::new(Kind::User, message).hint("git ap sync --abort").into());
    }
    worktrees::require_removable(handle.tools.repository, path)?;
    let git = Git::elsewhere(path).as_user();
    let unmerged = git.output(["diff", "--name-only", "--diff-filter=U", "-z"])?;
    let open: Vec<_> = unmerged.split(|b| *b == 0).filter(|p| !p.is_empty()).map(quote).collect();
    if !open.is_empty() {
        let message = format!("there are unresolved conflicts: {}", open.join(", "));
        let hint =
            format!("resolve them in {}, then `git add` them", shell_word(&stopped.worktree));
        return Err(Failure::new(Kind::Conflict, message).hint(hint).into());
    }
    let unfinished = worktrees::dirty(path)?.operation == Some("merge");
    let tree =
        git.line(if unfinished { &["write-tree"][..] } else { &["rev-parse", "HEAD^{tree}"] })?;
    require_resolution(handle.tools.repository, &stopped, &tree)?;
    if unfinished {
        handle.tools.steps.pass("commit-merge", &stopped.worktree)?;
        let message = message(handle, templates)?;
        let args = ["commit", "--quiet", "--cleanup=whitespace", "--file=-"];
        git.fed(args, Some(message.as_bytes()))?;
    }
    let to = git.line(["rev-parse", "--verify", "HEAD"])?;
    let parents = handle.tools.repository.parents(&to)?;
    if parents != [stopped.integration.clone(), stopped.target.clone()] {
        let message = format!(
            "HEAD of {} is no merge of {} into the integration branch",
            stopped.worktree,
            target_name(handle)
        );
        return Err(Failure::new(Kind::User, message).hint("git ap sync --abort").into());
    }
    require_plan(handle, &to)?;
    handle.operate(&Operation::Sync {
        from: stopped.integration,
        to: to.clone(),
        target: stopped.target,
    })?;
    Ok(Synced::Merged(to))
}

/// What a tree has that merging two commits does not give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// Paths that conflicted, and were resolved.
    pub resolved: Vec<RepoPath>,
    /// Paths that did not.
    pub beyond: Vec<RepoPath>,
    /// The tree that merging gives, with marks where it conflicts.
    pub merged: String,
}

/// Tells what somebody has put into the tree of a merge by hand.
pub fn by_hand(repository: &Repository, sides: (&str, &str), tree: &str) -> Result<ByHand> {
    let (merged, conflicts) = match repository.merge_commits(sides.0, sides.1)? {
        Merged::Tree(tree) => (tree, Vec::new()),
        Merged::Conflicts { paths, tree } => (tree, paths),
    };
    let changes = repository.tree_changes(&merged, tree)?.into_iter().map(|c| c.path);
    let (resolved, beyond) = changes.partition(|path| conflicts.contains(path));
    Ok(ByHand { resolved, beyond, merged })
}

/// Refuses a resolution that changes what did not conflict: `verify` would refuse what lands.
fn require_resolution(repository: &Repository, stopped: &Stopped, tree: &str) -> Result<()> {
    let made = by_hand(repository, (&stopped.integration, &stopped.target), tree)?;
    if made.beyond.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = made.beyond.iter().take(3).map(|p| format!("`{p}`")).collect();
    let more = match made.beyond.len().saturating_sub(3) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let message =
        format!("the resolution changes what does not conflict: {}{more}", told.join(", "));
    let paths: Vec<String> = made.beyond.iter().take(5).map(|p| shell_path(":/", p)).collect();
    let hint = format!(
        "git -C {} restore --source={} --staged --worktree {}, and commit that if the merge is committed",
        shell_word(&stopped.worktree),
        made.merged,
        paths.join(" ")
    );
    Err(Failure::new(Kind::Violation, message).hint(hint).into())
}

/// Gives a stopped sync up. What was resolved so far is kept; returns where.
pub fn abort(handle: &mut Handle<'_>) -> Result<Option<String>> {
    let Some(stopped) = handle.session.stopped.clone() else { return Ok(None) };
    let tools = handle.tools;
    let path = Path::new(&stopped.worktree);
    let name = format!("{}/sync", handle.session.plan());
    let mut backup = None;
    if path.join(".git").exists() {
        backup = worktrees::save_all(tools.repository, path, &name, &[], tools.steps)?;
        let head = worktrees::head_of(tools.repository, path)?;
        if let Some(head) = head.filter(|head| *head != stopped.integration) {
            backup = Some(worktrees::keep_commit(tools.repository, &name, &head, tools.steps)?);
        }
    }
    worktrees::remove(tools.repository, path, tools.steps)?;
    handle.append(Entry::SyncAborted)?;
    Ok(backup)
}

/// What was agreed does not change by a merge of the target.
fn require_plan(handle: &Handle<'_>, commit: &str) -> Result<()> {
    let path = layout::plan(handle.session.plan());
    let repository = handle.tools.repository;
    let agreed = handle.session.agreed();
    if repository.file_at(commit, &path)? == repository.file_at(agreed, &path)? {
        return Ok(());
    }
    let message = format!("the target changes `{path}`, which is agreed");
    let hint = format!("restore it on {}: git show {}:{path}", target_name(handle), agreed);
    Err(Failure::new(Kind::Conflict, message).hint(hint).into())
}
