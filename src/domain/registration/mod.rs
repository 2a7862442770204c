//! How agents are told of `git ap`: which files of a repository they read, what stands there for
//! its tools and for its guard, and how that is put in and taken out again. All else in the files
//! stays as it is.

mod difference;
mod json;
mod toml;

pub use difference::{difference, unified};

/// An agent that can be told.
#[derive(Clone, Copy, Debug)]
pub struct Agent {
    /// Its name for people.
    pub name: &'static str,
    /// The programs that it is started by.
    pub programs: &'static [&'static str],
    /// What of it a repository may have.
    pub signs: &'static [&'static str],
    /// What is written for it.
    pub entries: &'static [Entry],
}

/// Something in a file.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The file, from the repository's root.
    pub file: &'static str,
    /// What stands there.
    pub what: What,
}

/// What stands in a file. Values are JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A member of an object, by the names that lead there.
    Member(&'static [&'static str], &'static str),
    /// An element of an array, by the names that lead to it.
    Element(&'static [&'static str], &'static str),
    /// A member of the root that the agent wants to be there; it goes with the last other one.
    Needed(&'static str, &'static str),
    /// A table of TOML, by the names that lead there, with these lines.
    Table(&'static [&'static str], &'static str),
}

/// What the guard is called by: an element with this in it is ours, or was changed by its owner.
const GUARD: &str = "hook run agent";

const SERVER: &str = r#"{"command":"git-ap","args":["mcp"]}"#;
const STDIO: &str = r#"{"type":"stdio","command":"git-ap","args":["mcp"]}"#;

/// Every agent, as its vendor documents it.
pub const AGENTS: [Agent; 6] = [
    Agent {
        name: "Claude Code",
        programs: &["claude"],
        signs: &[".claude", ".mcp.json", "CLAUDE.md"],
        entries: &[
            Entry { file: ".mcp.json", what: What::Member(&["mcpServers", "git-ap"], STDIO) },
            Entry {
                file: ".claude/settings.json",
                what: What::Element(
                    &["hooks", "PreToolUse"],
                    r#"{"matcher":"Edit|MultiEdit|Write|NotebookEdit","hooks":[{"type":"command","command":"git-ap hook run agent"}]}"#,
                ),
            },
        ],
    },
    Agent {
        name: "Codex",
        programs: &["codex"],
        signs: &[".codex"],
        entries: &[
            Entry {
                file: ".codex/config.toml",
                what: What::Table(
                    &["mcp_servers", "git-ap"],
                    "command = \"git-ap\"\nargs = [\"mcp\"]\n",
                ),
            },
            Entry {
                file: ".codex/hooks.json",
                what: What::Element(
                    &["hooks", "PreToolUse"],
                    r#"{"matcher":"apply_patch|Edit|Write","hooks":[{"type":"command","command":"git-ap hook run agent"}]}"#,
                ),
            },
        ],
    },
    Agent {
        name: "Gemini CLI",
        programs: &["gemini"],
        signs: &[".gemini", "GEMINI.md"],
        entries: &[
            Entry {
                file: ".gemini/settings.json",
                what: What::Member(&["mcpServers", "git-ap"], SERVER),
            },
            Entry {
                file: ".gemini/settings.json",
                what: What::Element(
                    &["hooks", "BeforeTool"],
                    r#"{"matcher":"write_file|replace","hooks":[{"name":"git-ap","type":"command","command":"git-ap hook run agent"}]}"#,
                ),
            },
        ],
    },
    Agent {
        name: "Cursor",
        programs: &["cursor-agent", "cursor"],
        signs: &[".cursor", ".cursorrules"],
        entries: &[
            Entry {
                file: ".cursor/mcp.json",
                what: What::Member(&["mcpServers", "git-ap"], SERVER),
            },
            Entry { file: ".cursor/hooks.json", what: What::Needed("version", "1") },
            Entry {
                file: ".cursor/hooks.json",
                what: What::Element(
                    &["hooks", "preToolUse"],
                    r#"{"command":"git-ap hook run agent","matcher":"Write|StrReplace|Edit|EditNotebook|Delete"}"#,
                ),
            },
        ],
    },
    Agent {
        name: "Copilot CLI",
        programs: &["copilot"],
        signs: &[".github/hooks"],
        entries: &[
            Entry { file: ".github/hooks/git-ap.json", what: What::Needed("version", "1") },
            Entry {
                file: ".github/hooks/git-ap.json",
                what: What::Element(
                    &["hooks", "preToolUse"],
                    r#"{"type":"command","bash":"git-ap hook run agent"}"#,
                ),
            },
        ],
    },
    Agent {
        name: "opencode",
        programs: &["opencode"],
        signs: &["opencode.json", ".opencode"],
        entries: &[Entry {
            file: "opencode.json",
            what: What::Member(
                &["mcp", "git-ap"],
                r#"{"type":"local","command":["git-ap","mcp"],"enabled":true}"#,
            ),
        }],
    },
];

