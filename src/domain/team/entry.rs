//! A worker from its table in `team.toml`, and what the table of keys cannot say about it.

use super::preset;
use super::spoken::spoken;
use super::stream::{Cost, Limits, Stream};
use super::url;
use super::worker::{Approve, BUILT_IN, Transport, Worker};
use crate::domain::document::{Node, closest};
use crate::domain::finding::{Code, Finding, Place};

/// A worker from its table. None where the table lacks what a worker needs; why is in `findings`.
/// A server is to say itself what is `unfinished`: which of its tools takes the objective.
pub(super) fn worker(
    text: &str,
    node: &Node,
    unfinished: bool,
    findings: &mut Vec<Finding>,
) -> Option<Worker> {
    let mut reader = Reader { text, node, unfinished, findings };
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
        headers: pairs(node, "headers"),
        plain_http: node.get("plain_http").and_then(Node::as_bool).unwrap_or(false),
        tool: owned("tool"),
        arguments: node.get("arguments").map(json),
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
        env: pairs(node, "env"),
        co_author,
    })
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).map_or(&[][..], Node::items);
    items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

fn pairs(node: &Node, key: &str) -> Vec<(String, String)> {
    let entries = node.get(key).map_or(&[][..], Node::entries).iter();
    entries.filter_map(|e| Some((e.key.clone(), e.node.as_str()?.to_owned()))).collect()
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
    /// Whether a server's tool and its arguments may still be missing.
    unfinished: bool,
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
        self.pairs();
        self.way();
        self.server();
    }

    fn pairs(&mut self) {
        let variable = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
        let header = |name: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            !name.is_empty() && name.chars().all(plain)
        };
        for entry in self.node.get("env").map_or(&[][..], Node::entries) {
            self.pair(&entry.key, &entry.node, variable(&entry.key), "a variable");
        }
        for entry in self.node.get("headers").map_or(&[][..], Node::entries) {
            self.pair(&entry.key, &entry.node, header(&entry.key), "a header");
        }
    }

    fn pair(&mut self, key: &str, node: &Node, good: bool, what: &str) {
        if !good {
            let message = format!("`{key}` cannot name {what}");
            self.report(node, message, "write `NAME = \"value\"`");
        }
        let value = node.as_str().unwrap_or_default();
        if value.contains(['\0', '\n', '\r']) && what == "a header"
            || value.contains('\0')
            || !is_template(value)
        {
            let message = format!("the value of `{key}` cannot be read");
            self.report(node, message, "write `\"${NAME}\"`, or a plain text");
        }
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
        let preset = self.node.get("preset").and_then(Node::as_str).unwrap_or_default();
        let known = Transport::NAMES.iter().find(|(name, _)| *name == transport);
        let known = known.is_some_and(|(_, transport)| spoken(preset, *transport).is_some());
        let reachable = match transport {
            "mcp" => has("url") || has("command") || known,
            "acp" => has("command") || known,
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

    /// Whether an MCP server can be called as it is described.
    fn server(&mut self) {
        let text = |key: &str| self.node.get(key).and_then(Node::as_str);
        if let Some(url) = self.node.get("url") {
            let plain = self.node.get("plain_http").and_then(Node::as_bool).unwrap_or(false);
            if let Err((message, help)) = url::check(url.as_str().unwrap_or_default(), plain) {
                self.report(url, message, help);
            }
        }
        if text("transport") != Some("mcp") || self.unfinished {
            return;
        }
        let known = spoken(text("preset").unwrap_or_default(), Transport::Mcp).is_some();
        let has = |key: &str| self.node.get(key).is_some();
        let whole = has("tool") && has("arguments");
        if !whole && (!known || has("tool")) {
            let (what, help) = if has("tool") {
                ("what the tool gets", "add `arguments = { prompt = \"{{prompt}}\" }`")
            } else {
                (
                    "which tool takes the objective",
                    "add `tool = \"…\"` and `arguments = { … }`, or have `git ap worker discover` ask it",
                )
            };
            let node = self.node.get("id").unwrap_or(self.node);
            self.report(node, format!("nothing says {what}"), help);
        }
    }
}

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
