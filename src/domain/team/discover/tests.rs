use super::*;
use crate::domain::team::read_unfinished;
use serde_json::json;

fn worker(rows: &str) -> Worker {
    let text = format!("schema = 1\n[[worker]]\nid = \"w\"\n{rows}\n");
    read_unfinished(&text).require("team").expect("it is right").remove(0)
}

fn server(rows: &str) -> Worker {
    worker(&format!("transport = \"mcp\"\ncommand = [\"x\"]\n{rows}"))
}

fn tools(tools: &[(&str, &str, Value)]) -> Told {
    let tools = tools
        .iter()
        .map(|(name, about, schema)| Tool::new(name, about, schema, false).expect("a tool"));
    Told { tools: tools.collect(), ..Told::default() }
}

fn codex() -> Told {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let place = "Working directory for the session. If relative, it is resolved against the \
                 server process's current working directory.";
    tools(&[
        (
            "codex",
            "Run a Codex session. Accepts configuration parameters matching the Codex Config struct.",
            json!({ "type": "object", "required": ["prompt"], "properties": {
                "approval-policy": { "enum": ["untrusted", "on-failure", "on-request", "never"], "type": "string" },
                "base-instructions": text("The set of instructions to use instead of the default ones."),
                "compact-prompt": text("Prompt used when compacting the conversation."),
                "config": { "type": "object", "additionalProperties": true },
                "cwd": text(place),
                "model": text("Optional override for the model name (e.g. 'gpt-5.2')."),
                "prompt": text("The *initial user prompt* to start the Codex conversation."),
            } }),
        ),
        (
            "codex-reply",
            "Continue a Codex conversation by providing the thread id and prompt.",
            json!({ "type": "object", "required": ["prompt"], "properties": {
                "conversationId": text("DEPRECATED: use threadId instead."),
                "prompt": text("The *next user prompt* to continue the Codex conversation."),
                "threadId": text("The thread id for this Codex session."),
            } }),
        ),
    ])
}

fn proposed(worker: &Worker, told: &Told) -> Proposal {
    let word = |word: &str, proper| Wanted { word: word.to_owned(), proper };
    let words = [
        word("rust", true),
        word("go", true),
        word("c", true),
        word("c++", true),
        word("bug", false),
        word("refactor", false),
        word("high_complexity", false),
    ];
    let stem = |word: &str| {
        let word = word.strip_suffix('s').unwrap_or(word);
        word.strip_suffix("ing").unwrap_or(word).to_owned()
    };
    propose(worker, told, &Vocabulary { words: &words, stem: &stem })
}

/// The tool and its arguments as they are proposed; else what is found.
fn tool_of(worker: &Worker, told: &Told) -> String {
    let proposal = proposed(worker, told);
    let Some((tool, _)) = &proposal.tool else { return proposal.findings.join("; ") };
    let arguments = proposal.arguments.map(|(pairs, _)| pairs).unwrap_or_default();
    let pairs = arguments.iter().map(|(name, text)| format!("{name}={text}"));
    format!("{tool}({})", pairs.collect::<Vec<_>>().join(","))
}

#[test]
fn the_tool_that_takes_an_objective_is_found_in_real_lists() {
    let path = json!({ "type": "string" });
    let both = json!({ "type": "object", "required": ["prompt", "worktree"],
        "properties": { "prompt": path, "worktree": path } });
    let python = tools(&[("work", "Works on one objective in its worktree.", both)]);
    let one = |required: &[&str], properties: Value| {
        tools(&[("t", "", json!({ "required": required, "properties": properties }))])
    };
    let filesystem = tools(&[
        ("read_file", "", json!({ "required": ["path"], "properties": { "path": path } })),
        (
            "write_file",
            "",
            json!({ "required": ["path", "content"], "properties": { "path": path, "content": path } }),
        ),
    ]);
    let echo = tools(&[(
        "echo",
        "",
        json!({ "required": ["message"], "properties": { "message": path } }),
    )]);
    let none =
        "none of its tools is seen to take an objective: write `tool` and `arguments` by hand";
    for (told, expected) in [
        (codex(), "codex(prompt={{prompt}},cwd={{worktree}})"),
        (python, "work(prompt={{prompt}},worktree={{worktree}})"),
        (filesystem, none),
        (echo, none),
        (
            one(&["task_id"], json!({ "task_id": path, "instructions": path, "dir": path })),
            "t(instructions={{prompt}},dir={{worktree}},task_id={{objective}})",
        ),
        (one(&["model"], json!({ "model": path, "prompt": path })), none),
        (
            one(&["kind"], json!({ "kind": { "const": "code" }, "task": path })),
            "t(task={{prompt}},kind=code)",
        ),
        (one(&["n"], json!({ "n": { "type": "integer" }, "task": path })), none),
        (one(&[], json!({ "task": { "type": "array" } })), none),
        (
            one(&[], json!({ "task": { "anyOf": [{ "type": "null" }, { "type": "string" }] } })),
            "t(task={{prompt}})",
        ),
        (
            one(
                &[],
                json!({ "prompt": path, "at": { "type": "string",
                "description": "The working directory." } }),
            ),
            "t(prompt={{prompt}},at={{worktree}})",
        ),
    ] {
        assert_eq!(tool_of(&server(""), &told), expected, "{told:?}");
    }
}

