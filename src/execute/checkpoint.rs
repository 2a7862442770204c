//! Half-done work of a worker: it is kept as a commit on the objective's branch, and becomes a part
//! of the one commit that ends the objective.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::commit::{out_of_scope, stage};
use super::listener::Listener;
use super::session::Handle;
use crate::domain::commit_message::{self, is_checkpoint};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::session::Workplace;
use crate::git::worktrees::{self, Dirt};
use crate::git::{Git, Repository};

/// Keeps what is in an objective's worktree and in no commit, as far as it is in the objective's
/// scope, as a commit on its branch: it is there then whatever becomes of the worktree. What
/// cannot be committed stays as it is, and why is told. `why`: what kept it from being ended.
pub fn checkpoint(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    why: &str,
    listener: &mut dyn Listener,
) {
    match kept(handle, objective, why) {
        Ok(None) => {}
        Ok(Some(commit)) => {
            let short = commit.get(..10).unwrap_or(&commit);
            listener.note(&format!("{objective}: what was done so far is kept in {short}"));
        }
        Err(error) => listener.note(&format!(
            "{objective}: what was done so far stays uncommitted in its worktree: {error:#}"
        )),
    }
}

fn kept(handle: &Handle<'_>, objective: &ObjectiveId, why: &str) -> Result<Option<String>> {
    let place = handle.workplace(objective)?;
    let worktree = Path::new(&place.worktree);
    let tools = handle.tools;
    if !worktree.exists() {
        return Ok(None);
    }
    worktrees::restore(tools.repository, worktree, tools.steps)?;
    if !is_on_its_branch(tools.repository, place)? {
        return Ok(None);
    }
    let dirt = worktrees::dirty(worktree)?;
    let paths = to_keep(handle, objective, place, dirt)?;
    if paths.is_empty() {
        return Ok(None);
    }
    let attempt = handle.standing(objective)?.attempts.last();
    let slug = handle.agreed.plan.id.slug();
    let by = attempt.and_then(|attempt| attempt.co_author.as_deref());
    let message = commit_message::checkpoint(slug, objective, why, by);
    tools.steps.pass("checkpoint", objective.as_str())?;
    commit(worktree, &paths, message.as_bytes())?;
    tools.repository.reference(&place.branch)
}

/// Whether the worktree is where commits go to the objective's branch.
fn is_on_its_branch(repository: &Repository, place: &Workplace) -> Result<bool> {
    let all = worktrees::list(repository)?;
    let own = all.iter().find(|known| known.path == Path::new(&place.worktree));
    Ok(own.is_some_and(|own| own.branch.as_deref() == Some(place.branch.as_str())))
}

/// The paths of a worktree that may be committed: not what was brought there, nothing while a
/// merge or the like is not finished, and nothing out of scope.
fn to_keep(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    place: &Workplace,
    mut dirt: Dirt,
) -> Result<Vec<RepoPath>> {
    dirt.untracked.retain(|path| !place.brought.contains(&path.to_string()));
    if dirt.operation.is_some() || dirt.is_clean() {
        return Ok(Vec::new());
    }
    let violations = out_of_scope(handle, objective, &dirt)?;
    let refused = |path: &RepoPath| violations.iter().any(|violation| violation.path == *path);
    let mut paths: Vec<RepoPath> = dirt.tracked.into_iter().chain(dirt.untracked).collect();
    paths.retain(|path| !refused(path));
    // A path that a refused one lies below, or the other way round, would take it along.
    let below = |a: &RepoPath, b: &RepoPath| {
        let rest = a.as_bytes().strip_prefix(b.as_bytes());
        rest.is_some_and(|rest| rest.first() == Some(&b'/'))
    };
    let meets =
        |path: &RepoPath| violations.iter().any(|v| below(&v.path, path) || below(path, &v.path));
    paths.retain(|path| !meets(path));
    Ok(paths)
}

/// Commits these paths and nothing else that is staged. Hooks do not run: they judge what is
/// finished, and the scope was looked at already.
fn commit(worktree: &Path, paths: &[RepoPath], message: &[u8]) -> Result<()> {
    let git = Git::elsewhere(worktree).as_user();
    stage(&git, worktree, paths)?;
    let file = tempfile::NamedTempFile::new().context("cannot make a file for a message")?;
    std::io::Write::write_all(&mut file.as_file(), message).context("cannot write a message")?;
    let mut names = Vec::new();
    for path in paths {
        names.extend_from_slice(path.as_bytes());
        names.push(0);
    }
    let args = ["--literal-pathspecs", "-c", "core.hooksPath=/dev/null", "commit", "--quiet"];
    let more = ["--cleanup=whitespace", "--only", "--pathspec-file-nul", "--pathspec-from-file=-"];
    let mut args: Vec<OsString> = args.into_iter().chain(more).map(OsString::from).collect();
    args.extend(["--file".into(), file.path().into()]);
    git.fed(args, Some(&names)).map(drop)
}

/// Takes the checkpoints at the tip of an objective's branch off it; what they hold is then in its
/// worktree alone, as if it had just been written, to be committed with the rest. Returns whether
/// there were any.
pub(super) fn unfold(
    handle: &Handle<'_>,
    objective: &ObjectiveId,
    place: &Workplace,
) -> Result<bool> {
    let repository = handle.tools.repository;
    let Some(tip) = repository.reference(&place.branch)? else { return Ok(false) };
    let slug = handle.agreed.plan.id.slug();
    let mut base = tip.clone();
    while is_checkpoint(&repository.message(&base)?, slug, objective) {
        if repository.is_ancestor(&base, &handle.session.integration)? {
            break;
        }
        match repository.parents(&base)?.as_slice() {
            [parent] => parent.clone_into(&mut base),
            _ => break,
        }
    }
    if base == tip {
        return Ok(false);
    }
    handle.tools.steps.pass("unfold", objective.as_str())?;
    let git = Git::elsewhere(Path::new(&place.worktree)).as_user();
    git.output(["reset", "--soft", "--quiet", &base])?;
    Ok(true)
}
