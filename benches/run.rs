//! What `git ap run` costs around its workers, on 2,000 files.
//!
//! Overhead: a wave of 16 objectives whose worker writes one file, against the bare `git worktree
//! add`, the same command, `git add`, `git commit` and `git worktree remove` for each of 16
//! branches. Approval, hooks, guard, merge and record are part of the run.
//!
//! Beside each other: a wave of 8 objectives that each sleep 5 seconds, against those 5 seconds and
//! against a wave of one.
//!
//! The two take turns on fresh copies, and the medians are compared; only figures of one run mean
//! anything. Making thousands of files is most of it: nothing is deleted before the end, as ext4
//! is slow to give recently freed inodes again, and `TMPDIR` names another disk.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, starts programs and prints what it measured"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Files of the repository, in so many directories.
const FILES: usize = 2_000;
const DIRECTORIES: usize = 20;
/// Objectives where the overhead is measured.
const OBJECTIVES: usize = 16;
/// Objectives that sleep, and for how long.
const SLEEPERS: usize = 8;
const SLEEP: Duration = Duration::from_secs(5);
/// Runs of each of the two.
const RUNS: usize = 5;
/// The overhead of a run may be so many times that of bare git.
const OVERHEAD: f64 = 2.0;
/// A wave that sleeps may take so many times its longest worker.
const BESIDE: f64 = 1.3;

fn git(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("git starts").success(), "git {arguments:?}");
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

/// Wall and CPU time of what is done.
fn timed(work: impl FnOnce()) -> (Duration, Duration) {
    let (ticks, start) = (children_ticks(), Instant::now());
    work();
    (start.elapsed(), Duration::from_millis(10 * (children_ticks() - ticks)))
}

/// What the worker of an objective does; `AP_OBJECTIVE` names it.
const WRITES: &str = "cat > /dev/null; echo done > m${AP_OBJECTIVE#T}/new.txt";

/// A repository with its files, a team whose worker does that, and a plan.
fn repository(root: &Path, objectives: usize, does: &str) {
    std::fs::create_dir_all(root).expect("writable");
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    git(root, &["config", "user.name", "Bench"]);
    git(root, &["config", "user.email", "bench@example.com"]);
    for n in 0..FILES {
        let folder = root.join(format!("m{}", n % DIRECTORIES + 1));
        std::fs::create_dir_all(&folder).expect("writable");
        std::fs::write(folder.join(format!("f{n}.txt")), format!("file {n}\n")).expect("writable");
    }
    let mut plan = "schema = 1\nid = \"20251008-104131-bench\"\nrequest = \"r\"\n\
                    type = \"feature\"\ntarget = \"main\"\n"
        .to_owned();
    for i in 1..=objectives {
        writeln!(plan, "[[objective]]\nid = \"T{i}\"\ntitle = \"t\"\ntouch = [\"m{i}/\"]")
            .expect("writing to a string cannot fail");
    }
    let plans = root.join(".ap/plans/20251008-104131-bench");
    std::fs::create_dir_all(&plans).expect("writable");
    std::fs::write(plans.join("plan.toml"), plan).expect("writable");
    let team = format!(
        "schema = 1\n[[worker]]\nid = \"script\"\ncommand = [\"sh\", \"-c\", \"{does}\"]\n\
         max_concurrent = 32\n"
    );
    std::fs::write(root.join(".ap/team.toml"), team).expect("writable");
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "all"]);
}

fn run(root: &Path) {
    let run = ["run", "--yes", "--quiet"];
    let output = Command::new(env!("CARGO_BIN_EXE_git-ap")).args(run).current_dir(root).output();
    let output = output.expect("git-ap starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The same by hand, without anything that guards.
fn bare(root: &Path, beside: &Path) {
    for i in 1..=OBJECTIVES {
        let worktree = beside.join(format!("w{i}"));
        let at = worktree.to_str().expect("a temporary directory is UTF-8");
        git(root, &["worktree", "add", "--quiet", "-b", &format!("b{i}"), at]);
        let mut worker = Command::new("sh");
        worker.args(["-c", WRITES]).env("AP_OBJECTIVE", format!("T{i}")).current_dir(&worktree);
        assert!(worker.stdin(Stdio::null()).status().expect("sh starts").success());
        git(&worktree, &["add", "--all"]);
        git(&worktree, &["commit", "--quiet", "--message", "one"]);
        git(root, &["worktree", "remove", at]);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut made = 0;
    let mut fresh = |objectives, does: &str| -> PathBuf {
        made += 1;
        let root = directory.path().join(format!("r{made}/repo"));
        repository(&root, objectives, does);
        root
    };
    let (mut by_hand, mut by_run) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let root = fresh(OBJECTIVES, WRITES);
        by_hand.push(timed(|| bare(&root, root.parent().expect("it has one"))));
        let root = fresh(OBJECTIVES, WRITES);
        by_run.push(timed(|| run(&root)));
    }
    let mut overhead = f64::MAX;
    for (name, which) in [("wall", 0), ("CPU", 1)] {
        let pick = |times: &[(Duration, Duration)]| {
            median(times.iter().map(|t| if which == 0 { t.0 } else { t.1 }).collect())
        };
        let (by_hand, by_run) = (pick(&by_hand), pick(&by_run));
        let ratio = by_run.as_secs_f64() / by_hand.as_secs_f64().max(0.01);
        let each = |whole: Duration| whole.as_millis() / OBJECTIVES as u128;
        println!(
            "an objective, {name}: {} ms, bare git {} ms, {ratio:.2} x",
            each(by_run),
            each(by_hand)
        );
        if name == "wall" {
            overhead = ratio;
        }
    }
    let sleeps = format!("sleep {}; {WRITES}", SLEEP.as_secs());
    let root = fresh(1, &sleeps);
    let one = timed(|| run(&root)).0.as_secs_f64();
    let root = fresh(SLEEPERS, &sleeps);
    let wave = timed(|| run(&root)).0.as_secs_f64();
    let beside = wave / SLEEP.as_secs_f64();
    println!(
        "{SLEEPERS} workers that take {} s each: {wave:.2} s, {beside:.2} x one of them, {:.2} x a \
         run of one ({one:.2} s)",
        SLEEP.as_secs(),
        wave / one
    );
    assert!(overhead < OVERHEAD, "an objective costs more than {OVERHEAD} x bare git");
    assert!(beside < BESIDE, "the wave takes more than {BESIDE} x its longest worker");
}
