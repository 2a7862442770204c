//! Servers of the Model Context Protocol: one of their tools takes what is asked. A server that
//! git ap starts has a process of its own for each objective, which the sandbox, the time limit
//! and the clean-up hold as they hold any command; one that listens somewhere is only called.
//!
//! Both eras of the protocol are spoken: the server is asked which it knows (`server/discover`),
//! and one that does not know that question is greeted as before (`initialize`).

mod approval;
mod hearing;
mod look;
mod pipe;
mod remote;

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ProtocolVersion};
use rmcp::service::{ClientInitializeError, RunningService, ServiceError};
use rmcp::transport::Transport;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, RoleClient};
use serde_json::Value;
use tokio::sync::watch;

use hearing::Hearing;
pub(super) use look::{look, look_at};
use pipe::Pipe;
pub use remote::Remote;
pub(super) use remote::visit;

use super::notes::Notes;
use super::policy::Policy;
use super::run::{Conclusion, HELLO, Pipes, wanted};
use super::wire::shown;
use crate::domain::team::word::Word;

/// How long a server has to stop what it does when it is told that nobody wants it any more.
const STOPPING: Duration = Duration::from_millis(500);
/// How long what it told before its last answer is waited for.
const TOLD: Duration = Duration::from_millis(500);
/// How long it is waited until the end of a conversation has been told.
const CLOSING: Duration = Duration::from_secs(1);

/// What a server is asked.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// What the server is told when it asks for leave.
    pub policy: Policy,
}

/// Holds the whole conversation about an errand with a process.
pub(super) async fn talk(errand: Errand, pipes: Pipes) -> Conclusion {
    let Pipes { input, lines, cancel, does } = pipes;
    let notes = Arc::new(Notes::new(does));
    let pipe = Pipe::new(input, lines, errand.policy.clone(), Arc::clone(&notes));
    converse(errand, pipe, notes, cancel).await
}

/// Holds the conversation over any transport.
async fn converse<T>(
    errand: Errand,
    transport: T,
    notes: Arc<Notes>,
    mut cancel: watch::Receiver<bool>,
) -> Conclusion
where
    T: Transport<RoleClient> + Send + 'static,
{
    let Errand { tool, arguments, policy } = errand;
    let hearing = Hearing::new(Arc::clone(&notes), policy);
    let (word, broken) = match connect(hearing, transport, &mut cancel).await {
        Ok(server) => {
            let word = call(&server, tool, arguments, &notes, &mut cancel).await;
            // That it ends once it has answered breaks nothing.
            let broken = notes.broken();
            close(server).await;
            (word, broken)
        }
        Err(Word::Cancelled) => (Word::Cancelled, None),
        Err(word) => (word, notes.broken()),
    };
    // Whoever breaks the protocol has no other last word.
    let word = match broken {
        Some(how) if !matches!(word, Word::Well) => Word::Broken(how),
        Some(_) | None => word,
    };
    Conclusion { word, said: notes.said() }
}

/// Opens a conversation in the newest era of the protocol that the server speaks; else the word
/// that ends it.
async fn connect<T>(
    hearing: Hearing,
    transport: T,
    cancel: &mut watch::Receiver<bool>,
) -> Result<RunningService<RoleClient, Hearing>, Word>
where
    T: Transport<RoleClient> + Send + 'static,
{
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::V_2025_11_25),
    };
    let opening = tokio::time::timeout(HELLO, hearing.serve_with_lifecycle(transport, lifecycle));
    let opened = tokio::select! {
        opened = opening => opened,
        () = wanted(cancel) => return Err(Word::Cancelled),
    };
    match opened {
        Ok(Ok(server)) => Ok(server),
        Ok(Err(error)) => Err(Word::Broken(unopened(&error))),
        Err(_) => {
            let how = format!("did not answer the first message in {} s", HELLO.as_secs());
            Err(Word::Broken(how))
        }
    }
}

/// Ends a conversation. A server that does not listen any more is ended in other ways.
async fn close(server: RunningService<RoleClient, Hearing>) {
    let _closed = tokio::time::timeout(CLOSING, server.cancel()).await;
}

async fn call(
    server: &RunningService<RoleClient, Hearing>,
    tool: String,
    arguments: Value,
    notes: &Notes,
    cancel: &mut watch::Receiver<bool>,
) -> Word {
    let mut request = CallToolRequestParams::new(tool);
    if let Value::Object(arguments) = arguments {
        request = request.with_arguments(arguments);
    }
    let answer = tokio::select! {
        answer = server.call_tool(request) => answer,
        // That the request is given up is told to the server where its future is dropped.
        () = wanted(cancel) => {
            tokio::time::sleep(STOPPING).await;
            return Word::Cancelled;
        }
    };
    match answer {
        Ok(result) => {
            let text = text(&result);
            notes.message(&text);
            if result.is_error == Some(true) {
                let why = shown(text.trim());
                // What the server told before its answer is heard beside it, maybe later.
                let until = tokio::time::Instant::now() + TOLD;
                while notes.model_failed().is_none() && tokio::time::Instant::now() < until {
                    tokio::time::sleep(TOLD / 20).await;
                }
                return match notes.model_failed() {
                    Some(model) => Word::Model(shown(&model)),
                    None => Word::Failed(why),
                };
            }
            Word::Well
        }
        Err(ServiceError::McpError(error)) => Word::Failed(shown(&error.message)),
        Err(ServiceError::Cancelled { .. }) => Word::Cancelled,
        Err(ServiceError::TransportClosed) => Word::Broken("ended before it answered".to_owned()),
        Err(ServiceError::UnexpectedResponse) => {
            Word::Broken("answered with something that is no result of a tool".to_owned())
        }
        Err(error) => Word::Broken(format!("broke off: {}", shown(&error.to_string()))),
    }
}

/// The words of a result; where it has none, its structure.
fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|content| match content {
        ContentBlock::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    let texts: Vec<&str> = texts.collect();
    match (&result.structured_content, texts.is_empty()) {
        (Some(structure), true) => structure.to_string(),
        _ => texts.join("\n"),
    }
}

/// Why a conversation could not be begun. What a connection failed on stands at the bottom of the
/// causes; what stands above says which part of this program was told.
fn unopened(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::ConnectionClosed(_) => "ended before it answered".to_owned(),
        ClientInitializeError::JsonRpcError(error) => {
            shown(&format!("did not take the first message: {}", error.message))
        }
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => unopened(fallback),
        ClientInitializeError::TransportError { error, .. } => {
            let why = remote::why(error.error.as_ref());
            let trust = if why.contains("UnknownIssuer") {
                "; nobody who is trusted has signed it: `SSL_CERT_FILE` names whom to trust"
            } else {
                ""
            };
            format!("could not be spoken to: {}{trust}", shown(&why))
        }
        other => format!("could not be spoken to: {}", shown(&other.to_string())),
    }
}
