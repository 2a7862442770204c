//! The only place that prints. stdout carries the answer and nothing else, stderr narrates;
//! what comes from a repository or a plan is made harmless on the way out.

mod board;
mod columns;
pub mod findings;
mod live;
pub mod progress;
mod rows;
pub mod text;

use std::io::{self, BufRead as _, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::domain::error::{Failure, Kind};
use crate::domain::plan::SCHEMA;
pub use live::Live;

/// How a command answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For reading.
    #[default]
    Human,
    /// One document, or one event a line.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub workflow commands, for annotations on a pull request.
    Github,
}

/// What is known about the three standard streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about three streams")]
pub struct Terminal {
    /// Whether standard input is a terminal.
    pub stdin_tty: bool,
    /// Whether standard output is a terminal.
    pub stdout_tty: bool,
    /// Whether standard error is a terminal.
    pub stderr_tty: bool,
    /// Whether standard output takes colours (`NO_COLOR` and its like are counted in).
    pub stdout_color: bool,
    /// Whether standard error takes colours.
    pub stderr_color: bool,
    /// Whether lines of the terminal behind standard error can be written over (it is not dumb).
    pub moves: bool,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
    /// Columns; none where there is no terminal.
    pub width: Option<usize>,
}

/// How to talk to whoever called.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// How the command answers.
    pub format: Format,
    /// Whether notes are left out.
    pub quiet: bool,
    /// Whether more is told.
    pub verbose: bool,
    /// Whether every question is answered with yes.
    pub yes: bool,
    /// Where the streams go.
    pub terminal: Terminal,
    /// What stands at the bottom of the terminal; all copies share it.
    pub live: Live,
}

/// The document that an error is with `--format json`.
#[derive(Serialize)]
struct ErrorDocument<'a> {
    schema: u32,
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    kind: Kind,
    message: &'a str,
    hint: Option<&'a str>,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Ui {
    /// Prints text that may hold anything: what could harm a terminal is escaped.
    pub fn answer(&self, text: &str) -> io::Result<()> {
        self.live.aside(|| write_line(&mut io::stdout().lock(), &text::clean(text)))
    }

    /// Prints text with styles of our own in it. Whatever it holds from elsewhere has been
    /// through [`text`] already; without colours the styles are taken out.
    pub fn styled(&self, text: &str) -> io::Result<()> {
        if self.terminal.stdout_color {
            self.live.aside(|| write_line(&mut io::stdout().lock(), text))
        } else {
            let plain = anstream::adapter::strip_str(text).to_string();
            self.live.aside(|| write_line(&mut io::stdout().lock(), &plain))
        }
    }

    /// Prints bytes that git ap made and that another program reads: scripts, manual pages.
    pub fn verbatim(&self, bytes: &[u8]) -> io::Result<()> {
        self.live.aside(|| {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush()).map_err(named)
        })
    }

    /// Prints one JSON document on one line.
    pub fn json(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let compact = serde_json::to_string(document)?;
        let compact = text::json(&compact);
        Ok(self.live.aside(|| write_line(&mut io::stdout().lock(), &compact))?)
    }

    /// Says something beside the answer, unless `--quiet`. A closed stderr is no failure.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.narrate(&text::clean(text));
        }
    }

    /// Says something with styles of our own in it, as [`Ui::styled`] on standard error.
    pub fn note_styled(&self, text: &str) {
        if !self.quiet {
            self.narrate(text);
        }
    }

    /// Says something that another part of git ap waits for, also with `--quiet`.
    pub fn narrate_always(&self, text: &str) {
        self.narrate(&text::clean(text));
    }

    /// Says what somebody should look at, also with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.narrate(&format!("{WARNING}warning:{WARNING:#} {}", text::indented(text)));
    }

    /// Prints an error: on stderr for people, as a document on stdout with `--format json`.
    pub fn error(&self, error: &anyhow::Error) -> io::Result<()> {
        let failure = failure_of(error);
        if self.format == Format::Json {
            let body = ErrorBody {
                kind: failure.kind,
                message: &failure.message,
                hint: failure.hint.as_deref(),
            };
            let document = ErrorDocument { schema: SCHEMA, error: body };
            let compact = serde_json::to_string(&document).map_err(io::Error::other)?;
            let compact = text::json(&compact);
            return self.live.aside(|| write_line(&mut io::stdout().lock(), &compact));
        }
        self.narrate(&error_text(&failure));
        Ok(())
    }

    /// Asks, and returns the answer: yes with `--yes`, none where nobody can be asked (standard
    /// input or error is no terminal, or a program reads the answers). Anything but `y` and
    /// `yes` is a no.
    pub fn confirm(&self, question: &str) -> io::Result<Option<bool>> {
        if self.yes {
            return Ok(Some(true));
        }
        let asked = self.terminal.stdin_tty && self.terminal.stderr_tty;
        if !asked || self.format != Format::Human {
            return Ok(None);
        }
        self.live.aside(|| {
            let mut err = io::stderr().lock();
            write!(err, "{} [y/N] ", text::indented(question))?;
            err.flush()?;
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                writeln!(err)?;
            }
            Ok(Some(is_yes(&line)))
        })
    }

    /// Columns to lay text out in; 100 where there is no terminal, so that files and pipes get
    /// the same text everywhere.
    pub fn width(&self) -> usize {
        self.terminal.width.unwrap_or(100).clamp(40, 200)
    }

    fn narrate(&self, text: &str) {
        let plain;
        let text = if self.terminal.stderr_color {
            text
        } else {
            plain = anstream::adapter::strip_str(text).to_string();
            &plain
        };
        // Nobody reads a closed stderr, and the answer is not there.
        self.live.aside(|| drop(write_line(&mut io::stderr().lock(), text)));
    }
}

