//! What is known of earlier work when somebody looks at a plan: the history, and the records of
//! past sessions.

use anyhow::Result;

use super::project::{PlanFile, Project, Tree};
use crate::analysis;
use crate::analysis::history::COMMITS;
use crate::domain::history::History;
use crate::domain::path::RepoPath;
use crate::domain::plan::{self, Calibration, Facts, Past, Proof};
use crate::domain::record::{self, Record};
use crate::store::layout;

/// How many past sessions are learned from: the last ones.
const SESSIONS: usize = 50;

impl Project {
    /// The proof with what the past has to say about the plan, for who looks at it. Where the
    /// history cannot be read, that is said, and the proof stands as it is.
    pub fn learned(&self, file: &PlanFile, tree: &Tree, proof: Proof) -> Result<Learned> {
        let silent = &|_, _| ();
        let loaded = analysis::history::load(&self.repository, &tree.commit, COMMITS, silent);
        let (history, note) = match loaded {
            Ok(history) => (history, None),
            Err(error) => {
                (History::default(), Some(format!("the history was not looked at: {error:#}")))
            }
        };
        let records = self.records(tree)?;
        let calibration: Vec<Calibration> = records.into_iter().flat_map(calibrations).collect();
        let past = Past { history: &history, calibration: &calibration };
        let facts = Facts { config: self.config()?, tracked: &tree.paths };
        let proof = plan::learn(proof, &file.reading, file.require()?, facts, past);
        Ok(Learned { proof, note })
    }

    /// The records of past sessions that a commit holds, the newest first. One that cannot be
    /// read teaches nothing.
    pub fn records(&self, tree: &Tree) -> Result<Vec<Record>> {
        let folder = layout::sessions();
        let from = tree.paths.partition_point(|path| *path < folder);
        let near = tree.paths[from..].iter();
        let near = near.take_while(|path| path.as_bytes().starts_with(folder.as_bytes()));
        let records: Vec<&RepoPath> = near
            .filter(|path| path.is_below(&folder) && path.file_name() == b"session.toml")
            .collect();
        let mut found = Vec::new();
        for path in records.into_iter().rev().take(SESSIONS) {
            let Some(bytes) = self.repository.file_at(&tree.commit, path)? else { continue };
            let text = String::from_utf8_lossy(&bytes);
            found.extend(record::read(&text));
        }
        Ok(found)
    }
}

/// A proof with what the past says, and what the reader should know of how that was found out.
#[derive(Debug)]
pub struct Learned {
    /// The proof.
    pub proof: Proof,
    /// Why the history was not looked at, if it was not.
    pub note: Option<String>,
}

/// What one record teaches.
fn calibrations(record: Record) -> Vec<Calibration> {
    let session = record.plan;
    let objectives = record.objectives.into_iter();
    let one = |mut objective: record::Objective| {
        objective.touch.retain(|pattern| !objective.granted.contains(pattern));
        Calibration {
            session: session.clone(),
            objective: objective.id,
            patterns: objective.touch,
            touched: objective.touched,
            refused: objective.refused,
        }
    };
    objectives.map(one).collect()
}
