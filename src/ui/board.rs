//! A session at a glance, in the lines and columns that there are.

use anstyle::{AnsiColor, Style};

use super::columns::{ascii, cut, fill, width};
use super::progress::clock;
use super::{Ui, live, text};
use crate::domain::view::{Row, Tone, View};

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
struct Paper {
    columns: usize,
    rows: usize,
    unicode: bool,
    color: bool,
}

/// Below this many columns nobody is told who works.
const FOR_WORKERS: usize = 60;
/// Below this many nobody is told for how long.
const FOR_TIMES: usize = 40;
/// The widest name of a worker.
const WORKER: usize = 16;
/// Room for a time, `59m59s` or `99h59m`.
const TIME: usize = 7;
/// The longest bar.
const BAR: usize = 24;

impl Ui {
    /// Whether lines that change in place are shown: somebody looks at a terminal that can.
    pub fn is_live(&self) -> bool {
        let here = self.terminal.stderr_tty && self.terminal.moves;
        here && !self.quiet && self.format == super::Format::Human
    }

    /// Shows a session at the bottom of the terminal, in place of what was shown there.
    pub fn show(&self, view: &View) {
        let (columns, rows) = live::size();
        let (unicode, color) = (self.terminal.unicode, self.terminal.stderr_color);
        self.live.show(lines(view, Paper { columns, rows, unicode, color }));
    }
}

/// The lines of a view, each narrower than the paper and together not as high.
fn lines(view: &View, paper: Paper) -> Vec<String> {
    // The last column is left free: terminals differ in what they do there.
    let paper = Paper { columns: paper.columns.saturating_sub(1).max(1), ..paper };
    let room = paper.rows.saturating_sub(3);
    let mut rows: Vec<&Row> = view.rows.iter().collect();
    let hidden = rows.len().saturating_sub(room);
    if hidden > 0 {
        // Where there is no room for all, those that somebody is at come first.
        rows.sort_by_key(|row| match row.tone {
            Tone::Busy => 0,
            Tone::Bad => 1,
            Tone::Quiet => 2,
            Tone::Good => 3,
        });
        rows.truncate(room);
    }
    let ids = view.rows.iter().map(|row| width(&row.id)).max().unwrap_or(0).min(paper.columns / 3);
    let workers = view.rows.iter().filter_map(|row| row.worker.as_ref());
    let workers = workers.map(|worker| width(&paper.plain(worker))).max().unwrap_or(0);
    let workers = if paper.columns < FOR_WORKERS { 0 } else { workers.min(WORKER) };
    let mut out: Vec<String> = rows.iter().map(|row| line(row, ids, workers, paper)).collect();
    if hidden > 0 && room > 0 {
        out.push(cut(&format!("and {hidden} more"), paper.columns, paper.end()));
    }
    out.push(summary(view, paper));
    out
}

