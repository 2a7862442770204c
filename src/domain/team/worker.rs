//! A worker of the team as a value. What its entry leaves out comes from its preset, and from the
//! defaults of the table of keys.

use super::preset::{self, Preset};
use super::stream::{Cost, Limits, Stream};
use crate::domain::document::{Node, closest};
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::{Code, Finding, Place};

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
    /// Where an MCP server listens.
    pub url: Option<String>,
    /// The tool of an MCP server.
    pub tool: Option<String>,
    /// The arguments of that tool.
    pub arguments: serde_json::Value,
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
    /// The program and arguments with which it is asked something that changes no file.
    pub fn asking(&self) -> Vec<String> {
        self.words(|preset| [preset.asking, preset.command])
    }

    /// The program and arguments with which it works on an objective, in git ap's sandbox or
    /// without one.
    pub fn working(&self, sandboxed: bool) -> Vec<String> {
        self.words(|preset| [if sandboxed { preset.sandboxed } else { &[] }, preset.command])
    }

    /// Those of its entry, else the first of its preset's that there are.
    fn words(&self, of: impl Fn(&'static Preset) -> [&'static [&'static str]; 2]) -> Vec<String> {
        if !self.command.is_empty() {
            return self.command.clone();
        }
        let Some(preset) = self.preset else { return Vec::new() };
        let words = of(preset).into_iter().find(|words| !words.is_empty()).unwrap_or_default();
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Whether it can be given work by git ap.
    pub fn can_work(&self) -> bool {
        self.enabled && self.transport == Transport::Command
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
            let value = filled_in(value, &known).map_err(|missing| {
                let message = format!("the worker {} needs `{missing}`, which is not set", self.id);
                Failure::new(Kind::Worker, message).hint(format!("export {missing}=…"))
            })?;
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
            Transport::Command => Ok(()),
            Transport::Mcp | Transport::Acp => Err(refuse(&format!(
                "only workers with `transport = \"command\"` can be asked for a plan yet, not \
                 `{}`",
                self.transport.as_str()
            ))),
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

/// A worker from its table. None where the table lacks what a worker needs; why is in `findings`.
pub(super) fn worker(text: &str, node: &Node, findings: &mut Vec<Finding>) -> Option<Worker> {
    let mut reader = Reader { text, node, findings };
    reader.checks();
    let word = |key: &str| node.get(key).and_then(Node::as_str);
    let owned = |key: &str| word(key).map(str::to_owned);
    let number = |key: &str| node.get(key).and_then(Node::as_integer);
    let preset = word("preset").and_then(preset::preset);
    let transport = word("transport").unwrap_or("command");
    let transport = Transport::NAMES.iter().find(|(name, _)| *name == transport)?.1;
    let stream = Stream::NAMES.iter().find(|(name, _)| Some(*name) == word("stream"));
    let approve = match word("approve") {
        Some("never") => Approve::Never,
        Some("always") => Approve::Always,
        _ => Approve::InScope,
    };
    let co_author = owned("co_author").or_else(|| {
        preset.map(|preset| preset.co_author.to_owned()).filter(|author| !author.is_empty())
    });
    let pairs = node.get("env").map_or(&[][..], Node::entries).iter();
    Some(Worker {
        id: owned("id")?,
        preset,
        agent_type: owned("agent_type")
            .or_else(|| preset.map(|preset| preset.name.to_owned()))
            .unwrap_or_else(|| "auto".to_owned()),
        transport,
        command: texts(node, "command"),
        stream: match stream {
            Some((_, stream)) => *stream,
            None => preset.map_or(Stream::Text, |preset| preset.stream),
        },
        url: owned("url"),
        tool: owned("tool"),
        arguments: node.get("arguments").map_or(serde_json::json!({}), json),
        approve,
        capabilities: texts(node, "capabilities"),
        max_concurrent: number("max_concurrent").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        limits: Limits {
            turns: number("max_turns").and_then(|n| u64::try_from(n).ok()),
            cost: node.get("max_cost").and_then(Node::as_number).and_then(Cost::of),
        },
        enabled: node.get("enabled").and_then(Node::as_bool).unwrap_or(true),
        timeout_seconds: number("timeout_seconds")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(super::TIMEOUT_SECONDS),
        state: texts(node, "state"),
        env: pairs.filter_map(|e| Some((e.key.clone(), e.node.as_str()?.to_owned()))).collect(),
        co_author,
    })
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).map_or(&[][..], Node::items);
    items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

fn json(node: &Node) -> serde_json::Value {
    use crate::domain::document::Value;
    match &node.value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            let pairs = entries.iter().map(|e| (e.key.clone(), json(&e.node)));
            serde_json::Value::Object(pairs.collect())
        }
        Value::Other(_) => serde_json::Value::Null,
    }
}

/// What the table of keys cannot say about a worker.
struct Reader<'a> {
    text: &'a str,
    node: &'a Node,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn report(&mut self, node: &Node, message: String, help: impl Into<String>) {
        let place = Place::of(self.text, node.span.clone());
        self.findings.push(Finding::error(Code::BadField, message).help(help).at(Some(place)));
    }

    fn checks(&mut self) {
        let node = self.node;
        if let Some(id) = node.get("id").filter(|id| !is_id(id.as_str().unwrap_or_default())) {
            let message = format!("`id` cannot be `{}`", id.as_str().unwrap_or_default());
            let help = "write up to 64 letters, digits, `.`, `_` and `-`, a letter or digit \
                        first, and not `built-in`";
            self.report(id, message, help);
        }
        self.preset();
        for argument in node.get("command").map_or(&[][..], Node::items) {
            if argument.as_str().is_some_and(|text| text.contains('\0')) {
                self.report(argument, "`command` holds a NUL".to_owned(), "remove it");
            }
        }
        for name in node.get("state").map_or(&[][..], Node::items) {
            let text = name.as_str().unwrap_or_default();
            if !preset::is_state(text) {
                let message = format!("`state` cannot be `{text}`: it names nothing in the home");
                let help = "write a path as it is below the home, as `.codex/`";
                self.report(name, message, help);
            }
        }
        for entry in node.get("env").map_or(&[][..], Node::entries) {
            let good = !entry.key.is_empty() && !entry.key.contains(['=', '\0']);
            if !good {
                let message = format!("`{}` cannot name a variable", entry.key);
                self.report(&entry.node, message, "write `NAME = \"value\"`");
            }
            let value = entry.node.as_str().unwrap_or_default();
            if value.contains('\0') || !is_template(value) {
                let message = format!("the value of `{}` cannot be read", entry.key);
                self.report(&entry.node, message, "write `\"${NAME}\"`, or a plain text");
            }
        }
        self.way();
    }

    fn preset(&mut self) {
        let Some(given) = self.node.get("preset") else { return };
        let name = given.as_str().unwrap_or_default();
        if preset::preset(name).is_some() {
            return;
        }
        let names = || preset::PRESETS.iter().map(|preset| preset.name);
        let help = match closest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.report(given, format!("there is no preset `{name}`"), help);
    }

    /// Whether there is a way to reach it.
    fn way(&mut self) {
        let has = |key: &str| self.node.get(key).is_some();
        let transport = self.node.get("transport").and_then(Node::as_str).unwrap_or("command");
        let reachable = match transport {
            "mcp" => has("url") || has("command"),
            "acp" => has("command"),
            "command" => has("command") || has("preset"),
            _ => true,
        };
        if !reachable {
            let help = match transport {
                "mcp" => "add `url = \"http://…\"` or `command = [\"…\"]`",
                "command" => "add `command = [\"program\", \"argument\"]` or `preset = \"…\"`",
                _ => "add `command = [\"program\", \"argument\"]`",
            };
            let message = "nothing says how this worker is started".to_owned();
            let node = self.node.get("id").unwrap_or(self.node);
            self.report(node, message, help);
        }
    }
}

/// The word that means no worker.
pub const BUILT_IN: &str = "built-in";

fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.len() <= 64
        && id.chars().all(plain)
        && id != BUILT_IN
}

/// Whether each `${` of a value begins a name that ends.
fn is_template(value: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    value.split("${").skip(1).all(|behind| {
        behind.split_once('}').is_some_and(|(n, _)| !n.is_empty() && n.chars().all(name))
    })
}
