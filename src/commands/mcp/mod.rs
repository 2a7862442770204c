//! `git ap mcp`: what an agent can ask `git ap` while it works on an objective, as tools of the
//! Model Context Protocol (modelcontextprotocol.io, 2024-11-05 to 2026-07-28) on standard input
//! and output.

mod lines;
mod resources;
mod schema;
mod server;
mod tools;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rmcp::ServiceExt as _;

use super::{Ctx, Exit};
use crate::ui::{Format, Ui};

/// Serve an agent's questions about its objective (Model Context Protocol)
///
/// Started by an agent in the worktree of an objective, on standard input and output. Its tools:
/// objective, `scope_check`, `scope_request`, progress, submit, blocked; its resources: the plan
/// and the analysis. It works inside the sandbox of `git ap run` too.
#[derive(Debug, clap::Args)]
#[command(after_help = REGISTER)]
pub struct Args {}

const REGISTER: &str = "\
Examples:
  git ap mcp                  what an agent starts; `git ap init --agents` registers it

Or by hand, in the repository:
  Claude Code   claude mcp add --scope project git-ap -- git-ap mcp
  Gemini CLI    gemini mcp add --scope project git-ap git-ap mcp
  Codex         codex mcp add git-ap -- git-ap mcp
  others        a server `git-ap` with the command `git-ap`, the arguments [\"mcp\"], transport
                stdio: .mcp.json (Claude Code), .gemini/settings.json, .cursor/mcp.json,
                .codex/config.toml, opencode.json";

/// Serves until standard input ends.
pub fn run(ctx: &Ctx, _: &Args) -> Result<Exit> {
    ctx.require_format("mcp", &[Format::Human])?;
    let own = Ctx {
        cwd: ctx.cwd.clone(),
        env: ctx.env.clone(),
        clock: ctx.clock,
        // Standard output is the protocol's.
        ui: Ui { quiet: true, ..ctx.ui.clone() },
        program: ctx.program.clone(),
        failpoint: ctx.failpoint.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the event loop")?;
    let lines = lines::Lines::open(&ctx.ui)?;
    runtime.block_on(async {
        match server::Server::new(Arc::new(own)).serve(lines).await {
            Ok(service) => {
                service.waiting().await.context("serving an agent")?;
                Ok(())
            }
            // Nobody has said anything.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(anyhow::Error::new(error).context("serving an agent")),
        }
    })?;
    // A tool may still wait for a reply that nobody wants any more.
    runtime.shutdown_background();
    Ok(Exit::DONE)
}
