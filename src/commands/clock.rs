//! Time for commands, in one place so that tests can stop it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::error::{Failure, Kind};

/// The variable that stops the clock: an RFC 3339 time that is then always now. It exists so
/// that output can be compared exactly.
pub const FROZEN_BY: &str = "GIT_AP_NOW";

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock; the instant is when the command began.
    System(Instant),
    /// Always the same.
    Frozen(Timestamp),
}

impl Clock {
    /// The clock that the environment asks for. Fails where [`FROZEN_BY`] holds no time.
    pub fn new(frozen: Option<&std::ffi::OsStr>) -> Result<Self, Failure> {
        let Some(text) = frozen else {
            return Ok(Self::System(Instant::now()));
        };
        let time = text.to_str().and_then(|text| text.parse().ok());
        time.map(Self::Frozen).ok_or_else(|| {
            let text = crate::domain::path::quote(text.as_encoded_bytes()).into_owned();
            Failure::new(Kind::Usage, format!("`{FROZEN_BY}` holds `{text}`, which is no time"))
                .hint(format!("unset {FROZEN_BY}"))
        })
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System(_) => Timestamp::now(),
            Self::Frozen(time) => time,
        }
    }

    /// What has passed since the command began; nothing on a frozen clock.
    pub fn elapsed(self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Frozen(_) => Duration::ZERO,
        }
    }

    /// Now as `YYYYMMDD-HHMMSS`, UTC: the beginning of a plan's id.
    pub fn stamp(self) -> String {
        self.now().strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// Now as RFC 3339 with milliseconds, UTC.
    pub fn rfc3339(self) -> String {
        format!("{:.3}", self.now())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_frozen_clock_stands_still() {
        let clock = Clock::new(Some(OsStr::new("2025-10-08T12:41:31.5+02:00"))).expect("a time");
        assert_eq!(clock.stamp(), "20251008-104131");
        assert_eq!(clock.rfc3339(), "2025-10-08T10:41:31.500Z");
        assert_eq!(clock.elapsed(), Duration::ZERO);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "now", "2025-10-08", "2025-13-08T12:41:31Z", "\x1b"] {
            let failure = Clock::new(Some(OsStr::new(text))).expect_err(text);
            assert_eq!(failure.kind, Kind::Usage);
        }
    }

    #[test]
    fn the_stamp_of_the_system_begins_an_id() {
        let clock = Clock::new(None).expect("always there");
        let id = crate::domain::id::PlanId::new(&clock.stamp(), "x").expect("valid");
        assert!(id.as_str().ends_with("-x"));
    }
}
