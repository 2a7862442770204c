//! A server that listens somewhere: there is no process that git ap could hold. It is spoken to
//! over streamable HTTP, and told when nobody wants its work any more.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::{HeaderName, HeaderValue};
use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use rmcp::transport::{IntoTransport as _, Transport};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Errand, converse};
use crate::domain::error::{Failure, Kind};
use crate::domain::team::stream::Said;
use crate::domain::team::url;
use crate::domain::team::word::Word;
use crate::worker::notes::Notes;
use crate::worker::run::{Ended, Heard, LINE, Line, Source, Urgency};

/// How often it is looked whether somebody wants it to stop.
const TICK: Duration = Duration::from_millis(20);
/// How long the end of the work is waited for that nobody wants.
const GRACE: Duration = Duration::from_secs(2);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);
/// How many activities, and how many messages, may wait.
const WAITING: usize = 256;

/// Where a server listens.
#[derive(Clone)]
pub struct Remote {
    /// Its address.
    pub url: String,
    /// What is sent along; often secrets.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Remote").field("url", &self.url).field("headers", &names).finish()
    }
}

impl Remote {
    /// Refuses by name an address that this program cannot speak to.
    pub fn require_reachable(&self) -> Result<(), Failure> {
        let tls = url::read(&self.url).is_some_and(|address| address.tls);
        if tls && !cfg!(feature = "tls") {
            let message =
                format!("this git ap cannot reach {}: it was built without TLS", self.url);
            let hint = "install it with `cargo install git-ap --features tls`";
            return Err(Failure::new(Kind::Worker, message).hint(hint));
        }
        Ok(())
    }

    pub(super) fn transport(&self) -> Result<impl Transport<RoleClient> + use<>> {
        let mut headers = HashMap::new();
        for (name, value) in &self.headers {
            let wrong =
                || Failure::new(Kind::Worker, format!("the header `{name}` cannot hold its value"));
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let size = usize::try_from(LINE).unwrap_or(usize::MAX);
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        config.custom_headers = headers;
        config.max_sse_event_size = size;
        config.max_json_response_size = size;
        // A tool that was called twice would work twice.
        config.reinit_on_expired_session = false;
        install_crypto();
        // Nothing of the environment decides where objectives are sent, and nothing that listens
        // there sends them elsewhere.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .build()
            .context("cannot prepare to call a server")?;
        Ok(StreamableHttpClientTransport::with_client(client, config).into_transport())
    }
}

/// What a transport failed on: what stands at the bottom of the causes. The library keeps the
/// error of a connection, but does not name it as its cause.
pub(super) fn why(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::Client(error)) => error,
        Some(_) | None => error,
    };
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    deepest.to_string()
}

/// Without a choice there is none where TLS has no provider of its own.
fn install_crypto() {
    #[cfg(feature = "tls")]
    // It may have been done before.
    let _again = rustls::crypto::ring::default_provider().install_default();
}

/// A transport whose messages are heard by somebody else too.
struct Overheard<T> {
    inner: T,
    log: mpsc::Sender<String>,
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Overheard<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.inner.receive().await?;
        if let Ok(text) = serde_json::to_string(&message) {
            // The log of a server that floods has gaps.
            drop(self.log.try_send(text));
        }
        Some(message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// Has a server do its errand, to the end, as [`crate::worker::carry()`] does.
pub(in crate::worker) async fn visit(
    errand: Errand,
    remote: &Remote,
    timeout: Duration,
    stop: watch::Receiver<Urgency>,
    mut hear: impl FnMut(Heard<'_>),
) -> Result<(Ended, Said)> {
    remote.require_reachable()?;
    let begun = Instant::now();
    let (doing, mut does) = mpsc::channel(WAITING);
    let (log, mut lines) = mpsc::channel(WAITING);
    let (cancel, cancelled) = watch::channel(false);
    let notes = Arc::new(Notes::new(doing));
    let transport = Overheard { inner: remote.transport()?, log };
    let talk = converse(errand, transport, notes, cancelled);
    tokio::pin!(talk);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked: Option<(bool, Instant)> = None;
    let conclusion = loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => {}
            Some(line) = lines.recv() => {
                hear(Heard::Line(Line { source: Source::Output, text: &line }));
                continue;
            }
            Some(doing) = does.recv() => {
                hear(doing.into());
                continue;
            }
            conclusion = &mut talk => break Some(conclusion),
        }
        let urgency = *stop.borrow();
        match asked {
            None if urgency > Urgency::GoOn || begun.elapsed() >= timeout => {
                cancel.send_replace(true);
                asked = Some((urgency > Urgency::GoOn, Instant::now()));
            }
            Some((_, since)) if urgency == Urgency::AtOnce || since.elapsed() >= GRACE => {
                break None;
            }
            Some(_) | None => {}
        }
    };
    while let Ok(line) = lines.try_recv() {
        hear(Heard::Line(Line { source: Source::Output, text: &line }));
    }
    while let Ok(doing) = does.try_recv() {
        hear(doing.into());
    }
    let (word, said) = match conclusion {
        Some(conclusion) => (conclusion.word, conclusion.said),
        None => (Word::Cancelled, Said::default()),
    };
    let ended = Ended {
        code: None,
        timed_out: matches!(asked, Some((false, _))),
        stopped: matches!(asked, Some((true, _))),
        took: begun.elapsed(),
        dropped: 0,
        errors: Vec::new(),
        word: Some(word),
    };
    Ok((ended, said))
}
