//! Reading what a process prints, line by line and bounded.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::sync::mpsc;

use super::Source;

/// Lines with where they came from, with their ends.
pub(super) type Lines = mpsc::Receiver<(Source, Vec<u8>)>;

/// A pipe that is read to its end.
pub(super) struct Read<P> {
    pub(super) pipe: P,
    pub(super) source: Source,
    /// The longest line that is handed on as one, in bytes.
    pub(super) longest: u64,
    /// How many bytes are handed on in all.
    pub(super) left: u64,
    /// Where lines go.
    pub(super) lines: mpsc::Sender<(Source, Vec<u8>)>,
    /// Who reads along, if somebody does; may go at any time.
    pub(super) also: Option<mpsc::Sender<Vec<u8>>>,
}

impl<P: AsyncRead + Unpin> Read<P> {
    /// Reads to the end and counts what is dropped: all that comes behind the limit. Who reads
    /// along sees the end there.
    pub(super) async fn counted(self, dropped: &AtomicU64) {
        let Self { pipe, source, longest, mut left, lines, mut also } = self;
        let mut reader = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            let mut part = (&mut reader).take(longest);
            let Ok(count @ 1..) = part.read_until(b'\n', &mut line).await else { return };
            let count = count as u64;
            if count > left {
                left = 0;
                also = None;
                dropped.fetch_add(count, Ordering::Relaxed);
                continue;
            }
            left -= count;
            if let Some(reader) = &also
                && reader.send(line.clone()).await.is_err()
            {
                also = None;
            }
            if lines.send((source, line)).await.is_err() {
                return;
            }
        }
    }
}
