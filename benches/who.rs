//! What `git ls-files -z | git ap scope who --stdin -z --format json` costs beyond `git ls-files`
//! alone: 100,000 files against 100 objectives with ten patterns each. The two take turns, and
//! the medians are compared; the machine's speed drifts, so only figures of one run mean anything.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, starts programs and prints what it measured"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Files of the repository.
const FILES: usize = 100_000;
/// Objectives of the plan.
const OBJECTIVES: usize = 100;
/// Runs of each command.
const RUNS: usize = 9;
/// What the answer may cost beyond the question, in CPU time: wall time is shown, but on a busy
/// machine it says more about the others.
const LIMIT: Duration = Duration::from_millis(300);

/// The plan: ten patterns an objective, none of which meet.
fn plan_text() -> String {
    let mut text =
        "schema = 1\nid = \"20251008-104131-bench\"\nrequest = \"r\"\ntype = \"feature\"\n"
            .to_owned();
    for i in 1..=OBJECTIVES {
        writeln!(
            text,
            "[[objective]]\nid = \"T{i}\"\ntitle = \"t\"\ncreates = true\ntouch = [\"src/mod{i}/\", \
             \"tests/**/mod{i}_*.py\", \"java/com/x/mod{i}/**/*.java\", \"proto/v[0-9]/mod{i}/*.proto\", \
             \"docs/{{a,b,c}}/mod{i}.md\", \"web/mod{i}/*.{{ts,tsx}}\", \"go/pkg/mod{i}/?*.go\", \
             \"conf/mod{i}.toml\", \"assets/mod{i}/**\", \"migrations/[0-9][0-9]_mod{i}_*.sql\"]"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// File `n`: every kind of pattern has its share, and a tenth is nobody's.
fn file(n: usize) -> String {
    let (i, k) = (n / 10 % OBJECTIVES + 1, n / 10 / OBJECTIVES);
    match n % 10 {
        0 => format!("src/mod{i}/part{}/f{k}.rs", k % 7),
        1 => format!("tests/unit/deep/mod{i}_{k}.py"),
        2 => format!("java/com/x/mod{i}/a/b/F{k}.java"),
        3 => format!("proto/v{}/mod{i}/f{k}.proto", k % 10),
        4 => format!("docs/a/mod{i}/f{k}.md"),
        5 => format!("web/mod{i}/f{k}.tsx"),
        6 => format!("go/pkg/mod{i}/f{k}.go"),
        7 => format!("assets/mod{i}/f{k}.png"),
        8 => format!("migrations/{:02}_mod{i}_{k}.sql", k % 100),
        _ => format!("elsewhere/mod{i}/f{k}"),
    }
}

/// CPU time of the finished children of this process, in ticks of 10 ms (proc(5), fields 16 and
/// 17 of `/proc/self/stat`).
fn children_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux has /proc");
    let behind_name = stat.rsplit_once(')').expect("the name is in parentheses").1;
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let tick = |n: usize| fields[n - 3].parse::<u64>().expect("a number");
    tick(16) + tick(17)
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(directory).status();
    assert!(status.expect("git starts").success(), "git {arguments:?}");
}

/// Wall and CPU time of one run of a line of the shell.
fn timed(directory: &Path, line: &str) -> (Duration, Duration) {
    let (ticks, start) = (children_ticks(), Instant::now());
    let status = Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .stdout(Stdio::null())
        .status()
        .expect("a shell starts");
    assert!(status.success(), "{line}");
    (start.elapsed(), Duration::from_millis(10 * (children_ticks() - ticks)))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A repository with the files in its index and its only commit; the worktree stays empty, as
/// neither program looks there.
fn repository(root: &Path) {
    git(root, &["init", "--quiet"]);
    let mut import = "blob\nmark :1\ndata 1\nx\ncommit refs/heads/main\n\
                      committer b <b@example.com> 1700000000 +0000\ndata 1\nx\n"
        .to_owned();
    for n in 0..FILES {
        writeln!(import, "M 100644 :1 {}", file(n)).expect("writing to a string cannot fail");
    }
    let import_file = root.join(".git/import");
    std::fs::write(&import_file, import).expect("writable");
    let status = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(root)
        .stdin(std::fs::File::open(&import_file).expect("just written"))
        .status();
    assert!(status.expect("git starts").success(), "git fast-import");
    git(root, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    git(root, &["read-tree", "HEAD"]);
    let plans = root.join(".ap/plans/20251008-104131-bench");
    std::fs::create_dir_all(&plans).expect("writable");
    std::fs::write(plans.join("plan.toml"), plan_text()).expect("writable");
}

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    repository(root);
    let program = env!("CARGO_BIN_EXE_git-ap");
    let alone = "git ls-files -z";
    let mut worst = Duration::ZERO;
    for format in ["json", "human"] {
        let who = format!("git ls-files -z | '{program}' scope who --stdin -z --format {format}");
        let (mut listed, mut answered) = (Vec::new(), Vec::new());
        for round in 0..=RUNS {
            let pair = (timed(root, alone), timed(root, &who));
            // The first fills the disk's cache.
            if round > 0 {
                listed.push(pair.0);
                answered.push(pair.1);
            }
        }
        for (name, which) in [("wall", 0), ("CPU", 1)] {
            let pick = |times: &[(Duration, Duration)]| {
                median(times.iter().map(|t| if which == 0 { t.0 } else { t.1 }).collect())
            };
            let (listed, answered) = (pick(&listed), pick(&answered));
            let more = answered.saturating_sub(listed);
            if name == "CPU" {
                worst = worst.max(more);
            }
            println!(
                "{format}, {name}: {} ms more than git ls-files alone ({} ms), {:.1} x",
                more.as_millis(),
                listed.as_millis(),
                answered.as_secs_f64() / listed.as_secs_f64().max(0.01)
            );
        }
    }
    assert!(worst <= LIMIT, "more than {} ms of CPU time", LIMIT.as_millis());
}
