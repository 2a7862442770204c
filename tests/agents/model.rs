//! A model that does what its prompt says: a server on this machine that speaks the formats of
//! three vendors as far as the agents need them. What it is to do stands in the prompt, as steps:
//! [`run`] has it call the agent's shell with a command, [`call`] a tool of an MCP server. It takes
//! one step an answer, and then says that it is done.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

/// What stands before a command in a prompt, and behind it.
const RUN: [&str; 2] = ["RUN<<", ">>RUN"];
/// What stands before the name of a tool and its arguments, and behind them.
const CALL: [&str; 2] = ["CALL<<", ">>CALL"];

/// What `git ap worker test` asks for, and the step that does it.
const TRIAL: [&str; 2] = ["notes/hello.txt", "mkdir -p notes && echo hello > notes/hello.txt"];

/// A step for the prompt: a command of the agent's shell.
pub fn run(command: &str) -> String {
    format!("{}{command}{}", RUN[0], RUN[1])
}

/// A step for the prompt: a tool of an MCP server that the agent knows, with its arguments.
pub fn call(tool: &str, arguments: &Value) -> String {
    format!("{}{tool} {arguments}{}", CALL[0], CALL[1])
}

/// What it says when it is done.
const DONE: &str = "All done.\n\n### Change Summary\nwrote the file\n";

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Starts a model that answers until the tests are over, and returns its port.
pub fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it listens").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || while serve(&stream).is_some() {});
        }
    });
    port
}

/// Answers one request; none: there is no other on this connection.
fn serve(stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|count| *count > 0)?;
    }
    let path = head.split(' ').nth(1)?.split('?').next()?.to_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let number = CALLS.fetch_add(1, Ordering::Relaxed);
    let answer = Answer::to(&asked, number);
    let streams = asked["stream"] == true || path.ends_with(":streamGenerateContent");
    let (events, whole) = match path.as_str() {
        path if path.ends_with("/responses") => answer.as_responses(),
        path if path.ends_with("/chat/completions") => answer.as_chat(),
        path if path.contains("enerateContent") => answer.as_gemini(),
        path if path.ends_with("/models") => {
            let models =
                json!({ "object": "list", "data": [{ "id": "model", "object": "model" }] });
            return send(stream, "application/json", &models.to_string());
        }
        _ => return send(stream, "application/json", "{\"totalTokens\":1}"),
    };
    if streams {
        send(stream, "text/event-stream", &events.concat())
    } else {
        send(stream, "application/json", &whole.to_string())
    }
}

fn send(mut stream: &TcpStream, kind: &str, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

/// A tool that the model calls.
struct Call {
    name: String,
    /// What the name belongs to, in a format that groups tools.
    namespace: Option<String>,
    /// The arguments, or the free text of a tool that takes one.
    input: Value,
}

/// What the model does next.
struct Answer {
    number: u64,
    /// None: it is done.
    call: Option<Call>,
}

impl Answer {
    fn to(asked: &Value, number: u64) -> Self {
        let mut found = Found::default();
        found.look(asked, None);
        let call = match found.steps.get(found.results) {
            Some(Step::Run(command)) => shell(&found.tools, command),
            Some(Step::Call(name, input)) => found.tool(name, input),
            None => None,
        };
        Self { number, call }
    }

    fn as_responses(&self) -> (Vec<String>, Value) {
        let id = format!("i{}", self.number);
        let item = match &self.call {
            None => json!({ "type": "message", "role": "assistant", "id": id,
                "status": "completed",
                "content": [{ "type": "output_text", "text": DONE, "annotations": [] }] }),
            Some(Call { name, input: Value::String(text), .. }) => {
                json!({ "type": "custom_tool_call", "id": id,
                    "call_id": id, "name": name, "input": text, "status": "completed" })
            }
            Some(Call { name, namespace, input }) => {
                let mut call = json!({ "type": "function_call", "id": id,
                    "call_id": id, "name": name, "arguments": input.to_string(),
                    "status": "completed" });
                if let Some(namespace) = namespace {
                    call["namespace"] = namespace.as_str().into();
                }
                call
            }
        };
        let usage = json!({ "input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens_details": { "reasoning_tokens": 0 } });
        let whole = json!({ "id": format!("r{}", self.number), "object": "response",
            "created_at": 0, "model": "model", "status": "completed", "output": [item],
            "usage": usage });
        let events = [
            json!({ "type": "response.created", "response": { "id": whole["id"],
                "object": "response", "created_at": 0, "model": "model",
                "status": "in_progress", "output": [] } }),
            json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
            json!({ "type": "response.completed", "response": whole }),
        ];
        let named = |event: &Value| {
            format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
        };
        (events.iter().map(named).collect(), whole)
    }

    fn as_chat(&self) -> (Vec<String>, Value) {
        let (message, end) = match &self.call {
            None => (json!({ "role": "assistant", "content": DONE }), "stop"),
            Some(Call { name, input, .. }) => {
                let call = json!({ "index": 0, "id": format!("c{}", self.number),
                    "type": "function",
                    "function": { "name": name, "arguments": input.to_string() } });
                (
                    json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
                    "tool_calls",
                )
            }
        };
        let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
        let chunk = |delta: &Value, end: Value| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": end });
            let chunk = json!({ "id": "c", "object": "chat.completion.chunk", "created": 0,
                "model": "model", "choices": [choice], "usage": usage });
            format!("data: {chunk}\n\n")
        };
        let events = vec![
            chunk(&message, Value::Null),
            chunk(&json!({}), end.into()),
            "data: [DONE]\n\n".to_owned(),
        ];
        let choice = json!({ "index": 0, "message": message, "finish_reason": end });
        let whole = json!({ "id": "c", "object": "chat.completion", "created": 0,
            "model": "model", "choices": [choice], "usage": usage });
        (events, whole)
    }

    fn as_gemini(&self) -> (Vec<String>, Value) {
        let part = match &self.call {
            None => json!({ "text": DONE }),
            Some(Call { name, input, .. }) => {
                json!({ "functionCall": { "name": name, "args": input } })
            }
        };
        let candidate = json!({ "index": 0, "finishReason": "STOP",
            "content": { "role": "model", "parts": [part] } });
        let usage = json!({ "promptTokenCount": 1, "candidatesTokenCount": 1,
            "totalTokenCount": 2 });
        let whole = json!({ "candidates": [candidate], "usageMetadata": usage,
            "modelVersion": "model", "responseId": format!("r{}", self.number) });
        (vec![format!("data: {whole}\n\n")], whole)
    }
}

