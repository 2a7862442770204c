//! Agents of the Agent Client Protocol, version 1: a process of its own for each objective, with
//! one session in it, whose directory is the worktree.

mod ask;
mod look;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    CancelNotification, ContentBlock, Implementation, InitializeRequest, InitializeResponse,
    NewSessionRequest, PromptRequest, RequestPermissionRequest, SessionNotification, SessionUpdate,
    SetSessionModeRequest, StopReason, TextContent,
};
use agent_client_protocol::{Agent, Client, Error, ErrorCode, Lines};
use tokio::io::AsyncWriteExt as _;
use tokio::process::ChildStdin;
use tokio::sync::{mpsc, watch};

pub(super) use look::look;

use super::notes::Notes;
use super::policy::Policy;
use super::run::{Conclusion, HELLO, Pipes, wanted};
use super::wire::{Incoming, Unanswered, shown};
use crate::domain::team::word::Word;

/// What an agent is asked.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The prompt.
    pub prompt: String,
    /// Where it works.
    pub worktree: PathBuf,
    /// The mode that its session should have, where it offers it.
    pub mode: Option<&'static str>,
    /// What it is told when it asks for leave.
    pub policy: Policy,
}

/// Holds the whole conversation about an errand.
pub(super) async fn talk(errand: Errand, pipes: Pipes) -> Conclusion {
    let Pipes { input, lines, cancel, does } = pipes;
    let notes = Arc::new(Notes::new(does));
    let (updates, until) = (Arc::clone(&notes), Arc::clone(&notes));
    let hear = move |update| update::take_down(&updates, update);
    let policy = errand.policy.clone();
    let outcome = connect((input, lines), policy, Arc::clone(&notes), hear, async move |agent| {
        let word = converse(&agent, errand, cancel).await;
        // That it ends once it has answered breaks nothing.
        (word, until.broken())
    })
    .await;
    let said = notes.said();
    let (outcome, broken) = match outcome {
        Ok((word, broken)) => (Ok(word), broken),
        Err(error) => (Err(error), notes.broken()),
    };
    let word = match (broken, outcome) {
        (_, Ok(Word::Well)) => match model_error(&said.message) {
            Some(why) => Word::Model(why),
            None => Word::Well,
        },
        (Some(how), _) => Word::Broken(how),
        (None, Ok(word)) => word,
        (None, Err(error)) => Word::Broken(format!("broke off: {}", words(&error))),
    };
    Conclusion { word, said }
}

/// Holds a conversation over the pipes of an agent, which is told what the policy says where it
/// asks.
async fn connect<T>(
    (input, lines): (ChildStdin, mpsc::Receiver<Vec<u8>>),
    policy: Policy,
    notes: Arc<Notes>,
    hear: impl Fn(SessionUpdate) + Send + Sync + 'static,
    converse: impl AsyncFnOnce(ConnectionTo<Agent>) -> T,
) -> Result<T, Error> {
    let incoming = Incoming::new(lines);
    let outgoing = outgoing(input, incoming.unanswered());
    let lines = Lines::new(outgoing, messages(incoming, Arc::clone(&notes)));
    Client
        .v1()
        .on_receive_notification(
            async move |notification: SessionNotification, _| {
                hear(notification.update);
                Ok(())
            },
            agent_client_protocol::on_receive_notification!(),
        )
        .on_receive_request(
            async move |request: RequestPermissionRequest, responder, _| {
                responder.respond(ask::answer(&policy, &notes, &request))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .connect_with(lines, async move |agent: ConnectionTo<Agent>| Ok(converse(agent).await))
        .await
}

/// Greets an agent; its answer, or the word that ends the conversation.
async fn greet(agent: &ConnectionTo<Agent>) -> Result<Result<InitializeResponse, Word>, Error> {
    let own = Implementation::new("git-ap", env!("CARGO_PKG_VERSION"));
    // No capability is offered: the agent reads and writes its worktree itself.
    let hello = InitializeRequest::new(ProtocolVersion::V1).client_info(own);
    let hello = agent.send_request(hello).block_task().await?;
    if hello.protocol_version != ProtocolVersion::V1 {
        let text = format!("speaks version {} of the protocol", hello.protocol_version);
        return Ok(Err(Word::Broken(text)));
    }
    Ok(Ok(hello))
}

/// The error of a model, where an agent says it in place of an answer and ends its turn well, as
/// codex-acp does.
fn model_error(message: &str) -> Option<String> {
    let last = message.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let value: serde_json::Value = serde_json::from_str(last).ok()?;
    let error = value.get("error").filter(|error| error.is_object())?;
    Some(shown(error["message"].as_str().unwrap_or(last)))
}

/// The messages of the agent, until it breaks the protocol.
fn messages(
    incoming: Incoming,
    notes: Arc<Notes>,
) -> impl futures::Stream<Item = std::io::Result<String>> + Send + 'static {
    futures::stream::unfold(Some((incoming, notes)), |state| async {
        let (mut incoming, notes) = state?;
        match incoming.next().await {
            Some(Ok((_, text))) => Some((Ok(text), Some((incoming, notes)))),
            Some(Err(how)) => {
                notes.broke(how);
                Some((Err(std::io::Error::other("the protocol is broken")), None))
            }
            None => {
                notes.broke("ended before it answered".to_owned());
                None
            }
        }
    })
}

/// The way to the agent, a message a line.
fn outgoing(
    input: ChildStdin,
    unanswered: Unanswered,
) -> impl futures::Sink<String, Error = std::io::Error> + Send + 'static {
    futures::sink::unfold(
        (input, unanswered),
        |(mut input, unanswered), mut line: String| async move {
            line.push('\n');
            input.write_all(line.as_bytes()).await?;
            input.flush().await?;
            unanswered.sent();
            Ok((input, unanswered))
        },
    )
}

