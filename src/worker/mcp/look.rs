//! What a server says about itself: its greeting, and the list of its tools. No tool is called.

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{PaginatedRequestParams, Tool};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use super::hearing::Hearing;
use super::pipe::Pipe;
use super::{Remote, close, connect};
use crate::domain::team::discover::{self, Told};
use crate::domain::team::word::Word;
use crate::worker::notes::Notes;
use crate::worker::policy::Policy;
use crate::worker::run::{Conclusion, Pipes, Urgency, wanted};
use crate::worker::wire::shown;

/// How many pages of tools are asked for.
const PAGES: usize = 20;

/// Asks a server that was started, and sends on what it told.
pub(in crate::worker) async fn look(
    policy: Policy,
    pipes: Pipes,
    told: oneshot::Sender<Told>,
) -> Conclusion {
    let Pipes { input, lines, mut cancel, does } = pipes;
    let notes = Arc::new(Notes::new(does));
    let pipe = Pipe::new(input, lines, policy.clone(), Arc::clone(&notes));
    let hearing = Hearing::new(Arc::clone(&notes), policy);
    let word = match asked(hearing, pipe, &mut cancel).await {
        Ok(answer) => {
            // Whoever asked may have gone.
            drop(told.send(answer));
            Word::Well
        }
        Err(word) => notes.broken().map_or(word, Word::Broken),
    };
    Conclusion { word, said: notes.said() }
}

/// Asks a server that listens somewhere; why it did not tell, in words that follow its name.
pub(in crate::worker) async fn look_at(
    remote: &Remote,
    policy: Policy,
    timeout: Duration,
    mut stop: watch::Receiver<Urgency>,
) -> Result<Told, String> {
    remote.require_reachable().map_err(|failure| failure.message)?;
    let transport = remote.transport().map_err(|error| shown(&format!("{error:#}")))?;
    // What it does meanwhile is of no interest.
    let (does, _) = mpsc::channel(1);
    let hearing = Hearing::new(Arc::new(Notes::new(does)), policy);
    let (_goes_on, mut cancel) = watch::channel(false);
    let answer = tokio::select! {
        answer = tokio::time::timeout(timeout, asked(hearing, transport, &mut cancel)) => answer,
        _ = stop.wait_for(|urgency| *urgency > Urgency::GoOn) => {
            return Err("was not waited for".to_owned());
        }
    };
    let why = |word: Word| word.complaint().unwrap_or_else(|| "said nothing".to_owned());
    match answer {
        Ok(answer) => answer.map_err(why),
        Err(_) => Err(format!("did not answer in {} s", timeout.as_secs())),
    }
}

async fn asked<T>(
    hearing: Hearing,
    transport: T,
    cancel: &mut watch::Receiver<bool>,
) -> Result<Told, Word>
where
    T: Transport<RoleClient> + Send + 'static,
{
    let server = connect(hearing, transport, cancel).await?;
    let answer = tokio::select! {
        answer = told(&server) => answer,
        () = wanted(cancel) => Err(Word::Cancelled),
    };
    close(server).await;
    answer
}

async fn told(server: &RunningService<RoleClient, Hearing>) -> Result<Told, Word> {
    let mut told = Told { protocol: "MCP".to_owned(), ..Told::default() };
    if let Some(info) = server.peer_info() {
        told.protocol = format!("MCP {}", shown(info.protocol_version.as_str()));
        let own = info.server_info.as_ref();
        told.name = own.map(|own| discover::kept(&own.name));
        told.version = own.map(|own| discover::kept(&own.version));
        told.abilities = abilities(&info.capabilities);
        if info.capabilities.tools.is_none() {
            told.trouble = Some("it offers no tools".to_owned());
            return Ok(told);
        }
    }
    let mut cursor = None;
    let mut tools = Vec::new();
    for _ in 0..PAGES {
        let params =
            cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
        let page = server.list_tools(params).await.map_err(|error| refused(&error))?;
        let page_tools = page.tools.into_iter().map(|tool| of_schema(&tool));
        tools.extend(discover::bounded(page_tools, &mut told.left_out));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    told.left_out += usize::from(cursor.is_some());
    told.tools = discover::bounded(tools.into_iter().map(Some), &mut told.left_out);
    Ok(told)
}

fn of_schema(tool: &Tool) -> Option<discover::Tool> {
    let about = tool.description.as_deref().unwrap_or_default();
    let read_only = tool.annotations.as_ref().and_then(|hints| hints.read_only_hint);
    let schema = Value::Object((*tool.input_schema).clone());
    discover::Tool::new(&tool.name, about, &schema, read_only == Some(true))
}

/// The names of what a peer says that it can do.
fn abilities(capabilities: &impl serde::Serialize) -> Vec<String> {
    let value = serde_json::to_value(capabilities).unwrap_or_default();
    let names = value.as_object().into_iter().flatten();
    names.filter(|(_, value)| !value.is_null()).take(20).map(|(name, _)| name.clone()).collect()
}

fn refused(error: &ServiceError) -> Word {
    match error {
        ServiceError::McpError(error) => {
            Word::Broken(format!("does not list its tools: {}", shown(&error.message)))
        }
        ServiceError::TransportClosed => Word::Broken("ended before it answered".to_owned()),
        error => Word::Broken(format!("broke off: {}", shown(&error.to_string()))),
    }
}
