//! `git ap worker test`: a worker is given a harmless objective in a scratch repository, by the
//! same `git ap run` that would give it a real one, and what came of it is told.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::list::{obstacle, started};
use crate::commands::project::Project;
use crate::commands::session::Team;
use crate::commands::{Ctx, Exit};
use crate::domain::config::Sandbox;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;
use crate::domain::path::{RepoPath, shell_word};
use crate::domain::plan::SCHEMA;
use crate::domain::team::Worker;
use crate::execute::gates;
use crate::execute::process::{self, Line};
use crate::git::Git;
use crate::store::{Journal, Steps, Writer, layout};
use crate::ui::{Format, text};

/// The plan that the worker is given.
const PLAN: &str = include_str!("trial.toml");
/// Its id.
const ID: &str = "20250101-000000-worker-test";
/// Its objective, what that is to make, and what is to stand there.
const OBJECTIVE: &str = "T1";
const MADE: &str = "notes/hello.txt";
const TEXT: &str = "hello";
/// Longer than the objective and its end may take.
const TIMEOUT: Duration = Duration::from_mins(20);

/// Give a worker a harmless objective in a scratch repository, and say what worked
///
/// The worker is to write one line into a new file. It is started as `git ap run` would start
/// it, in the same sandbox, and may cost what the agent costs. Exit code 6 where something did
/// not work; the scratch repository then stays, with its logs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap worker test codex
  git ap worker test codex --keep --format json")]
pub(super) struct Args {
    /// The worker's id in .ap/team.toml
    #[arg(value_name = "ID")]
    worker: String,
    /// Keep the scratch repository also where everything worked
    #[arg(long)]
    keep: bool,
}

/// One thing that a worker has to do, and whether it did.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    worked: bool,
    /// What was seen, in words.
    seen: String,
}

/// Tries a worker.
pub(super) fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("worker test", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let team = Team::read(&project, Some(&args.worker))?;
    let worker = team.workers().first().context("the team was read for one worker")?;
    let main = project.repository.main_root()?;
    require_testable(worker, obstacle(worker, &ctx.env, &main))?;
    consent(ctx, worker)?;
    let folder = tempfile::Builder::new().prefix("git-ap-test-").tempdir();
    let folder = folder.context("cannot make a folder for a scratch repository")?;
    let scratch = folder.path().join("repo");
    let team_file = main.join(Path::new(&layout::team().to_lossy().into_owned()));
    let team_text = std::fs::read(&team_file).context("cannot read the team")?;
    prepare(&scratch, &team_text, project.config()?.sandbox)?;
    let seen = try_it(ctx, worker, &scratch)?;
    let checks = checks(&seen, &scratch);
    let is_good = checks.iter().all(|check| check.worked);
    let kept = (args.keep || !is_good).then(|| folder.keep().join("repo"));
    show(ctx, worker, &checks, kept.as_deref())?;
    Ok(if is_good { Exit::DONE } else { Kind::Worker.into() })
}

fn require_testable(worker: &Worker, obstacle: Option<String>) -> Result<(), Failure> {
    if let Some(why) = obstacle {
        let message = format!("the worker {} cannot be tested: {why}", worker.id);
        return Err(Failure::new(Kind::Worker, message).hint("git ap worker list"));
    }
    if worker.can_work() {
        return Ok(());
    }
    let by = worker.transport.as_str();
    let message = format!("the worker {} cannot be tested: it is `{by}`", worker.id);
    Err(Failure::new(Kind::User, message).hint("git ap worker list"))
}

fn consent(ctx: &Ctx, worker: &Worker) -> Result<()> {
    let verb = if worker.url.is_some() { "calls" } else { "starts" };
    ctx.ui.note(&format!("{verb} `{}` for a scratch repository", started(worker)));
    match ctx.ui.confirm(&format!("test the worker {}?", worker.id))? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(Kind::User, "nothing was started").into()),
        None => {
            let message = "a test starts the worker, and may cost what it costs";
            let hint = format!("git ap worker test {} --yes", worker.id);
            Err(Failure::new(Kind::User, message).hint(hint).into())
        }
    }
}

/// A repository with the team, the plan and one file, under the project's policy for sandboxes.
fn prepare(scratch: &Path, team: &[u8], sandbox: Sandbox) -> Result<()> {
    let steps = Steps::default();
    let writer = Writer::new(scratch, &steps);
    let plan = PlanId::parse(ID).map_err(anyhow::Error::msg)?;
    let readme = RepoPath::new("README.md").context("a plain name")?;
    let config = format!("schema = 1\n[run]\nsandbox = \"{}\"\n", sandbox.as_str());
    writer.write(&layout::config(), config.as_bytes())?;
    writer.write(&layout::team(), team)?;
    writer.write(&layout::plan(&plan), PLAN.as_bytes())?;
    writer.write(&readme, b"A scratch repository of `git ap worker test`.\n")?;
    let git = Git::elsewhere(scratch).as_user();
    git.output(["init", "--quiet", "--initial-branch=main"])?;
    for (name, value) in [
        ("user.name", "git ap"),
        ("user.email", "git-ap@localhost"),
        ("commit.gpgSign", "false"),
        ("core.hooksPath", ".git/hooks"),
    ] {
        git.output(["config", name, value])?;
    }
    git.output(["add", "--all", "--force"])?;
    git.output(["commit", "--quiet", "--message", "chore: scratch"]).map(drop)
}

