//! The command line as a process: what is typed wrong, help, formats and streams that are gone.

use std::process::Stdio;

use serde_json::json;

use crate::support::Repo;

/// Command lines that cannot be meant, with the message and the hint.
const WRONG: [(&[&str], &str, &str); 12] = [
    (&[], "`git ap` needs a command", "git ap -h"),
    (&["analyse"], "unrecognized subcommand `analyse`", "a similar subcommand exists: `analyze`"),
    (&["help"], "unrecognized subcommand `help`", "git ap -h"),
    (&["check", "a", "b"], "unexpected argument `b` found", "git ap check -h"),
    (
        &["check", "--stage"],
        "unexpected argument `--stage` found",
        "a similar argument exists: `--staged`",
    ),
    (
        &["check", "--range", "a..b"],
        "the following required arguments were not provided: --objective <ID>",
        "git ap check -h",
    ),
    (
        &["check", "-q", "-v"],
        "the argument `--quiet` cannot be used with `--verbose`",
        "git ap check -h",
    ),
    (
        &["plan"],
        "the following required arguments were not provided: <REQUEST>...",
        "git ap plan -h",
    ),
    (&["plan", " "], "the request is empty", "git ap plan \"what should be done\""),
    (
        &["show", "--graph", "x"],
        "invalid value `x` for `--graph <LANGUAGE>` [possible values: mermaid, dot]",
        "git ap show -h",
    ),
    (
        &["completions", "tcsh"],
        "invalid value `tcsh` for `<bash|zsh|fish>` [possible values: bash, zsh, fish]",
        "a similar value exists: `zsh`",
    ),
    (
        &["man", "--format"],
        "a value is required for `--format <FORMAT>` but none was supplied \
         [possible values: human, json, sarif, github]",
        "git ap man -h",
    ),
];

/// A verb with what it needs beside it.
fn call(verb: &str) -> Vec<&str> {
    match verb {
        "plan" | "analyze" => vec![verb, "fix it"],
        "completions" => vec![verb, "bash"],
        "schema" => vec![verb, "plan"],
        "path" | "drop" => vec![verb, "T1"],
        "scope" => vec![verb, "who", "src/a.rs"],
        "hook" => vec![verb, "status"],
        "worker" => vec![verb, "list"],
        "sandbox" => vec![verb, "--dry-run"],
        "verify" => vec![verb, "HEAD..HEAD"],
        _ => vec![verb],
    }
}

/// The names of all commands.
fn verbs() -> Vec<String> {
    let command = git_ap::cli::command();
    let verbs: Vec<String> =
        command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    assert!(verbs.len() >= 9, "{verbs:?}");
    verbs
}

#[test]
fn a_wrong_command_line_is_told_in_the_form_that_was_asked_for() {
    let repo = Repo::of(&["src/a.rs"]);
    let before = repo.state();
    for (arguments, message, hint) in WRONG {
        let told = repo.ap(arguments).exits(2).answers("");
        assert_eq!(told.stderr(), format!("error: {message}\nhint: {hint}\n"), "{arguments:?}");
        if arguments.contains(&"--format") {
            continue;
        }
        let told = repo.ap(["--format", "json"].iter().chain(arguments)).exits(2);
        let error = json!({"kind": "usage", "message": message, "hint": hint});
        assert_eq!(told.json(), json!({"schema": 1, "error": error}), "{arguments:?}");
        assert_eq!(told.stderr(), "", "{arguments:?}");
        assert_eq!(told.stdout().lines().count(), 1, "{arguments:?}");
    }
    assert_eq!(repo.state(), before);
}

#[test]
fn what_was_typed_cannot_move_the_cursor() {
    let repo = Repo::of(&["src/a.rs"]);
    for word in ["\u{1b}[2J", "a\u{1b}]0;x\u{7}b", "a\nb\r", "\u{202e}x", "'a' `b`"] {
        let lines: [&[&str]; 6] = [
            &[word],
            &["check", word],
            &["check", "x", word],
            &["show", "--graph", word],
            &["check", "--objective", word, "--range", "HEAD..HEAD"],
            &["schema", word],
        ];
        for line in lines {
            for format in ["human", "json"] {
                let run = repo.ap(["--format", format].iter().chain(line));
                let done = run.env("NO_COLOR", "1").refused();
                let said = done.stdout() + &done.stderr();
                let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
                assert!(!said.contains(raw), "{line:?} {format}: {said:?}");
            }
        }
    }
}

