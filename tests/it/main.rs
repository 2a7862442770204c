//! Tests through the library and the binary, on real git.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    missing_docs,
    reason = "tests make files and start git; nothing is public in a test"
)]

mod agents_told;
mod analyze;
mod architecture;
mod asked;
mod check;
mod cli;
mod events;
mod findings;
mod gates;
mod git_layer;
mod hooks;
mod hostile;
mod mcp;
mod merge_agrees;
mod mutated_plans;
mod oracle;
mod plan;
mod record;
mod reports;
mod repositories;
mod sandbox;
mod scope_who;
mod session;
mod setup;
mod support;
mod view;
mod walkthrough;
mod watch;
mod waves;
mod workers;
mod worktrees;
