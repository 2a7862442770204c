//! What an installation did, so that taking it back restores exactly: `<common dir>/ap/hooks.toml`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::effect::remove_leftover;
use super::place::{decode, encode};
use super::setting::Edit;
use crate::domain::error::{Failure, Kind};
use crate::domain::path::RepoPath;
use crate::domain::plan::SCHEMA;
use crate::store::{self, Steps, Writer};

/// The name of the file below the common git directory.
const FILE: &str = "ap/hooks.toml";

/// What was done. Everything in it is written down before it is done, so a record may say more
/// than there is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    schema: u32,
    /// Directories in which ours stand.
    #[serde(default, rename = "directory")]
    directories: Vec<Entry>,
    /// Changes of git's configuration files, in their order.
    #[serde(default, rename = "edit")]
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    made: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self { schema: SCHEMA, directories: Vec::new(), edits: Vec::new() }
    }
}

impl Record {
    /// The record of a repository; an empty one if there is none.
    pub(super) fn load(common: &Path) -> Result<Self> {
        let file = common.join(FILE);
        let Some(text) = store::read_text(&file, FILE)? else { return Ok(Self::default()) };
        let wrong = |why: &str| {
            let message = format!("`{FILE}` of the git directory cannot be read: {why}");
            let hint = "rm \"$(git rev-parse --git-common-dir)/ap/hooks.toml\"";
            Failure::new(Kind::Repository, message).hint(hint)
        };
        let record: Self = toml::from_str(&text).map_err(|e| wrong(e.message()))?;
        if record.schema != SCHEMA {
            let why = format!("it is of schema {}, this git ap knows {SCHEMA}", record.schema);
            return Err(wrong(&why).hint("update git ap").into());
        }
        if record.directories.iter().any(|entry| decode(&entry.path).is_none()) {
            return Err(wrong("a path in it is none").into());
        }
        Ok(record)
    }

    /// Writes the record, if it says anything new.
    pub(super) fn save(&self, common: &Path, steps: &Steps) -> Result<()> {
        let text = toml::to_string(self)?;
        Writer::new(common, steps).write(&path(), text.as_bytes())?;
        Ok(())
    }

    /// Removes the record.
    pub(super) fn remove(common: &Path, steps: &Steps) -> Result<()> {
        if common.join(FILE).symlink_metadata().is_ok() {
            Writer::new(common, steps).remove(&path())?;
        }
        // The writer of one that was killed may have left its new contents.
        remove_leftover(&common.join(FILE))
    }

    /// The directories with whether we made them.
    pub(super) fn directories(&self) -> Vec<(PathBuf, bool)> {
        let known = self.directories.iter();
        known.filter_map(|entry| Some((decode(&entry.path)?, entry.made))).collect()
    }

    /// Adds a directory; one that is known keeps what is known of it.
    pub(super) fn add_directory(&mut self, directory: &Path, made: bool) {
        let path = encode(directory);
        if !self.directories.iter().any(|entry| entry.path == path) {
            self.directories.push(Entry { path, made });
        }
    }

    /// Forgets a directory.
    pub(super) fn drop_directory(&mut self, directory: &Path) {
        let path = encode(directory);
        self.directories.retain(|entry| entry.path != path);
    }
}

fn path() -> RepoPath {
    RepoPath::new(FILE).expect("a plain path")
}
