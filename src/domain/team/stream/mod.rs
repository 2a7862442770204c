//! What agents print while they work, read line by line: what they do, what their last message
//! is, and whether they say that they failed. Nothing that they print can stop the reading.

mod told;
mod usage;

use serde_json::Value;

use told::{error_text, first, text, tool_use};
pub use usage::{Cost, Limits, Tells, Usage};

/// How an agent's standard output is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    /// Plain text; all of it is the answer.
    #[default]
    Text,
    /// `codex exec --json`.
    Codex,
    /// `claude -p --output-format stream-json`, and those that print the same.
    Claude,
    /// `gemini -o stream-json`.
    Gemini,
    /// `opencode run --format json`.
    Opencode,
    /// `copilot --output-format json`.
    Copilot,
    /// `pi --mode json`.
    Pi,
}

impl Stream {
    /// Every stream with the name that `stream` in `team.toml` has for it.
    pub const NAMES: [(&'static str, Stream); 7] = [
        ("text", Stream::Text),
        ("codex", Stream::Codex),
        ("claude", Stream::Claude),
        ("gemini", Stream::Gemini),
        ("opencode", Stream::Opencode),
        ("copilot", Stream::Copilot),
        ("pi", Stream::Pi),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, stream)| *stream == self);
        named.map_or("", |(name, _)| *name)
    }
}

/// What kind of thing a worker does; the words are those of `worker_activity` events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It thinks aloud.
    Reasoning,
    /// It uses a tool.
    ToolUse,
    /// It changes a file.
    Coding,
    /// It says how far it is.
    Progress,
    /// Anything else that it prints.
    Log,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::ToolUse => "tool_use",
            Self::Coding => "coding",
            Self::Progress => "progress",
            Self::Log => "log",
        }
    }
}

/// Something that a worker does, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Of which kind it is.
    pub kind: Kind,
    /// What, bounded and on one line.
    pub text: String,
}

/// The most characters of an activity.
const ACTIVITY: usize = 300;

impl Activity {
    /// An activity: the first line of a text that is not blank, cut where it is too long.
    pub fn new(kind: Kind, text: &str) -> Option<Self> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let mut text: String = line.chars().take(ACTIVITY).collect();
        if text.len() < line.len() {
            text.push('…');
        }
        Some(Self { kind, text })
    }
}

/// How many refusals are kept.
const DENIED: usize = 20;
/// The most bytes of a message that are kept.
const MESSAGE: usize = 8 * 1024 * 1024;

/// Reads the lines of one run of an agent.
#[derive(Debug)]
pub struct Reader {
    stream: Stream,
    /// The last message so far.
    message: String,
    /// Whether the next part of a message belongs to [`Self::message`].
    open: bool,
    /// The message that the stream itself calls the result.
    result: Option<String>,
    failure: Option<String>,
    /// What was printed before, or instead of, any event.
    plain: Option<String>,
    cut: bool,
    usage: Usage,
    /// The last message of its model that was counted as a turn.
    counted: String,
    denied: Vec<String>,
}

/// What a run of an agent came to, by what it printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its last message; empty: it said nothing.
    pub message: String,
    /// Why it says that it failed, if it does. Exit codes of agents do not tell.
    pub failure: Option<String>,
    /// Whether the message was longer than what is kept.
    pub cut: bool,
    /// What it used.
    pub usage: Usage,
    /// What it wanted to do and had no leave for, as far as it says.
    pub denied: Vec<String>,
}

