//! The rules of git ap, pure: no files, no git, no clock, no environment. Everything that
//! decides whether a scope holds or a wave is safe is here and can be tested without a disk.

pub mod action;
mod automaton;
pub mod base64;
pub mod commit_message;
pub mod config;
pub mod document;
pub mod environment;
pub mod error;
pub mod estimate;
pub mod event;
pub mod finding;
pub mod guard;
pub mod history;
pub mod id;
pub mod learnings;
pub mod letter;
pub mod merge;
pub mod overlap;
pub mod path;
pub mod pattern;
pub mod plan;
pub mod prompt;
pub mod record;
pub mod registration;
pub mod reservation;
pub mod response;
pub mod room;
pub mod scope;
pub mod session;
pub mod team;
mod toml_list;
pub mod tree;
pub mod view;
pub mod wave;
pub mod workplace;