/// A file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its text; none: there is nothing in it any more, or still.
    pub text: Option<String>,
    /// Whether something of ours stands there in other words: it was left.
    pub changed_by_owner: bool,
}

/// A file with these entries in it, or without them. Returns why it cannot be, in words, where
/// the file is not what the agent would read.
pub fn edited(text: Option<&str>, entries: &[What], remove: bool) -> Result<Edited, String> {
    let is_table = |what: &What| matches!(what, What::Table(..));
    if entries.iter().all(is_table) {
        toml::edited(text, entries, remove)
    } else {
        json::edited(text, entries, remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str) -> Vec<What> {
        let entries = AGENTS.iter().flat_map(|agent| agent.entries);
        entries.filter(|entry| entry.file == file).map(|entry| entry.what).collect()
    }

    fn files() -> Vec<&'static str> {
        let mut files: Vec<&str> =
            AGENTS.iter().flat_map(|agent| agent.entries).map(|entry| entry.file).collect();
        files.dedup();
        files
    }

    #[test]
    fn a_new_file_is_what_the_agent_reads_and_goes_again() {
        for file in files() {
            let made = edited(None, &of(file), false).expect(file);
            let text = made.text.expect("there is something in it");
            assert!(!made.changed_by_owner && text.ends_with('\n'), "{file}: {text}");
            assert!(text.contains("git-ap"), "{file}: {text}");
            if std::path::Path::new(file).extension().is_none_or(|end| end != "toml") {
                serde_json::from_str::<serde_json::Value>(&text).expect(file);
            }
            let again = edited(Some(&text), &of(file), false).expect(file);
            assert_eq!(again.text.as_deref(), Some(text.as_str()), "{file}");
            let gone = edited(Some(&text), &of(file), true).expect(file);
            assert_eq!(gone, Edited { text: None, changed_by_owner: false }, "{file}: {text}");
        }
        assert_eq!(
            edited(None, &of(".codex/config.toml"), false).expect("it is made").text.as_deref(),
            Some("[mcp_servers.git-ap]\ncommand = \"git-ap\"\nargs = [\"mcp\"]\n")
        );
    }

    #[test]
    fn what_is_there_stays_and_comes_back() {
        for (file, text) in [
            (
                ".mcp.json",
                "{\n  // mine\n  \"mcpServers\": {\n    \"x\": {\"command\": \"y\"}, /* z */\n  },\n}\n",
            ),
            (".mcp.json", "{\"mcpServers\": {\"x\": {\"command\": \"y\"}}}"),
            (".mcp.json", "{\r\n\t\"a\": 1\r\n}\r\n"),
            (".claude/settings.json", "{\n  \"permissions\": {\"allow\": [\"Bash(ls)\"]}\n}\n"),
            (
                ".claude/settings.json",
                "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\"matcher\": \"Bash\", \"hooks\": []} // one\n    ],\n    \"Stop\": []\n  }\n}\n",
            ),
            (".gemini/settings.json", "{\n    \"ui\": {\"theme\": \"x\"}\n}\n"),
            (
                ".cursor/hooks.json",
                "{\n  \"version\": 1,\n  \"hooks\": {\n    \"stop\": [{\"command\": \"x\"}]\n  }\n}\n",
            ),
            ("opencode.json", "{\n  \"$schema\": \"https://opencode.ai/config.json\"\n}\n"),
            (
                ".codex/config.toml",
                "# mine\nmodel = \"x\" # why\n\n[mcp_servers.other]\ncommand = \"y\"\n\n[tui]\na = 1\n",
            ),
            (".codex/config.toml", "model = \"x\"\n"),
        ] {
            let made = edited(Some(text), &of(file), false).expect(text).text.expect("it stays");
            assert!(made.contains("git-ap") && made != text, "{file}: {made}");
            let comments = text
                .lines()
                .filter_map(|line| line.find("//").or(line.find('#')).map(|at| &line[at..]));
            for comment in comments {
                assert!(made.contains(comment), "{comment} is gone: {made}");
            }
            let again = edited(Some(&made), &of(file), false).expect(&made);
            assert_eq!(again.text.as_deref(), Some(made.as_str()), "{file}");
            let back = edited(Some(&made), &of(file), true).expect(&made);
            if text.lines().count() > 1 {
                assert_eq!(back.text.as_deref(), Some(text), "{file}: {made}");
            } else {
                // What stood on one line has several now, and says the same.
                let value = |text: &str| text.split_whitespace().collect::<String>();
                assert_eq!(value(&back.text.unwrap_or_default()), value(text), "{file}: {made}");
            }
            let nothing = edited(Some(text), &of(file), true).expect(text);
            assert_eq!(nothing.text.as_deref(), Some(text), "{file}");
        }
    }

    #[test]
    fn what_its_owner_changed_is_left() {
        for (file, text) in [
            (".mcp.json", "{\"mcpServers\": {\"git-ap\": {\"command\": \"/opt/git-ap\"}}}\n"),
            (
                ".claude/settings.json",
                "{\"hooks\": {\"PreToolUse\": [{\"matcher\": \"*\", \"hooks\": [{\"type\": \"command\", \"command\": \"git ap hook run agent\"}]}]}}\n",
            ),
            (".codex/config.toml", "[mcp_servers.git-ap]\ncommand = \"/opt/git-ap\"\n"),
        ] {
            for remove in [false, true] {
                let found = edited(Some(text), &of(file), remove).expect(text);
                let expected = Edited { text: Some(text.to_owned()), changed_by_owner: true };
                assert_eq!(found, expected, "{file} {remove}");
            }
        }
    }

    #[test]
    fn a_file_that_is_something_else_is_refused() {
        for (file, text) in [
            (".mcp.json", "["),
            (".mcp.json", "[]"),
            (".mcp.json", "{} {}"),
            (".mcp.json", "{\"mcpServers\": []}"),
            (".mcp.json", "{\"mcpServers\": \"x\"}"),
            (".claude/settings.json", "{\"hooks\": {\"PreToolUse\": {}}}"),
            (".claude/settings.json", "{\"hooks\": [1]}"),
            (".codex/config.toml", "mcp_servers = 7\n"),
            (".codex/config.toml", "[mcp_servers"),
        ] {
            assert!(edited(Some(text), &of(file), false).is_err(), "{file} {text}");
            // Nothing of ours is in it.
            assert!(
                edited(Some(text), &of(file), true).is_ok_and(|e| e.text.as_deref() == Some(text))
                    || text.starts_with('[')
                    || text.ends_with("{}"),
                "{file} {text}"
            );
        }
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(edited(Some(&deep), &of(".mcp.json"), false).is_err());
        let empty = edited(Some(""), &of(".mcp.json"), false).expect("an empty file is a new one");
        assert!(empty.text.is_some_and(|text| text.contains("git-ap")));
    }
}
