//! What `git ap check` costs on large plans: CPU time of the whole process, as a ratio to
//! `git status` on 10,000 files in the same run, and the growth from 100 to 1,000 objectives.
//! The machine's speed drifts, so only the ratios mean anything.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, starts programs and prints what it measured"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use git_ap::domain::overlap::{Case, Language, meet};
use git_ap::domain::plan;

/// Files of the repository that both programs look at.
const FILES: usize = 10_000;
/// Runs of each command; the two take turns.
const RUNS: usize = 7;

/// A plan of `count` objectives with ten patterns each, none of which meet; `planted` adds an
/// overlap between the first and the last.
fn plan_text(count: usize, planted: bool) -> String {
    let mut text =
        "schema = 1\nid = \"20251008-104131-bench\"\nrequest = \"r\"\ntype = \"feature\"\n"
            .to_owned();
    for i in 1..=count {
        let extra = if planted && i == count { ", \"conf/mod1.*\"" } else { "" };
        writeln!(
            text,
            "[[objective]]\nid = \"T{i}\"\ntitle = \"t\"\nwave = 1\ncreates = true\ntouch = [\"src/mod{i}/\", \
             \"tests/**/mod{i}_*.py\", \"java/com/x/mod{i}/**/*.java\", \"proto/v[0-9]/mod{i}/*.proto\", \
             \"docs/{{a,b,c}}/mod{i}.md\", \"web/mod{i}/*.{{ts,tsx}}\", \"go/pkg/mod{i}/?*.go\", \
             \"conf/mod{i}.toml\", \"assets/mod{i}/**\", \"migrations/[0-9][0-9]_mod{i}_*.sql\"{extra}]"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// CPU time of the finished children of this process, in clock ticks (proc(5), fields 16 and 17
/// of `/proc/self/stat`).
fn children_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux has /proc");
    let behind_name = stat.rsplit_once(')').expect("the name is in parentheses").1;
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let tick = |n: usize| fields[n - 3].parse::<u64>().expect("a number");
    tick(16) + tick(17)
}

fn run(directory: &Path, program: &str, arguments: &[&str]) -> (u64, bool) {
    let before = children_ticks();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program starts");
    (children_ticks() - before, status.success())
}

/// The CPU ticks of one command over all its runs, taken in turn with the other.
fn in_turn(directory: &Path, a: (&str, &[&str]), b: (&str, &[&str])) -> (u64, u64) {
    run(directory, a.0, a.1);
    run(directory, b.0, b.1);
    let pairs = (0..RUNS).map(|_| (run(directory, a.0, a.1).0, run(directory, b.0, b.1).0));
    pairs.fold((0, 0), |(x, y), (a, b)| (x + a, y + b))
}

fn ratio(a: u64, b: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a ratio with two digits")]
    let value = a as f64 / (b.max(1)) as f64;
    format!("{value:.2}")
}

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    for i in 0..FILES {
        let folder = root.join(format!("src/mod{}", i % 500));
        std::fs::create_dir_all(&folder).expect("writable");
        std::fs::write(folder.join(format!("f{i}.rs")), format!("{i}\n")).expect("writable");
    }
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &[
            "-c",
            "user.name=b",
            "-c",
            "user.email=b@example.com",
            "commit",
            "--quiet",
            "-m",
            "files",
        ],
    ] {
        assert!(run(root, "git", arguments).1, "git {arguments:?}");
    }
    let program = env!("CARGO_BIN_EXE_git-ap");
    let mut ticks = Vec::new();
    for count in [100, 1_000] {
        let file = format!("{count}.toml");
        std::fs::write(root.join(&file), plan_text(count, false)).expect("writable");
        let (check, status) =
            in_turn(root, (program, &["check", &file]), ("git", &["status", "--porcelain"]));
        println!(
            "check of {count} objectives x 10: {} x git status on {FILES} files",
            ratio(check, status)
        );
        ticks.push(check);
    }
    println!("from 100 to 1,000 objectives: {} x", ratio(ticks[1], ticks[0]));
    std::fs::write(root.join("planted.toml"), plan_text(1_000, true)).expect("writable");
    let found = !run(root, program, &["check", "planted.toml"]).1;
    println!("one planted overlap: {}", if found { "found" } else { "MISSED" });
    pairwise();
    assert!(found, "the planted overlap was missed");
}

/// Every pair of objectives by itself, which is what the candidates save.
fn pairwise() {
    let count = 100;
    let plan = plan::read(&plan_text(count, false)).plan.expect("the generated plan is valid");
    let languages: Vec<Language> = plan
        .objectives
        .iter()
        .map(|o| {
            let touch = o.touch.iter().map(|p| git_ap::domain::pattern::Pattern::parse(p));
            Language::new(&touch.collect::<Result<Vec<_>, _>>().expect("valid"), &[])
        })
        .collect();
    let start = Instant::now();
    let mut met = 0;
    for a in 0..count {
        for b in a + 1..count {
            met +=
                usize::from(!matches!(meet(&languages[a], &languages[b], Case::Exact), Ok(None)));
        }
    }
    println!(
        "all pairs of {count} objectives one by one: {:.2} s, {met} meet",
        start.elapsed().as_secs_f64()
    );
}
