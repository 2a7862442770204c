//! The only interpreter of actions. What was decided is carried out in its order; each action
//! is a step that a test can make fail.

mod landing;
mod operation;

use std::path::Path;

use anyhow::Result;

use crate::domain::action::Action;
use crate::git::{Repository, Saved};
use crate::store::{self, Steps, Writer};

pub use operation::{Surroundings, integration_saved, operation, saved};

/// Why an operation was not carried out.
#[derive(Debug)]
pub enum Undone {
    /// It was refused before anything changed.
    Nothing(anyhow::Error),
    /// It failed on the way: doing it again goes on.
    Perhaps(anyhow::Error),
}

impl From<anyhow::Error> for Undone {
    fn from(error: anyhow::Error) -> Self {
        Self::Perhaps(error)
    }
}

/// What an action did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Files changed as the action says.
    Done,
    /// Everything was so already.
    Unchanged,
    /// Files were saved under this ref.
    BackedUp(String),
    /// Files were committed in this commit.
    Committed(String),
}

/// Carries out actions in the worktree with this root. Stops at the first that fails; those
/// before it have happened, and doing all of them again ends in the same state.
pub fn apply(
    repository: &Repository,
    root: &Path,
    steps: &Steps,
    actions: &[Action],
) -> Result<Vec<Outcome>> {
    let writer = Writer::new(root, steps);
    let outcomes = actions.iter().map(|action| one(repository, &writer, action));
    outcomes.collect()
}

fn one(repository: &Repository, writer: &Writer<'_>, action: &Action) -> Result<Outcome> {
    let done = |did: bool| if did { Outcome::Done } else { Outcome::Unchanged };
    match action {
        Action::WriteFile { path, bytes } => {
            Ok(done(writer.write(path, bytes)? == store::Outcome::Written))
        }
        Action::RemoveFile { path } => Ok(done(writer.remove(path)?)),
        Action::RemoveEmptyDirectory { path } => Ok(done(writer.remove_empty_directory(path)?)),
        Action::Backup { name, paths } => {
            let mut files = Vec::new();
            for path in paths {
                let (mode, bytes) = writer.contents(path)?;
                files.push(Saved { path: path.clone(), mode, bytes });
            }
            Ok(Outcome::BackedUp(repository.backup(name, &files, writer.steps())?))
        }
        Action::CommitFiles { paths, message } => {
            let commit = repository.commit_files(paths, message, writer.steps())?;
            Ok(commit.map_or(Outcome::Unchanged, Outcome::Committed))
        }
    }
}
