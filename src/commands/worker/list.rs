//! `git ap worker list`: the team, and whether what it names is found here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::commands::project::Project;
use crate::commands::session::Team;
use crate::commands::{Ctx, Environment, Exit};
use crate::domain::plan::SCHEMA;
use crate::domain::team::{Manner, Transport, Worker};
use crate::ui::{Format, text};

/// List the workers of .ap/team.toml
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Lists the workers.
pub(super) fn run(ctx: &Ctx, _args: &Args) -> Result<Exit> {
    ctx.require_format("worker list", &[Format::Human, Format::Json])?;
    let project = Project::open(ctx)?;
    let (_, _, team) = Team::read_unfinished(&project)?;
    let main = project.repository.main_root()?;
    let why_not =
        |worker: &Worker| obstacle(worker, &ctx.env, &main).or_else(|| unfinished(worker));
    let rows: Vec<(&Worker, Option<String>)> =
        team.workers().iter().map(|worker| (worker, why_not(worker))).collect();
    if ctx.ui.format == Format::Json {
        let rows = rows.iter().map(|(worker, obstacle)| {
            json!({
                "id": worker.id,
                "preset": worker.preset.map(|preset| preset.name),
                "agent_type": worker.agent_type,
                "transport": worker.transport.as_str(),
                "command": worker.words(Manner::Free),
                "url": worker.url,
                "capabilities": worker.capabilities,
                "max_concurrent": worker.max_concurrent,
                "enabled": worker.enabled,
                "ready": worker.can_work() && obstacle.is_none(),
                "obstacle": obstacle,
            })
        });
        ctx.ui.json_list(&json!({ "schema": SCHEMA }), "workers", rows)?;
        return Ok(Exit::DONE);
    }
    if rows.is_empty() {
        ctx.ui.answer("the team is empty: people work on every objective")?;
        ctx.ui.note(
            "next: describe a worker in .ap/team.toml; `git ap worker presets` lists known agents",
        );
        return Ok(Exit::DONE);
    }
    let head = ["worker", "by", "at once", "good at", "state", "what is started"];
    let rows = rows.iter().map(|(worker, obstacle)| {
        let good_at = worker.capabilities.join(", ");
        let cell = |text: &str| text::one_line(text).into_owned();
        vec![
            cell(&worker.id),
            worker.transport.as_str().to_owned(),
            worker.max_concurrent.to_string(),
            if good_at.is_empty() { "anything".to_owned() } else { cell(&good_at) },
            obstacle.as_deref().map_or_else(|| "ready".to_owned(), cell),
            cell(&started(worker)),
        ]
    });
    ctx.ui.answer(&text::aligned(&head, rows))?;
    Ok(Exit::DONE)
}

/// What is started or called to have it work.
pub(super) fn started(worker: &Worker) -> String {
    if worker.transport == Transport::Human {
        return "nothing: it is a person".to_owned();
    }
    worker.shown(Manner::Free)
}

/// Why a worker cannot be given work that could be asked about it.
fn unfinished(worker: &Worker) -> Option<String> {
    let lacks =
        worker.enabled && worker.transport == Transport::Mcp && worker.tool(Manner::Free).is_none();
    let id = &worker.id;
    lacks.then(|| format!("no tool takes an objective: `git ap worker discover {id}`"))
}

/// Why a worker cannot be given work here, in words; none: nothing is known against it.
pub(super) fn obstacle(worker: &Worker, env: &Environment, main: &Path) -> Option<String> {
    if !worker.enabled {
        return Some("not enabled".to_owned());
    }
    if worker.transport == Transport::Human {
        return None;
    }
    if let Some(program) = worker.words(Manner::Free).first()
        && found(program, env, main).is_none()
    {
        return Some(format!("`{program}` is not found"));
    }
    let known = |name: &str| env.get(name).and_then(OsStr::to_str).map(str::to_owned);
    worker.environment(known).err().map(|failure| failure.message)
}

/// The file of a program: as it stands where it holds a slash, else the first on `PATH`.
fn found(program: &str, env: &Environment, main: &Path) -> Option<PathBuf> {
    let is_program = |file: &PathBuf| {
        use std::os::unix::fs::PermissionsExt as _;
        file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(main.join(program)).filter(is_program);
    }
    let path = env.get("PATH").unwrap_or_default();
    std::env::split_paths(path).map(|folder| folder.join(program)).find(is_program)
}
