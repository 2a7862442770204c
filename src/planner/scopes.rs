//! Patterns for what exists, which is what a planner writes.

pub use crate::domain::pattern::{directory, literal};