/// A call of the shell that an agent offers.
fn shell(tools: &[Tool], command: &str) -> Option<Call> {
    let exec = format!("text(await tools.exec_command({}));\n", json!({ "cmd": command }));
    let known = [
        ("exec_command", json!({ "cmd": command })),
        ("shell_command", json!({ "command": command })),
        ("shell", json!({ "command": ["bash", "-c", command] })),
        ("bash", json!({ "command": command, "description": "writes a file" })),
        ("run_shell_command", json!({ "command": command, "is_background": false })),
        // One tool that takes a program in JavaScript.
        ("exec", exec.into()),
    ];
    let (name, input) =
        known.into_iter().find(|(name, _)| tools.iter().any(|t| t.name == *name))?;
    Some(Call { name: name.to_owned(), namespace: None, input })
}

/// A tool that an agent offers.
struct Tool {
    name: String,
    namespace: Option<String>,
}

/// Something that the prompt has the model do.
enum Step {
    Run(String),
    Call(String, Value),
}

/// What of a request matters, in whatever format it is.
#[derive(Default)]
struct Found {
    steps: Vec<Step>,
    /// How many of its calls were answered.
    results: usize,
    tools: Vec<Tool>,
}

impl Found {
    fn look(&mut self, value: &Value, namespace: Option<&str>) {
        match value {
            Value::String(text) => {
                let steps = steps(text);
                if !steps.is_empty() {
                    self.steps = steps;
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item, namespace)),
            Value::Object(entries) => {
                let kind = value["type"].as_str().unwrap_or_default();
                let is_result = kind.ends_with("_output")
                    || value["role"] == "tool"
                    || entries.contains_key("functionResponse");
                if is_result {
                    // What it says may repeat the prompt.
                    self.results += 1;
                    return;
                }
                let group = if kind == "namespace" { value["name"].as_str() } else { namespace };
                for list in ["tools", "functionDeclarations"] {
                    for tool in value[list].as_array().into_iter().flatten() {
                        let names = [&tool["name"], &tool["function"]["name"]];
                        self.tools.extend(names.into_iter().filter_map(Value::as_str).map(
                            |name| Tool {
                                name: name.to_owned(),
                                namespace: group.map(str::to_owned),
                            },
                        ));
                    }
                }
                entries.values().for_each(|value| self.look(value, group));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A call of a tool that the agent may have put the name of its server before.
    fn tool(&self, name: &str, input: &Value) -> Option<Call> {
        let is_it = |tool: &&Tool| tool.name == name || tool.name.ends_with(&format!("_{name}"));
        let Some(tool) = self.tools.iter().find(is_it) else {
            // A tool in JavaScript offers those of the servers, each as a function.
            let has_exec = self.tools.iter().any(|tool| tool.name == "exec");
            let program = format!(
                "const name = Object.keys(tools).find(n => n.endsWith(\"{name}\"));\n\
                 text(JSON.stringify(await tools[name]({input})));\n"
            );
            return has_exec.then(|| Call {
                name: "exec".to_owned(),
                namespace: None,
                input: program.into(),
            });
        };
        let (name, namespace) = (tool.name.clone(), tool.namespace.clone());
        Some(Call { name, namespace, input: input.clone() })
    }
}

/// The steps in a text, in their order. Some agents quote what they were given.
fn steps(text: &str) -> Vec<Step> {
    let text = text.replace("\\\"", "\"");
    let mut found: Vec<(usize, Step)> = Vec::new();
    for [begin, end] in [RUN, CALL] {
        for (at, _) in text.match_indices(begin) {
            let rest = &text[at + begin.len()..];
            let Some((inside, _)) = rest.split_once(end) else { continue };
            let step = if begin == RUN[0] {
                Step::Run(inside.to_owned())
            } else {
                let (name, input) = inside.split_once(' ').unwrap_or((inside, "{}"));
                Step::Call(name.to_owned(), serde_json::from_str(input).unwrap_or_default())
            };
            found.push((at, step));
        }
    }
    if found.is_empty() && text.contains(TRIAL[0]) {
        found.push((0, Step::Run(TRIAL[1].to_owned())));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, step)| step).collect()
}
