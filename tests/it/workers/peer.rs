//! The other side of a protocol: a program that other tests start as a worker, and that plays
//! its part well or badly. It is this very binary, so that nothing else has to be built.

#![expect(clippy::exit, reason = "what the harness would print at the end is no message")]

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

/// The arguments that make this binary play.
pub const PLAY: [&str; 4] = ["--ignored", "--exact", "workers::peer::plays", "--nocapture"];

#[test]
#[ignore = "the program that other tests start"]
fn plays() {
    let Ok(protocol) = std::env::var("PEER") else { return };
    let part = std::env::var("PART").unwrap_or_default();
    // At the other objectives it does what it should.
    let elsewhere = std::env::var("AP_OBJECTIVE").is_ok_and(|objective| objective != "T2");
    let part = if elsewhere { "good" } else { part.as_str() };
    let mut peer = Peer { acp: protocol == "acp", part: part.to_owned(), next: 100 };
    peer.serve();
    std::process::exit(0);
}

struct Peer {
    acp: bool,
    part: String,
    next: u64,
}

fn say(message: &Value) {
    let mut out = std::io::stdout().lock();
    // Whoever listened may be gone.
    drop(writeln!(out, "{message}").and_then(|()| out.flush()));
}

fn hear() -> Option<Value> {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Some(serde_json::from_str(&line).expect("git ap speaks JSON")),
        _ => None,
    }
}

