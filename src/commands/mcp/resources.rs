//! What an agent can read of its session: the plan as it was agreed, and what was found out
//! before. Read from the commit that counts, never from a worktree.

use anyhow::Result;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents};

use crate::commands::Ctx;
use crate::commands::session::{Purpose, Workshop};
use crate::domain::id::PlanId;
use crate::domain::path::RepoPath;
use crate::execute::session::look;
use crate::store::layout;

/// How a resource is addressed: `ap://<plan>/<file>`.
const SCHEME: &str = "ap://";

/// The files of a plan that can be read.
fn files(id: &PlanId) -> [(&'static str, &'static str, &'static str, RepoPath); 3] {
    [
        (
            "plan.toml",
            "the plan: every objective, its scope and its wave",
            "application/toml",
            layout::plan(id),
        ),
        ("plan.md", "the plan for a reader", "text/markdown", layout::plan_page(id)),
        (
            "analysis.md",
            "what was found out before planning",
            "text/markdown",
            layout::analysis_page(id),
        ),
    ]
}

/// What there is to read.
pub(super) fn list(ctx: &Ctx) -> Result<Vec<Resource>> {
    let workshop = Workshop::open(ctx)?;
    let id = workshop.plan_named(None, Purpose::Look)?;
    let mut found = Vec::new();
    for (name, about, kind, path) in files(&id) {
        if let Some(text) = text(&workshop, &id, &path)? {
            let resource = Resource::new(format!("{SCHEME}{id}/{name}"), name);
            let size = text.len() as u64;
            found.push(resource.with_description(about).with_mime_type(kind).with_size(size));
        }
    }
    Ok(found)
}

/// The contents of a resource; none: there is no such one.
pub(super) fn read(ctx: &Ctx, uri: &str) -> Result<Option<ReadResourceResult>> {
    let workshop = Workshop::open(ctx)?;
    let Ok(id) = workshop.plan_named(None, Purpose::Look) else { return Ok(None) };
    let Some(name) = uri.strip_prefix(&format!("{SCHEME}{id}/")) else { return Ok(None) };
    let Some((_, _, kind, path)) = files(&id).into_iter().find(|(file, ..)| *file == name) else {
        return Ok(None);
    };
    let text = text(&workshop, &id, &path)?;
    Ok(text.map(|text| {
        ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(kind)])
    }))
}

/// A file as it was agreed, or as the working tree has it where nothing is agreed yet.
fn text(workshop: &Workshop, id: &PlanId, path: &RepoPath) -> Result<Option<String>> {
    let repository = &workshop.project.repository;
    let session = look(repository, id)?.filter(|session| !session.was_taken_back());
    if let Some(session) = session {
        let bytes = repository.file_at(session.agreed(), path)?;
        return Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    }
    let shown = path.to_lossy();
    crate::store::read_text(&workshop.project.root.join(&*shown), &shown)
}
