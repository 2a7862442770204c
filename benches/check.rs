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
const RUNS: usize = 21;

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
    strangers();
    let within = hostile(root, program);
    assert!(found, "the planted overlap was missed");
    assert!(within, "a hostile plan went beyond {SECONDS} s or {MEBIBYTES} MiB");
}

/// Clock ticks of proc(5): Linux has 100 a second on every machine (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;
/// What a hostile plan may take, in seconds of CPU.
const SECONDS: f64 = 2.0;
const MEBIBYTES: usize = 500;

/// Plans that are made to cost: time and peak memory of each. Returns whether all stayed within
/// the limits.
fn hostile(root: &Path, program: &str) -> bool {
    let star = format!("**/*a{}", "?".repeat(14));
    let exceptions = |i: usize| -> Vec<String> {
        (0..8).map(|k| format!("**/*[ac]{}b", "?".repeat(4 + 2 * k + i % 2))).collect()
    };
    let alternatives: Vec<String> = (0..10_000).map(|i| format!("n{i}")).collect();
    let one = |text: String| vec![(vec![text], Vec::new()), (vec!["n5".to_owned()], Vec::new())];
    let many = |count: usize, touch: &dyn Fn(usize) -> Vec<String>| -> Vec<Scope> {
        (0..count).map(|i| (touch(i), Vec::new())).collect()
    };
    let plans: Vec<(&str, Vec<Scope>)> = vec![
        ("**/*a?????????????? against its like", one(star.clone())),
        (
            "the same with exceptions of its kind",
            (0..6).map(|i| (vec![format!("{star}b")], exceptions(i))).collect(),
        ),
        ("10,000 alternatives", one(format!("{{{}}}", alternatives.join(",")))),
        ("braces 50 deep", one(format!("{}a{}", "{".repeat(50), "}".repeat(50)))),
        ("40 braces in a row", one("{a,b}".repeat(40))),
        ("a pattern of 1 MiB", one("a".repeat(1 << 20))),
        ("1,000 gaps in a row", one(format!("{}x", "**/".repeat(1000)))),
        ("30 x 512 alternatives", many(30, &|i| vec![format!("{}*{i}", "{a,b}".repeat(9))])),
        ("5,000 patterns that all meet", many(5_000, &|i| vec![format!("**/*a{i}*")])),
        (
            "5,000 patterns of 500 objectives that all meet",
            many(500, &|i| (0..10).map(|k| format!("**/*a{}*", 10 * i + k)).collect()),
        ),
        (
            "100 objectives that all meet",
            many(100, &|i| vec!["src/**".into(), "**/*.rs".into(), format!("**/*_{i}.py")]),
        ),
    ];
    let mut within = true;
    for (name, scopes) in plans {
        std::fs::write(root.join("hostile.toml"), scopes_text(&scopes)).expect("writable");
        let (seconds, mebibytes, answer) = watched(root, program, &["check", "hostile.toml"]);
        println!("hostile, {name}: {seconds:.2} s of CPU, {mebibytes} MiB, exit {answer}");
        within &= seconds <= SECONDS && mebibytes <= MEBIBYTES && matches!(answer, 0 | 3);
    }
    within
}

/// What an objective may touch and what not.
type Scope = (Vec<String>, Vec<String>);

fn scopes_text(scopes: &[Scope]) -> String {
    let mut text =
        "schema = 1\nid = \"20251008-104131-bench\"\nrequest = \"r\"\ntype = \"feature\"\n"
            .to_owned();
    for (i, (touch, forbid)) in scopes.iter().enumerate() {
        writeln!(
            text,
            "[[objective]]\nid = \"T{i}\"\ntitle = \"t\"\nwave = 1\ncreates = true\ntouch = {touch:?}\nforbid = {forbid:?}"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// Seconds of CPU, peak memory in MiB (`VmHWM` of proc(5), read until the end) and exit code of
/// a program.
fn watched(directory: &Path, program: &str, arguments: &[&str]) -> (f64, usize, i32) {
    let before = children_ticks();
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
            let code = end.code().unwrap_or(-1);
            let ticks = u32::try_from(children_ticks() - before).expect("minutes at most");
            return (f64::from(ticks) / TICKS_A_SECOND, peak.div_ceil(1024), code);
        }
        std::thread::sleep(std::time::Duration::from_micros(500));
    }
}

/// The crate `regex-intersect` on all pairs of patterns of a few objectives, and what that makes
/// for 1,000 of them. It takes no anchors (it calls `^a$` and `^a$` disjoint), so it gets bare
/// expressions.
fn strangers() {
    let (sample, whole) = (6_u32, 1_000_u32);
    let plan = plan::read(&plan_text(sample as usize, false)).plan.expect("the plan is valid");
    let expressions: Vec<Vec<String>> =
        plan.objectives.iter().map(|o| o.touch.iter().map(|t| expression(t)).collect()).collect();
    let start = Instant::now();
    let (mut met, mut pairs) = (0, 0_u32);
    for (i, one) in expressions.iter().enumerate() {
        for other in &expressions[i + 1..] {
            pairs += 1;
            let mut both = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
            met += usize::from(both.any(|(a, b)| regex_intersect::non_empty(a, b).unwrap_or(true)));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let all = f64::from(whole) * f64::from(whole - 1) / 2.0;
    println!(
        "regex-intersect on all pairs of {sample} objectives: {seconds:.2} s, {met} of {pairs} meet; \
         extrapolated to all pairs of {whole}: {:.0} s",
        seconds / f64::from(pairs) * all
    );
}

/// A pattern of this benchmark as a regular expression without anchors.
fn expression(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let (taken, text) = match c {
            '*' if rest.starts_with("**/") => (3, "([^/]+/)*".to_owned()),
            '*' if rest.starts_with("**") => (2, ".+".to_owned()),
            '*' => (1, "[^/]*".to_owned()),
            '?' => (1, "[^/]".to_owned()),
            '{' => (1, "(".to_owned()),
            '}' => (1, ")".to_owned()),
            ',' => (1, "|".to_owned()),
            '.' => (1, "\\.".to_owned()),
            c => (c.len_utf8(), c.to_string()),
        };
        out.push_str(&text);
        rest = &rest[taken..];
    }
    if pattern.ends_with('/') { out + ".+" } else { out }
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
