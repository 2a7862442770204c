//! The rules of the stream: numbers without gaps, a percentage that never falls, an estimate only
//! from what was measured.

use std::time::Duration;

use super::{ActivityType, Event, EventKind, Phase, Status};
use crate::domain::plan::SCHEMA;

/// Turns what happens into numbered events with a status. It owns the rules of the stream:
/// numbers without gaps, a percentage that never falls, an estimate only from measured pace.
#[derive(Debug)]
pub struct Stream {
    seq: u64,
    session: Option<String>,
    phase: Phase,
    percent: u8,
    activity: String,
    estimate: Estimate,
}

/// Where the time that is left comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Estimate {
    /// The pace so far.
    Pace,
    /// Somebody who knows more: so many seconds, when so much time had passed.
    Told(Option<f64>, Duration),
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            seq: 0,
            session: None,
            phase: Phase::Idle,
            percent: 0,
            activity: String::new(),
            estimate: Estimate::Pace,
        }
    }
}

impl Stream {
    /// Names the plan from here on.
    pub fn set_session(&mut self, id: &str) {
        self.session = Some(id.to_owned());
    }

    /// From here on the time that is left is this, in seconds, and less as time goes by; none:
    /// nobody can say. `elapsed` is the time of the command when that was found out. What was told
    /// last counts.
    pub fn set_remaining(&mut self, seconds: Option<f64>, elapsed: Duration) {
        self.estimate = Estimate::Told(seconds, elapsed);
    }

    fn remaining(&self, elapsed: Duration) -> Option<f64> {
        match self.estimate {
            _ if self.phase == Phase::Completed => Some(0.0),
            Estimate::Pace => remaining(self.percent, elapsed),
            Estimate::Told(seconds, when) => {
                let since = elapsed.saturating_sub(when).as_secs_f64();
                seconds.map(|left| round_to_ms((left - since).max(0.0)))
            }
        }
    }

    /// The event for `kind`. `percent` is how much of the command is done (a lower one than
    /// before is raised to it), `time` is RFC 3339, `elapsed` counts from the command's start.
    pub fn event(
        &mut self,
        kind: EventKind,
        percent: u8,
        time: String,
        elapsed: Duration,
    ) -> Event {
        self.seq += 1;
        self.percent = self.percent.max(percent.min(100));
        match &kind {
            EventKind::PhaseStart { phase } => {
                self.phase = *phase;
                phase.text().clone_into(&mut self.activity);
            }
            EventKind::Activity { text } => self.activity.clone_from(text),
            EventKind::WorkerActivity { source, activity_type, text }
                if *activity_type != ActivityType::Log =>
            {
                self.activity = format!("{source}: {text}");
            }
            EventKind::CycleComplete { success } => {
                self.phase = if *success { Phase::Completed } else { Phase::Failed };
                self.phase.text().clone_into(&mut self.activity);
                if *success {
                    self.percent = 100;
                }
            }
            EventKind::CodebaseAnalyzed { .. }
            | EventKind::TaskTypeDetermined { .. }
            | EventKind::CoordinationPoints { .. }
            | EventKind::ScopeStrategy { .. }
            | EventKind::ObjectivesCreated { .. }
            | EventKind::WavesCreated { .. }
            | EventKind::ScopeValidated { .. }
            | EventKind::ConflictResolved { .. }
            | EventKind::PhaseComplete { .. }
            | EventKind::PlanApproved { .. }
            | EventKind::ObjectiveStart { .. }
            | EventKind::WorkerActivity { .. }
            | EventKind::WorkerMetrics { .. }
            | EventKind::WorkerError { .. }
            | EventKind::ObjectiveComplete { .. }
            | EventKind::ObjectiveFailed { .. }
            | EventKind::ScopeViolation { .. }
            | EventKind::ScopeRequest { .. }
            | EventKind::ScopeGranted { .. }
            | EventKind::ScopeDenied { .. }
            | EventKind::ObjectiveWaiting { .. }
            | EventKind::GateComplete { .. }
            | EventKind::ContractChecked { .. }
            | EventKind::WaveComplete { .. }
            | EventKind::WaveRolledBack { .. }
            | EventKind::IntegrationComplete { .. }
            | EventKind::SessionLanded { .. } => {}
            EventKind::GateStart { command, .. } => self.activity = format!("gate: {command}"),
            EventKind::WaveStart { wave } => {
                self.phase = Phase::Execution;
                self.activity = format!("wave {wave}");
            }
        }
        Event {
            schema: SCHEMA,
            seq: self.seq,
            time,
            session: self.session.clone(),
            kind,
            status: Status {
                phase: self.phase,
                progress_percent: self.percent,
                current_activity: self.activity.clone(),
                elapsed_seconds: round_to_ms(elapsed.as_secs_f64()),
                estimated_remaining_seconds: self.remaining(elapsed),
            },
        }
    }
}

/// From which percentage on the pace says something.
const BASIS: u8 = 5;
/// After this time it does so earlier: who waits wants to know whether for minutes or hours.
const PATIENCE: (Duration, u8) = (Duration::from_secs(2), 2);

/// Seconds left at the pace so far; none where the pace says nothing yet.
fn remaining(percent: u8, elapsed: Duration) -> Option<f64> {
    let known = percent >= BASIS || (elapsed >= PATIENCE.0 && percent >= PATIENCE.1);
    known.then(|| {
        let done = f64::from(percent);
        round_to_ms(elapsed.as_secs_f64() * (100.0 - done) / done)
    })
}

fn round_to_ms(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_never_goes_back_and_the_numbers_have_no_gap() {
        let mut stream = Stream::default();
        let mut at = |percent, seconds| {
            let kind = EventKind::Activity { text: "x".into() };
            stream.event(kind, percent, "t".into(), Duration::from_secs(seconds))
        };
        let events = [at(10, 1), at(5, 2), at(200, 3)];
        assert_eq!(events.clone().map(|e| e.status.progress_percent), [10, 10, 100]);
        assert_eq!(events.clone().map(|e| e.seq), [1, 2, 3]);
        assert_eq!(events[0].status.estimated_remaining_seconds, Some(9.0));
    }

    #[test]
    fn what_is_left_is_told_once_there_is_a_basis() {
        let table = [
            (0, 0, None),
            (0, 60_000, None),
            (1, 60_000, None),
            (2, 1_999, None),
            (2, 2_000, Some(98.0)),
            (4, 1_000, None),
            (5, 100, Some(1.9)),
            (50, 8_000, Some(8.0)),
            (99, 9_900, Some(0.1)),
            (100, 5_000, Some(0.0)),
        ];
        for (percent, elapsed, expected) in table {
            let left = remaining(percent, Duration::from_millis(elapsed));
            assert_eq!(left, expected, "{percent} % after {elapsed} ms");
        }
    }

    #[test]
    fn a_line_has_the_shape_that_readers_rely_on() {
        let mut stream = Stream::default();
        let kind = EventKind::PhaseStart { phase: Phase::Analytic };
        let event = stream.event(kind, 0, "2025-10-08T10:41:31Z".into(), Duration::ZERO);
        let line = serde_json::to_string(&event).expect("events are plain data");
        assert_eq!(
            line,
            r#"{"schema":1,"seq":1,"time":"2025-10-08T10:41:31Z","session":null,"type":"phase_start","phase":"analytic","status":{"phase":"analytic","progress_percent":0,"current_activity":"reading the codebase","elapsed_seconds":0.0,"estimated_remaining_seconds":null}}"#
        );
    }
}
