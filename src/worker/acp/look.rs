//! What an agent says about itself: its greeting, and a session that is opened and given nothing
//! to do.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    AgentCapabilities, AuthMethod, AvailableCommand, InitializeResponse, NewSessionRequest,
    NewSessionResponse, SessionConfigKind, SessionConfigOption, SessionConfigSelectOptions,
    SessionUpdate,
};
use agent_client_protocol::{Agent, Error, ErrorCode};
use serde_json::Value;
use tokio::sync::oneshot;

use super::{Errand, connect, greet, words};
use crate::domain::team::discover::{self, Named, Setting, Told};
use crate::domain::team::word::Word;
use crate::worker::notes::Notes;
use crate::worker::run::{Conclusion, HELLO, Pipes, wanted};

/// How long the list of commands is waited for, which comes by itself.
const COMMANDS: Duration = Duration::from_millis(700);

/// Asks an agent, and sends on what it told. The prompt of the errand is not sent.
pub(in crate::worker) async fn look(
    errand: Errand,
    pipes: Pipes,
    told: oneshot::Sender<Told>,
) -> Conclusion {
    let Pipes { input, lines, mut cancel, does } = pipes;
    let notes = Arc::new(Notes::new(does));
    let Errand { policy, worktree, .. } = errand;
    let commands: Arc<Mutex<Vec<AvailableCommand>>> = Arc::default();
    let listed = Arc::clone(&commands);
    let hear = move |update| {
        if let SessionUpdate::AvailableCommandsUpdate(update) = update {
            *listed.lock().unwrap_or_else(PoisonError::into_inner) = update.available_commands;
        }
    };
    let outcome = connect((input, lines), policy, Arc::clone(&notes), hear, async |agent| {
        let answer = tokio::select! {
            answer = tokio::time::timeout(HELLO, asked(&agent, worktree)) => answer,
            () = wanted(&mut cancel) => return Word::Cancelled,
        };
        match answer {
            Ok(Ok(Ok(mut answer))) => {
                if answer.trouble.is_none() {
                    tokio::time::sleep(COMMANDS).await;
                }
                let commands = commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let named = commands.iter().map(|c| Named::new(&c.name, &c.description));
                answer.commands = discover::bounded(named, &mut answer.left_out);
                // Whoever asked may have gone.
                drop(told.send(answer));
                Word::Well
            }
            Ok(Ok(Err(word))) => word,
            Ok(Err(error)) => Word::Failed(words(&error)),
            Err(_) => Word::Broken(format!("did not answer in {} s", HELLO.as_secs())),
        }
    })
    .await;
    let word = match (notes.broken(), outcome) {
        (_, Ok(Word::Well)) => Word::Well,
        (Some(how), _) => Word::Broken(how),
        (None, Ok(word)) => word,
        (None, Err(error)) => Word::Broken(format!("broke off: {}", words(&error))),
    };
    Conclusion { word, said: notes.said() }
}

async fn asked(
    agent: &ConnectionTo<Agent>,
    worktree: PathBuf,
) -> Result<Result<Told, Word>, Error> {
    let hello = match greet(agent).await? {
        Ok(hello) => hello,
        Err(word) => return Ok(Err(word)),
    };
    let mut told = of_greeting(&hello);
    match agent.send_request(NewSessionRequest::new(worktree)).block_task().await {
        Ok(session) => of_session(session, &mut told),
        Err(error) if error.code == ErrorCode::AUTH_REQUIRED => {
            told.trouble = Some(format!("somebody has to log in first ({})", words(&error)));
        }
        Err(error) => told.trouble = Some(format!("it opens no session: {}", words(&error))),
    }
    Ok(Ok(told))
}

fn of_greeting(hello: &InitializeResponse) -> Told {
    let mut told = Told { protocol: format!("ACP {}", hello.protocol_version), ..Told::default() };
    told.name = hello.agent_info.as_ref().map(|own| discover::kept(&own.name));
    told.version = hello.agent_info.as_ref().map(|own| discover::kept(&own.version));
    told.abilities = abilities(&hello.agent_capabilities);
    let login = |method: &AuthMethod| {
        let about = method.description().unwrap_or_else(|| method.name());
        Named::new(&method.id().0, about)
    };
    let logins = hello.auth_methods.iter().map(login);
    told.logins = discover::bounded(logins, &mut told.left_out);
    told
}

/// What an agent says that it can do: the names that are true or hold something.
fn abilities(capabilities: &AgentCapabilities) -> Vec<String> {
    let value = serde_json::to_value(capabilities).unwrap_or_default();
    let mut out = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Bool(true) => out.push(name.clone()),
            Value::Object(inner) if name != "_meta" => {
                let yes = inner.iter().filter(|(_, v)| v.is_object() || **v == Value::Bool(true));
                out.extend(yes.map(|(part, _)| format!("{name}.{part}")));
            }
            _ => {}
        }
    }
    out.truncate(40);
    out
}

fn of_session(session: NewSessionResponse, told: &mut Told) {
    let modes = session.modes.map(|modes| modes.available_modes).unwrap_or_default();
    let modes = modes.iter().map(|mode| {
        let about = mode.description.as_deref().unwrap_or(&mode.name);
        Named::new(&mode.id.0, about)
    });
    told.modes = discover::bounded(modes, &mut told.left_out);
    let settings = session.config_options.unwrap_or_default();
    told.settings = discover::bounded(settings.iter().map(setting), &mut told.left_out);
}

fn setting(option: &SessionConfigOption) -> Option<Setting> {
    let SessionConfigKind::Select(select) = &option.kind else {
        return Setting::new(&option.id.0, ["true", "false"].into_iter());
    };
    match &select.options {
        SessionConfigSelectOptions::Ungrouped(options) => {
            Setting::new(&option.id.0, options.iter().map(|option| &*option.value.0))
        }
        SessionConfigSelectOptions::Grouped(groups) => {
            let options = groups.iter().flat_map(|group| &group.options);
            Setting::new(&option.id.0, options.map(|option| &*option.value.0))
        }
        _ => Setting::new(&option.id.0, std::iter::empty()),
    }
}
