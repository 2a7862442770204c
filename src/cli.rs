//! The command line: which verbs there are, how help shows them, and which `run` a verb means.
//! What was typed wrong becomes a failure like any other.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::builder::styling::{AnsiColor, Styles};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::commands::{
    Ctx, Exit, Globals, analyze, approve, check, clean, completions, config, diff, done, drop,
    fail, history, hook, init, land, logs, man, mcp, merge, path, plan, report, retry,
    run as run_session, sandbox, schema, scope, show, start, status, stop, sync, undo, verify,
    worker,
};
use crate::domain::error::{Failure, Kind};

/// Several workers on one repository, each with files of its own
///
/// git ap plans a request as objectives with exclusive file scopes, in waves that can be worked
/// on in parallel, and proves that no two scopes of a wave can collide.
#[derive(Debug, clap::Parser)]
#[command(
    name = "git-ap",
    bin_name = "git ap",
    version,
    styles = STYLES,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "`git ap <command> -h` says more about a command."
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What git ap can do.
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each one's words for its help stand at its arguments")]
pub enum Verb {
    Plan(plan::Args),
    Check(check::Args),
    Run(run_session::Args),
    Status(status::Args),
    Land(land::Args),
    Clean(clean::Args),
    Approve(approve::Args),
    Start(start::Args),
    Done(done::Args),
    Fail(fail::Args),
    Retry(retry::Args),
    Drop(drop::Args),
    Stop(stop::Args),
    Merge(merge::Args),
    Undo(undo::Args),
    Sync(sync::Args),
    Path(path::Args),
    Logs(logs::Args),
    Diff(diff::Args),
    Scope(scope::Args),
    Analyze(analyze::Args),
    Show(show::Args),
    Report(report::Args),
    Verify(verify::Args),
    History(history::Args),
    Init(init::Args),
    Worker(worker::Args),
    Hook(hook::Args),
    Config(config::Args),
    Sandbox(sandbox::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
    Mcp(mcp::Args),
}

/// How help groups the verbs; each stands in exactly one group.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Everyday", &["plan", "check", "run", "status", "land", "clean"]),
    (
        "By hand",
        &[
            "approve", "start", "done", "fail", "retry", "drop", "stop", "merge", "undo", "sync",
            "path", "logs", "diff", "scope",
        ],
    ),
    ("Look", &["analyze", "show", "report", "history", "verify"]),
    (
        "Set up",
        &["init", "worker", "hook", "config", "sandbox", "schema", "completions", "mcp", "man"],
    ),
];

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// The whole command line, with its verbs in groups.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let line = |verb: &&str| {
        let about = command.find_subcommand(verb).and_then(clap::Command::get_about);
        let about = about.map(StyledStr::to_string).unwrap_or_default();
        format!("  {literal}{verb:<13}{literal:#}{about}\n")
    };
    let group = |(title, verbs): (&str, &[&str])| {
        let lines: String = verbs.iter().map(line).collect();
        format!("{header}{title}:{header:#}\n{lines}\n")
    };
    let groups: String = GROUPS.into_iter().map(group).collect();
    command.help_template(StyledStr::from(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{header}Options:{header:#}\n\
         {{options}}{{after-help}}"
    )))
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// A command.
    Run(Box<Cli>),
    /// Help or the version, with styles in it.
    Show(String),
}

/// Reads a command line, the program's name first. A wrong one is a failure of kind usage.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let result =
        command().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    match result {
        Ok(cli) => Ok(Parsed::Run(Box::new(cli))),
        Err(error) if !error.use_stderr() => Ok(Parsed::Show(error.render().ansi().to_string())),
        Err(error) => Err(usage_failure(&error, &help_for(&args))),
    }
}

/// Whether a command line that may be wrong asks for JSON: then its error is JSON too.
pub fn asks_for_json(args: &[OsString]) -> bool {
    let words = args.iter().take_while(|arg| *arg != "--");
    let next = words.clone().skip(1).map(Some).chain([None]);
    words.zip(next).any(|(arg, next)| {
        arg == "--format=json" || arg == "--format" && next.is_some_and(|next| next == "json")
    })
}

/// Runs what was asked for.
pub fn run(ctx: &Ctx, verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Completions(args) => completions::run(ctx, &args, command()),
        Verb::Man(args) => man::run(ctx, &args, command()),
        Verb::Mcp(args) => mcp::run(ctx, &args),
        Verb::Plan(args) => plan::run(ctx, &args),
        Verb::Check(args) => check::run(ctx, &args),
        Verb::Run(args) => run_session::run(ctx, &args),
        Verb::Land(args) => land::run(ctx, &args),
        Verb::Clean(args) => clean::run(ctx, &args),
        Verb::Fail(args) => fail::run(ctx, &args),
        Verb::Retry(args) => retry::run(ctx, &args),
        Verb::Drop(args) => drop::run(ctx, &args),
        Verb::Undo(args) => undo::run(ctx, &args),
        Verb::Sync(args) => sync::run(ctx, &args),
        Verb::Stop(args) => stop::run(ctx, &args),
        Verb::Logs(args) => logs::run(ctx, &args),
        Verb::Diff(args) => diff::run(ctx, &args),
        Verb::Status(args) => status::run(ctx, &args),
        Verb::Scope(args) => scope::run(ctx, &args),
        Verb::Approve(args) => approve::run(ctx, &args),
        Verb::Start(args) => start::run(ctx, &args),
        Verb::Done(args) => done::run(ctx, &args),
        Verb::Merge(args) => merge::run(ctx, &args),
        Verb::Path(args) => path::run(ctx, &args),
        Verb::Analyze(args) => analyze::run(ctx, &args),
        Verb::Show(args) => show::run(ctx, &args),
        Verb::Report(args) => report::run(ctx, &args),
        Verb::History(args) => history::run(ctx, &args),
        Verb::Verify(args) => verify::run(ctx, &args),
        Verb::Init(args) => init::run(ctx, &args),
        Verb::Worker(args) => worker::run(ctx, &args),
        Verb::Hook(args) => hook::run(ctx, &args),
        Verb::Config(args) => config::run(ctx, &args),
        Verb::Sandbox(args) => sandbox::run(ctx, &args),
        Verb::Schema(args) => schema::run(ctx, &args),
    }
}

