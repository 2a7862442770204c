//! What happens while git ap works, as data. One stream of these feeds the progress line,
//! `--format json` and the journal's milestones; nothing else reports progress.

use std::time::Duration;

use serde::Serialize;

/// A stage of a command's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing to do.
    Idle,
    /// Reading the codebase.
    Analytic,
    /// Making a plan.
    Planning,
    /// Proving it.
    Validation,
    /// Workers at work.
    Execution,
    /// Merging a wave.
    Integration,
    /// After the last wave.
    PostExecution,
    /// Writing reports.
    AutoDocumentation,
    /// Done.
    Completed,
    /// Given up.
    Failed,
}

/// What happened. The names and fields are the event stream's contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// A phase begins.
    PhaseStart {
        /// Which one.
        phase: Phase,
    },
    /// Something worth showing inside a phase.
    Activity {
        /// In plain words.
        text: String,
    },
    /// The codebase has been read.
    CodebaseAnalyzed {
        /// Tracked files.
        files: usize,
        /// Modules found.
        modules: usize,
    },
    /// The kind of change is known.
    TaskTypeDetermined {
        /// One of the task types.
        task_type: super::plan::TaskType,
        /// Why.
        reason: String,
    },
    /// Places where objectives meet.
    CoordinationPoints {
        /// How many.
        count: usize,
    },
    /// How scopes are drawn.
    ScopeStrategy {
        /// In a sentence.
        text: String,
    },
    /// The objectives exist.
    ObjectivesCreated {
        /// How many.
        count: usize,
    },
    /// The waves exist.
    WavesCreated {
        /// How many.
        count: u32,
    },
    /// The scopes have been proved.
    ScopeValidated {
        /// Whether the plan has no error.
        valid: bool,
        /// Errors and warnings.
        findings: usize,
    },
    /// An overlap was repaired.
    ConflictResolved {
        /// How, in a sentence.
        text: String,
    },
    /// A phase is over.
    PhaseComplete {
        /// Which one.
        phase: Phase,
    },
    /// A plan is approved.
    PlanApproved {
        /// The commit that holds it as approved.
        pin: String,
    },
    /// An objective has a worktree that is ready.
    ObjectiveStart {
        /// Which one.
        objective: String,
        /// Its worktree.
        worktree: String,
    },
    /// A worker does something, or a command of the owner says something.
    WorkerActivity {
        /// Who.
        source: String,
        /// `reasoning`, `tool_use`, `coding`, `progress` or `log`; a command's is always `log`.
        activity_type: &'static str,
        /// In its own words.
        text: String,
    },
    /// What a worker's try cost.
    WorkerMetrics {
        /// At which objective.
        objective: String,
        /// Which worker.
        worker: String,
        /// How long it was at work.
        seconds: f64,
        /// What it used, as far as it says: `turns` and `cost_usd`.
        #[serde(flatten)]
        usage: super::team::stream::Usage,
    },
    /// A worker did not do what it was asked for.
    WorkerError {
        /// Which one.
        worker: String,
        /// Why.
        reason: String,
    },
    /// An objective was judged and may be merged.
    ObjectiveComplete {
        /// Which one.
        objective: String,
        /// The tip that was judged.
        tip: String,
    },
    /// An objective has failed.
    ObjectiveFailed {
        /// Which one.
        objective: String,
        /// Why.
        reason: String,
    },
    /// A change lies outside its scope.
    ScopeViolation {
        /// Whose change.
        objective: String,
        /// In a sentence.
        text: String,
    },
    /// An objective asks for more than its scope.
    ScopeRequest {
        /// Who asks.
        objective: String,
        /// For what, as patterns.
        patterns: Vec<String>,
        /// What for.
        why: String,
    },
    /// An objective may touch more from now on.
    ScopeGranted {
        /// Which one.
        objective: String,
        /// What, as patterns.
        patterns: Vec<String>,
    },
    /// An objective does not get what it asked for.
    ScopeDenied {
        /// Which one.
        objective: String,
        /// What, as patterns.
        patterns: Vec<String>,
        /// Why.
        reason: String,
    },
    /// An objective waits.
    ObjectiveWaiting {
        /// Which one.
        objective: String,
        /// For what, in words.
        reason: String,
    },
    /// A gate begins.
    GateStart {
        /// The command.
        command: String,
        /// Of what it is one: `base`, `wave N`, an objective, `landing`.
        #[serde(rename = "where")]
        place: String,
    },
    /// A gate has ended.
    GateComplete {
        /// The command.
        command: String,
        /// Of what it is one: `base`, `wave N`, an objective, `landing`.
        #[serde(rename = "where")]
        place: String,
        /// Whether it passed.
        passed: bool,
        /// How long it took.
        seconds: f64,
    },
    /// A wave is being merged.
    WaveStart {
        /// Which one.
        wave: u32,
    },
    /// A wave is merged.
    WaveComplete {
        /// Which one.
        wave: u32,
        /// Its commit.
        commit: String,
    },
    /// Nothing of a wave was merged.
    WaveRolledBack {
        /// Which one.
        wave: u32,
        /// Why.
        reason: String,
    },
    /// Every wave is merged.
    IntegrationComplete {
        /// The integration tip.
        commit: String,
    },
    /// The session has landed.
    SessionLanded {
        /// The target's tip.
        commit: String,
    },
    /// The whole command is over.
    CycleComplete {
        /// Whether it did what it was asked for.
        success: bool,
    },
}

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
    /// RFC 3339, UTC.
    pub time: String,
    /// The plan's id, once there is one.
    pub session: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Where the command stands.
    pub status: Status,
}

