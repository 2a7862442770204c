//! An MCP server that listens somewhere, and that git ap does not start.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::spoken::no_secret_is_left;
use super::{ap, phase, tip};
use crate::session::{ID, planned_with};
use crate::support::Repo;

/// What was sent to a server: heads and messages.
pub(super) type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that plays a role at T2 until the tests are over; where it listens.
pub(super) fn server(role: &'static str) -> (String, Seen) {
    let (port, seen) = server_over(role, Some);
    (format!("http://127.0.0.1:{port}/mcp"), seen)
}

/// The same on what is made of each connection, and its port.
pub(super) fn server_over<S: Read + Write>(
    role: &'static str,
    over: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
) -> (u16, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it listens").port();
    let seen = Seen::default();
    let (told, over) = (Arc::clone(&seen), Arc::new(over));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (told, over) = (Arc::clone(&told), Arc::clone(&over));
            std::thread::spawn(move || over(stream).and_then(|s| serve(s, role, &told)));
        }
    });
    (port, seen)
}

fn serve(stream: impl Read + Write, role: &str, seen: &Seen) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|count| *count > 0)?;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    seen.lock().expect("nobody failed").push((head.clone(), message.clone()));
    let id = &message["id"];
    if let Some(to) = role.strip_prefix("redirects ") {
        let head = format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        return reader.get_mut().write_all(head.as_bytes()).ok();
    }
    let arguments = &message["params"]["arguments"];
    if arguments["id"] == "T2" && ["denied", "floods", "malformed", "model"].contains(&role) {
        return answer_in_events(reader.get_mut(), id, arguments["where"].as_str()?, role, seen);
    }
    let result = match message["method"].as_str().unwrap_or_default() {
        "" => return respond(reader.get_mut(), 202, ""),
        "initialize" => json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
            "serverInfo": { "name": "far", "version": "1" } }),
        "tools/list" => json!({ "tools": [super::peer::tool("work")] }),
        "tools/call" => call(arguments, role)?,
        _ if id.is_null() => {
            return respond(reader.get_mut(), if head.starts_with("POST") { 202 } else { 405 }, "");
        }
        _ => {
            let error = json!({ "code": -32601, "message": "no such method" });
            let answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
            return respond(reader.get_mut(), 200, &answer.to_string());
        }
    };
    respond(
        reader.get_mut(),
        200,
        &json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string(),
    )
}

