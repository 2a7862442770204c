//! A model that does what its prompt says: a server on this machine that speaks the formats of
//! three vendors as far as the agents need them. What it is to do stands in the prompt, between
//! [`BEGIN`] and [`END`]: a shell command. It calls the agent's shell with it once, and then says
//! that it is done.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

/// What stands before the command in a prompt.
pub const BEGIN: &str = "RUN<<";
/// What stands behind it.
pub const END: &str = ">>RUN";

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

/// What the model does next.
struct Answer {
    number: u64,
    /// The tool that it calls, whether that takes free text, and what it gets; none: it is done.
    call: Option<(&'static str, bool, Value)>,
}

impl Answer {
    fn to(asked: &Value, number: u64) -> Self {
        let mut found = Found::default();
        found.look(asked);
        let call = match found.command.filter(|_| !found.has_result) {
            Some(command) => shell(&found.tools, &command),
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
            Some((name, true, text)) => json!({ "type": "custom_tool_call", "id": id,
                "call_id": id, "name": name, "input": text, "status": "completed" }),
            Some((name, false, input)) => json!({ "type": "function_call", "id": id,
                "call_id": id, "name": name, "arguments": input.to_string(),
                "status": "completed" }),
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
            Some((name, _, input)) => {
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
            Some((name, _, input)) => json!({ "functionCall": { "name": name, "args": input } }),
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
fn shell(tools: &[String], command: &str) -> Option<(&'static str, bool, Value)> {
    let input = json!({ "cmd": command, "command": command, "description": "writes a file",
        "is_background": false });
    let one = |key: &str| json!({ key: input[key] });
    let both = json!({ "command": command, "description": "writes a file" });
    let known = [
        ("exec_command", false, one("cmd")),
        ("shell_command", false, one("command")),
        ("shell", false, json!({ "command": ["bash", "-c", command] })),
        ("bash", false, both),
        ("run_shell_command", false, json!({ "command": command, "is_background": false })),
        // One tool that takes a program in JavaScript.
        ("exec", true, format!("text(await tools.exec_command({}));\n", one("cmd")).into()),
    ];
    known.into_iter().find(|(name, ..)| tools.iter().any(|tool| tool == name))
}

/// What of a request matters, in whatever format it is.
#[derive(Default)]
struct Found {
    command: Option<String>,
    has_result: bool,
    tools: Vec<String>,
}

impl Found {
    fn look(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                if let Some((_, rest)) = text.split_once(BEGIN)
                    && let Some((command, _)) = rest.split_once(END)
                {
                    // Some agents quote what they were given.
                    self.command = Some(command.replace("\\\"", "\""));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Object(entries) => {
                let kind = value["type"].as_str().unwrap_or_default();
                self.has_result |= kind.ends_with("_output")
                    || value["role"] == "tool"
                    || entries.contains_key("functionResponse");
                for list in ["tools", "functionDeclarations"] {
                    let tools = value[list].as_array().into_iter().flatten();
                    let names = tools.map(|tool| [&tool["name"], &tool["function"]["name"]]);
                    let names = names.flatten().filter_map(Value::as_str);
                    self.tools.extend(names.map(str::to_owned));
                }
                entries.values().for_each(|value| self.look(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