fn answer(id: &Value, result: impl Into<Value>) {
    let result: Value = result.into();
    say(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
}

fn fail(id: &Value, code: i64, message: &str) {
    say(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
}

fn sleep_for_ever() {
    std::thread::sleep(Duration::from_mins(10));
}

/// Starts others that leave its group, and does nothing more.
fn hang() {
    let away = ["sh", "-c", "sleep 600 & sleep 600"];
    drop(std::process::Command::new("setsid").args(away).spawn());
    sleep_for_ever();
}

/// A tool that takes an objective, in a server's list.
pub fn tool(name: &str) -> Value {
    let text = json!({ "type": "string" });
    json!({ "name": name, "description": "Refactors Rust code.", "inputSchema": {
        "type": "object", "required": ["prompt", "worktree"],
        "properties": { "prompt": text, "worktree": text, "id": text } } })
}

/// Does the work of whatever objective it is.
fn work() {
    let (path, text) = match std::env::var("AP_OBJECTIVE").as_deref() {
        Ok("T1") => ("src/auth/a.rs", "one\n"),
        Ok("T2") => ("src/web/b.rs", "two\n"),
        _ => ("docs/c.md", "three\n"),
    };
    std::fs::write(path, text).expect("it may write there");
}

impl Peer {
    fn serve(&mut self) {
        if self.part == "silent" {
            sleep_for_ever();
        }
        while let Some(message) = hear() {
            let id = &message["id"];
            match message["method"].as_str().unwrap_or_default() {
                "initialize" if self.acp => answer(
                    id,
                    json!({ "protocolVersion": 1,
                        "agentInfo": { "name": "peer", "version": "1" } }),
                ),
                "session/new" if self.part == "login" => fail(id, -32000, "log in"),
                "session/new" => self.open(id),
                "tools/list" => self.list(id),
                "session/prompt" => self.play(id),
                "server/discover" if self.part == "modern" => answer(
                    id,
                    json!({
                        "resultType": "complete", "supportedVersions": ["2026-07-28"],
                        "capabilities": { "tools": {} }, "ttlMs": 0, "cacheScope": "private",
                        "serverInfo": { "name": "peer", "version": "1" } }),
                ),
                "initialize" => answer(
                    id,
                    json!({
                        "protocolVersion": message["params"]["protocolVersion"],
                        "capabilities": { "tools": {} },
                        "serverInfo": { "name": "peer", "version": "1" } }),
                ),
                "tools/call" => {
                    let arguments = &message["params"]["arguments"];
                    let objective = std::env::var("AP_OBJECTIVE").unwrap_or_default();
                    assert_eq!(arguments["id"], objective.as_str());
                    assert!(arguments["prompt"].as_str().is_some_and(|p| p.len() > 100));
                    self.play(id);
                }
                _ if !id.is_null() => fail(id, -32601, "no such method"),
                _ => {}
            }
        }
    }

    /// Opens a session of its agent, and says what it can do.
    fn open(&self, id: &Value) {
        if self.part != "tells" {
            return answer(id, json!({ "sessionId": "s" }));
        }
        let mode = json!({ "id": "fix", "name": "Fix", "description": "Fixes bugs in Rust." });
        let modes = json!({ "currentModeId": "fix", "availableModes": [mode] });
        answer(id, json!({ "sessionId": "s", "modes": modes }));
        let command = json!({ "name": "review\u{1b}", "description": "x" });
        let good = json!({ "name": "review", "description": "Looks \u{1b}[2J at it" });
        let update = json!({ "sessionUpdate": "available_commands_update",
            "availableCommands": [good, command] });
        let params = json!({ "sessionId": "s", "update": update });
        say(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }));
    }

    /// Lists the tools of its server.
    fn list(&self, id: &Value) {
        match self.part.as_str() {
            "hangs" => hang(),
            "dies" => std::process::exit(3),
            "floods" => {
                for _ in 0..50 << 10 {
                    self.tell(&"x".repeat(900));
                }
            }
            "oversized" => {
                self.tell(&"x".repeat(20 << 20));
                sleep_for_ever();
            }
            "wrong" => {
                answer(id, json!({ "tools": "none" }));
                sleep_for_ever();
            }
            "endless" => {
                let tools: Vec<Value> = (0..100).map(|n| tool(&format!("t{n}"))).collect();
                return answer(
                    id,
                    json!({ "resultType": "complete", "tools": tools, "nextCursor": "more" }),
                );
            }
            "hostile" => {
                let mut odd = tool("a\"]\nenabled = false\n[[worker]]\nid = \"evil");
                odd["description"] = "\u{1b}]0;owned\u{7}".into();
                let mut deep = tool("quote\"] # [[worker]]");
                deep["description"] = "Fixes bugs\u{1b}[2J\n[[worker]]\nid = \"evil\"".into();
                return answer(id, json!({ "tools": [odd, deep] }));
            }
            _ => {}
        }
        let complete = json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
            "tools": [tool("work")] });
        answer(id, complete);
    }

    /// It says that it does something.
    fn tell(&self, text: &str) {
        let (method, params) = if self.acp {
            let update = json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": text });
            ("session/update", json!({ "sessionId": "s", "update": update }))
        } else {
            ("notifications/message", json!({ "level": "info", "data": text }))
        };
        say(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// It does half of its work, and then uses tools.
    fn spend_on(&self) {
        std::fs::write("src/web/half.rs", "half").expect("it may write there");
        for n in 1..=100 {
            self.spend(0.3 * f64::from(n));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// It uses a tool, and says what it has cost so far where it can.
    fn spend(&self, dollars: f64) {
        if self.acp {
            self.tell("ls");
            let cost = json!({ "amount": dollars, "currency": "USD" });
            let update =
                json!({ "sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": cost });
            let params = json!({ "sessionId": "s", "update": update });
            say(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }));
        } else {
            let event = json!({ "msg": { "type": "exec_command_begin", "command": ["ls"] } });
            say(&json!({ "jsonrpc": "2.0", "method": "codex/event", "params": event }));
        }
    }

    fn done(&self, id: &Value, text: &str) {
        if self.acp {
            let content = json!({ "type": "text", "text": text });
            let update = json!({ "sessionUpdate": "agent_message_chunk", "content": content });
            let params = json!({ "sessionId": "s", "update": update });
            say(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }));
            answer(id, json!({ "stopReason": "end_turn" }));
        } else {
            let content = json!([{ "type": "text", "text": text }]);
            answer(id, json!({ "resultType": "complete", "content": content }));
        }
    }

    /// Asks leave to change a file; whether it got it.
    fn may_change(&mut self, path: &str) -> bool {
        let id = self.next;
        self.next += 1;
        let path = std::env::current_dir().expect("it is there").join(path);
        let (method, params) = if self.acp {
            let call = json!({ "toolCallId": "t", "title": "edit", "kind": "edit",
                "locations": [{ "path": path }] });
            let options = json!([
                { "optionId": "x1", "name": "Never", "kind": "reject_once" },
                { "optionId": "x2", "name": "Yes", "kind": "allow_once" }]);
            let params = json!({ "sessionId": "s", "toolCall": call, "options": options });
            ("session/request_permission", params)
        } else {
            let mut changes = serde_json::Map::new();
            changes.insert(path.to_string_lossy().into_owned(), json!({}));
            (
                "elicitation/create",
                json!({ "message": "apply changes?",
                "codex_elicitation": "patch-approval", "codex_changes": changes,
                "requestedSchema": { "type": "object", "properties": {} } }),
            )
        };
        say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = hear().expect("it is answered");
        assert_eq!(answer["id"], id, "{answer}");
        let result = &answer["result"];
        result["outcome"]["optionId"] == "x2" || result["decision"] == "approved"
    }

    fn play(&mut self, id: &Value) {
        self.tell("begins");
        match self.part.as_str() {
            "idle" => self.done(id, "All done."),
            "denied" => {
                if self.may_change("README.md") {
                    std::fs::write("README.md", "mine\n").expect("it may write there");
                }
                self.done(id, "All done.");
            }
            "asks" => {
                assert!(self.may_change("src/web/b.rs"), "that is its scope");
                work();
                self.done(id, "All done.");
            }
            "plans" => {
                assert!(!self.may_change("src/lib.rs"), "it was only asked");
                self.done(id, &std::env::var("PLAN").expect("it has one"));
            }
            "stranger" => {
                say(&json!({ "jsonrpc": "2.0", "id": 9, "method": "x/unknown", "params": {} }));
                let refused = hear().expect("it is answered");
                assert_eq!(refused["error"]["code"], -32601, "{refused}");
                work();
                self.done(id, "All done.");
            }
            "hangs" => hang(),
            "obeys" => {
                let wanted = if self.acp { "session/cancel" } else { "notifications/cancelled" };
                while hear().expect("it is told")["method"] != wanted {}
                std::fs::write("src/web/stopped.rs", "tidy\n").expect("it may write there");
                if self.acp {
                    answer(id, json!({ "stopReason": "cancelled" }));
                }
            }
            "spends" => {
                self.spend_on();
                self.done(id, "All done.");
            }
            "model" if self.acp => fail(id, -32603, "the model said 400"),
            "model" => {
                let event = json!({ "msg": { "type": "error", "message": "the model said 400" } });
                say(&json!({ "jsonrpc": "2.0", "method": "codex/event", "params": event }));
                let content = json!([{ "type": "text", "text": "it failed" }]);
                answer(id, json!({ "content": content, "isError": true }));
            }
            "fails" if self.acp => answer(id, json!({ "stopReason": "max_turn_requests" })),
            "fails" => {
                let content = json!([{ "type": "text", "text": "cannot do it" }]);
                answer(id, json!({ "content": content, "isError": true }));
            }
            "dies" => {
                std::fs::write("src/web/half.rs", "half").expect("it may write there");
                self.tell("half done");
                std::process::exit(3);
            }
            "outside" => {
                std::fs::write("README.md", "mine\n").expect("it may write there");
                sleep_for_ever();
            }
            "floods" => {
                for _ in 0..100 << 10 {
                    self.tell(&"x".repeat(900));
                }
                work();
                self.done(id, "All done.");
            }
            "babbles" => {
                let mut out = std::io::stdout().lock();
                for _ in 0..100 << 10 {
                    if writeln!(out, "{}", "x".repeat(1_000)).is_err() {
                        break;
                    }
                }
                drop(out);
                sleep_for_ever();
            }
            "oversized" => {
                self.tell(&"x".repeat(20 << 20));
                sleep_for_ever();
            }
            "malformed" => {
                let mut out = std::io::stdout().lock();
                let half = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\x1b[2J");
                writeln!(out, "{half}").and_then(|()| out.flush()).expect("somebody listens");
                drop(out);
                sleep_for_ever();
            }
            "wrong" => {
                answer(id, json!({ "content": "no list", "stopReason": 5 }));
                sleep_for_ever();
            }
            _ => {
                work();
                self.done(id, "All done.\n\n### Change Summary\nwrote it\n");
            }
        }
    }
}
