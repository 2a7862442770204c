//! From an entry of the team to a command that can be run: what is filled in, and what of the
//! environment a worker gets.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use serde_json::Value;

use super::carry::Way;
use super::leftover;
use super::policy::Policy;
use super::run::Job;
use super::{acp, mcp};
use crate::domain::error::{Failure, Kind};
use crate::domain::team::stream::Stream;
use crate::domain::team::{Manner, Transport, Worker};

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
    /// What it is told when it asks for leave.
    pub policy: &'a Policy,
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

/// Makes the command of a worker. Fails by name where a variable of its entry is
/// not set, or where the prompt does not fit into an argument.
pub fn launch(worker: &Worker, manner: Manner, around: Around<'_>) -> Result<Launch> {
    let words = worker.words(manner);
    let template = worker.tool(manner).map(|(_, template)| template.to_string());
    let holds = |what: &str| {
        let told = template.as_ref().is_some_and(|template| template.contains(what));
        told || words.iter().any(|word| word.contains(what))
    };
    let file = around.folder.join(PROMPT);
    if holds("{{prompt_file}}") {
        let writing = || format!("cannot write {}", file.display());
        let mut out = std::fs::File::create(&file).with_context(writing)?;
        out.write_all(around.prompt.as_bytes()).with_context(writing)?;
    }
    let own = |name: &str| {
        let found = around.own.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let values = [
        ("{{prompt}}", OsStr::new(around.prompt)),
        ("{{prompt_file}}", file.as_os_str()),
        ("{{worktree}}", around.worktree.as_os_str()),
        ("{{objective}}", OsStr::new(own("AP_OBJECTIVE"))),
        ("{{plan}}", OsStr::new(own("AP_PLAN"))),
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
    Ok(Launch { job, way: way(worker, manner, &around, &values)?, shown: worker.shown(manner) })
}

/// How it is spoken to.
fn way(
    worker: &Worker,
    manner: Manner,
    around: &Around<'_>,
    values: &[(&str, &OsStr)],
) -> Result<Way> {
    match worker.transport {
        Transport::Command => Ok(Way::Command(worker.stream)),
        Transport::Acp => Ok(Way::Acp(acp::Errand {
            prompt: around.prompt.to_owned(),
            worktree: around.worktree.to_owned(),
            mode: worker.mode(manner),
            policy: around.policy.clone(),
        })),
        Transport::Mcp => {
            let Some((tool, template)) = worker.tool(manner) else {
                let message = format!("nothing says which tool of {} takes the work", worker.id);
                return Err(Failure::new(Kind::Worker, message).into());
            };
            let errand = mcp::Errand {
                tool,
                arguments: arguments(&template, values),
                policy: around.policy.clone(),
            };
            let Some(url) = worker.url.clone() else { return Ok(Way::Mcp(errand)) };
            let known = |name: &str| (around.known)(name).and_then(|v| v.into_string().ok());
            let remote = mcp::Remote { url, headers: worker.headers(known)? };
            remote.require_reachable()?;
            Ok(Way::Remote(errand, remote))
        }
        Transport::Human => {
            let message = format!("the worker {} is a person", worker.id);
            Err(Failure::new(Kind::Worker, message).into())
        }
    }
}

/// A template of arguments with each name in its texts filled in: what is filled in stays a part
/// of the text that it stands in, whatever it holds.
fn arguments(template: &Value, values: &[(&str, &OsStr)]) -> Value {
    match template {
        Value::String(text) => filled_in(text, values).to_string_lossy().into(),
        Value::Array(items) => items.iter().map(|item| arguments(item, values)).collect(),
        Value::Object(entries) => {
            let filled = entries.iter().map(|(key, item)| (key.clone(), arguments(item, values)));
            Value::Object(filled.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
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
            policy: &Policy::of_question(),
        };
        launch(worker, Manner::Asked, around)
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