/// clap's words as a failure: its first paragraph is what is wrong, its tip or else `help` is
/// what to do.
fn usage_failure(error: &clap::Error, help: &str) -> Failure {
    let no_verb =
        [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if no_verb.contains(&error.kind()) {
        return Failure::new(Kind::Usage, "`git ap` needs a command").hint(help);
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = paragraphs
        .flat_map(str::lines)
        .find_map(|line| line.trim().strip_prefix("tip: ").map(in_backticks));
    Failure::new(Kind::Usage, in_backticks(&message)).hint(tip.unwrap_or_else(|| help.to_owned()))
}

/// The help of the verb that a command line names.
fn help_for(args: &[OsString]) -> String {
    let command = command();
    let named = args.iter().skip(1).find_map(|word| command.find_subcommand(word));
    named.map_or_else(|| "git ap -h".to_owned(), |verb| format!("git ap {} -h", verb.get_name()))
}

/// clap names things in quotes, we in backticks; text that has odd quotes stays as it is.
fn in_backticks(text: &str) -> String {
    if text.matches('\'').count().is_multiple_of(2) {
        text.replace('\'', "`")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line; what stands in double quotes is one.
    fn words(line: &str) -> Vec<OsString> {
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(i, part)| match i % 2 {
            0 => part.split(' ').filter(|w| !w.is_empty()).map(OsString::from).collect(),
            _ => vec![OsString::from(part)],
        });
        words.collect()
    }

    fn failure(line: &str) -> (String, String) {
        let failure = parse(words(line)).expect_err(line);
        assert_eq!(failure.kind, Kind::Usage, "{line}");
        (failure.message, failure.hint.unwrap_or_default())
    }

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn each_verb_stands_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, verbs)| *verbs).copied().collect();
        grouped.sort_unstable();
        let command = command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
        for verb in command.get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n"), "{}", verb.get_name());
        }
    }

    #[test]
    fn help_shows_the_groups() {
        for line in ["git-ap -h", "git-ap --help"] {
            let Ok(Parsed::Show(help)) = parse(words(line)) else { panic!("{line}") };
            let help = anstream::adapter::strip_str(&help).to_string();
            let everyday = help.find("\nEveryday:\n  plan         Analyse a request");
            let set_up = help.find("\nSet up:\n  init ");
            assert!(everyday.is_some() && everyday < set_up, "{help}");
            assert!(help.contains("Usage: git ap [OPTIONS] <COMMAND>"), "{help}");
            assert_eq!(help.matches("Examples").count(), 0, "{help}");
        }
    }

    #[test]
    fn examples_of_the_help_are_commands_that_exist() {
        for verb in command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter_map(|line| line.strip_prefix("  git ap ")) {
                let typed = line.split("  ").next().unwrap_or_default();
                let typed = typed.split(['|', '>']).next().unwrap_or_default().trim();
                let parsed = parse(words(&format!("git-ap {typed}")));
                assert!(matches!(parsed, Ok(Parsed::Run(_))), "{typed}: {parsed:?}");
            }
        }
    }

    #[test]
    fn mistakes_are_named_with_a_way_on() {
        let table = [
            ("git-ap", "`git ap` needs a command", "git ap -h"),
            (
                "git-ap analyse",
                "unrecognized subcommand `analyse`",
                "a similar subcommand exists: `analyze`",
            ),
            (
                "git-ap check --stage",
                "unexpected argument `--stage` found",
                "a similar argument exists: `--staged`",
            ),
            ("git-ap check a b", "unexpected argument `b` found", "git ap check -h"),
            (
                "git-ap plan",
                "the following required arguments were not provided: <REQUEST>...",
                "git ap plan -h",
            ),
            (
                "git-ap plan --from a --edit",
                "the argument `--from <FILE|->` cannot be used with `--edit`",
                "git ap plan -h",
            ),
            (
                "git-ap check --range a..b",
                "the following required arguments were not provided: --objective <ID>",
                "git ap check -h",
            ),
            (
                "git-ap show --graph x",
                "invalid value `x` for `--graph <LANGUAGE>` [possible values: mermaid, dot]",
                "git ap show -h",
            ),
        ];
        for (line, message, hint) in table {
            assert_eq!(failure(line), (message.to_owned(), hint.to_owned()), "{line}");
        }
    }

    #[test]
    fn flags_stand_before_or_behind_the_verb() {
        for line in ["git-ap --format json check x", "git-ap check x --format=json"] {
            let Ok(Parsed::Run(cli)) = parse(words(line)) else { panic!("{line}") };
            assert_eq!(cli.globals.format, crate::ui::Format::Json);
        }
        let table = [
            ("git-ap --format json chekc", true),
            ("git-ap check --format=json --fxi", true),
            ("git-ap check --format human", false),
            ("git-ap plan -- --format json", false),
            ("git-ap plan --format", false),
        ];
        for (line, json) in table {
            assert_eq!(asks_for_json(&words(line)), json, "{line}");
        }
    }
}