/// The failure that an error stands for: the one in its chain with what was added around it,
/// else all of the chain in one line.
pub fn failure_of(error: &anyhow::Error) -> Failure {
    let message = |end: usize| {
        let parts: Vec<String> = error.chain().take(end).map(ToString::to_string).collect();
        parts.join(": ")
    };
    let found =
        error.chain().enumerate().find_map(|(i, e)| Some((i, e.downcast_ref::<Failure>()?)));
    if let Some((depth, failure)) = found {
        return Failure { message: message(depth + 1), ..failure.clone() };
    }
    // `anyhow` hides a failure that was attached as context from the chain's types.
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.clone();
    }
    let io = error.chain().any(|e| e.downcast_ref::<io::Error>().is_some());
    Failure::new(if io { Kind::Io } else { Kind::Repository }, message(usize::MAX))
}

fn error_text(failure: &Failure) -> String {
    let message = format!("{ERROR}error:{ERROR:#} {}", text::indented(&failure.message));
    match &failure.hint {
        Some(hint) => format!("{message}\n{HINT}hint:{HINT:#} {}", text::indented(hint)),
        None => message,
    }
}

/// What a panic says: it is ours, not the user's.
pub fn bug_text(what: &str, location: &str) -> String {
    let (what, location) = (text::one_line(what), text::one_line(location));
    format!(
        "git ap: bug: {what} ({location})\nhint: report this text with the command that you ran; \
         with `RUST_BACKTRACE=1` before it, it tells more"
    )
}

/// `n thing`, with an `s` where it is not one.
pub fn count_of(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Standard output could not be written to.
#[derive(Debug)]
struct NoAnswer(io::Error);

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "writing the answer: {}", self.0)
    }
}

impl std::error::Error for NoAnswer {}

fn named(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), NoAnswer(error))
}

/// Whether an error says that nobody reads our output any more, which is no news to anybody. A
/// closed pipe to some other program is not meant.
pub fn is_closed_output(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|e| e.downcast_ref::<io::Error>()).any(|e| {
        e.kind() == io::ErrorKind::BrokenPipe
            && e.get_ref().and_then(|inner| inner.downcast_ref::<NoAnswer>()).is_some()
    })
}

/// Writes `text` with exactly one line feed behind it, and nothing for no text.
fn write_line(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end));
    written.and_then(|()| out.flush()).map_err(named)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn plain(error: &anyhow::Error) -> String {
        anstream::adapter::strip_str(&error_text(&failure_of(error))).to_string()
    }

    #[test]
    fn errors_say_what_and_what_next() {
        let failure = Failure::new(Kind::User, "there is no plan `jwt`").hint("git ap plan");
        let table: [(anyhow::Error, &str, Kind); 4] = [
            (
                failure.clone().into(),
                "error: there is no plan `jwt`\nhint: git ap plan",
                Kind::User,
            ),
            (
                Err::<(), _>(failure).context("reading `x`").unwrap_err(),
                "error: reading `x`: there is no plan `jwt`\nhint: git ap plan",
                Kind::User,
            ),
            (
                anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound)).context("`a`"),
                "error: `a`: entity not found",
                Kind::Io,
            ),
            (
                anyhow::anyhow!("a\x1b]0;x\x07\nerror: forged"),
                "error: a\\u{1b}]0;x\\u{7}\n  error: forged",
                Kind::Repository,
            ),
        ];
        for (error, text, kind) in table {
            assert_eq!(plain(&error), text);
            assert_eq!(failure_of(&error).kind, kind);
        }
    }

    #[test]
    fn a_question_is_asked_only_of_somebody() {
        let nobody = Ui::default();
        assert_eq!(nobody.confirm("go on?").expect("no IO"), None);
        let terminal = Terminal { stdin_tty: true, stderr_tty: true, ..Terminal::default() };
        let program = Ui { format: Format::Json, terminal, ..Ui::default() };
        assert_eq!(program.confirm("go on?").expect("no IO"), None);
        let sure = Ui { yes: true, ..Ui::default() };
        assert_eq!(sure.confirm("go on?").expect("no IO"), Some(true));
        for (line, yes) in [("y\n", true), (" YES \n", true), ("\n", false), ("yep", false)] {
            assert_eq!(is_yes(line), yes, "{line:?}");
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_our_own_output_can_be_closed_quietly() {
        let ours = write_line(&mut Closed, "x").expect_err("it is closed");
        let ours = anyhow::Error::from(ours).context("printing");
        assert!(is_closed_output(&ours));
        assert!(format!("{ours:#}").starts_with("printing: writing the answer: "));
        let other = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(!is_closed_output(&other.context("asking a worker")));
    }

    #[test]
    fn a_line_ends_once() {
        for (text, written) in [("a", "a\n"), ("a\n", "a\n"), ("", "")] {
            let mut out = Vec::new();
            write_line(&mut out, text).expect("memory");
            assert_eq!(out, written.as_bytes());
        }
    }
}
