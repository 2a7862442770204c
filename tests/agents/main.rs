//! Real agents, each on a wave of three objectives, from `git ap run` to the merged commit:
//!
//!     GIT_AP_AGENTS=DIR cargo test --test agents -- --ignored --nocapture
//!
//! Programs are looked for in `DIR/*/node_modules/.bin` and `DIR/*/bin`, as npm and Python's venv
//! install them, and on `PATH`. What is not installed is skipped by name; where nothing ran, the
//! test fails. No network is needed: the model is a server of the test.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "tests make files, start programs and say what they saw; nothing is public in a test"
)]

mod home;
mod model;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A way to reach an agent.
struct Way {
    /// What the table calls it.
    name: &'static str,
    /// The folder in which it is installed, where more than one version is.
    folder: &'static str,
    program: &'static str,
    /// Its entry in the team.
    rows: &'static str,
}

const GEMINI: &str = "env = { GEMINI_API_KEY = \"${GEMINI_API_KEY}\", \
    GOOGLE_GEMINI_BASE_URL = \"${GOOGLE_GEMINI_BASE_URL}\" }\n";
const TOOL: &str =
    "tool = \"work\"\narguments = { prompt = \"{{prompt}}\", worktree = \"{{worktree}}\" }\n";

const WAYS: [Way; 9] = [
    Way { name: "codex, command", folder: "codex", program: "codex", rows: "preset = \"codex\"\n" },
    Way {
        name: "codex 0.153.4, mcp",
        folder: "codex153",
        program: "codex",
        rows: "preset = \"codex\"\ntransport = \"mcp\"\n",
    },
    Way {
        name: "codex-acp, acp",
        folder: "codex-acp",
        program: "codex-acp",
        rows: "preset = \"codex\"\ntransport = \"acp\"\n",
    },
    Way {
        name: "gemini, command",
        folder: "gemini",
        program: "gemini",
        rows: "preset = \"gemini\"\n",
    },
    Way {
        name: "gemini, acp",
        folder: "gemini",
        program: "gemini",
        rows: "preset = \"gemini\"\ntransport = \"acp\"\n",
    },
    Way {
        name: "opencode, command",
        folder: "opencode",
        program: "opencode",
        rows: "preset = \"opencode\"\n",
    },
    Way {
        name: "opencode, acp",
        folder: "opencode",
        program: "opencode",
        rows: "preset = \"opencode\"\ntransport = \"acp\"\n",
    },
    Way {
        name: "Python MCP SDK, stdio",
        folder: "mcp2",
        program: "python",
        rows: "transport = \"mcp\"\ncommand = [\"python\", \"WORKER\"]\n",
    },
    Way {
        name: "Python MCP SDK, http",
        folder: "mcp2",
        program: "python",
        rows: "transport = \"mcp\"\nurl = \"http://127.0.0.1:PORT/mcp\"\n",
    },
];

/// The files of the three objectives.
const FILES: [(&str, &str); 3] = [("T1", "src/a.txt"), ("T2", "web/b.txt"), ("T3", "docs/c.md")];

#[test]
#[ignore = "needs agents; see the top of the file"]
fn each_agent_carries_a_wave_to_a_merged_commit() {
    let port = model::start();
    let (mut ran, mut failed) = (Vec::new(), Vec::new());
    for way in &WAYS {
        let Some(folder) = installed(way) else {
            println!("skipped: {}: no program `{}`", way.name, way.program);
            continue;
        };
        let begun = Instant::now();
        match carry(way, &folder, port) {
            Ok(()) => {
                println!("merged:  {} in {:.1} s", way.name, begun.elapsed().as_secs_f64());
                ran.push(way.name);
            }
            Err(why) => {
                println!("FAILED:  {}: {why}", way.name);
                failed.push(way.name);
            }
        }
    }
    assert!(failed.is_empty(), "these failed: {}", failed.join("; "));
    assert!(!ran.is_empty(), "no agent is installed: nothing was tried");
}

