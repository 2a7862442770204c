//! The pages that people read: plan.md and analysis.md, made by templates that the owner may
//! replace. A page carries the digest of the plan that it was made from.

use std::collections::BTreeMap;

use std::io::ErrorKind::{NotADirectory, NotFound};

use anyhow::{Context as _, Result};

use super::project::{PlanFile, Project};
use crate::domain::action::Action;
use crate::domain::finding::{Code, Finding};
use crate::domain::path::RepoPath;
use crate::domain::plan::{Plan, Proof};
use crate::execute::today::today;
use crate::report::{Templates, digest_in};
use crate::store::{self, layout};

/// The templates with what the owner has replaced.
pub fn templates(project: &Project) -> Result<Templates> {
    let folder = layout::templates();
    let entries = match std::fs::read_dir(project.root.join(&*folder.to_lossy())) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), NotFound | NotADirectory) => {
            return Templates::new(&BTreeMap::new());
        }
        Err(e) => return Err(e).with_context(|| format!("cannot read {folder}")),
    };
    let mut replaced = BTreeMap::new();
    for entry in entries {
        let file = entry.with_context(|| format!("cannot read {folder}"))?.path();
        if file.extension().is_none_or(|e| e != "hbs") {
            continue;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = store::read_text(&file, &format!("{}/{name}", folder.to_lossy()))?;
        replaced.extend(text.map(|text| (name, text)));
    }
    Templates::new(&replaced)
}

/// The text of plan.md.
pub fn page(project: &Project, file: &PlanFile, plan: &Plan, proof: &Proof) -> Result<String> {
    let digest = project.repository.blob_id(file.reading.text.as_bytes())?;
    let today = today(&project.repository, plan);
    templates(project)?.plan_md(plan, &digest, &proof.waves, today.as_ref())
}

/// The action that makes the page of a plan in `.ap/plans` anew.
pub fn written(project: &Project, file: &PlanFile) -> Result<Vec<Action>> {
    let plan = file.require()?;
    let proof = project.prove(&file.reading, plan, &project.tree()?)?;
    let bytes = page(project, file, plan, &proof)?.into_bytes();
    Ok(vec![Action::WriteFile { path: layout::plan_page(&plan.id), bytes }])
}

/// Where the page of a plan file is, if the file is one of `.ap/plans`.
fn beside(file: &PlanFile) -> Option<RepoPath> {
    let plan = file.reading.plan.as_ref()?;
    (file.path.as_ref() == Some(&layout::plan(&plan.id))).then(|| layout::plan_page(&plan.id))
}

/// Whether a plan has a page.
pub fn is_shown(project: &Project, file: &PlanFile) -> bool {
    beside(file).is_some_and(|page| project.root.join(&*page.to_lossy()).is_file())
}

/// Whether this clone has what the page of a plan is made from: a shallow one may not.
fn can_be_made(project: &Project, plan: &Plan) -> bool {
    plan.base.is_none() || today(&project.repository, plan).is_some()
}

/// A finding if the page of a plan shows another plan than the file holds, or was edited.
pub fn stale(
    project: &Project,
    file: &PlanFile,
    plan: &Plan,
    proof: &Proof,
) -> Result<Option<Finding>> {
    let Some(page) = beside(file) else { return Ok(None) };
    let shown = page.to_lossy();
    let Some(text) = store::read_text(&project.root.join(&*shown), &shown)? else {
        return Ok(None);
    };
    let digest = project.repository.blob_id(file.reading.text.as_bytes())?;
    let what = if digest_in(&text) != Some(&digest) {
        "shows another plan"
    } else if text != self::page(project, file, plan, proof)? && can_be_made(project, plan) {
        "is not what its templates make of the plan"
    } else {
        return Ok(None);
    };
    let slug = file.reading.plan.as_ref().map(|p| p.id.slug()).unwrap_or_default();
    let finding = Finding::warning(Code::StaleRender, format!("{shown} {what}"))
        .help(format!("git ap plan --render {slug}"))
        .at(file.reading.top_place("id"));
    Ok(Some(finding))
}
