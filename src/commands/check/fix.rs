//! `check --fix`: objectives that collide or stand before what they depend on move to another
//! wave; the rest of the file stays as it is.

use anyhow::Result;

use crate::commands::Ctx;
use crate::commands::page;
use crate::commands::project::{PlanFile, Project};
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::shell_word;
use crate::domain::plan::{self, Move, Plan, Proof};
use crate::ui::count_of;

/// A plan with its waves mended.
pub(super) struct Fixed {
    /// The plan as it is then, or would be.
    pub file: PlanFile,
    /// Who moved, and why.
    pub moves: Vec<Move>,
}

/// Moves what has to move. Returns the plan as it is then (in a dry run, as it would be), or
/// `None` if there was nothing to do.
pub(super) fn fix(
    ctx: &Ctx,
    project: &Project,
    file: &PlanFile,
    plan: &Plan,
    proof: &Proof,
    dry_run: bool,
) -> Result<Option<Fixed>> {
    let moves = plan::repair(plan, proof).map_err(|cycle| {
        let ids: Vec<&str> = cycle.0.iter().map(|i| plan.objectives[*i].id.as_str()).collect();
        let message = format!("no waves repair a cycle: {} wait for each other", ids.join(", "));
        Failure::new(Kind::Plan, message).hint("remove one of these from `depends_on`")
    })?;
    if moves.is_empty() {
        ctx.ui.note("the waves are right: nothing was changed");
        return Ok(None);
    }
    let text = plan::with_moves(&file.reading.text, &moves);
    let (Some(path), Some(text)) = (&file.path, text) else {
        let message = format!("{} is not a TOML file of this worktree", file.shown);
        let failure = Failure::new(Kind::User, message);
        return Err(failure.hint(format!("git ap plan --from {}", shell_word(&file.shown))).into());
    };
    for one in &moves {
        let from = one.from.map(|w| format!(" from wave {w}")).unwrap_or_default();
        ctx.ui.note(&format!("{} moves{from} to wave {}: {}", one.id, one.to, one.why));
    }
    let fixed =
        PlanFile { reading: plan::read(&text), shown: file.shown.clone(), path: file.path.clone() };
    let mut actions = vec![Action::WriteFile { path: path.clone(), bytes: text.into_bytes() }];
    if page::is_shown(project, file) {
        actions.extend(page::written(project, &fixed)?);
    }
    if dry_run {
        for action in &actions {
            ctx.ui.note(&format!("would {}", action.describe()));
        }
        return Ok(Some(Fixed { file: fixed, moves }));
    }
    crate::apply::apply(&project.repository, &project.root, &Project::steps(ctx)?, &actions)?;
    let count = count_of(moves.len(), "objective");
    ctx.ui.note(&format!("{count} moved in {}; edit `wave` there to take it back", file.shown));
    Ok(Some(Fixed { file: fixed, moves }))
}