/// Opens a session, asks, and waits for the end of the turn.
async fn converse(
    agent: &ConnectionTo<Agent>,
    errand: Errand,
    mut cancel: watch::Receiver<bool>,
) -> Word {
    let opening = async {
        if let Err(word) = greet(agent).await? {
            return Ok(Err(word));
        }
        let session = NewSessionRequest::new(errand.worktree);
        let session = agent.send_request(session).block_task().await?;
        let offered = session.modes.map(|modes| modes.available_modes).unwrap_or_default();
        if let Some(mode) = errand.mode.and_then(|id| offered.iter().find(|m| *m.id.0 == *id)) {
            let mode = SetSessionModeRequest::new(session.session_id.clone(), mode.id.clone());
            agent.send_request(mode).block_task().await?;
        }
        Ok::<_, Error>(Ok(session.session_id))
    };
    let opened = tokio::select! {
        opened = tokio::time::timeout(HELLO, opening) => opened,
        () = wanted(&mut cancel) => return Word::Cancelled,
    };
    let Ok(opened) = opened else {
        return Word::Broken(format!("opened no session in {} s", HELLO.as_secs()));
    };
    let session = match opened {
        Ok(Ok(session)) => session,
        Ok(Err(word)) => return word,
        Err(error) if error.code == ErrorCode::AUTH_REQUIRED => {
            return Word::Failed(format!("somebody has to log in first ({})", words(&error)));
        }
        Err(error) => return Word::Failed(format!("no session: {}", words(&error))),
    };
    let prompt = vec![ContentBlock::Text(TextContent::new(errand.prompt))];
    let turn = agent.send_request(PromptRequest::new(session.clone(), prompt)).block_task();
    tokio::pin!(turn);
    let ended = tokio::select! {
        ended = &mut turn => ended,
        () = wanted(&mut cancel) => {
            // It answers that it was cancelled, or is ended without an answer.
            drop(agent.send_notification(CancelNotification::new(session)));
            turn.await
        }
    };
    match ended {
        Ok(ended) => last_word(ended.stop_reason),
        Err(error) if error.code == ErrorCode::REQUEST_CANCELLED => Word::Cancelled,
        // It took the prompt and could not go on: what it needs for that is its model.
        Err(error) => Word::Model(words(&error)),
    }
}

fn last_word(reason: StopReason) -> Word {
    match reason {
        StopReason::EndTurn => Word::Well,
        StopReason::Cancelled => Word::Cancelled,
        StopReason::Refusal => Word::Model("it refused to go on".to_owned()),
        StopReason::MaxTokens => Word::Model("it reached the most tokens it may use".to_owned()),
        StopReason::MaxTurnRequests => {
            Word::Failed("it reached the most requests of one turn".to_owned())
        }
        _ => Word::Broken("ended its turn for no reason that is known".to_owned()),
    }
}

/// An error of the agent, bounded and on one line.
fn words(error: &Error) -> String {
    let detail = error.data.as_ref().and_then(|data| {
        let keys = [&data["details"], &data["message"], &data["error"], data];
        keys.into_iter().find_map(|value| value.as_str()).map(str::to_owned)
    });
    match detail {
        Some(detail) if !error.message.contains(&detail) => {
            shown(&format!("{}: {detail}", error.message))
        }
        Some(_) | None => shown(&error.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_place_of_an_answer_is_known() {
        for (message, expected) in [
            (
                "Warning.\n\n{\"type\": \"error\", \"error\": {\"message\": \"bad\"}}\n\n",
                Some("bad"),
            ),
            ("{\"error\": {}}", Some("\"{\\\"error\\\": {}}\"")),
            ("{\"error\": null}", None),
            ("All done.", None),
            ("", None),
        ] {
            assert_eq!(model_error(message).as_deref(), expected, "{message}");
        }
    }
}
