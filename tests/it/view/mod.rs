//! The live view, on a real terminal.

mod watched;

use std::time::Instant;

use rustix::process::Signal;

use crate::support::{Repo, Terminal};
use crate::workers::{ap, team};

/// A worker that says something and waits until it may go on.
pub const WAITS: &str = r#"
if [ $AP_OBJECTIVE != T3 ]; then
  printf 'PROGRESS: 25%% - reading \033[2J\033]0;x\007 \342\200\256 the parser\n'
  while [ ! -e "$TMPDIR/../go" ]; do sleep 0.05; done
fi
"#;

/// Lets the workers go on.
pub fn go(repo: &Repo) {
    std::fs::write(repo.beside("tmp").join("go"), "").expect("writable");
}

/// A repository whose workers wait.
pub fn waiting() -> Repo {
    team(WAITS, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", "")
}

/// `git ap` at a terminal.
pub fn at(repo: &Repo, arguments: &[&str], columns: u16, variables: &[(&str, &str)]) -> Terminal {
    let mut command = ap(repo, arguments).command();
    command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    for (name, value) in variables {
        command.env(name, value);
    }
    Terminal::of(command, columns)
}

const READING: &str = "25% - reading  \\u{202e} the parser";

#[test]
fn a_run_is_seen_while_it_goes_on_and_leaves_nothing_behind() {
    let repo = waiting();
    let mut terminal = at(&repo, &["run", "--yes"], 100, &[("NO_COLOR", "1")]);
    let row = |id: &str| format!("{id}  working    script  {READING}");
    let lines = terminal.until("rows", |lines| {
        let begins = |begin: &str| lines.iter().any(|line| line.starts_with(begin));
        begins(&row("T1")) && begins(&row("T2")) && begins("wave 1 of 2  ─")
    });
    let view = lines.len() - 4;
    assert!(lines[view + 1].starts_with(&row("T2")), "{lines:?}");
    assert!(lines[view + 1].ends_with("  0s") && lines[view + 1].len() == 99, "{lines:?}");
    assert_eq!(lines[view + 2], format!("wave 1 of 2  {}  0/2  6%  0s", "─".repeat(24)));
    assert_eq!(lines[view + 3], "", "the cursor rests below");
    terminal.resize(45);
    terminal.until("narrow rows", |lines| {
        lines.iter().any(|line| {
            line.starts_with("T2  working    25% - reading") && line.ends_with("…      0s")
        })
    });
    assert!(!terminal.sent().contains("\x1b[36m"), "no colours");
    go(&repo);
    let (code, text) = terminal.ends();
    assert_eq!(code, Some(0));
    assert!(text.replace('\n', "").contains("everything is merged; next: git ap land"), "{text}");
    assert!(!text.contains("wave 1 of 2") && !text.contains("working  "), "{text}");
}

#[test]
fn ctrl_c_and_errors_leave_the_terminal_clean() {
    let repo = waiting();
    let mut terminal = at(&repo, &["run", "--yes"], 90, &[]);
    terminal.shows("T2  working    script  25%");
    assert!(terminal.sent().contains("\x1b[36m"), "colours");
    terminal.signal(Signal::INT);
    let (code, text) = terminal.ends();
    assert_eq!(code, Some(130));
    assert!(text.contains("\nerror: interrupted: "), "{text}");
    assert!(!text.contains("wave 1 of 2"), "{text}");
    // One that ends with an error.
    let repo = team("exit 3", "", "", "");
    let (code, text) = at(&repo, &["run", "--yes"], 90, &[]).ends();
    assert_eq!(code, Some(6));
    assert!(text.contains("error: wave 1 waits") && !text.contains("wave 1 of 2  "), "{text}");
}

#[test]
fn other_terminals_get_what_they_can_show() {
    let table = [
        ("", ("LC_ALL", "C"), true),
        ("", ("TERM", "dumb"), false),
        ("", ("TERM", ""), false),
        ("--quiet", ("LC_ALL", "C.UTF-8"), false),
        ("--format=json", ("LC_ALL", "C.UTF-8"), false),
    ];
    for (argument, (name, value), live) in table {
        let repo = team("sleep 0.5", "max_concurrent = 2", "", "");
        let arguments: Vec<&str> =
            ["run", "--yes", argument].into_iter().filter(|word| !word.is_empty()).collect();
        let mut terminal = at(&repo, &arguments, 100, &[(name, value)]);
        assert_eq!(terminal.ends().0, Some(0), "{argument}");
        let sent = terminal.sent();
        assert_eq!(sent.contains("wave 1 of 2  "), live, "{argument} {name}={value}: {sent:?}");
        assert_eq!(sent.contains("\x1b[J"), live, "{argument} {name}={value}: {sent:?}");
        assert!(value != "C" || sent.is_ascii(), "{sent:?}");
    }
}

#[test]
fn a_worker_that_prints_much_does_not_make_many_pictures() {
    let noise = "i=0; while [ $i -lt 20000 ]; do echo \"PROGRESS: $((i % 100))% - noise $i\"; i=$((i+1)); done";
    let repo = team(noise, "max_concurrent = 2", "[run]\nsandbox = \"off\"\n", "");
    let begin = Instant::now();
    let mut terminal = at(&repo, &["run", "--yes"], 100, &[]);
    terminal.shows("everything is merged");
    let seconds = usize::try_from(begin.elapsed().as_secs()).expect("not that long");
    let pictures = terminal.sent().matches("wave ").count();
    assert!((1..20 * (seconds + 2)).contains(&pictures), "{pictures} in {seconds} s");
    assert_eq!(terminal.ends().0, Some(0));
}