/// Answers a call with a stream of events: what it says before its result comes first.
fn answer_in_events(
    out: &mut impl Write,
    id: &Value,
    place: &str,
    role: &str,
    seen: &Seen,
) -> Option<()> {
    let head = "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    out.write_all(head.as_bytes()).ok()?;
    let mut say = |message: &Value| {
        write!(out, "event: message\ndata: {message}\n\n").and_then(|()| out.flush()).ok()
    };
    let content = json!([{ "type": "text", "text": "All done." }]);
    let mut result = json!({ "content": content });
    match role {
        "denied" => {
            let schema = json!({ "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string" } } });
            let params = json!({ "message": "may I?", "requestedSchema": schema });
            say(&json!({ "jsonrpc": "2.0", "id": 77, "method": "elicitation/create",
                "params": params }))?;
            let answered = || {
                let seen = seen.lock().expect("nobody failed");
                seen.iter().find(|(_, m)| m["id"] == 77).map(|(_, m)| m["result"].clone())
            };
            let answer = std::iter::repeat_with(answered).take(400).find_map(|answer| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                answer
            });
            if answer?["action"] == "accept" {
                std::fs::write(format!("{place}/README.md"), "mine\n").ok()?;
            }
        }
        "floods" => {
            let data = json!({ "level": "info", "data": "x".repeat(900) });
            let log =
                json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": data });
            for _ in 0..20_000 {
                say(&log)?;
            }
            std::fs::write(format!("{place}/src/web/b.rs"), "far\n").ok()?;
        }
        "malformed" => {
            return write!(out, "data: {{\"jsonrpc\": \u{1b}[2J\n\n")
                .and_then(|()| out.flush())
                .ok();
        }
        _ => {
            let event = json!({ "msg": { "type": "error", "message": "the model said 400" } });
            say(&json!({ "jsonrpc": "2.0", "method": "codex/event", "params": event }))?;
            result = json!({ "content": content, "isError": true });
        }
    }
    say(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn respond(stream: &mut impl Write, code: u16, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    stream.flush().ok()
}

/// Does the work; none: it breaks off.
fn call(arguments: &Value, part: &str) -> Option<Value> {
    let (id, place) = (arguments["id"].as_str()?, arguments["where"].as_str()?);
    let text = match (id, part) {
        ("T2", "hangs") => {
            std::thread::sleep(std::time::Duration::from_mins(10));
            return None;
        }
        ("T2", "dies") => return None,
        ("T2", "oversized") => "x".repeat(20 << 20),
        ("T2", "outside") => {
            std::fs::write(format!("{place}/README.md"), "mine\n").ok()?;
            std::thread::sleep(std::time::Duration::from_mins(10));
            return None;
        }
        ("T2", "fails") => {
            let content = json!([{ "type": "text", "text": "cannot do it" }]);
            return Some(json!({ "content": content, "isError": true }));
        }
        _ => {
            let path = match id {
                "T1" => "src/auth/a.rs",
                "T2" => "src/web/b.rs",
                _ => "docs/c.md",
            };
            std::fs::write(format!("{place}/{path}"), "far\n").ok()?;
            "All done.".to_owned()
        }
    };
    Some(json!({ "content": [{ "type": "text", "text": text }] }))
}

pub(super) fn called(url: &str, config: &str) -> Repo {
    let repo = planned_with("", config);
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    repo.ap(["plan", "--from", "-"])
        .stdin(plan.replace("title = ", "retries = 0\ntitle = "))
        .exits(0);
    let text = format!(
        "schema = 1\n[[worker]]\nid = \"far\"\ntransport = \"mcp\"\nurl = {url:?}\ntool = \"work\"\n\
         headers = {{ X-Token = \"${{TOKEN}}\" }}\nmax_concurrent = 2\n\
         arguments = {{ prompt = \"{{{{prompt}}}}\", where = \"{{{{worktree}}}}\", id = \"{{{{objective}}}}\" }}\n"
    );
    repo.write(".ap/team.toml", text);
    std::fs::create_dir_all(repo.beside("tmp")).expect("writable");
    repo
}

pub(super) fn run<'r>(repo: &'r Repo, arguments: &[&str]) -> crate::support::Run<'r> {
    // No proxy of the environment is to see what is asked.
    let run = ap(repo, arguments).env("TOKEN", "canary-far");
    run.env("http_proxy", "http://127.0.0.1:9").env("ALL_PROXY", "http://127.0.0.1:9")
}

#[test]
fn a_server_that_listens_somewhere_works_through_a_plan() {
    let (url, seen) = server("good");
    let repo = called(&url, "");
    let done = run(&repo, &["run", "--yes"]).exits(0);
    let done = done.says(&format!("sends work to `{url}`")).says("is not started by git ap");
    assert!(!done.stderr().contains("canary"));
    assert_eq!(repo.git(["show", &format!("{}:src/web/b.rs", tip())]), "far");
    let seen = seen.lock().expect("nobody failed");
    assert!(seen.iter().all(|(head, _)| head.contains("canary-far")), "the header is sent");
    let calls = seen.iter().filter(|(_, message)| message["method"] == "tools/call");
    let asked: Vec<&Value> = calls.map(|(_, message)| &message["params"]["arguments"]).collect();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|a| a["prompt"].as_str().is_some_and(|p| p.contains("TASK_ID="))));
    let log = repo.ap(["logs", "T2"]).exits(0).stdout();
    assert!(log.contains("All done.") && !log.contains("canary"), "{log}");
}

