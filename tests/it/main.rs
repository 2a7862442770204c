//! Tests through the library and the binary, on real git.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    unreachable_pub,
    missing_docs,
    reason = "tests make files, start git and say what they did; nothing is public in a test"
)]

mod architecture;
mod check;
mod git_layer;
mod mutated_plans;
mod oracle;
mod plan;
mod repositories;
mod support;
