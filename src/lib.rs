//! git ap: exclusive file scopes, waves and guarded commits for several workers on one
//! repository.
//!
//! Arrows point down, and a test holds them there:
//!
//! ```text
//! main → cli → commands → {planner, execute, apply} → {analysis, worker, git, store, report} → domain
//! ```
//!
//! `ui` is used by `main` and `commands` alone. Every command has three steps: gather facts,
//! decide in [`domain`], apply the actions that were decided on.

pub mod analysis;
pub mod apply;
pub mod cli;
pub mod commands;
pub mod domain;
pub mod execute;
pub mod git;
pub mod planner;
pub mod report;
pub mod store;
pub mod ui;
pub mod worker;