impl Paper {
    fn end(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Text from elsewhere on one line of this paper.
    fn plain(self, text: &str) -> String {
        let line = text::one_line(text);
        if self.unicode { line.into_owned() } else { ascii(&line) }
    }

    fn painted(self, text: &str, style: Style) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn line(row: &Row, ids: usize, workers: usize, paper: Paper) -> String {
    let end = paper.end();
    let style = match row.tone {
        Tone::Quiet => Style::new().dimmed(),
        Tone::Busy => AnsiColor::Cyan.on_default(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default(),
    };
    let mut left = paper.columns;
    let mut take = |columns: usize| {
        let taken = columns.min(left);
        left -= taken;
        taken
    };
    let id = fill(&paper.plain(&row.id), take(ids), end);
    let gap = " ".repeat(take(2));
    let state = fill(row.state, take("submitted".len()), end);
    let mut out = format!("{id}{gap}{}", paper.painted(&state, style));
    if workers > 0 {
        let worker = row.worker.as_deref().map(|worker| paper.plain(worker)).unwrap_or_default();
        out.push_str(&" ".repeat(take(2)));
        out.push_str(&fill(&worker, take(workers), end));
    }
    let time = row.seconds.filter(|_| paper.columns >= FOR_TIMES);
    let time = time.map(|seconds| format!("{:>TIME$}", clock(seconds_as_float(seconds))));
    let time_columns = if paper.columns >= FOR_TIMES { take(TIME + 1) } else { 0 };
    out.push_str(&" ".repeat(take(2)));
    let activity = paper.plain(&row.activity);
    match time {
        Some(time) => {
            out.push_str(&fill(&activity, left, end));
            out.push_str(&fill(&format!(" {time}"), time_columns, ""));
        }
        None => out.push_str(&cut(&activity, left, end)),
    }
    out.truncate(out.trim_end().len());
    out
}

/// `wave 1 of 3  ━━━━━━──────  3/6  25%  2m10s, about 5m00s left  gate: cargo test`.
fn summary(view: &View, paper: Paper) -> String {
    let head = match view.wave {
        Some(wave) => format!("wave {wave} of {}", view.waves),
        None => "all merged".to_owned(),
    };
    let all = view.rows.len();
    let mut tail = Vec::new();
    if all > 0 {
        tail.push(format!("{}/{all}", view.settled));
    }
    tail.push(format!("{}%", view.percent));
    let mut time = view.seconds.map(seconds_as_float).map(clock).unwrap_or_default();
    if let Some(left) = view.remaining {
        let comma = if time.is_empty() { "" } else { ", " };
        time = format!("{time}{comma}about {} left", clock(left));
    }
    tail.extend([time, paper.plain(&view.doing)].into_iter().filter(|part| !part.is_empty()));
    let tail = tail.join("  ");
    let room = paper.columns.saturating_sub(width(&head) + 4 + width(&tail));
    let bar = if all == 0 || room < 4 { 0 } else { room.min(BAR) };
    if bar == 0 {
        return cut(&format!("{head}  {tail}"), paper.columns, paper.end());
    }
    let done = bar * view.settled / all;
    let (full, empty) = if paper.unicode { ("━", "─") } else { ("#", "-") };
    let full = paper.painted(&full.repeat(done), AnsiColor::Green.on_default());
    let empty = paper.painted(&empty.repeat(bar - done), Style::new().dimmed());
    format!("{head}  {full}{empty}  {tail}")
}

fn seconds_as_float(seconds: u64) -> f64 {
    f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, state: &'static str, tone: Tone, activity: &str) -> Row {
        let worker = (tone != Tone::Quiet).then(|| "script".to_owned());
        let seconds = (tone != Tone::Quiet).then_some(65);
        Row { id: id.into(), state, tone, worker, activity: activity.into(), seconds }
    }

    fn wave() -> View {
        View {
            wave: Some(1),
            waves: 3,
            rows: vec![
                row("T1", "working", Tone::Busy, "editing src/auth/token.rs"),
                row("T10", "accepted", Tone::Good, "Web"),
                row("T3", "planned", Tone::Quiet, "Docs"),
            ],
            settled: 1,
            percent: 25,
            seconds: Some(130),
            remaining: Some(300.0),
            doing: "gate: cargo test".into(),
        }
    }

    fn paper(columns: usize, rows: usize) -> Paper {
        Paper { columns, rows, unicode: true, color: false }
    }

    #[test]
    fn a_wide_terminal_shows_everything() {
        let expected = [
            "T1   working    script  editing src/auth/token.rs                     1m05s",
            "T10  accepted   script  Web                                           1m05s",
            "T3   planned            Docs",
            "wave 1 of 3  ─  1/3  25%",
        ];
        let found = lines(&wave(), paper(76, 24));
        assert_eq!(found[..3], expected[..3]);
        let found = lines(&wave(), paper(100, 24));
        let bar = "wave 1 of 3  ━━━━━━━━────────────────  1/3  25%  2m10s, about 5m00s left  gate: cargo test";
        assert_eq!(found[3], bar);
    }

    #[test]
    fn a_narrow_one_shows_what_matters_most() {
        let table = [
            (50, "T1   working    editing src/auth/token.rs   1m05s"),
            (30, "T1   working    editing src/…"),
            (16, "T1   working"),
            (4, "…"),
        ];
        for (columns, expected) in table {
            let found = lines(&wave(), paper(columns, 24));
            assert_eq!(found[0].trim_end(), expected.trim_end(), "{columns}");
        }
        let few: Vec<String> = lines(&wave(), paper(80, 5));
        assert!(few[0].starts_with("T1 ") && few[2] == "and 1 more", "{few:?}");
        assert_eq!(lines(&wave(), paper(80, 2)).len(), 1);
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal_and_nothing_in_it_acts_on_it() {
        let mut view = wave();
        let hostile = "a\x1b[2J\u{9b}31m\r\n\u{202e}日本語日本語日本語日本語日本語日本語";
        view.rows[0].activity = hostile.into();
        view.rows[1].worker = Some(hostile.into());
        view.doing = hostile.into();
        for columns in 1..120 {
            for unicode in [false, true] {
                for color in [false, true] {
                    let paper = Paper { columns, rows: 10, unicode, color };
                    for line in lines(&view, paper) {
                        assert!(width(&line) < columns.max(2), "{columns}: {line:?}");
                        let plain = anstream::adapter::strip_str(&line).to_string();
                        let fits = |c: char| {
                            crate::domain::path::is_printable(c) && (unicode || c.is_ascii())
                        };
                        assert!(plain.chars().all(fits), "{line:?}");
                        assert!(color || plain == line, "{line:?}");
                    }
                }
            }
        }
    }
}
