//! Known agents: how each is called, how it takes a prompt, and how its answer is found in what
//! it prints. Rows of a table, so that a new agent is a row and not code.

use super::stream::Stream;

/// How an agent is called. In an argument `{{prompt}}`, `{{prompt_file}}` and `{{worktree}}` are
/// filled in; where neither of the first two stands, the prompt comes on standard input.
#[derive(Debug)]
pub struct Preset {
    /// What `preset` in `team.toml` calls it.
    pub name: &'static str,
    /// The command with leave to change the files of its worktree.
    pub command: &'static [&'static str],
    /// The same without that leave, for one that is only asked; empty: there is no such form.
    pub asking: &'static [&'static str],
    /// The first in git ap's sandbox, for an agent that has one of its own: it could not make it
    /// there, and would fail at every command. Empty: the same.
    pub sandboxed: &'static [&'static str],
    /// How its standard output is read.
    pub stream: Stream,
    /// Variables that it is given beside those of its entry.
    pub env: &'static [(&'static str, &'static str)],
    /// What it keeps in the home; a directory ends in `/`. The sandbox lets it write there.
    pub state: &'static [&'static str],
    /// How commits name it, as `Name <mail>`; empty: not known.
    pub co_author: &'static str,
}

/// Every preset, sorted by name.
pub static PRESETS: [Preset; 12] = [
    Preset {
        name: "aider",
        command: &[
            "aider",
            "--message-file",
            "{{prompt_file}}",
            "--yes-always",
            "--no-stream",
            "--no-pretty",
            "--no-auto-commits",
            "--analytics-disable",
            "--no-check-update",
            "--no-gitignore",
        ],
        asking: &[
            "aider",
            "--chat-mode",
            "ask",
            "--message-file",
            "{{prompt_file}}",
            "--yes-always",
            "--no-stream",
            "--no-pretty",
            "--no-auto-commits",
            "--analytics-disable",
            "--no-check-update",
            "--no-gitignore",
        ],
        sandboxed: &[],
        stream: Stream::Text,
        env: &[],
        state: &[".aider/"],
        co_author: "",
    },
    Preset {
        name: "amp",
        command: &["amp", "-x", "{{prompt}}", "--stream-json"],
        asking: &[],
        sandboxed: &[],
        stream: Stream::Claude,
        env: &[],
        state: &[".amp/", ".cache/amp/", ".config/amp/", ".local/share/amp/"],
        co_author: "",
    },
    Preset {
        name: "claude",
        command: &[
            "claude",
            "-p",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-mode",
            "acceptEdits",
            "--allowedTools",
            "Bash",
        ],
        asking: &["claude", "-p", "--output-format", "stream-json", "--verbose"],
        sandboxed: &[],
        stream: Stream::Claude,
        env: &[],
        state: &[".claude.json", ".claude/"],
        co_author: "Claude <noreply@anthropic.com>",
    },
    Preset {
        name: "codex",
        command: &["codex", "exec", "--json", "-s", "workspace-write", "-C", "{{worktree}}", "-"],
        asking: &["codex", "exec", "--json", "-s", "read-only", "-C", "{{worktree}}", "-"],
        sandboxed: &[
            "codex",
            "exec",
            "--json",
            "-s",
            "danger-full-access",
            "-C",
            "{{worktree}}",
            "-",
        ],
        stream: Stream::Codex,
        env: &[],
        state: &[".codex/"],
        co_author: "Codex <codex@openai.com>",
    },
    Preset {
        name: "copilot",
        command: &[
            "copilot",
            "-p",
            "{{prompt}}",
            "--allow-all-tools",
            "--no-ask-user",
            "--no-auto-update",
            "--output-format",
            "json",
        ],
        asking: &[
            "copilot",
            "-p",
            "{{prompt}}",
            "--no-ask-user",
            "--no-auto-update",
            "--output-format",
            "json",
        ],
        sandboxed: &[],
        stream: Stream::Copilot,
        env: &[],
        state: &[".copilot/"],
        co_author: "",
    },
    Preset {
        name: "cursor",
        command: &["cursor-agent", "-p", "--force", "--output-format", "stream-json", "{{prompt}}"],
        asking: &["cursor-agent", "-p", "--output-format", "stream-json", "{{prompt}}"],
        sandboxed: &[],
        stream: Stream::Claude,
        env: &[],
        state: &[".config/cursor/", ".cursor/"],
        co_author: "",
    },
    Preset {
        name: "droid",
        command: &["droid", "exec", "--auto", "medium", "-f", "{{prompt_file}}"],
        asking: &["droid", "exec", "-f", "{{prompt_file}}"],
        sandboxed: &[],
        stream: Stream::Text,
        env: &[],
        state: &[".factory/"],
        co_author: "factory-droid[bot] <138933559+factory-droid[bot]@users.noreply.github.com>",
    },
    Preset {
        name: "gemini",
        command: &["gemini", "--skip-trust", "-o", "stream-json", "--approval-mode", "yolo"],
        asking: &["gemini", "--skip-trust", "-o", "stream-json"],
        sandboxed: &[],
        stream: Stream::Gemini,
        env: &[],
        state: &[".gemini/"],
        co_author: "",
    },
    Preset {
        name: "goose",
        command: &["goose", "run", "--no-session", "--output-format", "stream-json", "-i", "-"],
        asking: &[],
        sandboxed: &[],
        stream: Stream::Claude,
        env: &[("GOOSE_MODE", "auto")],
        state: &[".config/goose/", ".local/share/goose/", ".local/state/goose/"],
        co_author: "",
    },
    Preset {
        name: "opencode",
        command: &["opencode", "run", "--format", "json", "--auto", "--dir", "{{worktree}}"],
        asking: &["opencode", "run", "--format", "json", "--dir", "{{worktree}}"],
        sandboxed: &[],
        stream: Stream::Opencode,
        env: &[],
        state: &[
            ".cache/opencode/",
            ".config/opencode/",
            ".local/share/opencode/",
            ".local/state/opencode/",
        ],
        co_author: "",
    },
    Preset {
        name: "pi",
        command: &["pi", "-p", "--mode", "json", "--no-session", "{{prompt}}"],
        asking: &[],
        sandboxed: &[],
        stream: Stream::Pi,
        env: &[],
        state: &[".pi/"],
        co_author: "",
    },
    Preset {
        name: "qwen",
        command: &["qwen", "-o", "stream-json", "--approval-mode", "yolo"],
        asking: &["qwen", "-o", "stream-json"],
        sandboxed: &[],
        stream: Stream::Claude,
        env: &[],
        state: &[".qwen/"],
        co_author: "",
    },
];

/// Whether a text names something in a home: one or more names, none of them `.` or `..`.
pub(super) fn is_state(text: &str) -> bool {
    let path = text.strip_suffix('/').unwrap_or(text);
    path.split('/').all(|name| !matches!(name, "" | "." | "..")) && !text.contains('\0')
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_name_only_what_is_filled_in() {
        assert!(PRESETS.is_sorted_by_key(|preset| preset.name));
        for preset in &PRESETS {
            assert!(!preset.command.is_empty(), "{}", preset.name);
            assert!(!preset.state.is_empty() && preset.state.is_sorted(), "{}", preset.name);
            assert!(preset.state.iter().all(|name| is_state(name)), "{}", preset.name);
            let words = preset.command.iter().chain(preset.asking).chain(preset.sandboxed);
            for argument in words {
                let known = ["{{prompt}}", "{{prompt_file}}", "{{worktree}}"].contains(argument);
                assert!(known || !argument.contains("{{"), "{}: {argument}", preset.name);
            }
        }
        assert_eq!(preset("codex").map(|p| p.command[0]), Some("codex"));
        assert!(preset("nobody").is_none());
    }
}
