//! `git ap man`: the manual. `git ap --help` is `man git-ap` to git, so the pages must be where
//! `man` finds them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap_mangen::roff::{Roff, roman};

use super::{Ctx, Exit};
use crate::ui::{Format, count_of};

/// Print the manual page, or write all pages
///
/// `git ap --help` opens the page `git-ap` once it is installed; `git ap -h` works without.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap man | man -l -                          read the main page
  git ap man --dir ~/.local/share/man/man1       one page for each command")]
pub struct Args {
    /// Write one page for each command to this directory
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// How the text behind a command's help begins.
const EXAMPLES: &str = "Examples:\n";

struct Page {
    name: String,
    roff: Vec<u8>,
}

/// Prints the main page, or writes all of them. `command` is the whole command line of git ap.
pub fn run(ctx: &Ctx, args: &Args, command: clap::Command) -> anyhow::Result<Exit> {
    ctx.require_format("man", &[Format::Human])?;
    let pages = pages(command)?;
    if let Some(dir) = &args.dir {
        let dir = ctx.cwd.join(dir);
        write(&dir, &pages)?;
        let shown = crate::domain::path::quote(dir.as_os_str().as_encoded_bytes()).into_owned();
        ctx.ui.note(&format!(
            "wrote {} to {shown}; to take it back, remove `git-ap*.1` there",
            count_of(pages.len(), "page")
        ));
    } else {
        ctx.ui.verbatim(&pages[0].roff)?;
    }
    Ok(Exit::DONE)
}

/// The main page, then one for each command in the order in which they are declared.
fn pages(command: clap::Command) -> anyhow::Result<Vec<Page>> {
    let mut root = command.disable_help_subcommand(true);
    root.build();
    let subcommands: Vec<clap::Command> =
        root.get_subcommands().filter(|s| !s.is_hide_set()).cloned().collect();
    std::iter::once(root).chain(subcommands).map(page).collect()
}

fn page(command: clap::Command) -> anyhow::Result<Page> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let man = clap_mangen::Man::new(command).manual("git ap");
    let mut roff = Vec::new();
    render(&man, has_commands, help.strip_prefix(EXAMPLES), &mut roff)
        .context("rendering a manual page")?;
    Ok(Page { name: man.get_filename(), roff })
}

/// The sections of a page. `clap_mangen` would fill the lines of the examples into one
/// paragraph, so they are put here as they are.
fn render(
    man: &clap_mangen::Man,
    has_commands: bool,
    examples: Option<&str>,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_commands {
        man.render_subcommands_section(out)?;
    }
    if let Some(examples) = examples {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in examples.lines() {
            section.text([roman(line.trim())]);
        }
        section.control("fi", []);
        section.to_writer(out)?;
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "pages go where the user says, outside of any repository; writing them again mends \
              whatever a failure left"
)]
fn write(dir: &Path, pages: &[Page]) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("making `{}`", dir.display()))?;
    for page in pages {
        let path = dir.join(&page.name);
        std::fs::write(&path, &page.roff)
            .with_context(|| format!("writing `{}`", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn one_page_for_each_command() {
        let check = crate::commands::check::Args::augment_args(clap::Command::new("check"));
        let command =
            clap::Command::new("git-ap").subcommand(check).subcommand(clap::Command::new("man"));
        let pages = pages(command).expect("memory");
        let names: Vec<&str> = pages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["git-ap.1", "git-ap-check.1", "git-ap-man.1"]);
        for page in &pages {
            let roff = String::from_utf8_lossy(&page.roff);
            assert!(roff.contains(".TH ") && roff.contains(".SH SYNOPSIS"), "{roff}");
            assert!(!roff.contains('\x1b'), "{roff}");
        }
        let check = String::from_utf8_lossy(&pages[1].roff).into_owned();
        let examples = check.split(".SH EXAMPLES\n.nf\n").nth(1).expect("it has some");
        assert!(examples.starts_with("git ap check "), "{examples}");
        assert!(examples.ends_with("\n.fi\n"), "{examples}");
    }

    #[test]
    fn the_directory_is_made_and_pages_are_replaced() {
        let temporary = tempfile::tempdir().expect("a directory");
        let dir = temporary.path().join("share/man/man1");
        let page = |roff: &str| [Page { name: "git-ap.1".into(), roff: roff.into() }];
        write(&dir, &page("old")).expect("written");
        write(&dir, &page("new")).expect("written");
        let read = std::fs::read_to_string(dir.join("git-ap.1")).expect("there");
        assert_eq!(read, "new");
    }
}
