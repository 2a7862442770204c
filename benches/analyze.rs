//! What `git ap analyze` costs: its first run on a repository with 10,000 files and 10,000 commits
//! against git's own reading of the same (`git log --name-only` and `git cat-file --batch` of all
//! blobs), its second run, for another request, against its first, and its peak memory at 100,000
//! files. The commands take turns; the machine's speed drifts, so only the ratios mean anything.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, starts programs and prints what it measured"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of each command.
const RUNS: usize = 5;
/// The first run may take this many times what git takes.
const FIRST: f64 = 3.0;
/// The second run may take this part of the first.
const SECOND: f64 = 0.1;
/// Peak memory in MiB at 100,000 files.
const MEBIBYTES: usize = 1024;

/// Numbers that look random and are the same every time (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("64 bits") % n
    }

    /// A word: few are in every file, most are in few.
    fn word(&mut self) -> String {
        const PARTS: [&str; 24] = [
            "auth", "token", "cache", "render", "parse", "route", "query", "index", "store",
            "merge", "session", "config", "stream", "worker", "graph", "node", "event", "state",
            "value", "field", "scope", "plan", "task", "model",
        ];
        let spread = 1 + self.below(6_000);
        let n = self.below(spread);
        let (first, second) = (PARTS[n % 24], PARTS[n / 24 % 24]);
        match n / 576 {
            0 => first.to_owned(),
            k => format!("{first}_{second}{k}"),
        }
    }
}

/// Five of nine are programs: in five public repositories (Rust, Python, Go, TypeScript) these are
/// 55 % of the files.
const LANGUAGES: [&str; 9] = ["rs", "py", "ts", "go", "java", "md", "json", "yaml", "css"];

fn path(n: usize) -> String {
    let (module, part) = (n % 200, n / 200 % 5);
    let language = LANGUAGES[module % LANGUAGES.len()];
    let test = if n.is_multiple_of(7) { "tests" } else { "src" };
    format!("packages/mod{module}/{test}/part{part}/file{n}.{language}")
}

/// About 3 KB of something that looks like a program.
fn content(n: usize, random: &mut Random) -> String {
    let mut text = String::new();
    let module = n % 200;
    let language = LANGUAGES[module % LANGUAGES.len()];
    for _ in 0..4 {
        let other = (n + 200 * random.below(40)) % 10_000;
        let (part, word) = (other / 200 % 5, random.word());
        let line = match language {
            "rs" => format!("use crate::part{part}::file{other}::{word};"),
            "py" => format!("from ..part{part}.file{other} import {word}"),
            "ts" => format!("import {{ {word} }} from '../part{part}/file{other}';"),
            "go" => format!("import \"example.org/mod{module}/part{part}\""),
            "java" => format!("import part{part}.file{other};"),
            "md" => format!("See [{word}](../part{part}/file{other}.md)."),
            "json" => "[".to_owned(),
            _ => format!("# part{part}/file{other}"),
        };
        writeln!(text, "{line}").expect("a string takes everything");
    }
    while text.len() < 3_000 {
        let (name, argument, called) = (random.word(), random.word(), random.word());
        let block = match language {
            "rs" => format!(
                "/// {called} of {argument}.\npub fn {name}({argument}: u32) -> u32 {{\n    let {called} = {argument} + 1;\n    {called}\n}}\n"
            ),
            "py" => format!(
                "def {name}({argument}):\n    # {called}\n    {called} = {argument} + 1\n    return {called}\n"
            ),
            "ts" => format!(
                "export function {name}({argument}: number): number {{\n  const {called} = {argument} + 1;\n  return {called};\n}}\n"
            ),
            "go" => format!(
                "func {name}({argument} int) int {{\n\t{called} := {argument} + 1\n\treturn {called}\n}}\n"
            ),
            "java" => format!(
                "class {name} {{\n  int {called}(int {argument}) {{\n    return {argument} + 1;\n  }}\n}}\n"
            ),
            "md" => format!("## {name}\n\nThe {called} of the {argument} is told here.\n"),
            "json" => format!("{{ \"{name}\": \"{called}\", \"{argument}\": 17 }},"),
            "yaml" => format!("{name}:\n  {called}: {argument}\n  enabled: true\n"),
            _ => format!(".{name} {{\n  --{called}: {argument};\n}}\n"),
        };
        writeln!(text, "{block}").expect("a string takes everything");
    }
    text
}

