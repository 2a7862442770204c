//! What happens while git ap works, as data. One stream of these feeds the progress display,
//! `--format json` and whoever watches a session; nothing else reports progress.

mod kind;
mod milestones;
mod schema;
mod stream;
mod words;

use serde::Serialize;

pub use kind::EventKind;
pub use milestones::milestones;
pub use schema::json_schema;
pub use stream::Stream;
pub use words::{ActivityType, Phase};

/// Where the whole command stands. The percentage never goes back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The phase that the command is in.
    pub phase: Phase,
    /// 0 to 100, of the whole command.
    pub progress_percent: u8,
    /// In plain words.
    pub current_activity: String,
    /// Seconds since the command began.
    pub elapsed_seconds: f64,
    /// Seconds that are probably left; none where nothing is known.
    pub estimated_remaining_seconds: Option<f64>,
}

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The version of the stream, [`super::plan::SCHEMA`].
    pub schema: u32,
    /// From 1, without gaps.
    pub seq: u64,
    /// When it happened, RFC 3339, UTC.
    pub time: String,
    /// The plan's id, once there is one.
    pub session: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Where the command stands.
    pub status: Status,
}
