//! What each tool does. Arguments are hostile; a refusal has the program's own words and hint.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::schema::{MANY, PATH, WORDS};
use super::server::Answer;
use crate::commands::edit::{Judged, Own};
use crate::commands::session::{Notes, Workshop};
use crate::commands::{Ctx, page};
use crate::domain::error::{Failure, Kind};
use crate::domain::letter::Letter;
use crate::domain::session::{Asked, Phase};
use crate::execute::post::{self, Post, Posted};
use crate::execute::run;
use crate::git::Repository;

/// A tool.
pub(super) type Tool = fn(&Ctx, Map<String, Value>) -> Result<Answer>;

/// The tool of that name.
pub(super) fn find(name: &str) -> Option<Tool> {
    Some(match name {
        "objective" => objective,
        "scope_check" => scope_check,
        "scope_request" => scope_request,
        "progress" => progress,
        "submit" => submit,
        "blocked" => blocked,
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    paths: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    patterns: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Far {
    percent: Value,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    summary: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stuck {
    why: String,
    #[serde(default)]
    requested: Vec<String>,
}

fn objective(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Nothing {} = read(arguments)?;
    let own = own(ctx)?;
    let prompt = run::prompt(&own.session, &own.agreed, &own.standing)?;
    let objective = own.agreed.objective(&own.standing.id)?;
    let shared: Vec<String> = own.agreed.rules.shared.iter().map(ToString::to_string).collect();
    Ok(Answer {
        document: json!({
            "plan": own.session.plan(),
            "objective": own.standing.id,
            "title": objective.title,
            "wave": own.standing.wave,
            "phase": own.standing.phase.as_str(),
            "worktree": own.root.to_string_lossy(),
            "prompt": prompt,
            "scope": {
                "touch": objective.touch, "read": objective.read, "forbid": objective.forbid,
                "shared": shared,
            },
        }),
        text: prompt,
    })
}

fn scope_check(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Paths { paths } = read(arguments)?;
    require_few(&paths)?;
    let own = own(ctx)?;
    let repository = Repository::discover(&ctx.cwd)?;
    let temporary = ctx.env.get("TMPDIR").map(Path::new);
    let judged =
        paths.iter().map(|path| own.judge(&repository, &ctx.cwd, path.as_bytes(), temporary));
    let judged: Vec<Judged> = judged.collect::<Result<_>>()?;
    let rows: Vec<Value> = judged
        .iter()
        .map(|one| {
            json!({
                "path": one.path, "may_change": one.denied.is_none(),
                "reason": one.denied, "notice": one.notice,
            })
        })
        .collect();
    let lines: Vec<String> = judged
        .iter()
        .map(|one| match (&one.denied, &one.notice) {
            (Some(why), _) => why.clone(),
            (None, Some(notice)) => notice.clone(),
            (None, None) => format!("{} may change {}", own.standing.id, one.path),
        })
        .collect();
    let all = judged.iter().all(|one| one.denied.is_none());
    Ok(Answer { text: lines.join("\n"), document: json!({"all": all, "paths": rows}) })
}

fn scope_request(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Wanted { patterns, why } = read(arguments)?;
    require_few(&patterns)?;
    require_short(&why)?;
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(None)?;
    let patterns = crate::commands::scope::wanted(&workshop, &patterns);
    let letter = Letter::Request { patterns, why };
    let post = Post::new(workshop.tools(), &plan, &objective);
    let posted = post.say_or(&letter, || {
        let mut handle = workshop.session(&plan)?;
        let templates = page::templates(&workshop.project)?;
        post::answer(&mut handle, &objective, &letter, &templates, &mut Notes(ctx))
    })?;
    let Posted::Requests(requests, note) = posted else {
        let message = format!("{objective} may touch all of that as it is");
        return Ok(requested("may", true, None, &message, None));
    };
    let request = requests.first().context("what was asked for is recorded")?;
    let message = format!("{objective} {}", request.describe());
    let may = request.state == Asked::Granted;
    Ok(requested(request.state.as_str(), may, Some(request.seq), &message, note.as_deref()))
}

fn requested(
    state: &str,
    may: bool,
    number: Option<u64>,
    message: &str,
    note: Option<&str>,
) -> Answer {
    let text = note.map_or_else(|| message.to_owned(), |note| format!("{message}\n{note}"));
    let document = json!({
        "state": state, "may_change": may, "number": number, "message": message, "note": note,
    });
    Answer { text, document }
}

fn progress(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Far { percent, note } = read(arguments)?;
    let percent = percent.as_u64().and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= 100);
    let percent = percent.ok_or_else(|| {
        let message = "`percent` is a whole number from 0 to 100";
        Failure::new(Kind::Usage, message).hint("its input schema says what it takes")
    })?;
    require_short(&note)?;
    // That nobody listens is no reason to stop working.
    Ok(match say(ctx, &Letter::Progress { percent, note }) {
        Ok(()) => heard(true, format!("{percent}% was passed on")),
        Err(error) if is_unheard(&error) => heard(false, crate::ui::failure_of(&error).message),
        Err(error) => return Err(error),
    })
}

fn submit(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Done { summary } = read(arguments)?;
    require_short(&summary)?;
    say(ctx, &Letter::Submit { summary })?;
    Ok(heard(true, "it was passed on: end now, then what you left is judged".to_owned()))
}

fn blocked(ctx: &Ctx, arguments: Map<String, Value>) -> Result<Answer> {
    let Stuck { why, requested } = read(arguments)?;
    require_few(&requested)?;
    require_short(&why)?;
    say(ctx, &Letter::Blocked { why, requested })?;
    Ok(heard(true, "it was passed on: end now".to_owned()))
}

fn heard(heard: bool, message: String) -> Answer {
    Answer { document: json!({"heard": heard, "message": message}), text: message }
}

fn is_unheard(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.kind == Kind::Worker)
}

/// Says something to the `run` that watches the objective.
fn say(ctx: &Ctx, letter: &Letter) -> Result<()> {
    let workshop = Workshop::open(ctx)?;
    let (plan, objective) = workshop.objective_named(None)?;
    Post::new(workshop.tools(), &plan, &objective).say(letter).map(drop)
}

/// The objective of this worktree.
fn own(ctx: &Ctx) -> Result<Own> {
    let repository = Repository::discover(&ctx.cwd)?;
    let own = Own::of(&repository)?.filter(|own| own.standing.phase != Phase::Dropped);
    own.ok_or_else(|| {
        let message = "this is no objective's worktree: there is nothing to say about a scope";
        let hint = "start the agent in the worktree of an objective (`git ap path T1`)";
        Failure::new(Kind::User, message).hint(hint).into()
    })
}

fn read<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        let message = format!("those are no arguments of this tool: {error}");
        Failure::new(Kind::Usage, message).hint("its input schema says what it takes").into()
    })
}

fn require_few(texts: &[String]) -> Result<()> {
    let long = texts.iter().any(|text| text.len() > PATH);
    if texts.len() > MANY || long {
        let message = format!("at most {MANY} paths or patterns are taken, each of {PATH} bytes");
        return Err(Failure::new(Kind::Usage, message).hint("ask several times").into());
    }
    Ok(())
}

fn require_short(text: &str) -> Result<()> {
    if text.chars().count() > WORDS {
        let message = format!("at most {WORDS} characters are taken");
        return Err(Failure::new(Kind::Usage, message).hint("say it shorter").into());
    }
    Ok(())
}
