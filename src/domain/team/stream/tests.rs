use super::*;

fn said(stream: Stream, lines: &[&str]) -> Said {
    let mut reader = Reader::new(stream);
    for line in lines {
        reader.line(line);
    }
    reader.finish()
}

fn message(stream: Stream, lines: &[&str]) -> String {
    let said = said(stream, lines);
    assert_eq!(said.failure, None, "{stream:?}");
    said.message
}

#[test]
fn the_last_message_of_each_stream() {
    let codex = [
        r#"{"type":"thread.started","thread_id":"x"}"#,
        r#"{"type":"item.completed","item":{"type":"error","message":"a mere warning"}}"#,
        r#"{"type":"item.completed","item":{"type":"agent_message","text":"I look first."}}"#,
        r#"{"type":"item.started","item":{"type":"command_execution","command":"ls"}}"#,
        r#"{"type":"item.completed","item":{"type":"agent_message","text":"The plan"}}"#,
        r#"{"type":"turn.completed","usage":{}}"#,
    ];
    assert_eq!(message(Stream::Codex, &codex), "The plan");
    let claude = [
        r#"{"type":"system","subtype":"init"}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"One"},{"type":"tool_use","name":"Read","input":{"file_path":"a"}}]}}"#,
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Two"}]}}"#,
        "",
    ];
    assert_eq!(message(Stream::Claude, &claude), "Two");
    let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"Three"}"#;
    assert_eq!(message(Stream::Claude, &[&claude[..], &[result]].concat()), "Three");
    let gemini = [
        r#"{"type":"message","role":"user","content":"Do it."}"#,
        r#"{"type":"message","role":"assistant","content":"I look.","delta":true}"#,
        r#"{"type":"tool_use","tool_name":"read_file","parameters":{"file_path":"a"}}"#,
        r#"{"type":"message","role":"assistant","content":"The ","delta":true}"#,
        r#"{"type":"message","role":"assistant","content":"plan","delta":true}"#,
        r#"{"type":"result","status":"success"}"#,
    ];
    assert_eq!(message(Stream::Gemini, &gemini), "The plan");
    let opencode = [
        r#"{"type":"step_start","part":{}}"#,
        r#"{"type":"text","part":{"text":"I look."}}"#,
        r#"{"type":"step_start","part":{}}"#,
        r#"{"type":"text","part":{"text":"The plan"}}"#,
        r#"{"type":"step_finish","part":{"reason":"stop"}}"#,
    ];
    assert_eq!(message(Stream::Opencode, &opencode), "The plan");
    let copilot = [
        r#"{"type":"assistant.message","data":{"content":"The plan"}}"#,
        r#"{"type":"assistant.message","data":{"content":""}}"#,
        r#"{"type":"result","exitCode":0}"#,
    ];
    assert_eq!(message(Stream::Copilot, &copilot), "The plan");
    let pi = [
        r#"{"type":"message_end","message":{"role":"user","content":[]}}"#,
        r#"{"type":"message_end","message":{"role":"assistant","content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"The plan"}]}}"#,
        r#"{"type":"agent_end","messages":[]}"#,
    ];
    assert_eq!(message(Stream::Pi, &pi), "The plan");
    assert_eq!(message(Stream::Text, &["one", "{two}"]), "one\n{two}\n");
}

