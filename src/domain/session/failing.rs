//! Gates that did not pass, as a session remembers them: which, how, and the end of what they
//! printed.

use serde::{Deserialize, Serialize};

use super::Session;

/// How many of the last lines of a gate's output are remembered.
const LINES: usize = 20;
/// The longest of them, in characters.
const LINE: usize = 400;

/// A gate that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The command.
    pub command: String,
    /// How it ended, in words: `exited with code 1`.
    pub how: String,
    /// The last lines of its output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl Failing {
    /// A command, how it ended, and the end of its output: at most 20 lines, each cut to 400
    /// characters.
    pub fn new(command: &str, how: &str, output: &[String]) -> Self {
        let cut = |line: &String| {
            let mut short: String = line.chars().take(LINE).collect();
            if short.len() < line.len() {
                short.push('…');
            }
            short
        };
        let from = output.len().saturating_sub(LINES);
        Self {
            command: command.to_owned(),
            how: how.to_owned(),
            output: output[from..].iter().map(cut).collect(),
        }
    }

    /// The command with how it ended.
    pub fn describe(&self) -> String {
        format!("`{}` {}", self.command, self.how)
    }
}

/// What became of a wave's gates on the commit that the wave goes out from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The wave.
    pub wave: u32,
    /// The commit.
    pub commit: String,
    /// The commands that were run.
    pub commands: Vec<String>,
    /// Those of them that did not pass.
    pub red: Vec<Failing>,
}

impl Session {
    /// The last look at the gates on a commit before a wave began on it.
    pub fn baseline_on(&self, commit: &str) -> Option<&Baseline> {
        self.baselines.iter().rev().find(|baseline| baseline.commit == commit)
    }

    /// How a gate failed on what a wave goes out from, before anybody had worked on it.
    pub fn red_before(&self, wave: u32, command: &str) -> Option<&Failing> {
        let last = self.baselines.iter().rev().find(|baseline| baseline.wave == wave)?;
        last.red.iter().find(|red| red.command == command)
    }

    /// The gates of the current wave that were red before it.
    pub fn red_now(&self) -> Option<&Baseline> {
        let wave = self.current_wave()?;
        let last = self.baselines.iter().rev().find(|baseline| baseline.wave == wave);
        last.filter(|baseline| !baseline.red.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_output_is_remembered() {
        let lines: Vec<String> = (0..30).map(|n| format!("{n}{}", "é".repeat(500))).collect();
        let failing = Failing::new("make", "exited with code 2", &lines);
        assert_eq!(failing.output.len(), 20);
        assert!(failing.output[0].starts_with("10é") && failing.output[0].ends_with("é…"));
        assert!(failing.output.iter().all(|line| line.chars().count() == 401));
        assert_eq!(failing.describe(), "`make` exited with code 2");
        assert_eq!(Failing::new("a", "b", &["x".to_owned()]).output, ["x"]);
    }
}