/// What was heard of the run.
#[derive(Debug, Default)]
struct Seen {
    events: Vec<Value>,
    /// What it said last that was no event.
    error: Option<String>,
    code: Option<i32>,
}

impl Seen {
    /// The events of a type.
    fn of(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["type"] == name)
    }

    /// What a field of the last event of a type says.
    fn last(&self, name: &str, field: &str) -> Option<String> {
        let value = self.of(name).last()?[field].as_str();
        value.map(|text| text::one_line(text).into_owned())
    }
}

fn try_it(ctx: &Ctx, worker: &Worker, scratch: &Path) -> Result<Seen> {
    let program = ctx.program.to_string_lossy();
    let command = format!(
        "{} run --yes --format json --worker {} </dev/null",
        shell_word(&program),
        shell_word(&worker.id)
    );
    let temporary = scratch.with_extension("tmp");
    std::fs::create_dir(&temporary).context("cannot make a folder for temporary files")?;
    let line = Line {
        command,
        directory: scratch.to_owned(),
        // What is left of temporary files goes with the rest.
        environment: vec![("TMPDIR".to_owned(), temporary.into_os_string())],
        timeout: TIMEOUT,
        log: Some(scratch.with_extension("log")),
    };
    let mut seen = Seen::default();
    let ended = process::run(&line, |line| match serde_json::from_str::<Value>(line) {
        Ok(event) if event["type"].is_string() => {
            if let Some(activity) = event["status"]["current_activity"].as_str() {
                tell(ctx, activity);
            }
            // What a worker prints line by line is in its log.
            if event["type"] != "worker_activity" || seen.of("worker_activity").next().is_none() {
                seen.events.push(event);
            }
        }
        Ok(other) => seen.error = other["error"]["message"].as_str().map(str::to_owned),
        Err(_) => {}
    })?;
    seen.code = ended.code;
    Ok(seen)
}

fn tell(ctx: &Ctx, activity: &str) {
    if ctx.ui.verbose && ctx.ui.format == Format::Human {
        ctx.ui.note(&format!("  {activity}"));
    }
}

/// What worked.
fn checks(seen: &Seen, scratch: &Path) -> Vec<Check> {
    let why = seen.last("objective_failed", "reason").or_else(|| seen.error.clone());
    let begun = seen.of("worker_activity").next().is_some();
    let logs = PlanId::parse(ID)
        .map(|id| gates::logs(Journal::at(&scratch.join(".git"), &id).folder(), OBJECTIVE));
    let answer = logs.ok().and_then(|logs| std::fs::read_to_string(logs.join("response.md")).ok());
    let answer = answer.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let made = Git::elsewhere(scratch)
        .output(["show", &format!("refs/heads/ap/{ID}/{OBJECTIVE}:{MADE}")])
        .ok()
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let violation = seen.last("scope_violation", "text");
    let seconds = seen.of("worker_metrics").last().and_then(|event| event["seconds"].as_f64());
    let accepted = seen.of("objective_complete").next().is_some();
    let or_why = |text: &str| why.clone().unwrap_or_else(|| text.to_owned());
    vec![
        Check {
            what: "started",
            worked: begun,
            seen: if begun {
                seen.last("worker_activity", "text").unwrap_or_default()
            } else {
                or_why("it was never started")
            },
        },
        Check {
            what: "answered",
            worked: answer.is_some(),
            seen: answer.map_or("it said nothing at its end".to_owned(), |text| {
                text.chars().take(120).collect()
            }),
        },
        Check {
            what: "edited",
            worked: made.as_deref() == Some(TEXT),
            seen: match made {
                Some(made) if made == TEXT => MADE.to_owned(),
                Some(_) => format!("{MADE} holds something else than `{TEXT}`"),
                None => or_why(&format!("{MADE} was not made")),
            },
        },
        Check {
            what: "stayed in scope",
            worked: begun && violation.is_none(),
            seen: match violation {
                Some(text) => text,
                None if begun => "nothing else was changed".to_owned(),
                None => "it was never started".to_owned(),
            },
        },
        Check {
            what: "ended",
            worked: accepted && seen.code == Some(0),
            seen: match seconds {
                Some(seconds) if accepted => format!("after {seconds:.1} s"),
                _ => or_why(&format!("git ap run: exit code {}", seen.code.unwrap_or(-1))),
            },
        },
    ]
}

fn show(ctx: &Ctx, worker: &Worker, checks: &[Check], kept: Option<&Path>) -> Result<()> {
    let kept = kept.map(|path| path.display().to_string());
    if ctx.ui.format == Format::Json {
        ctx.ui.json(&json!({
            "schema": SCHEMA,
            "worker": worker.id,
            "worked": checks.iter().all(|check| check.worked),
            "checks": checks,
            "kept": kept,
        }))?;
        return Ok(());
    }
    let rows = checks.iter().map(|check| {
        let sign = if check.worked { "yes" } else { "NO" };
        vec![check.what.to_owned(), sign.to_owned(), text::one_line(&check.seen).into_owned()]
    });
    ctx.ui.answer(&text::aligned(&[worker.id.as_str(), "", ""], rows))?;
    if let Some(kept) = kept {
        let folder = Path::new(&kept).parent().unwrap_or(Path::new(&kept)).display().to_string();
        ctx.ui.note(&format!("kept: {kept}, with the log beside it"));
        ctx.ui.note(&format!("to remove it: rm -r {}", shell_word(&folder)));
    }
    Ok(())
}
