//! What is going on: a line that moves on a terminal, plain lines with `--verbose`, one event a
//! line for programs, else nothing.

use std::time::{Duration, Instant};

use super::columns::{ascii, cut};
use super::{Format, Ui, count_of, live, text};
use crate::domain::event::{Event, EventKind, Phase};

/// The display of one command's events. It clears its line when it is dropped.
#[derive(Debug)]
pub struct Progress<'a> {
    ui: &'a Ui,
    is_live: bool,
    latest: Option<(Event, Instant)>,
}

/// Columns of the bar.
const BAR: usize = 20;

impl<'a> Progress<'a> {
    /// A display that shows nothing yet.
    pub fn new(ui: &'a Ui) -> Self {
        Self { ui, is_live: ui.is_live(), latest: None }
    }

    /// The same without a line that moves, where something else stands in its place.
    pub fn without_line(ui: &'a Ui) -> Self {
        Self { ui, is_live: false, latest: None }
    }

    /// Shows an event. It fails where standard output, which carries the events with
    /// `--format json`, is closed.
    pub fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        if self.ui.format == Format::Json {
            return self.ui.json(event);
        }
        if self.ui.verbose
            && let Some(line) = describe(event)
        {
            self.ui.note(&line);
        }
        self.latest = Some((event.clone(), Instant::now()));
        self.tick();
        Ok(())
    }

    /// Moves the line on.
    pub fn tick(&self) {
        if let (true, Some((event, since))) = (self.is_live, &self.latest) {
            let terminal = self.ui.terminal;
            let line = line(event, since.elapsed(), terminal.unicode, live::size().0);
            self.ui.live.show(vec![line]);
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.is_live {
            self.ui.live.clear();
        }
    }
}

/// The line of an event after so much time, narrower than the terminal. It has no colours of its
/// own: it goes by too fast.
fn line(event: &Event, since: Duration, unicode: bool, columns: usize) -> String {
    let percent = usize::from(event.status.progress_percent);
    let done = BAR * percent / 100;
    let (full, empty, end) = if unicode { ("━", "─", "…") } else { ("#", "-", "...") };
    let bar = format!("{}{}", full.repeat(done), empty.repeat(BAR - done));
    let message = message(event, since);
    let message = if unicode { message } else { ascii(&message) };
    cut(&format!("{bar} {percent:>3}% {message}"), columns.saturating_sub(1), end)
}

/// What stands behind the bar: time gone, time left, phase and activity. `since` is what has
/// passed since the event. The activity comes last, so that a narrow terminal cuts that.
fn message(event: &Event, since: Duration) -> String {
    let status = &event.status;
    let since = since.as_secs_f64();
    let mut out = clock(status.elapsed_seconds + since);
    if let Some(left) = status.estimated_remaining_seconds
        && status.progress_percent < 100
    {
        out = format!("{out}, about {} left", clock((left - since).max(0.0)));
    }
    format!("{out}  {}", headline(event))
}

/// The phase and what is going on in it.
fn headline(event: &Event) -> String {
    let phase = phase_name(event.status.phase);
    let activity = text::one_line(&event.status.current_activity);
    if activity.is_empty() || activity == phase {
        phase.to_owned()
    } else {
        format!("{phase}: {activity}")
    }
}

/// Seconds as `7s`, `1m05s` or `2h03m`.
pub(super) fn clock(seconds: f64) -> String {
    // A clock that ran backwards or a huge estimate saturate; neither is shown wrongly.
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "starting",
        Phase::Analytic => "analysis",
        Phase::Planning => "planning",
        Phase::Validation => "validation",
        Phase::Execution => "execution",
        Phase::Integration => "integration",
        Phase::PostExecution => "finishing",
        Phase::AutoDocumentation => "reports",
        Phase::Completed => "done",
        Phase::Failed => "failed",
    }
}

