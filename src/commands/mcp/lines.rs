//! Messages as lines of standard input and output. What is no message is answered as JSON-RPC 2.0
//! has it, and nothing that a peer sends ends the server but the end of its input.

use std::collections::HashSet;
use std::io::{BufRead, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rmcp::model::{
    CancelledNotification, ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorData,
    JsonRpcMessage, ProtocolVersion, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::RoleServer;
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ui::Ui;

/// The most bytes of a line.
const LINE: usize = 4 << 20;
/// How many messages may wait to be heard.
const WAITING: usize = 64;
/// How often it is asked whether all is answered, once the input has ended.
const PACE: Duration = Duration::from_millis(10);

/// Standard input and output, a message a line.
#[derive(Debug)]
pub(super) struct Lines {
    messages: mpsc::Receiver<ClientJsonRpcMessage>,
    ui: Ui,
    /// What was asked and not answered yet.
    open: Arc<Mutex<HashSet<RequestId>>>,
    /// Whether the two have agreed on how they talk: before, only requests are heard.
    begun: bool,
}

impl Lines {
    /// Begins to read standard input, in a thread that ends with it.
    pub(super) fn open(ui: &Ui) -> Result<Self> {
        let (sender, messages) = mpsc::channel(WAITING);
        let own = ui.clone();
        let thread = std::thread::Builder::new().name("lines".to_owned());
        let reading = move || {
            let mut input = std::io::stdin().lock();
            while let Some(line) = line(&mut input) {
                let heard = match line.and_then(|line| message(&line)) {
                    Ok(None) => true,
                    Ok(Some(message)) => sender.blocking_send(*message).is_ok(),
                    Err(error) => write(&own, &error).is_ok(),
                };
                if !heard {
                    return;
                }
            }
        };
        thread.spawn(reading).context("cannot start a thread")?;
        Ok(Self { messages, ui: ui.clone(), open: Arc::default(), begun: false })
    }

    /// Whether a message is to be heard.
    fn takes(&mut self, message: &ClientJsonRpcMessage) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match message {
            JsonRpcMessage::Request(request) => {
                open.insert(request.id.clone());
                self.begun |= begins(&request.request);
                true
            }
            JsonRpcMessage::Notification(notification) => {
                let asked = &notification.notification;
                if let ClientNotification::CancelledNotification(cancelled) = asked {
                    // It will not be answered.
                    let CancelledNotification { params, .. } = cancelled;
                    if let Some(id) = &params.request_id {
                        open.remove(id);
                    }
                }
                self.begun
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => self.begun,
        }
    }
}

/// Whether a request settles how the two talk: by the handshake of old, or by what each request
/// says of itself since 2026-07-28.
fn begins(request: &ClientRequest) -> bool {
    use rmcp::model::GetMeta as _;
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::DiscoverRequest(_) | ClientRequest::PingRequest(_) => false,
        request => {
            request.get_meta().missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
        }
    }
}

impl Transport<RoleServer> for Lines {
    type Error = std::io::Error;

    fn send(
        &mut self,
        item: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let (ui, open) = (self.ui.clone(), Arc::clone(&self.open));
        async move {
            let written = write(&ui, &item);
            let id = match item {
                JsonRpcMessage::Response(response) => Some(response.id),
                JsonRpcMessage::Error(error) => error.id,
                JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
            };
            if let Some(id) = id {
                open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            }
            written
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        while let Some(message) = self.messages.recv().await {
            if self.takes(&message) {
                return Some(message);
            }
        }
        // Who has said all it had to say may still read the answers.
        while !self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            tokio::time::sleep(PACE).await;
        }
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.messages.close();
        Ok(())
    }
}

fn write(ui: &Ui, message: &ServerJsonRpcMessage) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    ui.verbatim(&line)
}

/// The next line without its end; an error to answer with where it is too long, and none where
/// the input has ended.
fn line(input: &mut impl BufRead) -> Option<Result<Vec<u8>, Box<ServerJsonRpcMessage>>> {
    let mut line = Vec::new();
    let read = input.by_ref().take(LINE as u64 + 1).read_until(b'\n', &mut line);
    if !matches!(read, Ok(read) if read > 0) {
        return None;
    }
    if line.len() > LINE && line.last() != Some(&b'\n') {
        loop {
            let here = input.fill_buf().ok()?;
            let end = here.iter().position(|byte| *byte == b'\n');
            let (used, over) = (end.map_or(here.len(), |end| end + 1), end.is_some());
            let ended = here.is_empty();
            input.consume(used);
            if over || ended {
                break;
            }
        }
        let text = format!("a message has more than {} MiB", LINE >> 20);
        return Some(Err(error(ErrorData::invalid_request(text, None), None)));
    }
    Some(Ok(line))
}

/// The message of a line; none: the line is empty.
fn message(line: &[u8]) -> Result<Option<Box<ClientJsonRpcMessage>>, Box<ServerJsonRpcMessage>> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Ok(value) = serde_json::from_slice::<Value>(line) else {
        return Err(error(ErrorData::parse_error("that is no JSON", None), None));
    };
    let id = value.get("id").and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok());
    let invalid = |text: &'static str| error(ErrorData::invalid_request(text, None), id.clone());
    if value.is_array() {
        return Err(invalid("messages are sent one by one"));
    }
    serde_json::from_value(value)
        .map(Box::new)
        .map(Some)
        .map_err(|_| invalid("that is no message of the protocol"))
}

fn error(data: ErrorData, id: Option<RequestId>) -> Box<ServerJsonRpcMessage> {
    Box::new(ServerJsonRpcMessage::error(data, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &[u8]) -> (i32, bool) {
        match message(line) {
            Ok(found) => (0, found.is_some()),
            Err(refused) => match *refused {
                JsonRpcMessage::Error(error) => (error.error.code.0, error.id.is_some()),
                other => panic!("{other:?}"),
            },
        }
    }

    #[test]
    fn what_is_no_message_is_answered_by_its_kind() {
        for (line, expected) in [
            (&b"\r\n"[..], (0, false)),
            (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n", (0, true)),
            (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"never/heard\",\"params\":{}}", (0, true)),
            (b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/odd\"}", (0, true)),
            (b"{", (-32_700, false)),
            (b"\xff", (-32_700, false)),
            (b"nul", (-32_700, false)),
            (b"null", (-32_600, false)),
            (b"7", (-32_600, false)),
            (b"[]", (-32_600, false)),
            (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", (-32_600, true)),
            (b"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":7}", (-32_600, true)),
            (b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":7}", (-32_600, false)),
            (b"{\"id\":1}", (-32_600, true)),
        ] {
            assert_eq!(code(line), expected, "{}", String::from_utf8_lossy(line));
        }
        assert_eq!(code("[".repeat(100_000).as_bytes()).0, -32_700);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out() {
        let long = [vec![b'x'; 3 * LINE], b"\nnext\nlast".to_vec()].concat();
        let mut input = std::io::BufReader::new(&long[..]);
        assert!(matches!(line(&mut input), Some(Err(_))));
        assert_eq!(line(&mut input).and_then(Result::ok), Some(b"next\n".to_vec()));
        assert_eq!(line(&mut input).and_then(Result::ok), Some(b"last".to_vec()));
        assert!(line(&mut input).is_none());
        let exact = [vec![b'x'; LINE], b"\n".to_vec()].concat();
        assert_eq!(line(&mut &exact[..]).and_then(Result::ok).map(|l| l.len()), Some(LINE + 1));
    }
}