#[test]
fn what_an_agent_says_of_its_failure_counts() {
    for (stream, line, why) in [
        (Stream::Codex, r#"{"type":"turn.failed","error":{"message":"bad"}}"#, "bad"),
        (Stream::Claude, r#"{"type":"result","is_error":true,"result":"no key"}"#, "no key"),
        (
            Stream::Claude,
            r#"{"type":"result","is_error":true,"subtype":"error_max_turns"}"#,
            "error_max_turns",
        ),
        (Stream::Gemini, r#"{"type":"result","status":"error","error":{"message":"400"}}"#, "400"),
        (Stream::Opencode, r#"{"type":"error","error":{"data":{"message":"bad"}}}"#, "bad"),
        (Stream::Copilot, r#"{"type":"result","exitCode":3}"#, "its result is exit code 3"),
        (
            Stream::Pi,
            r#"{"type":"message_end","message":{"role":"assistant","stopReason":"error","errorMessage":"x"}}"#,
            "x",
        ),
        (Stream::Codex, r#"{"type":"turn.failed","error":null}"#, "null"),
        (Stream::Codex, r#"{"type":"turn.failed","error":" "}"#, "no reason given"),
    ] {
        assert_eq!(said(stream, &[line]).failure.as_deref(), Some(why), "{stream:?}");
    }
}

#[test]
fn no_line_can_stop_the_reading() {
    let lines = [
        "",
        "null",
        "[]",
        "{",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"assistant","message":{"content":7}}"#,
        r#"{"type":"assistant","message":null}"#,
        r#"{"type":"item.completed","item":[]}"#,
        r#"{"type":"text","part":"x"}"#,
        r#"{"type":"message_end","message":{"role":"assistant","content":"x"}}"#,
    ];
    let event = r#"{"type":"unheard-of"}"#;
    let deep = format!("{{\"type\":{}", "[".repeat(100_000));
    let lines = [&lines[..], &[deep.as_str(), event]].concat();
    for (name, stream) in Stream::NAMES.into_iter().skip(1) {
        assert_eq!(message(stream, &lines).trim(), "", "{name}");
    }
}

#[test]
fn an_agent_that_prints_no_events_answers_in_plain_text() {
    let plan = r#"{"schema":1,"type":"bug","objective":[]}"#;
    for (name, stream) in Stream::NAMES {
        assert_eq!(message(stream, &["The plan:", plan]), format!("The plan:\n{plan}\n"), "{name}");
    }
}

#[test]
fn messages_and_activities_are_bounded() {
    let mut reader = Reader::new(Stream::Text);
    let line = "é".repeat(1_000_000);
    for _ in 0..6 {
        reader.line(&line);
    }
    let said = reader.finish();
    assert!(said.cut && said.message.len() <= MESSAGE);
    let long = Activity::new(Kind::Log, &format!("\n  \n{}", "x".repeat(999)));
    assert_eq!(long.map(|a| a.text.chars().count()), Some(ACTIVITY + 1));
    assert_eq!(Activity::new(Kind::Log, " \n"), None);
}

#[test]
fn what_an_agent_does_is_told() {
    let mut reader = Reader::new(Stream::Claude);
    let edit = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"a.rs"}}]}}"#;
    let told = reader.line(edit).expect("it is told");
    assert_eq!((told.kind.as_str(), told.text.as_str()), ("coding", "Edit: a.rs"));
    let mut reader = Reader::new(Stream::Text);
    let told = reader.line("PROGRESS: 25% - reading").expect("it is told");
    assert_eq!((told.kind, told.text.as_str()), (Kind::Progress, "25% - reading"));
    assert_eq!(reader.line("anything else"), None);
}

#[test]
fn what_each_stream_says_that_was_used() {
    let step = r#"{"type":"step_finish","part":{"reason":"tool-calls","cost":0.25}}"#;
    let part = r#"{"type":"assistant","message":{"id":"m1","content":[]}}"#;
    let next = r#"{"type":"assistant","message":{"id":"m2","content":[]}}"#;
    let result =
        r#"{"type":"result","is_error":false,"result":"x","num_turns":7,"total_cost_usd":1.5}"#;
    let command = r#"{"type":"item.completed","item":{"type":"command_execution"}}"#;
    let thought = r#"{"type":"item.completed","item":{"type":"reasoning","text":"hm"}}"#;
    let delta = r#"{"type":"message","role":"assistant","content":"a","delta":true}"#;
    let tool = r#"{"type":"tool_use","tool_name":"write_file","parameters":{}}"#;
    let answer = r#"{"type":"assistant.message","data":{"content":""}}"#;
    let ended = r#"{"type":"message_end","message":{"role":"assistant","content":[],"usage":{"cost":{"total":0.5}}}}"#;
    let table: [(Stream, &[&str], Option<&str>); 9] = [
        (Stream::Opencode, &[step, step, step], Some("3 turns, $0.75")),
        (Stream::Claude, &[part, part, next], Some("2 turns")),
        (Stream::Claude, &[part, part, next, result], Some("7 turns, $1.50")),
        (Stream::Codex, &[command, thought, command], Some("2 turns")),
        (Stream::Gemini, &[tool, tool, delta, delta], Some("3 turns")),
        (Stream::Copilot, &[answer], Some("1 turn")),
        (Stream::Pi, &[ended, ended], Some("2 turns, $1.00")),
        (Stream::Text, &[part], None),
        (Stream::Claude, &[r#"{"type":"result","num_turns":-1,"total_cost_usd":"x"}"#], None),
    ];
    for (stream, lines, expected) in table {
        assert_eq!(said(stream, lines).usage.describe().as_deref(), expected, "{stream:?}");
    }
}
