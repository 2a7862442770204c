//! A worker of the team as a value. What its entry leaves out comes from its preset, and from the
//! defaults of the table of keys.

use super::preset::Preset;
use super::spoken::{Spoken, spoken};
use super::stream::{Limits, Stream, Tells};
use crate::domain::error::{Failure, Kind};

/// How a worker is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A command that takes a prompt and answers on standard output.
    Command,
    /// A server of the Model Context Protocol.
    Mcp,
    /// An agent of the Agent Client Protocol.
    Acp,
    /// A person.
    Human,
}

impl Transport {
    /// Every transport with its name in the file.
    pub const NAMES: [(&'static str, Transport); 4] = [
        ("command", Transport::Command),
        ("mcp", Transport::Mcp),
        ("acp", Transport::Acp),
        ("human", Transport::Human),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, transport)| *transport == self);
        named.map_or("", |(name, _)| *name)
    }
}

/// What an agent that asks for leave is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approve {
    /// Yes, inside its scope.
    InScope,
    /// No.
    Never,
    /// Yes.
    Always,
}

/// What a worker is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It is asked something, and is to change no file.
    Asked,
    /// It works, and nothing but itself keeps it to anything.
    Free,
    /// It works in git ap's sandbox.
    Sandboxed,
}

impl Manner {
    /// That of one who works, in the sandbox or without it.
    pub fn of_work(sandboxed: bool) -> Self {
        if sandboxed { Self::Sandboxed } else { Self::Free }
    }
}

/// The word that means no worker.
pub const BUILT_IN: &str = "built-in";

/// Who can work, and how it is asked to.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Its name.
    pub id: String,
    /// The known agent that it is.
    pub preset: Option<&'static Preset>,
    /// What objectives call this kind of worker.
    pub agent_type: String,
    /// How it is spoken to.
    pub transport: Transport,
    /// The program and its arguments, as its entry has them; empty: those of the preset.
    pub command: Vec<String>,
    /// How its standard output is read.
    pub stream: Stream,
    /// Where an MCP server listens; none: it is started.
    pub url: Option<String>,
    /// What is sent with every request to that place; a value may hold `${NAME}`.
    pub headers: Vec<(String, String)>,
    /// Whether that place may be far away without encryption.
    pub plain_http: bool,
    /// The tool of an MCP server; none: that of the preset.
    pub tool: Option<String>,
    /// The arguments of that tool; none: those of the preset.
    pub arguments: Option<serde_json::Value>,
    /// What an agent that asks is told.
    pub approve: Approve,
    /// Languages and kinds of work that it is good at.
    pub capabilities: Vec<String>,
    /// Objectives at once.
    pub max_concurrent: u32,
    /// Whether it gets work.
    pub enabled: bool,
    /// What a try of it may use, where its entry says that.
    pub limits: Limits,
    /// After how many seconds it is stopped when it is asked for a plan.
    pub timeout_seconds: u64,
    /// Variables that it gets; a value may hold `${NAME}`.
    pub env: Vec<(String, String)>,
    /// What in the home it may write beside its preset's own; a directory ends in `/`.
    pub state: Vec<String>,
    /// How commits name it, as `Name <mail>`.
    pub co_author: Option<String>,
}

impl PartialEq for Preset {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Worker {
    /// The program and arguments with which it is started; none: it is not started by git ap.
    pub fn words(&self, manner: Manner) -> Vec<String> {
        if self.is_remote() {
            return Vec::new();
        }
        if !self.command.is_empty() {
            return self.command.clone();
        }
        let words = match (self.transport, self.preset) {
            (_, None) | (Transport::Human, _) => return Vec::new(),
            (Transport::Command, Some(preset)) => match manner {
                Manner::Asked if !preset.asking.is_empty() => preset.asking,
                Manner::Sandboxed if !preset.sandboxed.is_empty() => preset.sandboxed,
                Manner::Asked | Manner::Sandboxed | Manner::Free => preset.command,
            },
            (Transport::Mcp | Transport::Acp, Some(_)) => match self.spoken() {
                Some(spoken) => spoken.command,
                None => return Vec::new(),
            },
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// How its known agent is spoken to over a protocol.
    fn spoken(&self) -> Option<&'static Spoken> {
        spoken(self.preset?.name, self.transport)
    }

    /// The mode that its session should have, if it is known and offers it.
    pub fn mode(&self, manner: Manner) -> Option<&'static str> {
        self.spoken()?.mode(manner)
    }

