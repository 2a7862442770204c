//! The journals of sessions below the common git directory: one line per state change, on the
//! disk before the next step is taken. A torn last line, from a process that was killed while
//! it wrote, is as if it had never been.

use std::fs;
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Steps;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::plan::SCHEMA;
use crate::domain::session::{Entry, Line};

/// The running state of one session.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// The ids that have a journal, oldest first.
pub fn sessions(common_dir: &Path) -> Result<Vec<PlanId>> {
    let folder = common_dir.join("ap");
    let reading = || format!("cannot read {}", folder.display());
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(e) => return Err(e).with_context(reading),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.with_context(reading)?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| PlanId::parse(name).ok());
        ids.extend(id.filter(|_| entry.path().join("journal.jsonl").exists()));
    }
    ids.sort();
    Ok(ids)
}

impl Journal {
    /// The journal of a plan's session, which need not exist yet.
    pub fn at(common_dir: &Path, id: &PlanId) -> Self {
        Self { folder: common_dir.join("ap").join(id.as_str()) }
    }

    /// The folder of the session's running state.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of its lines.
    pub fn file(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// Every line that was written whole; none where there is no journal.
    ///
    /// Fails by name on a line that this version does not understand.
    pub fn lines(&self) -> Result<Vec<Line>> {
        let shown = self.file().display().to_string();
        let bytes = match fs::read(self.file()) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e).with_context(|| format!("cannot read {shown}")),
        };
        let whole = &bytes[..whole_length(&bytes)];
        let mut lines = Vec::new();
        for (index, text) in whole.split_inclusive(|b| *b == b'\n').enumerate() {
            lines.push(read_line(text).map_err(|why| {
                let message = format!("line {} of {shown} {why}", index + 1);
                Failure::new(Kind::Repository, message)
            })?);
        }
        Ok(lines)
    }

    /// Writes one line behind those that were read, and waits until it is on the disk. Returns
    /// its number. Whoever calls holds the session's lock.
    #[expect(clippy::disallowed_methods, reason = "this is the place that owns the journal")]
    pub fn append(&self, time: String, entry: Entry, steps: &Steps) -> Result<u64> {
        let seq = self.lines()?.len() as u64 + 1;
        let line = Line { schema: SCHEMA, seq, time, entry };
        let mut text = serde_json::to_vec(&line).context("a line of the journal is plain data")?;
        let kind = kind(&text);
        text.push(b'\n');
        steps.pass("journal", &kind)?;
        let writing = || format!("cannot write {}", self.file().display());
        fs::create_dir_all(&self.folder).with_context(writing)?;
        let mut options = fs::File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(self.file()).with_context(writing)?;
        let end = whole_length(&fs::read(self.file()).with_context(writing)?) as u64;
        file.set_len(end).with_context(writing)?;
        file.seek(SeekFrom::Start(end)).with_context(writing)?;
        file.write_all(&text).with_context(writing)?;
        file.sync_data().with_context(writing)?;
        if seq == 1 {
            fs::File::open(&self.folder).and_then(|f| f.sync_all()).with_context(writing)?;
        }
        steps.pass("journaled", &kind)?;
        Ok(seq)
    }
}

/// The bytes up to the last line feed.
fn whole_length(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

fn read_line(text: &[u8]) -> Result<Line, String> {
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|e| format!("is no JSON: {e}"))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema.is_some_and(|found| found > u64::from(SCHEMA)) {
        return Err("was written by a newer git ap: update this one".to_owned());
    }
    serde_json::from_value(value).map_err(|e| format!("is not understood: {e}"))
}

/// The kind of a line, for the names of steps.
fn kind(line: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    let word = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let operation =
        value.get("operation").and_then(|o| o.get("operation")).and_then(|o| o.as_str());
    let kind = word("type").unwrap_or_default();
    operation.map_or(kind.clone(), |operation| format!("{kind} {operation}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn journal(root: &Path) -> Journal {
        Journal::at(root, &PlanId::parse("20251008-104131-x").expect("valid"))
    }

    #[test]
    fn what_was_written_is_read_and_a_torn_line_is_not() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let (journal, steps) = (journal(root.path()), Steps::default());
        assert_eq!(journal.lines().expect("none yet"), []);
        assert_eq!(journal.append("t".into(), Entry::Released, &steps).expect("writable"), 1);
        let file = journal.folder().join("journal.jsonl");
        let mut torn = fs::File::options().append(true).open(&file).expect("there");
        torn.write_all(b"{\"schema\":1,\"seq\":2,\"ti").expect("writable");
        assert_eq!(journal.lines().expect("readable").len(), 1);
        assert_eq!(journal.append("t".into(), Entry::SyncAborted, &steps).expect("writable"), 2);
        let lines = journal.lines().expect("readable");
        assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(lines[1].entry, Entry::SyncAborted);
        let ids = sessions(root.path()).expect("readable");
        assert_eq!(ids.iter().map(PlanId::as_str).collect::<Vec<_>>(), ["20251008-104131-x"]);
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for (text, said) in [
            ("x\n", "is no JSON"),
            ("{\"schema\":2,\"seq\":1}\n", "newer git ap"),
            ("{\"schema\":1,\"seq\":1,\"time\":\"t\",\"type\":\"sung\"}\n", "is not understood"),
        ] {
            let root = tempfile::tempdir().expect("a temporary directory");
            let (journal, steps) = (journal(root.path()), Steps::default());
            journal.append("t".into(), Entry::Released, &steps).expect("writable");
            let file = journal.folder().join("journal.jsonl");
            let mut more = fs::File::options().append(true).open(&file).expect("there");
            more.write_all(text.as_bytes()).expect("writable");
            let error = journal.lines().expect_err(text).to_string();
            assert!(error.contains("line 2 of") && error.contains(said), "{error}");
        }
    }
}
