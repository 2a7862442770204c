//! Agents that work in this repository are told of `git ap`: its tools, and its guard. Nothing is
//! written without a yes, and `--remove` takes it out again.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::commands::Ctx;
use crate::commands::project::Project;
use crate::domain::action::Action;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::registration::{AGENTS, Agent, What, difference, edited};
use crate::store;

/// A file that changes.
pub(super) struct Change {
    pub(super) path: RepoPath,
    old: String,
    /// None: there is nothing left in it.
    new: Option<String>,
}

/// What is to be done about the files of agents.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) files: Vec<Change>,
    /// Files that stay as they are, and why.
    pub(super) rows: Vec<(String, &'static str)>,
}

/// The agents that are on `PATH`, or that this repository has something of.
pub(super) fn found(ctx: &Ctx, root: &Path) -> Vec<Agent> {
    let path = ctx.env.get("PATH").unwrap_or_default();
    let folders: Vec<_> =
        std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    let is_here = |agent: &Agent| {
        let sign = |sign: &str| root.join(sign).symlink_metadata().is_ok();
        let program = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
        agent.signs.iter().any(|s| sign(s)) || agent.programs.iter().any(|p| program(p))
    };
    AGENTS.into_iter().filter(is_here).collect()
}

/// What has to change so that these agents know of `git ap`, or so that none does any more.
pub(super) fn changes(project: &Project, agents: &[Agent], remove: bool) -> Result<Changes> {
    let mut by_file: BTreeMap<&str, Vec<What>> = BTreeMap::new();
    for entry in agents.iter().flat_map(|agent| agent.entries) {
        by_file.entry(entry.file).or_default().push(entry.what);
    }
    let mut changes = Changes::default();
    for (file, entries) in by_file {
        let place = project.root.join(file);
        let Some(path) = RepoPath::new(file) else { continue };
        if place.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            changes.rows.push((file.to_owned(), "is a link: it was left as it is"));
            continue;
        }
        let old = store::read_text(&place, file)?;
        if remove && old.is_none() {
            continue;
        }
        let edited = match edited(old.as_deref(), &entries, remove) {
            Ok(edited) => edited,
            // What cannot be read holds nothing of ours.
            Err(_) if remove => continue,
            Err(why) => {
                let message = format!("`{file}` is not what its agent would read: {why}");
                let hint = format!("mend {file}, or register by hand: git ap mcp -h");
                return Err(Failure::new(Kind::User, message).hint(hint).into());
            }
        };
        if edited.changed_by_owner {
            changes.rows.push((file.to_owned(), "is yours: it was left as it is"));
        }
        if edited.text != old {
            let old = old.unwrap_or_default();
            changes.files.push(Change { path, old, new: edited.text });
        } else if !edited.changed_by_owner && !remove {
            changes.rows.push((file.to_owned(), "is there already"));
        }
    }
    Ok(changes)
}

impl Change {
    /// What changes, for people.
    pub(super) fn shown(&self) -> String {
        let new = self.new.as_deref().unwrap_or_default();
        format!("{}\n{}", self.path, difference(&self.old, new))
    }

    /// The steps that do it.
    pub(super) fn actions(&self) -> Vec<Action> {
        let path = self.path.clone();
        if let Some(text) = &self.new {
            return vec![Action::WriteFile { path, bytes: text.clone().into_bytes() }];
        }
        let folder = self.path.parent().map(|path| Action::RemoveEmptyDirectory { path });
        [Action::RemoveFile { path }].into_iter().chain(folder).collect()
    }
}

/// Asks whether the files may be changed; refused where nobody can be asked.
pub(super) fn consent(ctx: &Ctx, files: &[Change]) -> Result<bool> {
    let names: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
    if let Some(answer) = ctx.ui.confirm(&format!("write {}?", names.join(", ")))? {
        return Ok(answer);
    }
    let message = format!("nobody said that {} may be written", names.join(", "));
    let hint = "git ap init --agents --yes, or --dry-run to look at it first";
    Err(Failure::new(Kind::User, message).hint(hint).into())
}
