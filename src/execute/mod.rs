//! Work that takes time: it runs beside the display, says what it does and can be stopped.

pub mod amend;
pub mod approval;
pub mod candidate;
pub mod gate_worktree;
pub mod gates;
pub mod integrate;
mod interrupt;
pub mod judge;
pub mod land;
pub mod listener;
pub mod narrate;
pub mod place;
mod postpone;
pub mod prepare;
pub mod process;
pub mod replan;
pub mod request;
pub mod reservations;
pub mod resume;
pub mod run;
pub mod session;
pub mod setup;
pub mod start;
pub mod submit;
pub mod sync;
pub mod today;
pub mod verify;
