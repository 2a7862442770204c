//! How a worker is asked: as `git ap run` would start it, in an empty directory of its own, under
//! the project's policy for sandboxes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use tempfile::TempDir;

use crate::commands::Ctx;
use crate::commands::project::Project;
use crate::domain::commit_message::one_line;
use crate::domain::team::discover::Told;
use crate::domain::team::{Manner, Transport, Worker};
use crate::execute::narrate::{Interrupted, Reporter};
use crate::worker::policy::Policy;
use crate::worker::{self, Around, Job, Way, sandbox};

/// How many are asked at once.
const AT_ONCE: usize = 8;

/// How many bytes one may say: what comes behind is not heard.
const HEARD: u64 = 64 << 20;

/// What may be the matter with one that runs at other times.
const CONFINED: &str =
    "it ran in the sandbox, and its entry has no `state` that it may write in its home";

/// A worker that is ready to be asked. What it leaves behind goes with this.
pub(super) struct Question {
    id: String,
    shown: String,
    what: What,
    /// Whether it may write little in its home, and nothing says what it keeps there.
    confined: bool,
    /// Where it works, its temporary files, and the rules that keep it to them.
    _folder: TempDir,
}

enum What {
    /// It is asked over its protocol.
    Itself(Job, Way),
    /// A known program is asked for its version.
    Version(Job, Way),
    /// It is there; nothing else is known of it.
    Nothing,
}

/// Makes ready what a worker is asked with. Fails where its entry cannot be started as it stands.
pub(super) fn question(
    ctx: &Ctx,
    project: &Project,
    worker: &Worker,
    timeout: Duration,
) -> Result<Question> {
    let folder = tempfile::Builder::new().prefix("git-ap-ask-").tempdir();
    let folder = folder.context("cannot make a folder to ask a worker in")?;
    let (worktree, temporary) = (folder.path().join("work"), folder.path().join("tmp"));
    for path in [&worktree, &temporary] {
        std::fs::create_dir(path).context("cannot make a folder to ask a worker in")?;
    }
    let at = temporary.to_str().context("a directory for temporary files is UTF-8")?;
    let force = sandbox::in_force(project.config()?.sandbox)?;
    // What takes the objective is what it is asked for.
    let whole = match worker.tool(Manner::Free) {
        None if worker.transport == Transport::Mcp => {
            Worker { tool: Some(String::new()), ..worker.clone() }
        }
        Some(_) | None => worker.clone(),
    };
    let known = |name: &str| ctx.env.get(name).map(ToOwned::to_owned);
    let launch = worker::launch(
        &whole,
        Manner::of_work(force.is_on()),
        Around {
            prompt: "",
            folder: folder.path(),
            worktree: &worktree,
            known: &known,
            own: &[("TMPDIR".to_owned(), at.to_owned())],
            timeout,
            policy: &Policy::of_question(),
        },
    )?;
    let mut job = Job { limit: HEARD, ..launch.job };
    if worker.transport == Transport::Command {
        // Of a command nothing is run but what is known to be harmless.
        if worker.preset.is_none() || !worker.command.is_empty() {
            let (id, shown) = (worker.id.clone(), launch.shown);
            let what = What::Nothing;
            return Ok(Question { id, shown, what, confined: false, _folder: folder });
        }
        job.words = job.words.into_iter().take(1).chain([OsString::from("--version")]).collect();
    }
    let main = project.repository.main_root()?;
    // What its command names of the project is not in its directory.
    for word in &mut job.words {
        let file = main.join(&*word);
        if word.to_string_lossy().contains('/') && file.exists() {
            *word = file.into_os_string();
        }
    }
    let sandboxed = force.is_on() && !worker.is_remote();
    if sandboxed {
        let home = job.environment.iter().find(|(name, _)| name == "HOME");
        let home = home.map(|(_, home)| PathBuf::from(home)).filter(|home| home.is_dir());
        let (home, state) = (home.as_deref(), worker.state());
        let rules = sandbox::rules_apart(&project.repository, &worktree, &temporary, home, &state)?;
        job.words = sandbox::wrap(&job.words, &rules, &ctx.program, folder.path())?;
    }
    let what = match launch.way {
        way @ Way::Command(_) => What::Version(job, way),
        way @ (Way::Acp(_) | Way::Mcp(_) | Way::Remote(..)) => What::Itself(job, way),
    };
    let (id, confined) = (worker.id.clone(), sandboxed && worker.state().is_empty());
    Ok(Question { id, shown: launch.shown, what, confined, _folder: folder })
}

/// What each told, or why it did not, in words that follow its name; in the order of the
/// questions.
pub(super) fn all(
    questions: Vec<(usize, Question)>,
    reporter: &Reporter,
) -> Result<Vec<(usize, Result<Told, String>)>> {
    // Somebody who is asked is ended before this is left.
    let _hold = reporter.hold();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the event loop")?;
    let asking = futures::stream::iter(questions).map(|(at, question)| async move {
        let doing = format!("asking {}: {}", question.id, one_line(&question.shown));
        reporter.activity(doing, 0);
        (at, one(&question, reporter).await)
    });
    let answers = runtime.block_on(asking.buffered(AT_ONCE).collect::<Vec<_>>());
    // A process that holds a pipe open must not hold this one up.
    runtime.shutdown_background();
    if reporter.cancelled() {
        return Err(Interrupted::by_ctrl_c().into());
    }
    Ok(answers)
}

async fn one(question: &Question, reporter: &Reporter) -> Result<Told, String> {
    let failed = |error: anyhow::Error| format!("could not be asked: {error:#}");
    match &question.what {
        What::Itself(job, way) => {
            let answer = worker::inquire(job, way, reporter.stop()).await.map_err(failed)?;
            answer.map_err(|why| if question.confined { format!("{why}; {CONFINED}") } else { why })
        }
        What::Version(job, way) => {
            let version = worker::version(job, way, reporter.stop()).await.map_err(failed)?;
            Ok(Told { version, ..Told::default() })
        }
        What::Nothing => Ok(Told::default()),
    }
}