/// The folder in which a program is found.
fn installed(way: &Way) -> Option<PathBuf> {
    let has = |folder: &PathBuf| folder.join(way.program).is_file();
    let own = std::env::var_os("GIT_AP_AGENTS").map(PathBuf::from).into_iter();
    let own = own.flat_map(|root| {
        let root = root.join(way.folder);
        [root.join("node_modules/.bin"), root.join("bin")]
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A codex of any other version has no `mcp-server`, and any Python may lack the SDK.
    let anywhere = !matches!(way.folder, "codex153" | "mcp2");
    let on_path = std::env::split_paths(&path).filter(|_| anywhere);
    own.chain(on_path.collect::<Vec<_>>()).find(has)
}

/// `PATH` with the program's folder first, and a Node of the agents where there is one.
fn search_path(folder: &Path) -> std::ffi::OsString {
    let agents = std::env::var_os("GIT_AP_AGENTS").map(PathBuf::from);
    let node = agents.map(|root| root.join("node22/node_modules/node/bin"));
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_owned()).chain(node).chain(std::env::split_paths(&rest));
    std::env::join_paths(all).expect("folders without a colon")
}

struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn carry(way: &Way, folder: &Path, model: u16) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a folder");
    let (repo, home) = (place.path().join("repo"), place.path().join("home"));
    std::fs::create_dir_all(home.join("tmp")).expect("writable");
    home::furnish(&home, model);
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/worker.py");
    let port = free_port();
    let _server = way.rows.contains("PORT").then(|| serve(folder, &worker, port));
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&repo).env_clear().stdin(Stdio::null());
        command.env("PATH", search_path(folder)).env("HOME", &home).env("TERM", "xterm");
        command.env("TMPDIR", home.join("tmp")).env("LANG", "C.UTF-8").env("GEMINI_API_KEY", "k");
        command.env("GOOGLE_GEMINI_BASE_URL", format!("http://127.0.0.1:{model}"));
        let output = command.output().expect("it starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        if output.status.success() { Ok(text) } else { Err(format!("{arguments:?}: {text}")) }
    };
    for (_, file) in FILES {
        let folder = repo.join(file);
        std::fs::create_dir_all(folder.parent().expect("below the root")).expect("writable");
    }
    std::fs::write(repo.join("README.md"), "readme\n").expect("writable");
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["config", "user.name", "Test"],
        &["config", "user.email", "test@example.com"],
        &["add", "."],
        &["commit", "-qm", "first"],
    ] {
        run("git", words)?;
    }
    let plan = place.path().join("plan.toml");
    std::fs::write(&plan, plan_text()).expect("writable");
    let program = env!("CARGO_BIN_EXE_git-ap");
    run(program, &["plan", "--from", plan.to_str().expect("UTF-8")])?;
    let rows = way.rows.replace("WORKER", worker.to_str().expect("UTF-8"));
    let rows = rows.replace("PORT", &port.to_string());
    let tool = if way.program == "python" { TOOL } else { "" };
    let env = if way.program == "gemini" { GEMINI } else { "" };
    let team =
        format!("schema = 1\n[[worker]]\nid = \"agent\"\n{rows}{tool}{env}max_concurrent = 3\n");
    std::fs::write(repo.join(".ap/team.toml"), team).expect("writable");
    let said = run(program, &["run", "--yes"])?;
    for (objective, file) in FILES {
        let found = run("git", &["show", &format!("ap/20251008-104131-wave/integration:{file}")])?;
        if found.trim() != objective {
            return Err(format!("{file} holds {found:?}\n{said}"));
        }
    }
    Ok(())
}

fn plan_text() -> String {
    let mut plan = "schema = 1\nid = \"20251008-104131-wave\"\nrequest = \"three files\"\n\
        type = \"feature\"\ntarget = \"main\"\n"
        .to_owned();
    for (objective, file) in FILES {
        let touch = file.split_once('/').expect("in a folder").0;
        write!(
            plan,
            "[[objective]]\nid = \"{objective}\"\ntitle = \"{file}\"\ntouch = [\"{touch}/\"]\n\
             creates = true\ntimeout_minutes = 3\n\
             notes = ['{}mkdir -p {touch} && echo {objective} > {file}{}']\n",
            model::BEGIN,
            model::END
        )
        .expect("a string");
    }
    plan
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it listens").port()
}

/// Starts the server that git ap does not start, and waits until it listens.
fn serve(folder: &Path, worker: &Path, port: u16) -> Served {
    let mut command = Command::new(folder.join("python"));
    command.arg(worker).arg("--http").arg(port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let served = Served(command.spawn().expect("it starts"));
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server does not listen");
        std::thread::sleep(Duration::from_millis(100));
    }
    served
}
