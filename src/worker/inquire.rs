//! Asking a worker what it is, before it gets any work: it is started as for an objective, and
//! ended again like one.

use std::time::Duration;

use anyhow::Result;
use tokio::sync::{oneshot, watch};

use super::run::{Ended, Job, Talk, Urgency, attend};
use super::wire::shown;
use super::{Way, acp, carry, mcp};
use crate::domain::team::discover::Told;

/// How long a program may take to say its version.
const VERSION: Duration = Duration::from_secs(10);

/// What a worker that speaks a protocol says about itself; else why it does not, in words that
/// follow its name. It is given until `job.timeout`, and ended with whatever it started.
///
/// Fails where it cannot be started.
pub async fn inquire(
    job: &Job,
    way: &Way,
    stop: watch::Receiver<Urgency>,
) -> Result<Result<Told, String>> {
    let (sender, answer) = oneshot::channel();
    let talk: Talk = match way.clone() {
        Way::Acp(errand) => Box::new(move |pipes| Box::pin(acp::look(errand, pipes, sender))),
        Way::Mcp(errand) => {
            Box::new(move |pipes| Box::pin(mcp::look(errand.policy, pipes, sender)))
        }
        Way::Remote(errand, remote) => {
            return Ok(mcp::look_at(&remote, errand.policy, job.timeout, stop).await);
        }
        Way::Command(_) => return Ok(Err("speaks no protocol".to_owned())),
    };
    let (ended, _) = attend(job, stop, Some(talk), |_| {}).await?;
    let mut answer = answer;
    Ok(answer.try_recv().map_err(|_| why(&ended, job.timeout)))
}

/// Why there is no answer.
fn why(ended: &Ended, timeout: Duration) -> String {
    if ended.timed_out {
        return format!("did not answer in {} s", timeout.as_secs());
    }
    if ended.stopped {
        return "was not waited for".to_owned();
    }
    let how = ended.complaint().unwrap_or_else(|| "said nothing".to_owned());
    let last = ended.errors.iter().rev().find(|line| !line.trim().is_empty());
    last.map_or(how.clone(), |line| format!("{how}; its last words: {}", shown(line.trim())))
}

/// The version that a program says with `--version`, the last of the job's words; none: it does
/// not.
///
/// Fails where it cannot be started.
pub async fn version(
    job: &Job,
    way: &Way,
    stop: watch::Receiver<Urgency>,
) -> Result<Option<String>> {
    let job = Job { timeout: job.timeout.min(VERSION), input: None, ..job.clone() };
    let (ended, said) = carry(&job, way, stop, |_| {}).await?;
    let line = said.message.lines().map(str::trim).find(|line| !line.is_empty());
    Ok(line.filter(|_| ended.complaint().is_none()).map(shown))
}
