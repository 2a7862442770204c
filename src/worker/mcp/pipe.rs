//! A server's pipes as a transport: messages come bounded from it, and what known servers ask in
//! a way of their own is answered here.

use std::io;
use std::sync::Arc;

use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::ChildStdin;
use tokio::sync::{Mutex, mpsc};

use super::approval;
use crate::domain::team::stream::Kind;
use crate::worker::notes::Notes;
use crate::worker::policy::Policy;
use crate::worker::wire::{Incoming, Unanswered};

/// The pipes of a server.
pub(super) struct Pipe {
    input: Arc<Mutex<Option<ChildStdin>>>,
    incoming: Incoming,
    unanswered: Unanswered,
    policy: Policy,
    notes: Arc<Notes>,
}

impl Pipe {
    pub(super) fn new(
        input: ChildStdin,
        lines: mpsc::Receiver<Vec<u8>>,
        policy: Policy,
        notes: Arc<Notes>,
    ) -> Self {
        let incoming = Incoming::new(lines);
        let unanswered = incoming.unanswered();
        Self { input: Arc::new(Mutex::new(Some(input))), incoming, unanswered, policy, notes }
    }

    /// Writes one message, whole.
    fn write(
        &self,
        message: Result<String, serde_json::Error>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let (input, unanswered) = (Arc::clone(&self.input), self.unanswered.clone());
        async move {
            let mut line = message?;
            line.push('\n');
            let mut input = input.lock().await;
            let pipe = input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            pipe.write_all(line.as_bytes()).await?;
            pipe.flush().await?;
            unanswered.sent();
            Ok(())
        }
    }

    /// Answers what a known server asks in its own way; whether it was that.
    fn answered(&self, message: &Value) -> bool {
        let Some(answer) = approval::of_codex(message, &self.policy, &self.notes) else {
            return false;
        };
        // It must not be waited for here: what is waited for can be given up in the midst.
        tokio::spawn(self.write(serde_json::to_string(&answer)));
        true
    }
}

impl Transport<RoleClient> for Pipe {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.write(serde_json::to_string(&item))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = match self.incoming.next().await {
                Some(Ok((message, _))) => message,
                Some(Err(how)) => {
                    self.notes.broke(how);
                    return None;
                }
                None => {
                    self.notes.broke("ended before it answered".to_owned());
                    return None;
                }
            };
            if self.answered(&message) {
                continue;
            }
            let answers = message.get("method").is_none();
            match serde_json::from_value(message) {
                Ok(message) => return Some(message),
                Err(error) if answers => {
                    self.notes.broke(format!("sent an answer that cannot be read: {error}"));
                    return None;
                }
                // Something that only newer servers say.
                Err(_) => self.notes.does(Kind::Log, "a message of the server was not understood"),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        drop(self.input.lock().await.take());
        Ok(())
    }
}