#[test]
fn what_could_be_several_tools_or_cannot_be_called_is_not_guessed() {
    let schema = json!({ "properties": { "task": { "type": "string" } } });
    let two = tools(&[("a", "", schema.clone()), ("b", "", schema.clone())]);
    assert_eq!(
        tool_of(&server(""), &two),
        "several of its tools could take an objective (`a`, `b`): write `tool` by hand"
    );
    let far = worker("transport = \"mcp\"\nurl = \"http://127.0.0.1:1/\"");
    let one = tools(&[("a", "", schema.clone())]);
    assert!(tool_of(&far, &one).starts_with("none of its tools"), "it would not know where");
    assert_eq!(tool_of(&far, &codex()), "codex(prompt={{prompt}},cwd={{worktree}})");
    let reads = Tool::new("a", "", &schema, true).expect("a tool");
    let reads = Told { tools: vec![reads], ..Told::default() };
    assert!(tool_of(&server(""), &reads).starts_with("none of its tools"));
}

#[test]
fn what_the_entry_says_stays_and_what_does_not_fit_is_found() {
    let named = |rows: &str| proposed(&server(rows), &codex());
    let good = named("tool = \"codex\"\narguments = { prompt = \"{{prompt}}\" }");
    assert_eq!((good.is_empty(), good.findings), (true, Vec::new()));
    let wrong = named("tool = \"codx\"\narguments = { prompt = \"{{prompt}}\" }");
    assert_eq!(
        (wrong.is_empty(), wrong.findings),
        (
            true,
            vec![
                "it has no tool `codx`, which takes its objectives; did you mean `codex`?"
                    .to_owned()
            ]
        )
    );
    let lacking = named("tool = \"codex\"\narguments = { cwd = \"{{worktree}}\" }");
    assert_eq!(lacking.findings, ["its tool `codex` needs `prompt`, which `arguments` lacks"]);
    let half = named("tool = \"codex-reply\"");
    assert_eq!(
        half.arguments.map(|(pairs, _)| pairs),
        Some(vec![("prompt".to_owned(), "{{prompt}}".to_owned())])
    );
    let known = worker("transport = \"mcp\"\npreset = \"codex\"");
    assert_eq!(proposed(&known, &codex()), Proposal::default());
}

#[test]
fn capabilities_are_what_objectives_ask_for_where_it_is_spoken_of() {
    let none = json!({});
    let list = |rows: &str, told: &Told| {
        let all = proposed(&server(rows), told).capabilities;
        all.into_iter().map(|(word, _)| word).collect::<Vec<_>>().join(" ")
    };
    for (name, about, expected) in [
        ("t", "Works on Rust and Go code.", "rust go"),
        ("t", "Go on with what was begun. Written in Rust.", ""),
        ("t", "go rust c", ""),
        ("t", "Compiles C and c++ for you", "c c++"),
        ("fix_bugs", "", "bug"),
        ("rustFormat", "", "rust"),
        ("t", "Refactoring of tasks with high complexity", "refactor high_complexity"),
        ("t", "A high and complexity-free life; debug it", ""),
        ("execute", "Runs anything\nIt knows Rust.", ""),
    ] {
        let told = tools(&[(name, about, none.clone())]);
        assert_eq!(list("", &told), expected, "{name} {about}");
    }
    let schema =
        json!({ "properties": { "language": { "type": "string", "enum": ["rust", "c++"] } } });
    let told = tools(&[("t", "", schema)]);
    assert_eq!(list("", &told), "rust c++");
    assert_eq!(list("capabilities = [\"Rust\"]", &told), "c++", "what is there is not added");
    let (_, why) = proposed(&server(""), &told).capabilities.remove(0);
    assert_eq!(why, "tool `t`: its `language` can be `rust`");
    let mode = Told { modes: vec![Named::new("bugs", "").expect("a name")], ..Told::default() };
    let agent = worker("transport = \"acp\"\ncommand = [\"x\"]");
    let proposal = proposed(&agent, &mode);
    assert_eq!(proposal.capabilities, [("bug".to_owned(), "mode `bugs`: its name".to_owned())]);
    assert_eq!(proposal.notes.len(), 1, "it took anything until now");
}