/// A line for an event that `--verbose` tells; none for those that say nothing new.
fn describe(event: &Event) -> Option<String> {
    let line = match &event.kind {
        EventKind::PhaseStart { .. } => {
            return Some(headline(event));
        }
        EventKind::Activity { text }
        | EventKind::ScopeStrategy { text }
        | EventKind::ConflictResolved { text } => text::one_line(text).into_owned(),
        EventKind::WorkerActivity { source, text, .. } => {
            format!("{}: {}", text::one_line(source), text::one_line(text))
        }
        EventKind::WorkerError { worker, reason } => {
            format!("{}: {}", text::one_line(worker), text::one_line(reason))
        }
        EventKind::CodebaseAnalyzed { files, modules } => {
            format!("{} in {}", count_of(*files, "file"), count_of(*modules, "module"))
        }
        EventKind::TaskTypeDetermined { task_type, reason } => {
            format!("task type {}: {}", task_type.as_str(), text::one_line(reason))
        }
        EventKind::CoordinationPoints { count } => count_of(*count, "coordination point"),
        EventKind::ObjectivesCreated { count } => count_of(*count, "objective"),
        EventKind::WavesCreated { count } => {
            count_of(usize::try_from(*count).unwrap_or(usize::MAX), "wave")
        }
        EventKind::ScopeValidated { valid: true, .. } => "scopes proved".to_owned(),
        EventKind::ScopeValidated { valid: false, findings } => {
            format!("scopes not valid: {}", count_of(*findings, "finding"))
        }
        // What a command does to a session it tells in its own words.
        EventKind::PhaseComplete { .. }
        | EventKind::CycleComplete { .. }
        | EventKind::PlanApproved { .. }
        | EventKind::ObjectiveStart { .. }
        | EventKind::ObjectiveComplete { .. }
        | EventKind::ObjectiveFailed { .. }
        | EventKind::ScopeViolation { .. }
        | EventKind::ScopeRequest { .. }
        | EventKind::ScopeGranted { .. }
        | EventKind::ScopeDenied { .. }
        | EventKind::ObjectiveWaiting { .. }
        | EventKind::GateStart { .. }
        | EventKind::GateComplete { .. }
        | EventKind::ContractChecked { .. }
        | EventKind::WaveStart { .. }
        | EventKind::WaveComplete { .. }
        | EventKind::WaveRolledBack { .. }
        | EventKind::IntegrationComplete { .. }
        | EventKind::WorkerMetrics { .. }
        | EventKind::SessionLanded { .. } => return None,
    };
    Some(format!("  {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Stream;

    fn event(kind: EventKind, percent: u8, seconds: u64) -> Event {
        let mut stream = Stream::default();
        let start = EventKind::PhaseStart { phase: Phase::Analytic };
        stream.event(start, 0, String::new(), Duration::ZERO);
        stream.event(kind, percent, String::new(), Duration::from_secs(seconds))
    }

    #[test]
    fn the_line_says_where_it_stands() {
        let activity = |text: &str| EventKind::Activity { text: text.into() };
        let table = [
            (event(activity("reading a.rs"), 0, 1), 0, "1s  analysis: reading a.rs"),
            (event(activity("x"), 25, 60), 5, "1m05s, about 2m55s left  analysis: x"),
            (event(activity("x"), 50, 1), 9, "10s, about 0s left  analysis: x"),
            (event(activity("a\x1b[2J\nb"), 0, 0), 0, "0s  analysis: a\\u{1b}[2J\\nb"),
            (event(EventKind::CycleComplete { success: true }, 0, 7380), 0, "2h03m  done"),
        ];
        for (event, since, expected) in table {
            assert_eq!(message(&event, Duration::from_secs(since)), expected);
        }
        assert_eq!(clock(f64::NAN), "0s");
        assert_eq!(clock(-1.0), "0s");
    }

    #[test]
    fn the_line_is_narrower_than_the_terminal() {
        let event = event(EventKind::Activity { text: "日本語日本語日本語".into() }, 25, 60);
        let bar = "━━━━━───────────────  25% 1m00s, about 3m00s left  analysis: ";
        let shown = |unicode, columns| line(&event, Duration::ZERO, unicode, columns);
        assert_eq!(shown(true, 100), format!("{bar}日本語日本語日本語"));
        assert_eq!(shown(true, 70), format!("{bar}日本語…"));
        assert_eq!(shown(false, 30), "#####---------------  25% ...");
        assert_eq!(shown(true, 0), "");
    }

    #[test]
    fn verbose_tells_each_thing_once() {
        let phase = EventKind::PhaseStart { phase: Phase::Planning };
        let table = [
            (phase, Some("planning")),
            (EventKind::CodebaseAnalyzed { files: 1, modules: 2 }, Some("  1 file in 2 modules")),
            (EventKind::WavesCreated { count: 1 }, Some("  1 wave")),
            (
                EventKind::ScopeValidated { valid: false, findings: 3 },
                Some("  scopes not valid: 3 findings"),
            ),
            (EventKind::CycleComplete { success: true }, None),
        ];
        for (kind, expected) in table {
            assert_eq!(describe(&event(kind, 0, 0)).as_deref(), expected);
        }
    }

    #[test]
    fn nobody_looking_means_no_line() {
        let terminal =
            super::super::Terminal { stderr_tty: true, moves: true, ..Default::default() };
        let dumb = super::super::Terminal { moves: false, ..terminal };
        let table = [
            (Ui { terminal, ..Ui::default() }, true),
            (Ui { terminal: dumb, ..Ui::default() }, false),
            (Ui { terminal, quiet: true, ..Ui::default() }, false),
            (Ui { terminal, format: Format::Json, ..Ui::default() }, false),
            (Ui::default(), false),
        ];
        for (ui, live) in table {
            assert_eq!(Progress::new(&ui).is_live, live, "{ui:?}");
        }
    }
}
