//! An objective, or a question, carried to a worker by whatever transport it has. Whoever asks
//! does not see the difference: lines for the log, activities for whoever watches, and how it
//! ended.

use anyhow::Result;
use tokio::sync::watch;

use super::run::{Ended, Heard, Job, Source, Urgency, attend};
use crate::domain::team::stream::{Activity, Kind, Reader, Said, Stream};

/// How a worker is spoken to.
#[derive(Clone, Debug)]
pub enum Way {
    /// Its command has been given everything, and prints what it does.
    Command(Stream),
}

/// Has a worker do what it is asked, to the end, and hands on what is heard. When `stop` asks for
/// it, or when it takes too long, it is ended with whatever it started, also where the returned
/// future is dropped.
///
/// Fails where it cannot be started.
pub async fn carry(
    job: &Job,
    way: &Way,
    stop: watch::Receiver<Urgency>,
    mut hear: impl FnMut(Heard<'_>),
) -> Result<(Ended, Said)> {
    match way {
        Way::Command(stream) => {
            let mut reader = Reader::new(*stream);
            let heard = |heard: Heard<'_>| {
                let Heard::Line(line) = heard else { return hear(heard) };
                hear(Heard::Line(line));
                let before = reader.usage();
                let activity = match line.source {
                    Source::Output => reader.line(line.text),
                    Source::Error => Activity::new(Kind::Log, line.text),
                };
                if let Some(activity) = activity {
                    hear(Heard::Does(activity));
                }
                if reader.usage() != before {
                    hear(Heard::Used(reader.usage()));
                }
            };
            let (ended, _) = attend(job, stop, None, heard).await?;
            Ok((ended, reader.finish()))
        }
    }
}
