//! The rules of git ap, pure: no files, no git, no clock, no environment. Everything that
//! decides whether a scope holds or a wave is safe is here and can be tested without a disk.

pub mod action;
pub mod error;
pub mod event;
pub mod finding;
pub mod id;
pub mod path;
pub mod plan;
pub mod tree;