#[test]
fn help_needs_no_repository_and_fits() {
    let repo = Repo::new();
    let outside = repo.beside("outside");
    std::fs::create_dir(&outside).expect("writable");
    let verbs = verbs();
    let main = repo.ap(["-h"]).at(&outside).exits(0).answers_with("Usage: git ap [OPTIONS]");
    for verb in &verbs {
        assert!(main.stdout().contains(&format!("\n  {verb} ")), "{verb} is not in the help");
        let help = repo.ap([verb, "-h"]).at(&outside).exits(0).answers_with("\nExamples:\n");
        let (out, said) = (help.stdout(), help.stderr());
        assert_eq!(said, "", "{verb}");
        assert!(out.contains(&format!("\nUsage: git ap {verb} ")), "{out}");
        assert!(!out.contains('\u{1b}'), "no colours in a pipe: {out:?}");
        let wide = out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{verb}");
    }
    let version = format!("git-ap {}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-V"] {
        repo.ap([flag]).at(&outside).exits(0).answers(&version);
    }
}

#[test]
fn a_format_without_an_answer_is_refused_before_anything_is_done() {
    let repo = Repo::of(&["src/a.rs"]);
    let before = repo.state();
    let mut refusals = 0;
    for verb in verbs().iter().filter(|verb| *verb != "check") {
        for format in ["sarif", "github"] {
            let told = repo.ap(call(verb).iter().chain(&["--format", format])).exits(2).answers("");
            let verb = match verb.as_str() {
                "hook" => "hook status",
                "worker" => "worker list",
                other => other,
            };
            let told = told.says(&format!("error: `git ap {verb}` has no answer as `{format}`\n"));
            // The hint is a command line that is understood.
            let known = ["human|json\n", "human\n"];
            let hint = |end| format!("\nhint: git ap {verb} --format {end}");
            assert!(known.iter().any(|end| told.stderr().ends_with(&hint(end))));
            refusals += 1;
        }
    }
    assert!(refusals >= 16);
    assert_eq!(repo.state(), before);
}

#[test]
fn check_answers_in_every_format() {
    let repo = Repo::of(&["src/a.rs"]);
    repo.ap(["plan", "fix src/a.rs"]).exits(0);
    for format in ["human", "json", "sarif", "github"] {
        repo.ap(["check", "--format", format]).exits(0);
    }
    let sarif = repo.ap(["check", "--format", "sarif"]).exits(0).json();
    assert_eq!(sarif["version"], "2.1.0");
}

/// Commands with an answer.
const ANSWERS: [&[&str]; 9] = [
    &["-h"],
    &["--version"],
    &["check"],
    &["show"],
    &["config"],
    &["man"],
    &["schema", "plan"],
    &["completions", "bash"],
    &["plan", "--dry-run", "--quiet", "fix it"],
];

#[test]
fn a_reader_that_has_gone_is_no_news() {
    let repo = Repo::of(&["src/a.rs"]);
    repo.ap(["plan", "fix src/a.rs"]).exits(0);
    let before = repo.state();
    for arguments in ANSWERS {
        for format in ["human", "json"] {
            if format == "json" && matches!(arguments[0], "man" | "completions") {
                continue;
            }
            let (reader, writer) = std::io::pipe().expect("pipes can be made");
            drop(reader);
            let run = repo.ap(["--format", format].iter().chain(arguments));
            let done = run.stdout_to(writer).exits(141);
            assert_eq!(done.stderr(), "", "{arguments:?} {format}");
        }
    }
    assert_eq!(repo.state(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let repo = Repo::of(&["src/a.rs"]);
    repo.ap(["plan", "fix src/a.rs"]).exits(0);
    let full = || {
        let file = std::fs::OpenOptions::new().write(true).open("/dev/full");
        Stdio::from(file.expect("Linux has it"))
    };
    for arguments in ANSWERS {
        let done = repo.ap(arguments).stdout_to(full()).exits(1);
        let said = done.stderr();
        assert!(
            said.starts_with("error: writing the answer: No space left"),
            "{arguments:?} {said}"
        );
    }
}
