//! Known agents that can be spoken to over a protocol: how each is started for that, and what
//! its tool gets. Rows of a table, as the presets are.

use serde_json::{Value, json};

use super::worker::{Manner, Transport};

/// How a known agent is spoken to.
#[derive(Debug)]
pub struct Spoken {
    /// Its preset.
    pub preset: &'static str,
    /// The protocol.
    pub transport: Transport,
    /// The program and arguments that start it.
    pub command: &'static [&'static str],
    /// The tool that takes what it is asked; empty: the protocol has none.
    pub tool: &'static str,
    /// The session's mode, where the agent offers it: asked, free, and in git ap's sandbox, where
    /// one that has its own could not make it. Empty: as the agent begins.
    modes: [&'static str; 3],
}

/// Every agent that is known to speak a protocol.
pub static SPOKEN: [Spoken; 4] = [
    Spoken {
        preset: "codex",
        transport: Transport::Mcp,
        command: &["codex", "mcp-server"],
        tool: "codex",
        modes: [""; 3],
    },
    Spoken {
        preset: "codex",
        transport: Transport::Acp,
        command: &["codex-acp"],
        tool: "",
        modes: ["read-only", "workspace-write", "agent-full-access"],
    },
    Spoken {
        preset: "gemini",
        transport: Transport::Acp,
        command: &["gemini", "--skip-trust", "--acp"],
        tool: "",
        modes: [""; 3],
    },
    Spoken {
        preset: "opencode",
        transport: Transport::Acp,
        command: &["opencode", "acp"],
        tool: "",
        modes: ["plan", "build", "build"],
    },
];

/// How the agent of a preset is spoken to over a protocol, if it is known.
pub fn spoken(preset: &str, transport: Transport) -> Option<&'static Spoken> {
    SPOKEN.iter().find(|spoken| spoken.preset == preset && spoken.transport == transport)
}

impl Spoken {
    /// The mode that its session should have, if it offers it.
    pub fn mode(&self, manner: Manner) -> Option<&'static str> {
        let [asked, free, sandboxed] = self.modes;
        let mode = match manner {
            Manner::Asked => asked,
            Manner::Free => free,
            Manner::Sandboxed => sandboxed,
        };
        (!mode.is_empty()).then_some(mode)
    }

    /// The arguments of its tool, as a template. Codex has a sandbox of its own, which it cannot
    /// make inside of ours.
    pub fn arguments(&self, manner: Manner) -> Value {
        let sandbox = match manner {
            Manner::Asked => "read-only",
            Manner::Free => "workspace-write",
            Manner::Sandboxed => "danger-full-access",
        };
        let approval = if manner == Manner::Free { "on-request" } else { "never" };
        json!({
            "prompt": "{{prompt}}",
            "cwd": "{{worktree}}",
            "sandbox": sandbox,
            "approval-policy": approval,
        })
    }
}
