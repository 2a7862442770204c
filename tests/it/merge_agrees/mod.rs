//! The merge of a wave against git itself and against naive models, on random files and trees.
//!
//! `GIT_AP_MERGE_CASES` sets how many files and trees git is asked about (the default suits a
//! test run), `GIT_AP_SEED` repeats one run.

mod files;
mod trees;

use std::path::Path;
use std::process::{Command, Output};

use git_ap::domain::id::ObjectiveId;

use crate::oracle::random::Random;

const DEFAULT_CASES: usize = 300;

fn cases() -> usize {
    std::env::var("GIT_AP_MERGE_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(DEFAULT_CASES)
}

/// git with nothing of the machine's configuration.
fn git(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("HOME", directory)
        .current_dir(directory)
        .args(arguments)
        .output()
        .expect("git is installed")
}

fn objective(n: usize) -> ObjectiveId {
    ObjectiveId::parse(&format!("T{n}")).expect("valid")
}

/// Which lines a file is made of.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    /// Three different ones: what was inserted where is a matter of taste.
    Few,
    /// Every line of the base once, inserted ones unlike all others.
    Distinct,
}

fn line(random: &mut Random, lines: Lines) -> String {
    match lines {
        Lines::Few => (*random.pick(&["a", "b", "}"])).into(),
        Lines::Distinct => format!("new {}", random.below(1 << 30)),
    }
}

fn base(random: &mut Random, lines: Lines, most: usize) -> Vec<String> {
    let name = random.below(1 << 30);
    (0..random.below(most + 1))
        .map(|n| match lines {
            Lines::Few => line(random, lines),
            Lines::Distinct => format!("line {n} of {name}"),
        })
        .collect()
}

/// A version with some lines replaced, inserted and deleted.
fn edited(random: &mut Random, base: &[String], lines: Lines) -> Vec<String> {
    let mut text = base.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        match random.below(3) {
            0 if at < text.len() => text[at] = line(random, lines),
            1 if at < text.len() => drop(text.remove(at)),
            _ => text.insert(at, line(random, lines)),
        }
    }
    text
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