/// Turns what happens into numbered events with a status. It owns the rules of the stream:
/// numbers without gaps, a percentage that never falls, an estimate only from measured pace.
#[derive(Debug)]
pub struct Stream {
    seq: u64,
    session: Option<String>,
    phase: Phase,
    percent: u8,
    activity: String,
}

impl Default for Stream {
    fn default() -> Self {
        Self { seq: 0, session: None, phase: Phase::Idle, percent: 0, activity: String::new() }
    }
}

impl Stream {
    /// Names the plan from here on.
    pub fn set_session(&mut self, id: &str) {
        self.session = Some(id.to_owned());
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
                phase_text(*phase).clone_into(&mut self.activity);
            }
            EventKind::Activity { text } => self.activity.clone_from(text),
            EventKind::WorkerActivity { source, activity_type, text }
                if *activity_type != "log" =>
            {
                self.activity = format!("{source}: {text}");
            }
            EventKind::CycleComplete { success } => {
                self.phase = if *success { Phase::Completed } else { Phase::Failed };
                phase_text(self.phase).clone_into(&mut self.activity);
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
            | EventKind::WaveComplete { .. }
            | EventKind::WaveRolledBack { .. }
            | EventKind::IntegrationComplete { .. }
            | EventKind::SessionLanded { .. } => {}
            EventKind::GateStart { command, .. } => self.activity = format!("gate: {command}"),
            EventKind::WaveStart { wave } => {
                self.phase = Phase::Integration;
                self.activity = format!("wave {wave}");
            }
        }
        Event {
            schema: super::plan::SCHEMA,
            seq: self.seq,
            time,
            session: self.session.clone(),
            kind,
            status: Status {
                phase: self.phase,
                progress_percent: self.percent,
                current_activity: self.activity.clone(),
                elapsed_seconds: round_to_ms(elapsed.as_secs_f64()),
                estimated_remaining_seconds: remaining(self.percent, elapsed),
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

fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Analytic => "reading the codebase",
        Phase::Planning => "planning",
        Phase::Validation => "proving scopes",
        Phase::Execution => "workers at work",
        Phase::Integration => "merging",
        Phase::PostExecution => "finishing",
        Phase::AutoDocumentation => "writing reports",
        Phase::Completed => "done",
        Phase::Failed => "failed",
    }
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
