//! Between a process and the library of its protocol: messages come whole and bounded, and what
//! is none is kept away from it. A peer that does not keep to the protocol ends the conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::sync::mpsc;

use super::run::LINE;
use crate::domain::path::quote;

/// How many lines may be no messages: programs warn on standard output before they listen.
const NOISE: usize = 100;
/// How many requests may be unanswered: a peer that does not read its answers would fill memory.
const UNANSWERED: usize = 1_000;
/// How much of a line is shown.
const SHOWN: usize = 300;

/// The messages of a peer.
#[derive(Debug)]
pub(super) struct Incoming {
    lines: mpsc::Receiver<Vec<u8>>,
    noise: usize,
    unanswered: Unanswered,
}

/// How many requests of a peer are not answered yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Unanswered(Arc<AtomicUsize>);

impl Unanswered {
    /// Takes notice of a message that was sent to the peer.
    pub(super) fn sent(&self) {
        // More is sent than answers: it never goes below nothing.
        let less = |count: usize| Some(count.saturating_sub(1));
        let _before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

impl Incoming {
    /// The messages in these lines.
    pub(super) fn new(lines: mpsc::Receiver<Vec<u8>>) -> Self {
        Self { lines, noise: 0, unanswered: Unanswered::default() }
    }

    /// What counts the requests that came.
    pub(super) fn unanswered(&self) -> Unanswered {
        self.unanswered.clone()
    }

    /// The next message with its text; none: there will be no more. Fails where the peer does not
    /// keep to the protocol, with words that follow its name.
    pub(super) async fn next(&mut self) -> Option<Result<(Value, String), String>> {
        loop {
            let line = self.lines.recv().await?;
            if !line.ends_with(b"\n") && line.len() as u64 >= LINE {
                return Some(Err(format!("sent a message of more than {} MiB", LINE >> 20)));
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            match serde_json::from_str::<Value>(text) {
                Ok(value) if value["jsonrpc"] == "2.0" => {
                    return Some(self.counted(value, text.to_owned()));
                }
                Err(_) if text.starts_with('{') => {
                    let message = format!("sent a message that cannot be read: {}", shown(text));
                    return Some(Err(message));
                }
                Ok(_) | Err(_) => self.noise += 1,
            }
            if self.noise > NOISE {
                return Some(Err(format!(
                    "does not speak the protocol, but prints {}",
                    shown(text)
                )));
            }
        }
    }

    fn counted(&self, value: Value, text: String) -> Result<(Value, String), String> {
        let asks = value.get("id").is_some() && value.get("method").is_some();
        if asks && self.unanswered.0.fetch_add(1, Ordering::Relaxed) >= UNANSWERED {
            return Err(format!("does not read the answers to its last {UNANSWERED} requests"));
        }
        Ok((value, text))
    }
}

/// The beginning of foreign text, on one line.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", quote(cut.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&[u8]]) -> Vec<Result<String, String>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (sender, receiver) = mpsc::channel(lines.len().max(1));
            for line in lines {
                sender.send(line.to_vec()).await.expect("there is room");
            }
            drop(sender);
            let mut incoming = Incoming::new(receiver);
            let mut out = Vec::new();
            while let Some(message) = incoming.next().await {
                let broken = message.is_err();
                out.push(message.map(|(_, text)| text));
                if broken {
                    break;
                }
            }
            out
        })
    }

    #[test]
    fn only_messages_come_through_and_what_breaks_the_protocol_ends_it() {
        let good: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";
        let text = || Ok("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}".to_owned());
        assert_eq!(heard(&[b"(node:1) Warning\n", b"\n", b"{\"level\":1}\n", good]), [text()]);
        assert_eq!(
            heard(&[good, b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"]),
            [text(), text()]
        );
        for (line, why) in [
            (&b"{\"jsonrpc\":\"2.0\",\x1b[2J\n"[..], "sent a message that cannot be read: \"{"),
            (&vec![b'x'; 8 << 20], "sent a message of more than 8 MiB"),
        ] {
            let found = heard(&[good, line, good]);
            assert_eq!(found.len(), 2);
            assert!(found[1].as_ref().is_err_and(|found| found.starts_with(why)), "{found:?}");
        }
        let deep = format!("{{\"jsonrpc\":{}\n", "[".repeat(100_000));
        assert!(heard(&[deep.as_bytes()])[0].is_err());
        assert_eq!(heard(&vec![&b"noise\n"[..]; 100]), []);
        let loud = heard(&vec![&b"noise\n"[..]; 101]);
        assert_eq!(loud, [Err("does not speak the protocol, but prints noise".to_owned())]);
    }

    #[test]
    fn a_peer_that_only_asks_is_not_listened_to_for_ever() {
        let ask: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n";
        let found = heard(&vec![ask; 2_000]);
        assert_eq!(found.len(), 1_001);
        assert!(found[1_000].is_err());
    }
}