#[test]
fn a_server_that_does_not_keep_to_it_ends_only_its_objective() {
    for (part, expected, said, code) in [
        ("dies", "failed", "", 6),
        ("oversized", "failed", "", 6),
        ("fails", "failed", "says that it failed: cannot do it", 6),
        ("outside", "violated", "may not change README.md", 4),
        ("denied", "failed", "it says that it is done, but it was not allowed", 6),
        ("malformed", "failed", "", 6),
        ("model", "failed", "the model said 400", 6),
        ("floods", "merged", "", 0),
    ] {
        let (url, _) = server(part);
        let repo = called(&url, "");
        let done = run(&repo, &["run", "--yes"]).exits(code);
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, expected, "{part}: {words}\n{}", done.stderr());
        assert!(words.contains(said) && words.is_empty() == (code == 0), "{part}: {words}");
        assert!(!done.stderr().contains('\u{1b}') && !words.contains('\u{1b}'), "{words:?}");
        let kept = repo.root().join(format!(".git/ap/{ID}/logs/T2/response.md"));
        let kept = std::fs::read_to_string(kept).unwrap_or_default();
        let said = match part {
            "fails" => "cannot do it",
            "denied" | "model" | "floods" => "All done.",
            _ => "",
        };
        assert_eq!(kept, said, "{part}");
        let other = if code == 0 { "merged" } else { "accepted" };
        assert_eq!(phase(&repo, "T1").0, other, "{part}");
        no_secret_is_left(&repo, &(done.stderr() + &done.stdout()));
    }
}

#[test]
fn one_that_hangs_is_told_when_its_time_is_over() {
    let (url, seen) = server("hangs");
    let repo = called(&url, "");
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let short = plan.replace("title = ", "timeout_minutes = 1\ntitle = ");
    repo.ap(["plan", "--from", "-"]).stdin(short).exits(0);
    run(&repo, &["run", "--yes"]).exits(6);
    let (found, words) = phase(&repo, "T2");
    assert_eq!((found.as_str(), words.as_str()), ("failed", "took longer than 60 s"));
    assert_eq!(phase(&repo, "T1").0, "accepted");
    let seen = seen.lock().expect("nobody failed");
    assert!(seen.iter().any(|(_, message)| message["method"] == "notifications/cancelled"));
}

#[test]
fn stop_tells_a_server_that_nobody_wants_its_work() {
    let (url, seen) = server("hangs");
    let repo = called(&url, "");
    let mut command = run(&repo, &["run", "--yes"]).command();
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program is built");
    let heard = |method: &str| {
        let begun = std::time::Instant::now();
        while !seen.lock().expect("nobody failed").iter().any(|(_, message)| {
            message["method"] == method
                && (method != "tools/call" || message["params"]["arguments"]["id"] == "T2")
        }) {
            assert!(begun.elapsed().as_secs() < 40, "no {method}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    heard("tools/call");
    repo.ap(["stop", "T2"]).exits(0);
    heard("notifications/cancelled");
    drop(child.wait());
    assert_eq!(phase(&repo, "T2").0, "working");
}

#[test]
fn where_it_cannot_be_as_the_owner_wants_it_nothing_is_sent() {
    let (url, seen) = server("good");
    let repo = called(&url, "[run]\nsandbox = \"scope\"\n");
    run(&repo, &["run", "--yes"]).exits(6).says("cannot be kept to a scope");
    assert_eq!(seen.lock().expect("nobody failed").len(), 0);
    let repo = called("http://127.0.0.1:9/mcp", "");
    run(&repo, &["run", "--yes"]).exits(6);
    assert!(phase(&repo, "T2").1.contains("could not be spoken to"), "{:?}", phase(&repo, "T2"));
    let repo = called("http://192.0.2.1/mcp", "");
    run(&repo, &["run", "--yes"]).refused().says("without encryption");
    let (elsewhere, reached) = server("good");
    let part = format!("redirects {elsewhere}").leak();
    let (url, seen) = server(part);
    let repo = called(&url, "");
    run(&repo, &["run", "--yes"]).exits(6);
    assert!(!seen.lock().expect("nobody failed").is_empty());
    assert_eq!(reached.lock().expect("nobody failed").len(), 0, "no redirect is followed");
    if cfg!(not(feature = "tls")) {
        let repo = called("https://192.0.2.1/mcp", "");
        run(&repo, &["run", "--yes"]).exits(6).says("it was built without TLS");
    }
}
