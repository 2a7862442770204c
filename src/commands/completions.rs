//! `git ap completions`: scripts for shells. They complete `git-ap`, and `git ap` by the way
//! that git's own completion leaves for subcommands; `git` itself is never taken over.

use clap_complete::Shell;

use super::{Ctx, Exit};
use crate::ui::Format;

/// Print a completion script
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap completions bash > ~/.local/share/bash-completion/completions/git-ap
  git ap completions zsh > ~/.zfunc/_git-ap      a directory of $fpath
  git ap completions fish > ~/.config/fish/completions/git-ap.fish")]
pub struct Args {
    /// For which shell
    #[arg(value_enum, value_name = "bash|zsh|fish", hide_possible_values = true)]
    pub shell: Language,
}

/// A shell that a script can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
}

/// git's completion calls `_git_<command>` with its own variables: the words in `words`, where
/// the command stands among them in `__git_cmd_idx` (git's git-completion.bash). They are laid
/// out anew as if `git-ap` had been typed.
const BASH_BELOW_GIT: &str = r#"
_git_ap() {
    local start=${__git_cmd_idx:-1}
    local -a COMP_WORDS=(git-ap "${words[@]:start+1}")
    local COMP_CWORD=$((cword - start))
    _gitap git-ap "$cur" "$prev"
}
"#;

/// Prints the script for `command`, the whole command line of git ap.
pub fn run(ctx: &Ctx, args: &Args, command: clap::Command) -> anyhow::Result<Exit> {
    ctx.require_format("completions", &[Format::Human])?;
    ctx.ui.verbatim(&script(args.shell, command))?;
    Ok(Exit::DONE)
}

fn script(shell: Language, command: clap::Command) -> Vec<u8> {
    match shell {
        Language::Bash => bash(command),
        Language::Zsh => generate(Shell::Zsh, command, "git-ap"),
        Language::Fish => generate(Shell::Fish, command, "git-ap"),
    }
}

/// clap's script for bash separates the parts of its labels by what it also puts for a `-`, and
/// then misses every subcommand of a name with one. So the script is made for a name without,
/// and registered for ours.
fn bash(command: clap::Command) -> Vec<u8> {
    let script = generate(Shell::Bash, command, "gitap");
    let script = String::from_utf8_lossy(&script);
    let mut out = String::with_capacity(script.len() + BASH_BELOW_GIT.len());
    for line in script.lines() {
        match line.strip_suffix(" gitap") {
            Some(start) if start.trim_start().starts_with("complete ") => {
                out.push_str(start);
                out.push_str(" git-ap");
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out.push_str(BASH_BELOW_GIT);
    out.into_bytes()
}

fn generate(shell: Shell, mut command: clap::Command, name: &str) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;
    use crate::commands::{check, show};

    fn command() -> clap::Command {
        clap::Command::new("git-ap")
            .subcommand(check::Args::augment_args(clap::Command::new("check")))
            .subcommand(show::Args::augment_args(clap::Command::new("show")))
    }

    /// What bash prints for `commands` after it has read the script.
    #[expect(clippy::disallowed_methods, reason = "the script is tried in the shell it is for")]
    fn in_bash(commands: &str) -> String {
        let script = String::from_utf8(script(Language::Bash, command()));
        let input = format!("{}\n{commands}", script.expect("text"));
        let output = std::process::Command::new("bash")
            .args(["--norc", "--noprofile", "-c", &input])
            .output()
            .expect("bash runs");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    #[test]
    fn only_git_ap_is_completed() {
        let out = in_bash("complete -p git-ap; complete -p git 2>&1 || true; type -t _git_ap");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("complete ") && lines[0].ends_with(" git-ap"), "{out}");
        assert!(lines[1].ends_with("git: no completion specification"), "{out}");
        assert_eq!(lines[2], "function");
    }

    #[test]
    fn below_git_the_words_are_found() {
        let below = |words: &str, cword: usize, cur: &str, prev: &str, index: usize| {
            in_bash(&format!(
                "words=({words}); cword={cword}; cur='{cur}'; prev='{prev}'; \
                 __git_cmd_idx={index}; _git_ap; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            ))
        };
        assert_eq!(below("git ap ch", 2, "ch", "ap", 1), "check\n");
        assert_eq!(below("git -C x ap ch", 4, "ch", "ap", 3), "check\n");
        assert_eq!(below("git ap check --sta", 3, "--sta", "check", 1), "--staged\n");
        assert_eq!(below("git ap show --graph d", 4, "d", "--graph", 1), "dot\n");
        let direct = in_bash(
            "COMP_WORDS=(git-ap check --sta); COMP_CWORD=2; _gitap git-ap --sta check; \
             echo \"${COMPREPLY[@]}\"",
        );
        assert_eq!(direct, "--staged\n");
    }

    #[test]
    fn every_shell_has_a_script() {
        for (shell, begins) in
            [(Language::Zsh, "#compdef git-ap"), (Language::Fish, "# Print an optspec")]
        {
            let script = String::from_utf8(script(shell, command())).expect("text");
            assert!(script.starts_with(begins), "{script}");
            assert!(script.contains("staged"), "{script}");
        }
    }
}