#[test]
fn what_is_told_is_bounded_and_a_name_that_cannot_be_shown_is_none() {
    let none = json!({});
    for name in ["", "a\nb", "a\u{1b}[2J", "\u{202e}x", &"x".repeat(129)] {
        assert_eq!(Tool::new(name, "", &none, false), None, "{name:?}");
    }
    let about = "é".repeat(100_000);
    let tool = Tool::new("t", &about, &none, false).expect("a tool");
    assert_eq!(tool.about.chars().count(), ABOUT);
    let many = |required: bool| {
        let names: Vec<String> = (0..1_000).map(|n| format!("p{n}")).collect();
        let properties = names.iter().map(|name| (name.clone(), json!({ "type": "string" })));
        let required = if required { json!(names) } else { json!([]) };
        json!({ "properties": Value::Object(properties.collect()), "required": required })
    };
    let tool = Tool::new("t", "", &many(false), false).expect("a tool");
    assert_eq!(tool.properties.len(), PROPERTIES);
    assert!(Tool::new("t", "", &many(true), false).is_none_or(|t| t.properties.len() < 200));
    let hidden = json!({ "properties": { "a\u{1b}": {} }, "required": ["a\u{1b}"] });
    assert_eq!(Tool::new("t", "", &hidden, false), None);
    for odd in [json!(3), json!([]), json!({ "properties": 3, "required": { "a": 1 } })] {
        assert!(Tool::new("t", "", &odd, false).is_some(), "{odd}");
    }
    let mut left_out = 0;
    assert_eq!(bounded((0..500).map(Some), &mut left_out).len(), MANY);
    assert_eq!(left_out, 300);
}

fn written(entry: &str, proposal: &Proposal) -> Option<String> {
    let text = format!("# team\nschema = 1\n\n{entry}# end\n");
    let new = with_proposals(&text, &[Edit { index: 0, proposal }])?;
    Some(new.strip_prefix("# team\nschema = 1\n\n")?.strip_suffix("# end\n")?.to_owned())
}

#[test]
fn what_is_proposed_is_added_and_all_else_stays() {
    let why = String::new;
    let words = |words: &[&str]| words.iter().map(|w| ((*w).to_owned(), why())).collect::<Vec<_>>();
    let capable = Proposal { capabilities: words(&["rust", "bug"]), ..Proposal::default() };
    let head = "[[worker]] # it\nid = \"w\" # its name\npreset = \"pi\"\n";
    for (before, after) in [
        ("", "capabilities = [\"rust\", \"bug\"]\n"),
        ("capabilities = [\"a\"] # b\n", "capabilities = [\"a\", \"rust\", \"bug\"] # b\n"),
        (
            "capabilities = [\n  # c\n  \"a\",\n]\n\n",
            "capabilities = [\n  # c\n  \"a\",\n  \"rust\",\n  \"bug\",\n]\n\n",
        ),
        (
            "capabilities = [\n  \"a\", # b\n  # c\n]\n",
            "capabilities = [\n  \"a\", # b\n  \"rust\",\n  \"bug\",\n  # c\n]\n",
        ),
        (
            "capabilities = [\n  \"a\" # b\n]\n",
            "capabilities = [\n  \"a\", # b\n  \"rust\",\n  \"bug\"\n]\n",
        ),
        ("capabilities = [ # b\n]\n", "capabilities = [ # b\n  \"rust\",\n  \"bug\"\n]\n"),
        ("capabilities = [ \"a\" ]\n", "capabilities = [ \"a\", \"rust\", \"bug\" ]\n"),
    ] {
        let expected = format!("{head}{after}");
        assert_eq!(written(&format!("{head}{before}"), &capable), Some(expected));
    }
    let table = "[[worker]]\nid = \"w\"\npreset = \"pi\"\n[worker.env]\nA = \"b\"\n";
    let with = "[[worker]]\nid = \"w\"\npreset = \"pi\"\ncapabilities = [\"rust\", \"bug\"]\n\
                [worker.env]\nA = \"b\"\n";
    assert_eq!(written(table, &capable).as_deref(), Some(with));
    let inline = "worker = [{ id = \"w\", preset = \"pi\" }]\n";
    let with = "worker = [{ id = \"w\", preset = \"pi\" , capabilities = [\"rust\", \"bug\"] }]\n";
    assert_eq!(written(inline, &capable).as_deref(), Some(with));
}

#[test]
fn nothing_that_is_said_becomes_structure_and_nothing_is_replaced() {
    let hostile = "a\"]\nenabled = false\n[[worker]]\nid = \"evil";
    let proposal = Proposal {
        tool: Some((hostile.to_owned(), String::new())),
        arguments: Some((vec![(hostile.to_owned(), hostile.to_owned())], String::new())),
        capabilities: vec![(hostile.to_owned(), String::new())],
        ..Proposal::default()
    };
    let entry = "[[worker]]\nid = \"w\"\ntransport = \"mcp\"\ncommand = [\"x\"]\n";
    let new = written(entry, &proposal).expect("it can be written");
    let team = read_unfinished(&format!("schema = 1\n{new}")).require("team").expect("a team");
    assert_eq!((team.len(), team[0].enabled, team[0].tool.as_deref()), (1, true, Some(hostile)));
    let full = format!("{entry}tool = \"mine\"\narguments = {{}}\n");
    assert_eq!(written(&full, &proposal), None, "what is there stays");
}
