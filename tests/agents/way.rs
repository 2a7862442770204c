//! The ways to reach an agent: its program, and its entry in the team.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A way to reach an agent.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What the table calls it.
    pub name: &'static str,
    /// The folder in which it is installed, where more than one version is.
    folder: &'static str,
    pub program: &'static str,
    /// Its entry in the team.
    rows: &'static str,
}

const GEMINI: &str = "env = { GEMINI_API_KEY = \"${GEMINI_API_KEY}\", \
    GOOGLE_GEMINI_BASE_URL = \"${GOOGLE_GEMINI_BASE_URL}\" }\n";
const TOOL: &str =
    "tool = \"work\"\narguments = { prompt = \"{{prompt}}\", worktree = \"{{worktree}}\" }\n";

/// All that are tried.
pub const WAYS: [Way; 11] = [
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
        name: "Python MCP SDK 1, stdio",
        folder: "mcp1",
        program: "python",
        rows: "transport = \"mcp\"\ncommand = [\"python\", \"WORKER\"]\n",
    },
    Way {
        name: "Python MCP SDK 1, http",
        folder: "mcp1",
        program: "python",
        rows: "transport = \"mcp\"\nurl = \"http://127.0.0.1:PORT/mcp\"\n",
    },
    Way {
        name: "Python MCP SDK, http",
        folder: "mcp2",
        program: "python",
        rows: "transport = \"mcp\"\nurl = \"http://127.0.0.1:PORT/mcp\"\n",
    },
];

impl Way {
    /// The way of this name.
    pub fn of(name: &str) -> Self {
        *WAYS.iter().find(|way| way.name == name).expect("it is in the table")
    }

    /// The folder in which its program is found; none: it is not installed.
    pub fn installed(&self) -> Option<PathBuf> {
        let has = |folder: &PathBuf| folder.join(self.program).is_file();
        let own = std::env::var_os("GIT_AP_AGENTS").map(PathBuf::from).into_iter();
        let own = own.flat_map(|root| {
            let root = root.join(self.folder);
            [root.join("node_modules/.bin"), root.join("bin")]
        });
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A codex of any other version has no `mcp-server`, and any Python may lack the SDK.
        let anywhere = !matches!(self.folder, "codex153" | "mcp1" | "mcp2");
        let on_path = std::env::split_paths(&path).filter(|_| anywhere);
        own.chain(on_path.collect::<Vec<_>>()).find(has)
    }

    /// Its entry in the team under an id, and the server that has to live as long as the run.
    pub fn entry(&self, id: &str, folder: &Path, at_once: usize) -> (String, Option<Served>) {
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/worker.py");
        let port = free_port();
        let served = self.rows.contains("PORT").then(|| serve(folder, &worker, port));
        let rows = self.rows.replace("WORKER", worker.to_str().expect("UTF-8"));
        let rows = rows.replace("PORT", &port.to_string());
        let tool = if self.program == "python" { TOOL } else { "" };
        let env = if self.program == "gemini" { GEMINI } else { "" };
        let entry =
            format!("[[worker]]\nid = \"{id}\"\n{rows}{tool}{env}max_concurrent = {at_once}\n");
        (entry, served)
    }
}

/// `PATH` with these folders and that of git ap first, and a Node of the agents where there is
/// one.
pub fn search_path(folders: &[PathBuf]) -> std::ffi::OsString {
    let agents = std::env::var_os("GIT_AP_AGENTS").map(PathBuf::from);
    let node = agents.map(|root| root.join("node22/node_modules/node/bin"));
    let own = Path::new(env!("CARGO_BIN_EXE_git-ap")).parent().map(Path::to_owned);
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let first = folders.iter().cloned().chain(own).chain(node);
    std::env::join_paths(first.chain(std::env::split_paths(&rest)))
        .expect("folders without a colon")
}

/// A server that goes with the test.
#[derive(Debug)]
pub struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
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
