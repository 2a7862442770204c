//! The official client: it lists and calls every tool, and reads every resource.

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ReadResourceRequestParams};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};

use crate::sandbox::possible;
use crate::session::{ID, place, planned_with};
use crate::support::Repo;

type Client = RunningService<RoleClient, ()>;

async fn connected(repo: &Repo) -> Client {
    let command = repo.ap(["mcp"]).at(place(repo, "T1")).command();
    let child = TokioChildProcess::new(tokio::process::Command::from(command)).expect("it starts");
    ().serve(child).await.expect("the two agree")
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> Value {
    let arguments = arguments.as_object().expect("an object").clone();
    let asked = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = client.call_tool(asked).await.expect("it answers");
    serde_json::to_value(result).expect("plain data")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn a_client_lists_and_calls_every_tool() {
    let repo = planned_with("", "[scope]\ngrant = \"free\"\n");
    repo.ap(["start", "--yes"]).exits(0);
    runtime().block_on(async {
        let client = connected(&repo).await;
        let tools = client.list_all_tools().await.expect("a list");
        let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
        let all = ["objective", "scope_check", "scope_request", "progress", "submit", "blocked"];
        assert_eq!(names, all);
        assert!(tools.iter().all(|tool| tool.output_schema.is_some()));
        let own = call(&client, "objective", json!({})).await;
        let own = &own["structuredContent"];
        assert_eq!((&own["objective"], &own["wave"]), (&json!("T1"), &json!(1)));
        assert_eq!(own["scope"]["touch"], json!(["src/auth/"]));
        assert!(own["prompt"].as_str().expect("words").starts_with("#! Codex agent prompt\n"));
        let asked = json!({"patterns": ["README.md"], "why": "it is explained there"});
        let given = call(&client, "scope_request", asked).await;
        assert_eq!(given["structuredContent"]["state"], "granted", "{given}");
        let checked = call(&client, "scope_check", json!({"paths": ["README.md"]})).await;
        assert_eq!(checked["structuredContent"]["all"], true, "{checked}");
        let asked = json!({"patterns": ["secrets/"], "why": ""});
        let denied = call(&client, "scope_request", asked).await;
        assert_eq!(denied["structuredContent"]["state"], "denied", "{denied}");
        for (tool, arguments) in
            [("submit", json!({"summary": "x"})), ("blocked", json!({"why": "x"}))]
        {
            assert_eq!(call(&client, tool, arguments).await["isError"], true);
        }
        let far = call(&client, "progress", json!({"percent": 7, "note": "x"})).await;
        assert_eq!(far["structuredContent"]["heard"], false);
        let resources = client.list_all_resources().await.expect("a list");
        assert!(resources.iter().any(|r| r.uri == format!("ap://{ID}/plan.md")));
        for resource in resources {
            let asked = ReadResourceRequestParams::new(resource.uri.clone());
            let read = client.read_resource(asked).await.expect("it can be read");
            assert_eq!(read.contents.len(), 1, "{}", resource.uri);
        }
        let plan = ReadResourceRequestParams::new(format!("ap://{ID}/plan.toml"));
        let plan = client.read_resource(plan).await.expect("it can be read");
        let plan = serde_json::to_string(&plan).expect("plain data");
        assert!(plan.contains("README.md"), "as it is agreed now: {plan}");
        client.cancel().await.expect("it ends");
    });
}

/// A worker whose agent speaks to `git ap mcp`, in the sandbox and without.
#[test]
fn a_worker_that_is_watched_is_heard() {
    let mut policies = vec!["off"];
    if possible("a_worker_that_is_watched_is_heard") {
        policies.push("scope");
    }
    for policy in policies {
        let lines = [
            super::hello(),
            vec![
                super::call(1, "progress", &json!({"percent": 40, "note": "reading"})),
                super::call(
                    2,
                    "scope_request",
                    &json!({"patterns": ["src/auth/b.rs"], "why": "w"}),
                ),
            ],
        ]
        .concat()
        .join("\n");
        let second = [
            super::hello(),
            vec![
                super::call(3, "progress", &json!({"percent": 20, "note": "back"})),
                super::call(4, "scope_check", &json!({"paths": ["src/auth/b.rs", "docs/x"]})),
                super::call(5, "submit", &json!({"summary": "all of it\nand more"})),
            ],
        ]
        .concat()
        .join("\n");
        let program = assert_cmd::cargo::cargo_bin!("git-ap").display().to_string();
        let script = format!(
            "if [ $AP_OBJECTIVE = T1 ]; then\n{program} mcp > src/auth/said <<'E'\n{lines}\nE\n\
             echo b > src/auth/b.rs\n{program} mcp >> src/auth/said <<'E'\n{second}\nE\nfi"
        );
        let config = format!("[scope]\ngrant = \"free\"\n[run]\nsandbox = \"{policy}\"\n");
        let repo = crate::workers::team(&script, "max_concurrent = 2", &config, "");
        let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
        let narrow = "touch = [\"src/auth/a.rs\", \"src/auth/said\"]\nretries = 0";
        let plan = plan.replace("touch = [\"src/auth/\"]", narrow);
        repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
        let run = crate::workers::ap(&repo, &["run", "--yes", "--format", "json"]).exits(0);
        let tip = crate::workers::tip();
        let said = repo.git(["show", &format!("{tip}:src/auth/said")]);
        assert!(said.contains("\"state\":\"granted\""), "{policy}: {said}\n{}", run.stderr());
        assert!(
            said.contains("\"may_change\":true") && said.contains("it belongs to T3"),
            "{said}"
        );
        assert_eq!(repo.git(["show", &format!("{tip}:src/auth/b.rs")]), "b");
        let events = run.stdout();
        let told: Vec<&str> = events
            .lines()
            .filter(|line| line.contains("\"activity_type\":\"progress\"") && line.contains("% - "))
            .collect();
        assert!(told[0].contains("40% - reading"), "{told:?}");
        assert!(told[1].contains("40% - back"), "it does not go back: {told:?}");
        assert!(events.contains("says that it is done: all of it"), "{events}");
        let response = repo.ap(["logs", "T1", "--response"]).exits(0).stdout();
        let says = "- Says: all of it and more\n";
        repo.ap(["report"]).exits(0).answers_with(says);
        assert!(response.ends_with("### Change Summary\nall of it\nand more\n"), "{response}");
    }
}

#[test]
fn who_says_that_it_is_blocked_fails_as_it_would_in_words() {
    let lines = [super::hello(), vec![super::call(1, "blocked", &json!({"why": "no idea"}))]];
    let lines = lines.concat().join("\n");
    let program = assert_cmd::cargo::cargo_bin!("git-ap").display().to_string();
    let script = format!(
        "if [ $AP_OBJECTIVE = T2 ]; then\n{program} mcp > /dev/null <<'E'\n{lines}\nE\nexit 0\nfi"
    );
    let repo = crate::workers::team(&script, "max_concurrent = 2", "", "");
    let plan = repo.read(&format!(".ap/plans/{ID}/plan.toml"));
    let plan = plan.replace("title = ", "retries = 0\ntitle = ");
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(0);
    crate::workers::ap(&repo, &["run", "--yes"]).exits(6).says("blocked: no idea");
}