impl Reader {
    /// A reader for a stream of this kind.
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            message: String::new(),
            open: false,
            result: None,
            failure: None,
            plain: Some(String::new()),
            cut: false,
            usage: Usage::default(),
            counted: String::new(),
            denied: Vec::new(),
        }
    }

    /// What it has used so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes a line without its end, and says what it shows the agent doing.
    pub fn line(&mut self, line: &str) -> Option<Activity> {
        if self.stream == Stream::Text {
            self.push(line);
            self.push("\n");
            return progress(line);
        }
        // What is no event is a warning that some library printed in between, or the agent was
        // started without the option that makes it print events.
        let Some(event) = event(line) else {
            self.plain = self.plain.take().map(|plain| with(plain, line, &mut self.cut));
            return Activity::new(Kind::Log, line);
        };
        self.plain = None;
        match self.stream {
            Stream::Text => None,
            Stream::Codex => self.codex(&event),
            Stream::Claude => self.claude(&event),
            Stream::Gemini => self.gemini(&event),
            Stream::Opencode => self.opencode(&event),
            Stream::Copilot => self.copilot(&event),
            Stream::Pi => self.pi(&event),
        }
    }

    /// What it came to. A result that is empty is none: the last message counts then. Where no
    /// event was printed at all, the plain text is the answer.
    pub fn finish(self) -> Said {
        let result = self.result.filter(|result| !result.trim().is_empty());
        let plain = self.plain.filter(|_| self.stream != Stream::Text);
        let message = result.or(plain).unwrap_or(self.message);
        let (failure, cut, usage, denied) = (self.failure, self.cut, self.usage, self.denied);
        Said { message, failure, cut, usage, denied }
    }

    /// A whole message in place of the one before.
    fn message(&mut self, text: &str) -> Option<Activity> {
        self.message.clear();
        self.open = false;
        self.push(text);
        Activity::new(Kind::Reasoning, text)
    }

    /// A part of a message: the next one if none is open.
    fn part(&mut self, text: &str) -> Option<Activity> {
        if !self.open {
            self.message.clear();
            self.open = true;
        }
        self.push(text);
        None
    }

    fn push(&mut self, text: &str) {
        append(&mut self.message, text, &mut self.cut);
    }

    fn fail(&mut self, why: &Value) -> Option<Activity> {
        let text = error_text(why);
        let activity = Activity::new(Kind::Log, &text);
        self.failure = Some(activity.as_ref().map_or("no reason given".into(), |a| a.text.clone()));
        activity
    }

    /// `thread.started turn.started item.started item.completed turn.completed turn.failed`.
    fn codex(&mut self, event: &Value) -> Option<Activity> {
        let item = &event["item"];
        let idle = ["error", "reasoning", "todo_list", ""];
        if event["type"] == "item.completed" && !idle.contains(&text(&item["type"])) {
            self.usage.turn();
        }
        match (text(&event["type"]), text(&item["type"])) {
            ("item.completed", "agent_message") => self.message(text(&item["text"])),
            ("item.completed", "reasoning") => Activity::new(Kind::Reasoning, text(&item["text"])),
            ("item.started", "command_execution") => {
                Activity::new(Kind::ToolUse, text(&item["command"]))
            }
            ("item.completed", "file_change") => {
                let path = &item["changes"][0]["path"];
                Activity::new(Kind::Coding, &format!("changed {}", text(path)))
            }
            // An item that is an error may be a warning: only the turn says that it failed.
            ("item.completed", "error") => Activity::new(Kind::Log, text(&item["message"])),
            ("turn.failed", _) => self.fail(&event["error"]),
            ("turn.completed", _) => {
                self.failure = None;
                None
            }
            _ => None,
        }
    }

    /// `system assistant user`, then `result{subtype, is_error, result}`.
    fn claude(&mut self, event: &Value) -> Option<Activity> {
        match text(&event["type"]) {
            "assistant" => {
                // One message may come in several parts, each with its id.
                let id = text(&event["message"]["id"]);
                if id.is_empty() || id != self.counted {
                    id.clone_into(&mut self.counted);
                    self.usage.turn();
                }
                let content = event["message"]["content"].as_array()?;
                let texts = content.iter().filter(|part| part["type"] == "text");
                let whole: Vec<&str> = texts.map(|part| text(&part["text"])).collect();
                let said = if whole.is_empty() { None } else { self.message(&whole.concat()) };
                let tool = content.iter().find(|part| part["type"] == "tool_use");
                tool.and_then(|part| tool_use(text(&part["name"]), &part["input"])).or(said)
            }
            "result" => {
                self.usage.all_turns(&event["num_turns"]);
                self.usage.all_spent(&event["total_cost_usd"]);
                let denials = event["permission_denials"].as_array().into_iter().flatten();
                let named =
                    denials.filter_map(|d| tool_use(text(&d["tool_name"]), &d["tool_input"]));
                self.denied = named.map(|activity| activity.text).take(DENIED).collect();
                if event["is_error"] == true {
                    let result = &event["result"];
                    return self.fail(if result.is_string() { result } else { &event["subtype"] });
                }
                self.result = event["result"].as_str().map(str::to_owned);
                None
            }
            "error" => self.fail(first(&[&event["error"], &event["message"]])),
            _ => None,
        }
    }

    /// `init message{role, content, delta} tool_use tool_result error result{status}`.
    fn gemini(&mut self, event: &Value) -> Option<Activity> {
        match text(&event["type"]) {
            "message" if event["role"] == "assistant" => {
                let content = text(&event["content"]);
                if event["delta"] != true || !self.open {
                    self.usage.turn();
                }
                if event["delta"] == true { self.part(content) } else { self.message(content) }
            }
            "tool_use" => {
                self.open = false;
                self.usage.turn();
                tool_use(text(&event["tool_name"]), &event["parameters"])
            }
            "error" => Activity::new(Kind::Log, text(&event["message"])),
            "result" if event["status"] == "error" => self.fail(&event["error"]),
            _ => None,
        }
    }

    /// `step_start text{part.text} tool_use{part} step_finish error`.
    fn opencode(&mut self, event: &Value) -> Option<Activity> {
        let part = &event["part"];
        match text(&event["type"]) {
            "step_start" => {
                self.open = false;
                None
            }
            "text" => {
                let said = text(&part["text"]);
                self.part(said);
                Activity::new(Kind::Reasoning, said)
            }
            "tool_use" => tool_use(text(&part["tool"]), &part["state"]["input"]),
            "step_finish" => {
                self.usage.turn();
                self.usage.spent(&part["cost"]);
                None
            }
            "error" => self.fail(&event["error"]),
            _ => None,
        }
    }

    /// `assistant.message{data.content} tool.execution_start{data.toolName}`, then
    /// `result{exitCode}`.
    fn copilot(&mut self, event: &Value) -> Option<Activity> {
        let data = &event["data"];
        match text(&event["type"]) {
            "assistant.message" => {
                self.usage.turn();
                match text(&data["content"]) {
                    "" => None,
                    said => self.message(said),
                }
            }
            "tool.execution_start" => tool_use(text(&data["toolName"]), &data["arguments"]),
            "session.error" => self.fail(data),
            "result" => match event["exitCode"].as_i64() {
                None | Some(0) => None,
                Some(code) => self.fail(&Value::from(format!("its result is exit code {code}"))),
            },
            _ => None,
        }
    }

    /// `message_end{message{role, content}} tool_execution_start{toolName} agent_end{messages}`.
    fn pi(&mut self, event: &Value) -> Option<Activity> {
        match text(&event["type"]) {
            "message_end" if event["message"]["role"] == "assistant" => {
                let message = &event["message"];
                self.usage.turn();
                self.usage.spent(&message["usage"]["cost"]["total"]);
                if message["stopReason"] == "error" {
                    return self.fail(&message["errorMessage"]);
                }
                let content = message["content"].as_array()?;
                let texts = content.iter().filter(|part| part["type"] == "text");
                let whole: Vec<&str> = texts.map(|part| text(&part["text"])).collect();
                if whole.is_empty() { None } else { self.message(&whole.concat()) }
            }
            "tool_execution_start" => tool_use(text(&event["toolName"]), &event["args"]),
            _ => None,
        }
    }
}

/// Adds to a message what there is room for.
pub fn append(message: &mut String, text: &str, cut: &mut bool) {
    let room = MESSAGE.saturating_sub(message.len());
    let end = text.floor_char_boundary(room.min(text.len()));
    *cut |= end < text.len();
    message.push_str(&text[..end]);
}

fn with(mut message: String, line: &str, cut: &mut bool) -> String {
    append(&mut message, line, cut);
    append(&mut message, "\n", cut);
    message
}

/// A line of plain text that says how far its writer is: `PROGRESS: 25% - reading the parser`.
pub fn progress(line: &str) -> Option<Activity> {
    Activity::new(Kind::Progress, line.trim_start().strip_prefix("PROGRESS:")?)
}

/// A line as an event. A plan on one line is none, though it has a `type` as well.
fn event(line: &str) -> Option<Value> {
    let line = line.trim();
    if !line.starts_with('{') {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    (value["type"].is_string() && value["objective"].is_null()).then_some(value)
}

#[cfg(test)]
mod tests;
