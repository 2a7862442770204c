//! `git ap hook run agent`: asked by an agent before it edits, and answered as that agent wants to
//! hear it. In an objective's worktree what cannot be told is denied; elsewhere nothing is. What a
//! command does is not guessed: whoever watches the worktree sees it, and the merge decides.

mod payload;

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::payload::{Asked, Dialect, Doing};
use crate::commands::edit::{Judged, Own};
use crate::commands::{Ctx, Exit};
use crate::domain::path::shell_word;
use crate::git::Repository;
use crate::ui::failure_of;

/// The name of this hook.
pub(super) const NAME: &str = "agent";
/// The most bytes that are read: a file that an agent writes is among them.
const INPUT: u64 = 32 << 20;
/// How many reasons are given at once.
const TOLD: usize = 5;
/// Where agents say that their project is, beside the directory that they are in.
const PROJECTS: [&str; 3] = ["CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CURSOR_PROJECT_DIR"];

/// Whether something may be done.
enum Answer {
    /// There is nothing to say about it.
    Silence,
    /// It may be, and this is to be known.
    Note(String),
    /// It may not be, and why.
    Deny(String),
}

/// Answers an agent.
pub(super) fn run(ctx: &Ctx) -> Result<Exit> {
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(INPUT + 1).read_to_end(&mut input);
    let asked = Asked::read(&input).filter(|_| read.is_ok() && input.len() as u64 <= INPUT);
    let dialect = asked.as_ref().map_or(Dialect::Unknown, |asked| asked.dialect);
    // An agent takes any failure of a hook but its own kind of refusal for a yes.
    let answer = catch_unwind(AssertUnwindSafe(|| answer(ctx, asked.as_ref())));
    let answer =
        answer.unwrap_or_else(|_| Answer::Deny("git ap has a bug: nothing is edited".to_owned()));
    let (printed, code) = match answer {
        Answer::Silence => (dialect.silence(), 0),
        Answer::Note(text) => {
            ctx.ui.note(&text);
            (dialect.silence(), 0)
        }
        Answer::Deny(reason) => {
            let (printed, code) = dialect.denial(&reason);
            if printed.is_none() {
                ctx.ui.narrate_always(&reason);
            }
            (printed, code)
        }
    };
    if let Some(printed) = printed {
        ctx.ui.json(&printed)?;
    }
    Ok(Exit::of_hook(code))
}

fn answer(ctx: &Ctx, asked: Option<&Asked>) -> Answer {
    let given = asked.and_then(|asked| asked.directory.as_ref()).map(|given| ctx.cwd.join(given));
    let projects = PROJECTS.iter().filter_map(|name| ctx.env.get(name)).map(PathBuf::from);
    let places = [Some(ctx.cwd.clone()), given.clone()].into_iter().flatten().chain(projects);
    for place in places.filter(|place| place.is_absolute()) {
        let Ok(repository) = Repository::discover(&place) else { continue };
        match Own::of(&repository) {
            Ok(Some(own)) => {
                let directory = given.as_deref().unwrap_or(&ctx.cwd);
                return judge(ctx, &own, &repository, asked, directory);
            }
            Ok(None) if !Own::is_lost(&repository).unwrap_or(true) => {}
            Ok(None) => return cannot_tell("nothing is known of this objective's worktree"),
            Err(error) if repository.is_objective_worktree() => {
                return cannot_tell(&failure_of(&error).message);
            }
            Err(_) => {}
        }
    }
    Answer::Silence
}

fn cannot_tell(why: &str) -> Answer {
    Answer::Deny(format!("it cannot be told whether this may be edited: {why}"))
}

fn judge(
    ctx: &Ctx,
    own: &Own,
    repository: &Repository,
    asked: Option<&Asked>,
    directory: &Path,
) -> Answer {
    let Some(asked) = asked else {
        return cannot_tell("git ap does not understand what the agent sends");
    };
    let names = match &asked.doing {
        Doing::Edit(names) => names,
        Doing::EditOfUnknown => return cannot_tell("the tool does not say which file it edits"),
        Doing::Command => {
            let id = &own.standing.id;
            return Answer::Note(format!(
                "commands are not judged before they run; what they change outside the scope of {id} is found"
            ));
        }
        Doing::Other => return Answer::Silence,
    };
    let temporary = ctx.env.get("TMPDIR").map_or(Path::new("/tmp"), Path::new);
    let judged =
        names.iter().map(|name| own.judge(repository, directory, name.as_bytes(), Some(temporary)));
    let judged: Vec<Judged> = match judged.collect() {
        Ok(judged) => judged,
        Err(error) => return cannot_tell(&failure_of(&error).message),
    };
    let denied: Vec<&Judged> = judged.iter().filter(|one| one.denied.is_some()).collect();
    if denied.is_empty() {
        let notice = judged.into_iter().find_map(|one| one.notice);
        return notice.map_or(Answer::Silence, Answer::Note);
    }
    Answer::Deny(reason(own, &denied))
}

/// Why it may not be, and the way on.
fn reason(own: &Own, denied: &[&Judged]) -> String {
    let id = &own.standing.id;
    let whys: Vec<&str> =
        denied.iter().take(TOLD).filter_map(|one| one.denied.as_deref()).collect();
    let wanted: Vec<String> = denied
        .iter()
        .take(TOLD)
        .filter_map(|one| Some(shell_word(one.wanted.as_deref()?).into_owned()))
        .collect();
    let more = match denied.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let ask = if wanted.is_empty() {
        String::new()
    } else {
        format!(
            "; if {id} needs it, ask with `git ap scope request {}` or the tool `scope_request`",
            wanted.join(" ")
        )
    };
    format!("{}{more}. Leave it as it is{ask}.", whys.join("; "))
}
