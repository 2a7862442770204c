//! An objective, or a question, carried to a worker by whatever transport it has. Whoever asks
//! does not see the difference: lines for the log, activities for whoever watches, and how it
//! ended.

use anstream::adapter::strip_str;
use anyhow::Result;
use tokio::sync::watch;

use super::run::{Ended, Heard, Job, Line, Source, Talk, Urgency, attend};
use super::{acp, mcp};
use crate::domain::team::stream::{Activity, Kind, Reader, Said, Stream};

/// How a worker is spoken to.
#[derive(Clone, Debug)]
pub enum Way {
    /// Its command has been given everything, and prints what it does.
    Command(Stream),
    /// Over the Agent Client Protocol.
    Acp(acp::Errand),
    /// Over the Model Context Protocol, with a server that is started.
    Mcp(mcp::Errand),
    /// The same, with a server that listens somewhere. There is no process to start.
    Remote(mcp::Errand, mcp::Remote),
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
                // The log keeps the colours.
                let text = strip_str(line.text).to_string();
                let activity = match line.source {
                    Source::Output => reader.line(&text),
                    Source::Error => Activity::new(Kind::Log, &text),
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
        Way::Acp(errand) => {
            let errand = errand.clone();
            let talk: Talk = Box::new(move |pipes| Box::pin(acp::talk(errand, pipes)));
            let (ended, said) = attend(job, stop, Some(talk), with_errors(hear)).await?;
            Ok((ended, said.unwrap_or_default()))
        }
        Way::Mcp(errand) => {
            let errand = errand.clone();
            let talk: Talk = Box::new(move |pipes| Box::pin(mcp::talk(errand, pipes)));
            let (ended, said) = attend(job, stop, Some(talk), with_errors(hear)).await?;
            Ok((ended, said.unwrap_or_default()))
        }
        Way::Remote(errand, remote) => {
            mcp::visit(errand.clone(), remote, job.timeout, stop, hear).await
        }
    }
}

/// Also tells what one that is spoken with prints on standard error: its output is the
/// conversation.
fn with_errors(mut hear: impl FnMut(Heard<'_>)) -> impl FnMut(Heard<'_>) {
    move |heard| {
        if let Heard::Line(Line { source: Source::Error, text }) = heard
            && let Some(activity) = Activity::new(Kind::Log, &strip_str(text).to_string())
        {
            hear(Heard::Does(activity));
        }
        hear(heard);
    }
}