/// A repository with so many files and commits, the worktree of which stays empty.
fn repository(root: &Path, files: usize, commits: usize) {
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .spawn()
        .expect("git starts");
    let mut random = Random(88_172_645_463_325_252);
    let mut input = std::io::BufWriter::new(import.stdin.take().expect("it is piped"));
    let mut commit = |number: usize, changed: &[usize], random: &mut Random| {
        let message = format!("{}: {} the {}", random.word(), random.word(), random.word());
        let time = 1_600_000_000 + 600 * number;
        let mut text = format!(
            "commit refs/heads/main\ncommitter b <b@example.com> {time} +0000\ndata {}\n{message}\n",
            message.len()
        );
        for file in changed {
            let body = content(*file, random);
            write!(text, "M 100644 inline {}\ndata {}\n{body}\n", path(*file), body.len())
                .expect("a string takes everything");
        }
        input.write_all(text.as_bytes()).expect("git reads");
    };
    let all: Vec<usize> = (0..files).collect();
    commit(0, &all, &mut random);
    for number in 1..commits {
        // Files of one module change together.
        let first = random.below(files);
        let many = 1 + random.below(6);
        let mut changed: Vec<usize> = (0..many).map(|k| (first + 200 * k) % files).collect();
        changed.sort_unstable();
        changed.dedup();
        commit(number, &changed, &mut random);
    }
    drop(input);
    assert!(import.wait().expect("git ends").success(), "git fast-import");
    git(root, &["read-tree", "HEAD"]);
    git(root, &["gc", "--quiet"]);
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(directory).status();
    assert!(status.expect("git starts").success(), "git {arguments:?}");
}

/// Wall time of one run of a line of the shell.
fn timed(directory: &Path, line: &str) -> Duration {
    let start = Instant::now();
    let status = Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a shell starts");
    assert!(status.success(), "{line}");
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// Peak memory in MiB of a program (`VmHWM` of proc(5), read until the end).
fn peak(directory: &Path, program: &str, arguments: &[&str]) -> usize {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(kibibytes.unwrap_or(0_usize));
        if let Some(end) = child.try_wait().expect("it is our child") {
            assert!(end.success(), "{program} {arguments:?}");
            return peak.div_ceil(1024);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn main() {
    let program = env!("CARGO_BIN_EXE_git-ap");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    repository(root, 10_000, 10_000);
    let cache = root.join(".git/ap");
    let log = "git log --name-only --format='%H %an %B'";
    let blobs = "git ls-tree -r HEAD --format='%(objectname)' | git cat-file --batch";
    let first = format!("'{program}' analyze 'cache the session token' --format json");
    let second = format!("'{program}' analyze 'merge the graph of routes' --format json");
    let (mut gits, mut firsts, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=RUNS {
        let by_git = timed(root, log) + timed(root, blobs);
        std::fs::remove_dir_all(&cache).ok();
        let times = (by_git, timed(root, &first), timed(root, &second));
        // The first round fills the disk's cache.
        if round > 0 {
            gits.push(times.0);
            firsts.push(times.1);
            seconds.push(times.2);
        }
    }
    let (by_git, first, second) = (median(gits), median(firsts), median(seconds));
    println!("10,000 files, 10,000 commits, wall time, median of {RUNS}:");
    println!("  git log --name-only and git cat-file --batch: {by_git:.2} s");
    println!("  first analyze: {first:.2} s, {:.2} x git", first / by_git);
    println!("  second analyze, another request: {second:.2} s, {:.3} x the first", second / first);
    let large = tempfile::tempdir().expect("a temporary directory");
    repository(large.path(), 100_000, 1_000);
    let arguments = ["analyze", "cache the session token", "--format", "json"];
    let cold = peak(large.path(), program, &arguments);
    let warm = peak(large.path(), program, &arguments);
    println!("100,000 files, peak memory: {cold} MiB the first time, {warm} MiB the second");
    assert!(first <= FIRST * by_git, "the first run takes more than {FIRST} x git");
    assert!(second <= SECOND * first, "the second run takes more than {SECOND} x the first");
    assert!(cold.max(warm) <= MEBIBYTES, "more than {MEBIBYTES} MiB");
}