    /// The tool of an MCP server that takes what it is asked, with its arguments as a template.
    pub fn tool(&self, manner: Manner) -> Option<(String, serde_json::Value)> {
        let known = self.spoken().filter(|_| self.tool.is_none());
        let tool = self.tool.clone().or_else(|| Some(known?.tool.to_owned()))?;
        let arguments = self.arguments.clone();
        Some((tool, arguments.or_else(|| Some(known?.arguments(manner))).unwrap_or_default()))
    }

    /// Its headers with each `${NAME}` filled in by `known`. Fails on a name that is not known.
    pub fn headers(
        &self,
        known: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, Failure> {
        let filled = |(name, value): &(String, String)| {
            Ok((name.clone(), filled_in(value, &known).map_err(|missing| self.lacks(&missing))?))
        };
        self.headers.iter().map(filled).collect()
    }

    fn lacks(&self, missing: &str) -> Failure {
        let message = format!("the worker {} needs `{missing}`, which is not set", self.id);
        Failure::new(Kind::Worker, message).hint(format!("export {missing}=…"))
    }

    /// What it is called by whoever starts or calls it: its command, or where it listens.
    pub fn shown(&self, manner: Manner) -> String {
        match &self.url {
            Some(url) if self.is_remote() => url.clone(),
            Some(_) | None => self.words(manner).join(" "),
        }
    }

    /// Whether it is a server that git ap does not start.
    pub fn is_remote(&self) -> bool {
        self.transport == Transport::Mcp && self.url.is_some()
    }

    /// When it tells of turns, and of cost. ACP has the uses of tools, and a message for the cost
    /// that not every agent sends; of the servers of MCP, only codex tells of what it does.
    pub fn tells(&self) -> (Tells, Tells) {
        let is_codex = self.preset.is_some_and(|preset| preset.name == "codex");
        match self.transport {
            Transport::Command => self.stream.tells(),
            Transport::Acp => (Tells::Meanwhile, Tells::Perhaps),
            Transport::Mcp if is_codex && self.url.is_none() => (Tells::Meanwhile, Tells::Never),
            Transport::Mcp => (Tells::Never, Tells::Never),
            // Nobody counts what people do.
            Transport::Human => (Tells::Meanwhile, Tells::Meanwhile),
        }
    }

    /// Whether it can be given work by git ap.
    pub fn can_work(&self) -> bool {
        self.enabled && self.transport != Transport::Human
    }

    /// Its variables with each `${NAME}` filled in by `known`. Fails on a name that is not known:
    /// an agent without its key fails later, and says less.
    pub fn environment(
        &self,
        known: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, Failure> {
        let preset = self.preset.map_or(&[][..], |preset| preset.env);
        let preset = preset.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut out: Vec<(String, String)> = preset.collect();
        for (name, value) in &self.env {
            let value = filled_in(value, &known).map_err(|missing| self.lacks(&missing))?;
            out.retain(|(earlier, _)| earlier != name);
            out.push((name.clone(), value));
        }
        Ok(out)
    }

    /// What in the home the sandbox lets it write: its preset's own, and what its entry names. A
    /// directory ends in `/`.
    pub fn state(&self) -> Vec<String> {
        let preset = self.preset.map_or(&[][..], |preset| preset.state);
        let preset = preset.iter().map(|name| (*name).to_owned());
        preset.chain(self.state.iter().cloned()).collect()
    }

    /// Refuses by name a worker that cannot be asked for a plan.
    pub fn require_planner(&self) -> Result<(), Failure> {
        let refuse = |why: &str| {
            let message = format!("the worker {} cannot plan: {why}", self.id);
            Failure::new(Kind::User, message).hint("add `--planner built-in`")
        };
        if !self.enabled {
            return Err(refuse("`enabled` is false"));
        }
        match self.transport {
            Transport::Command | Transport::Mcp | Transport::Acp => Ok(()),
            Transport::Human => {
                let hint = "print what to ask with `git ap plan --prompt`";
                Err(refuse("it is a person").hint(hint))
            }
        }
    }
}

/// A text with each `${NAME}` filled in; the error is the first name that is not known.
fn filled_in(text: &str, known: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&known(name).ok_or_else(|| name.to_owned())?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}
