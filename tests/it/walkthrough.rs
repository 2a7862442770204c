//! The README's walkthrough, executed as it is written: what it shows is what happens.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::Repo;

/// Where the README says that its reader is.
const HOME: &str = "/home/you";

/// A command of the walkthrough with what the README shows of its output.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    output: String,
}

/// The steps of every block that is marked `console`, in order. A command may go on in lines
/// that begin with `>`, as a shell shows them.
fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ").filter(|_| step.output.is_empty()) {
                Some(more) => write!(step.command, "\n{more}").expect("a string"),
                None => writeln!(step.output, "{line}").expect("a string"),
            }
        }
    }
    steps
}

/// Runs the steps in one shell and returns what each printed.
fn run(repo: &Repo, home: &Path, steps: &[Step]) -> Vec<String> {
    const MARK: &str = "@@ the next step @@";
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        write!(script, "{}\necho; echo '{MARK}'\n", step.command).expect("a string");
    }
    let program = assert_cmd::cargo::cargo_bin!("git-ap");
    let path = std::env::var("PATH").expect("a PATH");
    let folder = program.parent().expect("it is in a folder").display();
    let mut shell = Command::new("bash");
    let output = repo
        .clean(&mut shell)
        .env("PATH", format!("{folder}:{path}"))
        .env("GIT_AUTHOR_NAME", "You")
        .env("GIT_AUTHOR_EMAIL", "you@example.com")
        .env("GIT_COMMITTER_NAME", "You")
        .env("GIT_COMMITTER_EMAIL", "you@example.com")
        .current_dir(home)
        .args(["-c", &script])
        .output()
        .expect("bash is installed");
    let text = String::from_utf8(output.stdout).expect("it prints UTF-8");
    let text = text.replace(&home.display().to_string(), HOME);
    let marked = format!("\n{MARK}\n");
    text.split_terminator(&marked).map(|part| part.trim_end().to_owned() + "\n").collect()
}

/// The README with other outputs.
fn rewritten(readme: &str, printed: &[String]) -> String {
    let (mut out, mut inside, mut index) = (String::new(), false, 0);
    let mut commanding = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            if inside {
                out.push_str(shown(&printed[index - 1]));
            }
            (inside, commanding) = (line == "```console", false);
        } else if inside && line.starts_with("$ ") {
            if commanding {
                out.push_str(shown(&printed[index - 1]));
            }
            index += 1;
            commanding = true;
        } else if inside && !line.starts_with("> ") {
            continue;
        }
        writeln!(out, "{line}").expect("a string");
    }
    out
}

fn shown(printed: &str) -> &str {
    if printed == "\n" { "" } else { printed }
}

#[test]
fn the_readme_shows_what_happens() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&file).expect("there is a README");
    let steps = steps(&readme);
    assert!(steps.len() > 10, "the walkthrough is there");
    let repo = Repo::new();
    let home = repo.beside("you");
    std::fs::create_dir(&home).expect("writable");
    let printed = run(&repo, &home, &steps);
    assert_eq!(printed.len(), steps.len(), "{printed:#?}");
    if std::env::var_os("GIT_AP_WRITE_README").is_some() {
        std::fs::write(&file, rewritten(&readme, &printed)).expect("writable");
        return;
    }
    for (step, printed) in steps.iter().zip(&printed) {
        assert_eq!(step.output, shown(printed), "$ {}", step.command);
    }
}
