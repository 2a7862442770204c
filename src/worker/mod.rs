//! The only place that starts workers: a command of the team, without a shell, with the few
//! variables that it was promised, in a process group of its own that nothing outlives. While
//! one runs, its worktree is watched.

pub mod acp;
mod carry;
pub mod group;
mod inquire;
mod launch;
pub mod leftover;
pub mod mcp;
mod notes;
pub mod policy;
mod run;
pub mod sandbox;
pub mod watch;
mod wire;

pub use carry::{Way, carry};
pub use inquire::{inquire, version};
pub use launch::{Around, INHERITED, Launch, PROMPT, launch};
pub use run::{Ended, Heard, Job, Line, Source, Urgency};
