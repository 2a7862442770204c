//! What the workers of a session said last, by their logs: for whoever is not the `run` that they
//! belong to. Of a log only the end is read, and only where it has grown.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::Team;
use crate::domain::id::ObjectiveId;
use crate::domain::session::{Session, Standing};
use crate::domain::team::stream::{Activity, Kind, Reader, Stream};
use crate::execute::gates;
use crate::store;

/// How much of the end of a log is read.
const END: u64 = 16 * 1024;

/// The last words of each worker.
#[derive(Debug)]
pub struct Words {
    folder: PathBuf,
    streams: HashMap<String, Stream>,
    /// By log: how long it was, and what was said there last.
    known: HashMap<PathBuf, (u64, Option<Activity>)>,
}

impl Words {
    /// The words of a session whose running state is in `folder`.
    pub fn of(folder: &Path, team: &Team) -> Self {
        let workers = team.workers().iter();
        let streams = workers.map(|worker| (worker.id.clone(), worker.stream)).collect();
        Self { folder: folder.to_owned(), streams, known: HashMap::new() }
    }

    /// Looks at the logs of everybody who is at work. Returns whose words are new.
    pub fn listen(&mut self, session: &Session) -> Vec<(ObjectiveId, Activity)> {
        let mut new = Vec::new();
        for standing in &session.objectives {
            let Some((log, worker)) = self.log(standing) else { continue };
            let length = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
            let before = self.known.get(&log);
            if before.is_some_and(|(known, _)| *known == length) {
                continue;
            }
            let stream = self.streams.get(worker).copied().unwrap_or_default();
            let said = last(&log, length, stream);
            let same = before.is_some_and(|(_, known)| *known == said);
            if let (Some(said), false) = (&said, same) {
                new.push((standing.id.clone(), said.clone()));
            }
            self.known.insert(log, (length, said));
        }
        new
    }

    /// What the worker of an objective said last.
    pub fn last(&self, session: &Session, objective: &ObjectiveId) -> Option<String> {
        let (log, _) = self.log(session.objective(objective)?)?;
        let (_, said) = self.known.get(&log)?;
        said.as_ref().map(|said| said.text.clone())
    }

    /// The log of whoever is at an objective, and who that is.
    fn log<'s>(&self, standing: &'s Standing) -> Option<(PathBuf, &'s str)> {
        let last = standing.attempts.last()?;
        if last.returned.is_some() || !store::is_alive(&last.holder) {
            return None;
        }
        let folder = gates::logs(&self.folder, standing.id.as_str());
        let log = folder.join(format!("worker-{}.log", standing.attempts.len()));
        Some((log, &last.worker))
    }
}

/// What is said last in a log of that length; none: nothing that can be read.
fn last(log: &Path, length: u64, stream: Stream) -> Option<Activity> {
    let mut file = File::open(log).ok()?;
    let from = length.saturating_sub(END);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end).ok()?;
    // A line that is being written is not said yet, and one whose beginning is not read is not
    // understood.
    let begin = if from == 0 { 0 } else { end.iter().position(|byte| *byte == b'\n')? + 1 };
    let whole = end.iter().rposition(|byte| *byte == b'\n')?;
    let text = String::from_utf8_lossy(end.get(begin..whole)?);
    let mut reader = Reader::new(stream);
    let (mut said, mut noise) = (None, None);
    for line in text.lines() {
        match reader.line(line) {
            Some(activity) if activity.kind == Kind::Log => noise = Some(activity),
            Some(activity) => said = Some(activity),
            None if stream == Stream::Text => noise = Activity::new(Kind::Log, line).or(noise),
            None => {}
        }
    }
    said.or(noise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_what_is_said() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let log = folder.path().join("x.log");
        let much = format!("{}\nthe end\n", "x".repeat(40_000));
        let table = [
            ("", None),
            ("half", None),
            ("one\ntwo\nthr", Some("two")),
            ("PROGRESS: 25% - reading\nnoise\n", Some("25% - reading")),
            ("\n\nbeginning\n\n", Some("beginning")),
            (much.as_str(), Some("the end")),
        ];
        for (text, expected) in table {
            let mut file = File::create(&log).expect("writable");
            std::io::Write::write_all(&mut file, text.as_bytes()).expect("writable");
            let said = last(&log, text.len() as u64, Stream::Text);
            assert_eq!(said.map(|said| said.text).as_deref(), expected, "{text:.20}");
        }
        assert_eq!(last(&folder.path().join("none"), 5, Stream::Text), None);
    }
}
