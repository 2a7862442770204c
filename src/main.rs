//! The process: environment, directory, terminal and arguments in, exit code out. Nothing else
//! in the crate reads or ends any of these.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use git_ap::cli::{self, Parsed};
use git_ap::commands::{self, Ctx, Environment, Exit, Globals, Process};
use git_ap::domain::error::{Failure, Kind};
use git_ap::ui::{Format, Terminal, Ui, bug_text, is_closed_output};

/// Analyses allocate much on several threads, for which the system's allocator is slow: with this
/// one the second run on a large repository takes four fifths of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(on_panic));
    let args: Vec<OsString> = std::env::args_os().collect();
    let json = cli::asks_for_json(&args);
    let code = std::panic::catch_unwind(AssertUnwindSafe(|| run(args, json)));
    ExitCode::from(code.unwrap_or_else(|_| after_panic(json)))
}

fn run(args: Vec<OsString>, json: bool) -> u8 {
    let terminal = terminal();
    let format = if json { Format::Json } else { Format::Human };
    let ui = commands::ui(Globals { format, ..Globals::default() }, terminal);
    match cli::parse(args) {
        Ok(Parsed::Show(text)) => report(&ui, ui.styled(&text).map(|()| Exit::DONE)),
        Ok(Parsed::Run(cli)) => {
            let ui = commands::ui(cli.globals, terminal);
            report(&ui, command(*cli, terminal))
        }
        Err(failure) => report(&ui, Err(failure)),
    }
}

fn command(cli: cli::Cli, terminal: Terminal) -> anyhow::Result<Exit> {
    let ctx = Ctx::new(cli.globals, process(terminal)?)?;
    cli::run(&ctx, cli.verb)
}

/// Prints the error, if there is one, and returns the exit code.
fn report(ui: &Ui, outcome: Result<Exit, impl Into<anyhow::Error>>) -> u8 {
    let error = match outcome {
        Ok(exit) => return exit.code(),
        Err(error) => error.into(),
    };
    // Whoever closed the pipe does not want to hear about it.
    if !is_closed_output(&error) {
        // Where the answer cannot be written, the other stream may still be read; with both
        // gone, the exit code says it all.
        if ui.error(&error).is_err() {
            drop(Ui { format: Format::Human, ..ui.clone() }.error(&error));
        }
    }
    Exit::of_error(&error).code()
}

#[expect(clippy::disallowed_methods, reason = "directory and environment come in here")]
fn process(terminal: Terminal) -> anyhow::Result<Process> {
    let cwd = std::env::current_dir().map_err(|error| {
        Failure::new(Kind::Io, format!("the current directory cannot be read: {error}"))
            .hint("cd to a directory that exists")
    })?;
    // Where the system cannot tell, hooks look for it on `PATH`.
    let program = std::env::current_exe().unwrap_or_else(|_| "git-ap".into());
    Ok(Process { cwd, env: Environment(std::env::vars_os().collect()), terminal, program })
}

fn terminal() -> Terminal {
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let colored = |choice| choice != anstream::ColorChoice::Never;
    Terminal {
        stdin_tty: std::io::stdin().is_terminal(),
        stdout_tty: stdout.is_terminal(),
        stderr_tty: stderr.is_terminal(),
        stdout_color: colored(anstream::AutoStream::choice(&stdout)),
        stderr_color: colored(anstream::AutoStream::choice(&stderr)),
        moves: stderr.is_terminal() && variable("TERM").is_some_and(|term| term != "dumb"),
        unicode: is_unicode(),
        width: terminal_width(),
    }
}

/// Whether the locale is one of UTF-8: the first of these that is set says so (locale(7)).
fn is_unicode() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.into_iter().find_map(variable).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "the environment comes in here")]
fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().into_owned();
    Some(value).filter(|value| !value.is_empty())
}

fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size()?;
    Some(usize::from(width.0))
}

fn on_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let what = payload.downcast_ref::<&str>().copied();
    let what = what.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = what.unwrap_or("a panic without words");
    let place = info.location().map_or_else(|| "unknown place".to_owned(), ToString::to_string);
    let mut err = std::io::stderr().lock();
    // A hook that fails must not panic again: with stderr gone there is nobody to tell.
    if err.is_terminal() {
        // A `^C` may stand there.
        drop(write!(err, "\r\x1b[2K"));
    }
    drop(writeln!(err, "{}", bug_text(what, &place)));
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        drop(writeln!(err, "{backtrace}"));
    }
}

/// The exit code after a panic; the hook has told people, programs are told here.
fn after_panic(json: bool) -> u8 {
    if json {
        let ui = Ui { format: Format::Json, ..Ui::default() };
        let bug = Failure::new(Kind::Bug, "git ap has a bug; stderr has the details");
        drop(ui.error(&bug.into()));
    }
    Kind::Bug.exit_code()
}
