//! From an entry of the team to a command that can be run: what is filled in, and what of the
//! environment a worker gets.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::carry::Way;
use super::leftover;
use super::run::Job;
use crate::domain::error::{Failure, Kind};
use crate::domain::team::Worker;
use crate::domain::team::stream::Stream;

/// The variables that every worker inherits.
pub const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR"];

/// The name of the prompt's file in the folder that is given for it.
pub const PROMPT: &str = "prompt.md";

/// Bytes of plain output that are looked at.
const TEXT: u64 = 8 * 1024 * 1024;
/// The same where the output is a stream of events, of which little is kept.
const EVENTS: u64 = 512 * 1024 * 1024;
/// The longest argument, in bytes: Linux takes 128 KiB with the NUL behind it (`MAX_ARG_STRLEN`).
const ARGUMENT: usize = 128 * 1024 - 1;

/// What a worker is started with.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// What it is asked.
    pub prompt: &'a str,
    /// A folder of ours outside its worktree, for the file of the prompt.
    pub folder: &'a Path,
    /// Where it works.
    pub worktree: &'a Path,
    /// The variables that there are.
    pub known: &'a dyn Fn(&str) -> Option<OsString>,
    /// Those that say what it works on.
    pub own: &'a [(String, String)],
    /// After how long it is stopped.
    pub timeout: Duration,
}

/// A command that is ready, with what messages call it.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The command.
    pub job: Job,
    /// How it is spoken to.
    pub way: Way,
    /// Its words as the entry has them.
    pub shown: String,
}

/// Makes the command of a worker from its words. Fails by name where a variable of its entry is
/// not set, or where the prompt does not fit into an argument.
pub fn launch(worker: &Worker, words: &[String], around: Around<'_>) -> Result<Launch> {
    let holds = |what: &str| words.iter().any(|word| word.contains(what));
    let file = around.folder.join(PROMPT);
    if holds("{{prompt_file}}") {
        let writing = || format!("cannot write {}", file.display());
        let mut out = std::fs::File::create(&file).with_context(writing)?;
        out.write_all(around.prompt.as_bytes()).with_context(writing)?;
    }
    let values = [
        ("{{prompt}}", OsStr::new(around.prompt)),
        ("{{prompt_file}}", file.as_os_str()),
        ("{{worktree}}", around.worktree.as_os_str()),
    ];
    let filled: Vec<OsString> = words.iter().map(|word| filled_in(word, &values)).collect();
    if let Some(long) = filled.iter().find(|word| word.len() > ARGUMENT) {
        let size = long.len() >> 10;
        let message = format!("the prompt has {size} KiB: an argument cannot hold it");
        let hint = format!(
            "give the worker {} the prompt as `{{{{prompt_file}}}}` or on standard input",
            worker.id
        );
        return Err(Failure::new(Kind::Worker, message).hint(hint).into());
    }
    let asked_here = holds("{{prompt}}") || holds("{{prompt_file}}");
    let job = Job {
        words: filled,
        directory: around.worktree.to_owned(),
        environment: environment(worker, around)?,
        input: (!asked_here).then(|| around.prompt.as_bytes().to_vec()),
        timeout: around.timeout,
        mark: leftover::mark(),
        limit: if worker.stream == Stream::Text { TEXT } else { EVENTS },
    };
    Ok(Launch { job, way: Way::Command(worker.stream), shown: words.join(" ") })
}

/// What is inherited, then what the entry names, then ours: those no entry can change.
fn environment(worker: &Worker, around: Around<'_>) -> Result<Vec<(String, OsString)>> {
    let inherited = INHERITED.iter().filter_map(|name| {
        let value = (around.known)(name)?;
        Some(((*name).to_owned(), value))
    });
    let mut out: Vec<(String, OsString)> = inherited.collect();
    let text = |name: &str| (around.known)(name).and_then(|value| value.into_string().ok());
    let named = worker.environment(text)?.into_iter();
    for (name, value) in named.chain(around.own.iter().cloned()) {
        out.retain(|(earlier, _)| *earlier != name);
        out.push((name, value.into()));
    }
    Ok(out)
}

/// A word with each name filled in, once: what is filled in is not looked at again.
fn filled_in(word: &str, values: &[(&str, &OsStr)]) -> OsString {
    let mut out = OsString::new();
    let mut rest = word;
    loop {
        let found = values.iter().filter_map(|(name, value)| Some((rest.find(name)?, name, value)));
        let Some((at, name, value)) = found.min_by_key(|(at, ..)| *at) else { break };
        out.push(&rest[..at]);
        out.push(value);
        rest = &rest[at + name.len()..];
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::team;

    fn worker(rows: &str) -> Worker {
        let text = format!("schema = 1\n[[worker]]\nid = \"w\"\n{rows}\n");
        team::read(&text).require("team").expect("it is right").remove(0)
    }

    fn launched(worker: &Worker, prompt: &str, folder: &Path) -> Result<Launch> {
        let known = |name: &str| {
            let set = [("PATH", "/bin"), ("HOME", "/h"), ("SECRET", "s"), ("KEY", "k")];
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value))
        };
        let own = [("AP_PLAN".to_owned(), "x".to_owned())];
        let around = Around {
            prompt,
            folder,
            worktree: Path::new("/tree"),
            known: &known,
            own: &own,
            timeout: Duration::from_secs(1),
        };
        launch(worker, &worker.asking(), around)
    }

    #[test]
    fn the_prompt_comes_where_the_command_wants_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let prompt = "do {{worktree}}";
        let stdin = launched(
            &worker("command = [\"a\", \"-C\", \"{{worktree}}/x\"]"),
            prompt,
            folder.path(),
        );
        let job = stdin.expect("it can be made").job;
        assert_eq!(job.words, ["a", "-C", "/tree/x"]);
        assert_eq!(job.input.as_deref(), Some(prompt.as_bytes()));
        let inside = worker("command = [\"a\", \"<{{prompt}}>{{prompt}}\"]");
        let job = launched(&inside, prompt, folder.path()).expect("it can be made").job;
        assert_eq!(job.words[1], "<do {{worktree}}>do {{worktree}}");
        assert_eq!(job.input, None);
        let file = worker("command = [\"a\", \"{{prompt_file}}\"]");
        let job = launched(&file, prompt, folder.path()).expect("it can be made").job;
        assert_eq!(std::fs::read_to_string(&job.words[1]).expect("it is there"), prompt);
        let long = "x".repeat(200_000);
        let error = launched(&inside, &long, folder.path()).expect_err("it is too long");
        assert!(error.to_string().contains("KiB: an argument cannot hold it"), "{error}");
    }

    #[test]
    fn of_the_environment_it_gets_what_was_promised() {
        let folder = tempfile::tempdir().expect("a folder");
        let given = worker(
            "preset = \"goose\"\nenv = { K = \"${KEY}\", HOME = \"/mine\", AP_PLAN = \"forged\" }",
        );
        let mut got = launched(&given, "p", folder.path()).expect("it can be made").job.environment;
        got.sort();
        let expected = [
            ("AP_PLAN", "x"),
            ("GOOSE_MODE", "auto"),
            ("HOME", "/mine"),
            ("K", "k"),
            ("PATH", "/bin"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), OsString::from(value)));
        assert_eq!(got, expected);
    }
}
